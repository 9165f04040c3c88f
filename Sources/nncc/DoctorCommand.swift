// `nncc doctor`: what this machine offers.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what this machine offers: libtcc, C compilers, vector width, cores.")

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    let compilers = ["cc", "gcc", "clang", "tcc"].compactMap { CCompiler(named: $0) }
    let system = try? CCompiler.system()
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let tiers = [
      TinyCompiler.isAvailable ? Backend.tcc : nil, system == nil ? nil : Backend.cc, .interpreter,
    ].compactMap { $0?.rawValue }
    if json {
      let list = compilers.map { JSONText.quoted($0.path) }.joined(separator: ", ")
      print(
        """
        {"version": \(JSONText.quoted(Nncc.version)), "libtcc": \(TinyCompiler.isAvailable), \
        "compilers": [\(list)], "cc": \(system.map { JSONText.quoted($0.path) } ?? "null"), \
        "vectors": \(JSONText.quoted(VectorLevel.best.name)), "cores": \(cores), \
        "cache": \(JSONText.quoted(cacheFolder)), \
        "backends": [\(tiers.map { JSONText.quoted($0) }.joined(separator: ", "))]}
        """)
      return
    }
    print("nncc        \(Nncc.version)")
    print("libtcc      \(TinyCompiler.isAvailable ? "works" : "does not work here")")
    if compilers.isEmpty {
      print("C compiler  none: --backend cc is not available (install gcc or clang)")
    }
    for (index, compiler) in compilers.enumerated() {
      let used = compiler.path == system?.path ? "  (--backend cc)" : ""
      print((index == 0 ? "C compiler  " : "            ") + compiler.path + used)
    }
    print("vectors     \(VectorLevel.best.name)")
    print("cores       \(cores)")
    print("cache       \(cacheFolder)  (this version keeps nothing there)")
    print("backends    \(tiers.joined(separator: ", "))")
  }
}

/// Where compiled objects belong, by the XDG Base Directory Specification.
private var cacheFolder: String {
  func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
  return (variable("XDG_CACHE_HOME") ?? (variable("HOME") ?? "") + "/.cache") + "/nncc"
}
