"""Signals, and stops that end in time whatever hangs, with mtastsd alone (lab/alone.py)."""
import resource
import signal
import subprocess

from lab.alone import LOADED
from lab.processes import wait_until

def test_two_thousand_hangups_are_one_reload(alone):
    alone.start()
    for _ in range(2000):
        alone.signal(signal.SIGHUP)
    wait_until("the reload", lambda: alone.log("reload"), 60)
    assert alone.ask("postfix", "relay.example") == LOADED
    mark = len(alone.log("reload"))
    alone.config.write_text(alone.text.replace("loaded", "changed"))
    alone.signal(signal.SIGHUP)
    wait_until("the next reload", lambda: len(alone.log("reload")) > mark, 60)
    # At most one reload a second while the signals come; on a busy machine sending them takes a while.
    assert mark <= 3, alone.log("reload")


def test_sigterm_ends_it_though_nobody_reads_the_log(alone):
    alone.start(stderr=subprocess.PIPE)
    fcntl_size = 1 << 16
    for number in range(fcntl_size // 100):        # each lookup logs some lines of more than 100 octets
        alone.ask("postfix", "relay.example")
        if number % 20 == 0:
            alone.ask("json", "192.0.2.1")
    code, seconds = alone.stop()
    assert code == 1
    assert seconds < 10


class WriterLock:
    """Another process that holds LMDB's writer lock, as a tool that hangs in its transaction would."""

    SCRIPT = """
import ctypes, sys, time
lmdb = ctypes.CDLL("liblmdb.so.0")
env, txn = ctypes.c_void_p(), ctypes.c_void_p()
assert lmdb.mdb_env_create(ctypes.byref(env)) == 0
assert lmdb.mdb_env_set_maxreaders(env, 2048) == 0
assert lmdb.mdb_env_open(env, sys.argv[1].encode(), 0, 0o640) == 0
assert lmdb.mdb_txn_begin(env, None, 0, ctypes.byref(txn)) == 0
print("locked", flush=True)
time.sleep(600)
"""

    def __init__(self, folder):
        self.child = subprocess.Popen(["/usr/bin/python3", "-c", self.SCRIPT, str(folder)], stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline() == "locked\n"

    def release(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


def test_sigterm_ends_it_though_the_store_waits_for_a_lock(alone):
    alone.start()
    lock = WriterLock(alone.folder / "cache")
    try:
        alone.ask("postfix", "nosuch.example")     # makes the daemon store something
        code, seconds = alone.stop()
    finally:
        lock.release()
    assert seconds < 10
    assert code == 1
    assert "the last commit to the cache" in alone.log("stop")[-1]["text"]


def test_a_file_size_limit_is_no_end(alone):
    limit = 64 * 1024
    alone.log_file.write_text("x" * limit)
    alone.start(stderr=None, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
    alone.log_file.write_text("x" * (1 << 20))
    for _ in range(50):
        assert alone.ask("postfix", "relay.example") == LOADED
    assert alone.child.poll() is None
