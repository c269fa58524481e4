"""Counts the system calls of an answer thread that answers from the cache, with strace attached during steady load."""
import re
import shutil
import subprocess
import threading
import time

from lab.processes import LabError

from . import server

ALLOWED = {"recv", "recvfrom", "recvmsg", "send", "sendto", "sendmsg", "epoll_wait", "epoll_pwait"}  # by the kernel's names


def measure(path, cache, sizes, tell):
    """Returns for each number of answer threads the calls, and how many requests were answered meanwhile."""
    if not shutil.which("strace"):
        raise LabError("strace is missing: contrib/dev install bench")
    found = {}
    for threads in (1, 2):
        found[str(threads)] = of_threads(path, cache, threads, sizes)
        tell(f"system calls, {threads} thread(s): {', '.join(sorted(found[str(threads)]['calls']))}")
    return found


def of_threads(path, cache, threads, sizes):
    with server.daemon(path / "strace", cache, workers=threads) as running:
        asking = threading.Thread(target=server.load, args=(running,),
                                  kwargs={"domains": min(1000, sizes.big), "seconds": sizes.strace + 2})
        asking.start()
        time.sleep(1)                   # by now the connections are open and one-time work is done
        calls = {}
        for thread in busiest(running.pid, threads):
            for name, count in trace(path / "calls", thread, sizes.strace / threads).items():
                calls[name] = calls.get(name, 0) + count
        asking.join()
    return {"calls": calls, "others": sorted(set(calls) - ALLOWED)}


def busiest(pid, count):
    """The answer threads: the threads that use most CPU under load."""
    before = server.thread_times(pid)
    time.sleep(0.2)
    after = server.thread_times(pid)
    return sorted(after, key=lambda thread: after[thread] - before.get(thread, 0))[-count:]


def trace(out, thread, seconds):
    """Returns the calls by name. SIGINT makes strace write its table and end."""
    out.unlink(missing_ok=True)
    tracer = subprocess.Popen(["strace", "-c", "-o", str(out), "-p", str(thread)], stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    tracer.send_signal(2)
    _, said = tracer.communicate(timeout=20)
    calls = read_table(out.read_text() if out.exists() else "")
    if not calls:
        raise LabError(f"strace saw nothing: {said}")
    return calls


def read_table(text):
    """Parses lines of: % time, seconds, usecs/call, calls, errors (may be empty), name."""
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", text, re.MULTILINE)
    return {name: int(count) for count, name in rows if name != "total"}
