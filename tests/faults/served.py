"""One mtastsd of a trial: its own folder, socket and cache, in a network namespace that exists or without any network.

Many can run at once. Questions are asked of it on many connections at the same time, so that one that waits holds up no
other.
"""
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from bench.world import PLACES
from lab import netns
from lab.daemon import program
from lab.processes import LabError, Processes, wait_until
from lab.socketmap import Client

LOG = """[log]
format = "json"
target = "stderr"
"""
# No name server can be reached: only what is in the cache is known.
ALONE = """[dns]
forward = []
[policy]
postfix_dane = "yes"
"""
CONNECTIONS = 128
PATIENCE = 20.0             # seconds for one answer: more than twice policy.answer_timeout


class Served:
    """more: the configuration from [dns] on. namespace None: no network at all. wrap: a command that runs the command after
    it, like prlimit(1)."""

    def __init__(self, folder, cache=None, more=ALONE, namespace=None, wrap=()):
        self.folder, self.namespace, self.wrap = Path(folder), namespace, list(wrap)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cache = Path(cache or self.folder / "cache")
        self.socket, self.log = self.folder / "policy.sock", self.folder / "log"
        self.config = self.folder / "mtastsd.toml"
        self.processes = Processes(self.folder)
        self.pid = None
        self.configure(more)

    def configure(self, more):
        self.config.write_text(PLACES.format(folder=self.folder, cache=self.cache) + f"{more}\n" + LOG)

    def begin(self):
        """Starts the daemon and does not wait."""
        if self.cache == self.folder / "cache":
            self.cache.mkdir(exist_ok=True)
        command = [*self.wrap, program("mtastsd"), "--config", self.config]
        enter = ["unshare", "--net", "--"] if self.namespace is None else netns.enter(self.namespace)
        self.pid = self.processes.start("mtastsd", [*enter, *command], self.log)

    def start(self, seconds=30):
        self.begin()
        wait_until(lambda: f"mtastsd to listen:\n{self.tail()}", self.listens, seconds, 0.01)

    def listens(self):
        if not self.running():
            raise LabError(f"mtastsd ended at its start:\n{self.tail()}")
        return self.answers()

    def answers(self):
        try:
            self.connect(5).close()
            return True
        except OSError:
            return False

    def running(self):
        return self.pid is not None and self.processes.alive(self.pid)

    def kill(self):
        os.kill(self.pid, 9)
        wait_until("the end of a killed mtastsd", lambda: not self.running(), 20, 0.002)

    def stop(self, seconds=10.0):
        """Asks it to end; its exit status, or None if it did not end in time (it is not killed)."""
        os.kill(self.pid, 15)
        end = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > end:
                return None
            time.sleep(0.005)
        return self.processes.children[self.pid].returncode

    def connect(self, timeout=PATIENCE):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.settimeout(timeout)
        try:
            stream.connect(str(self.socket))
        except OSError:
            stream.close()
            raise
        return stream

    def ask(self, keys, map_name="postfix", timeout=PATIENCE):
        """The reply to each key; None if none came. timeout: for all of them together."""
        return self.collect(self.send(keys, map_name, timeout), timeout)

    def send(self, keys, map_name="postfix", timeout=PATIENCE):
        """Asks and does not wait. Returns what collect() takes."""
        keys, asked, end = list(keys), [], time.monotonic() + timeout
        for begin in range(min(CONNECTIONS, len(keys))):
            part = keys[begin::CONNECTIONS]
            try:
                client = Client(self.connect(max(0.001, end - time.monotonic())))
                for key in part:
                    client.send(map_name, key)
            except OSError:
                client = None
            asked.append((client, part))
        return asked

    @staticmethod
    def collect(asked, timeout=PATIENCE):
        replies, end = {}, time.monotonic() + timeout
        for client, part in asked:
            for key in part:
                try:
                    if client:
                        client.stream.settimeout(max(0.001, end - time.monotonic()))
                    replies[key] = client.receive() if client else None
                except (OSError, EOFError, ValueError):
                    replies[key] = None
            if client:
                client.close()
        return replies

    def status(self, timeout=15):
        """(exit status, what was printed) of mtastsctl status; (None, "") if it did not end in time."""
        command = [str(program("mtastsctl")), "--config", str(self.config), "status"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout + done.stderr

    def mark(self):
        return self.log.stat().st_size if self.log.exists() else 0

    def complaints(self, start=0):
        """The texts of the warnings and errors in the log from a position on."""
        if not self.log.exists():
            return []
        texts = []
        for line in self.log.read_bytes()[start:].decode(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                texts.append(line)
                continue
            if entry.get("level") in ("warning", "error", "critical"):
                texts.append(line)
        return texts

    def tail(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.processes.stop_all()


def copy_cache(source, target):
    """Copies a cache folder for one trial, with the permissions and times of the original."""
    if Path(target).exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
