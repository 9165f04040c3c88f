// Golden files: the text of a function, `// ----`, and the text of its program. Both parts read back to themselves, both verify, and the
// two compute the same. `NNCC_BLESS=1 swift test` writes the programs anew.

import Foundation
import NNCodegen
import NNIR
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("Golden")

private let files =
  ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
  .filter { $0.hasPrefix("schedule") && $0.hasSuffix(".txt") }.sorted()

@Suite struct ScheduleGoldenTests {
  @Test(arguments: files) func programIsAsWritten(_ file: String) throws {
    let url = folder.appendingPathComponent(file)
    let text = try String(contentsOf: url, encoding: .utf8)
    let parts = text.components(separatedBy: "// ----\n")
    let function = try Function(parsing: parts[0])
    try function.verify()
    let program = try schedule(function, fuse: !file.contains("unfused"))
    #expect(program.problems() == [])
    if ProcessInfo.processInfo.environment["NNCC_BLESS"] != nil {
      try (parts[0] + "// ----\n" + program.text).write(to: url, atomically: true, encoding: .utf8)
      return
    }
    #expect(parts.count == 2 && program.text == parts[1], "\(file)")
    let parsed = try Program(parsing: program.text)
    #expect(parsed.kernels == program.kernels && parsed.buffers == program.buffers)
    #expect(parsed.problems() == [])

    // Larger functions are left to the random ones.
    guard function.instructions.allSatisfy({ $0.type.count <= 5_000 }) else { return }
    var random = RandomSource(seed: 1)
    let arguments = function.arguments.map { argument in
      (0..<argument.type.count).map { _ in
        Scalar(Double(random.below(65) - 32) / 16, as: argument.type.element)
      }
    }
    let expected = FunctionEvaluator.results(of: function, arguments: arguments)
    #expect(areEqual(ProgramEvaluator.results(of: program, arguments: arguments), expected))
  }

  @Test func thereAreGoldenFiles() { #expect(!files.isEmpty) }
}
