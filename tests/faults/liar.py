"""A name server or resolver that lies: it forwards to an honest one, and its lie can be changed at any time."""
import contextlib
import select
import socket
import threading

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from lab import netns

SIGNATURES = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


def asks_root_keys(query):
    return query.question[0].name == dns.name.root and query.question[0].rdtype == dns.rdatatype.DNSKEY


def sections(reply):
    return (reply.answer, reply.authority, reply.additional)


def spoil(rdata, field):
    """The same record with other octets in one field."""
    return rdata.replace(**{field: bytes(octet ^ 0x55 for octet in getattr(rdata, field))})


def spoil_all(reply, rdtype, field):
    for section in sections(reply):
        for place, rrset in enumerate(section):
            if rrset.rdtype == rdtype:
                section[place] = dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [spoil(each, field) for each in rrset])
    return reply


def forge_root_keys(query, reply):
    return spoil_all(reply, dns.rdatatype.DNSKEY, "key") if asks_root_keys(query) else reply


def forge_signatures(_, reply):
    return spoil_all(reply, dns.rdatatype.RRSIG, "signature")


def without(reply, rdtypes):
    reply.flags &= ~dns.flags.AD
    for section in sections(reply):
        section[:] = [each for each in section if each.rdtype not in rdtypes]
    return reply


def strip(_, reply):
    return without(reply, SIGNATURES)


def strip_denials(_, reply):
    """Keeps the signatures of what exists, and removes the proofs of what does not."""
    return reply if reply.answer else without(reply, SIGNATURES)


def deny_tlsa(query, reply):
    if query.question[0].rdtype == dns.rdatatype.TLSA:
        reply.answer, reply.authority = [], []
    return reply


def drop(_, reply):
    return None


def drop_root_keys(query, reply):
    return None if asks_root_keys(query) else reply


# After the words: "a resolver that ...".
LIES = {"forges the root's keys": forge_root_keys, "forges all signatures": forge_signatures,
        "strips signatures": strip, "strips proofs of absence": strip_denials, "denies TLSA records": deny_tlsa,
        "drops all questions": drop, "drops questions for the root's keys": drop_root_keys}


class Liar:
    """A thread that answers at one address; honest while lie is None. rewrite: (octets, others) pairs, for a name server
    that is known by another address."""

    def __init__(self, world, address, upstream, rewrite=()):
        self.upstream, self.rewrite, self.lie, self.over = upstream, rewrite, None, False
        self.number, self.waiting = 0, {}
        with netns.inside(world):
            self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((address, 53))
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.over:
            for ready in select.select([self.front, self.back], [], [], 0.1)[0]:
                with contextlib.suppress(OSError, dns.exception.DNSException, KeyError):
                    self.forward() if ready is self.front else self.answer()

    def forward(self):
        """Uses a new query number, because two clients may have chosen the same."""
        wire, client = self.front.recvfrom(4096)
        self.number = (self.number + 1) % 65536
        self.waiting[self.number] = (wire, client)
        self.back.sendto(self.number.to_bytes(2, "big") + wire[2:], (self.upstream, 53))

    def answer(self):
        wire = self.back.recv(65535)
        asked, client = self.waiting.pop(int.from_bytes(wire[:2], "big"))
        wire = asked[:2] + wire[2:]
        for octets, others in self.rewrite:
            wire = wire.replace(octets, others)
        if self.lie:
            reply = self.lie(dns.message.from_wire(asked), dns.message.from_wire(wire))
            if reply is None:
                return
            wire = reply.to_wire()
        self.front.sendto(wire, client)

    def close(self):
        self.over = True
        self.thread.join()
        self.front.close()
        self.back.close()
