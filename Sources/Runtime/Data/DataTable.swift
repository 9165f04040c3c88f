// A data file as named columns whose axis 0 counts rows: the columns of a CSV file, the arrays of an archive, images and labels, text. What
// the training options say about columns they say about all of these.

import NNIR

/// A named array of as many elements a row as its further axes have.
public struct DataColumn: Sendable {
  public var name: String
  public var tensor: Tensor

  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }

  /// Elements a row.
  var width: Int { tensor.shape.sizes.dropFirst().reduce(1, *) }
}

public struct DataTable: Sendable {
  /// For messages.
  public let file: String
  public let columns: [DataColumn]
  public let rowCount: Int
  /// What its text consists of, where it is text.
  public private(set) var vocabulary: Vocabulary?

  public var names: [String] { columns.map(\.name) }

  /// Columns of as many rows each.
  init(
    _ columns: [DataColumn], file: String, vocabulary: Vocabulary? = nil
  ) throws(FileError) {
    self.file = file
    self.columns = columns
    self.vocabulary = vocabulary
    rowCount = columns.first?.tensor.shape.sizes.first ?? 0
    for column in columns {
      guard let rows = column.tensor.shape.sizes.first else {
        throw .malformed(
          file: file, problem: "'\(printable(column.name))' is a scalar, not an array of rows")
      }
      if rows != rowCount {
        throw .malformed(
          file: file,
          problem: "'\(printable(column.name))' has \(rows) rows, but "
            + "'\(printable(columns[0].name))' has \(rowCount)")
      }
    }
  }

  public init(_ table: Table) {
    file = table.file
    rowCount = table.rowCount
    columns = zip(table.names, table.columns).map { name, column in
      switch column {
      case .integers(let values): DataColumn(name: name, tensor: Tensor(values))
      case .floats(let values): DataColumn(name: name, tensor: Tensor(values))
      }
    }
  }

  /// Reads files that hold the same rows: one CSV file, one archive, arrays that each have a file, or a pair of IDX files, whose columns are
  /// called `images` and `labels`. What a file is, its first bytes say; any of them may be packed by gzip.
  ///
  /// - Parameter text: how files of text are read.
  public init(reading files: [String], text: TextReading) throws(FileError) {
    var columns: [DataColumn] = []
    var vocabulary: Vocabulary?
    for file in files {
      let table = try Self.table(file, text)
      vocabulary = vocabulary ?? table.vocabulary
      for column in table.columns {
        if columns.contains(where: { $0.name == column.name }) {
          throw .malformed(
            file: file, problem: "there are two columns '\(printable(column.name))'")
        }
        columns.append(column)
      }
    }
    try self.init(columns, file: files.joined(separator: ", "), vocabulary: vocabulary)
  }

  private static func table(_ file: String, _ text: TextReading) throws(FileError) -> DataTable {
    let bytes = try unpacked(readBytes(of: file)[...], file: file)
    let plain = file.hasSuffix(".gz") ? String(file.dropLast(3)) : file
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) || plain.hasSuffix(".npz") {
      return try archive(NumPyArchive(bytes, file: file), file)
    }
    if bytes.starts(with: NumPyFile.magic) || plain.hasSuffix(".npy") {
      let tensor = try NumPyFile.decode(bytes, file: file)
      return try DataTable([DataColumn(name: stem(plain), tensor: tensor)], file: file)
    }
    if let tensor = try IDXFile.decode(bytes, file: file) {
      let name = tensor.shape.rank > 1 ? "images" : "labels"
      return try DataTable([DataColumn(name: name, tensor: tensor)], file: file)
    }
    if plain.hasSuffix(".txt") || plain.hasSuffix(".text") {
      return try text.table(bytes, file: file)
    }
    return DataTable(try Table(bytes, file: file, header: .present))
  }

  private static func archive(
    _ archive: NumPyArchive, _ file: String
  ) throws(FileError) -> DataTable {
    var columns: [DataColumn] = []
    for name in archive.names {
      if let tensor = try archive.tensor(named: name) {
        columns.append(DataColumn(name: name, tensor: tensor))
      }
    }
    // An archive may hold more than rows: what no input takes need not have as many.
    return DataTable(unchecked: columns, file: file)
  }

  private init(unchecked columns: [DataColumn], file: String) {
    self.columns = columns
    self.file = file
    rowCount = columns.first?.tensor.shape.sizes.first ?? 0
  }

  private static func stem(_ file: String) -> String {
    let name = file.split(separator: "/").last ?? "data"
    return String(name.prefix { $0 != "." })
  }

  func columnIndex(named name: String) -> Int? { columns.firstIndex { $0.name == name } }
}
