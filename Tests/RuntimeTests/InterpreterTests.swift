// The interpreter against numbers worked out by hand and against plain loops.

import NNIR
import NNRuntime
import Testing

/// Evaluates one instruction on arguments.
func evaluated(_ op: Op, _ operands: [Tensor], type: TensorType) throws -> Tensor {
  let builder = FunctionBuilder(name: "test")
  let values = operands.enumerated().map { index, tensor in
    builder.argument(Argument(name: "a\(index)", role: .input, type: tensor.type))
  }
  builder.result("r", .output, builder.append(op, values, type: type))
  return try Interpreter().evaluate(builder.function, arguments: operands)[0]
}

@Suite struct InterpreterTests {
  @Test func extremesOfZerosAndNaN() throws {
    let a = Tensor([Float(-0.0), 0, .nan, 1, 2])
    let b = Tensor([Float(0), -0.0, 1, .nan, 3])
    let larger = try evaluated(.elementwise(.max), [a, b], type: a.type)
    let smaller = try evaluated(.elementwise(.min), [a, b], type: a.type)
    #expect(larger == Tensor([Float(0), 0, .nan, .nan, 3]))
    #expect(smaller == Tensor([Float(-0.0), -0.0, .nan, .nan, 2]))
  }

  @Test func modulo() throws {
    let a = Tensor([Float(5), -5, 5, -5, 0, -0.0, 6, -6, 1, .infinity, 1])
    let b = Tensor([Float(3), 3, -3, -3, -3, 3, -3, 3, .infinity, 2, 0])
    let r = try evaluated(.elementwise(.mod), [a, b], type: a.type)
    #expect(r == Tensor([Float(2), 1, -1, -2, -0.0, 0, -0.0, 0, 1, .nan, .nan]))
    let i = Tensor([Int32(5), -5, 5, -5, .min, 7])
    let j = Tensor([Int32(3), 3, -3, -3, -1, 0])
    let s = try evaluated(.elementwise(.mod), [i, j], type: i.type)
    #expect(s == Tensor([Int32(2), 1, -1, -2, 0, 0]))
  }

  @Test func powersBySquaring() throws {
    let x = Tensor([Float(3), -2, 0.1])
    let cube = try evaluated(.elementwise(.power(3)), [x], type: x.type)
    #expect(cube == Tensor([Float(27), -8, Float(0.1) * (Float(0.1) * Float(0.1))]))
    let inverse = try evaluated(.elementwise(.power(-2)), [x], type: x.type)
    #expect(inverse == Tensor([1 / Float(9), 0.25, 1 / (Float(0.1) * Float(0.1))]))
  }

  @Test func castsSaturate() throws {
    let x = Tensor([Float(1.9), -1.9, 3e9, -3e9, .nan, .infinity])
    let r = try evaluated(.elementwise(.cast), [x], type: TensorType(.i32, [6]))
    #expect(r == Tensor([Int32(1), -1, .max, .min, 0, .max]))
    let wide = Tensor([Int64(1) << 40 + 5])
    let narrow = try evaluated(.elementwise(.cast), [wide], type: TensorType(.i32, [1]))
    #expect(narrow == Tensor([Int32(truncatingIfNeeded: Int64(1) << 40 + 5)]))
  }

  @Test func sumsInLanes() throws {
    let count = 1000
    let x = (0..<count).map { (i: Int) -> Float in Float(i) * 0.37 }
    var lanes = [Float](repeating: -0.0, count: 64)
    for i in 0..<count { lanes[i % 64] += x[i] }
    var half = 32
    while half > 0 {
      for l in 0..<half { lanes[l] += lanes[l + half] }
      half /= 2
    }
    let r = try evaluated(
      .reduce(.sum, axes: [0]), [Tensor(x)], type: TensorType(.f32, [1]))
    #expect(r == Tensor([lanes[0]]))
  }

  @Test func sumsAlongTheFirstAxisInOrder() throws {
    let x = Tensor([100, 8], (0..<800).map { (i: Int) -> Float in Float(i) * 0.1 })
    var sums = [Float](repeating: -0.0, count: 8)
    for i in 0..<800 { sums[i % 8] += Float(i) * 0.1 }
    let r = try evaluated(.reduce(.sum, axes: [0]), [x], type: TensorType(.f32, [1, 8]))
    #expect(r == Tensor([1, 8], sums))
  }

  @Test func emptyReductions() throws {
    let x = Tensor(zeros: TensorType(.f32, [0, 2]))
    let expected: [(Reduction, Float)] = [
      (.sum, 0), (.prod, 1), (.max, -.infinity), (.min, .infinity),
    ]
    for (kind, value) in expected {
      let r = try evaluated(.reduce(kind, axes: [0]), [x], type: TensorType(.f32, [1, 2]))
      #expect(r == Tensor([1, 2], [value, value]))
    }
  }

  @Test func firstExtremesAndNaN() throws {
    let x = Tensor([2, 4], [Float(1), 3, 3, 2, 5, .nan, 9, .nan])
    let type = TensorType(.i32, [2, 1])
    #expect(
      try evaluated(.argReduce(.argmax, axis: 1), [x], type: type)
        == Tensor([2, 1], [Int32(1), 1]))
    #expect(
      try evaluated(.argReduce(.argmin, axis: 1), [x], type: type)
        == Tensor([2, 1], [Int32(0), 1]))
  }

  @Test func movement() throws {
    let x = Tensor([2, 3], [Float(0), 1, 2, 3, 4, 5])
    #expect(
      try evaluated(.permute([1, 0]), [x], type: TensorType(.f32, [3, 2]))
        == Tensor([3, 2], [Float(0), 3, 1, 4, 2, 5]))
    let backwards = [
      SliceAxis(start: 0, step: 1, count: 2), SliceAxis(start: 2, step: -2, count: 2),
    ]
    #expect(
      try evaluated(.slice(backwards), [x], type: TensorType(.f32, [2, 2]))
        == Tensor([2, 2], [Float(2), 0, 5, 3]))
    let around = [PadAxis(before: 1, after: 0), PadAxis(before: 0, after: 1, interior: 1)]
    #expect(
      try evaluated(
        .pad(around, value: Scalar(Float(9))), [x], type: TensorType(.f32, [3, 6]))
        == Tensor([3, 6], [Float(9), 9, 9, 9, 9, 9, 0, 9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9]))
    #expect(
      try evaluated(
        .broadcast, [Tensor([2, 1], [Int64(4), 5])], type: TensorType(.i64, [2, 2]))
        == Tensor([2, 2], [Int64(4), 4, 5, 5]))
    #expect(
      try evaluated(.iota(axis: 0), [], type: TensorType(.f32, [2, 2]))
        == Tensor([2, 2], [Float(0), 0, 1, 1]))
  }

  /// `bmk,bkn->bnm`, as a chain of fused multiply-adds.
  @Test func batchedContraction() throws {
    var random = SeededGenerator(seed: 1)
    let a = random.tensor(TensorType(.f32, [2, 3, 5]), special: false)
    let b = random.tensor(TensorType(.f32, [2, 5, 6]), special: false)
    let (x, y) = (a.elements(as: Float.self), b.elements(as: Float.self))
    var expected: [Float] = []
    for page in 0..<2 {
      for n in 0..<6 {
        for m in 0..<3 {
          var sum: Float = 0
          for k in 0..<5 { sum.addProduct(x[page * 15 + m * 5 + k], y[page * 30 + k * 6 + n]) }
          expected.append(sum)
        }
      }
    }
    let op = Op.contraction(
      Contraction(left: Array("bmk".utf8), right: Array("bkn".utf8), result: Array("bnm".utf8)))
    #expect(
      try evaluated(op, [a, b], type: TensorType(.f32, [2, 6, 3])) == Tensor([2, 6, 3], expected))
  }

  @Test func dotProductInLanes() throws {
    var random = SeededGenerator(seed: 2)
    let a = random.tensor(TensorType(.f64, [1, 70]), special: false)
    let b = random.tensor(TensorType(.f64, [70, 1]), special: false)
    var lanes = [Double](repeating: 0, count: 16)
    for k in 0..<70 { lanes[k % 16].addProduct(a.doubles[k], b.doubles[k]) }
    for half in [8, 4, 2, 1] { for l in 0..<half { lanes[l] += lanes[l + half] } }
    let op = Op.contraction(
      Contraction(left: Array("mk".utf8), right: Array("kn".utf8), result: Array("mn".utf8)))
    #expect(
      try evaluated(op, [a, b], type: TensorType(.f64, [1, 1])) == Tensor([1, 1], [lanes[0]]))
  }

  /// A running sum, forwards and backwards, with what each step yields.
  @Test(arguments: [false, true]) func scan(isReversed: Bool) throws {
    let scalar = TensorType(.f32, .scalar)
    let body = FunctionBuilder(name: "body")
    let step = body.argument(Argument(name: "x", role: .input, type: scalar))
    let state = body.argument(Argument(name: "s", role: .input, type: scalar))
    let next = body.elementwise(.add, state, step)
    body.result("s", .output, next)
    body.result("y", .output, body.elementwise(.mul, next, next))

    let builder = FunctionBuilder(name: "outer")
    let xs = builder.argument(Argument(name: "xs", role: .input, type: TensorType(.f32, [3])))
    let start = builder.splat(1, scalar)
    let scan = builder.append(
      .scan(
        Scan(
          body: NestedFunction(body.function), length: 3, isReversed: isReversed, sequences: 1,
          states: 1)), [xs, start], type: scalar)
    builder.result(
      "ys", .output, builder.append(.projection(1), [scan], type: TensorType(.f32, [3])))
    builder.result("last", .output, builder.append(.projection(0), [scan], type: scalar))
    let results = try Interpreter().evaluate(
      builder.function, arguments: [Tensor([Float(1), 2, 3])])
    #expect(results[0] == Tensor(isReversed ? [Float(49), 36, 16] : [Float(4), 16, 49]))
    #expect(results[1] == Tensor(scalar: Float(7)))
  }

  @Test func widePrecisionKeepsConstants() throws {
    let builder = FunctionBuilder(name: "third")
    let x = builder.argument(Argument(name: "x", role: .input, type: TensorType(.f32, .scalar)))
    builder.result(
      "r", .output, builder.elementwise(.div, x, builder.splat(3, TensorType(.f32, .scalar))))
    let wide = try Interpreter(precision: .f64).evaluate(
      builder.function, arguments: [Tensor(scalar: Float(1))])
    #expect(wide == [Tensor(scalar: 1.0 / 3.0)])
  }

  @Test func observesEveryValue() throws {
    let function = RandomFunction.make(seed: 3, size: 30)
    var random = SeededGenerator(seed: 3)
    var seen = 0
    _ = try Interpreter().evaluate(function, arguments: random.arguments(of: function)) {
      #expect($1.type == function.type(of: $0))
      seen += 1
    }
    #expect(seen == function.instructions.count)
  }

  @Test func randomFunctionsAreEvaluated() throws {
    for seed in 0..<200 as Range<UInt64> {
      let function = RandomFunction.make(seed: seed, size: 25)
      var random = SeededGenerator(seed: seed)
      let results = try Interpreter().evaluate(
        function, arguments: random.arguments(of: function))
      #expect(results.map(\.type) == function.results.map { function.type(of: $0.value) })
    }
  }

  @Test func wrongArgumentsAreErrors() {
    let function = RandomFunction.make(seed: 4, size: 10)
    #expect(throws: CallError.self) { try Interpreter().evaluate(function, arguments: []) }
  }
}
