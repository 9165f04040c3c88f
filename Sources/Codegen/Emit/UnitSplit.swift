// How a kernel's space is cut into units that threads can share: a block of one axis at a fixed place of the axes outside it.

import NNIR

/// Units count row-major through the axes before `axis`, then through blocks of `chunk` along it.
struct UnitSplit {
  var axis: Int
  var chunk: Int
  var units: Int
  var extent: Int
  /// Units that keep a thread busy for some 6 microseconds.
  var grain: Int

  /// `pointCost`: roughly nanoseconds for a point of the space. Where the innermost axis is cut, then at multiples of `vector`.
  init(space: [Int], pointCost: Double, vector: Int) {
    // A unit is a few microseconds' work: small enough to share out evenly, large enough for its own bookkeeping.
    let target = max(1, Int(4000 / max(pointCost, 0.01)))
    var inner = 1
    var axis = space.count - 1
    while axis > 0 && inner * space[axis] < target {
      inner *= space[axis]
      axis -= 1
    }
    let extent = space[axis]
    let wanted = max(1, target / max(1, inner))
    let rounded =
      axis == space.count - 1 ? (wanted + vector - 1) / vector * vector : wanted
    self.init(space: space, axis: axis, chunk: min(rounded, max(1, extent)), inner, pointCost)
  }

  init(space: [Int], axis: Int, chunk: Int, _ inner: Int, _ pointCost: Double) {
    self.axis = axis
    self.chunk = chunk
    extent = space[axis]
    let blocks = (extent + chunk - 1) / chunk
    units = space.contains(0) ? 0 : space[..<axis].reduce(1, *) * blocks
    let unitCost = Double(chunk * inner) * pointCost
    grain = max(1, min(max(1, units), Int((6_000 / max(unitCost, 1)).rounded(.up))))
  }

  var blocks: Int { (extent + chunk - 1) / chunk }
}

extension Block {
  /// Roughly nanoseconds for a point with vector code.
  var pointCost: Double {
    var cost = 0.0
    for node in nodes {
      switch node.operation {
      case .load, .index: cost += 0.15
      case .constant, .accumulator: break
      case .apply(let op, _): cost += op.effort == .oneInstruction ? 0.05 : 1
      }
    }
    return cost + 0.15 * Double(stores.count)
  }

  /// How many operations of a point take dozens of instructions.
  var longOperationCount: Int {
    nodes.count { node in
      if case .apply(let op, _) = node.operation { return op.isLong }
      return false
    }
  }
}

extension ElementwiseOp {
  /// How much vector code does for an element.
  fileprivate enum Effort { case oneInstruction, few, dozens }

  /// Whether it takes dozens of instructions.
  var isLong: Bool { effort == .dozens }

  fileprivate var effort: Effort {
    switch self {
    case .neg, .abs, .sign, .floor, .ceil, .round, .not, .cast, .add, .sub, .mul, .max, .min, .and,
      .or, .less, .lessEqual, .equal, .notEqual, .select:
      .oneInstruction
    case .sqrt, .div, .power: .few
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh,
      .erf, .erfc, .sigmoid, .pow, .mod, .atan2:
      .dozens
    }
  }
}

extension Kernel {
  /// Roughly nanoseconds for a point of the space of a map or reduction.
  var pointCost: Double {
    let cost = body.pointCost * Double(reduced.reduce(1, *)) + epilogue.pointCost
    return max(cost, 0.1)
  }

  /// Elements along the innermost axis of the space that units should not cut.
  var unitVector: Int { reductions.isEmpty ? 512 : isAccumulatedInBlocks ? 64 : 8 }

  /// For maps and reductions.
  var unitSplit: UnitSplit { UnitSplit(space: space, pointCost: pointCost, vector: unitVector) }
}
