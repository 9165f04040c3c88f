// Independent scans run at the same time, each whole on a thread: no bit changes, and scans that depend on each other never do.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct LoopPairingTests {
  /// Two recurrent layers of some width, in both directions, over the input or, stacked, one over the other.
  private func network(width: Int, isStacked: Bool = false) throws -> Function {
    let text = """
      input x : f32[4, 6, \(width)]
      param wx : f32[\(width), \(width)]
      param wh : f32[\(width), \(width)]
      param vx : f32[\(width), \(width)]
      param vh : f32[\(width), \(width)]
      zero = zeros([4, \(width)])
      there = scan(x_t in x, axis=1, h = zero) {
        h = tanh(x_t @ wx + h @ wh)
        yield h
      }
      back = scan(x_t in \(isStacked ? "there" : "x"), axis=1, reverse=true, h = zero) {
        h = tanh(x_t @ vx + h @ vh)
        yield h
      }
      both = concat(there, back, axis=2)
      output both
      loss mean(both ^ 2)
      """
    return try Graph(parsing: text, file: "pair.graph").lowered().function
  }

  private func kinds(of function: Function) throws -> [Function] {
    [
      function.evaluation(), try function.gradient(keepingOutputs: true),
      try function.trainingStep(optimizer: Optimizer("adam")),
    ]
  }

  private func arguments(of function: Function) -> [Tensor] {
    var random = SeededGenerator(seed: 8)
    return function.arguments.map { random.tensor($0.type) }
  }

  private func company(_ program: Program) -> [Bool] { program.loops.map(\.isBesideNext) }

  @Test func bothDirectionsAreNeighbours() throws {
    let counts = [1, 2, 2]
    for (function, count) in zip(try kinds(of: network(width: 8)), counts) {
      #expect(!company(try schedule(function)).contains(true))
      let program = try schedule(function, pairsLoops: true)
      #expect(company(program) == (0..<count).flatMap { _ in [true, false] }, "\(program)")
      #expect(program.problems() == [], "\(program)")
      #expect(try company(Program(parsing: program.text)) == company(program))
      let arguments = arguments(of: function)
      let expected = try Interpreter().evaluate(function, arguments: arguments)
      let agrees = try ProgramInterpreter().evaluate(program, arguments: arguments) == expected
      #expect(agrees, "\(program)")
    }
  }

  @Test func stackedLayersAreApart() throws {
    for function in try kinds(of: network(width: 8, isStacked: true)) {
      let program = try schedule(function, pairsLoops: true)
      #expect(!company(program).contains(true), "\(program)")
      #expect(program.text == (try schedule(function)).text)
    }
  }

  /// The verifier does not believe it: neither of layers that read each other, nor of a loop that nothing follows on, nor of a
  /// workspace laid out for one loop after the other.
  @Test func falseCompanyIsFound() throws {
    var stacked = try schedule(network(width: 8, isStacked: true).evaluation())
    for number in stacked.loops.indices { stacked.loops[number].isBesideNext = true }
    #expect(stacked.problems().contains { $0.description.contains("cannot run at the same time") })

    var together = try schedule(network(width: 8).gradient(), pairsLoops: true)
    let last = together.loops.indices.last ?? 0
    together.loops[last].isBesideNext = true
    #expect(together.problems().contains { $0.description.contains("cannot run at the same time") })

    var crowded = try schedule(network(width: 8).gradient(), pairsLoops: true)
    for index in crowded.buffers.indices {
      if case .workspace = crowded.buffers[index].storage {
        crowded.buffers[index].storage = .workspace(offset: 0)
      }
    }
    #expect(!crowded.problems().isEmpty)
  }

  /// At this width the kernels of a step are too small to be split, so that the loops are run at the same time.
  @Test(arguments: [8, 64]) func threadsDoNotShow(width: Int) throws {
    for function in try kinds(of: network(width: width)) {
      let arguments = arguments(of: function)
      let expected = try Interpreter().evaluate(function, arguments: arguments)
      for threads in [1, 2, 3] {
        let options = ExecutionOptions(backend: .tcc, threads: threads)
        let executable = try Executable(function, options: options)
        let pairs = executable.compiled?.loops.compactMap(\.beside) ?? []
        #expect(pairs.isEmpty == (threads == 1))
        for _ in 0..<20 {
          let agrees = try executable.call(arguments) == expected
          #expect(agrees, "\(function.name), \(threads) threads")
        }
      }
    }
  }
}
