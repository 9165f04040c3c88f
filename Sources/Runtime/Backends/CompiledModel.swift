// The standalone C of a network, compiled for programs other than this one.

/// What a C compiler can make of emitted C for other programs.
public enum ObjectKind: Sendable {
  case object
  case sharedLibrary
}

extension CCompiler {
  /// The system's compiler for code that leaves this process: what `CFLAGS` says comes after the standard flags, and so over
  /// them.
  public static func forOutput() throws(BackendError) -> CCompiler {
    var compiler = try system()
    let own = environmentVariable("CFLAGS") ?? ""
    compiler.flags += own.split(separator: " ").map(String.init)
    return compiler
  }

  /// The bytes of an object file or a shared library made of the `.c` files among `files`; of one such file where it is an
  /// object.
  public func compiled(
    _ files: [SourceFile], as kind: ObjectKind, debug: Bool = false
  ) throws -> [UInt8] {
    let form =
      switch kind {
      case .object: ["-c"]
      case .sharedLibrary: ["-shared"]
      }
    return try build(files, flags: Self.outputFlags + flags + (debug ? ["-g"] : []) + form)
  }

  private static let outputFlags = ["-std=c99", "-fPIC", "-ffp-contract=off", "-w"]
}
