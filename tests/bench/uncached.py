#!/usr/bin/python3
"""Measures what a domain costs that is not in the cache, in a small test internet: see `uncached.py --help`.

Needs root, the release build of mtastsd, bench_delay and bench_load, and the packages of tests/lab/packages. Exit: 0 done,
1 an answer was wrong or a stuck host slowed others down, 2 not measured. CPU times and p99 need an idle machine.
"""
import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parents[1])   # makes `lab` and `bench` importable

from bench import cpu, latency, stuck  # noqa: E402
from bench.names import Counts  # noqa: E402
from bench.world import World  # noqa: E402
from lab.processes import LabError  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer domains: takes a minute")
    parser.add_argument("--json", action="store_true", help="print the results as one JSON object")
    parser.add_argument("--steps", action="store_true", help="print the packets of one domain of each kind")
    parser.add_argument("--only", choices=("latency", "cpu", "stuck"), help="measure one thing")
    return parser.parse_args()


def measure_latency(count):
    """Measures with a round trip of 20 ms; count is the number of domains of each kind."""
    with World(Counts(enforce=count, plain=count + 8, dane=count, new=count, second=count), 10) as world:
        world.daemon.restart_empty()
        return latency.measure(world, count)


def measure_cpu(count):
    """Measures without delay, with an empty cache for each kind; count domains, each with a second one."""
    with World(Counts(enforce=count, plain=count + 8, second=count)) as world:
        rows = []
        for kind in cpu.KINDS:
            world.daemon.restart_empty()
            rows += cpu.measure(world, kind)
        return rows


def measure_stuck(count, fetch=stuck.FETCH):
    """Measures with count policy hosts that never answer."""
    with World(Counts(enforce=1, plain=stuck.CACHED, stuck=count)) as world:
        world.daemon.restart_empty()
        return stuck.measure(world, fetch)


def print_latency(rows, steps):
    print(f"{'one unknown domain':<12}{'':<20}{'median':>8}{'worst':>8}{'target':>8}  DNS questions (of the last one)")
    for row in rows:
        target = row["target"] or ""
        print(f"{row['kind']:<12}{row['setting']:<20}{row['round_trips']:>8}{row['worst']:>8}{target:>8}  {row['questions']}")
    for row in rows if steps else []:
        print(f"\n{row['kind']}, {row['setting']}: round trips since the question, packets\n" + "\n".join(row["steps"]))


def print_cpu(rows):
    print(f"\n{'uncached lookups':<12}{'':<20}{'domains':>8}{'CPU, us each':>14}{'target':>8}{'wall, s':>9}{'wrong':>7}")
    for row in rows:
        print(f"{row['kind']:<12}{row['setting']:<20}{row['domains']:>8}{row['cpu_us']:>14}{row['target'] or '':>8}"
              f"{row['wall_s']:>9}{row['wrong']:>7}")


def print_stuck(result):
    print(f"\n{result['stuck']} stuck policy hosts at once: p99 of cached answers before {result['p99_before_us']} us, during it "
          f"{result['p99_during_us']} us, after it {result['p99_after_us']} us ({result['ratio']}, at most {stuck.MOST})\n  first askers waited "
          f"{result['first_waits_s'][0]} to {result['first_waits_s'][1]} s for {', '.join(result['answers'])}; asked again: "
          f"{result['again_worst_ms']} ms at worst; after the fetches failed: {result['later_worst_ms']} ms at worst")
    for each in stuck.complaints(result):
        print(f"  {each}")


def failed(results):
    """True if an answer was wrong or a stuck host slowed others down. People judge the other numbers."""
    return any(row["wrong"] for row in results.get("cpu", ())) or (
        "stuck" in results and any(stuck.complaints(results["stuck"])))


def main():
    options = arguments()
    results = {}
    try:
        if options.only in (None, "latency"):
            results["latency"] = measure_latency(6 if options.quick else 20)
        if options.only in (None, "cpu"):
            results["cpu"] = measure_cpu(300 if options.quick else 2000)
        if options.only in (None, "stuck"):
            results["stuck"] = measure_stuck(300 if options.quick else 500)
    except LabError as error:
        print(f"uncached: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(results))
        return 1 if failed(results) else 0
    if "latency" in results:
        print_latency(results["latency"], options.steps)
    if "cpu" in results:
        print_cpu(results["cpu"])
    if "stuck" in results:
        print_stuck(results["stuck"])
    return 1 if failed(results) else 0


if __name__ == "__main__":
    sys.exit(main())
