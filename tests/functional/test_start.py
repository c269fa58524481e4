"""What a start refuses, --check-config and a reload refuse too; and the user that mtastsd runs as (lab/alone.py)."""
import os
import pwd
import signal
import subprocess
from pathlib import Path

import pytest

from lab.alone import Alone, IN_A_NAMESPACE, LOADED
from lab.daemon import program
from lab.processes import wait_until

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
FOREIGN = ("guests", ("alice", "1"), "another program's LMDB file")


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
