"""Describes the machine: processor, kernel, libraries, and how the programs were built."""
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from lab.daemon import program

from . import server

LIBRARIES = ("libunbound", "libssl", "liblmdb", "libfmt", "libspdlog")


def describe():
    return {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "memory_gb": round(memory_gb()),
            "kernel": platform.release(), "system": system_name(), "libraries": libraries(),
            "mtastsd": said(program("mtastsd"), "--version"), "compiler": compiler(),
            "server_core": server.cores()[0], "generator_core": server.cores()[1]}


def said(*command):
    """The first line that a program prints; "" if it prints none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def cpu_model():
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def memory_gb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def system_name():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def compiler():
    """The compiler, from the note that it left in the program."""
    found = re.search(r"(clang version [\d.]+|GCC: \(.+?\) [\d.]+)", said_of_comment())
    return found.group(1) if found else "unknown"


def said_of_comment():
    done = subprocess.run(["readelf", "-p", ".comment", program("mtastsd")], capture_output=True, text=True)
    return "\n".join(sorted(done.stdout.splitlines(), key=lambda line: "clang" not in line))


def libraries():
    """The Debian packages of the libraries that mtastsd loads, with their versions."""
    loaded = subprocess.run(["ldd", program("mtastsd")], capture_output=True, text=True).stdout
    found = {}
    for name, path in re.findall(r"(\S+)\.so\S* => (\S+)", loaded):
        if name.startswith(LIBRARIES):
            owner = said("dpkg", "-S", os.path.realpath(path)).partition(":")[0]
            if owner:
                found[owner] = said("dpkg-query", "-W", "-f", "${Version}", owner)
    return found


def busy_share():
    """The share of the machine's time that other programs take before the run. More than a few percent spoil the numbers."""
    def times():
        fields = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]
    all_before, idle_before = times()
    time.sleep(1)
    all_after, idle_after = times()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)
