"""A socketmap client for tests: netstrings over a connected socket (Postfix's socketmap_table(5))."""
from .connection import Connection


class Client(Connection):
    def __init__(self, stream):
        super().__init__(stream, "mtastsd")

    def ask(self, map_name, key):
        """One request, one reply."""
        self.send(map_name, key)
        return self.receive()

    def send(self, map_name, key):
        self.send_raw(netstring(f"{map_name} {key}".encode()))

    def send_raw(self, data):
        self.stream.sendall(data)

    def receive(self):
        """The payload of the next reply; EOFError if the daemon closes instead."""
        while b":" not in self.rest:
            self.more()
        length, _, self.rest = self.rest.partition(b":")
        size = int(length)
        while len(self.rest) < size + 1:
            self.more()
        payload, end, self.rest = self.rest[:size], self.rest[size:size + 1], self.rest[size + 1:]
        if end != b",":
            raise ValueError(f"no comma after {payload!r}")
        return payload.decode()


def netstring(payload):
    return b"%d:%s," % (len(payload), payload)
