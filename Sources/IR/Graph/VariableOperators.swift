// The operators of the language in Swift. What Swift spells otherwise: comparisons have a dot (`a .< b`), the power is `**`, the
// matrix product is `matmul`, and truth values take `.&`, `.|` and `.!`.

precedencegroup PowerPrecedence {
  higherThan: MultiplicationPrecedence
  associativity: right
}

infix operator ** : PowerPrecedence

extension Variable {
  public static func + (a: Variable, b: Variable) -> Variable { make(.binary(.add), [a, b]) }
  public static func - (a: Variable, b: Variable) -> Variable { make(.binary(.subtract), [a, b]) }
  public static func * (a: Variable, b: Variable) -> Variable { make(.binary(.multiply), [a, b]) }
  public static func / (a: Variable, b: Variable) -> Variable { make(.binary(.divide), [a, b]) }
  /// The power. An integer literal as the exponent multiplies.
  public static func ** (a: Variable, b: Variable) -> Variable { make(.binary(.power), [a, b]) }
  public static prefix func - (a: Variable) -> Variable {
    switch a.content {
    case .integer(let value) where value != 0 && value != .min: Variable(-value)
    case .number(let value): Variable(-value)
    case .integer, .bound, .boolean, .none, .known, .operation: make(.unary(.minus), [a])
    }
  }

  public static func .< (a: Variable, b: Variable) -> Variable { make(.binary(.less), [a, b]) }
  public static func .<= (a: Variable, b: Variable) -> Variable {
    make(.binary(.lessEqual), [a, b])
  }
  public static func .> (a: Variable, b: Variable) -> Variable { make(.binary(.greater), [a, b]) }
  public static func .>= (a: Variable, b: Variable) -> Variable {
    make(.binary(.greaterEqual), [a, b])
  }
  public static func .== (a: Variable, b: Variable) -> Variable { make(.binary(.equal), [a, b]) }
  public static func .!= (a: Variable, b: Variable) -> Variable {
    make(.binary(.notEqual), [a, b])
  }
  public static func .& (a: Variable, b: Variable) -> Variable { make(.binary(.and), [a, b]) }
  public static func .| (a: Variable, b: Variable) -> Variable { make(.binary(.or), [a, b]) }
  public static prefix func .! (a: Variable) -> Variable { make(.unary(.not), [a]) }

  /// `x[0]`, `x[1..<3, .all]`, `x[.ellipsis, -1]`: a number drops its axis, a range keeps it; ranges are clipped as in Python.
  public subscript(
    indices: AxisIndex..., file file: String = #fileID, line line: Int = #line,
    column column: Int = #column
  ) -> Variable {
    let operands = indices.flatMap(\.operands)
    return Variable.make(
      .index(indices.map(\.kind)), [self] + operands,
      at: SwiftPlace(file: file, line: line, column: column))
  }
}

/// What an index takes of an axis.
public struct AxisIndex: ExpressibleByIntegerLiteral {
  let kind: Subscript
  let operands: [Variable]

  public init(integerLiteral value: Int) { self.init(value) }
  /// One position, from the end if negative.
  public init(_ position: Int) {
    kind = .at
    operands = [Variable(position)]
  }

  private init(kind: Subscript, operands: [Variable]) {
    self.kind = kind
    self.operands = operands
  }

  /// The whole axis.
  public static var all: AxisIndex { range() }
  /// All axes that no other index speaks of.
  public static var ellipsis: AxisIndex { AxisIndex(kind: .ellipsis, operands: []) }

  /// `start:stop:step`, each of which may be left out.
  public static func range(_ start: Int? = nil, _ stop: Int? = nil, step: Int? = nil) -> AxisIndex {
    AxisIndex(
      kind: .range(start: start != nil, stop: stop != nil, step: step != nil),
      operands: [start, stop, step].compactMap { $0.map { Variable($0) } })
  }

  // Disfavoured, so that `0..<8` stays a range of Int where nothing asks for an index.
  @_disfavoredOverload
  public static func ..< (start: AxisIndex, stop: AxisIndex) -> AxisIndex {
    AxisIndex(
      kind: .range(start: true, stop: true, step: false), operands: start.operands + stop.operands)
  }
}
