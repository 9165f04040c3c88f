// A kernel while roots are still joining it.

import NNIR

/// Where in a kernel a root is evaluated.
enum Level: Hashable {
  /// At every point, the reduced axes included.
  case body
  /// At every point of the outer space.
  case outer
}

/// A kernel while roots are still joining it.
struct KernelPlan {
  enum Kind: Hashable {
    case map, reduction, contraction, spread, joined
    /// As many kernels as a step has, repeated.
    case loop
    case routine
  }

  var kind: Kind
  /// Extents of the row-major index that the body (of a contraction: the epilogue) walks, split where any root tells axes apart.
  var axes: [Int]
  /// Bit i: axis i is reduced.
  var reducedMask: UInt64 = 0
  var members: [(root: Int, level: Level)] = []
  var operationCount = 0
  /// What it reads, as node and view.
  var loads = SmallTable<Use, Void>()
  /// Arguments that it reads, and how.
  var argumentReads = SmallTable<Int, ArgumentRead>()

  enum ArgumentRead: Hashable {
    case inPlace(Level)
    case elsewhere
  }

  var outerAxes: [Int] {
    axes.indices.filter { reducedMask >> UInt64($0) & 1 == 0 }.map { axes[$0] }
  }

  /// The extents that a level walks, in row-major order.
  func axes(at level: Level) -> [Int] { level == .body ? axes : outerAxes }
}

extension KernelPlan {
  /// Whether it reads an array element by element where it may also write.
  var readsInPlace: Bool {
    switch kind {
    case .map, .reduction, .contraction: true
    case .spread, .joined, .loop, .routine: false
    }
  }

  /// Where an elementwise root may be evaluated, the level to try first first.
  var levels: [Level] {
    switch kind {
    case .map: [.body]
    case .contraction: [.outer]
    case .reduction: [.outer, .body]
    case .spread, .joined, .loop, .routine: []
    }
  }
}
