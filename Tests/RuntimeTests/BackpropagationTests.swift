// nncc's gradients against the four equations of backpropagation, written out by hand as they are taught. Columns are examples, a
// layer is z = Θa + β and a = σ(z), and δ is the derivative of the cost C with respect to z:
//
//   BP1  δL = ∇aC ⊙ σ'(zL)              BP3  ∂C/∂β = δ, summed over the examples
//   BP2  δl = (Θl+1ᵀ δl+1) ⊙ σ'(zl)     BP4  ∂C/∂Θ = δ aᵀ, with the a that goes into the layer

import Foundation
import NNIR
import NNRuntime
import Testing

/// A layer's derivatives.
struct LayerGradient {
  var weights: Matrix
  var biases: Matrix
}

/// Layers by hand; `activations[0]` is the input.
struct HandNetwork {
  var weights: [Matrix]
  var biases: [Matrix]

  func activations(_ input: Matrix, last: (Matrix) -> Matrix) -> [Matrix] {
    var activations = [input]
    for (layer, (weights, biases)) in zip(weights, biases).enumerated() {
      let z = weights * activations[layer] + biases
      activations.append(layer == self.weights.count - 1 ? last(z) : z.map(tanh))
    }
    return activations
  }

  /// BP2 to BP4, from the δ of the last layer. σ' of tanh is 1 - a².
  func gradients(_ activations: [Matrix], lastDelta: Matrix) -> [LayerGradient] {
    var gradients: [LayerGradient] = []
    var delta = lastDelta
    for layer in weights.indices.reversed() {
      let entering = activations[layer]
      gradients.append(
        LayerGradient(weights: delta * entering.transposed, biases: delta.sumOfColumns))
      delta = (weights[layer].transposed * delta).times(entering.map { 1 - $0 * $0 })
    }
    return gradients.reversed()
  }
}

/// Three layers of tanh with half the squared error over the m examples as cost.
private enum TanhNetwork {
  static let sizes = [5, 8, 6, 3]

  static func network(_ element: ElementType, examples: Int) throws -> Network {
    let text = """
      dim m = 1
      input x : ELEMENT[5, m]
      input y : ELEMENT[3, m]
      param theta1 : ELEMENT[8, 5]
      param beta1 : ELEMENT[8, 1]
      param theta2 : ELEMENT[6, 8]
      param beta2 : ELEMENT[6, 1]
      param theta3 : ELEMENT[3, 6]
      param beta3 : ELEMENT[3, 1]
      a1 = tanh(dot(theta1, x) + beta1)
      a2 = tanh(dot(theta2, a1) + beta2)
      a3 = tanh(dot(theta3, a2) + beta3)
      cost = sum((y - a3)^2) / (2 * m)
      output a3
      loss cost
      """.replacingOccurrences(of: "ELEMENT", with: element.name)
    return try Graph(parsing: text, file: "tanh.graph").lowered(dims: ["m": examples])
  }

  struct Values {
    var hand: HandNetwork
    var x: Matrix
    var y: Matrix

    init(examples: Int, rounding element: ElementType) {
      var random = SeededGenerator(seed: 3)
      hand = HandNetwork(weights: [], biases: [])
      for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
        hand.weights.append(.random(outputs, inputs, using: &random).rounded(to: element))
        hand.biases.append(.random(outputs, 1, using: &random).rounded(to: element))
      }
      x = Matrix.random(5, examples, using: &random).rounded(to: element)
      y = Matrix.random(3, examples, using: &random).rounded(to: element)
    }

    func tensors(_ element: ElementType) -> [NamedTensor] {
      var tensors = [("x", x), ("y", y)]
      for layer in hand.weights.indices {
        tensors.append(("theta\(layer + 1)", hand.weights[layer]))
        tensors.append(("beta\(layer + 1)", hand.biases[layer]))
      }
      return tensors.map { NamedTensor(name: $0, tensor: $1.tensor(element)) }
    }

    func example(_ number: Int) -> Values {
      var one = self
      one.x = x.column(number)
      one.y = y.column(number)
      return one
    }
  }
}

/// The loss and every gradient by its parameter's name.
private func gradients(
  _ network: Network, _ values: [NamedTensor], _ backend: Backend
) throws -> (loss: Double, gradients: [String: Matrix]) {
  let function = try network.function.gradient()
  let arguments = try function.arguments.map { argument in
    try #require(values.first { $0.name == argument.name }).tensor
  }
  let options = ExecutionOptions(backend: backend, threads: 2)
  let results = try Executable(function, options: options).call(arguments)
  var loss = Double.nan
  var found: [String: Matrix] = [:]
  for (result, tensor) in zip(function.results, results) {
    switch result.role {
    case .loss: loss = tensor[flat: 0].double
    case .gradient(let argument): found[function.arguments[argument].name] = Matrix(tensor)
    case .output, .update: break
    }
  }
  return (loss, found)
}

@Suite struct BackpropagationTests {
  static let backends: [Backend] = [.interpreter, .tcc, .cc]

  private static func bound(_ element: ElementType) -> Double { element == .f64 ? 1e-12 : 1e-5 }

  @Test(arguments: backends, [ElementType.f64, .f32])
  func threeLayersOfTanh(backend: Backend, element: ElementType) throws {
    let m = 7
    let values = TanhNetwork.Values(examples: m, rounding: element)
    let (loss, found) = try gradients(
      try TanhNetwork.network(element, examples: m), values.tensors(element), backend)

    let a = values.hand.activations(values.x) { $0.map(tanh) }
    let difference = a[3] - values.y
    let cost = difference.times(difference).sumOfColumns.elements.reduce(0, +) / Double(2 * m)
    #expect(abs(loss - cost) <= Self.bound(element) * cost)
    // BP1: ∇aC is (a - y) / m.
    let delta = (1 / Double(m) * difference).times(a[3].map { 1 - $0 * $0 })
    for (layer, expected) in values.hand.gradients(a, lastDelta: delta).enumerated() {
      let weights = try #require(found["theta\(layer + 1)"])
      let biases = try #require(found["beta\(layer + 1)"])
      #expect(weights.error(to: expected.weights) <= Self.bound(element), "Θ\(layer + 1)")
      #expect(biases.error(to: expected.biases) <= Self.bound(element), "β\(layer + 1)")
    }
  }

  /// The network of `Examples/mnist.graph`, whose rows are the examples: everything is transposed on its way in and out.
  @Test(arguments: backends, [ElementType.f64, .f32])
  func softmaxWithCrossEntropy(backend: Backend, element: ElementType) throws {
    let m = 4
    let network = try mnist(element, batch: m)
    var random = SeededGenerator(seed: 5)
    func drawn(_ rows: Int, _ columns: Int, _ scale: Double) -> Matrix {
      (scale * Matrix.random(rows, columns, using: &random)).rounded(to: element)
    }
    let hand = HandNetwork(
      weights: [drawn(100, 784, 0.08), drawn(10, 100, 0.2)],
      biases: [drawn(100, 1, 0.1), drawn(10, 1, 0.1)])
    let x = drawn(784, m, 1)
    let y = Matrix(10, m) { $0 == (3 * $1 + 2) % 10 ? 1 : 0 }
    let given = [
      ("x", x), ("y", y), ("w1", hand.weights[0]), ("b1", hand.biases[0]),
      ("w2", hand.weights[1]), ("b2", hand.biases[1]),
    ].map { NamedTensor(name: $0, tensor: $1.transposed.tensor(element)) }
    let (loss, found) = try gradients(network, given, backend)

    let a = hand.activations(x, last: softmax)
    let cost = -y.times(a[2].map(log)).sumOfColumns.elements.reduce(0, +) / Double(m)
    #expect(abs(loss - cost) <= Self.bound(element) * cost)
    let expected = hand.gradients(a, lastDelta: softmaxDelta(a[2], y))
    for (layer, expected) in expected.enumerated() {
      let weights = try #require(found["w\(layer + 1)"]).transposed
      let biases = try #require(found["b\(layer + 1)"]).transposed
      #expect(weights.error(to: expected.weights) <= Self.bound(element), "Θ\(layer + 1)")
      #expect(biases.error(to: expected.biases) <= Self.bound(element), "β\(layer + 1)")
    }
  }

  /// Stochastic gradient descent as it is taught adds up the gradients of single examples.
  @Test(arguments: backends, [ElementType.f64, .f32])
  func gradientsOfExamplesAddUp(backend: Backend, element: ElementType) throws {
    let m = 6
    let values = TanhNetwork.Values(examples: m, rounding: element)
    let (_, batch) = try gradients(
      try TanhNetwork.network(element, examples: m), values.tensors(element), backend)
    let single = try TanhNetwork.network(element, examples: 1)
    var sums: [String: Matrix] = [:]
    for number in 0..<m {
      let (_, one) = try gradients(single, values.example(number).tensors(element), backend)
      for (name, gradient) in one { sums[name] = sums[name].map { $0 + gradient } ?? gradient }
    }
    #expect(sums.count == 6)
    for (name, sum) in sums {
      let expected = try #require(batch[name])
      #expect((1 / Double(m) * sum).error(to: expected) <= Self.bound(element), "\(name)")
    }
  }

  // MARK: Softmax

  private func mnist(_ element: ElementType, batch: Int) throws -> Network {
    let text = try String(contentsOfFile: exampleFile("mnist.graph"), encoding: .utf8)
      .replacingOccurrences(of: "f32", with: element.name)
    return try Graph(parsing: text, file: "mnist.graph").lowered(dims: ["batch": batch])
  }

  private func softmax(_ z: Matrix) -> Matrix {
    let exponentials = z.map(exp)
    let sums = Matrix(1, z.columns) { _, column in
      (0..<z.rows).reduce(0) { $0 + exponentials[$1, column] }
    }
    return Matrix(z.rows, z.columns) { exponentials[$0, $1] / sums[0, $1] }
  }

  /// BP1 where σ mixes the elements of a column: δj = Σi ∂C/∂ai · ∂ai/∂zj with ∂ai/∂zj = ai·([i = j] - aj), and ∂C/∂ai = -yi / (m·ai).
  private func softmaxDelta(_ a: Matrix, _ y: Matrix) -> Matrix {
    Matrix(a.rows, a.columns) { j, column in
      (0..<a.rows).reduce(0) { sum, i in
        let slope = -y[i, column] / (Double(a.columns) * a[i, column])
        return sum + slope * a[i, column] * ((i == j ? 1 : 0) - a[j, column])
      }
    }
  }
}

/// The path of a file in `Examples`.
func exampleFile(_ name: String) -> String {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
  return tests.deletingLastPathComponent().appendingPathComponent("Examples/\(name)").path
}
