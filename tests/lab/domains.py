"""The lab's domains: each has a row and one fault, which its name says. Those about DANE are in dane_domains.py,
and those for mtastsctl check in check_domains.py.

Zones, policy hosts, MX hosts and certificates are made from this table, and the tests take from it what must happen to a mail.
A name is below `.example` unless its row says otherwise.
"""
from .check_domains import CHECK_DOMAINS
from .dane_domains import DANE_DOMAINS
from .rows import (BOUNCED, DEFERRED, OPPORTUNISTIC, REPORTS, TWO_WEEKS, VERIFIED, Domain,  # noqa: F401
                   Mx)      # some are for those who use the table


def bad_mx(name, fault, **more):
    """A good policy, but the mail must not go out."""
    return Domain(name, fault, outcome=DEFERRED, **more)


def no_policy(name, fault, why, **more):
    """No policy is in force, so the mail goes out as without MTA-STS. Any failure has that effect, so the log must say why."""
    return Domain(name, fault, outcome=OPPORTUNISTIC, answer="NOTFOUND", why=why, **more)


def no_dns(name, fault, why, **more):
    """Postfix itself can't resolve the domain; mtastsd can't know whether DANE applies, and must say why."""
    return Domain(name, fault, outcome=DEFERRED, answer="TEMP", why=why, **more)


LONG_NAME = "bogus-" + "x" * 47     # 61 octets with its TLD

DOMAINS = [
    # Policies in force, good MX hosts.
    Domain("good", "none: policy, DNSSEC, MX host and TLSRPT are in order", signed=True,
           mx=(Mx(ipv6=True), Mx(label="submission", port=587)), max_age=TWO_WEEKS, reports=REPORTS),
    Domain("good-unsigned", "none: in order, without DNSSEC"),
    Domain("xn--bcher-kva", "none: an internationalized name", asked="bücher.example"),
    Domain("wildcard-mx", "none: the policy says *.wildcard-mx.example", policy_mx=("*.wildcard-mx.example",)),
    Domain("no-mx", "none: no MX record, the domain is its own host", mx=(Mx(label=""),)),
    Domain("mx-sni", "none: the MX has the right certificate only for who asks by name", mx=(Mx("sni"),)),
    Domain("backup-mx", "the first MX offers no STARTTLS, the second is good",
           mx=(Mx("no-starttls", "mx1", 10), Mx("good", "mx2", 20))),
    Domain("record-cname", "none: _mta-sts is an alias", record=("CNAME _mta-sts.good.example.",)),
    Domain("record-split", "none: the record is in two strings", record=('"v=STSv1; " "id=1;"',)),
    Domain("record-among-others", "none: another TXT record beside ours", record=('"v=spf1 -all"', '"v=STSv1; id=1;"')),
    Domain("policy-cname", "none: mta-sts is an alias", web="cname"),
    Domain("policy-ipv6", "none: the policy host has only IPv6", web="ipv6"),
    Domain("policy-chunked", "none: the policy comes in chunks", web="chunked"),
    Domain("policy-bare", "none: the policy host's status has no reason and no blank before it", web="bare"),
    Domain("policy-lf", "none: the policy host ends its header lines in LF alone", web="lf"),
    Domain("policy-mx-address", "none: the policy has an address beside the MX host",
           policy_mx=("203.0.113.99", "mx.policy-mx-address.example")),
    Domain("record-twice", "none: the same record comes twice in one answer", odd=(("twice", "TXT"),)),
    Domain("under_score", "none: an underscore in the domain's name", policy_mx=("*.example",), mx=(Mx(label=""),)),
    # Policies in force, MX hosts that must not get the mail.
    bad_mx("mx-wrong-name", "the MX host's certificate is for another name", mx=(Mx("wrong-name"),)),
    bad_mx("mx-expired", "the MX host's certificate has expired", mx=(Mx("expired"),)),
    bad_mx("mx-self-signed", "the MX host's certificate is self-signed", mx=(Mx("self-signed"),)),
    bad_mx("mx-tls10", "the MX host speaks only TLS 1.0, which Postfix refuses where it must verify", mx=(Mx("tls10"),)),
    bad_mx("no-starttls", "the MX host offers no STARTTLS, as if stripped on the way", mx=(Mx("no-starttls"),)),
    bad_mx("mx-not-in-policy", "the policy names another MX host", policy_mx=("mail.mx-not-in-policy.example",)),
    bad_mx("policy-mx-addresses", "the policy has addresses alone", policy_mx=("203.0.113.99", "203.0.113.98"),
           answer="TEMP", why="the policy lists no host name"),
    Domain("wildcard-deep", "the policy's wildcard stands for one label, the MX host has two",
           outcome={"3.7": VERIFIED, "3.10": DEFERRED},   # before 3.10.5 Postfix takes any number of labels
           policy_mx=("*.wildcard-deep.example",), mx=(Mx(label="a.b"),)),
    Domain("mx-borrowed", "an MX host not in the policy, with a certificate for one that is",
           outcome={"3.7": VERIFIED, "3.10": DEFERRED},   # before 3.10.5 Postfix does not notice
           policy_mx=("mail.mx-borrowed.example",), mx=(Mx("borrowed"),)),
    # Policies that demand nothing, and MX hosts that mode enforce would refuse.
    no_policy("testing-bad-mx", "mode testing and a bad MX host", "testing", mode="testing", mx=(Mx("self-signed"),)),
    no_policy("testing-tls10", "mode testing and an MX host that speaks only TLS 1.0", "testing", mode="testing",
              mx=(Mx("tls10"),)),
    no_policy("mode-none", "mode none", " none", mode="none", mx=(Mx("no-starttls"),)),
    # Records.
    no_policy("no-record", "no TXT record", "NXDOMAIN", record=(), mx=(Mx("no-starttls"),)),
    no_policy("two-records", "two TXT records", "2 MTA-STS records", record=('"v=STSv1; id=1;"', '"v=STSv1; id=2;"')),
    no_policy("bad-record", "the record's id has a slash", 'id "2026/01": "/"', record=('"v=STSv1; id=2026/01;"',)),
    # Policy hosts. Their MX hosts are bad too, so that a policy accepted by mistake shows.
    no_policy("policy-404", "404 instead of a policy", "status 404", web="404", mx=(Mx("self-signed"),)),
    no_policy("policy-500", "500 instead of a policy", "status 500", web="500", mx=(Mx("self-signed"),)),
    no_policy("policy-redirect", "a redirect to a good policy", "status 301", web="redirect", mx=(Mx("self-signed"),)),
    no_policy("policy-wrong-cert", "the policy host's certificate is for another name",
              "mismatch (depth 0); its names are elsewhere.example", web="wrong-cert", mx=(Mx("self-signed"),)),
    no_policy("policy-expired-cert", "the policy host's certificate has expired", "certificate has expired",
              web="expired-cert", mx=(Mx("self-signed"),)),
    no_policy("policy-self-signed", "the policy host's certificate is self-signed", "self-signed certificate",
              web="self-signed", mx=(Mx("self-signed"),)),
    no_policy("policy-cn-only", "the policy host's certificate has its name only as CN",
              "mismatch (depth 0); it has no DNS name", web="cn-only", mx=(Mx("self-signed"),)),
    no_policy("policy-oversized", "a policy over 64 KiB", "larger than 64 KiB", web="oversized",
              mx=(Mx("self-signed"),)),
    no_policy("policy-slow", "the policy comes a byte a second", "deadline", web="slow", mx=(Mx("self-signed"),)),
    no_policy("policy-silent", "the policy host takes the request and says nothing", "deadline", web="silent",
              mx=(Mx("self-signed"),)),
    no_policy("policy-wrong-type", "the policy is text/html", '"text/html"', web="wrong-type",
              mx=(Mx("self-signed"),)),
    no_policy("policy-garbage", "the policy has no mode", "mode is missing", web="garbage", mx=(Mx("self-signed"),)),
    no_policy("policy-gzip", "the policy comes packed", 'the content coding "gzip"', web="gzip",
              mx=(Mx("self-signed"),)),
    no_policy("policy-refused", "nobody listens on port 443", "Connection refused", web="refused",
              mx=(Mx("self-signed"),)),
    no_policy("policy-loopback", "the policy host's address is 127.0.0.1", "127.0.0.1 is special-use", web="loopback",
              mx=(Mx("self-signed"),)),
    # DNS.
    no_dns("bogus", "the DS in the parent is for another key", "no keys have a DS", signed=True, dns="bogus"),
    no_dns(LONG_NAME, "as bogus, and its name is long", "no keys have a DS", signed=True, dns="bogus"),
    no_dns("dnssec-expired", "the zone's signatures have expired", "signature expired", signed=True, dns="expired"),
    no_dns("servfail", "the zone's server answers SERVFAIL", "SERVFAIL", dns="servfail"),
    no_dns("lame", "the zone's server knows nothing of it", "SERVFAIL", dns="lame"),
    # For single tests that change or count something. No other test asks for these.
    Domain("one-flight", "none: asked by many at once", mail=False),
    Domain("crash", "none: its MX host loses STARTTLS later", mail=False),
    Domain("refresh", "none: its policy changes", signed=True, ttl=1, mail=False),
    Domain("refresh-fails", "none: its policy host fails later", ttl=1, mail=False),
    Domain("restart", "none: asked before and after a restart", mail=False),
    Domain("reload", "none: asked before and after a reload", mail=False),
    Domain("clock", "none: asked while the clock is wrong, by more than max_age", signed=True, mail=False),
    Domain("proxy-login", "none: asked through a proxy that takes the login", mail=False),
    Domain("proxy-refuses", "none: asked through a proxy that wants a login", mail=False),
    Domain("chroot", "none: asked by a chrooted smtp(8)", mail=False),
    Domain("prefetch-smtp", "none: asked first by the milter, about mail by SMTP", mail=False),
    Domain("prefetch-sendmail", "none: asked first by the milter, about mail from sendmail(1)", mail=False),
    no_policy("milter-waits", "the policy host is silent while the milter waits", "deadline", web="silent", mail=False),
    no_policy("cold", "the policy host takes the request and says nothing", "deadline", web="silent", mail=False),
    *DANE_DOMAINS,
    *CHECK_DOMAINS,
]

BY_NAME = {domain.name: domain for domain in DOMAINS}
BY_FQDN = {domain.fqdn: domain for domain in DOMAINS}
