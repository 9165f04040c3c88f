// IDX: the format of MNIST's images and labels. Two zero bytes, the type, the number of axes, their extents as big-endian 32-bit numbers,
// then the elements, big-endian (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").

import NNIR

enum IDXFile {
  /// The array of an IDX file; nil where the first bytes say that it is none.
  static func decode(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) -> Tensor? {
    guard let layout = try layout(of: bytes, file: file) else { return nil }
    try layout.check(fileSize: bytes.count, file: file)
    return StoredElements(
      stored: layout.stored, isBigEndian: true, bytes: bytes.dropFirst(layout.offset)
    ).tensor(shape: layout.shape)
  }

  /// Where the elements lie, by the first bytes.
  static func layout(of head: ArraySlice<UInt8>, file: String) throws(FileError) -> ArrayLayout? {
    var cursor = ByteCursor(head)
    guard let magic = cursor.take(4).map(Array.init), magic[0] == 0, magic[1] == 0,
      let stored = types[magic[2]]
    else { return nil }
    var sizes: [Int] = []
    for _ in 0..<magic[3] {
      guard let word = cursor.take(UInt32.self) else {
        throw .malformed(file: file, problem: "it is cut short within its header")
      }
      sizes.append(Int(word.byteSwapped))
    }
    guard let shape = checkedShape(sizes) else {
      throw .malformed(file: file, problem: "its extents \(sizes) are too large")
    }
    return ArrayLayout(
      stored: stored, isBigEndian: true, shape: shape, offset: head.count - cursor.rest.count)
  }

  private static let types: [UInt8: StoredElement] = [
    0x08: .u8, 0x09: .i8, 0x0B: .i16, 0x0C: .i32, 0x0D: .f32, 0x0E: .f64,
  ]
}
