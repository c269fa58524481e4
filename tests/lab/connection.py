"""A connection to a program under test, for clients that read packets of a protocol."""


class Connection:
    """The end of a with statement closes it without a word."""

    def __init__(self, stream, peer):
        self.stream, self.peer = stream, peer
        self.rest = b""                 # octets that came, of which none was used yet

    def more(self):
        """Waits for octets and adds them to rest; EOFError if the peer closes instead."""
        part = self.stream.recv(65536)
        if not part:
            raise EOFError(f"{self.peer} closed the connection")
        self.rest += part

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
