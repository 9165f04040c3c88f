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
  /// Columns of a unit, where blocks are of columns.
  private let columnUnit: Int

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
    // The columns of windows come in runs, which a unit does not cut.
    let run = columnAxis.flatMap { contraction.digits[$0].last } ?? 1
    columnUnit = contraction.isPlain ? 64 : run * max(1, (9 + run) / run)
    let hasManyColumns =
      contraction.isPlain ? columns >= 512 : columns > columnUnit && batchCount == 1
    isCutByColumns = rows <= 32 && batchCount < 8 && hasManyColumns
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

  /// Whether every call has all rows, and the same left operand in every place of the batch.
  var packsRowsOnce: Bool {
    guard !isCutByColumns, block == rows else { return false }
    return batchAxes.allSatisfy { axis in
      contraction.positions(ofAxis: axis).allSatisfy { contraction.left.map.strides[$0] == 0 }
    }
  }

  var extent: Int { isCutByColumns ? columns : rows }
  private var unitSize: Int { isCutByColumns ? columnUnit : 16 }
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

  /// What a call says of its operands, `first` being the expression of the first row or column: `K, a + offset, a_m, a_k,
  /// b + offset, b_k, b_n`, or of windows `m0, n0, view, a + offset, b + offset`.
  func operands(
    _ pointers: KernelPointers, indices: [String?], first: String
  ) -> String {
    let isPlain = contraction.isPlain
    var place = indices
    if let rowAxis { place[rowAxis] = isPlain && !isCutByColumns ? first : nil }
    if let columnAxis { place[columnAxis] = isPlain && isCutByColumns ? first : nil }
    let digits = digitIndices(place)
    func start(_ access: Access) -> String {
      let offset = access.map.cExpression(digits)
      let name = pointers[access.buffer].name
      return offset.text == "0" ? name : "\(name) + \(offset.asOperand)"
    }
    let (left, right) = (start(contraction.left), start(contraction.right))
    if !isPlain {
      let (row, column) = isCutByColumns ? ("0", first) : (first, "0")
      return "\(row), \(column), view, \(left), \(right)"
    }
    func strides(_ access: Access, _ axes: [Int?]) -> String {
      axes.map { $0.map { String(access.map.strides[$0]) } ?? "0" }.joined(separator: ", ")
    }
    let k = contraction.digits.count - 1
    return "\(contraction.extent), \(left), \(strides(contraction.left, [rowAxis, k])), "
      + "\(right), \(strides(contraction.right, [k, columnAxis]))"
  }

  /// C expressions of the digits of each axis, given those of the axes of the space.
  private func digitIndices(_ axes: [String?]) -> [String?] {
    let outer = zip(axes, contraction.digits).flatMap { index, digits -> [String?] in
      var inner = digits.reduce(1, *)
      return digits.enumerated().map { number, extent in
        inner /= extent
        guard let index, digits.count > 1 else { return index }
        let place = inner == 1 ? index : "\(index) / \(inner)"
        return number == 0 ? "(\(place))" : "(\(place) % \(extent))"
      }
    }
    return outer + contraction.digits[contraction.digits.count - 1].map { _ in nil }
  }

  /// The declaration of `view`, as nn_contract_view.h describes it; nil where the operands are plain.
  var viewDeclaration: String? {
    if contraction.isPlain { return nil }
    func axes(_ axis: Int?, _ accesses: [Access]) -> [[Int]] {
      guard let axis else { return [] }
      return zip(contraction.positions(ofAxis: axis), contraction.digits[axis]).map {
        position, size in
        [size] + accesses.map { $0.map.strides[position] }
      }
    }
    let rows = axes(rowAxis, [contraction.left])
    let columns = axes(columnAxis, [contraction.right])
    let k = axes(contraction.digits.count - 1, [contraction.left, contraction.right])
    let numbers = [[rows.count, columns.count, k.count]] + rows + columns + k
    let text = numbers.flatMap { $0 }.map(String.init).joined(separator: ", ")
    return "static const ptrdiff_t view[] = {\(text)};"
  }
}
