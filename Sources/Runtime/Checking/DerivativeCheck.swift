// Holds symbolic gradients against central differences, both computed in f64 by the interpreter.

import NNIR

/// Compares along random directions: one pair of evaluations tests all elements of a gradient at once.
struct DerivativeCheck {
  let function: Function
  let values: NamedValues
  let differentiate: Checker.Differentiate
  private static let bound = 1e-5
  private static let boundAtCorners = 1e-2
  /// Directions a gradient. Those that cross a corner are not counted, and at most as many again are tried instead.
  private static let directions = 3

  init(
    _ function: Function, _ values: NamedValues, _ differentiate: @escaping Checker.Differentiate
  ) {
    self.function = function
    self.values = values
    self.differentiate = differentiate
  }

  /// A row a gradient.
  func rows() throws -> [CheckRow] {
    let gradient = try differentiate(function)
    let symbolic = try Interpreter(precision: .f64)
      .evaluate(gradient, arguments: values.arguments(of: gradient))
    let slope = try Slope(function, values)
    var rows: [CheckRow] = []
    var culprit: Culprit?
    for (result, tensor) in zip(gradient.results, symbolic) {
      guard case .gradient(let argument) = result.role else { continue }
      let measure = try measure(tensor, gradient.arguments[argument].name, slope)
      var row = CheckRow(
        what: result.name, against: "gradient ~ central differences", measure: measure)
      if !row.passed {
        if culprit == nil { culprit = try firstWrongAdjoint() }
        row.culprit = culprit
      }
      rows.append(row)
    }
    return rows
  }

  private func measure(
    _ gradient: Tensor, _ name: String, _ slope: Slope
  ) throws -> CheckRow.Measure {
    let elements = gradient.doubles
    if elements.isEmpty { return .relativeError(0, bound: Self.bound) }
    var errors: [Double] = []
    var roughest = Double.infinity
    for attempt in 0..<2 * Self.directions where errors.count < Self.directions {
      let direction = direction(gradient.shape, name, attempt)
      let factors = direction.doubles
      let expected = elements.indices.reduce(0) { $0 + elements[$1] * factors[$1] }
      let deviation = try slope.deviation(of: expected, name, direction)
      if deviation.isSmooth { errors.append(deviation.error) }
      roughest = min(roughest, deviation.error)
    }
    // With a corner in every direction the closest of all must do, within a wider bound.
    if errors.isEmpty { return .relativeError(roughest, bound: Self.boundAtCorners) }
    return .relativeError(errors.max() ?? 0, bound: Self.bound)
  }

  /// Every element of a direction is ±1 at random: no element of a wrong gradient hides behind a small factor.
  private func direction(_ shape: Shape, _ name: String, _ attempt: Int) -> Tensor {
    var state = randomStream("\(name) \(attempt)")
    return Tensor(
      shape,
      (0..<shape.count).map { _ -> Double in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 63 == 0 ? 1 : -1
      })
  }

  // MARK: Where it went wrong

  /// Going back from the loss, the first value whose adjoint is wrong: the values after it have the right ones. Each value is
  /// made the only parameter in its turn, so that what comes after it is differentiated alone.
  private func firstWrongAdjoint() throws -> Culprit? {
    for value in function.instructions.indices.reversed().map({ Value($0) }) where isNamed(value) {
      let (cut, given, name) = try onlyParameter(value)
      guard let gradient = try? differentiate(cut) else { continue }
      let symbolic = try Interpreter(precision: .f64)
        .evaluate(gradient, arguments: given.arguments(of: gradient))
      let slope = try Slope(cut, given)
      for (result, tensor) in zip(gradient.results, symbolic) {
        guard case .gradient(let argument) = result.role,
          gradient.arguments[argument].name == name
        else { continue }
        let row = CheckRow(what: name, against: "", measure: try measure(tensor, name, slope))
        if !row.passed { return Culprit(value, of: function, isAdjoint: true) }
      }
    }
    return nil
  }

  private func onlyParameter(_ value: Value) throws -> (Function, NamedValues, name: String) {
    var cut = function
    var given = values
    for index in cut.arguments.indices { cut.arguments[index].role = .input }
    let number: Int
    if case .argument(let argument) = cut[value].op {
      number = argument
    } else {
      number = cut.arguments.count
      (cut, given) = try cut.cut(at: [value], values)
    }
    cut.arguments[number].role = .parameter
    return (cut, given, cut.arguments[number].name)
  }

  /// Float values with a name of the graph.
  private func isNamed(_ value: Value) -> Bool {
    guard function.type(of: value).element.isFloat else { return false }
    switch function[value].op {
    case .constant, .scan: return false
    default: return function.origins[value]?.name != nil
    }
  }
}
