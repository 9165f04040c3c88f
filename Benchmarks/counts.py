#!/usr/bin/env python3
"""Counts instructions, which are the same in every run, and compares them with those in counts.json.

usage: counts.py [--bless]

Of each workload two numbers: the instructions from process start to the end of the first step, and those of a further
step. Both may grow by at most 2 %; where they shrank by more, the file is to be renewed with --bless so that the gain
is kept. Counted by valgrind's callgrind on the code of libtcc with AVX2's primitives, as valgrind knows no AVX-512. Where
there is no valgrind nothing is checked, with a word on standard error.
"""

import array
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "../.build-bench/release/nncc-bench-step")
FILE = os.path.join(HERE, "counts.json")
TOLERANCE = 0.02
WORKLOADS = ("mlp", "cnn", "birnn")


def arguments(graph):
    """Name, element type and number of elements of each input and parameter of a graph file."""
    dims = {}
    for line in graph.splitlines():
        if found := re.match(r"dim (\w+) = (\d+)", line):
            dims[found[1]] = int(found[2])
        elif found := re.match(r"(?:input|param) (\w+) : (\w+)\[(.*?)\]", line):
            count = 1
            for size in found[3].split(","):
                for factor in size.split("*"):
                    factor = factor.strip()
                    count *= dims.get(factor) or int(factor)
            yield found[1], found[2], count


def write_values(graph, prefix):
    """Small numbers from a fixed seed; indices are zeros. What is counted hardly depends on them."""
    source = random.Random(1)
    for name, element, count in arguments(graph):
        if element == "i32":
            values = array.array("i", bytes(4 * count))
        else:
            values = array.array("f", (0.1 * (source.random() - 0.5) for _ in range(count)))
        with open(prefix + name + ".bin", "wb") as file:
            values.tofile(file)


def program(folder):
    """The program without debug information, which is newer than what valgrind reads in some versions."""
    copy = os.path.join(folder, "nncc-bench-step")
    subprocess.check_call(["strip", "--strip-debug", "-o", copy, BENCH])
    return copy


def instructions(bench, graph, prefix, steps):
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command = valgrind + [bench, graph, prefix, "tcc", "1", "0.001", "step"]
    # The order of a Swift dictionary, and with it some work, would change from run to run.
    variables = dict(os.environ, NNCC_LEVEL="avx2", SWIFT_DETERMINISTIC_HASHING="1")
    done = subprocess.run(command, input=f"run {steps}\n", env=variables, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"valgrind fails on {graph}:\n{done.stderr[-2000:]}")
    return int(found[1])


def counted(bench, name, folder):
    file = os.path.join(HERE, "Workloads", name + ".graph")
    with open(file) as source:
        graph = source.read()
    prefix = os.path.join(folder, name + ".")
    write_values(graph, prefix)
    first, third = (instructions(bench, file, prefix, steps) for steps in (1, 3))
    return {"first step": first, "step": (third - first) // 2}


def main():
    for tool in ("valgrind", "strip"):
        if not shutil.which(tool):
            print(f"counts are not checked: there is no {tool}", file=sys.stderr)
            return
    with open("/proc/cpuinfo") as file:
        if "avx2" not in file.read():
            print("counts are not checked: this processor has no AVX2", file=sys.stderr)
            return
    with tempfile.TemporaryDirectory() as folder:
        bench = program(folder)
        found = {name: counted(bench, name, folder) for name in WORKLOADS}
    if "--bless" in sys.argv:
        with open(FILE, "w") as file:
            file.write(json.dumps(found, indent=1) + "\n")
    with open(FILE) as file:
        expected = json.load(file)
    grown = False
    for name, counts in found.items():
        for what, count in counts.items():
            before = expected.get(name, {}).get(what, 0)
            change = count / before - 1 if before else float("inf")
            word = "" if abs(change) <= TOLERANCE else "  grown" if change > 0 else "  shrunk: renew with --bless"
            grown = grown or change > TOLERANCE
            print(f"{name:12} {what:10} {count:14,} instructions, {100 * change:+.2f} %{word}")
    if grown:
        sys.exit("there are more instructions than before")


main()
