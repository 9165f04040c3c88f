// The slope of a network's loss along a direction, from central differences in f64.

import NNIR

/// A loss as a function of its arguments, to be evaluated near one point.
///
/// `stop_gradient` is held at its value there, since its derivative is none by decree.
struct Slope {
  private let function: Function
  private let values: NamedValues
  /// The loss at the point.
  private let height: Double

  init(_ function: Function, _ values: NamedValues) throws {
    var loss = function
    loss.results = (try? function.differentiatedResult()).map { [$0] } ?? []
    let stops = loss.instructions.indices.map { Value($0) }.filter { loss[$0].op == .stopGradient }
    (self.function, self.values) = try loss.cut(at: stops, values)
    height = try self.function.loss(self.values)
  }

  /// A difference between a symbolic slope and the measured one, relative to the greater.
  struct Deviation {
    var error: Double
    /// Whether two step lengths agree: no corner lies within them.
    var isSmooth: Bool
  }

  /// How far `expected`, the slope with respect to the argument `name` along `direction`, is off.
  func deviation(of expected: Double, _ name: String, _ direction: Tensor) throws -> Deviation {
    var best = Deviation(error: .infinity, isSmooth: false)
    for step in [1e-5, 1e-6, 1e-7] {
      let long = try measured(name, direction, step)
      let short = try measured(name, direction, step / 2)
      // Differences of the loss lose what the loss itself rounds: below this a slope counts as zero.
      let scale = max(abs(expected), abs(short), 1e-3 * max(1, abs(height)))
      let error = abs(expected - short) / scale
      if abs(long - short) / scale < 1e-6 { return Deviation(error: error, isSmooth: true) }
      if error < best.error { best.error = error }
    }
    return best
  }

  private func measured(_ name: String, _ direction: Tensor, _ step: Double) throws -> Double {
    let up = try function.loss(values.moved(name, along: direction, by: step))
    let down = try function.loss(values.moved(name, along: direction, by: -step))
    return (up - down) / (2 * step)
  }
}

extension NamedValues {
  /// One of the values moved, in f64.
  fileprivate func moved(_ name: String, along direction: Tensor, by step: Double) -> NamedValues {
    var moved = self
    for (index, value) in tensors.enumerated() where value.name == name {
      let factors = direction.doubles
      moved.tensors[index].tensor = Tensor(
        value.tensor.shape, value.tensor.doubles.enumerated().map { $1 + step * factors[$0] })
    }
    return moved
  }
}

extension Function {
  fileprivate func loss(_ values: NamedValues) throws -> Double {
    let results = try Interpreter(precision: .f64)
      .evaluate(self, arguments: values.arguments(of: self))
    return results.first.map { $0[flat: 0].double } ?? 0
  }

  /// The name of the argument that a cut makes of a value; no name of a graph has a space.
  static func cutName(_ value: Value) -> String { "cut \(value.index)" }

  /// The function with arguments in the place of some of its values, and the values that these have, in f64.
  func cut(at cuts: [Value], _ values: NamedValues) throws -> (Function, NamedValues) {
    if cuts.isEmpty { return (self, values) }
    var given = values
    let wanted = Set(cuts)
    _ = try Interpreter(precision: .f64).evaluate(self, arguments: values.arguments(of: self)) {
      if wanted.contains($0) {
        given.tensors.append(NamedTensor(name: Self.cutName($0), tensor: $1))
      }
    }
    var function = self
    for value in cuts {
      function.instructions[value.index] = Instruction(
        .argument(function.arguments.count), type: type(of: value))
      function.arguments.append(
        Argument(name: Self.cutName(value), role: .input, type: type(of: value)))
    }
    return (function, given)
  }
}
