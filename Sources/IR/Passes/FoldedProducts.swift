// Canonicalisation of the derivative of a convolution by what it slides over: a convolution as well, of the padded adjoint with the
// filters turned around, so that a product of the size of all windows is never stored.

/// ```
/// %2: f32[2, 10, 5] = contraction "nho,fho->nof"… %adjoint, %filters     each window's share of each of its elements
/// %3: f32[2, 14] = fold [1: 5] %2
/// ```
/// becomes
/// ```
/// %4 = pad [0:0, 4:4] %adjoint
/// %5 = windows [1: 5] %4
/// %6 = slice [… by -1] %filters
/// %7: f32[2, 14] = contraction "…" %5, %6
/// ```
/// The sums are taken in another order, and over zeros where windows lie across an end.
func foldedProduct(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  guard case .fold(let windows) = op, type.element.isFloat,
    let product = FoldedProduct(operands[0], windows, rewriter)
  else { return nil }
  let turned = rewriter.emit(
    .slice(product.turning), [product.filters],
    rewriter.type(product.filters))
  let given = rewriter.type(product.adjoint)
  let padded = zip(given.shape.sizes, product.padding).map { $0 + $1.before + $1.after }
  let wide = rewriter.emit(
    .pad(product.padding, value: Scalar(0, as: given.element)), [product.adjoint],
    given.with(shape: Shape(padded)))
  let sliding = rewriter.emit(
    .windows(product.windows), [wide],
    given.with(shape: product.windows.shape(of: Shape(padded))))
  let sum = rewriter.contract(sliding, turned, product.contraction)
  return rewriter.reshape(sum, to: type.shape)
}

/// A contraction whose result is folded: of an adjoint that has the windows' axes, and of filters that have those of their elements.
private struct FoldedProduct {
  let adjoint: Value
  let filters: Value
  /// Of the adjoint: zeros on both sides of each axis of windows.
  let padding: [PadAxis]
  /// Over the padded adjoint.
  let windows: [WindowAxis]
  /// Of the filters: their elements backwards.
  let turning: [SliceAxis]
  let contraction: Contraction

  /// Padding must not multiply the work by more than this.
  private static let mostGrowth = 2.5

  init?(_ folded: Value, _ folds: [WindowAxis], _ rewriter: Rewriter) {
    var value = folded
    while case .reshape = rewriter.op(value) { value = rewriter.operand(value) }
    guard case .contraction(let product) = rewriter.op(value), folds.allSatisfy({ $0.stride == 1 }),
      let labels = Self.labels(
        of: rewriter.type(folded).shape, product.result, rewriter.type(value).shape)
    else { return nil }
    let places = folds.compactMap { labels[$0.axis] }
    let elements = labels.suffix(folds.count).compactMap { $0 }
    if places.count < folds.count || elements.count < folds.count { return nil }
    func slides(_ operand: [UInt8], over other: [UInt8]) -> Bool {
      places.allSatisfy { operand.contains($0) && !other.contains($0) }
        && elements.allSatisfy { other.contains($0) && !operand.contains($0) }
    }
    let values = rewriter.operands(value)
    let (adjointLabels, filterLabels): ([UInt8], [UInt8])
    if slides(product.left, over: product.right) {
      (adjoint, filters) = (values[0], values[1])
      (adjointLabels, filterLabels) = (product.left, product.right)
    } else if slides(product.right, over: product.left) {
      (adjoint, filters) = (values[1], values[0])
      (adjointLabels, filterLabels) = (product.right, product.left)
    } else {
      return nil
    }
    var padding = adjointLabels.map { _ in PadAxis(before: 0, after: 0) }
    var turning = rewriter.type(filters).shape.sizes.map {
      SliceAxis(start: 0, step: 1, count: $0)
    }
    var sliding: [(axis: WindowAxis, element: UInt8)] = []
    var growth = 1.0
    for (fold, pair) in zip(folds, zip(places, elements)) {
      guard let axis = adjointLabels.firstIndex(of: pair.0),
        let own = filterLabels.firstIndex(of: pair.1)
      else { return nil }
      let reach = fold.span - 1
      padding[axis] = PadAxis(before: reach, after: reach)
      turning[own] = SliceAxis(start: fold.size - 1, step: -1, count: fold.size)
      sliding.append(
        (WindowAxis(axis: axis, size: fold.size, stride: 1, dilation: fold.dilation), pair.1))
      let count = rewriter.type(adjoint).shape[axis]
      growth *= Double(count + reach) / Double(count)
    }
    if growth > Self.mostGrowth { return nil }
    sliding.sort { $0.axis.axis < $1.axis.axis }
    self.padding = padding
    self.turning = turning
    windows = sliding.map(\.axis)
    contraction = Contraction(
      left: adjointLabels + sliding.map(\.element), right: filterLabels,
      result: product.result.filter { !elements.contains($0) })
  }

  /// The label of each axis of a reshaped product, where the reshape only adds and drops axes of extent 1; nil for an added one.
  private static func labels(of shape: Shape, _ result: [UInt8], _ product: Shape) -> [UInt8?]? {
    let counted = result.indices.filter { product[$0] != 1 }
    var labels: [UInt8?] = []
    var next = 0
    for size in shape.sizes {
      if size == 1 {
        labels.append(nil)
        continue
      }
      guard next < counted.count, product[counted[next]] == size else { return nil }
      labels.append(result[counted[next]])
      next += 1
    }
    return next == counted.count ? labels : nil
  }
}
