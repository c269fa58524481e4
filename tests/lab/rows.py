"""The rows of the lab's tables: a domain, its MX hosts, and what must happen to its mail."""
from dataclasses import dataclass, field

VERIFIED = "verified"            # delivered, and Postfix logged "Verified TLS connection established"
OPPORTUNISTIC = "opportunistic"  # delivered, not verified
DEFERRED = "deferred"            # kept in the queue, nothing delivered
BOUNCED = "bounced"              # returned to the sender: the domain takes no mail
EXACT = ("OK dane", "OK dane-only")     # no attribute may follow these (ANS-5)
REPORTS = ('"v=TLSRPTv1; rua=mailto:tls@good-unsigned.example"',)
FILTERED = "filtered"            # the kind of an MX host whose address nobody has: what is sent there vanishes
TWO_WEEKS = 14 * 86400           # a max_age that check does not remark on


@dataclass(frozen=True)
class Mx:
    """One MX host. Its kind says what is wrong with it: see mxcerts.py and mx.py."""
    kind: str = "good"
    label: str = "mx"        # the name before the domain's; "" is the domain itself, without an MX record
    preference: int = 10
    ipv6: bool = False
    zone: str = ""           # the row whose zone holds the host; "": its own domain's
    alias: str = ""          # the name is a CNAME for this host name
    tlsa: str = ""           # kinds of TLSA records, one word each: see tlsa.py; "" none
    tlsa_at: str = "host"    # host: where aliases end; name: at the name in the MX record; alias: behind a CNAME
    port: int = 25           # another: not an MX host; an SRV record names it for submission, on 465 with implicit TLS
    at: str = ""             # its addresses are those of this host name; "": it has its own


@dataclass(frozen=True)
class Domain:
    name: str
    fault: str                                     # in words, for people
    outcome: str | dict = VERIFIED                 # or a value for each Postfix version
    answer: str = "OK secure"                      # how mtastsd's reply begins
    signed: bool = False                           # the zone is signed and its DS is in the parent
    nsec3: bool = False                            # ... with NSEC3 instead of NSEC
    algorithm: str = "ECDSAP256SHA256"             # ... by this
    dns: str = "good"                              # good, bogus, expired, servfail, lame
    odd: tuple = ()                                # (behaviour, type[, label]): its name server is oddns.py
    second: str = ""                               # another name server of the zone: see zones.py
    old_record: tuple | None = None                # what ns-second has at _mta-sts; None: the same as the others
    record: tuple = ('"v=STSv1; id=1;"',)          # TXT RDATA at _mta-sts; () none; ("CNAME x",) an alias
    reports: tuple = ()                            # TXT RDATA at _smtp._tls (TLSRPT)
    web: str = "good"                              # what the policy host does: see https.py
    policy_at: str = ""                            # where its policy is instead: see https.py
    mode: str = "enforce"
    policy_mx: tuple = ()                          # mx lines; empty: the MX hosts' own names
    mx: tuple = (Mx(),)
    null_mx: bool = False                          # MX 0 . (RFC 7505)
    max_age: int = 86400
    ttl: int = 300                                 # of the TXT record
    mail: bool = True                              # False: only for tests that ask for it by name
    asked: str = ""                                # the name as a person writes it, if not the same
    why: str = ""                                  # part of the reason that mtastsd logs if no policy is in force
    tld: str = "example"
    fqdn: str = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "fqdn", f"{self.name}.{self.tld}")

    def mx_name(self, mx):
        parent = f"{mx.zone}.example" if mx.zone else self.fqdn
        return f"{mx.label}.{parent}" if mx.label else parent

    def mx_lines(self):
        return self.policy_mx or tuple(self.mx_name(mx) for mx in self.mx if mx.port == 25)

    def outcome_with(self, postfix):
        if isinstance(self.outcome, dict):
            return self.outcome.get(postfix, self.outcome["3.10"])      # a later version behaves like 3.10
        return self.outcome

    def answered_by(self, reply):
        """True if this is the reply that the table wants."""
        return reply == self.answer if self.answer in EXACT else reply.startswith(self.answer)
