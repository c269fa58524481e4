"""A name server that behaves as NSD can't: it forwards to an NSD and spoils the answers to some questions.

nameservers.py runs it as: oddns.py ADDRESS UPSTREAM BEHAVIOUR:TYPE:NAME... TYPE may be ANY; NAME stands for the name and all
below it. The first that matches decides. If none matches, the answer of the upstream server is passed on unchanged.
"""
import contextlib
import socket
import socketserver
import struct
import sys
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

PATIENCE = 60       # seconds after which a TCP connection is closed


def servfail(query, _):
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.SERVFAIL)
    return answer


def truncate(query, _):
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA | dns.flags.TC
    return answer


def deny(query, _):
    """No such record, but without the proof that a signed zone gives."""
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    return answer


def forge(_, reply):
    """Changes the digest in each TLSA record and keeps the old signature."""
    answer = dns.message.from_wire(reply)
    for place, rrset in enumerate(answer.answer):
        if rrset.rdtype == dns.rdatatype.TLSA:
            forged = [record.replace(cert=bytes(len(record.cert))) for record in rrset]
            answer.answer[place] = dns.rrset.from_rdata_list(rrset.name, rrset.ttl, forged)
    return answer


def twice(query, reply):
    """Repeats the answer's first record. It works on octets, because dnspython does not keep equal records in a set."""
    begin = 12 + len(query.question[0].name.to_wire()) + 4
    count = struct.unpack_from("!H", reply, 6)[0]
    if count == 0:
        return reply
    end = begin + 12 + struct.unpack_from("!H", reply, begin + 10)[0]      # its name is a pointer to the name in the question
    return reply[:6] + struct.pack("!H", count + 1) + reply[8:end] + reply[begin:]


def garbage(_, reply):
    """The right id, and nothing else that is right."""
    return reply[:2] + b"\xff" * 60


SPOIL = {"servfail": servfail, "truncate": truncate, "deny": deny, "forge": forge, "twice": twice, "garbage": garbage}


def load_rules(words):
    """(behaviour, type or None for any, name)"""
    rules = []
    for word in words:
        behaviour, text, name = word.split(":", 2)
        rdtype = None if text == "ANY" else dns.rdatatype.from_text(text)
        rules.append((behaviour, rdtype, dns.name.from_text(name)))
    return rules


class Front:
    """Decides what to do with a question, over UDP or TCP."""

    def __init__(self, upstream, rules):
        self.upstream, self.rules = upstream, rules

    def behaviour(self, query, tcp):
        question = query.question[0]
        for behaviour, rdtype, name in self.rules:
            if rdtype in (None, question.rdtype) and question.name.is_subdomain(name):
                return "" if tcp and behaviour == "truncate" else behaviour
        return ""

    def answer(self, wire, tcp, client):
        """The reply, or None for silence."""
        query = dns.message.from_wire(wire)
        behaviour = self.behaviour(query, tcp)
        print(behaviour or "passed", query.question[0], "TCP" if tcp else "UDP", client[0], flush=True)
        if behaviour == "silent":
            return None
        reply = self.ask(wire, tcp)
        spoilt = SPOIL[behaviour](query, reply) if behaviour else reply
        return spoilt if isinstance(spoilt, bytes) else spoilt.to_wire()

    def ask(self, wire, tcp):
        """Asks the upstream server over the same protocol."""
        with socket.socket(type=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as stream:
            stream.settimeout(5)
            stream.connect((self.upstream, 53))
            if not tcp:
                stream.send(wire)
                return stream.recv(65535)
            stream.sendall(struct.pack("!H", len(wire)) + wire)
            return framed(stream.makefile("rb"))


def framed(file):
    """One message of a TCP connection, or b"" at its end."""
    head = file.read(2)
    return file.read(struct.unpack("!H", head)[0]) if len(head) == 2 else b""


class UdpHandler(socketserver.BaseRequestHandler):
    def handle(self):
        wire, stream = self.request
        reply = self.server.front.answer(wire, False, self.client_address)
        if reply is not None:
            stream.sendto(reply, self.client_address)


class TcpHandler(socketserver.StreamRequestHandler):
    timeout = PATIENCE

    def handle(self):
        with contextlib.suppress(OSError):
            while wire := framed(self.rfile):
                reply = self.server.front.answer(wire, True, self.client_address)
                if reply is None:
                    time.sleep(PATIENCE)
                    return
                self.wfile.write(struct.pack("!H", len(reply)) + reply)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def main():
    address, upstream, *rules = sys.argv[1:]
    front = Front(upstream, load_rules(rules))
    servers = [UdpServer((address, 53), UdpHandler), TcpServer((address, 53), TcpHandler)]
    for server in servers:
        server.front = front
    threading.Thread(target=servers[0].serve_forever, daemon=True).start()
    servers[1].serve_forever()


if __name__ == "__main__":
    main()
