"""What runs out: disk space, inodes, the right to write, address space, descriptors.

None of it may make an answer weaker, set a sound cache aside, or go unsaid.
"""
import contextlib
import socket

from bench import names, server
from lab.processes import LabError, wait_until

from . import lmdb_file
from .disk import Disk
from .rows import Row, count
from .served import copy_cache
from .stuck import PATTERN, complains, says_so

FULL = ("space", "full", "commit")
SPACES = ("1GiB", "8GiB", "48GiB")
FILES = (48, 96)
GIB = 1 << 30


class Wrong:
    """Counts what an exhausted daemon answers."""

    def __init__(self, right):
        self.right, self.kept, self.weaker = right, [], 0

    def see(self, replies):
        for name, reply in replies.items():
            self.kept.append(reply == self.right[name])
            self.weaker += (reply or "").startswith("NOTFOUND")

    def row(self, part, case, note=""):
        return count(part, case, self.kept, self.weaker, note)


def filled(path, how):
    server.populate(path, how.cached, pattern=PATTERN)
    return [PATTERN.format(number) for number in range(how.cached)]


def answers_of(internet, cache, names_asked):
    """The right answers, from a daemon that lacks nothing."""
    daemon = internet.served(cache)
    daemon.start()
    right = daemon.ask(names_asked)
    daemon.stop()
    return right


def full(internet, how, tell):
    """The disk is full under a running daemon, then at a start; then there is space again."""
    new = names.mail_domains(internet.counts, "enforce")
    with Disk(internet.folder("disks") / "full", 32) as disk:
        cache = disk.path / "cache"
        asked = filled(cache, how)
        right = answers_of(internet, cache, asked)
        wrong, said, daemon = Wrong(right), [], internet.served(cache)
        daemon.start()
        try:
            disk.fill()
            for restart in (False, True):
                if restart:
                    daemon.stop()
                    daemon.start()
                fresh = ask_until_full(daemon, cache, new, how)
                wrong.see(daemon.ask(asked))
                said.append(says_so(daemon, FULL, how.notice))
                yield count("full disk", "new policies, answered though not stored" + (", after a restart" if restart else ""),
                            [(reply or "").startswith("OK secure") for reply in fresh.values()])
            disk.free()
            learned = [next(new) for _ in range(how.learn)]
            recovered = in_time(lambda: daemon.ask(learned) and stored(cache, learned), how.recover)
            well = in_time(lambda: not complains(daemon, FULL), how.recover)
            wrong.see(daemon.ask(asked))
        finally:
            daemon.processes.stop_all()
    yield wrong.row("full disk", "cached answers while it is full, at a start, and afterwards")
    yield count("full disk", "status exits 1 and says why", said)
    yield count("full disk", "policies are stored again once there is space", [recovered, well])


def ask_until_full(daemon, cache, new, how):
    """Asks for new policies until a commit fails, because the file has some pages to spare. Returns the replies."""
    fresh = {}
    for _ in range(12):
        learned = [next(new) for _ in range(how.learn)]
        fresh |= daemon.ask(learned)
        if not in_time(lambda learned=learned: stored(cache, learned), 1):
            return fresh
    raise LabError("the disk is full, and commits do not fail")


def stored(cache, learned):
    return set(learned) <= set(lmdb_file.policies((cache / "data.mdb").read_bytes()))


def in_time(condition, seconds):
    with contextlib.suppress(LabError):
        return bool(wait_until("it", condition, seconds, 0.5))
    return False


def starts(internet, cache, asked, right, case, tell, wrap=()):
    """A start under a limit: the daemon serves the cache, or refuses with a message and leaves the cache as it is. A daemon
    that refuses may have listened for a moment."""
    daemon = internet.served(cache, wrap)
    wrong, said = Wrong(right), (None, "")
    try:
        daemon.start()
        replies = daemon.ask(asked)
        said = daemon.status()
    except LabError as error:
        tell(f"limits: {case}: {str(error).splitlines()[0]}")
    serves = daemon.running()
    if serves:
        wrong.see(replies)
    else:
        tell(f"limits: {case}: {daemon.tail(1)[:300]}")
    daemon.processes.stop_all()
    return wrong, "serves" if serves else "refuses to start", said


def read_only(internet, how, tell):
    """At the start, after an orderly and after an unclean stop."""
    for unclean in (False, True):
        with Disk(internet.folder("disks") / "readonly", 32) as disk:
            cache = disk.path / "cache"
            asked = filled(cache, how)
            right = answers_of(internet, cache, asked)
            if unclean:
                killed = internet.served(cache)
                killed.start()
                killed.kill()
            disk.remount("ro")
            wrong, note, said = starts(internet, cache, asked, right, "read-only disk", tell)
            disk.remount("rw")
            case = "a read-only disk at the start" + (", after an unclean stop" if unclean else "")
            yield served_or_not(case, wrong, note, how)
            yield count("limits", f"{case}: status exits 1 and says so", [said[0] == 1 and "read" in said[1].lower()])


def no_inode(internet, how, tell):
    with Disk(internet.folder("disks") / "inodes", 32, inodes=64) as disk:
        cache = disk.path / "cache"
        asked = filled(cache, how)
        right = answers_of(internet, cache, asked)
        disk.use_inodes()
        wrong, note, _ = starts(internet, cache, asked, right, "no free inode", tell)
        yield served_or_not("no free inode at the start", wrong, note, how)


def served_or_not(case, wrong, note, how):
    """A daemon that does not start answers for none of its policies."""
    if not wrong.kept:
        return Row("limits", case, how.cached, 0, how.cached, 0, note)
    return wrong.row("limits", case, note)


def limited(internet, how, tell):
    """Starts after two unclean stops with a limit on address space or descriptors, then one without: the cache is kept."""
    path = internet.folder("limits")
    asked = filled(path / "made", how)
    right = answers_of(internet, path / "made", asked)
    cases = [(f"address space of {each}", f"--as={int(each.removesuffix('GiB')) * GIB}") for each in SPACES]
    cases += [(f"{each} descriptors", f"--nofile={each}") for each in FILES]
    for number, (case, limit) in enumerate(cases):
        cache = path / f"c{number}"
        copy_cache(path / "made", cache)
        for _ in range(2):
            daemon = internet.served(cache)
            daemon.start()
            daemon.kill()
        limited_wrong, note, _ = starts(internet, cache, asked[:20], right, case, tell, ["prlimit", limit, "--"])
        kept, _, _ = starts(internet, cache, asked, right, case, tell)
        aside = list(cache.glob("data.mdb.bad-*"))
        yield kept.row("limits", f"policies kept: {case}, after two unclean stops",
                       note + (", sound cache set aside" if aside else ""))._replace(weaker=kept.weaker + limited_wrong.weaker)


def descriptors(internet, how, tell):
    """More connections than descriptors: those that were accepted are answered, and status says that some were not."""
    path = internet.folder("descriptors")
    asked = filled(path / "made", how)
    right = answers_of(internet, path / "made", asked)
    daemon = internet.served(path / "made", ["prlimit", "--nofile=96", "--"])
    wrong, held = Wrong(right), []
    daemon.start()
    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                stream.setblocking(False)
                held.append(stream)
                stream.connect(str(daemon.socket))
        for stream in held:
            stream.close()
        wait_until("an answer", lambda: daemon.ask(asked[:1])[asked[0]], 30, 0.5)
        wrong.see(on_few_connections(daemon, asked[:100]))
        said = says_so(daemon, ("descriptor", "open files", "connections"), how.notice)
    finally:
        daemon.processes.stop_all()
    yield wrong.row("limits", "cached answers once descriptors are free again")
    yield count("limits", "status exits 1 after descriptors ran out", [said])


def on_few_connections(daemon, asked):
    """The limit applies to them too."""
    replies = {}
    for begin in range(0, len(asked), 10):
        replies |= daemon.ask(asked[begin:begin + 10])
    return replies


def limits(internet, how, tell):
    for each in (read_only, no_inode, limited, descriptors):
        yield from each(internet, how, tell)
