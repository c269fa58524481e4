"""mtasts-milter alone, in a network namespace that has only lo: beside an mtastsd of the same kind (alone.py), or beside a
socketmap server that the test plays itself."""
import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from lab.alone import IN_A_NAMESPACE, Alone
from lab.daemon import program
from lab.milter_client import dial
from lab.processes import wait_until
from lab.socketmap import Client

MILTER = """[milter]
listen = "{listen}"
socketmap = "unix:{folder}/policy.sock"
{more}
"""
SOON = '[dns]\ntimeout = "200ms"\n'       # so that lookups fail sooner
# What mtastsd answers without any lookup. Every other domain is unknown, because its lookups fail.
ANSWERS = {"safe.example": "secure match=mx.safe.example", "dane.example": "dane-only", "plain.example": "encrypt"}
OVERRIDES = "".join(f'[override."{domain}"]\naction = "answer"\nanswer = "{answer}"\nreason = "test"\n'
                    for domain, answer in ANSWERS.items())
OVERRIDES += '[override."none.example"]\naction = "no-policy"\nreason = "test"\n'


class MilterAlone:
    """An mtasts-milter and an mtastsd that read one file. more: lines for [milter]; rest: TOML after that."""

    def __init__(self, more="", rest="", user="", listen="unix:{folder}/milter.sock"):
        self.daemon = Alone(user)
        self.folder, self.config = self.daemon.folder, self.daemon.config
        self.socket, self.log_file = self.folder / "milter.sock", self.folder / "milter.log"
        self.listen = listen.format(folder=self.folder)
        self.beside, self.child = None, None
        self.wrap = []                  # a command that runs the milter, such as env
        self.write(more, rest)

    def write(self, more="", rest=""):
        """Writes the file. It comes to its place whole, because a reload may read it at any time."""
        milter = MILTER.format(listen=self.listen, folder=self.folder, more=more)
        new = self.folder / "new.toml"
        new.write_text(self.daemon.text.replace("[dns]\n", SOON) + OVERRIDES + milter + rest)
        new.rename(self.config)

    def command(self, *more):
        return [str(program("mtasts-milter")), "--config", str(self.config), *more]

    def start(self, daemon=True):
        """Starts both, or only the milter, and waits until the milter says that it is ready."""
        if daemon:
            self.daemon.start()
        before = self.times_ready()
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen([*IN_A_NAMESPACE, *self.wrap, *self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def ready():
            assert self.child.poll() is None, self.text()
            return self.times_ready() > before
        wait_until(lambda: f"mtasts-milter to be ready: {self.text()}", ready, 60)
        return self

    def times_ready(self):
        return sum(each.get("text") == "ready" for each in self.log("start"))

    def namespace(self):
        """For netns.inside()."""
        return f"/proc/{self.child.pid}/ns/net"

    def dial(self, **offer):
        return dial(self.socket, **offer)

    def session(self, **offer):
        """A client that is past HELO."""
        return self.dial(**offer).session()

    def once(self, *message, **more):
        """The outcome of one message on its own connection."""
        with self.session() as client:
            outcome = client.message(*message, **more)
            client.quit()
        return outcome

    def run(self, *args):
        """Runs mtasts-milter with this configuration; returns (exit status, standard output, standard error)."""
        done = subprocess.run([*IN_A_NAMESPACE, *self.command(*args)], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def text(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def all_text(self):
        """The logs of both."""
        other = self.daemon.log_file
        return self.text() + (other.read_text(errors="replace") if other.exists() else "")

    def log(self, event):
        """The log lines of one event."""
        entries = []
        for line in self.text().splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
        return [each for each in entries if each.get("event") == event]

    def status(self, field):
        """A number of /proc/PID/status, such as VmRSS in KiB."""
        return int(re.search(rf"^{field}:\s*(\d+)", Path(f"/proc/{self.child.pid}/status").read_text(), re.M)[1])

    def signal(self, number):
        self.child.send_signal(number)

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def stop(self, seconds=60):
        """Stops the milter; returns its exit status and how long that took."""
        begin = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.child.wait(seconds), time.monotonic() - begin

    def away(self):
        if self.alive():
            self.child.kill()
            self.child.wait(30)
        self.daemon.away()


class SocketmapServer:
    """Plays mtastsd on a unix socket. answer(map name, key) returns the octets to send; None: nothing, and the connection
    stays open; b"": the connection is closed. It is called on several threads at once."""

    def __init__(self, path, answer):
        self.answer, self.requests, self.streams = answer, [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen(100)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):          # close() ends it
            while True:
                stream, _ = self.listener.accept()
                self.streams.append(stream)
                threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        with contextlib.suppress(OSError, EOFError, ValueError), Client(stream) as client:
            while True:
                name, _, key = client.receive().partition(" ")
                self.requests.append((name, key))
                octets = self.answer(name, key)
                if octets == b"":
                    return
                if octets is not None:
                    client.send_raw(octets)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        for each in [self.listener, *self.streams]:
            with contextlib.suppress(OSError):
                each.close()
