"""The text of docs/BENCHMARKS.md around its tables."""
import textwrap

from . import tables, targets


def paragraph(text):
    """Lines of 120 characters."""
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)


def intro(results):
    return paragraph(f"""Written by `contrib/dev bench` on {results['day']}; every number is of that run. The *limit* is
        `bench_limit`, a server that answers each request with as many octets as mtastsd and does nothing else: a `recv`, a
        `send`, a share of an `epoll_wait`. Ratios to it say more than the numbers of one machine.""")


def row_of(rows, kind, setting=targets.WARM):
    return next(row for row in rows if row["kind"] == kind and row["setting"] == setting)


def relay(results):
    """For a postmaster."""
    million = targets.row_near(results["scale"], 1_000_000)
    single, idle = results["cached"]["single"]["ours"]["cpu_us"], results["idle"]["bytes"]
    unknown = row_of(results["cpu"], "enforce", "TLD warm only")["cpu_us"]
    return paragraph(f"""A relay that knows {million['domains']:,} domains, all with a policy, needs {million['file_mb']:,.0f} MB
        of disk for the cache, as much memory in which the kernel can cache the file, {million['memory_mb']:.0f} MiB of
        memory for mtastsd itself, and {results['refresh']['core_percent']:.1f} % of one core to fetch each policy again every
        day. Each connection from Postfix takes {idle / 1024:.1f} KiB more. 1,000 requests a second that the cache answers
        take {single / 10:.1f} % of a core. Each takes less at a higher rate: one core answers
        {results['cached']['zipf']['ours']['per_second']:,.0f} a second. 10 unknown domains a second, each
        with a policy to fetch, take {unknown / 1000:.1f} %. After a restart the first answer comes within
        {million['start_ms']:.0f} ms. Little but the file grows with the number of domains.""")


def cached(results):
    part, idle, threads = results["cached"], results["idle"], results["threads"]
    head = f"""One answer thread, unix socket, map `postfix310`, log level info; server and generator pinned to different
        cores; medians of turns, in each of which the limit was asked right after mtastsd. The generator never sleeps, so that neither
        server spends time on waking it; otherwise only mtastsd would, because the limit keeps the generator busy anyway. (In the
        last rows the generator sleeps while it waits.) If the server is busy nearly all the time, it bounds the throughput.
        Nothing is committed meanwhile: an answer thread remembers where it found an entry (docs/adr/0008) until the next
        commit. The replies are
        {part['uniform']['reply_bytes']:.0f} octets long, and so are the limit's."""
    tail = f"""{idle['idle']:,} idle connections cost {idle['bytes']:,} octets each in mtastsd, and some
        {idle['kernel_bytes']:,} in the kernel (both ends of a unix socket). With them, the busy connections reach
        {idle['ratio']:.2f} of their throughput without, and {idle['p99_ratio']:.2f} times their p99."""
    return ["## Answers from the cache", "", paragraph(head), "", *tables.cached(part), "",
            paragraph(f"""With two answer threads an answer takes {threads['growth']:.2f} times the CPU that it takes with one. Two
            threads and the generator need three cores; this machine has {results['machine']['cores']}. Two daemons with one
            answer thread each share only the machine. Two threads in one daemon take {threads['sharing']:.2f} times their CPU,
            which is what the threads cost each other."""), "",
            *tables.threads(results["threads"]), "", "The system calls of the answer threads under steady load, by strace:", "",
            *tables.syscalls(results["syscalls"]), "", paragraph(tail)]


def uncached(results):
    stuck, floor = results["stuck"], results["handshake"]
    alone = """In a test internet (`tests/bench/world.py`) with signed zones and a round trip of 20 ms, each domain asked alone.
        *Warm delegations*: the name servers of its zone are known, because another domain of that zone was asked for before.
        *TLD warm only*: nobody has asked for its zone. *new*: a domain without a policy, whose provider is not known either. A domain with a policy takes at least four round trips: DNS, TCP, TLS, the request."""
    together = f"""Without delay, by 64 connections at once; CPU of all threads of mtastsd. A domain with a policy
        can't cost less than the client's side of one TLS 1.3 handshake with its chain verified: **{floor['client_cpu_us']:.0f} µs** in
        the same run ({floor['openssl']}; ECDSA P-256, leaf, intermediate and root; `bench_tls`)."""
    silent = f"""{stuck['stuck']} policy hosts that accept connections and never answer: meanwhile the p99 of cached answers is
        {stuck['p99_during_us']:.0f} µs, before {stuck['p99_before_us']:.0f} µs, after {stuck['p99_after_us']:.0f} µs. The
        first asker of such a domain is answered after {stuck['first_waits_s'][1]:.1f} s (`first_fetch_wait`), a later one
        after at most {stuck['again_worst_ms']} ms, and once the fetches have failed after {stuck['later_worst_ms']} ms."""
    return ["## Domains that are not in the cache", "", paragraph(alone), "", *tables.latency(results["latency"]), "",
            paragraph(together), "", *tables.cpu(results["cpu"]), "", paragraph(silent), "", *steps(results["latency"])]


def steps(rows):
    lines = ["### What is sent, step by step", "", paragraph("""With warm delegations, of the last domain of each kind. The
        packets with octets to TCP port 443 are the ClientHello, the end of the handshake, and the request.""")]
    for kind in targets.LATENCY:
        row = row_of(rows, kind)
        lines += ["", f"{kind}, {row['round_trips']} round trips:", "", *tables.steps(row)]
    return lines


def scale(results):
    head = """Caches of domains with a policy and a DANE state each, filled in one go. *memory* is RssAnon after a load over
        all domains, which excludes the mapped file. *start*: from the start of the process to a reply over the socket, with the
        file in the page cache. With the defaults of `[dns]` and `[policy]` mtastsd first finds out how to resolve and whether
        Postfix does DANE, and waits at most a second for that (measured without any network). *CPU an answer*: 16 connections, zipf over
        all domains. *due*: one search of the refresher in the cache, once when 64 domains are due and once when none is."""
    return ["## How cost grows", "", paragraph(head), "", *tables.scale(results["scale"])]


def refresher(results):
    head = """Each policy is fetched again about once a day, after a lookup of the TXT record. In the measurement all domains were
        due at once, and the daemon had just started, so its DNS cache was as cold as it is for a domain that is looked up once
        a day."""
    return ["## Keeping policies fresh", "", paragraph(head), "", *tables.refresh(results["refresh"])]


def milter(results):
    part = results["milter"]
    demands, soak = part["demands"], part["soak"]
    head = f"""A real Postfix 3.7 with mtasts-milter over TCP, as `[milter] listen` is by default. One SMTP session sends
        {part['messages']:,} messages without a demand through a listener without the milter, another one as many through a
        listener with it, in turn. *Adds* compares the same rank of the two; the figures are medians of {part['rounds']} rounds. A
        message is timed from MAIL to the reply after the dot. *Noise* is the difference between two listeners without a milter.
        Postfix's queue is in memory, and all runs at real-time priority."""
    tail = f"""Of {demands['messages']} messages with a demand, {demands['deferred']} were deferred while mtastsd was dead, the
        slowest after {demands['slowest_ms']:,.0f} ms. Over {soak['messages']:,} messages on four connections, with and without
        demands, the milter's memory grew by {soak['grown_kb']:,} KiB from {soak['before_kb'] / 1024:.1f} MiB."""
    return ["## The milter", "", paragraph(head), "", *tables.milter(part), "", paragraph(tail)]


def micro(results):
    return ["## Single steps", "", "The pure parts of one cached answer, each alone (`bench_micro`).", "",
            *tables.micro(results["micro"])]


def repeat(results):
    facts = results["machine"]
    need = """It needs root (network namespaces, strace), two cores that nothing else uses, and 7 GB of disk below `TMPDIR` for
        the cache of 10,000,000 domains, which is removed afterwards."""
    took = f"""The run behind this page took {results['took_s'] // 60} minutes; the server was on core {facts['server_core']},
        the generator on core {facts['generator_core']}. The programs and the internet are in `tests/bench`."""
    return ["## The machine, and how to repeat it", "", *tables.machine(facts), "", "```sh",
            "contrib/dev bench             # everything; writes this page",
            "contrib/dev bench --quick     # every target, in less than five minutes",
            "contrib/dev bench --json raw.json && contrib/dev bench --render raw.json", "```", "",
            paragraph(need), "", paragraph(took)]
