"""The MX hosts' certificates, by the host's kind. They are made before the zones, whose TLSA records are made from them.

Kinds made by the certificate alone: wrong-name, expired, self-signed, borrowed (for a host that the policy names),
sni (right only for clients that send the name), dubious (self-signed, expired and for another name), private-ca (of a CA
that is trusted only through TLSA), private-ca-name (the same, for another name), private-ca-only (the same, but the host does
not send the CA's own certificate), odd-big-certificate (its names make it 100 kB large).
"""
from . import tlsa
from .domains import DOMAINS

MANY_NAMES = tuple(f"{n}.{'x' * 63}.example" for n in range(1350))
ELSEWHERE = ("wrong-name", "sni", "dubious", "private-ca-name")


def folder(lab):
    """Where the receiving Postfix finds them."""
    path = lab.folder("mx") / "etc/certs"
    path.mkdir(parents=True, exist_ok=True)
    return path


def make(lab):
    """Issues all certificates; returns the RDATA of the TLSA records: MX host name -> list."""
    records = {}
    for domain in DOMAINS:
        for mx in domain.mx:
            pem = issue(lab, domain, mx).read_bytes()
            if mx.tlsa:
                records[domain.mx_name(mx)] = tlsa.rdata(mx.tlsa, pem, lab.private_ca.certificate)
    return records


def issue(lab, domain, mx):
    """Writes one host's key and certificate; returns the file."""
    host = domain.mx_name(mx)
    named = "elsewhere.example" if mx.kind in ELSEWHERE else domain.mx_lines()[0] if mx.kind == "borrowed" else host
    private = mx.kind.startswith("private-ca")
    authority = lab.private_ca if private else lab.authority
    pem = authority.issue(f"mx-{host}", named, expired=mx.kind in ("expired", "dubious"),
                          self_signed=mx.kind in ("self-signed", "dubious"),
                          chain=private and mx.kind != "private-ca-only",
                          more=MANY_NAMES if mx.kind == "odd-big-certificate" else ())
    if mx.kind == "sni":
        lab.authority.issue(f"sni-{host}", host).rename(folder(lab) / f"sni-{host}.pem")
    return pem.rename(folder(lab) / f"{host}.pem")
