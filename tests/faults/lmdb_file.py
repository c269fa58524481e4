"""Reads an LMDB file without LMDB: where in the file is each entry? (LMDB 0.9, docs/CACHE_FORMAT.md.)

It believes what it reads: for sound files only.
"""
import struct

PAGE = 4096
BRANCH, LEAF, META = 0x01, 0x02, 0x08
BIG, SUB = 0x01, 0x02
MAGIC = 0xBEEFC0DE
HEAD = 16                               # octets of a page's header: number, pad, flags, lower and upper bound or number of pages
DB = struct.Struct("<IHHQQQQQ")         # pad, flags, depth, branch, leaf, overflow pages, entries, root
NONE = 2**64 - 1


def newest_meta(data):
    """(roots of the free list and of the names, number of the last page, transaction)"""
    found = []
    for page in (0, PAGE):
        magic, _, _, _ = struct.unpack_from("<IIQQ", data, page + HEAD)
        if magic != MAGIC:
            continue
        free, main = (DB.unpack_from(data, page + HEAD + 24 + 48 * number)[7] for number in range(2))
        last, transaction = struct.unpack_from("<QQ", data, page + HEAD + 24 + 96)
        found.append((transaction, last, free, main))
    transaction, last, free, main = max(found)
    return free, main, last, transaction


def nodes(data, number):
    """For each node of a page: its place in the file, the size of its data or the low part of its child's number, its flags or
    the high part, its key."""
    start = number * PAGE
    (lower,) = struct.unpack_from("<H", data, start + 12)
    for slot in range((lower - HEAD) // 2):
        (offset,) = struct.unpack_from("<H", data, start + HEAD + 2 * slot)
        place = start + offset
        low, high, flags, size = struct.unpack_from("<HHHH", data, place)
        yield place, low | high << 16, flags, data[place + 8:place + 8 + size]


def leaf_pages(data, root):
    """The numbers of a tree's leaf pages, in order."""
    if root == NONE:
        return
    (flags,) = struct.unpack_from("<H", data, root * PAGE + 10)
    if flags & LEAF:
        yield root
        return
    for _, low, high, _ in nodes(data, root):
        yield from leaf_pages(data, low | high << 32)


def entries(data, root):
    """For each entry of a tree: key, value, the ranges of the file that hold it, the range of its page's header."""
    for page in leaf_pages(data, root):
        (lower,) = struct.unpack_from("<H", data, page * PAGE + 12)
        head = range(page * PAGE, page * PAGE + lower)
        for place, size, flags, key in nodes(data, page):
            begin = place + 8 + len(key)
            if flags & BIG:
                (over,) = struct.unpack_from("<Q", data, begin)
                where = over * PAGE + HEAD
                yield key, data[where:where + size], [range(place, begin + 8), range(over * PAGE, where + size)], head
            else:
                yield key, data[begin:begin + size], [range(place, begin + size)], head


def database(data, name):
    """The root of a named database; NONE if it is empty."""
    for key, value, _, _ in entries(data, newest_meta(data)[1]):
        if key == name.encode():
            return DB.unpack(value)[7]
    raise KeyError(name)


def policies(data):
    """Where each domain with a policy is: its own octets, and the header of its page."""
    return {key.decode(): (ranges, head) for key, _, ranges, head in entries(data, database(data, "policy"))}


def named(data):
    """Where each domain is in the index `used`, which has every domain: that name may be left when the entry is gone."""
    return {key[5:].decode(): (ranges, head) for key, _, ranges, head in entries(data, database(data, "used"))}


def overlap(one, other):
    return max(one.start, other.start) < min(one.stop, other.stop)


def hit(found, damaged):
    """The domains that have octets of their own, or of their page's header, in a damaged range of the file."""
    return {name for name, (ranges, head) in found.items()
            if any(overlap(each, area) for each in [*ranges, head] for area in damaged)}
