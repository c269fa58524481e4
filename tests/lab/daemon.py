"""mtastsd as the lab runs it: its configuration, start, stop, crash, and its log.

The programs are taken from the folder MTASTSD_BIN, else from build/PRESET/bin with PRESET from MTASTSD_PRESET (release).
"""
import os
import socket
from pathlib import Path

from . import netns
from .processes import LabError, run, wait_until
from .service import Service

CHECKOUT = Path(__file__).resolve().parents[2]
INET = ("127.0.0.1", 8463)
# https.timeout is below policy.first_fetch_wait (5 s): a fetch that never ends is answered with its own reason.
CONFIG = """[listen]
socketmap = [{listen}]
http = ""
control = "{folder}/control.sock"
[cache]
path = "{folder}/cache"
[dns]
forward = []
root_hints = "{dns}/root.hints"
trust_anchor = "{dns}/trust-anchor"
[https]
ca_file = "{ca}"
allow_addresses = ["203.0.113.0/24", "2001:db8::/32", "64:ff9b::/96"]
timeout = "3s"
[log]
format = "json"
level = "debug"
target = "stderr"
"""


def bin_folder():
    """Where the programs under test are."""
    preset = os.environ.get("MTASTSD_PRESET") or "release"
    return Path(os.environ.get("MTASTSD_BIN") or CHECKOUT / "build" / preset / "bin").resolve()


def program(name):
    """The path of a program under test."""
    path = bin_folder() / name
    if not path.exists():
        raise LabError(f"there is no {path}: build first (contrib/dev build), or set MTASTSD_PRESET or MTASTSD_BIN")
    return path


class Daemon(Service):
    """One mtastsd in the relay's namespace."""

    def __init__(self, lab, unix_sockets):
        self.lab, self.folder = lab, lab.folder("mtastsd")
        self.config, self.log_file = self.folder / "mtastsd.toml", self.folder / "mtastsd.log"
        self.unix = str(self.folder / "policy.sock")
        self.wrap = []      # a command that runs the rest of the line
        self.listen = [f"unix:{each}" for each in [self.unix, *unix_sockets]] + ["inet:%s:%d" % INET]
        (self.folder / "cache").mkdir(exist_ok=True)
        self.write_config()

    def write_config(self, more="", listen=()):
        """Writes the lab's configuration, with more TOML after it (which begins in [policy]) and more sockets."""
        listen = ", ".join(f'"{each}"' for each in [*self.listen, *listen])
        self.config.write_text(CONFIG.format(listen=listen, folder=self.folder, dns=self.lab.folder("dns"),
                                             ca=self.lab.authority.ca_file) + more)

    def start(self, seconds=120):
        """Starts mtastsd and waits until it takes connections."""
        command = netns.enter(self.lab.relay, *self.wrap, program("mtastsd"), "--config", self.config)
        self.pid = self.lab.processes.start("mtastsd", command, self.log_file)

        def ready():
            if not self.lab.processes.alive(self.pid):
                raise LabError(f"mtastsd did not start:\n{self.tail()}")
            return self.answers()
        wait_until(lambda: f"mtastsd to listen:\n{self.tail()}", ready, seconds)

    def ensure_running(self):
        """Starts mtastsd unless it runs."""
        if not self.running():
            self.start()

    def answers(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def connect(self, where=INET, timeout=60.0):
        """A connection to a socketmap listener: a unix path, or an address in the relay's namespace."""
        family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
        with netns.inside(self.lab.relay):
            stream = socket.socket(family, socket.SOCK_STREAM)
        stream.settimeout(timeout)
        try:
            stream.connect(where)
        except OSError:
            stream.close()
            raise
        return stream

    def ctl(self, *args):
        """Runs mtastsctl where the daemon runs and returns what it prints."""
        return run(*netns.enter(self.lab.relay, program("mtastsctl"), "--config", self.config, *args), timeout=180)
