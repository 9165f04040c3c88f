"""NumPy with the chain rule by hand, in place where that helps: the floor without any compiler."""

import numpy as np

from peers import protocol


def mlp_train(arrays, workload):
    x, y = arrays["x"], arrays["y"]
    weights = [value for name, value in arrays.items() if name[0] == "w"]
    biases = [value for name, value in arrays.items() if name[0] == "b"]
    rate, batch = np.float32(workload.rate), np.float32(x.shape[0])
    count, is_tanh = len(weights), workload.data == "mlp"

    def step():
        values = [x]
        for layer in range(count):
            value = values[-1] @ weights[layer]
            value += biases[layer]
            if layer < count - 1:
                np.tanh(value, out=value) if is_tanh else np.maximum(value, 0, out=value)
            values.append(value)
        logits = values[-1]
        logits -= logits.max(1, keepdims=True)
        gradient = np.exp(logits)
        sums = gradient.sum(1, keepdims=True)
        loss = -(y * (logits - np.log(sums))).sum() / batch
        gradient /= sums
        gradient -= y
        gradient /= batch
        for layer in reversed(range(count)):
            value = values[layer]
            of_weights, of_bias = value.T @ gradient, gradient.sum(0)
            if layer > 0:
                gradient = gradient @ weights[layer].T
                if is_tanh:
                    value *= value
                    np.subtract(1, value, out=value)
                    gradient *= value
                else:
                    gradient *= value > 0
            of_weights *= rate
            weights[layer] -= of_weights
            biases[layer] -= rate * of_bias
        return loss

    return step


def mlp_infer(arrays, workload):
    x, w1, b1, w2, b2 = (arrays[name] for name in ("x", "w1", "b1", "w2", "b2"))

    def step():
        logits = np.tanh(x @ w1 + b1) @ w2 + b2
        values = np.exp(logits - logits.max(1, keepdims=True))
        return values / values.sum(1, keepdims=True)

    return step


def elementwise(arrays, workload):
    a, b, c, d = (arrays[name] for name in "abcd")
    y, gate = np.empty_like(a), np.empty_like(a)

    def step():
        np.multiply(a, b, out=y)
        np.add(y, c, out=y)
        np.tanh(y, out=y)
        np.negative(d, out=gate)
        np.exp(gate, out=gate)
        np.add(gate, 1, out=gate)
        np.divide(y, gate, out=y)
        return y

    return step


def product(arrays, workload):
    a, b = arrays["a"], arrays["b"]
    a = a.T if protocol.is_transposed(workload) else a
    c = np.empty((a.shape[0], b.shape[1]), "float32")
    return lambda: np.matmul(a, b, out=c)


def scalar_grad(arrays, workload):
    x1, x2 = np.float32(arrays["x1"]), np.float32(arrays["x2"])
    sin, cos = np.sin, np.cos
    return lambda: (sin(x1) + x1 * x2, cos(x1) + x2, x1)


WORKLOADS = {
    "mlp_train": mlp_train,
    "mlp_train_big": mlp_train,
    "mlp_infer_b1": mlp_infer,
    "elementwise": elementwise,
    "scalar_grad": scalar_grad,
    "cold": mlp_train,
    **protocol.gemms(product),
}

if __name__ == "__main__":
    protocol.serve("NumPy " + np.__version__, WORKLOADS)
