"""Runs a Postfix from a Debian root, with its own mounts and pids, in one of the lab's network namespaces.

The root is mounted read-only; the instance's own etc, spool, lib, log and mail folders are mounted over it. All of it
vanishes with the instance's first process.
"""
import os

from . import netns
from .processes import LabError, run, wait_until

# What the instance writes, and where that is in the root.
OVER = {"etc": "etc/postfix", "spool": "var/spool/postfix", "lib": "var/lib/postfix", "log": "var/log", "mail": "srv"}
SCRIPT = """set -e
mount --bind "$1" "$2/root"
mount -o remount,bind,ro "$2/root"
cd "$2"
{binds}
mount --bind resolv.conf root/etc/resolv.conf
mount -t tmpfs -o mode=755 none root/dev
for each in null zero random urandom; do
  : > root/dev/$each
  mount --bind /dev/$each root/dev/$each
done
mount -t tmpfs none root/tmp
mount -t tmpfs none root/run
mount -t proc none root/proc
exec chroot root /usr/sbin/postfix start-fg
"""


def prepare(folder, resolver):
    """Makes the empty folders of an instance."""
    for name in (*OVER, "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(0o755)
    (folder / "resolv.conf").write_text(f"nameserver {resolver}\noptions edns0 trust-ad timeout:5 attempts:1\n")


def uid_in(root, user):
    """(uid, gid) of a user as the root's own passwd file has it."""
    for line in (root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == user:
            return int(fields[2]), int(fields[3])
    raise LabError(f"no user {user} in {root}")


def start(lab, name, namespace, root, folder):
    """Starts Postfix; wait() waits until it is ready."""
    uid, _ = uid_in(root, "postfix")
    os.chown(folder / "lib", uid, -1)
    binds = "\n".join(f"mount --bind {ours} root/{theirs}" for ours, theirs in OVER.items())
    command = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--",
               "sh", "-c", SCRIPT.format(binds=binds), "sh", root, folder]
    lab.processes.start(name, netns.enter(namespace, *command), folder / "start.log")


def wait(lab, name, folder):
    """Waits until a started Postfix says that it is ready."""
    log = folder / "log/postfix.log"

    def ready():
        if not any(known == name for known, _ in lab.processes.booked()):
            raise LabError(f"{name} did not start:\n{read(folder / 'start.log')}{read(log)}")
        return "daemon started" in read(log)
    wait_until(f"{name} to start", ready, 30)


def master_of(lab, name):
    """The pid, seen from here, of the first process in the instance's pid namespace."""
    parent = lab.processes.pid(name)
    with open(f"/proc/{parent}/task/{parent}/children") as file:
        return int(file.read().split()[0])


def enter(lab, name, *args):
    """The command that runs args within a running instance: its root, its mounts, its network."""
    return ["nsenter", "-t", str(master_of(lab, name)), "-m", "-n", "-p", "-r", "-w", "--", *args]


def run_in(lab, name, *args, **more):
    return run(*enter(lab, name, *args), **more)


def read(path):
    return path.read_text(errors="replace") if path.exists() else ""
