// What users do to a training by mistake: nothing that was good is lost, and no other training is taken for the same.

import Foundation
import NNRuntime
import Testing

@Suite struct TrainSafetyTests {
  private func folder(rows: Int = 40) throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("rows.csv", SampleGraph.table(rows: rows))
    return folder
  }

  @discardableResult
  private func train(_ folder: Folder, _ status: Int32, _ more: String...) throws -> Outcome {
    let outcome = try folder.start(
      ["train", "net.graph", "--data", "rows.csv"] + SampleGraph.columns + more
    ).finish()
    #expect(outcome.status == status, "\(more): \(outcome.errors)")
    if status != 0 { #expect(outcome.errorLines.count == 1, "\(outcome.errors)") }
    return outcome
  }

  /// The only step of the only epoch: its loss is finite, what it makes is not.
  @Test func parametersThatAreNotFiniteReplaceNothing() throws {
    let folder = try folder()
    try train(folder, 0, "--epochs", "1", "--save", "w.safetensors")
    let before = try folder.bytes("w.safetensors")
    for more in [[], ["--validate", "0.2"]] {
      let outcome = try folder.start(
        [
          "train", "net.graph", "--data", "rows.csv", "--dim", "batch=40", "--params",
          "w.safetensors", "--lr", "1e39",
        ]
          + ["--epochs", "1", "--save", "w.safetensors"] + SampleGraph.columns + more
      ).finish()
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("is not finite"), "\(outcome.errors)")
      #expect(try folder.bytes("w.safetensors") == before)
    }
  }

  @Test func anEndIsAnEndAfterABreakToo() throws {
    let folder = try folder()
    let options = [
      ["--validate", "0.3", "--patience", "3", "--lr", "0.5"],
      ["--until", "loss=1.0", "--lr", "0.5"],
      ["--until", "top5=0.5", "--lr", "0.1"],
    ]
    for more in options {
      let file = "w.safetensors"
      func run(_ rest: [String]) throws -> Outcome {
        try folder.start(
          ["train", "net.graph", "--data", "rows.csv", "--epochs", "300", "--save", file]
            + SampleGraph.columns + more + rest
        ).finish()
      }
      let first = try run([])
      #expect(first.status == 0 && first.lines.count < 300, "\(first.errors)")
      let before = try folder.bytes(file)
      let second = try run(["--resume", file])
      #expect(second.status == 0 && second.lines.isEmpty, "\(second.errors)")
      #expect(try folder.bytes(file) == before)
    }
  }

  @Test func otherDataAndMetricsAreAnotherTraining() throws {
    let folder = try folder()
    try train(folder, 0, "--epochs", "1", "--save", "w.safetensors")
    let before = try folder.bytes("w.safetensors")
    func resume(_ word: String, _ more: String...) throws {
      let outcome = try folder.start(
        [
          "train", "net.graph", "--epochs", "2", "--resume", "w.safetensors", "--save",
          "w.safetensors",
        ] + more
      ).finish()
      #expect(outcome.status == 65, "\(more)")
      #expect(outcome.errors.contains(word), "\(outcome.errors)")
      #expect(try folder.bytes("w.safetensors") == before)
    }
    let columns = SampleGraph.columns
    try resume(
      "metrics", "--data", "rows.csv", "--metric", "top5", columns[0], columns[1], columns[2],
      columns[3])
    try resume("otherwise", "--data", "rows.csv", "--column", "x=d,c,b,a", columns[2], columns[3])
    try resume(
      "otherwise", "--data", "rows.csv", "--normalize", "x", columns[0], columns[1], columns[2],
      columns[3])
    try folder.write(
      "other.csv",
      SampleGraph.table(rows: 41).split(separator: "\n").filter { !$0.hasPrefix("0.0") }.prefix(41)
        .joined(separator: "\n") + "\n")
    // A comment in the graph changes nothing.
    try folder.write("net.graph", "# The same network.\n\n" + SampleGraph.classifier)
    try train(folder, 0, "--epochs", "2", "--resume", "w.safetensors", "--save", "w.safetensors")
  }

  @Test func columnsThatNobodyTakesMayHoldWords() throws {
    let folder = try folder(rows: 10)
    let lines = SampleGraph.table(rows: 10).split(separator: "\n")
    try folder.write(
      "rows.csv",
      lines.enumerated().map { $0 == 0 ? "id,note,\($1)" : "row \($0),,\($1)" }.joined(
        separator: "\n") + "\n")
    try train(folder, 0, "--epochs", "1")
    try train(folder, 0, "--epochs", "1", "--stream")
    for more in [[], ["--stream"]] {
      let outcome = try folder.start(
        [
          "train", "net.graph", "--data", "rows.csv", "--column", "x=note..c", "--column",
          "y=onehot(class)",
        ] + more
      ).finish()
      #expect(outcome.status == 65)
      #expect(
        outcome.errors.contains("row 1 (line 2), column 'note': a value is missing"),
        "\(outcome.errors)")
    }
  }

  @Test func checkpointsThatCannotBeAreRefused() throws {
    let folder = try folder()
    try train(folder, 0, "--epochs", "2", "--save", "w.safetensors")
    let bytes = try folder.bytes("w.safetensors")
    let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let text = String(decoding: bytes[8..<8 + header], as: UTF8.self)
    for (old, new) in [
      (/"nncc.batches":"0"/, "\"nncc.batches\":\"9223372036854775807\""),
      (/"nncc.epoch":"3"/, "\"nncc.epoch\":\"0\""),
      (/"nncc.rows":"0"/, "\"nncc.rows\":\"9223372036854775807\""),
      (/"nncc.step":"16"/, "\"nncc.step\":\"9223372036854775807\""),
      (
        /"training.history":\{"dtype":"F64","shape":\[2,4\]/,
        "\"training.history\":{\"dtype\":\"F64\",\"shape\":[2,2,2]"
      ),
      (
        /"training.totals":\{"dtype":"F64","shape":\[2\]/,
        "\"training.totals\":{\"dtype\":\"F64\",\"shape\":[2,1]"
      ),
    ] {
      let changed = text.replacing(old, with: new)
      #expect(changed != text, "\(new)")
      var file = withUnsafeBytes(of: UInt64(changed.utf8.count).littleEndian) { Array($0) }
      file += Array(changed.utf8) + bytes[(8 + header)...]
      try Data(file).write(to: URL(fileURLWithPath: folder.file("bad.safetensors")))
      let outcome = try folder.start(
        [
          "train", "net.graph", "--data", "rows.csv", "--epochs", "5", "--resume",
          "bad.safetensors", "--plot", "c.svg",
        ]
          + SampleGraph.columns
      ).finish()
      #expect(
        outcome.status == 65 || (outcome.status == 0 && new.contains("shape")),
        "\(new): \(outcome.status) \(outcome.errors)")
    }
  }

  @Test func wrongUsageIsSaidBeforeTraining() throws {
    let folder = try folder(rows: 10)
    for more in [
      ["--epochs", "9223372036854775807"], ["--accumulate", "9223372036854775807"],
      ["--lr", "nan"], ["--scale", "x=nan"],
      ["--weight-decay", "inf"], ["--stratify"], ["--until", "accuracy=nan"],
      ["--until", "speed=3"],
    ] {
      let outcome = try folder.start(
        ["train", "net.graph", "--data", "rows.csv"] + SampleGraph.columns + more
      ).finish()
      #expect(outcome.status == 64, "\(more): \(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }
    for option in ["--save", "--plot", "--confusion", "--save-best"] {
      for file in ["absent/w", "/proc/w", "."] {
        let outcome = try folder.start(
          ["train", "net.graph", "--data", "rows.csv", option, file] + SampleGraph.columns
        ).finish()
        #expect(outcome.status == 73, "\(option) \(file): \(outcome.errors)")
        #expect(outcome.output.isEmpty)
      }
    }
  }

  @Test func integersAreWhatTheInputHas() throws {
    let folder = try Folder()
    try folder.write(
      "net.graph",
      """
      dim batch = 2
      input i : i32[batch]
      input y : f32[batch]
      param w : f32[4]
      loss mse(gather(w, i), y)
      """)
    for (cell, words) in [
      ("4294967297", "is no i32"), ("1e30", "is no i32"), ("inf", "is no i32"),
      ("1.5", "is not an integer"),
    ] {
      try folder.write("rows.csv", "i,y\n1,2\n\(cell),3\n")
      for more in [[], ["--stream"]] {
        let outcome = try folder.start(["train", "net.graph", "--data", "rows.csv"] + more).finish()
        #expect(outcome.status == 65)
        #expect(
          outcome.errors.contains("row 2") && outcome.errors.contains(words), "\(outcome.errors)")
      }
    }
  }

  /// The usual stable form, whose output is not the softmax itself, and yes or no.
  @Test(arguments: [
    ("output z\nloss softmax_cross_entropy(z, y)", "3"),
    ("p = sigmoid(z)\noutput p\nloss binary_cross_entropy(p, y)", "1"),
  ])
  func whateverClassifiesReportsAccuracy(_ end: String, _ width: String) throws {
    let folder = try folder()
    try folder.write(
      "net.graph",
      "dim batch = 5\ninput x : [batch, 4]\ninput y : [batch, \(width)]\nparam w : [4, \(width)]\nz = x @ w\n\(end)\n"
    )
    let target = width == "1" ? "y=a" : "y=onehot(class)"
    let scaled = width == "1" ? ["--scale", "y=0"] : []
    let outcome = try folder.start(
      [
        "train", "net.graph", "--data", "rows.csv", "--column", "x=a..d", "--column", target,
        "--epochs", "1", "--json",
      ] + scaled
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try object(outcome.output)["accuracy"] is Double)
  }

  @Test func aGraphWithoutParametersHasAStepThatDoesNothing() throws {
    let folder = try Folder()
    try folder.write(
      "net.graph", "input x : [2]\nparam n : i32[2] = ones()\nloss sum(x * cast(n, f32))\n")
    for optimizer in ["sgd", "adam"] {
      let outcome = try folder.nncc("compile", "net.graph", "--optimizer", optimizer)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(folder.text("net.h").contains("net_step("))
    }
  }
}
