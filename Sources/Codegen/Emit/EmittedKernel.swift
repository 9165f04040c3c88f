// What both spellings produce for a kernel.

import NNIR

/// A kernel as a static C function, of a check `ptrdiff_t`, else `void NAME(POINTERS…[, void *scratch][, ptrdiff_t begin, ptrdiff_t end])`.
struct EmittedKernel {
  var name: String
  /// The definition, without comments.
  var text: String
  /// For each array parameter a buffer of the program behind it.
  var arguments: [Int]
  var scratchByteCount: Int
  /// 0 where there is nothing to do; 1 for a function that takes no range.
  var units: Int
  var grain: Int
  /// Whether the function gives 1 + the position of an index out of range, or 0.
  var isCheck = false
  /// Names of sections of the embedded headers.
  var sections: Set<String> = []
  /// In strips: the primitives' prototypes by name.
  var prototypes = SmallTable<String, String>()
}

/// A loop of a nest: the C name of its index and its bounds.
struct LoopAxis {
  var index: String
  var lower: String
  var upper: String

  init(_ index: String, _ lower: String, _ upper: String) {
    self.index = index
    self.lower = lower
    self.upper = upper
  }
}

/// The outermost part of a kernel function: over all of the space, or over the units that the caller asks for.
struct UnitLoop {
  /// The loops that are left to the caller of `open`, one an axis from `split.axis` (or 0) on.
  private(set) var axes: [LoopAxis]
  /// Axes before these have their indices set once `open` has been called.
  let outerCount: Int
  private let split: UnitSplit?
  private let space: [Int]

  init(space: [Int], split: UnitSplit?) {
    self.space = space
    self.split = split
    outerCount = split?.axis ?? 0
    axes = space.indices.dropFirst(outerCount).map { LoopAxis("i\($0)", "0", "\(space[$0])") }
    if split != nil {
      axes[0].lower = "low"
      axes[0].upper = "high"
    }
  }

  /// How many blocks `open` opens: that of the units, if any.
  var depth: Int { split == nil || outerCount == 0 ? 0 : 1 }

  func open(_ writer: inout CWriter) {
    guard let split else { return }
    let extent = split.extent
    let chunk = split.chunk
    if outerCount == 0 {
      writer.line("const ptrdiff_t low = begin * \(chunk);")
      writer.line("const ptrdiff_t high = end * \(chunk) < \(extent) ? end * \(chunk) : \(extent);")
      return
    }
    writer.openLoop("unit", from: "begin", to: "end")
    let blocks = split.blocks
    var rest = "unit"
    if blocks > 1 {
      writer.line("const ptrdiff_t low = unit % \(blocks) * \(chunk);")
      writer.line("const ptrdiff_t high = low + \(chunk) < \(extent) ? low + \(chunk) : \(extent);")
      rest = "unit / \(blocks)"
    } else {
      writer.line("const ptrdiff_t low = 0, high = \(extent);")
    }
    for axis in (0..<outerCount).reversed() {
      if axis == 0 {
        writer.line("const ptrdiff_t i0 = \(rest);")
      } else {
        writer.line(
          "const ptrdiff_t i\(axis) = \(rest.contains("/") ? "(\(rest))" : rest) % \(space[axis]);")
        rest += " / \(space[axis])"
      }
    }
  }

  func close(_ writer: inout CWriter) { if depth > 0 { writer.close() } }
}
