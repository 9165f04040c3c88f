// Passes on random functions: each verifies, a second run changes nothing, passes that keep bits
// keep them, and the forward function, the evaluation and the forward half of the gradient agree to
// the bit.

import Foundation
import Testing

@testable import NNIR

/// Builds functions of a few dozen random instructions. All shapes are small; every seed gives the
/// same function everywhere.
struct RandomFunction {
  var generator: SplitMix
  let builder = FunctionBuilder(name: "random")

  init(seed: UInt64) { generator = SplitMix(state: seed) }

  static let shapes: [Shape] = [[2, 3], [2, 1], [1, 3], [3, 2], [], [6], [2, 3, 2]]

  mutating func made(count: Int = 30) -> Function {
    for index in 0..<5 {
      let element: ElementType = [.f32, .f64, .f32, .i32, .bool][index]
      let type = TensorType(element, Self.shapes[index % 4])
      _ = builder.argument(
        Argument(name: "x\(index)", role: index < 2 ? .parameter : .input, type: type))
    }
    while builder.count < count { step() }
    let floats = values { $0.type.element.isFloat }
    let sum = floats.suffix(4).map { value in
      let axes = Array(0..<builder.shape(of: value).rank)
      let total = builder.reduce(.sum, builder.cast(value, to: .f64), axes: axes)
      return builder.reshape(total, to: .scalar)
    }
    let loss = sum.dropFirst().reduce(sum[0]) { builder.elementwise(.add, $0, $1) }
    for value in values({ _ in true }).suffix(6) {
      builder.result("\(value)", .output, value)
    }
    builder.result("loss", .loss, loss)
    return builder.function
  }

  private func values(_ condition: (Instruction) -> Bool) -> [Value] {
    builder.function.instructions.indices
      .filter { condition(builder.function.instructions[$0]) }.map { Value($0) }
  }

  /// A random value, more likely a late one.
  private mutating func pick(_ condition: (Instruction) -> Bool = { _ in true }) -> Value? {
    let values = values(condition)
    guard !values.isEmpty else { return nil }
    let late = values.suffix(6)
    return Bool.random(using: &generator)
      ? late.randomElement(using: &generator) : values.randomElement(using: &generator)
  }

  private mutating func step() {
    guard let x = pick() else { return }
    switch Int.random(in: 0..<10, using: &generator) {
    case 0...4: elementwise(x)
    case 5: constant(builder.type(of: x))
    case 6: reduction(x)
    case 7: contraction(x)
    case _: movement(x)
    }
  }

  private mutating func elementwise(_ x: Value) {
    let type = builder.type(of: x)
    guard
      let op = ElementwiseOp.samples.filter({ $0.accepts(type.element) })
        .randomElement(using: &generator)
    else { return }
    switch op {
    case .cast:
      let element = ElementType.allCases.randomElement(using: &generator) ?? .f32
      _ = builder.cast(x, to: element)
    case .power:
      let exponent = Int.random(in: type.element.isFloat ? -3...3 : 0...3, using: &generator)
      _ = builder.elementwise(.power(exponent), x)
    case .select:
      guard let condition = pick({ $0.type == type.with(element: .bool) }),
        let y = pick({ $0.type == type })
      else { return }
      _ = builder.elementwise(.select, condition, x, y)
    case _ where op.arity == 2:
      guard let y = pick({ $0.type == type }) else { return }
      _ = builder.elementwise(op, x, y)
    case _: _ = builder.elementwise(op, x)
    }
  }

  private mutating func constant(_ type: TensorType) {
    let numbers: [Double] = [0, -0.0, 1, -1, 2, 0.5]
    let special = numbers.randomElement(using: &generator) ?? 0
    if Bool.random(using: &generator) {
      _ = builder.splat(special, type)
    } else {
      let elements = Tensor.random(type, using: &generator).elements
      let bits = elements.map { Scalar($0, as: type.element).bits }
      _ = builder.constant(Constant(type: type, bits: bits))
    }
  }

  private mutating func reduction(_ x: Value) {
    let type = builder.type(of: x)
    let axes = (0..<type.shape.rank).filter { _ in Bool.random(using: &generator) }
    let kinds: [Reduction] = type.element == .bool ? [.max, .min] : Reduction.allCases
    guard let kind = kinds.randomElement(using: &generator), !axes.isEmpty else { return }
    _ = builder.reduce(kind, x, axes: axes)
  }

  private mutating func contraction(_ x: Value) {
    let type = builder.type(of: x)
    guard type.shape.rank == 2, type.element != .bool,
      let y = pick({
        $0.type.element == type.element && $0.type.shape.rank == 2
          && $0.type.shape[0] == type.shape[1]
      })
    else { return }
    _ = builder.contract(
      x, y,
      Contraction(left: Array("mk".utf8), right: Array("kn".utf8), result: Array("mn".utf8)))
  }

  private mutating func movement(_ x: Value) {
    let type = builder.type(of: x)
    let rank = type.shape.rank
    switch Int.random(in: 0..<7, using: &generator) {
    case 0:
      let targets = Self.shapes.filter { $0.count == type.count }
      if let shape = targets.randomElement(using: &generator) { _ = builder.reshape(x, to: shape) }
    case 1: _ = builder.permute(x, (0..<rank).shuffled(using: &generator))
    case 2:
      let shape = Shape(type.shape.sizes.enumerated().map { $1 == 1 ? 2 + $0 % 2 : $1 })
      _ = builder.broadcast(x, to: shape)
    case 3:
      let axes = type.shape.sizes.map { size in
        let isReversed = Bool.random(using: &generator)
        let count = Int.random(in: min(1, size)...size, using: &generator)
        return SliceAxis(
          start: isReversed ? size - 1 : size - count, step: isReversed ? -1 : 1, count: count)
      }
      _ = builder.slice(x, axes)
    case 4 where type.count < 40:
      let axes = (0..<rank).map { _ in
        PadAxis(
          before: Int.random(in: 0...1, using: &generator), after: 0,
          interior: Int.random(in: 0...1, using: &generator))
      }
      _ = builder.pad(x, axes, with: Scalar(1, as: type.element))
    case 5: _ = builder.append(.identity, [x], type: type)
    case _: _ = builder.append(.stopGradient, [x], type: type)
    }
  }
}

/// How many random functions: a few in the suite, many with `NNCC_FUZZ=N`.
let fuzzCount = UInt64(ProcessInfo.processInfo.environment["NNCC_FUZZ"] ?? "") ?? 300

@Suite struct PassTests {
  static let bitPreserving: [Pass] = [
    .deadCode, .simplify, .constantFold, .commonSubexpressions, .scanMotion,
  ]

  @Test func passesKeepTheirPromisesOnRandomFunctions() throws {
    for seed in 0..<fuzzCount {
      var random = RandomFunction(seed: seed)
      let function = random.made()
      try function.verify()
      #expect(try Function(parsing: function.text) == function, "seed \(seed)")
      let arguments = function.arguments.map { Tensor.random($0.type, using: &random.generator) }
      let values = function.evaluate(arguments)
      for pass in Pass.all {
        let after = pass.run(function)
        try after.verify()
        #expect(pass.run(after) == after, "seed \(seed): a second \(pass.name)\n\(function)")
        guard Self.bitPreserving.contains(where: { $0.name == pass.name }) else { continue }
        for (a, b) in zip(values, after.evaluate(arguments)) {
          #expect(a.isIdentical(to: b), "seed \(seed): \(pass.name)\n\(function)\n\(after)")
        }
      }
      let optimized = function.optimized()
      #expect(optimized.optimized() == optimized, "seed \(seed): optimized twice\n\(function)")
    }
  }

  @Test func derivedFunctionsAgreeToTheBit() throws {
    for seed in 0..<fuzzCount {
      var random = RandomFunction(seed: seed &+ 1_000_000)
      let function = random.made()
      let arguments = function.arguments.map { Tensor.random($0.type, using: &random.generator) }
      func values(_ derived: Function) -> [String: Tensor] {
        let found = derived.evaluate(arguments.needed(by: derived, of: function))
        return Dictionary(uniqueKeysWithValues: zip(derived.results.map(\.name), found))
      }
      let gradient = try function.gradient(keepingOutputs: true)
      try gradient.verify()
      let expected = values(gradient)
      for derived in [function.forward(), function.evaluation(), function.optimized()] {
        try derived.verify()
        for (name, value) in values(derived) {
          let other = try #require(expected[name])
          #expect(value.isIdentical(to: other), "seed \(seed): \(name)\n\(function)")
        }
      }
      try function.trainingStep().verify()
    }
  }

  @Test func observersSeeEveryPass() {
    var random = RandomFunction(seed: 7)
    var seen: [String] = []
    _ = random.made().optimized { name, _ in seen.append(name) }
    #expect(
      seen == [
        "canonicalise-differentiable", "dead-code", "canonicalise", "dead-code", "scan-motion",
      ])
  }

  /// A name survives what its value becomes.
  @Test func originsFollowTheirValues() {
    let builder = FunctionBuilder(name: "named")
    let type = TensorType(.f32, [2])
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    let y = builder.elementwise(.exp, x)
    builder.currentOrigin = Origin(name: "y", line: 3, column: 5)
    let named = builder.append(.identity, [y], type: type)
    builder.result("y", .output, named)
    let forward = builder.function.forward()
    #expect(forward.instructions.count == 2)
    #expect(forward.origins[Value(1)]?.name == "y")
    #expect(forward.text.contains("exp %0  ; y 3:5\n"))
  }

  @Test func stableLossesHaveFiniteGradients() throws {
    let builder = FunctionBuilder(name: "stable")
    let type = TensorType(.f32, [1, 3])
    let z = builder.argument(Argument(name: "z", role: .input, type: type))
    let e = builder.shiftedExponential(z)
    let sum = builder.broadcast(builder.reduce(.sum, e, axes: [1]), to: type.shape)
    let p = builder.append(.identity, [builder.elementwise(.div, e, sum)], type: type)
    let logarithm = builder.slice(
      builder.elementwise(.log, p),
      [SliceAxis(start: 0, step: 1, count: 1), SliceAxis(start: 2, step: 1, count: 1)])
    builder.result(
      "loss", .loss, builder.reshape(builder.elementwise(.neg, logarithm), to: .scalar))
    let found = try builder.function.gradient().evaluate([
      Tensor(type: type, elements: [1000, 0, -1000])
    ])
    #expect(found[0].elements == [2000])
    #expect(found[1].elements == [1, 0, -1])
  }
}

extension FunctionBuilder {
  /// exp(x - max x), along axis 1.
  fileprivate func shiftedExponential(_ x: Value) -> Value {
    let largest = broadcast(reduce(.max, x, axes: [1]), to: shape(of: x))
    return elementwise(.exp, elementwise(.sub, x, largest))
  }
}
