"""mtastsctl status over the control socket: what it says, to whom, and how the socket treats other input."""
import json
import os
import socket
import stat
import subprocess
import threading

import pytest

from lab import netns
from lab.daemon import program


def status(mtastsd, *args):
    """Runs mtastsctl status; returns (exit status, standard output, standard error)."""
    command = netns.enter(mtastsd.lab.relay, program("mtastsctl"), "--config", mtastsd.config, *args, "status")
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout, done.stderr


def healthy(mtastsd):
    """The object once both checks are done, or None."""
    code, out, _ = status(mtastsd, "--json")
    report = json.loads(out)
    done = report["dnssec"]["checked"] and report["postfix_dane"]["value"] is not None
    return (code, report) if done else None


def control(mtastsd, request):
    """Sends raw octets; returns what comes back."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(60)
        stream.connect(str(mtastsd.folder / "control.sock"))
        stream.sendall(request)
        parts = []
        while part := stream.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.smoke
def test_status_of_a_healthy_daemon(lab, mtastsd, wait):
    lab.ask("good.example")
    code, report = wait("both checks", lambda: healthy(mtastsd))
    assert code == 0, report
    assert report["pid"] == mtastsd.pid
    assert report["config"] == str(mtastsd.config)
    assert report["listeners"] == mtastsd.listen
    assert report["dns"]["way"] == "recursion, as configured"
    assert report["dnssec"]["works"] is True
    assert report["dnssec"]["detail"] == "", "the lab's anchor names the root's only key"
    assert report["postfix_dane"]["value"] is True, "the lab's resolver validates"
    assert "spool/etc/resolv.conf" in report["postfix_dane"]["detail"], "the chroot's own file"
    assert report["counters"]["requests"] > 0
    assert report["cache"]["used_bytes"] > 0


def test_status_for_people_fits_a_terminal(lab, mtastsd, wait):
    wait("both checks", lambda: healthy(mtastsd))
    code, out, _ = status(mtastsd)
    assert code == 0
    assert "DNSSEC       works" in out
    text = out.replace(str(lab.path), "/lab")
    assert max(map(len, text.splitlines())) <= 80


def test_socket_is_for_owner_and_group(mtastsd):
    assert stat.S_IMODE(os.stat(mtastsd.folder / "control.sock").st_mode) == 0o660


def test_what_is_no_request_is_refused_in_words(mtastsd):
    assert "this mtastsd knows: config, status" in json.loads(control(mtastsd, b'{"verb":"halt"}\n'))["error"]
    assert "not a JSON object" in json.loads(control(mtastsd, b"GET / HTTP/1.1\r\n"))["error"]
    assert "4096" in json.loads(control(mtastsd, b"x" * 5000))["error"]


def test_silent_connections_stall_nobody(lab, mtastsd):
    """Opens more silent connections than are served at once, while Postfix asks and status is wanted."""
    silent = [socket.socket(socket.AF_UNIX) for _ in range(28)]
    try:
        for each in silent:
            each.connect(str(mtastsd.folder / "control.sock"))
        answers = []
        askers = [threading.Thread(target=lambda: answers.append(lab.ask("good.example"))) for _ in range(4)]
        for thread in askers:
            thread.start()
        assert status(mtastsd)[0] in (0, 1)
        for thread in askers:
            thread.join()
        assert all(each.startswith("OK secure ") for each in answers)
    finally:
        for each in silent:
            each.close()


def test_without_the_daemon_the_exit_status_is_2_and_a_remedy_is_said(mtastsd):
    mtastsd.stop()
    code, out, err = status(mtastsd)
    assert (code, out) == (2, "")
    assert "start mtastsd" in err
    assert not (mtastsd.folder / "control.sock").exists(), "a graceful stop takes its socket along"


def test_the_socket_of_a_killed_daemon_is_replaced(mtastsd):
    mtastsd.kill()
    assert (mtastsd.folder / "control.sock").exists()
    mtastsd.start()
    assert status(mtastsd)[0] in (0, 1)


def test_reload_moves_the_socket(lab, mtastsd, wait):
    elsewhere = mtastsd.folder / "other.sock"
    text = mtastsd.config.read_text()
    try:
        mtastsd.config.write_text(text.replace("/control.sock", "/other.sock"))
        mtastsd.reload()
        wait("the new socket", elsewhere.exists)
        wait("an answer at the new socket", lambda: status(mtastsd)[0] in (0, 1))
        wait("the end of the old one", lambda: not (mtastsd.folder / "control.sock").exists())
    finally:
        mtastsd.write_config()
        mtastsd.reload()
        wait("the old socket again", lambda: (mtastsd.folder / "control.sock").exists())


def test_a_control_path_in_use_is_an_error(lab, mtastsd):
    """A second mtastsd at the same control socket must not take it over."""
    config = lab.folder("second") / "mtastsd.toml"
    config.write_text(mtastsd.config.read_text().replace(f"{mtastsd.folder}/cache", f"{config.parent}/cache")
                      .replace("socketmap = [", "socketmap = ['inet:127.0.0.1:8471'] #"))
    command = netns.enter(lab.relay, program("mtastsd"), "--config", config)
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=180)
    assert done.returncode == 1
    assert "control.sock" in done.stderr and "another program listens there" in done.stderr
    assert status(mtastsd)[0] in (0, 1)
