// The type rules of reductions and of operations that move elements.

extension Op {
  func checkAxis(_ axis: Int, _ rank: Int) throws(TypingError) {
    if axis < 0 || axis >= rank { throw .axis(op: name, axis: axis, rank: rank) }
  }

  func reduced(
    _ operand: TensorType, _ reduction: Reduction, _ axes: [Int]
  ) throws(TypingError) -> TensorType {
    for axis in axes { try checkAxis(axis, operand.shape.rank) }
    if axes.isEmpty || zip(axes, axes.dropFirst()).contains(where: { $0 >= $1 }) {
      throw .axes(op: name, found: axes)
    }
    if operand.element == .bool && (reduction == .sum || reduction == .prod) {
      throw .element(op: "reduce \(reduction.rawValue)", found: .bool)
    }
    return operand.with(shape: operand.shape.reduced(along: axes))
  }

  func permuted(
    _ operand: TensorType, _ order: [Int]
  ) throws(TypingError) -> TensorType {
    let rank = operand.shape.rank
    if order.count != rank { throw .rank(op: name, expected: rank, found: order.count) }
    var seen = [Bool](repeating: false, count: rank)
    for axis in order {
      try checkAxis(axis, rank)
      if seen[axis] { throw .axes(op: name, found: order) }
      seen[axis] = true
    }
    return operand.with(shape: Shape(order.map { operand.shape[$0] }))
  }

  func broadcasted(
    _ operand: TensorType, _ declared: TensorType
  ) throws(TypingError) -> TensorType {
    if operand.shape.rank != declared.shape.rank {
      throw .rank(op: name, expected: declared.shape.rank, found: operand.shape.rank)
    }
    for (axis, (from, to)) in zip(operand.shape.extents, declared.shape.extents).enumerated()
    where from != to && from != 1 {
      throw .extent(op: name, axis: axis, expected: to.size, found: from.size)
    }
    return declared.with(element: operand.element)
  }

  func sliced(
    _ operand: TensorType, _ axes: [SliceAxis]
  ) throws(TypingError) -> TensorType {
    let shape = operand.shape
    if axes.count != shape.rank { throw .rank(op: name, expected: shape.rank, found: axes.count) }
    for (axis, slice) in axes.enumerated() {
      let range = 0..<shape[axis]
      let (distance, tooFar) = slice.step.multipliedReportingOverflow(by: max(slice.count, 1) - 1)
      let (last, beyond) = slice.start.addingReportingOverflow(distance)
      let isInside = range.contains(slice.start) && !tooFar && !beyond && range.contains(last)
      if slice.step == 0 || slice.count < 0 || !(isInside || slice.count == 0) {
        throw .slice(axis: axis, slice, extent: shape[axis])
      }
    }
    return operand.with(shape: Shape(axes.map(\.count)))
  }

  func padded(
    _ operand: TensorType, _ axes: [PadAxis], _ value: Scalar
  ) throws(TypingError) -> TensorType {
    let shape = operand.shape
    if axes.count != shape.rank { throw .rank(op: name, expected: shape.rank, found: axes.count) }
    if value.element != operand.element { throw .element(op: name, found: value.element) }
    _ = try Constant(splat: value).checked()
    var sizes: [Int] = []
    for (axis, padding) in axes.enumerated() {
      let parts = [padding.before, padding.after, padding.interior]
      let gaps = max(0, shape[axis] - 1).multipliedReportingOverflow(by: padding.interior)
      if !parts.allSatisfy({ (0...maximumElementCount).contains($0) })
        || gaps.overflow || gaps.partialValue > maximumElementCount
      {
        throw .padding(axis: axis, padding)
      }
      sizes.append(padding.before + shape[axis] + gaps.partialValue + padding.after)
    }
    return operand.with(shape: Shape(sizes))
  }

  func concatenated(_ operands: [TensorType], _ axis: Int) throws(TypingError) -> TensorType {
    guard let first = operands.first else {
      throw .operandCount(op: name, expected: 1, found: 0)
    }
    try checkAxis(axis, first.shape.rank)
    var result = first
    result.shape.extents[axis] = 0
    for operand in operands {
      if operand.element != first.element {
        throw .mismatch(op: name, expected: operand.with(element: first.element), found: operand)
      }
      if operand.shape.rank != first.shape.rank {
        throw .rank(op: name, expected: first.shape.rank, found: operand.shape.rank)
      }
      for other in 0..<first.shape.rank where operand.shape[other] != first.shape[other] {
        if other == axis { continue }
        throw .extent(
          op: name, axis: other, expected: first.shape[other], found: operand.shape[other])
      }
      result.shape.extents[axis] = Extent(result.shape[axis] + operand.shape[axis])
      if result.shape[axis] > maximumElementCount { throw .size(result.shape) }
    }
    return result
  }

  func windowed(
    _ operand: TensorType, _ windows: [WindowAxis]
  ) throws(TypingError) -> TensorType {
    let shape = operand.shape
    for window in windows {
      try checkAxis(window.axis, shape.rank)
      let extent = shape[window.axis]
      guard window.size > 0, window.stride > 0, window.dilation > 0 else {
        throw .window(window, extent: extent)
      }
      let (distance, isTooFar) = (window.size - 1).multipliedReportingOverflow(by: window.dilation)
      if isTooFar || distance >= extent { throw .window(window, extent: extent) }
    }
    if windows.isEmpty || zip(windows, windows.dropFirst()).contains(where: { $0.axis >= $1.axis })
    {
      throw .axes(op: name, found: windows.map(\.axis))
    }
    return operand.with(shape: windows.shape(of: shape))
  }

  func folded(
    _ operand: TensorType, _ windows: [WindowAxis], _ declared: TensorType
  ) throws(TypingError) -> TensorType {
    if operand.element == .bool { throw .element(op: name, found: .bool) }
    let result = declared.with(element: operand.element)
    let expected = try windowed(result, windows)
    if operand != expected { throw .mismatch(op: name, expected: expected, found: operand) }
    return result
  }
}
