// A contraction kernel seen as a matrix product c[M, N] = a[M, K] b[K, N] at each place of its batch axes.

import CKernels
import NNIR

struct ContractionShape {
  let contraction: KernelContraction
  let rowAxis: Int?
  let columnAxis: Int?
  /// The axes of the space that are neither rows nor columns, outermost first.
  let batchAxes: [Int]
  let rows: Int
  let columns: Int
  let batchCount: Int
  /// Where the epilogue is nothing but one store of the sums, and the product may be written there at once.
  let target: Access?
  /// Rows (or columns, where there are few rows) that are computed before the epilogue takes them; all of them where there is none.
  let block: Int
  /// Whether blocks are of columns.
  let isCutByColumns: Bool

  init?(_ kernel: Kernel, _ pointers: KernelPointers) {
    guard let contraction = kernel.contraction else { return nil }
    self.contraction = contraction
    rowAxis = contraction.rowAxis
    columnAxis = contraction.columnAxis
    let matrixAxes = [rowAxis, columnAxis].compactMap { $0 }
    batchAxes = kernel.space.indices.filter { !matrixAxes.contains($0) }
    rows = rowAxis.map { kernel.space[$0] } ?? 1
    columns = columnAxis.map { kernel.space[$0] } ?? 1
    batchCount = batchAxes.reduce(1) { $0 * kernel.space[$1] }
    target = Self.directTarget(kernel, pointers)
    isCutByColumns = rows <= 32 && columns >= 512 && batchCount < 8
    let other = isCutByColumns ? rows : columns
    // The tile stays in the second-level cache until the epilogue has read it.
    let fitting = 262_144 / max(1, other * contraction.element.byteCount)
    let extent = isCutByColumns ? columns : rows
    block = target != nil ? extent : min(extent, max(64, fitting / 64 * 64))
  }

  /// The store of an epilogue that only stores, if the product can be written there.
  private static func directTarget(_ kernel: Kernel, _ pointers: KernelPointers) -> Access? {
    guard let contraction = kernel.contraction, kernel.epilogue.stores.count == 1 else {
      return nil
    }
    let store = kernel.epilogue.stores[0]
    guard case .accumulator = kernel.epilogue.nodes[store.node].operation else { return nil }
    if let column = contraction.columnAxis {
      guard kernel.space[column] <= 1 || store.access.map.strides[column] == 1 else { return nil }
    }
    let written = pointers.index(of: store.access.buffer)
    let read = [contraction.left, contraction.right].map { pointers.index(of: $0.buffer) }
    return read.contains(written) || !pointers[store.access.buffer].isRestrict ? nil : store.access
  }

  var extent: Int { isCutByColumns ? columns : rows }
  private var unitSize: Int { isCutByColumns ? 64 : 16 }
  var unitSplit: UnitSplit {
    let chunk = max(1, min(unitSize, extent))
    let inner = isCutByColumns ? rows : columns
    return UnitSplit(
      space: [batchCount, extent], axis: 1, chunk: chunk, inner,
      max(0.02, 0.025 * Double(contraction.extent)))
  }

  /// Bytes of the block of sums before the epilogue.
  var tileByteCount: Int {
    if target != nil { return 0 }
    let bytes = block * (isCutByColumns ? rows : columns) * contraction.element.byteCount
    return (bytes + 63) / 64 * 64
  }

  /// Bytes for the matrix product's packed operands.
  var packingByteCount: Int {
    func bytes(_ rows: Int, _ columns: Int) -> Int {
      nn_contract_scratch_bytes(rows, columns, contraction.extent, contraction.element.byteCount)
    }
    let most = isCutByColumns ? bytes(rows, block) : bytes(block, columns)
    return (max(most, bytes(rows, columns)) + 63) / 64 * 64
  }

  var scratchByteCount: Int { tileByteCount + packingByteCount }

  /// `a + offset, a_m, a_k, b + offset, b_k, b_n` of a call; `first` is the expression of the first row or column.
  func operands(
    _ pointers: KernelPointers, indices: [String?], first: String
  ) -> String {
    func argument(_ access: Access, _ steps: [Int?]) -> String {
      var place = indices
      if let rowAxis { place[rowAxis] = isCutByColumns ? nil : first }
      if let columnAxis { place[columnAxis] = isCutByColumns ? first : nil }
      let offset = access.map.cExpression(place + [nil])
      let name = pointers[access.buffer].name
      let start = offset.text == "0" ? name : "\(name) + \(offset.asOperand)"
      let strides = steps.map { $0.map { String(access.map.strides[$0]) } ?? "0" }
      return ([start] + strides).joined(separator: ", ")
    }
    let k = contraction.left.map.strides.count - 1
    return argument(contraction.left, [rowAxis, k]) + ", "
      + argument(contraction.right, [k, columnAxis])
  }
}
