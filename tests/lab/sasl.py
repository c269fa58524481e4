"""A server of Dovecot's authentication protocol, by which smtpd(8) checks logins (smtpd_sasl_type = dovecot). PLAIN only."""
import base64
import contextlib
import socket
import threading

from . import netns

PORT = 18898
HELLO = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n"


class SaslServer:
    """Takes connections in a namespace as long as this process lives. Every user whose password is "secret" may log in."""
    password = "secret"

    def __init__(self, namespace):
        with netns.inside(namespace):
            self.listener = socket.create_server(("127.0.0.1", PORT))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self.listener.accept()
                threading.Thread(target=self.talk, args=(stream,), daemon=True).start()

    def talk(self, stream):
        with contextlib.suppress(OSError), stream, stream.makefile("rw") as lines:
            lines.write(HELLO)
            lines.flush()
            for line in lines:
                words = line.rstrip("\n").split("\t")
                if words[0] == "AUTH":
                    lines.write(self.judge(*words[1:]))
                    lines.flush()

    def judge(self, number, mechanism, *parameters):
        """The reply to AUTH; the client's first message must be in it, as in smtplib's."""
        response = [each.removeprefix("resp=") for each in parameters if each.startswith("resp=")]
        if mechanism != "PLAIN" or not response:
            return f"FAIL\t{number}\n"
        _, user, password = base64.b64decode(response[0]).decode().split("\0")
        return f"{'OK' if password == self.password else 'FAIL'}\t{number}\tuser={user}\n"
