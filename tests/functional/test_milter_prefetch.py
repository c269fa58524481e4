"""The milter tells mtastsd of each next hop, so that the first delivery finds its policy ready."""
import time

import pytest

from lab.processes import wait_until
from lab.submission import address

FROM = "lab@relay.example"
LIMIT = 2           # seconds: from RCPT to an answer from the cache


def check_prefetched(lab, domain, mark, began):
    """mtastsd has looked the domain up in time, and answers for it from its cache.

    It is not asked meanwhile, because that would look the domain up too; lab/submission.py has Postfix hold the mail.
    """
    for event in ("policy", "dane"):
        wait_until(f"a log line \"{event}\" about {domain}", lambda event=event: any(
            entry["event"] == event and entry.get("domain") == domain for entry in lab.daemon.log(mark)),
            LIMIT - (time.monotonic() - began), every=0.02)
    wait_until(f"{domain} to be stored", lambda: domain in lab.daemon.ctl("list"), LIMIT - (time.monotonic() - began))
    assert lab.ask(domain).startswith("OK secure ")
    answers = wait_until("the answer in the log", lambda: [
        entry for entry in lab.daemon.log(mark) if entry["event"] == "answer" and entry.get("domain") == domain])
    assert [(each["map"], each["source"]) for each in answers] == [("postfix", "cache")], answers


@pytest.mark.smoke
def test_a_domain_is_in_the_cache_soon_after_rcpt(lab, mtastsd, newest, milter):
    milter.use()
    recipient, mark = address("prefetch-smtp.example"), mtastsd.mark()
    with newest.connect() as session:
        session.mail(FROM)
        began = time.monotonic()
        assert session.rcpt(recipient)[0] == 250
        check_prefetched(lab, "prefetch-smtp.example", mark, began)
        session.rset()


def test_so_it_is_for_mail_from_sendmail(lab, mtastsd, newest, milter, wait):
    milter.use()
    recipient, mark, queued = address("prefetch-sendmail.example"), mtastsd.mark(), newest.mark()
    newest.sendmail(FROM, [recipient])
    wait("the message to be picked up", lambda: "postfix/pickup" in newest.log(queued), every=0.01)
    check_prefetched(lab, "prefetch-sendmail.example", mark, time.monotonic())


def test_a_demand_waits_for_the_first_lookup(newest, milter, wait):
    """While nothing is known the mail waits; once something is, it is refused for good."""
    milter.use('senders = ["relay.example"]\nwait = "300ms"')
    bad = address("milter-waits.example")
    first = newest.door(FROM, [bad])[bad]
    assert first.startswith(f"451 4.7.10 <{bad}>: this message requires verified TLS (sender list), but it is not known "
                            "yet whether mail to milter-waits.example gets it: "), first
    wait("the answer to be known", lambda: newest.door(FROM, [bad])[bad].startswith("550 5.7.10"), every=0.3)
