"""kill -9 at random moments, while policies are fetched and stored and while cached ones are asked for.

In turn: a daemon with the internet, which learns new policies, and one without any network, which has to answer for
everything that the file held when the one before it was killed.
"""
import random
import threading
import time

from bench import names

from . import lmdb_file
from .rows import Row
from .served import Served

SEED = 2
ALREADY = 1.0               # seconds after an answer by which its policy must be in the file


class Load(threading.Thread):
    """Asks until the daemon is gone, and notes when each policy was first answered."""

    def __init__(self, daemon, keys):
        super().__init__()
        self.daemon, self.keys, self.answered, self.wrong = daemon, keys, {}, []

    def run(self):
        while self.daemon.running():
            for name, reply in self.daemon.ask(self.keys, timeout=12).items():
                if reply is None:
                    continue
                if reply.startswith("OK secure"):
                    self.answered.setdefault(name, time.monotonic())
                elif not reply.startswith("TEMP "):
                    self.wrong.append(f"{name}: {reply}")


def learn(internet, cache, keys, seconds):
    """Kills a daemon while it fetches. Returns the policies that it had answered long enough before."""
    daemon = internet.served(cache)
    daemon.start()
    load = Load(daemon, keys)
    load.start()
    time.sleep(seconds)
    daemon.kill()
    killed = time.monotonic()
    load.join()
    return {name for name, when in load.answered.items() if killed - when > ALREADY}, load.wrong


def answer(path, cache, stored, seconds):
    """Asks a daemon without network for all that is stored, and kills it. Returns (what is missing, what was weaker, …)."""
    daemon = Served(path, cache)
    daemon.start()
    replies = daemon.ask(stored)
    load = Load(daemon, list(stored)[:200])
    load.start()
    time.sleep(seconds)
    daemon.kill()
    load.join()
    missing = {name for name, reply in replies.items() if not (reply or "").startswith("OK secure")}
    return missing, {name for name in missing if (replies[name] or "TEMP").startswith("NOTFOUND")}, load.wrong


def run(internet, how, tell):
    chance = random.Random(SEED)
    cache = internet.folder("kill") / "cache"
    cache.mkdir()
    new = [name for name in names.mail_domains(internet.counts, "enforce")]
    learned, lost, weaker, tried = set(), 0, 0, 0
    for number in range(how.kills):
        keys = new[number * len(new) // how.kills:(number + 1) * len(new) // how.kills]
        settled, wrong = learn(internet, cache, keys, chance.uniform(0.0, 1.6))
        learned |= settled
        stored = set(lmdb_file.policies((cache / "data.mdb").read_bytes()))
        missing, weak, wrong_offline = answer(internet.path / "kill-alone", cache, stored | learned, chance.uniform(0.0, 0.3))
        tried += len(stored | learned)
        lost += len(missing)
        weaker += len(weak) + len(wrong) + len(wrong_offline)
        for each in (wrong + wrong_offline)[:1]:
            tell(f"kill: {each}")
        if number % 10 == 9:
            tell(f"kill: {2 * number + 2} of {2 * how.kills}, {len(stored)} policies stored")
    yield Row("kill", f"policies committed before one of {2 * how.kills} kills", tried, tried - lost, lost, weaker,
              f"{len(stored)} policies at the end")
