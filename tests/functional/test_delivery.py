"""Sends a mail to every domain of the table through each Postfix (see roots.versions): does it go out, and how?"""
import pytest

from lab.domains import BOUNCED, BY_NAME, DEFERRED, DOMAINS, OPPORTUNISTIC, VERIFIED
from lab.mail import Mailing
from lab.roots import versions

SMOKE = {"good", "wildcard-mx", "no-starttls", "mx-wrong-name", "no-record", "policy-404", "policy-cname", "bogus",
         "dane-all", "dane-wrong", "dane-some", "dane-cname-unsigned", "tlsa-servfail-sts", "dane-none-nsec3"}
VERSIONS = versions()
ROWS = [pytest.param(domain.name, marks=[pytest.mark.smoke] if domain.name in SMOKE else [])
        for domain in DOMAINS if domain.mail]


@pytest.fixture(scope="module")
def mailings(lab, request):
    """Sends the mails of all tests that will run at once; the tests only check the outcome."""
    wanted = [item.callspec.params["name"] for item in request.session.items
              if item.path == request.path and "mailings" in item.fixturenames]
    lab.daemon.ensure_running()
    sent = {version: Mailing(lab, version, list(dict.fromkeys(wanted))) for version in VERSIONS}
    for each in sent.values():
        each.wait(120)
    return sent


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ROWS)
def test_delivery(mailings, name, version):
    domain, mailing = BY_NAME[name], mailings[version]
    assert mailing.line(name), f"no outcome in time; logged:\n{mailing.sender.log(mailing.start)[-3000:]}"
    story = "\n".join(mailing.story(name))
    assert mailing.outcome(name) == domain.outcome_with(version), f"{domain.fqdn}: {domain.fault}\n{story}"


@pytest.mark.parametrize("name", ROWS)
def test_answer(lab, mailings, name):
    domain = BY_NAME[name]
    answer = lab.ask(domain.fqdn)
    assert domain.answered_by(answer), f"{domain.fqdn}: {domain.fault}\n{answer}"


def test_u_label_next_hop(lab):
    """Postfix asks for an internationalized next hop as UTF-8 (KEY-6)."""
    sender = lab.senders[VERSIONS[-1]]
    mark = sender.mark()
    recipient, = sender.send("bücher.example")
    line = sender.outcomes([recipient]).get(recipient, "")
    assert "status=sent" in line, line or sender.log(mark)
    assert any("Verified TLS" in each for each in sender.tls_lines("mx.xn--bcher-kva.example", mark))


def test_chrooted_smtp(lab):
    """A chrooted smtp(8) reaches the socket below the queue directory (SM-16)."""
    for version in VERSIONS:
        mailing = Mailing(lab, version, ["chroot"])
        mailing.wait()
        assert mailing.outcome("chroot") == VERIFIED, mailing.sender.log(mailing.start)


def test_table_has_every_outcome():
    outcomes = {domain.outcome_with(version) for domain in DOMAINS for version in VERSIONS}
    assert outcomes == {VERIFIED, OPPORTUNISTIC, DEFERRED, BOUNCED}
