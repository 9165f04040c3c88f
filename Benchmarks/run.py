#!/usr/bin/env python3
"""Measures nncc beside its peers, in one run, and writes tables and a chart.

usage: run.py [--only REGEX] [--peers A,B] [--threads 1,2] [--rounds N] [--quick] [--add] [--docs]

Every peer is a process of its own that waits while another runs. In each round each takes its turn, in an order that
moves on from round to round and turns about, so that what disturbs the machine disturbs all alike. A round's figure is the median of
its samples. Before anything is timed, all must have computed the same, and nncc must give the same bits in both tiers,
with every number of threads, at every step of the measurement: a row where that is not so is refused with an error.

Writes out/results.json (with --quick out/quick.json), out/table.md, out/peers.md and out/chart.svg; with --docs also into
Docs/performance.md.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import chart
import environment
import report
from processes import BENCH, HERE, KINDS, OUT, Failed, Process
from workloads import WORKLOADS, generated_graph

DATA = os.path.join(OUT, "data")
GRAPHS = os.path.join(OUT, "graphs")
CACHE = os.path.join(OUT, "cache")
# What a call must at least take to be timed alone; shorter ones are timed several at once.
SHORTEST = 2e-4
# A process that takes less is started three times a round: the machine's mood is a larger share of it.
BRIEF = 0.25
# The rows' place in the tables.
ORDER = {workload.key: number for number, workload in enumerate(WORKLOADS)}


class Refused(Exception):
    """The peers did not compute the same, or nncc not the same bits."""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Measurement:
    """One workload with one number of threads."""

    def __init__(self, workload, threads, kinds, python, options):
        self.workload, self.threads, self.kinds = workload, threads, kinds
        self.python, self.options = python, options
        self.names, self.times, self.memory, self.notes = {}, {}, {}, {}
        self.checks = {}

    def process(self, kind, cache, limit):
        return Process(kind, self.workload, graph_file(self.workload.graph), DATA, self.threads, self.python, cache, limit)

    def drop(self, kind, failure):
        self.notes[kind.key] = str(failure)
        self.times.pop(kind.key, None)
        say(f"  {kind.label}: {failure}")
        if kind.is_nncc:
            raise Refused(f"{kind.label}: {failure}")

    def check(self, kind, values):
        """Compares what a peer computed with what nncc did, which comes first."""
        self.checks[kind.key] = values
        reference = next(iter(self.checks.values()))
        for mine, its in zip(values, reference):
            if not abs(mine - its) <= self.workload.tolerance * max(abs(its), 1e-30):
                raise Refused(f"{kind.label} computes {mine:.9g}, not {its:.9g}")

    def result(self):
        return {
            "workload": self.workload.key,
            "threads": self.threads,
            "names": self.names,
            "times": self.times,
            "memory": self.memory,
            "checks": self.checks,
            "notes": self.notes,
        }


class Steady(Measurement):
    """Calls of processes that stay. `plan` has how often nncc is called, which is the same for all tiers and threads."""

    def __init__(self, *arguments, plan, history):
        super().__init__(*arguments)
        self.plan, self.history = plan, history
        self.nncc_checks = {}
        self.counts = {}

    def measure(self):
        processes = {}
        try:
            for kind in self.kinds:
                try:
                    processes[kind] = self.process(kind, CACHE, self.options.limit)
                    self.prepare(kind, processes[kind])
                except Failed as failure:
                    processes.pop(kind).stop()
                    self.drop(kind, failure)
            for number in range(self.options.rounds):
                turn = number % len(processes)
                order = list(processes)
                order = order[turn:] + order[:turn]
                # Forwards and backwards, so that none always follows the same one.
                for kind in order if number % 2 == 0 else reversed(order):
                    self.turn(kind, processes)
            self.compare_bits(processes)
            for kind, process in processes.items():
                self.memory[kind.key] = process.peak_memory()
        finally:
            for process in processes.values():
                process.stop()

    def prepare(self, kind, process):
        """The first and the eleventh call compared with the others', warm-up, and how many calls make a round."""
        self.names[kind.key] = process.ask("name")["name"]
        checks = process.run(11)["checks"]
        self.check(kind, [checks[0], checks[10]])
        answer = process.run(3)
        seconds = min(answer["seconds"])
        if kind.is_nncc:
            self.plan.setdefault("counts", self.planned(seconds))
            self.counts[kind.key] = self.plan["counts"]
        else:
            self.counts[kind.key] = self.planned(seconds)
        warm, _, _ = self.counts[kind.key]
        later = process.run(warm)["checks"]
        self.nncc_checks[kind.key] = checks + answer["checks"] + later
        self.times[kind.key] = []

    def planned(self, seconds):
        """Calls to warm up, samples a round and calls a sample, of something that takes so long."""
        calls = max(1, round(SHORTEST / seconds))
        samples = max(1, min(100, round(self.options.turn / (calls * seconds))))
        warm = max(1, round(2 * self.options.turn / seconds))
        return warm, samples, calls

    def turn(self, kind, processes):
        if kind not in processes:
            return
        # Threads of the one before may still spin in wait of work: OpenBLAS's for 2^28 cycles.
        time.sleep(0.01 if self.threads == 1 else 0.1)
        _, samples, calls = self.counts[kind.key]
        try:
            answer = processes[kind].run(samples, calls)
        except Failed as failure:
            processes.pop(kind).stop()
            return self.drop(kind, failure)
        self.times[kind.key].append(statistics.median(answer["seconds"]))
        if kind.is_nncc:
            self.nncc_checks[kind.key] += answer["checks"]

    def compare_bits(self, processes):
        """Every loss, and the parameters at the end, of each tier with each number of threads."""
        for kind, process in processes.items():
            if not kind.is_nncc:
                continue
            bits = process.ask("params")["bits"]
            mine = (kind, self.threads, self.nncc_checks[kind.key], bits)
            self.history.append(mine)
            first = self.history[0]
            if mine[2] != first[2]:
                steps = zip(mine[2], first[2])
                step = next((number for number, (a, b) in enumerate(steps) if a != b), "the last")
                raise Refused(f"{kind.label}, {self.threads} threads: the loss has other bits at sample {step}")
            if mine[3] != first[3]:
                raise Refused(f"{kind.label}, {self.threads} threads: the parameters have other bits at the end")


class Fresh(Measurement):
    """A new process with empty caches for each sample: the time to its first step, or of its compilation."""

    def measure(self):
        rounds = max(2, self.options.rounds // 2)
        kinds = list(self.kinds)
        for kind in kinds:
            self.times[kind.key] = []
        for number in range(rounds):
            # The order moves on, but nncc comes first in the first round, as the others are compared with it.
            turn = number % len(kinds)
            for kind in kinds[turn:] + kinds[:turn]:
                self.sample(kind, number)

    def sample(self, kind, number):
        if kind.key in self.notes or (number > 1 and self.times[kind.key][0] > 5):
            return
        if number > 0 and self.times[kind.key][0] > 20:
            return
        try:
            samples = [self.fresh(kind, number == 0)]
            if samples[0] < BRIEF:
                samples += [self.fresh(kind, False) for _ in range(2)]
            self.times[kind.key].append(statistics.median(samples))
        except Failed as failure:
            self.drop(kind, failure)

    def fresh(self, kind, checks):
        """The seconds that a new process takes; `checks` compares what it computed as well."""
        cache = tempfile.mkdtemp(dir=OUT, prefix="cache-")
        process = self.process(kind, cache, self.options.fresh_limit)
        try:
            answer = process.run(1 if self.workload.kind == "cold" else 4)
            if checks:
                self.check(kind, [answer["checks"][0]])
                self.names[kind.key] = process.ask("name")["name"]
            if self.workload.kind == "cold":
                return answer["at"] - process.started
            first, *later = answer["seconds"]
            return answer["preparation"] + first - statistics.median(later)
        finally:
            process.stop()
            shutil.rmtree(cache, ignore_errors=True)


def graph_file(name):
    file = os.path.join(HERE, "Workloads", name)
    if os.path.exists(file):
        return file
    file = os.path.join(GRAPHS, name)
    if not os.path.exists(file):
        with open(file, "w") as out:
            out.write(generated_graph(name))
    return file


def write_data(python, chosen):
    groups = sorted({workload.data for workload in chosen})
    missing = [group for group in groups if not os.path.exists(os.path.join(DATA, group + ".json"))]
    if missing:
        subprocess.check_call([python, "-m", "peers.data", DATA, *missing], cwd=HERE)


def measured(workload, kinds, python, options):
    """The results of a workload, one for each number of threads."""
    results, plan, history = [], {}, []
    kinds = [kind for kind in kinds if re.fullmatch(kind.does, workload.key)]
    given_up = {}
    for threads in options.threads:
        say(f"{workload.key}, threads: {threads}")
        # Who is over the limit of minutes with one thread is not waited for with two.
        arguments = workload, threads, [kind for kind in kinds if kind.key not in given_up], python, options
        if workload.kind == "steady":
            measurement = Steady(*arguments, plan=plan, history=history)
        else:
            measurement = Fresh(*arguments)
        measurement.notes.update(given_up)
        result = {}
        try:
            measurement.measure()
        except (Refused, Failed) as refusal:
            say(f"  refused: {refusal}")
            result["refused"] = str(refusal)
        if workload.kind == "compile":
            given_up = {key: note for key, note in measurement.notes.items() if note.startswith("over ")}
        results.append({**measurement.result(), **result})
    return results


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    count = len(os.sched_getaffinity(0))
    with open("/proc/meminfo") as file:
        memory = round(int(file.readline().split()[1]) / (1 << 20))
    return f"{model}, {count} core{'s' if count > 1 else ''}, {memory} GiB"


def parsed_options():
    parser = argparse.ArgumentParser(description="nncc beside its peers")
    parser.add_argument("--only", default="", help="a pattern of workloads")
    parser.add_argument("--peers", default="", help="keys, separated by commas; nncc is always there")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, help="turns of each peer")
    parser.add_argument("--quick", action="store_true", help="few short rounds: whether all works, and roughly how fast")
    parser.add_argument("--add", action="store_true", help="keeps the last results of the rows not chosen")
    parser.add_argument("--docs", action="store_true", help="also writes into Docs/performance.md")
    parser.add_argument("--render", action="store_true", help="only writes tables and chart of the last results anew")
    options = parser.parse_args()
    options.threads = [int(count) for count in options.threads.split(",")]
    most = len(os.sched_getaffinity(0))
    for count in options.threads:
        if count > most:
            say(f"{count} threads are left out: there are {most} cores")
    options.threads = [count for count in options.threads if count <= most]
    options.rounds = options.rounds or (5 if options.quick else 12)
    # Seconds that a peer's turn takes, and that it may take to answer.
    options.turn = 0.06 if options.quick else 0.15
    options.limit = 90 if options.quick else 180
    options.fresh_limit = 30 if options.quick else 120
    return options


def main():
    # Ended from outside, it takes its processes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    options = parsed_options()
    # A quick look does not take the place of a whole run's results.
    file = os.path.join(OUT, "quick.json" if options.quick else "results.json")
    if options.render:
        with open(file) as source:
            return write(json.load(source), options)
    if not os.path.exists(BENCH):
        sys.exit("build it first: make bench does, into .build-bench")
    for folder in (DATA, GRAPHS, CACHE):
        os.makedirs(folder, exist_ok=True)
    python = environment.interpreter()
    keys = [key for key in options.peers.split(",") if key]
    kinds = [kind for kind in KINDS if kind.is_nncc or not keys or kind.key in keys]
    packages = dict.fromkeys(["numpy"] + [kind.package for kind in kinds if not kind.is_nncc])
    found = environment.available(python, packages)
    if "numpy" not in found:
        sys.exit("the workloads' numbers are drawn by NumPy")
    kinds = [kind for kind in kinds if kind.is_nncc or kind.package in found]
    chosen = [workload for workload in WORKLOADS if re.search(options.only, workload.key)]
    write_data(python, chosen)
    document = {
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
        "load": os.getloadavg()[0],
        "rounds": options.rounds,
        "quick": options.quick,
        "added": options.add,
        "results": [],
    }
    kept = []
    if options.add:
        with open(file) as source:
            kept = json.load(source)["results"]
    for workload in chosen:
        results = measured(workload, kinds, python, options)
        # Of a row that was there before, the later results.
        rows = {(ORDER[result["workload"]], result["threads"]): result for result in kept + results}
        kept = [rows[place] for place in sorted(rows)]
        document["results"] = kept
        document["load_end"] = os.getloadavg()[0]
        # What has been measured stays, whatever comes.
        with open(file, "w") as out:
            json.dump(document, out, indent=1)
    write(document, options)
    if any("refused" in result for result in document["results"]):
        sys.exit("some rows are refused")


def write(document, options):
    texts = {"table.md": report.table(document), "peers.md": report.peers(document), "chart.svg": chart.svg(document)}
    for name, text in texts.items():
        with open(os.path.join(OUT, name), "w") as out:
            out.write(text)
    print(texts["table.md"])
    if options.docs:
        report.write_docs(texts)


if __name__ == "__main__":
    main()
