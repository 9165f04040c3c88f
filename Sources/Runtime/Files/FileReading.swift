// Reading whole files. A file is read into memory, not mapped: another process may cut a mapped
// file short, and that would end this one.

import Glibc

/// The bytes of `file`, or of standard input where it is `-`.
///
/// Memory grows with what really arrives. Something without a size, such as a pipe or a device,
/// may give up to 8 GiB.
public func readBytes(of file: String) throws(FileError) -> [UInt8] {
  if file == "-" { return try readBytes(from: STDIN_FILENO, file: file, expecting: 0) }
  let descriptor = open(file, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unreadable(file: file, reason: systemError()) }
  defer { _ = close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    throw .unreadable(file: file, reason: systemError())
  }
  let isRegular = status.st_mode & S_IFMT == S_IFREG
  return try readBytes(
    from: descriptor, file: file, expecting: isRegular ? Int(status.st_size) : 0)
}

/// Bytes read from a pipe or device before it is refused.
private let streamLimit = 8 << 30

func readBytes(
  from descriptor: Int32, file: String, expecting size: Int
) throws(FileError) -> [UInt8] {
  var bytes: [UInt8] = []
  // One byte more than the size shows the end without growing.
  var room = size > 0 ? size + 1 : 1 << 16
  while true {
    var failure: String?
    let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      failure = fill(UnsafeMutableRawBufferPointer(buffer), from: descriptor, count: &count)
    }
    if let failure { throw .unreadable(file: file, reason: failure) }
    // Most files are read whole in the first piece, which is then not copied.
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    if piece.count < room { return bytes }
    guard bytes.count < max(streamLimit, size) else {
      throw .unreadable(file: file, reason: "it does not end within 8 GiB")
    }
    room = min(max(bytes.count, 1 << 16), 1 << 28)
  }
}

/// Reads until `buffer` is full or the file ends; why that failed, nil where it did not.
func fill(
  _ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, count: inout Int
) -> String? {
  count = 0
  while count < buffer.count {
    let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...].prefix(1 << 30))
    let got = read(descriptor, rest.baseAddress, rest.count)
    if got == 0 { break }
    if got > 0 {
      count += got
    } else if errno != EINTR {
      return systemError()
    }
  }
  return nil
}

/// The system's word for the last error.
func systemError(_ code: Int32 = errno) -> String {
  var text = [CChar](repeating: 0, count: 256)
  guard strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
  return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
