// `.npy`: one array. A magic number, a header that is the text of a Python dictionary, then the
// elements. The format is described in NumPy's `numpy/lib/format.py`.

import NNIR

/// NumPy's format for one array.
public enum NumPyFile {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The array in `bytes`, which are the whole of a `.npy` file; `file` is its name for messages.
  ///
  /// Versions 1 to 3, both orders of axes and of bytes. Integers and floats that the language does
  /// not have are widened; objects, complex numbers, strings and records are refused.
  static func decode(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) -> Tensor {
    let layout = try layout(of: bytes, file: file)
    try layout.check(fileSize: bytes.count, file: file)
    let elements = StoredElements(
      stored: layout.stored, isBigEndian: layout.isBigEndian, bytes: bytes.dropFirst(layout.offset))
    guard let tensor = elements.tensor(shape: layout.shape, columnMajor: layout.isColumnMajor)
    else {
      throw .malformed(file: file, problem: "it holds a u64 that no i64 can be")
    }
    return tensor
  }

  /// Where the elements of a `.npy` file lie, by its first bytes.
  static func layout(of head: ArraySlice<UInt8>, file: String) throws(FileError) -> ArrayLayout {
    var cursor = ByteCursor(head)
    let header = try takeHeader(from: &cursor, file: file)
    let (element, isBigEndian) = try elementType(header.descr, file: file)
    guard let shape = checkedShape(header.shape) else {
      throw .malformed(file: file, problem: "its shape \(header.shape) is too large")
    }
    return ArrayLayout(
      stored: element, isBigEndian: isBigEndian, shape: shape,
      offset: head.count - cursor.rest.count, isColumnMajor: header.isFortran)
  }

  private static func takeHeader(
    from cursor: inout ByteCursor, file: String
  ) throws(FileError) -> NumPyHeader {
    guard let start = cursor.take(magic.count), Array(start) == magic else {
      throw .malformed(file: file, problem: "it is no .npy file: its first bytes are not NumPy's")
    }
    let length: Int?
    switch cursor.take(UInt16.self) {
    case 0x0001: length = cursor.take(UInt16.self).map(Int.init)
    case 0x0002, 0x0003: length = cursor.take(UInt32.self).map(Int.init)
    case nil: length = nil
    case .some(let version):
      throw .malformed(
        file: file, problem: "version \(version & 0xFF).\(version >> 8) of .npy is not known")
    }
    guard let length, let text = cursor.take(length) else {
      throw .malformed(file: file, problem: "it ends within its header")
    }
    guard length <= 1 << 20, let header = NumPyHeader(parsing: text) else {
      throw .malformed(file: file, problem: "its header cannot be understood")
    }
    return header
  }

  private static func elementType(
    _ descr: String?, file: String
  ) throws(FileError) -> (StoredElement, isBigEndian: Bool) {
    guard let descr else {
      throw .malformed(file: file, problem: "records (structured arrays) are not supported")
    }
    let order = descr.first.flatMap { "<>=|".contains($0) ? $0 : nil }
    let element: StoredElement
    switch order == nil ? descr : String(descr.dropFirst()) {
    case "b1", "?": element = .bool
    case "i1": element = .i8
    case "u1": element = .u8
    case "i2": element = .i16
    case "u2": element = .u16
    case "i4": element = .i32
    case "u4": element = .u32
    case "i8": element = .i64
    case "u8": element = .u64
    case "f2": element = .f16
    case "f4": element = .f32
    case "f8": element = .f64
    case let code where code.hasPrefix("O"):
      throw .malformed(file: file, problem: "arrays of Python objects are not supported")
    default:
      throw .malformed(
        file: file, problem: "its element type '\(printable(descr))' is not supported")
    }
    return (element, order == ">")
  }

  /// `tensor` as a `.npy` file, version 1, row-major and little-endian, as NumPy itself writes it.
  static func encode(_ tensor: Tensor) -> [FilePiece] {
    let sizes = tensor.type.shape.sizes
    let shape = sizes.map(String.init).joined(separator: ", ") + (sizes.count == 1 ? "," : "")
    var header = "{'descr': '\(descr(tensor.type.element))', 'fortran_order': False, "
    header += "'shape': (\(shape)), }"
    // The elements start at a multiple of 64 bytes; the header ends in a newline. A shape of 64
    // extents fits the 16 bits of version 1.
    let length = (magic.count + 4 + header.utf8.count + 1 + 63) / 64 * 64 - magic.count - 4
    header += String(repeating: " ", count: length - header.utf8.count - 1) + "\n"
    var bytes = magic + [1, 0]
    bytes.append(littleEndian: UInt16(length))
    return [.bytes(bytes + Array(header.utf8)), .elements(tensor)]
  }

  private static func descr(_ element: ElementType) -> String {
    switch element {
    case .f32: "<f4"
    case .f64: "<f8"
    case .i32: "<i4"
    case .i64: "<i8"
    case .bool: "|b1"
    }
  }

  /// Reads the array of a `.npy` file, or of standard input where `file` is `-`.
  public static func read(_ file: String) throws(FileError) -> Tensor {
    try decode(readBytes(of: file)[...], file: file)
  }

  /// Writes `tensor` as a `.npy` file, atomically.
  public static func write(_ tensor: Tensor, to file: String) throws(FileError) {
    try NNRuntime.write(encode(tensor), to: file)
  }
}
