"""Writes docs/BENCHMARKS.md and its plots from what run.py measured."""
from . import plot, sections, tables, targets

PLOTS = {                               # by file: title, unit, field of a row, target
    "file": ("Cache file", "octets a domain", "bytes", 600),
    "memory": ("Anonymous memory of mtastsd", "MiB", "memory_mb", None),
    "start": ("Start to first answer", "ms", "start_ms", None),
    "answer": ("CPU of a cached answer", "µs", "cpu_us", None),
    "list": ("mtastsctl list --expiring 1h", "ms", "list_ms", None),
    "due": ("Finding 64 domains that are due", "µs", "due_us", None),
}


def write(results, checkout):
    """Writes the page and the plots below docs/."""
    folder = checkout / "docs" / "bench"
    folder.mkdir(exist_ok=True)
    text, drawn = render(results), plots(results["scale"])
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg)
    (checkout / "docs" / "BENCHMARKS.md").write_text(text)


def plots(rows):
    return {name: plot.draw(title, unit, [(row["domains"], row[field]) for row in rows], limit)
            for name, (title, unit, field, limit) in PLOTS.items()}


def render(results):
    """The whole page. The results must have every part."""
    found = targets.judge(results)
    pictures = [f"![{title}](bench/{name}.svg)" for name, (title, *_) in PLOTS.items()]
    lines = ["# Benchmarks", "", sections.intro(results), "", "## What a relay needs", "", sections.relay(results), "",
             "## Targets", "", *tables.targets(found), "", *missed(found, results), "", *sections.cached(results), "",
             *sections.uncached(results), "", *sections.scale(results), "", *pictures, "", *sections.refresher(results), "",
             *sections.milter(results), "", *sections.micro(results), "", *sections.repeat(results)]
    return "\n".join(lines) + "\n"


def missed(found, results):
    """Says which targets were missed and, if the numbers show it, why."""
    what = [each for each in found if not each.within]
    if not what:
        return ["Nothing was missed in this run."]
    lines = [f"Missed: {len(what)} of {len(found)}.", ""]
    lines += [f"- **{each.what}**: {each.measured}, wanted {each.limit}. {why(each, results)}".rstrip() for each in what]
    if results["busy"] > 0.05:
        lines += ["", f"Other programs took {results['busy']:.0%} of the machine when the run began: repeat it when they are idle."]
    return lines


def why(target, results):
    for begin, words in WHY.items():
        if target.what.startswith(begin):
            return sections.paragraph(words(target, results))
    return ""


def why_throughput(target, results):
    case = results["cached"]["zipf" if "zipf" in target.what else "uniform"]
    ours, limit = case["ours"], case["limit"]
    return f"""mtastsd takes {ours['cpu_us']:.2f} µs of CPU a request, the limit {limit['cpu_us']:.2f}; the difference is
        reading, looking up, deciding and rendering."""


def why_handshake(_, results):
    floor = results["handshake"]
    return f"""Of them {floor['client_cpu_us']:.0f} µs are the client's side of the TLS handshake alone ({floor['openssl']}),
        which a first lookup can't save."""


def why_threads(_, results):
    return f"""Two threads and the generator need three cores, and this machine has {results['machine']['cores']}: part of it is
        waiting for a core. To two daemons of one thread each, which share nothing, it is {results['threads']['sharing']:.2f}."""


def why_pace(_, results):
    part = results["refresh"]
    return f"""This is the pace that the refresher keeps, {part['rate']:.1f} a second, and not the machine's: at
        {part['cpu_us']:.0f} µs each it is idle nearly all the time."""


def why_calls(target, results):
    part = results["syscalls"][target.what.rpartition(" ")[2]]
    seen = ", ".join(f"{part['calls'][name]} {name}" for name in part["others"])
    return f"{seen} beside {sum(part['calls'].values()):,} calls in all, by strace."


WHY = {"throughput to limit's": why_throughput, "unknown enforce domain, µs": why_handshake,
       "CPU a request: two answer": why_threads,
       "domains the refresher": why_pace, "calls but": why_calls}
