"""The servers in the benchmarks of the cached path, mtastsd on a synthetic cache or bench_limit, and the load on them.

Server and generator are pinned to different cores. mtastsd runs in a network namespace without any network, because the cached
path asks nobody.
"""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from lab.daemon import program
from lab.processes import LabError, Processes, run, wait_until

CONFIG = """[listen]
socketmap = ["unix:{folder}/policy.sock"]
http = ""
control = "{folder}/control.sock"
workers = {workers}
[cache]
path = "{cache}"
max_size = "64GiB"
"""
RECURSION = """[dns]
forward = []
[policy]
postfix_dane = "yes"
"""
PATTERN = "d{}.example"                 # of the domains
REFRESH_AFTER = 4 * 3600                # seconds: none falls due while something is measured


def cores():
    """The server's and the generator's core; the same one if there is no other."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def thread_cores():
    """The cores for two answer threads: not the generator's, if there are two others."""
    usable = sorted(os.sched_getaffinity(0))
    return ",".join(map(str, usable[:2]))


@contextlib.contextmanager
def folder():
    """A temporary folder below TMPDIR with a path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="mtastsd-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Server:
    """A running server with one unix socket; the end of the with statement stops it."""

    def __init__(self, path, command, sock):
        self.path, self.command, self.socket = path, command, sock
        path.mkdir(exist_ok=True)
        self.processes = Processes(path)

    def __enter__(self):
        self.begun = time.perf_counter()
        self.pid = self.processes.start("server", self.command, self.path / "log")
        wait_until(lambda: f"{self.command[0]}:\n{(self.path / 'log').read_text()}", self.answers, 30, 0.002)
        return self

    def __exit__(self, *_):
        self.processes.stop(self.pid)

    def answers(self):
        if not self.processes.alive(self.pid):
            raise LabError(f"{self.command} ended:\n{(self.path / 'log').read_text()}")
        with contextlib.suppress(OSError), self.connect():
            return True

    def connect(self):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.connect(str(self.socket))    # blocking: waits for room in the backlog
        except OSError:
            stream.close()
            raise
        stream.settimeout(30)
        return stream


def daemon(path, cache, workers=1, core=None, more=RECURSION):
    """mtastsd on a cache folder; core None: on every core."""
    path.mkdir(exist_ok=True)
    config = path / "mtastsd.toml"
    config.write_text(CONFIG.format(folder=path, cache=cache, workers=workers) + more)
    pin = [] if core is None else ["taskset", "-c", core]
    return Server(path, [*pin, "unshare", "--net", "--", program("mtastsd"), "--config", config], path / "policy.sock")


def limit(path, reply_bytes, core):
    """The limit: answers every request with the given number of octets."""
    return limit_with(path, reply_bytes, "--cpu", core)


def limit_of_threads(path, reply_bytes, threads, cores):
    """The same with several threads that answer and share nothing."""
    return limit_with(path, reply_bytes, "--threads", threads, pin=("taskset", "-c", cores))


def limit_with(path, reply_bytes, *more, pin=()):
    sock = path / "limit.sock"
    return Server(path, [*pin, program("bench_limit"), "--listen", f"unix:{sock}", "--bytes", round(reply_bytes), *more],
                  sock)


def load(server, *more, domains=1000, connections=16, seconds=2.0, order="uniform", core=None):
    """Runs bench_load and returns its result; raises an error if one reply was not OK."""
    core = cores()[1] if core is None else core
    out = json.loads(run(program("bench_load"), "--connect", f"unix:{server.socket}", "--connections", connections,
                         "--pattern", PATTERN, "--domains", domains, "--order", order, "--seconds", seconds,
                         "--warmup", min(0.5, seconds / 4), "--cpu", core, "--server-pid", server.pid, "--json", *more,
                         timeout=seconds + 120))
    if out["status"]["OK"] != out["requests"] or out["closed_by_server"]:
        raise LabError(f"{server.command}: not every reply is OK: {out}")
    return out


def populate(path, domains, *more, pattern=PATTERN):
    """Fills a cache folder; returns what bench_populate prints."""
    log = path.with_suffix(".log")
    with open(log, "w") as errors:
        filling = subprocess.Popen([program("bench_populate"), "--path", path, "--pattern", pattern, "--domains", str(domains),
                                    "--refresh-after", str(REFRESH_AFTER), *more], stdout=subprocess.PIPE, stderr=errors,
                                   text=True)
        out = watch(filling, log)
    if filling.returncode:
        raise LabError(f"bench_populate: exit {filling.returncode}\n{log.read_text()[-2000:]}")
    return json.loads(out)


def watch(filling, log):
    """Waits for the end of bench_populate and returns what it printed; reports its progress meanwhile."""
    try:
        while True:
            try:
                return filling.communicate(timeout=20)[0]
            except subprocess.TimeoutExpired:
                print(f"         stored {log.read_text().strip().rpartition(chr(13))[2]}", flush=True)
    finally:
        filling.kill()


def due(cache, *more):
    """What bench_due prints for a cache."""
    return json.loads(run(program("bench_due"), "--path", cache, *more))


def memory_kb(pid):
    """RssAnon: the process's own memory, without the mapped cache file."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise LabError(f"no RssAnon of {pid}")


def thread_times(pid):
    """CPU time by thread, in nanoseconds."""
    times = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            times[int(task.name)] = int((task / "schedstat").read_text().split()[0])
    return times
