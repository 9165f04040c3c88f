// Folders of our own for what a C compiler reads and writes.

import Glibc

/// A new folder that only this user can enter.
struct TemporaryFolder {
  let path: String

  init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/nncc-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw BackendError.missing("no folder for temporary files can be made in \(parent)")
    }
    path = template.withUnsafeBufferPointer { bytes in
      String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, name: String) throws {
    guard let file = fopen(file(name), "w") else {
      throw BackendError.missing("\(file(name)) cannot be written")
    }
    var text = text
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
    guard fclose(file) == 0, written else {
      throw BackendError.missing("\(self.file(name)) cannot be written")
    }
  }

  /// The content of a file, as far as it can be read.
  func read(_ name: String) -> String {
    guard let file = fopen(file(name), "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  /// Removes the files named and the folder.
  func remove(_ names: [String]) {
    for name in names { unlink(file(name)) }
    rmdir(path)
  }

  /// Writes one file into a folder of its own and gives its path.
  static func write(_ text: String, name: String) throws -> String {
    let folder = try TemporaryFolder()
    try folder.write(text, name: name)
    return folder.file(name)
  }
}
