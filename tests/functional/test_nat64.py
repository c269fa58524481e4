"""A relay without IPv4 behind a NAT64: a policy host in a signed zone that has only an IPv4 address is reached.

The DNS64 is a real Unbound. A validator finds the AAAA records that it synthesizes bogus, and for a question with CD it
synthesizes none, so that there is only a signed denial. The NAT64 is an address of the world on which the policy host listens.
"""
import pytest

from lab import addresses, nameservers
from lab.processes import run
from lab.second import SILENT_ROOT, YES, listed

SIGNED, UNSIGNED = "good.example", "good-unsigned.example"
AT_LARGE = "2001:503:ba3e::/48"         # a root server is in it: a host with a route there has IPv6


@pytest.fixture
def only_ipv6(lab):
    """Removes the relay's route to IPv4 policy hosts."""
    run("ip", "-n", lab.relay, "route", "add", AT_LARGE, "via", addresses.WORLD_LINK6)
    run("ip", "-n", lab.relay, "route", "replace", "unreachable", addresses.POLICY)
    yield
    run("ip", "-n", lab.relay, "route", "delete", "unreachable", addresses.POLICY)
    run("ip", "-n", lab.relay, "route", "delete", AT_LARGE)


@pytest.fixture
def dns64(lab):
    pid = nameservers.start_dns64(lab)
    yield
    lab.processes.stop(pid)


def answer(name):
    return f"OK secure match=mx.{name} servername=hostname"


def test_a_policy_host_with_ipv4_alone_is_reached(only_ipv6, dns64, second):
    daemon = second("nat64", SILENT_ROOT, YES, forward=listed(addresses.RESOLVER64))
    for name in (SIGNED, UNSIGNED):
        assert daemon.ask(name) == answer(name), daemon.log.read_text()[-4000:]
    assert daemon.status()[1]["dnssec"]["works"] is True


def test_without_a_dns64_it_is_not_reached(only_ipv6, second):
    """Without a DNS64 the policy host is out of reach, so the test above did use the NAT64."""
    daemon = second("no-nat64", SILENT_ROOT, YES, forward=listed(addresses.RESOLVER))
    assert daemon.ask(SIGNED) == "NOTFOUND "
