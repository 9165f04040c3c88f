// A data file as named columns whose axis 0 counts rows: the columns of a CSV file, the arrays of an archive, images and labels, text. What
// the training options say about columns they say about all of these.

import NNIR

/// A named array of as many elements a row as its further axes have.
public struct DataColumn: Sendable {
  public var name: String
  public var tensor: Tensor
  var file: String?
  /// Why it cannot be used; the tensor says nothing then.
  var problem: FileError?
  /// What it gives where classes are wanted, if it holds words.
  var classes: ColumnClasses?

  public init(name: String, tensor: Tensor) {
    self.init(name: name, tensor: tensor, problem: nil)
  }

  init(name: String, tensor: Tensor, problem: FileError?, classes: ColumnClasses? = nil) {
    self.name = name
    self.tensor = tensor
    self.problem = problem
    self.classes = classes
  }

  /// The column of its classes' numbers, where it holds words.
  var classified: DataColumn {
    guard let classes else { return self }
    var column = self
    (column.tensor, column.problem) = (Tensor(classes.numbers), nil)
    return column
  }

  /// What the array of a file without names is called: the file's name up to the first dot.
  static func name(ofArrayIn file: String) -> String {
    String((file.split(separator: "/").last ?? "data").prefix { $0 != "." })
  }

  /// The same of an IDX file.
  static func name(ofIDX shape: Shape) -> String { shape.rank > 1 ? "images" : "labels" }

  /// Elements a row.
  var width: Int { rowShape.count }

  private var rowShape: Shape { Shape(Array(tensor.shape.sizes.dropFirst())) }

  var outline: InputColumns.Outline {
    InputColumns.Outline(name: name, file: file, shape: rowShape)
  }

  func place(ofElement index: Int) -> DataPlace {
    let (row, element) = index.quotientAndRemainder(dividingBy: max(1, width))
    return DataPlace(
      file: file, row: row + 1, column: name, indices: rowShape.indices(ofElement: element))
  }
}

public struct DataTable: Sendable {
  public let columns: [DataColumn]
  public let rowCount: Int
  /// What its text consists of, where it is text.
  public private(set) var vocabulary: Vocabulary?

  public var names: [String] { columns.map(\.name) }

  /// What no input takes need not have as many rows.
  init(_ columns: [DataColumn], vocabulary: Vocabulary? = nil) {
    self.columns = columns
    self.vocabulary = vocabulary
    rowCount = columns.first?.tensor.shape.sizes.first ?? 0
  }

  public init(_ table: Table) { self.init(table, classes: [:]) }

  /// - Parameter classes: of columns that hold words, by the columns' numbers.
  private init(_ table: Table, classes: [Int: ColumnClasses]) {
    rowCount = table.rowCount
    columns = table.names.enumerated().map { number, name in
      let tensor =
        switch table.columns[number] {
        case .integers(let values): Tensor(values)
        case .floats(let values): Tensor(values)
        }
      return DataColumn(
        name: name, tensor: tensor, problem: table.problems[number], classes: classes[number])
    }
  }

  /// Reads files that hold the same rows: one CSV file, one archive, arrays that each have a file, or a pair of IDX files, whose columns are
  /// called `images` and `labels`. What a file is, its first bytes say; any of them may be packed by gzip.
  ///
  /// - Parameters:
  ///   - text: how files of text are read.
  ///   - classes: columns whose words are classes.
  public init(
    reading files: [String], text: TextReading, classes: [ClassColumn]
  ) throws(FileError) {
    var columns: [DataColumn] = []
    var vocabulary: Vocabulary?
    for file in files {
      let table = try Self.table(file, text, classes)
      vocabulary = vocabulary ?? table.vocabulary
      for var column in table.columns {
        column.file = file
        if columns.contains(where: { $0.name == column.name }) {
          throw .malformed(
            file: file, problem: "there are two columns '\(printable(column.name))'")
        }
        columns.append(column)
      }
    }
    self.init(columns, vocabulary: vocabulary)
  }

  private static func table(
    _ file: String, _ text: TextReading, _ classes: [ClassColumn]
  ) throws(FileError) -> DataTable {
    let bytes = try unpacked(readBytes(of: file)[...], file: file)
    let plain = unpackedName(file)
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) || plain.hasSuffix(".npz") {
      return archive(try NumPyArchive(bytes, file: file))
    }
    if bytes.starts(with: NumPyFile.magic) || plain.hasSuffix(".npy") {
      let tensor = try NumPyFile.decode(bytes, file: file)
      return DataTable(
        [DataColumn(name: DataColumn.name(ofArrayIn: file), tensor: tensor)])
    }
    if let tensor = try IDXFile.decode(bytes, file: file) {
      return DataTable(
        [DataColumn(name: DataColumn.name(ofIDX: tensor.shape), tensor: tensor)])
    }
    if TextReading.isText(file) {
      return try text.table(bytes, file: file)
    }
    let table = try Table(bytes, file: file, header: .present, isLenient: true)
    var reader = ClassReader(classes, among: table.names, problems: table.problems, file: file)
    if !reader.isEmpty { try reader.read(bytes, line: 1) }
    return DataTable(table, classes: reader.classes)
  }

  private static func archive(_ archive: NumPyArchive) -> DataTable {
    let columns = archive.names.map { name in
      do throws(FileError) {
        if let tensor = try archive.tensor(named: name) {
          return DataColumn(name: name, tensor: tensor)
        }
        return DataColumn(name: name, tensor: Tensor(zeros: TensorType(.f32, [0])))
      } catch {
        return DataColumn(name: name, tensor: Tensor(zeros: TensorType(.f32, [0])), problem: error)
      }
    }
    return DataTable(columns)
  }

  /// The columns that an input's elements come from; nil where it takes classes.
  public func columns(of expression: ColumnExpression) -> InputColumns? {
    InputColumns(expression, among: columns.map(\.outline))
  }

  /// Of a column that was read as words.
  public func classNames(ofColumn name: String) -> ClassNames? {
    columns.first { $0.name == name }?.classes?.names
  }
}
