"""NSD for the root, the TLD and the domains (an instance each), and Unbound as the resolver of Postfix."""
import signal

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
remote-control:
  control-enable: no
"""


def build_zones(folder):
    """Writes and signs every zone, children first; returns them by name. Trust anchor and root hints lie beside."""
    made = {}
    ds = []
    for domain in DOMAINS:
        zone = made[domain.name] = zones.Zone(folder, f"{domain.fqdn}.")
        write_domain(zone, domain)
        if domain.signed:
            ds.append(zone.ds(other_key=domain.dns == "bogus"))
    for name, text in (("example.", zones.tld_zone), (".", zones.root_zone)):
        zone = made[name] = zones.Zone(folder, name)
        zone.write(text(ds))
        zone.sign()
        ds = [zone.ds()]
    (folder / "trust-anchor").write_text(ds[0] + "\n")
    (folder / "root.hints").write_text(f". 3600 NS a-root.\na-root. 3600 A {addresses.ROOT_DNS}\n")
    return made


def write_domain(zone, domain, record=None):
    zone.write(zones.domain_zone(domain, record))
    if domain.signed:
        zone.sign(expired=domain.dns == "expired")
    if domain.dns == "servfail":
        zone.file.unlink()              # NSD answers SERVFAIL for a zone that it could not read


def start(lab):
    folder = lab.folder("dns")
    made = build_zones(folder)
    hosted = [made[domain.name] for domain in DOMAINS if domain.dns != "lame"]
    start_nsd(lab, folder, "nsd-root", [addresses.ROOT_DNS], [made["."]])
    start_nsd(lab, folder, "nsd-tld", [addresses.TLD_DNS], [made["example."]])
    start_nsd(lab, folder, "nsd-hosting", [addresses.HOSTING_DNS, addresses.HOSTING_DNS6], hosted)
    start_nsd(lab, folder, "nsd-lame", [addresses.LAME_DNS], [])
    (folder / "unbound.conf").write_text(UNBOUND_CONF.format(address=addresses.RESOLVER, folder=folder))
    lab.processes.start("unbound", netns.enter(lab.world, "unbound", "-d", "-c", folder / "unbound.conf"),
                        folder / "unbound.log")
    wait_until("the lab's resolver to answer for good.example", lambda: resolves(lab), 15)
    return made


def start_nsd(lab, folder, name, listen, served):
    text = NSD_CONF.format(addresses="\n  ".join(f"ip-address: {each}" for each in listen), folder=folder, name=name)
    for zone in served:
        text += f'zone:\n  name: "{zone.name}"\n  zonefile: "{zone.file.name}"\n'
    (folder / f"{name}.conf").write_text(text)
    lab.processes.start(name, netns.enter(lab.world, "nsd", "-d", "-c", folder / f"{name}.conf"),
                        folder / f"{name}.out")


def resolves(lab):
    """True once a signed name comes through the resolver, validated."""
    answer = run(*netns.enter(lab.relay, "drill", "-D", f"@{addresses.RESOLVER}", "good.example", "MX"))
    return " ad " in answer and "mx.good.example" in answer


def change_record(lab, name, record):
    """Publishes other TXT records for one domain, and waits until the name server has them."""
    domain = BY_NAME[name]
    write_domain(lab.zones[name], domain, record)
    lab.processes.send_signal("nsd-hosting", signal.SIGHUP)
    query = netns.enter(lab.world, "drill", f"@{addresses.HOSTING_DNS}", f"_mta-sts.{domain.fqdn}", "TXT")
    wait_until(f"the new record of {domain.fqdn}", lambda: all(each in run(*query) for each in record))
