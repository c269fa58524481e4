"""mtasts-milter as a program: its configuration file, --check-config, exit codes, SIGHUP, and where it listens."""
import os
import signal
import stat
import time

import pytest

from lab.domains import VERIFIED
from lab.milter import DAEMON
from lab.processes import wait_until
from lab.submission import UNIX, address

FROM = "lab@relay.example"
LISTENS = [("inet:18899@127.0.0.1", "inet:18899@127.0.0.1"), ("inet:127.0.0.1:18899", "inet:18899@127.0.0.1"),
           ("inet6:18899@::1", "inet6:18899@::1"), ("inet:[::1]:18899", "inet6:18899@::1"),
           ("unix:/run/x.sock", "unix:/run/x.sock"), ("local:/run/x.sock", "unix:/run/x.sock")]
BAD = [     # a line of [milter], and words of the complaint
    ('listen = "inet:127.0.0.1"', "listen"),
    ('headers = ["no colon"]', "headers"),
    ('headers = [": yes"]', "headers"),
    ('senders = ["a@b@c@"]', "senders"),
    ('reply = "250 2.0.0"', "reply"),
    ('reply = "550 4.7.10"', "reply"),
    ('reply = "421 4.7.0"', "reply"),
    ('warn_off_policy = "accept"', "warn_off_policy"),
    ('on_unknown = "reject"', "on_unknown"),
    ('wait = "21s"', "wait"),
    ('wait = "0s"', "wait"),
    ('zone = "nosuch"', "nosuch"),
    ('socketmap = "8463"', "socketmap"),
    ('add_header = "not a name"', "add_header"),
    ('requiretls = "yes"', "requiretls"),
    ("no_such_key = 1", "no_such_key"),
]


@pytest.mark.smoke
def test_check_config_prints_what_is_in_effect(milter):
    milter.write_config('senders = ["boss@relay.example"]\nzone = "strict"', "[zone.strict]\ntesting_as_enforce = true\n")
    code, out, err = milter.check("--config", milter.config, "--check-config")
    assert code == 0, err
    for line in ("[milter]", 'listen = "inet:18899@127.0.0.1"', 'senders = ["boss@relay.example"]', 'zone = "strict"',
                 'headers = ["Require-TLS-ESMTP: yes"]', 'reply = "550 5.7.10"', 'on_unknown = "tempfail"', 'wait = "5s"'):
        assert line in out.splitlines(), out


@pytest.mark.parametrize("written, printed", LISTENS)
def test_notations_of_the_socket(milter, written, printed):
    milter.write_config(f'listen = "{written}"')
    code, out, err = milter.check("--config", milter.config, "--check-config")
    assert code == 0, err
    assert f'listen = "{printed}"' in out.splitlines(), out


@pytest.mark.parametrize("line, word", BAD)
def test_a_bad_file_is_refused_with_the_place(milter, line, word):
    milter.write_config(line)
    for arguments in (["--check-config"], []):
        code, _, err = milter.check("--config", milter.config, *arguments)
        assert code == 1
        assert word in err, err


def test_exit_codes(milter):
    code, out, _ = milter.check("--version")
    assert code == 0 and out.startswith("mtasts-milter "), out
    assert milter.check("--no-such-option")[0] == 2
    code, _, err = milter.check("--config", "/nonexistent/mtastsd.toml")
    assert code == 1 and "/nonexistent/mtastsd.toml" in err, err


def test_a_port_in_use_is_said_at_start(milter):
    milter.use()
    code, _, err = milter.check("--config", milter.config)
    assert code == 1
    assert "18899" in err and "in use" in err, err


def test_a_key_without_effect_gives_a_warning(milter):
    milter.write_config('http = "127.0.0.1:8465"')
    code, _, err = milter.check("--config", milter.config, "--check-config")
    assert code == 0
    assert "warning: " in err and "http" in err, err


def test_the_endpoints_of_mtastsd_are_tried_in_order(newest, milter, mtastsd):
    good, bad = address("good.example"), address("no-record.example")
    listed = 'senders = ["relay.example"]\n'
    for config, daemon in ((listed, ("unix:/nonexistent/policy.sock", "inet:127.0.0.1:1", *DAEMON)),
                           (listed + f'socketmap = "unix:{mtastsd.unix}"', ("unix:/nonexistent/policy.sock",))):
        milter.fresh(config, daemon=daemon)
        replies = newest.door(FROM, [good, bad])
        assert replies[good].startswith("250") and replies[bad].startswith("550 5.7.10"), replies


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_soon_and_in_order(newest, milter, sig):
    """Also in the middle of a message, which Postfix then defers."""
    milter.use()
    with newest.connect() as session:
        session.mail(FROM)
        session.rcpt(address("good.example"))
        began = time.monotonic()
        assert milter.stop(sig=sig) == 0
        assert time.monotonic() - began < 15
        assert session.docmd("DATA")[0] == 451


def test_it_gives_up_root(milter):
    milter.use()
    with open(f"/proc/{milter.pid}/status") as file:
        uids = next(line for line in file if line.startswith("Uid:")).split()[1:]
    assert "0" not in uids


@pytest.mark.smoke
def test_reload(newest, milter):
    """The new file counts for new connections; one that is open keeps what it began with."""
    milter.use()
    bad = address("no-record.example")
    with newest.connect() as session:
        assert newest.door(FROM, [bad], session=session)[bad].startswith("250")
        mark = milter.mark()
        milter.write_config('senders = ["relay.example"]')
        milter.reload()
        wait_until("the reload", lambda: milter.events("reload", mark))
        assert newest.door(FROM, [bad])[bad].startswith("550 5.7.10")
        assert newest.door(FROM, [bad], session=session)[bad].startswith("250")


@pytest.mark.parametrize("broken", ["no_such_key = 1", "senders = [", 'reply = "250 2.0.0"'])
def test_a_broken_file_changes_nothing(newest, milter, broken):
    milter.use('senders = ["relay.example"]')
    bad = address("no-record.example")
    mark = milter.mark()
    milter.write_config(broken)
    milter.reload()
    lines = wait_until("the end of the reload", lambda: (found := milter.events("reload", mark))
                       and "nothing has changed" in found[-1]["text"] and found)
    assert all(line["level"] == "error" for line in lines), lines
    assert any(str(milter.config) in line["text"] for line in lines), lines
    assert newest.door(FROM, [bad])[bad].startswith("550 5.7.10")


def test_many_hangups(newest, milter):
    milter.use('senders = ["relay.example"]')
    for _ in range(500):
        milter.reload()
    bad = address("no-record.example")
    assert newest.door(FROM, [bad])[bad].startswith("550 5.7.10")
    mark = milter.mark()
    milter.write_config()
    milter.reload()
    wait_until("the last reload", lambda: newest.door(FROM, [bad])[bad].startswith("250"))
    assert milter.running(), milter.log(mark)


def test_a_unix_socket_below_the_queue_directory(submission, milter):
    """smtpd(8) reaches it from its chroot, because the socket has [listen] socket_mode."""
    path = submission.folder / "spool" / UNIX
    milter.use(f'listen = "unix:{path}"\nsenders = ["relay.example"]')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o666
    good, bad, mark = address("good.example"), address("no-record.example"), submission.mark()
    done = submission.submit(FROM, [good, bad], port=submission.unix_port)
    assert done.rcpt[bad].startswith("550 5.7.10") and done.taken() == [good], done
    assert submission.follow(mark, {"good": good}).outcome("good") == VERIFIED
    milter.kill()
    milter.use(f'listen = "unix:{path}"')         # one left behind is replaced (MLT-2)
    assert submission.door(FROM, [bad], port=submission.unix_port)[bad].startswith("250")
