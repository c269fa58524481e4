"""Policy hosts: nginx with a virtual host for each domain. oddhosts.py does what nginx can't."""
import signal
import sys
from pathlib import Path

from . import addresses, netns
from .domains import BY_NAME, DOMAINS
from .processes import LabError, run, wait_until
from .zones import ODD_WEB

ODD = (*ODD_WEB, "loopback")
WELL_KNOWN = ".well-known/mta-sts.txt"
HEAD = """user root;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format lab '$ssl_server_name $request_method $uri $status';
  access_log {folder}/access.log lab;
  client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  server_names_hash_bucket_size 128;
  types {{ }}
  default_type text/plain;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    {listen_default} server_name _; ssl_certificate {default}; ssl_certificate_key {default}; return 404;
  }}
"""
SERVER = """  server {{ {listen} server_name {name}; ssl_certificate {pem}; ssl_certificate_key {pem}; root {root};{extra} }}
"""
# Where a policy may be by mistake: port, and host name below the domain's.
PLACES = {"domain": (443, "{}"), "www": (443, "www.{}"), "plain-http": (80, "mta-sts.{}")}
PLAIN = """  server {{ listen {address}:80{default}; server_name {name};{body} }}
"""
EXTRA = {"404": ' return 404 "{policy}";', "500": ' return 500 "{policy}";',
         "wrong-type": " default_type text/html;", "charset": ' default_type "text/plain; charset=utf-8";',
         "redirect": f" return 301 https://mta-sts.good.example/{WELL_KNOWN};"}


def policy_text(domain, mode=None, mx=None, max_age=None):
    """The policy file of a domain, as the table or the caller wants it."""
    lines = ["version: STSv1", f"mode: {mode or domain.mode}", f"max_age: {max_age or domain.max_age}"]
    if domain.web == "garbage":
        del lines[1]
    lines += [f"mx: {each}" for each in mx or domain.mx_lines()]
    if domain.web == "oversized":
        lines += ["padding: " + "x" * 1000] * 70       # a valid policy, except for its length
    return "\r\n".join(lines) + "\r\n"


def write_policy(lab, name, **changes):
    """Publishes a domain's policy file; nginx reads it at each request."""
    domain = BY_NAME[name]
    file = policy_file(lab, domain)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(policy_text(domain, **changes), newline="")


def policy_file(lab, domain):
    sites = lab.folder("https") / "sites"
    if domain.policy_at in PLACES:
        return sites / f"elsewhere-{domain.fqdn}" / WELL_KNOWN
    return sites / domain.fqdn / ("mta-sts.txt" if domain.policy_at == "root" else WELL_KNOWN)


def certificate(lab, domain):
    if PLACES.get(domain.policy_at, (0,))[0] == 443:
        place = PLACES[domain.policy_at][1].format(domain.fqdn)
        lab.authority.issue(place, place)
    host = f"mta-sts.{domain.fqdn}"
    return lab.authority.issue(
        host, "elsewhere.example" if domain.web == "wrong-cert" else host, expired=domain.web == "expired-cert",
        self_signed=domain.web == "self-signed", cn_only=domain.web == "cn-only")


def write_conf(lab, changed=None):
    """nginx.conf; changed replaces the table's behaviour for some domains."""
    folder = lab.folder("https")
    listen = f"listen {addresses.POLICY}:443 ssl{{0}}; listen [{addresses.POLICY6}]:443 ssl{{0}}; " \
             f"listen [{addresses.POLICY64}]:443 ssl{{0}};"
    text = HEAD.format(folder=folder, listen_default=listen.format(" default_server"),
                       default=lab.authority.folder / "mta-sts.policy-wrong-cert.example.pem")
    for domain in DOMAINS:
        if domain.web not in ODD:
            web = (changed or {}).get(domain.name, domain.web)
            name = f"mta-sts.{domain.fqdn}"
            text += SERVER.format(listen=listen.format(""), name=name, pem=lab.authority.folder / f"{name}.pem",
                                  root=folder / "sites" / domain.fqdn, extra=extra(domain, web))
            text += elsewhere(lab, domain, listen.format(""))
    text += PLAIN.format(address=addresses.POLICY, default=" default_server", name="_", body=" return 404;")
    (folder / "nginx.conf").write_text(text + "}\n")


def elsewhere(lab, domain, listen):
    """The virtual host of a policy that is not where senders look."""
    port, name = PLACES.get(domain.policy_at, (0, ""))
    name, root = name.format(domain.fqdn), lab.folder("https") / "sites" / f"elsewhere-{domain.fqdn}"
    if port == 80:
        return PLAIN.format(address=addresses.POLICY, default="", name=name, body=f" root {root};")
    return SERVER.format(listen=listen, name=name, pem=lab.authority.folder / f"{name}.pem", root=root,
                         extra="") if port else ""


def extra(domain, web):
    """The special part of a virtual host. The body of an error is a good policy, to catch a client that ignores the status."""
    body = policy_text(domain).replace("\r\n", "\\r\\n")
    return EXTRA.get(web, "").format(policy=body)


def start(lab):
    folder = lab.folder("https")
    for domain in DOMAINS:
        certificate(lab, domain)
        write_policy(lab, domain.name)
    write_conf(lab)
    lab.processes.start("nginx", netns.enter(lab.world, "nginx", "-p", folder, "-c", folder / "nginx.conf",
                                             "-e", folder / "error.log"), folder / "nginx.out")
    start_odd(lab, "oddhosts", lab.world, addresses.ODD_POLICY, ODD_WEB)
    start_odd(lab, "loopback", lab.relay, "127.0.0.1", ("loopback",))    # to catch a client that takes any address
    for each in (addresses.POLICY, addresses.ODD_POLICY):
        wait_until(f"a policy host on {each}:443", lambda each=each: listens(lab, each))


def start_odd(lab, name, namespace, address, kinds):
    """Starts a policy host that behaves as nginx can't."""
    folder = lab.folder("https")
    sites = [f"{domain.web}:mta-sts.{domain.fqdn}:{lab.authority.folder}/mta-sts.{domain.fqdn}.pem:"
             f"{folder}/sites/{domain.fqdn}/{WELL_KNOWN}" for domain in DOMAINS if domain.web in kinds]
    script = Path(__file__).with_name("oddhosts.py")
    lab.processes.start(name, netns.enter(namespace, sys.executable, script, address, *sites), folder / f"{name}.log")


def listens(lab, address):
    return f"{address}:443" in run(*netns.enter(lab.world, "ss", "-Hltn"))


def change_web(lab, name, web):
    """Changes the behaviour of a policy host, for example to answer "500"; "good" repairs it."""
    lab.web_changes[name] = web
    write_conf(lab, lab.web_changes)
    lab.processes.send_signal("nginx", signal.SIGHUP)
    want = "200" if web == "good" else web
    wait_until(f"the policy host of {name} to answer {want}", lambda: status(lab, name) == want)


def status(lab, name):
    """What the policy host answers to a HEAD (which requests() does not count), as three digits."""
    host = f"mta-sts.{BY_NAME[name].fqdn}"
    talk = netns.enter(lab.world, "openssl", "s_client", "-quiet", "-connect", f"{addresses.POLICY}:443",
                       "-servername", host)
    try:
        answer = run(*talk, input=f"HEAD /{WELL_KNOWN} HTTP/1.0\r\nHost: {host}\r\n\r\n")
    except LabError:                    # while nginx changes its workers
        return ""
    return answer.split()[1] if answer.startswith("HTTP/") else ""


def requests(lab, name):
    """How many requests nginx has had for a domain's policy."""
    log = lab.folder("https") / "access.log"
    line = f"mta-sts.{BY_NAME[name].fqdn} GET /{WELL_KNOWN} "
    return sum(each.startswith(line) for each in log.read_text().splitlines()) if log.exists() else 0
