"""Bad input over SMTP: masses of recipients and headers, octets that do not belong there, odd paths."""
import pytest

from lab.submission import address, message

BOSS, FROM = "boss@relay.example", "lab@relay.example"
LISTED = f'senders = ["{BOSS}"]\n'
REQUIRE = "Require-TLS-ESMTP: yes"
MIB = 1 << 20
MANY = 10_000
BATCH = 200         # commands that are sent at once; their replies fit the socket's buffer


def pipelined(session, commands):
    """The replies to many commands, as (code, text)."""
    replies = []
    for start in range(0, len(commands), BATCH):
        batch = commands[start:start + BATCH]
        session.sock.sendall("".join(f"{each}\r\n" for each in batch).encode())
        replies += [session.getreply() for _ in batch]
    return replies


def codes(replies):
    return {code for code, _ in replies}


@pytest.fixture
def recipients():
    return [f"{number}.{address('no-record.example')}" for number in range(MANY)]


def test_ten_thousand_recipients_are_refused_one_by_one(newest, milter, recipients):
    milter.use(LISTED)
    with milter.growing_less_than(16 * MIB), newest.connect() as session:
        session.mail(BOSS)
        replies = pipelined(session, [f"RCPT TO:<{each}>" for each in recipients])
        assert codes(replies) == {550}
        assert session.docmd("RSET")[0] == 250


def test_ten_thousand_recipients_are_refused_together(newest, milter, recipients):
    milter.use(LISTED)
    with milter.growing_less_than(16 * MIB), newest.connect() as session:
        session.mail(FROM)
        assert codes(pipelined(session, [f"RCPT TO:<{each}>" for each in recipients])) == {250}
        code, text = session.data(message([REQUIRE], "lab"))
        assert code == 550, text
        text = text.decode()
        assert text.startswith("5.7.10 this message requires verified TLS (header Require-TLS-ESMTP)"), text
        assert text.count("no MTA-STS record") <= 10 and text.endswith(" more"), text
    assert recipients[0] not in newest.queued()


def test_thousands_of_domains(newest, milter):
    """None of them exists. mtastsd may say that it is busy, but the milter holds on, and mail without a demand flows."""
    milter.use(LISTED + 'wait = "100ms"')
    with milter.growing_less_than(32 * MIB), newest.connect() as session:
        session.mail(FROM)
        replies = pipelined(session, [f"RCPT TO:<lab@d{number}.example>" for number in range(3000)])
        assert codes(replies) == {250}
        assert session.docmd("RSET")[0] == 250
    good = address("good.example")
    assert newest.submit(FROM, [good]).taken() == [good]


HEADERS = {"100,000 headers": ["X-N: y"] * 100_000 + [REQUIRE],
           "1 MB in one header": ["X-Long: " + "x" * 900 + "\r\n " + "\r\n ".join(["y" * 900] * 1100), REQUIRE],
           "20,000 times the header that counts": [REQUIRE] * 20_000,
           # Postfix takes the rest of the input for the body, because no header is that long.
           "a header's name of 60,000 octets": [REQUIRE, "X" * 60_000 + ": y"]}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_large_headers(newest, milter, headers):
    milter.use()
    good, bad = address("good.example"), address("no-record.example")
    with milter.growing_less_than(16 * MIB):
        done = newest.submit(FROM, [bad], *headers)
    assert done.end.startswith("550 5.7.10 "), done
    assert newest.submit(FROM, [good], *headers).taken() == [good]


@pytest.mark.smoke
def test_odd_octets(newest, milter):
    """NUL, escape sequences and octets that are not valid UTF-8 in headers, and a percent sign in an address (MLT-9)."""
    milter.use(LISTED)
    mark = milter.mark()
    with newest.connect() as session:
        for octets in (b"X-Odd: a\0b", b"\0: x", b"X-\xff\xfe: \x1b[31m", b"Require-TLS-ESMTP\0: yes", b": x", b"X-Bell: \a"):
            session.mail(FROM)
            session.rcpt(address("good.example"))
            code, text = session.data(b"Subject: lab\r\n" + octets + b"\r\n\r\n\0body\0\r\n")
            assert code == 250, (octets, text)
        session.mail(FROM)
        session.rcpt(address("no-record.example"))
        code, text = session.data(REQUIRE.encode() + b"\r\nX-Odd: \xff\0\r\n\r\nlab\r\n")
        assert code == 550, text
        session.mail(BOSS)
        for odd in ("100%s%n%d@no-record.example", '"a b"@no-record.example', '"\\"<>"@no-record.example'):
            code, text = session.docmd(f"RCPT TO:<{odd}>")
            assert code == 550, (odd, text)
            assert text.startswith(b"5.7.10 "), "a % that is not doubled makes Postfix replace the reply"
            assert b"no MTA-STS record" in text, text
            assert "%s" not in odd or b"100%s%n%d@" in text, text
    for entry in milter.log(mark):
        assert "\x1b" not in str(entry)


def test_a_very_long_address(newest, milter):
    """The reply is cut where it must be, and still says why."""
    milter.use(LISTED)
    long = "x" * 900 + "@no-record.example"
    with newest.connect() as session:
        session.mail(BOSS)
        code, text = session.docmd(f"RCPT TO:<{long}>")
    assert code == 550, text
    assert text.startswith(b"5.7.10 ") and len(text) <= 980, text


@pytest.mark.parametrize("path", ["<@one.example,@two.example:{}>", "<@one.example:{}>", "{}"])
def test_source_routes(newest, milter, path):
    """Postfix drops a source route, and so must the sender list."""
    milter.use(LISTED)
    bad = address("no-record.example")
    with newest.connect() as session:
        assert session.docmd(f"MAIL FROM:{path.format(BOSS)}")[0] == 250
        code, text = session.docmd(f"RCPT TO:{path.format(bad)}")
        assert (code, text[:7]) == (550, b"5.7.10 "), text
        session.rset()
        session.docmd(f"MAIL FROM:{path.format(FROM)}")
        assert session.docmd(f"RCPT TO:{path.format(bad)}")[0] == 250


def test_addresses_without_a_domain(newest, milter):
    """Postfix adds its own name to them."""
    milter.use('senders = ["*"]\n')
    with newest.connect() as session:
        session.mail(FROM)
        for each in ("postmaster", "someone", "user%no-record.example", "user@[192.0.2.1]", "user@[IPv6:2001:db8::1]"):
            code, text = session.docmd(f"RCPT TO:<{each}>")
            assert code in (250, 450, 451, 550, 554), (each, text)
    good = address("good.example")
    assert newest.door(FROM, [good])[good].startswith("250")


@pytest.mark.smoke
def test_clients_that_leave_in_the_middle(newest, milter):
    milter.use(LISTED)
    recipient = address("good.example").encode()
    steps = [f"MAIL FROM:<{BOSS}>\r\n".encode(), b"RCPT TO:<" + recipient + b">\r\n", b"DATA\r\n", b"Subject: x\r\n"]
    for end in range(1, len(steps) + 1):
        session = newest.connect()
        session.sock.sendall(b"".join(steps[:end]))
        session.getreply()
        session.close()
    assert newest.submit(FROM, [recipient.decode()]).taken() == [recipient.decode()]


def test_what_is_not_a_milter_client(newest, milter):
    """Garbage at the milter's own port costs it nothing."""
    milter.use()
    with milter.growing_less_than(32 * MIB):
        for octets in (b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xffO", b"\0\0\0\0", b"\0\0\0\x0dO" + b"\xff" * 12, b"\0\0\0\1E"):
            with milter.connect() as stream:
                stream.sendall(octets)
        with milter.connect() as stream:
            stream.sendall(b"\x05\xf5\xe1\x00L")            # announces 100 MB
            for _ in range(100):
                try:
                    stream.sendall(b"x" * MIB)
                except OSError:
                    break
    good = address("good.example")
    assert newest.submit(FROM, [good]).taken() == [good]
