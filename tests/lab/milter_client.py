"""A client of the milter protocol, version 6, for tests: it sends what Postfix sends, or what no MTA would send.

libmilter/mfdef.h has the numbers. A packet is a length of four octets (of all that follows it), a command and data.
"""
import collections
import enum
import socket
import struct

from .connection import Connection

VERSION = 6


class ProtocolError(Exception):
    """The filter broke the protocol; the text says how."""


class Action(enum.IntFlag):
    """What an MTA lets a filter do (SMFIF_)."""
    ADDHDRS, CHGBODY, ADDRCPT, DELRCPT, CHGHDRS, QUARANTINE, CHGFROM, ADDRCPT_PAR, SETSYMLIST = (1 << bit for bit in range(9))


class Step(enum.IntFlag):
    """What an MTA can leave out, or need not be told, and what else it can do (SMFIP_)."""
    (NOCONNECT, NOHELO, NOMAIL, NORCPT, NOBODY, NOHDRS, NOEOH, NR_HDR, NOUNKNOWN, NODATA, SKIP, RCPT_REJ, NR_CONN, NR_HELO,
     NR_MAIL, NR_RCPT, NR_DATA, NR_UNKN, NR_EOH, NR_BODY, HDR_LEADSPC) = (1 << bit for bit in range(21))


EVERY_ACTION, EVERY_STEP = Action(0x1ff), Step(0x1fffff)
# By command: the bit that says not to send it, and the bit that says that no reply comes.
STAGES = {b"C": (Step.NOCONNECT, Step.NR_CONN), b"H": (Step.NOHELO, Step.NR_HELO), b"M": (Step.NOMAIL, Step.NR_MAIL),
          b"R": (Step.NORCPT, Step.NR_RCPT), b"T": (Step.NODATA, Step.NR_DATA), b"L": (Step.NOHDRS, Step.NR_HDR),
          b"N": (Step.NOEOH, Step.NR_EOH), b"B": (Step.NOBODY, Step.NR_BODY), b"U": (Step.NOUNKNOWN, Step.NR_UNKN),
          b"E": (Step(0), Step(0))}
MACRO_STAGES = (b"C", b"H", b"M", b"R", b"T", b"E", b"N")     # in the order of SMFIM_
REPLIES = {b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail", b"y": "reply", b"d": "discard", b"s": "skip",
           b"4": "shutdown", b"f": "connection failure"}
CHANGES = {b"h": "add header", b"i": "insert header", b"m": "change header", b"+": "add recipient", b"2": "add recipient",
           b"-": "delete recipient", b"b": "replace body", b"e": "change sender", b"q": "quarantine", b"p": "progress"}

# How the filter decided a stage: a value of REPLIES, and for "reply" its text.
Reply = collections.namedtuple("Reply", "kind text")
CONTINUE, ACCEPT = Reply("continue", ""), Reply("accept", "")
# What became of a message: the reply to MAIL, those to each RCPT, that at the end (None: never got there), and the changes
# that the filter made, as (value of CHANGES, its arguments).
Outcome = collections.namedtuple("Outcome", "mail recipients end changes")


class Client(Connection):
    def __init__(self, stream, actions=EVERY_ACTION, steps=EVERY_STEP, version=VERSION):
        super().__init__(stream, "the filter")
        self.offered, self.version = (Action(actions), Step(steps)), version
        self.actions, self.steps, self.symbols = Action(0), Step(0), {}
        self.ahead = b""

    # --- packets ---

    def send(self, command, data=b""):
        self.send_raw(packet(command, data))

    def send_raw(self, octets):
        """Sends these octets, after the macros that wait for the next packet."""
        octets, self.ahead = self.ahead + octets, b""
        self.stream.sendall(octets)

    def receive(self):
        """The next packet's command and data; EOFError if the filter closes instead."""
        while len(self.rest) < 4:
            self.more()
        size = struct.unpack("!I", self.rest[:4])[0]
        if not 1 <= size <= 1 << 20:
            raise ProtocolError(f"a packet of {size} octets")
        while len(self.rest) < 4 + size:
            self.more()
        body, self.rest = self.rest[4:4 + size], self.rest[4 + size:]
        return body[:1], body[1:]

    # --- the stages ---

    def negotiate(self):
        """Agrees on actions, steps and macros; returns this client."""
        self.send(b"O", struct.pack("!III", self.version, *self.offered))
        command, data = self.receive()
        if command != b"O" or len(data) < 12:
            raise ProtocolError(f"the answer to the negotiation is {command!r} with {len(data)} octets")
        version, actions, steps = struct.unpack("!III", data[:12])
        if version > self.version or actions & ~self.offered[0] or steps & ~self.offered[1]:
            raise ProtocolError(f"it wants version {version}, actions {actions:#x}, steps {steps:#x}; offered were "
                                f"{self.version}, {self.offered[0]:#x}, {self.offered[1]:#x}")
        self.actions, self.steps, self.symbols = Action(actions), Step(steps), symbol_lists(data[12:])
        return self

    def macros(self, stage, values):
        """Sends macros with the next packet: of a stage with a list of its own, those of the list, as Postfix does."""
        wanted = self.symbols.get(stage)
        strings = [each for pair in values.items() if wanted is None or pair[0] in wanted for each in pair]
        self.ahead += packet(b"D", stage + zero_ended(*strings))

    def stage(self, command, data=b""):
        """Sends a command unless the filter does not want it; returns the reply, None if there is none by agreement."""
        leave_out, no_reply = STAGES[command]
        if self.steps & leave_out:
            self.ahead = b""
            return None
        self.send(command, data)
        return None if self.steps & no_reply else self.reply()

    def reply(self, changes=None):
        """The reply to a command. changes: a list for the changes, which only the end of a message may bring."""
        while True:
            command, data = self.receive()
            if command in REPLIES:
                return Reply(REPLIES[command], text_of(data))
            if command not in CHANGES or changes is None:
                raise ProtocolError(f"an unexpected packet {command!r} {data!r}")
            if command in (b"m", b"i"):         # they begin with the number of the field
                changes.append((CHANGES[command], (struct.unpack("!I", data[:4])[0], *text_of(data[4:]).split("\0"))))
            elif command != b"p":
                changes.append((CHANGES[command], tuple(text_of(data).split("\0"))))

    def connect(self, name="client.example", address="192.0.2.1", port=40000):
        """address: of IPv4 or IPv6, a path, or None for a client of no known kind."""
        if address is None:
            return self.stage(b"C", zero_ended(name) + b"U")
        family = b"L" if "/" in address else b"6" if ":" in address else b"4"
        return self.stage(b"C", zero_ended(name) + family + struct.pack("!H", port) + zero_ended(address))

    def helo(self, name="client.example"):
        return self.stage(b"H", zero_ended(name))

    def mail(self, sender, *arguments):
        """sender: with its angle brackets, as all addresses here."""
        return self.stage(b"M", zero_ended(sender, *arguments))

    def rcpt(self, recipient, *arguments):
        return self.stage(b"R", zero_ended(recipient, *arguments))

    def data(self):
        return self.stage(b"T")

    def header(self, name, value):
        return self.stage(b"L", zero_ended(name, value))

    def eoh(self):
        return self.stage(b"N")

    def body(self, octets):
        return self.stage(b"B", octets)

    def unknown(self, line):
        return self.stage(b"U", zero_ended(line))

    def end(self):
        """The end of the message; returns the reply and the changes."""
        changes = []
        self.send(b"E")
        return self.reply(changes), changes

    def abort(self):
        self.send(b"A")

    def quit(self):
        self.send(b"Q")

    def quit_for_next(self):
        """The SMTP session ends, and another one follows on this connection."""
        self.send(b"K")

    # --- as an MTA does it ---

    def session(self, **client):
        """Negotiation, connection and HELO; returns this client."""
        self.negotiate()
        for reply in (self.connect(**client), self.helo()):
            if reply not in (None, CONTINUE):
                raise ProtocolError(f"the session is refused: {reply}")
        return self

    def message(self, sender, *recipients, arguments=(), headers=(("Subject", "test"),), queue="4ABC", login="", smtpd=True,
                mailer="smtp", body=b"text\r\n"):
        """One message, as smtpd(8) sends it or, with smtpd=False, cleanup(8) for sendmail(1); returns its Outcome.

        The next hop of a recipient is its domain, the transport is mailer. A message without an accepted recipient is
        aborted.
        """
        authen = {"{auth_authen}": login} if login else {}
        self.macros(b"M", {**({} if smtpd else {"i": queue}), "{mail_addr}": sender[1:-1], **authen})
        mail = self.mail(sender, *arguments)
        if mail not in (None, CONTINUE):
            return Outcome(mail, [], None, [])
        replies = []
        for each in recipients:
            self.macros(b"R", {"i": queue, "{rcpt_addr}": each[1:-1], **(next_hop(each, mailer) if smtpd else {})})
            replies.append(self.rcpt(each))
        if not any(each in (None, CONTINUE) for each in replies):
            self.abort()
            return Outcome(mail, replies, None, [])
        return Outcome(mail, replies, *self.content(headers, queue, body))

    def content(self, headers, queue, body):
        """From DATA on; returns the last reply and the changes."""
        self.macros(b"T", {"i": queue})
        stages = [self.data, *(lambda each=each: self.header(*each) for each in headers), self.eoh, lambda: self.body(body)]
        for stage in stages:
            reply = stage()
            if reply not in (None, CONTINUE, Reply("skip", "")):
                return reply, []
        self.macros(b"E", {"i": queue})
        return self.end()


def packet(command, data=b""):
    return struct.pack("!I", 1 + len(data)) + command + data


def zero_ended(*strings):
    """Text or octets, each with a NUL at its end."""
    return b"".join((each if isinstance(each, bytes) else each.encode()) + b"\0" for each in strings)


def text_of(data):
    """The octets before the last NUL as text."""
    return data.removesuffix(b"\0").decode(errors="replace")


def next_hop(recipient, mailer):
    return {"{rcpt_host}": recipient[1:-1].rpartition("@")[2], "{rcpt_mailer}": mailer}


def symbol_lists(data):
    """By stage, the macros that the filter asked for."""
    lists = {}
    while data:
        number, (names, _, data) = struct.unpack("!I", data[:4])[0], data[4:].partition(b"\0")
        if number >= len(MACRO_STAGES):
            raise ProtocolError(f"a list of macros for the unknown stage {number}")
        lists[MACRO_STAGES[number]] = names.decode().split()
    return lists


def dial(path, timeout=60.0, **offer):
    """A client on a new connection to a unix socket."""
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(timeout)
    try:
        stream.connect(str(path))
    except OSError:
        stream.close()
        raise
    return Client(stream, **offer)
