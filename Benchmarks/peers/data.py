"""Writes the inputs and first weights of the workloads as raw little-endian files, for all peers and nncc alike.

usage: python -m peers.data FOLDER GROUP ...

FOLDER/GROUP.NAME.bin holds an array in row-major order, float32 or int32; FOLDER/GROUP.json says which arrays there are,
with their types and shapes. The numbers are drawn by NumPy's RandomState, whose streams never change.
"""

import json
import os
import sys

import numpy as np

import workloads

SEED = 20240501


def normal(random, *shape, scale=1.0):
    return (random.standard_normal(shape) * scale).astype("float32")


def zeros(*shape):
    return np.zeros(shape, "float32")


def layers(random, sizes, first=1):
    """Weights [inputs, outputs] of variance 1/inputs, and biases."""
    arrays = {}
    for number, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]), first):
        arrays[f"w{number}"] = normal(random, inputs, outputs, scale=(1 / inputs) ** 0.5)
        arrays[f"b{number}"] = zeros(outputs)
    return arrays


def one_hot(numbers, count):
    return np.eye(count, dtype="float32")[numbers]


def mlp(batch, sizes):
    random = np.random.RandomState(SEED)
    x = random.random_sample((batch, sizes[0])).astype("float32")
    y = one_hot(random.randint(0, sizes[-1], batch), sizes[-1])
    return {"x": x, "y": y, **layers(random, sizes)}


def mlp_infer():
    arrays = mlp(500, (784, 100, 10))
    arrays["x"] = arrays["x"][:1]
    return arrays


def cnn(batch=64):
    random = np.random.RandomState(SEED + 1)
    x = random.random_sample((batch, 1, 28, 28)).astype("float32")
    y = one_hot(random.randint(0, 10, batch), 10)
    w1, w2 = normal(random, 6, 1, 5, 5, scale=0.2), normal(random, 16, 6, 5, 5, scale=0.08)
    convolutions = {"w1": w1, "b1": zeros(6), "w2": w2, "b2": zeros(16)}
    return {"x": x, "y": y, **convolutions, **layers(random, (400, 120, 84, 10), first=3)}


def birnn(batch=32, length=50, embedding=64, hidden=64, vocabulary=1000, tags=10):
    """Of each direction: weights of the input and of the state, gates in the order i, f, g, o, and one bias."""
    random = np.random.RandomState(SEED + 2)
    ids = random.randint(0, vocabulary, (batch, length))
    targets = random.randint(0, tags, (batch, length))
    arrays = {"ids": ids, "targets": targets, "emb": normal(random, vocabulary, embedding, scale=0.5)}
    for direction in "fb":
        arrays["wx" + direction] = normal(random, embedding, 4 * hidden, scale=0.1)
        arrays["wh" + direction] = normal(random, hidden, 4 * hidden, scale=0.1)
        arrays["b" + direction] = zeros(4 * hidden)
    arrays["wo"] = normal(random, 2 * hidden, tags, scale=0.1)
    arrays["bo"] = zeros(tags)
    return arrays


def transformer(batch=16, length=64, width=128, count=4, inner=512, vocabulary=256):
    random = np.random.RandomState(SEED + 3)
    ids = random.randint(0, vocabulary, (batch, length))
    targets = random.randint(0, vocabulary, (batch, length))
    arrays = {"ids": ids, "targets": targets}
    arrays["tok"] = normal(random, vocabulary, width, scale=0.02)
    arrays["pos"] = normal(random, length, width, scale=0.02)
    for layer in range(count):
        for name, value in (
            ("g1", np.ones(width, "float32")),
            ("c1", zeros(width)),
            ("wqkv", normal(random, width, 3 * width, scale=0.02)),
            ("bqkv", zeros(3 * width)),
            ("wo", normal(random, width, width, scale=0.02)),
            ("bo", zeros(width)),
            ("g2", np.ones(width, "float32")),
            ("c2", zeros(width)),
            ("w1", normal(random, width, inner, scale=0.02)),
            ("b1", zeros(inner)),
            ("w2", normal(random, inner, width, scale=0.02)),
            ("b2", zeros(width)),
        ):
            arrays[f"l{layer}_{name}"] = value
    arrays.update(gf=np.ones(width, "float32"), cf=zeros(width), head=normal(random, width, vocabulary, scale=0.02))
    return arrays


def elementwise(count=10_000_000):
    random = np.random.RandomState(SEED + 4)
    return {name: normal(random, count) for name in "abcd"}


def chain():
    random = np.random.RandomState(SEED + 5)
    x, a = normal(random, 64, 64), normal(random, 64, 64, scale=0.1)
    return {"x": x, "a": a, "b": 1 + normal(random, 64, 64, scale=0.1)}


def scalar():
    return {"x1": np.float32(0.7), "x2": np.float32(1.3)}


def product(m, n, k, transposed):
    random = np.random.RandomState(1)
    return {"a": random.rand(*((k, m) if transposed else (m, k))), "b": random.rand(k, n)}


GROUPS = {
    "mlp": lambda: mlp(500, (784, 100, 10)),
    "mlp_big": lambda: mlp(128, (784, 2048, 2048, 10)),
    "mlp_infer": mlp_infer,
    "cnn": cnn,
    "birnn": birnn,
    "transformer": transformer,
    "elementwise": elementwise,
    "chain": chain,
    "scalar": scalar,
    **{"gemm_" + name: (lambda shape=shape: product(*shape)) for name, *shape in workloads.PRODUCTS},
}


def write(folder, group):
    manifest = {}
    for name, value in GROUPS[group]().items():
        value = np.asarray(value)
        value = np.ascontiguousarray(value, "<i4" if value.dtype.kind == "i" else "<f4").reshape(value.shape)
        value.tofile(os.path.join(folder, f"{group}.{name}.bin"))
        manifest[name] = {"type": value.dtype.str, "shape": value.shape}
    with open(os.path.join(folder, group + ".json"), "w") as file:
        json.dump(manifest, file, indent=1)


def load(folder, group):
    """The arrays of a group by name, in the order in which they were written."""
    with open(os.path.join(folder, group + ".json")) as file:
        manifest = json.load(file)
    return {
        name: np.fromfile(os.path.join(folder, f"{group}.{name}.bin"), entry["type"]).reshape(entry["shape"])
        for name, entry in manifest.items()
    }


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for group in sys.argv[2:]:
        write(sys.argv[1], group)
