"""Why no policy is in force: mtastsd must log each row's own fault, since any failure at all gives the same answer.

Every line about a row is checked, also those of the deliveries. An answer that came before the reason was known ("discovery
not done yet") is as wrong as one with another row's reason.
"""
import pytest

from lab.domains import BY_NAME, DOMAINS, LONG_NAME
from lab.processes import wait_until

MAPS = {"postfix", "postfix310"}
LOOKS = ("fetch", "look")           # HTTPS was asked; only DNS was asked
ROWS = [domain.name for domain in DOMAINS if domain.mail and domain.why]


def events_of(name):
    """The lines that must have the reason. If DNS alone decides, the result of the policy lookup does not matter."""
    domain = BY_NAME[name]
    return ("answer",) if domain.answer == "TEMP" or domain.null_mx else ("answer", *LOOKS)


def lines_of(entries, name, *events):
    return [each for each in entries if each.get("domain") == BY_NAME[name].fqdn and each.get("event") in events]


def told(entry):
    """The reason in a line, without the domain's own name, which often has the same words in it."""
    words = " ".join(entry.get(field, "") for field in ("result", "mode", "reason", "detail"))
    return words.replace(entry["domain"], "...")


def ask_all(lab):
    """Each row in both dialects, all rows at once; after the deliveries the cache knows them all."""
    clients = {name: lab.client() for name in ROWS}
    for name, client in clients.items():
        for each in sorted(MAPS):
            client.send(each, BY_NAME[name].fqdn)
    for client in clients.values():
        for _ in MAPS:
            client.receive()
        client.close()


@pytest.fixture(scope="module")
def log(lab):
    """mtastsd's whole log, once it has a lookup and an answer in each dialect for every row."""
    lab.daemon.ensure_running()
    ask_all(lab)

    def complete():
        entries = lab.daemon.log()
        done = all((lines_of(entries, name, *LOOKS) or events_of(name) == ("answer",)) and
                   MAPS <= {each["map"] for each in lines_of(entries, name, "answer")} for name in ROWS)
        return entries if done else None
    return wait_until("a lookup and the answers of every row in the log", complete)


@pytest.mark.parametrize("name", ROWS)
def test_every_line_has_the_reason(log, name):
    why = BY_NAME[name].why
    for entry in lines_of(log, name, *events_of(name)):
        assert why in told(entry), f"{BY_NAME[name].fault}; logged:\n{entry}"


@pytest.mark.parametrize("name", ROWS)
def test_reason_tells_the_row_from_others(log, name):
    """A word that other rows' lines have as well would prove nothing."""
    why = BY_NAME[name].why
    others = [each for each in ROWS if BY_NAME[each].why != why]
    shared = [entry for other in others for entry in lines_of(log, other, *events_of(other)) if why in told(entry)]
    assert not shared, f"{why!r} is a reason of other rows than {name} too:\n{shared[0]}"


def test_every_row_that_weakens_has_a_reason():
    """An answer other than OK is never left unexplained by the table."""
    assert [domain.name for domain in DOMAINS if not domain.answer.startswith("OK ") and not domain.why] == []


@pytest.mark.parametrize("name", ["mx-not-in-policy", "wildcard-deep"])
def test_a_policy_that_no_mx_host_fits_is_a_warning(lab, name):
    """Postfix 3.10 defers such mail and does not say why."""
    lab.ask(BY_NAME[name].fqdn)
    words = "no MX host fits the policy"
    wait_until(f"a warning about {name}", lambda: any(
        words in entry.get("detail", "") and entry["level"] == "warning"
        for entry in lines_of(lab.daemon.log(), name, "answer")))
    assert words in lab.ask(BY_NAME[name].fqdn, "json")


def test_the_cause_of_a_temp_stands_behind_a_long_name(lab):
    """Postfix logs 200 characters of it."""
    fqdn = BY_NAME[LONG_NAME].fqdn
    reply = lab.ask(fqdn)
    assert reply.startswith("TEMP ") and len(reply) <= len("TEMP ") + 200
    assert reply.count(fqdn) == 1 and f"MX {fqdn}: DNSSEC bogus: no keys have a DS" in reply
