// What an expression can be worth while a graph is lowered. Most are tensors; but a number has no type until it meets one, and an
// argument of a function may be a list, a type or nothing.

/// A list of numbers, or of lists of numbers. By reference, so that a `Datum` stays small.
final class DatumList {
  let elements: [Datum]
  /// How many numbers it holds, inner lists included: bindings can make lists grow faster than a file.
  let leafCount: Int
  /// The sizes of the tensor that it makes.
  let shape: [Int]
  /// Whether any is a float, or all are truth values.
  let hasFraction: Bool
  let holdsTruthValues: Bool

  init(
    elements: [Datum], leafCount: Int, shape: [Int], hasFraction: Bool, holdsTruthValues: Bool
  ) {
    self.elements = elements
    self.leafCount = leafCount
    self.shape = shape
    self.hasFraction = hasFraction
    self.holdsTruthValues = holdsTruthValues
  }
}

enum Datum {
  case tensor(Value)
  /// A tensor of `i64` or `f64` that came of numbers alone: it takes the type of what it meets, or else `fallback`.
  case untyped(Value, fallback: ElementType)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case list(DatumList)
  case none
  case type(ElementType)
  case tuple([Datum])
  /// An error has been reported.
  case failed

  var isFailed: Bool {
    if case .failed = self { return true }
    return false
  }

  /// The operation whose result it is, if it is one's.
  var value: Value? {
    switch self {
    case .tensor(let value), .untyped(let value, _): value
    case .integer, .number, .boolean, .list, .none, .type, .tuple, .failed: nil
    }
  }

  /// A number or a truth value, with which arithmetic is done at once.
  var isScalarConstant: Bool {
    switch self {
    case .integer, .number, .boolean: true
    case .tensor, .untyped, .list, .none, .type, .tuple, .failed: false
    }
  }
}

/// The error has been reported; whoever catches this goes on with the next expression.
struct LoweringFailure: Error {}

/// The greatest number of elements that lists of one graph may have, those that it repeats included.
let maximumListCount = 1 << 24
/// The greatest number of axes of a tensor, and of lists in lists.
let maximumRank = 32
/// How deep functions may call each other.
let maximumCallDepth = 256
/// How many calls of functions a graph may expand to, and how many of them may add no operation.
let maximumCallCount = 16_000_000
let maximumEmptyCallCount = 1_000_000
/// How many calls are noted for whoever draws the graph; further ones count as parts of the calls around them.
let maximumNotedCallCount = 250_000
