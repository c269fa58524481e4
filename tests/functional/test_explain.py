"""mtastsctl explain gives the daemon's rule and reply, and libunbound's words; a saved trace gives the same."""
import json
import stat
import subprocess

import pytest

from lab import netns
from lab.daemon import program
from lab.domains import BY_NAME

RULES = {
    "good": "6", "good-unsigned": "6", "no-record": "7", "policy-404": "7", "two-records": "7", "testing-bad-mx": "7",
    "bogus": "3", "servfail": "3", "null-mx-signed": "3", "dane-all": "4a", "dane-and-sts": "4a",
    "tlsa-servfail-one": "4b", "tlsa-servfail": "4b", "tlsa-servfail-sts": "4b", "dane-unusable": "4c",
    "dane-unusable-sts": "6", "dane-some": "5", "dane-some-sts": "6", "dane-unsigned": "7", "dane-no-mx": "4a",
}
DIALECTS = ("postfix", "postfix310", "sts")


def explain(mtastsd, *args, enter=None, config=None):
    """Runs mtastsctl explain; returns (exit status, standard output, standard error)."""
    command = [program("mtastsctl"), "--config", config or mtastsd.config, "explain", *args]
    command = enter(command) if enter else netns.enter(mtastsd.lab.relay, *command)
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout, done.stderr


def explained(mtastsd, *args, config=None):
    """Runs explain --json; returns the exit status and the object."""
    code, out, err = explain(mtastsd, "--json", *args, config=config)
    assert code in (0, 1), err
    return code, json.loads(out)


def offline(mtastsd, file, *args):
    """Replays in an empty network namespace, in which not even loopback is up."""
    return explain(mtastsd, "--offline", file, *args, enter=lambda command: ["unshare", "-n", *command])


@pytest.mark.parametrize("name", RULES)
def test_the_rule_and_the_reply_are_the_daemons(lab, mtastsd, tmp_path, name):
    domain, file = BY_NAME[name], tmp_path / "trace"
    code, answer = explained(mtastsd, domain.fqdn, "--save", file)
    assert answer["decision"]["rule"] == RULES[name], answer["decision"]
    assert domain.answered_by(answer["replies"]["postfix"]), answer["replies"]
    assert code == (1 if domain.answer == "TEMP" else 0)
    if domain.answer != "TEMP":
        assert answer["replies"] == {each: lab.ask(domain.fqdn, each) for each in DIALECTS}
    replayed_code, replayed, _ = offline(mtastsd, file, "--json")
    assert replayed_code == code
    assert json.loads(replayed) == answer


@pytest.mark.parametrize("name", ["good", "bogus", "dane-some-sts", "policy-404"])
def test_the_text_is_the_same_offline(mtastsd, tmp_path, name):
    file = tmp_path / "trace"
    code, live, err = explain(mtastsd, BY_NAME[name].fqdn, "--save", file)
    assert f"{file} written: " in err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    replayed_code, replayed, _ = offline(mtastsd, file)
    first, _, rest = replayed.partition("\n")
    assert first.startswith("replay of "), replayed
    rest = rest.partition("\n")[2] if not rest.startswith("next hop") else rest     # a long name breaks the first line
    assert (replayed_code, rest) == (code, live)


def test_bogus_in_libunbounds_own_words(mtastsd):
    code, out, _ = explain(mtastsd, "bogus.example")
    assert code == 1
    text = " ".join(out.split())
    assert "MX bogus.example: bogus" in text
    assert BY_NAME["bogus"].why in text
    assert "rule 3" in out


def test_an_algorithm_that_libunbound_cant_validate_is_named(lab, mtastsd):
    """A zone signed with Ed448 counts as unsigned for Debian's libunbound (unbound#983)."""
    code, text, _ = explain(mtastsd, BY_NAME["dane-ed448"].fqdn)
    assert code == 0
    assert "ED448 (16)" in text, text
    assert lab.ask(BY_NAME["dane-ed448"].fqdn) == "NOTFOUND "


def test_each_failed_host_has_its_reason(mtastsd):
    _, answer = explained(mtastsd, "tlsa-servfail-one.example")
    hosts = {each["host"]: each for each in answer["dane"]["hosts"]}
    assert hosts["mx1.tlsa-servfail-one.example"]["state"] == "failed"
    assert "TLSA _25._tcp.mx1" in hosts["mx1.tlsa-servfail-one.example"]["detail"]
    assert hosts["mx2.tlsa-servfail-one.example"]["detail"] == ""


def test_what_people_read_fits_a_terminal(mtastsd):
    for name in ("good", "no-record", "policy-404"):
        _, out, _ = explain(mtastsd, f"{name}.example")
        lines = [line for line in out.splitlines() if not line.startswith(("postfix", "sts"))]
        assert max(map(len, lines)) <= 80, out


def test_a_name_with_u_labels(mtastsd):
    _, out, _ = explain(mtastsd, "bücher.example")
    assert "policy domain xn--bcher-kva.example" in " ".join(out.split())


def test_the_network_is_not_asked_by_rule_1(mtastsd, tmp_path):
    config = tmp_path / "mtastsd.toml"
    config.write_text(mtastsd.config.read_text().replace("[dns]", '[dns]\nprivate = ["corp.example"]'))
    code, answer = explained(mtastsd, "mail.corp.example", config=config)
    assert (code, answer["decision"]["rule"], answer["trace"]) == (0, "1", [])
    assert answer["replies"]["postfix"] == "NOTFOUND "


@pytest.mark.parametrize("name", ["mx-not-in-policy", "wildcard-deep"])
def test_no_mx_host_that_fits_the_policy_is_a_warning(mtastsd, name):
    domain = BY_NAME[name]
    code, out, _ = explain(mtastsd, domain.fqdn)
    text = " ".join(out.split())
    assert code == 1
    assert "verdict WARNING: the mail must wait (rule 6: enforce policy: no MX host fits the policy, so mail waits" in text
    assert "what to do tell the domain's owner: the policy must list the MX hosts, for example "\
        f'"mx: {domain.mx_name(domain.mx[0])}"' in text


def test_the_verdict_ends_the_text(lab, mtastsd):
    _, out, _ = explain(mtastsd, "good.example")
    assert out.endswith("\nverdict      verified TLS, names by the MTA-STS policy (rule 6: enforce policy)\n"), out
    assert "postfix310" not in out
    _, out, _ = explain(mtastsd, "good.example", "--replies")
    for dialect in DIALECTS:
        assert f"\n{dialect:<13}{lab.ask('good.example', dialect)}\n" in out, out


def test_without_a_network_dnssec_is_not_known(mtastsd, tmp_path):
    file = tmp_path / "trace"
    code, out, _ = explain(mtastsd, "uncached.example", "--save", file, enter=lambda command: ["unshare", "-n", *command])
    text = " ".join(out.split())
    assert code == 1
    assert "DNSSEC NOT KNOWN, because no test of it was answered: " in text
    assert "DNSSEC works" not in text
    assert "what to do check that the network and the resolvers are up" in text
    assert explain(mtastsd, "--offline", file)[1].endswith(out)


@pytest.mark.parametrize("written", ["Bob@Good.Example.", "https://good.example/", " good.example", "mailto:bob@good.example"])
def test_what_people_paste_is_understood(mtastsd, written):
    code, answer = explained(mtastsd, written)
    assert (code, answer["understood_as"], answer["decision"]["rule"]) == (0, "good.example", "6")
    code, out, err = explain(mtastsd, written)
    assert out.startswith("next hop     good.example\n")
    assert f'"{written}" is understood as good.example' in err


def test_a_map_that_does_not_exist_is_trouble(mtastsd):
    code, out, err = explain(mtastsd, "good.example", "--map", "postfix/nosuch")
    assert (code, out) == (2, "")
    assert "not a map name" in err


def test_the_way_is_chosen_and_postfix_is_asked_about(mtastsd, tmp_path):
    config = tmp_path / "mtastsd.toml"
    text = mtastsd.config.read_text()
    config.write_text(text.replace("forward = []", 'forward = "auto"')
                      .replace('postfix_dane = "yes"', 'postfix_dane = "auto"'))
    _, answer = explained(mtastsd, "dane-all.example", config=config)
    assert answer["dns"]["way"] == "recursion: the root's keys validate"
    assert answer["postfix"] == "does DANE itself, says the running mtastsd"
    assert answer["decision"]["rule"] == "4a"
    config.write_text(config.read_text().replace("/control.sock", "/nosuch.sock"))
    _, answer = explained(mtastsd, "dane-all.example", config=config)
    assert answer["postfix"].startswith("assumed to do DANE itself: ")
    assert (answer["rules"]["postfix_dane"], answer["decision"]["rule"]) == ("yes", "4a")


def test_without_daemon_and_cache(mtastsd, tmp_path):
    """The cache stays readable when the daemon is down, and explain says so when there is none."""
    mtastsd.stop()
    assert explained(mtastsd, "good.example")[1]["decision"]["rule"] == "6"
    config = tmp_path / "mtastsd.toml"
    config.write_text(mtastsd.config.read_text().replace(f"{mtastsd.folder}/cache", str(tmp_path / "none")))
    code, answer = explained(mtastsd, "good.example", config=config)
    assert (code, answer["stored"], answer["policy"]["source"]) == (0, None, "fetched")
    assert "as if it were empty" in answer["cache"]
