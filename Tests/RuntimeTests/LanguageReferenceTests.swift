// Every example of Docs/language.md is run, interpreted and by libtcc, and every function of the language has an entry and an example there.
// The numbers are those of NumPy: Tests/Reference/language_examples.py.

import Foundation
import Testing

@testable import NNIR
@testable import NNRuntime

@Suite struct LanguageReferenceTests {
  static let page = ReferencePage(
    (try? String(contentsOfFile: exampleFile("../Docs/language.md"), encoding: .utf8)) ?? "")

  @Test(arguments: page.examples) func theExampleIsRight(example: ReferenceExample) throws {
    if let message = example.error {
      let error = #expect(throws: (any Error).self) { try example.results(of: .interpreter) }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains(message), "\(text)")
      return
    }
    let found = try example.results(of: .interpreter)
    try example.compare(found)
    for (one, other) in zip(found.all, try example.results(of: .tcc).all) {
      #expect(one.tensor == other.tensor, "\(one.name)")
    }
  }

  @Test func thereAreExamples() {
    #expect(Self.page.examples.count > 100)
    #expect(Self.page.strayLines == [], "lines with an arrow that is not read")
  }

  /// Names and parameters of all functions, from the tables of the compiler.
  static let functions: [(name: String, parameters: [String])] = {
    let tree = parse(Array(Prelude.text.utf8), file: "prelude").tree
    let defined = tree.definitions.map { definition in
      (tree.name(definition.name.symbol), definition.parameters.map { tree.name($0.name.symbol) })
    }
    let primitive = zip(Signature.all.keys, Signature.all.values).map { ($0, $1.parameters) }
    return (defined + primitive + [("grad", ["f", "x"]), ("jvp", ["f", "x", "v"]), ("scan", [])])
      .filter { !$0.0.hasPrefix("_") }.sorted { $0.0 < $1.0 }
  }()

  @Test func everyFunctionIsDocumented() {
    for (name, parameters) in Self.functions {
      let written = Self.page.signatures[name] ?? []
      #expect(!written.isEmpty, "\(name) has neither a heading nor a row")
      for parameter in parameters where !written.isEmpty {
        #expect(written.contains(parameter), "\(name) has a parameter \(parameter)")
      }
    }
  }

  @Test func everyFunctionHasAnExample() {
    for (name, _) in Self.functions {
      #expect(Self.page.called.contains(name), "\(name) has no example")
    }
  }
}

// MARK: The page

/// What the page says: graphs in fences, expressions in rows of tables, and the functions that headings and rows are about.
struct ReferencePage {
  var examples: [ReferenceExample] = []
  /// The words of the signatures that stand for a function, such as its parameters, by its name.
  var signatures: [String: Set<String>] = [:]
  /// The functions that examples call.
  var called: Set<String> = []
  var strayLines: [String] = []

  init(_ text: String) {
    var block: (line: Int, lines: [String])?
    var columns: [String] = []
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line == "```graph" {
        block = (index + 1, [])
      } else if line == "```", let (start, lines) = block {
        add(ReferenceExample(line: start, block: lines))
        block = nil
      } else if block != nil {
        block?.lines.append(line)
        if line.contains("→"), ReferenceExample.fact(in: line) == nil { strayLines.append(line) }
      } else if line.hasPrefix("|") {
        readRow(line, index + 1, &columns)
      } else {
        columns = []
        if line.hasPrefix("#") { readSignatures(line) }
      }
    }
  }

  private mutating func readRow(_ line: String, _ number: Int, _ columns: inout [String]) {
    let cells = line.replacingOccurrences(of: "\\|", with: "¦").split(
      separator: "|", omittingEmptySubsequences: false
    ).dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
    if columns.isEmpty {
      columns = cells
      return
    }
    if columns.first == "function", let first = cells.first { readSignatures(first) }
    func cell(_ name: String) -> String? {
      columns.firstIndex(of: name).map { cells[$0].trimmingCharacters(in: ["`"]) }
    }
    guard !line.contains("---"), let x = cell("x"), let y = cell("y"), let slope = cell("dy/dx")
    else { return }
    let expression = cells[0].trimmingCharacters(in: ["`"])
    add(ReferenceExample(line: number, expression: expression, x: x, y: y, slope: slope))
  }

  private mutating func add(_ example: ReferenceExample) {
    examples.append(example)
    if example.error != nil { return }
    for match in example.text.matches(of: /([a-z]\w*)\(/) { called.insert(String(match.1)) }
  }

  private mutating func readSignatures(_ text: String) {
    for match in text.matches(of: /`([a-z]\w*)\(([^`]*)`/) {
      let words = match.2.matches(of: /\w+/).map { $0.0.lowercased() }
      signatures[String(match.1), default: ["(", ")"]].formUnion(words)
    }
  }
}

/// A graph with its inputs and what is expected of it.
struct ReferenceExample: Sendable, CustomTestStringConvertible {
  let line: Int
  let text: String
  var inputs: [String: String] = [:]
  var expected: [String: String] = [:]
  /// By the name that is differentiated by.
  var slopes: [String: String] = [:]
  /// A part of the message, where the example is wrong on purpose.
  var error: String?

  var testDescription: String { "language.md:\(line)" }

  /// A row of a table.
  init(line: Int, expression: String, x: String, y: String, slope: String) {
    self.line = line
    let size = x.hasPrefix("[") ? "[\(x.split(separator: ",").count)]" : "[]"
    text = "input x : f32\(size)\ny = \(expression)\noutput y\nloss sum(y)\n"
    inputs = ["x": x]
    expected = ["y": y]
    slopes = ["x": slope]
  }

  init(line: Int, block: [String]) {
    self.line = line
    text = block.joined(separator: "\n") + "\n"
    for fact in block.compactMap(Self.fact) {
      switch (fact.isSlope, fact.name, fact.isInput) {
      case (true, _, _): slopes[fact.name] = fact.value
      case (false, "error", false): error = fact.value
      case (false, _, true): inputs[fact.name] = fact.value
      case (false, _, false): expected[fact.name] = fact.value
      }
    }
  }

  /// `# x = 2`, `# y → 4` or `# gradient x → 4`
  static func fact(
    in line: String
  ) -> (isSlope: Bool, name: String, isInput: Bool, value: String)? {
    guard let match = line.firstMatch(of: /#\s*(gradient )?([A-Za-z_]\w*) (=|→) (.*\S)/) else {
      return nil
    }
    return (match.1 != nil, String(match.2), match.3 == "=", String(match.4))
  }

  func results(of backend: Backend) throws -> NetworkResults {
    let network = try Graph(parsing: text, file: "language.md").lowered()
    let session = try NetworkSession(network, options: ExecutionOptions(backend: backend))
    var given: [NamedTensor] = []
    for argument in network.function.arguments where argument.role == .input {
      let value = inputs[argument.name] ?? "nothing"
      let tensor = try InputValue.tensor(value, for: argument.name, of: argument.type)
      given.append(NamedTensor(name: argument.name, tensor: tensor))
    }
    if slopes.isEmpty { return try session.evaluate(given) }
    return try session.gradients(given, withRespectTo: slopes.keys.sorted())
  }

  func compare(_ results: NetworkResults) throws {
    #expect(!expected.isEmpty)
    for name in expected.keys where name != "loss" {
      #expect(results.outputs.contains { $0.name == name }, "there is no output \(name)")
    }
    for output in results.outputs {
      let text = try #require(expected[output.name], "nothing is said about \(output.name)")
      try compare(output.tensor, text, output.name)
    }
    if let text = expected["loss"] { try compare(try #require(results.loss), text, "loss") }
    for gradient in results.gradients ?? [] {
      let text = try #require(slopes[gradient.name])
      try compare(gradient.tensor, text, "gradient \(gradient.name)")
    }
  }

  /// The page has seven digits, and f32 as many.
  private func compare(_ found: Tensor, _ text: String, _ name: String) throws {
    let wanted = try InputValue.tensor(text, for: name, of: found.type)
    if !found.element.isFloat {
      #expect(found == wanted, "\(name)")
      return
    }
    let (values, expected) = (found.doubles, wanted.doubles)
    let greatest = expected.map { Swift.abs($0) }.filter(\.isFinite).max() ?? 0
    for (value, expected) in zip(values, expected) {
      let isEqual = value == expected || (value.isNaN && expected.isNaN)
      let bound = 2e-6 * Swift.abs(expected) + 5e-7 * greatest
      #expect(
        isEqual || Swift.abs(value - expected) <= bound, "\(name) is \(values), expected \(text)")
    }
  }
}

extension NetworkResults {
  fileprivate var all: [NamedTensor] {
    outputs + (gradients ?? []) + (loss.map { [NamedTensor(name: "loss", tensor: $0)] } ?? [])
  }
}
