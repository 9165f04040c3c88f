#!/usr/bin/env python3
"""Holds what Docs/language.md says of JAX, in the table of bad points, against JAX.

usage: language_bad_points.py

Runs each expression of the table in float32, as written, with jax.numpy and jax.nn, and the
derivative of the sum of what it gives. Exits 1 where the page says something else. Needs JAX.
"""

import math
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Docs", "language.md")

NAMES = {
    "softmax": jax.nn.softmax, "log_softmax": jax.nn.log_softmax, "log": jnp.log, "exp": jnp.exp,
    "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "sqrt": jnp.sqrt, "sum": jnp.sum,
    "logsumexp": jax.scipy.special.logsumexp, "norm": jnp.linalg.norm, "std": jnp.std,
    "where": jnp.where, "asin": jnp.arcsin, "prod": jnp.prod, "pow": jnp.power,
    "atan2": jnp.arctan2, "abs": jnp.abs, "maximum": jnp.maximum, "relu": jax.nn.relu,
    "binary_cross_entropy": lambda p, y: jnp.mean(
        -(jnp.array(y) * jnp.log(p) + (1 - jnp.array(y)) * jnp.log1p(-p))),
}  # fmt: skip


def value(text):
    return np.array(eval(text, {"nan": math.nan, "inf": math.inf}), dtype=np.float32)


def main():
    with open(PAGE, encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("| `")]
    count = differences = 0
    for row in rows:
        cells = [cell.strip().strip("`") for cell in row.split("|")[1:-1]]
        if len(cells) != 6 or "`" not in row.split("|")[3]:
            continue
        expression, x = cells[0], value(cells[1])
        f = lambda x: eval(expression.replace("^", "**"), {**NAMES, "x": x})  # noqa: E731
        found = [f(jnp.array(x)), jax.grad(lambda x: jnp.sum(f(x)))(jnp.array(x))]
        for ours, theirs, jaxs in zip(cells[2:4], cells[4:6], found):
            count += 1
            expected = value(ours if theirs == "the same" else theirs)
            if not np.allclose(jaxs, expected, 1e-5, 1e-6, equal_nan=True):
                differences += 1
                print(f"{expression} at {cells[1]}: the page says {expected}, JAX {jaxs}")
    print(f"{count} numbers compared with JAX {jax.__version__}, {differences} differ")
    return 1 if differences or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
