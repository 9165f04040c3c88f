"""Tables of the results, in Markdown."""

import os
import re
import statistics

from processes import HERE, KINDS
from workloads import workload

DOCS = os.path.join(HERE, "../Docs")


def quartiles(values):
    if len(values) < 2:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def quantity(seconds, of):
    """A time, or of a product its rate."""
    if of.operations:
        return f"{of.operations / seconds / 1e9:.3g} GFLOP/s"
    for scale, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def medians(result):
    return {key: statistics.median(times) for key, times in result["times"].items() if times}


def fastest_peer(result, by_hand=False):
    """The key of the peer with the least median, of those with a derivative by hand or of the others; nil without any."""
    hands = workload(result["workload"]).by_hand
    peers = {kind.key for kind in KINDS if not kind.is_nncc and (kind.key in hands) == by_hand}
    found = {key: value for key, value in medians(result).items() if key in peers}
    return min(found, key=found.get) if found else None


def ratios(result, key, to):
    """How many times as fast as `to`, round by round."""
    return [its / mine for mine, its in zip(result["times"][key], result["times"][to])]


def factor(value):
    return f"{value:.0f}×" if value >= 100 else f"{value:.3g}×"


def ratio_cell(result, key, peer):
    if not peer or not result["times"].get(key):
        return "–"
    low, middle, high = quartiles(ratios(result, key, peer))
    text = f"{factor(middle)} ({factor(low)[:-1]} to {factor(high)[:-1]})"
    return text if middle >= 1 else f"**{text}**"


def goal_cell(of, threads):
    """Goals for two threads and more are nine tenths of those for one."""
    def text(goal):
        if goal is None:
            return "–"
        if of.kind != "steady":
            return f"< {quantity(goal, of)}"
        return factor(goal if threads == 1 else 0.9 * goal)

    return f"{text(of.goal_tcc)}, {text(of.goal_cc)}"


def table(document):
    lines = [
        "| workload | threads | nncc libtcc | nncc C compiler | fastest peer | libtcc against it "
        "| C compiler against it | goals |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in document["results"]:
        of = workload(result["workload"])
        start = f"| {of.title} | {result['threads']} |"
        if "refused" in result:
            lines.append(f"{start} refused: {result['refused']} | | | | | |")
            continue
        lines.append(f"{start} {' | '.join(cells(result, of))} |")
        if fastest_peer(result, by_hand=True):
            start = f"| the same, the derivative by hand | {result['threads']} |"
            lines.append(f"{start} {' | '.join(cells(result, of, by_hand=True))} |")
    return "\n".join([heading(document), "", *lines, ""])


def cells(result, of, by_hand=False):
    """The cells of nncc and its fastest peer."""
    found, peer = medians(result), fastest_peer(result, by_hand)
    cells = [quantity(found[key], of) if key in found else "–" for key in ("tcc", "cc")]
    cells.append(f"{quantity(found[peer], of)} {label(peer)}" if peer else "–")
    cells += [ratio_cell(result, key, peer) for key in ("tcc", "cc")]
    return cells + ["–" if by_hand else goal_cell(of, result["threads"])]


def heading(document):
    kind = "quick run, whose figures are rough" if document["quick"] else "run"
    load = f"load {document['load']:.1f} at the start, {document.get('load_end', document['load']):.1f} at the end"
    count = f"one {kind}, of {document['rounds']} rounds"
    if document.get("added"):
        count = f"rows of several runs, the last a {kind} of {document['rounds']} rounds"
    return f"{document['machine']}; {document['date']}; {count}; {load}."


def label(key):
    return next(kind.label for kind in KINDS if kind.key == key)


def peers(document):
    """What every peer took."""
    keys = [kind.key for kind in KINDS]
    lines = [
        f"| workload | threads | {' | '.join(label(key) for key in keys)} |",
        f"| --- | ---: |{' ---: |' * len(keys)}",
    ]
    for result in document["results"]:
        of, found = workload(result["workload"]), medians(result)
        cells = [quantity(found[key], of) if key in found else short(result["notes"].get(key)) for key in keys]
        lines.append(f"| {of.title} | {result['threads']} | {' | '.join(cells)} |")
    for result in document["results"]:
        if result["workload"] == "transformer_train" and result["memory"]:
            memory = result["memory"]
            cells = [f"{memory[key] / (1 << 20):.0f} MiB" if memory.get(key) else "–" for key in keys]
            row = f"| peak memory of the transformer's process | {result['threads']} | {' | '.join(cells)} |"
            lines.append(row)
    names = {key: name for result in document["results"] for key, name in result["names"].items()}
    versions = ", ".join(dict.fromkeys(names[key] for key in keys if key in names))
    return "\n".join([*lines, "", f"Versions: {versions}.", ""])


def short(note):
    if not note:
        return "–"
    return note if note.startswith("over ") else "fails"


def write_docs(texts):
    """Puts the tables between their marks in Docs/performance.md, and the chart beside it."""
    file = os.path.join(DOCS, "performance.md")
    with open(file) as source:
        page = source.read()
    for name in ("table", "peers"):
        begin, end = f"<!-- {name}: written by make bench -->", f"<!-- end of {name} -->"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        text = f"{begin}\n{texts[name + '.md']}\n{end}".replace("\n\n\n", "\n\n")
        page = re.sub(pattern, lambda _: text, page, flags=re.S)
    with open(file, "w") as out:
        out.write(page)
    with open(os.path.join(DOCS, "figures/benchmarks.svg"), "w") as out:
        out.write(texts["chart.svg"])
