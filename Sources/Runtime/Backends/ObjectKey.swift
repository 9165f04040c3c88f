// What an object's bytes depend on: the C text, the compiler, its flags, and the processor that `-march=native` means.

import Glibc

extension CCompiler {
  /// The name of what this compiler makes of `text` on this processor; nil where one of them cannot be told from others, and
  /// then nothing is kept. Runs no program.
  func key(of text: String) -> Digest? {
    guard let identity, let processor = Self.processor else { return nil }
    var builder = DigestBuilder()
    builder.add(Int(ObjectFile.formatNumber))
    builder.add(identity)
    builder.add(processor)
    let flags = self.flags + Self.ownFlags
    builder.add(flags.count)
    for flag in flags { builder.add(flag) }
    for name in Self.variables { builder.add(environmentVariable(name) ?? "") }
    builder.add(text)
    return builder.digest()
  }

  /// Variables by which gcc and clang find their parts and headers.
  private static let variables = [
    "GCC_EXEC_PREFIX", "COMPILER_PATH", "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH",
  ]

  /// The program behind the path, links followed, and what changes when another one is installed in its place.
  private var identity: String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    var status = stat()
    guard stat(resolved, &status) == 0 else { return nil }
    let time = status.st_mtim
    return [
      path, String(cString: resolved), "\(status.st_size)", "\(time.tv_sec).\(time.tv_nsec)",
      "\(status.st_ino)",
    ].joined(separator: "\n")
  }

  /// What Linux says of the first processor, without what differs between equal ones or changes over time; nil where it says
  /// nothing of its features.
  private static let processor: String? = {
    let descriptor = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    // The first processor alone: the file says the same of each, and grows with their number.
    var count = 0
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    guard bytes.withUnsafeMutableBytes({ fill($0, from: descriptor, count: &count) }) == nil else {
      return nil
    }
    return processorFeatures(String(decoding: bytes[..<count], as: UTF8.self))
  }()

  /// The lines of the first processor in the text of `/proc/cpuinfo` that a compiler looks at.
  static func processorFeatures(_ text: String) -> String? {
    let names: Set<Substring> = [
      "vendor_id", "cpu family", "model", "model name", "stepping", "cache size", "flags",
      "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features",
      "isa", "uarch", "cpu", "revision",
    ]
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0.isEmpty }.prefix { !$0.isEmpty }
    let kept = lines.filter { line in
      names.contains(line.prefix { $0 != "\t" && $0 != ":" })
    }
    let features = ["flags", "Features", "isa", "cpu\t"]
    guard kept.contains(where: { line in features.contains { line.hasPrefix($0) } }) else {
      return nil
    }
    return kept.joined(separator: "\n")
  }
}

/// A variable of the environment; nil where it is not set or empty.
func environmentVariable(_ name: String) -> String? {
  guard let text = getenv(name), text.pointee != 0 else { return nil }
  return String(cString: text)
}
