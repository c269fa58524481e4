"""The cached path against the limit: throughput, latency, one answer thread and two."""
import statistics

from . import server

CASES = {                               # what is asked, of which cache, by how many connections
    "uniform": {"cache": "small", "connections": 16, "order": "uniform"},
    "zipf": {"cache": "big", "connections": 16, "order": "zipf"},
    "single": {"cache": "small", "connections": 1, "order": "uniform"},
}
SMALL = 1000
TURNS = 5                               # of a round, for each of the two
SPIN = ("--spin",) if len(set(server.cores())) > 1 else ()   # the generator has a core of its own


def measure(path, caches, sizes, tell):
    """caches: the folders "small" and "big"."""
    domains = {"small": min(SMALL, sizes.big), "big": sizes.big}
    rounds = {case: [] for case in CASES}
    for number in range(sizes.rounds):
        for case, asked in CASES.items():
            cache = asked["cache"]
            rounds[case] += one_round(path, caches[cache], domains[cache], asked, sizes.seconds)
            tell(f"cached, round {number + 1}, {case}: {middle(rounds[case][-TURNS:], ratio):.2f} of the limit")
    return {case: summary(made) for case, made in rounds.items()}


def one_round(path, cache, domains, asked, seconds):
    """The daemon and the limit are asked in turn: on a shared machine a second is not like the one before."""
    core = server.cores()[0]
    options = {"domains": domains, "connections": asked["connections"], "order": asked["order"]}
    with server.daemon(path / "daemon", cache, core=core) as daemon:
        warm = server.load(daemon, *SPIN, seconds=seconds / TURNS, **options)
        with server.limit(path / "limit", warm["reply_bytes"], core) as limit:
            return [{who: server.load(running, *SPIN, seconds=seconds / TURNS, **options)
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
            "generator_share": of(lambda each: each["generator_cpu_share"])}


def measure_threads(path, cache, sizes, tell):
    """Server CPU a request with one answer thread and with two. Two threads want two cores, and the generator a third: where
    there is none, and where caches are shared, two cost more whatever they do. What they cost more because of each other is
    seen beside the limit's, which share nothing, in the same round."""
    made = []
    for number in range(sizes.rounds):
        made.append(round_of_threads(path, cache, sizes))
        tell(f"threads, round {number + 1}: two take {growth(made[-1]['ours']):.2f} of the CPU of one, "
             f"the limit's {growth(made[-1]['limit']):.2f}")
    result = {"growth": middle(made, lambda each: growth(each["ours"]) / growth(each["limit"]))}
    for who in ("ours", "limit"):
        result[who] = {"growth": middle(made, lambda each: growth(each[who])), **sides_of_threads(made, who)}
    return result


def growth(pair):
    return pair[2]["server_cpu_us_per_request"] / pair[1]["server_cpu_us_per_request"]


def sides_of_threads(made, who):
    """By number of threads, as text because JSON has no other keys."""
    def of(threads, what):
        return middle(made, lambda each: each[who][threads][what])
    return {str(threads): {"cpu_us": of(threads, "server_cpu_us_per_request"), "per_second": of(threads, "per_second")}
            for threads in (1, 2)}


def round_of_threads(path, cache, sizes):
    cores, options = server.thread_cores(), {"domains": min(SMALL, sizes.big), "seconds": sizes.seconds}
    made = {"ours": {}, "limit": {}}
    for threads in (1, 2):
        with server.daemon(path / "threads", cache, workers=threads, core=cores) as running:
            ours = made["ours"][threads] = server.load(running, **options)
        with server.limit_of_threads(path / "limit", ours["reply_bytes"], threads, cores) as running:
            made["limit"][threads] = server.load(running, **options)
    return made
