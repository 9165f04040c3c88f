// Joining, splitting, padding and repeating, for values built in Swift.

/// The values one after the other along an axis.
public func concat(
  _ values: Variable..., axis: Variable = 0, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  concat(values, axis: axis, file: file, line: line, column: column)
}

/// The values one after the other along an axis.
public func concat(
  _ values: [Variable], axis: Variable = 0, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .joining("concat", values, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// The values one after the other along a new axis.
public func stack(
  _ values: Variable..., axis: Variable = 0, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  stack(values, axis: axis, file: file, line: line, column: column)
}

/// The values one after the other along a new axis.
public func stack(
  _ values: [Variable], axis: Variable = 0, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .joining("stack", values, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// Equal parts along an axis.
public func split(
  _ x: Variable, _ parts: Int, axis: Variable = 0, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> [Variable] {
  Variable.call(
    "split", [x, Variable(parts), axis], count: parts,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// x with elements added before and after it, a number an axis.
public func pad(
  _ x: Variable, before: Variable, after: Variable, value: Variable = 0, file: String = #fileID,
  line: Int = #line, column: Int = #column
) -> Variable {
  .call(
    "pad", x, before, after, value, at: SwiftPlace(file: file, line: line, column: column))
}

/// x backwards along the axes.
public func reverse(
  _ x: Variable, axis: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("reverse", x, axis, at: SwiftPlace(file: file, line: line, column: column))
}

/// x repeated, a number an axis.
public func tile(
  _ x: Variable, _ repeats: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("tile", x, repeats, at: SwiftPlace(file: file, line: line, column: column))
}

/// The forward derivative: the change of `f`, of any shape, when `x` changes along `v`, which has the shape of `x`.
public func jvp(
  _ f: Variable, _ x: Variable, _ v: Variable, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call("jvp", f, x, v, at: SwiftPlace(file: file, line: line, column: column))
}

extension Variable {
  fileprivate static func joining(
    _ name: String, _ values: [Variable], _ axis: Variable, at place: SwiftPlace
  ) -> Variable {
    make(.call(name, values.map { _ in nil } + ["axis"]), values + [axis], at: place)
  }

  /// A call that gives several values; none where no operand belongs to a graph.
  static func call(
    _ name: String, _ operands: [Variable], count: Int, at place: SwiftPlace
  ) -> [Variable] {
    let call = Variable(
      content: .operation(.call(name, operands.map { _ in nil }), operands))
    guard let graph = call.graph, count > 0 else {
      return [Variable](repeating: call, count: count)
    }
    return graph.bind(call, count: count, at: place)
  }
}
