"""The socketmap protocol as Postfix speaks it, and as others might."""
import pytest

from lab.domains import BY_NAME
from lab.socketmap import netstring

GOOD = "OK secure match=mx.good.example servername=hostname"


@pytest.fixture
def client(lab):
    with lab.client() as client:
        yield client


@pytest.mark.smoke
def test_many_requests_on_one_connection(client):
    for _ in range(50):
        assert client.ask("postfix", "good.example") == GOOD
        assert client.ask("postfix", "no-record.example") == "NOTFOUND "


@pytest.mark.smoke
def test_requests_sent_ahead_are_answered_in_order(client):
    keys = ["good.example", "no-record.example", ".example", "wildcard-mx.example"] * 5
    for key in keys:
        client.send("postfix", key)
    answers = [client.receive() for _ in keys]
    assert answers == [GOOD, "NOTFOUND ", "NOTFOUND ", "OK secure match=.wildcard-mx.example servername=hostname"] * 5


def test_request_in_single_bytes(client):
    for byte in netstring(b"postfix good.example"):
        client.send_raw(bytes([byte]))
    assert client.receive() == GOOD


def test_postfix310_has_all_attributes_or_none(client):
    answer = client.ask("postfix310", "good.example")
    for part in (GOOD, " policy_type=sts ", " policy_domain=good.example ", " mx_host_pattern=mx.good.example",
                 "{ policy_string = version: STSv1 }", "{ policy_string = mode: enforce }",
                 f"{{ policy_string = max_age: {BY_NAME['good'].max_age} }}", "{ policy_string = mx: mx.good.example }"):
        assert part in answer, part


def test_wildcards_in_both_dialects(client):
    assert client.ask("postfix", "wildcard-mx.example") == "OK secure match=.wildcard-mx.example servername=hostname"
    assert " mx_host_pattern=*.wildcard-mx.example" in client.ask("postfix310", "wildcard-mx.example")


@pytest.mark.parametrize("name", ["", "postfx", "POSTFIX", "postfix/nosuchzone", "postfix/"])
def test_unknown_map_name_is_an_error(client, name):
    answer = client.ask(name, "good.example")
    assert answer.startswith("PERM "), answer
    assert client.ask("postfix", "good.example") == GOOD, "the connection goes on"


@pytest.mark.parametrize("key", ["GOOD.Example", "good.example.", "[good.example]", "good.example:25",
                                 "[good.example]:587", "good.example:submission", "good.example:"])
def test_spellings_of_one_next_hop(client, key):
    assert client.ask("postfix", key) == GOOD


@pytest.mark.parametrize("key", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "bücher。example"])
def test_internationalized_names(client, key):
    assert client.ask("postfix", key) == "OK secure match=mx.xn--bcher-kva.example servername=hostname"


@pytest.mark.parametrize("key", [".good.example", ".example", "192.0.2.1", "[192.0.2.1]", "[192.0.2.1]:25",
                                 "[2001:db8::1]", "[IPv6:2001:db8::1]", "2001:db8::1", "sub.good.example",
                                 "nosuch.example", "localhost", "a..example", "good.example..", "-bad-.example",
                                 "/var/run/lmtp", "xn--\u00fc.example", "a b.example", "x" * 64 + ".example",
                                 "[good.example", "good.example:99999", ""])
def test_keys_without_a_policy(client, key):
    assert client.ask("postfix", key) == "NOTFOUND "


JUNK = {"no length": b"x:postfix good.example,", "no comma": b"5:postfix good.example,", "negative": b"-1:,",
        "overflow": b"99999999999999999999:x", "too long": b"200000:" + b"x" * 200000 + b",",
        "blank": b"20 :postfix good.example,", "http": b"GET / HTTP/1.1\r\n\r\n"}


@pytest.mark.smoke
@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_malformed_input_closes_the_connection(lab, client, junk):
    try:
        client.send_raw(junk)
        while True:                     # a PERM before the close is fine, an OK never
            assert not client.receive().startswith("OK")
    except (EOFError, ConnectionError):
        pass
    assert lab.ask("good.example") == GOOD, "others are still served"


def test_request_without_a_key(client):
    client.send_raw(netstring(b"postfix"))
    try:
        assert client.receive().startswith(("PERM", "NOTFOUND"))
    except EOFError:
        pass


def test_unix_socket(lab):
    with lab.client(lab.daemon.unix) as client:
        assert client.ask("postfix", "good.example") == GOOD


def test_each_answer_is_logged(lab, mtastsd, client, wait):
    mark = mtastsd.mark()
    client.ask("postfix310", "wildcard-mx.example")

    def logged():   # the log may still be writing what was asked before
        return [entry for entry in mtastsd.log(mark)
                if entry.get("event") == "answer" and entry["domain"] == "wildcard-mx.example"]
    entry = wait("a log line for the answer", logged)[-1]
    assert entry["map"] == "postfix310"
    assert entry["answer"].startswith("OK secure")
    assert {"time", "level", "reason", "source", "ms"} <= entry.keys(), entry
