// Adjoints of every value of a function: those of its arguments are its gradient, and what users pass on to a value adds up to its adjoint.

import NNRuntime
import Testing

@Suite struct TracedAdjointTests {
  private static let graphs = [
    "input x1 : f64\ninput x2 : f64\nf = sin(x1) + x1 * x2\noutput f\n",
    """
    input x : f64[3, 4]
    param w : f64[4, 2]
    param b : f64[1, 2]
    p = softmax(tanh(x @ w + b), axis=1)
    loss mean(sum(p * p, axis=1) + sum(w))

    """,
    """
    input x : f64[2, 5, 3]
    param w : f64[3, 3]
    ys, last = scan(x_t in x, axis=1, h = zeros([2, 3])) {
      h = tanh(x_t + h @ w)
      yield h * h
    }
    loss sum(ys) + sum(last * last)

    """,
  ]

  private func value(_ function: Function, _ number: Int) -> Tensor {
    let type = function.arguments[number].type
    return Tensor(
      type.shape, (0..<type.count).map { Double(($0 * 7 + number * 3) % 11 - 5) / 8 })
  }

  @Test(arguments: graphs) func adjointsOfArgumentsAreTheGradient(text: String) throws {
    let function = try Graph(parsing: text, file: "a.graph").lowered().function
    let target = try function.differentiatedResult()
    let number = try #require(function.results.firstIndex { $0 == target })
    let traced = try function.tracingAdjoints(ofResults: [number])
    let arguments = function.arguments.indices.map { value(function, $0) }
    var values: [Value: Tensor] = [:]
    let seed = Tensor(function.type(of: target.value).shape, filledWith: 1, element: .f64)
    _ = try Interpreter().evaluate(traced.function, arguments: arguments + [seed]) {
      values[$0] = $1
    }
    let gradient = try function.gradient(withRespectTo: Array(function.arguments.indices))
    let expected = try Interpreter().evaluate(gradient, arguments: arguments)
    for (result, tensor) in zip(gradient.results, expected) {
      guard case .gradient(let argument) = result.role else { continue }
      let place = try #require(
        function.instructions.firstIndex { $0.op == .argument(argument) })
      let adjoint = try #require(traced.adjoints[place].flatMap { values[$0] })
      #expect(areClose(adjoint, tensor), "\(result.name)")
    }
    // Of every value that is no result: the parts add up to the whole.
    for (index, adjoint) in traced.adjoints.enumerated() {
      guard let whole = adjoint.flatMap({ values[$0] }), Value(index) != target.value else {
        continue
      }
      let parts = traced.passedOn.filter {
        function.instructions.indices.contains($0.user.index)
          && traced.function[$0.user].operands[$0.position] == Value(index)
      }
      var sum = [Double](repeating: 0, count: whole.count)
      for part in parts {
        let tensor = try #require(values[part.value])
        for element in sum.indices { sum[element] += tensor[flat: element].double }
      }
      #expect(!parts.isEmpty)
      #expect(areClose(Tensor(whole.shape, sum), whole), "%\(index)")
    }
  }

  private func areClose(_ a: Tensor, _ b: Tensor) -> Bool {
    a.type == b.type
      && zip(a.doubles, b.doubles).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
  }
}
