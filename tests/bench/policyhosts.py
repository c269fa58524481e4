"""Policy hosts in bulk: nginx with certificates of an intermediate CA, and hosts that accept but never answer."""
import datetime
import socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from lab import certs, netns
from lab.processes import run, wait_until

from . import addresses, names

NAMES_OF_A_BUNDLE = 20
ALONE = 50                              # the first domains have certificates of their own
POLICY = "version: STSv1\\r\\nmode: enforce\\r\\nmax_age: 604800\\r\\nmx: mx.$domain\\r\\n"
HEAD = """user root;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  server_names_hash_bucket_size 128;
  server_names_hash_max_size 65536;
  types {{ }}
  default_type text/plain;
  ssl_protocols TLSv1.3;
  map $host $domain {{ "~^mta-sts\\.(?<rest>.+)$" $rest; }}
"""
SERVER = """  server {{ {listen} server_name {names}; ssl_certificate {pem}; ssl_certificate_key {pem}; return 200 "{policy}"; }}
"""


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """A root, which the daemon trusts, and an intermediate that signs the certificates, as public CAs have them."""

    def __init__(self, folder):
        self.folder = folder
        self.now = datetime.datetime.now(datetime.timezone.utc)
        root_key, self.key = certs.new_key(), certs.new_key()
        root = self.make_ca("bench root", root_key, "bench root", root_key, 1)
        self.intermediate = self.make_ca("bench intermediate", self.key, "bench root", root_key, 0)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(pem(root))

    def make_ca(self, called, key, issuer, issuer_key, below):
        draft = certs.builder(certs.name(called), certs.name(issuer), key, self.now - 400 * certs.DAY,
                              self.now + 400 * certs.DAY)
        return (draft.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                .sign(issuer_key, hashes.SHA256()))

    def issue(self, file, hosts):
        """Key, certificate and intermediate in one file, for some names."""
        key = certs.new_key()
        draft = certs.builder(certs.name("bench"), certs.name("bench intermediate"), key, self.now - certs.DAY,
                              self.now + 90 * certs.DAY)
        signed = (draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                  .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                  .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in hosts]), critical=False)
                  .sign(self.key, hashes.SHA256()))
        path = self.folder / f"{file}.pem"
        path.write_bytes(certs.key_pem(key) + pem(signed) + pem(self.intermediate))
        return path


def groups(counts):
    """The policy hosts by certificate."""
    hosts = [f"mta-sts.{each}" for each in names.mail_domains(counts, "enforce")]
    yield from ([each] for each in hosts[:2 * ALONE])
    for start in range(2 * ALONE, len(hosts), NAMES_OF_A_BUNDLE):
        yield hosts[start:start + NAMES_OF_A_BUNDLE]


def start(world, counts):
    folder = world.folder("https")
    (folder / "tmp").mkdir()
    listen = " ".join(f"listen {four}:443 ssl; listen [{six}]:443 ssl;" for four, six in addresses.POLICY)
    text = HEAD.format(folder=folder)
    for number, hosts in enumerate(groups(counts)):
        file = world.authority.issue(f"bundle{number}", hosts)
        text += SERVER.format(listen=listen, names=" ".join(hosts), pem=file, policy=POLICY)
    start_nginx(world, folder, text, addresses.POLICY[0][0])
    world.silent = silent_sockets(world)


def start_nginx(world, folder, text, address):
    """Starts nginx. text: HEAD and the servers; address: one of the addresses that they listen on."""
    (folder / "nginx.conf").write_text(text + "}\n")
    world.processes.start("nginx", netns.enter(world.world, "nginx", "-p", folder, "-c", folder / "nginx.conf",
                                               "-e", folder / "error.log"), folder / "nginx.out")
    wait_until("nginx", lambda: f"{address}:443" in run(*netns.enter(world.world, "ss", "-Hltn")), 60)


def silent_sockets(world):
    """Listening sockets from which nobody accepts: the kernel completes the connections, and nothing is ever sent."""
    made = []
    with netns.inside(world.world):
        for address in (each for both in addresses.SILENT for each in both):
            listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, 443))
            listener.listen(4096)
            made.append(listener)
    return made
