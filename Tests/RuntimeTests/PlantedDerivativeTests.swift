// A wrong derivative rule does not get past the checker: one is planted into gradient functions, and the checker names the first
// value of the graph whose adjoint it spoils.

import NNIR
import Testing

@testable import NNRuntime

@Suite struct PlantedDerivativeTests {
  static let graph = """
    input x : f32[4, 3]
    param w1 : f32[3, 5]
    param w2 : f32[5, 2]
    z1 = dot(x, w1)
    a1 = tanh(z1)
    z2 = dot(a1, w2)
    cost = mean(z2^2)
    loss cost
    """

  private func network(_ text: String) throws -> Network {
    try Graph(parsing: text, file: "planted.graph").lowered()
  }

  /// Derivatives alone: backends have no part in this.
  private var options: CheckOptions {
    var options = CheckOptions()
    options.threads = 1
    options.levels = []
    options.compilers = []
    return options
  }

  private func failures(
    _ text: String, _ differentiate: @escaping Checker.Differentiate
  ) throws -> [CheckRow] {
    var rows: [CheckRow] = []
    let passed = try Checker(network(text), options: options, differentiate: differentiate)
      .run { rows.append($0) }
    #expect(passed == rows.allSatisfy(\.passed))
    return rows.filter { !$0.passed }
  }

  @Test func nothingFailsWithTheRightRules() throws {
    let rows = try failures(Self.graph) { try $0.gradient(keepingOutputs: true) }
    #expect(rows.isEmpty, "\(rows)")
  }

  /// 1 + y² in the place of 1 - y².
  @Test func aWrongRuleForTanhIsFound() throws {
    let rows = try failures(Self.graph) { function in
      var gradient = try function.gradient(keepingOutputs: true)
      gradient.plantWrongTanh()
      return gradient
    }
    // Only w1 lies behind the tanh.
    #expect(rows.map(\.what) == ["gradient:w1"])
    #expect(rows.first?.culprit == Culprit(name: "z1", isAdjoint: true, line: 4))
  }

  /// With two of them the one nearer to the loss is the first wrong one on the way back.
  @Test func theFirstOfTwoIsNamed() throws {
    let text = """
      param w : f32[6]
      inner = w * w
      a = tanh(inner)
      outer = a * 2
      b = tanh(outer)
      loss sum(b)
      """
    let rows = try failures(text) { function in
      var gradient = try function.gradient(keepingOutputs: true)
      gradient.plantWrongTanh()
      return gradient
    }
    #expect(rows.first?.culprit == Culprit(name: "outer", isAdjoint: true, line: 4))
  }

  /// A derivative that the graph itself gives is held against differences too.
  @Test func aWrongDerivativeOfTheGraphsOwnIsFound() throws {
    let text = """
      def cube(a) {
        return a^3
      } derivative(g, y) {
        return 2 * g * a^2
      }
      param w : f32[4]
      z = w + 1
      c = cube(z)
      loss sum(c)
      """
    let rows = try failures(text) { try $0.gradient(keepingOutputs: true) }
    #expect(rows.map(\.what) == ["gradient:w"])
    // The argument of cube is the first on the way back from the loss.
    #expect(rows.first?.culprit == Culprit(name: "a", isAdjoint: true, line: 1))
  }
}

extension Function {
  /// Turns 1 - y·y into 1 + y·y wherever y is a tanh.
  fileprivate mutating func plantWrongTanh() {
    for index in instructions.indices where instructions[index].op == .elementwise(.sub) {
      let square = self[instructions[index].operands[1]]
      guard let root = square.operands.first, square.operands.allSatisfy({ $0 == root }),
        square.op == .elementwise(.mul) || square.op == .elementwise(.power(2)),
        self[root].op == .elementwise(.tanh)
      else { continue }
      instructions[index].op = .elementwise(.add)
    }
  }
}
