// Graphs that give a value's derivatives beside it, and what central differences say of these.

import NNIR

@testable import NNRuntime

/// A graph whose results are a value, the gradients of a loss by some inputs, the value's change along directions `along_NAME`, and the
/// changes of the gradients along these: first, forward and second derivatives.
enum DerivativeGraph {
  /// What stands behind the definition of `value` and `loss`.
  static func outputs(of value: String, loss: String, by names: [String]) -> [String] {
    var lines = ["output \(value)"]
    lines += names.map { "slope_\($0) = grad(\(loss), \($0))" }
    lines += names.map { "output slope_\($0)" }
    let changes = names.map { "jvp(\(value), \($0), along_\($0))" }
    lines.append("output \(changes.joined(separator: " + ")) as moved")
    let slopes = names.map { "sum(slope_\($0) * along_\($0))" }
    lines.append("rise = \(slopes.joined(separator: " + "))")
    lines += names.map { "output grad(rise, \($0)) as curve_\($0)" }
    return lines
  }
}

/// Holds what a function of f64 gives against its own values a step to either side.
struct CentralDifferences {
  let function: Function
  let arguments: [String: Tensor]
  let results: [Tensor]
  static let step = 1e-6

  init(_ function: Function, _ arguments: [Tensor]) throws {
    self.function = function
    let names = function.arguments.map(\.name)
    self.arguments = Dictionary(uniqueKeysWithValues: zip(names, arguments))
    results = try Interpreter().evaluate(function, arguments: arguments)
  }

  /// How fast each of the first results changes as arguments move.
  func rates(_ count: Int, _ moves: [String: [Double]]) throws -> [[Double]] {
    var part = function
    part.results = Array(function.results.prefix(count))
    part = part.withoutDeadInstructions()
    let ends = try [Self.step, -Self.step].map { step in
      let moved = part.arguments.map { argument -> Tensor in
        let tensor = arguments[argument.name] ?? Tensor(scalar: 0.0)
        guard let move = moves[argument.name] else { return tensor }
        return Tensor(tensor.shape, zip(tensor.doubles, move).map { $0 + step * $1 })
      }
      return try Interpreter().evaluate(part, arguments: moved)
    }
    return zip(ends[0], ends[1]).map { up, down in
      zip(up.doubles, down.doubles).map { ($0 - $1) / (2 * Self.step) }
    }
  }

  /// What is wrong with the results of a `DerivativeGraph` by these names, along their directions.
  func deviations(by names: [String], tolerance: Double) throws -> [String] {
    let along = Dictionary(
      uniqueKeysWithValues: names.map { ($0, arguments["along_\($0)"]?.doubles ?? []) })
    let rates = try rates(1 + names.count, along)
    var found = Self.deviations(
      results[1 + names.count].doubles, rates[0], tolerance, "forward derivative")
    for (number, name) in names.enumerated() {
      found += Self.deviations(
        results[2 + names.count + number].doubles, rates[1 + number], tolerance,
        "second derivative by \(name)")
    }
    return found
  }

  static func deviations(
    _ symbolic: [Double], _ measured: [Double], _ tolerance: Double, _ what: String
  ) -> [String] {
    // What a difference is off by goes with the largest of the values that it is taken of.
    let scale = measured.map(abs).filter(\.isFinite).max().map { max(1, $0) } ?? 1
    return zip(symbolic, measured).compactMap { value, expected in
      let error = abs(value - expected) / scale
      return error < tolerance ? nil : "\(what): \(value), measured \(expected)"
    }
  }
}
