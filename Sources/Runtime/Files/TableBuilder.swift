// Rows of text become columns of numbers.

/// Collects the rows of a table.
struct TableBuilder {
  let names: [String]
  private(set) var rowCount = 0
  private let file: String
  /// A column's values so far stand in one of these: in `floats` from the first that is no integer.
  private var integers: [[Int64]]
  private var floats: [[Double]]
  private var isFloat: [Bool]
  /// Whether cells that are no numbers are an error only of who wants their column.
  private let isLenient: Bool
  /// By column: what is wrong with its first cell that is no number.
  private(set) var problems: [FileError?]

  /// - Parameter rowCount: how many rows have come before.
  init(names: [String], file: String, rowCount: Int = 0, isLenient: Bool = false) {
    self.names = names
    self.file = file
    self.rowCount = rowCount
    self.isLenient = isLenient
    problems = [FileError?](repeating: nil, count: names.count)
    integers = [[Int64]](repeating: [], count: names.count)
    floats = [[Double]](repeating: [], count: names.count)
    isFloat = [Bool](repeating: false, count: names.count)
  }

  var columns: [Table.Column] {
    names.indices.map { isFloat[$0] ? .floats(floats[$0]) : .integers(integers[$0]) }
  }

  func checkNames(isNumeric: Bool) throws(FileError) {
    guard !isNumeric else {
      throw .malformed(file: file, problem: "its first line should name the columns")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw .malformed(file: file, problem: "two of its columns are called '\(printable(name))'")
    }
  }

  mutating func append(_ cells: [ArraySlice<UInt8>], line: Int) throws(FileError) {
    rowCount += 1
    let isBlankLine = cells.count == 1 && names.count > 1
    for (column, cell) in cells.enumerated().prefix(names.count) where cell.isEmpty {
      if !isBlankLine, !isLenient { throw problem("a value is missing", column, line) }
    }
    guard cells.count == names.count else {
      throw problem(
        "the row has \(cells.count) cells, but the table has \(names.count) columns",
        min(cells.count, names.count), line)
    }
    for (column, cell) in cells.enumerated() {
      guard let number = shortInteger(cell).map(LiteralNumber.integer) ?? number(in: cell) else {
        let text = printable(String(decoding: cell, as: UTF8.self))
        let error = problem(
          cell.isEmpty ? "a value is missing" : "'\(text)' is not a number", column, line)
        if !isLenient { throw error }
        problems[column] = problems[column] ?? error
        append(.special(.nan), to: column)
        continue
      }
      append(number, to: column)
    }
  }

  private func number(in cell: ArraySlice<UInt8>) -> LiteralNumber? {
    LiteralNumber(Substring(decoding: cell, as: UTF8.self))
  }

  private mutating func append(_ number: LiteralNumber, to column: Int) {
    let value: Double
    switch number {
    case .integer(let integer):
      guard isFloat[column] else { return integers[column].append(integer) }
      value = Double(integer)
    case .bool(let flag): return append(.integer(flag ? 1 : 0), to: column)
    case .special(let special): value = special
    // A decimal literal has been checked: there is a nearest double, perhaps an infinity.
    case .decimal(let text): value = Double(text) ?? .nan
    }
    if !isFloat[column] {
      floats[column] = integers[column].map(Double.init)
      integers[column] = []
      isFloat[column] = true
    }
    floats[column].append(value)
  }

  private func problem(_ problem: String, _ column: Int, _ line: Int) -> FileError {
    let name = column < names.count ? "'\(printable(names[column]))'" : String(column + 1)
    return .cell(file: file, row: rowCount, line: line, column: name, problem: problem)
  }
}

/// Up to 18 digits, perhaps behind a minus, which cannot overflow; nil for anything else. Most cells
/// of most tables are such, and this is several times faster than the general way.
private func shortInteger(_ text: ArraySlice<UInt8>) -> Int64? {
  let isNegative = text.first == UInt8(ascii: "-")
  let digits = isNegative ? text.dropFirst() : text
  guard (1...18).contains(digits.count) else { return nil }
  var value: Int64 = 0
  for digit in digits {
    guard (0x30...0x39).contains(digit) else { return nil }
    value = value * 10 + Int64(digit - 0x30)
  }
  return isNegative ? -value : value
}
