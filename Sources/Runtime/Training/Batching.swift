// A network and the number of rows that it takes at once: rows come in batches of that size, and the last of them may be smaller.

import NNIR

struct Batching {
  let network: Network
  /// Rows of a whole batch.
  let size: Int
  private let rebound: ((Int) throws -> Network)?

  /// - Parameters:
  ///   - inputs: whose leading sizes are the batch, at least one.
  ///   - rebound: the same network with another batch size; nil where the batch is no `dim`.
  init(
    _ network: Network, _ inputs: [Argument], rebound: ((Int) throws -> Network)?
  ) throws(TrainingError) {
    self.network = network
    self.rebound = rebound
    let first = inputs.first?.type.shape.sizes.first
    for input in inputs where first == nil || input.type.shape.sizes.first != first {
      throw .noBatch(input: input.name, type: input.type)
    }
    size = first ?? 0
  }

  var canRebind: Bool { rebound != nil }

  func network(ofBatch rows: Int) throws -> Network {
    if rows == size { return network }
    guard let rebound else { throw TrainingError.batchIsFixed(batch: size, rows: rows) }
    return try rebound(rows)
  }

  func batches(of order: [Int]) -> [ArraySlice<Int>] {
    stride(from: 0, to: order.count, by: size).map { order[$0..<min($0 + size, order.count)] }
  }
}
