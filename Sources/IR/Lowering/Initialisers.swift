// Initial values of parameters (section 8 of the language). The names stand for what they mean only here: `zeros()` has no shape
// because the parameter has one.

/// A parameter of an initialiser; without a fallback it is needed.
struct InitialiserParameter {
  var name: String
  var fallback: Double?
}

extension Lowerer {
  /// By the initialiser's name.
  static let initialisers = [
    "constant", "glorot", "glorot_normal", "he", "lecun", "normal", "ones", "uniform", "zeros",
  ]

  /// The parameters of an initialiser; nil where there is none of this name.
  static func initialiserParameters(_ name: String) -> [InitialiserParameter]? {
    switch name {
    case "constant": [InitialiserParameter(name: "v")]
    case "uniform":
      [
        InitialiserParameter(name: "low", fallback: -0.05),
        InitialiserParameter(name: "high", fallback: 0.05),
      ]
    case "normal":
      [
        InitialiserParameter(name: "mean", fallback: 0),
        InitialiserParameter(name: "std", fallback: 0.05),
      ]
    default: initialisers.contains(name) ? [] : nil
    }
  }

  /// Nil where there is an error.
  func initializer(
    _ range: ExpressionRange?, _ type: TensorType, _ name: BoundName
  ) -> Initializer? {
    guard let range else {
      if type.element.isFloat { return named("glorot", [], type) }
      report(name.place, needsValues(type, found: "glorot(), the default,"))
      return nil
    }
    let expression = code.tree.expressions[range.root]
    frame.current = range.root
    frame.order = nil
    if case .call(let symbol, _, _) = expression.kind {
      return call(symbol, expression, range, type)
    }
    let datum = evaluate(range, for: "an initialiser")
    frame.current = range.root
    guard case .list(let list) = datum else {
      if !datum.isFailed {
        report(
          "expected an initialiser such as zeros() or constant(0.5), or a list, found "
            + words(for: datum))
      }
      return nil
    }
    if list.shape != type.shape.sizes {
      report("the list has shape \(Shape(list.shape)), but \(self.name(name.symbol)) is \(type)")
      return nil
    }
    if list.hasFraction, type.element.isInteger {
      report("the list holds floats, but \(self.name(name.symbol)) is \(type)")
      return nil
    }
    return (try? constant(list, type.element)).map { .constant($0) }
  }

  private func needsValues(_ type: TensorType, found: String) -> String {
    "\(found) draws floats: a parameter of \(type.element.name) starts from zeros(), ones(), "
      + "constant(v) or a list"
  }

  private func call(
    _ symbol: Symbol, _ expression: Expression, _ range: ExpressionRange, _ type: TensorType
  ) -> Initializer? {
    let name = name(symbol)
    guard let parameters = Self.initialiserParameters(name) else {
      report(unknown("initialiser", name, among: Self.initialisers))
      return nil
    }
    let operands = code.tree.operands(of: range.root)
    let data = operands.map { evaluate($0, for: "an initialiser") }
    frame.current = range.root
    if data.contains(where: \.isFailed) { return nil }
    var values: [Datum?] = parameters.map { $0.fallback.map { .number($0) } }
    for (position, given) in code.tree.names(of: expression).enumerated() {
      let found = given.map { self.name($0) }
      let index = found.map { wanted in parameters.firstIndex { $0.name == wanted } } ?? position
      guard let index, index < parameters.count else {
        let all = parameters.map(\.name).joined(separator: ", ")
        report(
          "\(name): its parameters are (\(all)), found \(found ?? "\(operands.count) arguments")")
        return nil
      }
      values[index] = data[position]
    }
    if name == "constant" { return constant(values[0], type) }
    if !type.element.isFloat, name != "zeros", name != "ones" {
      report(needsValues(type, found: "\(name)()"))
      return nil
    }
    var numbers: [Double] = []
    for (value, parameter) in zip(values, parameters) {
      switch value {
      case .integer(let value): numbers.append(Double(value))
      case .number(let value): numbers.append(value)
      default:
        report("\(name): \(parameter.name) is a number known when compiling")
        return nil
      }
    }
    return self.named(name, numbers, type)
  }

  private func constant(_ value: Datum?, _ type: TensorType) -> Initializer? {
    guard let value else {
      report("constant: the value is missing")
      return nil
    }
    if case .number(let number) = value, type.element.isInteger {
      report("constant: \(number) is no \(type.element.name)")
      return nil
    }
    if !value.isScalarConstant {
      report("constant: the value is a number known when compiling, found \(words(for: value))")
      return nil
    }
    guard let scalar = try? scalar(value, type.element) else { return nil }
    return .constant(Constant(splat: scalar, shape: type.shape))
  }

  private func named(_ name: String, _ numbers: [Double], _ type: TensorType) -> Initializer {
    let (fanIn, fanOut) = fans(type.shape)
    switch name {
    case "zeros": return .constant(Constant(splat: Scalar(0, as: type.element), shape: type.shape))
    case "ones": return .constant(Constant(splat: Scalar(1, as: type.element), shape: type.shape))
    case "uniform": return .uniform(low: numbers[0], high: numbers[1])
    case "normal": return .normal(mean: numbers[0], std: numbers[1])
    case "he": return .normal(mean: 0, std: (2 / max(1, fanIn)).squareRoot())
    case "lecun": return .normal(mean: 0, std: (1 / max(1, fanIn)).squareRoot())
    case "glorot_normal":
      return .normal(mean: 0, std: (2 / max(1, fanIn + fanOut)).squareRoot())
    default:
      let limit = (6 / max(1, fanIn + fanOut)).squareRoot()
      return .uniform(low: -limit, high: limit)
    }
  }

  /// As in Keras: a vector feeds itself, a matrix goes from rows to columns; more axes are a convolution's, in the order OIHW.
  private func fans(_ shape: Shape) -> (Double, Double) {
    switch shape.rank {
    case 0: return (1, 1)
    case 1: return (Double(shape[0]), Double(shape[0]))
    case 2: return (Double(shape[0]), Double(shape[1]))
    default:
      let window = Double(shape.sizes.dropFirst(2).reduce(1, *))
      return (Double(shape[1]) * window, Double(shape[0]) * window)
    }
  }
}
