"""How mtastsd chooses its resolvers: behind a firewall, with resolvers that strip DNSSEC or forge, and without network."""
import concurrent.futures
import contextlib
import socket
import time

import dns.message
import dns.rdatatype
import pytest

from lab import addresses
from lab.processes import run, wait_until
from lab.second import PORT, SILENT_ROOT, STRIPPER, YES, Forwarder, Second, Stripper, listed

GOOD = "OK secure match=mx.good.example servername=hostname"
DANE = "dane-all.example"               # no policy, TLSA records for every MX host
UNSIGNED, UNSIGNED_GOOD = "good-unsigned.example", "OK secure match=mx.good-unsigned.example servername=hostname"
LINK_LOCAL = "fe80::5353"               # of a resolver, at the relay's interface up0
SWITCHED = 90                           # seconds: a check every 30, and failed ones are not repeated at once


class AbsenceStripper(Stripper):
    """A resolver that passes on the signatures of what exists, but not the proofs of what does not."""

    def answer(self, query):
        reply = dns.message.from_wire(Forwarder.answer(self, query))
        if not reply.answer:
            reply.authority = [each for each in reply.authority if each.rdtype == dns.rdatatype.SOA]
        return reply.to_wire()


class KeyForger(Stripper):
    """Answers for the root's keys without signatures, as an attacker forges them, as long as `forges`."""
    forges = True

    def answer(self, query):
        question = dns.message.from_wire(query).question[0]
        about_keys = question.rdtype == dns.rdatatype.DNSKEY and len(question.name) == 1
        return super().answer(query) if self.forges and about_keys else Forwarder.answer(self, query)


@pytest.fixture
def stripper(lab):
    with contextlib.closing(Stripper(lab)) as stripper:
        yield stripper


@pytest.fixture
def link_local(lab):
    """A resolver that only its neighbours on the link can ask."""
    run("ip", "-n", lab.world, "address", "add", f"{LINK_LOCAL}/64", "dev", "down0", "nodad")
    try:
        with contextlib.closing(Forwarder(lab, socket.AF_INET6, f"{LINK_LOCAL}%down0")) as forwarder:
            yield forwarder
    finally:
        run("ip", "-n", lab.world, "address", "del", f"{LINK_LOCAL}/64", "dev", "down0")


def test_behind_a_firewall_the_resolvers_are_used(second):
    """The first answer comes although nobody answers at the root, and DNSSEC works through the resolver."""
    began = time.monotonic()
    daemon = second("firewall", addresses.RESOLVER)
    assert daemon.ask("good.example") == GOOD
    assert time.monotonic() - began < 30
    code, report = wait_until("both checks", daemon.checked)
    assert code == 0, report
    assert report["dns"]["way"].startswith(f"resolvers {addresses.RESOLVER} from /etc/resolv.conf: recursion fails")
    assert "is port 53 filtered?" in report["dns"]["way"]
    assert report["dnssec"]["works"] is True
    assert report["postfix_dane"]["value"] is True


def test_a_resolver_at_a_link_local_address_is_asked(link_local, second):
    daemon = second("link-local", f"{LINK_LOCAL}%up0")
    assert daemon.ask("good.example") == GOOD
    code, report = wait_until("both checks", daemon.checked)
    assert code == 0, report
    assert report["dns"]["way"].startswith(f"resolvers {LINK_LOCAL}%up0 from /etc/resolv.conf: recursion fails")
    assert f"AD from {LINK_LOCAL}%up0" in report["postfix_dane"]["detail"]


def test_behind_a_stripping_resolver_mta_sts_works_without_dnssec(stripper, second):
    daemon = second("stripped", STRIPPER)
    assert daemon.ask("good.example") == GOOD
    code, report = wait_until("both checks", daemon.checked)
    assert code == 1
    assert "without DNSSEC" in report["dns"]["way"]
    assert report["dns"]["answers"] is True
    assert report["dnssec"]["works"] is False
    assert "strips DNSSEC" in report["dnssec"]["detail"]
    assert report["postfix_dane"]["value"] is False
    assert f"no AD from {STRIPPER}" in report["postfix_dane"]["detail"]
    assert '"event":"dnssec"' in daemon.log.read_text()


def test_a_listed_resolver_that_strips_dnssec_does_not_stop_mta_sts(stripper, second):
    daemon = second("listed-stripper", SILENT_ROOT, YES, forward=listed(STRIPPER))
    assert daemon.ask("good.example") == GOOD
    code, report = wait_until("the DNSSEC check", daemon.checked)
    assert code == 1
    assert report["dns"]["way"].endswith(f"resolvers {STRIPPER}, as configured, without DNSSEC: they do not validate")
    assert report["dnssec"]["works"] is False
    assert report["dnssec"]["worked_once"] is False
    assert daemon.ask(DANE) == "NOTFOUND "              # DNSSEC never worked on this host


def test_a_resolver_without_proofs_of_absence_counts_as_one_that_strips(lab, second):
    with contextlib.closing(AbsenceStripper(lab)):
        daemon = second("no-absence", SILENT_ROOT, YES, forward=listed(STRIPPER))
        assert daemon.ask("good.example") == GOOD
        assert daemon.ask(UNSIGNED) == UNSIGNED_GOOD
        code, report = wait_until("the DNSSEC check", daemon.checked)
        assert code == 1
        assert "strips DNSSEC from answers without data" in report["dnssec"]["detail"]
        assert daemon.ask(DANE) == "OK dane-only"       # an answer that validates nevertheless decides


def test_a_good_resolver_beside_one_that_strips_is_used(lab, second):
    with contextlib.closing(AbsenceStripper(lab)):
        daemon = second("one-good", SILENT_ROOT, YES, forward=listed(STRIPPER, addresses.RESOLVER))
        assert daemon.ask("good.example") == GOOD
        code, report = wait_until("the DNSSEC check", daemon.checked)
        assert code == 0, report
        assert report["dnssec"]["works"] is True
        assert f"{STRIPPER} is not asked: the resolver strips DNSSEC" in report["dnssec"]["detail"]
        assert daemon.ask(DANE) == "OK dane-only"
        assert daemon.ask(UNSIGNED) == UNSIGNED_GOOD


def test_forged_root_keys_do_not_switch_dane_off(lab, second):
    """The DNSSEC check fails, but the resolver in use validates, and an answer that validates decides."""
    with contextlib.closing(KeyForger(lab)) as forger:
        daemon = second("forged-keys", SILENT_ROOT, YES, forward=listed(STRIPPER))
        code, report = wait_until("the DNSSEC check", daemon.checked)
        assert code == 1
        assert report["dnssec"]["works"] is False
        forger.forges = False
        assert daemon.ask(DANE) == "OK dane-only"
        assert daemon.ask("good.example") == GOOD
        assert daemon.status()[1]["dnssec"]["works"] is False   # it has not checked again


def test_where_dnssec_worked_once_mail_to_an_unknown_domain_waits_for_an_hour(lab, second):
    """That DNSSEC worked outlives a restart; a domain proved to be without TLSA is not delayed."""
    with contextlib.closing(Stripper(lab)):
        daemon = second("worked-once", addresses.RESOLVER, YES)
        wait_until("the DNSSEC check", lambda: daemon.status()[1]["dnssec"]["worked_once"])
        assert daemon.ask("good.example") == GOOD
        assert daemon.stop() == 0
        daemon.use_resolver(STRIPPER)
        daemon.start()
        assert daemon.ask("good.example") == GOOD
        assert daemon.ask(DANE).startswith("TEMP DNSSEC validation is down")
        code, report = daemon.status()
        assert code == 1
        assert report["dnssec"]["worked_once"] is True
        assert report["dnssec"]["down_for"] is not None


def what_nobody_validated_is_never_kept_as_unsigned(daemon, answer):
    """A DANE domain is answered as on_dnssec_down says from the start, and with DANE as soon as it can be validated."""
    assert daemon.ask(DANE).startswith(answer)
    for _ in range(3):
        time.sleep(2)
        assert daemon.ask(DANE).startswith(answer)
    assert daemon.status()[1]["dnssec"]["works"] is False
    daemon.use_resolver(addresses.RESOLVER)
    wait_until("DANE", lambda: daemon.ask(DANE) == "OK dane-only", SWITCHED, every=1)


def a_network_that_is_away_is_not_taken_for_a_world_without_dnssec(daemon):
    """DANE is undecided, not absent; and mtastsd asks the present resolvers, not those of its start."""
    for _ in range(2):
        assert daemon.ask(DANE).startswith("TEMP ")
        code, report = daemon.status()
        assert code == 1
        assert report["dns"]["answers"] is False
        assert "check that the network" in report["dns"]["detail"]
        assert report["dnssec"]["works"] is False
        assert report["dnssec"]["detail"].startswith("DNS does not answer")
    assert "DNSSEC is down" not in daemon.log.read_text()
    daemon.use_resolver(addresses.RESOLVER)
    wait_until("DANE", lambda: daemon.ask(DANE) == "OK dane-only", SWITCHED, every=1)
    code, report = daemon.status()
    assert code == 0, report
    assert report["dns"]["way"].startswith(f"resolvers {addresses.RESOLVER} from /etc/resolv.conf")


# These all wait until the resolvers are checked again, so they run at the same time.
STORIES = {
    "ignore-dane": (STRIPPER, f'{YES}on_dnssec_down = "ignore-dane"\n',
                    lambda daemon: what_nobody_validated_is_never_kept_as_unsigned(daemon, "NOTFOUND ")),
    "temp": (STRIPPER, f'{YES}on_dnssec_down = "temp"\n',
             lambda daemon: what_nobody_validated_is_never_kept_as_unsigned(daemon, "TEMP ")),
    "away": (SILENT_ROOT, YES, a_network_that_is_away_is_not_taken_for_a_world_without_dnssec),
}


@pytest.fixture(scope="module")
def stories(lab):
    """Runs each scenario in its own thread, with its own mtastsd."""
    daemons = {name: Second(lab, f"story-{name}", resolver, more, PORT + number)
               for number, (name, (resolver, more, _)) in enumerate(STORIES.items(), start=1)}
    with contextlib.closing(Stripper(lab)), concurrent.futures.ThreadPoolExecutor(len(STORIES)) as threads:
        for daemon in daemons.values():
            daemon.start()
        yield {name: threads.submit(STORIES[name][2], daemon) for name, daemon in daemons.items()}
    for daemon in daemons.values():
        assert daemon.stop() == 0


@pytest.mark.parametrize("name", STORIES)
def test_until_the_resolvers_are_looked_at_again(stories, name):
    stories[name].result()
