"""mtasts-milter by itself: signals, and how it ends."""
import signal
import time
from pathlib import Path

import pytest

from lab.milter_client import CONTINUE
from lab.processes import wait_until
from milter_world import ALICE, DEFERRED, REQUIRETLS, STAGES, is_refused, made, send_until, to


def test_a_file_that_is_wrong_changes_nothing():
    with made('reply = "550 5.7.30"') as milter:
        milter.start()
        with milter.session() as client:
            for wrong in ('reply = "250 2.0.0"', "no_such_key = 1", "reply = ", 'zone = "nowhere"'):
                mark = len(milter.text())
                milter.write(wrong)
                milter.signal(signal.SIGHUP)
                wait_until(lambda: f"a complaint about {wrong}: {milter.text()[mark:]}",
                           lambda: '"level":"error"' in milter.text()[mark:] or '"level":"warning"' in milter.text()[mark:])
                outcome = client.message(ALICE, *to("plain.example"), **REQUIRETLS)
                assert is_refused(outcome.recipients[0], begin="550 5.7.30 "), (wrong, outcome)


def test_a_reload_counts_for_connections_that_begin_later():
    with made() as milter:
        milter.start()
        with milter.session() as old:
            assert is_refused(old.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])
            milter.write("requiretls = false")
            milter.signal(signal.SIGHUP)
            wait_until(lambda: f"the reload: {milter.text()[-2000:]}",
                       lambda: milter.once(ALICE, *to("plain.example"), **REQUIRETLS).end == CONTINUE)
            assert is_refused(old.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0])


def test_a_storm_of_hangups_is_no_end():
    """Also: no thread of libmilter waits for signals. It would be given some of a storm, and end the process (MLT-6)."""
    with made() as milter:
        milter.start()
        with milter.session() as client:
            for _ in range(10):
                for _ in range(200):
                    milter.signal(signal.SIGHUP)
                assert client.message(ALICE, *to("plain.example")).end == CONTINUE
        waits = [(task / "wchan").read_text() for task in Path(f"/proc/{milter.child.pid}/task").iterdir()]
        assert not [each for each in waits if "sigtimedwait" in each], waits
        assert milter.stop()[0] == 0, milter.text()[-3000:]


@pytest.mark.smoke
@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
@pytest.mark.parametrize("what", ("nothing", "idle", "messages", "silence"))
def test_it_stops_soon_whatever_is_under_way(what, number):
    """Idle connections; messages at every stage; a message that waits for an mtastsd that is silent."""
    with made('wait = "20s"') as milter:
        milter.start()
        held = [milter.session() for _ in (STAGES if what != "nothing" else ())]
        if what == "messages":
            for client, stage in zip(held, STAGES):
                send_until(client, stage, "4STOP")
        if what == "silence":
            milter.daemon.signal(signal.SIGSTOP)
            held[0].mail(ALICE, "REQUIRETLS")
            held[0].macros(b"R", {"{rcpt_host}": "new.example", "{rcpt_mailer}": "smtp"})
            held[0].send(b"R", b"<bob@new.example>\0")
        begin = time.monotonic()
        milter.signal(number)
        code = milter.child.wait(60)
        seconds = time.monotonic() - begin
        milter.daemon.signal(signal.SIGCONT)
        for each in held:
            each.close()
        assert code == 0, milter.text()[-3000:]
        assert seconds < 10
        assert not milter.socket.exists(), "it takes its socket away"


def test_mtastsd_may_come_and_go():
    """Mail without a demand passes meanwhile, and judging works again once mtastsd is back."""
    with made('wait = "1s"') as milter:
        milter.start(daemon=False)
        with milter.session() as client:
            for _ in range(2):
                assert client.message(ALICE, *to("plain.example")).end == CONTINUE
                assert is_refused(client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0], begin=DEFERRED)
                milter.daemon.start()

                def judged():
                    reply = client.message(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0]
                    return is_refused(reply)
                wait_until("it to be asked again", judged, 30)     # at most 5 s within the first minute
                assert milter.daemon.stop()[0] == 0
