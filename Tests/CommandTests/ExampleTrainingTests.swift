// The examples in small: each trains, from its own graph file, to a figure that it could not reach by chance. `make examples` trains
// them in full.

import ExampleData
import Foundation
import Testing

@Suite struct ExampleTrainingTests {
  private static let examples = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Examples")

  /// The last epoch's figures after training an example on a table.
  private func trained(
    _ name: String, on table: String, _ options: String...
  ) throws -> [String: Any] {
    let folder = try Folder()
    try folder.write("rows.csv", table)
    let graph = Self.examples.appending(path: "\(name).graph").path
    let outcome = try folder.start(
      ["train", graph, "--data", "rows.csv", "--json"] + options
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try object(try #require(outcome.lines.last))
  }

  private func number(_ name: String, _ figures: [String: Any]) throws -> Double {
    try #require(figures[name] as? Double)
  }

  @Test func thePerceptronTellsShapesOfOneSizeApartAndNoOthers() throws {
    let cells = ["--column", "c=c0..c399", "--lr", "1", "--epochs", "30"]
    let one = try trained(
      "perceptron", on: Retina(sides: 10...10).table(.square, .triangle, count: 800, seed: 1),
      cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], "--validate", "0.25")
    #expect(try number("accuracy", one) == 1)
    #expect(try number("validation_accuracy", one) == 1)
    let many = try trained(
      "perceptron", on: Retina(sides: 4...12).table(.square, .triangle, count: 1200, seed: 1),
      cells[0], cells[1], cells[2], cells[3], cells[4], cells[5])
    #expect(try number("accuracy", many) < 0.9)
  }

  @Test func theTaggerNeedsBothDirections() throws {
    let table = MarkedSequences.table(count: 1200, length: 12, vocabulary: 8, seed: 1)
    func accuracy(_ name: String) throws -> Double {
      try number(
        "validation_accuracy",
        try trained(
          name, on: table, "--column", "s=s0..s11", "--column", "t=t0..t11", "--validate", "0.2",
          "--lr", "0.5", "--epochs", "15"))
    }
    let both = try accuracy("tagger")
    #expect(both > 0.9)
    #expect(try accuracy("birnn") > 0.9)
    // From one side the best guess is right in three of four.
    #expect(try accuracy("tagger_forward") < both - 0.1)
  }

  @Test func lenetReadsDigits() throws {
    let digits = try String(
      contentsOf: Self.examples.appending(path: "data/digits.csv"), encoding: .utf8)
    let figures = try trained(
      "lenet", on: digits, "--column", "x=p0..p63", "--column", "y=onehot(digit)", "--scale",
      "x=1/16", "--validate", "0.2", "--lr", "0.3", "--epochs", "6")
    #expect(try number("validation_accuracy", figures) > 0.93)
  }

  @Test func threeLayersLearnDigitsByTheQuadraticCost() throws {
    let digits = try String(
      contentsOf: Self.examples.appending(path: "data/digits.csv"), encoding: .utf8)
    let figures = try trained(
      "three_layers", on: digits, "--column", "x=p0..p63", "--column", "y=onehot(digit)",
      "--scale", "x=1/16", "--validate", "0.2", "--lr", "0.5", "--epochs", "20")
    #expect(try number("validation_accuracy", figures) > 0.93)
  }

  @Test func theCurveIsFitted() throws {
    let figures = try trained(
      "regression", on: Waves.table(count: 200, noise: 0, seed: 1), "--lr", "0.05", "--epochs",
      "400")
    #expect(try number("loss", figures) < 0.05)
  }

  @Test func theTransformerBeatsATableOfBigrams() throws {
    let license = Self.examples.deletingLastPathComponent().appending(path: "LICENSE")
    let text = CharacterText(Array(try Data(contentsOf: license)))
    let figures = try trained(
      "transformer", on: CharacterText.table(text.trained, length: 32, count: 10_000), "--dim",
      "vocabulary=\(text.alphabet.count)", "--column", "c=c0..c31", "--column", "n=c1..c32",
      "--dim", "width=32", "--lr", "0.5", "--epochs", "25")
    #expect(try number("loss", figures) < text.bigramLoss)
  }

  @Test func theOscillatorObeysItsEquation() throws {
    let times = "t\n" + (0...100).map { "\(Double($0) / 100)\n" }.joined()
    let figures = try trained("oscillator", on: times, "--lr", "0.02", "--epochs", "300")
    // A constant 0 has a loss of 1: its start is wrong.
    #expect(try number("loss", figures) < 0.05)
  }

  @Test func markersAreTagged() {
    #expect(MarkedSequences.tags(of: [3, 0, 2, 0, 5]) == [1, 1, 3, 2, 2])
    #expect(MarkedSequences.tags(of: [1, 2]) == [0, 0])
  }

  /// Of a text whose characters alternate, a table of bigrams knows all but what it adds to each count.
  @Test func bigramsOfAnAlternatingText() {
    let text = CharacterText(Array(String(repeating: "ab", count: 500).utf8))
    #expect(text.alphabet == Array("ab".utf8))
    #expect(text.bigramLoss < 0.01 && text.bigramLoss > 0)
  }
}
