"""A liar between the daemon and the root servers: no domain with usable TLSA records may be answered as if it had none.

DNSSEC has worked before, so the daemon knows better than to do without it. All trials go through their steps together.
"""
import socket
import time

from bench import names
from lab.processes import wait_until

from .internet import EXTRA, RESOLVER, ROOT
from .liar import LIES, Liar
from .rows import Row

TTL = 5                     # seconds: the longest TTL that the resolver gives out (internet.py)
NOWHERE = "2001:db8::dead"
ONLY, BESIDE, BEFORE_ROOT = "the only resolver", "a resolver beside a good one", "an attacker in front of the root servers"
LIES_OF_ROOT = ("forges the root's keys", "forges all signatures", "strips signatures", "drops all questions")
MTA_STS_ALONE = ("strips signatures", "strips proofs of absence")


class Trial:
    def __init__(self, internet, place, lie, restarts, address):
        self.place, self.lie, self.restarts = place, lie, restarts
        if place == BEFORE_ROOT:
            hints = internet.path / f"{address}.hints"
            hints.write_text(f". 3600 NS a-root.\na-root. 3600 A {address}\n")
            other = [(socket.inet_pton(family, real), socket.inet_pton(family, ours)) for family, real, ours in
                     ((socket.AF_INET, ROOT[0], address), (socket.AF_INET6, ROOT[1], NOWHERE))]
            self.liar = Liar(internet.world, address, ROOT[0], other)
            self.daemon = internet.served(hints=hints)
        else:
            self.liar = Liar(internet.world, address, RESOLVER)
            both = f'["{address}", "{RESOLVER}"]' if place == BESIDE else f'["{address}"]'
            self.daemon = internet.served(forward=both)
        self.weaker, self.delayed, self.lost, self.words = set(), set(), [], []

    def judge(self, replies, right, unknown):
        """A policy that was never fetched may be found late; TLSA records may not."""
        for name, reply in replies.items():
            if reply == right[name]:
                continue
            weak = reply is not None and not reply.startswith(("TEMP ", "OK ")) and name not in unknown
            (self.weaker if weak else self.delayed).add(name)
            if weak and not self.words:
                self.words.append(f"{name}: {reply!r} instead of {right[name]!r}")

    def case(self):
        return f"{self.place} {self.lie}{', restarts' if self.restarts else ''}"


def kinds(how):
    """(place, lie, restarts) of all trials."""
    lies = list(LIES) if how.lies is None else how.lies
    for restarts in (False, True):
        for lie in lies:
            yield ONLY, lie, restarts
            yield BESIDE, lie, restarts
            if lie in LIES_OF_ROOT:
                yield BEFORE_ROOT, lie, restarts


def begin(internet, how):
    """Trials in which half of the domains have been asked for, while everything was honest."""
    asked = {names.domain("dane", number): "OK dane-only" for number in range(how.lied_to)}
    for number in range(how.lied_to):
        name = names.domain("enforce", number)
        asked[name] = f"OK secure match=mx.{name} servername=hostname"
    known = {name: reply for number, (name, reply) in enumerate(asked.items()) if number % 2 == 0}
    unknown = {name for name, reply in asked.items() if name not in known and reply.startswith("OK secure")}
    trials = [Trial(internet, *each, address) for each, address in zip(kinds(how), EXTRA)]
    for trial in trials:
        trial.daemon.begin()
    for trial in trials:
        wait_until(lambda trial=trial: f"mtastsd to listen:\n{trial.daemon.tail()}", trial.daemon.listens, 30)

    def all_right():
        return all(not missing(trial, known) for trial in trials)
    wait_until(lambda: "\n".join(f"{each.case()}: {dict(list(missing(each, known).items())[:2])}" for each in trials
                                 if missing(each, known)), all_right, 90, 1)
    return trials, asked, unknown


def missing(trial, right):
    return {name: reply for name, reply in trial.daemon.ask(right).items() if reply != right[name]}


def all_ask(trials, right, unknown):
    asked = [trial.daemon.send(right) for trial in trials]
    for trial, each in zip(trials, asked):
        trial.judge(trial.daemon.collect(each), right, unknown)


def attack(trials, asked, unknown, how):
    for trial in trials:
        trial.liar.lie = LIES[trial.lie]
        if trial.restarts:
            trial.daemon.stop()
            trial.daemon.begin()
    time.sleep(TTL + 1)
    for trial in trials:
        wait_until(lambda trial=trial: f"mtastsd to listen:\n{trial.daemon.tail()}", trial.daemon.listens, 30)
    for pause in (0, *how.attack_pauses):
        time.sleep(pause)
        all_ask(trials, asked, unknown)


def end(trials, asked, unknown, how):
    """Everything is honest again: are all answers right, once the back-offs are over?"""
    for trial in trials:
        trial.liar.lie = None
    all_ask(trials, asked, unknown)
    limit = time.monotonic() + how.honest_again
    wrong = trials
    while wrong and time.monotonic() < limit:
        time.sleep(2)
        for trial in wrong:
            trial.lost = list(missing(trial, asked))
        wrong = [trial for trial in wrong if trial.lost]


def alone(internet, address, lie, how):
    """A host where DNSSEC never worked: MTA-STS protects alone, from the start."""
    trial = Trial(internet, ONLY, lie, False, address)
    trial.liar.lie = LIES[lie]
    trial.daemon.start()
    right = {name: f"OK secure match=mx.{name} servername=hostname"
             for name in (names.domain("enforce", number) for number in range(how.lied_to))}
    limit = time.monotonic() + how.recover
    while (left := missing(trial, right)) and time.monotonic() < limit:
        time.sleep(2)
    trial.liar.close()
    trial.daemon.processes.stop_all()
    return Row("root", f"enforce policies where DNSSEC never worked: the only resolver {lie}", len(right),
               len(right) - len(left), len(left), 0, next((f"{each}: {reply}" for each, reply in left.items()), ""))


def run(internet, how, tell):
    trials, asked, unknown = begin(internet, how)
    tell(f"root: {len(trials)} trials are under way")
    attack(trials, asked, unknown, how)
    end(trials, asked, unknown, how)
    for trial in trials:
        for words in trial.words:
            tell(f"root: {trial.case()}: {words}")
        yield Row("root", trial.case(), len(asked), len(asked) - len(trial.lost), len(trial.lost), len(trial.weaker),
                  f"{len(trial.delayed)} deferred meanwhile" if trial.delayed else "")
        trial.daemon.processes.stop_all()
        trial.liar.close()
    for lie in MTA_STS_ALONE:
        yield alone(internet, EXTRA[-1], lie, how)
