// What a program costs, counted from its kernels: for summaries, not for decisions.

import NNIR

extension Program {
  /// Floating-point operations of one run; a fused multiply-add counts as two, every other operation as one.
  public var floatingPointOperationCount: Int {
    zip(kernels, repetitions).reduce(0) { $0 + $1.0.floatingPointOperationCount * $1.1 }
  }
}

extension Kernel {
  /// Of one run.
  public var floatingPointOperationCount: Int {
    let bodyPoints = reduced.reduce(count, *)
    var total = body.floatingPointOperationCount * bodyPoints
    for reduction in reductions where body.nodes[reduction.node].element.isFloat {
      total += bodyPoints
    }
    if let contraction, contraction.element.isFloat { total += 2 * contraction.extent * count }
    return total + epilogue.floatingPointOperationCount * count
  }
}

extension Block {
  /// A point's operations.
  fileprivate var floatingPointOperationCount: Int {
    nodes.count { node in
      if case .apply = node.operation { node.element.isFloat } else { false }
    }
  }
}
