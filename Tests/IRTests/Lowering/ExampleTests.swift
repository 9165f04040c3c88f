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
    #expect(parse(Array(Prelude.text.utf8), file: "prelude").diagnostics.isEmpty)
    let lowerer = Lowerer(Prelude.code.tree, dims: [:])
    lowerer.checkDefinitions()
    // Names that begin with an underscore are not for graphs.
    let messages = lowerer.diagnostics.all.map(\.message)
    #expect(messages.allSatisfy { $0.hasPrefix("there is no function _") })
  }
}
