"""One lab for the whole session: real DNS, HTTPS and MX hosts, Postfix in two versions, and the programs under test.

Tests marked `smoke` are the few that sanitizer builds run. A failure shows the ends of the logs.
"""
import re
import signal
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.alone import Alone  # noqa: E402
from lab.domains import BY_NAME  # noqa: E402
from lab.lab import Lab  # noqa: E402
from lab.processes import wait_until  # noqa: E402
from lab.roots import versions  # noqa: E402
from lab.sasl import SaslServer  # noqa: E402
from lab.second import Second  # noqa: E402
from lab.submission import Submission  # noqa: E402

# A TXT record counts for at least a minute, so the tests of refreshing ask at the session's start and run last.
ASKED_EARLY = ("refresh", "refresh-fails")
LATE = "test_refresh.py"
# What Postfix says while a test has ended the milter; anything else means that the milter broke the protocol.
MILTER_AWAY = re.compile(r"connect to Milter service |read error in initial handshake|can't (read|write) SMFIC_")
SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: ).*")


def pytest_configure(config):
    config.addinivalue_line("markers", "smoke: one of the few tests that sanitizer builds run")


def pytest_sessionstart():
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))   # raise, so that the lab is taken down


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name == LATE)


@pytest.fixture(scope="session")
def lab(request):
    lab = Lab.new()
    lab.up()
    request.config.lab = lab
    try:
        if any(item.path.name == LATE for item in request.session.items):
            lab.first_answers = {name: lab.ask(BY_NAME[name].fqdn) for name in ASKED_EARLY}
        yield lab
        if lab.daemon.running():
            status = lab.daemon.stop()
            assert status == 0, f"mtastsd ended with status {status}:\n{lab.daemon.tail()}"
        if lab.milter.running():
            status = lab.milter.stop()
            assert status == 0, f"mtasts-milter ended with status {status}:\n{lab.milter.tail()}"
    finally:
        logs = [each.log_file for each in (lab.daemon, lab.milter) if each.log_file.exists()]
        findings = [line for log in logs for line in SANITIZER.findall(log.read_text(errors="replace"))]
        lab.down()
    assert not findings, "a sanitizer found something; its report is above or in the log"


@pytest.fixture(autouse=True)
def running(request):
    """Starts mtastsd if the test before stopped it, so that each test finds it running."""
    if "lab" in request.fixturenames:
        request.getfixturevalue("lab").daemon.ensure_running()


@pytest.fixture
def mtastsd(lab):
    return lab.daemon


@pytest.fixture(scope="session")
def submissions(lab):
    """The Postfixes that ask the milter: version -> Submission."""
    SaslServer(lab.relay)
    made = {version: Submission(lab, version) for version in versions()}
    for each in made.values():
        each.begin()
    for each in made.values():
        each.wait()
    lab.submissions = made
    yield made
    complaints = [line for each in made.values() for line in each.log().splitlines()
                  if "warning" in line and "milter" in line.lower() and not MILTER_AWAY.search(line)]
    assert not complaints, "Postfix complains about the milter"


@pytest.fixture(params=versions())
def submission(submissions, request):
    """Each of them in turn, for what depends on Postfix."""
    return submissions[request.param]


@pytest.fixture
def newest(submissions):
    """One of them, for what depends on the milter alone."""
    return submissions[versions()[-1]]


@pytest.fixture
def milter(lab):
    """Runs on from test to test; each says with which configuration (use, fresh or start)."""
    yield lab.milter
    assert not lab.milter.crashed(), lab.milter.tail()


@pytest.fixture
def second(lab):
    """Starts an mtastsd with its own resolver; it must end in an orderly way."""
    made = []

    def make(name, resolver, more="", **how):
        made.append(Second(lab, name, resolver, more, **how))
        made[-1].start()
        return made[-1]
    yield make
    for each in made:
        assert each.stop() == 0


@pytest.fixture
def wait():
    return wait_until


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    lab = getattr(item.config, "lab", None)
    if report.failed and lab is not None:
        report.sections.append(("end of mtastsd's log", lab.daemon.tail()))
        if "milter" in getattr(item, "fixturenames", ()):
            report.sections.append(("end of mtasts-milter's log", lab.milter.tail()))
            for each in getattr(lab, "submissions", {}).values():
                report.sections.append((f"end of {each.name}'s log", "\n".join(each.log().splitlines()[-15:])))
        if "lab" in getattr(item, "fixturenames", ()) and "delivery" in item.nodeid:
            for version, sender in lab.senders.items():
                lines = [line for line in sender.log().splitlines() if "warning" in line or "smtp[" in line]
                report.sections.append((f"end of Postfix {version}'s log", "\n".join(lines[-15:])))


@pytest.fixture
def alone():
    made = Alone()
    yield made
    made.away()
