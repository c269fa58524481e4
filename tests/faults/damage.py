"""Damages a filled cache at random, with a fixed seed, and checks what is left.

Only what was hit may be lost: an entry that has an octet of its own, or of its page's header, in the damaged part of the
file. Every other policy must be answered as before, by the daemon that meets the damage and by the next one. A policy that
was hit must not be answered as if it had never existed, unless its name is gone too.
"""
import collections
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from bench import server
from lab.processes import LabError

from . import lmdb_file
from .internet import POLICY_HOSTS
from .rows import Row
from .served import copy_cache

PAGE = lmdb_file.PAGE
PATTERN = "e{}.bench"                   # the names of the internet's domains with a policy
SEED = 1
NOTICE = 5.0                            # seconds: the daemon counts damage that an answer met once a second
Result = collections.namedtuple("Result", "kind stop crashed hit lost forgotten silent unsaid weaker words")


def flip_bits(data, chance):
    places = [chance.randrange(8 * len(data)) for _ in range(chance.randint(1, 8))]
    for each in places:
        data[each // 8] ^= 1 << each % 8
    return [range(each // 8, each // 8 + 1) for each in places]


def lose_sector(data, chance):
    """512 octets of zeros, or of anything."""
    begin = 512 * chance.randrange(len(data) // 512)
    data[begin:begin + 512] = bytes(512) if chance.random() < 0.5 else chance.randbytes(512)
    return [range(begin, begin + 512)]


def zero_page(data, chance):
    begin = PAGE * chance.randrange(len(data) // PAGE)
    data[begin:begin + PAGE] = bytes(PAGE)
    return [range(begin, begin + PAGE)]


def swap_pages(data, chance):
    """All content is still there, in another place, so nothing is hit."""
    one, other = (PAGE * each for each in chance.sample(range(2, len(data) // PAGE), 2))
    data[one:one + PAGE], data[other:other + PAGE] = data[other:other + PAGE], data[one:one + PAGE]
    return []


def cut_off(data, chance):
    end = chance.randrange(len(data))
    lost = range(end, len(data))
    del data[end:]
    return [lost]


KINDS = {"bits flipped": flip_bits, "a sector overwritten": lose_sector, "a page zeroed": zero_page,
         "two pages swapped": swap_pages, "the end cut off": cut_off}
STOPS = ("unclean", "orderly")


def is_about_damage(text):
    words = text.lower()
    return any(each in words for each in ("damage", "corrupt", "bad record", "lost", "salvage", "entr", "set aside", "cut"))


def prepare(internet, count):
    """Returns a filled cache as an orderly and as an unclean stop leave it, and the right answers."""
    path = internet.folder("damage")
    made = path / "made"
    server.populate(made, count, pattern=PATTERN)
    names = [PATTERN.format(number) for number in range(count)]
    found = lmdb_file.policies((made / "data.mdb").read_bytes())
    assert set(found) == set(names), f"bench_populate stored {count} policies, lmdb_file.py finds {len(found)}"
    caches = {}
    for stop in STOPS:
        caches[stop] = path / stop
        copy_cache(made, caches[stop])
        daemon = internet.served(caches[stop])
        daemon.start()
        right = daemon.ask(names)
        wrong = [name for name, reply in right.items() if not (reply or "").startswith("OK secure")]
        assert not wrong, f"a sound cache does not answer for {wrong[:3]}: {right[wrong[0]]}"
        if stop == "orderly":
            daemon.stop()
        else:
            daemon.kill()
    return caches, right


def damage(file, kind, chance):
    """Damages the file. Returns the domains whose entry was hit, and those whose name is gone too."""
    data = bytearray(file.read_bytes())
    found, index = lmdb_file.policies(data), lmdb_file.named(data)
    damaged = KINDS[kind](data, chance)
    file.write_bytes(data)
    hit = lmdb_file.hit(found, damaged)
    return hit, hit & lmdb_file.hit(index, damaged)


class Met:
    """How two daemons in a row dealt with a damaged cache."""

    def __init__(self, daemon, right):
        self.wrong, self.told, self.crashed = {}, False, ""
        try:
            for _ in range(2):
                self.ask(daemon, right)
        except Exception as error:  # whatever it is, this damage has caused it
            self.crashed = str(error)
        finally:
            daemon.processes.stop_all()
        self.logged = any(map(is_about_damage, daemon.complaints()))

    def ask(self, daemon, right):
        daemon.start()
        for name, reply in daemon.ask(right).items():
            if reply != right[name]:
                self.wrong.setdefault(name, set()).add(reply or "")
        until = time.monotonic() + (NOTICE if self.wrong and not self.told else 0)
        while not self.status_tells(daemon) and time.monotonic() < until:
            time.sleep(0.2)
        if not daemon.running():
            raise LabError(f"mtastsd ended by itself: {daemon.tail(3)}")
        if (code := daemon.stop()) != 0:
            raise LabError(f"SIGTERM: {'it did not end' if code is None else f'exit status {code}'}")

    def status_tells(self, daemon):
        code, printed = daemon.status()
        self.told = self.told or (code == 1 and is_about_damage(printed))
        return self.told

    def forgotten(self):
        return {name for name, replies in self.wrong.items() if any(each.startswith("NOTFOUND") for each in replies)}


def trial(internet, caches, right, kind, stop, seed):
    """Damages one cache; asks the daemon that meets the damage, and the next one."""
    daemon = internet.served()
    copy_cache(caches[stop], daemon.cache)
    hit, nameless = damage(daemon.cache / "data.mdb", kind, random.Random(seed))
    met = Met(daemon, right)
    lost, forgotten = set(met.wrong), met.forgotten()
    if not met.crashed:
        shutil.rmtree(daemon.folder, ignore_errors=True)
    return Result(kind, stop, met.crashed, len(hit), len(lost - hit), len((forgotten & hit) - nameless),
                  bool(lost) and not met.logged, bool(lost) and not met.told, len(forgotten - hit),
                  f"seed {seed}: {met.crashed}" if met.crashed else "")


def seeds(trials):
    """(kind, how it was stopped, seed) of all trials."""
    cases = [(kind, stop) for kind in KINDS for stop in STOPS]
    return [(*cases[number % len(cases)], SEED * 100_000 + number) for number in range(trials)]


def run(internet, how, tell):
    caches, right = prepare(internet, how.entries)
    done = []
    with internet.without(POLICY_HOSTS, "unreachable"), ThreadPoolExecutor(how.at_once) as pool:
        for result in pool.map(lambda each: trial(internet, caches, right, *each), seeds(how.damages)):
            done.append(result)
            if len(done) % 40 == 0:
                tell(f"damage: {len(done)} of {how.damages}")
            if result.words:
                tell(f"damage: {result.kind}, {result.stop} stop: {result.words}")
    return table(done, len(right))


def table(done, entries):
    """A row for each kind and stop. It counts policies, but silent losses and crashes by trial."""
    for kind in KINDS:
        for stop in STOPS:
            part = [each for each in done if (each.kind, each.stop) == (kind, stop)]
            if not part:
                continue
            tried = sum(entries - each.hit for each in part)
            lost = sum(each.lost for each in part) + sum(bool(each.crashed) for each in part)
            silent, forgotten = sum(each.silent for each in part), sum(each.forgotten for each in part)
            note = [f"{len(part)} damages", f"{sum(each.hit for each in part)} policies hit"]
            note += [f"{silent} silent"] if silent else []
            unsaid = sum(each.unsaid for each in part)
            note += [f"{unsaid} not said by status"] if unsaid else []
            note += [f"{forgotten} of those hit NOTFOUND"] if forgotten else []
            crashes = sum(bool(each.crashed) for each in part)
            note += [f"{crashes} did not start, crashed or did not end"] if crashes else []
            weaker = sum(each.weaker for each in part) + silent + unsaid + forgotten
            yield Row("damage", f"policies not hit: {kind}, after an {stop} stop", tried, tried - lost, lost, weaker,
                      ", ".join(note))
