"""mtastsctl with the running daemon, and without it."""
import json

import pytest

from lab.processes import LabError

KEPT = "OK secure match=mx.good.example servername=hostname"


@pytest.fixture(autouse=True)
def cached(lab):
    """good.example is in the cache, and committed."""
    with lab.client() as client:
        assert client.ask("postfix", "good.example") == KEPT


def test_query_is_what_postfix_gets(lab, mtastsd):
    assert KEPT in mtastsd.ctl("query", "good.example")
    with lab.client() as client:
        assert client.ask("postfix310", "good.example") in mtastsd.ctl("query", "good.example", "--map", "postfix310")
    assert "NOTFOUND" in mtastsd.ctl("query", "no-record.example", "--map", "postfix")


def test_query_json_is_the_json_map(lab, mtastsd):
    answer = json.loads(mtastsd.ctl("--json", "query", "good.example"))
    assert isinstance(answer, dict)
    assert "secure match=mx.good.example" in json.dumps(answer)
    with lab.client() as client:
        status, _, text = client.ask("json", "good.example").partition(" ")
    assert status == "OK"
    assert json.loads(text).keys() == answer.keys()


def test_query_of_an_internationalized_name(mtastsd):
    assert "mx.xn--bcher-kva.example" in mtastsd.ctl("query", "bücher.example")


def test_query_and_show_understand_what_people_paste(mtastsd, wait):
    wait("good.example in the list", lambda: "good.example" in mtastsd.ctl("list"))
    for verb in ("query", "show"):
        for written in ("user@good.example", "https://good.example/policy", "GOOD.example."):
            assert KEPT in mtastsd.ctl(verb, written)
            assert json.loads(mtastsd.ctl("--json", verb, written))["understood_as"] == "good.example"
        assert "understood_as" not in json.loads(mtastsd.ctl("--json", verb, "good.example"))


@pytest.mark.parametrize("verb", ["query", "show", "explain"])
@pytest.mark.parametrize("written", ["192.0.2.1", "[192.0.2.1]", ""])
def test_what_has_no_policy_domain_is_refused(mtastsd, verb, written):
    with pytest.raises(LabError, match="names an IP address|the domain is empty"):
        mtastsd.ctl(verb, written)


@pytest.mark.smoke
def test_list_and_show(mtastsd, wait):
    wait("good.example in the list", lambda: "good.example" in mtastsd.ctl("list"))
    shown = mtastsd.ctl("show", "good.example")
    assert "enforce" in shown
    assert "mx.good.example" in shown


def test_list_and_show_json(mtastsd, wait):
    wait("good.example in the list", lambda: "good.example" in mtastsd.ctl("list"))
    assert "good.example" in json.dumps(json.loads(mtastsd.ctl("--json", "list")))
    shown = json.dumps(json.loads(mtastsd.ctl("--json", "show", "good.example")))
    assert "enforce" in shown
    assert "mx.good.example" in shown


def test_list_and_show_without_the_daemon(mtastsd, wait):
    wait("good.example in the list", lambda: "good.example" in mtastsd.ctl("list"))
    mtastsd.stop()
    assert "good.example" in mtastsd.ctl("list")
    assert "enforce" in mtastsd.ctl("show", "good.example")


def test_show_of_an_unknown_domain_fails_in_words(mtastsd):
    with pytest.raises(LabError, match="nosuch.example"):
        mtastsd.ctl("show", "nosuch.example")


def test_query_without_the_daemon_fails_in_words(mtastsd):
    mtastsd.stop()
    with pytest.raises(LabError, match="(?i)mtastsd"):
        mtastsd.ctl("query", "good.example")
