#!/usr/bin/env python3
"""The peers of the step benchmark: one training step of 784-100-10 at batch 500 in NumPy and PyTorch.

usage: peers.py numpy|torch FOLDER

FOLDER holds x, y, w1, b1, w2 and b2 as raw little-endian float32 files. The protocol, which
`nncc-bench-step` speaks too: a line `run N` on standard input takes N steps and is answered by one
line of JSON, {"seconds": [a number a step], "losses": [a number a step]}, where a step's loss is
the one before its update. A line `name` is answered by the peer's name and version.
"""

import json
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

SHAPES = {"x": (500, 784), "y": (500, 10), "w1": (784, 100), "b1": (100,), "w2": (100, 10), "b2": (10,)}
RATE = 0.1


def load(folder):
    return {
        name: np.fromfile(os.path.join(folder, name + ".f32"), dtype="<f4").reshape(shape)
        for name, shape in SHAPES.items()
    }


def numpy_step(values):
    """The chain rule by hand, in place where that helps: the floor without any compiler."""
    x, y, w1, b1, w2, b2 = (values[name] for name in SHAPES)
    rate, batch = np.float32(RATE), np.float32(x.shape[0])

    def step():
        l1 = x @ w1
        l1 += b1
        np.tanh(l1, out=l1)
        logits = l1 @ w2
        logits += b2
        logits -= logits.max(axis=1, keepdims=True)
        l2 = np.exp(logits)
        sums = l2.sum(axis=1, keepdims=True)
        loss = -(y * (logits - np.log(sums))).sum() / batch
        l2 /= sums
        l2 -= y
        l2 /= batch
        d1 = l2 @ w2.T
        dw2, db2 = l1.T @ l2, l2.sum(axis=0)
        l1 *= l1
        np.subtract(1, l1, out=l1)
        d1 *= l1
        dw1, db1 = x.T @ d1, d1.sum(axis=0)
        for parameter, gradient in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2)):
            gradient *= rate
            parameter -= gradient
        return loss

    return step, "NumPy " + np.__version__


def torch_step(values):
    """Eager PyTorch as its tutorials write it, with the fused optimiser."""
    import torch

    torch.set_num_threads(1)
    tensors = {name: torch.from_numpy(value) for name, value in values.items()}
    parameters = [tensors[name].requires_grad_(True) for name in ("w1", "b1", "w2", "b2")]
    w1, b1, w2, b2 = parameters
    x, y = tensors["x"], tensors["y"]
    optimizer = torch.optim.SGD(parameters, lr=RATE, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        l1 = torch.tanh(torch.addmm(b1, x, w1))
        loss = torch.nn.functional.cross_entropy(torch.addmm(b2, l1, w2), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step, "PyTorch " + torch.__version__ + ", eager"


def main():
    step, name = {"numpy": numpy_step, "torch": torch_step}[sys.argv[1]](load(sys.argv[2]))
    for line in sys.stdin:
        command = line.split()
        if command == ["name"]:
            print(json.dumps({"name": name}), flush=True)
            continue
        seconds, losses = [], []
        for _ in range(int(command[1])):
            start = time.perf_counter()
            loss = step()
            seconds.append(time.perf_counter() - start)
            losses.append(loss)
        print(json.dumps({"seconds": seconds, "losses": [float(loss) for loss in losses]}), flush=True)


main()
