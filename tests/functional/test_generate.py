"""mtastsctl generate and lint policy --domain: what is printed fits the live MX hosts, and never promises too much."""
import json
import subprocess

import pytest

from lab import https, netns
from lab.daemon import program
from lab.domains import BY_NAME, TWO_WEEKS


def ctl(lab, *args, **more):
    """Runs mtastsctl; returns (exit status, standard output, standard error)."""
    words = netns.enter(lab.relay, program("mtastsctl"), "--config", lab.daemon.config, *args)
    done = subprocess.run([str(each) for each in words], capture_output=True, text=True, timeout=60, **more)
    return done.returncode, done.stdout, done.stderr


def fqdn(name):
    return BY_NAME[name].fqdn


# What generate prints.

FAILS = {       # the MX host fails MTA-STS: what is said about it
    "mx-expired": "has a certificate that expired on", "mx-wrong-name": "has a certificate that",
    "mx-self-signed": "has a certificate that", "no-starttls": "does not offer STARTTLS",
    "backup-mx": "mx1.backup-mx.example[", "smtp-surplus": "octets in the clear",
    "dane-all": "has a certificate that",      # DANE accepts it, but senders may know MTA-STS alone
}
NOT_KNOWN = {
    "check-down": "can't be reached: Connection refused", "check-one-down": "can't be reached: Connection refused",
    "check-filtered": "can't be reached: ", "smtp-busy": "says 421 4.7.0 too many connections",
}
NO_HOSTS = {
    "null-mx": "has a null MX", "no-mx": "no-mx.example has no MX record", "servfail": "could not be looked up: ",
}


def timeout_of(name):
    return "4s" if name == "check-filtered" else "30s"


@pytest.mark.smoke
def test_a_good_domain_may_begin_with_either_mode(lab):
    for mode, args in (("testing", []), ("testing", ["--mode", "testing"]), ("enforce", ["--mode", "enforce"])):
        code, out, err = ctl(lab, "generate", "check-nothing.example", *args)
        assert (code, err) == (0, ""), out
        assert out.startswith("# MX hosts\nmx.check-nothing.example passes\n")
        assert f"\nversion: STSv1\nmode: {mode}\nmx: mx.check-nothing.example\n" in out


def test_a_domain_that_enforces_is_not_weakened_unawares(lab):
    code, out, _ = ctl(lab, "generate", "good.example")
    assert (code, "\nmode: enforce\n" in out, "WARNING" in out) == (0, True, False)
    code, out, _ = ctl(lab, "generate", "good.example", "--mode", "testing")
    assert code == 0
    assert out.startswith("WARNING: good.example enforces TLS today, and this policy would end that.")
    for args, weakens in (([], False), (["--mode", "testing"], True)):
        assert json.loads(ctl(lab, "--json", "generate", "good.example", *args)[1])["weakens"] == weakens


def test_a_published_tlsrpt_record_is_kept(lab):
    _, out, _ = ctl(lab, "generate", "good.example", "--rua", "mailto:other@good.example")
    assert f'; is there already: _smtp._tls.good.example. IN TXT {BY_NAME["good"].reports[0]}' in out
    assert "other@good.example" not in out


@pytest.mark.parametrize("name", FAILS)
def test_no_enforce_while_a_host_fails(lab, name):
    for mode, want in (([], 1), (["--mode", "testing"], 1), (["--mode", "enforce"], 2)):
        for form in ([], ["--json"]):
            code, out, err = ctl(lab, *form, "generate", fqdn(name), *mode)
            assert code == want, out
            assert "mode: testing" in out and "mode: enforce" not in out
            assert FAILS[name] in err and "mode enforce must wait: " in err
    failing = [each for each in json.loads(out)["mx"] if each["passes"] is False]
    assert failing and all(FAILS[name] in each["reason"] and each["host"] in each["reason"] for each in failing)
    assert FAILS[name] in " ".join(json.loads(out)["plan"])


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_no_enforce_while_a_host_is_not_known(lab, name):
    for mode in ([], ["--mode", "enforce"]):
        code, out, err = ctl(lab, "--json", "generate", fqdn(name), "--timeout", timeout_of(name), *mode)
        assert code == 1, out
        assert "mode: enforce" not in out
        assert NOT_KNOWN[name] in err and "port 25 may be blocked where you are" in err
        assert None in [each["passes"] for each in json.loads(out)["mx"]]
        assert False not in [each["passes"] for each in json.loads(out)["mx"]]


@pytest.mark.parametrize("name", NO_HOSTS)
def test_without_mx_hosts_nothing_is_printed(lab, name):
    code, out, err = ctl(lab, "generate", fqdn(name))
    assert (code, out) == (2, "")
    assert NO_HOSTS[name] in err


def test_a_domain_that_does_not_exist_has_no_policy(lab):
    code, out, err = ctl(lab, "generate", "nosuch.good.example", "--mx", "mx.good.example")
    assert (code, out) == (2, "")
    assert "nosuch.good.example does not exist in DNS" in err


def test_a_domain_without_mx_record_can_be_named(lab):
    code, out, _ = ctl(lab, "generate", "no-mx.example", "--mx", "no-mx.example", "--mode", "enforce")
    assert code == 0, out
    assert "\nmode: enforce\nmx: no-mx.example\n" in out


def test_named_hosts_are_held_against_the_live_ones(lab):
    code, out, err = ctl(lab, "generate", "good.example", "--mx", "mx.elsewhere.example", "--mode", "enforce")
    assert code == 2 and "mode: enforce" not in out
    assert "covers none of the MX hosts (mx.good.example)" in err
    code, out, _ = ctl(lab, "generate", "good.example", "--mx", "*.good.example,old.mx.example", "--mode", "enforce")
    assert "old.mx.example in the policy covers none of the MX hosts" in out
    assert code == 0 and "\nmode: enforce\nmx: *.good.example\n" in out


def test_no_network_looks_at_nothing(lab):
    """In a network namespace of its own, where nobody could be asked."""
    words = [program("mtastsctl"), "generate", "no-starttls.example", "--no-network", "--mx", "mx.no-starttls.example",
             "--mode", "enforce"]
    done = subprocess.run(["unshare", "-n", *map(str, words)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing was looked at" in done.stdout and "\nmode: enforce\n" in done.stdout


def test_a_published_policy_is_replaced(lab):
    code, out, _ = ctl(lab, "--json", "generate", "good.example")
    answer = json.loads(out)
    assert (code, answer["published"]) == (0, {"id": "1", "mode": "enforce", "max_age": 1209600})
    assert "\nmax_age: 1209600\n" in answer["policy"]["text"]
    assert "with the id 1." in answer["plan"][0]
    assert json.loads(ctl(lab, "--json", "generate", "check-nothing.example")[1])["published"] is None


@pytest.mark.parametrize("mode", ["testing", "enforce"])
def test_what_is_printed_is_valid(lab, tmp_path, mode):
    answer = json.loads(ctl(lab, "--json", "generate", "good.example", "--mode", mode)[1])
    sts, tlsrpt = (each["text"] for each in answer["records"])
    file = tmp_path / "policy"
    file.write_text(answer["policy"]["text"])
    assert ctl(lab, "lint", "record", sts)[0] == 0
    assert ctl(lab, "lint", "tlsrpt", tlsrpt)[0] == 0
    assert ctl(lab, "lint", "policy", file)[0] == 0
    assert ctl(lab, "lint", "policy", file, "--domain", "good.example")[0] == 0


# lint policy --domain.

def linted(lab, name, policy, *args):
    code, out, err = ctl(lab, "--json", "lint", "policy", "-", "--domain", fqdn(name), *args, input=policy)
    return code, json.loads(out), err


def policy_of(name, mode="enforce", mx=None):
    return https.policy_text(BY_NAME[name], mode=mode, mx=mx, max_age=TWO_WEEKS)


LINTED = [      # domain, mode, mx; exit status, a code
    ("good", "enforce", None, 0, None),
    ("good", "enforce", ("*.good.example", "old.good.example"), 0, "pattern-unused"),
    ("good", "enforce", ("mx.elsewhere.example",), 1, "no-mx-in-policy"),
    ("good", "testing", ("mx.elsewhere.example",), 0, "no-mx-in-policy"),
    ("check-one-down", "enforce", ("mx1.check-one-down.example",), 0, "backup-mx-not-in-policy"),
    ("check-one-down", "enforce", None, 2, "mx-unreachable"),
    ("mx-expired", "enforce", None, 1, "certificate-expired"),
    ("mx-expired", "testing", None, 0, "certificate-expired"),
    ("no-starttls", "enforce", None, 1, "starttls-missing"),
    ("null-mx", "enforce", ("mx.null-mx.example",), 0, "null-mx"),
    ("servfail", "enforce", None, 1, "mx-lookup-failed"),
    ("check-down", "enforce", None, 2, None),
]


@pytest.mark.parametrize("name, mode, mx, want, finding", LINTED)
def test_a_policy_is_held_against_the_live_hosts(lab, name, mode, mx, want, finding):
    code, answer, err = linted(lab, name, policy_of(name, mode, mx))
    assert code == want, (answer, err)
    assert (answer["verdict"], answer["domain"]) == ("valid", fqdn(name))
    assert finding is None or finding in [each["code"] for each in answer["findings"]]
    assert ("port 25 may be blocked" in err) == (want == 2)


def test_a_policy_that_is_not_valid_is_not_compared(lab):
    code, answer, _ = linted(lab, "good", "version: STSv1\nmode: enforce\n")
    assert (code, answer["verdict"], answer["hosts"]) == (1, "invalid", [])


def test_the_http_answer_counts_too(lab):
    code, answer, _ = linted(lab, "good", policy_of("good"), "--status", "404")
    assert (code, answer["verdict"]) == (1, "invalid")
    assert [each["passes"] for each in answer["hosts"]] == [True]
