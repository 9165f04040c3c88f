// Folders of our own for what a C compiler reads and writes.

import Glibc

/// A new folder that only this user can enter. Its lock says that the process that made it lives: the kernel lets go of it
/// however the process ends, and then any later process may remove the folder.
struct TemporaryFolder {
  let path: String
  private let lock: Int32

  init() throws {
    (path, lock) = try Self.make(named: "nncc-cc-\(getpid())")
    flock(lock, LOCK_EX | LOCK_NB)
  }

  private static var parent: String { environmentVariable("TMPDIR") ?? "/tmp" }

  private static func make(named name: String) throws -> (path: String, descriptor: Int32) {
    var template = Array("\(parent)/\(name)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw BackendError.missing("no folder for temporary files can be made in \(parent)")
    }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    return (path, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ bytes: UnsafeRawBufferPointer, name: String) throws {
    let file = file(name)
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BackendError.missing("\(file) cannot be written") }
    let failure = put(bytes, into: descriptor)
    guard close(descriptor) == 0, failure == nil else {
      throw BackendError.missing("\(file) cannot be written: \(failure ?? systemError())")
    }
  }

  func write(_ text: String, name: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0), name: name) }
  }

  /// The content of a file, as far as it can be read.
  func read(_ name: String) -> [UInt8] { (try? readBytes(of: file(name))) ?? [] }

  /// Removes the folder with all files in it.
  func remove() {
    Self.remove(path)
    _ = close(lock)
  }

  private static func remove(_ path: String) {
    for name in fileNames(in: path) { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Writes one file into a folder that stays, and gives its path.
  static func keep(_ text: String, name: String) throws -> String {
    let (path, descriptor) = try make(named: "nncc-defect")
    let folder = TemporaryFolder(path: path, lock: descriptor)
    defer { _ = close(descriptor) }
    try folder.write(text, name: name)
    return folder.file(name)
  }

  private init(path: String, lock: Int32) { (self.path, self.lock) = (path, lock) }

  /// How old, in seconds, a folder must be to be swept: making one and locking it takes two calls.
  static let lifetime = 60

  /// Removes this user's folders whose makers are dead.
  static func sweep(olderThan seconds: Int = lifetime) {
    let parent = parent
    for name in fileNames(in: parent) where name.hasPrefix("nncc-cc-") {
      let path = "\(parent)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_uid == geteuid(), isOlder(path, than: seconds)
      else { continue }
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if descriptor < 0 { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(path) }
      _ = close(descriptor)
    }
  }
}
