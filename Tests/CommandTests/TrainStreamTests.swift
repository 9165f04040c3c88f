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

  /// Every format that has rows, packed or not, to the same checkpoint as in memory.
  @Test func everyFormatIsStreamed() throws {
    let folder = try folder()
    let table = try Table(reading: folder.file("rows.csv"))
    let x = Tensor(
      [41, 2, 2], (0..<41).flatMap { row in (0..<4).map { Float(table.values(ofColumn: $0)[row]) } }
    )
    let kinds = Tensor(table.values(ofColumn: 4).map { Int64($0) })
    try NumPyArchive.write(
      [NamedTensor(name: "x", tensor: x), NamedTensor(name: "class", tensor: kinds)],
      to: folder.file("rows.npz"))
    try NumPyFile.write(x, to: folder.file("x.npy"))
    try NumPyFile.write(kinds, to: folder.file("class.npy"))
    for file in ["rows.csv", "rows.npz", "x.npy", "class.npy"] {
      #expect(try folder.run("/bin/sh", ["-c", "gzip -k \(file)"]).status == 0)
    }
    for files in [
      ["rows.csv"], ["rows.csv.gz"], ["rows.npz"], ["rows.npz.gz"], ["x.npy", "class.npy"],
      ["x.npy.gz", "class.npy.gz"],
    ] {
      let options =
        files.flatMap { ["--data", $0] } + [
          "--column", files[0].contains("csv") ? "x=a..d" : "x=x", "--column", "y=onehot(class)",
          "--validate", "0.3", "--stratify", "--normalize", "x", "--epochs", "2",
        ]
      let expected = try train(folder, options)
      let checkpoint = try folder.bytes("w.safetensors")
      #expect(try train(folder, options + ["--stream"]) == expected, "\(files)")
      #expect(try folder.bytes("w.safetensors") == checkpoint, "\(files)")
    }
  }

  private func shell(
    _ folder: Folder, _ limits: String, _ arguments: [String], temporary: String? = nil
  ) throws -> Outcome {
    let program = try #require(Nncc.path)
    let folderOption = temporary.map { "TMPDIR=\($0) " } ?? ""
    return try folder.run(
      "/bin/sh", ["-c", "\(limits); \(folderOption)exec \"$0\" \"$@\"", program] + arguments)
  }

  /// A limit on the size of files stands for a full disk.
  @Test func whatCannotBeUnpackedIsSaid() throws {
    let folder = try folder()
    try folder.write("rows.csv", SampleGraph.table(rows: 6000))
    #expect(try folder.run("/bin/sh", ["-c", "gzip -k rows.csv"]).status == 0)
    for file in ["rows.csv", "rows.csv.gz"] {
      let arguments = ["train", "net.graph", "--stream", "--data", file] + SampleGraph.columns
      let full = try shell(folder, "trap '' XFSZ; ulimit -f 64", arguments, temporary: folder.path)
      #expect(full.status == 73, "\(full.errors)")
      #expect(full.errorLines.count == 1)
      #expect(
        full.errors.contains("cannot write a temporary file for \(file) in \(folder.path): "),
        "\(full.errors)")
      let absent = try shell(folder, "true", arguments, temporary: "/absent")
      #expect(absent.status == 73)
      #expect(absent.errors.contains("cannot write /absent"), "\(absent.errors)")
    }
    // Nothing is left of what was begun.
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasPrefix("nncc-rows") })
  }

  @Test func textHasNoRows() throws {
    let folder = try folder()
    try folder.write("words.txt", "a text, with commas\n")
    let outcome = try folder.nncc("train", "net.graph", "--data", "words.txt", "--stream")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("leave out --stream"), "\(outcome.errors)")
  }

  /// With less memory than the unpacked data would take, which is not enough for those who read them whole.
  @Test func memoryHoldsNoFile() throws {
    let folder = try folder()
    try NumPyArchive.write(
      [
        NamedTensor(name: "x", tensor: Tensor([12, 4], (0..<48).map { Float($0) / 48 })),
        NamedTensor(name: "class", tensor: Tensor((0..<12).map { Int64($0 % 3) })),
        NamedTensor(name: "unused", tensor: Tensor(zeros: TensorType(.f64, [15_000_000]))),
      ], to: folder.file("rows.npz"))
    #expect(try folder.run("/bin/sh", ["-c", "gzip -1 rows.npz"]).status == 0)
    let arguments = [
      "train", "net.graph", "--data", "rows.npz.gz", "--column", "x=x", "--column",
      "y=onehot(class)", "--epochs", "1", "--threads", "1", "--backend", "interpreter",
    ]
    let limit = "ulimit -c 0; ulimit -d 90000"
    let streamed = try shell(folder, limit, arguments + ["--stream"])
    #expect(streamed.status == 0, "\(streamed.errors)")
    #expect(try shell(folder, limit, arguments).status != 0)
  }
}
