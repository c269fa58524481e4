"""What the milter tells: warn_off_policy, add_header, and one log line for each message with a demand."""
import re

from lab.processes import wait_until
from lab.submission import address, local_part

FROM = "lab@relay.example"
NAME = "X-Transport-Policy"
ADDS = f'add_header = "{NAME}"\n'


def header_of(mail, name):
    """The values of a header field, unfolded."""
    head = re.split(r"\r?\n\r?\n", mail, maxsplit=1)[0]
    head = re.sub(r"\r?\n[ \t]+", " ", head)
    return [line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith(f"{name.lower()}:")]


def the_header(lab, domain, recipient):
    """The value of the milter's field in the one mail to the recipient. What the sender wrote there is gone."""
    mail, = lab.mx.mails(domain, local_part(recipient))
    value, = header_of(mail, NAME)
    assert "forged" not in value
    return value


def known(values):
    """The values, or nothing if one says that the milter got no answer in time."""
    return None if any("unknown" in value for value in values) else values


def refused(replies, recipient):
    return None if replies[recipient].startswith("250") else replies


# The milter waits only 50 ms for an answer that no demand needs, so on a busy machine it may pass a message without one.
# Then another message is sent.

def test_warn_off_policy(lab, newest, milter):
    """None of the domain's MX hosts is in its policy: mail to it would wait for days, and its sender would not know."""
    assert lab.ask("mx-not-in-policy.example").startswith("OK secure ")
    bad, good = address("mx-not-in-policy.example"), address("good.example")
    milter.use()
    assert newest.door(FROM, [bad])[bad].startswith("250"), "the default says nothing"
    for reply in ("450 4.7.5", "550 5.7.10"):
        milter.use(f'warn_off_policy = "{reply}"')
        replies = wait_until("the bad recipient to be refused", lambda: refused(newest.door(FROM, [bad, good]), bad))
        assert replies[bad].startswith(f"{reply} <{bad}>"), replies
        assert "MX" in replies[bad] and "policy" in replies[bad], replies
        assert replies[good].startswith("250")


def test_add_header_tells_each_domains_decision(lab, submission, milter):
    for domain in ("good.example", "no-record.example", "dane-all.example"):
        lab.ask(domain)
    milter.use(ADDS)

    def told():
        """The header's value in the mail to each recipient, of one message."""
        recipients = {name: address(f"{name}.example") for name in ("good", "no-record", "dane-all")}
        mark = submission.mark()
        done = submission.submit(FROM, recipients.values(), f"{NAME}: good.example=forged", f"{NAME.lower()}: forged again")
        assert len(done.taken()) == 3, done
        submission.follow(mark, recipients)
        return [the_header(lab, f"{name}.example", recipient) for name, recipient in recipients.items()]

    for value in wait_until("a message with all decisions", lambda: known(told())):
        for domain, decision in (("good.example", "secure"), ("no-record.example", "none"),
                                 ("dane-all.example", "dane-only")):
            assert re.search(rf"\b{re.escape(domain)}\b\W+{decision}\b", value), value


def test_add_header_for_mail_from_sendmail(lab, newest, milter):
    lab.ask("good.example")
    milter.use(ADDS)

    def told():
        recipient, mark = address("good.example"), newest.mark()
        newest.sendmail(FROM, [recipient], f"{NAME}: forged")
        newest.follow(mark, {"good": recipient})
        return [the_header(lab, "good.example", recipient)]

    value, = wait_until("a message with its decision", lambda: known(told()))
    assert "good.example" in value and "secure" in value, value


def test_by_default_nothing_is_added(lab, newest, milter):
    milter.use()
    recipient, mark = address("good.example"), newest.mark()
    newest.submit(FROM, [recipient], f"{NAME}: mine")
    newest.follow(mark, {"good": recipient})
    mail, = lab.mx.mails("good.example", local_part(recipient))
    assert header_of(mail, NAME) == ["mine"]


def test_one_line_for_each_message_with_a_demand(newest, milter):
    milter.use('senders = ["boss@relay.example"]')
    mark = milter.mark()
    good, bad, gone = (address(f"{name}.example") for name in ("good", "no-record", "good"))
    newest.submit("boss@relay.example", [good])
    newest.submit("boss@relay.example", [bad])
    newest.submit(FROM, [good, bad])
    with newest.connect() as session:
        session.mail("boss@relay.example")
        session.rcpt(gone)
        session.rset()
    lines = wait_until("a line for each message with a demand",
                       lambda: (found := milter.events("message", mark)) and len(found) >= 3 and found)
    told = [(line["recipients"], line["refused"], line["result"]) for line in lines]
    assert told == [(1, 0, "accepted"), (1, 1, "refused"), (1, 0, "gone")], lines
    assert all(line["sender"] == "boss@relay.example" and line["demand"] == "sender list" for line in lines)
    assert "no MTA-STS record" in lines[1]["reason"], lines
