"""PyTensor, Theano's successor and nncc's nearest relative: a symbolic graph, its derivative, C through the C++ compiler."""

import os
import subprocess
import sys

FLAGS = ["floatX=float32", "openmp=False", "warn__ignore_bug_before=all"]
if "NNCC_BENCH_CACHE" in os.environ:
    FLAGS.append("compiledir=" + os.path.join(os.environ["NNCC_BENCH_CACHE"], "pytensor"))
# A path where there is such a library, else the name. Without OpenBLAS it takes NumPy's products.
FOUND = subprocess.run(["g++", "-print-file-name=libopenblas.so"], capture_output=True, text=True).stdout
FLAGS.append("blas__ldflags=" + ("-lopenblas" if "/" in FOUND else ""))
os.environ["PYTENSOR_FLAGS"] = ",".join(FLAGS)

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode

from peers import protocol

MODE = Mode(linker="cvm", optimizer="fast_run")
sys.setrecursionlimit(200_000)


def function(inputs, outputs, **options):
    made = pytensor.function(inputs, outputs, mode=MODE, **options)
    made.trust_input = True
    return made


def mlp_logits(p, x, workload):
    count = len(p) // 2
    for number in range(1, count + 1):
        x = pt.dot(x, p[f"w{number}"]) + p[f"b{number}"]
        if number < count:
            x = pt.maximum(x, np.float32(0)) if workload.data == "mlp_big" else pt.tanh(x)
    return x


def shared(arrays):
    return {name: pytensor.shared(value) for name, value in arrays.items()}


def mlp_train(arrays, workload):
    values = shared(arrays)
    parameters = protocol.parameters(values, "x", "y")
    logits = mlp_logits(parameters, values["x"], workload)
    loss = -(values["y"] * pt.special.log_softmax(logits, axis=1)).sum(axis=1).mean()
    gradients = pytensor.grad(loss, list(parameters.values()))
    rate = np.float32(workload.rate)
    updates = [(p, p - rate * gradient) for p, gradient in zip(parameters.values(), gradients)]
    return function([], loss, updates=updates)


def mlp_infer(arrays, workload):
    parameters = shared(protocol.parameters(arrays, "x", "y"))
    x = pt.fmatrix("x")
    made = function([x], pt.special.softmax(mlp_logits(parameters, x, workload), axis=1))
    return lambda: made(arrays["x"])


def scalar_grad(arrays, workload):
    a, b = pt.fscalars("ab")
    value = pt.sin(a) + a * b
    made = function([a, b], [value, *pytensor.grad(value, [a, b])])
    first, second = (np.array(arrays[name], "float32") for name in ("x1", "x2"))
    return lambda: made(first, second)


def chain(arrays, workload):
    inputs = [pt.fmatrix(name) for name in "xab"]
    x, a, b = inputs
    for number in range(protocol.chain_length(workload)):
        x = x + a if number % 3 == 0 else x * b if number % 3 == 1 else pt.tanh(x)
    loss = x.mean()
    made = function(inputs, [loss, *pytensor.grad(loss, inputs)])
    return lambda: made(arrays["x"], arrays["a"], arrays["b"])


WORKLOADS = {
    "mlp_train": mlp_train,
    "mlp_train_big": mlp_train,
    "mlp_infer_b1": mlp_infer,
    "scalar_grad": scalar_grad,
    "cold": mlp_train,
    **protocol.chains(chain),
}

if __name__ == "__main__":
    protocol.serve("PyTensor " + pytensor.__version__, WORKLOADS)
