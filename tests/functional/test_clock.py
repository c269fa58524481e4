"""A clock that is wrong for a while costs no policy, whether it is fast or slow, and even if mtastsd restarts meanwhile.

The clock is shifted under the running daemon (tests/faults/shifted_clock.cpp); DNS, HTTPS and the signatures of the lab
are those of the right time.
"""
import json
import re
import struct
import subprocess
import time

import pytest

from lab import netns
from lab.daemon import program
from lab.domains import BY_NAME

DAY = 86400
DOMAIN = BY_NAME["clock"].fqdn


class Clock:
    """The daemon's clock, which can be moved while it runs."""

    def __init__(self, file):
        self.file = file
        file.write_bytes(bytes(8))

    def set_off_by(self, seconds):
        with open(self.file, "r+b") as file:      # in place: the file is mapped
            file.write(struct.pack("=q", seconds))


@pytest.fixture
def clock(lab, mtastsd):
    clock = Clock(mtastsd.folder / "clock-shift")
    mtastsd.stop()
    mtastsd.wrap = ["env", f"LD_PRELOAD={program('libshifted_clock.so')}", f"SHIFTED_CLOCK={clock.file}"]
    mtastsd.start()
    yield clock
    mtastsd.stop()
    mtastsd.wrap = []


def status(mtastsd, *args):
    """The output of mtastsctl status, with its exit status."""
    command = netns.enter(mtastsd.lab.relay, program("mtastsctl"), "--config", mtastsd.config, *args, "status")
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=60)


def is_certain(mtastsd):
    return json.loads(status(mtastsd, "--json").stdout)["clock"]["certain"]


def refused(answer):
    return not answer.startswith(("OK secure ", "TEMP "))


@pytest.mark.parametrize("restarts", (False, True), ids=("runs on", "restarts"))
@pytest.mark.parametrize("off", (-75 * DAY, 8 * DAY, 365 * DAY, "1970"))
def test_a_wrong_clock_costs_no_policy(lab, mtastsd, clock, wait, off, restarts):
    right = lab.ask(DOMAIN)
    assert right.startswith("OK secure "), right
    assert is_certain(mtastsd)

    clock.set_off_by(DAY - int(time.time()) if off == "1970" else off)
    if restarts:
        mtastsd.stop()
        mtastsd.start()
    wait("the daemon to notice the jump", lambda: not is_certain(mtastsd), 20)
    for _ in range(3):
        answer = lab.ask(DOMAIN)
        assert not refused(answer), answer
    shown = status(mtastsd)
    assert shown.returncode == 1
    assert "in doubt" in shown.stdout

    clock.set_off_by(0)
    if restarts:
        mtastsd.stop()
        mtastsd.start()
    wait(lambda: f"the right answer, last {lab.ask(DOMAIN)!r}", lambda: lab.ask(DOMAIN) == right, 30, every=0.5)


def test_the_log_tells_of_a_doubt(lab, mtastsd, clock, wait):
    mark = mtastsd.mark()
    clock.set_off_by(3600)
    wait("a line about the clock", lambda: any(line["event"] == "clock" for line in mtastsd.log(mark)), 20)
    line = next(line for line in mtastsd.log(mark) if line["event"] == "clock")
    jump = re.search(r"jumped by (\d+) s", line["detail"])
    assert jump and abs(int(jump[1]) - 3600) <= 5, line
