// Golden files: what passes and derivatives make of functions, in the text form. A file
// `NAME.PASS.ir` holds cases `input`, `// ----`, `output`, with `// ====` between cases. Laws: both
// parts round-trip, both verify, the pass gives exactly the text, a second run changes nothing, and
// the evaluator agrees before and after. `NNCC_BLESS=1 swift test` rewrites the outputs.

import Foundation
import Testing

@testable import NNIR

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("Golden")

struct GoldenFile: Sendable, CustomTestStringConvertible {
  var name: String
  var url: URL { folder.appendingPathComponent(name) }
  var testDescription: String { name }

  static let all: [GoldenFile] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".ir") }.sorted().map { GoldenFile(name: $0) }

  /// What the file shows: the word before `.ir`.
  var transformation: String { String(name.dropLast(3).split(separator: ".").last ?? "") }
}

private func transformed(_ function: Function, by name: String) throws -> Function {
  switch name {
  case "gradient": return try function.gradient()
  case "forward": return function.forward()
  case "evaluation": return function.evaluation()
  case "step": return try function.trainingStep()
  case "optimized": return function.optimized()
  case _:
    return try #require(Pass.all.first { $0.name == name }, "no pass is called \(name)")
      .run(function)
  }
}

@Suite struct GoldenTests {
  @Test(arguments: GoldenFile.all)
  func isAsWritten(_ file: GoldenFile) throws {
    let text = try String(contentsOf: file.url, encoding: .utf8)
    var rewritten: [String] = []
    for golden in text.components(separatedBy: "// ====\n") {
      let parts = golden.components(separatedBy: "// ----\n")
      let input = try Function(parsing: parts[0])
      try input.verify()
      #expect(try Function(parsing: input.text) == input)
      let output = try transformed(input, by: file.transformation)
      try output.verify()
      #expect(try Function(parsing: output.text) == output)
      rewritten.append(parts[0] + "// ----\n" + output.text)
      if Pass.all.contains(where: { $0.name == file.transformation }) {
        #expect(
          try transformed(output, by: file.transformation) == output, "a second run changes it")
        try expectSameValues(input, output)
      }
    }
    let expected = rewritten.joined(separator: "// ====\n")
    if ProcessInfo.processInfo.environment["NNCC_BLESS"] != nil {
      try expected.write(to: file.url, atomically: true, encoding: .utf8)
    } else {
      #expect(text == expected)
    }
  }

  private func expectSameValues(_ before: Function, _ after: Function) throws {
    var generator = SplitMix(state: 1)
    let arguments = before.arguments.map { Tensor.random($0.type, using: &generator) }
    for (a, b) in zip(before.evaluate(arguments), after.evaluate(arguments)) {
      #expect(a.isClose(to: b), "\(before.name): \(a.elements) became \(b.elements)")
    }
  }
}

extension Tensor {
  /// Equal to about f32's precision; NaNs and infinities match.
  func isClose(to other: Tensor, tolerance: Double = 1e-4) -> Bool {
    type == other.type
      && zip(elements, other.elements).allSatisfy {
        $0 == $1 || $0.isNaN && $1.isNaN
          || abs($0 - $1) <= tolerance * max(1, abs($0), abs($1))
      }
  }
}
