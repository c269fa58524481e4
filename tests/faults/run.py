#!/usr/bin/python3
"""Repeats a campaign of faults against the real daemon: `contrib/dev faults`. See run.py --help.

Needs root, the release build of the programs that contrib/dev faults builds, loop devices, and the packages of
tests/lab/packages. No packet leaves the machine: everything runs in network namespaces without a way out. Exit: 0 nothing
was lost and no answer weaker than it must be (--smoke: everything ran), 1 something was, 2 not tried.
"""
import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parents[1])   # so that `lab`, `bench` and `faults` are packages

from bench import machine  # noqa: E402
from bench.names import Counts  # noqa: E402
from faults import attacks, clock, damage, kill, limits, root, rows, shortages, sizes, stuck  # noqa: E402
from faults.hostile import Hostile  # noqa: E402
from faults.internet import Internet  # noqa: E402
from lab.processes import LabError  # noqa: E402

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "RELIABILITY.md"
MARKERS = ("<!-- The table of contrib/dev faults --page begins here. -->", "<!-- It ends here. -->")
BEGIN = time.monotonic()
PARTS = {"clock": clock.run, "root": root.run, "damage": damage.run, "kill": kill.run, "freeze": stuck.freeze,
         "full-disk": limits.full, "limits": limits.limits, "writer": stuck.writer}
FAIR = {"mx-sets": attacks.mx_sets, "one-address": attacks.one_address, "certificates": attacks.certificates,
        "endless": attacks.endless, "descriptors": shortages.descriptors, "connections": shortages.connections,
        "large": shortages.large}
PARTS |= FAIR
FILES = 8192                # descriptors: one for each question that is asked at the same time


def arguments():
    parser = argparse.ArgumentParser(prog="contrib/dev faults", description="Repeats a campaign of faults against the real "
                                     "daemon, which takes about twenty minutes, and says what was tried, survived and lost.")
    parser.add_argument("--smoke", action="store_true", help="only check that everything runs; do not judge the results")
    parser.add_argument("--json", metavar="FILE", help="write the rows to a file")
    parser.add_argument("--page", action="store_true", help="write the table into docs/RELIABILITY.md")
    parser.add_argument("--only", choices=PARTS, action="append", help="try only this part; may be repeated; writes no page")
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)   # and do nothing else
    return parser.parse_args()


def tell(text):
    print(f"{time.monotonic() - BEGIN:5.0f} s  {text}", flush=True)


def counts(part, how):
    """How many domains a part gets: a few if it needs only a few, because such an internet comes up faster."""
    domains = {"clock": min(how.domains, sizes.CLOCK_DOMAINS), "damage": how.domains, "kill": how.domains,
               "mx-sets": 1, "one-address": how.good + attacks.QUIET, "certificates": 60,
               "endless": attacks.CACHED + 40 * how.modes, "descriptors": how.starved + shortages.CACHED,
               "connections": 1, "large": 1}
    dane = {part: 1 for part in FAIR} | {"mx-sets": how.good + attacks.QUIET}
    return Counts(enforce=domains.get(part, min(how.domains, 200)), dane=dane.get(part, how.dane),
                  plain=how.good if part == "large" else 8)


def internet_for(part, how):
    """The internet, with an attacker if the part needs one."""
    if part in FAIR:
        return Hostile(counts(part, how), attacks.tlds(part, how))
    return Internet(counts(part, how), part != "damage")


def try_part(part, how):
    """The rows of a part. A part that breaks off is a row too, because what was not tried has not survived."""
    found = []
    try:
        with internet_for(part, how) as internet:
            for row in PARTS[part](internet, how, tell):
                found.append(row)
                tell(f"{row.part}: {row.case}: {row.survived} of {row.tried}{', WEAKER' if row.weaker else ''} {row.note}")
    except (LabError, AssertionError, OSError, subprocess.SubprocessError) as error:
        tell(f"{part}: {error}")
        found.append(rows.Row(part, "broke off", 1, 0, 1, 0, str(error).partition("\n")[0][:200]))
    return found


def write_page(found):
    text = PAGE.read_text()
    head, begin, rest = text.partition(MARKERS[0])
    _, end, tail = rest.partition(MARKERS[1])
    if not begin or not end:
        raise LabError(f"{PAGE} has no place for the table: it begins and ends with the comments {' and '.join(MARKERS)}")
    on = machine.describe()
    about = (f"Run on {time.strftime('%Y-%m-%d')}: {on['mtastsd']}, {on['system']}, Linux {on['kernel']}, {on['cores']} cores, "
             f"{time.monotonic() - BEGIN:.0f} s.")
    PAGE.write_text("\n".join([head.rstrip(), "", MARKERS[0], "", about, "", *rows.for_page(found), "", MARKERS[1]])
                    + tail)


def main():
    options = arguments()
    if options.check_options:
        return 0
    if os.geteuid() != 0:
        print("faults: this needs root, because it makes network namespaces and mounts; run it with sudo", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))     # raises an exception, so that what was started is ended
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard) if hard > 0 else FILES, hard))
    how = sizes.SMOKE if options.smoke else sizes.FULL
    found = [row for part in options.only or PARTS for row in try_part(part, how)]
    print("\n" + "\n".join(rows.for_terminal(found)))
    if options.json:
        Path(options.json).write_text(json.dumps([row._asdict() for row in found], indent=1) + "\n")
    if options.page and not options.only and not options.smoke:
        write_page(found)
    bad = sum(map(rows.failed, found))
    print(f"\n{len(found) - bad} cases held, {bad} did not; {time.monotonic() - BEGIN:.0f} s")
    if options.smoke:
        return 1 if any(row.case == "broke off" for row in found) else 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
