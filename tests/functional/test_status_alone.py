"""What status, query and the log say is true, with mtastsd alone (lab/alone.py)."""
import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys

import pytest

from lab.alone import LOADED
from lab.processes import wait_until

def test_status_tells_the_configuration_in_force(alone):
    alone.start()
    code, report = alone.status()
    digest = hashlib.sha256(alone.text.encode()).hexdigest()
    assert report["configuration"]["sha256"] == report["configuration"]["file_sha256"] == digest
    assert report["configuration"]["file"] == str(alone.config)
    assert report["problems"] == []
    alone.config.write_text(alone.text.replace("loaded", "newer"))
    code, report = alone.status()
    assert code == 1
    assert [each["code"] for each in report["problems"]] == ["config-changed"]
    assert report["configuration"]["changed"] is True
    assert f"sha256 {digest}" in " ".join(alone.ctl("status")[1].split())
    alone.signal(signal.SIGHUP)
    wait_until("the new file in force", lambda: alone.problems() == [], 60)


def test_overrides_are_the_loaded_ones(alone):
    alone.start()
    alone.config.write_text(alone.text.replace("relay.example", "other.example").replace("loaded", "newer"))
    code, out, err = alone.ctl("list")
    assert code == 0, err
    assert "relay.example  answer, until 2099-01-31: loaded" in out
    assert "newer" not in out
    assert "has changed since" in err
    shown = json.loads(alone.ctl("--json", "show", "relay.example")[1])
    assert shown["override"] == {"action": "answer", "reason": "loaded", "until": "2099-01-31"}
    assert json.loads(alone.ctl("--json", "show", "other.example")[1])["override"] is None
    explained = json.loads(alone.ctl("--json", "explain", "relay.example")[1])
    assert explained["override"]["reason"] == "loaded"
    alone.stop()
    code, out, err = alone.ctl("list")
    assert "newer" in out
    assert "these are the rules of" in err


def test_a_broken_file_does_not_hide_the_daemon(alone):
    alone.start()
    alone.config.write_text("[listen\n")
    code, out, err = alone.ctl("--control", alone.folder / "control.sock", "status")
    assert (code, err) == (1, "")
    assert "is not the configuration in force" in " ".join(out.split())
    code, out, err = alone.ctl("query", "relay.example", "--at", f"unix:{alone.folder}/policy.sock")
    assert (code, err) == (0, "")
    assert out.startswith(LOADED)
    code, out, err = alone.ctl("--control", alone.folder / "control.sock", "list")
    assert code == 0
    assert "loaded" in out


def test_counts_add_up(alone):
    alone.start()
    for name, key in (("postfix", "relay.example"), ("postfix", "192.0.2.1"), ("nomap", "a.example"),
                      ("postfix", "nosuch.example"), ("postfix", "nosuch.example"), ("prefetch", "nosuch.example")):
        alone.ask(name, key)
    counters = alone.status()[1]["counters"]
    assert counters["requests"] == sum(counters.values()) - counters["requests"]
    assert counters["overridden"] >= 1


def test_a_json_query_logs_its_decision(alone):
    alone.start()
    alone.ask("json", "relay.example")

    def answers():
        return [each["answer"] for each in alone.log("answer") if each.get("map") == "json"]
    wait_until("the line of the log", answers)
    assert answers() == ["answer"]


# --- limits and users ----------------------------------------------------------------------------------------------------


def test_refused_connections_are_a_problem_for_a_while(alone):
    alone.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)))
    clients = []
    try:
        for _ in range(60):
            clients.append(alone.connect())
            with contextlib.suppress(OSError):  # refused
                clients[-1].send_raw(b"21:postfix relay.exa")  # not idle: half a request is not closed to make room
        wait_until("status to say it", lambda: "connections" in alone.problems(), 60)
        assert alone.status()[0] == 1
    finally:
        for each in clients:
            each.close()
    wait_until("the log to say it", lambda: any(each["code"] == "connections" for each in alone.log("problem")), 60)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter the namespace of another process")
def test_who_comes_over_tcp_holds_half_of_the_connections(alone):
    alone.text = alone.text.replace('policy.sock"]', 'policy.sock", "inet:127.0.0.1:8463"]') + "[limits]\nconnections = 20\n"
    alone.config.write_text(alone.text)
    alone.start()
    asks = """import socket, sys
held = [socket.create_connection(("127.0.0.1", 8463)) for _ in range(30)]
served = 0
for stream in held:
    try:
        stream.sendall(b"21:postfix relay.example,")
        served += b"OK" in stream.recv(100)
    except OSError:
        pass
print(served, flush=True)
sys.stdin.read()
"""
    command = ["nsenter", f"--net=/proc/{alone.child.pid}/ns/net", sys.executable, "-c", asks]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as many:
        assert int(many.stdout.readline()) == 10
        assert alone.ask("postfix", "relay.example") == LOADED
        many.stdin.close()
    assert "connections" in alone.problems()
