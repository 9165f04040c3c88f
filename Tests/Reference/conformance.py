#!/usr/bin/env python3
"""Holds the `nncc` program against the language's and the command line's description, from outside.

usage: conformance.py NNCC [--backend NAME] [SECTION ...]

Writes small graphs, runs the program on them, and compares what it prints with NumPy, or, for
gradients, with central differences of a NumPy function. Every section is a function below; with
names on the command line only these run. Exits 1 if anything differs. Needs NumPy alone.
"""

import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import numpy as np

np.seterr(all="ignore")

DTYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "bool": np.bool_}
NAMES = {np.dtype(value): name for name, value in DTYPES.items()}
MEMORY_LIMIT = 1 << 30

NNCC = ""
BACKEND = "auto"
FOLDER = ""
SECTIONS = []
failures = []
check_count = 0


def section(function):
    SECTIONS.append(function)
    return function


def fail(what, detail=""):
    failures.append(what)
    print(f"FAILED {what}\n    " + str(detail).replace("\n", "\n    "), flush=True)


def check(condition, what, detail=""):
    global check_count
    check_count += 1
    if not condition:
        fail(what, detail)


# MARK: Running the program


def path(name):
    return os.path.join(FOLDER, name)


def call(arguments, stdin=b"", limit=120):
    """Exit status, standard output, standard error, seconds of the processor, greatest memory in bytes."""
    with open(path("stdin"), "wb") as file:
        file.write(stdin)
    with open(path("stdin"), "rb") as given, open(path("stdout"), "wb") as out, open(path("stderr"), "wb") as err:
        process = subprocess.Popen(["timeout", str(limit), NNCC, *arguments], stdin=given, stdout=out, stderr=err)
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    with open(path("stdout"), "rb") as out, open(path("stderr"), "rb") as err:
        text = out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace")
    return process.returncode, *text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def write(name, text):
    with open(path(name), "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path(name)


def array(tensor):
    data = [float(item) if isinstance(item, str) else item for item in tensor["data"]]
    return np.array(data, DTYPES[tensor["dtype"]]).reshape(tensor["shape"])


class Results:
    def __init__(self, outputs, loss, gradients, raw):
        self.outputs, self.loss, self.gradients, self.raw = outputs, loss, gradients, raw

    def __getitem__(self, name):
        return self.outputs[name]


def evaluate(text, inputs=None, *options):
    """Runs a graph on arrays; None, with a failure noted, where the program fails."""
    arguments = ["run", write("model.graph", text), "--json", *options]
    if "--backend" not in options:
        arguments += ["--backend", BACKEND]
    if inputs:
        np.savez(path("inputs.npz"), **inputs)
        arguments += ["--input", path("inputs.npz")]
    status, out, err, _, _ = call(arguments)
    if status != 0:
        fail(f"exit status {status}", f"{err[:1500]}\n{text[:3000]}")
        return None
    raw = json.loads(out)
    outputs = {name: array(tensor) for name, tensor in raw["outputs"].items()}
    gradients = {name: array(tensor) for name, tensor in raw.get("gradients", {}).items()}
    return Results(outputs, raw.get("loss"), gradients, raw)


def ulps(got, want):
    """The distance in units of the last place of the wanted value, in its own type."""
    spacing = np.spacing(np.maximum(np.abs(want), np.finfo(want.dtype).tiny).astype(want.dtype))
    with np.errstate(all="ignore"):
        distance = np.abs(got.astype(np.longdouble) - want.astype(np.longdouble)) / spacing
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, 0, np.where(np.isnan(distance), np.inf, distance))


def same(what, got, want, tolerance=0.0, units=None, zero_signs=True):
    """Shape, element type and values; exact unless a relative tolerance or a number of ulps is given."""
    global check_count
    check_count += 1
    want = np.asarray(want)
    if got is None:
        return fail(what, "no result")
    if got.shape != want.shape or got.dtype != want.dtype:
        return fail(what, f"got {got.dtype}{list(got.shape)}, expected {want.dtype}{list(want.shape)}")
    if got.dtype.kind != "f":
        good = got == want
    elif units is not None:
        good = ulps(got, want) <= units
    elif tolerance:
        good = np.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        good = (got == want) | (np.isnan(got) & np.isnan(want))
        if zero_signs:
            good &= np.isnan(want) | (np.signbit(got) == np.signbit(want))
    if not np.all(good):
        where = np.argwhere(~np.atleast_1d(good))[:5]
        rows = [
            f"at {list(map(int, i))}: got {np.atleast_1d(got)[tuple(i)]!r}, "
            f"expected {np.atleast_1d(want)[tuple(i)]!r}"
            for i in where
        ]
        fail(what, "\n".join(rows))


def many(lines, cases, inputs=None, *options, head="", labels=None, **tolerances):
    """Evaluates expressions, each as an output of one graph: (expression, wanted array) pairs."""
    text = head + "\n".join(lines) + "\n"
    for number, (expression, _) in enumerate(cases):
        text += f"output {expression} as out{number}\n"
    results = evaluate(text, inputs, *options)
    if results is None:
        if len(cases) > 1:  # find those that fail
            for case in cases:
                many(lines, [case], inputs, *options, head=head, **tolerances)
        return
    for number, (expression, want) in enumerate(cases):
        label = f"{expression} with {labels[number]}" if labels else expression
        same(label, results[f"out{number}"], want, **tolerances)


def declare(inputs):
    return [
        f"input {name} : {NAMES[value.dtype]}{list(value.shape)}" for name, value in inputs.items()
    ]


def refuses(text, *expected, status=65, arguments=(), stdin=b"", what=None):
    """The program refuses the graph with all of the texts in what it says; gives what it said."""
    code, out, err, seconds, memory = call(
        ["run", write("bad.graph", text), *arguments], stdin=stdin)
    err = err.replace(path("bad.graph"), "bad.graph")
    label = what or repr(text[:200])
    check(code == status, f"{label}: status {code}, expected {status}", err[:1500])
    check(out == "", f"{label}: prints nothing on standard output", out[:300])
    for part in expected:
        check(part in err, f"{label}: says {part!r}", err[:1500])
    check(memory < MEMORY_LIMIT, f"{label}: memory {memory >> 20} MiB")
    check(seconds < 20, f"{label}: {seconds:.1f} s")
    return err


# MARK: Reference functions


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


erf = np.vectorize(math.erf, otypes=[np.float64])
erfc = np.vectorize(math.erfc, otypes=[np.float64])


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
# name: (reference in f64, ulps allowed in f32, low, high of random arguments)
ELEMENTWISE = {
    "neg": (np.negative, 0, -50, 50),
    "abs": (np.abs, 0, -50, 50),
    "sign": (np.sign, 0, -50, 50),
    "exp": (np.exp, 2, -80, 80),
    "expm1": (np.expm1, 2, -5, 5),
    "log": (np.log, 2, 0, 50),
    "log1p": (np.log1p, 2, -0.9, 50),
    "sqrt": (np.sqrt, 0, 0, 50),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 2, 0, 50),
    "square": (np.square, 0.5, -50, 50),
    "reciprocal": (lambda x: 1 / x, 0.5, -50, 50),
    "sin": (np.sin, 2, -500, 500),
    "cos": (np.cos, 2, -500, 500),
    "tan": (np.tan, 2, -50, 50),
    "asin": (np.arcsin, 2, -1, 1),
    "acos": (np.arccos, 2, -1, 1),
    "atan": (np.arctan, 2, -50, 50),
    "sinh": (np.sinh, 2, -10, 10),
    "cosh": (np.cosh, 2, -10, 10),
    "tanh": (np.tanh, 2, -10, 10),
    "erf": (erf, 2, -4, 4),
    "floor": (np.floor, 0, -50, 50),
    "ceil": (np.ceil, 0, -50, 50),
    "round": (np.rint, 0, -50, 50),
    "sigmoid": (sigmoid, 4, -50, 50),
    "relu": (lambda x: np.where(x <= 0, 0, x), 0, -50, 50),
    "leaky_relu": (lambda x: np.where(x >= 0, x, 0.01 * x), 2, -50, 50),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(x)), 4, -50, 50),
    "selu": (lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(x)), 4, -50, 50),
    "gelu": (lambda x: x * 0.5 * erfc(-x / math.sqrt(2)), 40, -5, 5),
    "gelu_tanh": (gelu_tanh, None, -3, 3),
    "silu": (lambda x: x * sigmoid(x), 6, -50, 50),
    "softplus": (softplus, 6, -50, 50),
    "softsign": (lambda x: x / (1 + np.abs(x)), 3, -50, 50),
    "hard_sigmoid": (lambda x: np.clip(x / 6 + 0.5, 0, 1), None, -5, 5),
    "step": (lambda x: (x > 0) * 1.0, 0, -50, 50),
}
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, np.inf, -np.inf, np.nan, 1e-30, -1e-30]
# Where IEEE or the definition gives something else than the formula in NumPy.
EDGE_EXCEPTIONS = {"gelu", "gelu_tanh", "silu", "softsign", "softplus"}


@section
def elementwise():
    random = np.random.default_rng(1)
    for element in ("f32", "f64"):
        dtype = DTYPES[element]
        inputs, cases, lines = {}, [], []
        for name, (reference, units, low, high) in ELEMENTWISE.items():
            edges = [] if name in EDGE_EXCEPTIONS else EDGES
            x = np.concatenate([edges, random.uniform(low, high, 40)]).astype(dtype)
            inputs["x_" + name] = x
            want = reference(x.astype(np.float64)).astype(dtype)
            cases.append((f"{name}(x_{name})", want, units))
        lines = declare(inputs)
        text = "\n".join(lines) + "\n" + "".join(
            f"output {case[0]} as o_{case[0].split('(')[0]}\n" for case in cases)
        results = evaluate(text, inputs)
        if results is None:
            continue
        for expression, want, units in cases:
            name = expression.split("(")[0]
            got = results["o_" + name]
            if units is None:
                same(f"{element} {expression}", got, want, tolerance=1e-5 if element == "f32" else 1e-12)
            elif units == 0:
                # NumPy's sign has no -0.
                same(f"{element} {expression}", got, want, zero_signs=name != "sign")
            else:
                same(f"{element} {expression}", got, want, units=units + 2)
    # Defaults and other arguments of the parametric ones.
    x = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    many(declare({"x": x}), [
        ("leaky_relu(x, slope=0.2)", np.where(x >= 0, x, 0.2 * x)),
        ("leaky_relu(x, 0.2)", np.where(x >= 0, x, 0.2 * x)),
        ("elu(x, alpha=2)", np.where(x > 0, x, 2 * np.expm1(x))),
        ("clip(x, -1, 1)", np.clip(x, -1, 1)),
        ("clip(x, low=-1, high=0.25)", np.clip(x, -1, 0.25)),
        ("where(x > 0, x, -x)", np.abs(x)),
        ("where(x > 0, 1, 0) + 0 * x", (x > 0) * 1.0),
        ("stop_gradient(x)", x),
        ("cast(x, i32)", x.astype(np.int32)),
        ("cast(x, bool)", x != 0),
        ("cast(x > 0, like=x)", (x > 0) * 1.0),
        ("cast(x, f32)", x.astype(np.float32)),
        ("pow(x, 2)", x**2), ("pow(abs(x), 0.5)", np.abs(x) ** 0.5),
        ("x ^ 0.5", x**0.5), ("2 ^ x", 2.0**x), ("x ^ x", x**x),
    ], {"x": x}, tolerance=1e-14)
    # Saturating casts.
    x = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 1.9, -1.9, 1e19, -1e19])
    ends32, ends64 = np.iinfo(np.int32), np.iinfo(np.int64)
    want32 = [0, ends32.max, ends32.min, ends32.max, ends32.min, 1, -1, ends32.max, ends32.min]
    want64 = [0, ends64.max, ends64.min, 3000000000, -3000000000, 1, -1, ends64.max, ends64.min]
    many(declare({"x": x}), [("cast(x, i32)", np.array(want32, np.int32)),
                             ("cast(x, i64)", np.array(want64, np.int64)),
                             ("cast(x, bool)", np.ones(9, bool))], {"x": x})


@section
def binary_operators():
    edges = np.array([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.5, 7.0, np.inf, -np.inf, np.nan])

    def maximum(a, b):
        r = np.maximum(a, b)
        return np.where((a == 0) & (b == 0), np.where(np.signbit(a) & np.signbit(b), -0.0, 0.0), r)

    def minimum(a, b):
        r = np.minimum(a, b)
        return np.where((a == 0) & (b == 0), np.where(np.signbit(a) | np.signbit(b), -0.0, 0.0), r)

    for element in ("f32", "f64"):
        dtype = DTYPES[element]
        a = edges.astype(dtype).reshape(-1, 1)
        b = edges.astype(dtype).reshape(1, -1)
        exact = [
            ("a + b", a + b), ("a - b", a - b), ("a * b", a * b), ("a / b", a / b),
            ("maximum(a, b)", maximum(a, b).astype(dtype)),
            ("minimum(a, b)", minimum(a, b).astype(dtype)),
            ("a < b", a < b), ("a <= b", a <= b), ("a > b", a > b), ("a >= b", a >= b),
            ("a == b", a == b), ("a != b", a != b), ("mod(a, b)", np.mod(a, b)),
            ("a == b or a < b", (a == b) | (a < b)), ("not a == b", ~(a == b)),
            ("a > 0 and b > 0", (a > 0) & (b > 0)),
        ]
        # A zero remainder has the divisor's sign; NumPy's infinite divisors agree with Python.
        many(declare({"a": a, "b": b}), exact, {"a": a, "b": b})
        many(declare({"a": a, "b": b}), [
            ("pow(a, b)", np.power(a, b)), ("a ^ b", np.power(a, b)),
            ("atan2(a, b)", np.arctan2(a, b)),
        ], {"a": a, "b": b}, units=4)
    for element in ("i32", "i64"):
        dtype = DTYPES[element]
        ends = np.iinfo(dtype)
        values = np.array([0, 1, -1, 2, 3, -3, 7, -7, ends.max, ends.min, ends.max - 1, 123456789], dtype)
        a, b = values.reshape(-1, 1), values.reshape(1, -1)
        zero = np.zeros((12, 12), dtype)
        mods = np.where(b == 0, zero, np.mod(a, np.where(b == 0, 1, b)))
        mods = np.where(b == -1, zero, mods).astype(dtype)
        many(declare({"a": a, "b": b}), [
            ("a + b", a + b), ("a - b", a - b), ("a * b", a * b), ("mod(a, b)", mods),
            ("maximum(a, b)", np.maximum(a, b)), ("minimum(a, b)", np.minimum(a, b)),
            ("a < b", a < b), ("a >= b", a >= b), ("a == b", a == b), ("a != b", a != b),
            ("neg(a)", -a), ("-a", -a), ("abs(a)", np.abs(a)), ("sign(a)", np.sign(a)),
            ("square(a)", a * a), ("a + 1", a + dtype(1)), ("3 * a", dtype(3) * a),
            ("clip(a, -2, 2)", np.clip(a, dtype(-2), dtype(2))),
            ("where(a > b, a, b)", np.where(a > b, a, b)),
            ("cast(a, f32)", a.astype(np.float32)), ("cast(a, f64)", a.astype(np.float64)),
            ("cast(a, i32)", a.astype(np.int32)), ("cast(a, bool)", a != 0),
            ("cast(a, i64)", a.astype(np.int64)),
            ("relu(a)", np.maximum(a, dtype(0))), ("step(a)", (a > 0).astype(dtype)),
        ], {"a": a, "b": b})
    p = np.array([[False], [True]])
    q = np.array([[False, True]])
    many(declare({"p": p, "q": q}), [
        ("p and q", p & q), ("p or q", p | q), ("not p", ~p), ("not p and q", ~p & q),
        ("p or q and not q", p | q & ~q), ("p == q", p == q), ("p != q", p != q),
        ("where(p, p, q)", p | (~p & q)), ("cast(p, i32)", p.astype(np.int32)),
        ("cast(p, f64)", p.astype(np.float64)), ("all(p)", np.array(False)),
        ("any(p)", np.array(True)),
        ("p and true", p), ("p or false", p),
    ], {"p": p, "q": q})


@section
def literal_powers():
    x = np.array([-3.0, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, np.inf, -np.inf, np.nan])
    cases = []
    for n in list(range(-9, 10)) + [63, 64, -64]:
        cases.append((f"x ^ {n}" if n >= 0 else f"x ^ -{-n}", np.power(x, float(n))))
    many(declare({"x": x}), cases, {"x": x}, units=40)
    many(declare({"x": x}), [
        ("-x^2", -(x**2)), ("(-x)^2", x**2), ("2^-1 + 0*x^0", np.full(10, 0.5)),
        ("2^3^2 + 0*x^0", np.full(10, 512.0)),
        ("-2^2 + 0 * x^0", np.full(10, -4.0)), ("2 * x ^ 2", 2 * x**2), ("x^2^0", x),
        ("x^-1", 1 / x),
    ], {"x": x}, units=2)
    # The derivative is n x^(n-1), also at negative x and at 0.
    x = np.array([-2.0, -1.0, 0.0, 1.0, 3.0])
    lines = declare({"x": x})
    for n in (0, 1, 2, 3, 5):
        lines.append(f"p{n} = x ^ {n}")
        lines.append(f"s{n} = sum(p{n})")
    many(lines, [(f"grad(s{n}, x)", n * x ** max(n - 1, 0) if n else 0 * x) for n in (0, 1, 2, 3, 5)],
         {"x": x}, zero_signs=False)


def axes_of(rank):
    axes = list(range(-rank, rank))
    return axes + [[a, b] for a in range(rank) for b in range(a + 1, rank)]


@section
def reductions():
    random = np.random.default_rng(2)
    for shape in [(), (1,), (5,), (3, 4), (2, 3, 4), (1, 5, 1), (2, 1, 3, 2), (70, 9), (3, 700)]:
        for element in ("f32", "f64", "i32"):
            dtype = DTYPES[element]
            x = random.normal(size=shape) * 3
            x = np.asarray(x if element[0] == "f" else np.round(x)).astype(dtype)
            cases = []
            for axis in [None] + axes_of(len(shape)):
                where = "" if axis is None else f", axis={axis}"
                numpy_axis = tuple(axis) if isinstance(axis, list) else axis
                kept = axis is not None
                wide = x.astype(np.float64)
                options = dict(axis=numpy_axis, keepdims=kept)
                if element[0] == "f":
                    largest = wide.max(**options)
                    shift = wide.max(axis=numpy_axis, keepdims=True)
                    cases += [
                        (f"mean(x{where})", wide.mean(**options)),
                        (f"var(x{where})", wide.var(**options)),
                        (f"std(x{where})", wide.std(**options)),
                        (f"norm(x{where})", np.sqrt((wide**2).sum(**options))),
                        (f"logsumexp(x{where})",
                            np.log(np.exp(wide - shift).sum(**options)) + largest),
                    ]
                if element != "i32" or x.size < 20:
                    cases.append((f"prod(x{where})", np.prod(x, dtype=dtype if element == "i32" else None, **options)))
                cases += [
                    (f"sum(x{where})", x.sum(**options,
                        dtype=np.float64 if element[0] == "f" else dtype)),
                    (f"max(x{where})", x.max(**options)), (f"min(x{where})", x.min(**options)),
                    (f"all(x > -1{where})", (x > -1).all(**options)),
                    (f"any(x > 2{where})", (x > 2).any(**options)),
                ]
                if isinstance(axis, int):
                    cases += [
                        (f"argmax(x{where})", x.argmax(axis=axis, keepdims=True).astype(np.int32)),
                        (f"argmin(x{where})", x.argmin(axis=axis, keepdims=True).astype(np.int32)),
                        (f"argmax(x, {axis})", x.argmax(axis=axis, keepdims=True).astype(np.int32)),
                    ]
            cases = [(e, np.asarray(w).astype(dtype if np.asarray(w).dtype == np.float64 else np.asarray(w).dtype)) for e, w in cases]
            many(declare({"x": x}), cases, {"x": x}, tolerance=2e-5 if element == "f32" else 1e-11)
    # Edge numbers.
    x = np.array([[0.0, -0.0], [-0.0, 0.0], [np.nan, np.inf], [-np.inf, np.nan], [-np.inf, -np.inf], [np.inf, 1]])
    many(declare({"x": x}), [
        ("max(x, axis=1)", np.array([[0.0], [0.0], [np.nan], [np.nan], [-np.inf], [np.inf]])),
        ("min(x, axis=1)", np.array([[-0.0], [-0.0], [np.nan], [np.nan], [-np.inf], [1.0]])),
        ("argmax(x, axis=1)", np.array([[0], [0], [0], [1], [0], [0]], np.int32)),
        ("argmin(x, axis=1)", np.array([[0], [0], [0], [1], [0], [1]], np.int32)),
        ("logsumexp(x, axis=1)",
            np.array([[math.log(2)], [math.log(2)], [np.nan], [np.nan], [-np.inf], [np.inf]])),
    ], {"x": x}, units=2)
    # No elements.
    for shape in [(0,), (3, 0), (0, 3)]:
        x = np.zeros(shape, np.float32)
        axis = len(shape) - 1 if shape[-1] == 0 else 0
        options = dict(axis=axis, keepdims=True)
        outer = tuple(1 if a == axis else n for a, n in enumerate(shape))
        many(declare({"x": x}), [
            ("sum(x)", np.float32(0)), ("prod(x)", np.float32(1)),
            (f"sum(x, axis={axis})", x.sum(**options)),
            (f"prod(x, axis={axis})", x.prod(**options)),
            ("all(x > 0)", np.array(True)), ("any(x > 0)", np.array(False)),
            ("mean(x)", np.float32(np.nan)), ("norm(x)", np.float32(0)),
            (f"max(x, axis={axis})", np.full(outer, -np.inf, np.float32)),
            ("x + 1", x), ("tanh(x)", x), ("softmax(x)", x),
        ], {"x": x}, zero_signs=False)
        refuses(f"input x : f32{list(shape)}\noutput argmax(x, {axis}) as a\n", "argmax")
    # Integer sums keep their type and wrap.
    x = np.array([2**31 - 1, 1, 5], np.int32)
    many(declare({"x": x}), [("sum(x)", np.int32(-(2**31) + 5)), ("prod(x)", np.prod(x, dtype=np.int32))], {"x": x})


@section
def products():
    random = np.random.default_rng(3)
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
              ((5, 2, 3), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
              ((6, 1, 2, 3), (5, 3, 4)),
              ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((2, 0), (0, 3)), ((0, 2), (2, 3)),
              ((1, 1), (1, 1)),
              ((2, 1, 1, 3, 4), (5, 1, 4, 2)), ((17, 130), (130, 33)), ((3, 200), (200, 2)),
              ((64, 64), (64,))]
    for element in ("f32", "f64", "i32", "i64"):
        dtype = DTYPES[element]
        inputs, cases = {}, []
        for number, (left, right) in enumerate(shapes):
            a, b = (np.round(random.normal(size=s) * 3, 0 if element[0] == "i" else 8).astype(dtype) for s in (left, right))
            inputs[f"a{number}"], inputs[f"b{number}"] = a, b
            for spelling in (f"a{number} @ b{number}", f"dot(a{number}, b{number})", f"matmul(a{number}, b{number})"):
                cases.append((spelling, np.asarray(np.matmul(a, b))))
        many(declare(inputs), cases, inputs, tolerance=3e-5 if element == "f32" else 1e-12)
    a, b = random.normal(size=3), random.normal(size=4)
    many(declare({"a": a, "b": b}), [("outer(a, b)", np.outer(a, b))], {"a": a, "b": b})
    x = random.normal(size=(2, 3, 4))
    many(declare({"x": x}), [
        ("transpose(x)", x.T), ("transpose(x, [0, 2, 1])", x.transpose(0, 2, 1)),
        ("transpose(x, [-1, 0, 1])", x.transpose(2, 0, 1)), ("transpose(transpose(x))", x),
    ], {"x": x})


@section
def movement():
    random = np.random.default_rng(4)
    for element in DTYPES:
        x = (random.normal(size=(2, 3, 4)) * 3).astype(DTYPES[element])
        one = x[:1]
        z = np.zeros((0, 3), DTYPES[element])
        many(declare({"x": x, "one": one, "z": z}), [
            ("reshape(x, [2, -1])", x.reshape(2, -1)), ("reshape(x, [-1])", x.reshape(-1)),
            ("reshape(x, [4, 3, 2])", x.reshape(4, 3, 2)),
            ("reshape(x[0, 0, 0], [])", x[0, 0, 0].reshape(())),
            ("reshape(z, [3, 0])", z.reshape(3, 0)), ("reshape(x, [24])", x.reshape(24)),
            ("flatten(x)", x.reshape(2, 12)), ("flatten(x, axis=0)", x.reshape(1, 24)),
            ("flatten(x, axis=2)", x.reshape(6, 4)), ("flatten(x, 1)", x.reshape(2, 12)),
            ("flatten(x, axis=3)", x.reshape(24, 1)), ("flatten(x, axis=-1)", x.reshape(6, 4)),
            ("broadcast(one, [5, 3, 4])", np.broadcast_to(one, (5, 3, 4))),
            ("broadcast(x, [5, 2, 3, 4])", np.broadcast_to(x, (5, 2, 3, 4))),
            ("squeeze(one, 0)", one[0]), ("squeeze(one, axis=0)", one[0]), ("squeeze(one)", one[0]),
            ("expand(x, 0)", x[None]), ("expand(x, -1)", x[..., None]),
            ("expand(x, axis=1)", x[:, None]),
            ("expand(x, 3)", x[..., None]),
            ("x[0]", x[0]), ("x[-1]", x[-1]), ("x[:, 1:3]", x[:, 1:3]), ("x[::2]", x[::2]),
            ("x[::-1]", x[::-1]), ("x[..., 0]", x[..., 0]), ("x[1, ..., ::2]", x[1, ..., ::2]),
            ("x[:, ::-2, 1:-1]", x[:, ::-2, 1:-1]), ("x[5:]", x[5:]),
            ("x[:, -100:100]", x[:, -100:100]),
            ("x[:, 2:1]", x[:, 2:1]), ("x[:, 2:0:-1]", x[:, 2:0:-1]), ("x[0, 1, 2]", x[0, 1, 2]),
            ("x[0][1][2]", x[0][1][2]), ("x[...]", x), ("x[:]", x),
            ("x[:, :, 100::-1]", x[:, :, 100::-1]),
            ("x[:, :, :-100:-1]", x[:, :, :-100:-1]), ("x[:, 1, ...]", x[:, 1, ...]),
            ("x[0, ..., 1, 2]", x[0, ..., 1, 2]), ("z[:, 0]", z[:, 0]), ("z[::-1]", z),
            ("x[:-1, 1:]", x[:-1, 1:]),
            ("x[-2]", x[-2]), ("x[1 - 1]", x[0]), ("x[size(x, 0) - 1]", x[-1]),
            ("x[:, :, ::3]", x[..., ::3]),
        ], {"x": x, "one": one, "z": z})
    x = np.zeros((2, 3), np.float32)
    for expression in ("x[2]", "x[-3]", "x[0, 3]", "x[0, 0, 0]", "x[..., ...]", "reshape(x, [4])",
                       "reshape(x, [-1, -1])", "reshape(x, [-1, 4])", "transpose(x, [0, 0])",
                       "transpose(x, [0])",
                       "squeeze(x, 0)", "broadcast(x, [3, 3])", "x[::0]", "expand(x, 4)",
                       "sum(x, axis=2)",
                       "sum(x, axis=[0, 0])", "x @ x", "x + x[:, :2]", "size(x, 2)", "x[1.5]",
                       "flatten(x, 3)",
                       "reshape(x, [-2, 3])", "squeeze(x, 5)"):
        err = refuses(f"input x : f32[2, 3]\noutput {expression} as y\n", "bad.graph:2:")
        check("x" in err, f"{expression} in the file's words", err)


@section
def making():
    i = np.array([[0, 2], [1, 5]], np.int32)
    x = np.ones((2, 2), np.float64)
    many(declare({"i": i, "x": x}) + ["dim n = 3", "const c = [[1, 2], [3, 4]]", "const d : f64[2, 2] = [[1, 2], [3, 4]]",
         "const k : i32[3] = [1, 2, 3]", "const t = [true, false]", "const h = 2 * pi",
         "const s : f64 = 0.1",
         "const e = tanh(c)", "const b : bool[2] = [false, true]"], [
        ("zeros([2, 3])", np.zeros((2, 3), np.float32)), ("ones([2])", np.ones(2, np.float32)),
        ("ones([])", np.float32(1)), ("zeros([0, 2])", np.zeros((0, 2), np.float32)),
        ("zeros(3)", np.zeros(3, np.float32)),
        ("full([2], 7)", np.full(2, 7, np.float32)),
        ("full([2], 1.5)", np.full(2, 1.5, np.float32)),
        ("full([2, n], true)", np.full((2, 3), True)),
        ("full([2], x[0, 0])", np.full(2, 1.0)),
        ("iota(4)", np.arange(4, dtype=np.int32)),
        ("iota(n) * 2", np.arange(3, dtype=np.int32) * np.int32(2)),
        ("iota(0)", np.arange(0, dtype=np.int32)),
        ("eye(3)", np.eye(3, dtype=np.float32)), ("eye(n)[0]", np.eye(3, dtype=np.float32)[0]),
        ("eye(2) @ x", x), ("iota(2) * x", np.arange(2) * x), ("zeros([2]) + i", i),
        ("iota(2) + i", i + np.arange(2, dtype=np.int32)),
        ("zeros_like(i)", np.zeros_like(i)), ("ones_like(x)", np.ones_like(x)),
        ("one_hot(i, 4)", (i[..., None] == np.arange(4)).astype(np.float32)),
        ("one_hot(iota(2), n)", np.eye(2, 3, dtype=np.float32)),
        ("cast(size(x, 0), i32)", np.int32(2)), ("size(x, 1) + zeros_like(x)", 2 + 0 * x),
        ("size(x, -1) * i", 2 * i),
        ("c + x", np.array([[1, 2], [3, 4]]) + x),
        ("c * i", np.array([[1, 2], [3, 4]], np.int32) * i), ("d", np.array([[1.0, 2], [3, 4]])),
        ("c", np.array([[1, 2], [3, 4]], np.float32)), ("k", np.array([1, 2, 3], np.int32)),
        ("t", np.array([True, False])), ("b", np.array([False, True])),
        ("h * x", 2 * np.pi * x), ("h", np.float32(2 * np.pi)), ("s", np.float64(0.1)),
        ("e * x", np.tanh(np.array([[1.0, 2], [3, 4]]))),
        ("c[1]", np.array([3, 4], np.float32)), ("sum(c, axis=0)", np.array([[4, 6]], np.float32)),
        ("[1, 2] * x", np.array([1, 2]) * x),
        ("where([true, false], x, 0)", np.array([1.0, 0]) * x),
        ("zeros([n, n + 1])", np.zeros((3, 4), np.float32)),
        ("zeros([2 * n])", np.zeros(6, np.float32)),
        ("iota(3) / 2", np.array([0, 0.5, 1], np.float32)), ("sum(iota(4))", np.int32(6)),
        ("[1, 2, 3][0] * i", i), ("argmax([1, 5, 2], 0)", np.array([1], np.int32)),
        ("reshape(x, [size(x, 0) / 2, -1])", x.reshape(1, 4)), ("sum(x, axis=[])", x),
    ], {"i": i, "x": x}, units=2)


@section
def literals():
    """Numbers adapt to the other operand, and are f32 where nothing fixes a type."""
    f64 = np.array([0.1, 1 / 3])
    i32, i64 = np.array([1, 5], np.int32), np.array([1, 5], np.int64)
    b = np.array([True, False])
    inputs = {"f": f64, "i": i32, "l": i64, "b": b, "g": f64.astype(np.float32)}
    many(declare(inputs) + ["dim n = 4", "a = 0.1", "c = 1", "z = 1/3"], [
        ("0.1 * f", 0.1 * f64), ("1/3 * f", 1 / 3 * f64), ("f + 1", f64 + 1),
        ("i + 1", i32 + np.int32(1)), ("l * n", i64 * 4),
        ("0.1 * g", np.float32(0.1) * f64.astype(np.float32)), ("1/2", np.float32(0.5)),
        ("a", np.float32(0.1)), ("c", np.float32(1)),
        ("n", np.float32(4)), ("n / 2 * l", i64 * 2), ("7 / 2 + 0 * f", 3.5 + 0 * f64),
        ("z * f", np.array([1 / 3 * 0.1, 1 / 9])),
        ("pi * f", np.pi * f64), ("-inf + f", np.full(2, -np.inf)), ("nan * f", np.full(2, np.nan)),
        ("1e-3 * f", 1e-3 * f64),
        (".5 * f", 0.5 * f64), ("1. * f", f64), ("2E2 * f", 2e2 * f64), ("1e+2 * f", 1e2 * f64),
        ("9007199254740993 * l", i64 * 9007199254740993),
        ("-9223372036854775807 - 1 + 0 * l", np.full(2, -(2**63))),
        ("2^62 + 0 * l", np.full(2, 2**62)),
        ("mod(-7, 3) * i", 2 * i32), ("maximum(2, 3) * i", 3 * i32), ("1 < 2", np.array(True)),
        ("b == true", b), ("n == 4", np.array(True)),
        ("where(b, 1, 0) * i", np.array([1, 0], np.int32)),
        ("where(b, 1, 2.5) * f", np.array([1, 2.5]) * f64),
        ("sqrt(2) * f", math.sqrt(2) * f64), ("exp(1) * f", math.exp(1) * f64),
        ("log(10) * f", math.log(10) * f64),
        ("sin(0.1) * f", math.sin(0.1) * f64), ("size(f, 0) * i", 2 * i32),
        ("1/size(f, 0) * f", 0.5 * f64), ("sum([1, 2, 3]) * i", 6 * i32),
        ("true", np.array(True)), ("2^0.5 * f", math.sqrt(2) * f64), ("i + 2^3", i32 + np.int32(8)),
        ("[0.1, 0.2] + f", np.array([0.1, 0.2]) + f64),
        ("-0.0 * f", -0.0 * f64), ("1/0 * f", np.full(2, np.inf)), ("i >= 2", i32 >= 2),
        ("2 > i", 2 > i32), ("0.5 < f", f64 > 0.5), ("-0 * f", -0.0 * f64),
    ], inputs, units=1)
    head = "\n".join(declare(inputs)) + "\n"
    for expression, parts in [
        ("i * 0.5", ["i32", "cast(i, f32)"]), ("f + g", ["f64", "f32", "cast(g, f64)"]),
        ("i + l", ["cast(i, i64)"]), ("f * i", ["cast(i, f64)"]),
        ("b + 1", ["bool", "cast"]), ("b * f", ["bool", "cast(b, f64)"]),
        ("i / 2", ["i32", "cast(i, f32)"]), ("i ^ 2", ["cast(i, f32)"]),
        ("sin(i)", ["cast(i, f32)"]),
        ("not f", ["bool"]), ("f and b", ["bool"]), ("sum(b)", ["bool", "cast"]),
        ("3000000000 * i", ["i32"]), ("where(f, f, f)", ["bool"]), ("i < 1.5", ["i32"]),
        ("f @ g", ["cast(g, f64)"]), ("i == f", ["cast(i, f64)"]), ("mean(i)", ["cast(i, f32)"]),
        ("2^64 * l", ["64"]), ("all(i)", ["bool"]),
        ("cast(f, complex)", ["complex"]), ("9223372036854775808 * l", []),
    ]:
        refuses(head + f"output {expression} as y\n", "bad.graph:6:", *parts)


@section
def functions():
    x = np.array([[1.0, -2.0], [3.0, 0.5]])
    head = """
    dim n = 2
    const factor = 10
    def twice(x) { return x * 2 }
    def plus(a, b=1) { return a + b }
    def both(a, b) {
      s = a + b
      return s, a - b
    }
    def scaled(x, axis=1, keep=none, flag=true) {
      # a comment within
      return sum(x, axis) * n * factor
    }
    def later(x) { return helper(x) + 1 }
    def helper(x) { x2 = x * x
      return x2
    }
    def shadow(x) {
      n = 7
      pi = 3
      return x * n * pi
    }
    def manyaxes(x, axes) { return sum(x, axis=axes) }
    def shaped(x, shape) { return reshape(x, shape) }
    def pick(c, x) { return where(c, x, 0) }
    def exp(x) { return x + 100 }
    def three(x) { return x, x * 2, x * 3 }
    def none_default(x, axis=none) { return sum(x, axis) }
    def inner_call(x) {
      a, b = both(x, twice(x))
      return a * b
    }
    def names(int, double, main) { return int + double * main }
    def neg(x) { return x * x }
    """
    a, b = x * 3, -x
    many(declare({"x": x}) + ["p, q = both(x, twice(x))", "t1, t2, t3 = three(x)", "int = x", "twice = x * 5",
         "multi = (x +", "   x   # comment", "  + x)"], [
        ("twice(x)", 2 * x), ("plus(x)", x + 1), ("plus(x, 5)", x + 5), ("plus(b=2, a=x)", x + 2),
        ("plus(x, b=x)", 2 * x), ("p", a), ("q", b),
        ("scaled(x)", x.sum(1, keepdims=True) * 20),
        ("scaled(x, axis=0)", x.sum(0, keepdims=True) * 20),
        ("scaled(x, [0, 1])", x.sum(keepdims=True) * 20),
        ("scaled(x, axis=none)", np.asarray(x.sum() * 20)),
        ("later(x)", x * x + 1), ("shadow(x)", x * 21),
        ("manyaxes(x, [0, 1])", x.sum(keepdims=True)), ("shaped(x, [4])", x.reshape(4)),
        ("shaped(x, [n * 2, 1])", x.reshape(4, 1)),
        ("pick(true, x)", x), ("pick(x > 0, x)", np.where(x > 0, x, 0)), ("exp(x)", x + 100),
        ("t3", 3 * x), ("none_default(x)", np.asarray(x.sum())),
        ("none_default(x, 0)", x.sum(0, keepdims=True)),
        ("inner_call(x)", a * b), ("names(x, 2, 3)", x + 6), ("int", x), ("twice", 5 * x),
        ("twice(twice)", 10 * x), ("multi", 3 * x), ("sigmoid(x)", sigmoid(x)), ("neg(x)", x * x),
        ("silu(x)", x * sigmoid(x)),
    ], {"x": x}, head=head, units=6, )
    # The same definition at other shapes and element types.
    i = np.array([1, 2, 3], np.int32)
    many(declare({"x": x, "i": i}), [("f(x)", x * x + x), ("f(i)", i * i + i), ("f(2) * i", 6 * i), ("f(f(x))", (x * x + x) ** 2 + x * x + x)], {"x": x, "i": i},
         head="def f(x) { return x * x + x }\n", units=2)
    # A derivative of the author's own.
    many(declare({"x": x}) + ["y = lamp(x, 2)", "s = sum(y * x)", "z = sum(soft(x))", "w = sum(scale(x, x))"],
         [("y", (x > 0) * 2.0), ("grad(s, x)", (x > 0) * 2.0 + x * 5), ("grad(z, x)", 2 * x * 3), ("grad(w, x)", 7.0 * x + 9 * x)], {"x": x}, units=2, head="""
    def lamp(x, k) { return where(x > 0, 1, 0) * k + 0 * x } derivative(g, y) { return 5 * g, 0 }
    def soft(x) { return x * x } derivative(adjoint, value) {
      return adjoint * 2 * x * 3
    }
    def scale(a, b) { return a * b } derivative(g, y) { return 7 * g * b, 9 * g * a }
    """)
    for text, parts in [
        ("def f(x) { return f(x) }\noutput f(1) as y\n", ["bad.graph:1:19", "f"]),
        ("def f(x) { return g(x) }\ndef g(x) { return f(x) }\noutput f(1) as y\n",
            ["bad.graph:2:19"]),
        ("def f(x) { return x }\ndef f(x) { return x }\noutput f(1) as y\n",
            ["bad.graph:2:5", "f"]),
        ("def f(a, b) { return a }\noutput f(1) as y\n", ["bad.graph:2:8", "b"]),
        ("def f(a, b) { return a }\noutput f(1, 2, 3) as y\n", ["bad.graph:2:8", "2", "3"]),
        ("def f(a, b) { return a }\noutput f(1, c=3) as y\n", ["bad.graph:2:", "c"]),
        ("def f(a) { return a }\noutput f(1, a=3) as y\n", ["bad.graph:2:", "twice"]),
        ("x = 1\nx = 2\noutput x\n", ["bad.graph:2:1", "already bound", "line 1"]),
        ("def f(a) { b = a\n b = 2\n return b }\noutput f(1) as y\n", ["bad.graph:2:2", "b"]),
        ("def f(a, a) { return a }\noutput f(1, 2) as y\n", ["bad.graph:1:10", "a"]),
        ("v = 3\ndef f(a) { return a + v }\noutput f(1) as y\n", ["bad.graph:2:23", "v"]),
        ("output y\ny = 1\n", ["bad.graph:1:8", "y", "line 2"]),
        ("def f(a) { return a, a }\noutput f(1) as y\n", ["bad.graph:2:8", "2 values"]),
        ("def f(a) { return a, a }\np, q, r = f(1)\noutput p\n", ["bad.graph:2:", "3", "2"]),
        ("p, q = 1\noutput p\n", ["bad.graph:1:", "2"]),
        ("def f(a) { x = a }\noutput f(1) as y\n", ["bad.graph:1:", "return"]),
        ("def f(a) { return a\n a = 3 }\noutput f(1) as y\n", ["bad.graph:2:"]),
        ("input x : f32[2, 3]\ninput w : f32[4, 5]\ndef layer(a, b) {\n  return tanh(dot(a, b))\n}\noutput layer(x, w) as y\n",
         ["bad.graph:4:15: error: dot: ", "3 columns", "4 rows", "bad.graph:6:8", "layer"]),
        ("x = 1\n", ["bad.graph: error", "output"]), ("", ["bad.graph: error"]),
        ("# nothing\n", ["bad.graph: error"]),
        ("loss 1\nloss 2\noutput 1 as y\n", ["bad.graph:2:", "loss"]),
        ("input x : f32[2]\nloss x\n", ["bad.graph:2:", "loss", "one element"]),
        ("x = 1\noutput x\noutput x\n", ["bad.graph:3:", "x"]),
        ("output 1 + 1\n", ["bad.graph:1:", "as"]),
        ("loss grad\n", ["bad.graph:1:6", "grad"]),
        ("output sinn(1) as x\n", ["bad.graph:1:8", "did you mean si"]),
        ("inpt x : f32\noutput x\n", ["bad.graph:1:", "input"]),
        ("input value : f32\noutput vlaue\n", ["bad.graph:2:8", "did you mean value?"]),
        ("input x : f16\noutput x\n", ["bad.graph:1:11", "f16"]),
        ("input x : f32[-1]\noutput x\n", ["bad.graph:1:", "-1"]),
        ("input x : f32[1.5]\noutput x\n", ["bad.graph:1:", "1.5"]),
        ("input x : f32[k]\noutput x\n", ["bad.graph:1:15", "k"]),
        ("dim k = -3\noutput 1 as x\n", ["bad.graph:1:", "-3"]),
        ("dim k = 2.5\noutput 1 as x\n", ["bad.graph:1:", "2.5"]),
        ("input x : f32\ndim k = x\noutput 1 as y\n", ["bad.graph:2:9", "x"]),
        ("input x : f32\nconst k = x + 1\noutput 1 as y\n", ["bad.graph:2:11", "x"]),
        ("const k = [[1, 2], [3]]\noutput k\n", ["bad.graph:1:11"]),
        ("const k : i32[2] = [1, 2, 3]\noutput k\n", ["bad.graph:1:", "[3]", "[2]"]),
        ("const k : i32 = 0.5\noutput k\n", ["bad.graph:1:"]),
        ("a" * 129 + " = 1\noutput " + "a" * 129 + "\n", ["bad.graph:1:1", "128"]),
        ("12ab = 3\noutput 1 as x\n", ["bad.graph:1:1"]),
        ("x = (1 + 2\noutput x\n", ["bad.graph:1:5", "never closed"]),
        ("x = [1, 2\ny = 3\noutput y\n", ["bad.graph:1:5", "never closed"]),
        ("def f(x) {\n  return x\noutput f(1) as y\n", ["bad.graph:1:10", "never closed"]),
        ("x = 1)\noutput x\n", ["bad.graph:1:6"]),
        ("x = 1 +\noutput x\n", ["bad.graph:1:8"]), ("x = * 2\noutput x\n", ["bad.graph:1:5"]),
        ("x == 2\noutput x\n", ["bad.graph:1:"]), ("x = 1 2\noutput x\n", ["bad.graph:1:7"]),
        ("x = 2 ** 3\noutput x\n", ["bad.graph:1:7", "^"]),
        ("x = a ? b\noutput x\n", ["bad.graph:1:7"]), ("x = 1 < 2 < 3\noutput x\n", []),
        ("return 1\noutput 1 as y\n", ["bad.graph:1:"]),
        ("grad = 1\noutput loss\n", ["bad.graph:2:8"]),
        ("x = 1 as y\noutput x\n", ["bad.graph:1:7"]),
        ("param p : f32[2] = glorott()\noutput p\n", ["bad.graph:1:20", "did you mean glorot?"]),
        ("param p : i32[2]\noutput p\n", ["bad.graph:1:7", "i32"]),
        ("param p : f32[2] = [1, 2, 3]\noutput p\n", ["bad.graph:1:20", "[3]", "[2]"]),
        ("param p : f32[2] = constant()\noutput p\n", ["bad.graph:1:20"]),
        ("param p : f32[2] = uniform(1, 2, 3)\noutput p\n", ["bad.graph:1:20"]),
        ("output sum(x=1, x=2) as y\n", ["bad.graph:1:8"]),
        ("x = sum(1, axis)\noutput x\n", ["bad.graph:1:12", "axis"]),
        ("x = sum(1, axis=)\noutput x\n", ["bad.graph:1:17"]),
        ("input x : f32[3, 3, 3\noutput x\n", ["bad.graph:1:14", "never closed"]),
        ("input x\noutput x\n", ["bad.graph:1:8"]),
        ("input x : f32\ninput x : f32\noutput x\n", ["bad.graph:2:7", "line 1"]),
        ("param p : f32 = 3\noutput p\n", []), ("output x as y as z\n", ["bad.graph:1:"]),
        ("input x : f32\noutput sin as y\n", ["bad.graph:2:8", "function"]),
        ("input x : f32\noutput x(1) as y\n", ["bad.graph:2:8", "x"]),
        ("input x : f32[3]\noutput reshape(x, x) as y\n", ["bad.graph:2:"]),
        ("output if as y\n", ["bad.graph:1:8"]), ("not = 1\noutput 1 as y\n", ["bad.graph:1:"]),
        ("output softmax() as y\n", ["bad.graph:1:8", "x"]),
        ("output none as y\n", ["bad.graph:1:8", "none"]),
        ("output [[1], 2] as y\n", ["bad.graph:1:8"]),
        ("output [true, 1] as y\n", ["bad.graph:1:8"]),
        ("input x : f32[2]\noutput [x, x] as y\n", ["bad.graph:2:8"]),
        ("input x : f32[2]\noutput x[x] as y\n", ["bad.graph:2:"]),
        ("def f(x) { output x }\noutput f(1) as y\n", ["bad.graph:1:12"]),
        ("def f(x) { def g(y) { return y }\n return g(x) }\noutput f(1) as y\n",
            ["bad.graph:1:12"]),
        ("def f() { return 1 }\noutput f(2) as y\n", ["bad.graph:2:8"]),
        ("input x : f32[1000000, 1000000, 1000000]\noutput x\n", ["bad.graph:1:", "2^40"]),
        ("input x : f32[10000000000, 10000000000]\noutput x\n", ["bad.graph:1:"]),
        ("input x : f32[2^62 * 4]\noutput x\n", ["bad.graph:1:"]),
        ("dim d = 99999999999999999999\noutput d\n", ["bad.graph:1:9"]),
        ("input x : f32[0, 1099511627776, 1099511627776]\noutput x\n", ["bad.graph:1:"]),
        ("x = zeros([1099511627777])\noutput x\n", ["bad.graph:1:5", "2^40"]),
    ]:
        err = refuses(text, *parts)
        lines = err.splitlines()
        if err and not lines[0].startswith("bad.graph: error"):
            check(re.match(r"bad\.graph:\d+:\d+: error: .", lines[0]) is not None, f"{text!r}: form of the message", err)
            check(any(re.match(r"\s*\^", line) for line in lines), f"{text!r}: a caret", err)


@section
def layers():
    random = np.random.default_rng(5)
    h, y = random.normal(size=(4, 3)), random.normal(size=(4, 3))
    p, t = softmax(random.normal(size=(2, 4, 3))), softmax(random.normal(size=(2, 4, 3)))
    big = np.array([[1000.0, 0, -1000], [1e4, 1e4, -1e4]])
    w, b = random.normal(size=(3, 5)), random.normal(size=5)
    log_softmax = lambda x, axis=-1: np.log(softmax(x, axis))
    stable = big - big.max(1, keepdims=True) - np.log(np.exp(big - big.max(1, keepdims=True)).sum(1, keepdims=True))
    inputs = {"h": h, "y": y, "p": p, "t": t, "w": w, "b": b, "big": big}
    many(declare(inputs), [
        ("softmax(h)", softmax(h)), ("softmax(h, axis=0)", softmax(h, 0)),
        ("softmax(p, 1)", softmax(p, 1)), ("softmax(big)", softmax(big)),
        ("log_softmax(h)", log_softmax(h)), ("log_softmax(h, 0)", log_softmax(h, 0)),
        ("log_softmax(big)", stable),
        ("dense(h, w, b)", h @ w + b), ("mse(h, y)", np.mean((h - y) ** 2)),
        ("half_mse(h, y)", np.sum((h - y) ** 2) / 8),
        ("half_mse(p, t)", np.sum((p - t) ** 2) / 4),
        ("cross_entropy(p, t)", np.mean(-np.sum(t * np.log(p), -1))),
        ("softmax_cross_entropy(h, y)", np.mean(-np.sum(y * log_softmax(h), -1))),
        ("softmax_cross_entropy(big, big)", np.mean(-np.sum(big * stable, -1))),
        ("binary_cross_entropy(p, t)", np.mean(-(t * np.log(p) + (1 - t) * np.log(1 - p)))),
    ], inputs, tolerance=1e-13)


def slope(function, x, v=1e-6):
    """Central differences of a function of one array to a number."""
    x = np.asarray(x, np.float64)
    result = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = v * max(1.0, abs(x[index]))
        high, low = x.copy(), x.copy()
        high[index] += step
        low[index] -= step
        result[index] = (function(high) - function(low)) / (2 * step)
    return result


@section
def gradients():
    random = np.random.default_rng(6)
    # Elementwise, away from corners.
    lines, cases, inputs = [], [], {}
    for name, (reference, _, low, high) in ELEMENTWISE.items():
        x = random.uniform(max(low, -3), min(high, 3), 30)
        x = x[np.abs(x - np.round(x * 2) / 2) > 1e-3]
        inputs[f"x_{name}"] = x
        lines += [f"input x_{name} : f64[{len(x)}]", f"s_{name} = sum({name}(x_{name}))"]
        cases.append((f"grad(s_{name}, x_{name})", slope(lambda v: float(np.sum(reference(v))), x)))
    many(lines, cases, inputs, tolerance=2e-6)
    # Everything else: a weighted sum of the result.
    x = random.normal(size=(2, 3, 4))
    v = random.normal(size=(4, 5))
    forms = {
        "x @ v": lambda x: x @ v, "sum(x, 1)": lambda x: x.sum(1, keepdims=True),
        "mean(x, [0, 2])": lambda x: x.mean((0, 2), keepdims=True),
        "max(x, 2)": lambda x: x.max(2, keepdims=True),
        "min(x, 0)": lambda x: x.min(0, keepdims=True),
        "prod(x, 1)": lambda x: x.prod(1, keepdims=True),
        "var(x, 1)": lambda x: x.var(1, keepdims=True),
        "std(x, 2)": lambda x: x.std(2, keepdims=True),
        "norm(x, [1, 2])": lambda x: np.sqrt((x**2).sum((1, 2), keepdims=True)),
        "logsumexp(x, 1)": lambda x: np.log(np.exp(x).sum(1, keepdims=True)),
        "softmax(x, 1)": lambda x: softmax(x, 1), "log_softmax(x)": lambda x: np.log(softmax(x)),
        "transpose(x, [2, 0, 1])": lambda x: x.transpose(2, 0, 1),
        "reshape(x, [4, 6])": lambda x: x.reshape(4, 6),
        "x[:, ::-2, 1:3]": lambda x: x[:, ::-2, 1:3],
        "x[1, 0]": lambda x: x[1, 0],
        "broadcast(x[:, :1], [2, 3, 4])": lambda x: np.broadcast_to(x[:, :1], (2, 3, 4)),
        "expand(x, 1) * expand(x, 0)": lambda x: x[:, None] * x[None],
        "x / (1 + x * x)": lambda x: x / (1 + x * x), "maximum(x, x[:1])": None,
        "where(x > 0, x^2, exp(x))": lambda x: np.where(x > 0, x**2, np.exp(x)),
        "clip(x, -0.5, 0.5)": lambda x: np.clip(x, -0.5, 0.5),
        "atan2(x, 2 + x * x)": lambda x: np.arctan2(x, 2 + x * x),
        "pow(abs(x), x)": lambda x: np.abs(x) ** x,
        "abs(x) ^ 1.7": lambda x: np.abs(x) ** 1.7, "3 ^ x": lambda x: 3**x,
        "mod(x, 0.7)": lambda x: np.mod(x, 0.7), "mod(5, x)": lambda x: np.mod(5, x),
        "squeeze(sum(x, 1), 1)": lambda x: x.sum(1),
        "transpose(x, [0, 2, 1]) @ x": lambda x: x.transpose(0, 2, 1) @ x,
        "outer(x, x[0])": lambda x: np.outer(x, x[0]), "stop_gradient(x) * x": None,
        "x ^ -3": lambda x: x**-3.0, "leaky_relu(x)": lambda x: np.where(x > 0, x, 0.01 * x),
        "cast(cast(x, f32), f64)": None, "flatten(x)": lambda x: x.reshape(2, 12),
        "x @ x[0, 0]": lambda x: x @ x[0, 0],
    }
    lines, cases, inputs, labels = ["input x : f64[2, 3, 4]", "input v : f64[4, 5]"], [], {"x": x, "v": v}, []
    for number, (form, function) in enumerate(forms.items()):
        if function is None:
            continue
        labels.append(form)
        weights = random.normal(size=function(x).shape)
        inputs[f"w{number}"] = weights
        lines += [f"input w{number} : f64{list(weights.shape)}", f"s{number} = sum({form} * w{number})"]
        cases.append((f"grad(s{number}, x)", slope(lambda a: float(np.sum(function(a) * weights)), x)))
    many(lines, cases, inputs, labels=labels, tolerance=1e-4)
    many(["input x : f64[2, 3, 4]", "s = sum(stop_gradient(x) * x)", "t = sum(cast(cast(x, f32), f64))"], [("grad(s, x)", x), ("grad(t, x)", np.ones_like(x))], {"x": x})
    # Several names, independent ones, nested ones, integers, names with equal values.
    x, y = np.array([0.5, -2.0, 3.0]), np.array([2.0, 1.0, -1.0])
    i, b = np.array([1, 2, 3], np.int32), np.array([True, False, True])
    many(declare({"x": x, "y": y, "i": i, "b": b}) + [
        "f = sum(x^3 * y)", "gx, gy = grad(f, x, y)", "n = sum(x)", "zy = grad(n, y)",
        "h = grad(sum(grad(f, x) * y), x)", "third = grad(sum(h), x)",
        "k = sum(x * cast(i, f64))", "gi, gb, gk = grad(k, i, b, x)", "x2 = x",
        "same = sum(x * x2)", "m = grad(same, x)", "m2 = grad(same, x2)", "q = x + 0",
        "r = sum(q * x)",
        "gq = grad(r, q)", "gr = grad(r, x)", "cut = sum(cast(cast(x, i32), f64))", "mid = x * y",
        "out = sum(mid * mid)", "gmid = grad(out, mid)",
        "gg = grad(sum(x), x)", "square_sum = sum(i)", "gint = grad(square_sum, x)",
        "self = sum(y)", "gs = grad(self, self)", "def_result = hessian(x, y)",
    ], [("gx", 3 * x**2 * y), ("gy", x**3), ("zy", 0 * y), ("h", 6 * x * y * y), ("third", 6 * y * y), ("gi", 0 * i), ("gb", np.zeros(3, bool)), ("gk", i * 1.0), ("m", 2 * x), ("m2", x),
        ("gq", x), ("gr", 2 * x + 0), ("grad(cut, x)", 0 * x), ("gmid", 2 * x * y),
        ("gg", np.ones(3)), ("gint", 0 * x), ("gs", np.array(1.0)), ("def_result", 6 * x * y),
        ("grad(f, x) * 2", 6 * x**2 * y)], {"x": x, "y": y, "i": i, "b": b}, zero_signs=False,
        head="def hessian(x, y) {\n f = sum(x^3 * y)\n g = grad(f, x)\n return grad(sum(g), x)\n}\n", units=4)
    # Corners.
    x, z = np.array([0.0, -0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 2.0])
    lines, cases = declare({"x": x, "z": z}), []
    for number, (form, want) in enumerate([
        ("relu(x)", [0, 0, 1, 1]), ("abs(x)", [0, 0, 1, 1]), ("sign(x)", [0] * 4),
        ("floor(x)", [0] * 4), ("ceil(x)", [0] * 4), ("round(x)", [0] * 4), ("step(x)", [0] * 4),
        ("max(x)", [0, 0, 0.5, 0.5]), ("min(x)", [0.5, 0.5, 0, 0]),
        ("maximum(x, z)", [0.5, 0.5, 0.5, 0]), ("minimum(x, z)", [0.5, 0.5, 0.5, 1]),
        ("prod(x + 1)", [4, 4, 2, 2]),
        ("prod(x)", [0] * 4), ("prod(x[1:])", [0, 1, 0, 0]), ("x^0", [0] * 4), ("x^1", [1] * 4),
        ("x^2", [0, 0, 2, 2]), ("cast(x > 0, f64)", [0] * 4),
        ("where(x == 0, 0, 1 / where(x == 0, 1, x))", [0, 0, -1, -1]),
        ("maximum(x, x)", [1] * 4),
        ("softplus(x)", [0.5, 0.5, 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-1))]),
        ("sigmoid(x)", [0.25, 0.25, 0.19661193324148185] + [0.19661193324148185]),
        ("elu(x)", [1, 1, 1, 1]), ("silu(x)", [0.5, 0.5, 0.9276705118714868, 0.9276705118714868]),
        ("softsign(x)", [1, 1, 0.25, 0.25]),
    ]):
        lines.append(f"f{number} = sum({form})")
        cases.append((f"grad(f{number}, x)", np.array(want, float)))
    many(lines, cases, {"x": x, "z": z}, tolerance=1e-15, zero_signs=False)
    # Far from 0 nothing becomes nan.
    x = np.array([-1e4, -100.0, 100.0, 1e4])
    lines, cases = declare({"x": x}), []
    for number, (form, want) in enumerate([
        ("sigmoid(x)", [0] * 4), ("softplus(x)", [0, 0, 1, 1]), ("tanh(x)", [0] * 4),
        ("elu(x)", [0, 0, 1, 1]), ("gelu(x)", [0, 0, 1, 1]), ("gelu_tanh(x)", [0, 0, 1, 1]),
        ("silu(x)", [0, 0, 1, 1]), ("selu(x)", [0, 0, SELU_SCALE, SELU_SCALE]), ("erf(x)", [0] * 4),
        ("logsumexp(x)", [0, 0, 0, 1]), ("softmax(x)[3]", [0] * 4),
    ]):
        lines += [f"f{number} = sum({form})"]
        cases.append((f"grad(f{number}, x)", np.array(want, float)))
    many(lines, cases, {"x": x}, tolerance=1e-15)
    # Of the loss, on the command line.
    text = "input x : f64[3]\ninput i : i32[3]\nparam w : f64[3] = ones()\nf = sum(x * w)\noutput f\nloss f * f\n"
    x = np.array([1.0, 2.0, 3.0])
    inputs = {"x": x, "i": i}
    result = evaluate(text, inputs, "--grad")
    if result:
        check(result.loss == 36, "the loss", result.loss)
        check(list(result.gradients) == ["w"], "--grad is for the parameters", result.gradients)
        same("gradient", result.gradients["w"], 12 * x)
    for names in (["x"], ["x", "w"], ["w", "x"]):
        result = evaluate(text, inputs, *sum((["--wrt", name] for name in names), []))
        if result:
            check(list(result.gradients) == names, f"--wrt {names}", list(result.gradients))
    result = evaluate("input x : f64[3]\ninput i : i32[3]\noutput x * 2 as y\noutput sum(x * x) as f\n", inputs, "--grad", "--wrt", "x")
    if result:
        same("gradient of the one output that has one element", result.gradients["x"], 2 * x)
    result = evaluate("input x : f64[3]\ninput i : i32[3]\nv = sum(x * x)\noutput v\n", inputs, "--grad")
    if result:
        check(list(result.gradients) == ["x"], "without parameters, of every float input", list(result.gradients))
        same("gradient of the only output", result.gradients["x"], 2 * x)
    for text, parts in [
        ("input x : f32[2]\noutput grad(sum(x), z) as g\n", ["bad.graph:2:21", "z"]),
        ("input x : f32[2]\noutput grad(x, x) as g\n", ["bad.graph:2:8", "one"]),
        ("input x : f32[2]\noutput grad(sum(x), x + 1) as g\n", ["bad.graph:2:"]),
        ("input x : f32[2]\noutput grad(sum(x)) as g\n", ["bad.graph:2:8"]),
        ("input x : f32[2]\na, b = grad(sum(x), x)\noutput a\n", ["bad.graph:2:"]),
        ("def f(x) { return x * x } derivative(g, y) { return g * 2, g }\ninput x : f32\noutput f(x) as y\n", ["bad.graph:1:", "2"]),
        ("def f(x) { return x * x } derivative(g, y) { return sum(g) }\ninput x : f32[2]\noutput f(x) as y\n", ["bad.graph:1:"]),
        ("def f(x) { return x * x } derivative(g, y) { return g * q }\ninput x : f32[2]\noutput f(x) as y\n", ["bad.graph:1:57", "q"]),
    ]:
        refuses(text, *parts)
    refuses("input x : f32[2]\noutput x\n", status=65, arguments=["--input", "x=[1,2]", "--grad"], what="--grad of a vector")
    refuses("input x : f32[2]\nloss sum(x)\n", "z", status=65, arguments=["--input", "x=[1,2]", "--wrt", "z"], what="--wrt of no name")


@section
def initialisers():
    shapes = {"vector": (400,), "matrix": (30, 50), "kernel": (8, 4, 3, 3), "cube": (6, 5, 7)}
    lines, wants = ["input x : f32"], {}
    for name, shape in shapes.items():
        window = math.prod(shape[2:])
        fan_in, fan_out = (shape[0], shape[0]) if len(shape) == 1 else shape if len(shape) == 2 else (shape[1] * window, shape[0] * window)
        limit = math.sqrt(6 / (fan_in + fan_out))
        for kind, bound, std in [
            ("", limit, limit / math.sqrt(3)), (" = glorot()", limit, limit / math.sqrt(3)),
            (" = glorot_normal()", None, math.sqrt(2 / (fan_in + fan_out))),
            (" = he()", None, math.sqrt(2 / fan_in)), (" = lecun()", None, math.sqrt(1 / fan_in)),
            (" = uniform()", 0.05, 0.05 / math.sqrt(3)), (" = normal()", None, 0.05),
            (" = uniform(-2, high=2)", 2, 2 / math.sqrt(3)), (" = normal(std=3)", None, 3),
        ]:
            own = f"{name}{len(wants)}"
            lines.append(f"param {own} : f32{list(shape)}{kind}")
            wants[own] = (bound, std, shape, kind)
    lines += ["param z : f64[3] = zeros()", "param o : i32[2, 2] = ones()", "param c : f32[2] = constant(0.25)", "param l : f32[2, 2] = [[1, 2], [3, 4]]", "param b : bool[2] = [true, false]",
              "param ci : i64[2] = constant(-3)", "param m : f32[2000] = normal(mean=5, std=0.5)",
              "param k : f32[2] = constant(v=2)"]
    extra = {"z": np.zeros(3), "o": np.ones((2, 2), np.int32), "c": np.full(2, 0.25, np.float32), "l": np.array([[1, 2], [3, 4]], np.float32), "b": np.array([True, False]), "ci": np.full(2, -3), "k": np.full(2, 2, np.float32)}
    outputs = [f"output {name}" for name in [*wants, *extra, "m"]]
    text = "\n".join(lines + outputs) + "\n"
    results = evaluate(text, {"x": np.float32(0)})
    if results is None:
        return
    for name, (bound, std, shape, kind) in wants.items():
        values = results[name].astype(float)
        what = f"{shape}{kind}"
        if bound:
            check(np.abs(values).max() <= bound * 1.000001, f"{what}: within ±{bound}", np.abs(values).max())
            check(np.abs(values).max() > bound * 0.9, f"{what}: fills ±{bound}", np.abs(values).max())
        count = values.size
        check(abs(values.std() - std) < 5 * std / math.sqrt(count), f"{what}: deviation {std}", values.std())
        check(abs(values.mean()) < 5 * std / math.sqrt(count), f"{what}: mean 0", values.mean())
    for name, want in extra.items():
        same(name, results[name], want)
    check(abs(results["m"].mean() - 5) < 0.06, "mean of normal(mean=5)", results["m"].mean())
    one = "param {} : f32[40] = uniform()\noutput {} as p\n"
    draw = lambda name, *options, more="": evaluate(more + one.format(name, name), None, *options)["p"]
    first = draw("w")
    same("the same name and seed", draw("w", "--seed", "0"), first)
    same("another parameter before it changes nothing", draw("w", more="param a : f32[99]\n"), first)
    check(not np.array_equal(draw("v"), first), "another name draws otherwise")
    check(not np.array_equal(draw("w", "--seed", "1"), first), "another seed draws otherwise")
    same("any backend draws the same", draw("w", "--backend", "interpreter"), first)


@section
def sizes():
    text = "dim n = 2\ndim m = 3 * n + 1\ninput x : [n, m]\noutput sum(x, axis=1) as s\noutput n * ones([]) as k\noutput x / m as q\n"
    for options, shape in [([], (2, 7)), (["--dim", "n=4"], (4, 13)), (["--dim", "n=1", "--dim", "m=5"], (1, 5)), (["--dim", "n=0"], (0, 1))]:
        x = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
        results = evaluate(text, {"x": x}, *options)
        if results:
            same(f"sum with {options}", results["s"], x.sum(1, keepdims=True), zero_signs=False)
            same(f"n with {options}", results["k"], np.float32(shape[0]))
            same(f"x / m with {options}", results["q"], x / np.float32(shape[1]))
    refuses(text, "k", "dim", arguments=["--dim", "k=3"])
    refuses(text, "-1", arguments=["--dim", "n=-1"])
    refuses(text, status=64, arguments=["--dim", "n"])
    refuses(text, status=64, arguments=["--dim", "n=x"])
    refuses(text, status=65, arguments=["--dim", "n=9223372036854775807"])
    # High ranks and scalars.
    x = np.arange(64, dtype=np.float32).reshape((2,) * 6)
    many(declare({"x": x}), [("sum(x, axis=[0, 2, 4])", x.sum((0, 2, 4), keepdims=True)), ("transpose(x)", x.T), ("x + x[:, :1]", x + x[:, :1]), ("x[0, 1, 0, 1, 0, 1]", x[0, 1, 0, 1, 0, 1])], {"x": x})
    s = np.float32(3)
    many(["input s : f32", "input t : f32[]", "input u : []", "input d"[:0]], [("s * t + u", np.float32(12)), ("sum(s)", s), ("exp(s - t)", np.float32(1)), ("transpose(s)", s), ("reshape(s, [1, 1])", s.reshape(1, 1)), ("expand(s, 0)", s[None])],
         {"s": s, "t": s, "u": s})


@section
def errors():
    # All errors of a file, at most 20, each at its own place, none that only follows from another.
    text = "input x : f32[3]\na = x + y1\nb = x @ zeros([4])\nc = sinn(x)\nd = a + b + c\noutput d\noutput e1\n"
    err = refuses(text, "bad.graph:2:9: error", "bad.graph:3:7: error", "bad.graph:4:5: error", "bad.graph:7:8: error")
    check(err.count(": error:") == 4, "four errors, none that follows from another", err)
    text = "".join(f"a{i} = q{i}\n" for i in range(50)) + "output a0\n"
    err = refuses(text, "bad.graph:20:7: error")
    check(err.count(": error:") == 20, "20 errors at most", err.count(": error:"))
    text = "a = (1\nb = 2 +\nc = ]\nd = $\noutput d\n"
    err = refuses(text, "bad.graph:1:5: error", "bad.graph:2:8: error", "bad.graph:3:5: error", "bad.graph:4:5: error")
    # Where the mistake was made, with the line and a caret below the column.
    err = refuses("input x : f32[500, 784]\n\tinput w1 : f32[100, 10]\n  l = tanh( dot(x, w1) )\noutput l\n", "bad.graph:3:13: error: dot: x has 784 columns, but w1 has 100 rows")
    lines = err.splitlines()
    check(len(lines) >= 3 and lines[2].index("^") - lines[1].index("dot") == 0, "the caret stands under dot", err)
    err = refuses("# ünïcödé\nx = 1 + ünknown\noutput x\n", "bad.graph:2:9")
    err = refuses("input x : f32[2, 3]\ninput y : f32[3, 2]\noutput x + y as z\n", "bad.graph:3:", "[2, 3]", "[3, 2]", "x", "y")
    err = refuses("input x : f32[2, 3]\ndef a(v) { return b(v) }\ndef b(v) { return c(v) }\ndef c(v) {\n  return v @ v\n}\noutput a(x) as z\n",
                  "bad.graph:5:", "bad.graph:3:19", "bad.graph:2:19", "bad.graph:7:8")
    places = [err.find(part) for part in ("bad.graph:5:", "bad.graph:3:19", "bad.graph:2:19", "bad.graph:7:8")]
    check(places == sorted(places), "the chain of calls, innermost first", err)
    err = refuses("input x : f32[2, 3]\noutput softmax(x, axis=2) as z\n", "bad.graph:2:8", "softmax", "2")
    check("prelude" not in err, "nothing of the prelude in a message", err)
    for expression in ("mse(x, w)", "dense(x, w, w)", "softmax_cross_entropy(x, w)", "log_softmax(x, 7)", "mean(x, 5)", "norm(x, [0, 0])", "relu(true)", "gelu(i)",
                       "std(i)", "binary_cross_entropy(x, w)", "outer(x, i)", "clip(x, i, 1)",
                       "half_mse(x[0, 0], x)", "cross_entropy(i, x)", "elu(i)", "logsumexp(b)",
                       "var(b)", "gelu(i)", "hard_sigmoid(b)"):
        err = refuses(f"input x : f32[2, 3]\ninput w : f32[4, 5]\ninput i : i32[2]\ninput b : bool[2]\noutput {expression} as z\n", "bad.graph:5:")
        check(not re.search(r"prelude|_count|_erfc|the value|…", err), f"{expression}: in the file's words", err)
        check(err.count(": error:") == 1, f"{expression}: one error", err)
        same_words = re.search(r": (\w+) (?:is|has) .*, but (\w+) (?:is|has) ", err)
        check(not same_words or same_words[1] != same_words[2], f"{expression}: two things are at odds", err)
    # A graph is checked before its inputs are looked at.
    refuses("input x : f32[2]\noutput y\n", "bad.graph:2:8", arguments=["--input", "x=[1"])


@section
def hostile():
    texts = {
        "deep parentheses": "x = " + "(" * 200000 + "1" + ")" * 200000 + "\noutput x\n",
        "unclosed parentheses": "x = " + "(" * 500000, "unclosed brackets": "x = " + "[" * 500000,
        "unclosed braces": "def f() " + "{" * 500000,
        "deep lists": "x = " + "[" * 3000 + "1" + "]" * 3000 + "\noutput x\n",
        "minus signs": "x = " + "-" * 500000 + "1\noutput x\n",
        "not": "x = " + "not " * 300000 + "true\noutput x\n",
        "powers": "x = " + "2^" * 100000 + "2\noutput x\n",
        "calls": "x = " + "sin(" * 100000 + "1" + ")" * 100000 + "\noutput x\n",
        "indexing": "input x : f32[2]\noutput x" + "[0]" * 100000 + " as y\n",
        "huge list": "input y : f32\nx = zeros([" + ", ".join("1" for _ in range(300000)) + "])\noutput x\n", "closers": ")" * 300000, "statements that fail": "= 1\n" * 300000,
        "NUL bytes": "x = 1\0\noutput x\n", "only NUL": "\0" * 100000,
        "huge exponent": "x = 7^999999999999\noutput x\n",
        "doubling dims": "dim a = 2^62\ndim b = a * a\noutput b\n",
        "doubling functions": "def f0(x) { return x + x }\n" + "".join(f"def f{i}(x) {{ return f{i-1}(f{i-1}(x)) }}\n" for i in range(1, 60)) + "input x : f32\noutput f59(x) as y\n",
        "doubling that does nothing": "def f0(x) { return x }\n" + "".join(f"def f{i}(x) {{ return f{i-1}(f{i-1}(x)) }}\n" for i in range(1, 60)) + "input x : f32\noutput f59(x) as y\n",
        "doubling numbers": "def f0(x) { return x + 1 }\n" + "".join(f"def f{i}(x) {{ return f{i-1}(f{i-1}(x)) }}\n" for i in range(1, 60)) + "output f59(1) as y\n",
        "doubling gradients": "input x : f64\ng0 = x^9\n" + "".join(f"g{i} = grad(g{i-1} * g{i-1} * sin(g{i-1}), x)\n" for i in range(1, 40)) + "output g39\n",
        "doubling sizes": "x0 = zeros([2])\n" + "".join(f"x{i} = outer(x{i-1}, x{i-1})\n" for i in range(1, 40)) + "output x39\n",
        "doubling lists": "const a0 = [1, 1]\n" + "".join(f"const a{i} = [a{i-1}, a{i-1}]\n" for i in range(1, 60)) + "output a59\n",
        "long recursion": "".join(f"def f{i}(x) {{ return f{(i+1) % 50000}(x) }}\n" for i in range(50000)) + "output f0(1) as y\n",
        "long name": "a" * 2000000 + " = 1\n", "long line": "x = " + "1 + " * 2000000 + "\n",
        "bad bytes": b"x = \xff\xfe\xc3\noutput x\n", "only bad bytes": b"\xff" * 100000,
        "half a character": "output ü".encode()[:-1],
        "many names unknown": "".join(f"a{i} = b{i}\n" for i in range(200000)) + "output a0\n",
        "huge tensor": "x = zeros([1048576, 1048576, 2])\noutput x\n",
        "huge literal": "x = " + "9" * 1000000 + "\noutput x\n",
        "many arguments": "x = sum(" + ", ".join("1" for _ in range(200000)) + ")\noutput x\n",
    }
    for name, text in texts.items():
        refuses(text, "bad.graph:", what=name)
    fine = {
        "chain": ("input x : f32\nx0 = x\n" + "".join(f"x{i} = x{i-1} * 0.5 + 1\n" for i in range(1,
            100001)) + "output x100000\n", "x100000", 2.0),
        "long sum": ("input x : f32\ny = " + "x + " * 99999 + "x\noutput y\n", "y", 100000.0),
        "literals": ("input x : f32\ny = x * " + "1" + "0" * 30 + ".0 * 1e-30\noutput y\n", "y",
            1.0),
        "nesting": ("input x : f32\ny = " + "(" * 200 + "x" + ")" * 200 + "\noutput y\n", "y", 1.0),
        "calls in a chain": ("".join(f"def f{i}(x) {{ return f{i+1}(x) + 0 }}\n" for i in range(100)) + "def f100(x) { return x }\ninput x : f32\ny = f0(x)\noutput y\n", "y", 1.0),
        "carriage returns": ("input x : f32\r\ny = x\r\noutput y\r\n", "y", 1.0),
        "no last line end": ("input x : f32\ny = x\noutput y", "y", 1.0),
        "byte order mark": ("\ufeffinput x : f32\ny = x\noutput y\n", "y", 1.0),
        "tabs": ("input\tx\t:\tf32\n\ty\t=\tx\noutput\ty\n", "y", 1.0),
        "128 characters": ("input x : f32\n" + "a" * 128 + " = x\noutput " + "a" * 128 + "\n",
            "a" * 128, 1.0),
        "subnormal literal": ("input x : f64\ny = x * 4.9e-324\noutput y\n", "y",
            4.9406564584124654e-324), "infinite literal": ("input x : f64\ny = x * 1e999\noutput y\n", "y", math.inf),
        "keywords' cousins": ("input x : f32\nInput = x\ninputs = Input\noutput inputs\n", "inputs",
            1.0),
        "C's names": ("input x : f32\nint = x\nmain = int\ndouble = main\nstruct = double\nNAN = struct\nmemcpy = NAN\noutput memcpy\noutput int\n", "memcpy", 1.0),
    }
    for name, (text, output, want) in fine.items():
        code, out, err, seconds, memory = call(["run", write("fine.graph", text.encode()), "--input", "x=1", "--json", "--backend", "interpreter" if len(text) > 100000 else "auto"])
        check(code == 0, f"{name}: status {code}", err[:1000])
        check(memory < MEMORY_LIMIT, f"{name}: memory {memory >> 20} MiB")
        check(seconds < 60, f"{name}: {seconds:.1f} s")
        if code == 0:
            data = json.loads(out)["outputs"][output]["data"][0]
            check(float(data) == want, f"{name}: {data}, expected {want}")
    big = write("big.graph", b"# " + b"x" * (64 << 20) + b"\noutput 1 as y\n")
    code, out, err, seconds, memory = call(["run", big])
    check(code == 65 and "64" in err, f"a file over 64 MiB: status {code}", err[:500])
    check(memory < MEMORY_LIMIT, f"a file over 64 MiB: memory {memory >> 20} MiB")
    big = write("big.graph", (b"# " + b"x" * 4000 + b"\n") * ((63 << 20) // 4003) + b"output 1 as y\n")
    code, out, err, seconds, memory = call(["run", big])
    check(code == 0, f"a file of 63 MiB: status {code}", err[:500])
    check(memory < MEMORY_LIMIT, f"a file of 63 MiB: memory {memory >> 20} MiB")
    big = write("big.graph", b"input x : f32\n" + b"".join(b"v%d = x+x\n" % i for i in range(1000000)) + b"\noutput x\n")
    code, out, err, seconds, memory = call(["run", big, "--input", "x=1"], limit=300)
    check(code == 0, f"a million statements: status {code}", err[:500])
    check(memory < MEMORY_LIMIT, f"a million statements: memory {memory >> 20} MiB")
    check(seconds < 60, f"a million statements: {seconds:.1f} s")
    os.remove(big)


def status(what, arguments, expected, *parts, stdin=b""):
    code, out, err, _, _ = call(arguments, stdin=stdin)
    check(code == expected, f"{what}: status {code}, expected {expected}", err[:1000] or out[:300])
    for part in parts:
        check(part in err, f"{what}: says {part!r}", err[:1000])
    return out, err


@section
def command_line():
    graph = write("g.graph", "dim n = 2\ninput x : f32[n]\ninput k : i32\nparam w : f32[2] = [1, 2]\ny = x * w\noutput y\nloss sum(y)\n")
    good = ["--input", "x=[3,4]", "--input", "k=1"]
    status("run", ["run", graph, *good], 0)
    status("no command's name", ["runn", graph], 64)
    status("no graph", ["run"], 64)
    status("an unknown option", ["run", graph, "--bogus"], 64)
    status("two graphs", ["run", graph, graph, *good], 64)
    status("an option without its value", ["run", graph, "--seed"], 64)
    status("a seed that is none", ["run", graph, "--seed", "x"], 64)
    status("an unknown backend", ["run", graph, *good, "--backend", "gpu"], 64)
    status("an unknown precision", ["run", graph, *good, "--precision", "f16"], 64)
    status("no threads", ["run", graph, *good, "--threads", "0"], 64)
    status("an input without =", ["run", graph, "--input", "x"], 64)
    status("a graph that is not there", ["run", path("none.graph")], 66, "none.graph")
    status("a folder for a graph", ["run", FOLDER], 66)
    status("an input file that is not there", ["run", graph, "--input", "x=" + path("none.npy"), "--input", "k=1"], 66, "none.npy")
    status("an archive that is not there", ["run", graph, "--input", path("none.npz")], 66, "none.npz")
    status("parameters that are not there", ["run", graph, *good, "--params", path("none.safetensors")], 66, "none.safetensors")
    status("an input left out", ["run", graph, "--input", "k=1"], 65, "x", "f32[2]")
    status("all inputs left out", ["run", graph], 65, "x")
    status("a wrong shape", ["run", graph, "--input", "x=[1,2,3]", "--input", "k=1"], 65, "x", "f32[2]", "[3]")
    status("a number for a vector", ["run", graph, "--input", "x=1", "--input", "k=1"], 65, "x", "f32[2]")
    status("a fraction for an integer", ["run", graph, "--input", "x=[1,2]", "--input", "k=1.5"], 65, "k", "i32")
    status("an unknown input", ["run", graph, *good, "--input", "z=1"], 65, "z")
    status("an unknown name after --wrt", ["run", graph, *good, "--wrt", "z"], 65, "z")
    status("an unknown dim", ["run", graph, *good, "--dim", "z=1"], 65, "z")
    status("nonsense for an input", ["run", graph, "--input", "x=[1,", "--input", "k=1"], 65, "x")
    status("ragged lists", ["run", graph, "--input", "x=[[1],2]", "--input", "k=1"], 65, "x")
    status("nothing for an input", ["run", graph, "--input", "x=", "--input", "k=1"], 65, "x")
    status("a folder that is not there", ["run", graph, *good, "-o", path("none/x.npz")], 73, "none")
    status("a folder as output", ["run", graph, *good, "-o", FOLDER], 73)
    write("broken.npz", b"PK\3\4 nothing")
    write("broken.npy", b"\x93NUMPY\1\0\xff\xff")
    write("broken.safetensors", b"\xff" * 20)
    status("a broken archive", ["run", graph, "--input", path("broken.npz")], 65, "broken.npz")
    status("a broken array", ["run", graph, "--input", "x=" + path("broken.npy"), "--input", "k=1"], 65, "broken.npy")
    status("broken parameters", ["run", graph, *good, "--params", path("broken.safetensors")], 65, "broken.safetensors")
    np.save(path("f.npy"), np.array([1.5, 2.5]))
    status("floats for integers", ["run", graph, "--input", "x=[1,2]", "--input", "k=" + path("f.npy")], 65, "k", "i32")
    for command in ("compile", "train", "check"):
        status(f"{command} without a graph", [command], 64)
        status(f"{command} of no file", [command, path("none.graph")], 64 if command == "train" else 66)
        status(f"{command} with an unknown option", [command, graph, "--bogus"], 64)
        bad = write("bad.graph", "output y\n")
        data = ["--data", path("d.csv")] if command == "train" else []
        write("d.csv", "x,k\n1,2\n3,4\n")
        status(f"{command} of a bad graph", [command, bad, *data], 65, "bad.graph:1:8")
    status("train on no file", ["train", graph, "--data", path("none.csv")], 66, "none.csv")
    status("compile to nowhere", ["compile", graph, "-o", path("none/x")], 73)
    status("an unknown --emit", ["compile", graph, "--emit", "fortran"], 64)
    status("an unknown optimizer", ["compile", graph, "--optimizer", "newton"], 64)
    environment = dict(os.environ)
    result = subprocess.run([NNCC, "run", graph, *good, "--backend", "cc"], capture_output=True, env={**environment, "PATH": "/nowhere", "CC": "", "HOME": FOLDER})
    check(result.returncode == 69, f"no C compiler: status {result.returncode}, expected 69", result.stderr.decode()[:500])
    out, _ = status("the version", ["--version"], 0)
    out, _ = status("help", ["--help"], 0)
    check("run" in out, "help names the commands", out)
    # Standard input, numbers and text of the results.
    text = b"input x : f32[2]\ninput k : i32\noutput x * 2 as y\noutput k\n"
    out, _ = status("a graph from standard input", ["run", "-", *good, "--json"], 0, stdin=text)
    if out:
        check(json.loads(out)["outputs"]["y"]["data"] == [6, 8], "the graph from standard input", out)
    out, err = status("errors from standard input", ["run", "-"], 65, ":1:8: error", stdin=b"output y\n")
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([3, 4], np.int8), k=np.int16(7), other=np.ones(3))
    out, _ = status("inputs from standard input", ["run", graph, "--input", "-", "--json"], 0, stdin=buffer.getvalue())
    if out:
        check(json.loads(out)["outputs"]["y"]["data"] == [3, 8], "integers become floats, other names are ignored", out)
    out, _ = status("tables", ["run", graph, *good], 0)
    check("y" in out and "3" in out and "loss" in out and "\x1b" not in out, "a table without colour", out)
    large = write("large.graph", "output iota(100000) as y\n")
    out, _ = status("a large result", ["run", large], 0)
    check(len(out) < 2000 and "99999" in out and "100000" in out and "mean" in out, "a large result is summed up", out[:500])
    # Numbers read back to the same bits.
    random = np.random.default_rng(7)
    for element, bits in (("f32", np.uint32), ("f64", np.uint64)):
        x = np.concatenate([random.integers(0, np.iinfo(bits).max, 500, bits).view(DTYPES[element]), np.array(EDGES, DTYPES[element])])
        results = evaluate(f"input x : {element}[{len(x)}]\noutput x\n", {"x": x})
        if results:
            same(f"{element} round trip", results["x"], x)
            check("nan" in results.raw["outputs"]["x"]["data"] and "-inf" in results.raw["outputs"]["x"]["data"], "nan and inf are strings")
    x = np.array([2**63 - 1, -(2**63), 2**53 + 1])
    results = evaluate("input x : i64[3]\noutput x\n", {"x": x})
    if results:
        same("i64 round trip", results["x"], x)
    results = evaluate("output 0.1 as a\nloss nan\n")
    if results:
        check(results.loss == "nan" and results.raw["outputs"]["a"]["data"] == [0.1], "a loss of nan, and the shortest digits", results.raw)
    # An archive of all results.
    archive = path("results.npz")
    status("-o", ["run", graph, *good, "--grad", "-o", archive], 0)
    if os.path.exists(archive):
        loaded = np.load(archive)
        check(sorted(loaded.files) == ["gradient:w", "loss", "y"], "names in the archive", loaded.files)
        same("y in the archive", loaded["y"], np.array([3, 8], np.float32))
        same("the gradient in the archive", loaded["gradient:w"], np.array([3, 4], np.float32))
        same("the loss in the archive", loaded["loss"], np.float32(11))
    every = {name: np.array([[1, 0], [0, 1]], dtype) for name, dtype in DTYPES.items()}
    every.update(scalar=np.float32(2), empty=np.zeros((0, 3), np.float32))
    names = {name: name if name in ("scalar", "empty") else name + "_" for name in every}
    every = {names[name]: value for name, value in every.items()}
    np.savez(path("every.npz"), **every)
    text = "\n".join(declare(every)) + "\n" + "".join(f"output {name}\n" for name in every)
    status("-o of every type", ["run", write("every.graph", text), "--input", path("every.npz"), "-o", archive], 0)
    loaded = np.load(archive)
    for name, value in every.items():
        if name in loaded.files:
            same(f"{name} in the archive", loaded[name], value)
        else:
            fail(f"{name} in the archive", loaded.files)
    # Files of one array, tables, literals of all kinds.
    vector = write("v.graph", "input x : f64[2, 3]\noutput x\n")
    want = np.array([[1, 2.5, -3], [4, 5, 6]])
    np.save(path("x.npy"), want)
    np.save(path("fortran.npy"), np.asfortranarray(want.astype(np.float32)))
    np.savez_compressed(path("x.npz"), x=want, z=want)
    np.savez(path("one.npz"), other=want)
    write("x.csv", "a,b,c\n1,2.5,-3\n4,5,6\n")
    write("plain.csv", "1,2.5,-3\r\n4,5,6\r\n")
    for value in ("x=" + path("x.npy"), "x=" + path("fortran.npy"), "x=" + path("x.npz"), path("x.npz"), "x=" + path("x.csv"), "x=" + path("plain.csv"), "x=[[1, 2.5, -3], [4, 5, 6]]",
                  " x=[[1,2.5,-3],[4,5,6]]".strip(), "x=[[1,25e-1,-3.0],\n[4,5,6]]",
                  "x=" + path("one.npz")):
        code, out, err, _, _ = call(["run", vector, "--input", value, "--json"])
        check(code == 0 and json.loads(out)["outputs"]["x"]["data"] == want.reshape(-1).tolist(), f"--input {value}", err)
    edges = write("edges.graph", "input x : f64[4]\ninput b : bool[2]\ninput i : i64\noutput x\noutput b\noutput i\n")
    out, _ = status("nan and truth in literals", ["run", edges, "--input", "x=[nan, inf, -inf, -0.0]", "--input", "b=[true, false]", "--input", "i=-9223372036854775808", "--json"], 0)
    if out:
        check(json.loads(out)["outputs"]["x"]["data"][:3] == ["nan", "inf", "-inf"] and json.loads(out)["outputs"]["i"]["data"] == [-(2**63)], "edges", out)
    status("too large an integer", ["run", edges, "--input", "x=[1,2,3,4]", "--input", "b=[true,false]", "--input", "i=9223372036854775808"], 65, "i")
    # Doubles inside.
    third = ["run", write("third.graph", "input x : f32\noutput x / 3 as y\noutput sin(x) as s\n"), "--input", "x=1", "--json"]
    out, _ = status("--precision f64", [*third, "--precision", "f64"], 0)
    if out:
        found = json.loads(out)["outputs"]["y"]
        check(abs(float(found["data"][0]) - 1 / 3) < 1e-15, "--precision f64 computes in f64", out)
    out, _ = status("the graph's own precision", [*third, "--backend", "interpreter"], 0)
    if out:
        check(json.loads(out)["outputs"]["y"]["data"] == [0.33333334], "f32 as the graph says", out)
    # Compiling.
    os.makedirs(path("out"), exist_ok=True)
    status("compile", ["compile", graph, "-o", path("out/m")], 0)
    check(os.path.exists(path("out/m.c")) and os.path.exists(path("out/m.h")), "m.c and m.h")
    for kind in ("ir", "adjoint", "kernels"):
        out, _ = status(f"--emit {kind}", ["compile", graph, "--emit", kind], 0)
        check(out.strip() != "", f"--emit {kind} on standard output")
        again, _ = status(f"--emit {kind}", ["compile", graph, "--emit", kind], 0)
        check(out == again, f"--emit {kind} twice gives the same text")


@section
def names():
    """Names of a graph clash with nothing in the emitted C."""
    random = np.random.default_rng(9)
    names = """a b c d i j k l m n o p q r s t u v w x y z i0 i1 r0 r1 s0 s1 t0 u0 acc acc0 lane unit begin end
        from to base points batch last stop next half low high block rows columns count value buffers scratch
        tile tile0 packing lanes params gradient state workspace loss_ seed restrict index index0 int double
        main exp tanh NAN INFINITY memcpy malloc nn nns nn_exp NN_UNROLL float32_t int32_t printf errno unix
        linux I complex uint8_t ptrdiff_t size_t this class static _Bool __x _X x_ model kernel name""".split()
    lines, inputs, cases = [], {}, []
    for number, name in enumerate(names):
        value = random.normal(size=(1, 3) if number % 2 else (3, 1)).astype(np.float32)
        inputs[name] = value
        other = names[(number + 1) % len(names)]
        lines.append(f"input {name} : f32{list(value.shape)}")
    for number, name in enumerate(names):
        a, b = inputs[name], inputs[names[(number + 1) % len(names)]]
        other = names[(number + 1) % len(names)]
        cases += [(f"{name} + {other}", a + b)]
        if number % 2:
            cases += [(f"sum({name} * {other}, axis=0)", (a * b).sum(0, keepdims=True))]
            cases += [(f"{other} @ {name}", b @ a), (f"{name} @ {other}", a @ b)]
    for backend in ("tcc", "cc", "interpreter"):
        many(lines, cases, inputs, "--backend", backend, tolerance=1e-6)
    # One kernel each, as its names are given apart from the others'.
    for number in range(0, len(names) - 1, 2):
        pair = {name: inputs[name] for name in names[number : number + 2]}
        first, second = pair
        many(declare(pair), [(f"{first} + {second}", pair[first] + pair[second])], pair)
    text = "\n".join(lines) + "\n" + "".join(f"output {e} as y{i}\n" for i, (e, _) in enumerate(cases))
    os.makedirs(path("names"), exist_ok=True)
    status("compile every name", ["compile", write("names.graph", text), "-o", path("names/m")], 0)
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler:
        command = [compiler, "-std=c99", "-Wall", "-Werror", "-c", path("names/m.c"), "-o", path("names/m.o")]
        built = subprocess.run(command, capture_output=True, text=True)
        check(built.returncode == 0, "the C of every name compiles", built.stderr[:2000])


@section
def backends():
    """Every backend gives the same bits."""
    random = np.random.default_rng(8)
    text = """
    input x : f32[37, 19]
    input y : f32[37, 5]
    input i : i32[37]
    param w1 : f32[19, 33]
    param b1 : f32[1, 33] = normal()
    param w2 : f32[33, 5] = he()
    h = tanh(x @ w1 + b1)
    p = softmax(h @ w2)
    output p
    output sum(h, axis=0) as s
    output argmax(p, axis=1) as k
    output mod(i * 7, 5) - i as j
    output var(exp(x), axis=[0, 1]) as v
    output gelu(x) + erf(x) * log1p(abs(x)) as e
    output transpose(x)[::-1, 3:9] as t
    g = grad(sum(h * h), x)
    output g
    loss cross_entropy(p, y)
    """
    inputs = {"x": random.normal(size=(37, 19)).astype(np.float32), "y": softmax(random.normal(size=(37, 5))).astype(np.float32), "i": np.arange(37, dtype=np.int32)}
    reference = evaluate(text, inputs, "--grad", "--backend", "interpreter")
    for options in (["--backend", "tcc"], ["--backend", "cc"], ["--backend", "tcc", "--threads", "1"], ["--backend", "cc", "--threads", "3"], []):
        results = evaluate(text, inputs, "--grad", *options)
        if results and reference:
            check(results.raw == reference.raw, f"{options}: the interpreter's bits",
                  [name for name in reference.raw["outputs"] if results.raw["outputs"][name] != reference.raw["outputs"][name]])
    code, out, err, _, _ = call(["check", write("check.graph", text), "--trials", "1"])
    check(code == 0, f"check: status {code}", out[-1500:] + err[-500:])


def main():
    global NNCC, FOLDER, BACKEND
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    NNCC = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    if wanted[:1] == ["--backend"] and len(wanted) > 1:
        BACKEND, wanted = wanted[1], wanted[2:]
    unknown = set(wanted) - {function.__name__ for function in SECTIONS}
    if unknown:
        sys.exit(f"no section {', '.join(sorted(unknown))}; there are {', '.join(f.__name__ for f in SECTIONS)}")
    with tempfile.TemporaryDirectory() as folder:
        FOLDER = folder
        for function in SECTIONS:
            if wanted and function.__name__ not in wanted:
                continue
            before, start = (check_count, len(failures)), time.time()
            try:
                function()
            except Exception:  # a crash of one section is a failure, not the end
                fail(f"section {function.__name__}", traceback.format_exc())
            print(f"{function.__name__}: {check_count - before[0]} checks, "
                  f"{len(failures) - before[1]} failed, {time.time() - start:.1f} s", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
