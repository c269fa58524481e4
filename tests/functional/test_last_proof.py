"""While DNSSEC is down each domain's last proof decides: on_dnssec_down = "auto", with the real daemon.

The only resolver is honest at first, and domains are proved. Then it lies in two ways: it strips all signatures; or it forges
the root's keys and suppresses TLSA records but is honest otherwise, so that the MX still validates and each host fails.
"""
import contextlib
import socket

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest

from lab.processes import wait_until
from lab.second import SILENT_ROOT, STRIPPER, YES, Forwarder, listed

DANE = "dane-all.example"               # no policy, TLSA records for every MX host
PROVED = {DANE: "OK dane-only", "good.example": "OK secure match=mx.good.example servername=hostname",
          "good-unsigned.example": "OK secure match=mx.good-unsigned.example servername=hostname"}
DOWN = PROVED | {DANE: "TEMP DNSSEC validation is down, and the domain had DANE"}
NEVER_ASKED = ("dane-and-sts.example", "TEMP DNSSEC validation is down")    # in the first hour, whatever the domain's policy
KEYS = (dns.rdatatype.DNSKEY, dns.rdatatype.DS)
SIGNATURES = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
SOON = 90                               # seconds: after a failed answer the next DNSSEC check comes within 30


def sections(reply):
    return reply.answer, reply.authority, reply.additional


def strip(_, reply):
    for section in sections(reply):
        section[:] = [each for each in section if each.rdtype not in SIGNATURES]
    reply.flags &= ~dns.flags.AD


def suppress_tlsa(question, reply):
    """Also says that the root has no keys. A validator that already has the keys goes on validating."""
    if question.rdtype == dns.rdatatype.TLSA:
        reply.answer, reply.authority = [], []
    if question.rdtype == dns.rdatatype.DNSKEY and question.name == dns.name.root:
        strip(question, reply)


class Resolver(Forwarder):
    """A resolver that is honest while lie is None. Its answers expire after two seconds, except keys."""
    lie = None

    def answer(self, query):
        reply = dns.message.from_wire(super().answer(query))
        if self.lie:
            self.lie(dns.message.from_wire(query).question[0], reply)
        for section in sections(reply):
            for rrset in section:
                rrset.ttl = 300 if rrset.rdtype in KEYS or rrset.covers in KEYS else 2
        return reply.to_wire()


@pytest.fixture
def resolver(lab):
    with contextlib.closing(Resolver(lab, socket.AF_INET, STRIPPER)) as resolver:
        yield resolver


def answers(daemon):
    """Each answer is right, or the mail waits, or Postfix looks up TLSA records itself; never anything weaker."""
    replies = {name: daemon.ask(name) for name in PROVED}
    for name, reply in replies.items():
        assert reply == PROVED[name] or reply.startswith("TEMP ") or (name, reply) == (DANE, "OK dane"), replies
    return replies


def settle(daemon, want, what):
    last = {}

    def done():
        last.update(answers(daemon))
        return all(reply.startswith(want[name]) for name, reply in last.items())
    wait_until(lambda: f"{what}: {last}\n{daemon.log.read_text()[-3000:]}", done, SOON, every=1)


@pytest.mark.parametrize("lie", (strip, suppress_tlsa))
def test_the_last_proof_decides_while_dnssec_is_down(resolver, second, lie):
    daemon = second(f"last-proof-{lie.__name__}", SILENT_ROOT, YES, forward=listed(STRIPPER))
    assert {name: daemon.ask(name) for name in PROVED} == PROVED
    resolver.lie = lie
    settle(daemon, DOWN, "what was proved to decide")
    name, reply = NEVER_ASKED
    assert daemon.ask(name).startswith(reply)
    code, report = daemon.status()
    assert code == 1
    assert report["dnssec"]["works"] is False
    down_for = report["dnssec"]["down_for"]

    assert daemon.stop() == 0
    daemon.start()
    settle(daemon, DOWN, "what was proved before the restart to decide")
    assert daemon.ask(name).startswith(reply)
    assert daemon.status()[1]["dnssec"]["down_for"] >= down_for    # the first hour does not begin again
