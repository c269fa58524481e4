"""The campaign's internet: that of the benchmarks, with a resolver that validates, and with ways to take parts of it away."""
import contextlib

from bench import addresses
from bench.world import World
from lab import nameservers, netns
from lab.processes import run, wait_until

from .served import Served

RESOLVER = "203.0.113.53"
EXTRA = [f"203.0.113.{number}" for number in range(60, 110)]      # for name servers that lie
ROOT = addresses.ROOT
POLICY_HOSTS = [each for both in addresses.POLICY for each in both]
NAME_SERVERS = [*ROOT, *(each for servers in (addresses.TLD, addresses.INFRA, *addresses.PROVIDERS.values())
                         for both in servers.values() for each in both)]


class Internet(World):
    """policy_hosts False: there are none, and their addresses cannot be reached."""

    def __init__(self, counts, policy_hosts=True):
        super().__init__(counts)
        self.policy_hosts, self.trials = policy_hosts, 0

    def start_policy_hosts(self):
        if self.policy_hosts:
            super().start_policy_hosts()

    def build(self):
        super().build()
        for each in (RESOLVER, *EXTRA):
            run("ip", "-n", self.world, "address", "add", f"{each}/32", "dev", "lo")
        folder = self.folder("dns")
        (folder / "unbound.conf").write_text(nameservers.UNBOUND_CONF.format(address=RESOLVER, folder=folder)
                                             .replace("cache-max-ttl: 60", "cache-max-ttl: 5"))
        self.processes.start("unbound", netns.enter(self.world, "unbound", "-d", "-c", folder / "unbound.conf"),
                             folder / "unbound.log")
        wait_until("the resolver", lambda: "rcode: NOERROR" in run(
            *netns.enter(self.world, "drill", f"@{RESOLVER}", ".", "NS")), 30)

    def served(self, cache=None, wrap=(), **more):
        """An mtastsd that is not started yet. It is stopped when the internet is taken down."""
        self.trials += 1
        return Served(self.path / f"t{self.trials}", cache, self.way_to_it(**more), self.relay, wrap)

    @contextlib.contextmanager
    def without(self, targets, how="blackhole"):
        """Drops packets to these addresses; with "unreachable" they are refused at once."""
        for each in targets:
            run("ip", "-n", self.relay, "route", "replace", how, each)
        try:
            yield
        finally:
            for each in targets:
                run("ip", "-n", self.relay, "route", "delete", how, each)
