// Contractions: each element is one chain of fused multiply-adds in increasing k, or 16 of them where the shape says so.

import NNIR

enum ContractionEvaluation {
  /// The operands are brought into the order [batch, rows, k] and [batch, k, columns], multiplied, and the product is permuted.
  static func contract(
    _ left: Tensor, _ right: Tensor, _ contraction: Contraction, type: TensorType
  ) -> Tensor {
    let batch = contraction.left.filter {
      contraction.right.contains($0) && contraction.result.contains($0)
    }
    let contracted = contraction.contracted
    let rows = contraction.left.filter { !contraction.right.contains($0) }
    let columns = contraction.right.filter { !contraction.left.contains($0) }
    let a = arranged(left, contraction.left, as: batch + rows + contracted)
    let b = arranged(right, contraction.right, as: batch + contracted + columns)
    let labels = batch + rows + columns
    var extents: [UInt8: Int] = [:]
    for (label, size) in zip(contraction.left, left.shape.sizes) { extents[label] = size }
    for (label, size) in zip(contraction.right, right.shape.sizes) { extents[label] = size }
    func product(_ labels: [UInt8]) -> Int { labels.reduce(1) { $0 * (extents[$1] ?? 1) } }

    let matrix = MatrixProduct(
      batch: product(batch), rows: product(rows), inner: product(contracted),
      columns: product(columns))
    let sizes = labels.map { extents[$0] ?? 1 }
    let result = matrix.multiply(a, b, type: TensorType(type.element, Shape(sizes)))
    return arranged(result, labels, as: contraction.result)
  }

  private static func arranged(
    _ tensor: Tensor, _ labels: [UInt8], as wanted: [UInt8]
  ) -> Tensor {
    let order = wanted.map { label in labels.firstIndex(of: label) ?? 0 }
    if order == Array(labels.indices) { return tensor }
    let shape = Shape(order.map { tensor.shape[$0] })
    return Movement.permute(tensor, order, type: tensor.type.with(shape: shape))
  }
}

/// A batch of row-major matrix products.
private struct MatrixProduct {
  var batch: Int
  var rows: Int
  var inner: Int
  var columns: Int

  /// By the columns of the right operand and k alone, so that a row has the same bits in every batch.
  var lanes: Int { columns <= 4 && inner >= 64 ? 16 : 1 }

  func multiply(_ a: Tensor, _ b: Tensor, type: TensorType) -> Tensor {
    switch type.element {
    case .f32: multiply(a, b, type, Float.self)
    case .f64: multiply(a, b, type, Double.self)
    case .i32: multiply(a, b, type, Int32.self)
    case .i64: multiply(a, b, type, Int64.self)
    case .bool: preconditionFailure("a contraction of bool")
    }
  }

  private func multiply<Element: NumberElement>(
    _ a: Tensor, _ b: Tensor, _ type: TensorType, _: Element.Type
  ) -> Tensor {
    Tensor(type: type) { bytes in
      a.withUnsafeBytes { left in
        b.withUnsafeBytes { right in
          let result = bytes.bindMemory(to: Element.self)
          let (left, right) = (
            left.bindMemory(to: Element.self), right.bindMemory(to: Element.self)
          )
          for page in 0..<batch {
            for row in 0..<rows {
              let at = (page * rows + row) * columns
              multiplyRow(
                UnsafeMutableBufferPointer(rebasing: result[at..<at + columns]),
                UnsafeBufferPointer(
                  rebasing: left[(page * rows + row) * inner..<(page * rows + row + 1) * inner]),
                UnsafeBufferPointer(
                  rebasing: right[page * inner * columns..<(page + 1) * inner * columns]))
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func multiplyRow<Element: NumberElement>(
    _ result: UnsafeMutableBufferPointer<Element>, _ left: UnsafeBufferPointer<Element>,
    _ right: UnsafeBufferPointer<Element>
  ) {
    if lanes == 1 {
      result.update(repeating: .zero)
      for k in 0..<inner {
        let factor = left[k]
        for n in 0..<columns {
          result[n] = Element.multiplyAdd(factor, right[k * columns + n], result[n])
        }
      }
      return
    }
    withUnsafeTemporaryAllocation(of: Element.self, capacity: lanes) { lane in
      for n in 0..<columns {
        lane.initialize(repeating: .zero)
        for k in 0..<inner {
          let l = k % lanes
          lane[l] = Element.multiplyAdd(left[k], right[k * columns + n], lane[l])
        }
        foldHalves(lane, Element.plus)
        result[n] = lane[0]
      }
    }
  }
}

extension Tensor {
  /// The product of each run of `count` neighbouring elements with the same run of `other`, in 1 chain or 16.
  func dotted(_ other: Tensor, count: Int, lanes: Int, type: TensorType) -> Tensor {
    switch type.element {
    case .f32: dotted(other, count, lanes, type, Float.self)
    case .f64: dotted(other, count, lanes, type, Double.self)
    case .i32: dotted(other, count, lanes, type, Int32.self)
    case .i64: dotted(other, count, lanes, type, Int64.self)
    case .bool: preconditionFailure("a contraction of bool")
    }
  }

  private func dotted<Element: NumberElement>(
    _ other: Tensor, _ count: Int, _ lanes: Int, _ type: TensorType, _: Element.Type
  ) -> Tensor {
    Tensor(type: type) { bytes in
      withUnsafeBytes { left in
        other.withUnsafeBytes { right in
          let result = bytes.bindMemory(to: Element.self)
          let (left, right) = (
            left.bindMemory(to: Element.self), right.bindMemory(to: Element.self)
          )
          withUnsafeTemporaryAllocation(of: Element.self, capacity: lanes) { lane in
            for run in result.indices {
              lane.initialize(repeating: .zero)
              for k in 0..<count {
                let at = run * count + k
                lane[k % lanes] = Element.multiplyAdd(left[at], right[at], lane[k % lanes])
              }
              foldHalves(lane, Element.plus)
              result[run] = lane[0]
            }
          }
        }
      }
    }
  }
}
