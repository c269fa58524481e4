"""Which of mtastsd's decisions suffice for a message that demands verified TLS, and what holds while that is not known."""
import pytest

from lab.processes import wait_until
from lab.submission import address

FROM = "lab@relay.example"
LISTED = 'senders = ["relay.example"]\n'
HEADER = "Require-TLS-ESMTP: yes"
SUFFICES, LACKS, UNKNOWN = "250 ", "550 5.7.10 ", "451 4.7.10 "
ROWS = [    # domain, mtastsd's decision, what is replied, and a part of the reason
    ("good", "secure", SUFFICES, ""),
    ("mx-not-in-policy", "secure", SUFFICES, ""),           # the mail waits, but never goes out unverified
    ("dane-all", "dane-only", SUFFICES, ""),
    ("dane-some", "dane", LACKS, "DANE"),
    ("dane-unusable", "dane", LACKS, "DANE"),
    ("no-record", "none", LACKS, "no MTA-STS record"),
    ("testing-bad-mx", "none", LACKS, "testing"),
    ("policy-404", "none", LACKS, "404"),
    ("null-mx-signed", "none", LACKS, "null MX"),
    ("bogus", "temp", UNKNOWN, "bogus"),
    ("tlsa-servfail-sts", "temp", UNKNOWN, "TLSA"),
]
OVERRIDES = [   # what Postfix is answered, and whether that is verified TLS whatever happens
    ("secure match=nexthop servername=hostname", True),
    ("verify", True),
    ("fingerprint match=00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", True),
    ("dane-only", True),
    ("dane", False),
    ("encrypt", False),
    ("may", False),
    ("none", False),
]
ZONE = "[zone.strict]\ntesting_as_enforce = true\n"


def overriding(number, answer):
    plaintext = "allow_plaintext = true\n" if answer in ("may", "none") else ""
    return (f'[override."override{number}.example"]\naction = "answer"\nanswer = "{answer}"\nreason = "a test"\n'
            f"{plaintext}")


@pytest.fixture(scope="module")
def configured(lab):
    """mtastsd with the overrides and the zone; its own configuration is put back afterwards."""
    lab.daemon.ensure_running()
    more = ZONE + "".join(overriding(*each) for each in enumerate(answer for answer, _ in OVERRIDES))
    more += '[override."good.example"]\naction = "no-policy"\nreason = "a test"\n'
    reloaded(lab.daemon, more)
    yield
    lab.daemon.ensure_running()
    reloaded(lab.daemon, "")


def reloaded(mtastsd, more):
    mtastsd.write_config(more)
    mark = mtastsd.mark()
    mtastsd.reload()
    wait_until("the reload", lambda: any(entry.get("event") == "reload" for entry in mtastsd.log(mark)))


@pytest.mark.smoke
def test_decisions_at_rcpt(lab, newest, milter):
    milter.use(LISTED)
    recipients = {name: address(f"{name}.example") for name, *_ in ROWS}
    replies = newest.door(FROM, recipients.values())
    for name, decision, reply, reason in ROWS:
        told = replies[recipients[name]]
        assert f'"decision":"{decision}"' in lab.ask(f"{name}.example", "json"), name
        assert told.startswith(reply), told
        assert reason.lower() in told.lower(), told


def test_what_is_unknown_defers_the_message(newest, milter):
    """Nobody gets it yet, not even those whose TLS would be verified: a milter can't defer single recipients here."""
    milter.use()
    good, bad, unknown = (address(f"{name}.example") for name in ("good", "no-record", "bogus"))
    done = newest.submit(FROM, [good, unknown], HEADER)
    assert not done.refused()
    assert done.end.startswith("451 4.7.10 "), done.end
    assert f"<{unknown}>" in done.end and good not in done.end, done.end
    assert good not in newest.queued()
    logged = milter.mark()
    done = newest.submit(FROM, [good, unknown, bad], HEADER)
    assert done.end.startswith("550 5.7.10 "), "what is known to fail goes before what is not known"
    line, = wait_until("the line about the message", lambda: milter.events("message", logged))
    assert line["result"] == "refused", line


def test_what_is_unknown_can_be_accepted(newest, milter):
    milter.use(LISTED + 'on_unknown = "accept"')
    unknown, bad = address("bogus.example"), address("no-record.example")
    replies = newest.door(FROM, [unknown, bad])
    assert replies[unknown].startswith(SUFFICES)
    assert replies[bad].startswith(LACKS)


def test_overrides(configured, newest, milter):
    milter.use(LISTED)
    recipients = [address(f"override{number}.example") for number in range(len(OVERRIDES))]
    replies = newest.door(FROM, recipients)
    for recipient, (answer, suffices) in zip(recipients, OVERRIDES):
        assert replies[recipient].startswith(SUFFICES if suffices else LACKS), (answer, replies[recipient])
    good = address("good.example")
    assert newest.door(FROM, [good])[good].startswith(LACKS), "an override takes its policy away"


def test_a_zone_has_its_own_decisions(configured, lab, mtastsd, newest, milter):
    testing = address("testing-bad-mx.example")
    milter.use(LISTED, ZONE)
    assert newest.door(FROM, [testing])[testing].startswith(LACKS)
    milter.fresh(LISTED + 'zone = "strict"', ZONE)      # one that has prefetched nothing yet
    mark = mtastsd.mark()
    assert newest.door(FROM, [testing])[testing].startswith(SUFFICES)
    plain = address("good-unsigned.example")
    lab.ask("good-unsigned.example")
    wait_until("it to be stored, so that a prefetch is logged", lambda: "good-unsigned.example" in mtastsd.ctl("list"))
    assert newest.door("else@elsewhere.example", [plain])[plain].startswith(SUFFICES)
    wait_until("both maps of the zone", lambda: {"json/strict", "prefetch/strict"} <= {
        entry["map"] for entry in mtastsd.log(mark) if entry["event"] == "answer"})


def test_a_zone_that_mtastsd_does_not_know_is_unknown(newest, milter):
    """The file was changed, and mtastsd not yet told."""
    milter.use(LISTED + 'zone = "newer"', "[zone.newer]\ntesting_as_enforce = true\n")
    good = address("good.example")
    told = newest.door(FROM, [good])[good]
    assert told.startswith(UNKNOWN) and "newer" in told, told
    assert newest.door("else@elsewhere.example", [good])[good].startswith(SUFFICES)
