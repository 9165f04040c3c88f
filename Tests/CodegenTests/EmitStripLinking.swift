// Strips are linked by libtcc to the primitives' addresses. Here the text goes through a compiler command instead: its prototypes become
// function pointers that the test sets.

import CKernels
import Foundation
import NNCodegen
import Testing

/// The names of the primitives that a module declares.
func stripNames(_ text: String) -> [String] {
  text.split(separator: "\n").compactMap { line in
    guard line.hasSuffix(");"), !line.hasPrefix(" "), let start = line.range(of: "nns_") else {
      return nil
    }
    return String(line[start.lowerBound...].prefix { $0 != "(" })
  }
}

func linkable(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    guard line.hasSuffix(");"), !line.hasPrefix(" "), let start = line.range(of: "nns_") else {
      return String(line)
    }
    let name = line[start.lowerBound...].prefix { $0 != "(" }
    return line[..<start.lowerBound] + "(*\(name))"
      + line[start.lowerBound...].dropFirst(name.count)
  }.joined(separator: "\n")
}

extension LoadedModule {
  func linkStrips(_ text: String, level: Int32 = nn_best_level()) throws {
    for name in stripNames(text) {
      let pointer = try #require(dlsym(handle, name), "\(name)")
      let address = try #require(nn_symbol_address(level, name), "\(name)")
      pointer.storeBytes(of: address, as: UnsafeRawPointer.self)
    }
  }
}
