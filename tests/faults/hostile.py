"""The hosts and names of an attacker: a TLD in the campaign's internet, dead name servers, and policy hosts that hang, never
end, or send much."""
import collections

from bench import addresses, policyhosts, zonegen
from lab import netns, zones
from lab.daemon import program
from lab.processes import run, wait_until

from .internet import Internet

# The domains right below the TLD are the attacker's; each is a registrable domain of its own.
Tld = collections.namedtuple("Tld", "name lines signed", defaults=[False])

SERVERS = addresses.pair(120)                                    # of the TLD
WEB = addresses.pair(121)                                        # a policy host of many domains
ENDLESS = [addresses.pair(number)[0] for number in range(122, 130)]
DEAD = [addresses.pair(number) for number in range(130, 134)]    # nobody has them
HANGING = addresses.SILENT[0][:1]
HOSTS = 10                                                       # in each hostile MX set
LARGEST, MOST_HOSTS = 65536, 1000                                # octets and MX hosts of the largest policy that mtastsd accepts
SERVER_OF_FILES = "  server {{ {listen} server_name _; ssl_certificate {pem}; ssl_certificate_key {pem}; root {root}; }}\n"


def mx_sets(number):
    """Domains with many MX hosts. Each host is a signed zone of its own, whose name servers are dead."""
    lines = [line for place, each in enumerate(DEAD) for line in zonegen.hosts(f"dead{place}.nic.evil.", each)]
    for each in range(number):
        for host in range(HOSTS):
            name = f"h{host}.m{each}.evil."
            lines += [f"m{each}.evil. MX 10 {name}", f"{name} DS 1 13 2 {'ab' * 32}",
                      f"{name} NS dead{host % len(DEAD)}.nic.evil.", f"{name} NS dead{(host + 1) % len(DEAD)}.nic.evil."]
    return Tld("evil.", lines, signed=True)


def with_policy(tld, names, web, mx=None):
    """Domains with a TXT record and a policy host. mx None: an MX host of their own."""
    lines = [] if mx is None else zonegen.hosts(f"{mx}.", addresses.MX)
    for name in names:
        lines += zonegen.mail_domain("plain", name, 0) if mx is None else [f"{name}. MX 10 {mx}."]
        lines += [f'_mta-sts.{name}. TXT "v=STSv1; id=1;"', *zonegen.hosts(f"mta-sts.{name}.", web(name))]
    return Tld(tld, lines)


class Hostile(Internet):
    """The internet with the attacker's TLD, if there is one."""

    def __init__(self, counts, tld=None):
        super().__init__(counts)
        self.tld = tld

    def make_link(self):
        super().make_link()
        for each in [*SERVERS, *WEB, *ENDLESS]:
            run("ip", "-n", self.world, "address", "add", f"{each}/{128 if netns.is_six(each) else 32}", "dev", "lo",
                *(["nodad"] if netns.is_six(each) else []))

    def more_tlds(self, folder):
        if self.tld is None:
            return []
        servers = {f"ns1.nic.{self.tld.name}": SERVERS}
        zone = zones.Zone(folder, self.tld.name)
        zone.write(zonegen.head(zone.name, servers) + zonegen.glue(servers) + self.tld.lines)
        if self.tld.signed:
            zone.sign()
        return [(zone, servers)]

    def certificate(self, file, domains):
        """Issues a certificate with the names of these domains' policy hosts; returns its path."""
        return self.authority.issue(file, [f"mta-sts.{each}" for each in domains])

    def start_web(self, pem, policy=None):
        """Starts a policy host at WEB. policy None: the usual policies; otherwise this text for every domain."""
        folder = self.folder("hostile")
        (folder / "tmp").mkdir()
        listen = f"listen {WEB[0]}:443 ssl; listen [{WEB[1]}]:443 ssl;"
        server = policyhosts.SERVER.format(listen=listen, names="_", pem=pem, policy=policyhosts.POLICY)
        if policy is not None:
            (folder / ".well-known").mkdir()
            (folder / ".well-known" / "mta-sts.txt").write_text(policy)
            server = SERVER_OF_FILES.format(listen=listen, pem=pem, root=folder)
        policyhosts.start_nginx(self, folder, policyhosts.HEAD.format(folder=folder) + server, WEB[0])

    def start_endless(self, pem, what, address):
        """Starts a policy host that never ends; returns its pid."""
        log = self.folder("hostile") / f"{what}.out"
        pid = self.processes.start(what, netns.enter(self.world, program("endless_tls"), pem, address, what), log)
        wait_until(lambda: f"endless_tls: {log.read_text()}", lambda: "ready" in log.read_text(), 30)
        return pid


def large_policy(mx):
    """Almost as many octets and MX hosts as a policy may have."""
    text = f"version: STSv1\r\nmode: enforce\r\nmax_age: 604800\r\nmx: {mx}\r\n"
    for number in range(MOST_HOSTS - 1):
        line = f"mx: {number:03}.{'a' * 48}.large\r\n"
        text += line if len(text) + len(line) <= LARGEST else ""
    return text
