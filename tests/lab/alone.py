"""mtastsd alone, without the lab, in a network namespace that has only lo: every lookup fails at once."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from lab.daemon import program
from lab.processes import wait_until
from lab.socketmap import Client

ANCHOR = ". IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n"
# Nobody listens at the resolver: every lookup fails at once.
CONFIG = """[listen]
socketmap = ["unix:{folder}/policy.sock"]
control = "{folder}/control.sock"
http = ""
user = "{user}"
[cache]
path = "{folder}/cache"
[dns]
forward = ["127.0.0.1@9"]
trust_anchor = "{folder}/anchor"
[policy]
postfix_dane = "yes"
[log]
format = "json"
level = "debug"
[override."relay.example"]
action = "answer"
answer = "encrypt"
reason = "loaded"
until = 2099-01-31
"""
IN_A_NAMESPACE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
LOADED = "OK encrypt"   # the answer for relay.example


class Alone:
    """An mtastsd with its own folder, which every user may enter."""

    def __init__(self, user=""):
        self.folder = Path(tempfile.mkdtemp(prefix="mtastsd-host-"))
        self.folder.chmod(0o755)
        (self.folder / "anchor").write_text(ANCHOR)
        self.config, self.log_file = self.folder / "mtastsd.toml", self.folder / "log"
        self.text = CONFIG.format(folder=self.folder, user=user)
        self.config.write_text(self.text)
        self.child = None

    def start(self, stderr=None, **more):
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen([*IN_A_NAMESPACE, str(program("mtastsd")), "--config", str(self.config)],
                                          stdin=subprocess.DEVNULL, stderr=stderr or log, **more)
        wait_until(lambda: f"mtastsd to answer: {self.log_file.read_text()}", self.answers, 60)

    def answers(self):
        assert self.child.poll() is None, self.log_file.read_text()
        with contextlib.suppress(OSError):
            return self.ask("postfix", "relay.example")

    def connect(self):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(30)
        try:
            stream.connect(str(self.folder / "policy.sock"))
        except OSError:
            stream.close()
            raise
        return Client(stream)

    def ask(self, map_name, key):
        with contextlib.closing(self.connect()) as client:
            return client.ask(map_name, key)

    def run(self, name, *args):
        """Runs a program with this configuration; returns (exit status, standard output, standard error)."""
        done = subprocess.run([str(program(name)), "--config", str(self.config), *map(str, args)],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def ctl(self, *args):
        return self.run("mtastsctl", *args)

    def status(self):
        code, out, err = self.ctl("--json", "status")
        assert out, err
        return code, json.loads(out)

    def problems(self):
        return [each["code"] for each in self.status()[1]["problems"]]

    def log(self, event):
        """The log lines of one event."""
        entries = []
        for line in self.log_file.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
        return [each for each in entries if each.get("event") == event]

    def refused(self):
        return [each for each in self.log("reload") if "nothing has changed" in each["text"]]

    def signal(self, number):
        os.kill(self.child.pid, number)

    def stop(self, seconds=60):
        """Stops it; returns the exit status and how long that took."""
        begin = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.child.wait(seconds), time.monotonic() - begin

    def away(self):
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait(30)
        shutil.rmtree(self.folder)
