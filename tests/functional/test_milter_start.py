"""How mtasts-milter starts: where it listens, as whom, and what it refuses."""
import grp
import pwd
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from lab import netns
from lab.daemon import program
from lab.milter_client import CONTINUE, Client
from lab.processes import wait_until
from milter_world import ALICE, REQUIRETLS, assert_serves, is_refused, made, needs_root, to
from milter_world import milter, shared  # noqa: F401  fixtures

LISTEN = {"inet:18899@127.0.0.1": ("127.0.0.1", 18899), "inet:127.0.0.1:18898": ("127.0.0.1", 18898),
          "inet:18899@localhost": ("127.0.0.1", 18899),
          "inet6:18899@::1": ("::1", 18899), "inet:[::1]:18897": ("::1", 18897)}


@needs_root
@pytest.mark.parametrize("listen", LISTEN)
def test_it_listens_over_tcp(listen):
    with made(listen=listen) as milter:
        milter.start(daemon=False)
        address = LISTEN[listen]
        with netns.inside(milter.namespace()):
            stream = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        stream.settimeout(30)
        stream.connect(address)
        with Client(stream).session() as client:
            assert client.message(ALICE, *to("plain.example")).end == CONTINUE


@needs_root
def test_an_address_in_use_is_refused():
    with made(listen="inet:18899@127.0.0.1") as milter:
        milter.start(daemon=False)
        done = subprocess.run(netns.enter(milter.namespace(), *milter.command()), capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert "18899" in done.stderr and "in use" in done.stderr, done.stderr
        assert milter.alive()


def test_a_unix_socket_in_use_is_refused():
    with made() as milter:
        milter.start(daemon=False)
        code, _, err = milter.run()
        assert code == 1
        assert str(milter.socket) in err and "in use" in err, err
        assert milter.once(ALICE, *to("plain.example")).end == CONTINUE, "the first one still has its socket"


def test_a_socket_that_a_crash_left_is_replaced():
    with made() as milter:
        milter.start(daemon=False)
        milter.child.kill()
        milter.child.wait()
        assert milter.socket.is_socket()
        milter.start(daemon=False)
        assert milter.once(ALICE, *to("plain.example")).end == CONTINUE


def test_a_file_in_the_place_of_the_socket_stays():
    with made() as milter:
        milter.socket.write_text("precious")
        code, _, err = milter.run()
        assert code == 1
        assert str(milter.socket) in err, err
        assert milter.socket.read_text() == "precious"


def with_listen(milter, *lines):
    """Adds lines to [listen]."""
    milter.daemon.text = milter.daemon.text.replace("[listen]\n", "[listen]\n" + "".join(f"{each}\n" for each in lines))
    milter.write()


@needs_root
@pytest.mark.parametrize("mode", ("0660", "0600", "0666"))
def test_the_sockets_mode_and_group(mode):
    with made() as milter:
        with_listen(milter, f'socket_mode = "{mode}"', 'socket_group = "mail"')
        milter.start(daemon=False)
        found = milter.socket.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (int(mode, 8), grp.getgrnam("mail").gr_gid)


@needs_root
def test_root_becomes_the_user_for_good():
    nobody = pwd.getpwnam("nobody")
    with made(user="nobody") as milter:
        milter.start()
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{milter.child.pid}/status").read_text().splitlines())
        assert fields["Uid"].split() == [str(nobody.pw_uid)] * 4
        assert fields["Gid"].split() == [str(nobody.pw_gid)] * 4
        assert set(fields["Groups"].split()) <= {str(nobody.pw_gid)}
        assert int(fields["CapEff"], 16) == 0
        assert milter.socket.stat().st_uid == nobody.pw_uid
        assert_serves(milter)
        milter.write('reply = "550 5.7.30"')
        milter.signal(signal.SIGHUP)
        wait_until("the reload", lambda: is_refused(milter.once(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0],
                                                    begin="550 5.7.30 "))


WRONG = {
    "reply": 'reply = "250 2.0.0"', "reply's class": 'reply = "550 4.7.10"', "421": 'reply = "421 4.7.10"',
    "on_unknown": 'on_unknown = "maybe"', "wait": 'wait = "1h"', "zone": 'zone = "nowhere"',
    "headers": 'headers = ["no colon"]',
    "senders": 'senders = ["a b@c"]', "add_header": 'add_header = "not a name:"', "no such key": "no_such_key = 1",
    "a wrong type": "requiretls = 3", "socketmap twice": 'socketmap = "inet:1"',
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_configuration_is_refused(what):
    with made() as milter:
        milter.write(WRONG[what])
        key = WRONG[what].partition(" ")[0]
        for arguments in (("--check-config",), ()):
            code, out, err = milter.run(*arguments)
            assert code == 1, (arguments, out, err)
            assert key in err, (arguments, err)


@pytest.mark.parametrize("listen", ("inet:18899", "inet:0@127.0.0.1", "inet:70000@127.0.0.1", "tcp:18899@127.0.0.1",
                                    "unix:relative", "inet:18899@192.0.2.300", ""))
def test_a_wrong_address_is_refused(listen):
    with made(listen=listen) as milter:
        code, _, err = milter.run("--check-config")
        assert code == 1
        assert "milter.listen" in err, err


def test_a_right_configuration_passes_the_check_and_leaves_nothing_behind(milter):
    with made() as other:
        code, out, err = other.run("--check-config")
        assert (code, err) == (0, ""), err
        assert "[milter]" in out and str(other.socket) in out
        assert sorted(each.name for each in other.folder.iterdir()) == ["anchor", "mtastsd.toml"]


def test_usage():
    def run(*arguments):
        done = subprocess.run([str(program("mtasts-milter")), *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr
    for wrong in (["--no-such-option"], ["--config"], ["word"]):
        code, out, err = run(*wrong)
        assert (code, out) == (2, "") and err, wrong
    code, out, _ = run("--version")
    assert code == 0 and out.startswith("mtasts-milter ")
    assert run("--help")[0] == 0
    code, _, err = run("--config", "/nonexistent/mtastsd.toml")
    assert code == 1 and "/nonexistent/mtastsd.toml" in err
