"""The results as a picture: how fast each is, beside the fastest peer of its row, as SVG."""

import math
import statistics
from html import escape

import report
from processes import KINDS
from workloads import workload

WIDTH, LEFT, RIGHT, TOP, ROW = 980, 400, 950, 96, 22
COLOURS = {"tcc": "#d95f02", "cc": "#1b6ca8"}
PEER = "#999"
TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)


def points(result):
    """For each that was measured how many times as fast it is as the fastest peer."""
    peer = report.fastest_peer(result)
    if not peer or "refused" in result:
        return {}
    values = {}
    for key, times in result["times"].items():
        if times:
            values[key] = statistics.median(report.ratios(result, key, peer))
    return values


def text(x, y, content, anchor="start", size=12, weight="normal", colour="#222"):
    style = f'text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(content)}</text>'


def line(x1, y1, x2, y2, colour, width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def dot(x, y, colour, radius, title):
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}" fill-opacity="0.85">'
    return f"{circle}<title>{escape(title)}</title></circle>"


def legend():
    parts, x = [], LEFT
    for colour, name in ((COLOURS["tcc"], "nncc libtcc"), (COLOURS["cc"], "nncc C compiler"), (PEER, "each peer")):
        parts += [dot(x + 5, 52, colour, 5, name), text(x + 15, 56, name)]
        x += 40 + 8 * len(name)
    return parts


def svg(document):
    rows = [(result, points(result)) for result in document["results"]]
    rows = [(result, values) for result, values in rows if values]
    found = [value for _, values in rows for value in values.values()] or [1]
    low = max((tick for tick in TICKS if tick <= min(found)), default=TICKS[0])
    high = min((tick for tick in TICKS if tick >= max(found)), default=TICKS[-1])
    low, high = min(low, 0.3), max(high, 3)

    def place(value):
        share = math.log(min(max(value, low), high) / low) / math.log(high / low)
        return LEFT + share * (RIGHT - LEFT)

    bottom = TOP + ROW * len(rows)
    height = bottom + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
        text(20, 28, "Speed relative to the fastest peer of each row", size=17, weight="bold"),
        text(20, 56, "further right is faster", colour="#666"),
        *legend(),
    ]
    for tick in TICKS:
        if low <= tick <= high:
            colour, width = ("#444", 1.5) if tick == 1 else ("#ddd", 1)
            parts.append(line(place(tick), TOP - 12, place(tick), bottom, colour, width))
            parts.append(text(place(tick), bottom + 18, f"{tick:g}×", "middle"))
    axis = "times as fast as the fastest peer (logarithmic)"
    parts.append(text((LEFT + RIGHT) / 2, bottom + 40, axis, "middle", colour="#444"))
    labels = {kind.key: kind.label for kind in KINDS}
    for number, (result, values) in enumerate(rows):
        y = TOP + ROW * number + ROW / 2
        of = workload(result["workload"])
        if number % 2 == 0:
            shape = f'x="10" y="{y - ROW / 2:.1f}" width="{WIDTH - 20}" height="{ROW}"'
            parts.append(f'<rect {shape} fill="#000" fill-opacity="0.03"/>')
        threads = f", {result['threads']} thread{'s' if result['threads'] > 1 else ''}"
        name = of.title if len(of.title) <= 50 else of.title[:49].rstrip() + "…"
        parts.append(text(LEFT - 12, y + 4, name + threads, "end", size=11))
        for key, value in sorted(values.items(), key=lambda item: item[0] in COLOURS):
            title = f"{labels[key]}: {report.factor(value)}"
            parts.append(dot(place(value), y, COLOURS.get(key, PEER), 5 if key in COLOURS else 3.5, title))
    return "\n".join([*parts, "</svg>", ""])
