"""JAX: the whole step under `jax.jit`, parameters donated and kept on the device, every call waited for."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers import protocol


def cross_entropy(logits, y):
    return -(y * jax.nn.log_softmax(logits)).sum(1).mean()


def dense(values, parameters, first, count, activation):
    """Layers number `first` on; all but the last have the activation."""
    for number in range(first, first + count):
        values = values @ parameters[f"w{number}"] + parameters[f"b{number}"]
        if number < first + count - 1:
            values = activation(values)
    return values


def mlp_logits(parameters, x, workload):
    activation = jax.nn.relu if workload.data == "mlp_big" else jnp.tanh
    return dense(x, parameters, 1, len(parameters) // 2, activation)


def cnn_logits(parameters, x):
    def convolution(values, number, padding):
        values = lax.conv_general_dilated(
            values, parameters[f"w{number}"], (1, 1), [(padding, padding)] * 2, dimension_numbers=("NCHW", "OIHW", "NCHW")
        )
        values = jnp.tanh(values + parameters[f"b{number}"][:, None, None])
        return lax.reduce_window(values, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") * 0.25

    values = convolution(convolution(x, 1, 2), 2, 0).reshape(x.shape[0], -1)
    return dense(values, parameters, 3, 3, jnp.tanh)


def birnn_loss(parameters, ids, y):
    """`lax.scan`, the products with the inputs hoisted out of the loop."""
    hidden = parameters["whf"].shape[0]
    zero = jnp.zeros((ids.shape[1], hidden))

    def direction(inputs, weights, reverse):
        def cell(state, x):
            h, c = state
            i, f, g, o = jnp.split(x + h @ weights, 4, 1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        return lax.scan(cell, (zero, zero), inputs, reverse=reverse)[1]

    x = parameters["emb"][ids]
    forward = direction(x @ parameters["wxf"] + parameters["bf"], parameters["whf"], False)
    backward = direction(x @ parameters["wxb"] + parameters["bb"], parameters["whb"], True)
    values = jnp.concatenate([forward, backward], 2).reshape(-1, 2 * hidden)
    return cross_entropy(values @ parameters["wo"] + parameters["bo"], y)


def transformer_loss(parameters, ids, targets):
    batch, length = ids.shape
    width, heads = parameters["tok"].shape[1], 4

    def layer_norm(x, scale, shift):
        mean = x.mean(-1, keepdims=True)
        variance = ((x - mean) ** 2).mean(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + shift

    mask = jnp.tril(jnp.ones((length, length), bool))
    x = parameters["tok"][ids] + parameters["pos"]
    for layer in range(4):
        p = lambda name: parameters[f"l{layer}_{name}"]
        qkv = layer_norm(x, p("g1"), p("c1")) @ p("wqkv") + p("bqkv")
        q, k, v = qkv.reshape(batch, length, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
        scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) * (width // heads) ** -0.5
        attention = jax.nn.softmax(jnp.where(mask, scores, -1e9), -1)
        values = jnp.einsum("bhqk,bhkd->bhqd", attention, v).transpose(0, 2, 1, 3).reshape(batch, length, width)
        x = x + values @ p("wo") + p("bo")
        inner = jax.nn.gelu(layer_norm(x, p("g2"), p("c2")) @ p("w1") + p("b1"), approximate=True)
        x = x + inner @ p("w2") + p("b2")
    logs = jax.nn.log_softmax(layer_norm(x, parameters["gf"], parameters["cf"]) @ parameters["head"])
    return -jnp.take_along_axis(logs, targets[..., None], -1).mean()


def descent(parameters, rate):
    """The state of a training and how gradients change it."""
    return parameters, lambda parameters, gradients: jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)


def adam(parameters, rate):
    def change(state, gradients):
        parameters, means, squares, count = state
        count = count + 1
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
        squares = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradients)
        first, second = 1 - 0.9**count, 1 - 0.999**count
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * (m / first) / (jnp.sqrt(v / second) + 1e-8), parameters, means, squares
        )
        return parameters, means, squares, count

    zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
    return (parameters, zeros(), zeros(), jnp.float32(0)), change


def trainer(loss, parameters, data, rate, optimizer=descent):
    parameters, data = jax.tree.map(jnp.asarray, (parameters, data))
    start, change = optimizer(parameters, rate)

    def update(state, *data):
        value, gradients = jax.value_and_grad(loss)(state if optimizer is descent else state[0], *data)
        return change(state, gradients), value

    compiled = jax.jit(update, donate_argnums=0)
    state = [start]

    def step():
        state[0], value = compiled(state[0], *data)
        jax.block_until_ready((state[0], value))
        return value

    return step


def mlp_train(arrays, workload):
    parameters = protocol.parameters(arrays, "x", "y")
    loss = lambda p, x, y: cross_entropy(mlp_logits(p, x, workload), y)
    return trainer(loss, parameters, (arrays["x"], arrays["y"]), workload.rate)


def cnn_train(arrays, workload):
    parameters = protocol.parameters(arrays, "x", "y")
    loss = lambda p, x, y: cross_entropy(cnn_logits(p, x), y)
    return trainer(loss, parameters, (arrays["x"], arrays["y"]), workload.rate)


def birnn_train(arrays, workload):
    parameters = protocol.parameters(arrays, "ids", "targets")
    ids = np.ascontiguousarray(arrays["ids"].T)
    y = np.eye(parameters["bo"].size, dtype="float32")[arrays["targets"].T.reshape(-1)]
    return trainer(birnn_loss, parameters, (ids, y), workload.rate)


def transformer_train(arrays, workload):
    parameters = protocol.parameters(arrays, "ids", "targets")
    return trainer(transformer_loss, parameters, (arrays["ids"], arrays["targets"]), workload.rate, adam)


def caller(function, *arguments):
    arguments = jax.tree.map(jnp.asarray, arguments)
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(*arguments))


def mlp_infer(arrays, workload):
    parameters = protocol.parameters(arrays, "x", "y")
    return caller(lambda p, x: jax.nn.softmax(mlp_logits(p, x, workload)), parameters, arrays["x"])


def cnn_infer(arrays, workload):
    parameters = protocol.parameters(arrays, "x", "y")
    return caller(lambda p, x: jax.nn.softmax(cnn_logits(p, x)), parameters, arrays["x"])


def elementwise(arrays, workload):
    function = lambda a, b, c, d: jnp.tanh(a * b + c) * jax.nn.sigmoid(d)
    return caller(function, *(arrays[name] for name in "abcd"))


def product(arrays, workload):
    transposed = protocol.is_transposed(workload)
    return caller(lambda a, b: (a.T if transposed else a) @ b, arrays["a"], arrays["b"])


def scalar_grad(arrays, workload):
    function = jax.value_and_grad(lambda a, b: jnp.sin(a) + a * b, argnums=(0, 1))
    call = caller(lambda a, b: (lambda f, g: (f, *g))(*function(a, b)), arrays["x1"], arrays["x2"])
    return call


def chain(arrays, workload):
    sys.setrecursionlimit(10**6)
    count = protocol.chain_length(workload)

    def loss(x, a, b):
        for number in range(count):
            x = x + a if number % 3 == 0 else x * b if number % 3 == 1 else jnp.tanh(x)
        return x.mean()

    def value_and_gradients(x, a, b):
        value, gradients = jax.value_and_grad(loss, argnums=(0, 1, 2))(x, a, b)
        return (value, *gradients)

    return caller(value_and_gradients, arrays["x"], arrays["a"], arrays["b"])


WORKLOADS = {
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
    "compile_lstm": birnn_train,
    **protocol.gemms(product),
    **protocol.chains(chain),
}

if __name__ == "__main__":
    protocol.serve("JAX " + jax.__version__, WORKLOADS)
