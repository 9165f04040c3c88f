// What is moved out of loops: no bit changes, adjoints compute no contraction a second time, and memory stays within its
// promise.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct ScanMotionTests {
  /// What a function goes through before code is moved.
  private func settled(_ function: Function) -> Function {
    [Pass.canonicalise, .deadCode].reduce(function) { $1.run($0) }
  }

  private func expectSameBits(_ function: Function, _ arguments: [Tensor]) throws -> Bool {
    let before = settled(function)
    let after = Pass.scanMotion.run(before)
    try after.verify()
    #expect(Pass.scanMotion.run(after) == after, "a second run changes it:\n\(after)")
    let expected = try Interpreter().evaluate(before, arguments: arguments)
    let found = try Interpreter().evaluate(after, arguments: arguments)
    #expect(found == expected, "\(before)\(after)")
    return after != before
  }

  @Test(arguments: ScanSample.all) func keepsEveryBitOfSamples(_ sample: ScanSample) throws {
    for function in try ScanBackendTests.functions(sample) {
      var random = SeededGenerator(seed: 6)
      _ = try expectSameBits(function, random.arguments(of: function))
    }
    // The gradient as differentiation leaves it.
    let builder = FunctionBuilder(extending: sample.function)
    let arguments = builder.function.arguments.indices.compactMap { number in
      builder.function.instructions.firstIndex { $0.op == .argument(number) }.map { Value($0) }
    }
    let loss = try #require(sample.function.result(.loss)).value
    for (number, value) in builder.gradients(of: loss, withRespectTo: arguments).enumerated() {
      builder.result("gradient \(number)", .output, value)
    }
    var random = SeededGenerator(seed: 7)
    _ = try expectSameBits(builder.function, random.arguments(of: builder.function))
  }

  @Test func keepsEveryBitOfRandomNetworks() throws {
    var moved = 0
    for seed in 0..<UInt64(fuzzCount(100)) {
      let element = seed % 2 == 0 ? ElementType.f32 : .f64
      let (text, _) = RandomNetwork.make(seed: seed, element)
      let function = try Graph(parsing: text, file: "random.graph").lowered().function
      let arguments = RandomNetwork.arguments(of: function, seed: seed, draw: 0)
      if try expectSameBits(function, arguments) { moved += 1 }
    }
    #expect(moved > 10)
  }

  // MARK: Recurrent networks

  private func network(
    _ cell: String, length: Int = 7, loss: String = "ys"
  ) throws -> Function {
    try Graph(
      parsing: """
        input x : f32[\(length), 4, 5]
        param w : f32[5, 24]
        param u : f32[6, 24]
        param b : f32[24]
        param v : f32[6, 24]
        zero = zeros([4, 6])
        ys, last = scan(x_t in x, h = zero, c = zero) {
          \(cell)
          yield h
        }
        loss sum(\(loss)^2)

        """, file: "recurrent.graph"
    ).lowered().function
  }

  private func contractions(_ function: Function) -> Int {
    function.instructions.count { if case .contraction = $0.op { true } else { false } }
  }

  private func bodies(_ function: Function) -> [Function] {
    function.instructions.compactMap { instruction in
      if case .scan(let scan) = instruction.op { scan.body.function } else { nil }
    }
  }

  @Test(arguments: [
    // In the loops: products of states, and of their adjoints. Outside: x·w, and a product for each of the two weights.
    ("h, c = lstm_cell(x_t, h, c, w, u, b)", [1, 1], 3),
    ("h = tanh((x_t @ w + h @ u + b)[:, 0:6])", [1, 1], 3),
    // Two products, one after the other.
    ("h = tanh((tanh(h @ u)[:, 0:6] @ v)[:, 0:6] + (x_t @ w + b)[:, 0:6])", [2, 2], 4),
  ]) func adjointsRepeatNoContraction(_ cell: String, _ inside: [Int], _ outside: Int) throws {
    let gradient = try network(cell).gradient()
    #expect(bodies(gradient).map(contractions) == inside, "\(gradient)")
    #expect(contractions(gradient) == outside, "\(gradient)")
    for body in bodies(gradient) {
      // No weight's gradient grows in a state.
      #expect(body.results.allSatisfy { body.type(of: $0.value).count <= 4 * 24 }, "\(gradient)")
    }
  }

  /// How often the adjoint of a step computes sigmoids, and the last axes of what is saved for it of [4, …]. Gates are saved in
  /// place of the sum that they are cut from, which a part that is read as it is does not hinder; overlapping parts would take
  /// more room than their sum.
  @Test(arguments: [
    ("h, c = lstm_cell(x_t, h, c, w, u, b)", 0, [6, 6, 6, 6, 6, 6]),
    ("s = x_t @ w + h @ u + b; h = sigmoid(s[:, 0:6]) * s[:, 6:12]", 0, [6, 6, 6]),
    ("s = x_t @ w + h @ u + b; h = s[:, 0:6] * s[:, 6:12] * sigmoid(c)", 1, [6, 6, 24]),
    (
      "s = x_t @ w + h @ u + b; h = (sigmoid(s[:, 0:18]) * sigmoid(s[:, 6:24]))[:, 0:6]",
      2, [6, 24]
    ),
  ]) func gatesAreSavedAndNotTheirSum(_ cell: String, sigmoids: Int, saved: [Int]) throws {
    let gradient = try network(cell.replacing("; ", with: "\n")).gradient()
    let bodies = bodies(gradient)
    let repeated = bodies[1].instructions.count { $0.op == .elementwise(.sigmoid) }
    #expect(repeated == sigmoids, "\(gradient)")
    let widths = bodies[0].results.filter { !["h", "c"].contains($0.name) }
      .map { bodies[0].type(of: $0.value).shape.sizes.last ?? 0 }
    #expect(widths.sorted() == saved, "\(gradient)")
  }

  /// The gradient by an input is a product after the loop.
  @Test func derivativesBySequencesComeAfterTheLoop() throws {
    let network = try network("h, c = lstm_cell(x_t, h, c, w, u, b)")
    let gradient = try network.gradient(
      withRespectTo: network.arguments.indices.filter { network.arguments[$0].name != "v" })
    #expect(bodies(gradient).map(contractions) == [1, 1])
    #expect(contractions(gradient) == 4)
  }

  /// Of a captured value that is no weight the adjoint grows in a state, or where its summand is there for all steps, after
  /// the loop.
  @Test func whatIsNoProductGrowsInAState() throws {
    let builder = FunctionBuilder(name: "scaled")
    let x = builder.input("x", [5, 3])
    let (a, b) = (builder.input("a", [3]), builder.input("b", [3]))
    let results = builder.scan(length: 5, over: [x], states: [a], capturing: [a, b]) {
      body, steps, states, captured in
      let scaled = body.elementwise(.mul, states[0], captured[0])
      let next = body.elementwise(.add, body.elementwise(.add, scaled, captured[1]), steps[0])
      return ([next], [])
    }
    builder.result("loss", .loss, builder.weighed(results[0]))
    let gradient = try builder.function.gradient()
    let adjoint = try #require(bodies(gradient).last)
    // The adjoints of the state and of a; that of x, which b has as well, is a yield.
    #expect(adjoint.results.map(\.name) == ["d_s0", "d_c0", "d_x0"], "\(gradient)")
  }

  /// Checkpoints keep a stretch of what the loop computes, in products before it and after it as well.
  @Test func checkpointsOfRecurrentNetworksSaveMemory() throws {
    let workspaces = try [100, 400, 1600].map { length in
      let function = try network(
        "h, c = lstm_cell(x_t, h, c, w, u, b)", length: length, loss: "last")
      return try schedule(try function.checkpointed().gradient()).workspaceByteCount
    }
    for (shorter, longer) in zip(workspaces, workspaces.dropFirst()) {
      #expect(longer < shorter * 9 / 4, "\(workspaces)")
    }
  }
}
