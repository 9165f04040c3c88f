// What can be wrong with the types of an instruction. Errors carry facts; the wording is in
// `description`, in one place.

/// Why an operation does not fit its operands or its declared type.
public indirect enum TypingError: Error, Hashable, Sendable {
  case operandCount(op: String, expected: Int, found: Int)
  case element(op: String, found: ElementType)
  case mismatch(op: String, expected: TensorType, found: TensorType)
  case axis(op: String, axis: Int, rank: Int)
  /// Axes that are not ascending, or an order that is no permutation.
  case axes(op: String, found: [Int])
  case rank(op: String, expected: Int, found: Int)
  case elementCount(from: TensorType, to: TensorType)
  case extent(op: String, axis: Int, expected: Int, found: Int)
  case slice(axis: Int, SliceAxis, extent: Int)
  case padding(axis: Int, PadAxis)
  case window(WindowAxis, extent: Int)
  /// A dropout's key below 0, or a rate that is none.
  case dropout(Dropout)
  case exponent(Int, ElementType)
  case size(Shape)
  /// A constant whose bits are no value of its element type.
  case constantBits(Scalar)
  case repeatedLabel(UInt8)
  /// One label, two extents.
  case labelExtents(UInt8, left: Int, right: Int)
  /// A label of the result that no operand has.
  case unknownLabel(UInt8)
  /// A label of one operand alone that the result lacks.
  case droppedLabel(UInt8)
  case scan(String)
  case nestedTypes(op: String, expected: [TensorType], found: [TensorType])
  case nested(op: String, VerificationError)
}

extension TypingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .operandCount(let op, let expected, let found):
      "\(op) takes \(expected) operands, not \(found)"
    case .element(let op, let found): "\(op) does not take \(found.name)"
    case .mismatch(let op, let expected, let found): "\(op): found \(found), expected \(expected)"
    case .axis(let op, let axis, let rank): "\(op): no axis \(axis) where the rank is \(rank)"
    case .axes(let op, let found): "\(op): the axes \(found) are not in order"
    case .rank(let op, let expected, let found): "\(op): rank \(found), expected \(expected)"
    case .elementCount(let from, let to): "reshape: \(from) has not as many elements as \(to)"
    case .extent(let op, let axis, let expected, let found):
      "\(op): axis \(axis) has extent \(found), expected \(expected)"
    case .slice(let axis, let slice, let extent):
      "slice: axis \(axis) has extent \(extent), and "
        + "\(slice.count) elements from \(slice.start) by \(slice.step) leave it"
    case .padding(let axis, let padding):
      "pad: axis \(axis): \(padding.before):\(padding.after):\(padding.interior)"
    case .window(let window, let extent):
      "windows: axis \(window.axis) has extent \(extent), and \(window.size) elements spaced "
        + "\(window.dilation), by \(window.stride), do not fit it"
    case .dropout(let dropout): "random: key \(dropout.key), rate \(dropout.rate)"
    case .exponent(let exponent, let element): "power: \(element.name) to the \(exponent)"
    case .size(let shape): "\(shape) is no shape or has too many elements"
    case .constantBits(let scalar): "constant: \(scalar.bits) are no \(scalar.element.name) bits"
    case .repeatedLabel(let label): "contraction: label \(name(of: label)) stands twice in a list"
    case .labelExtents(let label, let left, let right):
      "contraction: label \(name(of: label)) is \(left) on the left and \(right) on the right"
    case .unknownLabel(let label):
      "contraction: label \(name(of: label)) of the result is in no operand"
    case .droppedLabel(let label):
      "contraction: label \(name(of: label)) is in one operand alone and not in the result"
    case .scan(let problem): "scan: \(problem)"
    case .nestedTypes(let op, let expected, let found):
      "\(op): the nested function has types \(found), expected \(expected)"
    case .nested(let op, let error): "\(op): in the nested function: \(error)"
    }
  }

  private func name(of label: UInt8) -> String {
    "'" + String(UnicodeScalar(label)) + "'"
  }
}

/// Why a function is not well formed: at which value, and what is wrong there.
public struct VerificationError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Problem: Hashable, Sendable {
    case typing(TypingError)
    /// The type that the instruction declares is not the one that its operation gives.
    case declaredType(expected: TensorType, found: TensorType)
    /// An operand that does not come before its user.
    case operandOrder(Value)
    /// A `scan` used by something else than a projection, or a projection of something else.
    case projection(Value)
    case projectionIndex(Int, count: Int)
    case argumentIndex(Int, count: Int)
    case repeatedArgument(Int)
    case resultValue(name: String)
    case resultArgument(name: String, Int)
    case resultType(name: String, expected: TensorType, found: TensorType)
    case nestedRole(name: String)
  }

  public var function: String
  public var value: Value?
  public var problem: Problem

  public var description: String {
    let place = value.map { "@\(function) \($0)" } ?? "@\(function)"
    return "\(place): \(explanation)"
  }

  private var explanation: String {
    switch problem {
    case .typing(let error): error.description
    case .declaredType(let expected, let found): "declared \(found), but its type is \(expected)"
    case .operandOrder(let operand): "operand \(operand) does not come before it"
    case .projection(let operand): "\(operand) and its user are not a scan and a projection"
    case .projectionIndex(let index, let count): "no result \(index) of \(count)"
    case .argumentIndex(let index, let count): "no argument \(index) of \(count)"
    case .repeatedArgument(let index): "argument \(index) has two instructions"
    case .resultValue(let name): "result \"\(name)\" is no value"
    case .resultArgument(let name, let index): "result \"\(name)\": no argument \(index)"
    case .resultType(let name, let expected, let found):
      "result \"\(name)\" has type \(found), expected \(expected)"
    case .nestedRole(let name): "result \"\(name)\" of a nested function is no plain output"
    }
  }
}
