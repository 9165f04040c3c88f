// The C of a program as kernels to be loaded into this process: one function a kernel, all of one type, so that the runtime can
// call them in order and split each over its threads.

import NNIR

/// How the C is written, which depends on who compiles it.
public enum Spelling: Hashable, Sendable {
  /// For libtcc, which does not optimise: calls of precompiled vector primitives (`nns_*`) on strips of some 512 elements.
  case strips
  /// For gcc and clang: plain loops over inline scalar functions, self-contained.
  case loops
}

/// A kernel's function, which kernels that differ in their arrays alone share:
/// `ptrdiff_t SYMBOL(void *const *buffers, const int *arrays, void *scratch, ptrdiff_t begin, ptrdiff_t end)`.
///
/// `buffers[i]` is the address of the program's buffer i, and `arrays` holds `arguments`. Every split of `0..<units` into ranges
/// gives the same bits. A check gives 1 + the position of the first index of its range that is none, or 0; all others give 0.
public struct KernelEntry: Hashable, Sendable {
  public var symbol: String
  /// Independent pieces; 0 where the kernel has nothing to do.
  public var units: Int
  /// Bytes of scratch, aligned to 64, that each thread needs for itself.
  public var scratchByteCount: Int
  /// The least number of units that is worth a thread.
  public var grain: Int
  /// The program's buffers that the function works on, in its order.
  public var arguments: [Int]

  public init(
    symbol: String, units: Int, scratchByteCount: Int, grain: Int, arguments: [Int]
  ) {
    self.symbol = symbol
    self.units = units
    self.scratchByteCount = scratchByteCount
    self.grain = grain
    self.arguments = arguments
  }
}

/// The parameters of all those functions.
let entryParameters =
  "void *const *buffers, const int *arrays, void *scratch, ptrdiff_t begin, ptrdiff_t end"

/// A translation unit and its kernels, in the order in which they run.
public struct KernelModule: Hashable, Sendable {
  public var text: String
  public var entries: [KernelEntry]
  /// In strips: the precompiled functions that the text calls.
  public var primitives: [String]

  public init(text: String, entries: [KernelEntry], primitives: [String] = []) {
    self.text = text
    self.entries = entries
    self.primitives = primitives
  }
}
