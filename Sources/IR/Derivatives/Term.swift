// A thin wrapper that lets a derivative rule be written as in a textbook: `g * (1 - y * y)` appends
// four instructions.

/// A value together with the builder that its arithmetic is appended to.
struct Term {
  let value: Value
  let builder: FunctionBuilder

  var type: TensorType { builder.type(of: value) }
  var shape: Shape { type.shape }
  var isFloat: Bool { type.element.isFloat }

  func apply(_ op: ElementwiseOp) -> Term { with(builder.elementwise(op, value)) }
  func apply(_ op: ElementwiseOp, _ other: Term) -> Term {
    with(builder.elementwise(op, value, other.value))
  }
  func with(_ value: Value) -> Term { Term(value: value, builder: builder) }

  /// `number` in this term's type.
  func constant(_ number: Double) -> Term { with(builder.splat(number, type)) }

  static prefix func - (a: Term) -> Term { a.apply(.neg) }
  static func + (a: Term, b: Term) -> Term { a.apply(.add, b) }
  static func - (a: Term, b: Term) -> Term { a.apply(.sub, b) }
  static func * (a: Term, b: Term) -> Term { a.apply(.mul, b) }
  static func / (a: Term, b: Term) -> Term { a.apply(.div, b) }
  static func + (a: Double, b: Term) -> Term { b.constant(a) + b }
  static func - (a: Double, b: Term) -> Term { b.constant(a) - b }
  static func * (a: Double, b: Term) -> Term { b.constant(a) * b }

  // Comparisons give `bool` terms, as conditions of `select`.
  static func == (a: Term, b: Term) -> Term { a.apply(.equal, b) }
  static func == (a: Term, b: Double) -> Term { a == a.constant(b) }
  static func > (a: Term, b: Term) -> Term { b.apply(.less, a) }
  static func > (a: Term, b: Double) -> Term { a > a.constant(b) }
  static func && (a: Term, b: Term) -> Term { a.apply(.and, b) }

  /// `a` where this condition holds, else `b`.
  func select(_ a: Term, _ b: Term) -> Term {
    with(builder.elementwise(.select, value, a.value, b.value))
  }
  func select(_ a: Term, _ b: Double) -> Term { select(a, a.constant(b)) }
  func select(_ a: Double, _ b: Term) -> Term { select(b.constant(a), b) }
}
