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
    if let named = getenv("CC").map({ String(cString: $0) }), !named.isEmpty {
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

  /// Compiles `text` and gives the functions named by `symbols`.
  public func load(text: String, symbols: [String]) throws -> LoadedCode {
    let folder = try TemporaryFolder()
    defer { folder.remove(["kernels.c", "kernels.so", "messages"]) }
    try folder.write(text, name: "kernels.c")
    let arguments =
      [path] + flags + [
        "-fPIC", "-shared", "-ffp-contract=off", "-w", "-o", folder.file("kernels.so"),
        folder.file("kernels.c"),
      ]
    guard try run(arguments, messages: folder.file("messages")) == 0 else {
      throw CompilerDefect(compiler: name, message: folder.read("messages"), keeping: text)
    }
    guard let handle = dlopen(folder.file("kernels.so"), RTLD_NOW | RTLD_LOCAL) else {
      throw CompilerDefect(compiler: name, message: String(cString: dlerror()), keeping: text)
    }
    var functions: [KernelFunction] = []
    for symbol in symbols {
      guard let address = dlsym(handle, symbol) else {
        dlclose(handle)
        throw CompilerDefect(compiler: name, message: "no function '\(symbol)'", keeping: text)
      }
      functions.append(unsafeBitCast(address, to: KernelFunction.self))
    }
    return LoadedCode(functions: functions) { dlclose(handle) }
  }

  /// Runs the compiler to its end; what it says goes into the file `messages`.
  private func run(_ arguments: [String], messages: String) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, messages, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var vector: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    defer { for pointer in vector { free(pointer) } }
    vector.append(nil)
    var child = pid_t()
    let failure = posix_spawn(&child, path, &actions, nil, vector, environ)
    guard failure == 0 else {
      throw BackendError.missing("\(path) cannot be run: \(String(cString: strerror(failure)))")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
