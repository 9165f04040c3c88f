// Every graph of the examples passes what `nncc check` tests.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

@Suite struct ExampleCheckTests {
  static var examples: [String] {
    let folder = URL(fileURLWithPath: exampleFile("digits.graph")).deletingLastPathComponent().path
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".graph") }.sorted()
  }

  @Test func thereAreExamples() {
    #expect(Self.examples.contains("digits.graph"))
    #expect(Self.examples.contains("mnist.graph"))
  }

  @Test(arguments: examples) func theExampleIsRight(name: String) throws {
    let text = try String(contentsOfFile: exampleFile(name), encoding: .utf8)
    let graph = try Graph(parsing: text, file: name)
    // A few rows show what a whole batch shows.
    let hasBatch = try graph.lowered().dims.contains { $0.name == "batch" }
    let network = try graph.lowered(dims: hasBatch ? ["batch": 3] : [:])
    var options = CheckOptions()
    options.threads = 2
    options.compilers = [CCompiler(named: "cc", flags: ["-O1", "-march=native"])].compactMap { $0 }
    var rows = 0
    let passed = try Checker(network, options: options).run { row in
      rows += 1
      #expect(row.passed, "\(row)")
    }
    #expect(passed)
    #expect(rows > 10)
  }
}
