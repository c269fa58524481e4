"""Many askers of one new domain cause one lookup."""
import threading

import pytest

from lab import https

ASKERS = 100


@pytest.mark.smoke
def test_one_flight(lab):
    clients = [lab.client() for _ in range(ASKERS)]
    answers = [None] * ASKERS
    start = threading.Barrier(ASKERS)

    def ask(number):
        start.wait()
        answers[number] = clients[number].ask("postfix", "one-flight.example")
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    for client in clients:
        client.close()
    assert set(answers) == {"OK secure match=mx.one-flight.example servername=hostname"}
    assert https.requests(lab, "one-flight") == 1
