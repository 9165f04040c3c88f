// The type rule of every operation: from the operands' types to the result's. One exhaustive
// switch; what takes more than a line stands below it. Operands have been checked already, so their
// sizes multiply without overflow; attributes have not.

extension Op {
  /// The type of the result, or what is wrong.
  ///
  /// `declared` is the instruction's own type, which some operations need (`cast`, `reshape`,
  /// `broadcast`, `iota`). `argument` and `projection` are typed by their surroundings: the
  /// verifier checks them.
  public func resultType(
    of operands: [TensorType], declared: TensorType
  ) throws(TypingError) -> TensorType {
    if let expected = operandCount, operands.count != expected {
      throw .operandCount(op: name, expected: expected, found: operands.count)
    }
    switch self {
    case .argument: return declared
    case .constant(let constant): return try constant.checked()
    case .iota(let axis):
      try checkAxis(axis, declared.shape.rank)
      return declared.element == .bool ? declared.with(element: .i32) : declared
    case .elementwise(let op): return try op.resultType(of: operands, declared: declared)
    case .reduce(let reduction, let axes): return try reduced(operands[0], reduction, axes)
    case .argReduce(_, let axis):
      try checkAxis(axis, operands[0].shape.rank)
      return TensorType(.i32, operands[0].shape.reduced(along: [axis]))
    case .reshape:
      if operands[0].count != declared.count {
        throw .elementCount(from: operands[0], to: declared)
      }
      return declared.with(element: operands[0].element)
    case .permute(let order): return try permuted(operands[0], order)
    case .broadcast: return try broadcasted(operands[0], declared)
    case .slice(let axes): return try sliced(operands[0], axes)
    case .pad(let axes, let value): return try padded(operands[0], axes, value)
    case .concat(let axis): return try concatenated(operands, axis)
    case .windows(let windows): return try windowed(operands[0], windows)
    case .fold(let windows): return try folded(operands[0], windows, declared)
    case .contraction(let contraction):
      return try contraction.resultType(operands[0], operands[1])
    case .gather: return try gathered(operands[0], operands[1])
    case .scatterAdd: return try scattered(operands[0], operands[1], declared)
    case .random(let dropout): return try dropout.resultType(of: operands, declared: declared)
    case .identity, .stopGradient: return operands[0]
    case .custom(let derivative): return try customType(operands, derivative.function)
    case .scan(let scan): return try scan.resultTypes(of: operands)[0]
    case .projection: return declared
    }
  }

  /// How many operands there must be, where the operation alone says it.
  var operandCount: Int? {
    switch self {
    case .argument, .constant, .iota: 0
    case .elementwise(let op): op.arity
    case .reduce, .argReduce, .reshape, .permute, .broadcast, .slice, .pad, .windows, .fold,
      .identity, .stopGradient, .projection:
      1
    case .contraction, .gather, .scatterAdd: 2
    case .concat, .random, .custom, .scan: nil
    }
  }

  private func customType(
    _ operands: [TensorType], _ derivative: Function
  ) throws(TypingError) -> TensorType {
    guard let value = operands.first else {
      throw .operandCount(op: name, expected: 1, found: 0)
    }
    let others = Array(operands.dropFirst())
    let expected = [value, value] + others
    let found = derivative.arguments.map(\.type)
    if found != expected { throw .nestedTypes(op: name, expected: expected, found: found) }
    let results = derivative.resultTypes
    if results != others { throw .nestedTypes(op: name, expected: others, found: results) }
    return value
  }
}

extension ElementwiseOp {
  fileprivate func resultType(
    of operands: [TensorType], declared: TensorType
  ) throws(TypingError) -> TensorType {
    guard let last = operands.last else { return declared }
    if !accepts(last.element) { throw .element(op: name, found: last.element) }
    var others = operands.dropLast()
    if self == .select, let condition = others.popFirst() {
      let expected = last.with(element: .bool)
      if condition != expected {
        throw .mismatch(op: name, expected: expected, found: condition)
      }
    }
    for other in others where other != last {
      throw .mismatch(op: name, expected: last, found: other)
    }
    if case .power(let exponent) = self, exponent.magnitude > 1 << 30 {
      throw .exponent(exponent, last.element)
    }
    return last.with(element: result(of: last.element) ?? declared.element)
  }
}

extension Constant {
  /// The type, where every element is a value of it: f32 in the low bits, i32 sign-extended, bool 0
  /// or 1.
  func checked() throws(TypingError) -> TensorType {
    func check(_ bits: UInt64) throws(TypingError) {
      let isValue =
        switch type.element {
        case .f32: bits <= UInt32.max
        case .i32: Int32(exactly: Int64(bitPattern: bits)) != nil
        case .bool: bits <= 1
        case .f64, .i64: true
        }
      if !isValue { throw .constantBits(Scalar(element: type.element, bits: bits)) }
    }
    switch elements {
    case .splat(let bits): try check(bits)
    case .dense(let all): for bits in all { try check(bits) }
    }
    return type
  }
}

extension Function {
  /// The types of the results; a result that names no value counts as a scalar `bool`, and the
  /// verifier reports it.
  var resultTypes: [TensorType] {
    results.map {
      instructions.indices.contains($0.value.index)
        ? type(of: $0.value) : TensorType(.bool, .scalar)
    }
  }
}
