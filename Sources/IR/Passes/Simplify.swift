// Simplification of elementwise operations: one line a rule, with its algebra. Every rule keeps
// every bit (NaN payloads aside), so `x + 0` stays, where x may be -0, and so does `x * 0` for
// floats.

extension Pass {
  /// Algebra that keeps every bit, and movement that moves nothing.
  /// ```
  /// %1: f32[2] = constant 1.0
  /// %2: f32[2] = mul %0, %1
  /// %3: f32[2] = neg %2
  /// %4: f32[2] = neg %3
  /// ```
  /// becomes `%0`.
  public static let simplify = Pass(name: "simplify") {
    Rewriter.rewrite($0, rules: [.elementwise(simplifiedElementwise), .others(simplifiedMovement)])
  }
}

func simplifiedElementwise(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  guard case .elementwise(let op) = op else { return nil }
  let simplified =
    switch operands.count {
    case 1: rewriter.simplifiedUnary(op, operands[0], type)
    case 2: rewriter.simplifiedBinary(op, operands[0], operands[1], type)
    default: rewriter.simplifiedSelect(operands[0], operands[1], operands[2])
    }
  return simplified ?? rewriter.hoistedBroadcast(op, operands, type)
}

extension Rewriter {
  fileprivate mutating func simplifiedUnary(_ op: ElementwiseOp, _ x: Value, _ type: TensorType)
    -> Value?
  {
    switch op {
    case .power(0): return splat(1, type)  // x^0 → 1
    case .power(1): return x  // x^1 → x
    case .power(-1): return elementwise(.div, splat(1, type), x)  // x^-1 → 1/x
    case .cast: return simplifiedCast(x, type)
    case _: break
    }
    guard case .elementwise(let inner) = self.op(x) else { return nil }
    switch (op, inner) {
    case (.neg, .neg), (.not, .not): return operand(x)  // --x → x
    case (.abs, .neg): return elementwise(.abs, operand(x))  // |-x| → |x|
    case (.abs, .abs), (.sign, .sign): return x
    case (.floor, .floor), (.floor, .ceil), (.floor, .round), (.ceil, .floor), (.ceil, .ceil),
      (.ceil, .round), (.round, .floor), (.round, .ceil), (.round, .round):
      return x  // ⌊⌈x⌉⌋ → ⌈x⌉
    case (.not, .equal): return elementwise(.notEqual, operands(x)[0], operands(x)[1])
    case (.not, .notEqual): return elementwise(.equal, operands(x)[0], operands(x)[1])
    case (.neg, .mul), (.neg, .div):  // -(x * c) → x * -c
      let (a, b) = (operands(x)[0], operands(x)[1])
      if let c = splat(b), c.element.isFloat {
        return elementwise(inner, a, splat(-c.double, type))
      }
      if let c = splat(a), c.element.isFloat {
        return elementwise(inner, splat(-c.double, type), b)
      }
      return nil
    case _: return nil
    }
  }

  /// Chains of casts in which the first loses nothing.
  private mutating func simplifiedCast(_ x: Value, _ type: TensorType) -> Value? {
    if self.type(x).element == type.element { return x }
    guard isElementwise(x, .cast) else { return nil }
    let source = self.type(operand(x)).element
    guard source.isExactly(in: self.type(x).element) else { return nil }
    // (T)(U)x → (T)x
    return emit(.elementwise(.cast), [operand(x)], type)
  }

  fileprivate mutating func simplifiedBinary(
    _ op: ElementwiseOp, _ x: Value, _ y: Value, _ type: TensorType
  ) -> Value? {
    // Of most operations neither operand is anything that a rule is about.
    if x != y, isPlain(x), isPlain(y) { return nil }
    let isInteger = type.element.isInteger
    let isNegated = (isElementwise(x, .neg), isElementwise(y, .neg))
    switch op {
    case .add:
      if isSplat(y, -0.0) { return x }  // x + -0 → x
      if isSplat(x, -0.0) { return y }
      if isNegated.1 { return elementwise(.sub, x, operand(y)) }  // x + -y → x - y
      if isNegated.0 { return elementwise(.sub, y, operand(x)) }
    case .sub:
      if isSplat(y, 0) { return x }  // x - 0 → x
      if isSplat(x, -0.0) { return elementwise(.neg, y) }  // -0 - y → -y
      if isNegated.1 { return elementwise(.add, x, operand(y)) }  // x - -y → x + y
      if isInteger && x == y { return splat(0, type) }  // x - x → 0
    case .mul:
      if isSplat(y, 1) { return x }  // x * 1 → x
      if isSplat(x, 1) { return y }
      if isSplat(y, -1) { return elementwise(.neg, x) }  // x * -1 → -x
      if isSplat(x, -1) { return elementwise(.neg, y) }
      if isInteger && (isSplat(x, 0) || isSplat(y, 0)) { return splat(0, type) }  // x * 0 → 0
      if isNegated.0 && isNegated.1 {  // -x * -y → x * y
        return elementwise(.mul, operand(x), operand(y))
      }
      if isNegated.0, let c = splat(y), !isInteger {  // -x * c → x * -c
        return elementwise(.mul, operand(x), splat(-c.double, type))
      }
      if isNegated.1, let c = splat(x), !isInteger {
        return elementwise(.mul, splat(-c.double, type), operand(y))
      }
    case .div:
      if isSplat(y, 1) { return x }  // x / 1 → x
      if isSplat(y, -1) { return elementwise(.neg, x) }  // x / -1 → -x
      if isNegated.0 && isNegated.1 { return elementwise(.div, operand(x), operand(y)) }
    case .max, .min: if x == y { return x }
    case .and:
      if x == y || isSplat(y, 1) { return x }  // x and true → x
      if isSplat(x, 1) { return y }
      if isSplat(x, 0) || isSplat(y, 0) { return splat(0, type) }  // x and false → false
    case .or:
      if x == y || isSplat(y, 0) { return x }  // x or false → x
      if isSplat(x, 0) { return y }
      if isSplat(x, 1) || isSplat(y, 1) { return splat(1, type) }  // x or true → true
    case _: break
    }
    return nil
  }

  /// Whether a value is neither a constant nor a negation.
  private func isPlain(_ value: Value) -> Bool {
    switch op(value) {
    case .constant, .elementwise(.neg): false
    case _: true
    }
  }

  fileprivate mutating func simplifiedSelect(_ condition: Value, _ a: Value, _ b: Value) -> Value? {
    if a == b { return a }  // select(c, a, a) → a
    if let known = splat(condition) { return known.bool ? a : b }  // select(true, a, b) → a
    if isElementwise(condition, .not) {  // select(not c, a, b) → select(c, b, a)
      return elementwise(.select, operand(condition), b, a)
    }
    return nil
  }

  /// f(broadcast x, broadcast y, constant) → broadcast f(x, y, constant): the same numbers, fewer
  /// times.
  fileprivate mutating func hoistedBroadcast(
    _ op: ElementwiseOp, _ operands: [Value], _ type: TensorType
  ) -> Value? {
    var small: Shape?
    for operand in operands {
      if case .broadcast = self.op(operand) {
        let shape = self.type(self.operand(operand)).shape
        if small != nil && small != shape { return nil }
        small = shape
      } else if splat(operand) == nil {
        return nil
      }
    }
    guard let small else { return nil }
    let inner = operands.map { operand in
      splat(operand).map { splat($0, small) } ?? self.operand(operand)
    }
    let value = emit(.elementwise(op), inner, type.with(shape: small))
    return broadcast(value, to: type.shape)
  }
}

extension ElementType {
  /// Whether a cast to `other` keeps every value apart and its order, so that a further cast sees
  /// no difference.
  fileprivate func isExactly(in other: ElementType) -> Bool {
    switch (self, other) {
    case (.bool, _), (.i32, .i64), (.i32, .f64), (.f32, .f64): true
    case (_, _): self == other
    }
  }
}
