"""One lab: everything that belongs to it, how it comes up and how it goes away.

Its folder holds all its files, and the pids of its daemons for `lab down`. The folder is under /tmp
(TMPDIR) because socket paths must be short. Several labs can be up at once.
"""
import os
import secrets
import shlex
import shutil
import tempfile
from pathlib import Path

from . import addresses, https, mx, mxcerts, nameservers, netns, roots, sandbox
from .certs import Authority
from .daemon import Daemon, bin_folder, program
from .milter import Milter
from .mx import Receiver
from .processes import LabError, Processes, start_time
from .sender import Sender
from .socketmap import Client

PREFIX = "mtastsd-lab-"
TOOLS = ("debootstrap", "drill", "ip", "ldns-signzone", "nginx", "nsd", "nsenter", "openssl", "ss", "unbound")


def check_machine():
    """Fails at once if something is missing, not when half the lab is up."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes network namespaces and mounts")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise LabError(f"missing: {', '.join(missing)}. The packages it needs are listed in tests/lab/packages; "
                       "`contrib/dev install lab` installs them")
    program("mtastsd")


class Lab:
    def __init__(self, name):
        self.name = name
        self.path = Path(tempfile.gettempdir()) / f"{PREFIX}{name}"
        self.world, self.relay = f"mtasts-{name}-world", f"mtasts-{name}-relay"
        self.processes = Processes(self.path)
        self.web_changes = {}

    @classmethod
    def new(cls):
        return cls(secrets.token_hex(3))

    @classmethod
    def attach(cls, name):
        """A lab that another process brought up: enough for sending mail, a shell, and down()."""
        lab = cls(name)
        lab.mx = Receiver(lab)
        lab.senders = {version: Sender(lab, version) for version in roots.ROOTS
                       if (lab.path / f"sender-{version}").exists()}
        return lab

    @classmethod
    def names(cls):
        """The labs that are up, or that were left behind."""
        return sorted(path.name.removeprefix(PREFIX) for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))

    @classmethod
    def sweep(cls):
        """Takes down what a killed test run or shell left behind."""
        for name in cls.names():
            lab = cls(name)
            owner = lab.path / "owner"
            if owner.exists():
                pid, started = owner.read_text().split()
                if start_time(pid) != started:
                    lab.down()

    def folder(self, name):
        path = self.path / name
        path.mkdir(exist_ok=True)
        return path

    def up(self, owned=True):
        """Brings everything up; on failure nothing is left. An owned lab is removed once this process is gone."""
        check_machine()
        self.sweep()
        self.path.mkdir(mode=0o755)
        try:
            if owned:
                (self.path / "owner").write_text(f"{os.getpid()} {start_time(os.getpid())}")
            self.build()
            self.daemon.start()
        except BaseException:
            self.down()
            raise
        return self

    def build(self):
        for each in ("https/tmp", "https/sites", "bin"):
            (self.path / each).mkdir(parents=True)
        self.authority = Authority(self.path / "certs")
        self.private_ca = Authority(self.path / "private-ca", "a CA that nobody trusts")
        netns.make(self.world, self.relay)
        self.zones = nameservers.start(self, mxcerts.make(self))
        https.start(self)
        self.mx = Receiver(self)
        self.mx.begin()
        mx.start_odd(self)
        self.senders = {version: Sender(self, version) for version in roots.versions()}
        for sender in self.senders.values():
            sender.begin()
        for postfix in (self.mx, *self.senders.values()):
            postfix.wait()
        self.daemon = Daemon(self, [each.folder / "spool/mtastsd/policy.sock" for each in self.senders.values()])
        self.milter = Milter(self)      # a test starts it
        self.write_wrappers()

    def down(self):
        """Stops the daemons, deletes the namespaces and the folder. It goes on if some of them are missing."""
        self.processes.stop_all()
        netns.delete(self.relay, self.world)
        if os.environ.get("MTASTSD_LAB_KEEP"):
            print(f"lab: files kept in {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def client(self, *where):
        """A socketmap client on its own connection."""
        return Client(self.daemon.connect(*where))

    def ask(self, key, map_name="postfix"):
        with self.client() as client:
            return client.ask(map_name, key)

    def cut_off(self):
        """Cuts the relay off from all DNS servers and policy hosts; its Postfix keeps its resolver and the MX hosts."""
        netns.cut(self.relay, addresses.DNS_SERVERS + addresses.POLICY_HOSTS)

    def mend(self):
        netns.mend(self.relay, addresses.DNS_SERVERS + addresses.POLICY_HOSTS)

    def write_wrappers(self):
        """Makes commands for the lab's shell: mtastsctl, and each sender's postmap, sendmail ... (3.10's end in -310)."""
        for version, sender in self.senders.items():
            suffix = "" if version == "3.7" else f"-{version.replace('.', '')}"
            for tool in ("postmap", "postconf", "postqueue", "postcat", "postsuper", "sendmail"):
                self.write_command(f"{tool}{suffix}", sandbox.enter(self, sender.name, tool))
        self.write_command("mtastsctl", [bin_folder() / "mtastsctl", "--config", self.daemon.config])
        self.write_command("lab", [Path(__file__).with_name("lab")])
        self.write_command("drill", [shutil.which("drill"), f"@{addresses.RESOLVER}"])

    def write_command(self, name, words):
        file = self.path / "bin" / name
        file.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
        file.chmod(0o755)
