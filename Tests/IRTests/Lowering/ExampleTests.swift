// The example graphs lower, verify, and read back from their own printing.

import Foundation
import Testing

@testable import NNIR

struct ExampleTests {
  static let folder = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../../../Examples").standardized

  static var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".graph") }.sorted()
  }

  @Test(arguments: files)
  func lowers(_ name: String) throws {
    let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    let graph = try Graph(parsing: text, file: name)
    let network = try graph.lowered()
    try network.function.verify()
    #expect(try Graph(parsing: graph.text, file: name).lowered().function == network.function)
    #expect(!network.function.results.isEmpty)
  }

  /// A preluded function is lowered when it is called; all of them are read without an error.
  @Test func thePreludeHasNoErrors() {
    let (tree, diagnostics) = parse(Array(Prelude.text.utf8), file: "prelude")
    #expect(diagnostics.isEmpty)
    let lowerer = Lowerer(tree, dims: [:])
    lowerer.checkDefinitions()
    // Names that begin with an underscore are not for graphs.
    let messages = lowerer.diagnostics.all.map(\.message)
    #expect(messages.allSatisfy { $0.hasPrefix("there is no function _") })
  }

  /// Each function of the prelude is read alone where it is called.
  @Test func thePreludeIsReadByFunction() {
    let tree = parse(Array(Prelude.text.utf8), file: "prelude").tree
    #expect(Prelude.names == tree.definitions.map { tree.name($0.name.symbol) })
    for (number, name) in Prelude.names.enumerated() {
      #expect(Prelude.number(of: name) == number)
      let own = Prelude.code(number).tree
      #expect(own.definitions.map { own.name($0.name.symbol) } == [name])
    }
  }
}
