"""Measures how many round trips one unknown domain takes, asked for alone, and what was sent for it."""
import statistics
import time

from . import names, packets

KINDS = ("enforce", "plain", "dane", "new")
GOOD = {"enforce": "OK secure match=mx.", "plain": "NOTFOUND", "dane": "OK dane-only", "new": "NOTFOUND"}
PAUSE = 0.15                            # work that goes on after an answer ends before the next request
TARGETS = {"enforce": 5.0, "plain": 2.25, "dane": 4.0}   # warm delegations


def ask(client, kind, domain):
    """Asks, checks the answer, and returns (seconds, start, end)."""
    start, begin = time.time(), time.perf_counter()
    answer = client.ask("postfix", domain)
    taken = time.perf_counter() - begin
    if not answer.startswith(GOOD[kind]):
        raise AssertionError(f"the answer for {domain} is {answer!r}, not {GOOD[kind]}...")
    time.sleep(PAUSE)
    return taken, start, start + taken


def warm_up(client, first):
    """Makes the root, the TLD and every provider's name servers known to the daemon."""
    for number in range(first, first + 8):
        ask(client, "plain", names.domain("plain", number))


def measure(world, count, steps=True):
    """Returns a row for each kind and setting: median and maximum in round trips, and the steps of the last domain."""
    round_trip = 2 * world.one_way_ms / 1000
    rows = []
    with world.daemon.client() as client:
        warm_up(client, count)
        for kind in KINDS:
            settings = {"TLD warm only": [], "warm delegations": []}
            for number in range(count):
                settings["TLD warm only"].append(ask(client, kind, names.domain(kind, number)))
                if names.has_second(world.counts, kind, number):
                    settings["warm delegations"].append(ask(client, kind, names.second(kind, number)))
            rows += [row(world, kind, setting, asked, round_trip, steps) for setting, asked in settings.items() if asked]
    return rows


def row(world, kind, setting, asked, round_trip, steps):
    times = [taken / round_trip for taken, _, _ in asked]
    _, start, end = asked[-1]
    seen = packets.read(world.capture, start - 0.001, end + PAUSE / 2) if steps else []
    return {"kind": kind, "setting": setting, "domains": len(asked),
            "round_trips": round(statistics.median(times), 2), "worst": round(max(times), 2),
            "target": TARGETS[kind] if setting == "warm delegations" else None,
            "questions": sum(step.outgoing and "TCP" not in step.text for step in seen),
            "steps": packets.table(seen, start, round_trip)}
