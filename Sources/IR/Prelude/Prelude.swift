// The functions that the language defines in itself. Nobody who uses them can tell them from primitives.

enum Prelude {
  static let text = """
    # Elementwise
    def square(x) { return x * x }
    def rsqrt(x) { return 1 / sqrt(x) }
    def reciprocal(x) { return 1 / x }
    def clip(x, low, high) { return minimum(maximum(x, low), high) }
    def step(x) { return cast(x > 0, like=x) }
    # Written with a choice, not a maximum: the derivative at 0 is 0, and NaN stays.
    def relu(x) { return where(x <= 0, 0, x) }
    def leaky_relu(x, slope=0.01) { return where(x >= 0, x, slope * x) }
    # The inner choice keeps exp away from large x, whose derivative would be inf * 0.
    def elu(x, alpha=1) { return where(x > 0, x, alpha * expm1(where(x > 0, 0, x))) }
    def selu(x) { return 1.0507009873554805 * elu(x, 1.6732632423543772) }
    # Through erfc, as 1 + erf(x) has no digits left where x is far below 0.
    def gelu(x) { return x * (0.5 * _erfc(x * -0.7071067811865476)) }
    # 0.5 * (1 + tanh(u)) is sigmoid(2 * u), which keeps its tail.
    def gelu_tanh(x) { return x * sigmoid(1.5957691216057308 * (x + 0.044715 * x^3)) }
    def silu(x) { return x * sigmoid(x) }
    def softplus(x) { return maximum(x, 0) + log1p(exp(-abs(x))) }
    def softsign(x) { return x / (1 + abs(x)) }
    def hard_sigmoid(x) { return clip(x / 6 + 0.5, 0, 1) }

    # Reductions
    def mean(x, axis=none) { return sum(x, axis) / _count(x, axis) }
    def var(x, axis=none) { return mean(square(x - mean(x, axis)), axis) }
    def std(x, axis=none) { return sqrt(var(x, axis)) }
    def norm(x, axis=none) { return sqrt(sum(square(x), axis)) }
    # Where the greatest is infinite, shifting by it would be inf - inf.
    def logsumexp(x, axis=none) {
      m = stop_gradient(max(x, axis))
      shift = where(abs(m) == inf, 0, m)
      return log(sum(exp(x - shift), axis)) + shift
    }

    # Linear algebra and making
    def outer(a, b) { return reshape(a, [-1, 1]) * reshape(b, [1, -1]) }
    def one_hot(indices, n) { return cast(expand(indices, -1) == iota(n), f32) }

    # Look-up
    def embedding(table, indices) { return gather(table, indices) }

    # Layers. The shift by the greatest changes no value, and so no derivative.
    def softmax(x, axis=-1) {
      e = exp(x - stop_gradient(max(x, axis)))
      return e / sum(e, axis)
    }
    def log_softmax(x, axis=-1) {
      shifted = x - stop_gradient(max(x, axis))
      return shifted - log(sum(exp(shifted), axis))
    }
    def dense(x, w, b) { return x @ w + b }

    # Losses
    def mse(h, y) { return mean(square(h - y)) }
    def half_mse(h, y) { return sum(square(h - y)) / (2 * size(h, 0)) }
    def cross_entropy(p, y) { return mean(-sum(y * log(p), -1)) }
    def softmax_cross_entropy(logits, y) { return mean(-sum(y * log_softmax(logits), -1)) }
    def binary_cross_entropy(p, y) { return mean(-(y * log(p) + (1 - y) * log1p(-p))) }
    """

  /// The prelude read; that it has no error is tested.
  static let code = Code(parse(Array(text.utf8), file: "prelude").tree, isPrelude: true)

  /// The definitions by name.
  static let definitions: [String: Int] = Dictionary(
    uniqueKeysWithValues: code.tree.definitions.enumerated().map {
      (code.tree.name($0.element.name.symbol), $0.offset)
    })
}
