// Canonicalisation of sums: a sum of repetitions is a product, and a sum of products over axes that
// both factors have is a matrix product. Transposed operands of matrix products are other labels.

/// sum(broadcast x) → x * count, and sum(constant) → constant.
func multipliedSum(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  guard case .reduce(.sum, let axes) = op else { return nil }
  let x = operands[0]
  let shape = rewriter.type(x).shape
  if let splat = rewriter.splat(x) {
    let count = Scalar(axes.reduce(1) { $0 * shape[$1] }, as: type.element)
    return ElementwiseOp.mul.evaluated([splat, count], as: type.element).map {
      rewriter.splat($0, type.shape)
    }
  }
  guard case .broadcast = rewriter.op(x), shape.count > 0 else { return nil }
  let source = rewriter.operand(x)
  let sourceShape = rewriter.type(source).shape
  let repeated = axes.filter { sourceShape[$0] != shape[$0] }
  if repeated.isEmpty { return nil }
  let rest = axes.filter { sourceShape[$0] == shape[$0] }
  let sum = rest.isEmpty ? source : rewriter.reduce(.sum, source, axes: rest)
  let count = rewriter.splat(
    Scalar(repeated.reduce(1) { $0 * shape[$1] }, as: type.element), rewriter.type(sum).shape)
  return rewriter.broadcast(rewriter.elementwise(.mul, sum, count), to: type.shape)
}

func recognisedContraction(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  switch op {
  case .reduce(.sum, let axes):
    guard rewriter.isElementwise(operands[0], .mul) else { return nil }
    return rewriter.productSum(operands[0], axes, type)
  case .contraction(var contraction):
    // contraction "mk,kn->mn" (permute [1, 0] x), y → contraction "km,kn->mn" x, y
    var (left, right) = (operands[0], operands[1])
    if case .permute(let order) = rewriter.op(left) {
      contraction.left = relabelled(contraction.left, order)
      left = rewriter.operand(left)
    }
    if case .permute(let order) = rewriter.op(right) {
      contraction.right = relabelled(contraction.right, order)
      right = rewriter.operand(right)
    }
    if left == operands[0] && right == operands[1] { return nil }
    return rewriter.contract(left, right, contraction)
  case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .reshape, .permute,
    .broadcast, .slice, .pad, .concat, .windows, .fold, .identity, .stopGradient, .custom, .scan,
    .projection, .gather, .scatterAdd, .random:
    return nil
  }
}

/// The labels of an operand before it was permuted by `order`.
private func relabelled(_ labels: [UInt8], _ order: [Int]) -> [UInt8] {
  var source = labels
  for (label, axis) in zip(labels, order) { source[axis] = label }
  return source
}

extension Rewriter {
  /// sum(broadcast x * broadcast y) → contraction x, y, where each factor has an axis that the
  /// other only repeats, and both have the axes summed over. (Else it is no matrix product, and
  /// stays a sum.)
  fileprivate mutating func productSum(_ product: Value, _ axes: [Int], _ type: TensorType)
    -> Value?
  {
    let full = self.type(product).shape
    if full.rank > 26 || full.count == 0 { return nil }
    let factors = operands(product).map { factor in
      if case .broadcast = op(factor) { return operand(factor) }
      return factor
    }
    let present = factors.map { factor in
      (0..<full.rank).map { full[$0] != 1 && self.type(factor).shape[$0] == full[$0] }
    }
    let isBoth = { (axis: Int) in present[0][axis] && present[1][axis] }
    guard axes.allSatisfy({ full[$0] == 1 || isBoth($0) }),
      (0..<full.rank).contains(where: { present[0][$0] && !present[1][$0] }),
      (0..<full.rank).contains(where: { present[1][$0] && !present[0][$0] })
    else { return nil }
    let label = { (axis: Int) in UInt8(ascii: "a") + UInt8(axis) }
    let axesOf = present.map { present in (0..<full.rank).filter { present[$0] } }
    let reshaped = zip(factors, axesOf).map { factor, axes in
      reshape(factor, to: Shape(axes.map { full[$0] }))
    }
    let kept = (0..<full.rank).filter {
      !axes.contains($0) && (present[0][$0] || present[1][$0])
    }
    let contraction = Contraction(
      left: axesOf[0].map(label), right: axesOf[1].map(label), result: kept.map(label))
    let value = contract(reshaped[0], reshaped[1], contraction)
    return reshape(value, to: type.shape)
  }
}
