"""mtasts-milter whose memory runs out at one step of a message (faults/failing_memory.cpp)."""
import os

import pytest

from lab.daemon import program
from lab.milter_client import CONTINUE
from lab.processes import wait_until
from milter_world import ALICE, REQUIRETLS, assert_serves, is_refused, made, to

SIZE = 7000
# A next hop for which there is no memory.
LONG = "x" * (SIZE + 20)

pytestmark = pytest.mark.skipif(os.environ.get("MTASTSD_PRESET") in ("asan", "tsan"),
                                reason="sanitizers replace operator new themselves")


@pytest.fixture
def failing():
    with made() as one:
        one.wrap = ["env", f"LD_PRELOAD={program('libfailing_memory.so')}", f"FAILING_MEMORY={SIZE}"]
        yield one.start()
        assert_serves(one)


def up_to_rcpt(client, *parameters):
    """Sends MAIL, and RCPT with a next hop for which there is no memory; returns the reply to RCPT."""
    client.macros(b"M", {"i": "4MEMORY"})
    client.mail(ALICE, *parameters)
    client.macros(b"R", {"i": "4MEMORY", "{rcpt_addr}": "bob@safe.example", "{rcpt_host}": LONG, "{rcpt_mailer}": "smtp"})
    return client.rcpt(*to("safe.example"))


def failures(milter):
    return sum(each.get("text") == "std::bad_alloc" for each in milter.log("milter"))


def test_mail_with_a_demand_is_deferred_at_once(failing):
    with failing.session() as client:
        assert up_to_rcpt(client, "REQUIRETLS").kind == "tempfail"
    wait_until(lambda: f"the failure in the log: {failing.text()}", lambda: failures(failing) == 1)


def test_other_mail_is_deferred_at_its_end(failing):
    """A demand may still come with a header, and the recipient that was lost would escape it."""
    with failing.session() as client:
        assert up_to_rcpt(client) == CONTINUE
        for step in (client.data, lambda: client.header("Subject", "test"), client.eoh, lambda: client.body(b"x\r\n")):
            assert step() in (None, CONTINUE)
        assert client.end()[0].text.startswith("451 ")
        assert client.message(ALICE, *to("plain.example")).end == CONTINUE, "the next message is well"
        assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])
