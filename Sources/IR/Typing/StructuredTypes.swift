// The type rules of the operations with inner structure: contraction, whose axes have labels, look-ups,
// dropout, and scan, which has a body.

extension Contraction {
  func resultType(
    _ left: TensorType, _ right: TensorType
  ) throws(TypingError) -> TensorType {
    if left.element == .bool { throw .element(op: "contraction", found: .bool) }
    if left.element != right.element {
      throw .mismatch(
        op: "contraction", expected: right.with(element: left.element), found: right)
    }
    let leftExtents = try extents(self.left, left.shape)
    let rightExtents = try extents(self.right, right.shape)
    var isInResult = [Bool](repeating: false, count: 256)
    var sizes: [Int] = []
    for label in result {
      if isInResult[Int(label)] { throw .repeatedLabel(label) }
      isInResult[Int(label)] = true
      guard let size = leftExtents[Int(label)] ?? rightExtents[Int(label)] else {
        throw .unknownLabel(label)
      }
      sizes.append(size)
    }
    for label in self.left + self.right where !isInResult[Int(label)] {
      if leftExtents[Int(label)] == nil || rightExtents[Int(label)] == nil {
        throw .droppedLabel(label)
      }
    }
    for label in self.left {
      if let size = leftExtents[Int(label)], let other = rightExtents[Int(label)], size != other {
        throw .labelExtents(label, left: size, right: other)
      }
    }
    return TensorType(left.element, Shape(sizes))
  }

  private func extents(_ labels: [UInt8], _ shape: Shape) throws(TypingError) -> [Int?] {
    if labels.count != shape.rank {
      throw .rank(op: "contraction", expected: labels.count, found: shape.rank)
    }
    var extents = [Int?](repeating: nil, count: 256)
    for (label, size) in zip(labels, shape.sizes) {
      if extents[Int(label)] != nil { throw .repeatedLabel(label) }
      extents[Int(label)] = size
    }
    return extents
  }
}

extension Op {
  /// The shape of the indices, then that of a row. Where something is taken, there must be something
  /// to take.
  func gathered(
    _ table: TensorType, _ indices: TensorType
  ) throws(TypingError) -> TensorType {
    let row = try self.row(of: table, indices)
    let shape = Shape(indices.shape.sizes + row)
    try shape.check()
    return table.with(shape: shape)
  }

  func scattered(
    _ indices: TensorType, _ updates: TensorType, _ declared: TensorType
  ) throws(TypingError) -> TensorType {
    if updates.element == .bool { throw .element(op: name, found: .bool) }
    let expected = updates.with(
      shape: Shape(indices.shape.sizes + (try row(of: declared, indices))))
    if updates != expected { throw .mismatch(op: name, expected: expected, found: updates) }
    return declared.with(element: updates.element)
  }

  private func row(
    of table: TensorType, _ indices: TensorType
  ) throws(TypingError) -> [Int] {
    if !indices.element.isInteger { throw .element(op: name, found: indices.element) }
    if table.shape.rank == 0 { throw .axis(op: name, axis: 0, rank: 0) }
    if table.shape[0] == 0, indices.count > 0 {
      throw .extent(op: name, axis: 0, expected: 1, found: 0)
    }
    return Array(table.shape.sizes.dropFirst())
  }
}

extension Dropout {
  func resultType(
    of operands: [TensorType], declared: TensorType
  ) throws(TypingError) -> TensorType {
    if key < 0 || !(rate >= 0 && rate < 1) { throw .dropout(self) }
    if !declared.element.isFloat { throw .element(op: "random", found: declared.element) }
    if !operands.isEmpty, operands.count != 2 {
      throw .operandCount(op: "random", expected: 2, found: operands.count)
    }
    let expected = TensorType(.i64, .scalar)
    for operand in operands where operand != expected {
      throw .mismatch(op: "random", expected: expected, found: operand)
    }
    return declared
  }
}

extension Scan {
  /// The types of a scan's results: each state, then each yield stacked.
  public func resultTypes(of operands: [TensorType]) throws(TypingError) -> [TensorType] {
    let body = body.function
    guard length >= 0, sequences >= 0, states >= 0, operands.count - sequences >= states else {
      throw .scan("\(sequences) sequences and \(states) states of \(operands.count) operands")
    }
    var steps: [TensorType] = []
    for sequence in operands[..<sequences] {
      if sequence.shape.rank == 0 { throw .axis(op: "scan", axis: 0, rank: 0) }
      if sequence.shape[0] != length {
        throw .extent(op: "scan", axis: 0, expected: length, found: sequence.shape[0])
      }
      var step = sequence
      step.shape.extents.removeFirst()
      steps.append(step)
    }
    let expected = steps + operands[sequences...]
    let found = body.arguments.map(\.type)
    if found != expected { throw .nestedTypes(op: "scan", expected: expected, found: found) }
    let results = body.resultTypes
    let states = Array(operands[sequences..<sequences + states])
    if Array(results.prefix(states.count)) != states {
      throw .nestedTypes(op: "scan", expected: states, found: results)
    }
    var types = states
    for yield in results.dropFirst(states.count) {
      var stacked = yield
      stacked.shape.extents.insert(Extent(length), at: 0)
      try stacked.shape.check()
      types.append(stacked)
    }
    if types.isEmpty { throw .scan("neither states nor yields") }
    return types
  }
}

extension Shape {
  /// No extent is negative, and the elements are not too many to count.
  func check() throws(TypingError) {
    var count = 1
    for extent in extents {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: max(extent.size, 1))
      if extent.size < 0 || isTooLarge || product > maximumElementCount { throw .size(self) }
      count = product
    }
  }
}
