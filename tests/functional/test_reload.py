"""SIGHUP: the new file is in force at once, connections stay, and a bad file changes nothing."""
import pytest

GOOD = "OK secure match=mx.reload.example servername=hostname"
ZONE = "[zone.lab]\ntesting_as_enforce = true\n"
EXTRA = ("127.0.0.1", 8465)


@pytest.fixture
def configured(mtastsd, wait):
    """Puts the lab's own configuration back afterwards."""
    yield
    mtastsd.write_config()
    if mtastsd.running():
        mark = mtastsd.mark()
        mtastsd.reload()
        wait("the reload", lambda: any(entry.get("event") == "reload" for entry in mtastsd.log(mark)))


def known(client):
    return not client.ask("postfix/lab", "reload.example").startswith("PERM")


@pytest.mark.smoke
def test_reload_keeps_the_connection_and_applies_the_file(lab, mtastsd, configured, wait):
    with lab.client() as client:
        assert client.ask("postfix", "reload.example") == GOOD
        assert not known(client)
        mtastsd.write_config(ZONE)
        mtastsd.reload()
        wait("the new zone to be known on the old connection", lambda: known(client))
        assert client.ask("postfix", "reload.example") == GOOD


def test_reload_makes_new_listeners(lab, mtastsd, configured, wait):
    with lab.client() as client:
        mtastsd.write_config(listen=["inet:%s:%d" % EXTRA])
        mtastsd.reload()

        def listens():
            try:
                mtastsd.connect(EXTRA).close()
                return True
            except ConnectionRefusedError:
                return False
        wait("the new listener", listens)
        with lab.client(EXTRA) as other:
            assert other.ask("postfix", "reload.example") == GOOD
        assert client.ask("postfix", "reload.example") == GOOD, "the old connection is still there"


@pytest.mark.parametrize("bad", ["nonsense = ", "[policy]\nfirst_fetch_wait = \"5 parsecs\"\n", "[polizei]\n",
                                 "[policy]\nno_such_key = 1\n"])
def test_bad_file_changes_nothing(lab, mtastsd, configured, wait, bad):
    mark = mtastsd.mark()
    with lab.client() as client:
        mtastsd.write_config(ZONE + bad)
        mtastsd.reload()
        wait("a complaint in the log", lambda: [entry for entry in mtastsd.log(mark)
                                                if entry.get("level") in ("error", "warning", "warn")])
        assert client.ask("postfix", "reload.example") == GOOD
        assert not known(client), "nothing of a bad file is applied"
    assert mtastsd.running()
