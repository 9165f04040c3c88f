// What `nncc check` reports: one row a comparison.

import NNIR

/// One comparison and its verdict.
public struct CheckRow: Hashable, Sendable {
  public enum Measure: Hashable, Sendable {
    /// How many elements differ in their bits; none may.
    case differingElements(Int)
    /// The largest relative error, and what it may be.
    case relativeError(Double, bound: Double)
  }

  /// The result that was compared: `l2`, `loss`, `gradient:w1`.
  public var what: String
  /// What was compared with what: `tcc avx2, fused, 2 threads = interpreter`.
  public var against: String
  public var measure: Measure
  /// Where it went wrong first, if that is known.
  public var culprit: Culprit?

  public init(what: String, against: String, measure: Measure, culprit: Culprit? = nil) {
    self.what = what
    self.against = against
    self.measure = measure
    self.culprit = culprit
  }

  public var passed: Bool {
    switch measure {
    case .differingElements(let count): count == 0
    case .relativeError(let error, let bound): error <= bound
    }
  }
}

/// The first value of a graph, or of its adjoint, that is wrong.
public struct Culprit: Hashable, Sendable {
  /// The graph's name for the value, or its operation where it has none.
  public var name: String
  /// Whether the adjoint of the value is wrong and not the value.
  public var isAdjoint: Bool
  /// The line of the graph file; 0 where it has none.
  public var line: Int

  public init(name: String, isAdjoint: Bool, line: Int) {
    self.name = name
    self.isAdjoint = isAdjoint
    self.line = line
  }

  /// A value of a function. One without a name is told by its operation and the line that it comes from.
  init(_ value: Value, of function: Function, isAdjoint: Bool) {
    let origin = function.origins[value]
    self.init(
      name: origin?.name ?? function[value].op.name, isAdjoint: isAdjoint,
      line: Int(origin?.line ?? 0))
  }
}
