#!/usr/bin/env python3
"""Draws the learning curve of the README from what `nncc train --json` prints.

usage: nncc train … --json | learning_curve.py > digits.svg
"""

import json
import sys

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 50

epochs = [json.loads(line) for line in sys.stdin]
last = epochs[-1]["epoch"]
low, high = 0.75, 1.0


def x(epoch):
    return LEFT + (epoch - 1) / (last - 1) * (WIDTH - LEFT - RIGHT)


def y(accuracy):
    share = (min(max(accuracy, low), high) - low) / (high - low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def curve(key, colour):
    points = " ".join(f"{x(e['epoch']):.1f},{y(e[key]):.1f}" for e in epochs)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def text(px, py, words, anchor="middle", colour="#444", size=12, extra=""):
    return (f'<text x="{px}" y="{py}" text-anchor="{anchor}" fill="{colour}" '
            f'font-size="{size}"{extra}>{words}</text>')


parts = [
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
    f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    text(WIDTH / 2, 22, "Handwritten digits, 64-100-10: accuracy by epoch", size=14),
]
for percent in range(75, 101, 5):
    line = y(percent / 100)
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{line:.1f}" y2="{line:.1f}" '
                 'stroke="#ddd"/>')
    parts.append(text(LEFT - 8, f"{line + 4:.1f}", f"{percent} %", "end"))
for epoch in [1] + list(range(5, last + 1, 5)):
    parts.append(text(f"{x(epoch):.1f}", HEIGHT - BOTTOM + 18, epoch))
parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "epoch"))
parts.append(curve("accuracy", "#1f77b4"))
parts.append(curve("validation_accuracy", "#d62728"))
parts.append(text(WIDTH - RIGHT - 10, HEIGHT - BOTTOM - 38, "trained on", "end", "#1f77b4"))
parts.append(text(WIDTH - RIGHT - 10, HEIGHT - BOTTOM - 20, "held out", "end", "#d62728"))
parts.append("</svg>")
print("\n".join(parts))
