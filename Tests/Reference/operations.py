#!/usr/bin/env python3
"""Values, gradients and forward derivatives of the rows of operations.txt, worked out by JAX in f64.

usage: operations.py [FILE]    (default: ../RuntimeTests/Fixtures/operations.json; needs jax)

Each row gives one object: its inputs; what it gives; and where that is a float, the gradient of
sum(result * weight) with respect to each input of floats, where `weight` is one more input, and the
change of the result along the directions.
"""

import json
import math
import os
import re
import sys

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(11)


# What rows call that JAX has under another name, or not at all.


def axes(value, count):
    return tuple(value) if isinstance(value, tuple) else (value,) * count


def conv(x, w, stride=1, padding=0, dilation=1, groups=1):
    count = x.ndim - 2
    names = "NCHW"[: x.ndim], "OIHW"[: x.ndim], "NCHW"[: x.ndim]
    return jax.lax.conv_general_dilated(
        x, w, axes(stride, count), [(p, p) for p in axes(padding, count)],
        rhs_dilation=axes(dilation, count), feature_group_count=groups, dimension_numbers=names)


def pool(x, size, stride, padding, initial, combine):
    sides = [(0, 0), (0, 0)] + [(p, p) for p in axes(padding, 2)]
    return jax.lax.reduce_window(
        x, initial, combine, (1, 1) + axes(size, 2), (1, 1) + axes(stride, 2), sides)


def max_pool(x, size, stride, padding=0):
    return pool(x, size, stride, padding, -jnp.inf, jax.lax.max)


def avg_pool(x, size, stride, padding=0):
    return pool(x, size, stride, padding, 0.0, jax.lax.add) / math.prod(axes(size, 2))


def heavy_ball(w, g, v, beta, is_nesterov):
    velocity = beta * v + g
    return jnp.concatenate([w - 0.1 * (g + beta * velocity if is_nesterov else velocity), velocity])


def scaled(w, g, s, sums, epsilon):
    return jnp.concatenate([w - 0.1 * g / (jnp.sqrt(sums) + epsilon), sums])


def adam(w, g, m, v, decay):
    """The third step, with the decay beside the gradient."""
    mean, variance = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ratio = (mean / (1 - 0.9**3)) / (jnp.sqrt(variance / (1 - 0.999**3)) + 1e-8)
    return jnp.concatenate([w - 0.1 * (ratio + decay * w), mean, variance])


def lion(w, g, m, decay):
    return jnp.concatenate([w - 0.1 * (jnp.sign(0.9 * m + 0.1 * g) + decay * w), 0.99 * m + 0.01 * g])


def layer_norm(x, scale, offset, axis, epsilon=1e-5):
    mean, variance = jnp.mean(x, axis, keepdims=True), jnp.var(x, axis, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + epsilon) * scale + offset


def batch_norm(x, *parameters):
    scale, offset, mean, variance = (p.reshape(-1, 1, 1) for p in parameters)
    return (x - mean) / jnp.sqrt(variance + 1e-5) * scale + offset


def attention(q, k, v, mask=True):
    scores = q @ jnp.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    return jax.nn.softmax(jnp.where(mask, scores, -jnp.inf)) @ v


def lstm(x, h, c, w, u, b):
    i, f, g, o = jnp.split(x @ w + h @ u + b, 4, 1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jnp.concatenate([jax.nn.sigmoid(o) * jnp.tanh(c), c], 1)


def gru(x, h, w, u, b, c):
    (xr, xz, xn), (hr, hz, hn) = jnp.split(x @ w + b, 3, 1), jnp.split(h @ u + c, 3, 1)
    z = jax.nn.sigmoid(xz + hz)
    new = jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn)
    return (1 - z) * new + z * h


def running(x, w):
    def body(h, x_t):
        h = jnp.tanh(x_t + h @ w)
        return h, h * x_t

    last, ys = jax.lax.scan(body, jnp.zeros(2), x)
    return jnp.concatenate([ys, last[None]])


def nested(x):
    def row(total, values):
        inner = 0.0
        for value in values:
            inner = inner + jnp.sin(inner + value)
        total = total * inner + jnp.sum(values)
        return total, total

    return jax.lax.scan(row, 0.0, x)[1]


# The table.


def draw(text):
    match = re.fullmatch(r"(\w+)(?::(\w+))?\[([\d, ]*)\]\s*(.*)", text)
    name, kind, shape, domain = match.groups()
    shape = [int(n) for n in shape.split(",") if n.strip()]
    if kind == "bool":
        values = random.integers(0, 2, shape).astype(bool)
        if domain:
            values[..., 0] = True
        return name, values
    low, high = (float(end) for end in domain.split(".."))
    if kind:
        return name, random.integers(int(low), int(high) + 1, shape).astype(kind.replace("i", "int"))
    # Few digits, so that the file is short; none is an end of its domain, which may be a corner.
    return name, np.round(low + (high - low) * random.uniform(0.01, 0.99, shape), 3)


def plain(array):
    array = np.asarray(array)
    kinds = {"bool": "bool", "int32": "i32", "int64": "i64", "float32": "f32", "float64": "f64"}
    values = [float(v) for v in array.reshape(-1)]
    return {"type": kinds[str(array.dtype)], "shape": list(array.shape), "values": values}


def case(line):
    name, expression, python, inputs = (part.strip() for part in line.split(" |"))
    tensors = dict(draw(text.strip()) for text in inputs.split(";") if text.strip())
    compute = eval(f"lambda {', '.join(tensors)}: {python}", globals())
    result = compute(**{k: jnp.asarray(v) for k, v in tensors.items()})
    made = {
        "name": name, "expression": expression, "inputs": {k: plain(v) for k, v in tensors.items()},
        "result": plain(result), "gradients": {}, "directions": {},
    }
    floats = [k for k, v in tensors.items() if v.dtype == np.float64]
    if result.dtype != jnp.float64 or not floats:
        return made
    others = {k: jnp.asarray(v) for k, v in tensors.items() if k not in floats}

    def differentiable(*values):
        return compute(**dict(zip(floats, values)), **others)

    points = [jnp.asarray(tensors[k]) for k in floats]
    weight = np.round(random.uniform(-1, 1, result.shape), 3)
    gradients = jax.vjp(differentiable, *points)[1](jnp.asarray(weight))
    directions = [jnp.asarray(np.round(random.uniform(-1, 1, p.shape), 3)) for p in points]
    change = jax.jvp(differentiable, points, directions)[1]
    made["weight"] = plain(weight)
    made["gradients"] = {k: plain(g) for k, g in zip(floats, gradients)}
    made["directions"] = {k: plain(d) for k, d in zip(floats, directions)}
    made["change"] = plain(change)
    return made


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        HERE, "..", "RuntimeTests", "Fixtures", "operations.json")
    with open(os.path.join(HERE, "operations.txt")) as file:
        lines = [line for line in file.read().splitlines() if line and not line.startswith("#")]
    cases = [case(line) for line in lines]
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
