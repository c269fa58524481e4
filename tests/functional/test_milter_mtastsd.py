"""mtasts-milter beside an mtastsd that a test plays: hostile, silent, or asked in a certain way."""
import json
import time

import pytest

from lab.milter_alone import SocketmapServer
from lab.milter_client import CONTINUE
from lab.processes import wait_until
from lab.socketmap import netstring
from milter_world import ALICE, DEFERRED, HEADER, REQUIRETLS, is_refused, made, to


def decision(verdict, **more):
    answer = {"domain": "x.example", "decision": verdict, "reason": "invented", "detail": "", **more}
    return netstring(b"OK " + json.dumps(answer).encode())


HOSTILE = {
    "closes": b"", "says nothing": None, "not a netstring": b"OK secure\n", "endless length": b"9" * 100_000,
    "huge netstring": b"104857600:OK " + b"x" * 104_857_600, "negative length": b"-1:,", "no comma": b"4:OK x;",
    "empty": b"0:,",
    "not JSON": netstring(b"OK {"), "not an object": netstring(b"OK [1]"), "no decision": netstring(b"OK {}"),
    "unknown decision": decision("certainly"), "decision of a wrong type": netstring(b'OK {"decision":1}'),
    "deep": netstring(b'OK {"a":' + b"[" * 90_000), "NUL": netstring(b"OK \0"), "not found": netstring(b"NOTFOUND "),
    "TEMP": netstring(b"TEMP later"), "PERM": netstring(b"PERM no such map"),
    "not UTF-8": netstring(b'OK {"decision":"secure","reason":"\xff\xfe"'), "two answers": netstring(b"OK cached") * 3,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_mtastsd_says_nothing_is_let_through(what):
    """Mail with a demand is deferred; mail without one passes, and does not wait; memory is bounded."""
    with made('wait = "500ms"') as milter:
        server = SocketmapServer(milter.folder / "policy.sock", lambda name, key: HOSTILE[what])
        try:
            milter.start(daemon=False)
            for number in range(3):
                assert milter.once(ALICE, *to(f"a{number}.example")).end == CONTINUE
                outcome = milter.once(ALICE, *to(f"b{number}.example"), **REQUIRETLS)
                assert is_refused(outcome.recipients[0], f"<bob@b{number}.example>", begin=DEFERRED), outcome
                assert outcome.recipients[0].text.isprintable()
            wait_until("its log", milter.text)
            assert milter.status("VmHWM") < 64 * 1024, "KiB"
        finally:
            server.close()


def test_a_reason_that_attacks_is_made_harmless():
    reason = "bad\r\n250 ok\x1b[2J%s%n\0" + "x" * 5000
    with made() as milter:
        answer = decision("none", reason=reason, detail=reason)
        server = SocketmapServer(milter.folder / "policy.sock", lambda name, key: answer)
        try:
            milter.start(daemon=False)
            for more in (REQUIRETLS, HEADER):
                outcome = milter.once(ALICE, *to("x.example"), queue="4EVIL", **more)
                reply = outcome.end or outcome.recipients[0]
                assert is_refused(reply, "bad") and len(reply.text) <= 1000 and reply.text.isprintable(), reply
                assert "\x1b" not in milter.text()
        finally:
            server.close()


def test_mail_without_a_demand_never_waits():
    """mtastsd takes the connections and is silent; each question may wait 20 s."""
    with made('wait = "20s"') as milter:
        server = SocketmapServer(milter.folder / "policy.sock", lambda name, key: None)
        try:
            milter.start(daemon=False)
            begin = time.monotonic()
            with milter.session() as client:
                for number in range(100):
                    assert client.message(ALICE, *to(f"d{number}.example")).end == CONTINUE
            assert time.monotonic() - begin < 15, "not even one of them waited"
        finally:
            server.close()


def test_what_mtastsd_is_asked():
    """Mail without a demand is only announced; a next hop is passed on as Postfix writes it; the zone is the configured one."""
    zone = "[zone.partners]\ntesting_as_enforce = true\n"
    with made('zone = "partners"', rest=zone) as milter:
        def answer(name, _):
            return netstring(b"OK queued") if name.startswith("prefetch") else decision("secure")
        server = SocketmapServer(milter.folder / "policy.sock", answer)
        try:
            milter.start(daemon=False)
            with milter.session() as client:
                client.message(ALICE, *to("a.example"))
                client.message(ALICE, *to("local.example"), mailer="local")
                client.mail(ALICE, "REQUIRETLS")
                client.macros(b"R", {"i": "4ABC", "{rcpt_host}": "[relay.example]:587", "{rcpt_mailer}": "relay"})
                assert client.rcpt("<bob@b.example>") == CONTINUE
                client.abort()
            wait_until(lambda: server.requests, lambda: ("prefetch/partners", "a.example") in server.requests)
            wait_until(lambda: server.requests, lambda: ("json/partners", "[relay.example]:587") in server.requests)
            assert ("json/partners", "a.example") not in server.requests
            assert {name for name, _ in server.requests} <= {"json/partners", "prefetch/partners"}
            assert not {"local.example", "b.example"} & {key for _, key in server.requests}
        finally:
            server.close()
