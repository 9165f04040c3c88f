"""What the peers have in common: they answer lines on standard input by lines of JSON, as nncc-bench-step does.

    name        {"name": the peer and its version}
    run N [M]   N samples of M calls each: {"seconds": [of one call, ...], "checks": [...],
                "preparation": seconds from the data to a step that can be called, "at": the clock at the end}

A peer's file has a function a workload, which takes the arrays by name and gives `step`, a function without arguments
that does one call, complete when it returns. What `step` gives is turned into one number by `check` outside the time:
of a training step the loss before its update, else the sum of squares over the first thousand elements of each result.

The number of threads is in the environment and in the process's affinity when a peer starts; see processes.py.
"""

import gc
import json
import os
import sys
import time

import numpy as np

import workloads
from peers import data

THREADS = int(os.environ.get("NNCC_BENCH_THREADS", "1"))
# Peers that import quietly or not at all must not mix their words with the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def check(result, array):
    """One number of what a call gave; `array` makes a NumPy array of a peer's own kind."""
    if not isinstance(result, (tuple, list)):
        result = (result,)
    arrays = [np.asarray(array(value), "float64").reshape(-1)[:1000] for value in result]
    return float(sum((values * values).sum() for values in arrays))


def run(step, samples, calls, value):
    seconds, checks = [], []
    for _ in range(samples):
        start = time.perf_counter()
        for _ in range(calls):
            result = step()
        seconds.append((time.perf_counter() - start) / calls)
        checks.append(value(result))
    return seconds, checks


def answer(fields):
    print(json.dumps(fields), file=answers, flush=True)


def serve(name, builders, array=np.asarray):
    """Serves the workload that the command line names: `WORKLOAD FOLDER`.

    `builders` has a function for each workload that the peer can do. It takes the arrays and the workload.
    """
    workload = workloads.workload(sys.argv[1])
    arrays = data.load(sys.argv[2], workload.data)
    start = time.perf_counter()
    step = builders[workload.key](arrays, workload)
    preparation = time.perf_counter() - start

    def value(result):
        return float(array(result)) if workload.part == "step" else check(result, array)

    gc.disable()
    for line in sys.stdin:
        words = line.split()
        if words[0] == "name":
            answer({"name": name})
        elif words[0] == "run":
            calls = int(words[2]) if len(words) > 2 else 1
            seconds, checks = run(step, int(words[1]), calls, value)
            at = time.monotonic()
            # Before the answer: after it another peer's turn begins, on the same core.
            gc.collect()
            answer({"seconds": seconds, "checks": checks, "preparation": preparation, "at": at})


def gemms(builder):
    """The same builder for every product."""
    return {"gemm_" + shape[0]: builder for shape in workloads.PRODUCTS}


def chains(builder):
    """The same builder for every chain."""
    return {f"chain_{count}": builder for count in workloads.CHAINS}


def is_transposed(workload):
    return workloads.product(workload.key)[3]


def chain_length(workload):
    return int(workload.key.removeprefix("chain_"))


def parameters(arrays, *data_names):
    """The arrays but for those named: the parameters, in order."""
    return {name: value for name, value in arrays.items() if name not in data_names}
