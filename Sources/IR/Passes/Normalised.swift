// Canonicalisation of the derivative of a normalised value, y = e / s where s is the same along some axes, as softmax is. Put together from
// the rules for a quotient and a sum it divides every element twice, and a softmax's goes back over the exponentials too.

/// With S = broadcast s, and s of extent 1 along the sum's axes:
/// ```
/// g / S + broadcast(sum(-(g * y / S)))     becomes (g - broadcast(sum(g * y))) / S
/// (g - broadcast(sum(g * y))) / S * e      with y = e / S becomes y * (g - broadcast(sum(g * y)))
/// ```
/// Assumes finite values.
func normalisedDerivative(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  switch op {
  case .elementwise(.add):
    for (quotient, repeated) in [(operands[0], operands[1]), (operands[1], operands[0])]
    where rewriter.isElementwise(quotient, .div) {
      let (g, divisor) = (rewriter.operands(quotient)[0], rewriter.operands(quotient)[1])
      guard let sum = rewriter.unbroadcasted(repeated),
        case .reduce(.sum, let axes) = rewriter.op(sum),
        let product = rewriter.negatedQuotient(rewriter.operand(sum), by: divisor),
        rewriter.isElementwise(product, .mul), rewriter.operands(product).contains(g),
        rewriter.isRepeated(divisor, along: axes)
      else { continue }
      let shared = rewriter.reduce(.sum, product, axes: axes)
      let difference = rewriter.elementwise(.sub, g, rewriter.broadcast(shared, to: type.shape))
      return rewriter.elementwise(.div, difference, divisor)
    }
    return nil
  case .elementwise(.mul):
    for (quotient, e) in [(operands[0], operands[1]), (operands[1], operands[0])]
    where rewriter.isElementwise(quotient, .div) {
      let (difference, divisor) = (rewriter.operands(quotient)[0], rewriter.operands(quotient)[1])
      guard rewriter.isElementwise(difference, .sub),
        let sum = rewriter.unbroadcasted(rewriter.operands(difference)[1]),
        case .reduce(.sum, let axes) = rewriter.op(sum),
        rewriter.isElementwise(rewriter.operand(sum), .mul),
        rewriter.isRepeated(divisor, along: axes)
      else { continue }
      let g = rewriter.operands(difference)[0]
      let factors = rewriter.operands(rewriter.operand(sum))
      guard factors.contains(g),
        let y = factors.first(where: {
          rewriter.isElementwise($0, .div) && rewriter.operands($0) == [e, divisor]
        })
      else { continue }
      return rewriter.elementwise(.mul, y, difference)
    }
    return nil
  case _: return nil
  }
}

extension Rewriter {
  /// x where the value is -(x / divisor).
  fileprivate func negatedQuotient(_ value: Value, by divisor: Value) -> Value? {
    guard isElementwise(value, .neg), isElementwise(operand(value), .div) else { return nil }
    let parts = operands(operand(value))
    return parts[1] == divisor ? parts[0] : nil
  }

  /// Whether a value is the broadcast of one that has extent 1 along all of these axes.
  fileprivate func isRepeated(_ value: Value, along axes: [Int]) -> Bool {
    guard let source = unbroadcasted(value) else { return false }
    return axes.allSatisfy { type(source).shape[$0] == 1 }
  }
}
