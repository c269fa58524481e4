"""A policy host that behaves as nginx can't: in chunks, a byte a second, silent after the request, without a
reason in its status, with LF alone at the ends of its header lines, packed, or on the loopback address of the relay.

https.py runs it as: oddhosts.py ADDRESS BEHAVIOUR:HOST:PEM:POLICY... The name that the client asks for (SNI) chooses.
"""
import contextlib
import gzip
import socketserver
import ssl
import sys
import time

PATIENCE = 60       # seconds after which a slow or silent connection is closed
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"


def send_chunked(stream, body):
    stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(body), 20):
        part = body[start:start + 20]
        stream.sendall(b"%x\r\n%s\r\n" % (len(part), part))
    stream.sendall(b"0\r\n\r\n")


def send_slow(stream, body):
    stream.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
    for byte in body[:PATIENCE]:
        stream.sendall(bytes([byte]))
        time.sleep(1)


def send_silent(stream, body):
    time.sleep(PATIENCE)


def send_plain(stream, body):
    stream.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def send_bare(stream, body):
    head = HEAD.replace(b" 200 OK\r\n", b" 200\r\n")
    stream.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def send_lf(stream, body):
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    stream.sendall(head.replace(b"\r\n", b"\n") + body)


def send_gzip(stream, body):
    packed = gzip.compress(body)
    stream.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


SEND = {"loopback": send_plain, "chunked": send_chunked, "slow": send_slow, "silent": send_silent,
        "bare": send_bare, "lf": send_lf, "gzip": send_gzip}


def load_sites(words):
    """host -> (behaviour, TLS context, policy file)"""
    sites = {}
    for word in words:
        behaviour, host, pem, policy = word.split(":", 3)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        sites[host] = (behaviour, context, policy)
    return sites


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(PATIENCE)
        with contextlib.suppress(OSError), self.server.front.wrap_socket(self.request, server_side=True) as stream:
            request = b""
            while b"\r\n\r\n" not in request:
                part = stream.recv(4096)
                if not part:
                    return
                request += part
            behaviour, _, policy = self.server.sites[stream.context.host]
            print(stream.context.host, request.split(b"\r\n")[0].decode(errors="replace"), flush=True)
            with open(policy, "rb") as file:
                SEND[behaviour](stream, file.read())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, sites):
        self.sites = sites
        self.front = next(iter(sites.values()))[1]
        self.front.sni_callback = self.choose
        super().__init__((address, 443), Handler)

    def choose(self, stream, host, _):
        """Switches to the TLS context of the host that the client asks for."""
        if host not in self.sites:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        stream.context = self.sites[host][1]
        return None


def main():
    sites = load_sites(sys.argv[2:])
    for host, (_, context, _) in sites.items():
        context.host = host
    with Server(sys.argv[1], sites) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
