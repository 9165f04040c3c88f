"""The workloads: what is computed, on which data, by which graph, and what nncc aims at.

Used by run.py, by the peers and by data.py; needs nothing but Python itself.
"""

from dataclasses import dataclass
from typing import Optional, Tuple


@dataclass(frozen=True)
class Workload:
    key: str
    title: str
    # A file of Workloads/, or one that `generated_graph` writes.
    graph: str
    # The group of arrays; see peers/data.py.
    data: str
    # What nncc derives from the graph: step, forward or gradient.
    part: str
    # steady: time a call. cold: from process start to the end of the first call. compile: from the graph to code.
    kind: str = "steady"
    rate: float = 0.0
    optimizer: str = "sgd"
    # How far apart, relatively, what the peers compute may be.
    tolerance: float = 2e-5
    # What nncc aims at with one thread: how many times as fast as the fastest peer, or seconds.
    goal_cc: Optional[float] = None
    goal_tcc: Optional[float] = None
    # Peers that have no derivative of their own and are given one written by hand; compared in a row of their own.
    by_hand: Tuple[str, ...] = ()
    # Floating-point operations of a call, where a row shows GFLOP/s instead of time.
    operations: int = 0


# Name, M, N, K, whether the first operand is stored transposed.
PRODUCTS: Tuple[Tuple[str, int, int, int, bool], ...] = (
    ("500x784x100", 500, 100, 784, False),
    ("784x500x100_at", 784, 100, 500, True),
    ("128x2048x2048", 128, 2048, 2048, False),
    ("1024x1024x1024", 1024, 1024, 1024, False),
    ("64x64x64", 64, 64, 64, False),
    ("1x784x100", 1, 100, 784, False),
    ("500x100x10", 500, 10, 100, False),
)
CHAINS = (100, 1000, 10000)
CHAIN_GOALS = (3e-3, 15e-3, 150e-3)


def product(key):
    """The shape (M, N, K, transposed) of the workload `gemm_…`."""
    return next(rest for name, *rest in PRODUCTS if key == "gemm_" + name)


def _product_workload(name, m, n, k, transposed):
    how = ", first operand transposed" if transposed else ""
    return Workload(
        "gemm_" + name, f"product {m}×{k}×{n}{how}", f"gemm_{name}.graph", "gemm_" + name, "forward",
        goal_cc=1.0, goal_tcc=0.97, operations=2 * m * n * k,
    )


WORKLOADS = [
    Workload(
        "mlp_train", "training step 784-100-10, tanh, batch 500", "mlp.graph", "mlp", "step",
        rate=0.1, goal_cc=1.15, goal_tcc=1.0,
    ),
    Workload(
        "mlp_train_big", "training step 784-2048-2048-10, relu, batch 128", "mlp_big.graph", "mlp_big", "step",
        rate=0.01, goal_cc=1.1, goal_tcc=0.97,
    ),
    Workload(
        "cnn_train", "training step LeNet-5, batch 64", "cnn.graph", "cnn", "step",
        rate=0.1, tolerance=1e-3, goal_cc=3.0, goal_tcc=2.0,
    ),
    Workload(
        "cnn_infer", "inference LeNet-5, batch 64", "cnn_infer.graph", "cnn", "forward",
        tolerance=1e-3, goal_cc=1.5, goal_tcc=1.1,
    ),
    Workload(
        "birnn_train", "training step bidirectional LSTM tagger, batch 32, length 50", "birnn.graph", "birnn", "step",
        rate=0.5, tolerance=1e-3, goal_cc=1.5, goal_tcc=1.2,
    ),
    Workload(
        "transformer_train", "training step transformer, 4 layers, width 128, batch 16×64, Adam", "transformer.graph",
        "transformer", "step", rate=1e-3, optimizer="adam", tolerance=1e-3, goal_cc=1.4, goal_tcc=1.15,
    ),
    Workload(
        "elementwise", "tanh(a·b + c) · sigmoid(d), 10 million floats", "elementwise.graph", "elementwise", "forward",
        tolerance=1e-3, goal_cc=1.8, goal_tcc=1.3,
    ),
    Workload(
        "mlp_infer_b1", "inference 784-100-10, batch 1", "mlp_infer.graph", "mlp_infer", "forward",
        goal_cc=1.8, goal_tcc=1.3,
    ),
    Workload(
        "scalar_grad", "value and gradient of sin(x1) + x1·x2", "scalar.graph", "scalar", "gradient",
        goal_cc=20.0, goal_tcc=15.0, by_hand=("numpy",),
    ),
    *(_product_workload(*shape) for shape in PRODUCTS),
    Workload(
        "cold", "process start to the end of the first training step 784-100-10", "mlp.graph", "mlp", "step",
        kind="cold", rate=0.1, goal_tcc=30e-3,
    ),
    *(
        Workload(
            f"chain_{count}", f"graph to gradient code, chain of {count:,} operations on 64×64", f"chain_{count}.graph",
            "chain", "gradient", kind="compile", tolerance=1e-3, goal_tcc=goal,
        )
        for count, goal in zip(CHAINS, CHAIN_GOALS)
    ),
    Workload(
        "compile_lstm", "graph to code of the LSTM tagger's training step", "birnn.graph", "birnn", "step",
        kind="compile", rate=0.5, tolerance=1e-3, goal_tcc=7e-3,
    ),
]


def workload(key):
    return next(workload for workload in WORKLOADS if workload.key == key)


def generated_graph(name):
    """The text of a graph that is not in Workloads/: a product, or a chain of x + a, x · b and tanh x in turn."""
    key = name.removesuffix(".graph")
    if key.startswith("gemm_"):
        m, n, k, transposed = product(key)
        first, operand = (f"{k}, {m}", "transpose(a)") if transposed else (f"{m}, {k}", "a")
        return f"input a : f32[{first}]\ninput b : f32[{k}, {n}]\noutput {operand} @ b as c\n"
    count = int(key.removeprefix("chain_"))
    lines = ["input x : f32[64, 64]", "input a : f32[64, 64]", "input b : f32[64, 64]"]
    last = "x"
    for number in range(count):
        expression = (f"{last} + a", f"{last} * b", f"tanh({last})")[number % 3]
        last = f"x{number}"
        lines.append(f"{last} = {expression}")
    return "\n".join(lines + [f"loss mean({last})", ""])
