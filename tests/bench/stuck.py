"""Policy hosts that accept connections and never answer: what they cost those who ask for them, and those who don't."""
import json
import statistics
import time

from lab.processes import LabError, run

from . import names

WAIT = 5.0                              # [policy] first_fetch_wait
FETCH = 30.0                            # [https] timeout
CACHED = 200
WINDOWS = 4                             # windows of one second; together below WAIT, so the fetches are open in all of them
MOST = 1.25                             # times the p99 of cached answers without stuck hosts


def measure(world, fetch=FETCH):
    """Measures the p99 of cached answers before, during and after the lookups of all stuck domains, and how long the askers of
    those waited. The ratio is to the better of before and after. fetch: seconds after which the fetches have failed (0: does
    not wait for that)."""
    load = world.load_program()
    if load is None:
        raise LabError("needs bench_load: ninja -C build/release bench_load")
    keys = world.path / "cached"
    keys.write_text("".join(f"{names.domain('plain', number)}\n" for number in range(CACHED)))
    with world.daemon.client() as client:
        for number in range(CACHED):
            client.ask("postfix", names.domain("plain", number))
    before = cached_p99(world, load, keys)
    stuck = [(names.domain("stuck", number), world.daemon.client()) for number in range(world.counts.stuck)]
    begin = time.monotonic()
    for domain, client in stuck:
        client.send("postfix", domain)
    during = [cached_p99(world, load, keys)]
    answers = [(client.receive(), time.monotonic() - begin) for _, client in stuck]
    if fetch:                           # the askers are answered, the fetches go on
        during.append(cached_p99(world, load, keys))
    again = [ask_again(client, domain) for domain, client in stuck]
    time.sleep(max(0.0, begin + (fetch and fetch + 3) - time.monotonic()))
    later = [ask_again(client, domain) for domain, client in stuck]
    for _, client in stuck:
        client.close()
    after = cached_p99(world, load, keys) if fetch else before
    return {"stuck": len(stuck), "p99_before_us": before, "p99_during_us": statistics.mean(during), "p99_after_us": after,
            "ratio": round(statistics.mean(during) / min(before, after), 2),
            "first_waits_s": [round(min(each[1] for each in answers), 2), round(max(each[1] for each in answers), 2)],
            "answers": sorted({answer.partition(" ")[0] for answer, _ in answers}),
            "again_worst_ms": round(max(again) * 1000, 1), "later_worst_ms": round(max(later) * 1000, 1)}


def ask_again(client, domain):
    begin = time.perf_counter()
    client.ask("postfix", domain)
    return time.perf_counter() - begin


def cached_p99(world, load, keys):
    """The median of several windows, because on a busy machine one of them says little."""
    command = [load, "--connect", f"unix:{world.daemon.unix}", "--connections", 2, "--map", "postfix", "--keys", keys,
               "--order", "uniform", "--seconds", 1, "--warmup", 0, "--json"]
    return statistics.median(json.loads(run(*command))["latency_us"]["p99"] for _ in range(WINDOWS))


def complaints(result):
    """What is wrong, in words."""
    if result["ratio"] > MOST:
        yield f"p99 of cached answers rose to {result['ratio']} times that without stuck hosts"
    if result["first_waits_s"][1] > WAIT + 1 or result["answers"] != ["NOTFOUND"]:
        yield f"the first askers waited {result['first_waits_s']} s for {result['answers']}"
    for when in ("again", "later"):
        if result[f"{when}_worst_ms"] > 100:
            yield f"an asker waited for a stuck domain a second time ({when}): {result[f'{when}_worst_ms']} ms"
