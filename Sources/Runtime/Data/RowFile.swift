// A file whose rows are read when they are needed. Read, not mapped: another process may cut a mapped file short, and that would end this
// one.

import Glibc

/// A file that is open for reading, closed with its last user.
final class RowFile: Sendable {
  let name: String
  let size: Int
  private let descriptor: Int32

  init(_ name: String) throws(FileError) {
    self.name = name
    descriptor = open(name, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: name, reason: systemError()) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(
        file: name, reason: "it is no ordinary file, and too large to be held in memory")
    }
    size = Int(status.st_size)
  }

  /// A file without a name, which ends with the process.
  init(temporaryFor file: String, _ write: (Int32) throws(FileError) -> Int) throws(FileError) {
    name = file
    let folder = Self.temporaryFolder
    var path = Array((folder + "/nncc-rows-XXXXXX").utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw .unwritable(file: folder, reason: systemError()) }
    _ = unlink(path)
    do throws(FileError) {
      size = try write(descriptor)
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  /// Appends numbers to a temporary file.
  static func spill<Number: BitwiseCopyable>(
    _ numbers: [Number], into descriptor: Int32, for file: String
  ) throws(FileError) {
    try check(numbers.withUnsafeBytes { put($0, into: descriptor) }, file)
  }

  /// Appends bytes to a temporary file.
  static func spill(
    _ bytes: UnsafeRawBufferPointer, into descriptor: Int32, for file: String
  ) throws(FileError) {
    try check(put(bytes, into: descriptor), file)
  }

  private static func check(_ reason: String?, _ file: String) throws(FileError) {
    if let reason {
      throw .unwritable(
        file: "a temporary file for \(file) in \(temporaryFolder)", reason: reason)
    }
  }

  /// Not /tmp, which may be memory.
  private static var temporaryFolder: String { environmentVariable("TMPDIR") ?? "/var/tmp" }

  deinit { _ = close(descriptor) }

  /// Fills `bytes` from a place in the file.
  func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw .unreadable(
          file: name, reason: count == 0 ? "it has become shorter" : systemError())
      }
      done += count
    }
  }

  func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    try filled(min(count, max(0, size - offset))) { buffer throws(FileError) in
      try read(at: offset, into: buffer)
    }
  }

  /// `size` bytes of each of these rows, one after the other.
  func rows(
    _ numbers: ArraySlice<Int>, offset: Int, size: Int, stride: Int
  ) throws(FileError) -> [UInt8] {
    try filled(numbers.count * size) { buffer throws(FileError) in
      for (place, number) in numbers.enumerated() {
        try read(
          at: offset + number * stride,
          into: UnsafeMutableRawBufferPointer(
            rebasing: buffer[place * size..<(place + 1) * size]))
      }
    }
  }

  /// An array whose bytes `fill` writes; the array's own method forgets what kind of error was thrown.
  private func filled(
    _ count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: FileError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { try fill(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
