"""mtasts-milter as the lab runs it: its configuration, start, stop, crash, and its log."""
import contextlib
import re
import signal
import socket
import subprocess
from pathlib import Path

from . import netns
from .daemon import INET, program
from .processes import LabError, wait_until
from .service import Service

DAEMON = ("inet:%s:%d" % INET,)         # [listen] socketmap
PORT = 18899                            # the default of [milter] listen
CONFIG = """[listen]
socketmap = [{daemon}]
http = ""
user = "nobody"
socket_mode = "0666"
[log]
format = "json"
level = "debug"
target = "stderr"
[milter]
"""


def where_in(milter):
    """Where these lines of [milter] have it listen: a unix path, or an address in the relay's namespace."""
    unix = re.search(r'^listen = "(?:unix|local):(.+)"', milter, re.M)
    return unix[1] if unix else ("127.0.0.1", PORT)


class Milter(Service):
    """One mtasts-milter in the relay's namespace; it asks the lab's mtastsd unless its configuration says otherwise.

    Started as root, it becomes nobody: all that it needs later must be open to that user.
    """

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder("milter")
        self.config, self.log_file = self.folder / "mtastsd.toml", self.folder / "milter.log"
        self.where = where_in("")
        self.write_config()

    def write_config(self, milter="", more="", daemon=DAEMON):
        """Writes the lab's configuration, with these lines of [milter], and with more TOML after them."""
        listed = ", ".join(f'"{each}"' for each in daemon)
        self.config.write_text(CONFIG.format(daemon=listed) + milter.rstrip() + "\n" + more)

    def start(self, milter="", more="", daemon=DAEMON, seconds=60):
        """Starts the milter with this configuration and waits until it takes connections."""
        self.write_config(milter, more, daemon)
        self.where = where_in(milter)
        command = netns.enter(self.lab.relay, program("mtasts-milter"), "--config", self.config)
        self.pid = self.lab.processes.start("mtasts-milter", command, self.log_file)

        def ready():
            if not self.running():
                raise LabError(f"mtasts-milter did not start:\n{self.tail()}")
            return self.answers()
        wait_until(lambda: f"mtasts-milter to listen:\n{self.tail()}", ready, seconds)

    def fresh(self, *configuration, **more):
        """A new milter, which remembers nothing of the tests before."""
        if self.running():
            self.kill()
        self.start(*configuration, **more)

    def use(self, milter="", more=""):
        """This configuration is in force for new connections: by a reload, or a start if that must be."""
        if not self.running() or self.where != where_in(milter):
            return self.fresh(milter, more)
        mark = self.mark()
        self.write_config(milter, more)
        self.reload()
        told = wait_until(lambda: f"the reload:\n{self.tail()}", lambda: self.events("reload", mark))
        if any(line["level"] == "error" for line in told):
            raise LabError(f"mtasts-milter refuses its configuration: {told}")

    def kill(self):
        super().kill()
        self.pid = None

    def stop(self, seconds=30.0, sig=signal.SIGTERM):
        """A graceful stop; returns the exit status."""
        status = self.lab.processes.stop(self.pid, sig, seconds)
        self.pid = None
        return status

    def crashed(self):
        """True if it ended though nobody stopped it."""
        return self.pid is not None and not self.running()

    def answers(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def connect(self):
        """A connection, as Postfix makes one."""
        family = socket.AF_UNIX if isinstance(self.where, str) else socket.AF_INET
        with netns.inside(self.lab.relay):
            stream = socket.socket(family, socket.SOCK_STREAM)
        stream.settimeout(60)
        try:
            stream.connect(self.where)
        except OSError:
            stream.close()
            raise
        return stream

    def events(self, name, start=0):
        """The log lines of one event."""
        return [entry for entry in self.log(start) if entry.get("event") == name]

    def check(self, *args):
        """Runs the program once, for example with --check-config; returns (exit status, output, errors)."""
        command = netns.enter(self.lab.relay, program("mtasts-milter"), *args)
        done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    @contextlib.contextmanager
    def growing_less_than(self, octets):
        """Fails if, at any moment within this block, it has this much more memory resident than at the beginning."""
        (Path("/proc") / str(self.pid) / "clear_refs").write_text("5")      # the peak is the present amount
        before = self.peak()
        yield
        grown = self.peak() - before
        if grown >= octets:
            raise LabError(f"mtasts-milter grew by {grown} octets, {octets} are allowed")

    def peak(self):
        """The most memory that it has had resident, in octets."""
        status = (Path("/proc") / str(self.pid) / "status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024
