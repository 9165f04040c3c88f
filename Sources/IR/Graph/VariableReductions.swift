// Reductions, layers and losses, for values built in Swift. A reduction leaves its axes with size 1.

/// The sum.
public func sum(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("sum", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The mean.
public func mean(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("mean", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The greatest element.
public func max(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("max", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The smallest element.
public func min(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("min", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The product.
public func prod(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("prod", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The standard deviation, divided by n.
public func std(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("std", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// log(sum(exp(x))), without overflow.
public func logsumexp(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("logsumexp", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The Euclidean norm.
public func norm(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("norm", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// Whether all are true.
public func all(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("all", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The variance, divided by n; `var` of the language.
public func variance(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("var", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// Whether any is true; `any` of the language.
public func anyTrue(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("any", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The index of the first greatest element, i32.
public func argmax(
  _ x: Variable, axis: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("argmax", x, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The index of the first smallest element, i32.
public func argmin(
  _ x: Variable, axis: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("argmin", x, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// exp(x), divided by its sum along an axis.
public func softmax(
  _ x: Variable, axis: Variable = -1, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("softmax", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The logarithm of softmax, without overflow.
public func logSoftmax(
  _ x: Variable, axis: Variable = -1, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("log_softmax", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// mean((h - y)²).
public func mse(
  _ h: Variable, _ y: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("mse", h, y, at: SwiftPlace(file: file, line: line, column: column))
}

/// sum((h - y)²) / 2m, m the size of axis 0.
public func halfMSE(
  _ h: Variable, _ y: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("half_mse", h, y, at: SwiftPlace(file: file, line: line, column: column))
}

/// The mean of -sum(y · log p) along the last axis.
public func crossEntropy(
  _ p: Variable, _ y: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("cross_entropy", p, y, at: SwiftPlace(file: file, line: line, column: column))
}

/// Cross entropy from logits.
public func softmaxCrossEntropy(
  _ logits: Variable, _ y: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("softmax_cross_entropy", logits, y, at: SwiftPlace(file: file, line: line, column: column))
}

/// The mean of -(y · log p + (1-y) · log(1-p)).
public func binaryCrossEntropy(
  _ p: Variable, _ y: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("binary_cross_entropy", p, y, at: SwiftPlace(file: file, line: line, column: column))
}
