// Checkpoints: what was stopped anywhere goes on to the same bits, and files that are no checkpoint of this training are refused.

import Foundation
import NNRuntime
import Testing

@Suite(.serialized) struct TrainResumeTests {
  /// With dropout, so that steps draw random numbers.
  private static let graph = SampleGraph.classifier.replacing(
    "hidden = tanh(dot(x, w1) + b1)", with: "hidden = dropout(tanh(dot(x, w1) + b1), 0.25)")

  private static let options =
    [
      "--optimizer", "adam", "--schedule", "cosine", "--warmup", "50", "--clip-norm", "1",
      "--validate", "0.2", "--normalize", "x", "--seed", "3", "--json",
    ] + SampleGraph.columns

  private func place() throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", Self.graph)
    try folder.write("rows.csv", SampleGraph.table(rows: 64))
    return folder
  }

  private func start(_ folder: Folder, epochs: Int, _ more: [String]) throws -> Running {
    try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "\(epochs)"] + Self.options + more,
      environment: ["NNCC_TIER_UP_MS": "1000000"])
  }

  /// Fifty times, whether within an epoch, while the file is written or between.
  @Test func whatWasKilledGoesOnToTheSameBits() throws {
    let folder = try place()
    let epochs = 200
    let whole = try start(folder, epochs: epochs, ["--save", "whole.safetensors"]).finish()
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try folder.bytes("whole.safetensors")
    let lastLine = try #require(whole.lines.last).replacing(/"seconds": [^}]*/, with: "")
    var random = SystemRandomNumberGenerator()
    let file = "part.safetensors"
    let always = ["--save", file, "--save-every", "0.0001"]
    func exists() -> Bool { FileManager.default.fileExists(atPath: folder.file(file)) }
    var kills = 0
    var finished = 0
    while kills < 50 {
      let running = try start(
        folder, epochs: epochs, always + (exists() ? ["--resume", file] : []))
      // Long enough for some to come through the start.
      usleep(UInt32.random(in: 5_000...120_000, using: &random))
      if running.process.isRunning {
        kill(running.process.processIdentifier, SIGKILL)
        kills += 1
      }
      let outcome = running.finish()
      #expect(outcome.status == 0 || outcome.status == 128 + SIGKILL, "\(outcome.errors)")
      if outcome.status == 0 {
        #expect(try folder.bytes(file) == expected)
        finished += 1
        try FileManager.default.removeItem(atPath: folder.file(file))
      }
    }
    let last = try start(folder, epochs: epochs, always + (exists() ? ["--resume", file] : []))
      .finish()
    #expect(last.status == 0, "\(last.errors)")
    #expect(try folder.bytes(file) == expected)
    if let line = last.lines.last {
      #expect(line.replacing(/"seconds": [^}]*/, with: "") == lastLine)
    }
    // Nothing half written is left but by a kill between two system calls.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.filter { $0.hasPrefix(".nncc-") }.count <= 2)
  }

  @Test func moreEpochsAreNoOtherTraining() throws {
    let folder = try place()
    let options =
      ["train", "net.graph", "--data", "rows.csv", "--optimizer", "adam"] + SampleGraph.columns
    func run(_ epochs: String, _ more: String...) throws {
      let outcome = try folder.start(options + ["--epochs", epochs] + more).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    try run("6", "--save", "whole.safetensors")
    try run("2", "--save", "part.safetensors")
    try run("6", "--resume", "part.safetensors", "--save", "part.safetensors")
    #expect(try folder.bytes("part.safetensors") == folder.bytes("whole.safetensors"))
  }

  @Test(arguments: [
    (["--lr", "0.5"], "learning rate"), (["--optimizer", "sgd"], "optimizer"),
    (["--seed", "4"], "seed"), (["--dim", "batch=4"], "steps="), (["--no-shuffle"], "shuffle"),
  ])
  func anotherTrainingIsRefused(_ more: [String], _ word: String) throws {
    let folder = try place()
    let first = try start(folder, epochs: 1, ["--save", "w.safetensors"]).finish()
    #expect(first.status == 0, "\(first.errors)")
    let before = try folder.bytes("w.safetensors")
    let arguments =
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "1"] + Self.options + [
        "--resume", "w.safetensors", "--save", "w.safetensors",
      ]
    let outcome = try folder.start(arguments + more).finish()
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains(word), "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1)
    #expect(try folder.bytes("w.safetensors") == before)
  }

  @Test func weightsAloneAreNoCheckpoint() throws {
    let folder = try place()
    let network = try Graph(parsing: Self.graph, file: "net.graph").lowered()
    let named = zip(network.parameters, network.initialParameters(seed: 0)).map {
      NamedTensor(name: $0.name, tensor: $1)
    }
    try SafeTensorsFile.write(named, to: folder.file("weights.safetensors"))
    let outcome = try start(folder, epochs: 1, ["--resume", "weights.safetensors"]).finish()
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("--params weights.safetensors"))
    let absent = try start(folder, epochs: 1, ["--resume", "absent.safetensors"]).finish()
    #expect(absent.status == 66)
  }

  /// Every shortened file, and a byte changed here and there in the header.
  @Test func damagedFilesAreRefused() throws {
    let folder = try place()
    let first = try start(folder, epochs: 1, ["--save", "w.safetensors"]).finish()
    #expect(first.status == 0, "\(first.errors)")
    let bytes = try folder.bytes("w.safetensors")
    for length in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
      try Data(bytes[..<length]).write(to: URL(fileURLWithPath: folder.file("cut.safetensors")))
      let outcome = try start(folder, epochs: 1, ["--resume", "cut.safetensors"]).finish()
      #expect(outcome.status == 65, "\(length) bytes: \(outcome.errors)")
    }
    let text = String(decoding: bytes, as: Unicode.ASCII.self)
    for key in ["\"nncc.epoch\":\"", "\"nncc.batches\":\"", "\"nncc.step\":\""] {
      let place = try #require(text.range(of: key))
      var changed = bytes
      changed[text.distance(from: text.startIndex, to: place.upperBound)] = UInt8(ascii: "x")
      try Data(changed).write(to: URL(fileURLWithPath: folder.file("changed.safetensors")))
      let outcome = try start(folder, epochs: 1, ["--resume", "changed.safetensors"]).finish()
      #expect(outcome.status == 65, "\(key): \(outcome.errors)")
    }
  }
}
