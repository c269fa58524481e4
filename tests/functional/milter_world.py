"""What the tests of mtasts-milter by itself share: the milters, what is sent to them, what is expected."""
import contextlib
import os

import pytest

from conftest import SANITIZER
from lab.milter_alone import MilterAlone
from lab.milter_client import CONTINUE
from lab.processes import wait_until

ALICE = "<alice@sender.example>"
REQUIRETLS = {"arguments": ("REQUIRETLS",)}
HEADER = {"headers": (("Subject", "test"), ("Require-TLS-ESMTP", "yes"))}
REFUSED = "550 5.7.10 "
DEFERRED = "451 4.7.10 "
# Of a message.
STAGES = ("mail", "rcpt", "refused rcpt", "data", "header", "eoh", "body")
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
