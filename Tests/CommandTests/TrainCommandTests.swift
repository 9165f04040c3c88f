// `nncc train`: reports, saved parameters, the last partial batch, Ctrl-C.

import Foundation
import NNRuntime
import Testing

@Suite struct TrainCommandTests {
  private func folder(rows: Int, graph: String = SampleGraph.classifier) throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", graph)
    try folder.write("rows.csv", SampleGraph.table(rows: rows))
    return folder
  }

  private func train(_ folder: Folder, _ more: String...) throws -> Outcome {
    let arguments = ["train", "net.graph", "--data", "rows.csv"] + SampleGraph.columns + more
    return try folder.start(arguments).finish()
  }

  private func parameters(_ folder: Folder, _ file: String) throws -> [Tensor] {
    let archive = try SafeTensorsFile(reading: folder.file(file))
    return try ["w1", "b1", "w2", "b2"].map { try #require(try archive.tensor(named: $0)) }
  }

  @Test func aLineOfJSONAnEpoch() throws {
    let folder = try folder(rows: 40)
    let outcome = try train(folder, "--epochs", "3", "--validate", "0.25", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors == "")
    #expect(outcome.lines.count == 3)
    for (index, line) in outcome.lines.enumerated() {
      let fields = try object(line)
      #expect(
        fields.keys.sorted() == [
          "accuracy", "epoch", "loss", "seconds", "validation_accuracy", "validation_loss",
        ])
      #expect(fields["epoch"] as? Int == index + 1)
      for name in ["accuracy", "validation_accuracy"] {
        let share = try #require(fields[name] as? Double)
        #expect((0...1).contains(share))
      }
      #expect(try #require(fields["loss"] as? Double) > 0)
    }
  }

  @Test func withoutHeldOutRows() throws {
    let outcome = try train(try folder(rows: 20), "--epochs", "1", "--json")
    let fields = try object(outcome.output)
    #expect(fields.keys.sorted() == ["accuracy", "epoch", "loss", "seconds"])
  }

  @Test func theLossFalls() throws {
    let outcome = try train(try folder(rows: 40), "--epochs", "30", "--lr", "0.5", "--json")
    let losses = try outcome.lines.map { try #require(try object($0)["loss"] as? Double) }
    #expect(losses.count == 30)
    #expect(try #require(losses.last) < 0.8 * losses[0])
  }

  /// All but the seconds, and the parameters to the bit.
  @Test func theSameOverTwoRunsAndOnEveryBackend() throws {
    let folder = try folder(rows: 22)
    var reports: Set<String> = []
    var files: Set<[UInt8]> = []
    for backend in ["tcc", "tcc", "cc", "interpreter"] {
      let outcome = try train(
        folder, "--epochs", "2", "--json", "--save", "w.safetensors", "--backend", backend)
      #expect(outcome.status == 0, "\(outcome.errors)")
      reports.insert(
        outcome.output.replacing(/"seconds": [^}]*/, with: "\"seconds\": 0"))
      files.insert(try folder.bytes("w.safetensors"))
    }
    #expect(reports.count == 1)
    #expect(files.count == 1)
  }

  /// Seven rows in batches of five are a step with five rows and one with the other two.
  @Test func theLastPartialBatchIsTrainedOn() throws {
    let folder = try folder(rows: 7)
    let rest = ["--epochs", "1", "--no-shuffle", "--lr", "0.25"]
    func run(_ data: String, _ save: String, _ more: String...) throws {
      let arguments = ["train", "net.graph", "--data", data, "--save", save] + rest
      let outcome = try folder.start(arguments + SampleGraph.columns + more).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    try run("rows.csv", "whole.safetensors")
    let lines = SampleGraph.table(rows: 7).split(separator: "\n")
    try folder.write("first.csv", lines[..<6].joined(separator: "\n") + "\n")
    try folder.write("last.csv", ([lines[0]] + lines[6...]).joined(separator: "\n") + "\n")
    try run("first.csv", "first.safetensors")
    try run(
      "last.csv", "both.safetensors", "--dim", "batch=2", "--params", "first.safetensors")
    let whole = try parameters(folder, "whole.safetensors")
    #expect(whole == (try parameters(folder, "both.safetensors")))
    #expect(whole != (try parameters(folder, "first.safetensors")))
  }

  @Test func aBatchWrittenAsANumberMustDivide() throws {
    let fixed = SampleGraph.classifier.replacingOccurrences(of: "batch,", with: "5,")
    let bad = try train(try folder(rows: 7, graph: fixed), "--epochs", "1")
    #expect(bad.status == 65)
    #expect(bad.errorLines.count == 1, "\(bad.errors)")
    #expect(bad.errors.hasPrefix("nncc: error: "))
    #expect(bad.errors.contains("7 rows") && bad.errors.contains("batches of 5"))
    let good = try train(try folder(rows: 10, graph: fixed), "--epochs", "1")
    #expect(good.status == 0, "\(good.errors)")
  }

  @Test func aGraphWithoutALossCannotBeTrained() throws {
    let folder = try folder(
      rows: 5, graph: "dim n = 5\ninput x : f32[n, 4]\nparam w : f32[4, 1]\noutput x @ w as z\n")
    let outcome = try folder.nncc("train", "net.graph", "--data", "rows.csv", "--column", "x=a..d")
    #expect(outcome.status == 65)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains("loss"))
  }

  @Test func anInterruptStopsAndSaves() throws {
    let folder = try folder(rows: 40)
    let running = try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "100000000", "--json"]
        + ["--save", "w.safetensors"] + SampleGraph.columns)
    let deadline = Date(timeIntervalSinceNow: 30)
    while !running.output.contains("\n"), Date() < deadline { usleep(10_000) }
    running.process.interrupt()
    while running.process.isRunning, Date() < deadline { usleep(10_000) }
    if running.process.isRunning { kill(running.process.processIdentifier, SIGKILL) }
    let outcome = running.finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("w.safetensors"))
    #expect(try parameters(folder, "w.safetensors").count == 4)
    // Every line is whole.
    for line in outcome.lines.suffix(2) { _ = try object(line) }
  }
}
