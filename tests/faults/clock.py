"""A wrong clock: behind and ahead, with and without DNS, with and without a restart; then it is put right.

All trials of one kind of network go through their steps together, each with a cache and a clock of its own. The zones'
signatures and the certificates are those of the right time, so a wrong clock finds them expired or not yet valid.
"""
import struct
import time

from bench import names
from lab.daemon import program
from lab.processes import LabError, wait_until

from .internet import NAME_SERVERS, POLICY_HOSTS, RESOLVER
from .rows import Row
from .served import copy_cache

DAY = 86400
YEAR = 365 * DAY
SHIFTS = {"in 1970": None, "75 days behind": -75 * DAY, "8 days ahead": 8 * DAY, "a year ahead for 5 s": YEAR,
          "a year ahead": YEAR}
SHORT = "a year ahead for 5 s"
NETWORKS = {"DNS answers": [], "DNS is silent": [*NAME_SERVERS, RESOLVER], "the policy hosts are silent": POLICY_HOSTS}
RIGHT_AGAIN = 60            # seconds within which the daemon must notice that the clock is right again


class Trial:
    """One daemon with a clock that can be moved."""

    def __init__(self, internet, cache, shift, restarts):
        self.shift, self.restarts = shift, restarts
        folder = internet.folder("clocks") / f"{internet.trials}"
        folder.mkdir()
        self.file = folder / "shift"
        self.move(0)
        wrap = ["env", f"LD_PRELOAD={program('libshifted_clock.so')}", f"SHIFTED_CLOCK={self.file}"]
        self.daemon = internet.served(wrap=wrap)
        copy_cache(cache, self.daemon.cache)
        self.weaker, self.delayed, self.words = set(), set(), []

    def move(self, seconds):
        """Moves the clock; the daemon sees it at once. Writes in place, because the file is mapped."""
        if not self.file.exists():
            self.file.write_bytes(bytes(8))
        with open(self.file, "r+b") as file:
            file.write(struct.pack("=q", round(seconds)))

    def move_away(self):
        shift = SHIFTS[self.shift]
        self.move(DAY - time.time() if shift is None else shift)

    def restart(self):
        if self.restarts:
            self.daemon.stop()
            self.daemon.begin()

    def listening(self):
        if self.restarts:
            wait_until(lambda: f"mtastsd to listen:\n{self.daemon.tail()}", self.daemon.listens, 30)

    def judge(self, replies, right):
        """Judges answers given while the clock is wrong, or after that: an answer may come later, but must not be weaker."""
        for name, reply in replies.items():
            if reply == right[name]:
                continue
            late = reply is None or reply.startswith("TEMP ")
            (self.delayed if late else self.weaker).add(name)
            if not late and not self.words:
                self.words.append(f"{name}: {reply!r} instead of {right[name]!r}")

    def missing(self, right):
        return [name for name, reply in self.daemon.ask(right).items() if reply != right[name]]


def fill(internet):
    """Returns a cache into which everything in the internet was fetched, and the right answers."""
    daemon = internet.served()
    daemon.start()
    right = {}
    asked = [name for kind in ("enforce", "dane") for name in names.mail_domains(internet.counts, kind)]

    def all_there():
        right.update(daemon.ask(asked))
        return all(reply and reply.startswith("OK ") for reply in right.values())
    wait_until(lambda: f"the first answers:\n{daemon.tail()}", all_there, 120, 1)
    if daemon.stop() != 0:
        raise LabError(f"mtastsd did not end in order:\n{daemon.tail()}")
    return daemon.cache, right


def all_ask(trials, right):
    asked = [trial.daemon.send(right) for trial in trials]
    for trial, each in zip(trials, asked):
        trial.judge(trial.daemon.collect(each), right)


def before(trials, right):
    for trial in trials:
        trial.daemon.begin()
    for trial in trials:
        wait_until(lambda trial=trial: f"mtastsd to listen:\n{trial.daemon.tail()}", trial.daemon.listens, 30)
        wrong = trial.missing(right)
        if wrong:
            raise LabError(f"a copy of the cache does not answer as the first for {len(wrong)} domains")


def during(trials, right, how):
    """Asks at once, when the daemon can hardly have noticed the shift; after the restarts; and once more."""
    for trial in trials:
        trial.move_away()
    all_ask(trials, right)
    for trial in trials:
        trial.restart()
    for trial in trials:
        trial.listening()
    begin = time.monotonic()
    all_ask(trials, right)
    time.sleep(max(0, begin + 5 - time.monotonic()))
    for trial in trials:
        if trial.shift == SHORT:
            trial.move(0)
    time.sleep(how.wrong_for)
    all_ask(trials, right)


def after(trials, right):
    """The clock is right again, and DNS answers: every policy must be there, at once or a little later."""
    for trial in trials:
        trial.move(0)
        trial.restart()
    for trial in trials:
        trial.listening()
    all_ask(trials, right)
    end = time.monotonic() + RIGHT_AGAIN
    for trial in trials:
        while (left := trial.missing(right)) and time.monotonic() < end:
            time.sleep(1)
        trial.lost = left


def run(internet, how, tell):
    cache, right = fill(internet)
    for network, targets in NETWORKS.items():
        tell(f"clock: {network}")
        trials = [Trial(internet, cache, shift, restarts) for shift in how.shifts or SHIFTS for restarts in (False, True)]
        before(trials, right)
        with internet.without(targets):
            during(trials, right, how)
        with internet.without(POLICY_HOSTS):        # a policy that was lost can't be fetched again unnoticed
            after(trials, right)
        for trial in trials:
            yield row(trial, network, len(right))
            for words in trial.words:
                tell(f"clock: {trial.shift}, {network}: {words}")
            trial.daemon.processes.stop_all()


def row(trial, network, tried):
    case = f"{trial.shift}, {network}{', restarts' if trial.restarts else ''}"
    note = f"{len(trial.delayed)} deferred meanwhile" if trial.delayed else ""
    return Row("clock", case, tried, tried - len(trial.lost), len(trial.lost), len(trial.weaker), note)
