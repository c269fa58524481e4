"""Sends mails through both Postfixes and says what became of them; the lab's demo."""
import re
import textwrap
import time

from .domains import BOUNCED, BY_NAME, DEFERRED, OPPORTUNISTIC, VERIFIED

WORDS = {VERIFIED: "delivered, over TLS with a verified certificate",
         OPPORTUNISTIC: "delivered, without verified TLS",
         DEFERRED: "kept in the queue, nothing went out",
         BOUNCED: "returned to the sender, nothing went out"}
SHOWN = ("good", "no-starttls", "no-record", "dane-all", "dane-wrong-sts")
TOLD = {"good": "Its policy says enforce, and its MX host satisfies it:",
        "no-starttls": "Its policy says enforce, but an attacker strips STARTTLS:",
        "no-record": "The same attack, but this domain publishes no policy:",
        "dane-all": "It has no policy, but its self-signed MX hosts have TLSA records (DANE):",
        "dane-wrong-sts": "An attacker has a certificate that its policy accepts, but not its key:"}


class Mailing:
    """One mail to each of some domains through one sender, and what became of them."""

    def __init__(self, lab, version, names):
        sender = lab.senders[version]
        start = sender.mark()
        self.follow(sender, start, dict(zip(names, sender.send(*(fqdn_of(name) for name in names)))))

    @classmethod
    def of(cls, sender, start, recipients):
        """Mails that were sent otherwise, since a position in the sender's log; recipients: name -> address."""
        mailing = cls.__new__(cls)
        mailing.follow(sender, start, recipients)
        return mailing

    def follow(self, sender, start, recipients):
        self.lab, self.sender, self.start, self.recipients = sender.lab, sender, start, recipients

    def wait(self, seconds=60):
        until = time.monotonic() + seconds
        self.lines = self.sender.outcomes(self.recipients.values(), seconds)
        # An MX host delivers a mail a moment after it took it into its queue.
        sent = [name for name in self.recipients if "status=sent" in self.line(name)]
        while time.monotonic() < until and not all(map(self.delivered, sent)):
            time.sleep(0.05)

    def line(self, name):
        """The log line that decides; "" if the mail is still under way."""
        return self.lines.get(self.recipients[name], "")

    def tls_lines(self, name):
        domain = BY_NAME.get(name)
        hosts = [each for mx in domain.mx for each in (domain.mx_name(mx), mx.alias) if each] if domain else [
            name, f"mx.{name}"]
        return [line for host in hosts for line in self.sender.tls_lines(host, self.start)]

    def delivered(self, name):
        """The copies of this mail in the domain's Maildir."""
        return self.lab.mx.mails(fqdn_of(name), self.recipients[name])

    def outcome(self, name):
        """verified, opportunistic, deferred or bounced; other words if log and Maildir fit none of these."""
        line, mails = self.line(name), self.delivered(name)
        for outcome in (DEFERRED, BOUNCED):
            if f"status={outcome}" in line and not mails:
                return outcome
        if "status=sent" in line and len(mails) == 1:
            verified = any("Verified TLS" in each for each in self.tls_lines(name)[-1:])
            return VERIFIED if verified else OPPORTUNISTIC
        return f"neither sent nor kept nor returned: {len(mails)} delivered, {line or 'no log line'}"

    def story(self, name):
        """The log lines that a person wants to see."""
        return [*self.tls_lines(name), self.line(name)]


def fqdn_of(name):
    """A row's name, or any domain name, as a domain name."""
    return BY_NAME[name].fqdn if name in BY_NAME else name


def wrapped(line):
    """A log line without date and host, at most 80 columns wide."""
    short = re.sub(r"^\w+ +\d+ [\d:]+ \S+ ", "", line)
    return textwrap.fill(short, 80, initial_indent="      ", subsequent_indent="        ", break_on_hyphens=False)


def tell(mailing, name, version):
    outcome = mailing.outcome(name)
    words = WORDS.get(outcome, outcome)
    if outcome == OPPORTUNISTIC:
        words += " (TLS, but with whom?)" if mailing.tls_lines(name) else " (in the clear)"
    print(f"   Postfix {version}: {words}")
    for line in mailing.story(name):
        print(wrapped(line))
    return outcome


def send_and_tell(lab, names):
    """One mail to each domain with each Postfix."""
    mailings = {version: Mailing(lab, version, names) for version in lab.senders}
    for mailing in mailings.values():
        mailing.wait()
    for name in names:
        print(f"{fqdn_of(name)}:")
        for version, mailing in mailings.items():
            tell(mailing, name, version)


def demo(lab):
    """A few mails through Postfix 3.10; returns 0 if each fared as it should."""
    version = "3.10"
    mailing = Mailing(lab, version, SHOWN)
    mailing.wait()
    good = True
    for number, name in enumerate(SHOWN, start=1):
        print(f"\n{number}. A mail to {fqdn_of(name)}.\n   {TOLD[name]}")
        outcome = tell(mailing, name, version)
        if outcome != BY_NAME[name].outcome_with(version):
            good = False
            print(f"   WRONG: it should have been {WORDS[BY_NAME[name].outcome_with(version)]}.")
    print("\nAll as it should be." if good else "\nNot as it should be: see WRONG above.")
    return 0 if good else 1
