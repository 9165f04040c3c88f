// Rows that stay in their files: they train to the same bits as those in memory.

import Foundation
import NNRuntime
import Testing

@Suite struct TrainStreamTests {
  private func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("rows.csv", SampleGraph.table(rows: 41))
    return folder
  }

  private func train(_ folder: Folder, _ arguments: [String]) throws -> [String] {
    let outcome = try folder.start(
      ["train", "net.graph", "--save", "w.safetensors"] + arguments
    ).finish()
    #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    return outcome.lines.map { $0.replacing(/[0-9.]+ s$/, with: "") }
  }

  /// Checkpoints are equal to the byte, and so is what each epoch said of the rows held out.
  @Test func rowsHeldOutInAFileAreStreamedToo() throws {
    let folder = try folder()
    // Other rows than those trained on, with words for classes as these have.
    func named(_ table: String) -> String {
      table.replacing(/,([0-2])\n/) { ",kind\($0.1)\n" }
    }
    let lines = SampleGraph.table(rows: 60).split(separator: "\n", omittingEmptySubsequences: false)
    try folder.write("held.csv", named((lines[..<1] + lines[41...]).joined(separator: "\n")))
    try folder.write("rows.csv", named(SampleGraph.table(rows: 41)))
    let options =
      [
        "--data", "rows.csv", "--validate", "held.csv", "--normalize", "x", "--epochs", "3",
        "--optimizer", "momentum", "--confusion", "c.svg",
      ] + SampleGraph.columns
    let expected = try train(folder, options)
    let checkpoint = try folder.bytes("w.safetensors")
    #expect(expected.contains { $0.contains("held out: loss") })
    #expect(try train(folder, options + ["--stream"]) == expected)
    #expect(try folder.bytes("w.safetensors") == checkpoint)
    // The 20 rows held out, and none of the others, are in the matrix.
    let counts = expected.suffix(3).joined(separator: " ").split(separator: " ").map {
      Int($0) ?? 0
    }
    #expect(counts.reduce(0, +) == 20)
  }
}
