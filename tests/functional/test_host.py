"""mtastsd alone on its host, in a network namespace with nothing but lo: configuration files, signals, users, status."""
import contextlib
import hashlib
import json
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from lab.daemon import program
from lab.processes import wait_until
from lab.socketmap import Client

ANCHOR = ". IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n"
# Nobody listens at the resolver: every lookup fails at once.
CONFIG = """[listen]
socketmap = ["unix:{folder}/policy.sock"]
control = "{folder}/control.sock"
http = ""
user = "{user}"
[cache]
path = "{folder}/cache"
[dns]
forward = ["127.0.0.1@9"]
trust_anchor = "{folder}/anchor"
[policy]
postfix_dane = "yes"
[log]
format = "json"
level = "debug"
[override."relay.example"]
action = "answer"
answer = "encrypt"
reason = "loaded"
until = 2099-01-31
"""
IN_A_NAMESPACE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
LOADED = "OK encrypt"


class Alone:
    """A mtastsd with a folder of its own that every user may enter."""

    def __init__(self, user=""):
        self.folder = Path(tempfile.mkdtemp(prefix="mtastsd-host-"))
        self.folder.chmod(0o755)
        (self.folder / "anchor").write_text(ANCHOR)
        self.config, self.log_file = self.folder / "mtastsd.toml", self.folder / "log"
        self.text = CONFIG.format(folder=self.folder, user=user)
        self.config.write_text(self.text)
        self.child = None

    def start(self, stderr=None, **more):
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen([*IN_A_NAMESPACE, str(program("mtastsd")), "--config", str(self.config)],
                                          stdin=subprocess.DEVNULL, stderr=stderr or log, **more)
        wait_until(lambda: f"mtastsd to answer: {self.log_file.read_text()}", self.answers, 60)

    def answers(self):
        assert self.child.poll() is None, self.log_file.read_text()
        with contextlib.suppress(OSError):
            return self.ask("postfix", "relay.example")

    def connect(self):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(30)
        try:
            stream.connect(str(self.folder / "policy.sock"))
        except OSError:
            stream.close()
            raise
        return Client(stream)

    def ask(self, map_name, key):
        with contextlib.closing(self.connect()) as client:
            return client.ask(map_name, key)

    def run(self, name, *args):
        """(exit status, standard output, standard error) of a program with this configuration."""
        done = subprocess.run([str(program(name)), "--config", str(self.config), *map(str, args)],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def ctl(self, *args):
        return self.run("mtastsctl", *args)

    def status(self):
        code, out, err = self.ctl("--json", "status")
        assert out, err
        return code, json.loads(out)

    def problems(self):
        return [each["code"] for each in self.status()[1]["problems"]]

    def log(self, event):
        """The log's entries of one event."""
        entries = []
        for line in self.log_file.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
        return [each for each in entries if each.get("event") == event]

    def refused(self):
        return [each for each in self.log("reload") if "nothing was changed" in each["text"]]

    def signal(self, number):
        os.kill(self.child.pid, number)

    def stop(self, seconds=60):
        """Exit status, and how long the stop took."""
        begin = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.child.wait(seconds), time.monotonic() - begin

    def away(self):
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait(30)
        shutil.rmtree(self.folder)


@pytest.fixture
def alone():
    made = Alone()
    yield made
    made.away()


# --- what the next start would refuse ------------------------------------------------------------------------------------

SPOILED = {
    "group": ('http = ""', 'socket_group = "no-such-group"', '[listen] socket_group: there is no group "no-such-group"'),
    "user": ('user = ""', 'user = "no-such-user"', '[listen] user: there is no user "no-such-user"'),
    "anchor": ("/anchor", "/no-anchor", "[dns] trust_anchor: can't read"),
    "hints": ("[policy]", 'root_hints = "/nonexistent/hints"\n[policy]', "[dns] root_hints: can't read"),
    "ca": ("[policy]", '[https]\nca_file = "/nonexistent/ca.pem"\n[policy]', "[https] ca_file: can't use"),
    "cache": ("/cache\"", "/anchor\"", "[cache] path: "),
}


@pytest.mark.parametrize("what", SPOILED)
def test_check_reload_and_start_refuse_the_same(alone, what):
    before, after, complaint = SPOILED[what]
    alone.start()
    assert before in alone.text
    alone.config.write_text(alone.text.replace(before, after))
    code, out, err = alone.run("mtastsd", "--check-config")
    assert (code, out) == (1, "")
    assert complaint in err
    alone.signal(signal.SIGHUP)
    wait_until("the reload to be refused", alone.refused, 60)
    assert any(complaint in each["text"] for each in alone.log("reload"))
    assert alone.ask("postfix", "relay.example") == LOADED
    alone.stop()
    started = subprocess.run([*IN_A_NAMESPACE, str(program("mtastsd")), "--config", str(alone.config)],
                             capture_output=True, text=True, timeout=60)
    assert started.returncode == 1
    assert complaint in started.stderr.replace('\\"', '"')


def test_a_configuration_that_fits_passes_and_leaves_nothing_behind(alone):
    code, out, err = alone.run("mtastsd", "--check-config")
    assert (code, err) == (0, "")
    assert "[listen]" in out
    assert sorted(each.name for each in alone.folder.iterdir()) == ["anchor", "mtastsd.toml"]


NEWER_SCHEMA = ("meta", ("schema", r"\ff\00\00\00"), "written by a newer mtastsd")
FOREIGN = ("guests", ("alice", "1"), "some other program")


@pytest.mark.parametrize("database, entry, why", (NEWER_SCHEMA, FOREIGN))
def test_a_cache_that_the_start_refuses_does_not_pass_the_check(alone, database, entry, why):
    if database == "meta":
        alone.start()
        assert alone.stop()[0] == 0
    cache = alone.folder / "cache"
    cache.mkdir(exist_ok=True)
    dump = "\n".join(("VERSION=3", "format=print", "type=btree", "HEADER=END", f" {entry[0]}", f" {entry[1]}", "DATA=END", ""))
    subprocess.run(["mdb_load", "-s", database, cache], input=dump, text=True, check=True)
    for arguments in (["--check-config"], []):
        code, _, err = alone.run("mtastsd", *arguments)
        assert code == 1 and why in err, (arguments, err)


@pytest.mark.parametrize("octets", [b"", b"\0" * 400, b"\n", b"[policy]\n\0"])
def test_a_file_that_was_cut_off_switches_no_rule_off(alone, octets):
    alone.start()
    alone.config.write_bytes(octets)
    alone.signal(signal.SIGHUP)
    wait_until("the reload to be refused", alone.refused, 60)
    assert alone.ask("postfix", "relay.example") == LOADED
    alone.stop()
    assert alone.run("mtastsd", "--check-config")[0] == 1, "nor does a start"


# --- signals -------------------------------------------------------------------------------------------------------------


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
    # One a second at most, while the hangups come: on a busy machine sending them takes its time.
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
        alone.ask("postfix", "nosuch.example")     # leads to something to be stored
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


# --- what is shown is true -----------------------------------------------------------------------------------------------


def test_status_tells_the_configuration_in_force(alone):
    alone.start()
    code, report = alone.status()
    digest = hashlib.sha256(alone.text.encode()).hexdigest()
    assert report["configuration"]["sha256"] == report["configuration"]["file_sha256"] == digest
    assert report["configuration"]["file"] == str(alone.config)
    assert report["problems"] == []
    alone.config.write_text(alone.text.replace("loaded", "newer"))
    code, report = alone.status()
    assert code == 1
    assert [each["code"] for each in report["problems"]] == ["config-changed"]
    assert report["configuration"]["changed"] is True
    assert f"sha256 {digest}" in " ".join(alone.ctl("status")[1].split())
    alone.signal(signal.SIGHUP)
    wait_until("the new file in force", lambda: alone.problems() == [], 60)


def test_overrides_are_the_loaded_ones(alone):
    alone.start()
    alone.config.write_text(alone.text.replace("relay.example", "other.example").replace("loaded", "newer"))
    code, out, err = alone.ctl("list")
    assert code == 0, err
    assert "relay.example  answer, until 2099-01-31: loaded" in out
    assert "newer" not in out
    assert "was changed since" in err
    shown = json.loads(alone.ctl("--json", "show", "relay.example")[1])
    assert shown["override"] == {"action": "answer", "reason": "loaded", "until": "2099-01-31"}
    assert json.loads(alone.ctl("--json", "show", "other.example")[1])["override"] is None
    explained = json.loads(alone.ctl("--json", "explain", "relay.example")[1])
    assert explained["override"]["reason"] == "loaded"
    alone.stop()
    code, out, err = alone.ctl("list")
    assert "newer" in out
    assert "the rules are those of" in err


def test_a_broken_file_does_not_hide_the_daemon(alone):
    alone.start()
    alone.config.write_text("[listen\n")
    code, out, err = alone.ctl("--control", alone.folder / "control.sock", "status")
    assert (code, err) == (1, "")
    assert "is not what is in force" in " ".join(out.split())
    code, out, err = alone.ctl("query", "relay.example", "--at", f"unix:{alone.folder}/policy.sock")
    assert (code, err) == (0, "")
    assert out.startswith(LOADED)
    code, out, err = alone.ctl("--control", alone.folder / "control.sock", "list")
    assert code == 0
    assert "loaded" in out


def test_counts_add_up(alone):
    alone.start()
    for name, key in (("postfix", "relay.example"), ("postfix", "192.0.2.1"), ("nomap", "a.example"),
                      ("postfix", "nosuch.example"), ("postfix", "nosuch.example"), ("prefetch", "nosuch.example")):
        alone.ask(name, key)
    counters = alone.status()[1]["counters"]
    assert counters["requests"] == sum(counters.values()) - counters["requests"]
    assert counters["overridden"] >= 1


def test_a_json_query_logs_its_decision(alone):
    alone.start()
    alone.ask("json", "relay.example")

    def answers():
        return [each["answer"] for each in alone.log("answer") if each.get("map") == "json"]
    wait_until("the line of the log", answers)
    assert answers() == ["answer"]


# --- limits and users ----------------------------------------------------------------------------------------------------


def test_refused_connections_are_a_problem_for_a_while(alone):
    alone.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)))
    clients = []
    try:
        for _ in range(60):
            clients.append(alone.connect())
            with contextlib.suppress(OSError):  # refused
                clients[-1].send_raw(b"21:postfix relay.exa")  # not idle: half a question makes no room
        wait_until("status to say it", lambda: "connections" in alone.problems(), 60)
        assert alone.status()[0] == 1
    finally:
        for each in clients:
            each.close()
    wait_until("the log to say it", lambda: any(each["code"] == "connections" for each in alone.log("problem")), 60)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter the namespace of another process")
def test_who_comes_over_tcp_holds_half_of_the_connections(alone):
    alone.text = alone.text.replace('policy.sock"]', 'policy.sock", "inet:127.0.0.1:8463"]') + "[limits]\nconnections = 20\n"
    alone.config.write_text(alone.text)
    alone.start()
    asks = """import socket, sys
held = [socket.create_connection(("127.0.0.1", 8463)) for _ in range(30)]
served = 0
for stream in held:
    try:
        stream.sendall(b"21:postfix relay.example,")
        served += b"OK" in stream.recv(100)
    except OSError:
        pass
print(served, flush=True)
sys.stdin.read()
"""
    command = ["nsenter", f"--net=/proc/{alone.child.pid}/ns/net", sys.executable, "-c", asks]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as many:
        assert int(many.stdout.readline()) == 10
        assert alone.ask("postfix", "relay.example") == LOADED
        many.stdin.close()
    assert "connections" in alone.problems()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_the_user_for_good():
    nobody = pwd.getpwnam("nobody")
    alone = Alone("nobody")
    try:
        alone.start()
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{alone.child.pid}/status").read_text().splitlines())
        assert fields["Uid"].split() == [str(nobody.pw_uid)] * 4
        assert fields["Gid"].split() == [str(nobody.pw_gid)] * 4
        assert set(fields["Groups"].split()) <= {str(nobody.pw_gid)}
        assert int(fields["CapEff"], 16) == 0
        for name in ("cache", "cache/data.mdb", "cache/daemon.lock", "policy.sock", "control.sock"):
            assert (alone.folder / name).stat().st_uid == nobody.pw_uid, name
        alone.config.write_text(alone.text.replace("loaded", "changed"))
        alone.signal(signal.SIGHUP)
        wait_until("the reload", lambda: alone.log("reload"), 60)
        assert not alone.refused()
        assert alone.stop()[0] == 0
        alone.start()
        assert alone.stop()[0] == 0
    finally:
        alone.away()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_the_user_may_not_read_is_refused_before_the_start():
    alone = Alone("nobody")
    try:
        (alone.folder / "anchor").chmod(0o600)
        code, _, err = alone.run("mtastsd", "--check-config")
        assert code == 1
        assert "[dns] trust_anchor: can't read" in err
        started = subprocess.run([*IN_A_NAMESPACE, str(program("mtastsd")), "--config", str(alone.config)],
                                 capture_output=True, text=True, timeout=60)
        assert started.returncode == 1
        assert "[dns] trust_anchor: can't read" in started.stderr
    finally:
        alone.away()


@pytest.mark.skipif(os.geteuid() != 0, reason="it is about root")
def test_root_that_stays_root_is_warned_of(alone):
    alone.start()
    assert any("stays root" in each.get("text", "") for each in alone.log("start"))
