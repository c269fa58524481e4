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
