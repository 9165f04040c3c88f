#!/usr/bin/env python3
"""Holds the numbers of Docs/language.md against NumPy.

usage: language_examples.py [--fill]

Every example of the page, and every row of its tables with columns x, y and dy/dx, is worked out
again: its lines are close enough to Python to be run as such, over the functions below, which are
written from textbook formulas. Derivatives are differences of fourth order. Exits 1 where the page says something else; `--fill`
writes the numbers in where it says `?`. What NumPy cannot say (errors, the derivatives at corners,
and the stable forms of the last table) is skipped: it is the language's own choice, and stands in
the page by hand. Needs NumPy alone.
"""

import math
import os
import re
import sys

import numpy as np

np.seterr(all="ignore")

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Docs", "language.md")
DTYPES = {"f32": np.float64, "f64": np.float64, "i32": np.int32, "i64": np.int64, "bool": np.bool_}

# MARK: The functions of the language


def axes(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def kept(function):
    """A reduction that keeps its axes; all of them give a scalar."""

    def reduced(x, axis=None):
        return function(np.asarray(x), axis=axes(axis), keepdims=axis is not None)

    return reduced


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=np.float64)))


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axes(axis), keepdims=True))
    return e / np.sum(e, axis=axes(axis), keepdims=True)


def logsumexp(x, axis=None):
    return np.log(np.sum(np.exp(x), axis=axes(axis), keepdims=axis is not None))


def log_softmax(x, axis=-1):
    return np.log(softmax(x, axis))


def normal_distribution(x):
    return 0.5 * (1 + erf(x / math.sqrt(2)))


erf = np.vectorize(math.erf, otypes=[np.float64])


def elu(x, alpha=1):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def concat(*values, axis=0):
    return np.concatenate(values, axis=axis)


def stack(*values, axis=0):
    return np.stack(values, axis=axis)


def pad(x, before, after, value=0):
    return np.pad(x, list(zip(before, after)), constant_values=value)


def flatten(x, axis=1):
    return x.reshape(math.prod(x.shape[:axis]), -1)


def cast(x, kind=None, like=None):
    if kind == "i32":
        return np.clip(np.trunc(x), -(2**31), 2**31 - 1).astype(np.int32)
    if kind == "bool":
        return x != 0
    return x


def pair(value):
    return list(value) if isinstance(value, (list, tuple)) else [value, value]


def places(extent, size, stride, padding, dilation=1):
    return (extent + 2 * padding - dilation * (size - 1) - 1) // stride + 1


def conv2d(x, w, stride=1, padding=0, dilation=1, groups=1):
    (sy, sx), (py, px), (dy, dx) = pair(stride), pair(padding), pair(dilation)
    n, _, height, width = x.shape
    o, c, kh, kw = w.shape
    padded = np.pad(x, [(0, 0), (0, 0), (py, py), (px, px)])
    y = np.zeros((n, o, places(height, kh, sy, py, dy), places(width, kw, sx, px, dx)))
    for b, f, i, j in np.ndindex(y.shape):
        first = f // (o // groups) * c
        for channel, r, s in np.ndindex(c, kh, kw):
            seen = padded[b, first + channel, i * sy + r * dy, j * sx + s * dx]
            y[b, f, i, j] += seen * w[f, channel, r, s]
    return y


def conv1d(x, w, stride=1, padding=0, dilation=1, groups=1):
    flat = conv2d(
        x[:, :, None], w[:, :, None], [1, stride], [0, padding], [1, dilation], groups)
    return flat[:, :, 0]


def pool(x, size, stride, padding, reduce, value):
    (kh, kw), (sy, sx), (py, px) = pair(size), pair(stride), pair(padding)
    n, c, height, width = x.shape
    padded = np.pad(x, [(0, 0), (0, 0), (py, py), (px, px)], constant_values=value)
    y = np.zeros((n, c, places(height, kh, sy, py), places(width, kw, sx, px)))
    for b, f, i, j in np.ndindex(y.shape):
        y[b, f, i, j] = reduce(padded[b, f, i * sy : i * sy + kh, j * sx : j * sx + kw])
    return y


def max_pool2d(x, size, stride, padding=0):
    return pool(x, size, stride, padding, np.max, -np.inf)


def avg_pool2d(x, size, stride, padding=0):
    return pool(x, size, stride, padding, np.mean, 0)


def layer_norm(x, scale, offset, axis=-1, epsilon=1e-5):
    m, v = np.mean(x, axis=axis, keepdims=True), np.var(x, axis=axis, keepdims=True)
    return scale * (x - m) / np.sqrt(v + epsilon) + offset


def batch_norm(x, scale, offset, mean, variance, axis=1, epsilon=1e-5):
    # The examples have the axis last, where it broadcasts by itself.
    return scale * (x - mean) / np.sqrt(variance + epsilon) + offset


def attention(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v


def rnn_cell(x, h, w, u, b):
    return np.tanh(x @ w + h @ u + b)


def lstm_cell(x, h, c, w, u, b):
    n = h.shape[-1]
    gates = x @ w + h @ u + b
    i, f, z, o = (gates[..., k * n : (k + 1) * n] for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(z)
    return sigmoid(o) * np.tanh(c), c


def gru_cell(x, h, w, u, b, c):
    n = h.shape[-1]
    mine, theirs = x @ w + b, h @ u + c
    r = sigmoid(mine[..., :n] + theirs[..., :n])
    z = sigmoid(mine[..., n : 2 * n] + theirs[..., n : 2 * n])
    new = np.tanh(mine[..., 2 * n :] + r * theirs[..., 2 * n :])
    return (1 - z) * new + z * h


def cross_entropy(p, y):
    return np.mean(-np.sum(y * np.log(p), axis=-1))


# Optimisers: of each paper, in the form that Docs/language.md gives.


def momentum(w, g, lr, v, beta=0.9):
    v = beta * v + g
    return w - lr * v, v


def nesterov(w, g, lr, v, beta=0.9):
    v = beta * v + g
    return w - lr * (g + beta * v), v


def adagrad(w, g, lr, s, epsilon=1e-10):
    s = s + g**2
    return w - lr * g / (np.sqrt(s) + epsilon), s


def rmsprop(w, g, lr, s, decay=0.99, epsilon=1e-8):
    s = decay * s + (1 - decay) * g**2
    return w - lr * g / (np.sqrt(s) + epsilon), s


def adamw(w, g, lr, m, v, t, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    u = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return w - lr * (u + weight_decay * w), m, v


def lion(w, g, lr, m, beta1=0.9, beta2=0.99, weight_decay=0):
    u = np.sign(beta1 * m + (1 - beta1) * g)
    return w - lr * (u + weight_decay * w), beta2 * m + (1 - beta2) * g


def cosine_decay(lr, t, steps, final=0):
    p = np.minimum(1, (t - 1) / steps)
    return lr * (final + (1 - final) * (1 + np.cos(math.pi * p)) / 2)


FUNCTIONS = {
    "neg": np.negative, "abs": np.abs, "sign": np.sign, "exp": np.exp, "expm1": np.expm1,
    "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x),
    "square": np.square, "reciprocal": lambda x: 1 / x, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "erf": erf, "floor": np.floor, "ceil": np.ceil,
    "round": np.rint, "sigmoid": sigmoid, "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, slope=0.01: np.where(x >= 0, x, slope * x), "elu": elu,
    "selu": lambda x: 1.0507009873554804934193349852946
    * elu(x, 1.6732632423543772848170429916717),
    "gelu": lambda x: x * normal_distribution(x),
    "gelu_tanh": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x * sigmoid(x), "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1), "step": lambda x: np.heaviside(x, 0),
    "pow": lambda a, b: np.asarray(a) ** b, "maximum": np.maximum, "minimum": np.minimum,
    "mod": np.mod, "atan2": np.arctan2, "clip": np.clip, "where": np.where, "cast": cast,
    "stop_gradient": lambda x: x, "sum": kept(np.sum), "mean": kept(np.mean),
    "max": kept(np.max), "min": kept(np.min), "prod": kept(np.prod), "var": kept(np.var),
    "std": kept(np.std), "all": kept(np.all), "any": kept(np.any), "logsumexp": logsumexp,
    "norm": lambda x, axis=None: np.linalg.norm(
        x if axis is not None else np.ravel(x), axis=axis, keepdims=axis is not None),
    "argmax": lambda x, axis: np.argmax(x, axis=axis, keepdims=True),
    "argmin": lambda x, axis: np.argmin(x, axis=axis, keepdims=True),
    "matmul": np.matmul, "dot": np.matmul, "outer": np.outer, "transpose": np.transpose,
    "reshape": np.reshape, "flatten": flatten, "broadcast": np.broadcast_to, "concat": concat,
    "stack": stack, "split": lambda x, parts, axis=0: np.split(x, parts, axis=axis), "pad": pad,
    "squeeze": lambda x, axis=None: np.squeeze(x, axis=axis), "expand": np.expand_dims,
    "reverse": lambda x, axis: np.flip(x, axis=axes(axis)), "tile": np.tile,
    "size": lambda x, axis: np.shape(x)[axis], "zeros": np.zeros, "ones": np.ones,
    "full": np.full, "iota": np.arange, "eye": np.eye, "zeros_like": np.zeros_like,
    "ones_like": np.ones_like, "one_hot": lambda k, n: np.eye(n)[k],
    "gather": lambda x, k, axis=0: np.take(x, k, axis=axis),
    "embedding": lambda table, k: table[k], "softmax": softmax, "log_softmax": log_softmax,
    "dense": lambda x, w, b: x @ w + b, "conv1d": conv1d, "conv2d": conv2d,
    "max_pool2d": max_pool2d, "avg_pool2d": avg_pool2d, "layer_norm": layer_norm,
    "batch_norm": batch_norm, "dropout": lambda x, rate: x, "attention": attention,
    "rnn_cell": rnn_cell, "lstm_cell": lstm_cell, "gru_cell": gru_cell,
    "mse": lambda h, y: np.mean((h - y) ** 2),
    "half_mse": lambda h, y: np.sum((h - y) ** 2) / (2 * len(h)), "cross_entropy": cross_entropy,
    "softmax_cross_entropy": lambda z, y: cross_entropy(softmax(z), y),
    "binary_cross_entropy": lambda p, y: np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p))),
    "hinge": lambda h, y: np.mean(np.maximum(0, 1 - y * h)),
    "perceptron_loss": lambda h, y: np.mean(np.maximum(0, -y * h)),
    "sgd": lambda w, g, lr: w - lr * g, "momentum": momentum, "nesterov": nesterov,
    "adagrad": adagrad, "rmsprop": rmsprop,
    "adam": lambda *values, **options: adamw(*values, **options, weight_decay=0), "adamw": adamw,
    "lion": lion, "linear_warmup": lambda lr, t, steps: lr * np.minimum(1, t / steps),
    "step_decay": lambda lr, t, every, factor=0.1: lr * factor ** np.floor((t - 1) / every),
    "cosine_decay": cosine_decay,
    "true": True, "false": False, "none": None, "pi": math.pi, "inf": math.inf, "nan": math.nan,
    "i32": "i32", "bool": "bool",
}  # fmt: skip

# Derivatives at corners, and those through `stop_gradient`, are the language's own choice.
CHOSEN = {
    "max", "min", "maximum", "minimum", "clip", "where", "cast", "stop_gradient", "max_pool2d",
    "abs", "sign", "floor", "ceil", "round", "relu", "step",
}  # fmt: skip

# MARK: Reading the page

FACT = re.compile(r"#\s*(gradient )?([A-Za-z_]\w*) (=|→) (.*\S)")


def parsed(text):
    """A value as the page writes it."""
    return np.array(eval(text, {"nan": math.nan, "inf": math.inf, "true": True, "false": False}))


def written(value):
    """A value as the page writes it: 7 digits."""
    value = np.asarray(value)
    if value.ndim:
        return "[" + ", ".join(written(part) for part in value) + "]"
    if value.dtype == np.bool_:
        return "true" if value else "false"
    if abs(value) < 1e-9:
        return "0"
    # Differences are good for ten digits: what is whole to these is whole.
    if abs(value - round(float(value))) < 1e-9:
        return str(round(float(value)))
    return np.format_float_positional(float(f"{float(value):.7g}"), trim="-")


def agree(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    return found.shape == expected.shape and np.allclose(
        found.astype(np.float64), expected.astype(np.float64), 2e-6, 1e-8, equal_nan=True)


# MARK: Running a graph as Python


def quoted_derivatives(text):
    """grad(f, x) as grad("f", "x"): what is differentiated is needed as a formula."""
    call = re.match(r"(.*?= *)(grad|jvp)\((.*)\)$", text)
    if not call:
        return text
    parts, depth, part = [], 0, ""
    for letter in call[3]:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    parts.append(part.strip())
    return f"{call[1]}{call[2]}({', '.join(map(repr, parts))})"


def python(line):
    text = line.replace("^", "**")
    text = re.sub(r"\band\b", "&", text)
    text = re.sub(r"\bor\b", "|", text)
    return re.sub(r"\bnot\b", "~", text)


def statements(block):
    """The statements of a block without comments; lines within brackets are joined."""
    lines, open_text = [], ""
    for line in block:
        open_text += re.sub(r"#.*", "", line).strip() + " "
        if open_text.count("(") == open_text.count(")") and open_text.strip():
            lines.append(open_text.strip())
            open_text = ""
    return lines


class Graph:
    def __init__(self, block, inputs):
        self.lines = [quoted_derivatives(line) for line in statements(block)]
        self.inputs = inputs

    def needed(self, until, formula):
        """The numbers of the lines on which a formula depends."""
        names, numbers = set(re.findall(r"\w+", formula)), set()
        for number in reversed(range(until)):
            head = re.sub(r"^(dim|input|param|const|def) ", "", self.lines[number])
            if names & set(re.findall(r"\w+", re.split(r"[=:(]", head)[0])):
                numbers.add(number)
                names |= set(re.findall(r"\w+", self.lines[number]))
        return numbers

    def run(self, changed=None, until=None, formula=None):
        """All values by name, and the results; `changed` are values that replace what a name is bound to. With a formula, what it
        needs of the lines before `until`."""
        changed = changed or {}
        numbers = None if formula is None else self.needed(until, formula)
        values, results = dict(FUNCTIONS), {}
        values["grad"] = lambda f, *names: self.slopes(number, f, names, changed)
        values["jvp"] = lambda f, x, v: self.change(number, f, x, values[v], changed)
        for number, line in enumerate(self.lines):
            if number == until:
                break
            if numbers is not None and number not in numbers:
                continue
            word, _, rest = line.partition(" ")
            name = re.match(r"\w+", rest)
            name = name[0] if name else ""
            if word in ("input", "param"):
                values[name] = self.given(word, rest, name, values)
            elif word == "const":
                values[name] = np.array(eval(python(rest.partition("=")[2]), values))
            elif word == "def":
                head, _, body = rest.partition("{")
                body = body.strip().removesuffix("}").strip()
                exec(f"def {head.strip()}: {python(body)}", values)
            elif word == "output":
                formula, _, title = rest.rpartition(" as ")
                results[title or rest] = eval(python(formula or rest), values)
            elif word == "loss":
                results["loss"] = eval(python(rest), values)
            else:
                exec(python(line.removeprefix("dim ")), values)
            for bound in re.findall(r"\w+", line.partition("=")[0].partition(":")[0]):
                if bound in changed and word not in ("output", "loss", "def"):
                    values[bound] = changed[bound]
        return values, results

    def given(self, word, rest, name, values):
        if word == "input":
            return self.inputs[name]
        kind, start = rest.partition(":")[2].split("=")
        shape = re.search(r"\[(.*)\]", kind)
        shape = eval(f"[{shape[1]}]", values) if shape else []
        call = re.match(r" *(zeros|ones|constant)\((.*)\)", start)
        if not call:
            return np.array(eval(start, values))
        number = {"zeros": 0.0, "ones": 1.0}.get(call[1])
        return np.full(shape, float(call[2]) if number is None else number)

    def slopes(self, number, formula, names, changed):
        found = [self.slope(number, formula, name, changed) for name in names]
        return found[0] if len(found) == 1 else found

    def value_at(self, number, formula, changed):
        if number is None:
            return self.run(changed)[1][formula]
        values, _ = self.run(changed, until=number, formula=formula)
        return eval(python(formula), values)

    def start(self, number, name, changed):
        if number is None:
            return self.run(changed)[0][name]
        return self.run(changed, until=number, formula=name)[0][name]

    def slope(self, number, formula, name, changed):
        start = self.start(number, name, changed)
        start = np.asarray(start, dtype=np.float64)
        found = np.zeros(start.shape)
        for place in np.ndindex(start.shape):

            def f(step):
                moved = start.copy()
                moved[place] += step
                return self.value_at(number, formula, {**changed, name: moved})

            found[place] = difference(f)
        return found

    def change(self, number, formula, name, direction, changed):
        start = np.asarray(self.start(number, name, changed), dtype=np.float64)
        return difference(
            lambda h: self.value_at(number, formula, {**changed, name: start + h * direction}))


def difference(f, h=1e-3):
    """f'(0), with an error of h^4."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


# MARK: What is not Python


class Written(Graph):
    """A graph whose formula stands here a second time."""

    def __init__(self, function, inputs):
        self.function, self.inputs, self.lines = function, inputs, [""]

    def run(self, changed=None, until=None, formula=None):
        values = {**self.inputs, **(changed or {})}
        return values, self.function(**values)


def decaying(x, decay=0.5):
    s, trace = 0.0, []
    for x_t in x:
        s = decay * s + x_t
        trace.append(s)
    return {"trace": np.array(trace), "loss": s, "decay": decay}


def both_ways(x, k):
    w, u, b = np.array([[0.5], [-0.5]]), np.array([[1.0]]), np.array([0.1])
    forward, backward = [], []
    h = np.zeros((1, 1))
    for t in range(3):
        h = np.tanh(x[:, t] @ w + h @ u + b)
        forward.append(h)
    h = np.zeros((1, 1))
    for t in reversed(range(3)):
        h = np.tanh(x[:, t] @ w + h @ u + b) * k[:, t : t + 1]
        backward.insert(0, h)
    both = np.concatenate([np.stack(forward, 1), np.stack(backward, 1)], axis=2)
    return {"states": both, "first": backward[0]}


WRITTEN = [
    ("trace, last = scan", lambda inputs: Written(decaying, {"decay": 0.5, **inputs})),
    ("backward, first = scan", lambda inputs: Written(both_ways, inputs)),
    ("def squash", lambda inputs: Written(lambda x: {"y": np.tanh(x)}, inputs)),
]

# MARK: The page


class Page:
    def __init__(self, text, is_filling):
        self.lines = text.split("\n")
        self.is_filling = is_filling
        self.checks = self.differences = 0

    def compare(self, index, old, expression, work):
        """Holds one number against what `work` finds; in place of `?` it is filled in."""
        found = work()
        if old == "?" and self.is_filling:
            self.lines[index] = self.lines[index].replace("?", written(found), 1)
            return
        self.checks += 1
        if old == "?" or not agree(found, parsed(old)):
            self.differences += 1
            print(f"line {index + 1}: {expression} is {old}, but NumPy gives {written(found)}")

    def block(self, first, block):
        if any("# error →" in line for line in block):
            return
        facts = [(first + i, m) for i, line in enumerate(block) if (m := FACT.search(line))]
        inputs = {}
        for _, fact in facts:
            if fact[3] == "=":
                kind = next(
                    (m[1] for line in block
                     if (m := re.match(rf"input {fact[2]} : (\w*)", line))), "") or "f32"
                inputs[fact[2]] = parsed(fact[4]).astype(DTYPES[kind])
        graph = next(
            (make(inputs) for start, make in WRITTEN if any(line.startswith(start) for line in block)),
            None) or Graph(block, inputs)
        _, results = graph.run()
        named = set(re.findall(r"\w+", " ".join(statements(block))))
        for index, fact in facts:
            name = fact[2]
            if fact[3] == "=":
                continue
            if fact[1]:
                if named & CHOSEN:
                    continue
                target = "loss" if "loss" in results else next(iter(results))
                self.compare(
                    index, fact[4], f"gradient {name}",
                    lambda: graph.slope(None, target, name, {}))
                continue
            bound = next((line for line in graph.lines if line.startswith(f"{name} = grad")), "")
            if not CHOSEN & set(re.findall(r"\w+", bound)):
                self.compare(index, fact[4], name, lambda: results[name])

    def row(self, index, columns, expression, names):
        x = parsed(columns[names.index("x")].strip("`")).astype(np.float64)
        # A default of the signature is an argument like any other.
        formula = python(expression)
        f = lambda x: np.asarray(eval(formula, {**FUNCTIONS, "x": x}))  # noqa: E731
        y, slope = (columns[names.index(name)].strip("`") for name in ("y", "dy/dx"))
        self.compare(index, y, expression, lambda: f(x))
        if re.match(r"\w*", expression)[0] not in CHOSEN:
            self.compare(index, slope, f"the derivative of {expression}",
                         lambda: difference(lambda h: f(x + h), 1e-4))

    def run(self):
        index, names = 0, None
        while index < len(self.lines):
            line = self.lines[index]
            if line == "```graph":
                end = self.lines.index("```", index)
                self.block(index + 1, self.lines[index + 1 : end])
                index = end
            elif line.startswith("| ") and "dy/dx" in line and "`" not in line:
                names = [cell.strip() for cell in line.split("|")[1:-1]]
            elif not line.startswith("|"):
                names = None
            elif names and "JAX: y" not in names and "`" in line:
                cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
                self.row(index, cells, cells[0].strip("`"), names)
            index += 1


def main():
    is_filling = sys.argv[1:] == ["--fill"]
    with open(PAGE, encoding="utf-8") as file:
        page = Page(file.read(), is_filling)
    page.run()
    if is_filling:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write("\n".join(page.lines))
    print(f"{page.checks} numbers compared, {page.differences} differ")
    return 1 if page.differences else 0


if __name__ == "__main__":
    sys.exit(main())
