// Elementwise functions with more than one argument, conversions, and linear algebra, for values built in Swift.

/// The power; `**` with an integer literal multiplies.
public func pow(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("pow", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The greater, element by element; NaN wins.
public func maximum(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("maximum", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The smaller, element by element; NaN wins.
public func minimum(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("minimum", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The remainder with the sign of b.
public func mod(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("mod", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The angle of the point (b, a).
public func atan2(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("atan2", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// x, no less than low and no more than high.
public func clip(
  _ x: Variable, _ low: Variable, _ high: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("clip", x, low, high, at: SwiftPlace(file: file, line: line, column: column))
}

/// `where` of the language: a where the condition holds, else b.
public func select(
  _ condition: Variable, _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("where", condition, a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// x where x ≥ 0, else slope · x.
public func leakyRelu(
  _ x: Variable, slope: Variable = 0.01, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("leaky_relu", x, slope, at: SwiftPlace(file: file, line: line, column: column))
}

/// x where x > 0, else alpha · (exp(x) - 1).
public func elu(
  _ x: Variable, alpha: Variable = 1, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("elu", x, alpha, at: SwiftPlace(file: file, line: line, column: column))
}

/// x in another element type.
public func cast(
  _ x: Variable, _ type: ElementType, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call(
    "cast", x, Variable(content: .known(type.name)),
    at: SwiftPlace(file: file, line: line, column: column))
}

/// x in the element type of another value.
public func cast(
  _ x: Variable, like other: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .make(
    .call("cast", [nil, "like"]), [x, other], at: SwiftPlace(file: file, line: line, column: column)
  )
}

/// x, through which no derivative passes.
public func stopGradient(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("stop_gradient", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x in which training steps set elements to 0, each with probability `rate`, and divide the others by 1 - `rate`.
public func dropout(
  _ x: Variable, rate: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("dropout", x, rate, at: SwiftPlace(file: file, line: line, column: column))
}

/// The matrix product, with numpy.matmul's rules.
public func dot(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("dot", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The matrix product, with numpy.matmul's rules.
public func matmul(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("matmul", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The products of all pairs of elements.
public func outer(
  _ a: Variable, _ b: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("outer", a, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The axes in another order, reversed where none is given.
public func transpose(
  _ x: Variable, _ axes: [Int]? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  axes.map {
    .call(
      "transpose", x, Variable($0.map { Variable($0) }),
      at: SwiftPlace(file: file, line: line, column: column))
  }
    ?? .call("transpose", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x · w + b.
public func dense(
  _ x: Variable, _ w: Variable, _ b: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("dense", x, w, b, at: SwiftPlace(file: file, line: line, column: column))
}
