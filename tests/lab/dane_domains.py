"""The lab's domains that are about DANE (RFC 7672), one fault or one setup in each row.

Where TLSA decides, the certificate is "dubious": self-signed, expired and for another name. A mail that arrives
verified there proves that DANE, and nothing else, was used.
"""
from .rows import BOUNCED, DEFERRED, OPPORTUNISTIC, REPORTS, Domain, Mx


def dane(name, fault, answer, *mx, sts=False, **more):
    """A signed domain; without a policy unless sts."""
    if not sts:
        more["record"] = ()
    return Domain(name, fault, answer=answer, mx=mx, **{"signed": True, **more})


def none(name, fault, *mx, why="NXDOMAIN", **more):
    """Neither DANE nor a policy: whatever happens is up to Postfix."""
    return dane(name, fault, "NOTFOUND", *mx, why=why, **{"outcome": OPPORTUNISTIC, **more})


def zone(name, fault, **more):
    """A zone that holds MX hosts of other domains; nobody sends mail to it."""
    return Domain(name, fault, record=(), mx=(), mail=False, **more)


def host(tlsa="", label="mx", preference=10, kind="dubious", **more):
    return Mx(kind, label, preference, tlsa=tlsa, **more)


def plain(label="mx", preference=10, kind="good", **more):
    """An MX host without TLSA."""
    return Mx(kind, label, preference, **more)


TWO = (host("match", "mx1"), host("match", "mx2", 20))
SOME = (host("match", "mx1"), plain("mx2", 20))

USABLE = [
    dane("dane-all", "none: each MX host has TLSA", "OK dane-only", *TWO, reports=REPORTS),
    dane("dane-and-sts", "none: TLSA for all, and a policy that the certificates would fail", "OK dane-only", *TWO,
         sts=True),
    dane("dane-nsec3", "none: TLSA in a zone with NSEC3", "OK dane-only", host("match"), nsec3=True),
    dane("dane-spki", "none: TLSA 3 1 0, the whole key", "OK dane-only", host("spki")),
    dane("dane-sha512", "none: TLSA 3 1 2", "OK dane-only", host("sha512")),
    dane("dane-rollover", "none: TLSA of the old key beside the right one", "OK dane-only", host("wrong match")),
    dane("dane-ta", "none: TLSA 2 1 1 of a CA that nobody else trusts", "OK dane-only", host("ta", kind="private-ca")),
    dane("dane-ta-full", "none: TLSA 2 0 0, the CA's whole certificate, which the host does not send", "OK dane-only",
         host("ta-full", kind="private-ca-only")),
    dane("dane-no-mx", "none: no MX record, TLSA at the domain itself", "OK dane-only", host("match", "")),
    dane("dane-tlsa-cname", "none: the TLSA record's name is an alias", "OK dane-only", host("match", tlsa_at="alias")),
    dane("dane-cname-signed", "none: the MX name is an alias within signed zones, TLSA where it ends", "OK dane-only",
         host("match", alias="real.dane-cname-signed.example")),
    dane("dane-cname-original", "none: the MX name is an alias, TLSA at the name itself only", "OK dane-only",
         host("match", alias="real.dane-cname-original.example", tlsa_at="name")),
    dane("dane-cname-unsigned", "none: a signed alias into an unsigned zone, TLSA at the name itself", "OK dane-only",
         host("match", alias="real.unsigned-hosts.example", tlsa_at="name")),
    dane("dane-tcp", "the TLSA answer is truncated over UDP and comes by TCP", "OK dane-only", host("match"),
         odd=(("truncate", "TLSA"),)),
    dane("dane-optout", "none: TLSA, below a TLD with NSEC3 opt-out", "OK dane-only", host("match"), tld="optout"),
]
# The mail must not go out: only TLSA counts, and a good certificate or policy does not help (STS-47).
ATTACKED = [
    dane("dane-wrong", "TLSA of another key", "OK dane-only", host("wrong", kind="good"), outcome=DEFERRED),
    dane("dane-wrong-sts", "TLSA of another key, and a policy that the host satisfies", "OK dane-only",
         host("wrong", kind="good"), sts=True, outcome=DEFERRED),
    dane("dane-no-starttls", "TLSA, but no STARTTLS, as if stripped on the way", "OK dane-only",
         host("match", kind="no-starttls"), outcome=DEFERRED),
    dane("dane-tls10", "TLSA, but the MX host speaks only TLS 1.0, which Postfix refuses where it must verify",
         "OK dane-only", host("match", kind="tls10"), outcome=DEFERRED),
    dane("dane-ta-name", "TLSA 2 1 1, but the certificate is for another name", "OK dane-only",
         host("ta", kind="private-ca-name"), outcome=DEFERRED),
    dane("dane-agility", "TLSA 3 1 1 fits, the stronger 3 1 2 beside it does not", "OK dane-only",
         host("match wrong-sha512"), outcome=DEFERRED),
]
PARTIAL = [
    dane("dane-some", "one of two MX hosts has TLSA", "OK dane", *SOME),
    dane("dane-some-sts", "one of two MX hosts has TLSA, and there is a policy", "OK secure", *SOME, sts=True),
    dane("dane-some-insecure", "one MX host has TLSA, the other is in an unsigned zone", "OK dane",
         host("match", "mx1"), plain("some", 20, zone="unsigned-hosts")),
    dane("dane-some-down", "the MX host with TLSA is down, the other offers no STARTTLS", "OK dane",
         host("match", "mx1", kind="down"), plain("mx2", 20, kind="no-starttls"), outcome=OPPORTUNISTIC),
    dane("attack-partial", "a policy; the MX host with TLSA is down, the other's certificate is self-signed",
         "OK secure", host("match", "mx1", kind="down"), plain("mx2", 20, kind="self-signed"), sts=True,
         outcome=DEFERRED),
    dane("attack-partial-strip", "a policy; the MX host with TLSA is down, the other offers no STARTTLS", "OK secure",
         host("match", "mx1", kind="down"), plain("mx2", 20, kind="no-starttls"), sts=True, outcome=DEFERRED),
    dane("dane-unusable", "only TLSA that nobody can use", "OK dane", host("unusable"), outcome=OPPORTUNISTIC),
    dane("dane-unusable-strip", "only TLSA that nobody can use, and no STARTTLS", "OK dane",
         host("unusable", kind="no-starttls"), outcome=DEFERRED),
    dane("dane-unusable-sts", "only TLSA that nobody can use, and a policy", "OK secure", host("unusable", kind="good"),
         sts=True),
]
NONE = [
    none("dane-none", "signed, no TLSA; denied with NSEC", plain(kind="self-signed")),
    none("dane-none-nsec3", "signed, no TLSA; denied with NSEC3", plain(kind="self-signed"), nsec3=True),
    none("optout-none", "signed, no TLSA; below a TLD with opt-out", plain(kind="self-signed"), tld="optout"),
    # Debian's libunbound is built with Nettle, its unbound with OpenSSL: Postfix heeds the TLSA by itself.
    none("dane-ed448", "signed with Ed448, which libunbound can't validate but Postfix's resolver can; TLSA of another key",
         host("wrong", kind="good"), algorithm="ED448", outcome=DEFERRED),
    none("optout-unsigned", "unsigned, with TLSA that counts for nothing; below a TLD with opt-out",
         host("wrong", kind="no-starttls"), signed=False, tld="optout"),
    none("dane-unsigned", "unsigned, with TLSA that counts for nothing", host("wrong", kind="no-starttls"),
         signed=False),
    # Postfix by itself heeds the MX hosts' TLSA (smtp_tls_dane_insecure_mx_policy), and calls that "Trusted" (DANE-10).
    none("dane-unsigned-mx", "unsigned, its MX host is signed and has TLSA", host("match", "bare", zone="signed-hosts"),
         signed=False),
    none("dane-unsigned-mx-wrong", "unsigned, its MX host is signed and has TLSA of another key",
         host("wrong", "wrong", kind="good", zone="signed-hosts"), signed=False, outcome=DEFERRED),
    dane("dane-unsigned-mx-sts", "unsigned, its MX host is signed and has TLSA; a policy", "OK secure",
         host("wrong", "sts", kind="good", zone="signed-hosts"), sts=True, signed=False),
    none("null-mx", "it says that it takes no mail", null_mx=True, signed=False, outcome=BOUNCED),
    none("null-mx-signed", "it says that it takes no mail, signed", null_mx=True, outcome=BOUNCED, why="null MX"),
]
FAILING = [
    dane("tlsa-servfail", "SERVFAIL for the TLSA record", "OK dane", host("match"), odd=(("servfail", "TLSA"),),
         outcome=DEFERRED),
    dane("tlsa-servfail-sts", "SERVFAIL for the TLSA record; a policy", "TEMP", host("match", kind="good"), sts=True,
         odd=(("servfail", "TLSA"),), outcome=DEFERRED, why="SERVFAIL"),
    dane("tlsa-servfail-one", "SERVFAIL for one MX host's TLSA record, the other's is good", "OK dane-only", *TWO,
         odd=(("servfail", "TLSA", "mx1"),)),
    dane("tlsa-forged", "the TLSA record is changed on the way", "OK dane", host("match", kind="good"),
         odd=(("forge", "TLSA"),), outcome=DEFERRED),
    dane("tlsa-forged-sts", "the TLSA record is changed on the way; a policy", "TEMP", host("match", kind="good"),
         sts=True, odd=(("forge", "TLSA"),), outcome=DEFERRED, why="TLSA _25._tcp.mx....: DNSSEC bogus"),
    dane("tlsa-denied", "somebody on the way says that there is no TLSA record", "OK dane",
         host("match", kind="no-starttls"), odd=(("deny", "TLSA"),), outcome=DEFERRED),
    dane("dane-expired", "the signatures of the MX host's zone have expired", "OK dane",
         host("match", "none", zone="expired-hosts"), outcome=DEFERRED),
    dane("dane-expired-sts", "the signatures of the MX host's zone have expired; a policy", "TEMP",
         host("match", "sts", zone="expired-hosts", kind="good"), sts=True, outcome=DEFERRED, why="signature expired"),
    dane("dane-expired-one", "the signatures of one MX host's zone have expired, the other is good", "OK dane-only",
         host("match", "one", zone="expired-hosts"), host("match", "mx2", 20)),
    dane("dane-eleventh", "SERVFAIL for the TLSA record of the eleventh MX host; a policy", "OK secure",
         plain("mx1", 1), *(plain(f"mx{n}", n, kind="down") for n in range(2, 12)), sts=True,
         odd=(("servfail", "TLSA", "mx11"),)),
    dane("unsigned-host-servfail", "SERVFAIL for the addresses of one MX host, in an unsigned zone; a policy",
         "OK secure", plain("mx", zone="broken-hosts"), plain("mx2", 20), sts=True),
    none("aaaa-servfail", "unsigned, SERVFAIL for one MX host's AAAA", plain("mx1", kind="no-starttls"),
         plain("mx2", 20, kind="no-starttls"), signed=False, odd=(("servfail", "AAAA", "mx1"),)),
    dane("aaaa-servfail-sts", "unsigned, SERVFAIL for one MX host's AAAA; a policy", "OK secure", plain("mx1"),
         plain("mx2", 20), sts=True, signed=False, odd=(("servfail", "AAAA", "mx1"),)),
]
OTHERS = [
    zone("signed-hosts", "none: MX hosts of other domains, signed", signed=True),
    zone("unsigned-hosts", "none: MX hosts of other domains, unsigned"),
    zone("expired-hosts", "MX hosts of other domains; the zone's signatures have expired", signed=True, dns="expired"),
    zone("broken-hosts", "MX hosts of other domains, unsigned; SERVFAIL for their addresses",
         odd=(("servfail", "A", "mx"), ("servfail", "AAAA", "mx"))),
    # For single tests. They have a policy; else failing hosts would get "OK dane".
    dane("dead", "its name server is silent", "TEMP", plain(kind="down"), odd=(("silent", "ANY"),), mail=False,
         why="dead.example"),
    dane("dead-hosts", "its zone is live, but the name server of its five MX hosts is silent; a policy", "TEMP",
         *(plain(f"mx{n}", 10 * n, kind="down", zone="dead") for n in range(1, 6)), sts=True, mail=False,
         why="dead.example"),
    dane("tlsa-silent", "its name server is silent about the TLSA records of its five MX hosts; a policy", "TEMP",
         *(host("match", f"mx{n}", 10 * n, kind="good") for n in range(1, 6)), odd=(("silent", "TLSA"),), sts=True,
         mail=False, outcome=DEFERRED, why="tlsa-silent.example"),
]
DANE_DOMAINS = USABLE + ATTACKED + PARTIAL + NONE + FAILING + OTHERS
