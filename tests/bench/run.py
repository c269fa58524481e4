#!/usr/bin/python3
"""Measures mtastsd against its targets: `contrib/dev bench`. See run.py --help.

Needs root, the release build of the programs that contrib/dev bench builds, strace, and the packages of tests/lab/packages.
Exit: 0 done and every target met (--smoke: everything ran), 1 a target was missed, 2 not measured.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parents[1])   # makes `lab` and `bench` importable

from bench import cached, checks, idle, machine, micro, milter, page, refresh, scale, server, sizes, syscalls  # noqa: E402
from bench import targets, uncached  # noqa: E402
from bench.names import Counts  # noqa: E402
from bench.world import World  # noqa: E402
from lab.processes import LabError  # noqa: E402

CHECKOUT = Path(__file__).resolve().parents[2]
BEGIN = time.monotonic()
NAMES = ("cached", "threads", "syscalls", "idle", "scale", "latency", "cpu", "stuck", "refresh", "milter", "handshake", "micro")


def arguments():
    parser = argparse.ArgumentParser(prog="contrib/dev bench", description="Measures mtastsd against its targets; without "
                                                 "--quick or --smoke it takes its time, then writes docs/BENCHMARKS.md.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="check every target in less than five minutes; write no page")
    how.add_argument("--smoke", action="store_true", help="only check that everything runs; judge no number")
    how.add_argument("--render", metavar="FILE", help="write the page from a file that --json wrote")
    parser.add_argument("--json", metavar="FILE", help="write what was measured to a file")
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)   # and do nothing else
    parser.add_argument("--only", choices=NAMES, action="append", help="measure only this part; repeatable; write no page")
    return parser.parse_args()


def tell(text):
    print(f"{time.monotonic() - BEGIN:5.0f} s  {text}", flush=True)


def on_made_up_caches(wanted, how, results):
    """Measures the parts that need two caches and no network."""
    parts = {"cached": lambda path, caches: cached.measure(path, caches, how, tell),
             "threads": lambda path, caches: cached.measure_threads(path, small_caches(path, caches, how), how, tell),
             "syscalls": lambda path, caches: syscalls.measure(path, caches["small"], how, tell),
             "idle": lambda path, caches: idle.measure(path, caches["small"], how, tell)}
    chosen = [name for name in parts if name in wanted]
    if not chosen:
        return
    with server.folder() as path:
        scale.check_space(path, how.big)
        caches = {"small": path / "small", "big": path / "big"}
        server.populate(caches["small"], min(cached.SMALL, how.big))
        if "cached" in chosen:
            server.populate(caches["big"], how.big)
        for name in chosen:
            results[name] = parts[name](path, caches)


def small_caches(path, caches, how):
    """Fills three caches, because a cache can have only one daemon."""
    more = [path / "small2", path / "small3"]
    for each in more:
        server.populate(each, min(cached.SMALL, how.big))
    return [caches["small"], *more]


def measure_scale(how):
    with server.folder() as path:
        scale.check_space(path, max(how.scale))
        return scale.measure(path, how, tell)


def measure_refresh(how):
    with World(Counts(enforce=how.refresh, plain=8)) as world:
        return refresh.measure(world, how, tell)


def measure(wanted, how, results):
    """Stores each part in the results as soon as it is measured."""
    results["machine"] = machine.describe()
    on_made_up_caches(wanted, how, results)
    others = {"scale": lambda: measure_scale(how), "handshake": lambda: micro.handshake(how),
              "micro": lambda: micro.steps(how), "latency": lambda: uncached.measure_latency(how.latency),
              "cpu": lambda: uncached.measure_cpu(how.cpu), "refresh": lambda: measure_refresh(how),
              "stuck": lambda: uncached.measure_stuck(how.stuck, how.fetch), "milter": lambda: milter.measure(how, tell)}
    for name, run in others.items():
        if name in wanted:
            tell(f"measuring: {name}")
            results[name] = run()


def check(options):
    if os.geteuid() != 0:
        raise LabError("needs root: it makes network namespaces and attaches strace; run it with sudo")
    first, second = server.cores()
    if first == second and not options.smoke:
        raise LabError("needs two cores, one for the server and one for the generator; on one core only --smoke works")
    if options.json:
        Path(options.json).write_text("{}\n")          # better to fail now than after the run
    busy = machine.busy_share()
    if busy > 0.05 and not options.smoke:
        tell(f"other programs take {busy:.0%} of the machine: the numbers of this run will be worth little")
    return busy


def mode_of(options):
    return "smoke" if options.smoke else "quick" if options.quick else "full"


def judge(results):
    """Prints each target; true if all are met."""
    found = targets.judge(results)
    print()
    for target in found:
        print(targets.line(target))
    missed = sum(not target.within for target in found)
    print(f"\n{len(found) - missed} targets met, {missed} missed")
    return missed == 0


def render(file):
    """Writes the page from a raw file, which must have every part."""
    try:
        page.write(json.loads(Path(file).read_text()), CHECKOUT)
        return 0
    except (OSError, ValueError) as error:
        print(f"bench: {file}: {error}; name a file that contrib/dev bench --json FILE wrote", file=sys.stderr)
    except KeyError as error:
        print(f"bench: {file} has no part {error}; measure without --only", file=sys.stderr)
    return 2


def measure_and_keep(options):
    """Writes the results, complete or not, to the file of --json."""
    how = {"smoke": sizes.SMOKE, "quick": sizes.QUICK, "full": sizes.FULL}[mode_of(options)]
    results = {"mode": mode_of(options), "day": time.strftime("%Y-%m-%d")}
    try:
        results["busy"] = check(options)
        measure(options.only or NAMES, how, results)
    finally:
        results["took_s"] = round(time.monotonic() - BEGIN)
        if options.json and "machine" in results:
            Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    return results


def main():
    options = arguments()
    if options.check_options:
        return 0
    if options.render:
        return render(options.render)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))     # raises an exception, so that what was started is stopped
    try:
        results = measure_and_keep(options)
    except (LabError, AssertionError, OSError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    if options.smoke:
        if not options.only:
            checks.check(results)       # check that judging and the page work too, whatever the numbers are
        print(f"everything ran, in {results['took_s']} s")
        return 0
    met = judge(results)
    if mode_of(options) == "full" and not options.only:
        page.write(results, CHECKOUT)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
