"""The tables of docs/BENCHMARKS.md, each from its part of the results."""


def table(head, rows, rest="--:"):
    """A Markdown table. The first column is aligned left, the others (mostly numbers) right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + f"{rest}|" * (len(head) - 1)]
    return lines + ["| " + " | ".join(str(each) for each in row) + " |" for row in rows]


def targets(found):
    return table(("target", "measured", "wanted", ""),
                 [(each.what, each.measured, each.limit, "ok" if each.within else "**missed**") for each in found])


CASES = {"uniform": "16 connections, 1,000 domains", "zipf": "16 connections, zipf over 1,000,000 domains",
         "single": "1 connection, 1,000 domains", "sleeping": "16 connections, a generator that sleeps"}


def cached(part):
    rows = []
    for case, words in CASES.items():
        for who, name in (("ours", "mtastsd"), ("limit", "limit")):
            side = part[case][who]
            rows.append((f"{words}: {name}", f"{side['per_second']:,.0f}", f"{side['cpu_us']:.2f}", f"{side['p50_us']:.0f}",
                         f"{side['p99_us']:.0f}", f"{side['busy']:.0%}"))
        cpu_ratio = part[case]["ours"]["cpu_us"] / part[case]["limit"]["cpu_us"]
        rows.append((f"{words}: ratio", f"**{part[case]['ratio']:.2f}**", f"{cpu_ratio:.2f}", "",
                     f"**{part[case]['p99_ratio']:.2f}**", ""))
    return table(("", "answers a second", "server CPU each, µs", "p50, µs", "p99, µs", "server busy"), rows)


def threads(part):
    words = {"one": "1", "two": "2", "apart": "1 in each of two daemons"}
    rows = [(words[who], f"{part[who]['cpu_us']:.2f}", f"{part[who]['per_second']:,.0f}") for who in words]
    return table(("answer threads", "server CPU each, µs", "answers a second"), rows)


def syscalls(part):
    return table(("answer threads", "system calls seen"),
                 [(count, ", ".join(f"{name} {calls:,}" for name, calls in sorted(found["calls"].items())))
                  for count, found in part.items()], "---")


def latency(rows):
    return table(("domain", "what is known before", "round trips", "worst", "target", "DNS questions"),
                 [(row["kind"], row["setting"], row["round_trips"], row["worst"], row["target"] or "", row["questions"])
                  for row in rows])


def cpu(rows):
    return table(("domain", "what is known before", "domains", "CPU each, µs", "target", "domains a second"),
                 [(row["kind"], row["setting"], f"{row['domains']:,}", f"{row['cpu_us']:,}", row["target"] or "",
                   f"{row['domains'] / row['wall_s']:,.0f}") for row in rows])


def scale(rows):
    head = ("cached domains", "file, MB", "octets each", "memory, MiB", "start, ms", "start with default [dns], ms",
            "CPU an answer, µs", "list --expiring 1h, ms", "64 due, µs", "none due, µs")
    return table(head, [(f"{row['domains']:,}", f"{row['file_mb']:,.1f}", f"{row['bytes']:.0f}", f"{row['memory_mb']:.1f}",
                         f"{row['start_ms']:.0f}", f"{row['default_start_ms']:.0f}", f"{row['cpu_us']:.2f}",
                         f"{row['list_ms']:,.0f}", f"{row['due_us']:.1f}", f"{row['nothing_due_us']:.1f}") for row in rows])


def refresh(part):
    each = sorted(part["per_second"])
    return table(("", ""), [
        ("domains that were due at once", f"{part['due']:,}"), ("policy hosts (addresses) they are at", part["hosts"]),
        ("refreshed, of which failed", f"{part['refreshed']:,}, {part['failed']}"), ("seconds", part["seconds"]),
        ("refreshed in a second: fewest, median, most", f"{each[0]}, {each[len(each) // 2]}, {each[-1]}"),
        ("CPU a domain, µs", f"{part['cpu_us']:,.0f}"), ("1,000,000 a day, of one core", f"{part['core_percent']:.2f} %"),
        ("domains a day at this pace", f"{part['day']:,}")])


MILTER = {"p50 without, ms": "without_p50_ms", "milter adds": "added_p50_ms", "p99 without, ms": "without_p99_ms",
          "it adds": "added_p99_ms", "slowest: it adds": "added_most_ms", "noise at p99": "noise_p99_ms"}


def milter(part):
    return table(("", *MILTER), [(row["words"], *(f"{row[field]:.2f}" for field in MILTER.values()))
                                 for row in part["delays"].values()])


def micro(rows):
    return table(("step", "CPU, ns"), [(row["name"], f"{row['cpu_ns']:,.1f}") for row in rows])


def machine(facts):
    rows = [("processor", f"{facts['cpu']}, {facts['cores']} cores"), ("memory", f"{facts['memory_gb']} GiB"),
            *((name, facts[name]) for name in ("kernel", "system", "mtastsd", "compiler"))]
    return table(("", ""), rows + sorted(facts["libraries"].items()), "---")


def steps(row):
    """What was sent for one domain in each round trip, from the lines of packets.table()."""
    sent = {}
    for line in row["steps"]:
        time, arrow, _, text = line.split(None, 3)
        if arrow == "->":
            sent.setdefault(int(float(time)), []).append(text)
    return table(("after round trips", "sent"), [(when, "<br>".join(each)) for when, each in sorted(sent.items())], "---")
