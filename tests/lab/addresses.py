"""The addresses in the lab's internet.

All of them are on the loopback device of the world's namespace; the relay reaches them through one veth pair.
"""
from .domains import DOMAINS
from .rows import FILTERED

WORLD_LINK, RELAY_LINK = "198.51.100.1", "198.51.100.2"
WORLD_LINK6, RELAY_LINK6 = "2001:db8:ffff::1", "2001:db8:ffff::2"

ROOT_DNS = "203.0.113.1"
TLD_DNS = "203.0.113.2"
HOSTING_DNS, HOSTING_DNS6 = "203.0.113.3", "2001:db8::3"
LAME_DNS = "203.0.113.4"                # answers REFUSED to everything
ODD_DNS = "203.0.113.5"                 # what NSD can't play
SECOND_DNS = "203.0.113.6"              # a second server of some zones, with old data
RESOLVER = "203.0.113.53"               # Postfix's own; it stays reachable when the others are cut off
RESOLVER64 = "2001:db8::64"             # a DNS64

POLICY, POLICY6 = "203.0.113.20", "2001:db8::20"
NAT64_PREFIX, POLICY64 = "64:ff9b::/96", "64:ff9b::cb00:7114"  # POLICY as it is behind the NAT64
ODD_POLICY = "203.0.113.21"             # the hosts that nginx can't play
NOBODY = "203.0.113.22"                 # up, but nothing listens

# What test_crash cuts off: all DNS servers and policy hosts, but not the resolver and the MX hosts.
DNS_SERVERS = [ROOT_DNS, TLD_DNS, HOSTING_DNS, HOSTING_DNS6, LAME_DNS, ODD_DNS, SECOND_DNS]
POLICY_HOSTS = [POLICY, POLICY6, POLICY64, ODD_POLICY, NOBODY]


def number_mx():
    """Every MX host has addresses of its own, unless its row names another: host name -> [IPv4] or [IPv4, IPv6]."""
    hosts = [(domain.mx_name(mx), mx.ipv6) for domain in DOMAINS for mx in domain.mx if not mx.at]
    numbers = [*range(60, 250), *range(23, 53)]
    assert len(hosts) <= len(numbers), "too many MX hosts: they have only 203.0.113.60 to .249 and .23 to .52"
    assert len(hosts) == len({name for name, _ in hosts}), "two rows share an MX host"
    own = {name: [f"203.0.113.{n}"] + ([f"2001:db8::{n}"] if six else [])
           for n, (name, six) in zip(numbers, hosts)}
    return own | {domain.mx_name(mx): own[mx.at] for domain in DOMAINS for mx in domain.mx if mx.at}


MX = number_mx()


def everything():
    """All addresses of the world."""
    yield from DNS_SERVERS + POLICY_HOSTS + [RESOLVER, RESOLVER64]
    for domain in DOMAINS:
        for mx in domain.mx:
            if not mx.at and mx.kind != FILTERED:
                yield from MX[domain.mx_name(mx)]
