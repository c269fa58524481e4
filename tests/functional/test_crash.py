"""After a crash and the loss of the network the cached policy must still protect (STS-30, STS-32)."""
import threading
import time

import pytest

from lab import https
from lab.domains import DEFERRED
from lab.mail import Mailing

KEPT = "OK secure match=mx.crash.example servername=hostname"


class Askers:
    """Threads that ask without a pause until the daemon dies."""

    def __init__(self, lab, keys):
        self.lab, self.threads = lab, [threading.Thread(target=self.run, args=(key,)) for key in keys]
        self.wrong, self.answers = [], 0

    def run(self, key):
        try:
            with self.lab.client() as client:
                for _ in range(100000):
                    answer = client.ask("postfix", key)
                    self.answers += 1
                    protected = key in ("crash.example", "good.example")
                    if not answer.startswith("OK secure " if protected else ("NOTFOUND ", "TEMP ")):
                        self.wrong.append(answer)
        except (EOFError, OSError):
            pass


@pytest.fixture
def attacked(lab):
    """The MX host of crash.example offers no STARTTLS, and mtastsd reaches neither DNS nor policy hosts."""
    lab.mx.strip("mx.crash.example")
    yield from cut_off(lab)
    lab.mx.strip("mx.crash.example", stripped=False)


@pytest.fixture
def alone(lab):
    """mtastsd reaches neither DNS nor policy hosts."""
    yield from cut_off(lab)


def cut_off(lab):
    lab.cut_off()
    yield
    lab.mend()
    lab.daemon.kill()                   # else it would remember that the servers are down
    lab.daemon.start()


@pytest.mark.smoke
def test_kill_nine_keeps_the_cache(lab, mtastsd, request, wait):
    assert lab.ask("crash.example") == KEPT
    assert lab.ask("good.example").startswith("OK secure ")
    for domain in ("crash.example", "good.example"):
        wait(f"{domain} to be stored", lambda domain=domain: domain in mtastsd.ctl("list"))
    askers = Askers(lab, ["crash.example", "good.example", "no-record.example", "nosuch1.example"])
    for thread in askers.threads:
        thread.start()
    wait("some answers", lambda: askers.answers > 100)
    mtastsd.kill()
    for thread in askers.threads:
        thread.join(60)
    assert not askers.wrong

    request.getfixturevalue("attacked")
    mtastsd.start()
    before = time.monotonic()
    assert lab.ask("crash.example") == KEPT
    assert time.monotonic() - before < 4, "a cached answer must not wait 5 s for DNS that is down"
    for version in lab.senders:
        mailing = Mailing(lab, version, ["crash"])
        mailing.wait()
        assert mailing.outcome("crash") == DEFERRED, mailing.sender.log(mailing.start)
        assert "TLS is required, but was not offered" in mailing.line("crash")


def test_other_domains_while_cut_off(lab, mtastsd, alone):
    """An unknown domain is answered within answer_timeout (the client waits 60 s), and never with too weak an answer."""
    before = time.monotonic()
    answer = lab.ask("never-seen.example")
    assert answer.startswith(("NOTFOUND ", "TEMP ")), answer
    assert time.monotonic() - before < 30


def test_mail_waits_while_mtastsd_is_down(lab, mtastsd, wait):
    """Without an answer from mtastsd the mail stays in the queue and goes out later (SM-15)."""
    mtastsd.stop()
    mailings = [Mailing(lab, version, ["good"]) for version in lab.senders]
    for mailing in mailings:
        mailing.wait()
        assert mailing.outcome("good") == DEFERRED, mailing.sender.log(mailing.start)
    mtastsd.start()
    for mailing in mailings:
        mailing.sender.run("postqueue", "-f")
        wait("the mail to go out", lambda mailing=mailing: mailing.delivered("good"))
        assert any("Verified TLS" in line for line in mailing.tls_lines("good"))


@pytest.mark.smoke
def test_many_crashes_in_a_row(lab, mtastsd, wait):
    """After a crash the daemon checks its cache, and keeps it if it is sound: nothing is fetched again."""
    kept = lab.ask("good.example")
    assert kept.startswith("OK secure")
    wait("good.example to be stored", lambda: "good.example" in mtastsd.ctl("list"))
    fetched = https.requests(lab, "good")
    for _ in range(4):
        mtastsd.kill()
        mtastsd.start()
        assert lab.ask("good.example") == kept
    assert https.requests(lab, "good") == fetched, mtastsd.tail()
