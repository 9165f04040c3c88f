// The matrix product with numpy.matmul's rules, as a contraction over named axes.

extension Lowerer {
  func product(_ left: Datum, _ right: Datum) throws(LoweringFailure) -> Datum {
    let operands = try unified([left, right])
    var values = operands.list.map { value($0) }
    let shapes = values.map { builder.shape(of: $0) }
    for (index, shape) in shapes.enumerated() where shape.rank == 0 {
      throw fail("\(words(index)) is a scalar; a product needs axes: use *")
    }
    try checkInner(shapes[0], shapes[1])
    let plan = try ProductPlan(shapes[0], shapes[1]) { (a, b) throws(LoweringFailure) in
      throw self.fail(
        "the leading axes of \(self.words(0)), of shape \(shapes[0]), and \(self.words(1)), of shape "
          + "\(shapes[1]), do not broadcast (\(a) against \(b))")
    }
    _ = try checked(plan.result)
    values[0] = builder.reshape(values[0], to: Shape(plan.left))
    values[1] = builder.reshape(values[1], to: Shape(plan.right))
    if operands.element == .bool {
      // A truth value is whether any pair is true: a count that is not 0.
      let counts = values.map { builder.cast($0, to: .i32) }
      let product = builder.contract(counts[0], counts[1], plan.contraction)
      let zero = builder.zeros(builder.type(of: product))
      return .tensor(builder.elementwise(.notEqual, product, zero))
    }
    let product = builder.contract(values[0], values[1], plan.contraction)
    return wrap(product, operands.fallback)
  }

  private func checkInner(_ left: Shape, _ right: Shape) throws(LoweringFailure) {
    let inner = left[left.rank - 1]
    let other = right[max(0, right.rank - 2)]
    if inner == other { return }
    let first = left.rank == 1 ? "elements" : "columns"
    let second = right.rank == 1 ? "elements" : "rows"
    throw fail("\(words(0)) has \(inner) \(first), but \(words(1)) has \(other) \(second)")
  }
}

/// How the axes of two operands go together. Leading axes that one operand lacks, or has with size 1, are axes of the other alone.
private struct ProductPlan {
  /// The shapes that the operands are brought to first, and that of the result.
  var left: [Int] = []
  var right: [Int] = []
  var result: [Int] = []
  var contraction = Contraction(left: [], right: [], result: [])

  init(
    _ a: Shape, _ b: Shape,
    misfit: (Int, Int) throws(LoweringFailure) -> Void
  ) throws(LoweringFailure) {
    let letters = Array("abcdefghijlopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    let (m, n, k) = (UInt8(ascii: "m"), UInt8(ascii: "n"), UInt8(ascii: "k"))
    let leadingA = a.sizes.dropLast(2)
    let leadingB = b.sizes.dropLast(2)
    let count = max(leadingA.count, leadingB.count)
    for axis in 0..<count {
      let fromA = axis - (count - leadingA.count)
      let fromB = axis - (count - leadingB.count)
      let sizeA = fromA >= 0 ? leadingA[fromA] : 1
      let sizeB = fromB >= 0 ? leadingB[fromB] : 1
      if sizeA != sizeB, sizeA != 1, sizeB != 1 { try misfit(sizeA, sizeB) }
      let letter = letters[axis]
      if fromA >= 0, sizeA != 1 || sizeB == 1 {
        left.append(sizeA)
        contraction.left.append(letter)
      }
      if fromB >= 0, sizeB != 1 || sizeA == 1 {
        right.append(sizeB)
        contraction.right.append(letter)
      }
      result.append(sizeA == 1 ? sizeB : sizeA)
      contraction.result.append(letter)
    }
    if a.rank > 1 { append(m, a[a.rank - 2], to: \.left, \.contraction.left) }
    append(k, a[a.rank - 1], isKept: false, to: \.left, \.contraction.left)
    append(k, a[a.rank - 1], isKept: false, to: \.right, \.contraction.right)
    if b.rank > 1 { append(n, b[b.rank - 1], to: \.right, \.contraction.right) }
  }

  private mutating func append(
    _ letter: UInt8, _ size: Int, isKept: Bool = true, to sizes: WritableKeyPath<Self, [Int]>,
    _ labels: WritableKeyPath<Self, [UInt8]>
  ) {
    self[keyPath: sizes].append(size)
    self[keyPath: labels].append(letter)
    if isKept {
      result.append(size)
      contraction.result.append(letter)
    }
  }
}
