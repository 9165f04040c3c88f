// Random networks in the graph language, of what has derivatives: layers, convolutions, look-ups and scans over bounded values.

import NNIR

@testable import NNRuntime

/// Grows a graph statement by statement from a seed.
struct RandomNetwork {
  private var random: SeededGenerator
  private let element: ElementType
  private var values: [(name: String, shape: [Int])] = []
  private var inputs: [(name: String, shape: [Int])] = []
  /// Numbers of rows and of indices in the table that each reads.
  private var indices: [(name: String, shape: [Int], rows: Int)] = []
  private var statements: [String] = []
  private static let largest = 200

  /// The graph, a `DerivativeGraph`, and the names of its float inputs.
  static func make(
    seed: UInt64, _ element: ElementType
  ) -> (text: String, names: [String]) {
    var network = RandomNetwork(random: SeededGenerator(seed: seed), element: element)
    for _ in 0..<2 { _ = network.input(network.randomShape()) }
    while network.statements.count < 3 + Int(seed % 10) { network.grow() }
    return (network.finished(), network.inputs.map(\.name))
  }

  /// Arguments for a graph that was made so; `draw` tells one set from another.
  static func arguments(of function: Function, seed: UInt64, draw: UInt64) -> [Tensor] {
    var random = SeededGenerator(seed: seed ^ (0xF00D + draw << 40))
    return function.arguments.map { argument in
      let type = argument.type
      if type.element == .i32 {
        // `k3_5` holds indices below 5.
        let rows = Int(argument.name.split(separator: "_")[1]) ?? 1
        return Tensor(type.shape, (0..<type.count).map { _ in Int32(random.below(rows)) })
      }
      let numbers = (0..<type.count).map { _ in random.normal() }
      return Tensor(type.shape, numbers).converted(to: type.element)
    }
  }

  private init(random: SeededGenerator, element: ElementType) {
    self.random = random
    self.element = element
  }

  private func finished() -> String {
    var lines = inputs.map { "input \($0.name) : \(element.name)\($0.shape)" }
    lines += inputs.map { "input along_\($0.name) : \(element.name)\($0.shape)" }
    lines += indices.map { "input \($0.name) : i32\($0.shape)" }
    lines += statements
    // What nothing uses is part of the loss.
    let text = statements.joined(separator: " ")
    let unused = values.filter { value in
      text.matches(of: /\w+/).count { $0.0 == value.name } <= 1
    }
    let parts = unused.map { "mean(sin(\($0.name)))" }
    lines.append("result = \(parts.joined(separator: " + "))")
    lines += DerivativeGraph.outputs(of: "result", loss: "result", by: inputs.map(\.name))
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: Values

  private mutating func randomShape() -> [Int] {
    while true {
      let shape = (0..<1 + random.below(4)).map { _ in random.pick([1, 2, 3, 4, 5, 7, 9]) }
      if shape.reduce(1, *) <= Self.largest / 2 { return shape }
    }
  }

  private mutating func input(_ shape: [Int]) -> String {
    inputs.append(("x\(inputs.count)", shape))
    values.append(inputs[inputs.count - 1])
    return inputs[inputs.count - 1].name
  }

  private mutating func bind(_ expression: String, _ shape: [Int]) {
    let name = "v\(statements.count)"
    if shape.reduce(1, *) > Self.largest || shape.count > 5 { return }
    statements.append("\(name) = \(expression)")
    values.append((name, shape))
  }

  /// A value of the shape: one that is there, or an input.
  private mutating func value(_ shape: [Int]) -> String {
    let fitting = values.filter { $0.shape == shape }
    return fitting.isEmpty || random.chance(4) ? input(shape) : random.pick(fitting).name
  }

  /// A value of the rank, one that is there in another shape if need be.
  private mutating func value(ofRank rank: Int) -> (name: String, shape: [Int]) {
    let fitting = values.filter { $0.shape.count == rank }
    if !fitting.isEmpty, !random.chance(3) { return random.pick(fitting) }
    let (name, shape) = random.pick(values)
    var sizes = shape
    while sizes.count > rank { sizes[sizes.count - 2] *= sizes.removeLast() }
    while sizes.count < rank { sizes.insert(1, at: random.below(sizes.count + 1)) }
    return (sizes == shape ? name : "reshape(\(name), \(sizes))", sizes)
  }

  // MARK: Statements

  private mutating func grow() {
    let (x, shape) = random.chance(2) ? values[values.count - 1] : random.pick(values)
    switch random.below(13) {
    case 0, 1: unary(x, shape)
    case 2, 3: binary(x, shape)
    case 4: reduction(x, shape)
    case 5: movement(x, shape)
    case 6: joining(x, shape)
    case 7: products(x, shape)
    case 8: convolution()
    case 9: pool()
    case 10: lookUp(x, shape)
    case 11: layer(x, shape)
    case _: scan()
    }
  }

  private mutating func unary(_ x: String, _ shape: [Int]) {
    let expressions = [
      "tanh(X)", "sin(X)", "cos(X)", "sigmoid(X)", "erf(X)", "atan(X)", "gelu(X)", "silu(X)",
      "softplus(X)", "softsign(X)", "relu(X)", "elu(X)", "exp(-square(X))", "sqrt(1 + square(X))",
      "log(2 + sin(X))", "leaky_relu(X)", "abs(X)", "tanh(X)^3", "expm1(tanh(X))", "X / 2",
      "clip(X, -1, 1)", "gelu_tanh(X)", "asin(0.9 * sin(X))",
    ]
    bind(random.pick(expressions).replacing("X", with: x), shape)
  }

  private mutating func binary(_ x: String, _ shape: [Int]) {
    let other = shape.map { random.chance(3) ? 1 : $0 }
    let y = value(random.chance(3) ? Array(other.dropFirst(random.below(other.count))) : other)
    let expressions = [
      "A + B", "A - B", "sin(A) * B", "A / (1 + square(B))", "maximum(A, B)", "minimum(A, B)",
      "where(A < B, sin(A), B)", "atan2(A, 1 + square(B))", "pow(1 + sigmoid(A), tanh(B))",
      "tanh(A) * tanh(B)",
    ]
    let swapped = random.chance(2) && other == shape
    bind(
      random.pick(expressions).replacing("A", with: swapped ? y : x)
        .replacing("B", with: swapped ? x : y), shape)
  }

  private mutating func reduction(_ x: String, _ shape: [Int]) {
    let axes = shape.indices.filter { _ in random.chance(2) }
    if axes.isEmpty { return }
    let expressions = [
      "mean(X, A)", "max(X, A)", "min(X, A)", "logsumexp(X, A)", "sqrt(1 + sum(square(X), A))",
      "var(X, A)", "prod(tanh(X), A)", "sum(sin(X), A)", "sqrt(0.1 + var(X, A))",
    ]
    let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    bind(random.pick(expressions).replacing("X", with: x).replacing("A", with: "\(axes)"), kept)
  }

  private mutating func movement(_ x: String, _ shape: [Int]) {
    let axis = random.below(shape.count)
    var result = shape
    switch random.below(7) {
    case 0:
      let order = Array(shape.indices).shuffled(using: &random)
      bind("transpose(\(x), \(order))", order.map { shape[$0] })
    case 1: bind("reverse(\(x), \(axis))", shape)
    case 2:
      result[axis] *= 2
      bind("tile(\(x), \(shape.indices.map { $0 == axis ? 2 : 1 }))", result)
    case 3:
      let before = shape.map { _ in random.below(3) }
      let after = shape.map { _ in random.below(2) }
      bind(
        "pad(\(x), \(before), \(after), value=0.5)",
        shape.indices.map { before[$0] + shape[$0] + after[$0] })
    case 4: bind("reshape(\(x), [-1])", [shape.reduce(1, *)])
    case 5:
      result.insert(1, at: axis)
      bind("expand(\(x), \(axis))", result)
    case _:
      if shape[axis] < 3 { return }
      let slices = shape.indices.map { $0 == axis ? "1::2" : ":" }.joined(separator: ", ")
      result[axis] = shape[axis] / 2
      bind("\(x)[\(slices)]", result)
    }
  }

  private mutating func joining(_ x: String, _ shape: [Int]) {
    let y = value(shape)
    var result = shape
    let axis = random.below(shape.count)
    if random.chance(2) {
      result[axis] *= 2
      bind("concat(\(x), \(y), axis=\(axis))", result)
    } else {
      result.insert(2, at: axis)
      bind("stack(\(y), \(x), axis=\(axis))", result)
    }
  }

  private mutating func products(_ x: String, _ shape: [Int]) {
    let columns = random.pick([1, 2, 4, 5, 8])
    let last = shape[shape.count - 1]
    if shape.count > 1, random.chance(3) {
      var order = Array(shape.indices)
      order.swapAt(order.count - 1, order.count - 2)
      let rows = shape[shape.count - 2]
      bind(
        "tanh(\(x) @ transpose(\(value(shape)), \(order)))", shape.dropLast() + [rows])
      return
    }
    let w = value([last, columns])
    bind("tanh(dense(\(x), \(w), \(value([columns]))))", shape.dropLast() + [columns])
  }

  private mutating func convolution() {
    let isFlat = random.chance(2)
    let (x, shape) = value(ofRank: isFlat ? 3 : 4)
    let sizes = shape.dropFirst(2).map { min($0, 1 + random.below(3)) }
    let (stride, padding) = (1 + random.below(2), random.below(2))
    let channels = 1 + random.below(3)
    let w = value([channels, shape[1]] + sizes)
    let places = zip(shape.dropFirst(2), sizes).map { ($0 + 2 * padding - $1) / stride + 1 }
    bind(
      "tanh(\(isFlat ? "conv1d" : "conv2d")(\(x), \(w), stride=\(stride), padding=\(padding)))",
      [shape[0], channels] + places)
  }

  private mutating func pool() {
    let (x, shape) = value(ofRank: 4)
    let sizes = shape.dropFirst(2).map { min($0, 1 + random.below(3)) }
    let stride = 1 + random.below(2)
    let places = zip(shape.dropFirst(2), sizes).map { ($0 - $1) / stride + 1 }
    bind(
      "\(random.pick(["max_pool2d", "avg_pool2d"]))(\(x), \(sizes), \(stride))",
      Array(shape.prefix(2)) + places)
  }

  private mutating func lookUp(_ x: String, _ shape: [Int]) {
    let axis = random.below(shape.count)
    let places = (0..<1 + random.below(2)).map { _ in random.pick([1, 2, 3, 6]) }
    let k = "k\(indices.count)_\(shape[axis])"
    indices.append((k, places, shape[axis]))
    var result = shape
    result.replaceSubrange(axis...axis, with: places)
    bind("gather(\(x), \(k), axis=\(axis))", result)
  }

  private mutating func layer(_ x: String, _ shape: [Int]) {
    let last = [shape[shape.count - 1]]
    switch random.below(4) {
    case 0: bind("softmax(\(x), axis=\(random.below(shape.count)))", shape)
    case 1: bind("log_softmax(\(x)) / 4", shape)
    case 2:
      bind("layer_norm(\(x), \(value(last)), \(value(last)), epsilon=0.5)", shape)
    case _:
      if shape.count < 2 { return }
      bind("attention(\(x), \(value(shape)), \(value(shape)))", shape)
    }
  }

  /// A recurrent network along an axis, of one state or two.
  private mutating func scan() {
    let (x, shape) = value(ofRank: 2 + random.below(2))
    let axis = random.below(shape.count)
    var step = shape
    step.remove(at: axis)
    let n = step[step.count - 1]
    let u = value([n, n])
    let h = value(step)
    let name = "v\(statements.count)"
    let isReversed = random.chance(2) ? ", reverse=true" : ""
    let bodies = [
      "  h = tanh(a + h @ \(u))\n  yield h * a",
      "  yield h\n  h = sin(h) * a + \(value([n]))",
      "  h = softmax(h @ \(u)) + tanh(a)\n  yield mean(h, -1) * a",
    ]
    statements.append(
      "\(name), \(name)_h = scan(a in \(x), axis=\(axis)\(isReversed), h = \(h)) {\n"
        + random.pick(bodies) + "\n}")
    values += [(name, shape), ("\(name)_h", step)]
  }
}
