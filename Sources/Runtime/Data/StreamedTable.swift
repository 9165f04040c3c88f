// Data that stays in its files: rows are read when a batch needs them.

import Glibc
import NNIR

/// A column whose rows lie in a file, each at the same distance from the one before.
struct StreamedColumn: Sendable {
  var name: String
  var count: Int
  /// Of a row's elements.
  var shape: [Int]
  var stored: StoredElement
  var isBigEndian: Bool
  var file: RowFile
  /// Of the first row, and from one to the next, in bytes.
  var offset: Int
  var stride: Int
  /// Why it cannot be used.
  var problem: FileError?
  /// What it gives where classes are wanted, if it holds words.
  var classes: StreamedClasses?

  /// Bytes of a row.
  var size: Int { shape.reduce(1, *) * stored.byteCount }

  var outline: InputColumns.Outline {
    InputColumns.Outline(name: name, file: file.name, shape: Shape(shape))
  }

  /// Whether its rows are parts of the same rows of the file as another's, which does not come later in them.
  func liesBeside(_ other: StreamedColumn) -> Bool {
    file === other.file && stride == other.stride
      && (0...stride - size).contains(offset - other.offset)
  }

  /// The column of rows that have been read, each from `start` of the file's row on.
  func tensor(of rows: [UInt8], count: Int, from start: Int) throws(FileError) -> Tensor {
    let width = rows.count / max(1, count)
    var own = rows
    if width != size {
      own = []
      own.reserveCapacity(count * size)
      for row in 0..<count {
        let first = row * width + offset - start
        own += rows[first..<first + size]
      }
    }
    let elements = StoredElements(stored: stored, isBigEndian: isBigEndian, bytes: own[...])
    guard let tensor = elements.tensor(shape: Shape([count] + shape)) else {
      throw .malformed(file: file.name, problem: "it holds a u64 that no i64 can be")
    }
    return tensor
  }
}

/// The classes of a column of words: an i32 a row in a file of their own.
struct StreamedClasses: Sendable {
  var names: ClassNames
  var file: RowFile

  func rows(_ numbers: ArraySlice<Int>) throws(FileError) -> ColumnClasses {
    let bytes = try file.rows(numbers, offset: 0, size: 4, stride: 4)
    return ColumnClasses(
      names: names,
      numbers: bytes.withUnsafeBytes { source in
        (0..<numbers.count).map { source.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
      })
  }
}

/// Columns whose rows stay in files.
public struct StreamedTable: Sendable {
  let columns: [StreamedColumn]
  private let files: [String]

  var rowCount: Int { columns.first?.count ?? 0 }

  /// Opens files that hold the same rows, of any format but text.
  ///
  /// - Parameter classes: columns whose words are classes.
  public init(opening files: [String], classes: [ClassColumn]) throws(FileError) {
    var columns: [StreamedColumn] = []
    for name in files {
      columns += try StreamedColumn.columns(in: RowFile(name), classes: classes)
    }
    for (number, column) in columns.enumerated()
    where columns[..<number].contains(where: { $0.name == column.name }) {
      throw .malformed(
        file: column.file.name, problem: "there are two columns '\(printable(column.name))'")
    }
    self.init(columns, of: files)
  }

  private init(_ columns: [StreamedColumn], of files: [String]) {
    self.columns = columns
    self.files = files
  }

  /// Some of the rows, in this order.
  public func rows(_ numbers: ArraySlice<Int>) throws(FileError) -> DataTable {
    var gathered: [DataColumn] = []
    var rest = columns[...]
    while let first = rest.first {
      // Columns that lie beside one another are read at one go.
      let group = rest.prefix { $0.liesBeside(first) }
      rest = rest.dropFirst(group.count)
      let end = group.last.map { $0.offset + $0.size } ?? 0
      let bytes = try first.file.rows(
        numbers, offset: first.offset, size: end - first.offset, stride: first.stride)
      for column in group {
        let tensor = try column.tensor(of: bytes, count: numbers.count, from: first.offset)
        var piece = DataColumn(
          name: column.name, tensor: tensor, problem: column.problem,
          classes: try column.classes?.rows(numbers))
        piece.file = column.file.name
        gathered.append(piece)
      }
    }
    return DataTable(gathered)
  }

  /// Of a column that was read as words.
  public func classNames(ofColumn name: String) -> ClassNames? {
    columns.first { $0.name == name }?.classes?.names
  }

  /// The columns that expressions take, in the same order, which have to have as many rows.
  func selected(by expressions: [ColumnExpression]) throws(ColumnError) -> StreamedTable {
    var kept = [Bool](repeating: false, count: columns.count)
    let names = columns.map(\.name)
    for expression in expressions {
      switch expression {
      case .oneHot(let name): kept[try columnIndex(of: name, among: names)] = true
      case .columns(let ranges):
        for range in ranges { for place in try range.indices(among: names) { kept[place] = true } }
      }
    }
    let selected = StreamedTable(
      columns.indices.filter { kept[$0] }.map { columns[$0] }, of: files)
    for column in selected.columns {
      if let problem = column.problem, column.classes == nil { throw .unusable(problem) }
    }
    for column in selected.columns where column.count != selected.rowCount {
      throw .unusable(
        .malformed(
          file: files.joined(separator: ", "),
          problem: "'\(printable(column.name))' has \(column.count) rows, but "
            + "'\(printable(selected.columns[0].name))' has \(selected.rowCount)"))
    }
    return selected
  }

  /// Whether files are so large that their rows should stay where they are, more than a quarter of the machine's memory, and of formats
  /// whose rows can be read one by one.
  public static func isBetter(for files: [String]) -> Bool {
    var total = 0
    for file in files {
      var status = stat()
      guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        hasRows(file)
      else { return false }
      total += Int(status.st_size)
    }
    return total > sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 4
  }

  /// Whether a file is, by its name, of a format whose rows can be read one by one.
  private static func hasRows(_ file: String) -> Bool {
    let plain = unpackedName(file)
    return [".csv", ".npy", ".npz"].contains(where: plain.hasSuffix) || plain.contains("-idx")
  }
}
