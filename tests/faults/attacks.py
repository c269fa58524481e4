"""Strangers who own names, name servers and policy hosts, and make the relay send mail to them: only their domains may suffer.

Each part prints its figure beside its goal.
"""
import contextlib
import json
import threading
import time

from bench import cpu, names
from lab.processes import LabError

from . import crowd, hostile
from .rows import count, goals

PACE, WAITING = 12, 90      # hostile MX sets a second, and smtp processes: below Postfix's default_process_limit
NEW_PACE, NEW_WAITING = 30, 400
HEAD = 5                    # seconds by which an attack begins earlier
GOOD_WAITING = 32           # most askers for good domains at the same time
MOST_SECONDS = 0.5          # goal of the median
MOST_MEGABYTES = 64
MOST_CPU = 0.5              # seconds a fetch
CACHED = 5                  # cached domains that are asked for again and again during an endless fetch
NEW_UNTIL = 3               # seconds during which new domains are asked for too
MOST_FETCH = 35             # seconds: [https] timeout, and some more for a busy machine
QUIET = 6                   # domains that are asked for before an attack
MODES = ("tickets", "key-updates", "renegotiations", "header", "interim-answers", "body", "body-in-octets",
         "chunk-extension")


def hostile_names(letter, tld, rate, seconds):
    """Enough names for an attack, with some to spare because its askers may wait beyond its end."""
    return [f"{letter}{number}.{tld}" for number in range(rate * (seconds + HEAD + 10))]


def tlds(part, how):
    """The attacker's TLD in a part; None if it needs none."""
    if part == "mx-sets":
        return hostile.mx_sets(PACE * (how.attack + HEAD + 10))
    if part == "one-address":
        hanging = hostile_names("a", "hang", NEW_PACE, how.attack)
        return hostile.with_policy("hang.", hanging, lambda _: hostile.HANGING)
    if part == "certificates":
        return hostile.with_policy("fat.", fat_names(how), lambda _: hostile.WEB)
    if part == "endless":
        where = {f"{mode}.endless": [address] for mode, address in zip(MODES, hostile.ENDLESS)}
        return hostile.with_policy("endless.", where, where.get)
    if part == "large":
        return hostile.with_policy("large.", large_names(how), lambda _: hostile.WEB, "mx.shared.large")
    return None


def fat_names(how):
    return [f"fat-name-{number:04}.fat" for number in range(how.fat)]


def large_names(how):
    return [f"l{number}.large" for number in range(how.large)]


def secure(name, mx=None):
    return f"OK secure match={mx or f'mx.{name}'} servername=hostname"


def started(internet):
    """A started daemon that knows already whether DNSSEC works and where the TLD's name servers are."""
    daemon = internet.served()
    daemon.start()
    plain = list(names.mail_domains(internet.counts, "plain"))[:4]
    replies = daemon.ask(plain)
    if any(not (replies[name] or "").startswith("NOTFOUND") for name in plain):
        raise LabError(f"before the attack: {replies}")
    return daemon


def undisturbed(daemon, some):
    """The median time of some answers before an attack, as text."""
    return f"undisturbed {crowd.median(crowd.ask_paced(daemon, some, 3, len(some))):.2f} s"


def tell_wrong(tell, part, answers, right):
    """Reports some of the wrong answers."""
    wrong = [each for each in answers if each.reply != right(each.name)]
    for each in wrong[:1] + wrong[len(wrong) // 2:][:1] + wrong[-1:]:
        tell(f"{part}: {each.name}: {each.reply!r} after {each.seconds:.2f} s")


def under_attack(daemon, attack, good, how):
    """Asks for the good domains during the attack. Returns the answers, and a description of the attack."""
    with crowd.Crowd(daemon, *attack) as attackers:
        time.sleep(min(HEAD, how.attack))
        answers = crowd.ask_paced(daemon, good, len(good) / how.attack, GOOD_WAITING)
    rate = attack[1]
    if attackers.rate() < rate / 2:
        raise LabError(f"{attackers.rate():.1f} hostile names a second were asked for instead of {rate}")
    return answers, f"{attackers.rate():.0f} hostile names a second"


def mx_sets(internet, how, tell):
    """Hosts in signed zones whose name servers never answer."""
    domains = list(names.mail_domains(internet.counts, "dane"))
    attack = (hostile_names("m", "evil", PACE, how.attack), PACE, WAITING)
    with started(internet) as daemon:
        before = undisturbed(daemon, domains[how.good:])
        answers, words = under_attack(daemon, attack, domains[:how.good], how)
    tell_wrong(tell, "mx-sets", answers, lambda _: "OK dane-only")
    weaker = sum((each.reply or "").startswith("NOTFOUND") for each in answers)
    yield count("mx-sets", "new DANE domains beside hostile MX sets", [each.reply == "OK dane-only" for each in answers],
                weaker, words)
    row = goals("mx-sets", "time to their answers", ("median {} s", crowd.median(answers), MOST_SECONDS))
    yield row._replace(note=f"{row.note}; {before}")


def one_address(internet, how, tell):
    """New names all the time at one policy host, which accepts connections and never says a word."""
    domains = list(names.mail_domains(internet.counts, "enforce"))
    attack = (hostile_names("a", "hang", NEW_PACE, how.attack), NEW_PACE, NEW_WAITING)
    with started(internet) as daemon:
        before = undisturbed(daemon, domains[how.good:])
        answers, words = under_attack(daemon, attack, domains[:how.good], how)
    tell_wrong(tell, "one-address", answers, secure)
    yield count("one-address", "new enforce domains beside one hanging policy host",
                [each.reply == secure(each.name) for each in answers],
                note=f"{words}; median {crowd.median(answers):.2f} s, {before}")


def certificates(internet, how, tell):
    """Each of many names at one policy host is fetched once; its certificate has all the names."""
    fat = fat_names(how)
    pem = internet.certificate("fat", fat)
    internet.start_web(pem)
    with started(internet) as daemon:
        daemon.ask(names.mail_domains(internet.counts, "enforce"))     # so that what every fetch needs is loaded
        with crowd.Peak(daemon.pid) as peak:
            answers = crowd.ask_paced(daemon, fat, 200, 16)
            time.sleep(1)
    yield count("certificates", "domains of a policy host with a fat certificate",
                [each.reply == secure(each.name) for each in answers], note=f"{pem.stat().st_size // 1350} kB of it")
    yield goals("certificates", "memory after they all were fetched", ("{} MB more", peak.megabytes(), MOST_MEGABYTES))


def endless(internet, how, tell):
    """Policy hosts that send something without end; cached and new domains are asked for meanwhile."""
    modes = MODES[:how.modes]
    pem = internet.certificate("endless", [f"{mode}.endless" for mode in modes])
    domains = names.mail_domains(internet.counts, "enforce")
    cached = [next(domains) for _ in range(CACHED)]
    answers = []
    for mode, address in zip(modes, hostile.ENDLESS):
        host = internet.start_endless(pem, mode, address)
        with started(internet) as daemon:
            daemon.ask(cached)
            seconds, used, megabytes, reason = fetch_endless(daemon, f"{mode}.endless", cached, domains, answers)
        internet.processes.stop(host)
        tell(f"endless: {mode}: {reason}")
        yield goals("endless", f"{mode}: one fetch", ("{} s of CPU", used, MOST_CPU),
                    ("{} MB more", megabytes, MOST_MEGABYTES), ("over after {} s", seconds, MOST_FETCH))
    right = {each: each.reply == secure(each.name) for each in answers}
    yield count("endless", "cached answers meanwhile", [right[each] for each in answers if each.name in cached])
    new = [each for each in answers if each.name not in cached]
    yield count("endless", "new enforce domains meanwhile", [right[each] for each in new],
                note=f"slowest {max(each.seconds for each in new):.2f} s")


def fetch_endless(daemon, name, cached, new, answers):
    """Returns how long one fetch took and its CPU time, in seconds, its memory, in megabytes, and why it failed. Appends what is
    answered meanwhile to answers."""
    mark, before, begin, end = daemon.mark(), cpu.cpu_seconds(daemon.pid), time.monotonic(), None
    asker = threading.Thread(target=crowd.ask, args=(daemon, name))
    with crowd.Peak(daemon.pid) as peak:
        asker.start()
        while end is None and time.monotonic() - begin < MOST_FETCH + 5:
            answers += crowd.ask_paced(daemon, cached, 50, len(cached))
            if time.monotonic() - begin < NEW_UNTIL:
                answers.append(crowd.ask(daemon, next(new)))
            end = fetch_entry(daemon, mark, name)
        seconds = time.monotonic() - begin
    used = cpu.cpu_seconds(daemon.pid) - before
    asker.join()
    return seconds, used, peak.megabytes(), end["reason"] if end else "the fetch does not end"


def fetch_entry(daemon, mark, name):
    """The log's line about a fetch once it is over; None before."""
    for line in daemon.log.read_bytes()[mark:].splitlines():
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if entry.get("event") == "fetch" and entry.get("domain") == name:
                return entry
    return None
