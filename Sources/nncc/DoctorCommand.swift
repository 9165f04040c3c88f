// `nncc doctor`: what this machine offers.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Says what this machine offers: libtcc, C compilers, vector width, cores, object cache.",
    discussion: """
      Exits 0 also where something is missing: it says which backends are left.

      Examples:
        nncc doctor
        nncc doctor --json
      """)

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
      print(
        """
        {"version": \(JSONText.quoted(Nncc.version)), "libtcc": \(TinyCompiler.isAvailable), \
        "compilers": \(JSONText.list(compilers.map(\.path))), "cc": \(system.map { JSONText.quoted($0.path) } ?? "null"), \
        "vectors": \(JSONText.quoted(VectorLevel.best.name)), "cores": \(cores), \
        "cache": \(cacheJSON), \
        "backends": \(JSONText.list(tiers))}
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
    print("cache       \(cacheText)")
    print("backends    \(tiers.joined(separator: ", "))")
  }

  private var cacheText: String {
    guard let cache = ObjectCache.standard else {
      return "none: NNCC_CACHE_SIZE is 0, or neither XDG_CACHE_HOME nor HOME says where"
    }
    if !cache.isUsable { return "\(cache.folder): not this user's to write, nothing is kept" }
    let usage = cache.usage
    let objects = usage.objects == 1 ? "1 object" : "\(usage.objects) objects"
    return
      "\(cache.folder)  (\(objects), \(mebibytes(usage.byteCount)) of at most \(mebibytes(cache.bound)))"
  }

  private var cacheJSON: String {
    guard let cache = ObjectCache.standard else { return "null" }
    let usage = cache.usage
    return """
      {"folder": \(JSONText.quoted(cache.folder)), "usable": \(cache.isUsable), \
      "objects": \(usage.objects), "bytes": \(usage.byteCount), "bound": \(cache.bound)}
      """
  }

  private func mebibytes(_ count: Int) -> String {
    let size = Double(count) / Double(1 << 20)
    return fixed(size, size == size.rounded() ? 0 : 1) + " MiB"
  }
}
