"""A Postfix that takes mail by SMTP and by sendmail(1), and asks the milter about it. It delivers as a Sender does."""
import secrets
import smtplib
import ssl
from dataclasses import dataclass, field

from . import milter, netns, sasl
from .mail import Mailing
from .sender import Sender

# The first port of each instance: with the milter, if it fails tempfail; if it fails accept; with the milter's unix socket.
PORTS = {"3.7": 2537, "3.10": 2547, "3.11": 2557}
UNIX = "mtastsd/milter.sock"            # below the queue directory, and relative to it in main.cf
# As in mtasts-milter(8): an MX host need not offer REQUIRETLS, but TLS must be as verified as the policy map demands.
REQUIRETLS_POLICY = """inline:{
        { ${domain_to_ascii{$mydomain}} = opportunistic }
        { .${domain_to_ascii{$mydomain}} = opportunistic }
        { localhost = opportunistic } }
    cidr:{
        { 0.0.0.0/0 opportunistic }
        { ::/0 opportunistic } }
    opportunistic+starttls"""
MILTER = "{{ {where}, default_action={action} }}"
SERVICES = """127.0.0.1:{tempfail} inet n - n - 200 smtpd
127.0.0.1:{accept} inet n - n - 200 smtpd -o {{ smtpd_milters = {accepting} }}
127.0.0.1:{unix} inet n - y - 200 smtpd -o {{ smtpd_milters = {chrooted} }}
held unix - - n - - smtp
verified unix - - n - - smtp -o smtp_tls_security_level=secure
"""
# What is in each instance's transport map. Mail to "held" stays in the queue.
TRANSPORTS = """discarded.example discard:
prefetch-smtp.example held:
prefetch-sendmail.example held:
local.example local:
via-dane-host.example smtp:[mx1.dane-all.example]:25
via-relay-transport.example relay:[mx1.dane-all.example]
via-plain-host.example smtp:[mx.no-record.example]:25
via-plain-domain.example smtp:no-record.example
"""
RELAYED = "relayed.example"             # senders in it have a relayhost of their own, whose TLS is verified
ENFORCED = "boss@enforced.example"      # the mail of this sender is sent by a transport that verifies TLS


@dataclass
class Submitted:
    """What Postfix replied to one message by SMTP. A reply is text such as "250 2.1.5 Ok"."""
    mail: str = ""                      # to MAIL FROM
    rcpt: dict = field(default_factory=dict)    # to each RCPT TO, by address
    end: str = ""                       # to the dot; "" if no recipient was accepted

    def refused(self):
        """The addresses that were not accepted at RCPT TO."""
        return [address for address, reply in self.rcpt.items() if not reply.startswith("250")]

    def taken(self):
        """The addresses that this Postfix has promised to deliver to."""
        return [address for address in self.rcpt if address not in self.refused()] if self.end.startswith("250") else []


class Submission(Sender):
    kind = "submission"

    def __init__(self, lab, version):
        super().__init__(lab, version)
        self.port = PORTS[version]
        self.accepting_port, self.unix_port = self.port + 1, self.port + 2

    def settings(self):
        """main.cf: as a Sender's, and the SMTP server's part."""
        tcp = f"inet:127.0.0.1:{milter.PORT}"
        where = MILTER.format(where=tcp, action="tempfail")
        later = {} if self.version in ("3.7", "3.10") else {"smtp_requiretls_policy": REQUIRETLS_POLICY}
        return {**super().settings(), **later, "mynetworks": "127.0.0.0/8",
                "smtpd_milters": where, "non_smtpd_milters": "$smtpd_milters",
                "milter_connect_timeout": "10s",
                "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": f"inet:127.0.0.1:{sasl.PORT}",
                "smtpd_tls_security_level": "may", "smtpd_tls_chain_files": "/etc/postfix/submission.pem",
                # So that a test may be refused as often, and send as much, as it likes.
                "smtpd_error_sleep_time": "0", "smtpd_soft_error_limit": "1000000", "smtpd_hard_error_limit": "1000001",
                "smtpd_recipient_limit": "20000", "header_size_limit": "4000000", "message_size_limit": "50000000",
                "defer_transports": "held",
                # A reused connection would leave no line about TLS.
                "smtp_connection_cache_on_demand": "no",
                "sender_dependent_relayhost_maps": f"inline:{{ @{RELAYED}=[mx1.dane-all.example]:25 }}",
                "sender_dependent_default_transport_maps": f"inline:{{ {{ {ENFORCED} = verified: }} }}",
                "alias_maps": "inline:{ { devnull = /dev/null } }",
                "virtual_mailbox_domains": "virtual.example", "virtual_mailbox_base": "/srv",
                "virtual_mailbox_maps": "static:box/", "virtual_minimum_uid": "1",
                "virtual_uid_maps": "static:5000", "virtual_gid_maps": "static:5000"}

    def services(self):
        tcp = f"inet:127.0.0.1:{milter.PORT}"
        return SERVICES.format(tempfail=self.port, accept=self.accepting_port, unix=self.unix_port,
                               accepting=MILTER.format(where=tcp, action="accept"),
                               chrooted=MILTER.format(where=f"unix:{UNIX}", action="tempfail"))

    def begin(self):
        self.configure(self.settings(), self.services())
        etc = self.folder / "etc"
        (etc / "transport").write_text(TRANSPORTS)
        self.lab.authority.issue(self.name, "localhost").rename(etc / "submission.pem")
        (self.folder / "mail").chmod(0o777)
        (self.folder / "spool/mtastsd").mkdir()
        (self.folder / "spool/mtastsd").chmod(0o777)
        self.start()

    def connect(self, port=None, user=None, tls=False):
        """An SMTP session from the relay itself; its greeting is over."""
        with netns.inside(self.lab.relay):
            session = smtplib.SMTP("127.0.0.1", port or self.port, local_hostname="client.example", timeout=120)
        if tls:
            context = ssl.create_default_context(cafile=str(self.lab.authority.ca_file))
            context.check_hostname = False      # it would be the address
            session.starttls(context=context)
        session.ehlo()
        if user:
            session.login(user, sasl.SaslServer.password)
        return session

    def submit(self, sender, recipients, *headers, options=(), body="lab", session=None, **how):
        """Sends one message by SMTP, in a session that is open or in one of its own, which connect() makes."""
        if session:
            return self.talk(session, sender, recipients, options, message(headers, body))
        with self.connect(**how) as session:
            return self.talk(session, sender, recipients, options, message(headers, body))

    def door(self, sender, recipients, options=(), session=None, **how):
        """What is replied to each recipient; there is no message after that."""
        if session:
            return self.talk(session, sender, recipients, options).rcpt
        with self.connect(**how) as session:
            return self.talk(session, sender, recipients, options).rcpt

    def talk(self, session, sender, recipients, options, data=b""):
        done = Submitted(mail=joined(session.mail(sender, list(options))))
        if done.mail.startswith("250"):
            for each in recipients:
                done.rcpt[each] = joined(session.rcpt(each))
        if data and len(done.refused()) < len(done.rcpt):
            done.end = joined(session.data(data))
        else:
            session.rset()
        return done

    def sendmail(self, sender, recipients, *headers, body="lab"):
        """Hands a message to sendmail(1), which says nothing of what becomes of it."""
        self.run("sendmail", "-i", "-f", sender, *recipients, input=message(headers, body).decode())

    def follow(self, start, recipients):
        """Waits for the outcome of mails that were sent since a mark(); recipients: name of a row -> address."""
        mailing = Mailing.of(self, start, recipients)
        mailing.wait()
        return mailing

    def queued(self):
        """What is in the queue, as text that has each recipient's address in it."""
        return self.run("postqueue", "-j")

    def maildrop(self):
        """The files that sendmail(1) left and Postfix has not yet picked up."""
        return list((self.folder / "spool/maildrop").iterdir())

    def flush(self):
        """Tries again to deliver, and to pick up, all that waits."""
        self.run("postqueue", "-f")


def message(headers, body):
    lines = ["Subject: lab", *headers, "", body, ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def joined(reply):
    """smtplib's (code, octets) as one line of text."""
    code, text = reply
    return f"{code} {' '.join(text.decode(errors='replace').split())}"


def address(domain):
    """An address that no other mail has."""
    return f"{secrets.token_hex(4)}@{domain}"


def local_part(each):
    return each.rpartition("@")[0]
