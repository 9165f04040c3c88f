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
  /// What is computed before the epilogue takes it; all where there is none.
  let blocks: ContractionBlocks
  /// Whether every call has all rows, and the same left operand in every place of the batch.
  let packsRowsOnce: Bool
  /// How places of the batch are computed together; nil where each has a call of its own.
  let images: ContractionImages?
  /// What the epilogue loads, and what it stores unless it takes long to compute, in rows as the sums lie, if it is of their type: to be
  /// asked for while they are computed. One or two accesses with rows equally far apart, or none.
  let wanted: [Access]
  /// Whether units are of columns.
  let isCutByColumns: Bool
  /// Columns of a unit, where units are of columns.
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
    columnUnit = contraction.isPlain ? 64 : run * ((9 + run) / run)
    if contraction.isPlain {
      // Every thread packs the right operand for itself, unless it has columns of its own.
      isCutByColumns = columns >= 512 && batchCount < 8 && (rows <= 32 || columns >= 4 * rows)
    } else {
      isCutByColumns = rows <= 32 && batchCount == 1 && columns > columnUnit
    }
    blocks =
      target != nil
      ? ContractionBlocks(rows: rows, columns: columns)
      : ContractionBlocks(
        contraction, rows: rows, columns: columns,
        columnUnit: isCutByColumns ? columnUnit : nil)
    let hasAllInACall = !isCutByColumns && blocks.rows == rows && blocks.columns == columns
    packsRowsOnce =
      hasAllInACall
      && batchAxes.allSatisfy { axis in
        contraction.positions(ofAxis: axis).allSatisfy { contraction.left.map.strides[$0] == 0 }
      }
    images =
      packsRowsOnce
      ? ContractionImages(
        contraction, space: kernel.space, batchAxes: batchAxes, rows: rows, columns: columns) : nil
    wanted = target == nil && contraction.isPlain ? Self.wanted(kernel, pointers) : []
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

  private static func wanted(_ kernel: Kernel, _ pointers: KernelPointers) -> [Access] {
    guard let contraction = kernel.contraction, contraction.lanes == 1,
      let row = contraction.rowAxis, let column = contraction.columnAxis
    else { return [] }
    var accesses = kernel.epilogue.loads
    if kernel.epilogue.longOperationCount == 0 {
      accesses += kernel.epilogue.stores.map(\.access)
    }
    var found: [Access] = []
    for access in accesses where access.guards.isEmpty && found.count < 2 {
      let strides = access.map.strides
      if strides[column] == 1, strides[row] > 0,
        pointers[access.buffer].element == contraction.element, !found.contains(access),
        found.first.map({ $0.map.strides[row] == strides[row] }) ?? true
      {
        found.append(access)
      }
    }
    return found
  }

  /// `contract_f32`, `contract_lanes_f32`, `contract_view_f32`, `contract_images_f32`: a section of nn_contract.h, a function of it, and a strip primitive.
  var function: String {
    let kind =
      images != nil
      ? "images_"
      : !contraction.isPlain
        ? "view_" : contraction.lanes > 1 ? "lanes_" : takesBlocks ? "block_" : ""
    return "contract_" + kind + contraction.element.name
  }

  /// The types of the function's parameters, for a declaration.
  var parameterTypes: String {
    let type = contraction.element.cName
    if images != nil {
      return "ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, const ptrdiff_t *, "
        + "const \(type) *, const \(type) *, \(type) *, ptrdiff_t, void *"
    }
    if !contraction.isPlain {
      return "ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, const ptrdiff_t *, const \(type) *, "
        + "const \(type) *, \(type) *, ptrdiff_t, void *, int"
    }
    return
      "ptrdiff_t, ptrdiff_t, ptrdiff_t, const \(type) *, ptrdiff_t, ptrdiff_t, const \(type) *, "
      + "ptrdiff_t, ptrdiff_t, \(type) *, ptrdiff_t, void *"
      + (takesBlocks ? ", int, const \(type) *, const \(type) *, ptrdiff_t" : "")
  }

  /// Whether calls say what was packed before and what is wanted next.
  var takesBlocks: Bool { blocks.packsColumnsOnce || !wanted.isEmpty }

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
    let sums = (images == nil ? 1 : ContractionImages.count) * blocks.rows * blocks.columns
    return (sums * contraction.element.byteCount + 63) / 64 * 64
  }

  /// Bytes for the matrix product's packed operands.
  var packingByteCount: Int {
    func bytes(_ rows: Int, _ columns: Int) -> Int {
      if let images {
        return nn_contract_images_scratch_bytes(
          rows, columns, contraction.extent, images.reach, contraction.element.byteCount)
      }
      return nn_contract_scratch_bytes(
        rows, columns, contraction.extent, contraction.element.byteCount)
    }
    return (max(bytes(blocks.rows, blocks.columns), bytes(rows, columns)) + 63) / 64 * 64
  }

  var scratchByteCount: Int { tileByteCount + packingByteCount }

  /// What a call says of its operands, given the first row and column: `K, a + offset, a_m, a_k, b + offset, b_k, b_n`, or of
  /// windows `m0, n0, view, a + offset, b + offset`, of several images `view, a + offset, b + offset`.
  func operands(
    _ pointers: KernelPointers, indices: [String?], row: String, column: String
  ) -> String {
    let isPlain = contraction.isPlain
    var place = indices
    if let rowAxis { place[rowAxis] = isPlain && row != "0" ? row : nil }
    if let columnAxis { place[columnAxis] = isPlain && column != "0" ? column : nil }
    let digits = digitIndices(place)
    func start(_ access: Access) -> String {
      let offset = access.map.cExpression(digits)
      let name = pointers[access.buffer].name
      return offset.text == "0" ? name : "\(name) + \(offset.asOperand)"
    }
    let (left, right) = (start(contraction.left), start(contraction.right))
    if !isPlain {
      return (images == nil ? "\(row), \(column), " : "") + "view, \(left), \(right)"
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
    return cTable("view", numbers.flatMap { $0 })
  }
}
