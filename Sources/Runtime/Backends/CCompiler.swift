// The system's C compiler: C text in, a shared object out, loaded into this process.

import Glibc

/// A C compiler that can be called.
public struct CCompiler: Hashable, Sendable {
  /// The program, as a path.
  public var path: String
  public var flags: [String]

  /// -O3 for this very processor. Contraction is off because products are rounded where the text says so.
  public static let standardFlags = ["-O3", "-march=native"]

  public init(path: String, flags: [String] = standardFlags) {
    self.path = path
    self.flags = flags
  }

  /// The compiler that `name` means, a path or a name on the search path; nil where there is none.
  public init?(named name: String, flags: [String] = standardFlags) {
    guard let path = Self.find(name) else { return nil }
    self.init(path: path, flags: flags)
  }

  /// The last part of the path.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The system's compiler: what `CC` names, else `cc`, `gcc` or `clang`.
  public static func system() throws(BackendError) -> CCompiler {
    if let named = environmentVariable("CC") {
      guard let compiler = CCompiler(named: named) else {
        throw .missing("there is no C compiler '\(named)', which CC names")
      }
      return compiler
    }
    for name in ["cc", "gcc", "clang"] {
      if let compiler = CCompiler(named: name) { return compiler }
    }
    throw .missing("there is no C compiler: install gcc or clang, or set CC")
  }

  private static func find(_ name: String) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    for folder in path.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 {
      return "\(folder)/\(name)"
    }
    return nil
  }

  /// What is given to every C compiler besides `flags`.
  static let ownFlags = ["-fPIC", "-shared", "-ffp-contract=off", "-w"]

  /// Compiles `text`, or takes what was made of it before from `cache`, and gives the functions named by `symbols`.
  public func load(
    text: String, symbols: [String], cache: ObjectCache? = .standard
  ) throws -> LoadedCode {
    try object(text: text, symbols: symbols, cache: cache).code
  }

  /// The code, whether it is from the cache, and its name there; nil where it can have none.
  func object(
    text: String, symbols: [String], cache: ObjectCache?
  ) throws -> (code: LoadedCode, isCached: Bool, key: Digest?) {
    let key = cache == nil ? nil : key(of: text)
    if let cache, let key, let code = cache.code(for: key, symbols: symbols) {
      return (code, true, key)
    }
    let object = try compile(text)
    let code: LoadedCode
    do {
      code = try LoadedCode(object: object, symbols: symbols)
    } catch let error as LoadError {
      throw CompilerDefect(compiler: name, message: error.message, keeping: text)
    }
    if let cache, let key {
      try CompilerProcess.withTemporaryFiles { cache.store(object, for: key) }
    }
    return (code, false, key)
  }

  private static let sweep: Void = TemporaryFolder.sweep()

  /// The bytes of the shared object that the compiler makes of `text`.
  func compile(_ text: String) throws -> [UInt8] {
    try build([SourceFile(name: "kernels.c", text: text)], flags: flags + Self.ownFlags)
  }

  /// The bytes of what the compiler, called with these flags, makes of the `.c` files among `files`.
  func build(_ files: [SourceFile], flags: [String]) throws -> [UInt8] {
    try CompilerProcess.withTemporaryFiles {
      _ = Self.sweep
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      for file in files { try folder.write(file.text, name: file.name) }
      let sources = files.filter { $0.name.hasSuffix(".c") }
      let arguments =
        [path] + flags + ["-o", folder.file("result")] + sources.map { folder.file($0.name) }
      let status = try CompilerProcess.run(
        arguments, messages: folder.file("messages"), folder: folder.path)
      let result = status == 0 ? folder.read("result") : []
      guard !result.isEmpty else {
        let said = String(decoding: folder.read("messages"), as: UTF8.self)
        let message = said.isEmpty ? "it ended with status \(status) and made nothing" : said
        throw CompilerDefect(
          compiler: name, message: message, keeping: sources.map(\.text).joined())
      }
      return result
    }
  }
}

/// A file that a C compiler reads; headers stand beside the sources that include them.
public struct SourceFile: Sendable {
  public var name: String
  public var text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }
}

extension ObjectCache {
  /// The functions of an object of the cache; one that cannot be loaded is removed.
  func code(
    for key: Digest, symbols: [String], standing: [Standing] = Standing.allCases
  ) -> LoadedCode? {
    guard let object = object(for: key, standing: standing) else { return nil }
    if let code = try? LoadedCode(object: object, symbols: symbols) { return code }
    remove(key)
    return nil
  }
}
