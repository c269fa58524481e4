"""The MX hosts: one receiving Postfix with an smtpd for each address, each with its own certificate (mxcerts.py).

Kinds made by the service: no-starttls, tls12 (no TLS 1.3), tls10 (only TLS 1.0), and down (nobody listens). oddmx.py plays
those that begin with "odd-". Servers for submission are here too, on their ports.
"""
import os
import sys
from pathlib import Path

from . import addresses, mxcerts, netns
from .domains import DOMAINS
from .postfix import Postfix
from .processes import run, wait_until
from .rows import FILTERED

MAIL_UID = 5000
PROTOCOLS = {"tls12": " -o smtpd_tls_protocols=TLSv1.2", "tls10": " -o smtpd_tls_protocols=TLSv1"}      # kind -> options
ODD = "odd-"


class Receiver(Postfix):
    def __init__(self, lab):
        super().__init__(lab, "mx", "3.7", lab.world)
        self.stripped = set()           # hosts whose STARTTLS was taken away later
        self.kinds = {domain.mx_name(mx): mx.kind for domain in DOMAINS for mx in domain.mx}
        self.ports = {domain.mx_name(mx): mx.port for domain in DOMAINS for mx in domain.mx}

    def begin(self):
        names = [domain.fqdn for domain in DOMAINS] + [domain.asked for domain in DOMAINS if domain.asked]
        self.configure({
            "myhostname": "world.example", "virtual_mailbox_domains": " ".join(names),
            "virtual_mailbox_maps": "texthash:/etc/postfix/mailboxes", "virtual_mailbox_base": "/srv",
            "virtual_uid_maps": f"static:{MAIL_UID}", "virtual_gid_maps": f"static:{MAIL_UID}",
            "smtpd_tls_security_level": "may", "smtpd_tls_loglevel": "1",
            "smtpd_client_connection_count_limit": "0", "smtpd_client_connection_rate_limit": "0",
            "tls_server_sni_maps": "texthash:/etc/postfix/sni"}, self.services())
        etc = self.folder / "etc"
        (etc / "mailboxes").write_text("".join(f"@{name} {name}/\n" for name in names))
        (etc / "sni").touch(0o600)
        (etc / "sni").write_text("".join(f"{host} /etc/postfix/certs/sni-{host}.pem\n"
                                         for host, kind in self.kinds.items() if kind == "sni"))
        os.chown(self.folder / "mail", MAIL_UID, MAIL_UID)
        self.start()

    def services(self):
        """master.cf lines: an smtpd on the addresses of each MX host, except those that are down."""
        lines = []
        for host, kind in self.kinds.items():
            level = "none" if kind == "no-starttls" or host in self.stripped else "may"
            silent = kind in ("down", FILTERED) or kind.startswith(ODD)
            port = self.ports[host]
            for address in () if silent else addresses.MX[host]:
                service = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
                lines.append(f"{service} inet n - n - - smtpd -o myhostname={host} -o syslog_name=mx/{host}"
                             f" -o smtpd_tls_security_level={level}"
                             f"{PROTOCOLS.get(kind, '')}{' -o smtpd_tls_wrappermode=yes' if port == 465 else ''}"
                             f" -o smtpd_tls_chain_files=/etc/postfix/certs/{host}.pem\n")
        return "".join(lines)

    def strip(self, host, stripped=True):
        """Takes STARTTLS away from an MX host, as an attacker on the path would; or gives it back."""
        (self.stripped.add if stripped else self.stripped.discard)(host)
        master = self.folder / "etc/master.cf"
        common = [line for line in master.read_text().splitlines(True) if " inet " not in line]
        master.write_text("".join(common) + self.services())
        mark = self.mark()
        self.run("postfix", "reload")
        wait_until("the MX hosts to reload", lambda: "reload -- version" in self.log(mark))

    def mails(self, name, word):
        """The delivered mails of a domain that contain a word."""
        found = []
        for file in (self.folder / "mail" / name).glob("new/*"):
            text = file.read_text(errors="replace")
            if word in text:
                found.append(text)
        return found


def odd_log(lab):
    """What oddmx.py logs."""
    return lab.folder("mx") / "oddmx.log"


def start_odd(lab):
    """Starts the MX hosts that Postfix can't play."""
    words, last = [], None
    for domain in DOMAINS:
        for mx in domain.mx:
            if mx.kind.startswith(ODD) and not mx.at:
                host = domain.mx_name(mx)
                last, = addresses.MX[host]
                words.append(f"{mx.kind.removeprefix(ODD)}:{last}:{mxcerts.folder(lab)}/{host}.pem")
    script = Path(__file__).with_name("oddmx.py")
    lab.processes.start("oddmx", netns.enter(lab.world, sys.executable, "-B", script, *words), odd_log(lab))
    wait_until("the odd MX hosts to listen", lambda: f"{last}:25" in run(*netns.enter(lab.world, "ss", "-Hltn")))
