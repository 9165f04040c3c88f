// How the axes of a contraction's operands follow when those of its space are joined and put in another order.

import NNIR

/// The digits of a contraction's new axes.
struct SpaceDigits {
  private let original: KernelContraction?
  /// For each new axis the axes of the space that are its digits, of neighbours walked as one the last, and their extents.
  private var kept: [[(axis: Int, extent: Int)]] = []

  /// Before any joining every axis of the space is its own digit.
  init(_ contraction: KernelContraction?) { original = contraction }

  mutating func append(_ axis: Int, extent: Int) { kept.append([(axis, extent)]) }

  /// Joins an axis to the last one; false where the operands do not allow it.
  mutating func join(_ axis: Int, extent: Int) -> Bool {
    guard let original, let last = kept.last?.last else { return true }
    let strides = [original.left.map.strides, original.right.map.strides]
    let number = kept.count - 1
    if strides.allSatisfy({ $0[last.axis] == $0[axis] * extent }) {
      kept[number][kept[number].count - 1] = (axis, last.extent * extent)
      return true
    }
    // Windows of several axes become one row, or column, after the other.
    let isWindowed = original.digits[original.digits.count - 1].count > 1
    let isOneOperands = strides.contains { $0[last.axis] == 0 && $0[axis] == 0 }
    guard isWindowed, isOneOperands, kept[number].count < KernelContraction.mostDigits else {
      return false
    }
    kept[number].append((axis, extent))
    return true
  }

  var contraction: KernelContraction? {
    guard var result = original, let k = original?.digits.last else { return original }
    let axes = kept.flatMap { $0.map(\.axis) }
    let first = result.digits.count - 1
    let positions = axes + (first..<first + k.count)
    result.left.map = result.left.map.keeping(positions)
    result.right.map = result.right.map.keeping(positions)
    result.digits = kept.map { $0.map(\.extent) } + [k]
    return result
  }
}

extension KernelContraction {
  func moves(_ access: Access, along axis: Int) -> Bool {
    positions(ofAxis: axis).contains { access.map.strides[$0] != 0 }
  }

  /// With its axes in another order.
  func keeping(_ axes: [Int]) -> KernelContraction {
    var result = self
    let positions = axes.flatMap { Array(self.positions(ofAxis: $0)) }
    result.left.map = left.map.keeping(positions)
    result.right.map = right.map.keeping(positions)
    result.digits = axes.map { digits[$0] }
    return result
  }
}
