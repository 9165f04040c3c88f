// Models as Swift code uses them: the lecture's network built, run, differentiated and trained.

import NNIR
import NNRuntime
import Testing

@Suite struct ModelTests {
  /// The lecture's network, small.
  struct Lecture {
    let graph = Graph()
    let x: Variable, y: Variable, w1: Variable, b1: Variable, w2: Variable, b2: Variable,
      l2: Variable, cost: Variable

    init(batch: Int = 5) {
      x = graph.input("x", [Variable(batch), 7])
      y = graph.input("y", [Variable(batch), 3])
      w1 = graph.param("w1", [7, 4])
      b1 = graph.param("b1", [1, 4], .zeros)
      w2 = graph.param("w2", [4, 3])
      b2 = graph.param("b2", [1, 3], .zeros)
      let l1 = tanh(dot(x, w1) + b1)
      l2 = softmax(dot(l1, w2) + b2, axis: 1).named("l2")
      cost = -mean(sum(y * log(l2), axis: 1), axis: 0)
    }

    func inputs(_ seed: UInt64, batch: Int = 5) -> (x: Tensor, y: Tensor) {
      var random = SeededGenerator(seed: seed)
      let x = random.tensor(TensorType(.f32, [batch, 7]), special: false)
      var y = [Float](repeating: 0, count: batch * 3)
      for row in 0..<batch { y[row * 3 + row % 3] = 1 }
      return (x, Tensor([batch, 3], y))
    }
  }

  @Test(arguments: [Backend.interpreter, .tcc, .cc, .auto])
  func forwardAndBackward(backend: Backend) throws {
    let lecture = Lecture()
    let (x, y) = lecture.inputs(1)
    let model = try lecture.graph.compile(
      loss: lecture.cost, outputs: [lecture.l2], backend: backend, threads: 2)
    model[lecture.x] = x
    model[lecture.y] = y
    try model.forward()
    let l2 = model.value(of: lecture.l2)
    try model.backward()
    #expect(model.value(of: lecture.l2) == l2)

    let reference = try lecture.graph.compile(
      loss: lecture.cost, outputs: [lecture.l2], backend: .interpreter)
    reference[lecture.x] = x
    reference[lecture.y] = y
    try reference.backward()
    #expect(l2 == reference.value(of: lecture.l2))
    #expect(model.loss == reference.loss)
    for node in [lecture.w1, lecture.b1, lecture.w2, lecture.b2] {
      #expect(model.gradient(of: node) == reference.gradient(of: node))
    }
  }

  /// The equations of backpropagation, written out.
  @Test func gradientsAreTheLectures() throws {
    let lecture = Lecture()
    let (x, y) = lecture.inputs(2)
    let model = try lecture.graph.compile(loss: lecture.cost, outputs: [lecture.l2])
    model[lecture.x] = x
    model[lecture.y] = y
    try model.backward()
    // The adjoint of the softmax's argument is (l2 - y) / batch; that of b2 its sum over the batch.
    let p = model.value(of: lecture.l2).doubles
    let target = y.doubles
    let db2 = model.gradient(of: lecture.b2).doubles
    for n in 0..<3 {
      let expected = (0..<5).reduce(0.0) { $0 + (p[$1 * 3 + n] - target[$1 * 3 + n]) / 5 }
      #expect(abs(db2[n] - expected) < 1e-6)
    }
  }

  @Test func valuesGivenOutStay() throws {
    let lecture = Lecture()
    let (x, y) = lecture.inputs(3)
    let model = try lecture.graph.compile(loss: lecture.cost)
    model[lecture.x] = x
    model[lecture.y] = y
    try model.backward()
    let before = model.gradient(of: lecture.w1)
    let copy = Tensor(before.shape, before.elements(as: Float.self))
    try model.step(learningRate: 0.5)
    try model.backward()
    #expect(before == copy)
    #expect(model.gradient(of: lecture.w1) != copy)
  }

  @Test func stepsAreTheSameInEveryBackend() throws {
    let lecture = Lecture()
    let (x, y) = lecture.inputs(4)
    var trained: [[Tensor]] = []
    var losses: [[Double]] = []
    for backend in [Backend.interpreter, .tcc, .cc] {
      let model = try lecture.graph.compile(loss: lecture.cost, backend: backend, seed: 7)
      model[lecture.x] = x
      model[lecture.y] = y
      losses.append(try (0..<20).map { _ in try model.step(learningRate: 0.3) })
      trained.append(model.parameters.map(\.tensor))
    }
    #expect(trained[0] == trained[1])
    #expect(trained[0] == trained[2])
    #expect(losses[0] == losses[1])
    #expect(losses[0][19] < losses[0][0])
  }

  @Test func parametersAreDrawnByNameAndSeed() throws {
    let lecture = Lecture()
    let first = try lecture.graph.compile(loss: lecture.cost, seed: 1)
    let second = try lecture.graph.compile(loss: lecture.cost, seed: 1)
    let third = try lecture.graph.compile(loss: lecture.cost, seed: 2)
    #expect(first[lecture.w1] == second[lecture.w1])
    #expect(first[lecture.w1] != third[lecture.w1])
    #expect(first[lecture.b1] == Tensor([1, 4], filledWith: 0))
    let limit = (6.0 / 11).squareRoot()
    #expect(first[lecture.w1].doubles.allSatisfy { abs($0) <= limit })
  }

  @Test func missingInputsAreErrors() throws {
    let lecture = Lecture()
    let model = try lecture.graph.compile(loss: lecture.cost)
    model[lecture.x] = lecture.inputs(5).x
    #expect(throws: CallError.missingInput(name: "y", type: TensorType(.f32, [5, 3]))) {
      try model.forward()
    }
  }

  @Test func aBackendThatIsAskedForAndMissingIsAnError() throws {
    let lecture = Lecture()
    let network = try lecture.graph.lowered(loss: lecture.cost, outputs: [])
    let missing = CCompiler(path: "/nonexistent/cc")
    #expect(throws: BackendError.self) {
      try Model(network, options: ExecutionOptions(backend: .cc, compiler: missing))
    }
  }

  @Test func outputsWithoutALoss() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let model = try graph.compile(outputs: [(x * 2).named("twice")])
    model[x] = Tensor([Float(1), 2, 3])
    try model.forward()
    #expect(model.value(of: "twice") == Tensor([Float(2), 4, 6]))
  }
}
