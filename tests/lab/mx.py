"""The MX hosts: one receiving Postfix with an smtpd for each address, each with its own certificate or none."""
import os

from . import addresses
from .domains import DOMAINS
from .postfix import Postfix
from .processes import wait_until

MAIL_UID = 5000


class Receiver(Postfix):
    def __init__(self, lab):
        super().__init__(lab, "mx", "3.7", lab.world)
        self.stripped = set()           # hosts whose STARTTLS was taken away later

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
        (etc / "certs").mkdir()
        (etc / "sni").touch(0o600)
        for domain in DOMAINS:
            for mx in domain.mx:
                self.write_certificate(domain, mx)
        os.chown(self.folder / "mail", MAIL_UID, MAIL_UID)
        self.start()

    def write_certificate(self, domain, mx):
        host = domain.mx_name(mx)
        named = {"wrong-name": "elsewhere.example", "sni": "elsewhere.example",
                 "borrowed": domain.mx_lines()[0]}.get(mx.kind, host)
        certs = self.folder / "etc/certs"
        self.lab.authority.issue(f"mx-{host}", named, expired=mx.kind == "expired",
                                 self_signed=mx.kind == "self-signed").rename(certs / f"{host}.pem")
        if mx.kind == "sni":
            self.lab.authority.issue(f"mx-{host}", host).rename(certs / f"sni-{host}.pem")
            with open(self.folder / "etc/sni", "a") as table:
                table.write(f"{host} /etc/postfix/certs/sni-{host}.pem\n")

    def services(self):
        """master.cf lines: an smtpd on each MX host's addresses."""
        lines = []
        for domain in DOMAINS:
            for mx in domain.mx:
                host = domain.mx_name(mx)
                plain = mx.kind == "no-starttls" or host in self.stripped
                level = "none" if plain else "may"
                for address in addresses.MX[host]:
                    service = f"[{address}]:25" if ":" in address else f"{address}:25"
                    lines.append(f"{service} inet n - n - - smtpd -o myhostname={host} -o syslog_name=mx/{host}"
                                 f" -o smtpd_tls_security_level={level}"
                                 f" -o smtpd_tls_chain_files=/etc/postfix/certs/{host}.pem\n")
        return "".join(lines)

    def strip(self, host, stripped=True):
        """Takes STARTTLS away from an MX host, as an attacker in the path would; or gives it back."""
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
