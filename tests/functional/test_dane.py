"""DANE beyond the table: Postfix's log, replies without attributes, TCP, reasons, and zones that don't answer."""
import re
import threading
import time

import pytest

from lab import addresses
from lab.domains import BY_NAME, DEFERRED, DOMAINS
from lab.mail import Mailing
from lab.roots import versions
from lab.rows import EXACT

ANSWER_TIMEOUT = 8          # policy.answer_timeout's default, which the lab keeps
SLACK = 6                   # allowance for a busy machine; less than another wait
ASKERS = 50
MAILED = ("dane-all", "dane-ta", "dane-unsigned-mx", "dane-wrong", "tlsa-servfail", "tlsa-forged-sts")
WITH_TLSA = [domain.name for domain in DOMAINS if domain.answer in EXACT]


@pytest.fixture(scope="module", params=versions())
def mailing(lab, request):
    """A mail to each domain of MAILED through one Postfix."""
    lab.daemon.ensure_running()
    mailing = Mailing(lab, request.param, MAILED)
    mailing.wait()
    return mailing


def logged(mailing):
    return mailing.sender.log(mailing.start)


@pytest.mark.parametrize("name", ["dane-all", "dane-ta"])
def test_postfix_calls_it_verified(mailing, name):
    assert "status=sent" in mailing.line(name), logged(mailing)
    assert [line.partition(": ")[2].split()[0] for line in mailing.tls_lines(name)] == ["Verified"]
    if mailing.sender.version == "3.11":        # the first that logs the level
        assert " tls=dane-only," in mailing.line(name)


def test_postfix_does_not_call_an_insecure_mx_verified(mailing):
    """Postfix used TLSA; else the self-signed certificate would be "Untrusted" (DANE-10)."""
    assert "status=sent" in mailing.line("dane-unsigned-mx"), logged(mailing)
    assert [line.partition(": ")[2].split()[0] for line in mailing.tls_lines("dane-unsigned-mx")] == ["Trusted"]


@pytest.mark.parametrize("name, words", [
    ("dane-wrong", "Server certificate not verified"),
    ("tlsa-servfail", "TLSA lookup error for mx.tlsa-servfail.example"),
    ("tlsa-forged-sts", "client TLS configuration problem")])
def test_why_postfix_keeps_a_mail(mailing, name, words):
    assert "status=deferred" in mailing.line(name), logged(mailing)
    assert words in mailing.line(name)


def test_reason_stands_in_postfix_log(lab, mailing):
    """The mail log alone says what is wrong, in libunbound's words; Postfix cuts them at 200 characters."""
    status, _, reason = lab.ask("tlsa-forged-sts.example").partition(" ")
    assert status == "TEMP"
    for word in ("TLSA", "mx.tlsa-forged-sts.example", "DNSSEC bogus", "signature"):
        assert word in reason[:200]
    assert any(reason[:200] in line for line in logged(mailing).splitlines() if "socketmap" in line), logged(mailing)


@pytest.mark.parametrize("name", WITH_TLSA)
def test_no_attributes_in_any_dialect(lab, name):
    """Postfix refuses match= at DANE levels, and sts attributes would hit hosts with TLSA (PFX-10, PFX-27)."""
    domain = BY_NAME[name]
    assert {lab.ask(domain.fqdn, each) for each in ("postfix", "postfix310")} == {domain.answer}


def test_sendmail_does_dane_itself(lab):
    assert lab.ask("dane-all.example", "sts") == "NOTFOUND "
    assert lab.ask("dane-and-sts.example", "sts") == "NOTFOUND "
    assert lab.ask("dane-some-sts.example", "sts").startswith("OK secure ")


def test_truncated_answer_is_fetched_by_tcp(lab):
    """A truncated answer does not count as "no TLSA" (DANE-23)."""
    assert lab.ask("dane-tcp.example") == "OK dane-only"
    asked = [line for line in (lab.folder("dns") / "oddns.log").read_text().splitlines()
             if "_25._tcp.mx.dane-tcp.example. IN TLSA" in line and line.endswith(addresses.RELAY_LINK)]
    assert any(line.startswith("truncate ") and " UDP " in line for line in asked), asked
    assert any(line.startswith("passed ") and " TCP " in line for line in asked), asked


def ask_at_once(lab, key, count=ASKERS):
    """Asks over many connections at once; returns (answer, seconds) for each."""
    clients, results = [lab.client() for _ in range(count)], []
    start = threading.Barrier(count)

    def ask(client):
        start.wait()
        begin = time.monotonic()
        answer = client.ask("postfix", key)
        results.append((answer, time.monotonic() - begin))
    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    for client in clients:
        client.close()
    assert len(results) == count
    return results


@pytest.mark.parametrize("name", ["dead", "dead-hosts"])
def test_dead_zone_holds_up_one_round_of_askers(lab, name):
    """All who ask meanwhile share one wait; later askers are answered at once, and other domains are not delayed."""
    key, other = BY_NAME[name].fqdn, []
    bystander = threading.Timer(1, lambda: other.extend(ask_at_once(lab, "good.example", 1)))
    bystander.start()
    first = ask_at_once(lab, key)
    bystander.join()
    second = ask_at_once(lab, key)
    assert all(answer.startswith("TEMP ") for answer, _ in first + second), first + second
    assert max(seconds for _, seconds in first) < ANSWER_TIMEOUT + SLACK
    assert max(seconds for _, seconds in second) < SLACK
    assert other[0][1] < SLACK


def test_five_mx_hosts_do_not_wait_five_times(lab):
    """Postfix asks once for each MX host (KEY-8); only the first of these may wait for the silent name server."""
    mailings = [Mailing(lab, version, ["tlsa-silent"]) for version in lab.senders]
    for mailing in mailings:
        mailing.wait(60)
        assert mailing.outcome("tlsa-silent") == DEFERRED, logged(mailing)
        assert "client TLS configuration problem" in mailing.line("tlsa-silent")
        seconds = float(re.search(r" delay=([\d.]+)", mailing.line("tlsa-silent"))[1])
        assert seconds < ANSWER_TIMEOUT + 2 * SLACK, mailing.line("tlsa-silent")
