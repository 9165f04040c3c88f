// Types and shapes: numbers adapt, shapes broadcast, reductions keep their axes.

import Testing

@testable import NNIR

struct TypeTests {
  private let values = """
    dim n = 4
    const k = [[1, 2], [3, 4]]
    input a : f32[n, 3]
    input b : f64[3]
    input i : i32[n]
    input j : i64[2, n]
    input m : bool[n, 1]
    input s : f32
    input t : [2, 1, n, 3]

    """

  static let typeSamples: [(String, String)] = [
    ("a + 1", "f32[4, 3]"), ("2 * b", "f64[3]"), ("i + 1", "i32[4]"), ("i - n", "i32[4]"),
    ("b * (1/2)", "f64[3]"), ("1/2", "f32[]"), ("3", "f32[]"), ("true", "bool[]"),
    ("a < 1", "bool[4, 3]"), ("a + s", "f32[4, 3]"), ("m and a > 0", "bool[4, 3]"),
    ("not m", "bool[4, 1]"), ("k", "f32[2, 2]"), ("k * s", "f32[2, 2]"), ("k @ b[:2]", "f64[2]"),
    ("sqrt(2) * b", "f64[3]"), ("exp(1) * b", "f64[3]"), ("gelu(1) * b", "f64[3]"),
    ("zeros([3]) + b", "f64[3]"), ("ones([n, 3]) + a", "f32[4, 3]"), ("iota(n) + i", "i32[4]"),
    ("iota(3)", "i32[3]"), ("iota(3) * 2", "i32[3]"), ("iota(3) * 0.5", "f32[3]"),
    ("iota(3) * b", "f64[3]"), ("iota(3) + zeros([3])", "f32[3]"), ("eye(3) @ b", "f64[3]"),
    ("full([2], true)", "bool[2]"), ("full([2], 1)", "f32[2]"), ("full([2], s)", "f32[2]"),
    ("zeros_like(i)", "i32[4]"), ("ones_like(m)", "bool[4, 1]"), ("one_hot(i, 5)", "f32[4, 5]"),
    ("cast(i, f64)", "f64[4]"), ("cast(a, like=b)", "f64[4, 3]"), ("cast(a > 0, i64)", "i64[4, 3]"),
    ("cast(2.9, i32)", "i32[]"), ("step(i)", "i32[4]"), ("step(a)", "f32[4, 3]"),
    ("where(m, a, 0)", "f32[4, 3]"), ("where(true, b, 1)", "f64[3]"),
    ("where(m, 1, 2)", "f32[4, 1]"),
    ("i == i", "bool[4]"), ("relu(i)", "i32[4]"), ("mod(i, 2)", "i32[4]"), ("-i", "i32[4]"),
    // Reductions.
    ("sum(a)", "f32[]"), ("sum(a, axis=1)", "f32[4, 1]"), ("sum(a, 0)", "f32[1, 3]"),
    ("sum(a, axis=-2)", "f32[1, 3]"), ("sum(t, [0, -1])", "f32[1, 1, 4, 1]"), ("sum(i)", "i32[]"),
    ("prod(j, 0)", "i64[1, 4]"), ("mean(b)", "f64[]"), ("max(i)", "i32[]"), ("max(m)", "bool[]"),
    ("all(m)", "bool[]"), ("any(m, 0)", "bool[1, 1]"), ("argmax(a, 1)", "i32[4, 1]"),
    ("argmin(m, axis=0)", "i32[1, 1]"), ("norm(a, 1)", "f32[4, 1]"), ("std(b)", "f64[]"),
    ("var(a, [0, 1])", "f32[1, 1]"), ("logsumexp(a, -1)", "f32[4, 1]"), ("sum(s)", "f32[]"),
    ("sum(3)", "f32[]"), ("sum(iota(3))", "i32[]"), ("mean(iota(4))", "f32[]"),
    // Products.
    ("dot(a, cast(b, f32))", "f32[4]"), ("cast(b, f32) @ transpose(a)", "f32[4]"),
    ("b @ b", "f64[]"), ("t @ transpose(t, [0, 1, 3, 2])", "f32[2, 1, 4, 4]"),
    ("t @ transpose(a)", "f32[2, 1, 4, 4]"), ("t[0] @ t[:, 0, :2, :3][:, :, 0]", "error"),
    ("zeros([5, 1, 2, 3]) @ zeros([7, 3, 2])", "f32[5, 7, 2, 2]"), ("i @ i", "i32[]"),
    ("transpose(m) @ m", "bool[1, 1]"), ("outer(b, b)", "f64[3, 3]"),
    ("dense(a, eye(3), 1)", "f32[4, 3]"),
    // Movement.
    ("reshape(a, [2, -1])", "f32[2, 6]"), ("reshape(a, 12)", "f32[12]"),
    ("flatten(t)", "f32[2, 12]"),
    ("flatten(t, axis=0)", "f32[1, 24]"), ("flatten(t, -1)", "f32[8, 3]"),
    ("transpose(t)", "f32[3, 4, 1, 2]"),
    ("broadcast(b, [2, 3])", "f64[2, 3]"), ("broadcast(1, [2, 3])", "f32[2, 3]"),
    ("squeeze(t)", "f32[2, 4, 3]"), ("squeeze(t, 1)", "f32[2, 4, 3]"),
    ("expand(b, 0)", "f64[1, 3]"),
    ("expand(b, -1)", "f64[3, 1]"), ("expand(b, [0, 2])", "f64[1, 3, 1]"),
    ("zeros([size(a, 0), size(b, -1)])", "f32[4, 3]"), ("zeros([0, 3])", "f32[0, 3]"),
    ("reshape(zeros([0]), [-1, 1])", "f32[0, 1]"),
    // Look-up and dropout.
    ("gather(a, i)", "f32[4, 3]"), ("gather(a, j)", "f32[2, 4, 3]"),
    ("gather(a, j, axis=1)", "f32[4, 2, 4]"), ("gather(t, j, axis=-2)", "f32[2, 1, 2, 4, 3]"),
    ("gather(t, 1, 2)", "f32[2, 1, 3]"), ("gather(a, [[0, 1]], 1)", "f32[4, 1, 2]"),
    ("gather(k, [1])", "f32[1, 2]"), ("gather(k, i) * b[:2]", "f64[4, 2]"),
    ("gather(m, i)", "bool[4, 1]"), ("gather(i, j)", "i32[2, 4]"),
    ("gather(b, i[0:0])", "f64[0]"), ("gather(zeros([0, 3]), i[0:0])", "f32[0, 3]"),
    ("embedding(a, j)", "f32[2, 4, 3]"), ("embedding(b, iota(3))", "f64[3]"),
    ("dropout(a, 0.5)", "f32[4, 3]"), ("dropout(b, 0)", "f64[3]"), ("dropout(k, 1/4)", "f32[2, 2]"),
    // Indexing.
    ("a[0]", "f32[3]"), ("a[-1, -3]", "f32[]"), ("a[:, 1:9]", "f32[4, 2]"), ("a[::2]", "f32[2, 3]"),
    ("a[::-1, 0]", "f32[4]"), ("a[5:]", "f32[0, 3]"), ("a[..., 0]", "f32[4]"),
    ("a[...]", "f32[4, 3]"),
    ("t[1, ..., 2]", "f32[1, 4]"), ("a[3:0:-1]", "f32[3, 3]"), ("a[-2:]", "f32[2, 3]"),
    ("a[:-100:-1]", "f32[4, 3]"), ("a[n - 1]", "f32[3]"), ("a[1:1 + 1, 0:1]", "f32[1, 1]"),
    ("a[::9223372036854775807]", "f32[1, 3]"), ("a[-9223372036854775807::]", "f32[4, 3]"),
    // Layers and losses.
    ("softmax(a)", "f32[4, 3]"), ("log_softmax(a, axis=0)", "f32[4, 3]"), ("mse(a, 0)", "f32[]"),
    ("half_mse(a, a)", "f32[]"), ("cross_entropy(a, a)", "f32[]"),
    ("softmax_cross_entropy(a, a)", "f32[]"),
    ("binary_cross_entropy(b, b)", "f64[]"), ("s^2", "f32[]"), ("2^s", "f32[]"),
    ("b^0.5", "f64[3]"),
  ]

  @Test(arguments: typeSamples)
  func types(_ expression: String, _ expected: String) throws {
    if expected == "error" {
      #expect(!errors("\(values)output (\(expression)) as r\n").isEmpty)
    } else {
      #expect(try type(expression, values) == expected)
    }
  }

  @Test func sizesCanBeOverridden() throws {
    let text = """
      dim batch = 500
      dim hidden = 2 * 8
      input x : [batch, 2 * hidden]
      input y : i32[3]
      input z : [2 * batch]
      param w : [hidden]
      output x

      """
    let changed = try network(text, dims: ["batch": 7])
    #expect(changed.dims == [.init(name: "batch", size: 7), .init(name: "hidden", size: 16)])
    #expect(changed.inputs.map(\.type.description) == ["f32[7, 32]", "i32[3]", "f32[14]"])
    #expect(changed.inputs.map(\.leadingDim) == ["batch", nil, nil])
    #expect(changed.function.arguments.map(\.name) == ["w", "x", "y", "z"])
    #expect(changed.function.arguments[0].role == .parameter)
    #expect(try network(text, dims: ["batch": 0]).inputs[0].type.count == 0)
    #expect(errors(text, dims: ["batc": 1]) == ["there is no dim batc; did you mean batch?"])
    #expect(errors(text, dims: ["batch": -1]).first == "1:5: dim batch is -1: a size is at least 0")
  }

  @Test func initialisers() throws {
    let text = """
      param a : [3, 5]
      param b : f64[2] = zeros()
      param c : i32[2] = constant(3)
      param d : [2] = [1, 2.5]
      param e : [2] = uniform(high=1)
      param f : [8, 2, 3, 3] = he()
      param g : [4] = normal(0, sqrt(4))
      param h : bool[2] = [true, false]
      param l : [4, 4] = lecun()
      param m : [4, 4] = glorot_normal()
      output a

      """
    let made = try network(text).initializers
    let limit = (6.0 / 8).squareRoot()
    #expect(made[0] == .uniform(low: -limit, high: limit))
    #expect(made[1] == .constant(Constant(splat: Scalar(0.0), shape: [2])))
    #expect(made[2] == .constant(Constant(splat: Scalar(Int32(3)), shape: [2])))
    let list = [Scalar(Float(1)).bits, Scalar(Float(2.5)).bits]
    #expect(made[3] == .constant(Constant(type: TensorType(.f32, [2]), bits: list)))
    #expect(made[4] == .uniform(low: -0.05, high: 1))
    #expect(made[5] == .normal(mean: 0, std: (2.0 / 18).squareRoot()))
    #expect(made[6] == .normal(mean: 0, std: 2))
    #expect(made[7] == .constant(Constant(type: TensorType(.bool, [2]), bits: [1, 0])))
    #expect(made[8] == .normal(mean: 0, std: 0.5))
    #expect(made[9] == .normal(mean: 0, std: 0.5))
  }
}
