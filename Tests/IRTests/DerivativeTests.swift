// Derivatives against central differences, of operations that the language has no words for, at corners against the
// language's rules, and nested.

import Testing

@testable import NNIR

/// A function of f64 inputs to be differentiated: how it is built, and from where its inputs are
/// drawn.
struct DerivativeCase: CustomTestStringConvertible, Sendable {
  var name: String
  var shapes: [Shape] = [[2, 3]]
  var ranges: [ClosedRange<Double>] = [-1.5...1.5]
  var build: @Sendable (FunctionBuilder, [Value]) -> Value
  var testDescription: String { name }

  /// Its gradient function, of a loss that weighs every element of the result differently.
  func function(order: Int = 1) -> Function {
    let builder = FunctionBuilder(name: "case")
    let inputs = shapes.enumerated().map { index, shape in
      builder.argument(
        Argument(name: "x\(index)", role: .input, type: TensorType(.f64, shape)))
    }
    var loss = builder.weighedSum(build(builder, inputs), seed: 1)
    for round in 1..<order {
      let gradients = builder.gradients(of: loss, withRespectTo: inputs)
      let sums = gradients.enumerated().map {
        builder.weighedSum($1, seed: UInt64(10 * round + $0))
      }
      loss = sums.dropFirst().reduce(sums[0]) { builder.elementwise(.add, $0, $1) }
    }
    builder.result("loss", .loss, loss)
    return builder.function
  }
}

extension FunctionBuilder {
  func weighedSum(_ value: Value, seed: UInt64) -> Value {
    var generator = SplitMix(state: seed)
    let type = type(of: value).with(element: .f64)
    let weights = Tensor.random(type, using: &generator).elements
    let constant = constant(Constant(type: type, bits: weights.map { Scalar($0).bits }))
    let product = elementwise(.mul, cast(value, to: .f64), constant)
    return reshape(
      reduce(.sum, product, axes: Array(0..<type.shape.rank)), to: .scalar)
  }
}

/// What the language has no words for, or only as parts of something else: the rest is in Tests/Reference/operations.txt.
let derivativeCases: [DerivativeCase] = [
  DerivativeCase(name: "power") {
    $0.elementwise(.add, $0.elementwise(.power(-2), $1[0]), $0.elementwise(.power(5), $1[0]))
  },
  DerivativeCase(name: "cast") { $0.cast($0.elementwise(.sin, $1[0]), to: .f64) },
  DerivativeCase(name: "slice", shapes: [[5, 7]]) {
    $0.slice(
      $1[0], [SliceAxis(start: 4, step: -2, count: 3), SliceAxis(start: 1, step: 3, count: 2)])
  },
  DerivativeCase(name: "slice of nothing", shapes: [[5]]) {
    $0.slice($1[0], [SliceAxis(start: 0, step: 1, count: 0)])
  },
  DerivativeCase(name: "pad") {
    $0.pad(
      $1[0], [PadAxis(before: 1, after: 2, interior: 1), PadAxis(before: 0, after: 1)],
      with: Scalar(3.0))
  },
  DerivativeCase(name: "windows", shapes: [[2, 5, 6]]) {
    let windows = [WindowAxis(axis: 1, size: 2, stride: 2), WindowAxis(axis: 2, size: 3)]
    return $0.windows($0.elementwise(.sin, $1[0]), windows)
  },
  DerivativeCase(name: "fold", shapes: [[2, 3, 2, 2]]) {
    let windows = [WindowAxis(axis: 1, size: 2, stride: 2, dilation: 3)]
    return $0.fold($0.elementwise(.sin, $1[0]), windows, to: [2, 8, 2])
  },
  DerivativeCase(name: "contraction", shapes: [[2, 3, 4], [2, 4, 3]]) {
    $0.contract(
      $1[0], $1[1],
      Contraction(left: Array("bmk".utf8), right: Array("bkn".utf8), result: Array("nbm".utf8)))
  },
]

/// The largest deviation of the gradients from central differences of the loss, relative to 1 or
/// the size of the gradient.
func deviation(_ function: Function, _ inputs: [Tensor]) throws -> Double {
  let gradient = try function.gradient()
  let found = gradient.evaluate(inputs.needed(by: gradient, of: function))
  var worst = 0.0
  for (result, tensor) in zip(gradient.results, found) {
    guard case .gradient(let number) = result.role,
      let original = function.arguments.firstIndex(of: gradient.arguments[number])
    else { continue }
    for index in tensor.elements.indices {
      let step = 1e-6
      let values = [step, -step].map { step in
        var moved = inputs
        moved[original].elements[index] += step
        return function.evaluate(moved)[0].elements[0]
      }
      let expected = (values[0] - values[1]) / (2 * step)
      let error = abs(tensor.elements[index] - expected) / max(1, abs(expected))
      worst = error.isNaN ? .infinity : max(worst, error)
    }
  }
  return worst
}

extension [Tensor] {
  /// Those of the original function's arguments that the derived function still has.
  func needed(by derived: Function, of original: Function) -> [Tensor] {
    zip(original.arguments, self).filter { derived.arguments.contains($0.0) }.map(\.1)
  }
}

@Suite struct DerivativeTests {
  @Test(arguments: derivativeCases, [1, 2])
  func equalsCentralDifferences(_ example: DerivativeCase, order: Int) throws {
    let function = example.function(order: order)
    try function.verify()
    for seed in 1...3 as ClosedRange<UInt64> {
      var generator = SplitMix(state: seed)
      let inputs = example.shapes.enumerated().map { index, shape in
        let range = example.ranges[min(index, example.ranges.count - 1)]
        return Tensor.random(TensorType(.f64, shape), in: range, using: &generator)
      }
      let deviation = try deviation(function, inputs)
      #expect(deviation < 2e-4, "seed \(seed)")
    }
  }

  /// Each line: what is differentiated, where, and what the derivative with respect to each operand
  /// is there.
  static let corners: [(ElementwiseOp, [Double], [Double])] = [
    (.abs, [0], [0]), (.sign, [0], [0]), (.floor, [1], [0]), (.ceil, [1], [0]),
    (.round, [0.5], [0]), (.max, [2, 2], [0.5, 0.5]), (.min, [2, 2], [0.5, 0.5]),
    (.max, [1, 2], [0, 1]), (.min, [1, 2], [1, 0]), (.max, [-0.0, 0], [0.5, 0.5]),
    (.pow, [0, 2], [0, 0]), (.pow, [0, 1], [1, 0]), (.pow, [0, 0], [0, 0]),
    (.pow, [-2, 3], [12, 0]), (.power(0), [3], [0]), (.power(2), [0], [0]),
    (.power(3), [-2], [12]), (.power(1), [0], [1]), (.sigmoid, [0], [0.25]),
    (.mod, [3, 2], [1, -1]), (.mod, [-3, 2], [1, 2]), (.expm1, [0], [1]), (.log1p, [0], [1]),
    (.sqrt, [0], [.infinity]), (.atan2, [0, -1], [-1, 0]), (.tanh, [100], [0]),
    (.sigmoid, [-1000], [0]),
  ]

  @Test(arguments: corners)
  func hasTheLanguagesCorners(_ op: ElementwiseOp, at point: [Double], expected: [Double]) throws {
    let builder = FunctionBuilder(name: "corner")
    let inputs = point.indices.map {
      builder.argument(Argument(name: "x\($0)", role: .input, type: TensorType(.f64, .scalar)))
    }
    let y = builder.append(
      .elementwise(op), inputs, type: TensorType(.f64, .scalar))
    builder.result("y", .output, y)
    let gradient = try builder.function.gradient()
    let tensors = point.map { Tensor(type: TensorType(.f64, .scalar), elements: [$0]) }
    let found = gradient.evaluate(tensors.needed(by: gradient, of: builder.function))
    #expect(found.dropFirst().map { $0.elements[0] } == expected)
  }

  @Test func productsWithZerosAreExact() throws {
    let builder = FunctionBuilder(name: "product")
    let x = builder.argument(Argument(name: "x", role: .input, type: TensorType(.f64, [5])))
    let y = builder.reshape(builder.reduce(.prod, x, axes: [0]), to: .scalar)
    builder.result("y", .output, y)
    let gradient = try builder.function.gradient()
    let type = TensorType(.f64, [5])
    let oneZero = gradient.evaluate([Tensor(type: type, elements: [2, 0, 3, 4, 5])])
    #expect(oneZero[1].elements == [0, 120, 0, 0, 0])
    let twoZeros = gradient.evaluate([Tensor(type: type, elements: [2, 0, 3, 0, 5])])
    #expect(twoZeros[1].elements == [0, 0, 0, 0, 0])
  }

  @Test func extremesShareAmongTies() throws {
    let builder = FunctionBuilder(name: "ties")
    let x = builder.argument(Argument(name: "x", role: .input, type: TensorType(.f64, [4])))
    builder.result(
      "y", .output, builder.reshape(builder.reduce(.max, x, axes: [0]), to: .scalar))
    let gradient = try builder.function.gradient()
    let input = Tensor(type: TensorType(.f64, [4]), elements: [3, 1, 3, 2])
    #expect(gradient.evaluate([input])[1].elements == [0.5, 0, 0.5, 0])
  }

  @Test func stopsAndIntegersPassNothing() {
    let builder = FunctionBuilder(name: "stopped")
    let type = TensorType(.f64, [2])
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    let n = builder.argument(Argument(name: "n", role: .input, type: type.with(element: .i32)))
    let stopped = builder.append(.stopGradient, [x], type: type)
    let throughIntegers = builder.cast(builder.cast(x, to: .i32), to: .f64)
    let sum = builder.elementwise(.add, stopped, throughIntegers)
    let gradients = builder.gradients(of: sum, withRespectTo: [x, n])
    #expect(
      builder.function[gradients[0]].op == .constant(Constant(splat: Scalar(0.0), shape: [2])))
    #expect(builder.type(of: gradients[1]) == type.with(element: .i32))
  }

  @Test func eachNameIsAValueOfItsOwn() {
    let builder = FunctionBuilder(name: "names")
    let type = TensorType(.f64, .scalar)
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    let a = builder.append(.identity, [x], type: type)
    let b = builder.append(.identity, [x], type: type)
    let f = builder.elementwise(.mul, a, a)
    for (value, gradient) in zip(
      [a, b, x], builder.gradients(of: f, withRespectTo: [a, b, x]))
    {
      builder.result("\(value)", .output, gradient)
    }
    let found = builder.function.evaluate([Tensor(type: type, elements: [3])])
    #expect(found.map { $0.elements[0] } == [6, 0, 6])
  }

  @Test func customRulesReplaceTheDerivative() throws {
    let type = TensorType(.f64, .scalar)
    let rule = FunctionBuilder(name: "rule")
    let arguments = ["g", "y", "x"].map {
      rule.argument(Argument(name: $0, role: .input, type: type))
    }
    let ten = rule.splat(10, type)
    rule.result(
      "dx", .output, rule.elementwise(.mul, arguments[0], rule.elementwise(.mul, ten, arguments[1]))
    )
    let builder = FunctionBuilder(name: "custom")
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    let y = builder.append(
      .custom(NestedFunction(rule.function)), [builder.elementwise(.sin, x), x], type: type)
    builder.result("y", .output, builder.elementwise(.add, y, x))
    try builder.function.verify()
    #expect(try Function(parsing: builder.function.text) == builder.function)
    let gradient = try builder.function.gradient()
    let found = gradient.evaluate([Tensor(type: type, elements: [0.5])])
    let sine = ElementwiseOp.sin.evaluate([0.5], .f64, .f64)
    #expect(found.map { $0.elements[0] } == [sine + 0.5, 10 * sine + 1])
  }

  /// d²f/dx² · v of f = sum(x³) is 6·x·v.
  @Test func hessianVectorProducts() throws {
    let builder = FunctionBuilder(name: "hvp")
    let type = TensorType(.f64, [3])
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    let v = builder.argument(Argument(name: "v", role: .input, type: type))
    let f = builder.reduce(.sum, builder.elementwise(.power(3), x), axes: [0])
    let g = builder.gradients(of: f, withRespectTo: [x])[0]
    let product = builder.reduce(.sum, builder.elementwise(.mul, g, v), axes: [0])
    builder.result("hv", .output, builder.gradients(of: product, withRespectTo: [x])[0])
    try builder.function.verify()
    let found = builder.function.optimized().evaluate([
      Tensor(type: type, elements: [1, 2, -3]), Tensor(type: type, elements: [1, 0.5, 2]),
    ])
    #expect(found[0].elements == [6, 6, -36])
  }

  @Test func nestedGradientsStayWithinTheLimit() {
    let type = TensorType(.f64, .scalar)
    let filler = Instruction(.constant(Constant(splat: Scalar(1.0))), type: type)
    let builder = FunctionBuilder(
      extending: Function(
        name: "deep",
        instructions: [Instruction](repeating: filler, count: maximumOperationCount - 20_000)))
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    var f = builder.elementwise(.pow, x, builder.elementwise(.tan, x))
    for _ in 0..<40 where !builder.isFull {
      f = builder.gradients(of: f, withRespectTo: [x])[0]
    }
    #expect(builder.isFull)
    #expect(builder.count <= maximumOperationCount)
  }
}
