"""The sending relay: a Postfix that asks mtastsd before each delivery, in two versions or more."""
import re
import secrets
import time

from .postfix import Postfix

DIALECT = {"3.7": "postfix"}             # later ones: postfix310
CHROOTED = "chrooted unix - - y - - smtp -o smtp_tls_policy_maps=socketmap:unix:mtastsd/policy.sock:{map}\n"
SEND = """while read -r to; do
  printf 'Subject: lab\\n\\n%s\\n' "$to" | sendmail -i -f lab@relay.example "$to"
done"""
STATUS_LINE = re.compile(r"to=<([^>]+)>.* status=")


class Sender(Postfix):
    kind = "sender"                     # the first part of the instance's name

    def __init__(self, lab, version):
        super().__init__(lab, f"{self.kind}-{version}", version, lab.relay)
        self.map = DIALECT.get(version, "postfix310")

    def settings(self):
        """main.cf: how it delivers."""
        return {
            "myhostname": f"relay{self.version.replace('.', '')}.example",
            "smtp_dns_support_level": "dnssec", "smtp_tls_security_level": "dane",
            "smtp_tls_loglevel": "1", "smtp_tls_CAfile": "/etc/postfix/ca.pem",
            "smtp_tls_policy_maps": f"socketmap:inet:127.0.0.1:8463:{self.map}",
            # A second failure must show the same reason as the first, not "delivery temporarily suspended".
            "default_destination_concurrency_failed_cohort_limit": "1000",
            "transport_maps": "texthash:/etc/postfix/transport"}

    def begin(self):
        self.configure(self.settings(), CHROOTED.format(map=self.map))
        (self.folder / "etc/transport").write_text("chroot.example chrooted:\n")
        (self.folder / "spool/etc").mkdir()
        for each in ("services", "hosts", "nsswitch.conf"):
            (self.folder / "spool/etc" / each).write_bytes((self.root / "etc" / each).read_bytes())
        (self.folder / "spool/etc/resolv.conf").write_bytes((self.folder / "resolv.conf").read_bytes())
        (self.folder / "spool/mtastsd").mkdir()
        self.start()

    def send(self, *domains):
        """Sends one mail to each domain; returns their recipients, which no other mail has."""
        recipients = [f"{secrets.token_hex(4)}@{domain}" for domain in domains]
        self.run("sh", "-c", SEND, input="".join(f"{each}\n" for each in recipients))
        return recipients

    def outcomes(self, recipients, seconds=180):
        """recipient -> its log line. Waits until all have one or time is up; those without one are missing."""
        end = time.monotonic() + seconds
        while True:
            found = {}
            for line in self.log().splitlines():
                match = STATUS_LINE.search(line)
                if match:
                    found.setdefault(match[1], line)
            if all(each in found for each in recipients) or time.monotonic() > end:
                return {each: found[each] for each in recipients if each in found}
            time.sleep(0.2)

    def tls_lines(self, host, start=0):
        """What Postfix logged about TLS to an MX host: "Verified TLS connection established to ..."."""
        return [line for line in self.log(start).splitlines() if f"TLS connection established to {host}[" in line]
