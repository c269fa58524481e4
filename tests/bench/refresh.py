"""Measures what it costs to keep a policy fresh. All domains of the benchmarks' internet are due at once, and the daemon has
just started, so its DNS cache is as cold as it is for a domain that is looked up once a day."""
import time

from lab.processes import LabError

from . import addresses, cpu, names, server

DAY = 86400
MILLION = 1_000_000


def measure(world, sizes, tell):
    """Returns the CPU time for each refreshed domain, and how many were refreshed in each second."""
    learn(world)
    made = server.due(world.daemon.folder / "cache", "--make-due")["made_due"]
    if made != world.counts.enforce:
        raise LabError(f"{made} of {world.counts.enforce} domains have a policy to be refreshed")
    mark = world.daemon.mark()
    world.daemon.write_config('[log]\nformat = "json"\n')
    world.daemon.start()
    before, begin = cpu.cpu_seconds(world.daemon.pid), time.monotonic()
    seconds = []
    while sum(seconds) < made and len(seconds) < sizes.refresh_seconds:
        time.sleep(max(0.0, begin + len(seconds) + 1 - time.monotonic()))
        seconds.append(refreshed(world, mark) - sum(seconds))
        if len(seconds) % 10 == 0:
            tell(f"refreshed {sum(seconds)} of {made} in {len(seconds)} s")
    time.sleep(1)                       # for the commits of the last ones
    used, done = cpu.cpu_seconds(world.daemon.pid) - before, refreshed(world, mark)
    if done == 0:
        raise LabError(f"nothing was refreshed in {len(seconds)} s:\n{world.daemon.tail()}")
    spent = used / done
    return {"due": made, "refreshed": done, "failed": failures(world, mark), "seconds": len(seconds), "per_second": seconds,
            "hosts": len(addresses.POLICY), "cpu_us": spent * 1e6, "core_percent": MILLION * spent / DAY * 100,
            "rate": pace(seconds), "day": round(pace(seconds) * DAY)}


def pace(seconds):
    """Domains per second, without the burst at the start."""
    first = next(number for number, each in enumerate(seconds) if each)
    rest = seconds[first + 1:]
    return sum(rest) / len(rest) if sum(rest) else float(sum(seconds))


def learn(world):
    """Lets the daemon look all of them up, then stops it."""
    world.daemon.restart_empty()
    wrong = cpu.ask_all(world, "enforce", [names.domain("enforce", number) for number in range(world.counts.enforce)])
    time.sleep(1)
    world.daemon.stop()
    if wrong:
        raise LabError(f"{wrong} of {world.counts.enforce} answers were wrong:\n{world.daemon.tail()}")


def fetches(world, mark):
    for entry in world.daemon.log(mark):
        if entry.get("event") == "fetch" and entry.get("trigger") == "refresh":
            yield entry


def refreshed(world, mark):
    return sum(1 for _ in fetches(world, mark))


def failures(world, mark):
    return sum(1 for entry in fetches(world, mark) if entry.get("result") != "policy fetched")
