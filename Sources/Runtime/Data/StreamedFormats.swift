// How the rows of each format of data are found in its file. Elements that are stored as they are stay there; what is text or packed goes
// into a temporary file first.

import NNIR

extension StreamedColumn {
  /// The columns of a file.
  ///
  /// - Parameter classes: columns whose words are classes.
  static func columns(
    in file: RowFile, classes: [ClassColumn]
  ) throws(FileError) -> [StreamedColumn] {
    let head = try file.bytes(at: 0, count: headSize)[...]
    if head.starts(with: [0x1F, 0x8B]) {
      return try columns(in: try file.unpackedGzip(), classes: classes)
    }
    if head.starts(with: [0x50, 0x4B, 3, 4]) { return try columns(inArchive: file) }
    if head.starts(with: NumPyFile.magic) {
      let layout = try NumPyFile.layout(of: head, file: file.name)
      return [
        try StreamedColumn(
          DataColumn.name(ofArrayIn: file.name), layout, in: file, 0..<file.size, of: file.name)
      ]
    }
    if let layout = try IDXFile.layout(of: head, file: file.name) {
      return [
        try StreamedColumn(
          DataColumn.name(ofIDX: layout.shape), layout, in: file, 0..<file.size, of: file.name)
      ]
    }
    if TextReading.isText(file.name) {
      throw .malformed(
        file: file.name, problem: "text has no rows that could stay in it: leave out --stream")
    }
    return try SpilledTable(file, classes: classes).columns
  }

  /// Enough for the header of any array.
  private static let headSize = 1 << 20

  /// - Parameters:
  ///   - part: the bytes of the file that are the array's, with its header.
  ///   - name: what messages call the array.
  private init(
    _ name: String, _ layout: ArrayLayout, in file: RowFile, _ part: Range<Int>, of array: String
  ) throws(FileError) {
    try layout.check(fileSize: part.count, file: array)
    let sizes = layout.shape.sizes
    guard let rows = sizes.first else {
      throw .malformed(file: array, problem: "it is a scalar, not an array of rows")
    }
    guard !layout.isColumnMajor || sizes.count == 1 else {
      throw .malformed(
        file: array,
        problem: "its rows do not lie one after the other, but its columns (Fortran's order)")
    }
    let rest = Array(sizes.dropFirst())
    self.init(
      name: name, count: rows, shape: rest, stored: layout.stored,
      isBigEndian: layout.isBigEndian, file: file, offset: part.lowerBound + layout.offset,
      stride: rest.reduce(1, *) * layout.stored.byteCount)
  }

  /// The arrays of a `.npz` file; one that cannot be used is an error only of who wants it.
  private static func columns(inArchive file: RowFile) throws(FileError) -> [StreamedColumn] {
    var columns: [StreamedColumn] = []
    for (name, member) in try NumPyArchive.arrays(in: file.zipDirectory(), file: file.name) {
      do throws(FileError) {
        columns.append(try column(name, member, in: file))
      } catch {
        // What is wrong with the machine is wrong with all of them.
        guard case .malformed = error else { throw error }
        columns.append(
          StreamedColumn(
            name: name, count: 0, shape: [], stored: .f32, isBigEndian: false, file: file,
            offset: 0, stride: StoredElement.f32.byteCount, problem: error))
      }
    }
    return columns
  }

  private static func column(
    _ name: String, _ member: ZipMember, in file: RowFile
  ) throws(FileError) -> StreamedColumn {
    let array = NumPyArchive.displayName(name, in: file.name)
    let (contents, part) = try file.contents(of: member)
    let head = try contents.bytes(at: part.lowerBound, count: min(part.count, headSize))
    let layout = try NumPyFile.layout(of: head[...], file: array)
    return try StreamedColumn(name, layout, in: contents, part, of: array)
  }
}
