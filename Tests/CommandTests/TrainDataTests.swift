// The formats that data comes in: all of them train the same rows to the same bits; and predictions from them.

import Foundation
import NNRuntime
import Testing

@Suite struct TrainDataTests {
  private static let rows = 24

  /// Features in sixteenths, and classes.
  private static func features(_ row: Int, _ column: Int) -> Int {
    (row * 13 + column * 29 + (row % 3) * 17) % 33
  }

  private func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    return folder
  }

  private static let options = [
    "--scale", "x=1/16", "--epochs", "2", "--optimizer", "momentum", "--lr", "0.05", "--save",
    "w.safetensors",
  ]

  private func train(_ folder: Folder, _ more: [String]) throws -> [Tensor] {
    let outcome = try folder.start(["train", "net.graph"] + Self.options + more).finish()
    #expect(outcome.status == 0, "\(more): \(outcome.errors)")
    let archive = try SafeTensorsFile(reading: folder.file("w.safetensors"))
    return try ["w1", "b1", "w2", "b2"].map { try #require(try archive.tensor(named: $0)) }
  }

  private func idx(_ type: UInt8, _ sizes: [Int], _ elements: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(sizes.count)]
      + sizes.flatMap {
        [UInt8($0 >> 24 & 255), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)]
      }
      + elements
  }

  private func write(_ bytes: [UInt8], _ name: String, _ folder: Folder) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: folder.file(name)))
  }

  @Test func everyFormatTrainsTheSameBits() throws {
    let folder = try folder()
    let pixels = (0..<Self.rows).flatMap { row in (0..<4).map { Self.features(row, $0) } }
    let classes = (0..<Self.rows).map { $0 % 3 }
    var csv = "p0,p1,\"p 2\",p3,class\r\n"
    for row in 0..<Self.rows {
      csv +=
        (0..<4).map { "\"\(Self.features(row, $0))\"" }.joined(separator: ",") + ",\(row % 3)\r\n"
    }
    try folder.write("rows.csv", csv)
    let images = Tensor([Self.rows, 2, 2], pixels.map { Float($0) })
    let labels = Tensor(classes.map { Int64($0) })
    try NumPyArchive.write(
      [NamedTensor(name: "pictures", tensor: images), NamedTensor(name: "kinds", tensor: labels)],
      to: folder.file("rows.npz"))
    try NumPyFile.write(images, to: folder.file("pictures.npy"))
    try NumPyFile.write(labels, to: folder.file("kinds.npy"))
    try write(idx(8, [Self.rows, 2, 2], pixels.map { UInt8($0) }), "images-idx3", folder)
    try write(idx(8, [Self.rows], classes.map { UInt8($0) }), "labels-idx1", folder)
    for name in ["images-idx3", "labels-idx1", "rows.csv"] {
      #expect(try folder.run("/bin/sh", ["-c", "gzip -k \(name)"]).status == 0)
    }
    let columns = ["--column", "x=p0..p3", "--column", "y=onehot(class)"]
    let expected = try train(folder, ["--data", "rows.csv"] + columns)
    let arrays = ["--column", "x=pictures", "--column", "y=onehot(kinds)"]
    let idxColumns = ["--column", "x=images", "--column", "y=onehot(labels)"]
    for (files, columns) in [
      (["rows.csv.gz"], columns), (["rows.npz"], arrays), (["pictures.npy", "kinds.npy"], arrays),
      (["images-idx3", "labels-idx1"], idxColumns),
      (["labels-idx1.gz", "images-idx3.gz"], idxColumns),
    ] {
      let found = try train(folder, files.flatMap { ["--data", $0] } + columns)
      #expect(found == expected, "\(files)")
    }
  }

  @Test(
    arguments: [
      ("short.idx", [0, 0, 8, 2, 0, 0, 0], 65, "cut short"),
      ("few.idx", [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], 65, "needs 3 bytes"),
      ("huge.idx", [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12), 65, "too large"),
      ("cut.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1], 65, "gzip"),
      ("bad.npz", [0x50, 0x4B, 3, 4, 1], 65, "bad.npz"),
      ("row.csv", Array("a,b\n1,2\n3\n".utf8), 65, "row 2 (line 3), column 'b'"),
    ] as [(String, [UInt8], Int32, String)])
  func badFilesAreNamed(_ name: String, _ bytes: [UInt8], _ status: Int32, _ words: String) throws {
    let folder = try folder()
    try write(bytes, name, folder)
    let outcome = try folder.nncc("train", "net.graph", "--data", name)
    #expect(outcome.status == status)
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1)
  }

  @Test func textByCharactersAndBytes() throws {
    let folder = try Folder()
    try folder.write(
      "text.graph",
      """
      dim batch = 4
      input ids : i32[batch, 6]
      input goal : f32[batch, 6, 5]
      param table : f32[5, 3]
      param w : f32[3, 5]
      logits = embedding(table, ids) @ w
      p = softmax(logits, axis=-1)
      output p
      loss softmax_cross_entropy(logits, goal)
      """)
    try folder.write("words.txt", String(repeating: "añb c", count: 20))
    let options = [
      "train", "text.graph", "--data", "words.txt", "--column", "ids=text", "--column",
      "goal=onehot(next)",
      "--optimizer", "adam", "--lr", "0.1", "--epochs", "60", "--metric", "perplexity", "--metric",
      "accuracy", "--json",
    ]
    let outcome = try folder.start(options + ["--save", "w.safetensors"]).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let last = try object(try #require(outcome.lines.last))
    // What follows is certain: each character follows one other.
    #expect(try #require(last["accuracy"] as? Double) > 0.99)
    let loss = try #require(last["loss"] as? Double)
    let perplexity = try #require(last["perplexity"] as? Double)
    #expect(abs(perplexity - exp(loss)) < 1e-6 * perplexity)
    // The characters are those of the training.
    try folder.write("other.txt", "abcabc abc z")
    let foreign = try folder.nncc(
      "predict", "text.graph", "--params", "w.safetensors", "--data", "other.txt")
    #expect(foreign.status == 65)
    #expect(foreign.errors.contains("'z'"), "\(foreign.errors)")
    let wide = try folder.start(options + ["--text", "bytes"]).finish()
    #expect(wide.status == 65)
    #expect(wide.errors.contains("is not a class from 0 to 4"), "\(wide.errors)")
  }

  /// The rows of a prediction are those of `nncc run` on inputs made by hand.
  @Test func predictionsAreTheOutputsOfEachRow() throws {
    let folder = try folder()
    try folder.write("rows.csv", SampleGraph.table(rows: 13))
    let trained = try folder.start(
      [
        "train", "net.graph", "--data", "rows.csv", "--epochs", "3", "--normalize", "x", "--scale",
        "x=4", "--save", "w.safetensors",
      ]
        + SampleGraph.columns
    ).finish()
    #expect(trained.status == 0, "\(trained.errors)")
    // Without the column of classes, which only the loss needs.
    let lines = SampleGraph.table(rows: 13).split(separator: "\n")
    try folder.write(
      "new.csv",
      lines.map { $0.split(separator: ",").dropLast().joined(separator: ",") }.joined(
        separator: "\n") + "\n")
    let outcome = try folder.nncc(
      "predict", "net.graph", "--params", "w.safetensors", "--data", "new.csv")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.lines[0] == "guess_class,guess_0,guess_1,guess_2")
    #expect(outcome.lines.count == 14)
    let archived = try folder.nncc(
      "predict", "net.graph", "--params", "w.safetensors", "--data", "new.csv", "-o", "found.npz")
    #expect(archived.status == 0, "\(archived.errors)")
    let found = try #require(
      try NumPyArchive(reading: folder.file("found.npz")).tensor(named: "guess"))
    #expect(found.shape == [13, 3])
    // By hand: scaled, then brought to mean 0 and deviation 1 over all rows.
    let values = lines.dropFirst().map { line in
      line.split(separator: ",").prefix(4).map { 4 * (Double($0) ?? .nan) }
    }
    var rows: [[Double]] = values
    for column in 0..<4 {
      let mean = values.reduce(0) { $0 + $1[column] } / 13
      let deviation = (values.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) } / 13)
        .squareRoot()
      for row in 0..<13 { rows[row][column] = (values[row][column] - mean) / deviation }
    }
    let text =
      "["
      + rows.map { "[" + $0.map { "\($0)" }.joined(separator: ",") + "]" }.joined(separator: ",")
      + "]"
    let run = try folder.nncc(
      "run", "net.graph", "--dim", "batch=13", "--params", "w.safetensors", "--input", "x=\(text)",
      "--input", "y=\([[Int]](repeating: [1, 0, 0], count: 13))", "-o", "run.npz")
    #expect(run.status == 0, "\(run.errors)")
    let expected = try #require(
      try NumPyArchive(reading: folder.file("run.npz")).tensor(named: "guess"))
    #expect(found.largestRelativeError(to: expected) < 1e-5)
    for (row, line) in outcome.lines.dropFirst().enumerated() {
      let cells = line.split(separator: ",")
      let numbers = cells.dropFirst().compactMap { Float($0) }
      #expect(numbers == (0..<3).map { Float(found[flat: row * 3 + $0].double) })
      #expect(Int(cells[0]) == numbers.indices.max { numbers[$0] < numbers[$1] })
    }
  }

  @Test func stratifiedRowsHoldOutEveryClass() throws {
    let folder = try folder()
    // Forty of one class, five of each other.
    var text = "a,b,c,d,class\n"
    for row in 0..<50 { text += "\(row % 7),1,2,\(row % 3),\(row < 40 ? 0 : 1 + row % 2)\n" }
    try folder.write("rows.csv", text)
    let outcome = try folder.start(
      [
        "train", "net.graph", "--data", "rows.csv", "--epochs", "1", "--validate", "0.2",
        "--stratify", "--confusion", "c.svg",
      ]
        + SampleGraph.columns
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let counts = outcome.lines.suffix(3).map { line in
      line.split(separator: " ").dropFirst().reduce(0) { $0 + (Int($1) ?? 0) }
    }
    #expect(counts == [8, 1, 1])
    #expect(folder.text("c.svg").hasPrefix("<svg"))
  }

  @Test func trainingEndsWhereItIsTold() throws {
    let folder = try folder()
    try folder.write("rows.csv", SampleGraph.table(rows: 40))
    func lines(_ more: String...) throws -> [[String: Any]] {
      let outcome = try folder.start(
        ["train", "net.graph", "--data", "rows.csv", "--json", "--epochs", "200", "--lr", "0.5"]
          + SampleGraph.columns + more
      ).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try outcome.lines.map(object)
    }
    let reached = try lines("--until", "loss=1.0")
    #expect(reached.count < 200)
    for (index, line) in reached.enumerated() {
      #expect((try #require(line["loss"] as? Double) <= 1.0) == (index == reached.count - 1))
    }
    let patient = try lines(
      "--validate", "0.3", "--patience", "3", "--save-best", "best.safetensors")
    let losses = try patient.map { try #require($0["validation_loss"] as? Double) }
    #expect(patient.count < 200)
    let best = try #require(losses.min())
    #expect(losses.firstIndex(of: best) == losses.count - 4)
    #expect(FileManager.default.fileExists(atPath: folder.file("best.safetensors")))
  }

  @Test func aLossThatIsNotFiniteNamesItsCause() throws {
    let folder = try Folder()
    try folder.write(
      "net.graph",
      """
      dim batch = 2
      input x : f32[batch, 1]
      param w : f32[1, 1] = ones()
      scaled = x @ w
      loss mean(log(scaled))
      """)
    try folder.write("rows.csv", "x\n1\n2\n3\n4\n5\n-6\n")
    let outcome = try folder.nncc(
      "train", "net.graph", "--data", "rows.csv", "--no-shuffle", "--lr", "0.001", "--save",
      "w.safetensors")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("epoch 1, batch 3"), "\(outcome.errors)")
    #expect(outcome.errors.contains("log scaled"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("w.safetensors")))
  }

  @Test func theCurveIsDrawn() throws {
    let folder = try folder()
    try folder.write("rows.csv", SampleGraph.table(rows: 40))
    let outcome = try folder.start(
      [
        "train", "net.graph", "--data", "rows.csv", "--epochs", "5", "--validate", "0.2", "--plot",
        "curve.svg",
      ] + SampleGraph.columns
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let svg = folder.text("curve.svg")
    #expect(svg.components(separatedBy: "<polyline").count == 5)
    for word in ["epoch", "loss", "accuracy", "held out", "trained on"] {
      #expect(svg.contains(word))
    }
    _ = try XMLDocumentCheck(svg)
  }
}

/// That a text is XML whose elements are closed in order.
private struct XMLDocumentCheck {
  init(_ text: String) throws {
    var open: [String] = []
    for tag in text.matches(of: /<(\/?)([a-z]+)[^>]*?(\/?)>/) {
      if !tag.1.isEmpty {
        #expect(open.popLast() == String(tag.2))
      } else if tag.3.isEmpty {
        open.append(String(tag.2))
      }
    }
    #expect(open.isEmpty)
  }
}
