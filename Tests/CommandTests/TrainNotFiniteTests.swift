// Values in the data that are NaN or infinite: named by file, row and column, wherever shuffling and splitting have brought them.

import Foundation
import NNRuntime
import Testing

@Suite struct TrainNotFiniteTests {
  private static let rows = 31
  /// Where the bad value stands: row 18, element 2 of 4.
  private static let (badRow, badElement) = (17, 2)

  private static func features(_ bad: Float) -> [Float] {
    (0..<rows * 4).map { index in
      index == badRow * 4 + badElement ? bad : Float((index * 13 + index / 7) % 33) / 16 - 1
    }
  }

  private func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    return folder
  }

  private func write(_ folder: Folder, _ name: String, bad: Float) throws {
    let features = Self.features(bad)
    var csv = "a,b,c,d,class\n"
    for row in 0..<Self.rows {
      csv += (0..<4).map { "\(features[row * 4 + $0])," }.joined() + "\(row % 3)\n"
    }
    try folder.write("\(name).csv", csv)
    let pictures = Tensor([Self.rows, 2, 2], features)
    let labels = Tensor((0..<Self.rows).map { Int32($0 % 3) })
    try NumPyArchive.write(
      [
        NamedTensor(name: "pictures", tensor: pictures), NamedTensor(name: "class", tensor: labels),
      ],
      to: folder.file("\(name).npz"))
    try NumPyFile.write(pictures, to: folder.file("pictures.npy"))
    try NumPyFile.write(labels, to: folder.file("class.npy"))
    let idx: [UInt8] =
      [0, 0, 0x0D, 3, 0, 0, 0, UInt8(Self.rows), 0, 0, 0, 2, 0, 0, 0, 2]
      + features.flatMap { value in withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) } }
    try Data(idx).write(to: URL(fileURLWithPath: folder.file("images-idx3")))
    let kinds = [0, 0, 8, 1, 0, 0, 0, UInt8(Self.rows)] + (0..<Self.rows).map { UInt8($0 % 3) }
    try Data(kinds).write(to: URL(fileURLWithPath: folder.file("labels-idx1")))
  }

  private func refuse(_ outcome: Outcome, _ words: String, at place: SourceLocation) {
    #expect(outcome.status == 65, sourceLocation: place)
    #expect(outcome.errorLines.count == 1, sourceLocation: place)
    #expect(outcome.errors.contains(words), "\(outcome.errors)", sourceLocation: place)
  }

  @Test(
    arguments: [
      (["rows.csv"], "a..d", "class", "rows.csv: row 18, column 'c'"),
      (["rows.npz"], "pictures", "class", "rows.npz: row 18, column 'pictures' at [1, 0]"),
      (
        ["pictures.npy", "class.npy"], "pictures", "class",
        "pictures.npy: row 18, column 'pictures' at [1, 0]"
      ),
      (
        ["labels-idx1", "images-idx3"], "images", "labels",
        "images-idx3: row 18, column 'images' at [1, 0]"
      ),
    ] as [([String], String, String, String)])
  func everyFormatNamesTheCell(
    _ files: [String], _ x: String, _ y: String, _ place: String
  ) throws {
    let folder = try folder()
    for bad in [Float.nan, .infinity] {
      try write(folder, "rows", bad: bad)
      for stream in [[], ["--stream"]] {
        for more in [[], ["--normalize", "x"], ["--validate", "0.3", "--stratify"]] {
          let outcome = try folder.start(
            ["train", "net.graph", "--epochs", "2"] + files.flatMap { ["--data", $0] } + [
              "--column", "x=\(x)", "--column", "y=onehot(\(y))",
            ] + stream + more
          ).finish()
          let normalized = more.first == "--normalize"
          refuse(
            outcome,
            normalized
              ? "\(place): \(bad) cannot be normalised, as input x is"
              : "input 'x' holds \(bad), read from \(place)",
            at: #_sourceLocation)
        }
      }
    }
  }

  /// What is written is finite, and the input's type has no such number.
  @Test func numbersThatAreTooLargeAreNamed() throws {
    let folder = try folder()
    try folder.write("rows.csv", "a,b,c,d,class\n1,2,3,4,0\n1,1e300,3,4,1\n")
    refuse(
      try folder.start(["train", "net.graph", "--data", "rows.csv"] + SampleGraph.columns).finish(),
      "holds inf, read from rows.csv: row 2, column 'b'", at: #_sourceLocation)
  }

  @Test(arguments: [[], ["--stream"]]) func rowsHeldOutAreOfTheirOwnFile(_ more: [String]) throws {
    let folder = try folder()
    try write(folder, "held", bad: .nan)
    try folder.write("rows.csv", SampleGraph.table(rows: 12))
    let arguments =
      ["train", "net.graph", "--data", "rows.csv", "--validate", "held.csv"] + more
    let place = "held.csv: row 18, column 'c'"
    refuse(
      try folder.start(arguments + SampleGraph.columns).finish(),
      "the loss on the rows held out is not finite in epoch 1: input 'x' holds nan, read from \(place)",
      at: #_sourceLocation)
    refuse(
      try folder.start(arguments + SampleGraph.columns + ["--normalize", "x"]).finish(),
      "\(place): nan cannot be normalised", at: #_sourceLocation)
  }

  @Test(arguments: [[], ["--stream"]]) func classesAreOfTheirFile(_ more: [String]) throws {
    let folder = try folder()
    try folder.write("rows.csv", SampleGraph.table(rows: 12))
    try folder.write("held.csv", "a,b,c,d,class\n1,2,3,4,0\n1,2,3,4,nan\n")
    let outcome = try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--validate", "held.csv"]
        + SampleGraph.columns + more
    ).finish()
    refuse(
      outcome, "held.csv: row 2, column 'class': nan is not a class from 0 to 2",
      at: #_sourceLocation)
  }
}
