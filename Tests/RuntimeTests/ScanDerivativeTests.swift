// Derivatives through scans against central differences in f64, of first and second order.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct ScanDerivativeTests {
  private func arguments(of function: Function) -> [Tensor] {
    var random = SeededGenerator(seed: 7)
    return function.arguments.map { argument in
      Tensor(
        argument.type.shape,
        (0..<argument.type.count).map { _ in
          Float(Int64(random.below(2001)) - 1000) / 900
        })
    }
  }

  private func loss(_ function: Function, _ arguments: [Tensor]) throws -> Double {
    var loss = function
    loss.results = function.results.filter { $0.role == .loss }
    let results = try Interpreter(precision: .f64).evaluate(loss, arguments: arguments)
    return results[0][flat: 0].double
  }

  private func differences(_ function: Function, _ arguments: [Tensor]) throws -> [[Double]] {
    try arguments.indices.map { argument in
      let values = arguments[argument].doubles
      return try values.indices.map { index in
        let ends = try [1e-6, -1e-6].map { step in
          var moved = arguments
          var elements = values
          elements[index] += step
          moved[argument] = Tensor(arguments[argument].shape, elements)
          return try loss(function, moved)
        }
        return (ends[0] - ends[1]) / 2e-6
      }
    }
  }

  private func expectGradient(_ function: Function) throws {
    try function.verify()
    let arguments = arguments(of: function)
    let gradient = try function.gradient()
    try gradient.verify()
    let kept = function.arguments.indices.filter { index in
      gradient.arguments.contains { $0.name == function.arguments[index].name }
    }
    let found = try Interpreter(precision: .f64).evaluate(
      gradient, arguments: kept.map { arguments[$0] })
    let expected = try differences(function, arguments)
    for (result, tensor) in zip(gradient.results, found) {
      guard case .gradient(let argument) = result.role else { continue }
      for (symbolic, measured) in zip(tensor.doubles, expected[kept[argument]]) {
        let error = abs(symbolic - measured) / max(1, abs(measured))
        #expect(error < 1e-6, "\(result.name): \(symbolic), measured \(measured)")
      }
    }
  }

  @Test(arguments: ScanSample.all) func gradientsAreRight(_ sample: ScanSample) throws {
    try expectGradient(sample.function)
  }

  @Test(arguments: ScanSample.all) func checkpointedGradientsAreRight(
    _ sample: ScanSample
  ) throws {
    let function = sample.function.checkpointed()
    try expectGradient(function)
    // The values are the same to the bit.
    let arguments = arguments(of: function)
    let found = try Interpreter().evaluate(function, arguments: arguments)
    let expected = try Interpreter().evaluate(sample.function, arguments: arguments)
    #expect(found == expected)
  }

  /// Of 400 states some 60 at most are kept in the place of all.
  @Test(arguments: [400, 401, 419]) func checkpointsSaveMemory(length: Int) throws {
    let builder = FunctionBuilder(name: "long")
    let x = builder.input("x", [length, 8])
    let results = builder.scan(
      length: length, over: [x], states: [builder.input("h", [100, 8])]
    ) { body, steps, states, _ in
      let step = body.broadcast(steps[0], to: [100, 8])
      return ([body.elementwise(.sin, body.elementwise(.mul, states[0], step))], [])
    }
    builder.result("loss", .loss, builder.weighed(results[0]))
    let state = 100 * 8 * 4
    let plain = try schedule(try builder.function.gradient()).workspaceByteCount
    let saved = try schedule(try builder.function.checkpointed().gradient()).workspaceByteCount
    #expect(plain > length * state)
    #expect(saved < 70 * state)
  }

  /// The derivative of a weighed sum of all gradients: through the scan's adjoint, which is a scan.
  @Test(arguments: ScanSample.all) func secondDerivativesAreRight(_ sample: ScanSample) throws {
    let builder = FunctionBuilder(extending: sample.function)
    let function = builder.function
    let arguments = function.arguments.indices.compactMap { number in
      function.instructions.firstIndex { $0.op == .argument(number) }.map { Value($0) }
    }
    guard let loss = function.result(.loss)?.value else { return }
    let sums = builder.gradients(of: loss, withRespectTo: arguments).map { builder.weighed($0) }
    builder.function.results = []
    builder.result(
      "loss", .loss, sums.dropFirst().reduce(sums[0]) { builder.elementwise(.add, $0, $1) })
    try expectGradient(builder.function)
  }

  /// The forward pass of a gradient has the bits of the function alone, and nothing saves what nobody reads.
  @Test func onlyWhatTheAdjointReadsIsSaved() throws {
    for (name, yields) in [("running sum", 1), ("rnn", 2)] {
      let sample = try #require(ScanSample.all.first { $0.name == name })
      let gradient = try sample.function.gradient()
      let scans = gradient.instructions.compactMap { instruction in
        if case .scan(let scan) = instruction.op { scan } else { nil }
      }
      // A running sum's adjoint needs no state; a tanh's needs the state before the step.
      let forward = try #require(scans.first)
      #expect(forward.body.function.results.count - forward.states == yields)
    }
  }
}
