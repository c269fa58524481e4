"""The targets: what each one is, what was measured, and whether it is met."""
import collections

# within: True if it is met
Target = collections.namedtuple("Target", "what measured limit within")

LATENCY = {"enforce": 5.0, "plain": 2.25, "dane": 4.0}      # round trips
CPU = {"enforce": 700, "plain": 300}                        # microseconds
WARM = "warm delegations"


def at_least(what, measured, limit, text="{:.2f}"):
    return Target(what, text.format(measured), f"at least {limit:,}", round(measured, 3) >= limit)


def at_most(what, measured, limit, text="{:.2f}"):
    return Target(what, text.format(measured), f"at most {limit:,}", round(measured, 3) <= limit)


def judge(results):
    """Every target whose measurement is in the results."""
    found = []
    for name, judge_one in PARTS.items():
        if name in results:
            found += judge_one(results[name])
    return found


def cached(part):
    yield at_least("throughput to limit's: 1,000 domains", part["uniform"]["ratio"], 0.75)
    yield at_least("throughput to limit's: zipf over 1,000,000", part["zipf"]["ratio"], 0.60)
    yield at_most("p99 to limit's: one connection", part["single"]["p99_ratio"], 1.5)


def threads(part):
    yield at_most("CPU a request: two answer threads to one", part["growth"], 1.1)
    yield at_most("CPU a request: two threads to two daemons", part["sharing"], 1.1)


def syscalls(part):
    for count, found in part.items():
        others = sum(found["calls"][name] for name in found["others"])
        yield at_most(f"calls but recv, send, epoll_wait; threads: {count}", others, 0, "{:,}")


def idle(part):
    yield at_least(f"throughput beside {part['idle']:,} idle to without", part["ratio"], 0.95)
    yield at_most("memory of an idle connection, octets", part["bytes"], 8192, "{:,.0f}")


def latency(rows):
    for row in rows:
        if row["setting"] == WARM and row["kind"] in LATENCY:
            yield at_most(f"unknown {row['kind']} domain, round trips", row["round_trips"], LATENCY[row["kind"]])


def cpu(rows):
    for row in rows:
        if row["setting"] == WARM:
            yield at_most(f"unknown {row['kind']} domain, µs of CPU", row["cpu_us"], CPU[row["kind"]], "{:,}")
    wrong = sum(row["wrong"] for row in rows)
    domains = max(row["domains"] for row in rows)
    yield at_most(f"wrong or TEMP of {domains:,} unknown domains", wrong, 0, "{:.0f}")


def stuck(part):
    yield at_most(f"p99 of cached beside {part['stuck']} stuck to alone", part["ratio"], 1.25)
    yield at_most("first wait for a stuck policy host, s", part["first_waits_s"][1], 5.5)
    yield at_most("second wait for one, ms", max(part["again_worst_ms"], part["later_worst_ms"]), 100, "{:.0f}")


def scale(rows):
    yield at_most("cache file, octets a domain", max(rows, key=lambda row: row["domains"])["bytes"], 600, "{:.0f}")
    million = row_near(rows, 1_000_000)
    yield at_most(f"memory at {million['domains']:,} domains, MiB", million["memory_mb"], 32, "{:.1f}")
    yield at_most(f"start to answer at {million['domains']:,} domains, ms", million["start_ms"], 100, "{:.0f}")


def row_near(rows, domains):
    return min(rows, key=lambda row: abs(row["domains"] - domains))


def refresh(part):
    yield at_most("a million domains a day, % of a core", part["core_percent"], 5)
    yield at_least("domains the refresher manages in a day", part["day"], 1_000_000, "{:,.0f}")


def milter(part):
    delays, demands, soak = part["delays"], part["demands"], part["soak"]
    yield at_most("milter adds to the slowest, mtastsd dead, ms", delays["dead"]["added_most_ms"], 10)
    yield at_most("milter adds at p99 by prefetch, ms", delays["new"]["added_p99_ms"], 1)
    yield at_most("demands not deferred, mtastsd dead", demands["messages"] - demands["deferred"], 0, "{:,}")
    yield at_most(f"milter grows in {soak['messages']:,} messages, KiB", soak["grown_kb"], 1024, "{:,}")


PARTS = {"cached": cached, "threads": threads, "syscalls": syscalls, "idle": idle, "latency": latency, "cpu": cpu,
         "stuck": stuck, "scale": scale, "refresh": refresh, "milter": milter}


def line(target):
    """One line for a terminal of 80 columns."""
    return f"{target.what:<44} {target.measured:>9} {target.limit:>18} {'ok' if target.within else 'MISSED'}"
