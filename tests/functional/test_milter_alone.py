"""mtasts-milter by itself: what it answers, the protocol, and peers that break it (lab/milter_alone.py)."""
import contextlib
import socket
import subprocess
from pathlib import Path

import pytest

from lab.milter_client import CONTINUE, EVERY_ACTION, EVERY_STEP, Action, Step, packet, zero_ended
from milter_world import ALICE, DEFERRED, HEADER, REFUSED, REQUIRETLS, STAGES, is_refused, logged, made, send_until, to
from milter_world import milter, shared  # noqa: F401  fixtures

LUA = Path(__file__).with_name("milter.lua")

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
