// Functions that make, move and ask, and derivatives, for values built in Swift.

/// The same elements in another shape; one size may be -1.
public func reshape(
  _ x: Variable, _ shape: [Variable], file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("reshape", x, Variable(shape), at: SwiftPlace(file: file, line: line, column: column))
}

/// Two axes: those before `axis`, and the rest.
public func flatten(
  _ x: Variable, axis: Variable = 1, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("flatten", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// x repeated to a shape.
public func broadcast(
  _ x: Variable, _ shape: [Variable], file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("broadcast", x, Variable(shape), at: SwiftPlace(file: file, line: line, column: column))
}

/// Without axes of size 1.
public func squeeze(
  _ x: Variable, axis: Variable? = nil, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("squeeze", x, axis: axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// With a new axis of size 1.
public func expand(
  _ x: Variable, axis: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("expand", x, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The size of an axis, a number without a type.
public func size(
  _ x: Variable, axis: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("size", x, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// Zeros; f32 where nothing else is fixed.
public func zeros(
  _ shape: [Variable], file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("zeros", Variable(shape), at: SwiftPlace(file: file, line: line, column: column))
}

/// Ones; f32 where nothing else is fixed.
public func ones(
  _ shape: [Variable], file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("ones", Variable(shape), at: SwiftPlace(file: file, line: line, column: column))
}

/// One number everywhere.
public func full(
  _ shape: [Variable], _ value: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("full", Variable(shape), value, at: SwiftPlace(file: file, line: line, column: column))
}

/// 0, 1, 2, …; i32 where nothing else is fixed.
public func iota(
  _ count: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("iota", count, at: SwiftPlace(file: file, line: line, column: column))
}

/// The identity matrix.
public func eye(_ count: Variable, file: String = #fileID, line: Int = #line, column: Int = #column)
  -> Variable
{
  .call("eye", count, at: SwiftPlace(file: file, line: line, column: column))
}

/// Zeros of x's type.
public func zerosLike(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("zeros_like", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// Ones of x's type.
public func onesLike(
  _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
)
  -> Variable
{
  .call("ones_like", x, at: SwiftPlace(file: file, line: line, column: column))
}

/// A new last axis with 1 at the index and 0 elsewhere, f32.
public func oneHot(
  _ indices: Variable, _ count: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("one_hot", indices, count, at: SwiftPlace(file: file, line: line, column: column))
}

/// The parts of x along an axis that the indices name, as numpy.take gives them.
public func gather(
  _ x: Variable, _ indices: Variable, axis: Variable = 0, file: String = #fileID,
  line: Int = #line, column: Int = #column
) -> Variable {
  .make(
    .call("gather", [nil, nil, "axis"]), [x, indices, axis],
    at: SwiftPlace(file: file, line: line, column: column))
}

/// The rows of a table that the indices name.
public func embedding(
  _ table: Variable, _ indices: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("embedding", table, indices, at: SwiftPlace(file: file, line: line, column: column))
}

/// The derivative of a one-element value with respect to another value.
public func grad(
  _ f: Variable, _ x: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("grad", f, x, at: SwiftPlace(file: file, line: line, column: column))
}

/// The derivatives of a one-element value with respect to several others.
public func grad(
  _ f: Variable, _ values: [Variable], file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> [Variable] {
  Variable.call(
    "grad", [f] + values, count: values.count,
    at: SwiftPlace(file: file, line: line, column: column))
}
