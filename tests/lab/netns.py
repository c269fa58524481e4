"""Network namespaces: the world with all its addresses, the relay with mtastsd and the sending Postfix."""
import contextlib
import ctypes
import os
import signal

from . import addresses
from .processes import LabError, run

CLONE_NEWNET = 0x40000000


def path_of(namespace):
    """A namespace is named, or it is the path of one, such as /proc/PID/ns/net."""
    return os.path.join("/run/netns", namespace)


def enter(namespace, *args):
    """The command that runs args in a namespace (it execs: the pid stays the same)."""
    return ["nsenter", f"--net={path_of(namespace)}", "--", *args]


@contextlib.contextmanager
def inside(namespace):
    """Within this block, this thread's new sockets are made in the namespace; they stay there afterwards."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as home, open(path_of(namespace)) as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise LabError(f"can't enter {namespace}: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


def is_six(address):
    return ":" in address


def make(world, relay):
    """Both namespaces, joined by a veth pair; the relay routes the world's addresses over it."""
    for name in (world, relay):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    run("ip", "link", "add", "up0", "netns", relay, "type", "veth", "peer", "name", "down0", "netns", world)
    for name, device, four, six in ((world, "down0", addresses.WORLD_LINK, addresses.WORLD_LINK6),
                                    (relay, "up0", addresses.RELAY_LINK, addresses.RELAY_LINK6)):
        run("ip", "-n", name, "address", "add", f"{four}/30", "dev", device)
        run("ip", "-n", name, "address", "add", f"{six}/126", "dev", device, "nodad")
        run("ip", "-n", name, "link", "set", device, "up")
    adds = [f"address add {each}/{128 if is_six(each) else 32} dev lo{' nodad' if is_six(each) else ''}"
            for each in addresses.everything()]
    run("ip", "-n", world, "-batch", "-", input="\n".join(adds) + "\n")
    run("ip", "-n", relay, "route", "add", "203.0.113.0/24", "via", addresses.WORLD_LINK)
    for network in ("2001:db8::/64", addresses.NAT64_PREFIX):
        run("ip", "-n", relay, "route", "add", network, "via", addresses.WORLD_LINK6)


def cut(relay, targets):
    """Packets from the relay to these addresses vanish."""
    for target in targets:
        run("ip", "-n", relay, "route", "replace", "blackhole", target)


def mend(relay, targets):
    """Undoes cut()."""
    for target in targets:
        run("ip", "-n", relay, "route", "delete", "blackhole", target)


def delete(*names):
    """Ends what still runs in our namespaces, then deletes them."""
    for name in names:
        if not os.path.exists(f"/run/netns/{name}"):
            continue
        for pid in run("ip", "netns", "pids", name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "delete", name)
