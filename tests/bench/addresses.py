"""The addresses in the benchmarks' internet, and the names of its domains."""
WORLD_LINK, RELAY_LINK = "198.51.100.1", "198.51.100.2"
WORLD_LINK6, RELAY_LINK6 = "2001:db8:ffff::1", "2001:db8:ffff::2"


def pair(number):
    """An IPv4 and an IPv6 address."""
    return [f"203.0.113.{number}", f"2001:db8::{number}"]


ROOT = pair(1)
TLD = {"ns1.nic.bench.": pair(2), "ns2.nic.bench.": pair(3)}     # of the domains
INFRA = {"ns1.nic.infra.": pair(4), "ns2.nic.infra.": pair(5)}   # of the providers' name servers
PROVIDERS = {f"p{n}.infra.": {f"ns1.p{n}.infra.": pair(10 + 2 * n), f"ns2.p{n}.infra.": pair(11 + 2 * n)}
             for n in range(4)}
POLICY = [pair(number) for number in range(20, 24)]              # nginx
# These take connections and never answer. Each is in a network of its own, so together they may hold most permits.
SILENT = [[f"203.0.113.{number}", f"2001:db8:{number}::1"] for number in range(60, 80)]
MX = pair(40)                                                    # nothing connects to it


def new_provider(number):
    """The name servers of a provider with one domain: zone and addresses by name."""
    zone = f"n{number}.infra."
    return zone, dict(zip((f"ns1.{zone}", f"ns2.{zone}"), PROVIDERS["p0.infra."].values()))


def everything():
    """All addresses of the world."""
    yield from ROOT
    for servers in (TLD, INFRA, *PROVIDERS.values()):
        for each in servers.values():
            yield from each
    for each in (*POLICY, *SILENT, MX):
        yield from each
