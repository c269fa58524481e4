"""Ten thousand idle connections: what each costs, and whether they slow the busy ones down."""
import resource
import select
import statistics
import time
from pathlib import Path

from lab.processes import LabError, wait_until

from . import server

BUSY = 16


def measure(path, cache, sizes, tell):
    """Measures rounds of load without and with idle connections, which this process holds."""
    core = server.cores()[0]
    made = []
    with server.daemon(path / "idle", cache, core=core) as running:
        server.load(running, domains=min(1000, sizes.big), seconds=sizes.seconds)     # first let the memory grow
        for number in range(sizes.rounds):
            made.append(one_round(running, sizes))
            tell(f"{sizes.idle:,} idle connections, round {number + 1}: {made[-1]['ratio']:.2f} of the throughput without")
    first = made[0]                     # in later rounds the allocator reuses what the first one freed
    return {"idle": sizes.idle, "bytes": round(first["memory_kb"] * 1024 / sizes.idle),
            "kernel_bytes": round(first["kernel_kb"] * 1024 / sizes.idle),
            "ratio": statistics.median(each["ratio"] for each in made),
            "p99_ratio": statistics.median(each["p99_ratio"] for each in made)}


def one_round(running, sizes):
    load = {"domains": min(1000, sizes.big), "connections": BUSY, "seconds": sizes.seconds}
    alone = server.load(running, **load)
    memory, kernel = server.memory_kb(running.pid), slab_kb()
    with Idle(running, sizes.idle) as idle:
        grown = {"memory_kb": server.memory_kb(running.pid) - memory, "kernel_kb": slab_kb() - kernel}
        beside = server.load(running, **load)
        if not idle.alive():
            raise LabError("the idle connections were closed")
    return {**grown, "ratio": beside["per_second"] / alone["per_second"],
            "p99_ratio": beside["latency_us"]["p99"] / alone["latency_us"]["p99"]}


def slab_kb():
    """The kernel's slab memory: both ends of the connections and everything else, so it is only an estimate."""
    with open("/proc/meminfo") as file:
        rows = dict(line.split(":") for line in file)
    return int(rows["Slab"].split()[0])


class Idle:
    """Connections that this process holds without sending anything."""

    def __init__(self, running, count):
        self.running, self.count, self.streams = running, count, []

    def __enter__(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        if most < self.count + 100:
            raise LabError(f"{self.count} connections need more open files than {most}: raise ulimit -Hn")
        self.streams = [self.running.connect() for _ in range(self.count)]
        wait_until("mtastsd to take the idle connections", lambda: open_files(self.running.pid) >= self.count, 60)
        time.sleep(0.5)                 # wait for the last few too
        return self

    def alive(self):
        """True if the server closed none of them."""
        poll = select.poll()
        for each in self.streams:
            poll.register(each, select.POLLIN | select.POLLHUP)
        return not poll.poll(0)

    def __exit__(self, *_):
        for each in self.streams:
            each.close()


def open_files(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
