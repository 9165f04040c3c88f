// Every operation and every function of the language, from one table: types, texts, values and derivatives against JAX and against
// central differences, and the same bits in every backend.

import Foundation
import NNCodegen
import Testing

@testable import NNIR
@testable import NNRuntime

@Suite struct OperationTests {
  // MARK: The table is whole

  @Test func everyRowHasItsNumbers() {
    let found = OperationCase.all.map { "\($0.name) | \($0.expression)" }
    let expected = OperationCase.rows.map { "\($0.name) | \($0.expression)" }
    #expect(!expected.isEmpty)
    #expect(found == expected, "Tests/Reference/operations.py has not been run")
  }

  @Test func everyFunctionHasARow() {
    let names = Set(OperationCase.rows.map(\.name))
    for (name, _) in LanguageReferenceTests.functions {
      #expect(names.contains(name), "\(name) has no row in Tests/Reference/operations.txt")
    }
    for one in BinaryOperator.allCases { #expect(names.contains(one.spelling)) }
    for one in UnaryOperator.allCases { #expect(names.contains(one.spelling)) }
  }

  /// A row named after a function calls it, by itself or through a definition.
  @Test(arguments: OperationCase.all) func theRowHoldsWhatItIsNamedAfter(_ one: OperationCase) {
    if one.name == "[]" {
      #expect(one.expression.contains("["))
      return
    }
    #expect((one.expression + OperationCase.definitions).contains(one.name))
  }

  @Test func everyOperationIsMet() throws {
    var kinds: Set<Op.Kind> = []
    var words: Set<String> = []
    func visit(_ function: Function) {
      for instruction in function.instructions {
        kinds.insert(instruction.op.kind)
        words.insert(instruction.op.name)
        switch instruction.op {
        case .reduce(let reduction, _): words.insert(reduction.rawValue)
        case .scan(let scan): visit(scan.body.function)
        case .custom(let rule): visit(rule.function)
        case _: break
        }
      }
    }
    for one in OperationCase.all {
      let function = try one.function(.f64)
      visit(function)
      visit(function.optimized())
    }
    for kind in Op.Kind.allCases { #expect(kinds.contains(kind), "no row gives a \(kind)") }
    let expected =
      ElementwiseOp.samples.map(\.name) + Reduction.allCases.map(\.rawValue)
      + ArgReduction.allCases.map(\.rawValue)
    for word in expected { #expect(words.contains(word), "no row gives a \(word)") }
  }

  // MARK: Each row

  @Test(arguments: OperationCase.all) func typesAndTexts(_ one: OperationCase) throws {
    for element in [ElementType.f64, .f32] {
      let graph = try Graph(parsing: one.graph(element), file: "row.graph")
      #expect(try Graph(parsing: graph.text, file: "row.graph").text == graph.text)
      let function = try graph.lowered().function
      try function.verify()
      #expect(try Function(parsing: function.text) == function)
      let optimized = function.optimized()
      try optimized.verify()
      #expect(try Function(parsing: optimized.text) == optimized)
      let expected = one.result.element == .f64 ? element : one.result.element
      let type = TensorType(expected, Shape(one.result.shape))
      #expect(function[function.results[0].value].type == type)
      #expect(optimized.resultTypes == function.resultTypes)
    }
  }

  @Test(arguments: OperationCase.all) func isWhatJAXGives(_ one: OperationCase) throws {
    let found = try one.values()
    let gradients = one.gradients.sorted { $0.key < $1.key }.map(\.value)
    let expected = [one.result] + gradients + [one.change].compactMap { $0 }
    for (number, (tensor, array)) in zip(found, expected).enumerated() {
      #expect(tensor.shape == Shape(array.shape))
      for (value, wanted) in zip(tensor.doubles, array.values) {
        let error = abs(value - wanted) / max(1, abs(wanted))
        #expect(error < 1e-12, "result \(number): \(value), not \(wanted)")
      }
    }
  }

  /// What a stopped gradient leaves out, differences see.
  @Test(arguments: OperationCase.all.filter { $0.weight != nil && $0.name != "stop_gradient" })
  func derivativesEqualDifferences(_ one: OperationCase) throws {
    let function = try one.function(.f64)
    let check = try CentralDifferences(function, one.arguments(of: function))
    let names = one.gradients.keys.sorted()
    #expect(try check.deviations(by: names, tolerance: 1e-6) == [])
    let weights = one.weight?.values ?? []
    for (number, name) in names.enumerated() {
      let slope = check.results[1 + number].doubles
      for index in slope.indices {
        var unit = [Double](repeating: 0, count: slope.count)
        unit[index] = 1
        let rate = zip(try check.rates(1, [name: unit])[0], weights).reduce(0) { $0 + $1.0 * $1.1 }
        let wrong = CentralDifferences.deviations(
          [slope[index]], [rate], 1e-6, "gradient by \(name)")
        #expect(wrong == [])
      }
    }
  }

  // MARK: Bits

  /// All; but of the C compilers, which take half a minute, no more than each of them once fused and once not.
  private func tiers(_ element: ElementType, fuse: Bool) -> [Tier] {
    let all = Tier.all(optimizations: ["-O2"])
    if isFuzzing { return all }
    let isFirst = (element == .f32) == fuse
    let compilers = all.filter { $0.compiler != nil }
    return all.filter { $0.compiler == nil }
      + (isFirst ? compilers.prefix(1) : compilers.dropFirst())
  }

  @Test(arguments: [ElementType.f32, .f64], [true, false])
  func bitsAreTheInterpreters(_ element: ElementType, fuse: Bool) throws {
    var joined = JoinedPrograms()
    for one in OperationCase.all {
      let function = try one.function(element).evaluation()
      let given = try one.arguments(of: function)
      let results = try Interpreter().evaluate(function, arguments: given)
      let program = try schedule(function, fuse: fuse)
      #expect(program.problems().isEmpty)
      let interpreted = try ProgramInterpreter().evaluate(program, arguments: given)
      #expect(interpreted == results, "\(one.expression), program")
      joined.add(program, given, expecting: results)
    }
    for tier in tiers(element, fuse: fuse) {
      for difference in try joined.differences(on: tier, threads: [1, 3]) {
        let row = OperationCase.all[difference.program]
        Issue.record("\(row.expression), \(difference.tier)")
      }
    }
  }
}

extension OperationCase {
  func function(_ element: ElementType) throws -> Function {
    try Graph(parsing: graph(element), file: "\(name).graph").lowered().function
  }

  fileprivate func values() throws -> [Tensor] {
    let function = try function(.f64)
    return try Interpreter().evaluate(function, arguments: arguments(of: function))
  }
}
