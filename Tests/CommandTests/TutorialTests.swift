// Every command of Docs/tutorial is run, in a folder of its chapter's own, and prints what the chapter shows; every figure is what a
// command draws. `NNCC_BLESS=1 swift test` rewrites outputs and figures, and the difference is what is reviewed.

import Foundation
import Testing

@Suite struct TutorialTests {
  private static let folder = URL(fileURLWithPath: examplesFolder).deletingLastPathComponent()
    .appendingPathComponent("Docs/tutorial").path

  private static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .filter { $0.hasSuffix(".md") && $0 != "README.md" }.sorted()

  private static func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  private static let isBlessing = ProcessInfo.processInfo.environment["NNCC_BLESS"] != nil

  @Test(.enabled(if: program("cc") != nil), arguments: names)
  func printsWhatTheChapterShows(name: String) throws {
    let chapter = TutorialChapter(try Self.text(name))
    let place = try Folder()
    let search = try searchPath(place)
    try FileManager.default.createSymbolicLink(
      atPath: place.file("Examples"), withDestinationPath: examplesFolder)
    var outputs: [[String]] = []
    for part in chapter.parts {
      switch part {
      case .file(let name, let text): try place.write(name, text)
      case .command(let command):
        let found = try Running(
          "/bin/sh", ["-c", "exec 2>&1\n" + command.text], in: place,
          environment: ["PATH": search, "LC_ALL": "C"]
        ).finish()
        var lines = found.output.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        outputs.append(lines)
        if Self.isBlessing { continue }
        let shown = Array(chapter.lines[command.shown])
        #expect(
          Shown(shown).matches(lines),
          "\(name):\(command.line): $ \(command.text)\n\(found.output)is not what is shown")
        let isError = shown.contains { $0.contains("error: ") || $0.hasPrefix("FAIL ") }
        #expect(found.status == 0 || isError, "\(name):\(command.line): exit \(found.status)")
      }
    }
    for figure in chapter.figures { try compare(figure, drawnIn: place) }
    if Self.isBlessing {
      try Data(chapter.rewritten(outputs).utf8).write(
        to: URL(fileURLWithPath: "\(Self.folder)/\(name)"))
    }
  }

  /// A search path on which the programs of this build come first.
  private func searchPath(_ place: Folder) throws -> String {
    let nncc = try #require(Nncc.path, "nncc is built beside the tests")
    let built = URL(fileURLWithPath: nncc).deletingLastPathComponent().path
    let manager = FileManager.default
    try manager.createDirectory(atPath: place.file("bin"), withIntermediateDirectories: true)
    try manager.createSymbolicLink(atPath: place.file("bin/nncc"), withDestinationPath: nncc)
    try manager.createSymbolicLink(
      atPath: place.file("bin/nncc-example-data"),
      withDestinationPath: built + "/nncc-example-data")
    let others = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return place.file("bin") + ":" + others
  }

  private func compare(_ figure: String, drawnIn place: Folder) throws {
    let drawn = try place.bytes(figure)
    let kept = URL(fileURLWithPath: "\(Self.folder)/figures/\(figure)")
    if Self.isBlessing {
      try FileManager.default.createDirectory(
        at: kept.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(drawn).write(to: kept)
    }
    #expect(try [UInt8](Data(contentsOf: kept)) == drawn, "\(figure) is not what is drawn")
  }

  @Test func everyChapterIsListedAndEveryFigureIsShown() throws {
    #expect(Self.names.count == 10)
    let contents = try Self.text("README.md")
    var shown: Set<String> = []
    for name in Self.names {
      #expect(contents.contains("(\(name))"), "\(name)")
      let chapter = TutorialChapter(try Self.text(name))
      #expect(chapter.commands.count > 2, "\(name)")
      shown.formUnion(chapter.figures)
    }
    let kept = try FileManager.default.contentsOfDirectory(atPath: Self.folder + "/figures")
    #expect(Set(kept) == shown)
  }

  // MARK: How a chapter is read

  @Test func filesAndCommands() throws {
    let chapter = TutorialChapter(
      """
      ```graph a.graph
      output 1 as y
      ```
      ```console
      $ nncc run a.graph \\
          --json
      {}
      $ ls
      ```
      ![a](figures/a.svg)
      """)
    guard case .file("a.graph", "output 1 as y\n") = chapter.parts.first else {
      Issue.record("the file is not read")
      return
    }
    let commands = chapter.parts.dropFirst().compactMap { part in
      if case .command(let command) = part { command } else { nil }
    }
    #expect(commands.map(\.text) == ["nncc run a.graph \\\n    --json", "ls"])
    #expect(commands.map(\.line) == [5, 8])
    #expect(commands.map { Array(chapter.lines[$0.shown]) } == [["{}"], []])
    #expect(chapter.figures == ["a.svg"])
    let rewritten = chapter.rewritten([["{1}", "{2}"], ["a.graph"]])
    #expect(rewritten.contains("--json\n{1}\n{2}\n$ ls\na.graph\n```"))
  }

  @Test func linesMayBeLeftOutAndTimesDiffer() {
    #expect(Shown(["loss 1  0.004 s"]).matches(["loss 1  12.345 s"]))
    #expect(!Shown(["loss 1  0.004 s"]).matches(["loss 2  0.004 s"]))
    #expect(!Shown(["loss 1"]).matches(["loss 1", "loss 2"]))
    #expect(!Shown([]).matches(["loss 1"]))
    #expect(Shown(["a", "…", "d"]).matches(["a", "b", "c", "d"]))
    #expect(Shown(["…", "b", "…"]).matches(["a", "b", "c"]))
    #expect(!Shown(["a", "…", "d"]).matches(["a", "b"]))
    #expect(!Shown(["a", "…", "a"]).matches(["a"]))
    // Rewriting keeps what is left out, and does not touch times of lines that agree.
    #expect(Shown(["a 1", "…", "b 2"]).rewritten(["a 3", "c", "b 44"]) == ["a 3", "…", "b 44"])
    #expect(Shown(["a 1  0.001 s"]).rewritten(["a 1  0.002 s"]) == ["a 1  0.001 s"])
    #expect(Shown(["a", "…"]).rewritten(["b", "c"]) == ["b", "c"])
  }
}
