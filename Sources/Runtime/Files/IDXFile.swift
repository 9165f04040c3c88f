// IDX: the format of MNIST's images and labels. Two zero bytes, the type, the number of axes, their extents as big-endian 32-bit numbers,
// then the elements, big-endian (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").

import NNIR

enum IDXFile {
  /// The array of an IDX file; nil where the first bytes say that it is none.
  static func decode(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) -> Tensor? {
    var cursor = ByteCursor(bytes)
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
    let rest = cursor.rest
    if rest.count != shape.count * stored.byteCount {
      throw .malformed(
        file: file,
        problem: "an array of shape \(shape) needs \(shape.count * stored.byteCount) bytes, "
          + "but \(rest.count) follow its header")
    }
    return StoredElements(stored: stored, isBigEndian: true, bytes: rest).tensor(shape: shape)
  }

  private static let types: [UInt8: StoredElement] = [
    0x08: .u8, 0x09: .i8, 0x0B: .i16, 0x0C: .i32, 0x0D: .f32, 0x0E: .f64,
  ]
}
