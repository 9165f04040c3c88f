#!/usr/bin/env python3
"""Times one training step of the 784-100-10 network at batch 500, on one thread, side by side:
nncc on libtcc, nncc on the system's C compiler, NumPy and eager PyTorch.

usage: step.py [--rounds N] [--steps N] [--core N] [--without PEER ...] [--bench PROGRAM]

Every peer is a process of its own, pinned to the same core and waiting while another runs. In each
round each takes the same number of steps, in an order that turns from round to round, so that what
disturbs the machine disturbs all alike. A round's figure is the median of its steps; the table
shows the median and quartiles over the rounds of these, and of their ratios round by round. All
must show the same loss at the first and the eleventh step before anything is timed.

NumPy and PyTorch are installed into Benchmarks/.venv when first needed. The table is also written
to Benchmarks/out/step.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
OUT = os.path.join(HERE, "out")
BENCH = os.path.join(HERE, "../.build/release/nncc-bench-step")
# The default wheel of PyTorch needs CUDA's libraries; this one is for the processor alone.
TORCH = "torch==2.13.0+cpu"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
REFERENCE = "torch"


def enter_environment():
    """Continues in the virtual environment, which is made first where it is missing."""
    python = os.path.join(VENV, "bin/python")
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        if not os.path.exists(python):
            subprocess.check_call([sys.executable, "-m", "venv", VENV])
        os.execv(python, [python] + sys.argv)
    try:
        import numpy  # noqa: F401
    except ImportError:
        subprocess.check_call([python, "-m", "pip", "install", "--quiet", "numpy"])


def has_torch():
    check = [sys.executable, "-c", "import torch"]
    if subprocess.run(check, stderr=subprocess.DEVNULL).returncode == 0:
        return True
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    for package in ([TORCH], ["--index-url", TORCH_INDEX, "torch"]):
        if subprocess.run(install + package).returncode == 0:
            return subprocess.run(check).returncode == 0
    return False


def dump(folder):
    """Inputs and first weights as raw float32 files."""
    import numpy as np

    random = np.random.RandomState(20240501)
    values = {"x": random.random_sample((500, 784))}
    values["y"] = np.eye(10)[random.randint(0, 10, 500)]
    for number, (inputs, outputs) in enumerate([(784, 100), (100, 10)], 1):
        values[f"w{number}"] = random.standard_normal((inputs, outputs)) / np.sqrt(inputs)
        values[f"b{number}"] = np.zeros(outputs)
    os.makedirs(folder, exist_ok=True)
    for name, value in values.items():
        value.astype("<f4").tofile(os.path.join(folder, name + ".f32"))


class Peer:
    def __init__(self, key, command, core):
        self.key = key
        self.medians = []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self.name = self.ask("name")["name"]

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            sys.exit(f"{self.key} ended with status {self.process.wait()}")
        return json.loads(line)

    def run(self, steps):
        return self.ask(f"run {steps}")


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def check_losses(peers):
    print("| peer | loss at step 1 | at step 11 |\n| --- | ---: | ---: |")
    found = []
    for peer in peers:
        losses = peer.run(11)["losses"]
        found.append((losses[0], losses[10]))
        print(f"| {peer.name} | {losses[0]:.6f} | {losses[10]:.6f} |")
    print()
    for column in zip(*found):
        if max(column) - min(column) > 2e-5 * max(1, max(column)):
            sys.exit("the losses differ: these are not the same computation")


def table(peers):
    reference = next((peer for peer in peers if peer.key == REFERENCE), peers[0])
    lines = [
        f"| peer | ms a step (quartiles) | time relative to {reference.name} (quartiles) |",
        "| --- | ---: | ---: |",
    ]
    for peer in peers:
        low, middle, high = quartiles([1e3 * value for value in peer.medians])
        ratios = [mine / its for mine, its in zip(peer.medians, reference.medians)]
        least, ratio, most = quartiles(ratios)
        lines.append(
            f"| {peer.name} | {middle:.3f} ({low:.3f} to {high:.3f}) | {ratio:.3f} ({least:.3f} to {most:.3f}) |"
        )
    keys = {peer.key: peer for peer in peers}
    if "tcc" in keys and "cc" in keys:
        pairs = zip(keys["tcc"].medians, keys["cc"].medians)
        least, ratio, most = quartiles([a / b for a, b in pairs])
        lines += ["", f"libtcc takes {ratio:.3f} ({least:.3f} to {most:.3f}) of the C compiler's time."]
    return "\n".join(lines)


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start"


def main():
    parser = argparse.ArgumentParser(description="one training step, side by side")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--steps", type=int, default=30, help="steps a peer takes in a round")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    parser.add_argument("--without", nargs="*", default=[], help="peers to leave out")
    parser.add_argument("--bench", default=BENCH, help="the nncc-bench-step to use")
    options = parser.parse_args()
    enter_environment()
    data = os.path.join(OUT, "step-data")
    dump(data)
    scripts = [sys.executable, os.path.join(HERE, "peers.py")]
    commands = {
        "tcc": [options.bench, data, "tcc"],
        "cc": [options.bench, data, "cc"],
        "numpy": scripts + ["numpy", data],
        "torch": scripts + ["torch", data],
    }
    for key in options.without:
        commands.pop(key, None)
    if "torch" in commands and not has_torch():
        print("PyTorch cannot be installed here and is left out", file=sys.stderr)
        del commands["torch"]
    heading = f"{machine()}; {options.rounds} rounds of {options.steps} steps on one thread"
    peers = [Peer(key, command, options.core) for key, command in commands.items()]
    check_losses(peers)
    for peer in peers:
        peer.run(50)
    for number in range(options.rounds):
        turn = number % len(peers)
        for peer in peers[turn:] + peers[:turn]:
            peer.medians.append(statistics.median(peer.run(options.steps)["seconds"]))
    text = table(peers)
    print(heading + "\n\n" + text)
    with open(os.path.join(OUT, "step.md"), "w") as file:
        file.write(heading + "\n\n" + text + "\n")
    for peer in peers:
        peer.process.stdin.close()
        peer.process.wait()


main()
