"""Zone files: a signed root, the signed TLD `example`, one zone for each row of the table; and their signing."""
import datetime
import time

from . import addresses
from .domains import DOMAINS
from .processes import run

ALGORITHM = "ECDSAP256SHA256"
WEB_ADDRESS = {"ipv6": f"AAAA {addresses.POLICY6}", "chunked": f"A {addresses.ODD_POLICY}",
               "slow": f"A {addresses.ODD_POLICY}", "silent": f"A {addresses.ODD_POLICY}",
               "refused": f"A {addresses.NOBODY}", "loopback": "A 127.0.0.1", "cname": "CNAME web.example."}


def address_records(owner, each):
    return [f"{owner} {'AAAA' if ':' in address else 'A'} {address}" for address in each]


def head(name, server):
    """SOA and NS of a zone; the serial is the time, so that a rewritten zone is newer."""
    return ["$TTL 300", f"{name} SOA {server} hostmaster.example. {int(time.time())} 3600 600 864000 5",
            f"{name} NS {server}"]


def root_zone(ds):
    return head(".", "a-root.") + [
        *address_records("a-root.", [addresses.ROOT_DNS]),
        "example. NS ns-tld.example.", *address_records("ns-tld.example.", [addresses.TLD_DNS]), *ds]


def tld_zone(ds):
    lines = head("example.", "ns-tld.example.") + [
        *address_records("ns-tld.example.", [addresses.TLD_DNS]),
        *address_records("ns-hosting.example.", [addresses.HOSTING_DNS, addresses.HOSTING_DNS6]),
        *address_records("ns-lame.example.", [addresses.LAME_DNS]),
        *address_records("web.example.", [addresses.POLICY, addresses.POLICY6])]
    for domain in DOMAINS:
        lines.append(f"{domain.fqdn}. NS {'ns-lame' if domain.dns == 'lame' else 'ns-hosting'}.example.")
    return lines + ds


def domain_zone(domain, record=None):
    """The zone of one row; record replaces what the table says is at _mta-sts."""
    fqdn = domain.fqdn
    lines = head(f"{fqdn}.", "ns-hosting.example.")
    for mx in domain.mx:
        if mx.label:
            lines.append(f"{fqdn}. MX {mx.preference} {domain.mx_name(mx)}.")
        lines += address_records(f"{domain.mx_name(mx)}.", addresses.MX[domain.mx_name(mx)])
    for data in domain.record if record is None else record:
        lines.append(f"_mta-sts.{fqdn}. {domain.ttl} {data if data.startswith('CNAME ') else f'TXT {data}'}")
    web = WEB_ADDRESS.get(domain.web, f"A {addresses.POLICY}")
    lines.append(f"mta-sts.{fqdn}. {web}")
    if domain.name == "good":
        lines.append(f"sub.{fqdn}. MX 10 mx.{fqdn}.")   # has no policy of its own
    return lines


class Zone:
    """One zone's files; sign() makes a key pair on first use and keeps it."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.file = folder / f"{name.rstrip('.') or 'root'}.zone"
        self.key = None

    def write(self, lines):
        self.file.write_text("\n".join(lines) + "\n")

    def make_key(self):
        return run("ldns-keygen", "-r", "/dev/urandom", "-a", ALGORITHM, "-k", self.name, cwd=self.folder).strip()

    def sign(self, expired=False):
        self.key = self.key or self.make_key()
        span = []
        if expired:
            today = datetime.date.today()
            span = ["-i", f"{today - datetime.timedelta(days=40):%Y%m%d}",
                    "-e", f"{today - datetime.timedelta(days=10):%Y%m%d}"]
        signed = self.file.with_suffix(".signed")
        run("ldns-signzone", "-b", "-o", self.name, *span, "-f", signed, self.file, self.key, cwd=self.folder)
        signed.replace(self.file)

    def ds(self, other_key=False):
        """The DS record for the parent; with other_key one that fits no key of this zone."""
        key = self.make_key() if other_key else self.key
        return run("ldns-key2ds", "-n", "-2", f"{key}.key", cwd=self.folder).strip()
