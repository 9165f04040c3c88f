// Operations and their derivative rules as formulas.

import NNIR
import Testing

@Suite struct FormulaTests {
  /// A line of the graph language, what its last operation reads, and its rules.
  private static let cases: [(String, String, [String?])] = [
    ("sin(x)", "sin(x)", ["d y * cos(x)"]),
    ("tanh(x)", "tanh(x)", ["d y * (1 - y * y)"]),
    ("x - z", "x - z", ["d y", "-d y"]),
    ("x / z", "x / z", ["d y / z", "-(d y * y / z)"]),
    ("x * z", "x * z", ["d y * z", "d y * x"]),
    ("x @ m", "x @ m", ["d y @ transpose(m)", "transpose(x) @ d y"]),
    ("sum(x, axis=1)", "sum(x, axis=1)", ["d y"]),
    ("transpose(x)", "transpose(x)", ["transpose(d y)"]),
    ("x[1:3, 0]", "x[1:3, 0]", ["pad(d y, [1, 0], [0, 2], value=0)"]),
    ("exp(x)^2", "exp(x)^2", ["d y * (2 * exp(x)^1)"]),
    ("stop_gradient(x)", "stop_gradient(x)", [nil]),
  ]

  @Test(arguments: cases.indices) func formulasAndRules(number: Int) throws {
    let (text, formula, rules) = Self.cases[number]
    let function = try Graph(
      parsing:
        "input x : f32[3, 3]\ninput z : f32[3, 3]\nparam m : f32[3, 2]\noutput \(text) as y\n",
      file: "a.graph"
    ).lowered().function
    func name(_ value: Value) -> Formula {
      let instruction = function[value]
      if case .argument(let number) = instruction.op {
        return Formula(function.arguments[number].name)
      }
      return instruction.op.formula(
        instruction.operands.map(name), types: instruction.operands.map { function.type(of: $0) },
        type: instruction.type)
    }
    // What is named, before it got its name; a reshape drops the axis of a slice.
    var last = function.results[0].value
    while [.identity, .reshape].contains(function[last].op) { last = function[last].operands[0] }
    #expect(name(last).text == formula)
    let found = function.ruleTexts(of: last) { $0 == last ? Formula("y") : name($0) }
    #expect(found == rules)
  }

  @Test func numbersAreShort() {
    func text(_ constant: Constant) -> String {
      Op.constant(constant).formula([], types: [], type: constant.type).text
    }
    #expect(text(Constant(splat: Scalar(Float(64)))) == "64")
    #expect(text(Constant(splat: Scalar(Float(0.1)))) == "0.1")
    #expect(text(Constant(splat: Scalar(-2.5))) == "-2.5")
    #expect(text(Constant(splat: Scalar(-Double.infinity))) == "-inf")
    #expect(text(Constant(splat: Scalar(true))) == "true")
    #expect(text(Constant(splat: Scalar(Double.nan))) == "nan")
  }
}
