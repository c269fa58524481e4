"""mtasts-milter by itself: protocol, hostile peers, many connections at once, signals, start (lab/milter_alone.py)."""
import contextlib
import grp
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import SANITIZER
from lab import netns
from lab.daemon import program
from lab.milter_alone import MilterAlone, SocketmapServer
from lab.milter_client import CONTINUE, EVERY_ACTION, EVERY_STEP, Action, Client, Step, packet, zero_ended
from lab.processes import wait_until
from lab.socketmap import netstring

LUA = Path(__file__).with_name("milter.lua")
ALICE = "<alice@sender.example>"
REQUIRETLS = {"arguments": ("REQUIRETLS",)}
HEADER = {"headers": (("Subject", "test"), ("Require-TLS-ESMTP", "yes"))}
REFUSED = "550 5.7.10 "
DEFERRED = "451 4.7.10 "
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do it")


@contextlib.contextmanager
def made(*args, **more):
    """A milter that is taken away afterwards. A sanitizer's report in its log fails the test."""
    one = MilterAlone(*args, **more)
    try:
        yield one
        if one.alive():
            code, _ = one.stop()
            assert code == 0, one.text()[-3000:]
        found = SANITIZER.search(one.all_text())
        assert not found, one.all_text()[-8000:]
    finally:
        one.away()


@pytest.fixture(scope="module")
def shared():
    """A milter beside an mtastsd, with the defaults. No test changes or stops it."""
    with made() as one:
        yield one.start()


@pytest.fixture
def milter(shared):
    """The shared one; it must be the same process and serve afterwards."""
    pid = shared.child.pid
    yield shared
    assert shared.alive() and shared.child.pid == pid, shared.text()[-3000:]
    assert_serves(shared)


def to(*domains):
    return [f"<bob@{domain}>" for domain in domains]


def is_refused(reply, *words, begin=REFUSED):
    """True for a reply that begins so and has these words."""
    return reply.kind == "reply" and reply.text.startswith(begin) and all(each in reply.text for each in words)


def assert_serves(milter):
    """Mail without a demand passes, and one with a demand is judged."""
    with milter.session() as client:
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE
        assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])
        client.quit()


def messages(milter, queue):
    """The log lines about the messages with this queue ID."""
    return [each for each in milter.log("message") if each.get("queue") == queue]


def logged(milter, queue, count=1):
    """The same, once there are so many."""
    wait_until(lambda: f"{count} lines about {queue}: {milter.log('message')[-5:]}",
               lambda: len(messages(milter, queue)) >= count)
    return messages(milter, queue)


# --- what is answered ----------------------------------------------------------------------------------------------------

@pytest.mark.smoke
@pytest.mark.parametrize("domain, begin", [("safe.example", None), ("dane.example", None), ("plain.example", REFUSED),
                                           ("none.example", REFUSED), ("unknown.example", DEFERRED)])
def test_requiretls_is_answered_at_rcpt(milter, domain, begin):
    outcome = milter.once(ALICE, *to(domain), **REQUIRETLS)
    if begin is None:
        assert (outcome.recipients, outcome.end) == ([CONTINUE], CONTINUE)
        return
    words = ("not known yet",) if begin == DEFERRED else (f"which mail to {domain} does not get: ",)
    assert is_refused(outcome.recipients[0], f"<bob@{domain}>: this message requires verified TLS (REQUIRETLS)", *words,
                      begin=begin), outcome


def test_each_recipient_is_answered_for_itself(milter):
    outcome = milter.once(ALICE, *to("safe.example", "plain.example", "dane.example"), queue="4EACH", **REQUIRETLS)
    assert outcome.recipients[0] == outcome.recipients[2] == CONTINUE
    assert is_refused(outcome.recipients[1])
    assert outcome.end == CONTINUE
    line = logged(milter, "4EACH")[0]
    assert line["demand"] == "REQUIRETLS" and line["result"] == "accepted", line


@pytest.mark.smoke
def test_a_header_is_answered_at_the_end(milter):
    outcome = milter.once(ALICE, *to("safe.example", "plain.example"), queue="4HEAD", **HEADER)
    assert outcome.recipients == [CONTINUE, CONTINUE]
    assert is_refused(outcome.end, "header Require-TLS-ESMTP", "<bob@plain.example> (plain.example: "), outcome
    assert "safe.example" not in outcome.end.text
    assert logged(milter, "4HEAD")[0]["result"] == "refused"
    assert is_refused(milter.once(ALICE, *to("unknown.example"), **HEADER).end, begin=DEFERRED)
    assert milter.once(ALICE, *to("safe.example"), **HEADER).end == CONTINUE


def test_mail_from_sendmail_is_never_answered_at_rcpt(milter):
    outcome = milter.once(ALICE, *to("plain.example"), smtpd=False, **HEADER)
    assert outcome.recipients == [CONTINUE]
    assert is_refused(outcome.end, "<bob@plain.example>"), outcome


def test_an_empty_return_path_demands_nothing(milter):
    for demand in (REQUIRETLS, HEADER):
        outcome = milter.once("<>", *to("plain.example"), **demand)
        assert (outcome.recipients, outcome.end) == ([CONTINUE], CONTINUE)


def test_what_does_not_leave_by_smtp_is_not_judged(milter):
    for mailer in ("local", "lmtp", "discard", "virtual"):
        assert milter.once(ALICE, *to("plain.example"), mailer=mailer, **REQUIRETLS).end == CONTINUE, mailer
    assert is_refused(milter.once(ALICE, *to("plain.example"), mailer="smtp-out", **REQUIRETLS).recipients[0])


def test_more_than_ten_recipients_are_counted(milter):
    reply = milter.once(ALICE, *(f"<u{number}@plain.example>" for number in range(13)), **HEADER).end
    assert is_refused(reply, "and 3 more"), reply


# --- the protocol --------------------------------------------------------------------------------------------------------

FEW = Step.NOCONNECT | Step.NOHELO      # libmilter takes 0 for the bits of protocol version 1
OFFERS = {"everything": (EVERY_ACTION, EVERY_STEP), "least": (Action.ADDHDRS, FEW),
          "headers with replies": (EVERY_ACTION, EVERY_STEP & ~Step.NR_HDR), "all with replies": (EVERY_ACTION, Step(0x77f)),
          "no list of macros": (EVERY_ACTION & ~Action.SETSYMLIST, EVERY_STEP),
          "no new header": (EVERY_ACTION & ~Action.ADDHDRS, EVERY_STEP),
          "every stage sent": (EVERY_ACTION, EVERY_STEP & ~Step(0x37f)), "version 1": (Action(0), Step(0))}


@pytest.mark.parametrize("offer", OFFERS)
def test_only_what_is_offered_is_used(milter, offer):
    actions, steps = OFFERS[offer]
    try:
        client = milter.dial(actions=actions, steps=steps)
        if offer == "version 1":
            client.offered = (Action(0xf), Step(0x3f))      # what libmilter takes it for
        with client.session():
            for _ in range(2):
                assert client.message(ALICE, *to("safe.example"), **REQUIRETLS).end == CONTINUE
                assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])
                assert is_refused(client.message(ALICE, *to("plain.example"), **HEADER).end)
                assert client.message(ALICE, *to("plain.example")).end == CONTINUE
    except EOFError:
        pytest.fail(f"the connection was closed: {milter.text()[-2000:]}")


def test_it_asks_for_the_macros_that_it_needs(milter):
    with milter.session() as client:
        assert {"{rcpt_host}", "{rcpt_mailer}"} <= set(client.symbols[b"R"])
        assert "{auth_authen}" in client.symbols[b"M"]
        assert any("i" in names for names in client.symbols.values())
        assert client.steps & Step.NOBODY, "it has no use for the body"


def test_a_header_field_is_written_only_if_the_mta_takes_it():
    """What the message has of that name goes, from the last on, because the numbers of the others must stay right."""
    with made('add_header = "X-Decision"') as milter:
        milter.start()
        forged = (("X-Decision", "forged"), ("Subject", "test"), ("x-decision", "again"))
        added = ("add header", ("X-Decision", "plain.example=answer"))
        removed = [("change header", (number, "X-Decision", "")) for number in (2, 1)]
        for missing, changes in ((0, [*removed, added]), (Action.ADDHDRS, removed), (Action.CHGHDRS, [added]),
                                 (Action.ADDHDRS | Action.CHGHDRS, [])):
            with milter.session(actions=EVERY_ACTION & ~missing) as client:
                outcome = client.message(ALICE, *to("plain.example"), headers=forged)
                assert (outcome.end, outcome.changes) == (CONTINUE, changes), missing


@pytest.mark.parametrize("version", [2, 3, 4, 5, 7])
def test_other_versions_of_the_protocol(milter, version):
    """libmilter understands older MTAs from version 2 on; for a newer one it offers its own."""
    offer = (EVERY_ACTION, EVERY_STEP) if version > 5 else (0x3f, 0x7f)
    with milter.dial(version=version, actions=offer[0], steps=offer[1]) as client:
        client.session()
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE
        assert is_refused(client.message(ALICE, *to("plain.example"), **HEADER).end)


STAGES = ("mail", "rcpt", "refused rcpt", "data", "header", "eoh", "body")


def send_until(client, stage, queue):
    """Sends a message that demands verified TLS up to this stage."""
    client.macros(b"M", {"i": queue})
    client.mail(ALICE, "REQUIRETLS")
    domain = "plain.example" if stage == "refused rcpt" else "safe.example"
    steps = {"mail": lambda: None, "rcpt": lambda: client.rcpt(*to(domain)), "data": client.data,
             "header": lambda: client.header("Require-TLS-ESMTP", "yes"), "eoh": client.eoh,
             "body": lambda: client.body(b"x\r\n")}
    for name, step in steps.items():
        if name == "rcpt":
            client.macros(b"R", {"i": queue, "{rcpt_addr}": f"bob@{domain}", "{rcpt_host}": domain,
                                 "{rcpt_mailer}": "smtp"})
        step()
        if name == stage or (name == "rcpt" and stage == "refused rcpt"):
            return


@pytest.mark.parametrize("stage", STAGES)
def test_an_aborted_message_leaves_nothing_behind(milter, stage):
    queue = f"4ABORT{STAGES.index(stage)}"
    with milter.session() as client:
        for _ in range(3):
            send_until(client, stage, queue)
            client.abort()
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE, "its demand is gone"
        assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])
        client.abort()                  # without a message
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE
    if stage not in ("mail", "data"):   # the queue ID is known from the first accepted recipient on (MLT-19)
        assert {each["result"] for each in logged(milter, queue, 3)} == {"refused" if stage == "refused rcpt" else "gone"}


@pytest.mark.parametrize("stage", ("nothing", "negotiation", "session", *STAGES, "end"))
@pytest.mark.parametrize("bye", ("quit", "close"))
def test_the_connection_may_end_at_any_time(milter, stage, bye):
    with milter.dial() as client:
        if stage != "nothing":
            client.negotiate()
        if stage not in ("nothing", "negotiation"):
            client.connect()
            client.helo()
        if stage == "end":
            client.message(ALICE, *to("safe.example"), **REQUIRETLS)
        elif stage in STAGES:
            send_until(client, stage, "4CLOSE")
        if bye == "quit":
            client.quit()
            with pytest.raises(EOFError):
                client.receive()


def test_many_messages_on_one_connection(milter):
    with milter.session() as client:
        for number in range(50):
            assert client.message(ALICE, *to("plain.example")).end == CONTINUE, number
            assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0]), number
            assert is_refused(client.message(ALICE, *to("plain.example"), **HEADER).end), number
            assert client.message(ALICE, *to("safe.example"), **HEADER).end == CONTINUE, number


def test_an_mta_that_starts_the_next_message_without_an_end(milter):
    """MAIL in the middle of a message: the first one is over, and its demand with it."""
    with milter.session() as client:
        send_until(client, "rcpt", "4TWICE")
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE


def test_another_session_on_the_same_connection(milter):
    with milter.session() as client:
        send_until(client, "rcpt", "4NEXT")
        for _ in range(3):
            client.quit_for_next()
            client.connect()
            client.helo()
            assert client.message(ALICE, *to("plain.example")).end == CONTINUE
            assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])


def test_mail_without_a_negotiation(milter):
    """libmilter lets a message through to the filter that never saw a connection."""
    with milter.dial(timeout=5) as client, contextlib.suppress(EOFError, TimeoutError, ConnectionError):
        client.message(ALICE, *to("plain.example"), **REQUIRETLS)


GARBAGE = {
    "half a length": b"\0\0", "no length": b"\0\0\0\0M", "nothing but a command": b"\0\0\0\1z",
    "minus one": b"\xff\xff\xff\xffM", "two gigabytes": b"\x7f\xff\xff\xffM",
    "more than a packet may have": b"\0\x10\0\0M" + b"x" * 1000, "half a packet": b"\0\0\1\0Mhalf",
    "HTTP": b"GET / HTTP/1.0\r\n\r\n", "zeros": b"\0" * 5000, "short negotiation": packet(b"O", b"\0" * 8),
    "connection without an address": packet(b"C", b"host\0"), "connection of an odd kind": packet(b"C", b"host\0?\0\0\0"),
    "address that is none": packet(b"C", b"host\0004\0\1nonsense\0"), "MAIL without a NUL": packet(b"M", b"<a@b.example>"),
    "MAIL without an address": packet(b"M"), "MAIL with an empty address": packet(b"M", b"\0"),
    "RCPT first": packet(b"R", b"<a@b.example>\0"),
    "RCPT without an address": packet(b"M", b"<a@b.example>\0") + packet(b"R"),
    "header of one string": packet(b"M", b"<a@b.example>\0") + packet(b"L", b"name\0"),
    "header of three strings": packet(b"M", b"<a@b.example>\0") + packet(b"L", b"a\0b\0c\0"),
    "end of no message": packet(b"E"), "macros of no stage": packet(b"D"),
    "a macro without a value": packet(b"D", b"R{rcpt_host}\0"),
    "macros without a NUL": packet(b"D", b"R{rcpt_host}"), "macros of an unknown stage": packet(b"D", b"!i\0x\0"),
    "two negotiations": packet(b"O", b"\0\0\0\6\0\0\1\xff\0\x1f\xff\xff") * 2, "an unknown command": packet(b"~", b"x"),
}


@pytest.mark.parametrize("when", ("first", "in a session"))
@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_harms_nobody_else(milter, what, when):
    """libmilter closes such a connection or ignores the packet. Others are served (the fixture sends mail afterwards)."""
    with milter.dial() as client, contextlib.suppress(ConnectionError):
        if when == "in a session":
            client.session()
        client.send_raw(GARBAGE[what])
        client.stream.shutdown(socket.SHUT_WR)
        while client.stream.recv(65536):        # until it has dealt with the packet and closes
            pass


# Not among them: an odd number of strings, at which libmilter itself reads past its own array and crashes.
ODD_MACROS = {"empty": ("", ""), "space": (" ", "smtp"), "no next hop": (None, "smtp"), "no transport": ("plain.example", None),
              "long": ("x" * 60000, "smtp"), "not UTF-8": (b"\xff\xfe.example", "smtp"),
              "control characters": ("a\r\nb\x1b[2J", "smtp"), "brackets": ("[", "smtp"),
              "port": ("[plain.example]:99999999999", "smtp"), "colon": (":", "smtp"),
              "long transport": ("plain.example", "x" * 60000), "address": ("192.0.2.1", "smtp"),
              "percent": ("%s%n%d.example", "smtp")}


@pytest.mark.parametrize("what", ODD_MACROS)
def test_odd_macros(milter, what):
    """Whatever the next hop is: mail without a demand passes, and a reply is one line of at most 980 octets (MLT-9)."""
    host, mailer = ODD_MACROS[what]
    strings = [each for pair in (("{rcpt_host}", host), ("{rcpt_mailer}", mailer)) if pair[1] is not None for each in pair]
    for arguments in ((), ("REQUIRETLS",)):
        with milter.session() as client:
            assert client.mail(ALICE, *arguments) in (None, CONTINUE)
            client.ahead += packet(b"D", b"R" + zero_ended(*strings))
            reply = client.rcpt("<bob@plain.example>")
            end, _ = client.end()
            if arguments:
                text = (reply if reply.kind == "reply" else end).text
                assert len(text) <= 1000 and text.isprintable(), text
            else:
                assert (reply, end) == (CONTINUE, CONTINUE)


ODD_ADDRESSES = ("<>", "", "<", "<@a.example,@b.example:bob@plain.example>", "<bob>", "<bob@>", "<bob@[192.0.2.1]>",
                 "<bøb@plæin.example>", '<"a b@c"@plain.example>', "<" + "x" * 30000 + "@plain.example>",
                 "<a@" + "x." * 10000 + "example>", "<%s%n@%d.example>")


def test_odd_addresses(milter):
    for address in ODD_ADDRESSES:
        with milter.session() as client:
            assert client.message(ALICE, address).end == CONTINUE, address
            for reply in client.message(ALICE, address, **REQUIRETLS).recipients:
                assert len(reply.text) <= 1000 and reply.text.isprintable(), (address, reply)
            outcome = client.message(address, *to("plain.example"), **HEADER)
            assert outcome.end is None or len(outcome.end.text) <= 1000, (address, outcome)


def test_a_message_without_measure(milter):
    """10,000 recipients, 20,000 header fields, one of 60,000 octets."""
    before = milter.status("VmRSS")
    with milter.session() as client:
        recipients = [f"<u{number}@plain.example>" for number in range(10_000)]
        headers = [("X-Many", str(number)) for number in range(20_000)]
        headers += [("X-Long", "x" * 60_000), ("Require-TLS-ESMTP", "yes")]
        outcome = client.message(ALICE, *recipients, headers=headers)
        assert set(outcome.recipients) == {CONTINUE}
        assert is_refused(outcome.end, "more") and len(outcome.end.text) <= 1000, outcome.end
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE
    assert milter.status("VmRSS") - before < 64 * 1024, "KiB"


@pytest.mark.parametrize("script, words", [("requiretls", "refused at RCPT"), ("header", "refused at the end"),
                                           ("plain", "accepted")])
def test_by_miltertest(milter, script, words):
    """Debian's miltertest, a client that is not ours, sees the same."""
    done = subprocess.run(["miltertest", "-D", f"socket=unix:{milter.socket}", "-D", f"script={script}", "-s", LUA],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert words in done.stdout


# --- many at once --------------------------------------------------------------------------------------------------------

CONNECTIONS = 200
# What each connection sends, and how often each demand is refused or deferred in it.
MIX = [({}, "plain.example", CONTINUE), (REQUIRETLS, "safe.example", CONTINUE), (HEADER, "dane.example", CONTINUE),
       (REQUIRETLS, "plain.example", REFUSED), (HEADER, "none.example", REFUSED), ({}, "unknown.example", CONTINUE),
       (REQUIRETLS, "unknown.example", DEFERRED)]


class Crowd:
    """Connections at once, each on a thread; mistakes are what went wrong."""

    def __init__(self, milter, count, rounds):
        self.milter, self.rounds = milter, rounds
        self.all_here = threading.Barrier(count + 1)
        self.mistakes = []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(count)]
        for each in self.threads:
            each.start()

    def run(self, number):
        try:
            with self.milter.session() as client:
                self.all_here.wait(120)
                for turn in range(self.rounds):
                    self.mistakes += self.send(client, f"4{number:03}T{turn}")
                client.quit()
        except Exception as error:      # noqa: BLE001  whatever it is, it is a mistake
            self.mistakes.append(f"{number}: {error!r}")
            self.all_here.abort()

    def send(self, client, queue):
        for more, domain, expected in MIX:
            outcome = client.message(ALICE, *to(domain), queue=queue, **more)
            reply = outcome.end or outcome.recipients[0]
            if reply != expected and not (isinstance(expected, str) and is_refused(reply, begin=expected)):
                yield f"{queue} {more} {domain}: {outcome}"

    def wait(self):
        for each in self.threads:
            each.join(300)
        assert not self.mistakes, f"{len(self.mistakes)}: {self.mistakes[:3]}"
        assert not any(each.is_alive() for each in self.threads)


@pytest.mark.smoke
def test_two_hundred_connections_at_once():
    with made() as milter:
        milter.start()
        crowd = Crowd(milter, CONNECTIONS, rounds=3)
        crowd.all_here.wait(120)
        crowd.wait()
        with_demand = 3 * CONNECTIONS * sum(bool(more) for more, *_ in MIX)
        wait_until(lambda: f"{len(milter.log('message'))} of {with_demand} lines",
                   lambda: len(milter.log("message")) >= with_demand)
        lines = milter.log("message")
        assert len(lines) == with_demand, "one for each message with a demand"
        results = {each: sum(line["result"] == each for line in lines) for each in ("accepted", "refused", "deferred", "gone")}
        each = with_demand // 5
        assert results == {"accepted": 2 * each, "refused": 2 * each, "deferred": each, "gone": 0}
        assert_serves(milter)


@pytest.mark.smoke
def test_hangups_while_a_crowd_sends():
    with made() as milter:
        milter.start()
        crowd = Crowd(milter, 50, rounds=6)
        crowd.all_here.wait(120)
        while any(each.is_alive() for each in crowd.threads):
            milter.signal(signal.SIGHUP)
            time.sleep(0.02)
        crowd.wait()
        milter.write('reply = "550 5.7.30"')
        milter.signal(signal.SIGHUP)

        def changed():
            return is_refused(milter.once(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0], begin="550 5.7.30 ")
        wait_until(lambda: f"the new reply: {milter.text()[-2000:]}", changed)


def test_connections_that_end_in_the_middle_are_forgotten():
    """Their memory comes back, and each of their messages with a demand is told."""
    with made() as milter:
        milter.start()

        def leave(count):
            for number in range(count):
                with milter.session() as client:
                    send_until(client, "header", "4LEFT")
        leave(300)
        logged(milter, "4LEFT", 300)
        before = milter.status("VmRSS")
        leave(1500)
        lines = logged(milter, "4LEFT", 1800)
        assert {each["result"] for each in lines} == {"gone"}
        assert milter.status("VmRSS") - before < 1024, "KiB"


def test_memory_does_not_grow_with_messages():
    """A short form of the benchmark's part `milter`, which sends 50,000."""
    with made() as milter:
        milter.start()
        clients = [milter.session() for _ in range(4)]

        def send(count):
            for number in range(count):
                more, domain, _ = MIX[number % len(MIX)]
                clients[number % len(clients)].message(ALICE, *to(domain), **more)
        send(2000)
        before = milter.status("VmRSS")
        send(3000)
        assert milter.status("VmRSS") - before < 1024, "KiB"
        for each in clients:
            each.close()


# --- signals -------------------------------------------------------------------------------------------------------------

def test_a_file_that_is_wrong_changes_nothing():
    with made('reply = "550 5.7.30"') as milter:
        milter.start()
        with milter.session() as client:
            for wrong in ('reply = "250 2.0.0"', "no_such_key = 1", "reply = ", 'zone = "nowhere"'):
                mark = len(milter.text())
                milter.write(wrong)
                milter.signal(signal.SIGHUP)
                wait_until(lambda: f"a complaint about {wrong}: {milter.text()[mark:]}",
                           lambda: '"level":"error"' in milter.text()[mark:] or '"level":"warning"' in milter.text()[mark:])
                outcome = client.message(ALICE, *to("plain.example"), **REQUIRETLS)
                assert is_refused(outcome.recipients[0], begin="550 5.7.30 "), (wrong, outcome)


def test_a_reload_counts_for_connections_that_begin_later():
    with made() as milter:
        milter.start()
        with milter.session() as old:
            assert is_refused(old.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])
            milter.write("requiretls = false")
            milter.signal(signal.SIGHUP)
            wait_until(lambda: f"the reload: {milter.text()[-2000:]}",
                       lambda: milter.once(ALICE, *to("plain.example"), **REQUIRETLS).end == CONTINUE)
            assert is_refused(old.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])


def test_a_storm_of_hangups_is_no_end():
    """Also: no thread of libmilter waits for signals. It would be given some of a storm, and end the process (MLT-6)."""
    with made() as milter:
        milter.start()
        with milter.session() as client:
            for _ in range(10):
                for _ in range(200):
                    milter.signal(signal.SIGHUP)
                assert client.message(ALICE, *to("plain.example")).end == CONTINUE
        waits = [(task / "wchan").read_text() for task in Path(f"/proc/{milter.child.pid}/task").iterdir()]
        assert not [each for each in waits if "sigtimedwait" in each], waits
        assert milter.stop()[0] == 0, milter.text()[-3000:]


@pytest.mark.smoke
@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
@pytest.mark.parametrize("what", ("nothing", "idle", "messages", "silence"))
def test_it_stops_soon_whatever_is_under_way(what, number):
    """Idle connections; messages at every stage; a message that waits for an mtastsd that is silent."""
    with made('wait = "20s"') as milter:
        milter.start()
        held = [milter.session() for _ in (STAGES if what != "nothing" else ())]
        if what == "messages":
            for client, stage in zip(held, STAGES):
                send_until(client, stage, "4STOP")
        if what == "silence":
            milter.daemon.signal(signal.SIGSTOP)
            held[0].mail(ALICE, "REQUIRETLS")
            held[0].macros(b"R", {"{rcpt_host}": "new.example", "{rcpt_mailer}": "smtp"})
            held[0].send(b"R", b"<bob@new.example>\0")
        begin = time.monotonic()
        milter.signal(number)
        code = milter.child.wait(60)
        seconds = time.monotonic() - begin
        milter.daemon.signal(signal.SIGCONT)
        for each in held:
            each.close()
        assert code == 0, milter.text()[-3000:]
        assert seconds < 10
        assert not milter.socket.exists(), "it takes its socket away"


def test_mtastsd_may_come_and_go():
    """Mail without a demand passes meanwhile, and judging works again once mtastsd is back."""
    with made('wait = "1s"') as milter:
        milter.start(daemon=False)
        with milter.session() as client:
            for _ in range(2):
                assert client.message(ALICE, *to("plain.example")).end == CONTINUE
                assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0], begin=DEFERRED)
                milter.daemon.start()

                def judged():
                    reply = client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0]
                    return is_refused(reply)
                wait_until("it to be asked again", judged, 30)     # at most 5 s within the first minute
                assert milter.daemon.stop()[0] == 0


# --- a hostile mtastsd ---------------------------------------------------------------------------------------------------

def decision(verdict, **more):
    answer = {"domain": "x.example", "decision": verdict, "reason": "invented", "detail": "", **more}
    return netstring(b"OK " + json.dumps(answer).encode())


HOSTILE = {
    "closes": b"", "says nothing": None, "not a netstring": b"OK secure\n", "endless length": b"9" * 100_000,
    "huge netstring": b"104857600:OK " + b"x" * 104_857_600, "negative length": b"-1:,", "no comma": b"4:OK x;",
    "empty": b"0:,",
    "not JSON": netstring(b"OK {"), "not an object": netstring(b"OK [1]"), "no decision": netstring(b"OK {}"),
    "unknown decision": decision("certainly"), "decision of a wrong type": netstring(b'OK {"decision":1}'),
    "deep": netstring(b'OK {"a":' + b"[" * 90_000), "NUL": netstring(b"OK \0"), "not found": netstring(b"NOTFOUND "),
    "TEMP": netstring(b"TEMP later"), "PERM": netstring(b"PERM no such map"),
    "not UTF-8": netstring(b'OK {"decision":"secure","reason":"\xff\xfe"'), "two answers": netstring(b"OK cached") * 3,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_mtastsd_says_nothing_is_let_through(what):
    """Mail with a demand is deferred; mail without one passes, and does not wait; memory is bounded."""
    with made('wait = "500ms"') as milter:
        server = SocketmapServer(milter.folder / "policy.sock", lambda name, key: HOSTILE[what])
        try:
            milter.start(daemon=False)
            for number in range(3):
                assert milter.once(ALICE, *to(f"a{number}.example")).end == CONTINUE
                outcome = milter.once(ALICE, *to(f"b{number}.example"), **REQUIRETLS)
                assert is_refused(outcome.recipients[0], f"<bob@b{number}.example>", begin=DEFERRED), outcome
                assert outcome.recipients[0].text.isprintable()
            wait_until("its log", milter.text)
            assert milter.status("VmHWM") < 64 * 1024, "KiB"
        finally:
            server.close()


def test_a_reason_that_attacks_is_made_harmless():
    reason = "bad\r\n250 ok\x1b[2J%s%n\0" + "x" * 5000
    with made() as milter:
        answer = decision("none", reason=reason, detail=reason)
        server = SocketmapServer(milter.folder / "policy.sock", lambda name, key: answer)
        try:
            milter.start(daemon=False)
            for more in (REQUIRETLS, HEADER):
                outcome = milter.once(ALICE, *to("x.example"), queue="4EVIL", **more)
                reply = outcome.end or outcome.recipients[0]
                assert is_refused(reply, "bad") and len(reply.text) <= 1000 and reply.text.isprintable(), reply
                assert "\x1b" not in milter.text()
        finally:
            server.close()


def test_mail_without_a_demand_never_waits():
    """mtastsd takes the connections and is silent; each question may wait 20 s."""
    with made('wait = "20s"') as milter:
        server = SocketmapServer(milter.folder / "policy.sock", lambda name, key: None)
        try:
            milter.start(daemon=False)
            begin = time.monotonic()
            with milter.session() as client:
                for number in range(100):
                    assert client.message(ALICE, *to(f"d{number}.example")).end == CONTINUE
            assert time.monotonic() - begin < 15, "not even one of them waited"
        finally:
            server.close()


def test_what_mtastsd_is_asked():
    """Mail without a demand is only announced; a next hop is passed on as Postfix writes it; the zone is the configured one."""
    zone = "[zone.partners]\ntesting_as_enforce = true\n"
    with made('zone = "partners"', rest=zone) as milter:
        def answer(name, _):
            return netstring(b"OK queued") if name.startswith("prefetch") else decision("secure")
        server = SocketmapServer(milter.folder / "policy.sock", answer)
        try:
            milter.start(daemon=False)
            with milter.session() as client:
                client.message(ALICE, *to("a.example"))
                client.message(ALICE, *to("local.example"), mailer="local")
                client.mail(ALICE, "REQUIRETLS")
                client.macros(b"R", {"i": "4ABC", "{rcpt_host}": "[relay.example]:587", "{rcpt_mailer}": "relay"})
                assert client.rcpt("<bob@b.example>") == CONTINUE
                client.abort()
            wait_until(lambda: server.requests, lambda: ("prefetch/partners", "a.example") in server.requests)
            wait_until(lambda: server.requests, lambda: ("json/partners", "[relay.example]:587") in server.requests)
            assert ("json/partners", "a.example") not in server.requests
            assert {name for name, _ in server.requests} <= {"json/partners", "prefetch/partners"}
            assert not {"local.example", "b.example"} & {key for _, key in server.requests}
        finally:
            server.close()


# --- start ---------------------------------------------------------------------------------------------------------------

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
