"""mtasts-milter by itself with many connections and many messages."""
import signal
import threading
import time

import pytest

from lab.milter_client import CONTINUE
from lab.processes import wait_until
from milter_world import ALICE, DEFERRED, HEADER, REFUSED, REQUIRETLS, assert_serves, is_refused, logged, made, send_until, to

CONNECTIONS = 200
# What each connection sends, and how often each demand is refused or deferred in it.
MIX = [({}, "plain.example", CONTINUE), (REQUIRETLS, "safe.example", CONTINUE), (HEADER, "dane.example", CONTINUE),
       (REQUIRETLS, "plain.example", REFUSED), (HEADER, "none.example", REFUSED), ({}, "unknown.example", CONTINUE),
       (REQUIRETLS, "unknown.example", DEFERRED)]


class Crowd:
    """Connections at once, each on a thread; mistakes are what went wrong."""

    def __init__(self, milter, count, rounds):
        self.milter, self.rounds = milter, rounds
        self.all_here = threading.Barrier(count + 1)
        self.mistakes = []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(count)]
        for each in self.threads:
            each.start()

    def run(self, number):
        try:
            with self.milter.session() as client:
                self.all_here.wait(120)
                for turn in range(self.rounds):
                    self.mistakes += self.send(client, f"4{number:03}T{turn}")
                client.quit()
        except Exception as error:      # noqa: BLE001  whatever it is, it is a mistake
            self.mistakes.append(f"{number}: {error!r}")
            self.all_here.abort()

    def send(self, client, queue):
        for more, domain, expected in MIX:
            outcome = client.message(ALICE, *to(domain), queue=queue, **more)
            reply = outcome.end or outcome.recipients[0]
            if reply != expected and not (isinstance(expected, str) and is_refused(reply, begin=expected)):
                yield f"{queue} {more} {domain}: {outcome}"

    def wait(self):
        for each in self.threads:
            each.join(300)
        assert not self.mistakes, f"{len(self.mistakes)}: {self.mistakes[:3]}"
        assert not any(each.is_alive() for each in self.threads)


@pytest.mark.smoke
def test_two_hundred_connections_at_once():
    with made() as milter:
        milter.start()
        crowd = Crowd(milter, CONNECTIONS, rounds=3)
        crowd.all_here.wait(120)
        crowd.wait()
        with_demand = 3 * CONNECTIONS * sum(bool(more) for more, *_ in MIX)
        wait_until(lambda: f"{len(milter.log('message'))} of {with_demand} lines",
                   lambda: len(milter.log("message")) >= with_demand)
        lines = milter.log("message")
        assert len(lines) == with_demand, "one for each message with a demand"
        results = {each: sum(line["result"] == each for line in lines) for each in ("accepted", "refused", "deferred", "gone")}
        each = with_demand // 5
        assert results == {"accepted": 2 * each, "refused": 2 * each, "deferred": each, "gone": 0}
        assert_serves(milter)


@pytest.mark.smoke
def test_hangups_while_a_crowd_sends():
    with made() as milter:
        milter.start()
        crowd = Crowd(milter, 50, rounds=6)
        crowd.all_here.wait(120)
        while any(each.is_alive() for each in crowd.threads):
            milter.signal(signal.SIGHUP)
            time.sleep(0.02)
        crowd.wait()
        milter.write('reply = "550 5.7.30"')
        milter.signal(signal.SIGHUP)

        def changed():
            return is_refused(milter.once(ALICE, *to("plain.example"), **REQUIRETLS).recipients[0], begin="550 5.7.30 ")
        wait_until(lambda: f"the new reply: {milter.text()[-2000:]}", changed)


def test_connections_that_end_in_the_middle_are_forgotten():
    """Their memory comes back, and each of their messages with a demand is told."""
    with made() as milter:
        milter.start()

        def leave(count):
            for number in range(count):
                with milter.session() as client:
                    send_until(client, "header", "4LEFT")
        leave(300)
        logged(milter, "4LEFT", 300)
        before = milter.status("VmRSS")
        leave(1500)
        lines = logged(milter, "4LEFT", 1800)
        assert {each["result"] for each in lines} == {"gone"}
        assert milter.status("VmRSS") - before < 1024, "KiB"


def test_memory_does_not_grow_with_messages():
    """A short form of the benchmark's part `milter`, which sends 50,000."""
    with made() as milter:
        milter.start()
        clients = [milter.session() for _ in range(4)]

        def send(count):
            for number in range(count):
                more, domain, _ = MIX[number % len(MIX)]
                clients[number % len(clients)].message(ALICE, *to(domain), **more)
        send(2000)
        before = milter.status("VmRSS")
        send(3000)
        assert milter.status("VmRSS") - before < 1024, "KiB"
        for each in clients:
            each.close()
