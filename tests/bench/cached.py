"""The cached path against the limit: throughput, latency, one answer thread and two."""
import contextlib
import statistics

from . import server

CASES = {                               # what is asked, from which cache, over how many connections
    "uniform": {"cache": "small", "connections": 16, "order": "uniform"},
    "zipf": {"cache": "big", "connections": 16, "order": "zipf"},
    "single": {"cache": "small", "connections": 1, "order": "uniform"},
    "sleeping": {"cache": "small", "connections": 16, "order": "uniform", "spin": ()},
}
SMALL = 1000
TURNS = 5                               # in each round, for mtastsd and for the limit
SPIN = ("--spin",) if len(set(server.cores())) > 1 else ()   # the generator has a core of its own


def measure(path, caches, sizes, tell):
    """Measures all cases. caches: the cache folders by name, "small" and "big"."""
    domains = {"small": min(SMALL, sizes.big), "big": sizes.big}
    rounds = {case: [] for case in CASES}
    for number in range(sizes.rounds):
        for case, asked in CASES.items():
            cache = asked["cache"]
            rounds[case] += one_round(path, caches[cache], domains[cache], asked, sizes.seconds)
            tell(f"cached, round {number + 1}, {case}: {middle(rounds[case][-TURNS:], ratio):.2f} of the limit")
    return {case: summary(made) for case, made in rounds.items()}


def one_round(path, cache, domains, asked, seconds):
    """Asks the daemon and the limit in turn, because a shared machine is not equally fast from one second to the next."""
    core = server.cores()[0]
    options = {"domains": domains, "connections": asked["connections"], "order": asked["order"]}
    spin = asked.get("spin", SPIN)
    with server.daemon(path / "daemon", cache, core=core) as daemon:
        warm = server.load(daemon, *spin, seconds=seconds / TURNS, **options)
        with server.limit(path / "limit", warm["reply_bytes"], core) as limit:
            return [{who: server.load(running, *spin, seconds=seconds / TURNS, **options)
                     for who, running in (("ours", daemon), ("limit", limit))} for _ in range(TURNS)]


def ratio(turn):
    return turn["ours"]["per_second"] / turn["limit"]["per_second"]


def middle(made, get):
    return statistics.median(get(each) for each in made)


def summary(made):
    """Medians over all turns."""
    return {"ratio": middle(made, ratio), "reply_bytes": middle(made, lambda each: each["ours"]["reply_bytes"]),
            "p99_ratio": middle(made, lambda each: each["ours"]["latency_us"]["p99"] / each["limit"]["latency_us"]["p99"]),
            **{who: sides(made, who) for who in ("ours", "limit")}}


def sides(made, who):
    def of(get):
        return middle(made, lambda each: get(each[who]))
    return {"per_second": of(lambda each: each["per_second"]), "p50_us": of(lambda each: each["latency_us"]["p50"]),
            "p99_us": of(lambda each: each["latency_us"]["p99"]), "cpu_us": of(lambda each: each["server_cpu_us_per_request"]),
            "busy": of(lambda each: each["server_cpu_us_per_request"] * each["per_second"] / 1e6)}


THREADS = ("one", "two", "apart")       # answer threads; apart: two daemons with one thread each


def measure_threads(path, caches, sizes, tell):
    """Measures the server's CPU time per request with one answer thread, with two, and with two daemons of one thread each,
    which share only the machine. Two threads and the generator need three cores; on two cores they wait for each other.
    The two daemons wait in the same way, so comparing with them shows what the threads of one daemon cost each other."""
    made = []
    cores = server.thread_cores()
    with contextlib.ExitStack() as running:
        one, another, two = (running.enter_context(server.daemon(path / name, cache, workers=workers, core=cores))
                             for name, cache, workers in zip(THREADS, caches, (1, 1, 2)))
        for number in range(sizes.rounds):
            turns = [turn_of_threads(one, another, two, sizes) for _ in range(TURNS)]
            made += turns
            tell(f"threads, round {number + 1}: two take {middle(turns, growth):.2f} of the CPU of one, "
                 f"{middle(turns, sharing):.2f} of that of two daemons")
    return {"growth": middle(made, growth), "sharing": middle(made, sharing),
            **{who: {"cpu_us": middle(made, lambda each: each[who]["server_cpu_us_per_request"]),
                     "per_second": middle(made, lambda each: each[who]["per_second"])} for who in THREADS}}


def turn_of_threads(one, another, two, sizes):
    options = {"domains": min(SMALL, sizes.big), "seconds": sizes.seconds / TURNS}
    beside = ("--connect", f"unix:{another.socket}", "--server-pid", another.pid)
    return {"one": server.load(one, **options), "two": server.load(two, **options),
            "apart": server.load(one, *beside, **options)}


def growth(turn):
    return turn["two"]["server_cpu_us_per_request"] / turn["one"]["server_cpu_us_per_request"]


def sharing(turn):
    return turn["two"]["server_cpu_us_per_request"] / turn["apart"]["server_cpu_us_per_request"]
