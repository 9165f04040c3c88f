// Inputs brought to mean 0 and deviation 1, element by element of a row, by what the rows that are trained on say: the statistics belong to
// the trained network and lie beside its weights.

import NNIR

public struct Normalization: Sendable {
  /// Of one row's elements, f64.
  public var mean: Tensor
  public var deviation: Tensor

  /// From the first `count` rows.
  public init(of tensor: Tensor, rows count: Int) {
    var statistics = RowStatistics(width: tensor.shape.sizes.dropFirst().reduce(1, *))
    statistics.add(tensor, rows: count)
    self.init(statistics, shape: Shape(Array(tensor.shape.sizes.dropFirst())))
  }

  /// - Parameter shape: of a row.
  public init(_ statistics: RowStatistics, shape: Shape) {
    mean = Tensor(shape, statistics.means)
    deviation = Tensor(shape, statistics.deviations)
  }

  public init(mean: Tensor, deviation: Tensor) {
    self.mean = mean
    self.deviation = deviation
  }

  /// The rows of a float tensor, computed in f64.
  public func applied(to tensor: Tensor) -> Tensor {
    let (mean, deviation, values) = (mean.doubles, deviation.doubles, tensor.doubles)
    let width = max(1, mean.count)
    func normal(_ index: Int) -> Double {
      (values[index] - mean[index % width]) / deviation[index % width]
    }
    return tensor.element == .f64
      ? Tensor(tensor.shape, values.indices.map(normal))
      : Tensor(tensor.shape, values.indices.map { Float(normal($0)) })
  }
}

/// Mean and deviation of each element of a row, over rows that come piece by piece.
public struct RowStatistics: Sendable {
  private(set) var means: [Double]
  private var squares: [Double]
  private var count = 0

  public init(width: Int) {
    means = [Double](repeating: 0, count: width)
    squares = means
  }

  /// Adds the first rows of a tensor. Welford's method: no difference of large numbers.
  public mutating func add(_ tensor: Tensor, rows: Int) {
    let values = tensor.doubles
    for row in 0..<rows {
      count += 1
      for place in means.indices {
        let value = values[row * means.count + place]
        let change = value - means[place]
        means[place] += change / Double(count)
        squares[place] += change * (value - means[place])
      }
    }
  }

  /// Of what is the same in all rows: 1, so that it is only shifted.
  var deviations: [Double] {
    squares.map { sum in
      let deviation = (sum / Double(max(count, 1))).squareRoot()
      return deviation > 0 ? deviation : 1
    }
  }
}

/// Rows to hold out: those at the end of the order that this gives.
///
/// - Parameter classes: of each row, where every class is to be held out in the same share.
public func splitRows(
  _ count: Int, holdingOut fraction: Double, seed: UInt64, classes: [Int]? = nil
) -> (order: [Int], heldOut: Int) {
  // Files are often sorted: the rows held out are drawn from all of them.
  let order = shuffledRows(count, seed: seed, epoch: 0)
  guard let classes else { return (order, Int((Double(count) * fraction).rounded())) }
  var rowsOfClass: [Int: [Int]] = [:]
  for row in order { rowsOfClass[classes[row], default: []].append(row) }
  var held: Set<Int> = []
  for (_, rows) in rowsOfClass {
    held.formUnion(rows.suffix(Int((Double(rows.count) * fraction).rounded())))
  }
  let (kept, out) = (order.filter { !held.contains($0) }, order.filter(held.contains))
  return (kept + out, out.count)
}

extension Tensor {
  /// A number for each row, equal for rows that are alike: the place of the greatest element, or, of a single one, the element.
  public func classesOfRows(isSingle: Bool) -> [Int] {
    let rows = shape.sizes.first ?? 0
    let width = rows > 0 ? count / rows : 0
    let values = doubles
    return (0..<rows).map { row in
      let own = values[row * width..<(row + 1) * width]
      if width == 1 || isSingle { return own.first.flatMap { Int(exactly: $0.rounded()) } ?? 0 }
      return own.indices.max { own[$0] < own[$1] }.map { $0 - own.startIndex } ?? 0
    }
  }
}
