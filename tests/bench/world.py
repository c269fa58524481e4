"""The benchmarks' internet: a namespace with name servers and policy hosts, another one with mtastsd, and the link between
them, with or without delay."""
import os
import shutil
import tempfile
from pathlib import Path

from lab import netns
from lab.daemon import Daemon, bin_folder, program
from lab.processes import LabError, Processes, run, wait_until
from lab.socketmap import Client

from . import addresses, policyhosts, zonegen

# The daemon's own paths, and the settings that lead it to this internet.
PLACES = """[listen]
socketmap = ["unix:{folder}/policy.sock"]
http = ""
control = "{folder}/control.sock"
[cache]
path = "{cache}"
"""
INTERNET = """[dns]
forward = {forward}
root_hints = "{hints}"
trust_anchor = "{dns}/trust-anchor"
[https]
ca_file = "{ca}"
allow_addresses = ["203.0.113.0/24", "2001:db8::/32"]
[policy]
postfix_dane = "yes"
"""
TOOLS = ("drill", "ip", "ldns-signzone", "nginx", "nsd", "nsenter", "ss")


class BenchDaemon(Daemon):
    """mtastsd with its defaults, except for what this world needs."""

    def __init__(self, world):
        super().__init__(world, [])
        self.where = self.unix

    def write_config(self, more="", listen=()):
        self.config.write_text(PLACES.format(folder=self.folder, cache=f"{self.folder}/cache") + self.lab.way_to_it() + more)

    def answers(self):
        try:
            self.client().close()
            return True
        except OSError:
            return False

    def client(self):
        return Client(self.connect(self.unix, timeout=60))

    def restart_empty(self):
        """Stops the daemon if it runs, and starts it with an empty cache."""
        if hasattr(self, "pid") and self.running():
            self.stop()
        shutil.rmtree(self.folder / "cache")
        (self.folder / "cache").mkdir()
        self.start()


class World:
    """The with statement brings it up and takes it down. one_way_ms None: a link without delay."""

    def __init__(self, counts, one_way_ms=None):
        self.counts, self.one_way_ms = counts, one_way_ms
        self.world, self.relay = f"bench-{os.getpid()}-world", f"bench-{os.getpid()}-relay"

    def folder(self, name):
        path = self.path / name
        path.mkdir(exist_ok=True)
        return path

    def __enter__(self):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing or os.geteuid() != 0:
            raise LabError(f"needs root, and these programs: {' '.join(TOOLS)}; missing: {' '.join(missing) or 'none'}")
        self.path = Path(tempfile.mkdtemp(prefix="mtastsd-bench-"))
        self.path.chmod(0o755)
        self.processes = Processes(self.path)
        self.silent = []
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        self.capture = self.path / "link.pcap"
        self.make_link()
        self.authority = policyhosts.Authority(self.folder("certs"))
        zonegen.start(self, self.counts)
        self.start_policy_hosts()
        self.daemon = BenchDaemon(self)

    def way_to_it(self, forward="[]", hints=None):
        """The part of a daemon's configuration that leads it here."""
        dns = self.folder("dns")
        return INTERNET.format(forward=forward, hints=hints or f"{dns}/root.hints", dns=dns, ca=self.authority.ca_file)

    def more_tlds(self, folder):
        """Writes other TLDs to the folder; returns (zone, name servers) of each. Signed ones get a DS record."""
        return []

    def start_policy_hosts(self):
        policyhosts.start(self, self.counts)

    def __exit__(self, *_):
        for each in self.silent:
            each.close()
        self.processes.stop_all()
        netns.delete(self.relay, self.world)
        if os.environ.get("MTASTSD_LAB_KEEP"):
            print(f"files kept in {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def make_link(self):
        for name in (self.world, self.relay):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        if self.one_way_ms is None:
            run("ip", "link", "add", "up0", "netns", self.relay, "type", "veth", "peer", "name", "down0",
                "netns", self.world)
        else:
            self.start_delay()
        for name, device, four, six in ((self.world, "down0", addresses.WORLD_LINK, addresses.WORLD_LINK6),
                                        (self.relay, "up0", addresses.RELAY_LINK, addresses.RELAY_LINK6)):
            run("ip", "-n", name, "address", "add", f"{four}/30", "dev", device)
            run("ip", "-n", name, "address", "add", f"{six}/126", "dev", device, "nodad")
            run("ip", "-n", name, "link", "set", device, "txqueuelen", "10000", "up")
        adds = [f"address add {each}/{128 if netns.is_six(each) else 32} dev lo{' nodad' if netns.is_six(each) else ''}"
                for each in addresses.everything()]
        run("ip", "-n", self.world, "-batch", "-", input="\n".join(adds) + "\n")
        run("ip", "-n", self.relay, "route", "add", "203.0.113.0/24", "via", addresses.WORLD_LINK)
        run("ip", "-n", self.relay, "route", "add", "2001:db8::/40", "via", addresses.WORLD_LINK6)

    def start_delay(self):
        log = self.path / "delay.out"
        self.processes.start("delay", [program("bench_delay"), "--a", f"{self.world}:down0", "--b", f"{self.relay}:up0",
                                       "--one-way-ms", self.one_way_ms, "--capture", self.capture], log)
        wait_until("bench_delay", lambda: "ready" in log.read_text())

    def load_program(self):
        """The load generator, or None if it was not built."""
        path = bin_folder() / "bench_load"
        return path if path.exists() else None
