#!/usr/bin/env python3
"""The numbers in Tests/RuntimeTests/LookupTests.swift and DropoutTests.swift, from NumPy and from the definition.

usage: lookup_reference.py

Look-ups: numpy.take along an axis, and its adjoint, numpy.add.at in f32, whose order of additions shows. Dropout: the first factors
that Docs/numerics.md defines, by Philox 4x32-10 written out in Python's integers.
"""

import math

import numpy as np

MASK = (1 << 32) - 1


def philox(key, block, stream):
    k0, k1 = key & MASK, key >> 32
    c = [block & MASK, block >> 32, stream & MASK, stream >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k0, q & MASK, (p >> 32) ^ c[3] ^ k1, p & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    return value


def kept(rate, seed, step, key, count):
    words = philox(seed, step, fnv1a("dropout step"))
    own = words[1] << 32 | words[0]
    return "".join(
        "0" if philox(own, i // 4, key)[i % 4] < math.ceil(rate * 2**32) else "1" for i in range(count)
    )


def main():
    table = np.arange(24).reshape(2, 3, 4)
    for axis, indices in [(0, [1, 0, 1]), (1, [[2, 0], [1, 1]]), (-1, [3]), (2, 1)]:
        taken = np.take(table, indices, axis=axis)
        print("take", axis, indices, list(taken.shape), taken.ravel().tolist())
    rows = np.zeros((3, 2), np.float32)
    updates = np.array([[1e8, 1], [3, 2], [1, 1e8], [-1e8, -1e8], [1, 1]], np.float32)
    np.add.at(rows, [2, 0, 2, 2, 2], updates)
    print("add.at", rows.ravel().tolist())
    for arguments in [(0.5, 0, 0, 0), (0.5, 0, 0, 1), (0.5, 0, 1, 0), (0.25, 7, 3, 2)]:
        print("kept", arguments, kept(*arguments, 32))


if __name__ == "__main__":
    main()
