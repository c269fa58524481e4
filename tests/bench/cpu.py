"""Measures what an uncached lookup costs mtastsd: the CPU time of all its threads, over a link without delay."""
import json
import os
import queue
import threading
import time
from pathlib import Path

from lab.processes import run

from . import latency, names

KINDS = ("enforce", "plain")
CONNECTIONS = 64
TARGETS = {"enforce": 700, "plain": 300}    # microseconds a lookup


def cpu_seconds(pid):
    """User and system time of all threads."""
    tasks = Path(f"/proc/{pid}/task")
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
    except (FileNotFoundError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(world, kind):
    """Asks for all domains once, over 64 connections, from a daemon that knows only the root and the TLD; then for the second
    mail domain of each, whose delegations are known by then."""
    with world.daemon.client() as client:
        latency.warm_up(client, world.counts.plain - 8)
    numbers = range(getattr(world.counts, kind) - (8 if kind == "plain" else 0))
    seconds = [names.second(kind, number) for number in numbers if names.has_second(world.counts, kind, number)]
    rows = [row(world, kind, "TLD warm only", [names.domain(kind, number) for number in numbers])]
    return rows + [row(world, kind, "warm delegations", seconds)] if seconds else rows


def row(world, kind, setting, domains):
    before = cpu_seconds(world.daemon.pid)
    begin = time.perf_counter()
    wrong = ask_all(world, kind, domains)
    wall = time.perf_counter() - begin
    time.sleep(1)                           # what the daemon stores after the answers counts too
    used = cpu_seconds(world.daemon.pid) - before
    return {"kind": kind, "setting": setting, "domains": len(domains), "cpu_us": round(used / len(domains) * 1e6),
            "target": TARGETS[kind] if setting == "warm delegations" else None, "wall_s": round(wall, 2), "wrong": wrong}


def ask_all(world, kind, domains):
    """Returns the number of wrong answers."""
    load = world.load_program()
    if load is None:
        return ask_by_threads(world, kind, domains)
    keys = world.path / "keys"
    keys.write_text("".join(f"{each}\n" for each in domains))
    out = json.loads(run(load, "--connect", f"unix:{world.daemon.unix}", "--connections", CONNECTIONS, "--map", "postfix",
                         "--keys", keys, "--order", "once", "--server-pid", world.daemon.pid, "--json", timeout=300))
    return len(domains) - out["status"].get(latency.GOOD[kind].partition(" ")[0], 0)


def ask_by_threads(world, kind, domains):
    """Does what the load generator does, if that was not built."""
    waiting, wrong = queue.SimpleQueue(), []
    for each in domains:
        waiting.put(each)

    def work():
        with world.daemon.client() as client:
            while True:
                try:
                    domain = waiting.get_nowait()
                except queue.Empty:
                    return
                answer = client.ask("postfix", domain)
                if not answer.startswith(latency.GOOD[kind]):
                    wrong.append((domain, answer))
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return len(wrong)
