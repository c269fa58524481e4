"""A second mtastsd with its own resolvers: honest ones and lying ones.

Its root hints lead nowhere, as if port 53 were filtered, and it has its own resolv.conf.
"""
import contextlib
import json
import select
import socket
import subprocess
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from . import addresses, netns
from .daemon import CONFIG, program
from .processes import wait_until
from .socketmap import Client

PORT = 8472
SILENT_ROOT = "203.0.113.251"           # nobody has it: what is sent there vanishes
STRIPPER = addresses.WORLD_LINK
YES = '[policy]\npostfix_dane = "yes"\n'
IN_A_MOUNT_NAMESPACE = 'mount --make-rprivate / && mount --bind "$0" /etc/resolv.conf && exec "$@"'


def listed(*resolvers):
    """The value of [dns] forward."""
    return f"[{', '.join(f'{chr(34)}{each}{chr(34)}' for each in resolvers)}]"


class Second:
    """Another mtastsd in the relay's namespace, with its own /etc/resolv.conf and without reachable root servers."""

    def __init__(self, lab, name, resolver, more="", port=PORT, forward='"auto"'):
        self.lab, self.folder, self.port = lab, lab.folder(name), port
        self.config, self.log = self.folder / "mtastsd.toml", self.folder / "mtastsd.log"
        for each in ("cache", "spool/etc", "spool/mtastsd"):
            (self.folder / each).mkdir(parents=True)
        self.resolv = self.folder / "resolv.conf"
        self.use_resolver(resolver)
        (self.folder / "root.hints").write_text(f". 3600 NS a-root.\na-root. 3600 A {SILENT_ROOT}\n")
        listen = f'"unix:{self.folder}/spool/mtastsd/policy.sock", "inet:127.0.0.1:{port}"'
        text = CONFIG.format(listen=listen, folder=self.folder, dns=lab.folder("dns"), ca=lab.authority.ca_file)
        text = text.replace("forward = []", f"forward = {forward}")
        self.config.write_text(text.replace(f'{lab.folder("dns")}/root.hints', f"{self.folder}/root.hints") + more)

    def use_resolver(self, resolver):
        """Writes the file in place, because a new file would not show through the mount."""
        for file in (self.resolv, self.folder / "spool/etc/resolv.conf"):
            file.write_text(f"nameserver {resolver}\n")

    def start(self):
        command = netns.enter(self.lab.relay, "unshare", "--mount", "sh", "-c", IN_A_MOUNT_NAMESPACE, self.resolv,
                              program("mtastsd"), "--config", self.config)
        self.pid = self.lab.processes.start("second", command, self.log)
        wait_until(lambda: f"the second mtastsd to listen:\n{self.log.read_text()}", self.listens, 120)

    def listens(self):
        try:
            self.client().close()
            return True
        except OSError:
            return False

    def stop(self):
        return self.lab.processes.stop(self.pid)

    def client(self):
        return Client(self.lab.daemon.connect(("127.0.0.1", self.port)))

    def ask(self, key):
        with contextlib.closing(self.client()) as client:
            return client.ask("postfix", key)

    def status(self):
        """(exit status, object) of mtastsctl status."""
        command = netns.enter(self.lab.relay, program("mtastsctl"), "--config", self.config, "--json", "status")
        done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=180)
        return done.returncode, json.loads(done.stdout)

    def checked(self):
        code, report = self.status()
        done = report["dnssec"]["checked"] and report["postfix_dane"]["value"] is not None
        return (code, report) if done else None


class Forwarder:
    """A resolver in the world that asks the lab's resolver."""

    def __init__(self, lab, family, address):
        with netns.inside(lab.world):
            self.front = socket.socket(family, socket.SOCK_DGRAM)
            self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.front.bind(socket.getaddrinfo(address, 53, family, socket.SOCK_DGRAM)[0][4])
        self.back.settimeout(3)
        self.over = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while not self.over:
            if not select.select([self.front], [], [], 0.1)[0]:
                continue
            query, client = self.front.recvfrom(4096)
            with contextlib.suppress(OSError, dns.exception.DNSException):
                self.front.sendto(self.answer(query), client)

    def answer(self, query):
        self.back.sendto(query, (addresses.RESOLVER, 53))
        return self.back.recv(4096)

    def close(self):
        self.over = True
        self.thread.join()
        self.front.close()
        self.back.close()


class Stripper(Forwarder):
    """A resolver like those in some routers: it answers, but without EDNS, AD and signatures."""

    def __init__(self, lab, address=STRIPPER):
        super().__init__(lab, socket.AF_INET, address)

    def answer(self, query):
        message = dns.message.from_wire(query)
        message.use_edns(False)
        message.flags &= ~(dns.flags.AD | dns.flags.CD)
        reply = dns.message.from_wire(super().answer(message.to_wire()))
        reply.flags &= ~dns.flags.AD
        for section in (reply.answer, reply.authority, reply.additional):
            section[:] = [each for each in section if each.rdtype != dns.rdatatype.RRSIG]
        return reply.to_wire()
