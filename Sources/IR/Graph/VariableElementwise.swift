// The elementwise functions of the language, for values built in Swift.

/// The negation.
public func neg(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("neg", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The absolute value; its derivative at 0 is 0.
public func abs(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("abs", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// -1, 0 or 1.
public func sign(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("sign", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The exponential function.
public func exp(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("exp", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// exp(x) - 1, exact near 0.
public func expm1(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("expm1", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The natural logarithm.
public func log(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("log", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// log(1 + x), exact near 0.
public func log1p(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("log1p", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The square root.
public func sqrt(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("sqrt", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// 1 / sqrt(x).
public func rsqrt(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("rsqrt", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x · x.
public func square(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("square", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// 1 / x.
public func reciprocal(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("reciprocal", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The sine.
public func sin(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("sin", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The cosine.
public func cos(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("cos", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The tangent.
public func tan(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("tan", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The arc sine.
public func asin(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("asin", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The arc cosine.
public func acos(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("acos", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The arc tangent.
public func atan(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("atan", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The hyperbolic sine.
public func sinh(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("sinh", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The hyperbolic cosine.
public func cosh(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("cosh", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The hyperbolic tangent.
public func tanh(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("tanh", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The error function.
public func erf(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("erf", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The integer below.
public func floor(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("floor", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The integer above.
public func ceil(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("ceil", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The nearest integer, halves to even.
public func round(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("round", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// 1 / (1 + exp(-x)).
public func sigmoid(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("sigmoid", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// max(x, 0); its derivative at 0 is 0.
public func relu(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("relu", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The self-normalising exponential linear unit.
public func selu(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("selu", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x · Φ(x), exact (through erf).
public func gelu(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("gelu", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The approximation of gelu by tanh.
public func geluTanh(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("gelu_tanh", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x · sigmoid(x).
public func silu(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("silu", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// log(1 + exp(x)).
public func softplus(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("softplus", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x / (1 + |x|).
public func softsign(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("softsign", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// x / 6 + 1/2 between 0 and 1.
public func hardSigmoid(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("hard_sigmoid", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// 1 where x > 0, else 0.
public func step(_ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("step", x, at: SwiftPlace(file: file, line: line, column: column))
}
