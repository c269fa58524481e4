"""What demands verified TLS, and which demand goes before which: REQUIRETLS, headers, lists, and "TLS-Required: No"."""
import pytest

from lab.domains import OPPORTUNISTIC, VERIFIED
from lab.processes import wait_until
from lab.roots import versions
from lab.submission import address, local_part

FROM = "lab@relay.example"
OPT_OUT = "TLS-Required: No"
REQUIRE = "Require-TLS-ESMTP: yes"
OWN = "X-Company-Class: Confidential"
OWN_HEADER = 'headers = ["Require-TLS-ESMTP: yes", "X-Company-Class: confidential"]\n'
SENDERS, RECIPIENTS, USERS = 'senders = ["relay.example"]\n', 'recipients = ["*.example"]\n', 'users = ["*"]\n'
YIELDS = "list_beats_tls_required = false\n"
AT_RCPT, AT_END, ACCEPTED = "at RCPT", "at end of message", "accepted"
ROWS = [    # configuration, headers, user, where a message to no-record.example is refused
    ("", [], None, ACCEPTED),
    ("", [REQUIRE], None, AT_END),
    ("", [REQUIRE, OPT_OUT], None, AT_END),                 # it counts as REQUIRETLS, which beats the other
    ("", ["require-tls-esmtp:  YES "], None, AT_END),
    ("", ["Require-TLS-ESMTP: no"], None, ACCEPTED),
    ("", ["Require-TLS-ESMTP:"], None, ACCEPTED),
    ("headers = []\n", [REQUIRE], None, ACCEPTED),
    (OWN_HEADER, [OWN], None, AT_END),
    (OWN_HEADER, [OWN, OPT_OUT], None, ACCEPTED),
    (OWN_HEADER, [OWN, REQUIRE, OPT_OUT], None, AT_END),
    (OWN_HEADER, [OWN, "TLS-Required: maybe"], None, AT_END),
    (SENDERS, [OPT_OUT], None, AT_RCPT),
    (SENDERS + YIELDS, [], None, AT_END),
    (SENDERS + YIELDS, [OPT_OUT], None, ACCEPTED),
    (SENDERS + YIELDS, [OPT_OUT, REQUIRE], None, AT_END),
    (RECIPIENTS, [OPT_OUT], None, AT_RCPT),
    (RECIPIENTS + YIELDS, [], None, AT_END),
    (RECIPIENTS + YIELDS, ["tls-required: NO"], None, ACCEPTED),
    (USERS, [OPT_OUT], "alice", AT_RCPT),
    (USERS, [], None, ACCEPTED),
    (USERS + YIELDS, [], "alice", AT_END),
    (USERS + YIELDS, [OPT_OUT], "alice", ACCEPTED),
    ('senders = ["lab@relay.example"]\n', [], None, AT_RCPT),
    ('senders = ["LAB@Relay.Example"]\n', [], None, AT_RCPT),
    ('senders = ["@relay.example"]\n', [], None, AT_RCPT),
    ('senders = ["*"]\n', [], None, AT_RCPT),
    ('senders = ["*.relay.example", "other@relay.example", "elay.example"]\n', [], None, ACCEPTED),
]


# Ways to write lab@no-record.example and lab@relay.example, all of which Postfix reads so.
NOTATIONS = ["lab@{0}", "LAB@{1}", "lab@{0}.", "@one.example:lab@{0}", "lab%{0}", "{0}!lab", '"lab@{0}"', '"lab"@{0}',
             "lab@ {0}"]


def where_refused(done):
    if done.refused():
        return AT_RCPT
    return ACCEPTED if done.end.startswith("250") else AT_END


def test_demands_and_their_order(newest, milter):
    """One row after the other, with the milter reading its configuration again; the last headers are the input's."""
    milter.use()
    for config, headers, user, where in ROWS:
        milter.use(config)
        done = newest.submit(FROM, [address("no-record.example")], *headers, user=user)
        assert where_refused(done) == where, (config, headers, user, done)
        if where != ACCEPTED:
            reply = done.end or next(iter(done.rcpt.values()))
            assert reply.startswith("550 5.7.10 "), reply


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_list_counts_in_every_notation(newest, milter, notation):
    """What counts is the address that Postfix makes of it, or a client could evade the list."""
    milter.use('recipients = ["no-record.example"]')
    with newest.connect() as session:
        session.mail(FROM)
        code, text = session.docmd(f"RCPT TO:<{notation.format('no-record.example', 'No-Record.Example')}>")
    assert (code, text[:6]) == (550, b"5.7.10"), text
    milter.use(SENDERS)
    with newest.connect() as session:
        assert session.docmd(f"MAIL FROM:<{notation.format('relay.example', 'Relay.Example')}>")[0] == 250
        code, text = session.docmd("RCPT TO:<lab@no-record.example>")
    assert (code, text[:6]) == (550, b"5.7.10"), text


def test_addresses_without_a_domain_are_in_the_relays_own(newest, milter):
    milter.use(f'senders = ["relay{newest.version.replace(".", "")}.example"]')
    bad = address("no-record.example")
    assert newest.door("someone", [bad])[bad].startswith("550 5.7.10")


def test_what_postfix_makes_of_an_opt_out_that_a_list_beats(submission, milter):
    """From 3.10 on it sends such mail without asking the policy map, unless tls_required_enable = no (PFX-36)."""
    milter.use(SENDERS)
    good, mark = address("good.example"), submission.mark()
    assert submission.submit(FROM, [good], OPT_OUT).taken() == [good]
    outcome = VERIFIED if submission.version == "3.7" else OPPORTUNISTIC
    assert submission.follow(mark, {"good": good}).outcome("good") == outcome


@pytest.mark.parametrize("version", [each for each in versions() if each not in ("3.7", "3.10")])
class TestRequireTls:
    """The parameter of MAIL FROM, which Postfix offers from 3.11 on, within TLS."""

    def test_it_is_known_at_rcpt(self, submissions, milter, version):
        milter.use()
        submission = submissions[version]
        good, dane, bad = (address(f"{name}.example") for name in ("good", "dane-all", "no-record"))
        mark = submission.mark()
        done = submission.submit(FROM, [bad, good, dane], options=["REQUIRETLS"], tls=True)
        assert done.rcpt[bad].startswith(f"550 5.7.10 <{bad}>: this message requires verified TLS (REQUIRETLS), "
                                         "which mail to no-record.example does not get: no MTA-STS record")
        assert done.taken() == [good, dane], done
        mailing = submission.follow(mark, {"good": good, "dane-all": dane})
        assert [mailing.outcome("good"), mailing.outcome("dane-all")] == [VERIFIED, VERIFIED]
        assert not submission.lab.mx.mails("no-record.example", local_part(bad))

    def test_it_beats_the_opt_out(self, submissions, milter, version):
        milter.use()
        bad, good = address("no-record.example"), address("good.example")
        mark = submissions[version].mark()
        done = submissions[version].submit(FROM, [bad, good], OPT_OUT, options=["REQUIRETLS"], tls=True)
        assert done.refused() == [bad] and done.taken() == [good], done
        assert submissions[version].follow(mark, {"good": good}).outcome("good") == VERIFIED

    def test_it_can_be_turned_off(self, submissions, milter, version):
        """Postfix writes the header into such mail (requiretls_esmtp_header = yes), and it does not count then either."""
        milter.use("requiretls = false")
        bad = address("no-record.example")
        done = submissions[version].submit(FROM, [bad], options=["REQUIRETLS"], tls=True)
        assert done.taken() == [bad], done

    def test_it_is_known_of_mail_from_sendmail(self, submissions, milter, version, wait):
        """By the header that Postfix writes."""
        milter.use()
        submission, sender, bad = submissions[version], address("good.example"), address("no-record.example")
        submission.run("sendmail", "-O", "requiretls=yes", "-f", sender, bad, input="Subject: lab\n\nlab\n")
        bounce, = wait("the message to come back", lambda: submission.lab.mx.mails("good.example", local_part(sender)))
        assert "no-record.example: no MTA-STS record" in " ".join(bounce.split())

    def test_it_does_not_bind_an_empty_return_path(self, submissions, milter, version):
        milter.use()
        bad = address("no-record.example")
        assert submissions[version].door("", [bad], options=["REQUIRETLS"], tls=True)[bad].startswith("250")


@pytest.mark.smoke
def test_an_empty_return_path_demands_nothing(newest, milter):
    """Bounces must get through, whatever they quote (RTLS-4)."""
    milter.use('senders = ["*"]\nrecipients = ["*"]\nusers = ["*"]\n' + OWN_HEADER)
    bad, logged, mark = address("no-record.example"), milter.mark(), newest.mark()
    assert newest.submit("", [address("no-record.example")], REQUIRE, user="alice").end.startswith("250")
    done = newest.submit("", [bad], OWN, user="alice")
    assert done.taken() == [bad], done
    assert newest.follow(mark, {"no-record": bad}).outcome("no-record") == OPPORTUNISTIC
    assert not milter.events("message", logged)


def test_a_recipient_list_hits_its_recipients_alone(newest, milter):
    milter.use('recipients = ["no-record.example"]')
    listed, other = address("no-record.example"), address("mode-none.example")
    mark, logged = newest.mark(), milter.mark()
    done = newest.submit(FROM, [listed, other], OPT_OUT)
    assert "(recipient list)" in done.rcpt[listed] and done.refused() == [listed], done
    assert newest.follow(mark, {"mode-none": other}).outcome("mode-none") == OPPORTUNISTIC
    line, = wait_until("the line about the message", lambda: milter.events("message", logged))
    assert {"demand": "recipient list", "refused": 1, "result": "accepted"}.items() <= line.items(), line


def test_a_recipient_list_from_sendmail_returns_the_message(newest, milter, wait):
    """A milter can't refuse single recipients of mail from sendmail(1), so nobody gets it (MLT-16)."""
    milter.use('recipients = ["no-record.example"]')
    sender, listed, other = address("good.example"), address("no-record.example"), address("mode-none.example")
    newest.sendmail(sender, [listed, other])
    bounce, = wait("the message to come back", lambda: newest.lab.mx.mails("good.example", local_part(sender)))
    assert "recipient list" in " ".join(bounce.split())
    assert not newest.lab.mx.mails("mode-none.example", local_part(other))
