"""One lab for the whole session: real DNS, HTTPS and MX hosts, two Postfixes, and the mtastsd under test.

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
from lab.second import Second  # noqa: E402

# A TXT record counts for at least a minute, so the tests of refreshing ask at the session's start and run last.
ASKED_EARLY = ("refresh", "refresh-fails")
LATE = "test_refresh.py"
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
    finally:
        findings = SANITIZER.findall(lab.daemon.log_file.read_text(errors="replace"))
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
        if "lab" in getattr(item, "fixturenames", ()) and "delivery" in item.nodeid:
            for version, sender in lab.senders.items():
                lines = [line for line in sender.log().splitlines() if "warning" in line or "smtp[" in line]
                report.sections.append((f"end of Postfix {version}'s log", "\n".join(lines[-15:])))


@pytest.fixture
def alone():
    made = Alone()
    yield made
    made.away()
