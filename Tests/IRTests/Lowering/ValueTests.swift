// What expressions are worth, by a naive evaluator: the prelude's formulas, their corners and tails, and numbers without a type.

import Foundation
import Testing

@testable import NNIR

struct ValueTests {
  static let numberSamples: [(String, Double)] = [
    ("1/2", 0.5), ("7 - 2 * 3", 1), ("-2^2", -4), ("2^-1", 0.5), ("2^3^2", 512), ("4/2", 2),
    ("10^-3", 0.001), ("mod(-7, 3)", 2), ("maximum(2, 3)", 3), ("floor(2.5)", 2), ("round(2.5)", 2),
    ("abs(-3)", 3), ("1e3", 1000), (".5", 0.5), ("pi", Double(Float.pi)), ("sqrt(16)", 4),
    ("2.5^2", 6.25), ("size(zeros([3, 4]), 1)", 4), ("sum([1, 2, 3])", 6),
    ("mean([1, 2, 3, 4])", 2.5),
    ("var([1, 2, 3, 4])", 1.25), ("norm([3, 4])", 5), ("prod([2, 3])", 6),
    ("sum([[1, 2], [3, 4]] @ [1, 1])", 10),
    ("[1, 2, 3][1]", 2), ("sum([1, 2, 3, 4][::-1][:2])", 7),
    ("logsumexp([1000, 1000])", 1000.6931471805599),
    ("logsumexp([-inf, -inf])", -.infinity), ("logsumexp([inf, 0])", .infinity),
    ("softplus(-1000)", 0), ("softplus(1000)", 1000), ("relu(-3)", 0), ("leaky_relu(-1)", -0.01),
    ("elu(-1000)", -1), ("hard_sigmoid(0)", 0.5), ("hard_sigmoid(9)", 1), ("softsign(-1)", -0.5),
    ("step(0)", 0), ("step(0.1)", 1), ("clip(5, 0, 1)", 1), ("silu(0)", 0), ("square(3)", 9),
    ("reciprocal(4)", 0.25), ("rsqrt(4)", 0.5), ("mse([1, 2], [3, 5])", 6.5),
    ("half_mse([1, 2], [3, 5])", 3.25),
    ("sum(one_hot(cast([1, 7], i32), 3))", 1), ("cast(true, f32)", 1), ("where(1 < 2, 3, 4)", 3),
    ("sum(eye(3))", 3), ("sum(softmax([1000, 1000]))", 1), ("1 / -0", -.infinity),
    ("minimum(3, 2)", 2),
    ("argmax([1, 3, 3], 0)[0]", 1), ("sum(full([2, 2], 0.5))", 2), ("sum(iota(5))", 10),
    ("cross_entropy([[0.5, 0.5]], [[1, 0]])", 0.6931471805599453), ("0^0", 1),
    ("(-1)^1000000001", -1),
  ]

  static let shapeSamples: [(String, [Int], [Double])] = [
    ("concat([1, 2], [3])", [3], [1, 2, 3]),
    ("concat([[1], [2]], [[3, 4], [5, 6]], axis=-1)", [2, 3], [1, 3, 4, 2, 5, 6]),
    ("concat([1, 2])", [2], [1, 2]), ("concat([1], 0.5 * [1], [2.0])", [3], [1, 0.5, 2]),
    ("concat(zeros([0, 2]), [[1, 2]])", [1, 2], [1, 2]),
    ("stack(1, 2, 3)", [3], [1, 2, 3]), ("stack([1, 2], [3, 4])", [2, 2], [1, 2, 3, 4]),
    ("stack([1, 2], [3, 4], axis=-1)", [2, 2], [1, 3, 2, 4]),
    ("second([1, 2, 3, 4])", [2], [3, 4]), ("split([1, 2], 1)", [2], [1, 2]),
    ("pad([1, 2], 1, [2])", [5], [0, 1, 2, 0, 0]),
    ("pad([[1]], [0, 1], [1, 0], value=-0.5)", [2, 2], [-0.5, 1, -0.5, -0.5]),
    ("pad([1], 1, 0, -inf)", [2], [-.infinity, 1]),
    ("reverse([[1, 2], [3, 4]], 0)", [2, 2], [3, 4, 1, 2]),
    ("reverse([[1, 2], [3, 4]], [0, -1])", [2, 2], [4, 3, 2, 1]),
    ("tile([1, 2], [2])", [4], [1, 2, 1, 2]), ("tile([1, 2], 2)", [4], [1, 2, 1, 2]),
    ("tile([[1], [2]], [2, 3])", [4, 3], [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]),
    ("tile([1, 2], [2, 1])", [2, 2], [1, 2, 1, 2]), ("tile([[1, 2]], 0)", [1, 0], []),
    ("tile([[1], [2]], [2])", [2, 2], [1, 1, 2, 2]),
    ("max_pool2d(reshape([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]), 2, 2)", [1, 1, 1, 2], [6, 8]),
    ("avg_pool2d(ones([1, 1, 1, 2]), [1, 2], 1, padding=[0, 1])", [1, 1, 1, 3], [0.5, 1, 0.5]),
    ("conv1d([[[1, 2, 3]]], [[[1, 1]]])", [1, 1, 2], [3, 5]),
    ("hinge([0.5, 2], [1, 1])", [], [0.25]), ("perceptron_loss([0.5, -2], [1, 1])", [], [1]),
    ("layer_norm([[3, 3, 3]], 2, 1)", [1, 3], [1, 1, 1]),
    ("attention([[1, 2]], [[1, 2]], [[3, 4]], mask=none)", [1, 2], [3, 4]),
    ("attention([[1, 2]], [[1, 2]], [[3, 4]], [[false]])", [1, 2], [.nan, .nan]),
    ("softmax([1000, -1000])", [2], [1, 0]),
  ]

  @Test(arguments: shapeSamples)
  func shapes(_ expression: String, _ shape: [Int], _ expected: [Double]) throws {
    let second = "def second(x) {\n  a, b = split(x, 2)\n  return b\n}"
    let found = try value(expression, second)
    #expect(found.type.shape == Shape(shape))
    #expect(found.isIdentical(to: Tensor(type: found.type, elements: expected)))
  }

  @Test func shapesOfTypes() throws {
    #expect(try type("pad(x, 1, 1)", "input x : bool[2]") == "bool[4]")
    #expect(try type("max_pool2d(x, 2, 1, 1)", "input x : i32[1, 1, 2, 2]") == "i32[1, 1, 3, 3]")
    #expect(try type("concat(iota(2), iota(2))") == "i32[4]")
    #expect(try type("concat(x, [1])", "input x : f64[2]") == "f64[3]")
    #expect(try type("conv2d(x, x)", "input x : i64[2, 3, 4, 4]") == "i64[2, 2, 1, 1]")
  }

  @Test(arguments: numberSamples)
  func numbers(_ expression: String, _ expected: Double) throws {
    let found = try value(expression).elements[0]
    #expect(found == expected || abs(found - expected) <= 2e-7 * abs(expected))
  }

  /// Tails and corners that a naive formula loses.
  @Test func tails() throws {
    let gelu = try value("gelu(x)", "input x : f64", [scalar(-10, .f64)]).elements[0]
    #expect(abs(gelu / (-10 * 0.5 * erfc(10 / 2.0.squareRoot())) - 1) < 1e-13)
    let tanh = try value("gelu_tanh(x)", "input x : f64", [scalar(-8, .f64)]).elements[0]
    #expect(tanh < 0)
    #expect(try value("relu(x)", "input x : f32", [scalar(.nan)]).elements[0].isNaN)
    #expect(try value("softmax([-inf, 0])").elements == [0, 1])
    #expect(
      try value("selu(x)", "input x : f64", [scalar(1, .f64)]).elements == [1.0507009873554805])
  }

  static let derivativeSamples: [(String, Double, Double)] = [
    ("relu(x)", 0.0, 0.0), ("abs(x)", 0, 0), ("sign(x)", 0, 0), ("step(x)", 1, 0),
    ("floor(x)", 0.5, 0),
    ("maximum(x, 0)", 0, 0.5), ("x^2", -3, -6), ("x^3", -2, 12), ("softplus(x)", 0, 0.5),
    ("elu(x)", 1000, 1), ("leaky_relu(x)", 0, 1), ("silu(x)", 0, 0.5), ("gelu(x)", 0, 0.5),
    ("logsumexp([1, 2] * x)", 0, 1.5), ("sum(softmax(x * [1, 2]) * [1, 0])", 0, -0.25),
    ("stop_gradient(x) * x", 3, 3), ("cast(cast(x, i32), f64) * x", 2.5, 2),
    ("hard_sigmoid(x)", 0, 1.0 / 6),
    ("where(x > 0, x, 3)", 2, 1), ("x[...] * squeeze(expand(x, 0))", 3, 6),
  ]

  @Test(arguments: derivativeSamples)
  func derivatives(_ sample: (String, Double, Double)) throws {
    let (expression, x, expected) = sample
    let before = "input x : f64\nf = sum(\(expression))\ng = grad(f, x)"
    let found = try value("g", before, [scalar(x, .f64)]).elements[0]
    #expect(abs(found - expected) < 1e-12)
  }

  @Test func gradients() throws {
    let text = """
      input x1 : f32
      input x2 : f32
      f = sin(x1) + x1 * x2
      d1, d2 = grad(f, x1, x2)
      output f
      output d1
      output d2

      """
    let results = try network(text).function.evaluate([scalar(2), scalar(5)]).map { $0.elements[0] }
    #expect(abs(results[0] - 10.909297) < 1e-5)
    #expect(abs(results[1] - 4.583853) < 1e-5)
    #expect(results[2] == 2)
  }

  @Test func aDerivativeSeesTheNameThatWasUsed() throws {
    let before = """
      input x : f64
      y = x
      f = x * y
      a, b = grad(f, x, y)
      c = grad(sum(grad(f, x) * 2), y)
      """
    // y depends on x, and so f twice.
    #expect(try value("a", before, [scalar(3, .f64)]).elements == [6])
    #expect(try value("b", before, [scalar(3, .f64)]).elements == [3])
  }

  @Test func derivativesByNumbersIntegersAndStrangers() throws {
    let before = """
      input x : f32
      input i : i32[2]
      input z : f32[3]
      n = 3
      f = n^2 * x
      d = grad(f, n)
      e = grad(f, i)
      g = grad(f, z)
      """
    #expect(
      try value("d", before, [scalar(2), vector([0, 0], .i32), vector([0, 0, 0])]).elements == [12])
    #expect(try type("e", before) == "i32[2]")
    #expect(try type("g", before) == "f32[3]")
  }

  @Test func parametersOfAFunctionAreNamesOfTheirOwn() throws {
    let before = """
      def f(a, b) {
        return grad(a * b, a)
      }
      input x : f64
      """
    #expect(try value("f(x, x)", before, [scalar(7, .f64)]).elements == [7])
  }

  @Test func derivativesOfOnesOwn() throws {
    let before = """
      const two = 2
      const weights : f64[2] = [1, 10]
      def f(x, k, axis=none) {
        return sum(x * k, axis)
      } derivative(g, y) {
        return g * two * weights, broadcast(g * y, [2]), 0
      }
      input x : f64[2]
      v = f(x, x)
      d = grad(v, x)
      e = grad(sum(d * [1, 2]), x)
      """
    let arguments = [vector([3, 4], .f64)]
    #expect(try value("v", before, arguments).elements == [25])
    #expect(try value("d", before, arguments).elements == [27, 45])
    // d = 2 * weights + y, whose derivative is that of y, given by f's own again.
    #expect(try value("e", before, arguments).elements == [3 * 27, 3 * 45])
  }

  @Test func functionsTakeListsNamesAndDefaults() throws {
    let before = """
      def moments(x, axes=[0, 1], scale=size_of) {
        m = mean(x, axes)
        return m * scale, squeeze(m, axes)
      }
      const size_of = 2
      def twice(f, by=none) { return f + f }
      input x : f64[2, 2]
      a, b = moments(x)
      c, d = moments(scale=3, x=x, axes=1)
      """
    let x = Tensor(type: TensorType(.f64, [2, 2]), elements: [1, 2, 3, 4])
    #expect(try value("a[0, 0] + b", before, [x]).elements == [7.5])
    #expect(try value("c[:, 0] + d", before, [x]).elements == [6, 14])
    #expect(try value("twice(x, by=3)[1, 1]", before, [x]).elements == [8])
  }

  @Test func userFunctionsHideOnlyTheirNames() throws {
    // The prelude's own uses of exp stay what they were.
    let before = "def exp(x) { return x + 1 }\ninput x : f64[2]"
    let arguments = [vector([0, 0], .f64)]
    #expect(try value("exp(x)", before, arguments).elements == [1, 1])
    #expect(try value("softmax(x)", before, arguments).elements == [0.5, 0.5])
  }
}
