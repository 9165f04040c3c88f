// The checker passes what is right, and finds a planted wrong derivative and a planted wrong backend.

import NNIR
import Testing

@testable import NNRuntime

@Suite struct CheckerTests {
  static let text = """
    input x : f32[6, 5]
    input y : f32[6, 3]
    param w1 : f32[5, 4]
    param b1 : f32[1, 4] = zeros()
    param w2 : f32[4, 3]
    h = x @ w1 + b1
    l1 = tanh(h)
    p = softmax(l1 @ w2, axis=1)
    output p
    loss cross_entropy(p, y)
    """

  static func options() -> CheckOptions {
    var options = CheckOptions()
    options.threads = 3
    options.compilers = []
    return options
  }

  @Test func passesALectureNetwork() throws {
    let network = try Graph(parsing: Self.text, file: "net.graph").lowered()
    var rows: [CheckRow] = []
    #expect(try Checker(network, options: Self.options()).run { rows.append($0) })
    #expect(rows.allSatisfy { $0.passed })
    for name in ["p", "loss", "gradient:w1", "gradient:b1", "gradient:w2"] {
      #expect(rows.contains { $0.what == name })
    }
  }

  @Test(arguments: [
    "input x : f32[7]\nparam w : f32[7]\nloss sum(relu(x * w))",
    "input x : f32[7]\nloss sum(abs(x) + floor(x) * x)",
    "input x : f32[7]\nloss sum(stop_gradient(x) * x)",
    "input x : f64[3, 3]\nloss sum(sin(x) @ cos(x))",
    "input x : f32[5]\ninput n : i32[5]\noutput n * 2 as m\nloss sum(cast(n, f32) * exp(x))",
    "input x : f32[4, 4]\nloss prod(max(x, axis=1) + 2)",
    "input x : f32[2]\noutput x + 1 as z",
  ]) func passesCorners(text: String) throws {
    let network = try Graph(parsing: text, file: "corner.graph").lowered()
    _ = try Checker(network, options: Self.options()).run { row in
      #expect(row.passed, "\(row)")
    }
  }

  /// The derivative of tanh is taken for 1 - y instead of 1 - y².
  @Test func findsAWrongDerivative() throws {
    let network = try Graph(parsing: Self.text, file: "net.graph").lowered()
    let checker = Checker(network, options: Self.options()) { function in
      var gradient = try function.gradient(keepingOutputs: true)
      let tanhs = gradient.instructions.indices.filter {
        gradient.instructions[$0].op == .elementwise(.tanh)
      }
      for (index, instruction) in gradient.instructions.enumerated()
      where tanhs.contains(where: { instruction.isSquare(of: Value($0)) }) {
        gradient.instructions[index] = Instruction(
          .identity, [instruction.operands[0]], type: instruction.type)
      }
      return gradient
    }
    var failures: [CheckRow] = []
    #expect(try !checker.run { if !$0.passed { failures.append($0) } })
    #expect(Set(failures.map(\.what)) == ["gradient:w1", "gradient:b1"])
    #expect(
      failures.allSatisfy { $0.culprit == Culprit(name: "h", isAdjoint: true, line: 6) },
      "\(failures)")
  }

  /// A backend that computes exp as expm1.
  @Test func findsTheFirstWrongValue() throws {
    let network = try Graph(
      parsing: "input x : f32[9]\na = x * 2\nb = exp(a)\nc = b + x\nloss sum(c)", file: "exp.graph"
    ).lowered()
    let function = network.function.evaluation()
    let x = Tensor((0..<9).map { Float($0) * 0.1 })
    let culprit = try FirstDifference(function, [x]) { function in
      var wrong = function
      for index in wrong.instructions.indices
      where wrong.instructions[index].op == .elementwise(.exp) {
        wrong.instructions[index].op = .elementwise(.expm1)
      }
      return { [wrong] in try Interpreter().evaluate(wrong, arguments: $0) }
    }.find()
    #expect(culprit == Culprit(name: "b", isAdjoint: false, line: 3))
  }
}

extension Instruction {
  fileprivate func isSquare(of value: Value) -> Bool {
    switch op {
    case .elementwise(.mul): operands == [value, value]
    case .elementwise(.power(2)): operands == [value]
    default: false
    }
  }
}
