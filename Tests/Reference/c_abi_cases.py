"""Graphs whose emitted C `c_abi.py` holds against the contract: each is small and odd in one way.

A case is a name (the model's prefix too), the text of the graph, and what the header must say: for
each function the names of its arguments in order, without the state, the learning rate and the
workspace. `step_rows` names the leading size of the inputs of a case that `nncc train` can train.
"""

from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    text: str
    expect: dict = field(default_factory=dict)
    fields: list = None
    step_rows: int = 0
    options: list = field(default_factory=list)
    runs: bool = True
    has_step: bool = True


MLP = """
dim batch = 5
dim hidden = 19
input x : f32[batch, 33]
input y : f32[batch, 10]
param w1 : f32[33, hidden] = glorot()
param b1 : f32[1, hidden] = zeros()
param w2 : f32[hidden, 10] = he()
param b2 : f32[1, 10] = constant(0.25)
l1 = tanh(dot(x, w1) + b1)
l2 = softmax(dot(l1, w2) + b2, axis=1)
cost = -mean(sum(y * log(l2), axis=1), axis=0)
output l2
loss cost
"""

ODD_NAMES = """int double main exp NULL INT_MAX restrict params workspace gradient state learning_rate
uint8_t float float_ this class template typename linux unix errno std i0 r0 t1 acc0 u1 tile begin end
scratch packing low high lane memcpy sqrtf EOF M_PI nn_exp_f32 NN_INLINE compute_y constant_c seed
odd_forward odd_params odd_init ODD_H ODD_DIM_N ODD_INDEX_OUT_OF_RANGE compute_sum _Bool __m512 size_t
NNCC_FMA auto register namespace operator new delete private bool""".split()

CLASHES = {"int", "double", "NULL", "INT_MAX", "restrict", "uint8_t", "float", "this", "class", "template",
           "typename", "auto", "register", "namespace", "operator", "new", "delete", "private", "bool",
           "NNCC_FMA", "ODD_H", "ODD_DIM_N", "ODD_INDEX_OUT_OF_RANGE"}


def odd(kind):
    """All odd names as one kind of thing."""
    lines = ["dim n = 2", "dim N = 3"]
    names = ODD_NAMES
    if kind == "param":
        lines += [f"param {name} : f32[n] = uniform()" for name in names]
        lines += ["input x : f32[4, n]", "y = x * (" + " + ".join(f"exp({name})" for name in names) + ")",
                  "output y", "loss sum(square(y))"]
    elif kind == "input":
        lines += ["param w : f32[n]"] + [f"input {name} : f32[n]" for name in names]
        lines += ["y = w * (" + " + ".join(f"exp({name})" for name in names) + ")",
                  "output y", "loss sum(square(y))"]
    elif kind == "output":
        lines += ["param w : f32[n]", "input x : f32[4, n]"]
        lines += [f"{name} = sum(exp(x * w + {k}), axis=0)" for k, name in enumerate(names)]
        lines += [f"output {name}" for name in names] + [f"loss sum({names[0]})"]
    elif kind == "const":
        lines += [f"const {name} = [{k}, {k}.5]" for k, name in enumerate(names)]
        lines += ["param w : f32[n]", "y = w * (" + " + ".join(names) + ")", "output y", "loss sum(y)"]
    elif kind == "dim":
        lines = [f"dim {name} = {k % 3 + 1}" for k, name in enumerate(names)]
        lines += [f"dim {name.upper()} = 1" for name in names if name.upper() not in names]
        lines += ["param w : f32[int, double, main]", "loss sum(exp(w))"]
    return "\n".join(lines) + "\n"


F64 = MLP.replace("f32", "f64")

CASES = [
    Case("mlp", MLP, {"forward": "params x l2", "gradient": "params x y loss gradient",
                      "step": "params x y loss"}, ["w1", "b1", "w2", "b2"], step_rows=5),
    Case("mlp64", F64, {"gradient": "params x y loss gradient"}, step_rows=5),
    Case("unfused", MLP, options=["--no-fuse"], step_rows=5),
    Case("lines", MLP, options=["-g"]),
    Case("rebound", MLP, options=["--dim", "batch=1"]),
    Case("scalar", "input x1 : f32\ninput x2 : f32\nf = sin(x1) + x1 * x2\noutput f\n",
         {"forward": "x1 x2 f", "gradient": "x1 x2 f grad_x1 grad_x2"}, has_step=False),
    Case("only_loss", "param w : f32[3] = normal()\ninput x : f32[4, 3]\nloss mean(square(x * w - 1))\n",
         {"forward": "params x loss", "gradient": "params x loss gradient", "step": "params x loss"}, step_rows=4),
    Case("no_loss", "param w : f32[3]\ninput x : f32[4, 3]\ny = x * w\noutput y\n",
         {"forward": "params x y", "gradient": None, "step": None}, has_step=False),
    Case("no_inputs", "param w : f32[3, 2] = [[1, 2], [-3, 4], [0.1, -0.0]]\ny = exp(w)\noutput y\nloss sum(y * y)\n",
         {"forward": "params y", "gradient": "params loss gradient", "step": "params loss"}),
    Case("nothing", "const c = [[1, 2], [3, 4]]\ny = c * 2\noutput y\n", {"forward": "y"}, has_step=False),
    Case("loss_input", "param w : f32[3]\ninput t : f32[2, 3]\ninput x : f32[2, 3]\ninput s : f32\ninput u : f32[7]\n"
         "y = x * w\noutput y\nloss sum(square(y - t)) * s\n",
         {"forward": "params x y", "gradient": "params t x s loss gradient", "step": "params t x s loss"}),
    Case("several", "input x : f32[2, 3]\ninput k : i32[2]\nparam w : f32[3]\na = x * w\nb = sum(a, axis=1)\n"
         "output b\noutput a\noutput k\noutput x * 2 as c\noutput a as a2\noutput b as b2\noutput w as w_again\n"
         "output x as same\nloss sum(b)\n",
         {"forward": "params x k b a k_ c a2 b2 w_again same"}),
    Case("passed", "input x : f32[5]\nparam w : f32[2] = ones()\nconst c = [1.5, inf, nan, -inf, -0.0]\n"
         "output x as first\noutput w as second\noutput c as third\noutput zeros([3]) as fourth\noutput x as fifth\n",
         {"forward": "params x first second third fourth fifth"}, has_step=False),
    Case("dropped", "param used : f32[2]\nparam unused : f32[3]\nparam whole : i32[2] = [1, 2]\nparam flag : bool[2] = ones()\n"
         "param deep : f64[2]\ninput x : f32[2]\ny = used * x * cast(whole, f32) + where(flag, x, 0)\n"
         "output y\noutput deep * 2 as d\noutput whole * 2 as e\nloss sum(y * y)\n",
         {"gradient": "params x loss gradient"}, ["used", "unused", "whole", "flag", "deep"]),
    Case("integers", "input a : i32[6]\ninput b : i64[6]\ninput p : bool[6]\ninput m : i32[3, 2]\ninput bm : i64[2, 3]\n"
         "param k : i32[6] = [1, -2, 2147483647, -2147483647, 5, 6]\nparam q : i64[6] = constant(9223372036854775807)\n"
         "output a * k * k + 7 as a1\noutput abs(neg(b)) * q as b1\noutput mod(a, k) as a2\noutput mod(b, q) as b2\n"
         "output p and not (a > k) as c\noutput sum(a) as s\noutput prod(b) as t\noutput max(b) as u\noutput any(p) as v\n"
         "output cast(cast(b, f32) * 1e30, i32) as w\noutput cast(cast(a, f64) * 1e300, i64) as z\noutput cast(a, bool) as z1\n"
         "output cast(p, i64) as z2\noutput m @ cast(bm, i32) as z3\noutput argmax(a, axis=0) as z4\noutput cast(b, i32) as z5\n"
         "output sign(a) as z6\noutput square(a) as z7\noutput all(p) as z8\noutput min(a) as z9\noutput maximum(a, k) as z10\n"
         "output a == k as z11\noutput where(p, a, k) as z12\noutput clip(a, -2, 2) as z13\noutput square(b) as z14\n",
         has_step=False),
    Case("doubles", "input x : f64[3, 20]\nparam w : f64[20, 6] = normal(mean=1, std=2)\nparam v : f64[5] = glorot_normal()\n"
         "param u : f64[3] = uniform(low=-1, high=3)\ny = sigmoid(x @ w)\noutput y\noutput gelu(x) as g\n"
         "loss mean(log1p(exp(y))) + sum(v) * sum(u)\n", {"step": "params x loss"}),
    Case("elementwise", "input x : f32[37]\ninput z : f32[37]\n" + "\n".join(
        f"output {f}(x) as o_{f}" for f in "neg abs sign exp expm1 log log1p sqrt rsqrt square reciprocal sin cos tan asin acos "
        "atan sinh cosh tanh erf floor ceil round sigmoid relu leaky_relu elu selu gelu silu softplus softsign hard_sigmoid step "
        "gelu_tanh".split()) + "\n" + "\n".join(f"output {f}(x, z) as o_{f}" for f in "pow maximum minimum mod atan2".split())
        + "\noutput x ^ 7 as p7\noutput x ^ -3 as pm\noutput x ^ 2.5 as pf\noutput where(x > z, x, z) as wh\n", has_step=False),
    Case("elementwise64", "input x : f64[37]\ninput z : f64[37]\n" + "\n".join(
        f"output {f}(x) as o_{f}" for f in "exp expm1 log log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh erf floor "
        "ceil round sigmoid gelu softplus".split()) + "\noutput pow(x, z) as p\noutput mod(x, z) as m\noutput atan2(x, z) as a\n",
        has_step=False),
    Case("empty", "dim n = 0\ninput x : f32[n, 3]\nparam w : f32[n, 3]\nparam v : f32[3] = ones()\nparam i : i64[n] = zeros()\ny = x * w + v\n"
         "output y\noutput sum(y, axis=0) as s\noutput transpose(y) @ y as g\nloss sum(y) + sum(v * v)\n"),
    Case("all_empty", "input x : f32[0, 3]\nparam w : f32[0, 3]\noutput x * w as y\n", has_step=False),
    Case("single", "param w : f32\nparam v : f32[1, 1]\ninput x : f32\ninput z : f32[1]\ny = (x * w + v) * z\noutput y\nloss y\n"),
    Case("loss64", "param w : f64[3]\nparam v : f32[3]\ninput x : f64[3]\nloss sum(x * w) + cast(sum(v * v), f64)\n",
         {"step": "params x loss"}),
    Case("inits", "".join(f"param p{k} : {t}[7, 5] = {init}\n" for t in ("f32", "f64") for k0, init in enumerate(
        ["zeros()", "ones()", "constant(-1.5)", "uniform()", "uniform(low=2, high=3)", "normal()", "normal(mean=1, std=3)",
         "glorot()", "glorot_normal()", "he()", "lecun()"]) for k in [f"{t}_{k0}"])
        + "param a : i32[3] = constant(-2147483648)\nparam b : i64[2] = [1, -9223372036854775807]\nparam c : bool[3] = [true, false, true]\n"
        "param f : f32[3] = [inf, nan, -0.0]\nparam o : f32[4, 3, 3, 3] = he()\noutput sum(p_f32_0) as s\n".replace("p_f32_0", "pf32_0"),
        has_step=False),
    Case("large_constant", "const c = [" + ", ".join(f"{k * 0.37 - 30:.3f}" for k in range(300)) + "]\n"
         "const d = [true, false]\nconst e : i64[3] = [1, 9223372036854775807, -5]\nconst f : f64[2] = [1e300, 5e-324]\n"
         "input x : f32[300]\noutput x * c as y\noutput d as d1\noutput e * 3 as e1\noutput f as f1\noutput iota(40) as i1\n"
         "output eye(9) as n\n", has_step=False),
    Case("wide", "input x : f32[3, 9000]\ninput z : f32[9000, 3]\nparam w : f32[9000, 5]\nparam v : f32[3, 9000]\n"
         "s = softmax(x)\noutput s\noutput sum(x, axis=0) as a\noutput max(z, axis=1) as b\noutput sum(z * exp(z), axis=0) as c\n"
         "output transpose(x) + z as t\noutput argmax(x, axis=1) as g\noutput var(x, axis=0) as q\n"
         "loss mean(square(s @ w)) + sum(square(z @ v)) * 1e-9\n"),
    Case("wide64", "input x : f64[3, 3000]\nparam w : f64[3000, 64]\noutput logsumexp(x, axis=1) as s\n"
         "output std(x, axis=0) as t\nloss mean(square(tanh(x) @ w)) + mean(logsumexp(w, axis=0))\n"),
    Case("second", "param w : f32[4]\ninput x : f32[3, 4]\nf = sum(tanh(x * w))\ng = grad(f, w)\noutput g\nloss sum(g * g) + f\n",
         {"forward": "params x g"}),
    Case("batched", "input a : f32[2, 3, 4]\ninput b : f32[2, 4, 5]\nparam c : f32[5, 1]\nh = relu(a @ b)\noutput h @ c as y\n"
         "output transpose(h, [2, 0, 1])[::-1, 0, 1:] as z\noutput outer(a[0, 0], b[1, :, 2]) as o\nloss mean(abs(h @ c))\n"),
    Case("huge", "input x : f32[65536, 65536]\nparam w : f32[65536]\nparam v : f32[40000, 60000]\nm = x * w\noutput m\n"
         "loss mean(sum(m, axis=1)) + sum(v)\n", runs=False),
    Case("odd_param", odd("param"), options=["--name", "odd"]),
    Case("odd_input", odd("input"), options=["--name", "odd"]),
    Case("odd_output", odd("output"), options=["--name", "odd"]),
    Case("odd_const", odd("const"), options=["--name", "odd"]),
    Case("odd_dim", odd("dim"), options=["--name", "odd"]),
]
