// A chapter of Docs/tutorial as the tests read it: files to write, commands to run with what they print, figures to hold.
//
// A fence whose second word is a file's name, such as ```graph line.graph, is that file. In a fence `console` a line `$ command` is a
// command, which goes on while lines end in `\` or the next begins with `> `, and what follows is what it prints. A line `…` stands for
// lines that are left out.

import Foundation

struct TutorialChapter {
  struct Command {
    /// The line of the chapter, from 1 on.
    var line: Int
    var text: String
    /// The lines of the chapter that show its output.
    var shown: Range<Int>
  }

  enum Part {
    case file(name: String, text: String)
    case command(Command)
  }

  var lines: [String]
  private(set) var parts: [Part] = []
  /// Names of the files in `figures` that the chapter shows.
  private(set) var figures: [String] = []

  init(_ text: String) {
    lines = text.components(separatedBy: "\n")
    var line = 0
    while line < lines.count {
      for match in lines[line].matches(of: /!\[[^\]]*\]\(figures\/([^)]+)\)/) {
        figures.append(String(match.1))
      }
      guard lines[line].hasPrefix("```") else {
        line += 1
        continue
      }
      let words = lines[line].dropFirst(3).split(separator: " ")
      let end = lines[(line + 1)...].firstIndex(of: "```") ?? lines.count
      if words.count == 2 {
        let text = lines[(line + 1)..<end].joined(separator: "\n") + "\n"
        parts.append(.file(name: String(words[1]), text: text))
      } else if words == ["console"] {
        readCommands(line + 1..<end)
      }
      line = end + 1
    }
  }

  private mutating func readCommands(_ block: Range<Int>) {
    var line = block.lowerBound
    while line < block.upperBound {
      let start = line
      while line + 1 < block.upperBound,
        lines[line].hasSuffix("\\") || lines[line + 1].hasPrefix("> ")
      {
        line += 1
      }
      let text = lines[start...line].map {
        $0.hasPrefix("$ ") || $0.hasPrefix("> ") ? String($0.dropFirst(2)) : $0
      }.joined(separator: "\n")
      let end = lines[(line + 1)..<block.upperBound].firstIndex { $0.hasPrefix("$ ") }
      let shown = line + 1..<(end ?? block.upperBound)
      parts.append(.command(Command(line: start + 1, text: text, shown: shown)))
      line = shown.upperBound
    }
  }

  /// The chapter with what its commands printed, in their order; lines that were left out stay so.
  func rewritten(_ outputs: [[String]]) -> String {
    var lines = lines
    for case (.command(let command), let output) in zip(commands, outputs).reversed() {
      let shown = Array(self.lines[command.shown])
      lines.replaceSubrange(command.shown, with: Shown(shown).rewritten(output))
    }
    return lines.joined(separator: "\n")
  }

  var commands: [Part] {
    parts.filter { part in
      if case .command = part { true } else { false }
    }
  }
}

/// What a chapter shows of an output: runs of lines, between which others may be left out.
struct Shown {
  static let leftOut = "…"
  private let runs: [[String]]

  init(_ lines: [String]) {
    runs = lines.split(separator: Self.leftOut, omittingEmptySubsequences: false).map(Array.init)
  }

  func matches(_ output: [String]) -> Bool {
    places(in: output.map(Self.withoutTimes), runs.map { $0.map(Self.withoutTimes) }) != nil
  }

  /// The same runs with the numbers of `output`; all of it where they are not found.
  func rewritten(_ output: [String]) -> [String] {
    if matches(output) { return Array(runs.joined(separator: [Self.leftOut])) }
    let places = places(
      in: output.map(Self.withoutNumbers), runs.map { $0.map(Self.withoutNumbers) })
    guard let places else { return output }
    return Array(
      zip(places, runs).map { Array(output[$0..<$0 + $1.count]) }
        .joined(separator: [Self.leftOut]))
  }

  /// Where each run begins: the first at the start of the output, the last at its end, others at the first place where they stand.
  private func places(in output: [String], _ runs: [[String]]) -> [Int]? {
    if runs.count == 1 { return output == runs[0] ? [0] : nil }
    var places: [Int] = []
    var least = 0
    for (number, run) in runs.enumerated() {
      let end = output.count - run.count
      guard end >= least else { return nil }
      let tried = number == 0 ? 0...0 : number == runs.count - 1 ? end...end : least...end
      guard let place = tried.first(where: { Array(output[$0..<$0 + run.count]) == run }) else {
        return nil
      }
      places.append(place)
      least = place + run.count
    }
    return places
  }

  /// Every time that training prints, `0.004 s`, is as good as any other.
  static func withoutTimes(_ line: String) -> String {
    line.replacing(/\b\d+\.\d{3} s$/, with: "0.000 s")
  }

  private static func withoutNumbers(_ line: String) -> String {
    line.replacing(/[-+]?\d[\d.e+-]*/, with: "#").replacing(#/ +/#, with: " ")
  }
}
