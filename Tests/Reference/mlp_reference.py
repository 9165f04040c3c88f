#!/usr/bin/env python3
"""Gradients of the 784-100-10 network at batch 500, worked out by NumPy with the chain rule by hand.

usage: mlp_reference.py [FILE]    (default: ../RuntimeTests/Fixtures/mlp_reference.npz)

    l1   = tanh(x @ w1 + b1)
    l2   = softmax(l1 @ w2 + b2)
    cost = -mean(sum(y * log(l2), axis=1))

Inputs and weights are not stored: both sides make them from the same integer hash (`uniform`
below, `ReferenceRecipe` in the tests), exactly. Of the gradients, which are computed in f64, the
file holds the sum, the Euclidean norm, the greatest magnitude and up to 2,000 entries with their
indices.
"""

import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH, INPUTS, HIDDEN, CLASSES = 500, 784, 100, 10
SAMPLES = 2000


def hashed(stream, count):
    """`count` 32-bit words: MurmurHash3's finaliser over stream * 2^24 + 0, 1, 2, ..."""
    word = (np.arange(count, dtype=np.uint32) + np.uint32(stream << 24)).astype(np.uint32)
    word ^= word >> np.uint32(16)
    word *= np.uint32(0x85EBCA6B)
    word ^= word >> np.uint32(13)
    word *= np.uint32(0xC2B2AE35)
    word ^= word >> np.uint32(16)
    return word


def uniform(stream, shape, limit=None):
    """Multiples of 2^-24 in [0, 1), or scaled to [-limit, limit) in f64; rounded to f32."""
    unit = (hashed(stream, int(np.prod(shape))) >> np.uint32(8)).astype(np.float64) * 2.0**-24
    if limit is not None:
        unit = (2.0 * unit - 1.0) * limit
    return unit.astype(np.float32).reshape(shape)


def glorot(inputs, outputs):
    return np.sqrt(6.0 / (inputs + outputs))


def problem():
    values = {
        "x": uniform(1, (BATCH, INPUTS)),
        "w1": uniform(2, (INPUTS, HIDDEN), glorot(INPUTS, HIDDEN)),
        "b1": uniform(3, (1, HIDDEN), 0.1),
        "w2": uniform(4, (HIDDEN, CLASSES), glorot(HIDDEN, CLASSES)),
        "b2": uniform(5, (1, CLASSES), 0.1),
    }
    labels = hashed(6, BATCH) % np.uint32(CLASSES)
    values["y"] = np.eye(CLASSES, dtype=np.float32)[labels]
    return values


def gradients(values, dtype):
    x, y, w1, b1, w2, b2 = (values[k].astype(dtype) for k in ("x", "y", "w1", "b1", "w2", "b2"))
    l1 = np.tanh(x @ w1 + b1)
    logits = l1 @ w2 + b2
    logits = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    l2 = exponentials / exponentials.sum(axis=1, keepdims=True)
    cost = -np.mean(np.sum(y * np.log(l2), axis=1))
    d2 = (l2 - y) / dtype(BATCH)
    d1 = (d2 @ w2.T) * (1 - l1 * l1)
    return cost, {
        "w1": x.T @ d1,
        "b1": d1.sum(axis=0, keepdims=True),
        "w2": l1.T @ d2,
        "b2": d2.sum(axis=0, keepdims=True),
    }


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../RuntimeTests/Fixtures/mlp_reference.npz")
    values = problem()
    cost, exact = gradients(values, np.float64)
    cost32, single = gradients(values, np.float32)
    print(f"loss {cost:.17g}, in f32 {cost32:.9g}")
    arrays = {"loss": np.float64(cost)}
    for name, value in values.items():
        arrays[f"{name}:checksum"] = np.float64(value.astype(np.float64).sum())
    for number, (name, gradient) in enumerate(exact.items()):
        flat = gradient.reshape(-1)
        indices = np.arange(flat.size)
        if flat.size > SAMPLES:
            indices = np.unique(hashed(16 + number, SAMPLES) % np.uint32(flat.size))
        arrays[f"{name}:sum"] = flat.sum()
        arrays[f"{name}:norm"] = np.sqrt((flat * flat).sum())
        arrays[f"{name}:greatest"] = np.abs(flat).max()
        arrays[f"{name}:indices"] = indices.astype(np.int32)
        arrays[f"{name}:entries"] = flat[indices]
        error = np.abs(single[name].astype(np.float64) - gradient)
        print(
            f"{name}: norm {arrays[name + ':norm']:.6g}, NumPy's f32 is off by {error.max() / np.abs(gradient).max():.2g}"
            f" of the greatest, {(error / np.abs(gradient)).max():.2g} of the entry itself at worst"
        )
    np.savez_compressed(path, **arrays)
    print(f"{os.path.getsize(path)} bytes in {path}")


main()
