// Scans as loops: every backend gives the interpreter's bits, forwards, in the gradient, in the second derivative and in a
// step of training, and the code of a loop does not grow with its length.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct ScanBackendTests {
  /// Everything that can be derived from a sample, by name.
  static func functions(_ sample: ScanSample) throws -> [Function] {
    let function = sample.function
    var trained = function
    for index in trained.arguments.indices { trained.arguments[index].role = .parameter }
    let builder = FunctionBuilder(extending: function)
    let arguments = function.arguments.indices.compactMap { number in
      function.instructions.firstIndex { $0.op == .argument(number) }.map { Value($0) }
    }
    let loss = try #require(function.result(.loss)).value
    let sums = builder.gradients(of: loss, withRespectTo: arguments).map { builder.weighed($0) }
    builder.function.results = []
    builder.result(
      "loss", .loss, sums.dropFirst().reduce(sums[0]) { builder.elementwise(.add, $0, $1) })
    return [
      function, function.evaluation(), try function.gradient(keepingOutputs: true),
      try trained.trainingStep(keepingOutputs: true), try builder.function.gradient(),
    ]
  }

  @Test(arguments: ScanSample.all) func programsMeanWhatFunctionsMean(_ sample: ScanSample) throws {
    for function in try Self.functions(sample) {
      try function.verify()
      #expect(try Function(parsing: function.text) == function)
      var random = SeededGenerator(seed: 3)
      let arguments = random.arguments(of: function)
      let expected = try Interpreter().evaluate(function, arguments: arguments)
      for (fuse, pairs) in [(true, false), (false, false), (true, true)] {
        let program = try schedule(function, fuse: fuse, pairsLoops: pairs)
        #expect(program.problems() == [], "\(function.text)\(program.text)")
        #expect(try Program(parsing: program.text).text == program.withoutNotes.text)
        let found = try ProgramInterpreter().evaluate(program, arguments: arguments)
        let agrees = found == expected
        #expect(agrees, "\(function.name), \(fuse), \(pairs): \(function.text)\(program.text)")
      }
    }
  }

  @Test(arguments: Tier.all(optimizations: ["-O2"])) func compiledCodeAgrees(tier: Tier) throws {
    var functions: [Function] = []
    for sample in ScanSample.all { functions += try Self.functions(sample) }
    // Steps change their arguments, which these calls share.
    functions.removeAll { $0.results.contains { $0.name.hasPrefix("update:") } }
    var random = SeededGenerator(seed: 4)
    let arguments = functions.map { random.arguments(of: $0) }
    let expected = try zip(functions, arguments).map {
      try Interpreter().evaluate($0, arguments: $1)
    }
    for fuse in [true, false] {
      let program = Program.joined(try functions.map { try schedule($0, fuse: fuse) })
      for (name, compiled) in try tier.prepare(program, threads: [1, 2, 3]) {
        let results = try compiled.call(arguments.flatMap { $0 })
        let agrees = results == expected.flatMap { $0 }
        #expect(agrees, "\(name), \(fuse ? "fused" : "unfused")")
      }
    }
  }

  /// Steps of training, which change parameters in place, through the runtime.
  @Test(arguments: ScanSample.all) func stepsOfTrainingAgree(_ sample: ScanSample) throws {
    let step = try Self.functions(sample)[3]
    var random = SeededGenerator(seed: 5)
    let arguments = random.arguments(of: step)
    let expected = try Interpreter().evaluate(step, arguments: arguments)
    for threads in [1, 2] {
      let options = ExecutionOptions(backend: .tcc, threads: threads)
      let agrees = try Executable(step, options: options).call(arguments) == expected
      #expect(agrees)
    }
  }

  /// The text of a scan's gradient depends on its length in numbers alone.
  @Test func codeDoesNotGrowWithTheLength() throws {
    func text(_ length: Int) throws -> String {
      let builder = FunctionBuilder(name: "long")
      let x = builder.input("x", [length, 4, 8])
      let w = builder.input("w", [8, 8])
      let start = builder.zeros(TensorType(.f32, [4, 8]))
      let results = builder.scan(length: length, over: [x], states: [start], capturing: [w]) {
        body, steps, states, captured in
        let sum = body.elementwise(
          .add, steps[0], body.matrixProduct(states[0], captured[0]))
        let next = body.elementwise(.tanh, sum)
        return ([next], [next])
      }
      builder.result("loss", .loss, builder.weighed(results[0]))
      let program = try schedule(try builder.function.gradient())
      let text = emitKernels(program, spelling: .strips).text
      return text.replacing(#/[0-9]+/#, with: "0")
    }
    #expect(try text(1000) == text(9000))
  }
}

extension Program {
  fileprivate var withoutNotes: Program {
    var bare = self
    bare.notes = kernels.map { _ in KernelNote() }
    return bare
  }
}
