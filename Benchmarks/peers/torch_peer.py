"""PyTorch: eager, `torch.compile` of the loss, and `torch.compile` of the whole step with its gradient.

usage: python -m peers.torch_peer WORKLOAD FOLDER eager|compile|full
"""

import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

from peers import protocol

VARIANT = sys.argv[3]
torch.set_num_threads(protocol.THREADS)
torch.set_num_interop_threads(1)
sys.setrecursionlimit(10**6)


def tensors(arrays, requires_grad=False):
    return {name: torch.from_numpy(np.array(value)).requires_grad_(requires_grad) for name, value in arrays.items()}


def array(tensor):
    return tensor.detach().numpy()


def dense(values, p, first, count, activation):
    """Layers number `first` on; all but the last have the activation."""
    for number in range(first, first + count):
        values = torch.addmm(p[f"b{number}"], values, p[f"w{number}"])
        if number < first + count - 1:
            values = activation(values)
    return values


def mlp_logits(p, x, workload):
    return dense(x, p, 1, len(p) // 2, torch.relu if workload.data == "mlp_big" else torch.tanh)


def cnn_logits(p, x):
    values = F.avg_pool2d(torch.tanh(F.conv2d(x, p["w1"], p["b1"], padding=2)), 2)
    values = F.avg_pool2d(torch.tanh(F.conv2d(values, p["w2"], p["b2"])), 2)
    return dense(values.flatten(1), p, 3, 3, torch.tanh)


def lstm_unrolled_loss(p, ids, targets):
    """The cell in Python, step by step, which is what torch.compile can compile."""
    hidden = p["whf"].shape[0]

    def direction(inputs, weights, order):
        h = c = inputs.new_zeros(inputs.shape[1], hidden)
        results = [None] * len(order)
        for number in order:
            i, f, g, o = (inputs[number] + h @ weights).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            results[number] = h
        return torch.stack(results)

    x = F.embedding(ids, p["emb"])
    length = ids.shape[0]
    forward = direction(x @ p["wxf"] + p["bf"], p["whf"], range(length))
    backward = direction(x @ p["wxb"] + p["bb"], p["whb"], range(length - 1, -1, -1))
    values = torch.cat([forward, backward], 2).reshape(-1, 2 * hidden)
    return F.cross_entropy(torch.addmm(p["bo"], values, p["wo"]), targets)


def lstm_module(arrays):
    """torch.nn.LSTM; of its two biases one is trained and the other stays zero."""
    inputs, hidden = arrays["wxf"].shape[0], arrays["whf"].shape[0]
    module = torch.nn.LSTM(inputs, hidden, bidirectional=True)
    with torch.no_grad():
        for direction, suffix in (("f", "_l0"), ("b", "_l0_reverse")):
            getattr(module, "weight_ih" + suffix).copy_(torch.from_numpy(arrays["wx" + direction].T.copy()))
            getattr(module, "weight_hh" + suffix).copy_(torch.from_numpy(arrays["wh" + direction].T.copy()))
            getattr(module, "bias_ih" + suffix).zero_()
            getattr(module, "bias_hh" + suffix).zero_().requires_grad_(False)
    return module


def transformer_loss(p, ids, targets):
    batch, length = ids.shape
    width, heads = p["tok"].shape[1], 4
    x = F.embedding(ids, p["tok"]) + p["pos"]
    for layer in range(4):
        q = lambda name: p[f"l{layer}_{name}"]
        values = F.layer_norm(x, (width,), q("g1"), q("c1"), 1e-5)
        qkv = torch.addmm(q("bqkv"), values.view(-1, width), q("wqkv"))
        qkv = qkv.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        values = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_causal=True)
        values = values.transpose(1, 2).reshape(-1, width)
        x = x + torch.addmm(q("bo"), values, q("wo")).view(batch, length, width)
        values = F.layer_norm(x, (width,), q("g2"), q("c2"), 1e-5)
        values = F.gelu(torch.addmm(q("b1"), values.view(-1, width), q("w1")), approximate="tanh")
        x = x + torch.addmm(q("b2"), values, q("w2")).view(batch, length, width)
    values = F.layer_norm(x, (width,), p["gf"], p["cf"], 1e-5).view(-1, width)
    return F.cross_entropy(values @ p["head"], targets.view(-1))


def trainer(loss, parameters, data, rate, optimizer=torch.optim.SGD):
    """The loss of the parameters and the data, its gradient and the update, by the variant asked for."""
    if VARIANT == "full":
        return whole_step(loss, parameters, data, rate)
    optimizer = optimizer(list(parameters.values()), lr=rate, fused=True)
    function = torch.compile(loss) if VARIANT == "compile" else loss

    def step():
        optimizer.zero_grad(set_to_none=True)
        value = function(parameters, *data)
        value.backward()
        optimizer.step()
        return value

    return step


def whole_step(loss, parameters, data, rate):
    def update(parameters, *data):
        gradients, value = torch.func.grad_and_value(loss)(parameters, *data)
        return {name: p - rate * gradients[name] for name, p in parameters.items()}, value

    function = torch.compile(update)
    state = [{name: value.detach() for name, value in parameters.items()}]

    def step():
        with torch.no_grad():
            state[0], value = function(state[0], *data)
        return value

    return step


def integers(values):
    return torch.from_numpy(np.ascontiguousarray(values, "int64"))


def mlp_train(arrays, workload):
    parameters = tensors(protocol.parameters(arrays, "x", "y"), requires_grad=True)
    data = tensors({"x": arrays["x"], "y": arrays["y"]})
    loss = lambda p, x, y: F.cross_entropy(mlp_logits(p, x, workload), y)
    return trainer(loss, parameters, (data["x"], data["y"]), workload.rate)


def cnn_train(arrays, workload):
    parameters = tensors(protocol.parameters(arrays, "x", "y"), requires_grad=True)
    data = tensors({"x": arrays["x"], "y": arrays["y"]})
    loss = lambda p, x, y: F.cross_entropy(cnn_logits(p, x), y)
    return trainer(loss, parameters, (data["x"], data["y"]), workload.rate)


def birnn_train(arrays, workload):
    """Eager is nn.LSTM; compiled is the unrolled cell."""
    ids, targets = integers(arrays["ids"].T), integers(arrays["targets"].T.reshape(-1))
    if VARIANT != "eager":
        parameters = tensors(protocol.parameters(arrays, "ids", "targets"), requires_grad=True)
        return trainer(lstm_unrolled_loss, parameters, (ids, targets), workload.rate)
    module = lstm_module(arrays)
    outer = tensors({name: arrays[name] for name in ("emb", "wo", "bo")}, requires_grad=True)
    inner = {name: value for name, value in module.named_parameters() if value.requires_grad}

    def loss(p, ids, targets):
        values, _ = module(F.embedding(ids, p["emb"]))
        return F.cross_entropy(torch.addmm(p["bo"], values.reshape(-1, values.shape[2]), p["wo"]), targets)

    return trainer(loss, {**outer, **inner}, (ids, targets), workload.rate)


def transformer_train(arrays, workload):
    parameters = tensors(protocol.parameters(arrays, "ids", "targets"), requires_grad=True)
    data = integers(arrays["ids"]), integers(arrays["targets"])
    return trainer(transformer_loss, parameters, data, workload.rate, torch.optim.Adam)


def caller(function, *arguments):
    function = torch.compile(function) if VARIANT == "compile" else function

    def step():
        with torch.inference_mode():
            return function(*arguments)

    return step


def mlp_infer(arrays, workload):
    p, x = tensors(protocol.parameters(arrays, "x", "y")), torch.from_numpy(arrays["x"])
    return caller(lambda p, x: torch.softmax(mlp_logits(p, x, workload), 1), p, x)


def cnn_infer(arrays, workload):
    p, x = tensors(protocol.parameters(arrays, "x", "y")), torch.from_numpy(arrays["x"])
    return caller(lambda p, x: torch.softmax(cnn_logits(p, x), 1), p, x)


def elementwise(arrays, workload):
    """Eager in place, which saves it the memory traffic of four new arrays."""
    a, b, c, d = (torch.from_numpy(arrays[name]) for name in "abcd")
    if VARIANT == "compile":
        return caller(lambda a, b, c, d: torch.tanh(a * b + c) * torch.sigmoid(d), a, b, c, d)
    y, gate = torch.empty_like(a), torch.empty_like(a)

    def step():
        torch.mul(a, b, out=y)
        y.add_(c).tanh_()
        torch.sigmoid(d, out=gate)
        return y.mul_(gate)

    return caller(step)


def product(arrays, workload):
    a, b = torch.from_numpy(arrays["a"]), torch.from_numpy(arrays["b"])
    a = a.t() if protocol.is_transposed(workload) else a
    c = torch.empty(a.shape[0], b.shape[1])
    return caller(lambda: torch.mm(a, b, out=c))


def scalar_grad(arrays, workload):
    function = lambda a, b: torch.sin(a) + a * b
    a, b = (torch.tensor(float(arrays[name]), requires_grad=True) for name in ("x1", "x2"))
    if VARIANT == "full":
        whole = torch.compile(torch.func.grad_and_value(function, argnums=(0, 1)))
        first, second = a.detach(), b.detach()

        def step():
            with torch.no_grad():
                gradients, value = whole(first, second)
            return (value, *gradients)

        return step
    function = torch.compile(function) if VARIANT == "compile" else function

    def step():
        value = function(a, b)
        return (value, *torch.autograd.grad(value, (a, b)))

    return step


def chain(arrays, workload):
    count = protocol.chain_length(workload)
    x, a, b = tensors(arrays, requires_grad=True).values()

    def loss(x, a, b):
        for number in range(count):
            x = x + a if number % 3 == 0 else x * b if number % 3 == 1 else torch.tanh(x)
        return x.mean()

    function = torch.compile(loss)

    def step():
        value = function(x, a, b)
        return (value, *torch.autograd.grad(value, (x, a, b)))

    return step


EVERY = {
    "mlp_train": mlp_train,
    "mlp_train_big": mlp_train,
    "cnn_train": cnn_train,
    "cnn_infer": cnn_infer,
    "birnn_train": birnn_train,
    "transformer_train": transformer_train,
    "elementwise": elementwise,
    "mlp_infer_b1": mlp_infer,
    "scalar_grad": scalar_grad,
    "cold": mlp_train,
}
WORKLOADS = {
    "eager": {**EVERY, **protocol.gemms(product)},
    "compile": {**EVERY, "compile_lstm": birnn_train, **protocol.chains(chain)},
    "full": EVERY,
}

if __name__ == "__main__":
    names = {"eager": "eager", "compile": "compile", "full": "compile, whole step"}
    protocol.serve(f"PyTorch {torch.__version__} {names[VARIANT]}", WORKLOADS[VARIANT], array)
