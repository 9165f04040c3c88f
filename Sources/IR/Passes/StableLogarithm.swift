// Canonicalisation of logarithms, and of the shift in softmax. `log(exp(z) / s)` loses everything
// where exp(z) underflows; `z - log s` does not, and its derivative does not divide by what
// underflowed.

/// Logarithms of exponentials, without the exponentials. Assumes finite values.
func stableLogarithm(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  if case .elementwise(.log1p) = op { return rewriter.stableLog1p(operands[0]) }
  guard case .elementwise(.log) = op, case .elementwise(let inner) = rewriter.op(operands[0])
  else { return nil }
  let parts = rewriter.operands(operands[0])
  switch inner {
  case .exp: return parts[0]  // log exp z → z
  case .div:
    // log(exp z / s) → z - log s
    guard rewriter.isElementwise(parts[0], .exp) else { return nil }
    let logarithm = rewriter.elementwise(.log, parts[1])
    return rewriter.elementwise(.sub, rewriter.operand(parts[0]), logarithm)
  case .sigmoid: return rewriter.logSigmoid(parts[0])
  case .sub:
    // log(1 - sigmoid x) → log sigmoid(-x)
    guard rewriter.isSplat(parts[0], 1), rewriter.isElementwise(parts[1], .sigmoid) else {
      return nil
    }
    return rewriter.logSigmoid(rewriter.elementwise(.neg, rewriter.operand(parts[1])))
  case .add:
    // log(1 + exp x) → max(x, 0) + log1p(exp(-|x|))
    guard let x = rewriter.onePlusExp(operands[0]) else { return nil }
    let cut = rewriter.elementwise(.max, x, rewriter.splat(0, type))
    return rewriter.elementwise(.add, cut, rewriter.logTail(x))
  case _: return nil
  }
}

extension Rewriter {
  /// log1p(-sigmoid x) → log sigmoid(-x)
  mutating func stableLog1p(_ value: Value) -> Value? {
    guard isElementwise(value, .neg), isElementwise(operand(value), .sigmoid) else { return nil }
    return logSigmoid(elementwise(.neg, operand(operand(value))))
  }

  /// min(x, 0) - log1p(exp(-|x|)): no exponential overflows, and no tail is lost.
  fileprivate mutating func logSigmoid(_ x: Value) -> Value {
    let cut = elementwise(.min, x, splat(0, type(x)))
    return elementwise(.sub, cut, logTail(x))
  }

  /// log1p(exp(-|x|))
  fileprivate mutating func logTail(_ x: Value) -> Value {
    elementwise(.log1p, elementwise(.exp, elementwise(.neg, elementwise(.abs, x))))
  }
}

/// Softmax and its logarithm do not depend on what is subtracted before `exp`, as long as it is the
/// same for all elements of the sum: so no derivative need pass through it, which for the usual
/// maximum saves finding ties.
/// ```
/// div(exp(a - m), sum(exp(a - m)))         with m, of extent 1 along the sum's axes, becomes
/// stop_gradient(m) sub(a - m, log(sum(exp(a - m)))) add(m, log(sum(exp(a - m))))
/// ```
func stoppedShift(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  switch op {
  case .elementwise(.div):
    guard let sum = rewriter.unbroadcasted(operands[1]),
      let shifted = rewriter.shiftedSum(sum), shifted.exponential == operands[0]
    else { return nil }
    let (exponential, newSum) = rewriter.stopped(shifted)
    return rewriter.elementwise(
      .div, exponential, rewriter.broadcast(newSum, to: type.shape))
  case .elementwise(.sub):
    guard let logarithm = rewriter.unbroadcasted(operands[1]),
      rewriter.isElementwise(logarithm, .log),
      let shifted = rewriter.shiftedSum(rewriter.operand(logarithm)),
      rewriter.operand(shifted.exponential) == operands[0]
    else { return nil }
    let (exponential, newSum) = rewriter.stopped(shifted)
    let newLogarithm = rewriter.elementwise(.log, newSum)
    return rewriter.elementwise(
      .sub, rewriter.operand(exponential), rewriter.broadcast(newLogarithm, to: type.shape))
  case .elementwise(.add):
    for (shift, logarithm) in [(operands[0], operands[1]), (operands[1], operands[0])]
    where rewriter.isElementwise(logarithm, .log) {
      guard let shifted = rewriter.shiftedSum(rewriter.operand(logarithm)),
        shifted.shift == shift
      else { continue }
      let (exponential, newSum) = rewriter.stopped(shifted)
      let difference = rewriter.operands(rewriter.operand(exponential))
      let newShift = rewriter.operand(difference[1])
      return rewriter.elementwise(.add, newShift, rewriter.elementwise(.log, newSum))
    }
    return nil
  case _: return nil
  }
}

/// sum(exp(a - broadcast shift), axes)
private struct ShiftedSum {
  var exponential: Value
  var minuend: Value
  var shift: Value
  var axes: [Int]
}

extension Rewriter {
  fileprivate mutating func shiftedSum(_ value: Value) -> ShiftedSum? {
    guard case .reduce(.sum, let axes) = op(value) else { return nil }
    let exponential = operand(value)
    guard isElementwise(exponential, .exp), isElementwise(operand(exponential), .sub) else {
      return nil
    }
    let difference = operands(operand(exponential))
    guard let shift = unbroadcasted(difference[1]),
      axes.allSatisfy({ type(shift).shape[$0] == 1 })
    else { return nil }
    switch op(shift) {
    case .stopGradient, .constant: return nil
    case _: break
    }
    return ShiftedSum(
      exponential: exponential, minuend: difference[0], shift: shift, axes: axes)
  }

  /// The exponential and its sum, with no derivative through the shift.
  fileprivate mutating func stopped(_ sum: ShiftedSum) -> (exponential: Value, sum: Value) {
    let shift = emit(.stopGradient, [sum.shift], type(sum.shift))
    let repeated = broadcast(shift, to: type(sum.minuend).shape)
    let exponential = elementwise(.exp, elementwise(.sub, sum.minuend, repeated))
    return (exponential, reduce(.sum, exponential, axes: sum.axes))
  }
}
