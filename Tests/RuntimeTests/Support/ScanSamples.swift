// Functions with scans in them, one for each thing that a scan can do; each has a loss.

import NNIR

struct ScanSample: Sendable, CustomStringConvertible {
  var name: String
  var build: @Sendable (FunctionBuilder) -> Value
  var description: String { name }

  /// Its function, of a loss that weighs every element of the result differently.
  var function: Function {
    let builder = FunctionBuilder(name: "scan")
    let value = build(builder)
    builder.result("y", .output, value)
    builder.result("loss", .loss, builder.weighed(value))
    return builder.function
  }

  static let all: [ScanSample] = [
    ScanSample(name: "rnn") { rnn($0, isReversed: false) },
    ScanSample(name: "rnn, reversed") { rnn($0, isReversed: true) },
    ScanSample(name: "final state alone") { builder in
      let x = builder.input("x", [5, 3])
      let h = builder.input("h", [3])
      return builder.scan(length: 5, over: [x], states: [h]) { body, steps, states, _ in
        ([body.elementwise(.sin, body.elementwise(.mul, steps[0], states[0]))], [])
      }[0]
    },
    ScanSample(name: "no state") { builder in
      let x = builder.input("x", [4, 2, 3])
      let w = builder.input("w", [2, 3])
      return builder.scan(length: 4, over: [x], capturing: [w]) { body, steps, _, captured in
        ([], [body.elementwise(.tanh, body.elementwise(.mul, steps[0], captured[0]))])
      }[0]
    },
    ScanSample(name: "no sequence") { builder in
      let h = builder.input("h", [3])
      return builder.scan(length: 6, states: [h]) { body, _, states, _ in
        let next = body.elementwise(.sin, body.elementwise(.add, states[0], states[0]))
        return ([next], [states[0]])
      }[1]
    },
    ScanSample(name: "swapped states") { builder in
      let (a, b) = (builder.input("a", [4]), builder.input("b", [4]))
      let x = builder.input("x", [5])
      let results = builder.scan(length: 5, over: [x], states: [a, b]) { body, steps, states, _ in
        let step = body.broadcast(steps[0], to: [4])
        let sum = body.elementwise(.mul, body.elementwise(.cos, states[0]), step)
        return ([states[1], sum], [body.elementwise(.sub, states[0], states[1])])
      }
      let ends = builder.elementwise(.mul, results[0], results[1])
      return builder.elementwise(
        .add, builder.reduce(.sum, results[2], axes: [0]), builder.reshape(ends, to: [1, 4]))
    },
    ScanSample(name: "counter and constant state") { builder in
      let x = builder.input("x", [6, 2])
      let scale = builder.input("scale", [2])
      let zero = builder.constant(Constant(splat: Scalar(Int32(0))))
      return builder.scan(length: 6, over: [x], states: [zero, scale]) { body, steps, states, _ in
        let one = body.constant(Constant(splat: Scalar(Int32(1))))
        let next = body.elementwise(.add, states[0], one)
        let count = body.broadcast(body.cast(next, to: .f32), to: [2])
        let product = body.elementwise(.mul, body.elementwise(.mul, steps[0], states[1]), count)
        return ([next, states[1]], [product])
      }[2]
    },
    ScanSample(name: "running sum") { builder in
      let x = builder.input("x", [7, 33])
      let results = builder.scan(
        length: 7, over: [x], states: [builder.zeros(TensorType(.f32, [33]))]
      ) { body, steps, states, _ in
        let sum = body.elementwise(.add, states[0], body.elementwise(.exp, steps[0]))
        return ([sum], [sum])
      }
      return results[1]
    },
    ScanSample(name: "nested") { builder in
      let x = builder.input("x", [3, 4, 2])
      let w = builder.input("w", [2, 2])
      let h = builder.input("h", [1, 2])
      let results = builder.scan(length: 3, over: [x], states: [h], capturing: [w]) {
        body, steps, states, captured in
        let inner = body.scan(
          length: 4, over: [steps[0]], states: [states[0]], capturing: captured, isReversed: true
        ) { body, steps, states, captured in
          let product = body.matrixProduct(states[0], captured[0])
          let sum = body.elementwise(.add, product, body.reshape(steps[0], to: [1, 2]))
          let next = body.elementwise(.tanh, sum)
          return ([next], [body.elementwise(.mul, next, next)])
        }
        return ([inner[0]], [inner[1], body.elementwise(.sub, inner[0], states[0])])
      }
      let all = builder.reduce(.sum, builder.reshape(results[1], to: [12, 2]), axes: [0])
      return builder.elementwise(
        .add, builder.elementwise(.mul, all, results[0]),
        builder.reduce(.prod, builder.reshape(results[2], to: [3, 2]), axes: [0]))
    },
    ScanSample(name: "one after the other") { builder in
      let x = builder.input("x", [5, 2])
      func smoothed(_ value: Value, isReversed: Bool) -> Value {
        let start = builder.zeros(TensorType(.f32, [2]))
        return builder.scan(length: 5, over: [value], states: [start], isReversed: isReversed) {
          body, steps, states, _ in
          let half = body.splat(0.5, TensorType(.f32, [2]))
          let mean = body.elementwise(.mul, half, body.elementwise(.add, states[0], steps[0]))
          return ([mean], [body.elementwise(.sin, mean)])
        }[1]
      }
      return smoothed(smoothed(x, isReversed: false), isReversed: true)
    },
    ScanSample(name: "weights in parts and used twice") { builder in
      let x = builder.input("x", [5, 2, 3])
      let (w, u) = (builder.input("w", [3, 8]), builder.input("u", [4, 4]))
      let h = builder.input("h", [2, 4])
      let results = builder.scan(length: 5, over: [x], states: [h], capturing: [w, u]) {
        body, steps, states, captured in
        let parts = [0, 4].map { start in
          body.slice(
            captured[0],
            [
              SliceAxis(start: 0, step: 1, count: 3), SliceAxis(start: start, step: 1, count: 4),
            ])
        }
        let gates = parts.map { body.matrixProduct(steps[0], $0) }
        let turned = body.permute(captured[1], [1, 0])
        let inner = body.elementwise(.tanh, body.matrixProduct(states[0], captured[1]))
        let outer = body.matrixProduct(
          body.elementwise(.mul, inner, gates[0]), body.elementwise(.sin, turned))
        let next = body.elementwise(.tanh, body.elementwise(.sub, gates[1], outer))
        return ([next], [body.matrixProduct(next, body.elementwise(.neg, turned)), steps[0]])
      }
      return builder.elementwise(
        .add, builder.reduce(.sum, results[1], axes: [0]),
        builder.reshape(results[0], to: [1, 2, 4]))
    },
    ScanSample(name: "length 1") { builder in
      let x = builder.input("x", [1, 3])
      return builder.scan(length: 1, over: [x], states: [builder.input("h", [3])]) {
        body, steps, states, _ in
        let next = body.elementwise(.mul, steps[0], states[0])
        return ([next], [body.elementwise(.sin, next)])
      }[1]
    },
    ScanSample(name: "length 0") { builder in
      let x = builder.input("x", [0, 3])
      return builder.scan(length: 0, over: [x], states: [builder.input("h", [3])]) {
        body, steps, states, _ in ([body.elementwise(.mul, steps[0], states[0])], [])
      }[0]
    },
  ]

  /// tanh(x·w + h·u + b), yielding each state; the loss takes the last one twice.
  private static func rnn(_ builder: FunctionBuilder, isReversed: Bool) -> Value {
    let x = builder.input("x", [6, 5, 3])
    let (w, u) = (builder.input("w", [3, 4]), builder.input("u", [4, 4]))
    let b = builder.input("b", [4])
    let h = builder.zeros(TensorType(.f32, [5, 4]))
    let results = builder.scan(
      length: 6, over: [x], states: [h], capturing: [w, u, b], isReversed: isReversed
    ) { body, steps, states, captured in
      let sum = body.elementwise(
        .add, body.matrixProduct(steps[0], captured[0]),
        body.matrixProduct(states[0], captured[1]))
      let next = body.elementwise(
        .tanh, body.elementwise(.add, sum, body.broadcast(captured[2], to: [5, 4])))
      return ([next], [next])
    }
    let all = builder.reduce(.sum, results[1], axes: [0])
    return builder.elementwise(.mul, all, builder.reshape(results[0], to: [1, 5, 4]))
  }
}

extension FunctionBuilder {
  func input(_ name: String, _ shape: Shape) -> Value {
    argument(Argument(name: name, role: .input, type: TensorType(.f32, shape)))
  }

  func matrixProduct(_ a: Value, _ b: Value) -> Value {
    contract(
      a, b, Contraction(left: Array("mk".utf8), right: Array("kn".utf8), result: Array("mn".utf8)))
  }

  /// The sum of the elements, each with a weight of its own.
  func weighed(_ value: Value) -> Value {
    let type = type(of: value)
    let weights = (0..<type.count).map { Scalar(Float(($0 * 7 + 3) % 11) / 8 - 0.5).bits }
    let product = elementwise(.mul, value, constant(Constant(type: type, bits: weights)))
    return reshape(reduce(.sum, product, axes: Array(0..<type.shape.rank)), to: .scalar)
  }

  /// The results of a scan whose body is built by a closure: the final states, then the yields.
  func scan(
    length: Int, over sequences: [Value] = [], states: [Value] = [],
    capturing captured: [Value] = [],
    isReversed: Bool = false,
    _ body: (FunctionBuilder, [Value], [Value], [Value]) -> (next: [Value], yields: [Value])
  ) -> [Value] {
    let inner = FunctionBuilder(name: "body")
    func argument(_ name: String, _ type: TensorType) -> Value {
      inner.argument(Argument(name: name, role: .input, type: type))
    }
    let steps = sequences.enumerated().map { number, value in
      argument(
        "x\(number)",
        type(of: value).with(shape: Shape(Array(shape(of: value).sizes.dropFirst()))))
    }
    let olds = states.enumerated().map { argument("s\($0)", type(of: $1)) }
    let outers = captured.enumerated().map { argument("c\($0)", type(of: $1)) }
    let (next, yields) = body(inner, steps, olds, outers)
    for (number, value) in next.enumerated() { inner.result("s\(number)", .output, value) }
    for (number, value) in yields.enumerated() { inner.result("y\(number)", .output, value) }
    let scan = Scan(
      body: NestedFunction(inner.function), length: length, isReversed: isReversed,
      sequences: sequences.count, states: states.count)
    let operands = sequences + states + captured
    let types = (try? scan.resultTypes(of: operands.map { type(of: $0) })) ?? []
    let value = append(.scan(scan), operands, type: types[0])
    return types.enumerated().map { append(.projection($0), [value], type: $1) }
  }
}
