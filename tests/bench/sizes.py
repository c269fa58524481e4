"""How much each way to run the benchmarks does."""
import collections

Sizes = collections.namedtuple("Sizes", [
    "rounds",           # of the parts that alternate with the limit
    "seconds",          # of one load
    "big",              # domains of the big cache
    "scale",            # numbers of domains
    "starts",           # of the daemon, for its median
    "strace",           # seconds
    "idle",             # connections
    "latency",          # domains of each kind, asked alone
    "cpu",              # domains of each kind, by 64 connections
    "stuck",            # policy hosts
    "fetch",            # seconds after which a fetch from one has failed; 0: do not wait for it
    "refresh",          # domains that are due
    "refresh_seconds",  # seconds to wait for them
    "mails",            # messages in a round of the milter's part
    "soak",             # messages over which the milter's memory is watched
    "handshakes",
    "micro",            # seconds a benchmark
])

FULL = Sizes(rounds=3, seconds=5, big=1_000_000, scale=(10_000, 100_000, 1_000_000, 10_000_000), starts=5, strace=4,
             idle=10_000, latency=20, cpu=2000, stuck=500, fetch=30, refresh=1024, refresh_seconds=240, mails=1000,
             soak=50_000, handshakes=5000, micro=0.5)
QUICK = FULL._replace(seconds=2.5, scale=(10_000, 100_000, 1_000_000), starts=3, strace=1, latency=6, refresh=256,
                      refresh_seconds=45, mails=300, handshakes=1000, micro=0.05)
SMOKE = Sizes(rounds=1, seconds=0.3, big=2000, scale=(1000, 2000), starts=1, strace=0.3, idle=200, latency=1, cpu=20,
              stuck=5, fetch=0, refresh=16, refresh_seconds=12, mails=5, soak=50, handshakes=10,
              micro=0.001)
