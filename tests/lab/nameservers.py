"""NSD for the root, the TLDs and the domains (an instance each), oddns.py in front of it to spoil some answers, and Unbound
as Postfix's resolver.
"""
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import addresses, netns, zones
from .domains import BY_NAME, DOMAINS
from .processes import run, wait_until

NSD_CONF = """server:
  {addresses}
  server-count: 1
  username: root
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/{name}.pid"
  xfrdfile: "{folder}/{name}.xfrd"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/{name}.list"
  logfile: "{folder}/{name}.log"
remote-control:
  control-enable: no
"""
UNBOUND_CONF = """server:
  interface: {address}
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  logfile: ""
  num-threads: 1
  root-hints: "{folder}/root.hints"
  trust-anchor-file: "{folder}/trust-anchor"
  cache-max-ttl: 60
  val-log-level: 2
remote-control:
  control-enable: no
"""


def build_zones(folder, tlsa):
    """Writes and signs every zone, children first, and the trust anchor and root hints; returns the zones by name."""
    hosts = zones.hosts_by_zone(tlsa)
    made = {domain.name: zones.Zone(folder, f"{domain.fqdn}.", hosts[domain.fqdn], "plain" if domain.nsec3 else "",
                                    domain.algorithm) for domain in DOMAINS}
    with ThreadPoolExecutor(8) as pool:                 # signing a zone takes three short programs
        keys = list(pool.map(lambda domain: build_domain(made[domain.name], domain), DOMAINS))
    ds = []
    for tld in zones.TLDS:
        zone = made[f"{tld}."] = zones.Zone(folder, f"{tld}.", nsec3="opt-out" if tld == "optout" else "")
        zone.write(zones.tld_zone(tld, [key for key, domain in zip(keys, DOMAINS) if key and domain.tld == tld]))
        zone.sign()
        zone.add([zones.delegation(domain) for domain in DOMAINS if domain.tld == tld and zones.opted_out(domain)])
        ds.append(zone.ds())
    made["arpa."] = zones.Zone(folder, "arpa.")
    made["arpa."].write(zones.arpa_zone())
    root = made["."] = zones.Zone(folder, ".")
    root.write(zones.root_zone(ds))
    root.sign()
    (folder / "trust-anchor").write_text(root.ds() + "\n")
    (folder / "root.hints").write_text(f". 3600 NS a-root.\na-root. 3600 A {addresses.ROOT_DNS}\n")
    return made


def build_domain(zone, domain):
    """Writes one row's zone; returns the DS for its parent, "" if it has none."""
    write_domain(zone, domain)
    return zone.ds(other_key=domain.dns == "bogus") if domain.signed else ""


def write_domain(zone, domain, record=None):
    zone.write(zones.domain_zone(domain, zone.hosts, record))
    if domain.signed:
        zone.sign(expired=domain.dns == "expired")
    if domain.dns == "servfail":
        zone.file.unlink()              # NSD answers SERVFAIL for a zone that it could not read


def start(lab, tlsa):
    folder = lab.folder("dns")
    made = build_zones(folder, tlsa)
    hosted = [made[domain.name] for domain in DOMAINS if domain.dns != "lame"]
    start_nsd(lab, folder, "nsd-root", [addresses.ROOT_DNS], [made["."]])
    start_nsd(lab, folder, "nsd-tld", [addresses.TLD_DNS], [made[f"{tld}."] for tld in (*zones.TLDS, "arpa")])
    start_nsd(lab, folder, "nsd-hosting", [addresses.HOSTING_DNS, addresses.HOSTING_DNS6], hosted)
    start_nsd(lab, folder, "nsd-lame", [addresses.LAME_DNS], [])
    start_second(lab, folder, made)
    start_odd(lab, folder)
    (folder / "unbound.conf").write_text(UNBOUND_CONF.format(address=addresses.RESOLVER, folder=folder))
    lab.processes.start("unbound", netns.enter(lab.world, "unbound", "-d", "-c", folder / "unbound.conf"),
                        folder / "unbound.log")
    wait_until("the lab's resolver to answer for good.example", lambda: resolves(lab, "good"), 15)
    wait_until("the odd name server to pass on good answers", lambda: resolves(lab, "dane-tcp"), 15)
    return made


def start_dns64(lab, more=""):
    """Starts an Unbound that synthesizes AAAA records for names that have only A records. Returns its pid."""
    folder = lab.folder("dns")
    text = UNBOUND_CONF.format(address=addresses.RESOLVER64, folder=folder).replace("unbound.pid", "dns64.pid")
    (folder / "dns64.conf").write_text(text.replace("server:\n", "server:\n  access-control: ::/0 allow\n"
                                                    '  module-config: "dns64 validator iterator"\n'
                                                    f"  dns64-prefix: {addresses.NAT64_PREFIX}\n{more}", 1))
    pid = lab.processes.start("dns64", netns.enter(lab.world, "unbound", "-d", "-c", folder / "dns64.conf"),
                              folder / "dns64.log")
    query = netns.enter(lab.relay, "drill", f"@{addresses.RESOLVER64}", "mta-sts.good.example", "AAAA")
    wait_until("the DNS64 to synthesize a record", lambda: addresses.POLICY64 in run(*query), 30)
    return pid


def start_second(lab, folder, made):
    """A second server of some zones. What it has may be old."""
    second = folder / "second"
    second.mkdir()
    served = []
    for domain in DOMAINS:
        if domain.second == "ns-second":
            served.append(zones.Zone(second, f"{domain.fqdn}.", made[domain.name].hosts))
            served[-1].write(zones.domain_zone(domain, served[-1].hosts, domain.old_record))
    start_nsd(lab, second, "nsd-second", [addresses.SECOND_DNS], served)


def start_odd(lab, folder):
    """The name server in front of nsd-hosting that spoils some answers."""
    rules = []
    for domain in DOMAINS:
        for behaviour, rdtype, *label in domain.odd:
            rules.append(f"{behaviour}:{rdtype}:{'.'.join([*label, domain.fqdn])}.")
    script = Path(__file__).with_name("oddns.py")
    command = [sys.executable, "-B", script, addresses.ODD_DNS, addresses.HOSTING_DNS, *rules]
    lab.processes.start("oddns", netns.enter(lab.world, *command), folder / "oddns.log")


def start_nsd(lab, folder, name, listen, served):
    text = NSD_CONF.format(addresses="\n  ".join(f"ip-address: {each}" for each in listen), folder=folder, name=name)
    for zone in served:
        text += f'zone:\n  name: "{zone.name}"\n  zonefile: "{zone.file.name}"\n'
    (folder / f"{name}.conf").write_text(text)
    lab.processes.start(name, netns.enter(lab.world, "nsd", "-d", "-c", folder / f"{name}.conf"),
                        folder / f"{name}.out")


def resolves(lab, name):
    """True once the resolver gives a validated MX of a signed domain."""
    answer = run(*netns.enter(lab.relay, "drill", "-D", f"@{addresses.RESOLVER}", BY_NAME[name].fqdn, "MX"))
    return " ad " in answer and f"mx.{BY_NAME[name].fqdn}" in answer


def change_record(lab, name, record):
    """Publishes other TXT records for one domain, and waits until the name server has them."""
    domain = BY_NAME[name]
    write_domain(lab.zones[name], domain, record)
    lab.processes.send_signal("nsd-hosting", signal.SIGHUP)
    query = netns.enter(lab.world, "drill", f"@{addresses.HOSTING_DNS}", f"_mta-sts.{domain.fqdn}", "TXT")
    wait_until(f"the new record of {domain.fqdn}", lambda: all(each in run(*query) for each in record))
