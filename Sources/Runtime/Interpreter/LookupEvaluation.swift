// Look-ups by index, and the factors of dropouts.

import CKernels
import NNIR

/// An index that names no row of what it looks up in.
public struct IndexFault: Hashable, Sendable {
  public var index: Int
  /// Where it stands among the indices.
  public var position: [Int]
  /// The graph's name for the indices, if it has one.
  public var name: String?
  /// How many rows there are.
  public var rows: Int
  /// The place of the look-up in the graph file; line 0 is none.
  public var line: Int
  public var column: Int
}

enum LookupEvaluation {
  /// The row-major position of the first index that is below 0 or not below `rows`.
  static func firstFault(in indices: Tensor, rows: Int) -> Int? {
    (0..<indices.count).first { !(0..<Int64(rows)).contains(indices[flat: $0].int64) }
  }

  static func gather(_ table: Tensor, _ indices: Tensor, type: TensorType) -> Tensor {
    let width = table.byteCount / table.shape[0]
    return Tensor(type: type) { result in
      table.withUnsafeBytes { source in
        for position in 0..<indices.count {
          let row = Int(indices[flat: position].int64)
          UnsafeMutableRawBufferPointer(rebasing: result[position * width..<(position + 1) * width])
            .copyMemory(
              from: UnsafeRawBufferPointer(rebasing: source[row * width..<(row + 1) * width]))
        }
      }
    }
  }

  static func scatterAdd(_ indices: Tensor, _ updates: Tensor, type: TensorType) -> Tensor {
    switch type.element {
    case .f32: sum(indices, updates, type, of: Float.self)
    case .f64: sum(indices, updates, type, of: Double.self)
    case .i32: sum(indices, updates, type, of: Int32.self)
    case .i64: sum(indices, updates, type, of: Int64.self)
    case .bool: preconditionFailure("truth values are not added")
    }
  }

  private static func sum<Element: NumberElement & TensorElement>(
    _ indices: Tensor, _ updates: Tensor, _ type: TensorType, of _: Element.Type
  ) -> Tensor {
    var result = Tensor(zeros: type)
    if updates.count == 0 { return result }
    let width = updates.count / indices.count
    result.withMutableElements(as: Element.self) { rows in
      updates.withElements(as: Element.self) { updates in
        for position in 0..<indices.count {
          let start = Int(indices[flat: position].int64) * width
          for i in 0..<width {
            rows[start + i] = .plus(rows[start + i], updates[position * width + i])
          }
        }
      }
    }
    return result
  }

  /// Without a seed and a step: outside of training.
  static func random(_ dropout: Dropout, _ operands: [Tensor], type: TensorType) -> Tensor {
    guard operands.count == 2 else {
      return Tensor(constant: Constant(splat: Scalar(1, as: type.element), shape: type.shape))
    }
    let (seed, step) = (operands[0][flat: 0].int64, operands[1][flat: 0].int64)
    let (key, threshold) = (Int64(dropout.key), Int64(dropout.threshold))
    let count = Int64(type.count)
    return Tensor(type: type) { bytes in
      guard let first = bytes.baseAddress else { return }
      if type.element == .f32 {
        nn_philox_dropout_f32(
          first.assumingMemoryBound(to: Float.self), count, seed, step, key, threshold,
          dropout.scale(.f32).float)
      } else {
        nn_philox_dropout_f64(
          first.assumingMemoryBound(to: Double.self), count, seed, step, key, threshold,
          dropout.scale(.f64).double)
      }
    }
  }
}

extension Function {
  /// The look-up `value` fails at an index.
  func fault(at position: Int, of indices: Value, _ tensor: Tensor, rows: Int, in value: Value)
    -> IndexFault
  {
    var name = origins[indices]?.name
    if case .argument(let number) = self[indices].op { name = arguments[number].name }
    let origin = origins[value]
    return IndexFault(
      index: Int(tensor[flat: position].int64),
      position: tensor.shape.indices(ofElement: position), name: name, rows: rows,
      line: Int(origin?.line ?? 0), column: Int(origin?.column ?? 0))
  }
}

extension Shape {
  /// The indices of an element given by its row-major index.
  func indices(ofElement index: Int) -> [Int] {
    zip(rowMajorStrides, sizes).map { index / $0 % $1 }
  }
}
