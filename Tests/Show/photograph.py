#!/usr/bin/env python3
"""Opens pages of `nncc show` in headless Chromium, clicks through them, asserts on what is there, and photographs them.

usage: photograph.py NNCC FOLDER    the program, and where the pages and photographs go
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, program  # noqa: E402

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples")


def node(heading):
    """The drawn node whose heading has this in it."""
    return (f"[...document.querySelectorAll('#world .node')].find(n => "
            f"n.querySelector(':scope > .name').textContent.includes({heading!r}))")


def part(name):
    return f"[...document.querySelectorAll('[data-part={name}]')].map(e => e.textContent).join('\\n')"


def expect(found, *wanted):
    for text in wanted:
        if text not in (found or ""):
            raise AssertionError(f"expected {text!r} in {found!r}")


def texts(browser, style):
    return browser.run(
        f"[...document.querySelectorAll('#world text.{style}')].map(e => e.textContent)"
        ".filter(t => t)")


def scalar(browser):
    """The lecture's first example: every number of its hand computation, step by step."""
    expect(" ".join(texts(browser, "val")), "2", "5", "0.9092974", "10", "10.909297")
    expect(" ".join(texts(browser, "adj")), "d 4.5838532", "d -0.4161468", "d 5", "d 2", "d 1")
    browser.click(node("v3 = sin"))
    expect(browser.run(part("formula")), "v3 = sin(x1)")
    expect(browser.run(part("rule")), "d x1 += d v3 * cos(x1)")
    expect(browser.run(part("line")), "f = sin(x1) + x1 * x2")
    expect(browser.run(part("ir")), "sin %")
    expect(browser.run(part("kernel")), "kernel ", "sin")
    expect(browser.run(part("c")), "static void compute_", "nn_sin_f32")
    expect(browser.run(part("value")), "0.9092974")
    slider = "document.getElementById('slider')"
    # Two inputs, then sin: the product is still to come, and so are all adjoints.
    browser.run(f"{slider}.value = 3; {slider}.dispatchEvent(new Event('input'))")
    values = texts(browser, "val")
    expect(" ".join(values), "0.9092974")
    if "10" in values or texts(browser, "adj :not(.hidden)"):
        raise AssertionError(f"step 3 shows too much: {values}")
    expect(browser.run("document.getElementById('caption').textContent"), "forward 3/10", "sin(x1)")
    # The first step back: f's adjoint is 1, and goes on to both of its operands.
    browser.run(f"{slider}.value = 6; {slider}.dispatchEvent(new Event('input'))")
    shown = texts(browser, "adj:not(.hidden)")
    if sorted(shown) != ["d 1", "d 1", "d 1"]:
        raise AssertionError(f"step 6 shows {shown}")
    expect(browser.run("document.getElementById('caption').textContent"), "d f = 1")
    browser.click("document.getElementById('forth')")
    expect(browser.run("document.getElementById('caption').textContent"), "backward 7/10")
    # By keyboard alone.
    browser.run(f"{node('f = v3')}.focus()")
    browser.key("Enter")
    expect(browser.run(part("formula")), "f = v3 + v4")
    browser.run(f"{slider}.value = 10; {slider}.dispatchEvent(new Event('input'))")
    browser.click(node("v3 = sin"))
    browser.click("document.getElementById('fit')")


def mnist(browser):
    """Filters as images, a composite unfolded and folded again, a kernel."""
    browser.click(node("w1"))
    if not browser.run("document.querySelector('canvas[data-part=filters]').width > 200"):
        raise AssertionError("w1 has no filters")
    count = "document.querySelectorAll('#world .node').length"
    before = browser.run(count)
    browser.click(f"{node('l2 = softmax')}.querySelector('.toggle')")
    if browser.run(count) < before + 5:
        raise AssertionError("softmax does not unfold")
    browser.click("document.getElementById('fit')")
    browser.click(node("= exp("))
    expect(browser.run(part("formula")), "exp(")
    expect(browser.run(part("line")), "softmax")
    browser.run(f"{node('l2 = softmax')}.focus()")
    browser.key(" ", "Space")
    if browser.run(count) != before:
        raise AssertionError("softmax does not fold")
    browser.click("document.getElementById('fit')")
    browser.click("document.querySelector('#kernels button')")
    expect(browser.run(part("c")), "nn_contract_f32")
    if not browser.run("document.querySelectorAll('#world .region.lit').length"):
        raise AssertionError("the kernel's region is not lit")
    browser.click(node("l1 = tanh"))
    browser.click("document.getElementById('fit')")


def birnn(browser):
    """A scan unfolds into one step, whose number can be chosen."""
    browser.click(f"{node('scan, 12 steps')}.querySelector('.toggle')")
    browser.click("document.getElementById('fit')")
    browser.click(f"{node('h = rnn_cell')}.querySelector('.toggle')")
    browser.click("document.getElementById('fit')")
    before = texts(browser, "val")
    number = "document.getElementById('scan-step')"
    browser.run(f"{number}.value = 5; {number}.dispatchEvent(new Event('input'))")
    if before == texts(browser, "val"):
        raise AssertionError("every step of the scan has the same values")
    browser.click(node("h = tanh"))
    expect(browser.run(part("rule")), " * (1 - h * h)")
    browser.click("document.getElementById('fit')")


def transformer(browser):
    browser.click("document.getElementById('fit')")
    browser.click(f"{node('a = attention')}.querySelector('.toggle')")
    browser.click("document.getElementById('fit')")
    browser.click(node("y = layer_norm"))
    expect(browser.run(part("formula")), "y = layer_norm(x, s1, o1)")
    browser.click("document.getElementById('fit')")


def zeros(shape):
    return str([0] * shape[0]) if len(shape) == 1 else (
        "[" + ",".join([zeros(shape[1:])] * shape[0]) + "]")


def ramp(rows, columns, last):
    return str([[(7 * i + 3 * j) % last for j in range(columns)] for i in range(rows)])


def fractions(rows, columns):
    return str([[(5 * i + 3 * j) % 17 / 16 for j in range(columns)] for i in range(rows)])


def one_hot(rows, columns):
    return str([[float(i % columns == j) for j in range(columns)] for i in range(rows)])


PAGES = [
    ("scalar", scalar, (1300, 980), ["--input", "x1=2", "--input", "x2=5"]),
    ("mnist", mnist, (1500, 1900),
     ["--dim", "batch=20", "--input", "x=" + fractions(20, 784), "--input", "y=" + one_hot(20, 10)]),
    ("birnn", birnn, (1900, 2100), ["--input", "s=" + ramp(20, 12, 8), "--input", "t=" + ramp(20, 12, 4)]),
    ("transformer", transformer, (2400, 2600),
     ["--dim", "batch=2", "--input", "c=" + ramp(2, 32, 65), "--input", "n=" + ramp(2, 32, 65)]),
]


def visit(name, act, size, page, folder, dark=False):
    browser = Browser(*size, dark=dark)
    try:
        browser.open(page)
        act(browser)
        browser.photograph(os.path.join(folder, name + ".png"))
        if browser.problems:
            raise AssertionError(f"{name}: {browser.problems}")
    finally:
        browser.close()


def main(nncc, folder):
    if not program():
        print("there is no Chromium")
        return 77
    for name, act, size, arguments in PAGES:
        page = os.path.join(folder, name + ".html")
        subprocess.run(
            [nncc, "show", os.path.join(EXAMPLES, name + ".graph"), "-o", page] + arguments,
            check=True)
        visit(name, act, size, page, folder)
        if name == "scalar":
            visit("scalar-dark", act, size, page, folder, dark=True)
        print(f"{name}: opened, clicked and photographed")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
