"""The lab's certificate authority and the certificates, good and bad, of policy hosts and MX hosts.

Every file holds key and chain together, as nginx and Postfix both take it.
"""
import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def builder(subject, issuer, key, start, end):
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end))


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Authority:
    """A CA, made at lab start; the first one's certificate is what Postfix and mtastsd trust."""

    def __init__(self, folder, called="mtastsd lab CA"):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.key = new_key()
        self.subject = name(called)
        now = datetime.datetime.now(datetime.timezone.utc)
        self.certificate = (
            builder(self.subject, self.subject, self.key, now - 400 * DAY, now + 400 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256()))
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, file, host, expired=False, self_signed=False, cn_only=False, chain=False, more=()):
        """Writes key and certificate (chain: and the CA's) for one host name, and more, to FILE.pem; returns the path."""
        key, now = new_key(), datetime.datetime.now(datetime.timezone.utc)
        start, end = (now - 90 * DAY, now - DAY) if expired else (now - DAY, now + 30 * DAY)
        draft = builder(name(host if len(host) <= 64 else "lab"), name(host) if self_signed else self.subject,
                        key, start, end)
        draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        draft = draft.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        if not cn_only:
            names = [x509.DNSName(each) for each in (host, *more)]
            draft = draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = draft.sign(key if self_signed else self.key, hashes.SHA256())
        path = self.folder / f"{file}.pem"
        path.write_bytes(key_pem(key) + signed.public_bytes(serialization.Encoding.PEM)
                         + (self.ca_file.read_bytes() if chain else b""))
        path.chmod(0o600)
        return path
