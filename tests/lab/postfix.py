"""What the receiving and the sending Postfix have in common: main.cf, master.cf, the log."""
import shutil

from . import addresses, sandbox
from .roots import root_for

# name, type, and what follows: private unpriv chroot wakeup maxproc command
SERVICES = """pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
local     unix  - n n -     - local
virtual   unix  - n n -     - virtual
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
COMMON = {
    "compatibility_level": "3.6", "maillog_file": "/var/log/postfix.log", "inet_protocols": "all",
    "mydestination": "", "mynetworks": "", "alias_maps": "", "alias_database": "", "local_recipient_maps": "",
    "smtpd_peername_lookup": "no", "in_flow_delay": "0", "biff": "no", "notify_classes": "",
    "smtp_connect_timeout": "10s", "smtp_helo_timeout": "10s", "smtp_starttls_timeout": "10s",
}


class Postfix:
    """One instance; name is also its folder's name."""

    def __init__(self, lab, name, version, namespace):
        self.lab, self.name, self.version, self.namespace = lab, name, version, namespace
        self.root = root_for(version)
        self.folder = lab.folder(name)
        self.log_file = self.folder / "log/postfix.log"

    def configure(self, main, services=""):
        """Writes the instance's configuration; main is a dict of main.cf settings."""
        sandbox.prepare(self.folder, addresses.RESOLVER)
        etc = self.folder / "etc"
        shutil.copytree(self.root / "etc/postfix", etc, symlinks=True, dirs_exist_ok=True)
        shutil.copy(self.lab.authority.ca_file, etc / "ca.pem")
        settings = {**COMMON, **main}
        (etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (etc / "master.cf").write_text(SERVICES + services)

    def start(self):
        sandbox.start(self.lab, self.name, self.namespace, self.root, self.folder)

    def wait(self):
        sandbox.wait(self.lab, self.name, self.folder)

    def run(self, *args, **more):
        return sandbox.run_in(self.lab, self.name, *args, **more)

    def log(self, start=0):
        """The mail log from a position on."""
        return sandbox.read(self.log_file)[start:]

    def mark(self):
        """The present position for log(), so that a test sees only later lines."""
        return len(self.log())
