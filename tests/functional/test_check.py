"""mtastsctl check and smtp: what is predicted is what Postfix does, and hostile MX hosts cost little."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import addresses, https, nameservers, netns, zones
from lab.check_domains import CHECK_DOMAINS, HOSTILE
from lab.daemon import program
from lab.domains import BOUNCED, BY_NAME, DEFERRED, DOMAINS, OPPORTUNISTIC, VERIFIED
from lab.mail import Mailing
from lab.mx import odd_log
from lab.roots import versions

VERSIONS = versions()
MAILED = [domain.name for domain in DOMAINS if domain.mail]
WORDS = {VERIFIED: "delivered-verified", OPPORTUNISTIC: "delivered-unverified", DEFERRED: "deferred", BOUNCED: "bounced"}
# What check can't know -> why.
NOT_KNOWN = {"dane-ed448": "libunbound can't validate Ed448, so the zone counts as unsigned; Postfix's own resolver can"}
# Runs the rest of the line, and then writes its exit status, its peak memory in KiB and its seconds to standard error. It
# is small itself, because a child begins with the peak of its parent.
MEASURE = """import json, resource, subprocess, sys, time
begin = time.monotonic()
code = subprocess.call(sys.argv[1:], stderr=subprocess.DEVNULL)
seconds = time.monotonic() - begin
print(json.dumps([code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, seconds]), file=sys.stderr)"""
MEMORY = 64 * 1024      # KiB


def command(lab, *args):
    words = [program("mtastsctl"), "--config", lab.daemon.config, *args]
    return [str(each) for each in netns.enter(lab.relay, *words)]


def ctl(lab, *args):
    """Runs mtastsctl; returns (exit status, standard output, standard error)."""
    done = subprocess.run(command(lab, *args), capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout, done.stderr


def checked(lab, *args):
    """Runs check --json; returns the exit status and the object."""
    code, out, err = ctl(lab, "--json", "check", *args)
    assert code in range(4) and out, err
    return code, json.loads(out)


def codes(answer, *severities):
    return [each["code"] for each in answer["findings"] if each["severity"] in (severities or ("warning", "error"))]


def states(answer, step):
    return [each["state"] for each in answer["steps"] if each["step"] == step]


# What is predicted, and what happens.

@pytest.fixture(scope="module")
def wanted(request):
    """The domains of the tests of predictions that will run."""
    return list(dict.fromkeys(item.callspec.params["name"] for item in request.session.items
                              if item.path == request.path and "mailings" in item.fixturenames))


@pytest.fixture(scope="module")
def sent(lab, wanted):
    """The mails, which are on their way while the predictions are made."""
    lab.daemon.ensure_running()
    return {version: Mailing(lab, version, wanted) for version in VERSIONS}


@pytest.fixture(scope="module")
def predictions(lab, sent, wanted):
    """(name, version) -> the object that check prints."""
    def predict(name, version):
        domain = BY_NAME[name]
        return checked(lab, domain.asked or domain.fqdn, "--timeout", "20s", "--postfix", version)[1]
    rows = [(name, version) for name in wanted for version in VERSIONS]
    with ThreadPoolExecutor(6) as pool:
        return dict(zip(rows, pool.map(lambda row: predict(*row), rows)))


@pytest.fixture(scope="module")
def mailings(sent, predictions):
    for each in sent.values():
        each.wait(120)
    return sent


def without_addresses(domain, text):
    """Where a host has several addresses, Postfix chooses (PFX-43)."""
    if any(len(addresses.MX[domain.mx_name(mx)]) > 1 for mx in domain.mx):
        return re.sub(r"\[[0-9a-f.:]+\]", "[]", text)
    return text


def reason(mailing, name):
    """The words of the log that a reason is part of."""
    line = mailing.line(name)
    if mailing.outcome(name) not in (VERIFIED, OPPORTUNISTIC):
        return line.partition(" status=")[2]
    over_tls = mailing.tls_lines(name)[-1:]
    return over_tls[0] if over_tls else line.replace("relay=", "delivered without TLS to ")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MAILED)
def test_what_is_predicted_happens(mailings, predictions, name, version):
    domain, mailing, answer = BY_NAME[name], mailings[version], predictions[name, version]
    outcome, story = mailing.outcome(name), "\n".join(mailing.story(name))
    same = answer["outcome"] == WORDS.get(outcome)
    told = same and without_addresses(domain, answer["prediction"]) in without_addresses(domain, reason(mailing, name))
    if name in NOT_KNOWN:
        assert not same, f"it is known: {NOT_KNOWN[name]}"
    else:
        assert told, f"{domain.fqdn}: {answer['outcome']}: {answer['prediction']}\nbut {outcome}:\n{story}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MAILED)
def test_mail_that_waits_is_never_called_ok(mailings, predictions, name, version):
    answer = predictions[name, version]
    if mailings[version].outcome(name) == DEFERRED and name not in NOT_KNOWN:
        assert answer["verdict"] in ("error", "unknown")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_domain_that_does_not_exist(lab, version):
    mailing = Mailing(lab, version, ["no-such-domain.example"])
    code, answer = checked(lab, "no-such-domain.example", "--postfix", version)
    mailing.wait()
    assert mailing.outcome("no-such-domain.example") == BOUNCED, mailing.story("no-such-domain.example")
    assert (code, answer["outcome"]) == (2, "bounced")
    assert codes(answer, "error") == ["no-such-domain"]
    assert answer["prediction"] in reason(mailing, "no-such-domain.example")


# What people and programs get.

@pytest.mark.smoke
def test_a_good_domain_is_ok_only(lab):
    code, out, _ = ctl(lab, "check", "good.example")
    assert code == 0, out
    verdict, _, steps = out.partition("\n\n")
    assert verdict.startswith("good.example: ok: mail is delivered over verified TLS: ")
    assert all(line.startswith(("ok  ", "    ")) for line in steps.splitlines()), out
    assert checked(lab, "good.example")[1]["findings"] == []


EXITS = {
    "check-nothing": (1, "record-missing"), "check-no-reports": (1, "tlsrpt-missing"), "mx-expired": (2, "certificate-expired"),
    "no-starttls": (2, "starttls-missing"), "mx-wrong-name": (2, "certificate-name-mismatch"),
    "mx-tls10": (2, "tls-too-old"), "mx-sni": (1, "certificate-depends-on-sni"),
    "dane-wrong": (2, "tlsa-mismatch"), "check-down": (3, None), "check-filtered": (3, None), "smtp-busy": (3, None),
    "smtp-no-ehlo": (3, None), "smtp-silent": (3, None), "smtp-stalls": (3, None),
}


@pytest.mark.parametrize("name", EXITS)
def test_the_exit_is_the_worst_found(lab, name):
    want, finding = EXITS[name]
    code, answer = checked(lab, BY_NAME[name].fqdn, "--timeout", "4s")
    assert code == want, answer
    assert answer["verdict"] == ("ok", "warning", "error", "unknown")[want]
    assert codes(answer) == [] if finding is None else finding in codes(answer)


def test_a_policy_host_that_is_slower_than_a_check_is_unknown(lab):
    """The daemon waits longer for it."""
    answer = checked(lab, BY_NAME["policy-silent"].fqdn, "--timeout", "4s")[1]
    assert states(answer, "policy-host") == ["unknown"] and "policy-too-slow" not in codes(answer), answer


@pytest.mark.smoke
@pytest.mark.parametrize("asked", [
    ("check", BY_NAME["tlsa-silent"].fqdn), ("check", BY_NAME["dead-hosts"].fqdn), ("check", BY_NAME["smtp-silent"].fqdn),
    ("check", BY_NAME["policy-silent"].fqdn), ("smtp", "mx.smtp-silent.example"), ("explain", BY_NAME["dead-hosts"].fqdn),
    ("lint", "policy", "--domain", BY_NAME["smtp-silent"].fqdn, "/dev/null"),
    ("generate", BY_NAME["smtp-silent"].fqdn)], ids=" ".join)
def test_what_answers_late_does_no_harm(lab, asked):
    """What a verb has asked may be under way when it ends."""
    more = () if asked[0] == "explain" else ("--timeout", "1s")
    code, _, err = ctl(lab, *asked, *more)
    assert code in (1, 2, 3) and "Sanitizer" not in err, err


def test_a_server_for_submission_is_not_about_mail_from_others(lab):
    fqdn = BY_NAME["check-submission"].fqdn
    code, answer = checked(lab, fqdn)
    assert (code, answer["outcome"], codes(answer)) == (2, "delivered-verified", ["certificate-expired"]), answer
    finding, = (each for each in answer["findings"] if each["code"] == "certificate-expired")
    assert (finding["where"]["step"], finding["where"]["host"], finding["where"]["port"]) == (
        "submission", f"submission.{fqdn}", 587)
    assert {each["host"]: each["state"] for each in answer["steps"] if each["step"] == "submission"} == {
        f"submissions.{fqdn}": "ok", f"submission.{fqdn}": "found"}
    assert states(checked(lab, "good-unsigned.example")[1], "submission") == ["not-asked"]


def test_old_tls_is_used_where_nothing_is_demanded(lab):
    code, answer = checked(lab, BY_NAME["testing-tls10"].fqdn)
    assert (code, answer["outcome"]) == (1, "delivered-unverified")
    assert "tls-too-old" in codes(answer, "warning")


@pytest.fixture
def changes(lab):
    """Publishes another record or policy for check-changes.example; afterwards all is in order again."""
    domain = BY_NAME["check-changes"]
    file = lab.folder("https") / "sites" / domain.fqdn / https.WELL_KNOWN
    changed = []

    def change(policy=None, record=None):
        if policy is not None:
            file.write_bytes(policy if isinstance(policy, bytes) else policy.encode())
        if record is not None:
            changed.append(record)
            nameservers.change_record(lab, domain.name, record)
        return checked(lab, domain.fqdn)
    yield change
    https.write_policy(lab, domain.name)
    if changed:
        nameservers.change_record(lab, domain.name, domain.record)


def test_testing_and_none_are_warnings(changes):
    text = https.policy_text(BY_NAME["check-changes"])
    for mode in ("testing", "none"):
        code, answer = changes(text.replace("enforce", mode))
        assert (code, codes(answer)) == (1, [f"mode-{mode}"])
        assert answer["outcome"] == "delivered-unverified"


@pytest.mark.parametrize("args", [
    [], ["good.example", "--timeout", "0s"], ["good.example", "--timeout", "soon"], ["good.example", "--ignore", "nosuch"],
    ["good.example", "--postfix", "new"], ["192.0.2.1"], [""], ["--offline", "/nosuch"], ["good.example", "--nosuch"]])
def test_wrong_usage_is_unknown(lab, args):
    code, out, err = ctl(lab, "check", *args)
    assert (code, out) == (3, "")
    assert err


@pytest.mark.parametrize("written", ["user@good.example", "https://good.example/", "Good.Example."])
def test_what_people_paste_is_understood(lab, written):
    code, answer = checked(lab, written)
    assert (code, answer["domain"], answer["understood_as"]) == (0, "good.example", "good.example")
    assert codes(answer, "info") == ["input-corrected"]
    _, out, err = ctl(lab, "check", written)
    assert out.startswith("good.example: ok: ")
    assert (out + err).count(f'"{written}" is understood as good.example') == 1
    assert err == ""


def test_letters_outside_of_ascii_are_told_of(lab):
    fqdn = BY_NAME["xn--bcher-kva"].fqdn
    for written, want in (("b\u00fccher.example", ["domain-u-label"]), (fqdn.upper(), []),
                          ("a@b\u00fccher.example", ["input-corrected", "domain-u-label"])):
        _, answer = checked(lab, written)
        remarks = [code for code in codes(answer, "info") if code in ("input-corrected", "domain-u-label")]
        assert (answer["domain"], answer["understood_as"], remarks) == (fqdn, fqdn, want)


def test_a_server_in_a_link_is_understood(lab):
    code, out, _ = ctl(lab, "--json", "smtp", "https://mx.good.example/", "--ports", "25")
    answer = json.loads(out)
    assert (code, answer["domain"], answer["understood_as"]) == (0, "mx.good.example", "mx.good.example")
    assert codes(answer, "info") == ["input-corrected"]


def test_one_line_for_monitoring(lab):
    for name, want, word in (("good", 0, "OK"), ("check-no-reports", 1, "WARNING"), ("mx-expired", 2, "CRITICAL"),
                             ("check-down", 3, "UNKNOWN")):
        fqdn = BY_NAME[name].fqdn
        code, out, _ = ctl(lab, "check", fqdn, "--nagios")
        assert code == want
        assert re.fullmatch(rf"MTA-STS {word}: {fqdn}: [^|\n]+ \| (\w+=-?[\d.]+ ?)+\n", out), out


def test_what_is_ignored_does_not_count(lab):
    fqdn = BY_NAME["check-no-reports"].fqdn
    code, answer = checked(lab, fqdn, "--ignore", "tlsrpt-missing")
    assert (code, answer["verdict"], codes(answer)) == (0, "ok", [])
    code, answer = checked(lab, fqdn, "--ignore", "zone-unsigned")
    assert (code, codes(answer, "info", "warning")) == (1, ["tlsrpt-missing"])


@pytest.mark.parametrize("asked", [
    *(BY_NAME[name].fqdn for name in ("good", "mx-expired", "dane-some-sts", "bogus", "policy-404", "smtp-garbage", "mx-sni",
                                      "mx-tls10", "check-submission")),
    "a@b\u00fccher.example."])
def test_a_replay_says_the_same(lab, tmp_path, asked):
    file = tmp_path / "trace"
    for form in ([], ["--json"]):
        code, out, err = ctl(lab, *form, "check", asked, "--save", file)
        assert f"{file} " in err
        offline = [program("mtastsctl"), "--config", lab.daemon.config, *form, "check", "--offline", file]
        done = subprocess.run(["unshare", "-n", *map(str, offline)], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (code, out)


def test_a_server_alone(lab):
    code, out, _ = ctl(lab, "smtp", "mx.good.example", "--ports", "25")
    assert code == 0, out
    assert "\nok        smtp mx.good.example: 2001:db8::" in out
    assert ctl(lab, "smtp", "mx.good.example")[0] == 0      # nobody listens at 465 and 587
    code, out, _ = ctl(lab, "smtp", "mx.mx-expired.example", "--ports", "25")
    assert code == 2
    assert "certificate-expired" in out
    assert ctl(lab, "smtp", "mx1.check-down.example")[0] == 3
    assert ctl(lab, "smtp", "mx.good.example", "--ports", "smtp")[0] == 3


# A list.

LIST = """# a comment
good.example

  \tUser@Check-No-Reports.example\t
[mx.good.example]:25
 # good.example
b\u00fccher.example\r
mx-expired.example"""


def listed(lab, lines, *args, file="-"):
    """Runs check --file; returns (exit status, standard output)."""
    done = subprocess.run(command(lab, "check", "--file", file, *args), input=lines.encode(), capture_output=True,
                          timeout=180)
    return done.returncode, done.stdout.decode()


def test_a_list_is_checked_line_by_line(lab, tmp_path):
    file = tmp_path / "list"
    file.write_bytes(LIST.encode())
    code, out = listed(lab, "", "--json", file=file)
    objects = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [each["domain"] for each in objects] == [
        "good.example", "check-no-reports.example", "[mx.good.example]:25", "xn--bcher-kva.example", "mx-expired.example"]
    assert [each["verdict"] for each in objects] == ["ok", "warning", "unknown", "warning", "error"]
    assert "error" in objects[2] and not any("error" in objects[at] for at in (0, 1, 3, 4))
    remarks = [[code for code in codes(each, "info") if code in ("input-corrected", "domain-u-label")] for each in objects]
    assert remarks == [[], ["input-corrected"], [], ["domain-u-label"], []]
    code, out = listed(lab, LIST)
    assert code == 2
    assert [line.partition(":")[0] for line in out.splitlines() if line[0] != " "] == [
        "good.example", "check-no-reports.example", "[mx.good.example]", "xn--bcher-kva.example", "mx-expired.example"]
    assert "understood" not in out.partition("xn--")[2]


def test_a_list_ends_as_its_worst_line(lab):
    lines = ""
    for line, want in (("good", 0), ("check-no-reports", 1), ("check-down", 3), ("mx-expired", 2)):
        lines += f"{BY_NAME[line].fqdn}\n"
        assert listed(lab, lines)[0] == want
    assert listed(lab, "good.example\n192.0.2.1\n")[0] == 3
    assert listed(lab, "# none\n\n")[0] == 3


SLOWEST = ["smtp-silent", "smtp-slow", "smtp-stalls"]       # of the fifty


def test_a_list_takes_no_longer_than_its_slowest_three(lab):
    """Ordinary domains first, then those that keep a check waiting until its time is over."""
    names = ["policy-slow", "policy-silent",
             *(each.name for each in CHECK_DOMAINS if each.name not in ("check-changes", "smtp-shared"))]
    ordinary = [name for name in MAILED if name not in names]
    fifty = [BY_NAME[name].fqdn for name in ordinary[:50 - len(names)] + names]
    assert len(set(fifty)) == 50

    def alone(name):
        _, line, _ = ctl(lab, "check", BY_NAME[name].fqdn, "--timeout", "6s", "--nagios")
        return float(re.search(r" seconds=([\d.]+)", line)[1])
    three = sum(alone(name) for name in SLOWEST)
    begin = time.monotonic()
    _, out = listed(lab, "\n".join(fifty), "--timeout", "6s", "--json")
    took = time.monotonic() - begin
    assert [json.loads(line)["domain"] for line in out.splitlines()] == fifty
    assert took <= three, f"{took:.1f} s, but the slowest three together take {three:.1f} s"


def test_domains_with_one_mx_host_share_its_connections(lab):
    """20 domains name one MX host, and 10 of them another one each at the same address."""
    address, = addresses.MX["mx1.smtp-shared.example"]
    before = odd_log(lab).read_text().count("\n")
    _, out = listed(lab, "\n".join(zones.SHARING), "--json")
    hosts = {each["host"] for line in out.splitlines() for each in json.loads(line)["steps"] if each["step"] == "smtp"}
    assert len(out.splitlines()) == 20
    assert len(hosts) == 11
    assert not [step for line in out.splitlines() for step in json.loads(line)["steps"]
                if step["step"] == "smtp" and step["state"] == "unknown"]
    without_name = 1            # one more without SNI serves all
    assert odd_log(lab).read_text().splitlines()[before:] == [f"{address} open 1"] * (11 + without_name)


# Watching.

@pytest.fixture
def watch(lab):
    """Starts check --watch; returns (the process, a function that returns what it has printed so far)."""
    started = []

    def start(*args):
        process = subprocess.Popen(command(lab, *args, "--watch", "10s"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, env={**os.environ, "TZ": "lab-1:30"})
        started.append(process)
        lines = []
        threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()
        return process, lambda: "".join(list(lines))
    yield start
    for process in started:
        process.kill()
        process.wait()


def test_watch_prints_what_changes(watch, changes, wait):
    domain = BY_NAME["check-changes"]
    process, printed = watch("check", domain.fqdn)
    wait("the first report", lambda: "\nok        tlsrpt" in printed(), 30)
    assert printed().startswith(f"{domain.fqdn}: ok: ")
    first = printed()
    changes(https.policy_text(domain).replace("enforce", "testing"))
    wait("the change", lambda: "  mend: " in printed(), 60)
    head = rf"\n\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d \+0130\n{domain.fqdn}: "
    assert re.match(head + r"warning: (.*\n)+new: warning mode-testing \(policy", printed().removeprefix(first))
    second = printed()
    changes(https.policy_text(domain))
    wait("the other change", lambda: "gone: " in printed(), 60)
    assert re.match(head + r"ok: (.*\n)+gone: warning mode-testing: ", printed().removeprefix(second))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_watch_prints_an_object_for_each_change(watch, changes, wait):
    domain = BY_NAME["check-changes"]
    process, printed = watch("--json", "check", domain.fqdn, "--ignore", "tlsrpt-missing")
    wait("the first report", lambda: printed().endswith("\n"), 30)
    assert json.loads(printed())["steps"]
    changes(record=('"v=STSv1; id=1;"', '"v=STSv1; id=2;"'))
    wait("the change", lambda: printed().count("\n") == 2, 60)
    change = json.loads(printed().splitlines()[1])
    assert list(change) == ["time", "domain", "verdict", "outcome", "appeared", "gone", "changed", "unknown", "known"]
    assert (change["domain"], change["verdict"], change["outcome"]) == (domain.fqdn, "error", "delivered-unverified")
    assert [each["code"] for each in change["appeared"]] == ["multiple-records"]
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 2


def test_watch_ends_at_once(lab, watch, wait):
    """While the first check waits for a silent MX host."""
    before = odd_log(lab).read_text()
    process, printed = watch("check", BY_NAME["smtp-silent"].fqdn, "--timeout", "10m")
    address, = addresses.MX["mx.smtp-silent.example"]
    wait("a connection", lambda: f"{address} open" in odd_log(lab).read_text().removeprefix(before), 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 3
    assert printed() == ""


# Hostile MX hosts.

@pytest.fixture(scope="module")
def hostile(lab, request):
    """behaviour -> (exit status, KiB, seconds, object), each measured while others run."""
    names = [item.callspec.params["name"] for item in request.session.items
             if item.path == request.path and "hostile" in item.fixturenames]

    def measure(name):
        words = command(lab, "--json", "check", f"smtp-{name}.example", "--timeout", "5s")
        done = subprocess.run([sys.executable, "-c", MEASURE, *words], capture_output=True, text=True, timeout=60)
        return (*json.loads(done.stderr), json.loads(done.stdout))
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(measure, names)))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mx_host_costs_little(hostile, name):
    code, memory, seconds, answer = hostile[name]
    assert code in (2, 3), answer
    assert answer["outcome"] in ("deferred", "unknown")
    assert seconds < 6
    assert memory < MEMORY
    assert states(answer, "record") + states(answer, "policy") + states(answer, "tlsrpt") == ["ok"] * 3, answer


SAYS = {
    "endless-banner": "64 KiB or 512 lines", "endless-ehlo": "after EHLO: ", "long-line": "64 KiB",
    "garbage": "not an SMTP reply", "silent": "sends no greeting in time", "slow": "sends no greeting in time",
    "refuses": "greets with 554 5.7.1 go away", "busy": "says 421 4.7.0 too many connections",
    "no-ehlo": "answers EHLO with 550", "surplus": "14 octets in the clear", "no-tls": "does not speak TLS",
    "stalls": "fails in the TLS handshake", "big-certificate": "fails in the TLS handshake: ",
    "reset-greeted": "after EHLO: Connection reset", "reset-ehlo": "after STARTTLS: Connection reset",
    "reset-starttls": "TLS handshake: Connection reset", "reset-hello": "TLS handshake: Connection reset",
    "reset-tls": "after the handshake: Connection reset",
}


@pytest.mark.parametrize("name", SAYS)
def test_what_a_hostile_mx_host_did_is_said(hostile, name):
    seen, = (each["seen"] for each in hostile[name][3]["steps"] if each["step"] == "smtp")
    assert SAYS[name] in seen


def test_one_connection_at_a_time_to_an_address(lab):
    """Two MX hosts at one address: a dialogue for each, and one without SNI for both, one after the other."""
    address, = addresses.MX["mx1.smtp-shared.example"]
    before = odd_log(lab).read_text().count("\n")
    _, answer = checked(lab, BY_NAME["smtp-shared"].fqdn)
    assert [each["host"] for each in answer["steps"] if each["step"] == "smtp"] == [
        "mx1.smtp-shared.example", "mx2.smtp-shared.example"]
    assert odd_log(lab).read_text().splitlines()[before:] == [f"{address} open 1"] * 3


# What other checkers take for faults, but is none. The others of this kind are unit tests.

POLICY = "version: STSv1\r\nmode: enforce\r\nmax_age: 1209600\r\nmx: mx.check-changes.example\r\n"
FINE = [        # why, the policy, the record
    ("lines end in LF", POLICY.replace("\r\n", "\n"), None),
    ("lines end in CRLF or LF", POLICY.replace("\r\n", "\n", 2), None),
    ("unrelated TXT beside the record", None, ('"v=spf1 -all"', '"v=STSv1; id=1;"', '"google-site-verification=x"')),
    ("colons in values", POLICY + "contact: mailto:a@b.example: c\r\n", None),
    ("upper case in mx", POLICY.replace("mx.check", "MX.Check"), None),
    ("a space before the semicolon", None, ('"v=STSv1 ; id=1 ;"',)),
]
NO_ERROR = [    # worth a remark at most
    ("an unknown field in the record", None, ('"v=STSv1; id=1; x=y;"',)),
    ("an unknown key in the policy", POLICY + "priority: 5\r\n", None),
    ("a key twice", POLICY + "mode: testing\r\n", None),
    ("version is not in the first line", POLICY.removeprefix("version: STSv1\r\n") + "version: STSv1\r\n", None),
    ("UTF-8 in the value of an unknown key", POLICY + "note: gr\u00fc\u00dfe\r\n", None),
    ("mode none without mx", POLICY.replace("enforce", "none").partition("mx:")[0], None),
    ("a max_age below a day", POLICY.replace("1209600", "3600"), None),
    ("a max_age of 0", POLICY.replace("1209600", "0"), None),
    ("a host in the policy that is not an MX host", POLICY + "mx: old.check-changes.example\r\n", None),
]


@pytest.mark.parametrize("policy, record", [each[1:] for each in FINE], ids=[each[0] for each in FINE])
def test_what_is_fine_is_not_remarked(changes, policy, record):
    code, answer = changes(policy, record)
    assert (code, codes(answer)) == (0, []), answer["findings"]


@pytest.mark.parametrize("policy, record", [each[1:] for each in NO_ERROR], ids=[each[0] for each in NO_ERROR])
def test_what_is_allowed_is_no_error(changes, policy, record):
    code, answer = changes(policy, record)
    assert code in (0, 1)
    assert codes(answer, "error") == []


@pytest.mark.parametrize("name", [
    "check-charset",        # a parameter in Content-Type
    "check-tls12",          # an MX host without TLS 1.3
    "dane-all",             # self-signed, expired certificates with DANE-EE
    "check-changes",        # no IPv6; and no host of the lab has a PTR record
])
def test_a_setup_that_is_fine_is_ok(lab, name):
    code, answer = checked(lab, BY_NAME[name].fqdn)
    assert (code, answer["verdict"], codes(answer)) == (0, "ok", []), answer["findings"]


def test_one_mx_host_that_is_down_is_not_the_policys_fault(lab):
    code, answer = checked(lab, BY_NAME["check-one-down"].fqdn)
    assert (code, codes(answer)) == (1, ["mx-unreachable"])
    assert states(answer, "policy") + states(answer, "mx") == ["ok", "ok"]


def test_a_blocked_port_25_is_not_the_domains_fault(lab):
    code, answer = checked(lab, BY_NAME["check-filtered"].fqdn, "--timeout", "4s")
    assert (code, answer["outcome"], codes(answer)) == (3, "unknown", [])
    assert "port 25 may be blocked where you are" in json.dumps(answer["steps"])
