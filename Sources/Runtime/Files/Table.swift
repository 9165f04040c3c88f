// `.csv`: a table of numbers with, mostly, a line of column names above it. The grammar is RFC
// 4180's; lines may end in LF or CRLF, and what is no number is named by row and column.

import NNIR

/// A table of numbers, column by column.
public struct Table: Sendable {
  /// A column's values; a column is of integers where each of its cells is written as one.
  public enum Column: Sendable {
    case integers([Int64])
    case floats([Double])
  }

  /// Whether a table begins with a line of column names.
  public enum Header: Sendable {
    case present, absent
    /// There is one where the first line is not all numbers.
    case whereNotNumeric
  }

  public let file: String
  /// The columns' names; `1`, `2` and so on where the table has none.
  public let names: [String]
  public let hasHeader: Bool
  public let columns: [Column]
  public let rowCount: Int
  /// By column: why not all of it are numbers, where that was let pass.
  let problems: [FileError?]

  /// Reads a `.csv` file, or standard input where `file` is `-`.
  public init(
    reading file: String, header: Header = .present
  ) throws(FileError) {
    try self.init(readBytes(of: file)[...], file: file, header: header)
  }

  /// - Parameter isLenient: whether a cell that is no number is an error only of who wants its column.
  init(
    _ bytes: ArraySlice<UInt8>, file: String, header: Header, isLenient: Bool = false
  ) throws(FileError) {
    self.file = file
    var parser = CSVParser(bytes, file: file)
    guard let first = try parser.nextRow() else {
      throw .malformed(file: file, problem: "it is empty")
    }
    let texts = first.map { String(decoding: $0, as: UTF8.self) }
    let isNumeric = texts.allSatisfy { LiteralNumber(Substring($0)) != nil }
    hasHeader =
      switch header {
      case .present: true
      case .absent: false
      case .whereNotNumeric: !isNumeric
      }
    var builder: TableBuilder
    if hasHeader {
      builder = TableBuilder(names: texts, file: file, isLenient: isLenient)
      try builder.checkNames(isNumeric: isNumeric)
    } else {
      builder = TableBuilder(
        names: (1...first.count).map(String.init), file: file, isLenient: isLenient)
      try builder.append(first, line: 1)
    }
    while true {
      let line = parser.line
      guard let row = try parser.nextRow() else { break }
      try builder.append(row, line: line)
    }
    names = builder.names
    columns = builder.columns
    problems = builder.problems
    rowCount = builder.rowCount
  }

  /// The number of the first column with this name.
  public func columnIndex(named name: String) -> Int? { names.firstIndex(of: name) }

  /// The values of column `index`; integers beyond 2^53 are rounded.
  public func values(ofColumn index: Int) -> [Double] {
    switch columns[index] {
    case .integers(let values): values.map(Double.init)
    case .floats(let values): values
    }
  }

  /// All cells as a tensor `[rows, columns]`: i64 where every column is of integers, else f64.
  public var tensor: Tensor {
    let shape = Shape([rowCount, columns.count])
    var integers: [[Int64]] = []
    for case .integers(let values) in columns { integers.append(values) }
    if integers.count == columns.count {
      return Tensor(shape, rowMajor(integers))
    }
    return Tensor(shape, rowMajor(columns.indices.map { values(ofColumn: $0) }))
  }

  private func rowMajor<Value>(_ columns: [[Value]]) -> [Value] {
    var cells: [Value] = []
    cells.reserveCapacity(rowCount * columns.count)
    for row in 0..<rowCount {
      for column in columns { cells.append(column[row]) }
    }
    return cells
  }
}
