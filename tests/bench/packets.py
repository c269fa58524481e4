"""Reads the packets that bench_delay captured: what was sent when, and what came back."""
import collections
import struct

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 15: "MX", 16: "TXT", 28: "AAAA", 43: "DS", 48: "DNSKEY", 52: "TLSA"}
RCODES = {0: "", 2: " SERVFAIL", 3: " NXDOMAIN", 5: " REFUSED"}
UDP, TCP = 17, 6

# outgoing: sent by mtastsd's side; text: one line for people.
Step = collections.namedtuple("Step", "time outgoing server text")


def read(path, first, last):
    """The steps between two times of the system clock."""
    data = path.read_bytes()
    at, steps = 24, []
    while at + 16 <= len(data):
        seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
        time, packet = seconds + nanoseconds / 1e9, data[at + 16:at + 16 + size]
        at += 16 + size
        if first <= time <= last:
            step = decode(time, packet)
            if step:
                steps.append(step)
    return steps


def decode(time, packet):
    """One packet; None for what is not UDP or TCP."""
    if packet[0] >> 4 == 4:
        protocol, payload = packet[9], packet[4 * (packet[0] & 15):]
        source, target = (".".join(map(str, each)) for each in (packet[12:16], packet[16:20]))
    else:
        protocol, payload = packet[6], packet[40:]
        source, target = (packet[each:each + 16].hex(":", 2) for each in (8, 24))
    if protocol not in (UDP, TCP):
        return None
    from_port, to_port = struct.unpack_from(">HH", payload)
    outgoing = to_port in (53, 443)
    server = shorten(target if outgoing else source)
    text = dns(payload[8:]) if protocol == UDP else tcp(payload, min(from_port, to_port))
    return Step(time, outgoing, server, text)


def shorten(address):
    """2001:0db8:...:0010 as 2001:db8::10."""
    if "." in address:
        return address
    return "2001:db8::" + address.rpartition(":")[2].lstrip("0")


def dns(message):
    flags, _, answers, authority, extra = struct.unpack_from(">HHHHH", message, 2)
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    number = struct.unpack_from(">H", message, at + 1)[0]
    question = f"{'.'.join(labels)}. {TYPES.get(number, number)}"
    if not flags & 0x8000:
        return question
    kind = " referral" if not answers and authority and not flags & 0x0400 else ""
    return f"{question}:{RCODES.get(flags & 15, '')}{kind} {answers}/{authority}/{extra}, {len(message)} octets"


def tcp(segment, port):
    flags, size = segment[13], len(segment) - 4 * (segment[12] >> 4)
    names = [name for bit, name in ((2, "SYN"), (1, "FIN"), (4, "RST"), (16, "ACK")) if flags & bit]
    return f"TCP {port} {' '.join(names)}{f', {size} octets' if size else ''}"


def table(steps, start, round_trip):
    """The steps as lines: time in round trips since start, direction, server, text. Bare acknowledgements are left out."""
    lines = []
    for step in steps:
        if step.text.endswith(" ACK") and "SYN" not in step.text and "FIN" not in step.text:
            continue
        arrow = "->" if step.outgoing else "<-"
        lines.append(f"{(step.time - start) / round_trip:7.2f}  {arrow} {step.server:<16} {step.text}")
    return lines
