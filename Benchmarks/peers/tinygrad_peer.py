"""tinygrad on the processor, through clang: the whole step under `TinyJit`, without a search for kernels."""

import importlib.metadata

import numpy as np
from tinygrad import Device, Tensor, TinyJit
from tinygrad.helpers import TRAINING
from tinygrad.nn.optim import SGD

from peers import protocol

TRAINING.value = 1


def tensor(value):
    return Tensor(np.ascontiguousarray(value, "float32").reshape(value.shape)).realize()


def array(value):
    return value.numpy()


def cross_entropy(logits, y):
    return -(y * logits.log_softmax(1)).sum(1).mean()


def dense(values, p, first, count, activation):
    """Layers number `first` on; all but the last have the activation."""
    for number in range(first, first + count):
        values = values.dot(p[f"w{number}"]) + p[f"b{number}"]
        if number < first + count - 1:
            values = activation(values)
    return values


def mlp_logits(p, x, workload):
    return dense(x, p, 1, len(p) // 2, Tensor.relu if workload.data == "mlp_big" else Tensor.tanh)


def cnn_logits(p, x):
    values = x.conv2d(p["w1"], p["b1"], padding=2).tanh().avg_pool2d(2)
    values = values.conv2d(p["w2"], p["b2"]).tanh().avg_pool2d(2).flatten(1)
    return dense(values, p, 3, 3, Tensor.tanh)


def trainer(logits, arrays, rate):
    parameters = {name: tensor(value) for name, value in protocol.parameters(arrays, "x", "y").items()}
    data = tensor(arrays["x"]), tensor(arrays["y"])
    optimizer = SGD(list(parameters.values()), lr=rate)

    @TinyJit
    def update(x, y):
        optimizer.zero_grad()
        loss = cross_entropy(logits(parameters, x), y)
        loss.backward()
        return loss.realize(*optimizer.schedule_step())

    def step():
        loss = update(*data)
        Device["CPU"].synchronize()
        return loss

    return step


def mlp_train(arrays, workload):
    return trainer(lambda p, x: mlp_logits(p, x, workload), arrays, workload.rate)


def cnn_train(arrays, workload):
    return trainer(cnn_logits, arrays, workload.rate)


def caller(function, *arguments):
    compiled = TinyJit(lambda *arguments: function(*arguments).realize())

    def step():
        result = compiled(*arguments)
        Device["CPU"].synchronize()
        return result

    return step


def inference(logits, arrays):
    parameters = {name: tensor(value) for name, value in protocol.parameters(arrays, "x", "y").items()}
    return caller(lambda x: logits(parameters, x).softmax(1), tensor(arrays["x"]))


def mlp_infer(arrays, workload):
    return inference(lambda p, x: mlp_logits(p, x, workload), arrays)


def cnn_infer(arrays, workload):
    return inference(cnn_logits, arrays)


def elementwise(arrays, workload):
    function = lambda a, b, c, d: (a * b + c).tanh() * d.sigmoid()
    return caller(function, *(tensor(arrays[name]) for name in "abcd"))


def product(arrays, workload):
    transposed = protocol.is_transposed(workload)
    return caller(lambda a, b: (a.T if transposed else a).dot(b), tensor(arrays["a"]), tensor(arrays["b"]))


def scalar_grad(arrays, workload):
    a, b = (Tensor(np.array([arrays[name]], "float32").reshape(1)).realize() for name in ("x1", "x2"))

    @TinyJit
    def function(a, b):
        value = (a.sin() + a * b).sum()
        gradients = value.gradient(a, b)
        value.realize(*gradients)
        return (value, *gradients)

    def step():
        result = function(a, b)
        Device["CPU"].synchronize()
        return result

    return step


WORKLOADS = {
    "mlp_train": mlp_train,
    "mlp_train_big": mlp_train,
    "cnn_train": cnn_train,
    "cnn_infer": cnn_infer,
    "elementwise": elementwise,
    "mlp_infer_b1": mlp_infer,
    "scalar_grad": scalar_grad,
    "cold": mlp_train,
    **protocol.gemms(product),
}

if __name__ == "__main__":
    protocol.serve("tinygrad " + importlib.metadata.version("tinygrad"), WORKLOADS, array)
