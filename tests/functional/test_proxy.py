"""Policies fetched through an HTTP proxy that wants a login."""
import base64
import contextlib
import os
import socket
import threading

import pytest

from lab import addresses, netns
from lab.domains import BY_NAME
from lab.processes import LabError

LOGIN = "relay:a secret: with blanks"
WANTED = "Basic " + base64.b64encode(LOGIN.encode()).decode()


class Proxy:
    """Takes CONNECT in the relay's namespace, and connects to nginx whatever host the request names."""

    def __init__(self, namespace):
        self.namespace, self.heads = namespace, []
        with netns.inside(namespace):
            self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self.listener.accept()
                threading.Thread(target=self.talk, args=(stream,), daemon=True).start()

    def talk(self, stream):
        with stream:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                part = stream.recv(1)
                if not part:
                    return
                head += part
            self.heads.append(head.decode())
            if f"\r\nProxy-Authorization: {WANTED}\r\n".encode() not in head:
                stream.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
                return
            with netns.inside(self.namespace):
                onward = socket.create_connection((addresses.POLICY, 443))
            stream.sendall(b"HTTP/1.1 200\r\n\r\n")
            with onward:
                back = threading.Thread(target=pump, args=(onward, stream), daemon=True)
                back.start()
                pump(stream, onward)
                back.join()

    def close(self):
        self.listener.close()


def pump(source, sink):
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(lab):
    proxy = Proxy(lab.relay)
    yield proxy
    proxy.close()
    lab.daemon.write_config()
    if lab.daemon.running():
        lab.daemon.stop()


def restart(lab, proxy, *more):
    """mtastsd with the proxy, and with more lines in [https]."""
    lab.daemon.stop()
    lab.daemon.write_config()
    lines = "\n".join(["[https]", f'proxy = "http://127.0.0.1:{proxy.port}"', *more, ""])
    lab.daemon.config.write_text(lab.daemon.config.read_text().replace("[https]\n", lines))
    lab.daemon.start()


def test_the_login_goes_to_the_proxy_and_into_no_log(lab, proxy, tmp_path):
    file = tmp_path / "login"
    file.touch(0o600)
    file.write_text(LOGIN + "\n")
    mark = lab.daemon.mark()
    restart(lab, proxy, f'proxy_credentials_file = "{file}"')
    domain = BY_NAME["proxy-login"]
    assert domain.answered_by(lab.ask(domain.fqdn))
    assert any(head.startswith(f"CONNECT mta-sts.{domain.fqdn}:443 ") for head in proxy.heads)
    log = lab.daemon.log_file.read_bytes()[mark:].decode()
    assert "secret" not in log and WANTED.split()[1] not in log


def test_a_proxy_that_wants_a_login_is_named_with_the_remedy(lab, proxy, wait):
    mark = lab.daemon.mark()
    restart(lab, proxy)
    fqdn = BY_NAME["proxy-refuses"].fqdn
    assert lab.ask(fqdn).startswith("NOTFOUND")
    words = "407 Proxy Authentication Required; it wants a login: set [https] proxy_credentials_file"
    wait("the reason in the log", lambda: [entry for entry in lab.daemon.log(mark) if entry.get("domain") == fqdn
                                           and words in entry.get("reason", "")])


def test_a_login_that_others_can_read_stops_the_start(lab, proxy, tmp_path, wait):
    file = tmp_path / "login"
    file.write_text(LOGIN)
    os.chmod(file, 0o644)
    mark = lab.daemon.mark()
    with contextlib.suppress(LabError):     # it may take connections for a moment
        restart(lab, proxy, f'proxy_credentials_file = "{file}"')
    wait("mtastsd to end", lambda: not lab.daemon.running())
    log = lab.daemon.log_file.read_bytes()[mark:].decode()
    assert "may be read or changed by others; run chmod 600 on it" in log
    assert "secret" not in log
