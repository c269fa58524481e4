"""Checks the benchmarks' own Python for --smoke, with invented data: the parsers, the targets, the plots."""
import xml.etree.ElementTree as ElementTree

from . import page, plot, refresh, syscalls, tables, targets

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 62.14    0.010222           5      1801       600 recvfrom
 37.86    0.006229           5      1200           sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.016451           5      3001       600 total
"""
STEPS = ["   0.02  -> 2001:db8::1  a. MX", "   1.03  <- 2001:db8::1  a. MX: 1/0/0"]


def check(results):
    """Checks the page too if the results have every part."""
    assert syscalls.read_table(STRACE) == {"recvfrom": 1801, "sendto": 1200}
    assert refresh.pace([64] + [0] * 9 + [64] + [0] * 9 + [64]) == 6.4 and refresh.pace([0, 16]) == 16
    assert targets.at_least("x", 0.75, 0.75).within and not targets.at_least("x", 0.7, 0.75).within
    assert targets.at_most("x", 8192, 8192).within and not targets.at_most("x", 1.6, 1.5).within
    assert [plot.nice_top(each) for each in (0, 7, 21, 1000, 1100)] == [1, 10, 25, 1000, 2000]
    assert tables.steps({"steps": STEPS})[2:] == ["| 0 | a. MX |"]
    found = targets.judge(results)
    for each in found:
        assert len(targets.line(each)) <= 80, f"too wide: {targets.line(each)}"
    assert page.render(results).count("\n") > 100
    for svg in page.plots(results["scale"]).values():
        ElementTree.fromstring(svg)
