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

  /// Whether its rows and another's are parts of the same rows of the file.
  func liesBeside(_ other: StreamedColumn) -> Bool { file === other.file && stride == other.stride }

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
  public let rowCount: Int

  /// Opens `.npy` and IDX files; a CSV file is turned into numbers in a temporary file first.
  ///
  /// - Parameter classes: columns whose words are classes.
  public init(opening files: [String], classes: [ClassColumn]) throws(FileError) {
    var columns: [StreamedColumn] = []
    for name in files {
      let file = try RowFile(name)
      let head = try file.bytes(at: 0, count: 1 << 20)[...]
      if head.starts(with: NumPyFile.magic) {
        let layout = try NumPyFile.layout(of: head, file: name)
        columns.append(try Self.column(DataColumn.name(ofArrayIn: name), layout, file))
      } else if let layout = try IDXFile.layout(of: head, file: name) {
        columns.append(try Self.column(DataColumn.name(ofIDX: layout.shape), layout, file))
      } else if head.starts(with: [0x1F, 0x8B]) || head.starts(with: [0x50, 0x4B, 3, 4]) {
        throw .malformed(
          file: name, problem: "rows of a packed file cannot be read one by one: unpack it first")
      } else {
        columns += try SpilledTable(file, classes: classes).columns
      }
    }
    for (number, column) in columns.enumerated()
    where columns[..<number].contains(where: { $0.name == column.name }) {
      throw .malformed(
        file: column.file.name, problem: "there are two columns '\(printable(column.name))'")
    }
    self.columns = columns
    rowCount = columns.first?.count ?? 0
    for column in columns where column.count != rowCount {
      throw .malformed(
        file: files.joined(separator: ", "),
        problem: "'\(printable(column.name))' has \(column.count) rows, but "
          + "'\(printable(columns[0].name))' has \(rowCount)")
    }
  }

  private static func column(
    _ name: String, _ layout: ArrayLayout, _ file: RowFile
  ) throws(FileError) -> StreamedColumn {
    try layout.check(fileSize: file.size, file: file.name)
    let sizes = layout.shape.sizes
    guard let rows = sizes.first, !layout.isColumnMajor || sizes.count == 1 else {
      throw .malformed(file: file.name, problem: "its rows do not lie one after the other")
    }
    let rest = Array(sizes.dropFirst())
    return StreamedColumn(
      name: name, count: rows, shape: rest, stored: layout.stored,
      isBigEndian: layout.isBigEndian, file: file, offset: layout.offset,
      stride: rest.reduce(1, *) * layout.stored.byteCount)
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

  /// The columns that an expression takes, in the same order.
  func selected(by expression: ColumnExpression) -> StreamedTable {
    var kept = [Bool](repeating: false, count: columns.count)
    func place(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }
    switch expression {
    case .oneHot(let name): if let place = place(name) { kept[place] = true }
    case .columns(let ranges):
      for range in ranges {
        guard let first = place(range.first), let last = place(range.last), first <= last else {
          continue
        }
        for place in first...last { kept[place] = true }
      }
    }
    return StreamedTable(
      columns: columns.indices.filter { kept[$0] }.map { columns[$0] }, rowCount: rowCount)
  }

  private init(columns: [StreamedColumn], rowCount: Int) {
    self.columns = columns
    self.rowCount = rowCount
  }

  /// Whether files are so large that their rows should stay where they are, more than a quarter of the machine's memory, and of formats
  /// whose rows can be read one by one.
  public static func isBetter(for files: [String]) -> Bool {
    var total = 0
    for file in files {
      var status = stat()
      guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        [".csv", ".npy"].contains(where: file.hasSuffix) || file.contains("-idx")
      else { return false }
      total += Int(status.st_size)
    }
    return total > sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 4
  }
}
