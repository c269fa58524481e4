"""Measures how costs grow with the number of cached domains: file, memory, start, answers, list, due."""
import shutil
import statistics
import subprocess
import time

from lab.daemon import program
from lab.processes import LabError
from lab.socketmap import Client

from . import server

BYTES = 700                             # octets for each domain that must be free on the disk
DEFAULTS = ""                           # defaults of [dns] and [policy]: the daemon first finds out how to resolve
AHEAD = 2 * 86400                       # by then every domain is due


def measure(path, sizes, tell):
    """Returns a row for each number of domains. Each cache is deleted before the next one is made."""
    rows = []
    for domains in sizes.scale:
        check_space(path, domains)
        cache = path / f"scale-{domains}"
        try:
            rows.append(one(path, cache, server.populate(cache, domains), domains, sizes))
        finally:
            shutil.rmtree(cache, ignore_errors=True)
        row = rows[-1]
        tell(f"{domains:,} domains: {row['bytes']:.0f} octets each, {row['memory_mb']:.1f} MiB, "
             f"start {row['start_ms']:.0f} ms, answer {row['cpu_us']:.2f} us")
    return rows


def check_space(path, domains):
    """Fails at once if the disk is too small."""
    need, free = domains * BYTES, shutil.disk_usage(path).free
    if free < need:
        raise LabError(f"{domains:,} domains take {need / 1e9:.1f} GB below {path}, where {free / 1e9:.1f} GB are free: "
                       "set TMPDIR to a folder with more, or run with --quick")


def one(path, cache, filled, domains, sizes):
    row = {"domains": domains, "bytes": filled["file_bytes"] / domains, "file_mb": filled["file_bytes"] / 1e6,
           "populate_s": filled["seconds"],
           "start_ms": statistics.median(start(path, cache, server.RECURSION) for _ in range(sizes.starts)),
           "default_start_ms": statistics.median(start(path, cache, DEFAULTS) for _ in range(sizes.starts))}
    row["due_us"] = server.due(cache, "--ahead", AHEAD)["cpu_us"]
    row["nothing_due_us"] = server.due(cache)["cpu_us"]
    row.update(under_load(path, cache, domains, sizes))
    return row


def start(path, cache, more):
    """Milliseconds from starting the process to a reply over the socket."""
    with server.daemon(path / "start", cache, more=more) as running:
        with Client(running.connect()) as client:
            answer = client.ask("postfix", server.PATTERN.replace("{}", "7"))
        taken = time.perf_counter() - running.begun
    if not answer.startswith("OK secure"):
        raise LabError(f"the first answer is {answer!r}")
    return taken * 1000


def under_load(path, cache, domains, sizes):
    core = server.cores()[0]
    with server.daemon(path / "scale", cache, core=core) as running:
        server.load(running, domains=domains, order="uniform", seconds=sizes.seconds)   # as many pages as possible
        load = server.load(running, domains=domains, order="zipf", seconds=sizes.seconds)
        return {"cpu_us": load["server_cpu_us_per_request"], "per_second": load["per_second"],
                "p99_us": load["latency_us"]["p99"], "memory_mb": server.memory_kb(running.pid) / 1024,
                "list_ms": listing(path / "scale" / "mtastsd.toml")}


def listing(config):
    """mtastsctl list --expiring 1h, with the cache in memory."""
    begin = time.perf_counter()
    done = subprocess.run([program("mtastsctl"), "--config", config, "list", "--expiring", "1h"],
                          capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"mtastsctl list: exit {done.returncode}\n{done.stderr}")
    return (time.perf_counter() - begin) * 1000
