"""MX hosts that behave as Postfix can't: they never end, stop half-way, reset, or don't speak SMTP.

mx.py runs it as: oddmx.py BEHAVIOUR:ADDRESS:PEM... It logs "ADDRESS open N": a client has connected, and with it has N
connections to that address.
"""
import contextlib
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

PATIENCE = 60       # seconds after which a silent or slow connection is closed
NAME = "odd.example"
EHLO = f"250-{NAME}\r\n250 STARTTLS\r\n".encode()
MEGABYTE = b"x" * 1_000_000
GARBAGE = bytes(range(256)) * 16 + b"\r\n"


class Dialogue:
    """The server's side, step by step. With RESET it ends in a reset of the connection."""

    def __init__(self, stream, pem, leave):
        self.stream, self.pem, self.leave = stream, pem, leave
        self.lines = stream.makefile("rb")

    def say(self, octets):
        self.stream.sendall(octets)

    def hear(self):
        if not self.lines.readline(1000):
            raise ConnectionError("the client has gone")

    def greet(self):
        self.say(f"220 {NAME} ESMTP\r\n".encode())
        self.hear()

    def offer(self):
        self.greet()
        self.say(EHLO)
        self.hear()

    def begin_tls(self):
        self.offer()
        self.say(b"220 go ahead\r\n")

    def shake_hands(self):
        self.begin_tls()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        self.lines.close()
        self.stream = context.wrap_socket(self.stream, server_side=True)
        self.lines = self.stream.makefile("rb")

    def talk_on(self):
        """EHLO and QUIT within TLS."""
        self.shake_hands()
        self.hear()
        self.say(f"250 {NAME}\r\n".encode())
        self.hear()
        self.leave()                # not later: the client may connect again as soon as it has the reply
        self.say(b"221 bye\r\n")

    def reset(self):
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.lines.close()
        self.stream.close()


def endless_banner(it):
    while True:
        it.say(b"220-" + b"hello " * 10 + b"\r\n")


def endless_ehlo(it):
    it.greet()
    while True:
        it.say(b"250-X-HELLO\r\n")


def long_line(it):
    it.say(b"220 ")
    for _ in range(10):
        it.say(MEGABYTE)
    it.say(b"\r\n")
    it.hear()


def garbage(it):
    it.say(GARBAGE)
    it.hear()


def silent(it):
    time.sleep(PATIENCE)


def slow(it):
    for octet in (f"220 {NAME} " + "x" * PATIENCE).encode():
        it.say(bytes([octet]))
        time.sleep(1)


def refuses(it):
    it.say(b"554 5.7.1 go away\r\n")
    it.hear()


def busy(it):
    it.say(b"421 4.7.0 too many connections\r\n")
    it.hear()


def no_ehlo(it):
    it.greet()
    while True:
        it.say(b"550 5.7.1 I don't know you\r\n")
        it.hear()


def surplus(it):
    it.offer()
    it.say(b"220 go ahead\r\n250 injected\r\n")
    it.hear()


def no_tls(it):
    it.begin_tls()
    it.say(b"250 what did you say?\r\n")
    it.hear()


def stalls(it):
    it.begin_tls()
    time.sleep(PATIENCE)


def reset_hello(it):
    it.begin_tls()
    it.stream.recv(1)
    it.say(b"\x16\x03\x03")
    it.reset()


def counts(it):
    time.sleep(0.5)         # long enough for a second connection to come
    it.talk_on()


def resetting(step):
    def serve(it):
        step(it)
        it.reset()
    return serve


SERVE = {
    "endless-banner": endless_banner, "endless-ehlo": endless_ehlo, "long-line": long_line, "garbage": garbage,
    "silent": silent, "slow": slow, "refuses": refuses, "busy": busy, "no-ehlo": no_ehlo, "surplus": surplus,
    "no-tls": no_tls, "stalls": stalls, "counts": counts, "big-certificate": Dialogue.talk_on,
    "reset-connected": Dialogue.reset, "reset-greeted": resetting(Dialogue.greet),
    "reset-ehlo": resetting(Dialogue.offer), "reset-starttls": resetting(Dialogue.begin_tls), "reset-hello": reset_hello,
    "reset-tls": resetting(Dialogue.shake_hands),
}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, behaviour, address, pem):
        self.behaviour, self.address, self.pem = behaviour, address, pem
        self.lock, self.open = threading.Lock(), set()
        super().__init__((address, 25), None)

    def finish_request(self, stream, _):
        with self.lock:
            self.open.add(stream)
            print(self.address, "open", len(self.open), flush=True)
        stream.settimeout(PATIENCE)
        with contextlib.suppress(OSError):
            SERVE[self.behaviour](Dialogue(stream, self.pem, lambda: self.leave(stream)))
        self.leave(stream)

    def leave(self, stream):
        with self.lock:
            self.open.discard(stream)


def main():
    servers = [Server(*word.split(":", 2)) for word in sys.argv[1:]]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
