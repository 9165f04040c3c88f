// Graphviz's `dot`, which lays out what is drawn: text in, places out.

import Glibc

/// The program `dot`.
struct Graphviz {
  var path: String

  /// The `dot` that is delivered beside this program, else that of the search path.
  ///
  /// - Throws: `BackendError` where there is none.
  init() throws(BackendError) {
    let own = Self.executableFolder.map { "\($0)/../libexec/nncc/dot" }
    if let own, access(own, X_OK) == 0 {
      path = own
    } else if let found = CCompiler(named: "dot") {
      path = found.path
    } else {
      throw .missing(
        "graphs are laid out by 'dot', which is not there: install the package graphviz")
    }
  }

  private static var executableFolder: String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) }
  }

  /// The places of everything in these graphs, in the format `plain`, one graph after the other.
  func plainLayout(of graphs: String) throws -> String {
    try CompilerProcess.withTemporaryFiles {
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      try folder.write(graphs, name: "graphs.dot")
      // Of several graphs only the first would go into a file named with -o. -q leaves warnings out.
      let arguments = [path, "-q", "-Tplain", folder.file("graphs.dot")]
      let status = try CompilerProcess.run(
        arguments, messages: folder.file("places"), folder: folder.path)
      let places = String(decoding: folder.read("places"), as: UTF8.self)
      guard status == 0 else {
        throw BackendError.missing(
          "\(path) does not lay out the graph: "
            + (places.isEmpty ? "it ended with status \(status)" : printable(places)))
      }
      return places
    }
  }
}
