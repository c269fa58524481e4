"""mtastsd is away, hangs or lies, or the milter itself is restarted: mail without a demand flows, and no mail is lost."""
import contextlib
import os
import signal
import smtplib
import threading
import time

import pytest

from lab import badmaps
from lab.badmaps import BadMaps
from lab.processes import wait_until
from lab.submission import address, local_part

BOSS, FROM = "boss@relay.example", "lab@relay.example"
LISTED = f'senders = ["{BOSS}"]\n'
HEADER = "Require-TLS-ESMTP: yes"
WAIT = 1            # second that mail with a demand waits for an answer; other mail takes less
WAITS = f'wait = "{WAIT}s"\n'
MIB = 1 << 20


def unknown(reply, recipient):
    return reply.startswith(f"451 4.7.10 <{recipient}>: this message requires verified TLS (sender list), but it is not "
                            "known yet whether mail to good.example gets it: ")


def check_door(submission, count=5):
    """Mail without a demand is taken at once, and mail with one is deferred with the reason; returns the reason."""
    recipient = address("good.example")
    with submission.connect() as session:
        for _ in range(count):
            began = time.monotonic()
            done = submission.submit(FROM, [recipient], session=session)
            assert done.taken() == [recipient], done
            assert time.monotonic() - began < WAIT
    reply = submission.door(BOSS, [recipient])[recipient]
    assert unknown(reply, recipient), reply
    done = submission.submit(FROM, [recipient], HEADER)
    assert done.end.startswith("451 4.7.10 "), done
    return reply.partition("gets it: ")[2]


def flows_again(submission):
    """Waits until mail with a demand is accepted."""
    recipient = address("good.example")
    wait_until("mail with a demand to be accepted again",
               lambda: submission.door(BOSS, [recipient])[recipient].startswith("250"), every=0.2)


@pytest.fixture
def stalled(mtastsd):
    """mtastsd is stopped as by a debugger: its sockets are open, and nothing answers."""
    os.kill(mtastsd.pid, signal.SIGSTOP)
    yield
    with contextlib.suppress(ProcessLookupError):
        os.kill(mtastsd.pid, signal.SIGCONT)


@pytest.mark.smoke
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_without_mtastsd_only_mail_with_a_demand_waits(submissions, newest, milter, mtastsd, wait, end):
    milter.fresh(LISTED + WAITS)
    first, logged = address("good.example"), milter.mark()
    assert newest.door(BOSS, [first])[first].startswith("250"), "while mtastsd runs"
    wait("the line about that", lambda: milter.events("message", logged))
    logged, mark = milter.mark(), newest.mark()
    getattr(mtastsd, end)()
    for each in submissions.values():
        reason = check_door(each)
        assert "mtastsd" in reason, reason
    lines = milter.events("message", logged)
    assert {line["result"] for line in lines} == {"deferred"}, lines
    assert len(milter.events("mtastsd", logged)) == 1, "one warning a minute"
    mtastsd.start()
    flows_again(newest)
    newest.flush()
    wait("the accepted mail to be delivered", lambda: newest.log(mark).count("status=sent") >= 5)


def test_sendmail_without_mtastsd(lab, submission, milter, mtastsd, wait):
    """Neither message comes back or is lost, and both are delivered later."""
    milter.fresh(WAITS)
    mtastsd.stop()
    mark, logged = submission.mark(), milter.mark()
    plain, secret = address("good.example"), address("good.example")
    submission.sendmail(FROM, [plain])
    submission.sendmail(FROM, [secret], HEADER)
    line, = wait("the line about the message", lambda: milter.events("message", logged))
    assert line["result"] == "deferred", line
    wait("the other mail to be queued", lambda: plain in submission.queued())
    mtastsd.start()
    wait("both messages to be delivered", lambda: submission.flush() or all(
        lab.mx.mails("good.example", local_part(each)) for each in (plain, secret)), 120, every=1.0)
    assert "status=bounced" not in submission.log(mark)


@pytest.mark.smoke
@pytest.mark.parametrize("tells", ["", 'warn_off_policy = "450 4.7.5"\nadd_header = "X-Transport-Policy"\n'],
                         ids=["plain", "tells"])
def test_a_stalled_mtastsd_delays_only_mail_with_a_demand(newest, milter, stalled, mtastsd, tells):
    """Nor does mail wait for what the milter would only tell."""
    milter.fresh(LISTED + WAITS + tells)
    logged = milter.mark()
    recipient = address("good.example")
    began = time.monotonic()
    reply = newest.door(BOSS, [recipient])[recipient]
    assert unknown(reply, recipient), reply
    assert time.monotonic() - began >= WAIT, "it waits as long as it is told to"
    check_door(newest)
    assert len(milter.events("mtastsd", logged)) == 1, "one warning a minute"
    os.kill(mtastsd.pid, signal.SIGCONT)
    flows_again(newest)


@pytest.mark.parametrize("behaviour", [badmaps.say_garbage, badmaps.say_bad_object, badmaps.talk_without_end,
                                       badmaps.send_too_much, badmaps.say_nothing, badmaps.hang_up])
def test_a_hostile_socketmap(lab, newest, milter, behaviour):
    with contextlib.closing(BadMaps(lab.relay, behaviour)) as maps:
        milter.fresh(LISTED + WAITS + f'socketmap = "{BadMaps.endpoint}"')
        logged = milter.mark()
        with milter.growing_less_than(8 * MIB):
            check_door(newest)
        told, = wait_until("a warning", lambda: milter.events("mtastsd", logged))
        assert told["level"] in ("warning", "error"), told
        assert "[milter] socketmap" in told["text"] or "[milter] zone" in told["text"], told
        assert maps.connections
    lines = milter.events("message", logged)
    assert lines and all(line["result"] == "deferred" for line in lines), lines


def test_without_the_milter_postfix_does_as_it_is_told(newest, milter):
    """default_action: the port for requiring TLS defers all mail, the one for prefetching takes it."""
    milter.use()
    recipient = address("good.example")
    assert newest.door(FROM, [recipient], port=newest.accepting_port)[recipient].startswith("250")
    milter.kill()
    assert newest.submit(FROM, [recipient]).mail.startswith("451 4.7.1 ")
    assert newest.door(FROM, [recipient], port=newest.accepting_port)[recipient].startswith("250")


class Load:
    """Several clients that send mail, and try again what was not taken, until told to stop."""

    def __init__(self, submission, clients=4):
        self.submission, self.over, self.taken, self.deferred = submission, False, [], 0
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]
        for each in self.threads:
            each.start()

    def run(self):
        recipient = address("no-record.example")
        while not self.over or recipient not in self.taken:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if self.submission.submit(FROM, [recipient]).taken():
                    self.taken.append(recipient)
                    if self.over:
                        return
                    recipient = address("no-record.example")
                    continue
            self.deferred += 1

    def stop(self):
        self.over = True
        for each in self.threads:
            each.join(60)


def test_restarts_of_the_milter_lose_nothing(lab, newest, milter, wait):
    milter.use()
    load = Load(newest)
    for end in (milter.stop, milter.kill, milter.stop):
        seen = len(load.taken)
        wait("mail under way", lambda seen=seen: len(load.taken) >= seen + 10)
        end()
        deferred = load.deferred
        wait("mail that is deferred meanwhile", lambda deferred=deferred: load.deferred >= deferred + 2)
        milter.start()
    load.stop()
    assert all(not thread.is_alive() for thread in load.threads)

    def arrived():
        text = "\n".join(lab.mx.mails("no-record.example", ""))
        return all(local_part(each) in text for each in load.taken)
    wait("all that was taken to be delivered", arrived, every=0.3)
    mails = lab.mx.mails("no-record.example", "")
    for each in load.taken:
        assert sum(f"for <{each}>" in mail or f"<{each}>" in mail for mail in mails) == 1, each
