// `nncc check --syntax`: every error of a graph with its place, as JSON for editors, and nothing run.

import Foundation
import Testing

@Suite struct CheckSyntaxTests {
  /// What an editor sees of one error.
  private struct Squiggle: Equatable {
    var line: Int?
    var columns: [Int]?
    /// A part of the message.
    var message: String
  }

  private struct Report {
    var file: String
    var squiggles: [(line: Int?, columns: [Int]?, message: String)]
    var notes: [[[String: Any]]]
  }

  /// Checks a text as a file and on standard input: the same JSON but for the name.
  private func check(
    _ text: [UInt8], status: Int32, location: SourceLocation = #_sourceLocation
  ) throws -> Report {
    let folder = try Folder()
    try Data(text).write(to: URL(fileURLWithPath: folder.file("it.graph")))
    let outcome = try folder.nncc("check", "--syntax", "--json", "it.graph")
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors == "", sourceLocation: location)
    #expect(outcome.lines.count == 1, "\(outcome.output)", sourceLocation: location)
    let streamed = try piped("--json --file it.graph", in: folder)
    #expect(streamed.status == status, sourceLocation: location)
    #expect(streamed.output == outcome.output, sourceLocation: location)
    #expect(streamed.errors == "", sourceLocation: location)

    let report = try object(outcome.output)
    #expect(Set(report.keys) == ["file", "diagnostics"], sourceLocation: location)
    let items = try #require(report["diagnostics"] as? [[String: Any]])
    #expect(items.isEmpty == (status == 0), sourceLocation: location)
    let keys: Set = ["file", "line", "column", "end_column", "severity", "message", "notes"]
    for item in items {
      #expect(Set(item.keys) == keys, sourceLocation: location)
      #expect(item["severity"] as? String == "error", sourceLocation: location)
    }
    return Report(
      file: try #require(report["file"] as? String),
      squiggles: try items.map { item in
        let columns = ["column", "end_column"].compactMap { item[$0] as? Int }
        return (
          item["line"] as? Int, columns.isEmpty ? nil : columns,
          try #require(item["message"] as? String)
        )
      },
      notes: try items.map { try #require($0["notes"] as? [[String: Any]]) })
  }

  private func check(
    _ text: String, status: Int32, location: SourceLocation = #_sourceLocation
  ) throws -> Report {
    try check(Array(text.utf8), status: status, location: location)
  }

  private func piped(_ options: String, in folder: Folder) throws -> Outcome {
    let nncc = try #require(Nncc.path)
    return try folder.run("/bin/sh", ["-c", "'\(nncc)' check --syntax \(options) - < it.graph"])
  }

  private func expect(
    _ report: Report, _ expected: [Squiggle], location: SourceLocation = #_sourceLocation
  ) {
    #expect(report.squiggles.count == expected.count, "\(report)", sourceLocation: location)
    for (found, expected) in zip(report.squiggles, expected) {
      #expect(found.line == expected.line, sourceLocation: location)
      #expect(found.columns == expected.columns, "\(found)", sourceLocation: location)
      #expect(found.message.contains(expected.message), "\(found)", sourceLocation: location)
    }
  }

  @Test func aCleanGraphGivesAnEmptyList() throws {
    let report = try check(SampleGraph.classifier, status: 0)
    #expect(report.file == "it.graph")
    #expect(report.squiggles.isEmpty)
  }

  /// One of the lexer, one of the parser, one of names and one of shapes, in the order of the file.
  @Test func everyErrorOfAFile() throws {
    let report = try check(
      """
      input x : f32[2, 3]
      y = 3x
      z = * 2
      input w : f32[4, 5]
      a = sigmoyd(x)
      b = dot(x, w)
      output b
      """, status: 65)
    expect(
      report,
      [
        Squiggle(line: 2, columns: [5, 7], message: "neither a number nor a name"),
        Squiggle(line: 3, columns: [5, 6], message: "*"),
        Squiggle(line: 5, columns: [5, 12], message: "did you mean sigmoid?"),
        Squiggle(line: 6, columns: [5, 8], message: "x has 3 columns, but w has 4 rows"),
      ])
  }

  /// The chain of calls that led into a `def`.
  @Test func notesNameTheCalls() throws {
    let report = try check(
      """
      def layer(a, w) {
        return dot(a, w)
      }
      input x : f32[2, 3]
      input w : f32[4, 5]
      output layer(x, w) as y
      """, status: 65)
    expect(report, [Squiggle(line: 2, columns: [10, 13], message: "3 columns")])
    let notes = try #require(report.notes.first)
    let places = notes.map { [$0["line"] as? Int, $0["column"] as? Int] }
    #expect(places == [[6, 8]])
    #expect(notes.first?["file"] as? String == "it.graph")
    #expect((notes.first?["message"] as? String)?.contains("layer") == true)
  }

  /// Columns count bytes: `ä` has two, `€` three, and what stands behind them is as far along as that.
  @Test func columnsCountBytes() throws {
    let report = try check("input x : f32[2]\noutput x\nä = x\ny = x €\n", status: 65)
    expect(
      report,
      [
        Squiggle(line: 3, columns: [1, 3], message: "ä can stand only in a comment"),
        Squiggle(line: 4, columns: [7, 10], message: "€"),
      ])
  }

  @Test func commentsAndNamesOfFilesMayHoldAnything() throws {
    let folder = try Folder()
    try folder.write("it.graph", "# \u{1F9E0} \"größe\"\u{7}\ninput x : f32[2]\noutput q\n")
    let outcome = try piped("--json --file 'a \"b\"\\ü.graph'", in: folder)
    #expect(outcome.status == 65)
    #expect(try object(outcome.output)["file"] as? String == "a \"b\"\\ü.graph")
  }

  /// Its first line's columns count from behind it.
  @Test func aByteOrderMarkTakesNoColumn() throws {
    let report = try check("\u{FEFF}outputt q\n", status: 65)
    expect(report, [Squiggle(line: 1, columns: [1, 8], message: "did you mean output?")])
    let folder = try Folder()
    try folder.write("it.graph", "\u{FEFF}outputt q\n")
    let lines = try folder.nncc("check", "--syntax", "it.graph").errorLines
    #expect(lines.dropFirst() == ["  outputt q", "  ^"])
  }

  /// An error of the whole file has no place.
  @Test(arguments: ["", "\n\n", "# nothing\n"]) func anEmptyFile(text: String) throws {
    let report = try check(text, status: 65)
    expect(report, [Squiggle(line: nil, columns: nil, message: "output")])
  }

  @Test func anErrorAtTheEndOfALine() throws {
    let report = try check("input x : f32[2]\ny = x +\noutput x", status: 65)
    expect(report, [Squiggle(line: 2, columns: [8, 9], message: "end of the line")])
  }

  /// Every byte once and again, and a name that never ends: an answer, with at most the usual number of errors.
  @Test func garbage() throws {
    let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 256) }
    let report = try check(bytes, status: 65)
    #expect((1...20).contains(report.squiggles.count))
    for (line, columns, _) in report.squiggles {
      #expect(line.map { $0 >= 1 } ?? true)
      if let columns { #expect(columns.count == 2 && columns[0] >= 1 && columns[1] > columns[0]) }
    }
    let endless = try check(String(repeating: "a", count: 100_000), status: 65)
    #expect(endless.squiggles.count >= 1)
  }

  @Test func sizesFromTheCommandLine() throws {
    let folder = try Folder()
    try folder.write(
      "it.graph", "dim n = 3\ninput x : f32[n]\noutput x + cast(iota(3), f32) as y\n")
    let fits = try folder.nncc("check", "--syntax", "it.graph")
    #expect(fits.status == 0)
    #expect(fits.output + fits.errors == "")
    let broken = try folder.nncc("check", "--syntax", "--json", "it.graph", "--dim", "n=4")
    #expect(broken.status == 65)
    #expect(broken.output.contains("\"line\": 3"))
  }

  /// Without `--json`, what every command says of a bad graph.
  @Test func theUsualMessagesWithoutJSON() throws {
    let folder = try Folder()
    try folder.write("it.graph", "input x : f32[2]\nf = sigmoyd(x)\noutput f\noutput q\n")
    let outcome = try folder.nncc("check", "--syntax", "it.graph")
    let usual = try folder.nncc("run", "it.graph")
    #expect(outcome.status == 65)
    #expect(outcome.output == "")
    #expect(outcome.errors == usual.errors && outcome.errorLines.count == 6)
    let streamed = try piped("", in: folder)
    #expect(streamed.errors.hasPrefix("<stdin>:2:5: error: "))
  }

  @Test func aFileThatIsNotThere() throws {
    let folder = try Folder()
    let outcome = try folder.nncc("check", "--syntax", "--json", "absent.graph")
    #expect(outcome.status == 66)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("absent.graph"))
  }
}
