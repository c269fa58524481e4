#!/usr/bin/python3
"""Measures what a domain costs that is not in the cache, in a small internet of its own: `uncached.py --help`.

Needs root, the release build of mtastsd and bench_delay, and the packages of tests/lab/packages.
"""
import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parents[1])   # so that `lab` and `bench` are packages

from bench import latency  # noqa: E402
from bench.names import Counts  # noqa: E402
from bench.world import World  # noqa: E402
from lab.processes import LabError  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer domains: a minute in all")
    parser.add_argument("--json", action="store_true", help="print the results as one JSON object")
    parser.add_argument("--steps", action="store_true", help="print the packets of one domain of each kind")
    parser.add_argument("--only", choices=("latency", "cpu", "stuck"), help="measure one thing")
    return parser.parse_args()


def measure_latency(options):
    """With 20 ms of round trip."""
    count = 6 if options.quick else 20
    with World(Counts(count, count + 8, count, 0, count), 10) as world:
        world.daemon.restart_empty()
        return latency.measure(world, count)


def print_latency(rows, steps):
    print(f"{'one unknown domain':<12}{'':<20}{'median':>8}{'worst':>8}{'target':>8}  DNS questions (of the last one)")
    for row in rows:
        target = row["target"] or ""
        print(f"{row['kind']:<12}{row['setting']:<20}{row['round_trips']:>8}{row['worst']:>8}{target:>8}  {row['questions']}")
    for row in rows if steps else []:
        print(f"\n{row['kind']}, {row['setting']}: round trips since the question, packets\n" + "\n".join(row["steps"]))


def main():
    options = arguments()
    results = {}
    try:
        if options.only in (None, "latency"):
            results["latency"] = measure_latency(options)
    except LabError as error:
        print(f"uncached: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(results))
        return 0
    if "latency" in results:
        print_latency(results["latency"], options.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
