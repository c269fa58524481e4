"""TLSA records (RFC 6698) of the lab's MX hosts, right and wrong ones."""
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def key_of(certificate):
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def sha512(data):
    return hashlib.sha512(data).hexdigest()


# leaf: the host's certificate; ca: that of the CA which is trusted only through TLSA
KINDS = {
    "match": lambda leaf, ca: [f"3 1 1 {sha256(key_of(leaf))}"],
    "wrong": lambda leaf, ca: [f"3 1 1 {sha256(key_of(ca))}"],
    "sha512": lambda leaf, ca: [f"3 1 2 {sha512(key_of(leaf))}"],
    "wrong-sha512": lambda leaf, ca: [f"3 1 2 {sha512(key_of(ca))}"],
    "spki": lambda leaf, ca: [f"3 1 0 {key_of(leaf).hex()}"],
    "ta": lambda leaf, ca: [f"2 1 1 {sha256(key_of(ca))}"],
    "ta-full": lambda leaf, ca: [f"2 0 0 {ca.public_bytes(Encoding.DER).hex()}"],
    "unusable": lambda leaf, ca: [f"3 1 9 {sha256(key_of(leaf))}", f"1 1 1 {sha256(key_of(leaf))}"],
}


def rdata(kinds, pem, ca):
    """The RDATA of each record that the words name; pem is the file with the MX host's certificate."""
    leaf = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE"):])
    return [text for kind in kinds.split() for text in KINDS[kind](leaf, ca)]
