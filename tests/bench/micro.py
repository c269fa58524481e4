"""Runs the programs that measure alone: the steps of one answer (bench_micro), one TLS handshake (bench_tls)."""
import json

from lab.daemon import program
from lab.processes import run

from . import server


def steps(sizes):
    """Nanoseconds of CPU for each step."""
    out = run("taskset", "-c", server.cores()[0], program("bench_micro"), "--benchmark_format=json",
              f"--benchmark_min_time={sizes.micro}{suffix()}")
    return [{"name": each["name"], "cpu_ns": round(each["cpu_time"], 1)} for each in json.loads(out)["benchmarks"]]


def suffix():
    """Google Benchmark 1.8 and later want a unit after the time; earlier ones refuse it."""
    help_text = run(program("bench_micro"), "--help")
    return "s" if "min_time=`<" in help_text or "<float>s" in help_text else ""


def handshake(sizes):
    """The client's CPU time of one TLS handshake."""
    return json.loads(run(program("bench_tls"), "--count", sizes.handshakes, "--cpu", server.cores()[0]))
