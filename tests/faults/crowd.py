"""Many who ask at a steady pace, as Postfix's smtp processes do, and what they cost the daemon."""
import collections
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from bench import server
from lab.socketmap import Client

Answer = collections.namedtuple("Answer", "name reply seconds")     # reply None: none came

SAMPLE = 0.05               # seconds between two measurements of the memory


class Keeper:
    """Asks on a connection that it keeps, as a process of Postfix does: if the daemon has closed it, asks once more on a new one
    (SM-13)."""

    def __init__(self, daemon):
        self.daemon, self.client = daemon, None

    def send(self, name):
        self.name = name
        self.client = self.client or Client(self.daemon.connect())
        try:
            self.client.send("postfix", name)
        except ConnectionError:
            self.again()

    def receive(self):
        try:
            return self.client.receive()
        except (ConnectionError, EOFError):
            self.again()
            return self.client.receive()

    def ask(self, name):
        self.send(name)
        return self.receive()

    def again(self):
        self.close()
        self.client = Client(self.daemon.connect())
        self.client.send("postfix", self.name)

    def close(self):
        if self.client:
            self.client.close()
        self.client = None


def ask(daemon, name):
    """Asks as a process of Postfix does that has no connection yet."""
    begin = time.monotonic()
    keeper = Keeper(daemon)
    try:
        reply = keeper.ask(name)
    except (OSError, EOFError, ValueError):
        reply = None
    finally:
        keeper.close()
    return Answer(name, reply, time.monotonic() - begin)


def ask_paced(daemon, names, rate, most, over=None):
    """Asks for rate names a second, at most `most` at a time; ends early once over is set. Returns the answers."""
    over, begin, asked = over or threading.Event(), time.monotonic(), []
    with ThreadPoolExecutor(most) as pool:
        for number, name in enumerate(names):
            if over.wait(max(0.0, begin + number / rate - time.monotonic())):
                break
            asked.append(pool.submit(ask, daemon, name))
        if over.is_set():
            pool.shutdown(cancel_futures=True)
    return [each.result() for each in asked if not each.cancelled()]


class Crowd:
    """Runs ask_paced() during the with statement."""

    def __init__(self, *args):
        self.args, self.over, self.answers = args, threading.Event(), []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        self.answers = ask_paced(*self.args, self.over)

    def __enter__(self):
        self.begin = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begin
        self.over.set()
        self.thread.join()

    def rate(self):
        """Names a second that were really asked for."""
        return len(self.answers) / self.seconds


class Peak:
    """How much memory a process takes at most within the with statement, beyond what it had before."""

    def __init__(self, pid):
        self.pid, self.over, self.first = pid, threading.Event(), server.memory_kb(pid)
        self.most = self.first
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(SAMPLE):
            self.most = max(self.most, server.memory_kb(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def megabytes(self):
        return (self.most - self.first) / 1024


def median(answers):
    return statistics.median(each.seconds for each in answers)
