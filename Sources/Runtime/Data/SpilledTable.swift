// A CSV file that is too large for memory: turned into numbers once, in a file whose rows can be found.

/// A CSV file as numbers in a temporary file, read and written piece by piece: a row of f64 for each of its own.
struct SpilledTable {
  let columns: [StreamedColumn]

  init(_ csv: RowFile, classes wanted: [ClassColumn]) throws(FileError) {
    var names: [String] = []
    var problems: [FileError?] = []
    var rowCount = 0
    let spilled = try RowFile(temporaryFor: csv.name) { descriptor throws(FileError) in
      var written = 0
      var pieces = CSVPieces(csv)
      while let piece = try pieces.next() {
        var parser = CSVParser(piece.bytes, file: csv.name)
        if names.isEmpty {
          names = (try parser.nextRow() ?? []).map { String(decoding: $0, as: UTF8.self) }
          try TableBuilder(names: names, file: csv.name).checkNames(
            isNumeric: names.allSatisfy { LiteralNumber(Substring($0)) != nil })
        }
        var builder = TableBuilder(
          names: names, file: csv.name, rowCount: rowCount, isLenient: true)
        while true {
          let line = piece.line + parser.line - 1
          guard let row = try parser.nextRow() else { break }
          try builder.append(row, line: line)
        }
        problems = builder.problems.enumerated().map { number, problem in
          number < problems.count ? problems[number] ?? problem : problem
        }
        let count = builder.rowCount - rowCount
        rowCount = builder.rowCount
        try RowFile.spill(
          Self.rowMajor(builder.columns, rows: count), into: descriptor, for: csv.name)
        written += count * names.count * 8
      }
      if names.isEmpty { throw .malformed(file: csv.name, problem: "it is empty") }
      return written
    }
    let classes = try Self.classes(
      ClassReader(wanted, among: names, problems: problems, file: csv.name), in: csv)
    let (width, count) = (names.count, rowCount)
    columns = names.enumerated().map { number, name in
      StreamedColumn(
        name: name, count: count, shape: [], stored: .f64, isBigEndian: false, file: spilled,
        offset: number * 8, stride: width * 8, problem: problems[number], classes: classes[number])
    }
  }

  /// Columns of words, by their numbers.
  private static func classes(
    _ columns: ClassReader, in csv: RowFile
  ) throws(FileError) -> [Int: StreamedClasses] {
    var reader = columns
    if reader.isEmpty { return [:] }
    var pieces = CSVPieces(csv)
    while let piece = try pieces.next() { try reader.read(piece.bytes, line: piece.line) }
    var streamed: [Int: StreamedClasses] = [:]
    for (number, classes) in reader.classes {
      let file = try RowFile(temporaryFor: csv.name) { descriptor throws(FileError) in
        try RowFile.spill(classes.numbers, into: descriptor, for: csv.name)
        return classes.numbers.count * 4
      }
      streamed[number] = StreamedClasses(names: classes.names, file: file)
    }
    return streamed
  }

  private static func rowMajor(_ columns: [Table.Column], rows: Int) -> [Double] {
    let values = columns.map { column -> [Double] in
      switch column {
      case .integers(let values): values.map(Double.init)
      case .floats(let values): values
      }
    }
    return (0..<rows).flatMap { row in values.map { $0[row] } }
  }
}

/// A CSV file in pieces that end with a row.
private struct CSVPieces {
  private let file: RowFile
  private var offset = 0
  private var line = 1
  private static let size = 16 << 20

  init(_ file: RowFile) { self.file = file }

  mutating func next() throws(FileError) -> (bytes: ArraySlice<UInt8>, line: Int)? {
    if offset >= file.size { return nil }
    var size = Self.size
    while true {
      let bytes = try file.bytes(at: offset, count: size)
      let isLast = offset + bytes.count >= file.size
      var end = isLast ? bytes.count : 0
      var lines = 0
      var linesBefore = 0
      var isQuoted = false
      for (place, byte) in bytes.enumerated() {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        guard byte == 0x0A else { continue }
        lines += 1
        if !isQuoted, !isLast {
          end = place + 1
          linesBefore = lines
        }
      }
      // A row that is longer than a piece.
      if end == 0 {
        size *= 2
        continue
      }
      defer {
        offset += end
        line += isLast ? lines : linesBefore
      }
      return (bytes[..<end], line)
    }
  }
}
