// The colours of graphs in editors, Editors/graph.tmLanguage.json, against the compiler's own tables and every graph at hand.

import Foundation
import Testing

@testable import NNIR

@Suite struct EditorGrammarTests {
  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func read(_ path: String) throws -> Data {
    try Data(contentsOf: repository.appendingPathComponent(path))
  }

  private let grammar: TextMateGrammar

  init() throws { grammar = try TextMateGrammar(Self.read("Editors/graph.tmLanguage.json")) }

  /// The scope of the token `text` in a line.
  private func scope(_ text: String, in line: String) throws -> String? {
    let token = try grammar.tokens(of: line)[0].first { $0.text == text }
    return try #require(token, "'\(text)' is no token of '\(line)'").scope
  }

  // MARK: Words

  @Test func everyKeyword() throws {
    for keyword in keywords {
      let word = keyword.word
      let expected =
        switch keyword.kind {
        case .dim, .input, .param, .const, .def, .derivative: "keyword.declaration.graph"
        case .and, .or, .not: "keyword.operator.logical.graph"
        case .true, .false, .none: "constant.language.graph"
        default: "keyword.control.graph"
        }
      #expect(try scope(word, in: "x = (\(word) )") == expected, "\(word)")
      // A part of a name is none.
      #expect(try scope("\(word)_2", in: "y + \(word)_2") == "variable.other.graph")
    }
    #expect(try scope("def", in: "def f(a) {") == "keyword.declaration.function.graph")
    #expect(try scope("f", in: "def f(a) {") == "entity.name.function.graph")
    for word in ["dim", "input", "param", "const"] {
      #expect(try scope(word, in: "\(word) name = 3") == "keyword.declaration.graph")
      #expect(try scope("name", in: "\(word) name = 3") == "variable.other.declaration.graph")
    }
  }

  @Test func everyFunction() throws {
    for (name, _) in LanguageReferenceTests.functions where name != "scan" {
      #expect(try scope(name, in: "y = 2 * \(name) (x)") == "support.function.graph", "\(name)")
      // Functions and values are separate namespaces.
      #expect(try scope(name, in: "y = x + \(name)") == "variable.other.graph", "\(name)")
    }
    #expect(try scope("mine", in: "y = mine(x)") == "entity.name.function.call.graph")
    #expect(try scope("exp2", in: "y = exp2(x)") == "entity.name.function.call.graph")
  }

  @Test func everyInitialiser() throws {
    for name in Lowerer.initialisers {
      let scope = try scope(name, in: "param w : f32[2] = \(name)()") ?? ""
      #expect(scope.hasPrefix("support.function."), "\(name)")
    }
  }

  /// No word is coloured as the language's that is not: what the grammar lists, the compiler knows.
  @Test func noOtherFunction() throws {
    let known = Set(LanguageReferenceTests.functions.map(\.name)).union(
      Lowerer.initialisers)
    var count = 0
    for rule in try #require(grammar.repository["function"]) {
      guard (rule["name"] as? String)?.hasPrefix("support.function") == true else { continue }
      let pattern = try #require(rule["match"] as? String)
      let list = try #require(pattern.firstMatch(of: /\(\?:([a-z_0-9|]+)\)/))
      for name in list.1.split(separator: "|") {
        #expect(known.contains(String(name)), "\(name)")
        count += 1
      }
    }
    // All but `scan`, which is a keyword.
    #expect(count == known.count - 1)
  }

  @Test func everyElementType() throws {
    for type in ElementType.allCases {
      #expect(try scope(type.name, in: "input x : \(type.name)[2]") == "storage.type.graph")
      #expect(try scope(type.name, in: "y = cast(x, \(type.name))") == "storage.type.graph")
    }
  }

  // MARK: Everything else

  @Test(arguments: [
    "12", "1.5", ".5", "1e-3", "1.", "2.5E+10", "0",
  ]) func numbers(text: String) throws {
    #expect(try scope(text, in: "y = \(text) * x") == "constant.numeric.graph")
    #expect(try scope(text, in: "y = x[\(text) ]") == "constant.numeric.graph")
  }

  @Test func bindingsAndArguments() throws {
    let line = "  a, b = split(x, parts=2, axis = 1) == c"
    #expect(try scope("a, b", in: line) == "variable.other.assignment.graph")
    #expect(try scope("parts", in: line) == "variable.parameter.graph")
    #expect(try scope("axis", in: line) == "variable.parameter.graph")
    #expect(try scope("==", in: line) == "keyword.operator.comparison.graph")
    #expect(try scope("c", in: line) == "variable.other.graph")
    #expect(try scope("x", in: "y = (x == 2)") == "variable.other.graph")
    #expect(try scope("h", in: "def f(a) { h = a return h }") == "variable.other.assignment.graph")
    // Lines of a call are arguments, and after its end there are bindings again.
    let lines = try grammar.tokens(of: "y = pad(x,\n  value=1\n)\nz = y")
    #expect(lines[1].first?.scope == "variable.parameter.graph")
    #expect(lines[3].first?.scope == "variable.other.assignment.graph")
  }

  @Test func comments() throws {
    let line = "y = (x # größe (\u{1F9E0}"
    #expect(try scope("# größe (\u{1F9E0}", in: line) == "comment.line.number-sign.graph")
  }

  @Test(arguments: ["**", "$", "!", "é", "&", "'"]) func whatCannotStand(text: String) throws {
    #expect(try scope(text, in: "y = x \(text) 2") == "invalid.illegal.graph")
    #expect(try scope(text, in: "y = f(x \(text) 2)") == "invalid.illegal.graph")
  }

  /// Every character of a graph that is right belongs to a token with a scope, and none is called wrong.
  @Test func everyGraphAtHand() throws {
    let folder = Self.repository.appendingPathComponent("Examples")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".graph") }.sorted()
    #expect(names.count >= 10)
    var graphs = try names.map { name in
      (name, String(decoding: try Self.read("Examples/\(name)"), as: UTF8.self))
    }
    graphs += LanguageReferenceTests.page.examples.map { ("language.md:\($0.line)", $0.text) }
    graphs.append(("the prelude", Prelude.text))
    for (name, text) in graphs {
      for (index, tokens) in try grammar.tokens(of: text).enumerated() {
        for token in tokens {
          #expect(token.scope != nil, "\(name), line \(index + 1): \(token.text)")
          #expect(
            token.scope?.hasPrefix("invalid") != true, "\(name), line \(index + 1): \(token.text)")
        }
      }
    }
  }
}
