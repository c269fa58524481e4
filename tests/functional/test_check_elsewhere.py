"""mtastsctl check looks where senders do not: at each name server itself, and where a policy may be by mistake."""
import json
import subprocess
import time

import pytest
from test_check import checked, codes, ctl

from lab import netns
from lab.daemon import program
from lab.domains import BY_NAME

PLACES = {
    "domain": "https://policy-at-domain.example/.well-known/mta-sts.txt",
    "www": "https://www.policy-at-www.example/.well-known/mta-sts.txt",
    "root": "https://mta-sts.policy-at-root.example/mta-sts.txt",
    "plain-http": "http://mta-sts.policy-at-plain-http.example/.well-known/mta-sts.txt",
}


@pytest.fixture
def saved(lab, tmp_path):
    """Checks a domain; returns the exit status, the object, and the steps of its trace. A replay must say the same."""
    def check(name, *args):
        file = tmp_path / name
        code, out, err = ctl(lab, "--json", "check", BY_NAME[name].fqdn, "--save", file, *args)
        assert out, err
        offline = [program("mtastsctl"), "--config", lab.daemon.config, "--json", "check", "--offline", file]
        again = subprocess.run(["unshare", "-n", *map(str, offline)], capture_output=True, text=True, timeout=60)
        assert (again.returncode, again.stdout) == (code, out)
        return code, json.loads(out), json.loads(file.read_text())["trace"]
    return check


def kinds(trace, kind):
    return [each for each in trace if each["kind"] == kind]


def message(answer, code):
    found, = (each for each in answer["findings"] if each["code"] == code)
    return found["message"]


@pytest.mark.parametrize("name, gives", [("ns-differ", "id 0"), ("ns-lacks", "no record")])
def test_name_servers_that_differ(saved, name, gives):
    code, answer, trace = saved(name)
    if name == "ns-differ":
        assert (code, codes(answer)) == (1, ["name-servers-differ"])
    assert "name-servers-differ" in codes(answer, "warning")
    text = message(answer, "name-servers-differ")
    assert "ns-hosting.example: id 1" in text and f"ns-second.example: {gives}" in text
    assert sorted(each["server"] for each in kinds(trace, "name-server")) == ["203.0.113.3", "203.0.113.6"]


def test_name_servers_that_agree(saved):
    code, answer, trace = saved("ns-same")
    assert (code, codes(answer)) == (0, [])
    assert [each["result"] for each in kinds(trace, "name-server")] == ["data", "data"]


@pytest.mark.parametrize("name", ["ns-silent", "ns-garbage"])
def test_a_hostile_name_server_costs_little(saved, name):
    begin = time.monotonic()
    code, answer, trace = saved(name, "--timeout", "15s")   # a lookup may have a sixth of it, and asks this server too
    assert time.monotonic() - begin < 15        # two runs, and the second has no network
    assert (code, codes(answer, "info", "warning", "error")) == (0, ["zone-unsigned"]), answer
    assert sorted(each["result"] for each in kinds(trace, "name-server")) == ["data", "failed"]


@pytest.mark.parametrize("place", PLACES)
def test_a_policy_at_another_place(saved, place):
    code, answer, trace = saved(f"policy-at-{place}")
    assert code == 2
    assert codes(answer, "error") == ["http-not-found"]
    assert codes(answer, "info").count("policy-misplaced") == 1
    assert f" at {PLACES[place]}, where no sender looks" in message(answer, "policy-misplaced")
    assert {each["place"]: each["found"] for each in kinds(trace, "policy-place")} == {
        each: "policy" if each == place else "nothing" for each in PLACES}


@pytest.mark.parametrize("name", ["policy-404", "policy-refused", "policy-wrong-cert"])
def test_no_policy_anywhere(saved, name):
    _, answer, trace = saved(name)
    assert "policy-misplaced" not in codes(answer, "info", "warning", "error")
    assert [each["found"] for each in kinds(trace, "policy-place")] == ["nothing"] * 4


@pytest.mark.parametrize("name", ["good", "check-nothing", "policy-wrong-type"])
def test_healthy_web_servers_are_not_bothered(saved, name):
    assert kinds(saved(name)[2], "policy-place") == []


def test_one_name_server_is_not_asked_again(saved):
    assert kinds(saved("good")[2], "name-server") == []


def test_a_special_use_address_is_not_asked(lab, saved, tmp_path):
    """Without allow_addresses, nothing in the lab may be asked: all of it is special-use."""
    config = tmp_path / "strict.toml"
    text = lab.daemon.config.read_text()
    config.write_text("\n".join(line for line in text.splitlines() if not line.startswith("allow_addresses")))
    file = tmp_path / "trace"
    words = [program("mtastsctl"), "--config", config, "check", "ns-differ.example", "--save", file, "--timeout", "5s"]
    subprocess.run(list(map(str, netns.enter(lab.relay, *words))), capture_output=True, timeout=60, check=False)
    steps = kinds(json.loads(file.read_text())["trace"], "name-server")
    assert sorted(each["server"] for each in steps) == ["2001:db8::3", "203.0.113.3", "203.0.113.6"]
    assert all(each["local"] and "is special-use: " in each["reason"] for each in steps)
