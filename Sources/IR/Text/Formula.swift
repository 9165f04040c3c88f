// Operations as mathematics, for a reader: `sin(x1)`, `x1 * x2`, `x @ w`. Not read back by anything.

/// An expression's text and how tightly it holds together.
public struct Formula: Hashable, Sendable {
  public var text: String
  /// As in the graph language: sums 1, products 2, signs 3, powers 4, calls and names 5.
  public var precedence: Int

  public init(_ text: String, precedence: Int = 5) {
    self.text = text
    self.precedence = precedence
  }

  /// The text as an operand of something of this precedence.
  func within(_ outer: Int) -> String { precedence < outer ? "(\(text))" : text }
}

extension Op {
  /// The operation on operands of these texts and types; `type` is that of its result.
  public func formula(
    _ operands: [Formula], types: [TensorType], type: TensorType
  ) -> Formula {
    func call(_ name: String, _ attributes: String...) -> Formula {
      Formula("\(name)(\((operands.map(\.text) + attributes).joined(separator: ", ")))")
    }
    switch self {
    case .argument(let number): return Formula("argument \(number)")
    case .constant(let constant): return constant.formula
    case .iota(let axis): return Formula("iota(\(type.shape[axis]))")
    case .elementwise(let op): return op.formula(operands, type)
    case .reduce(let reduction, let axes):
      return axes.count == type.shape.rank
        ? call(reduction.rawValue)
        : call(reduction.rawValue, "axis=" + (axes.count == 1 ? "\(axes[0])" : "\(axes)"))
    case .argReduce(let reduction, let axis): return call(reduction.rawValue, "axis=\(axis)")
    case .reshape: return call("reshape", "\(type.shape)")
    case .permute(let order):
      return order == [1, 0] ? call("transpose") : call("transpose", "\(order)")
    case .broadcast: return call("broadcast", "\(type.shape)")
    case .slice(let axes):
      let ranges = zip(axes, types[0].shape.sizes).map { $0.text(in: $1) }
      return Formula("\(operands[0].within(5))[\(ranges.joined(separator: ", "))]")
    case .pad(let axes, let value):
      return call(
        "pad", "\(axes.map(\.before))", "\(axes.map(\.after))", "value=\(value.shortText)")
    case .concat(let axis): return call("concat", "axis=\(axis)")
    case .windows(let windows):
      return call("windows", "size=\(windows.map(\.size))", "stride=\(windows.map(\.stride))")
    case .fold(let windows):
      return call("fold", "size=\(windows.map(\.size))", "stride=\(windows.map(\.stride))")
    case .contraction(let contraction): return contraction.formula(operands)
    case .gather: return Formula("\(operands[0].within(5))[\(operands[1].text)]")
    case .random(let dropout): return call("dropout_factors", "rate=\(dropout.rate)")
    case .scan(let scan):
      return call("scan", "\(scan.length) steps" + (scan.isReversed ? ", reversed" : ""))
    case .projection(let number):
      return Formula("\(operands[0].within(5)).\(number)")
    case .identity: return operands[0]
    case .scatterAdd, .stopGradient, .custom: return call(kind.rawValue)
    }
  }

  /// A word for a node of a drawn graph: `sin`, `+`, `sum axis 1`.
  public var title: String {
    switch self {
    case .elementwise(let op): op.symbol ?? op.word
    case .reduce(let reduction, let axes):
      "\(reduction.rawValue) over " + (axes.count == 1 ? "axis \(axes[0])" : "\(axes)")
    case .argReduce(let reduction, let axis): "\(reduction.rawValue) over axis \(axis)"
    case .contraction(let contraction):
      contraction.matrixForm == nil ? "product " + contraction.einsum : "@"
    case .permute(let order): order == [1, 0] ? "transpose" : "transpose \(order)"
    case .gather: "look up"
    case .custom: "own derivative"
    case .scan(let scan): "scan, \(scan.length) steps" + (scan.isReversed ? ", reversed" : "")
    case .concat(let axis): "concat axis \(axis)"
    case .stopGradient: "stop gradient"
    case .random: "dropout"
    case .scatterAdd: "scatter add"
    case .argument, .constant, .iota, .reshape, .broadcast, .slice, .pad, .windows, .fold,
      .identity, .projection:
      kind.rawValue
    }
  }
}

extension Contraction {
  /// The labels as letters: `mk,kn->mn`.
  fileprivate var einsum: String {
    let lists = [left, right, result].map { String(decoding: $0, as: UTF8.self) }
    return "\(lists[0]),\(lists[1])→\(lists[2])"
  }

  /// Whether it is NumPy's `matmul`: along the last axis of the left operand and the last but one of the right.
  private var isMatmul: Bool {
    guard left.count >= 2, right.count >= 2, contracted == left.suffix(1),
      right[right.count - 2] == contracted[0],
      result == left.dropLast() + right.suffix(1)
    else { return false }
    return right.count == 2 || right.dropLast(2) == left.dropLast(2)
  }

  /// Whether a matrix product transposes the left or the right operand; nil for what is none.
  fileprivate var matrixForm: (left: Bool, right: Bool)? {
    if isMatmul { return (false, false) }
    guard left.count == 2, right.count == 2, result.count == 2, contracted.count == 1 else {
      return nil
    }
    let inner = contracted[0]
    let rows = left.first { $0 != inner }
    guard result[0] == rows else { return nil }
    return (left[0] == inner, right[1] == inner)
  }

  fileprivate func formula(_ operands: [Formula]) -> Formula {
    guard let form = matrixForm else {
      return Formula("einsum(\"\(einsum)\", \(operands[0].text), \(operands[1].text))")
    }
    func side(_ operand: Formula, _ isTransposed: Bool, _ outer: Int) -> String {
      isTransposed ? "transpose(\(operand.text))" : operand.within(outer)
    }
    return Formula(
      side(operands[0], form.left, 2) + " @ " + side(operands[1], form.right, 3), precedence: 2)
  }
}

extension Constant {
  fileprivate var formula: Formula {
    if let splat { return Formula(splat.shortText, precedence: splat.double < 0 ? 3 : 5) }
    return Formula("constant \(type.shape)")
  }
}

extension Scalar {
  /// The number for a reader: `0.002`, not its bits.
  fileprivate var shortText: String {
    switch element {
    case .f32, .f64:
      double == double.rounded() && Swift.abs(double) < 1e6
        ? "\(Int(double))" : element == .f32 ? "\(float)" : "\(double)"
    case .i32, .i64: "\(int64)"
    case .bool: bool ? "true" : "false"
    }
  }
}

extension SliceAxis {
  fileprivate func text(in extent: Int) -> String {
    if start == 0, step == 1, count == extent { return ":" }
    if count == 1, step == 1 { return "\(start)" }
    let end = start + step * count
    let last = end < 0 ? "" : "\(end)"
    return step == 1 ? "\(start):\(last)" : "\(start):\(last):\(step)"
  }
}

extension ElementwiseOp {
  /// The operator that stands between two operands, and its precedence.
  private var infix: (symbol: String, precedence: Int)? {
    switch self {
    case .add: ("+", 1)
    case .sub: ("-", 1)
    case .mul: ("*", 2)
    case .div: ("/", 2)
    case .less: ("<", 0)
    case .lessEqual: ("<=", 0)
    case .equal: ("==", 0)
    case .notEqual: ("!=", 0)
    case .and: ("and", -1)
    case .or: ("or", -2)
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not,
      .cast, .pow, .max, .min, .mod, .atan2, .select:
      nil
    }
  }

  fileprivate var symbol: String? {
    if case .power(let exponent) = self { return "^\(exponent)" }
    return self == .neg ? "-" : infix?.symbol
  }

  /// The function of the graph language.
  fileprivate var word: String {
    switch self {
    case .max: "maximum"
    case .min: "minimum"
    case .select: "where"
    case _: name
    }
  }

  fileprivate func formula(_ operands: [Formula], _ type: TensorType) -> Formula {
    if let infix, operands.count == 2 {
      // The order of operations decides how they round: what stands on the right is one piece.
      return Formula(
        operands[0].within(infix.precedence) + " \(infix.symbol) "
          + operands[1].within(infix.precedence + 1),
        precedence: infix.precedence)
    }
    switch self {
    case .neg: return Formula("-" + operands[0].within(3), precedence: 3)
    case .power(let exponent):
      return Formula(operands[0].within(5) + "^\(exponent)", precedence: 4)
    case .cast: return Formula("cast(\(operands[0].text), \(type.element.name))")
    case _: return Formula("\(word)(\(operands.map(\.text).joined(separator: ", ")))")
    }
  }
}
