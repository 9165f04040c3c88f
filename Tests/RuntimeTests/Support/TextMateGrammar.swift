// As much of TextMate's way with grammars as that of the graph language needs: rules that match, rules with a beginning and an end,
// captures, and includes. Lines are read one by one; of all rules that apply, the one that matches first wins, of several there the
// first in the list.

import Foundation

struct TextMateGrammar {
  /// A run of characters and what it is.
  struct Token: Equatable {
    var text: String
    /// Such as `keyword.control.graph`; nil for what no rule names.
    var scope: String?
  }

  private indirect enum Rule {
    case match(NSRegularExpression, name: String?, captures: [Int: String])
    case region(
      begin: NSRegularExpression, end: NSRegularExpression, beginScope: String?, endScope: String?,
      rules: [[String: Any]])
    case include(String)
  }

  struct Malformed: Error { var what: String }

  private let top: [[String: Any]]
  let repository: [String: [[String: Any]]]

  init(_ json: Data) throws {
    guard let object = try JSONSerialization.jsonObject(with: json) as? [String: Any],
      let patterns = object["patterns"] as? [[String: Any]],
      let named = object["repository"] as? [String: [String: Any]]
    else { throw Malformed(what: "the grammar has no patterns or no repository") }
    top = patterns
    repository = try named.mapValues { entry in
      guard let patterns = entry["patterns"] as? [[String: Any]] else {
        throw Malformed(what: "an entry of the repository has no patterns")
      }
      return patterns
    }
  }

  /// The tokens of each line; white space between tokens is left out.
  func tokens(of text: String) throws -> [[Token]] {
    var open: [(end: NSRegularExpression, scope: String?, rules: [Rule])] = []
    let outermost = try flattened(top)
    return try text.components(separatedBy: "\n").map { line in
      var tokens: [Token] = []
      var position = 0
      while position < line.utf16.count {
        let rules = open.last?.rules ?? outermost
        let end = open.last.flatMap { first($0.end, in: line, from: position) }
        let found = rules.lazy.compactMap { rule in
          first(opening(rule), in: line, from: position).map { (rule, $0) }
        }.min { $0.1.range.location < $1.1.range.location }
        if let end, end.range.location <= found?.1.range.location ?? .max {
          add(line, position..<end.range.location, nil, to: &tokens)
          add(line, range(end.range), open.removeLast().scope, to: &tokens)
          position = NSMaxRange(end.range)
          continue
        }
        guard let (rule, match) = found else { break }
        if match.range.length == 0 { throw Malformed(what: "a rule matches nothing: \(rule)") }
        add(line, position..<match.range.location, nil, to: &tokens)
        switch rule {
        case .match(_, let name, let captures):
          add(line, match, name, captures, to: &tokens)
        case .region(_, let end, let beginScope, let endScope, let rules):
          add(line, range(match.range), beginScope, to: &tokens)
          open.append((end, endScope, try flattened(rules)))
        case .include: break
        }
        position = NSMaxRange(match.range)
      }
      add(line, position..<line.utf16.count, nil, to: &tokens)
      return tokens
    }
  }

  // MARK: Rules

  /// The rules that a list stands for, includes followed.
  private func flattened(_ list: [[String: Any]]) throws -> [Rule] {
    try list.flatMap { entry -> [Rule] in
      switch try rule(entry) {
      case .include(let name):
        guard name.hasPrefix("#"), let rules = repository[String(name.dropFirst())] else {
          throw Malformed(what: "there is no \(name)")
        }
        return try flattened(rules)
      case let rule: return [rule]
      }
    }
  }

  private func rule(_ entry: [String: Any]) throws -> Rule {
    if let name = entry["include"] as? String { return .include(name) }
    if let pattern = entry["match"] as? String {
      return .match(
        try NSRegularExpression(pattern: pattern), name: entry["name"] as? String,
        captures: captures(entry["captures"]))
    }
    guard let begin = entry["begin"] as? String, let end = entry["end"] as? String else {
      throw Malformed(what: "a rule neither matches nor includes: \(entry)")
    }
    return .region(
      begin: try NSRegularExpression(pattern: begin), end: try NSRegularExpression(pattern: end),
      beginScope: captures(entry["beginCaptures"])[0],
      endScope: captures(entry["endCaptures"])[0],
      rules: entry["patterns"] as? [[String: Any]] ?? [])
  }

  private func captures(_ value: Any?) -> [Int: String] {
    var scopes: [Int: String] = [:]
    for (number, entry) in value as? [String: [String: String]] ?? [:] {
      if let number = Int(number) { scopes[number] = entry["name"] }
    }
    return scopes
  }

  private func opening(_ rule: Rule) -> NSRegularExpression? {
    switch rule {
    case .match(let expression, _, _), .region(let expression, _, _, _, _): expression
    case .include: nil
    }
  }

  // MARK: Matches

  private func first(
    _ expression: NSRegularExpression?, in line: String, from position: Int
  ) -> NSTextCheckingResult? {
    // What lies before counts for `^` and for looking back.
    expression?.firstMatch(
      in: line, options: [.withTransparentBounds, .withoutAnchoringBounds],
      range: NSRange(location: position, length: line.utf16.count - position))
  }

  private func range(_ range: NSRange) -> Range<Int> { range.location..<NSMaxRange(range) }

  /// A match with what its captures say of parts of it.
  private func add(
    _ line: String, _ match: NSTextCheckingResult, _ name: String?, _ captures: [Int: String],
    to tokens: inout [Token]
  ) {
    var position = match.range.location
    for number in captures.keys.sorted() {
      let part = range(match.range(at: number))
      add(line, position..<part.lowerBound, name, to: &tokens)
      add(line, part, captures[number], to: &tokens)
      position = part.upperBound
    }
    add(line, position..<NSMaxRange(match.range), name, to: &tokens)
  }

  private func add(_ line: String, _ range: Range<Int>, _ scope: String?, to tokens: inout [Token])
  {
    let units = Array(line.utf16)[range]
    let text = String(decoding: units, as: UTF16.self).trimmingCharacters(in: .whitespaces)
    if !text.isEmpty { tokens.append(Token(text: text, scope: scope)) }
  }
}
