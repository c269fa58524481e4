"""Debian roots that hold the Postfix versions of the lab.

debootstrap makes a root once, in a cache outside the checkout. Afterwards it is only read: a run mounts it read-only and mounts
its own directories over it (see sandbox.py). Two runs that need the same missing root wait for
each other on a lock file.
"""
import fcntl
import os
import re
import subprocess
import tempfile
from pathlib import Path

# Postfix version in the lab -> the Debian release it comes from, and the lowest version that is good enough.
ROOTS = {"3.7": ("bookworm", (3, 7)), "3.10": ("trixie", (3, 10, 5)), "3.11": ("forky", (3, 11))}
USUAL = "3.7 3.10"                      # unless MTASTSD_LAB_POSTFIX names others
SCRIPTS = Path("/usr/share/debootstrap/scripts")
PACKAGES = "postfix,ca-certificates"


def cache_dir():
    return Path(os.environ.get("MTASTSD_LAB_CACHE") or "/var/cache/mtastsd-lab")


def versions():
    """The sending Postfixes that a new lab has."""
    wanted = tuple((os.environ.get("MTASTSD_LAB_POSTFIX") or USUAL).split())
    for each in wanted:
        if each not in ROOTS:
            raise SystemExit(f"lab: MTASTSD_LAB_POSTFIX names Postfix {each!r}; the lab knows {', '.join(ROOTS)}")
    return wanted


def root_for(version):
    """The root that holds this Postfix, made if it is missing."""
    release, least = ROOTS[version]
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    root = cache / release
    with open(cache / f"{release}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            make_root(release, root)
    have = postfix_version(root)
    if have < least:
        raise SystemExit(f"lab: {root} has Postfix {dotted(have)}, the lab needs {dotted(least)} or later: "
                         f"delete that folder and try again")
    return root


def make_root(release, root):
    """debootstrap into a folder beside the final one, then rename: a broken attempt is never taken for a root."""
    print(f"lab: making the Debian {release} root in {root} (once; some minutes)", flush=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f"{release}.new-") as work:
        new = Path(work) / "root"
        log = root.parent / f"{release}.log"
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, str(new), mirror()]
        if not (SCRIPTS / release).exists():        # a release that this debootstrap is too old to know
            command.append(str(SCRIPTS / "sid"))
        with open(log, "w") as out:
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        if done.returncode != 0:
            raise SystemExit(f"lab: debootstrap of {release} failed; the end of {log}:\n{tail(log)}")
        for deb in (new / "var/cache/apt/archives").glob("*.deb"):
            deb.unlink()
        new.chmod(0o755)
        new.rename(root)


def mirror():
    """The Debian mirror that this system's apt uses for its own release."""
    codename = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.M)[1]
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)",
                            "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
    lines += subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                             "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
    for line in lines.splitlines():
        words = line.split()
        if words[1:] == [codename, "main"]:
            return words[0]
    raise SystemExit(f"lab: apt knows no mirror of Debian {codename}: is this Debian, and has apt a source for it?")


def postfix_version(root):
    """The installed Postfix's version, from dpkg's own record, as a tuple of numbers."""
    status = (root / "var/lib/dpkg/status").read_text()
    found = re.search(r"^Package: postfix\n(?:.+\n)*?Version: ([\d.]+)", status, re.M)
    if not found:
        raise SystemExit(f"lab: no Postfix in {root}: delete that folder and try again")
    return tuple(int(part) for part in found[1].split("."))


def dotted(version):
    return ".".join(map(str, version))


def tail(path, lines=15):
    return "\n".join(Path(path).read_text(errors="replace").splitlines()[-lines:])
