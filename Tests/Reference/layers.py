#!/usr/bin/env python3
"""Values and gradients of convolutions, pools, norms, cells, attention and losses, worked out by PyTorch in f64.

usage: layers.py [FILE]    (default: ../RuntimeTests/Fixtures/layers.json; needs numpy and torch)

Each case is an expression of the graph language, its inputs, what it gives, and the gradient of
sum(result * weight) with respect to each input; `weight` is an input as well. With `direction_NAME` among the
inputs the case also holds the forward derivative along it.
"""

import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(7)


def draw(*shape):
    # Few digits, so that the file is short; distinct in a case, so that no maximum is a tie.
    return torch.tensor(np.round(random.standard_normal(shape), 3), dtype=torch.float64)


def case(name, expression, compute, direction=None, **inputs):
    for value in inputs.values():
        if value.dtype == torch.float64:
            value.requires_grad_(True)
    result = compute(**inputs)
    weight = draw(*result.shape)
    floats = {k: v for k, v in inputs.items() if v.dtype == torch.float64}
    gradients = torch.autograd.grad((result * weight).sum(), list(floats.values()))
    tensors = {**inputs, "weight": weight}
    made = {
        "name": name,
        "expression": expression,
        "inputs": {k: plain(v) for k, v in tensors.items()},
        "result": plain(result),
        "gradients": {k: plain(g) for k, g in zip(floats, gradients)},
    }
    if direction:
        v = draw(*inputs[direction].shape)
        others = {k: u.detach() for k, u in inputs.items() if k != direction}
        _, change = torch.func.jvp(
            lambda x: compute(**{direction: x}, **others), (inputs[direction].detach(),), (v,)
        )
        made["direction"] = {"of": direction, "v": plain(v), "change": plain(change)}
    return made


def plain(tensor):
    kind = "bool" if tensor.dtype == torch.bool else "f64"
    values = tensor.detach().numpy().reshape(-1)
    return {"type": kind, "shape": list(tensor.shape), "values": [float(v) for v in values]}


def convolutions():
    one = [(1, 0, 1, 1), (2, 1, 1, 1), (3, 2, 2, 2)]
    for stride, padding, dilation, groups in one:
        arguments = f"stride={stride}, padding={padding}, dilation={dilation}, groups={groups}"
        yield case(
            "conv1d", f"conv1d(x, w, {arguments})",
            lambda x, w: F.conv1d(x, w, None, stride, padding, dilation, groups),
            direction="x", x=draw(2, 4, 9), w=draw(6, 4 // groups, 3))
    two = [
        (1, 0, 1, 1), (2, 1, 1, 1), ([2, 1], [0, 2], 1, 2), (1, 2, 2, 1), ([1, 3], 1, [2, 1], 4),
        (3, [1, 0], [1, 2], 2),
    ]
    for stride, padding, dilation, groups in two:
        arguments = f"stride={stride}, padding={padding}, dilation={dilation}, groups={groups}"
        yield case(
            "conv2d", f"conv2d(x, w, {arguments})",
            lambda x, w: F.conv2d(x, w, None, stride, padding, dilation, groups),
            direction="w", x=draw(2, 4, 6, 7), w=draw(4, 4 // groups, 3, 2))
    yield case(
        "conv2d of one element", "conv2d(x, w, 2)", lambda x, w: F.conv2d(x, w, None, 2),
        x=draw(1, 3, 5, 4), w=draw(2, 3, 1, 1))


def pools():
    for size, stride, padding in [(2, 2, 0), (3, 2, 1), ([2, 3], [1, 2], [1, 0]), (2, 3, 0)]:
        arguments = f"{size}, {stride}, padding={padding}"
        yield case(
            "max_pool2d", f"max_pool2d(x, {arguments})",
            lambda x: F.max_pool2d(x, size, stride, padding), direction="x", x=draw(2, 2, 6, 7))
        yield case(
            "avg_pool2d", f"avg_pool2d(x, {arguments})",
            lambda x: F.avg_pool2d(x, size, stride, padding), direction="x", x=draw(2, 2, 6, 7))


def norms():
    yield case(
        "layer_norm", "layer_norm(x, a, b)", lambda x, a, b: F.layer_norm(x, (5,), a, b),
        direction="x", x=draw(2, 3, 5), a=draw(5), b=draw(5))
    yield case(
        "layer_norm of two axes", "layer_norm(x, a, b, axis=[1, 2], epsilon=0.5)",
        lambda x, a, b: F.layer_norm(x, (3, 5), a, b, 0.5), x=draw(2, 3, 5), a=draw(3, 5),
        b=draw(3, 5))
    yield case(
        "layer_norm of an inner axis", "layer_norm(x, a, b, axis=1)",
        lambda x, a, b: F.layer_norm(x.transpose(1, 2), (3,), a, b).transpose(1, 2),
        x=draw(2, 3, 5), a=draw(3), b=draw(3))
    constant = torch.full((2, 4), 0.1, dtype=torch.float64)
    yield case(
        "layer_norm of constant rows", "layer_norm(x, a, b)",
        lambda x, a, b: F.layer_norm(x, (4,), a, b), x=constant, a=draw(4), b=draw(4))

    # PyTorch's own has no derivative by the mean and the variance.
    def batch_norm(x, a, b, m, v):
        a, b, m, v = [p.reshape(3, 1, 1) for p in (a, b, m, v)]
        return (x - m) / torch.sqrt(v + 1e-5) * a + b

    inputs = dict(
        x=draw(2, 3, 2, 2), a=draw(3), b=draw(3), m=draw(3), v=draw(3).abs() + 0.5)
    own = F.batch_norm(*[inputs[k] for k in "xmvab"])
    assert torch.allclose(batch_norm(**inputs), own, rtol=1e-14)
    yield case(
        "batch_norm", "batch_norm(x, a, b, m, v)", batch_norm, direction="v", **inputs)


def attentions():
    def attention(q, k, v, mask=None):
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores + torch.where(mask, 0.0, -math.inf)
        return torch.softmax(scores, -1) @ v

    yield case(
        "attention", "attention(q, k, v)", attention, direction="k",
        q=draw(2, 3, 4), k=draw(2, 5, 4), v=draw(2, 5, 2))
    mask = torch.tensor([[True, False, False, True], [True] * 4, [False, True, False, False]])
    yield case(
        "attention with a mask", "attention(q, k, v, mask)", attention, direction="q",
        q=draw(2, 3, 4), k=draw(2, 4, 4), v=draw(2, 4, 3), mask=mask)


def cells():
    def rnn(x, h, w, u, b):
        return torch.tanh(x @ w + h @ u + b)

    def lstm(x, h, c, w, u, b):
        cell = torch.lstm_cell(x, (h, c), w.T, u.T, b, torch.zeros_like(b))
        return torch.cat(cell, 1)

    def gru(x, h, w, u, b, c):
        return torch.gru_cell(x, h, w.T, u.T, b, c)

    x, h = lambda: draw(2, 3), lambda: draw(2, 4)
    yield case(
        "rnn_cell", "rnn_cell(x, h, w, u, b)", rnn, direction="h", x=x(), h=h(), w=draw(3, 4),
        u=draw(4, 4), b=draw(4))
    yield case(
        "lstm_cell", "both(x, h, c, w, u, b)", lstm, direction="u", x=x(), h=h(), c=h(),
        w=draw(3, 16), u=draw(4, 16), b=draw(16))
    yield case(
        "gru_cell", "gru_cell(x, h, w, u, b, c)", gru, direction="u", x=x(), h=h(),
        w=draw(3, 12), u=draw(4, 12), b=draw(12), c=draw(12))


def others():
    def sign():
        return torch.sign(draw(3, 4))

    zero = torch.zeros((), dtype=torch.float64)
    yield case(
        "hinge", "hinge(h, y)", lambda h, y: torch.maximum(zero, 1 - y * h).mean(), h=draw(3, 4),
        y=sign())
    yield case(
        "perceptron_loss", "perceptron_loss(h, y)",
        lambda h, y: torch.maximum(zero, -y * h).mean(), h=draw(3, 4), y=sign())
    yield case(
        "softmax of large logits", "softmax(1000 * x)", lambda x: torch.softmax(1000 * x, -1),
        x=torch.tensor([[1.0, -1.0, 0.999], [-1.0, -1.0, -1.0]], dtype=torch.float64))
    yield case(
        "concat", "concat(a, b, a * 2, axis=-1)", lambda a, b: torch.cat([a, b, a * 2], -1),
        direction="a", a=draw(2, 3), b=draw(2, 1))
    yield case(
        "stack", "stack(a, sin(b), axis=1)", lambda a, b: torch.stack([a, torch.sin(b)], 1),
        direction="b", a=draw(2, 3), b=draw(2, 3))
    yield case(
        "split", "halves(x)", lambda x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1], direction="x",
        x=draw(3, 4))
    yield case(
        "pad", "pad(x, [1, 0], [0, 2], value=0.5)", lambda x: F.pad(x, (0, 2, 1, 0), value=0.5),
        direction="x", x=draw(2, 3))
    yield case(
        "reverse", "reverse(x, [0, 2])", lambda x: x.flip([0, 2]), direction="x", x=draw(2, 3, 4))
    yield case(
        "tile", "tile(x, [3, 1, 2])", lambda x: x.repeat(3, 1, 2), direction="x", x=draw(2, 3))


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        HERE, "..", "RuntimeTests", "Fixtures", "layers.json")
    parts = [convolutions(), pools(), norms(), attentions(), cells(), others()]
    cases = [case for part in parts for case in part]
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
