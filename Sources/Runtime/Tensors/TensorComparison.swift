// Equality of tensors by bits, which is how backends are compared: NaNs are equal whatever their payload, zeros of both signs are not.

import NNIR

/// In which elements two tensors of one type differ.
public struct TensorDifferences: Equatable, Sendable {
  /// How many elements differ.
  public var count: Int
  /// The row-major index of the first that does.
  public var first: Int?
}

extension Tensor {
  /// The elements whose bits differ. Tensors of different types differ everywhere.
  public func differences(from other: Tensor) -> TensorDifferences {
    guard type == other.type else { return TensorDifferences(count: max(count, 1), first: 0) }
    return withUnsafeBytes { mine in
      other.withUnsafeBytes { theirs in
        switch element {
        case .f32:
          countDifferences(mine.bindMemory(to: Float.self), theirs.bindMemory(to: Float.self)) {
            $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
          }
        case .f64:
          countDifferences(mine.bindMemory(to: Double.self), theirs.bindMemory(to: Double.self)) {
            $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
          }
        case .i32:
          countDifferences(mine.bindMemory(to: Int32.self), theirs.bindMemory(to: Int32.self), ==)
        case .i64:
          countDifferences(mine.bindMemory(to: Int64.self), theirs.bindMemory(to: Int64.self), ==)
        case .bool:
          countDifferences(mine.bindMemory(to: UInt8.self), theirs.bindMemory(to: UInt8.self), ==)
        }
      }
    }
  }

  /// The greatest of |a - b| / max(1, |b|) over all elements; infinite where only one is NaN or they are unequal infinities.
  public func largestRelativeError(to other: Tensor) -> Double {
    precondition(shape == other.shape, "tensors of different shapes")
    var largest = 0.0
    for index in 0..<count {
      let a = self[flat: index].double
      let b = other[flat: index].double
      if a == b || (a.isNaN && b.isNaN) { continue }
      let error = Swift.abs(a - b) / Swift.max(1, Swift.abs(b))
      largest = error.isNaN ? .infinity : Swift.max(largest, error)
    }
    return largest
  }
}

private func countDifferences<Element>(
  _ mine: UnsafeBufferPointer<Element>, _ theirs: UnsafeBufferPointer<Element>,
  _ equal: (Element, Element) -> Bool
) -> TensorDifferences {
  var found = TensorDifferences(count: 0, first: nil)
  for index in mine.indices where !equal(mine[index], theirs[index]) {
    found.count += 1
    if found.first == nil { found.first = index }
  }
  return found
}
