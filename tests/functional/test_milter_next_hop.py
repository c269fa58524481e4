"""The next hop counts, not the recipient's domain: transports, relay hosts, and names beyond ASCII."""
import pytest

from lab.domains import DEFERRED, VERIFIED
from lab.submission import ENFORCED, RELAYED, address, local_part

FROM = "lab@relay.example"
LISTED = 'senders = ["*"]\n'
HEADER = "Require-TLS-ESMTP: yes"
HOPS = [    # domain of the recipient (see TRANSPORTS in lab/submission.py), policy domain, whether its TLS is verified
    ("via-dane-host.example", "mx1.dane-all.example", True),
    ("via-relay-transport.example", "mx1.dane-all.example", True),
    ("via-plain-host.example", "mx.no-record.example", False),
    ("via-plain-domain.example", "no-record.example", False),
]
NOT_SMTP = ["someone@discarded.example", "box@virtual.example", "devnull@local.example"]


@pytest.mark.smoke
def test_the_transport_map_decides(submission, milter):
    milter.use(LISTED)
    recipients = {domain: address(domain) for domain, *_ in HOPS}
    replies = submission.door(FROM, recipients.values())
    for domain, hop, verified in HOPS:
        told = replies[recipients[domain]]
        if verified:
            assert told.startswith("250"), told
        else:
            assert told.startswith(f"550 5.7.10 <{recipients[domain]}>") and f"mail to {hop} does not" in told, told


def test_a_message_goes_where_the_milter_was_told(submission, milter):
    milter.use(LISTED)
    recipient, mark = address("via-dane-host.example"), submission.mark()
    done = submission.submit(FROM, [recipient])
    assert done.taken() == [recipient], done
    line = submission.outcomes([recipient])[recipient]
    assert "relay=mx1.dane-all.example[" in line, line
    assert any("Verified TLS" in each for each in submission.tls_lines("mx1.dane-all.example", mark))


def test_a_relay_host_of_the_sender_decides(submission, milter):
    """Postfix tells the milter the next hop of this sender; that of others is the recipient's domain."""
    milter.use(LISTED)
    bad = address("no-record.example")
    assert submission.door(f"lab@{RELAYED}", [bad])[bad].startswith("250")
    assert submission.door(FROM, [bad])[bad].startswith("550 5.7.10")


def test_a_transport_that_verifies_enforces_what_the_milter_checks(submission, milter):
    """The milter demands nothing here, and still no mail goes out unverified (mtasts-milter(8), POSTFIX)."""
    milter.use()
    mark, recipients = submission.mark(), {name: address(f"{name}.example") for name in ("good", "no-record")}
    done = submission.submit(ENFORCED, recipients.values())
    assert len(done.taken()) == 2, done
    mailing = submission.follow(mark, recipients)
    assert [mailing.outcome(name) for name in recipients] == [VERIFIED, DEFERRED]


@pytest.mark.parametrize("recipient", NOT_SMTP)
def test_what_does_not_leave_by_smtp_is_not_asked_about(submission, milter, recipient):
    milter.use(LISTED)
    mark = submission.mark()
    assert submission.submit(FROM, [recipient], HEADER).taken() == [recipient]
    assert "status=sent" in submission.outcomes([recipient])[recipient], submission.log(mark)


def test_any_other_transport_counts_as_smtp(newest, milter):
    milter.use(LISTED + 'not_smtp = ["local"]')
    recipient = NOT_SMTP[0]
    told = newest.door(FROM, [recipient])[recipient]
    assert not told.startswith("250"), "discarded.example does not exist: its TLS can't be verified"


def test_sendmail_names_no_transport(submission, milter, wait):
    """So the recipient's domain counts, unless local_domains says that its mail stays here."""
    milter.use(LISTED + 'local_domains = ["discarded.example", "*.inside.example"]')
    mark, recipient = submission.mark(), address("discarded.example")
    submission.sendmail(FROM, [recipient], HEADER)
    wait("the mail to be discarded", lambda: f"to=<{recipient}>" in submission.log(mark))
    assert "relay=none" in submission.outcomes([recipient])[recipient]
    sender, recipient = address("good.example"), address("via-dane-host.example")
    submission.sendmail(sender, [recipient], HEADER)
    bounce, = wait("the message to come back", lambda: submission.lab.mx.mails("good.example", local_part(sender)))
    assert "via-dane-host.example:" in " ".join(bounce.split())


@pytest.mark.smoke
def test_internationalized_domains(submission, milter):
    milter.use(LISTED)
    for domain in ("bücher.example", "xn--bcher-kva.example"):
        mark, recipient = submission.mark(), address(domain)
        done = submission.submit(FROM, [recipient], options=["SMTPUTF8"])
        assert done.taken() == [recipient], done
        line = submission.outcomes([recipient]).get(recipient, "")
        assert "status=sent" in line, line or submission.log(mark)
        assert any("Verified TLS" in each for each in submission.tls_lines("mx.xn--bcher-kva.example", mark))
    recipient = "bücher@no-record.example"
    done = submission.submit(FROM, [recipient], options=["SMTPUTF8"])
    assert done.rcpt[recipient].startswith("550 5.7.10 <b"), done
    assert "mail to no-record.example does not get: no MTA-STS record" in done.rcpt[recipient], done


def test_internationalized_addresses_by_sendmail(submission, milter):
    milter.use()
    mark, recipient = submission.mark(), address("bücher.example")
    submission.sendmail("bücher@relay.example", [recipient], HEADER, "X-Word: bücher")
    line = submission.outcomes([recipient]).get(recipient, "")
    assert "status=sent" in line, line or submission.log(mark)
    assert submission.lab.mx.mails("bücher.example", local_part(recipient)) or \
        submission.lab.mx.mails("xn--bcher-kva.example", local_part(recipient))
