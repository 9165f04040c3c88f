// How the columns of a data file become the inputs of a graph: `x=p0..p63`, `y=onehot(digit)`, `x=age,height`.

import NNIR

/// The right side of `--column NAME=…`.
public enum ColumnExpression: Hashable, Sendable {
  /// One after the other; `first..last` is a range in the order of the file.
  case columns([ColumnRange])
  /// One column of class numbers, or of words that stand for classes, as wide as the input needs.
  case oneHot(String)
}

public struct ColumnRange: Hashable, Sendable {
  public var first: String
  /// The same as `first` for a single column.
  public var last: String

  public init(first: String, last: String) {
    self.first = first
    self.last = last
  }
}

extension ColumnRange {
  /// The places of its columns in a table's order.
  func indices(among names: [String]) throws(ColumnError) -> ClosedRange<Int> {
    let first = try columnIndex(of: first, among: names)
    let last = try columnIndex(of: last, among: names)
    if last < first { throw .backwards(first: self.first, last: self.last) }
    return first...last
  }
}

func columnIndex(of name: String, among names: [String]) throws(ColumnError) -> Int {
  guard let index = names.firstIndex(of: name) else {
    throw .unknownColumn(name, suggestion: nearest(to: name, among: names))
  }
  return index
}

/// What is wrong with a mapping or with the data under it; every case is bad data but `malformed`, which is wrong usage.
public enum ColumnError: Error, Hashable, CustomStringConvertible {
  case malformed(String)
  case unknownColumn(String, suggestion: String?)
  case backwards(first: String, last: String)
  case unknownInput(String, suggestion: String?)
  case missingInput(String, TensorType)
  case wrongWidth(input: String, type: TensorType, expected: Int, found: Int)
  case notAClass(DataPlace, value: Double, classes: Int)
  case notAnInteger(input: String, DataPlace, value: Double)
  case scalarInput(String)
  case differentRows(input: String, found: Int, expected: Int)
  /// What the file has there is no number, or nothing that has rows.
  case unusable(FileError)
  case noRows(column: String)
  /// An integer that the input's type does not have.
  case outOfRange(input: String, type: ElementType, DataPlace, value: Double)
  /// What is normalised is NaN or infinite.
  case notFinite(input: String, DataPlace, value: Double)
  case tooManyWords(column: String, words: Int, input: String, classes: Int)
  /// Two inputs that were trained on different words.
  case differentClasses(column: String)

  public var description: String {
    switch self {
    case .malformed(let text):
      "cannot read '\(text)': expected NAME=COLUMN, NAME=FIRST..LAST or NAME=onehot(COLUMN), "
        + "a column with a comma in its name in quotation marks"
    case .unknownColumn(let name, let suggestion):
      "the data has no column '\(name)'" + Self.hint(suggestion)
    case .backwards(let first, let last):
      "column '\(last)' stands before '\(first)' in the data"
    case .unknownInput(let name, let suggestion):
      "the graph has no input '\(name)'" + Self.hint(suggestion)
    case .missingInput(let name, let type):
      "no column is mapped to input \(name) : \(type); say --column \(name)=…"
    case .wrongWidth(let input, let type, let expected, let found):
      "input \(input) : \(type) takes \(expected) numbers a row, but \(found) columns are mapped to it"
    case .notAClass(let place, let value, let classes):
      "\(place): \(value) is not a class from 0 to \(classes - 1)"
    case .notAnInteger(let input, let place, let value):
      "\(place): \(value) is not an integer, as input \(input) needs"
    case .unusable(let error): "\(error)"
    case .noRows(let column): "'\(column)' is a scalar, not an array of rows"
    case .outOfRange(let input, let type, let place, let value):
      "\(place): \(value) is no \(type.name), as input \(input) needs"
    case .notFinite(let input, let place, let value):
      "\(place): \(value) cannot be normalised, as input \(input) is"
    case .tooManyWords(let column, let words, let input, let classes):
      "column '\(column)' holds \(words) different words, but input \(input) has room for \(classes) classes"
    case .differentClasses(let column):
      "column '\(column)' is mapped to inputs whose classes were different words in training"
    case .differentRows(let input, let found, let expected):
      "input \(input) gets \(found) rows, but the input before it \(expected)"
    case .scalarInput(let name):
      "input \(name) is a scalar: data needs a leading axis for the rows of a batch"
    }
  }

  private static func hint(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean '\($0)'?" } ?? ""
  }
}

extension ColumnError {
  /// The same of another row, where it names one.
  func movedRow(_ number: (Int) -> Int) -> ColumnError {
    func moved(_ place: DataPlace) -> DataPlace {
      var place = place
      place.row = number(place.row)
      return place
    }
    switch self {
    case .notAClass(let place, let value, let classes):
      return .notAClass(moved(place), value: value, classes: classes)
    case .notAnInteger(let input, let place, let value):
      return .notAnInteger(input: input, moved(place), value: value)
    case .outOfRange(let input, let type, let place, let value):
      return .outOfRange(input: input, type: type, moved(place), value: value)
    case .notFinite(let input, let place, let value):
      return .notFinite(input: input, moved(place), value: value)
    case .malformed, .unknownColumn, .backwards, .unknownInput, .missingInput, .wrongWidth,
      .scalarInput, .differentRows, .unusable, .noRows, .tooManyWords, .differentClasses:
      return self
    }
  }
}

extension ColumnExpression {
  /// Reads `NAME=EXPRESSION`.
  public static func parse(_ text: String) throws(ColumnError) -> (
    name: String, expression: ColumnExpression
  ) {
    guard let equals = text.firstIndex(of: "=") else { throw .malformed(text) }
    let name = String(text[..<equals])
    let right = text[text.index(after: equals)...]
    if name.isEmpty || right.isEmpty { throw .malformed(text) }
    if right.hasPrefix("onehot("), right.hasSuffix(")") {
      let column = right.dropFirst("onehot(".count).dropLast()
      if column.isEmpty { throw .malformed(text) }
      return (name, .oneHot(unquoted(column) ?? String(column)))
    }
    var ranges: [ColumnRange] = []
    guard let parts = splitOutsideQuotes(right) else { throw .malformed(text) }
    for part in parts {
      if let quoted = unquoted(part) {
        ranges.append(ColumnRange(first: quoted, last: quoted))
        continue
      }
      let pieces = part.split(separator: ".", omittingEmptySubsequences: false)
      // "a..b" splits into a, nothing, b; names with single dots stay whole.
      if let gap = pieces.firstIndex(of: ""), gap > 0, gap < pieces.count - 1 {
        let first = pieces[..<gap].joined(separator: ".")
        let last = pieces[(gap + 1)...].joined(separator: ".")
        ranges.append(ColumnRange(first: first, last: last))
      } else if part.isEmpty {
        throw .malformed(text)
      } else {
        ranges.append(ColumnRange(first: String(part), last: String(part)))
      }
    }
    return (name, .columns(ranges))
  }
}

/// What stands between quotation marks; nil without them.
private func unquoted(_ text: Substring) -> String? {
  guard text.count > 2, text.first == "\"", text.last == "\"" else { return nil }
  let inside = text.dropFirst().dropLast()
  return inside.contains("\"") ? nil : String(inside)
}

/// The parts between commas that stand in no quotation marks; nil where one of these is not closed.
private func splitOutsideQuotes(_ text: Substring) -> [Substring]? {
  var parts: [Substring] = []
  var start = text.startIndex
  var isQuoted = false
  for index in text.indices {
    if text[index] == "\"" { isQuoted.toggle() }
    guard text[index] == ",", !isQuoted else { continue }
    parts.append(text[start..<index])
    start = text.index(after: index)
  }
  parts.append(text[start...])
  return isQuoted ? nil : parts
}

/// A factor of `--scale NAME=…`: `0.5` or `1/16`.
public func parseScale(_ text: String) -> (name: String, factor: Double)? {
  guard let equals = text.firstIndex(of: "=") else { return nil }
  let name = String(text[..<equals])
  let parts = text[text.index(after: equals)...].split(
    separator: "/", omittingEmptySubsequences: false)
  let numbers = parts.compactMap { Double($0) }
  if name.isEmpty || numbers.count != parts.count { return nil }
  switch numbers.count {
  case 1: return (name, numbers[0])
  case 2 where numbers[1] != 0: return (name, numbers[0] / numbers[1])
  default: return nil
  }
}
