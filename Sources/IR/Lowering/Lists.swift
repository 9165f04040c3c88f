// Lists: arguments such as shapes and axes, and, nested, tensors known when compiling.

extension Lowerer {
  func list(_ elements: [Datum]) throws(LoweringFailure) -> Datum {
    var leafCount = 0
    var hasFraction = false
    var truthValues = 0
    var inner: [Int]?
    for element in elements {
      var shape: [Int] = []
      switch element {
      case .integer: leafCount += 1
      case .number:
        leafCount += 1
        hasFraction = true
      case .boolean:
        leafCount += 1
        truthValues += 1
      case .list(let list):
        leafCount += list.leafCount
        shape = list.shape
        hasFraction = hasFraction || list.hasFraction
        if list.holdsTruthValues { truthValues += 1 }
      case .tensor, .untyped, .none, .type, .tuple, .failed:
        throw fail("a list holds numbers and lists of numbers, not \(words(for: element))")
      }
      if let inner, inner != shape { throw fail(ragged(inner, shape)) }
      inner = shape
    }
    if truthValues != 0, truthValues != elements.count {
      throw fail("a list holds either numbers or truth values, not both")
    }
    let shape = [elements.count] + (inner ?? [])
    if shape.count > maximumRank { throw fail("lists are nested at most \(maximumRank) deep") }
    if leafCount > maximumListCount {
      throw fail("a list has at most \(maximumListCount) elements")
    }
    return .list(
      DatumList(
        elements: elements, leafCount: leafCount, shape: shape, hasFraction: hasFraction,
        holdsTruthValues: truthValues > 0))
  }

  private func ragged(_ a: [Int], _ b: [Int]) -> String {
    if let one = a.first, let other = b.first, a.count == b.count {
      return "the lists in a list are of one length, found \(one) and \(other)"
    }
    return "the elements of a list are all numbers or all lists of one shape"
  }

  /// The tensor of a list.
  func constant(_ list: DatumList, _ element: ElementType) throws(LoweringFailure) -> Constant {
    listCount += list.leafCount
    if listCount > 2 * maximumListCount {
      throw stop("the graph's lists make more than \(2 * maximumListCount) elements")
    }
    var bits: [UInt64] = []
    bits.reserveCapacity(list.leafCount)
    try append(list, element, to: &bits)
    return Constant(type: TensorType(element, try checked(list.shape)), bits: bits)
  }

  private func append(
    _ list: DatumList, _ element: ElementType, to bits: inout [UInt64]
  ) throws(LoweringFailure) {
    for item in list.elements {
      if case .list(let inner) = item {
        try append(inner, element, to: &bits)
      } else {
        bits.append(try scalar(item, element).bits)
      }
    }
  }

  // MARK: Arguments that are known when compiling

  /// An integer. `what` names it in the message.
  func integer(_ datum: Datum, _ what: String) throws(LoweringFailure) -> Int {
    switch datum {
    case .integer(let value): return value
    case .number(let value):
      if let whole = Int(exactly: value) { return whole }
    case .failed: throw LoweringFailure()
    case .tensor, .untyped, .boolean, .list, .none, .type, .tuple: break
    }
    throw fail("\(what) is an integer known when compiling, found \(words(for: datum))")
  }

  func integers(_ datum: Datum, _ what: String) throws(LoweringFailure) -> [Int] {
    guard case .list(let list) = datum else { return [try integer(datum, what)] }
    var integers: [Int] = []
    for element in list.elements { integers.append(try integer(element, what)) }
    return integers
  }

  /// Axes in ascending order, counted from the front; all where there is no argument.
  func axes(_ datum: Datum, rank: Int, of parameter: Int = 0) throws(LoweringFailure) -> [Int] {
    if case .none = datum { return Array(0..<rank) }
    var axes: [Int] = []
    for given in try integers(datum, "axis") {
      let axis = try axis(given, rank: rank, of: parameter)
      if axes.contains(axis) { throw fail("axis \(given) is given twice") }
      axes.append(axis)
    }
    return axes.sorted()
  }

  /// `parameter` is whose axis it is.
  func axis(_ given: Int, rank: Int, of parameter: Int = 0) throws(LoweringFailure) -> Int {
    let axis = given < 0 ? given + rank : given
    if axis >= 0, axis < rank { return axis }
    let count = rank == 0 ? "no axes" : rank == 1 ? "1 axis" : "\(rank) axes"
    throw fail("axis \(given) is out of range: \(words(parameter)) has \(count)")
  }

  /// The sizes of a shape; each is at least 0.
  func sizes(_ datum: Datum) throws(LoweringFailure) -> Shape {
    try checked(try integers(datum, "a size"))
  }
}
