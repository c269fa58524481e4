"""SIGTERM: a quick, graceful stop that loses nothing."""
import json
import threading
import time

import pytest

from lab import https

KEPT = "OK secure match=mx.restart.example servername=hostname"


@pytest.mark.smoke
def test_stops_soon_and_keeps_the_cache(lab, mtastsd):
    assert lab.ask("restart.example") == KEPT
    fetched = https.requests(lab, "restart")
    idle = lab.client()
    before = time.monotonic()
    assert mtastsd.stop() == 0, mtastsd.tail()
    assert time.monotonic() - before < 10
    with pytest.raises(EOFError):
        idle.receive()
    mtastsd.start()
    assert lab.ask("restart.example") == KEPT
    assert https.requests(lab, "restart") == fetched, "answered from the cache, not fetched again"


def test_stops_while_a_lookup_is_under_way(lab, mtastsd, wait):
    """The asker gets a whole reply or a closed connection, after which Postfix asks again (SM-13)."""
    outcome = []

    def ask():
        with lab.client() as client:
            try:
                outcome.append(client.ask("postfix", "cold.example"))
            except (EOFError, ConnectionError):
                outcome.append("closed")
    def missed():
        return json.loads(mtastsd.ctl("--json", "status"))["counters"]["missed"]
    before = missed()
    thread = threading.Thread(target=ask)
    thread.start()
    wait("the question", lambda: missed() > before)
    assert mtastsd.stop() == 0, mtastsd.tail()
    thread.join(60)
    assert len(outcome) == 1
    assert outcome[0] == "closed" or outcome[0].startswith(("NOTFOUND ", "TEMP "))


def test_unix_sockets_survive_a_restart(lab, mtastsd):
    """mtastsd starts although a crash left a socket file behind."""
    mtastsd.kill()
    mtastsd.start()
    with lab.client(mtastsd.unix) as client:
        assert client.ask("postfix", ".example") == "NOTFOUND "
