"""A message that demands verified TLS is refused where it can't have it: at RCPT, at end of message, from sendmail(1)."""
import pytest

from lab.domains import OPPORTUNISTIC, VERIFIED
from lab.processes import wait_until
from lab.submission import address, local_part

FROM = "lab@relay.example"
HEADER = "Require-TLS-ESMTP: yes"
REFUSED = "550 5.7.10 <{0}>: this message requires verified TLS ({1}), which mail to {2} does not get: no MTA-STS record"    # and a detail
BY_LIST = ('senders = ["relay.example"]', None, "sender list")
BY_USER = ('users = ["alice"]', "alice", "user list")


def delivered(submission, *addresses):
    """The copies of mails in the mailboxes of these addresses."""
    return [mail for each in addresses for mail in submission.lab.mx.mails(each.partition("@")[2], local_part(each))]


def of_message(milter, mark):
    """The one log line about a message with a demand."""
    return wait_until("the line about the message", lambda: milter.events("message", mark))[0]


@pytest.mark.smoke
@pytest.mark.parametrize("config, user, demand", [BY_LIST, BY_USER], ids=["sender", "user"])
def test_a_demand_known_at_rcpt_refuses_single_recipients(submission, milter, config, user, demand):
    milter.use(config)
    good, bad = address("good.example"), address("no-record.example")
    mark, logged = submission.mark(), milter.mark()
    done = submission.submit(FROM, [bad, good], user=user)
    assert done.rcpt[bad].startswith(REFUSED.format(bad, demand, "no-record.example"))
    assert done.taken() == [good], done
    assert submission.follow(mark, {"good": good}).outcome("good") == VERIFIED
    assert not delivered(submission, bad)
    line = of_message(milter, logged)
    assert {"sender": FROM, "demand": demand, "refused": 1, "result": "accepted"}.items() <= line.items(), line
    assert line["queue"], line


def test_another_user_demands_nothing(newest, milter):
    milter.use(BY_USER[0])
    bad = address("no-record.example")
    assert newest.door(FROM, [bad], user="bob")[bad].startswith("250")
    assert newest.door(FROM, [bad])[bad].startswith("250")
    assert newest.door(FROM, [bad], user="alice")[bad].startswith("550 5.7.10")


@pytest.mark.smoke
def test_a_header_refuses_the_whole_message(submission, milter):
    milter.use()
    good, bad = address("good.example"), address("no-record.example")
    logged = milter.mark()
    done = submission.submit(FROM, [good, bad], HEADER)
    assert not done.refused(), "the header comes after the recipients"
    assert done.end.startswith("550 5.7.10 this message requires verified TLS (header Require-TLS-ESMTP), which mail to "
                               f"these recipients does not get: <{bad}> (no-record.example: no MTA-STS record")
    assert good not in submission.queued() and bad not in submission.queued()
    assert not delivered(submission, good, bad)
    line = of_message(milter, logged)
    assert {"demand": "header Require-TLS-ESMTP", "recipients": 2, "refused": 1, "result": "refused"}.items() <= line.items()
    assert "no MTA-STS record" in line["reason"], line


def test_a_header_lets_a_message_pass_that_gets_what_it_demands(submission, milter):
    milter.use()
    good, dane = address("good.example"), address("dane-all.example")
    mark, logged = submission.mark(), milter.mark()
    done = submission.submit(FROM, [good, dane], HEADER)
    assert done.taken() == [good, dane], done
    # Before 3.11 the header is a word to the milter only; what Postfix 3.11 makes of it, its own policy says.
    mailing = submission.follow(mark, {"good": good, "dane-all": dane})
    assert [mailing.outcome("good"), mailing.outcome("dane-all")] == [VERIFIED, VERIFIED]
    line = of_message(milter, logged)
    assert {"recipients": 2, "refused": 0, "result": "accepted"}.items() <= line.items(), line


@pytest.mark.smoke
def test_from_sendmail_a_refused_message_goes_back_to_its_sender(submission, milter):
    milter.use('recipients = ["no-record.example"]\nsenders = ["good-unsigned.example"]')
    sender, good, bad = address("good.example"), address("good-unsigned.example"), address("no-record.example")
    submission.sendmail(sender, [good, bad], HEADER)
    bounce, = wait_until("the message to come back", lambda: delivered(submission, sender))
    assert "MAILER-DAEMON" in bounce and "5.7.10" in bounce
    assert "no-record.example: no MTA-STS record" in " ".join(bounce.split())
    assert not submission.maildrop()
    assert "milter configuration error" not in submission.log()
    assert not delivered(submission, good, bad)


@pytest.mark.smoke
def test_mail_without_a_demand_is_delivered(submission, milter):
    milter.use('senders = ["boss@relay.example"]')
    mark, logged = submission.mark(), milter.mark()
    good, bad = address("good.example"), address("no-record.example")
    done = submission.submit(FROM, [good, bad])
    assert done.taken() == [good, bad], done
    mailing = submission.follow(mark, {"good": good, "no-record": bad})
    assert [mailing.outcome("good"), mailing.outcome("no-record")] == [VERIFIED, OPPORTUNISTIC]
    mark = submission.mark()
    good, bad = address("good.example"), address("no-record.example")
    submission.sendmail(FROM, [good, bad])
    mailing = submission.follow(mark, {"good": good, "no-record": bad})
    assert [mailing.outcome("good"), mailing.outcome("no-record")] == [VERIFIED, OPPORTUNISTIC]
    assert not submission.maildrop()
    assert not milter.events("message", logged), "a line only for messages with a demand"


def test_a_list_counts_for_mail_from_sendmail_too(submission, milter):
    milter.use('senders = ["good.example"]')
    sender, bad = address("good.example"), address("no-record.example")
    submission.sendmail(sender, [bad])
    bounce, = wait_until("the message to come back", lambda: delivered(submission, sender))
    assert "5.7.10" in bounce and "sender list" in bounce
    assert not submission.maildrop() and not delivered(submission, bad)


def test_one_session_carries_messages_with_and_without_a_demand(submission, milter):
    """What one message demanded does not stick to the next (a milter connection lasts as long as the SMTP session)."""
    milter.use('senders = ["boss@relay.example"]')
    bad = address("no-record.example")
    with submission.connect() as session:
        for _ in range(3):
            assert submission.door("boss@relay.example", [bad], session=session)[bad].startswith("550 5.7.10")
            assert submission.door(FROM, [bad], session=session)[bad].startswith("250")
            assert submission.submit(FROM, [bad], HEADER, session=session).end.startswith("550 5.7.10")
        done = submission.submit(FROM, [bad], session=session)
    assert done.taken() == [bad], done


def test_the_reply_is_configured(newest, milter):
    bad = address("no-record.example")
    for reply in ("550 5.7.30", "450 4.7.5", "553 5.7.1"):
        milter.use(f'senders = ["relay.example"]\nreply = "{reply}"')
        assert newest.door(FROM, [bad])[bad].startswith(f"{reply} <{bad}>: this message requires verified TLS")


def test_at_end_of_message_ten_recipients_are_named(newest, milter):
    milter.use()
    bad = [address("no-record.example") for _ in range(13)]
    done = newest.submit(FROM, bad, HEADER)
    assert done.end.startswith("550 5.7.10 this message requires verified TLS"), done
    assert len(done.end) <= 980, "what a milter may say (MLT-9)"
    named = [each for each in bad if f"<{each}>" in done.end]
    assert 1 <= len(named) <= 10
    assert done.end.endswith(f" and {13 - len(named)} more"), done.end
