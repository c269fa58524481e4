"""Zone files: a signed root, two signed TLDs, one zone for each row of the table; and their signing."""
import datetime
import time

from . import addresses
from .domains import DOMAINS
from .processes import run

ALGORITHM = "ECDSAP256SHA256"
TLDS = ("example", "optout")            # the second has NSEC3 with opt-out
ODD_WEB = ("chunked", "slow", "silent", "bare", "lf", "gzip")       # oddhosts.py does what nginx can't
WEB_ADDRESS = {"ipv6": f"AAAA {addresses.POLICY6}", "refused": f"A {addresses.NOBODY}", "loopback": "A 127.0.0.1",
               "cname": "CNAME web.example.", **{web: f"A {addresses.ODD_POLICY}" for web in ODD_WEB}}
SERVERS = {"ns-tld": [addresses.TLD_DNS], "ns-hosting": [addresses.HOSTING_DNS, addresses.HOSTING_DNS6],
           "ns-lame": [addresses.LAME_DNS], "ns-odd": [addresses.ODD_DNS], "ns-second": [addresses.SECOND_DNS]}


# Domains below smtp-shared.example that have its first MX host; every second one has another at the same address.
SHARING = [f"d{n}.smtp-shared.example" for n in range(20)]


def address_records(owner, each):
    return [f"{owner} {'AAAA' if ':' in address else 'A'} {address}" for address in each]


def head(name, *servers):
    """SOA and NS of a zone; the serial is the time, so that a rewritten zone is newer."""
    return ["$TTL 300", f"{name} SOA {servers[0]} hostmaster.example. {int(time.time())} 3600 600 864000 5",
            *(f"{name} NS {server}" for server in servers)]


def root_zone(ds):
    delegations = [f"{tld}. NS ns-tld.example." for tld in (*TLDS, "arpa")]
    return head(".", "a-root.") + [
        *address_records("a-root.", [addresses.ROOT_DNS]),
        *delegations, *address_records("ns-tld.example.", [addresses.TLD_DNS]), *ds]


def tld_zone(tld, ds):
    lines = head(f"{tld}.", "ns-tld.example.")
    if tld == "example":
        for server, each in SERVERS.items():
            lines += address_records(f"{server}.example.", each)
        lines += address_records("web.example.", [addresses.POLICY, addresses.POLICY6])
    return lines + [delegation(domain) for domain in DOMAINS if domain.tld == tld and not opted_out(domain)] + ds


def arpa_zone():
    """The unsigned zone by which clients detect a DNS64 (RFC 7050)."""
    return head("arpa.", "ns-tld.example.") + ["ipv4only.arpa. A 192.0.0.170", "ipv4only.arpa. A 192.0.0.171"]


def opted_out(domain):
    """True if its delegation is added after signing, so that the parent's NSEC3 records skip it."""
    return domain.tld == "optout" and not domain.signed


def delegation(domain):
    return "\n".join(f"{domain.fqdn}. NS {server}" for server in servers_of(domain))


def server_of(domain):
    """The name server that the parent names."""
    return f"{'ns-lame' if domain.dns == 'lame' else 'ns-odd' if domain.odd else 'ns-hosting'}.example."


def servers_of(domain):
    """All that the parent names."""
    return [server_of(domain), *([f"{domain.second}.example."] if domain.second else [])]


def host_records(domain, mx, tlsa):
    """All records about one MX host: (owner, type and data)."""
    name = domain.mx_name(mx)
    target = mx.alias or name
    if mx.port != 25:
        yield f"_submission{'s' if mx.port == 465 else ''}._tcp.{domain.fqdn}", f"SRV 0 1 {mx.port} {name}."
    elif mx.label:
        yield domain.fqdn, f"MX {mx.preference} {name}."
    if mx.alias:
        yield name, f"CNAME {mx.alias}."
    for address in addresses.MX[name]:
        yield target, f"{'AAAA' if ':' in address else 'A'} {address}"
    owner = f"_25._tcp.{name if mx.tlsa_at == 'name' else target}"
    if mx.tlsa_at == "alias":
        yield owner, f"CNAME _dane.{target}."
        owner = f"_dane.{target}"
    for data in tlsa:
        yield owner, f"TLSA {data}"


def hosts_by_zone(tlsa):
    """The records about MX hosts, each in the zone that holds its owner; tlsa is what mxcerts.make() made."""
    lines = {domain.fqdn: [] for domain in DOMAINS}
    for domain in DOMAINS:
        for mx in domain.mx:
            for owner, data in host_records(domain, mx, tlsa.get(domain.mx_name(mx), ())):
                zone = ".".join(owner.split(".")[-2:])
                lines[zone].append(f"{owner}. {data}")
    return lines


def domain_zone(domain, hosts, record=None):
    """The zone of one row. record replaces the table's data at _mta-sts."""
    fqdn = domain.fqdn
    lines = head(f"{fqdn}.", *(each.replace("ns-lame", "ns-hosting") for each in servers_of(domain))) + hosts
    if domain.null_mx:
        lines.append(f"{fqdn}. MX 0 .")
    for data in domain.record if record is None else record:
        lines.append(f"_mta-sts.{fqdn}. {domain.ttl} {data if data.startswith('CNAME ') else f'TXT {data}'}")
    lines += [f"_smtp._tls.{fqdn}. TXT {data}" for data in domain.reports]
    web = WEB_ADDRESS.get(domain.web, f"A {addresses.POLICY}")
    lines.append(f"mta-sts.{fqdn}. {web}")
    if domain.policy_at in ("domain", "www"):
        lines.append(f"{'www.' if domain.policy_at == 'www' else ''}{fqdn}. A {addresses.POLICY}")
    if domain.name == "good":
        lines.append(f"sub.{fqdn}. MX 10 mx.{fqdn}.")   # it has no policy of its own
    if domain.name == "smtp-shared":
        lines += [f"{each}. MX 10 mx1.{fqdn}." for each in SHARING]
        for each in SHARING[::2]:
            lines += [f"{each}. MX 20 mx.{each}.", *address_records(f"mx.{each}.", addresses.MX[f"mx1.{fqdn}"])]
    return lines


class Zone:
    """One zone's files; sign() makes a key pair on first use and keeps it."""

    def __init__(self, folder, name, hosts=(), nsec3="", algorithm=ALGORITHM):
        self.folder, self.name, self.hosts, self.nsec3 = folder, name, list(hosts), nsec3
        self.algorithm = algorithm
        self.file = folder / f"{name.rstrip('.') or 'root'}.zone"
        self.key = None

    def write(self, lines):
        self.file.write_text("\n".join(lines) + "\n")

    def add(self, lines):
        """Adds records, for example to a signed zone; it does not sign them."""
        with open(self.file, "a") as file:
            file.write("\n".join(lines) + "\n")

    def make_key(self):
        return run("ldns-keygen", "-r", "/dev/urandom", "-a", self.algorithm, "-k", self.name, cwd=self.folder).strip()

    def sign(self, expired=False):
        self.key = self.key or self.make_key()
        more = {"": [], "plain": ["-n"], "opt-out": ["-n", "-p"]}[self.nsec3]
        if expired:
            today = datetime.date.today()
            more += ["-i", f"{today - datetime.timedelta(days=40):%Y%m%d}",
                     "-e", f"{today - datetime.timedelta(days=10):%Y%m%d}"]
        signed = self.file.with_suffix(".signed")
        run("ldns-signzone", "-b", "-o", self.name, *more, "-f", signed, self.file, self.key, cwd=self.folder)
        signed.replace(self.file)

    def ds(self, other_key=False):
        """The DS record for the parent; with other_key one that fits no key of this zone."""
        key = self.make_key() if other_key else self.key
        return run("ldns-key2ds", "-n", "-2", f"{key}.key", cwd=self.folder).strip()
