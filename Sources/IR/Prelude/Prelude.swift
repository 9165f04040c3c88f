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
    def layer_norm(x, scale, offset, axis=-1, epsilon=1e-5) {
      centred = x - mean(x, axis)
      normal = centred * rsqrt(mean(square(centred), axis) + epsilon)
      return normal * _along(scale, x, axis) + _along(offset, x, axis)
    }
    def batch_norm(x, scale, offset, mean, variance, axis=1, epsilon=1e-5) {
      factor = _along(scale, x, axis) * rsqrt(_along(variance, x, axis) + epsilon)
      return (x - _along(mean, x, axis)) * factor + _along(offset, x, axis)
    }
    def attention(q, k, v, mask=none) {
      return softmax(_masked(_scores(q, k) * (1 / sqrt(size(q, -1))), mask)) @ v
    }

    # Images are [n, c, height, width], filters [o, c / groups, height, width]: a product over channels and the elements of windows.
    def conv1d(x, w, stride=1, padding=0, dilation=1, groups=1) {
      patches = _patches(x, w, [2], stride, padding, dilation, groups)
      filters = reshape(w, [groups, size(w, 0) / groups, size(w, 1), size(w, 2)])
      y = _contract(patches, [0, 1, 2, 3, 4], filters, [1, 5, 2, 4], [0, 1, 5, 3])
      return reshape(y, [size(y, 0), size(w, 0), size(y, 3)])
    }
    def conv2d(x, w, stride=1, padding=0, dilation=1, groups=1) {
      patches = _patches(x, w, [2, 3], stride, padding, dilation, groups)
      filters = reshape(w, [groups, size(w, 0) / groups, size(w, 1), size(w, 2), size(w, 3)])
      y = _contract(patches, [0, 1, 2, 3, 4, 5, 6], filters, [1, 7, 2, 5, 6], [0, 1, 7, 3, 4])
      return reshape(y, [size(y, 0), size(w, 0), size(y, 3), size(y, 4)])
    }
    # The windows' elements come before the rows, so that rows are reduced as a whole and not window by window.
    def _pool(x, size, stride, padding, value) {
      return transpose(_windows(x, [2, 3], size, stride, padding, value), [0, 1, 4, 5, 2, 3])
    }
    def max_pool2d(x, size, stride, padding=0) {
      return squeeze(max(_pool(x, size, stride, padding, -inf), [2, 3]), [2, 3])
    }
    def avg_pool2d(x, size, stride, padding=0) {
      return squeeze(mean(_pool(x, size, stride, padding, 0), [2, 3]), [2, 3])
    }

    # Cells: w [inputs, gates * n], u [n, gates * n], b [gates * n]
    def rnn_cell(x, h, w, u, b) { return tanh(x @ w + h @ u + b) }
    def lstm_cell(x, h, c, w, u, b) {
      in_gate, forget, cell, out_gate = split(x @ w + h @ u + b, 4, -1)
      next = sigmoid(forget) * c + sigmoid(in_gate) * tanh(cell)
      return sigmoid(out_gate) * tanh(next), next
    }
    def gru_cell(x, h, w, u, b, c) {
      reset_x, update_x, new_x = split(x @ w + b, 3, -1)
      reset_h, update_h, new_h = split(h @ u + c, 3, -1)
      update = sigmoid(update_x + update_h)
      new = tanh(new_x + sigmoid(reset_x + reset_h) * new_h)
      return (1 - update) * new + update * h
    }

    # Losses
    def mse(h, y) { return mean(square(h - y)) }
    def half_mse(h, y) { return sum(square(h - y)) / (2 * size(h, 0)) }
    def cross_entropy(p, y) { return mean(-sum(y * log(p), -1)) }
    def softmax_cross_entropy(logits, y) { return mean(-sum(y * log_softmax(logits), -1)) }
    def binary_cross_entropy(p, y) { return mean(-(y * log(p) + (1 - y) * log1p(-p))) }
    def hinge(h, y) { return mean(maximum(0, 1 - y * h)) }
    def perceptron_loss(h, y) { return mean(maximum(0, -y * h)) }

    # Optimisers: from a parameter w, its gradient g, the learning rate and the state, which begins as zeros, the new w and the new state.
    # t is the number of the step, from 1 on.
    def sgd(w, g, lr) { return w - lr * g }
    def momentum(w, g, lr, v, beta=0.9) {
      next = beta * v + g
      return w - lr * next, next
    }
    def nesterov(w, g, lr, v, beta=0.9) {
      next = beta * v + g
      return w - lr * (g + beta * next), next
    }
    # Duchi, Hazan, Singer, 2011
    def adagrad(w, g, lr, s, epsilon=1e-10) {
      next = s + square(g)
      return w - lr * g / (sqrt(next) + epsilon), next
    }
    # Tieleman, Hinton, 2012
    def rmsprop(w, g, lr, s, decay=0.99, epsilon=1e-8) {
      next = decay * s + (1 - decay) * square(g)
      return w - lr * g / (sqrt(next) + epsilon), next
    }
    # m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon), what averages that began with zeros are too small by being taken to
    # the scalars (end of the article's section 2), which are computed in f64, as 0.999 to the 1 leaves few digits of 1 - beta2.
    def _adam_step(m, v, t, beta1, beta2, epsilon) {
      grown = sqrt(1 - beta2 ^ cast(t, f64))
      scale = cast(grown / (1 - beta1 ^ cast(t, f64)), like=m)
      return scale * m / (sqrt(v) + cast(epsilon * grown, like=m))
    }
    # Kingma, Ba, 2015
    def adam(w, g, lr, m, v, t, beta1=0.9, beta2=0.999, epsilon=1e-8) {
      mean = beta1 * m + (1 - beta1) * g
      variance = beta2 * v + (1 - beta2) * square(g)
      step = _adam_step(mean, variance, t, beta1, beta2, epsilon)
      return w - lr * step, mean, variance
    }
    # Loshchilov, Hutter, 2019
    def adamw(w, g, lr, m, v, t, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01) {
      mean = beta1 * m + (1 - beta1) * g
      variance = beta2 * v + (1 - beta2) * square(g)
      step = _adam_step(mean, variance, t, beta1, beta2, epsilon)
      return w - lr * (step + weight_decay * w), mean, variance
    }
    # Chen et al., 2023
    def lion(w, g, lr, m, beta1=0.9, beta2=0.99, weight_decay=0) {
      step = sign(beta1 * m + (1 - beta1) * g)
      return w - lr * (step + weight_decay * w), beta2 * m + (1 - beta2) * g
    }

    # Schedules: the learning rate of step t, from 1 on.
    def linear_warmup(lr, t, steps) { return lr * minimum(1, t / steps) }
    def step_decay(lr, t, every, factor=0.1) { return lr * factor ^ floor((t - 1) / every) }
    # Loshchilov, Hutter, 2017
    def cosine_decay(lr, t, steps, final=0) {
      progress = minimum(1, (t - 1) / steps)
      return lr * (final + (1 - final) * (0.5 + 0.5 * cos(pi * progress)))
    }
    """

  /// The names of the functions, in order.
  static var names: [String] { index.keys }

  /// The number of a function.
  static func number(of name: String) -> Int? { index.position(of: name) }

  /// A function by its number, alone: a graph uses few of them, and reading them all takes longer than all else that is done for a small
  /// one. That there is no error in them is tested.
  static func code(_ number: Int) -> Code {
    Code(parse(Array(bytes[index.values[number]]), file: "prelude").tree, number: 1 + number)
  }

  private static let bytes = Array(text.utf8)

  /// Where each definition stands in the text, up to the next one.
  private static let index: SmallTable<String, Range<Int>> = {
    var index = SmallTable<String, Range<Int>>()
    var last: (name: String, start: Int)?
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      if bytes[start..<end].starts(with: "def ".utf8) {
        if let last { index[last.name] = last.start..<start }
        let name = bytes[start + 4..<end].prefix { $0 != UInt8(ascii: "(") }
        last = (String(decoding: name, as: UTF8.self), start)
      }
      start = end + 1
    }
    if let last { index[last.name] = last.start..<bytes.count }
    return index
  }()
}
