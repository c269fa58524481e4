"""Runs commands and daemons, and stops every daemon it started.

Each daemon is noted in a file (name, pid, start time), so that `lab down` can stop what `lab up` started. The start time tells
our process from a later one with the same pid.
"""
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


class LabError(Exception):
    """Something in the lab failed; the text says what."""


def run(*args, **more):
    """Runs a command and returns its output; the error of a failure has the command's output."""
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise LabError(f"{' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def wait_until(what, condition, seconds=60.0, every=0.05):
    """Polls until condition() is true and returns its value; the error says what it waited for.

    The limit is for slow and busy machines: it is reached only if the test fails.
    """
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {seconds:g} s without success for {what() if callable(what) else what}")
        time.sleep(every)


def start_time(pid):
    """The kernel's start time of a live process; None for one that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


class Processes:
    """The daemons of one lab."""

    def __init__(self, folder):
        self.book = Path(folder) / "pids"
        self.children = {}

    def start(self, name, args, log):
        """Starts a daemon that stays in the foreground of its own session; returns its pid."""
        with open(log, "ab") as out:
            child = subprocess.Popen([str(arg) for arg in args], stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=subprocess.STDOUT, start_new_session=True)
        self.children[child.pid] = child
        with open(self.book, "a") as book:
            book.write(f"{name} {child.pid} {start_time(child.pid)}\n")
        return child.pid

    def booked(self):
        """(name, pid) of every daemon that was started and is still alive."""
        if not self.book.exists():
            return []
        rows = [line.split() for line in self.book.read_text().splitlines()]
        return [(name, int(pid)) for name, pid, started in rows if start_time(pid) == started]

    def pid(self, name):
        """The pid of a live daemon; an error if it is not running."""
        for known, pid in reversed(self.booked()):
            if known == name:
                return pid
        raise LabError(f"{name} is not running")

    def send_signal(self, name, sig):
        os.kill(self.pid(name), sig)

    def alive(self, pid):
        if pid in self.children:
            return self.children[pid].poll() is None
        return start_time(pid) is not None

    def stop(self, pid, sig=signal.SIGTERM, seconds=30.0):
        """Sends a signal and waits; kills a process that stays. Returns the exit status if it was our child."""
        for each in (sig, signal.SIGKILL):
            try:
                os.kill(pid, each)
                wait_until(f"the end of {pid}", lambda: not self.alive(pid), seconds)
                break
            except ProcessLookupError:
                break
            except LabError:
                continue
        return self.children[pid].returncode if pid in self.children else None

    def stop_all(self):
        """Kills them all at once; their data is no longer needed."""
        pids = [pid for _, pid in self.booked()]
        for sig, seconds in ((signal.SIGTERM, 0.5), (signal.SIGKILL, 5.0)):
            for pid in pids:
                if self.alive(pid):
                    os.kill(pid, sig)
            with contextlib.suppress(LabError):
                wait_until("the lab's daemons to end", lambda: not any(map(self.alive, pids)), seconds)
