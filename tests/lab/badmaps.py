"""Socketmap servers that misbehave, in place of mtastsd."""
import contextlib
import socket
import threading
import time

from . import netns

PORT = 8480
CHUNK = b"x" * 65536
PATIENCE = 120      # seconds after which a silent connection is closed


def say_garbage(stream):
    stream.recv(65536)
    stream.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n\0\xff\xfe,,,")


def say_bad_object(stream):
    """A netstring that is well formed, with an object that is not."""
    stream.recv(65536)
    text = b'OK {"domain": [[[[[[{"decision": 7}]]]]]], "decision": {"secure": true}}'
    stream.sendall(b"%d:%s," % (len(text), text))


def talk_without_end(stream):
    """Digits without a colon, as long as the client reads."""
    while True:
        stream.sendall(b"1" * 65536)


def send_too_much(stream):
    """A netstring of 100 MB."""
    stream.recv(65536)
    stream.sendall(b"100000000:OK {")
    for _ in range(100_000_000 // len(CHUNK)):
        stream.sendall(CHUNK)


def say_nothing(stream):
    time.sleep(PATIENCE)


def hang_up(stream):
    pass


class BadMaps:
    """A server in a namespace that treats every connection by one of the functions above."""
    endpoint = f"inet:127.0.0.1:{PORT}"

    def __init__(self, namespace, behaviour):
        self.behaviour, self.connections = behaviour, 0
        with netns.inside(namespace):
            self.listener = socket.create_server(("127.0.0.1", PORT), backlog=128)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.talk, args=(stream,), daemon=True).start()

    def talk(self, stream):
        with contextlib.suppress(OSError), stream:
            self.behaviour(stream)

    def close(self):
        """Takes no more connections; shutdown() wakes accept(), which close() alone does not."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
