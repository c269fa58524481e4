"""The domains: how many of each kind, and their names.

The first domains of each kind have a second mail domain below them, in the same zone. Once somebody has asked for the first,
the second is an unknown domain in a known zone.
"""
import collections

# new: a plain domain whose provider's name servers are unknown.
KINDS = {"enforce": "e", "plain": "p", "dane": "d", "stuck": "s", "new": "n"}

Counts = collections.namedtuple("Counts", [*KINDS, "second"], defaults=[0] * (len(KINDS) + 1))


def domain(kind, number):
    return f"{KINDS[kind]}{number}.bench"


def second(kind, number):
    return f"b.{domain(kind, number)}"


def has_second(counts, kind, number):
    return kind in ("enforce", "plain", "dane") and number < counts.second


def mail_domains(counts, kind):
    """All mail domains of a kind, those of one zone together."""
    for number in range(getattr(counts, kind)):
        yield domain(kind, number)
        if has_second(counts, kind, number):
            yield second(kind, number)
