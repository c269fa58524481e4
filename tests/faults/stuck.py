"""What makes the daemon's commits wait: a frozen file system, and a program that holds LMDB's writer lock.

Cached answers go on, status says what is wrong, and SIGTERM ends the daemon in time.
"""
import contextlib
import subprocess
import sys
import time

from bench import names, server
from lab.processes import LabError, start_time, wait_until

from .disk import Disk
from .rows import Row, count

END = 10.0                  # seconds within which SIGTERM must end the daemon
ROUND = 5.0                 # seconds after which cached answers of a round of 100 count as lost
PATTERN = "c{}.bench"
HOLD = """import ctypes, sys
lmdb = ctypes.CDLL("liblmdb.so.0")
env, txn = ctypes.c_void_p(), ctypes.c_void_p()
def must(code):
    if code: sys.exit("LMDB: error %d" % code)
must(lmdb.mdb_env_create(ctypes.byref(env)))
must(lmdb.mdb_env_set_maxreaders(env, 1024))
must(lmdb.mdb_env_open(env, sys.argv[1].encode(), 0, 0o640))
must(lmdb.mdb_txn_begin(env, None, 0, ctypes.byref(txn)))
print("held", flush=True)
sys.stdin.read()
"""


class Stuck:
    """A daemon with a cache of made-up policies; its commits can be made to wait."""

    def __init__(self, internet, path, how):
        self.made = path / "cache"
        server.populate(self.made, how.cached, pattern=PATTERN)
        self.cached = [PATTERN.format(number) for number in range(how.cached)]
        self.new = names.mail_domains(internet.counts, "enforce")
        self.daemon = internet.served(self.made)
        self.daemon.start()
        self.right = self.daemon.ask(self.cached)
        self.answered, self.slowest, self.weaker = [], 0.0, 0

    def ask_for(self, seconds):
        """Asks for cached policies again and again."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.monotonic()
            replies = self.daemon.ask(self.cached[:100], timeout=ROUND)
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.answered += [replies[name] == self.right[name] for name in replies]
            self.weaker += sum((reply or "").startswith("NOTFOUND") for reply in replies.values())
            if None in replies.values():
                return

    def ask_new(self, number):
        """Asks for policies that must be stored; does not wait for the replies."""
        for client, _ in self.daemon.send([next(self.new) for _ in range(number)], timeout=1):
            if client:
                client.close()

    def ends_in_time(self):
        """Stops the daemon. Returns whether it ended, and when, as text. On a frozen file system the kernel keeps a thread that
        writes until the thaw. The process counts as ended all the same, because it answers nobody and holds no socket."""
        begin = time.monotonic()
        if self.daemon.stop(END) is not None:
            return True, f"{time.monotonic() - begin:.1f} s"
        if start_time(self.daemon.pid) is None:
            return True, "a thread stays in the kernel until the thaw"
        return False, "it did not"


def says_so(daemon, words, seconds):
    """True once status exits 1 and its text has one of these words."""
    with contextlib.suppress(Exception):
        return wait_until("status", lambda: complains(daemon, words), seconds, 0.5)
    return False


def complains(daemon, words):
    code, text = daemon.status()
    return code == 1 and any(each in text.lower() for each in words)


def judge(part, stuck, words, said, ended, when, left):
    """left: for each policy, whether the next daemon still answers it."""
    slow = f"slowest round of 100: {stuck.slowest:.2f} s"
    yield Row(part, "cached answers meanwhile", len(stuck.answered), sum(stuck.answered),
              len(stuck.answered) - sum(stuck.answered), stuck.weaker, slow)
    yield count(part, f"status exits 1 and says why ({words[0]})", [said])
    yield count(part, f"SIGTERM ends it within {END:.0f} s", [ended], note=when)
    yield count(part, "policies that the next daemon has", left)


def all_left(stuck):
    """Asks the next daemon, once nothing is stuck any more."""
    stuck.daemon.processes.stop_all()
    wait_until("the end of the daemon before", lambda: not stuck.daemon.running(), 30)
    stuck.daemon.start()
    replies = stuck.daemon.ask(stuck.cached)
    if not stuck.daemon.running():
        raise LabError(f"the next mtastsd ended: {stuck.daemon.tail(1)}")
    stuck.daemon.processes.stop_all()
    return [replies[name] == stuck.right[name] for name in replies]


def freeze(internet, how, tell):
    words = ("frozen", "commit", "disk", "writer", "store")
    with Disk(internet.folder("disks") / "frozen") as disk:
        stuck = Stuck(internet, disk.path, how)
        try:
            disk.freeze()
            try:
                stuck.ask_for(how.stuck / 2)
                stuck.ask_new(20)
                stuck.ask_for(how.stuck)
                said = says_so(stuck.daemon, words, how.notice)
                ended, when = stuck.ends_in_time()
            finally:
                disk.thaw()
            left = all_left(stuck)
        finally:
            stuck.daemon.processes.stop_all()
    yield from judge("freeze", stuck, words, said, ended, when, left)


def writer(internet, how, tell):
    words = ("writer", "lock", "held")
    stuck = Stuck(internet, internet.folder("writer"), how)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(stuck.made)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    try:
        if holder.stdout.readline() != "held\n":
            raise RuntimeError("LMDB's writer lock could not be taken")
        stuck.ask_new(20)
        stuck.ask_for(how.stuck)
        said = says_so(stuck.daemon, words, how.notice)
        ended, when = stuck.ends_in_time()
    finally:
        holder.kill()
        holder.wait()
        stuck.daemon.processes.stop_all()
    yield from judge("writer", stuck, words, said, ended, when, all_left(stuck))
