// Tensors written out as nested lists, `[[1, 2], [3, 4]]`, or as a single number: JSON in which
// `nan`, `inf` and `-inf` may stand with or without quotation marks.

import NNIR

/// A tensor read from text.
struct NestedList {
  private(set) var shape: [Int] = []
  private(set) var scalars: [Scalar] = []
  private let element: ElementType
  private var hasLeaf = false

  /// Reads `text` as a tensor of `element`.
  init(parsing text: String, as element: ElementType) throws(JSONProblem) {
    self.element = element
    var reader = JSONReader(Array(text.utf8)[...])
    try read(&reader, depth: 0)
    try reader.end()
  }

  /// The tensor, in its own shape.
  var tensor: Tensor? {
    guard let shape = checkedShape(shape) else { return nil }
    return Tensor(
      constant: Constant(type: TensorType(element, shape), bits: scalars.map(\.bits)))
  }

  private mutating func read(_ reader: inout JSONReader, depth: Int) throws(JSONProblem) {
    guard reader.peek() == UInt8(ascii: "[") else {
      // Every number lies as deep as the first.
      guard !hasLeaf || depth == shape.count else { throw reader.problem("a list is expected") }
      guard hasLeaf || shape.count <= depth else { throw reader.problem("a list is expected") }
      hasLeaf = true
      scalars.append(try scalar(&reader))
      return
    }
    guard depth < maximumRank else { throw reader.problem("it is nested too deeply") }
    let isFirst = depth == shape.count
    guard !isFirst || !hasLeaf else { throw reader.problem("a number is expected") }
    if isFirst { shape.append(0) }
    var count = 0
    try reader.enter("[")
    while try reader.next() {
      try read(&reader, depth: depth + 1)
      count += 1
      if isFirst { shape[depth] = count }
    }
    guard count == shape[depth] else {
      throw reader.problem("a list of \(count) stands where others have \(shape[depth])")
    }
  }

  private func scalar(_ reader: inout JSONReader) throws(JSONProblem) -> Scalar {
    let start = reader
    let word: String
    if reader.peek() == UInt8(ascii: "\"") {
      word = try reader.string()
      guard ["nan", "inf", "-inf"].contains(word) else {
        throw start.problem("\"\(printable(word))\" is no number")
      }
    } else {
      guard let found = reader.bareword() else { throw reader.problem("a number is expected") }
      word = found
    }
    guard let number = LiteralNumber(Substring(word)) else {
      throw start.problem("'\(printable(word))' is no number")
    }
    guard let scalar = number.scalar(as: element) else {
      throw start.problem("\(printable(word)) is no \(element.name)")
    }
    return scalar
  }
}
