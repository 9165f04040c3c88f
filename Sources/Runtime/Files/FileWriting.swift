// Writing files so that at every moment the file is either the old one or the new one, whole: the
// new bytes go to a second file in the same folder, are flushed to the disk, and then take the
// name over.

import Glibc

/// A run of bytes of a file to be written.
enum FilePiece: Sendable {
  case bytes([UInt8])
  /// A tensor's elements as they lie in memory: row-major and little-endian.
  case elements(Tensor)

  func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    switch self {
    case .bytes(let bytes): bytes.withUnsafeBytes(body)
    case .elements(let tensor): tensor.withUnsafeBytes(body)
    }
  }
}

/// Writes `pieces` to `file`, atomically where it is an ordinary file or not yet there.
///
/// Links are followed, so that a link stays one; permissions of a file that is replaced are kept.
/// What is no ordinary file (a device, a pipe, `-` for standard output) is written straight away.
func write(_ pieces: [FilePiece], to file: String) throws(FileError) {
  switch try Destination(file) {
  case .standardOutput: try put(pieces, into: STDOUT_FILENO, file: file)
  case .device: try writeInPlace(pieces, to: file)
  case .file(let target, let old): try replace(target, old, with: pieces, file: file)
  }
}

/// Throws where `write` would not be able to begin.
public func checkWritable(_ file: String) throws(FileError) {
  switch try Destination(file) {
  case .standardOutput: break
  case .device: if access(file, W_OK) != 0 { throw .unwritable(file: file, reason: systemError()) }
  // The new file is made beside the old one.
  case .file(let target, _): try NewFile(in: folder(of: target), file: file).discard()
  }
}

/// What a name to be written to stands for.
private enum Destination {
  case standardOutput
  /// No ordinary file: written straight away.
  case device
  /// An ordinary file, where the links lead that stand there, or a new one.
  case file(target: String, old: stat?)

  init(_ file: String) throws(FileError) {
    if file == "-" {
      self = .standardOutput
      return
    }
    guard !file.isEmpty, !file.hasSuffix("/") else {
      throw .unwritable(file: file, reason: "it names no file")
    }
    let target = try linkTarget(of: file)
    var old = stat()
    guard stat(target, &old) == 0 else {
      self = .file(target: target, old: nil)
      return
    }
    switch old.st_mode & S_IFMT {
    case S_IFDIR: throw .unwritable(file: file, reason: systemError(EISDIR))
    case S_IFREG:
      if access(target, W_OK) != 0 { throw .unwritable(file: file, reason: systemError()) }
      self = .file(target: target, old: old)
    default: self = .device
    }
  }
}

private func replace(
  _ target: String, _ old: stat?, with pieces: [FilePiece], file: String
) throws(FileError) {
  let folder = folder(of: target)
  let new = try NewFile(in: folder, file: file)
  do throws(FileError) {
    if let old { adopt(old, for: new.descriptor) }
    try put(pieces, into: new.descriptor, file: file)
    try check(fsync(new.descriptor), file: file)
    try new.takeName(target, file: file)
  } catch {
    new.discard()
    throw error
  }
  flush(folder: folder)
}

/// Writes `text` to `file` as UTF-8, as `write` does.
public func writeFile(_ text: String, to file: String) throws(FileError) {
  try write([.bytes(Array(text.utf8))], to: file)
}

/// Writes `bytes` to `file`, as `write` does.
public func writeFile(_ bytes: [UInt8], to file: String) throws(FileError) {
  try write([.bytes(bytes)], to: file)
}

private func check(_ result: Int32, file: String) throws(FileError) {
  guard result == 0 else { throw .unwritable(file: file, reason: systemError()) }
}

/// The path that the chain of links at `file` ends in, whether there is a file or not.
private func linkTarget(of file: String) throws(FileError) -> String {
  var path = file
  for _ in 0..<40 {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    guard count >= 0 else { return path }
    let bytes = buffer[..<count].map(UInt8.init(bitPattern:))
    guard let link = String(validating: bytes, as: UTF8.self) else {
      throw .unwritable(file: file, reason: "it links to a name that is not UTF-8")
    }
    path = link.hasPrefix("/") ? link : folder(of: path) + "/" + link
  }
  throw .unwritable(file: file, reason: systemError(ELOOP))
}

private func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// A file on its way to a name, with the permissions that the user's mask gives to new files. Where the file system can, it has no name until
/// it is whole, so that a process that is killed leaves nothing behind.
private struct NewFile {
  let descriptor: Int32
  private let folder: String
  /// Nil while it has none.
  private var name: String?

  init(in folder: String, file: String) throws(FileError) {
    self.folder = folder
    // O_TMPFILE, which Swift does not import.
    let unnamed = open(folder, 0o20_000_000 | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o666)
    if unnamed >= 0, access("/proc/self/fd/\(unnamed)", F_OK) == 0 {
      descriptor = unnamed
      return
    }
    if unnamed >= 0 { _ = close(unnamed) }
    for _ in 0..<100 {
      let path = Self.freshName(in: folder)
      let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if opened >= 0 {
        (descriptor, name) = (opened, path)
        return
      }
      guard errno == EEXIST || errno == EINTR else { break }
    }
    throw .unwritable(file: file, reason: systemError())
  }

  private static func freshName(in folder: String) -> String {
    "\(folder)/.nncc-\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
  }

  /// Closes the file, which is from then on what `target` names.
  func takeName(_ target: String, file: String) throws(FileError) {
    var own = name
    if own == nil {
      // A link cannot replace a name, and a rename needs one.
      let path = Self.freshName(in: folder)
      try check(
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW),
        file: file)
      own = path
    }
    guard let own else { return }
    do throws(FileError) {
      try check(rename(own, target), file: file)
    } catch {
      _ = unlink(own)
      throw error
    }
    // What is on the disk is there already.
    _ = close(descriptor)
  }

  func discard() {
    _ = close(descriptor)
    if let name { _ = unlink(name) }
  }
}

/// Gives a new file the permissions and, where the system allows, the owner of the old.
private func adopt(_ old: stat, for descriptor: Int32) {
  var new = stat()
  guard fstat(descriptor, &new) == 0 else { return }
  if new.st_uid != old.st_uid || new.st_gid != old.st_gid {
    _ = fchown(descriptor, old.st_uid, old.st_gid)
  }
  _ = fchmod(descriptor, old.st_mode & 0o777)
}

private func writeInPlace(_ pieces: [FilePiece], to file: String) throws(FileError) {
  let descriptor = open(file, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unwritable(file: file, reason: systemError()) }
  do throws(FileError) {
    try put(pieces, into: descriptor, file: file)
  } catch {
    _ = close(descriptor)
    throw error
  }
  try check(close(descriptor), file: file)
}

private func put(_ pieces: [FilePiece], into descriptor: Int32, file: String) throws(FileError) {
  for piece in pieces {
    if let reason = piece.withUnsafeBytes({ put($0, into: descriptor) }) {
      throw .unwritable(file: file, reason: reason)
    }
  }
}

/// Why not all of `bytes` could be written, nil where they were.
func put(_ bytes: UnsafeRawBufferPointer, into descriptor: Int32) -> String? {
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
    let count = Glibc.write(descriptor, part.baseAddress, part.count)
    if count > 0 {
      rest = rest.dropFirst(count)
    } else if count == 0 || errno != EINTR {
      return count == 0 ? "nothing was taken" : systemError()
    }
  }
  return nil
}

/// Makes a rename last: the folder's own entry must reach the disk. Some file systems refuse, and
/// the file is whole all the same.
private func flush(folder: String) {
  let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  _ = fsync(descriptor)
  _ = close(descriptor)
}
