// Canonicalisation: the one pass that may use mathematics and not only bits. It brings a function
// into the form that fixes its meaning: stable logarithms, matrix products recognised, sums of
// repetitions multiplied out. It looks at an instruction and at what its operands are made of,
// never at users, so the forward function and the forward half of the gradient agree to the bit.

extension Pass {
  /// The final canonical form: no bindings, no custom derivatives, no stops, no dropouts but those of
  /// training steps, no equal instructions.
  /// Simplifies, folds and merges in the same walk. Assumes that values are finite where a rule
  /// says so.
  /// ```
  /// %1: f32[2, 3] = exp %0
  /// %2: f32[2, 1] = reduce sum [1] %1
  /// %3: f32[2, 3] = broadcast %2
  /// %4: f32[2, 3] = div %1, %3
  /// %5: f32[2, 3] = log %4
  /// ```
  /// becomes (with `%4` dead)
  /// ```
  /// %5: f32[2, 1] = log %2
  /// %6: f32[2, 3] = broadcast %5
  /// %7: f32[2, 3] = sub %0, %6
  /// ```
  public static let canonicalise = Pass(name: "canonicalise") {
    Rewriter.rewrite(
      $0,
      rules: [
        .others(withoutDerivativeMarks), .others(withoutRandomness), .all(constantFolded),
        .elementwise(simplifiedElementwise),
        .others(simplifiedMovement), .elementwise(joinedPads), .others(plainWindows),
        .others(foldedProduct),
        .elementwise(stableLogarithm), .elementwise(recognisedElementwise),
        .elementwise(normalisedDerivative), .others(multipliedSum), .others(recognisedContraction),
      ], merging: true)
  }

  /// The same before differentiation: what says how to differentiate stays, and softmax is told
  /// that its shift does not matter.
  public static let canonicaliseDifferentiable = Pass(name: "canonicalise-differentiable") {
    Rewriter.rewrite(
      $0,
      rules: [
        .others(withoutBindings), .all(constantFolded), .elementwise(simplifiedElementwise),
        .others(simplifiedMovement),
        .others(plainWindows), .elementwise(stableLogarithm), .elementwise(recognisedElementwise),
        .others(multipliedSum), .others(recognisedContraction),
        .elementwise(stoppedShift),
      ])
  }
}

extension Pass {
  /// Logarithms without the exponentials in them, and nothing else: for what is differentiated within the language.
  static let stableLogarithms = Pass(name: "stable-logarithms") {
    Rewriter.rewrite(
      $0,
      rules: [.others(withoutBindings), .elementwise(stableLogarithm), .elementwise(stoppedShift)])
  }
}

/// A name is its value: every derivative of the language has been taken when this runs, and
/// arguments stay apart.
private func withoutBindings(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  if case .identity = op { return operands[0] }
  return nil
}

private func withoutDerivativeMarks(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  switch op {
  case .identity, .stopGradient, .custom: return operands[0]
  case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .reshape, .permute,
    .broadcast, .slice, .pad, .concat, .windows, .fold, .contraction, .scan, .projection, .gather,
    .scatterAdd, .random:
    return nil
  }
}

/// Outside of training steps nothing drops: random → 1
private func withoutRandomness(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  if case .random = op, operands.isEmpty { return rewriter.splat(1, type) }
  return nil
}

/// Powers with a constant integer exponent, and the logistic function written out.
private func recognisedElementwise(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  switch op {
  case .elementwise(.pow):
    guard let exponent = rewriter.splat(operands[1])?.double, abs(exponent) <= 64,
      let n = Int(exactly: exponent)
    else { return nil }
    // pow(x, 3) → x * x * x by squaring
    return rewriter.elementwise(.power(n), operands[0])
  case .elementwise(.div):
    // 1 / (1 + exp x) → sigmoid(-x)
    guard rewriter.isSplat(operands[0], 1), let x = rewriter.onePlusExp(operands[1]) else {
      return nil
    }
    return rewriter.elementwise(.sigmoid, rewriter.elementwise(.neg, x))
  case _: return nil
  }
}

extension Rewriter {
  /// x where the value is 1 + exp x.
  mutating func onePlusExp(_ value: Value) -> Value? {
    guard isElementwise(value, .add) else { return nil }
    let terms = operands(value)
    for (one, other) in [(terms[0], terms[1]), (terms[1], terms[0])]
    where isSplat(one, 1) && isElementwise(other, .exp) {
      return operand(other)
    }
    return nil
  }
}
