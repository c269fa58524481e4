"""The lab's domains for mtastsctl check. Nobody sends mail to them, and no other test asks for them.

Kinds of MX hosts that begin with "odd-" are played by oddmx.py, which says what they do.
"""
from .rows import FILTERED, REPORTS, TWO_WEEKS, Domain, Mx

# behaviour -> what is wrong, in words
HOSTILE = {
    "endless-banner": "its greeting never ends",
    "endless-ehlo": "its reply to EHLO never ends",
    "long-line": "its greeting is a line of 10 MB",
    "garbage": "it does not speak SMTP",
    "silent": "it accepts the connection and says nothing",
    "slow": "it sends an octet a second",
    "refuses": "its greeting is 554",
    "busy": "its greeting is 421",
    "no-ehlo": "it refuses EHLO for good",
    "surplus": "it sends cleartext behind its reply to STARTTLS",
    "no-tls": "it goes on in the clear after its reply to STARTTLS",
    "stalls": "it says nothing once TLS should begin",
    "big-certificate": "its certificate has 100 kB",
    "reset-connected": "it resets the connection at once",
    "reset-greeted": "it resets the connection after its greeting",
    "reset-ehlo": "it resets the connection after its reply to EHLO",
    "reset-starttls": "it resets the connection after its reply to STARTTLS",
    "reset-hello": "it resets the connection after the first octets of the handshake",
    "reset-tls": "it resets the connection after the handshake",
}


def tidy(name, fault, *mx, **more):
    """All that is not the row's fault is in order."""
    return Domain(name, fault, mx=mx or (Mx(),), mail=False, **{"max_age": TWO_WEEKS, "reports": REPORTS, **more})


CHECK_DOMAINS = [
    *(tidy(f"smtp-{name}", f"its MX host is hostile: {fault}", Mx(f"odd-{name}")) for name, fault in HOSTILE.items()),
    tidy("smtp-shared", "none: two MX hosts at one address, where connections are counted", Mx("odd-counts", "mx1"),
         Mx("odd-counts", "mx2", 20, at="mx1.smtp-shared.example")),
    tidy("check-changes", "none: tests change its record and its policy"),
    tidy("check-no-reports", "no TLSRPT record", reports=()),
    tidy("check-nothing", "neither a policy nor DANE", record=(), web="refused"),
    tidy("check-charset", "none: the policy host names a charset", web="charset"),
    tidy("check-tls12", "none: the MX host does not know TLS 1.3", Mx("tls12")),
    tidy("check-submission", "its server for submission has an expired certificate; the one with implicit TLS is good",
         Mx(), Mx("good", "submissions", port=465), Mx("expired", "submission", port=587)),
    tidy("check-down", "nobody listens at any of its MX hosts", Mx("down", "mx1"), Mx("down", "mx2", 20)),
    tidy("check-one-down", "nobody listens at one of its MX hosts", Mx("good", "mx1"), Mx("down", "mx2", 20)),
    tidy("ns-differ", "its second name server has an old record", second="ns-second", old_record=('"v=STSv1; id=0;"',)),
    tidy("ns-lacks", "its second name server has no record", second="ns-second", old_record=()),
    tidy("ns-same", "none: two name servers that say the same", second="ns-second"),
    tidy("ns-silent", "one of its name servers does not answer questions for TXT", second="ns-hosting",
         odd=(("silent", "TXT"),)),
    tidy("ns-garbage", "one of its name servers answers questions for TXT with garbage", second="ns-hosting",
         odd=(("garbage", "TXT"),)),
    *(tidy(f"policy-at-{place}", f"its policy is at another place: {place}", policy_at=place)
      for place in ("domain", "www", "root", "plain-http")),
    tidy("check-filtered", "what is sent to its MX host vanishes", Mx(FILTERED)),
]
