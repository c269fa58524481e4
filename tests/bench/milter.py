"""What mtasts-milter costs: the delay that it adds to a message at a real Postfix, and its memory.

Postfix has three listeners, of which one asks the milter. In a round each message goes to all of them in turn, so that what
else the machine does meanwhile slows them alike. A transaction is timed from MAIL to the reply after the dot. The difference
between the two listeners without a milter says how exact the figures are. What is measured runs at real-time priority, so
that other programs disturb it little. Postfix's transport `sink` throws the mail away; its queue is in memory if possible, so
that the disk is not measured.
"""
import contextlib
import os
import shutil
import signal
import socket
import statistics
import tempfile
import time
from pathlib import Path

from lab import netns
from lab.daemon import program
from lab.milter_alone import MilterAlone
from lab.postfix import Postfix
from lab.processes import LabError, Processes, run, wait_until

CONFIG = """[listen]
socketmap = ["unix:{folder}/policy.sock"]
http = ""
control = "{folder}/control.sock"
user = ""
[cache]
path = "{folder}/cache"
[dns]
forward = ["127.0.0.1@9"]
timeout = "1s"
[policy]
postfix_dane = "yes"
[milter]
listen = "inet:18899@127.0.0.1"
senders = ["demand.example"]
[override."known.example"]
action = "answer"
answer = "encrypt"
reason = "a next hop that is known"
"""
PORTS = {"without": 2501, "again": 2502, "milter": 2503}
MAIN = {"myhostname": "relay.example", "mynetworks": "127.0.0.0/8", "default_transport": "sink",
        "smtpd_recipient_restrictions": "permit_mynetworks, reject", "smtpd_tls_security_level": "none",
        "milter_default_action": "tempfail", "message_size_limit": "100000",
        "smtpd_soft_error_limit": "1000", "smtpd_hard_error_limit": "1000",
        "max_use": "1000000"}           # a new process every 100 messages would be the p99
SINK = "sink unix - - n - - discard\n"
SMTPD = "127.0.0.1:{port} inet n - n - - smtpd {more}\n"
ASKS = "-o smtpd_milters=inet:127.0.0.1:18899"
SENDER, DEMANDING = "alice@sender.example", "alice@demand.example"
# How mtastsd is, and what the milter has to do in each case.
SETTINGS = {"new": "prefetch, new next hops", "known": "prefetch, one known next hop",
            "silent": "mtastsd stopped (SIGSTOP)", "dead": "mtastsd dead"}
DEMANDS = 20                            # messages with a demand, once mtastsd is dead
WARM = 20
PAUSE = 0.003                           # seconds, so that Postfix finishes with the messages before
SOAK_WARM = 2000                        # messages after which the memory counts


class Relay:
    """Postfix, mtastsd and mtasts-milter in a namespace with only lo; the with statement brings them up and takes them down."""

    def __enter__(self):
        memory = Path("/dev/shm")
        self.path = Path(tempfile.mkdtemp(prefix="mtastsd-bench-", dir=memory if memory.is_dir() else None))
        self.path.chmod(0o755)
        self.namespace = f"bench-{os.getpid()}-milter"
        self.processes = Processes(self.path)
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.processes.stop_all()
        netns.delete(self.namespace)
        shutil.rmtree(self.path, ignore_errors=True)

    def build(self):
        run("ip", "netns", "add", self.namespace)
        run("ip", "-n", self.namespace, "link", "set", "lo", "up")
        self.config = self.path / "mtastsd.toml"
        self.config.write_text(CONFIG.format(folder=self.path))
        self.start_daemon()
        self.milter = self.start("mtasts-milter")
        wait_until(lambda: f"mtasts-milter:\n{self.log('mtasts-milter')}", lambda: self.takes(18899), 60)
        self.postfix = Postfix(self, "postfix", "3.7", self.namespace)
        listeners = {name: SMTPD.format(port=port, more=ASKS if name == "milter" else "") for name, port in PORTS.items()}
        self.postfix.configure(MAIN, SINK + "".join(listeners.values()))
        self.postfix.start()
        self.postfix.wait()

    # What Postfix (lab/postfix.py) wants from a lab.

    def folder(self, name):
        path = self.path / name
        path.mkdir(exist_ok=True)
        return path

    @property
    def authority(self):
        return self

    @property
    def ca_file(self):
        empty = self.path / "no-ca.pem"
        empty.touch()
        return empty

    # Programs.

    def start(self, name):
        command = netns.enter(self.namespace, program(name), "--config", self.config)
        return self.processes.start(name, command, self.path / f"{name}.log")

    def start_daemon(self):
        (self.path / "cache").mkdir(exist_ok=True)
        self.daemon = self.start("mtastsd")
        wait_until(lambda: f"mtastsd:\n{self.log('mtastsd')}", self.daemon_takes, 60)

    def daemon_takes(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(self.path / "policy.sock"))
            return True
        return False

    def takes(self, port):
        with contextlib.suppress(OSError):
            self.connect(port).close()
            return True
        return False

    def log(self, name):
        return (self.path / f"{name}.log").read_text(errors="replace")[-3000:]

    def connect(self, port):
        with netns.inside(self.namespace):
            stream = socket.socket(socket.AF_INET)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.settimeout(60)
        try:
            stream.connect(("127.0.0.1", port))
        except OSError:
            stream.close()
            raise
        return stream


class Smtp:
    """An SMTP session that sends one message after the other."""

    def __init__(self, stream):
        self.stream, self.reader = stream, stream.makefile("rb")
        self.expect(self.reply(), "220")
        self.expect(self.ask("EHLO client.example"), "250")

    def reply(self):
        while True:
            line = self.reader.readline()
            if not line:
                raise LabError("Postfix closed the connection")
            if line[3:4] != b"-":
                return line.decode().rstrip()

    def ask(self, text):
        self.stream.sendall(text.encode() + b"\r\n")
        return self.reply()

    def expect(self, reply, code):
        if not reply.startswith(code):
            raise LabError(f"Postfix answered {reply!r} instead of {code}")

    def transaction(self, sender, recipient):
        """Sends a message; returns the seconds from MAIL to the last reply."""
        begin = time.perf_counter()
        self.expect(self.ask(f"MAIL FROM:<{sender}>"), "250")
        self.expect(self.ask(f"RCPT TO:<{recipient}>"), "250")
        self.expect(self.ask("DATA"), "354")
        self.expect(self.ask(f"From: {sender}\r\nTo: {recipient}\r\nSubject: test\r\n\r\ntext\r\n."), "250")
        return time.perf_counter() - begin

    def refused_at_rcpt(self, sender, recipient):
        """The reply to RCPT, and after how many seconds it came."""
        self.expect(self.ask(f"MAIL FROM:<{sender}>"), "250")
        begin = time.perf_counter()
        reply = self.ask(f"RCPT TO:<{recipient}>")
        seconds = time.perf_counter() - begin
        self.expect(self.ask("RSET"), "250")
        return reply, seconds

    def close(self):
        self.reader.close()
        self.stream.close()


@contextlib.contextmanager
def real_time():
    """Within this block, this thread and the processes that it starts go before all others, if the machine allows it."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def measure(sizes, tell):
    with real_time(), Relay() as relay:
        delays = {name: delay(relay, name, sizes, tell) for name in ("new", "known")}
        os.kill(relay.daemon, signal.SIGSTOP)
        delays["silent"] = delay(relay, "silent", sizes, tell)
        relay.processes.stop(relay.daemon, signal.SIGKILL)
        delays["dead"] = delay(relay, "dead", sizes, tell)
        demands = with_demand(relay)
    return {"messages": sizes.mails, "rounds": sizes.rounds, "delays": delays, "demands": demands,
            "soak": soak(sizes.soak, tell)}


def delay(relay, setting, sizes, tell):
    """The medians of the rounds."""
    made = []
    for number in range(sizes.rounds):
        made.append(one_round(relay, f"{setting}{number}", sizes.mails, setting == "known"))
        tell(f"{SETTINGS[setting]}, round {number + 1}: the milter adds {made[-1]['added_p50_ms']:.2f} ms, at p99 "
             f"{made[-1]['added_p99_ms']:.2f} ms")
    return {"words": SETTINGS[setting], **{each: statistics.median(one[each] for one in made) for each in made[0]}}


def one_round(relay, word, messages, known):
    """Sends the messages to each listener; every message has a next hop of its own, unless one is known."""
    sessions = {name: Smtp(relay.connect(port)) for name, port in PORTS.items()}
    times = {name: [] for name in PORTS}
    try:
        for number in range(-WARM, messages):
            order = list(PORTS)[number % 3:] + list(PORTS)[:number % 3]
            time.sleep(PAUSE)
            for name in order:
                domain = "known.example" if known else f"{name}{number + WARM}.{word}.example"
                seconds = sessions[name].transaction(SENDER, f"bob@{domain}")
                if number >= 0:
                    times[name].append(seconds * 1000)
    finally:
        for each in sessions.values():
            each.close()
    return compare(times)


def compare(times):
    """What the milter adds, at each rank of the sorted times; ms."""
    without, again, milter = (sorted(times[name]) for name in ("without", "again", "milter"))
    return {"without_p50_ms": rank(without, 0.5), "without_p99_ms": rank(without, 0.99),
            "added_p50_ms": rank(milter, 0.5) - rank(without, 0.5), "added_p99_ms": rank(milter, 0.99) - rank(without, 0.99),
            "added_most_ms": milter[-1] - without[-1],
            "noise_p50_ms": rank(again, 0.5) - rank(without, 0.5), "noise_p99_ms": rank(again, 0.99) - rank(without, 0.99)}


def rank(sorted_times, share):
    return sorted_times[min(len(sorted_times) - 1, int(share * len(sorted_times)))]


def with_demand(relay):
    """Messages with a demand while mtastsd is dead: all must be deferred."""
    session = Smtp(relay.connect(PORTS["milter"]))
    try:
        found = [session.refused_at_rcpt(DEMANDING, f"bob@demand{number}.example") for number in range(DEMANDS)]
    finally:
        session.close()
    return {"messages": DEMANDS, "deferred": sum(reply.startswith("4") for reply, _ in found), "reply": found[-1][0],
            "slowest_ms": max(seconds for _, seconds in found) * 1000}


def soak(messages, tell):
    """The growth of the resident memory over so many messages on four connections, with and without demands."""
    one = MilterAlone()
    try:
        one.start()
        clients = [one.session() for _ in range(4)]
        send_many(clients, min(SOAK_WARM, messages))
        before, begin = one.status("VmRSS"), time.perf_counter()
        send_many(clients, messages)
        seconds = time.perf_counter() - begin
        grown = one.status("VmRSS") - before
        for each in clients:
            each.close()
        one.stop()
    finally:
        one.away()
    tell(f"{messages:,} messages: the memory grew by {grown} KiB from {before}")
    return {"messages": messages, "before_kb": before, "grown_kb": grown, "message_us": seconds * 1e6 / messages}


REQUIRETLS, HEADER = {"arguments": ("REQUIRETLS",)}, {"headers": (("Require-TLS-ESMTP", "yes"),)}
KINDS = [({}, "safe.example"), (REQUIRETLS, "safe.example"), (REQUIRETLS, "plain.example"), (HEADER, "dane.example"),
         ({}, "unknown.example"), (HEADER, "none.example"), (REQUIRETLS, "unknown.example")]


def send_many(clients, messages):
    for number in range(messages):
        more, domain = KINDS[number % len(KINDS)]
        clients[number % len(clients)].message("<alice@sender.example>", f"<bob@{domain}>", **more)
