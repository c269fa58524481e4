"""The lab's commands: up, shell, exec, mail, demo, list, down."""
import argparse
import os
import signal
import subprocess
import sys

from . import netns
from .domains import BY_FQDN, DOMAINS
from .lab import Lab
from .mail import demo, send_and_tell
from .processes import LabError

BANNER = """
This shell is the mail relay of an internet of its own: Postfix, mtastsd, and
name servers, policy hosts and MX hosts for some hundred domains. Try:

  postmap -q good.example socketmap:inet:127.0.0.1:8463:postfix
  mtastsctl query good.example          what Postfix would be answered, and why
  mtastsctl list                        what is in the cache
  lab mail good.example                 a mail through Postfix 3.7 and 3.10
  lab mail no-starttls mx-expired       ... and to domains under attack
  lab mail dane-all dane-wrong          ... and to domains with DANE
  lab domains                           all domains, and what is wrong with them
  drill _mta-sts.good.example TXT       DNS, as Postfix's resolver sees it
  drill -D _25._tcp.mx1.dane-all.example TLSA   ... validated: the flag ad
  tail -f mtastsd/mtastsd.log           the daemon at work
  tail -f sender-3.10/log/postfix.log   Postfix at work (also sender-3.7)

The commands of Postfix 3.10 are postmap-310, postconf-310, sendmail-310 ...
exit ends the lab.
"""


def chosen(name):
    """The lab to use: the one named, the one this shell belongs to, or the only one."""
    names = Lab.names()
    name = name or os.environ.get("MTASTSD_LAB")
    if name in names:
        return Lab.attach(name)
    if name or len(names) != 1:
        raise LabError(f"no lab {name!r}" if name else
                       f"{'several labs are' if names else 'no lab is'} up: {', '.join(names) or 'try `lab up`'}")
    return Lab.attach(names[0])


def in_relay(lab, args):
    """Runs a command in the relay with the lab's programs on PATH; Ctrl-C is the command's own."""
    env = {**os.environ, "PATH": f"{lab.path}/bin:{os.environ['PATH']}", "MTASTSD_LAB": lab.name,
           "PS1": "lab relay \\$ "}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.call(netns.enter(lab.relay, *args), env=env, cwd=lab.path, preexec_fn=default_sigint)
    finally:
        signal.signal(signal.SIGINT, before)


def default_sigint():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_shell(lab):
    if not sys.stdin.isatty():
        return in_relay(lab, ["bash", "--noprofile", "--norc", "-s"])
    print(BANNER, flush=True)
    return in_relay(lab, ["bash", "--noprofile", "--norc", "-i"])


def with_new_lab(action):
    """Brings a lab up for one action and takes it down whatever happens."""
    lab = Lab.new()
    print("lab: coming up ...", file=sys.stderr, flush=True)
    lab.up()
    try:
        return action(lab)
    finally:
        lab.down()


def command_up(_):
    lab = Lab.new().up(owned=False)
    print(f"lab {lab.name} is up in {lab.path}; `lab shell` goes in, `lab down` ends it.")
    return 0


def command_shell(options):
    if Lab.names() and (options.name or len(Lab.names()) == 1):
        return run_shell(chosen(options.name))
    return with_new_lab(run_shell)


def command_exec(options):
    return in_relay(chosen(options.name), options.command)


def command_mail(options):
    lab = chosen(options.name)
    send_and_tell(lab, [BY_FQDN[each].name if each in BY_FQDN else each for each in options.domain])
    return 0


def command_demo(_):
    return with_new_lab(demo)


def command_domains(_):
    for domain in DOMAINS:
        print(f"{domain.asked or domain.fqdn:30} {domain.fault}")
    return 0


def command_list(_):
    print("\n".join(Lab.names()))
    return 0


def command_down(options):
    for name in Lab.names() if options.all else [chosen(options.name).name]:
        Lab.attach(name).down()
        print(f"lab {name} is down.")
    return 0


def parser():
    top = argparse.ArgumentParser(prog="lab", description="An internet in network namespaces, to try mtastsd in.")
    top.add_argument("--name", help="which lab, where several are up")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name, text):
        each = verbs.add_parser(name, help=text, description=text)
        each.set_defaults(run=globals()[f"command_{name}"])
        return each
    verb("up", "bring a lab up and leave it up")
    verb("shell", "a shell in the relay of the lab that is up, or of a new one")
    verb("exec", "run a command in the relay").add_argument("command", nargs=argparse.REMAINDER)
    verb("mail", "send a mail to each domain and say what became of it").add_argument("domain", nargs="+")
    verb("demo", "bring a lab up, send mails, explain, take it down")
    verb("domains", "list the domains and what is wrong with each")
    verb("list", "list the labs that are up")
    verb("down", "take a lab down").add_argument("--all", action="store_true", help="all of them")
    return top


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    options = parser().parse_args()
    try:
        return options.run(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
