// Look-ups by index: NumPy's values, and the error that names an index out of range, the same from every backend.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct LookupTests {
  static let backends: [Backend] = [.interpreter, .tcc, .cc]

  private func run(
    _ text: String, _ inputs: [(String, Tensor)], _ backend: Backend = .tcc, gradients: Bool = false
  ) throws -> NetworkResults {
    let network = try Graph(parsing: text, file: "lookup.graph").lowered()
    let session = try NetworkSession(
      network, options: ExecutionOptions(backend: backend, threads: 2))
    let named = inputs.map { NamedTensor(name: $0.0, tensor: $0.1) }
    return gradients ? try session.gradients(named) : try session.evaluate(named)
  }

  /// From Tests/Reference/lookup_reference.py.
  @Test(arguments: [
    (
      0, "[1, 0, 1]", [3, 3, 4],
      Array(12..<24) + Array(0..<12) + Array(12..<24)
    ),
    (
      1, "[[2, 0], [1, 1]]", [2, 2, 2, 4],
      [
        8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 16, 17,
        18, 19, 16, 17, 18, 19,
      ]
    ),
    (-1, "[3]", [2, 3, 1], [3, 7, 11, 15, 19, 23]),
    (2, "1", [2, 3], [1, 5, 9, 13, 17, 21]),
  ])
  func takesWhatNumPyTakes(axis: Int, indices: String, shape: [Int], expected: [Int]) throws {
    for element in ElementType.allCases {
      let text = """
        input x : \(element.name)[2, 3, 4]
        output gather(x, \(indices), axis=\(axis)) as y
        """
      let x = Tensor([2, 3, 4], (0..<24).map { Double($0) }).converted(to: element)
      let y = Tensor(Shape(shape), expected.map { Double($0) }).converted(to: element)
      for backend in Self.backends {
        #expect(try run(text, [("x", x)], backend).outputs[0].tensor == y)
      }
    }
  }

  /// Additions in the order of the indices, from +0: in any other the small numbers would count. From lookup_reference.py.
  @Test func addsInOrder() throws {
    let text = """
      input x : f32[3, 2]
      input i : i64[5]
      input g : f32[5, 2]
      loss sum(gather(x, i) * stop_gradient(g))
      """
    let inputs = [
      ("x", Tensor([3, 2], filledWith: 0)), ("i", Tensor([2, 0, 2, 2, 2] as [Int64])),
      ("g", Tensor([5, 2], [1e8, 1, 3, 2, 1, 1e8, -1e8, -1e8, 1, 1] as [Float])),
    ]
    for backend in Self.backends {
      let gradients = try #require(try run(text, inputs, backend, gradients: true).gradients)
      #expect(gradients[0].tensor == Tensor([3, 2], [3, 2, 0, 0, 1, 1] as [Float]))
    }
    let builder = FunctionBuilder(name: "zeros")
    let none = builder.constant(Constant(type: TensorType(.i32, [1]), bits: [1]))
    let update = builder.argument(
      Argument(name: "u", role: .input, type: TensorType(.f32, [1])))
    builder.result("sum", .output, builder.scatterAdd(none, update, rows: 2))
    let sum = try Executable(builder.function).call([Tensor([-0.0] as [Float])])[0]
    #expect(sum == Tensor([0, 0] as [Float]))
  }

  // MARK: Errors

  static let lookup = """
    dim n = 300000
    input table : f32[10, 2]
    input tokens : i32[2, n]
    e = embedding(table, tokens)
    output e
    loss sum(e)
    """

  @Test(arguments: [-1, 10, Int(Int32.max), Int(Int32.min)])
  func theFirstIndexOutOfRangeIsNamedByEveryBackend(index: Int) throws {
    let network = try Graph(parsing: Self.lookup, file: "lookup.graph").lowered()
    var tokens = [Int32](repeating: 9, count: 600_000)
    for place in [599_999, 320_000, 300_007] { tokens[place] = Int32(index) }
    let expected = IndexFault(
      index: index, position: [1, 7], name: "tokens", rows: 10, line: 4, column: 1)
    let values = [
      NamedTensor(name: "tokens", tensor: Tensor([2, 300_000], tokens)),
      NamedTensor(name: "table", tensor: Tensor([10, 2], filledWith: 1)),
    ]
    for function in [network.function.evaluation(), try network.function.gradient()] {
      let arguments = try NamedValues(tensors: values).arguments(of: function)
      #expect(throws: CallError.indexOutOfRange(expected)) {
        _ = try Interpreter().evaluate(function, arguments: arguments)
      }
      for backend in [Backend.tcc, .cc] {
        for threads in [1, 2, 3] {
          let options = ExecutionOptions(backend: backend, threads: threads)
          let executable = try Executable(function, options: options)
          #expect(throws: CallError.indexOutOfRange(expected)) { try executable.call(arguments) }
        }
      }
    }
  }

  @Test func theErrorIsToldLikeThoseOfTheFile() throws {
    let source = SourceText(file: "t.graph", bytes: Array(Self.lookup.utf8))
    var fault = IndexFault(
      index: 12, position: [3, 1], name: "tokens", rows: 10, line: 4, column: 1)
    #expect(
      fault.diagnostic(in: source).rendered == """
        t.graph:4:5: error: embedding: index 12 at position [3, 1] of tokens is out of range: the table has 10 rows
          e = embedding(table, tokens)
              ^
        """)
    #expect(
      CallError.indexOutOfRange(fault).description
        == "gather: index 12 at position [3, 1] of tokens is out of range: the table has 10 rows, line 4"
    )
    (fault.position, fault.name, fault.rows, fault.line) = ([], nil, 1, 0)
    #expect(
      fault.diagnostic(in: source).rendered
        == "t.graph: error: gather: index 12 is out of range: the table has 1 row")
  }

  /// In a scan the position is that within its step.
  @Test func indicesWithinAScanAreChecked() throws {
    let builder = FunctionBuilder(name: "scan")
    let table = builder.input("table", [5, 3])
    let tokens = builder.argument(
      Argument(name: "tokens", role: .input, type: TensorType(.i32, [4, 2])))
    let results = builder.scan(
      length: 4, over: [tokens], states: [builder.zeros(TensorType(.f32, [2, 3]))],
      capturing: [table]
    ) { body, steps, states, captured in
      let row = body.gather(captured[0], steps[0])
      return ([body.elementwise(.add, states[0], row)], [row])
    }
    for result in results { builder.result("r\(result.index)", .output, result) }
    let function = builder.function
    try function.verify()
    var random = SeededGenerator(seed: 5)
    let values = random.tensor(TensorType(.f32, [5, 3]), special: false)
    let right = [values, Tensor([4, 2], [0, 1, 2, 3, 4, 0, 1, 2] as [Int32])]
    let wrong = [values, Tensor([4, 2], [0, 1, 2, 3, 4, 5, 9, 2] as [Int32])]
    let expected = try Interpreter().evaluate(function, arguments: right)
    #expect(throws: CallError.self) { try Interpreter().evaluate(function, arguments: wrong) }
    for fuse in [true, false] {
      let program = try schedule(function, fuse: fuse)
      #expect(program.problems() == [])
      let interpreter = ProgramInterpreter()
      #expect(try interpreter.evaluate(program, arguments: right) == expected)
      #expect(throws: CallError.self) { try interpreter.evaluate(program, arguments: wrong) }
      for backend in [Backend.tcc, .cc] {
        let options = ExecutionOptions(backend: backend, threads: 2, fuse: fuse)
        let executable = try Executable(function, options: options)
        #expect(try executable.call(right) == expected)
        #expect(throws: CallError.self) { try executable.call(wrong) }
      }
    }
  }

  // MARK: Programs

  @Test func equalIndicesAreCheckedOnce() throws {
    let text = """
      input i : i32[4]
      param a : f32[9, 2]
      param b : f32[9, 3]
      param c : f32[8]
      loss sum(gather(a, i)) + sum(gather(b, i)) + sum(gather(c, i) * gather(c, i))
      """
    let network = try Graph(parsing: text, file: "checks.graph").lowered()
    for function in [network.function.evaluation(), try network.function.trainingStep()] {
      let program = try schedule(function)
      #expect(program.problems() == [])
      #expect(program.kernels.count { $0.isCheck } == 2, "\(program.text)")
    }
  }

  /// The last check of a step depends on almost all of it.
  @Test func aFailedStepLeavesTheParametersAsTheyWere() throws {
    let text = """
      input x : f32[3]
      input y : i32[1]
      param w : f32[3]
      param v : f32[3]
      h = sum(x * w)
      picked = gather(v, cast(h, i32) + y)
      loss sum((picked - h)^2)
      """
    let step = try Graph(parsing: text, file: "late.graph").lowered().function.trainingStep()
    for fuse in [true, false] { #expect(try schedule(step, fuse: fuse).problems() == []) }
    let values: [String: Tensor] = [
      "x": [1, 2, 3], "w": [1, 0, 0], "v": [1, 2, 3], "learning_rate": 0.1,
      "y": Tensor([2] as [Int32]),
    ]
    let arguments = step.arguments.map { values[$0.name] ?? 0 }
    for backend in Self.backends {
      let executable = try Executable(step, options: ExecutionOptions(backend: backend, threads: 2))
      var changed = arguments
      var results = executable.emptyResults()
      #expect(throws: CallError.self) {
        try executable.run(arguments: &changed, results: &results)
      }
      #expect(changed == arguments)
    }
  }

  // MARK: Checks

  @Test(arguments: [
    "input i : i32[3, 2]\nparam t : f32[7, 4]\nloss sum(tanh(embedding(t, i)))",
    "input i : i64[5]\nparam t : f64[3, 7, 2]\nloss sum(sin(gather(t, i, axis=1))^2)",
    "input i : i32[4]\ninput j : i32[9]\nparam t : f32[6]\nloss sum(exp(gather(t, gather(j, i))))",
    "input i : i32[4]\nparam t : f32[6]\nd = grad(sum(gather(t, i)^3), t)\nloss sum(d * t)",
    "input i : i32[]\nparam t : f32[2, 3]\noutput gather(t, i)[1] as p\nloss sum(gather(t, i))",
    "input i : i32[4]\nparam t : f32[40, 3]\nr = reshape(t, [3, 40])\nloss sum(gather(transpose(r), i)^2)",
  ]) func passesTheCheck(text: String) throws {
    let network = try Graph(parsing: text, file: "lookup.graph").lowered()
    var options = CheckerTests.options()
    options.trials = 2
    _ = try Checker(network, options: options).run { row in #expect(row.passed, "\(row)") }
  }
}
