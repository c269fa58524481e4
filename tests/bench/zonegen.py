"""Makes zones in bulk: a signed root and TLDs (NSEC3 with opt-out, as large TLDs have), the name servers of providers, and
thousands of domains on them."""
import base64
import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor

from lab import nameservers, netns, zones
from lab.processes import run, wait_until

from . import addresses, names

TTL = 3600
NEGATIVE_TTL = 900


def head(name, servers):
    """SOA and NS of a zone."""
    first = next(iter(servers))
    return [f"$TTL {TTL}", f"{name} SOA {first} hostmaster.infra. 1 7200 900 1209600 {NEGATIVE_TTL}",
            *ns(name, servers)]


def ns(name, servers):
    return [f"{name} NS {each}" for each in servers]


def glue(servers):
    return [line for name, each in servers.items() for line in hosts(name, each)]


def hosts(owner, each):
    return zones.address_records(owner, each)


def mail_domain(kind, name, number):
    """The records of one mail domain."""
    lines = [f"{name}. MX 10 mx.{name}.", *hosts(f"mx.{name}.", addresses.MX)]
    if kind == "dane":
        digest = hashlib.sha256(name.encode()).hexdigest()
        lines.append(f"_25._tcp.mx.{name}. TLSA 3 1 1 {digest}")
    if kind in ("enforce", "stuck"):
        web = addresses.POLICY if kind == "enforce" else addresses.SILENT
        lines += hosts(f"mta-sts.{name}.", web[number % len(web)])
        lines.append(f'_mta-sts.{name}. TXT "v=STSv1; id=20260101000000;"')
    return lines


def provider_of(kind, number):
    if kind == "new":
        return addresses.new_provider(number)[1]
    return list(addresses.PROVIDERS.values())[number % len(addresses.PROVIDERS)]


def domain_zone(counts, kind, number):
    name = names.domain(kind, number)
    lines = head(f"{name}.", provider_of(kind, number)) + mail_domain(kind, name, number)
    if names.has_second(counts, kind, number):
        lines += mail_domain(kind, names.second(kind, number), number)
    return lines


class SharedKey:
    """One key for many zones. ldns-signzone wants a file named after the zone, and a DS record hashes the zone's name."""

    def __init__(self, folder):
        self.folder = folder
        self.file = run("ldns-keygen", "-r", "/dev/urandom", "-a", zones.ALGORITHM, "-k", "bench.", cwd=folder).strip()
        self.text = (folder / f"{self.file}.key").read_text()
        self.tag = int(self.file.rpartition("+")[2])

    def give_to(self, zone):
        zone.key = f"K{zone.name}+013+{self.tag:05}"
        (self.folder / f"{zone.key}.key").write_text(self.text.replace("bench.", zone.name, 1))
        shutil.copy(self.folder / f"{self.file}.private", self.folder / f"{zone.key}.private")

    def ds(self, zone):
        public = base64.b64decode(self.text.partition("DNSKEY")[2].partition(";")[0].split(None, 3)[3])
        owner = b"".join(bytes([len(each)]) + each.encode() for each in zone.name.split("."))
        digest = hashlib.sha256(owner + b"\x01\x01\x03\x0d" + public).hexdigest()
        return f"{zone.name} DS {self.tag} 13 2 {digest}"


def build_domains(folder, counts, key):
    """Writes the zones of all domains and signs those with DANE; returns the zones, and their DS records by name."""
    made, signed = [], []
    for kind in names.KINDS:
        for number in range(getattr(counts, kind)):
            zone = zones.Zone(folder, f"{names.domain(kind, number)}.")
            zone.write(domain_zone(counts, kind, number))
            made.append((zone, provider_of(kind, number)))
            if kind == "dane":
                key.give_to(zone)
                signed.append(zone)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(zones.Zone.sign, signed))
    return made, {zone.name: key.ds(zone) for zone in signed}


def build_tld(folder, name, servers, delegations, ds):
    """Writes a TLD. Delegations without DS are added after signing, so its NSEC3 records skip them."""
    zone = zones.Zone(folder, name, nsec3="opt-out")
    secure = [line for owner, to in delegations if owner in ds for line in ns(owner, to)]
    zone.write(head(name, servers) + glue(servers) + secure + list(ds.values()))
    zone.sign()
    zone.add([line for owner, to in delegations if owner not in ds for line in ns(owner, to)])
    return zone


def build_root(folder, tlds):
    root = zones.Zone(folder, ".")
    lines = head(".", {"a-root.": addresses.ROOT}) + hosts("a-root.", addresses.ROOT)
    for zone, servers in tlds:
        lines += ns(zone.name, servers) + glue(servers) + ([zone.ds()] if zone.key else [])
    root.write(lines)
    root.sign()
    (folder / "trust-anchor").write_text(root.ds() + "\n")
    (folder / "root.hints").write_text("\n".join([". 3600 NS a-root.", *(
        f"a-root. 3600 {'AAAA' if ':' in each else 'A'} {each}" for each in addresses.ROOT)]) + "\n")
    return root


def build_infra(folder, counts):
    """Writes the providers' TLD and their own zones."""
    providers = dict(addresses.PROVIDERS) | dict(addresses.new_provider(number) for number in range(counts.new))
    made = []
    for name, servers in providers.items():
        zone = zones.Zone(folder, name)
        zone.write(head(name, servers) + glue(servers))
        made.append(zone)
    infra = build_tld(folder, "infra.", addresses.INFRA, providers.items(), {})
    infra.add([line for servers in providers.values() for line in glue(servers)])
    return infra, made


def flat(*groups):
    """All addresses of some groups of name servers."""
    return [each for servers in groups for both in servers.values() for each in both]


def start(world, counts):
    """Builds all zones and starts their name servers: root, TLDs, providers."""
    folder = world.folder("dns")
    domains, ds = build_domains(folder, counts, SharedKey(folder))
    infra, providers = build_infra(folder, counts)
    tld = build_tld(folder, "bench.", addresses.TLD, [(zone.name, to) for zone, to in domains], ds)
    more = world.more_tlds(folder)
    root = build_root(folder, [(tld, addresses.TLD), (infra, addresses.INFRA), *more])
    nameservers.start_nsd(world, folder, "nsd-root", addresses.ROOT, [root])
    nameservers.start_nsd(world, folder, "nsd-tld", flat(addresses.TLD, addresses.INFRA), [tld, infra])
    nameservers.start_nsd(world, folder, "nsd-providers", flat(*addresses.PROVIDERS.values()),
                          [*providers, *(zone for zone, _ in domains)])
    for zone, servers in more:
        nameservers.start_nsd(world, folder, f"nsd-{zone.name}more", flat(servers), [zone])
    last = domains[-1][0].name
    wait_until(f"the name servers to answer for {last}", lambda: answers(world, ".", addresses.ROOT[0])
               and answers(world, "bench.", addresses.TLD["ns1.nic.bench."][0])
               and answers(world, last, domains[-1][1][next(iter(domains[-1][1]))][0]), 60)


def answers(world, name, server):
    said = run(*netns.enter(world.world, "drill", "-o", "rd", f"@{server}", name, "SOA"))
    return "rcode: NOERROR" in said and "ANSWER: 1" in said
