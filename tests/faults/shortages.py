"""What somebody can use up: descriptors, connections, the room in the cache. Mail of others must go on.

Descriptors end because the daemon's limit is lowered while it runs; a local user who is nobody holds all connections.
"""
import contextlib
import os
import resource
import socket
import subprocess
import sys
import time

from bench import names, server
from lab.processes import LabError, wait_until

from . import attacks, crowd, hostile
from .internet import NAME_SERVERS
from .rows import count
from .stuck import PATTERN

SLACKS = (0, 2, 4, 8, 16, 32)       # descriptors that are left
CACHED = 10                         # domains that are asked for meanwhile
AGAIN = 10                          # goal: seconds until all is well once the limit is lifted
CONTROLS = 200
NOBODY = 65534
ASKERS = 32
HOLDS = """import os, resource, socket, sys, time
path, most = sys.argv[1], int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
held, told = [], False

def closed(stream):
    try:
        return stream.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True

while True:
    for stream in [each for each in held if closed(each)]:
        held.remove(stream)
        stream.close()
    while len(held) < most:
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.settimeout(1)
            stream.connect(path)
            if len(held) % 2:
                stream.sendall(b"20:postfix exam")
        except OSError:
            stream.close()
            break
        held.append(stream)
    if not told:
        told = True
        print(len(held), flush=True)
    time.sleep(0.2)
"""


def free_below(pid, slack):
    """The limit that lets a process open that many more descriptors."""
    used, number = {int(each) for each in os.listdir(f"/proc/{pid}/fd")}, 0
    while number in used or slack:
        slack -= number not in used
        number += 1
    return number


@contextlib.contextmanager
def few_descriptors(pid):
    """Yields a function that sets how many descriptors are left; at the end all are given back."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    try:
        yield lambda slack: resource.prlimit(pid, resource.RLIMIT_NOFILE, (free_below(pid, slack), before[1]))
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def descriptors(internet, how, tell):
    """Asks for new domains on open connections, while no descriptors, or few, are left for lookups."""
    new = list(names.mail_domains(internet.counts, "enforce"))
    cached, new = new[:CACHED], new[CACHED:]
    each = -(-len(new) // len(SLACKS))
    replies, kept, fresh, said = {}, [], [], []
    with attacks.started(internet) as daemon:
        right = daemon.ask(cached)
        clients = [crowd.Keeper(daemon) for _ in range(each)]
        known = crowd.Keeper(daemon)
        for client in [*clients, known]:
            client.ask(cached[0])
        with few_descriptors(daemon.pid) as leave:
            for place, slack in enumerate(SLACKS):
                leave(slack)
                asked = list(zip(clients, new[place * each:][:each]))
                for client, name in asked:
                    client.send(name)
                kept += [known.ask(name) == right[name] for name in cached]
                fresh += [crowd.ask(daemon, name).reply == right[name] for name in cached]
                said.append(status_answers(daemon))
                replies |= {name: client.receive() for client, name in asked}
        begin = time.monotonic()
        well = []
        with contextlib.suppress(LabError):
            wait_until("all to be secure", lambda: well.append(secure(daemon, new)) or all(well[-1]), how.recover, 0.5)
        seconds = time.monotonic() - begin
        for client in [*clients, known]:
            client.close()
    yield count("descriptors", "new domains while no descriptor is left, not answered NOTFOUND",
                [not reply.startswith("NOTFOUND") for reply in replies.values()],
                note=f"{sum(reply.startswith('TEMP') for reply in replies.values())} deferred (goal: no NOTFOUND)")
    yield count("descriptors", "cached answers meanwhile, on open connections", kept)
    yield count("descriptors", "cached answers meanwhile, on new connections", fresh)
    yield count("descriptors", "mtastsctl status meanwhile", said)
    yield count("descriptors", f"the same domains are secure {AGAIN} s after there are descriptors again",
                well[-1] if seconds <= AGAIN else [False] * len(new),
                note=f"all of them after {seconds:.1f} s" if all(well[-1]) else f"{sum(well[-1])} after {seconds:.0f} s")


def secure(daemon, new):
    replies = daemon.ask(new)
    return [replies[name] == attacks.secure(name) for name in new]


def status_answers(daemon):
    """Whether status reports anything, whatever is wrong with the daemon."""
    code, text = daemon.status()
    return code in (0, 1) and "mtastsd" in text


@contextlib.contextmanager
def another_holds(daemon, connections):
    """The user nobody holds that many connections, half of them with half a question, and opens a new one for each that is
    closed. Yields how many there were at first."""
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", sys.executable, "-c", HOLDS,
               str(daemon.socket), str(connections)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        held = int(holder.stdout.readline() or 0)
        if held == 0:
            raise LabError("no connection could be held")
        yield held
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def connections(internet, how, tell):
    path = internet.folder("connections")
    server.populate(path / "made", how.cached, pattern=PATTERN)
    cached = [PATTERN.format(number) for number in range(how.cached)]
    with internet.served(path / "made") as daemon:
        daemon.configure(internet.way_to_it() + f"[limits]\nconnections = {how.connections}\n")
        daemon.start()
        right = daemon.ask(cached)
        with another_holds(daemon, how.connections) as held:
            answers = crowd.ask_paced(daemon, cached, len(cached) / how.held, ASKERS)
            told = status_answers(daemon)
        yield count("connections", "cached answers on new connections, while another user holds all that are allowed",
                    [each.reply == right[each.name] for each in answers],
                    note=f"{held} held; median {crowd.median(answers) * 1000:.1f} ms")
        yield count("connections", "mtastsctl status meanwhile", [told])
        with contextlib.ExitStack() as stack:
            for _ in range(CONTROLS):
                with contextlib.suppress(OSError):
                    stream = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                    stream.settimeout(1)
                    stream.connect(str(daemon.folder / "control.sock"))
            time.sleep(0.5)
            told = [status_answers(daemon) for _ in range(5)]
        yield count("connections", f"mtastsctl status beside {CONTROLS} silent control connections", told)


def large(internet, how, tell):
    """A small cache, more large policies than fit, then domains without a policy: are those remembered? The second time a new
    process is asked, which can reach no name server."""
    policies, plain = attacks.large_names(how), list(names.mail_domains(internet.counts, "plain"))
    internet.start_web(internet.certificate("large", policies), hostile.large_policy("mx.shared.large"))
    right = dict.fromkeys(policies, "OK secure match=mx.shared.large:") | dict.fromkeys(plain, "NOTFOUND ")
    with internet.served() as daemon:
        daemon.config.write_text(daemon.config.read_text().replace("[cache]\n", f'[cache]\nmax_size = "{how.room}"\n'))
        daemon.start()
        answers = [*crowd.ask_paced(daemon, policies, 100, 16), *crowd.ask_paced(daemon, plain, 100, 16)]
        yield count("large", f"policies of 64 KiB, then domains without a policy; a cache of {how.room}",
                    [(each.reply or "").startswith(right[each.name]) for each in answers])
        time.sleep(2)                   # for the commits
        daemon.stop()
        with internet.without(NAME_SERVERS):
            daemon.start()
            again = {name: reply or "" for name, reply in daemon.ask([*plain, *policies]).items()}
    yield count("large", "the domains without a policy once more, from the cache",
                [again[name].startswith(right[name]) for name in plain])
    kept = sum(again[name].startswith(right[name]) for name in policies)
    yield count("large", "the policies once more, from the cache: never NOTFOUND",
                [not again[name].startswith("NOTFOUND") for name in policies], note=f"{kept} kept")
