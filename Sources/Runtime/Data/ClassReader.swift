// A column of words is read once more for its classes: whether its cells are words or numbers only its last cell decides, and the number of
// a word only the last word.

/// The class of each row of a column of words.
struct ColumnClasses: Sendable {
  var names: ClassNames
  var numbers: [Int32]
}

/// Reads the cells of some columns of a CSV text as words.
struct ClassReader {
  private var collectors: [ClassCollector] = []
  private let file: String
  private var row = 0
  private var isPastHeader = false

  /// Of the columns wanted as classes, those that hold words, or whose cells are words because those were that the network was trained on.
  ///
  /// - Parameter problems: why the columns' cells are not all numbers.
  init(_ wanted: [ClassColumn], among names: [String], problems: [FileError?], file: String) {
    self.file = file
    for column in wanted {
      guard let place = names.firstIndex(of: column.name),
        column.known != nil || problems[place] != nil
      else { continue }
      collectors.append(ClassCollector(column, place: place, file: file))
    }
  }

  /// Whether there is nothing to read.
  var isEmpty: Bool { collectors.isEmpty }

  /// Reads rows, of the file's first ones after its header; their cells have been counted.
  mutating func read(_ bytes: ArraySlice<UInt8>, line firstLine: Int) throws(FileError) {
    var parser = CSVParser(bytes, file: file)
    if !isPastHeader { _ = try parser.nextRow() }
    isPastHeader = true
    while true {
      let line = firstLine + parser.line - 1
      guard let cells = try parser.nextRow() else { return }
      row += 1
      for index in collectors.indices {
        try collectors[index].append(cells[collectors[index].place], row: row, line: line)
      }
    }
  }

  /// By the columns' places.
  var classes: [Int: ColumnClasses] {
    Dictionary(collectors.map { ($0.place, $0.classes) }, uniquingKeysWith: { first, _ in first })
  }
}

/// One column's words, in the order in which they come, and which of them each row has.
private struct ClassCollector {
  let column: ClassColumn
  let place: Int
  let file: String
  private var words: [ArraySlice<UInt8>] = []
  private var places: [ArraySlice<UInt8>: Int32] = [:]
  private var numbers: [Int32] = []

  init(_ column: ClassColumn, place: Int, file: String) {
    self.column = column
    self.place = place
    self.file = file
  }

  mutating func append(_ cell: ArraySlice<UInt8>, row: Int, line: Int) throws(FileError) {
    func problem(_ problem: String) -> FileError {
      .cell(
        file: file, row: row, line: line, column: "'\(printable(column.name))'", problem: problem)
    }
    if cell.isEmpty { throw problem("a value is missing") }
    if let known = column.known {
      guard let number = known.place(of: cell) else {
        let word = printable(String(decoding: cell, as: UTF8.self))
        throw problem(
          "'\(word)' is none of the \(known.words.count) words that the network was trained on")
      }
      numbers.append(number)
    } else if let number = places[cell] {
      numbers.append(number)
    } else {
      guard String(validating: cell, as: UTF8.self) != nil else {
        throw problem("'\(printable(String(decoding: cell, as: UTF8.self)))' is no UTF-8 text")
      }
      // A copy, so that it does not keep the whole text.
      let word = Array(cell)[...]
      numbers.append(Int32(words.count))
      places[word] = Int32(words.count)
      words.append(word)
    }
  }

  /// Numbered in the order of the words' bytes.
  var classes: ColumnClasses {
    if let known = column.known { return ColumnClasses(names: known, numbers: numbers) }
    let order = words.indices.sorted { words[$0].lexicographicallyPrecedes(words[$1]) }
    var ranks = [Int32](repeating: 0, count: words.count)
    for (rank, place) in order.enumerated() { ranks[place] = Int32(rank) }
    return ColumnClasses(
      names: ClassNames(order.map { String(decoding: words[$0], as: UTF8.self) }),
      numbers: numbers.map { ranks[Int($0)] })
  }
}
