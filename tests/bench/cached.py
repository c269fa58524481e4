"""The cached path against the limit: throughput, latency, one answer thread and two."""
import statistics

from . import server

CASES = {                               # what is asked, of which cache, by how many connections
    "uniform": {"cache": "small", "connections": 16, "order": "uniform"},
    "zipf": {"cache": "big", "connections": 16, "order": "zipf"},
    "single": {"cache": "small", "connections": 1, "order": "uniform"},
}
SMALL = 1000


def measure(path, caches, sizes, tell):
    """caches: the folders "small" and "big". Each round asks the daemon and, right after it, the limit."""
    domains = {"small": min(SMALL, sizes.big), "big": sizes.big}
    rounds = {case: [] for case in CASES}
    for number in range(sizes.rounds):
        for case, asked in CASES.items():
            rounds[case].append(one_round(path, caches[asked["cache"]], domains[asked["cache"]], asked, sizes.seconds))
            tell(f"cached, round {number + 1}, {case}: {rounds[case][-1]['ratio']:.2f} of the limit")
    return {case: summary(made) for case, made in rounds.items()}


def one_round(path, cache, domains, asked, seconds):
    core = server.cores()[0]
    options = {"domains": domains, "connections": asked["connections"], "order": asked["order"], "seconds": seconds}
    with server.daemon(path / "daemon", cache, core=core) as running:
        ours = server.load(running, **options)
    with server.limit(path / "limit", ours["reply_bytes"], core) as running:
        limit = server.load(running, **options)
    return {"ours": ours, "limit": limit, "ratio": ours["per_second"] / limit["per_second"],
            "p99_ratio": ours["latency_us"]["p99"] / limit["latency_us"]["p99"]}


def summary(made):
    """Medians over the rounds."""
    def middle(get):
        return statistics.median(get(each) for each in made)
    return {"ratio": middle(lambda each: each["ratio"]), "p99_ratio": middle(lambda each: each["p99_ratio"]),
            "reply_bytes": middle(lambda each: each["ours"]["reply_bytes"]),
            **{who: sides(made, who) for who in ("ours", "limit")}}


def sides(made, who):
    def middle(get):
        return statistics.median(get(each[who]) for each in made)
    return {"per_second": middle(lambda each: each["per_second"]), "p50_us": middle(lambda each: each["latency_us"]["p50"]),
            "p99_us": middle(lambda each: each["latency_us"]["p99"]),
            "cpu_us": middle(lambda each: each["server_cpu_us_per_request"]),
            "generator_share": middle(lambda each: each["generator_cpu_share"])}


def measure_threads(path, cache, sizes, tell):
    """Server CPU a request with one answer thread and with two; each pair of runs is one round."""
    made = []
    for number in range(sizes.rounds):
        made.append({threads: run_threads(path, cache, threads, sizes) for threads in (1, 2)})
        tell(f"threads, round {number + 1}: two take {growth(made[-1]):.2f} of the CPU of one")
    return {"growth": statistics.median(growth(each) for each in made),
            **{f"cpu_us_{threads}": statistics.median(each[threads]["server_cpu_us_per_request"] for each in made)
               for threads in (1, 2)},
            **{f"per_second_{threads}": statistics.median(each[threads]["per_second"] for each in made)
               for threads in (1, 2)}}


def growth(pair):
    return pair[2]["server_cpu_us_per_request"] / pair[1]["server_cpu_us_per_request"]


def run_threads(path, cache, threads, sizes):
    """On the server's cores: all but the generator's, of which there should be two."""
    with server.daemon(path / "threads", cache, workers=threads, core=server.thread_cores()) as running:
        return server.load(running, domains=min(SMALL, sizes.big), seconds=sizes.seconds)
