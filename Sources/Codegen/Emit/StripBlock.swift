// The nodes of a block as calls on strips. A strip covers whole rows of the innermost axis, or a part of one row; each node knows along
// which of the two it varies, and is computed only for as many elements as differ.

import NNIR

struct StripBlock {
  let block: Block
  let levels: BlockLevels
  let pointers: KernelPointers
  let shape: StripShape
  /// C expressions of the indices of the strip's first element, one an axis.
  let indices: [String?]
  let accumulators: [StripAccumulator]
  var values: [StripValue?]
  /// Loads that the caller reads where they are.
  var skipped: Set<Int> = []
  var remaining: [Int]
  /// Whether each pointer points to the strip's first element, and not to the array's.
  var isMoved = false
  /// Of each pointer whether the kernel writes there.
  let isWritten: [Bool]
  private let lastReads: [Int]
  private let firstStores: [Store?]
  /// The strip of a node that varies along fewer axes, once it has been expanded.
  private var expansions: [Int: StripValue] = [:]

  init(
    _ block: Block, levels: BlockLevels, pointers: KernelPointers, shape: StripShape,
    indices: [String?], accumulators: [StripAccumulator] = []
  ) {
    self.block = block
    self.levels = levels
    self.pointers = pointers
    self.shape = shape
    var indices = indices
    // Whole rows begin at 0.
    if let column = shape.columnAxis, shape.rowAxis != nil { indices[column] = nil }
    for column in shape.columnGroup { indices[column.axis] = nil }
    self.indices = indices
    self.accumulators = accumulators
    isWritten = pointers.pointers.map(\.isWritten)
    values = [StripValue?](repeating: nil, count: block.nodes.count)
    remaining = levels.uses
    lastReads = Self.lastReads(block, levels, pointers)
    var firstStores = [Store?](repeating: nil, count: block.nodes.count)
    for store in block.stores.reversed() { firstStores[store.node] = store }
    self.firstStores = firstStores
  }

  /// For each pointer the last node that reads from it, at once or as an operand; past all nodes where a store or a root does, -1
  /// where none does.
  private static func lastReads(_ block: Block, _ levels: BlockLevels, _ pointers: KernelPointers)
    -> [Int]
  {
    var lastReads = [Int](repeating: -1, count: pointers.pointers.count)
    func note(_ node: Int, at position: Int) {
      guard case .load(let access) = block.nodes[node].operation else { return }
      let pointer = pointers.index(of: access.buffer)
      lastReads[pointer] = max(lastReads[pointer], position)
    }
    for index in block.nodes.indices where levels.uses[index] > 0 {
      note(index, at: index)
      if case .apply(_, let operands) = block.nodes[index].operation {
        for operand in operands { note(operand, at: index) }
      }
    }
    for store in block.stores { note(store.node, at: block.nodes.count) }
    for root in levels.roots { note(root, at: block.nodes.count) }
    return lastReads
  }

  func element(_ node: Int) -> ElementType { block.nodes[node].element }

  /// Writes all nodes, each into its level.
  mutating func emitNodes(_ frame: inout StripFrame) {
    for index in block.nodes.indices where levels.uses[index] > 0 && !skipped.contains(index) {
      emit(index, &frame)
    }
  }

  private mutating func emit(_ index: Int, _ frame: inout StripFrame) {
    let node = block.nodes[index]
    switch node.operation {
    case .constant(let scalar):
      values[index] = StripValue(
        pointer: "&" + frame.local(node.element, scalar), dims: [], slot: nil)
    case .accumulator(let number): emitAccumulator(index, accumulators[number], &frame)
    case .index(let map): emitIndex(index, map, &frame)
    case .load(let access): emitLoad(index, access, &frame)
    case .apply(let op, let operands): emitApply(index, op, operands, &frame)
    }
  }

  // MARK: Places

  /// A place for a node's elements: the destination of a store where it can be written at once, a local or a slot.
  mutating func place(
    _ index: Int, _ dims: StripDims, _ frame: inout StripFrame, reusing slot: Int? = nil
  ) -> StripValue {
    let element = element(index)
    if dims.isEmpty {
      return StripValue(pointer: "&" + frame.local(element), dims: dims, slot: nil)
    }
    if let destination = directDestination(index, dims) {
      if let slot { frame.slots.release(slot) }
      return StripValue(pointer: destination, dims: dims, slot: nil)
    }
    if let slot { return StripValue(pointer: "s" + String(slot), dims: dims, slot: slot) }
    return newSlot(element, dims, level: levels.levels[index], &frame)
  }

  func newSlot(
    _ element: ElementType, _ dims: StripDims, level: Int, _ frame: inout StripFrame
  ) -> StripValue {
    frame.noteSlot(element, elements: shape.mostElements)
    let isInnermost = level == levels.deepest
    let slot = isInnermost ? frame.slots.take() : frame.slots.takeFresh()
    return StripValue(pointer: "s" + String(slot), dims: dims, slot: isInnermost ? slot : nil)
  }

  /// The destination of the first store of a node, if nothing that is still to be read would be overwritten too early.
  private func directDestination(_ index: Int, _ dims: StripDims) -> String? {
    guard dims == shape.full, levels.levels[index] == levels.deepest,
      let store = firstStores[index], isFlat(store.access.map)
    else { return nil }
    let pointer = pointers.index(of: store.access.buffer)
    if !pointers.pointers[pointer].isRestrict || lastReads[pointer] > index { return nil }
    return self.pointer(store.access)
  }

  /// `x + (i0 * 10 + i1)`
  func pointer(_ access: Access) -> String {
    let name = pointers.name(of: access.buffer)
    if isMoved { return name }
    let offset = access.map.cExpression(indices)
    if offset.text == "0" { return name }
    return name + " + " + offset.asOperand
  }

  /// The map of all accesses, where each reads or writes the strip's elements one after the other.
  var commonMap: AffineMap? {
    guard let map = block.stores.first?.access.map, dims(map) == shape.full, isFlat(map),
      block.stores.allSatisfy({ $0.access.map == map })
    else { return nil }
    let areLoads = block.nodes.allSatisfy { node in
      guard case .load(let access) = node.operation else { return true }
      return access.map == map && access.guards.isEmpty
    }
    return areLoads ? map : nil
  }

  /// Whether the strip's elements are neighbours in memory.
  func isFlat(_ map: AffineMap) -> Bool {
    if shape.columnAxis == nil { return shape.rowAxis == nil }
    guard let column = shape.columnStride(map), column == 1 || shape.columnCount == 1 else {
      return false
    }
    return shape.rowAxis == nil || shape.rowStride(map) == shape.columnCount
  }

  func dims(_ map: AffineMap) -> StripDims {
    var dims: StripDims = []
    if shape.rowStride(map) != 0 { dims.insert(.rows) }
    if shape.columnStride(map) != 0 { dims.insert(.columns) }
    return dims
  }

  // MARK: Operations

  private mutating func emitApply(
    _ index: Int, _ op: ElementwiseOp, _ operands: [Int], _ frame: inout StripFrame
  ) {
    var dims = StripDims()
    for operand in operands { dims.formUnion(values[operand]?.dims ?? []) }
    let operandElement = element(operands[operands.count - 1])
    var sources: [String] = []
    sources.reserveCapacity(operands.count)
    var uniform: UniformOperands = []
    for (position, operand) in operands.enumerated() {
      let isCondition = op == .select && position == 0
      let needsStrip = isCondition && !dims.isEmpty
      let own = values[operand]?.dims ?? []
      if own == dims || (own.isEmpty && !needsStrip) {
        sources.append(values[operand]?.pointer ?? "0")
        if own.isEmpty && !dims.isEmpty { uniform.insert(.operand(position)) }
      } else {
        sources.append(expanded(operand, to: dims, &frame).pointer)
      }
    }
    // The result may take the place of an operand that nothing else needs.
    var reusable: Int?
    for operand in operands {
      remaining[operand] -= 1
      guard remaining[operand] == 0 else { continue }
      let size = element(operand).byteCount
      if let slot = values[operand]?.slot {
        if reusable == nil, values[operand]?.dims == dims, size == element(index).byteCount,
          levels.levels[index] == levels.deepest
        {
          reusable = slot
        } else {
          pendingRelease.append(slot)
        }
        values[operand]?.slot = nil
      }
      if let expansion = expansions[operand], let slot = expansion.slot {
        pendingRelease.append(slot)
        expansions[operand]?.slot = nil
      }
    }
    let value = place(index, dims, &frame, reusing: reusable)
    for slot in pendingRelease { frame.slots.release(slot) }
    pendingRelease.removeAll(keepingCapacity: true)
    values[index] = value
    if dims.isEmpty, element(index).isFloat, element(index) == operandElement,
      let statement = Self.scalarStatement(op, value.pointer, sources)
    {
      add(statement, index, &frame)
      return
    }
    let call = frame.apply(
      op, operand: operandElement, result: element(index), value.pointer, sources,
      uniform: uniform, shape.count(dims))
    add(call, index, &frame)
  }

  private var pendingRelease: [Int] = []

  /// The arithmetic of single floats, which C has: a call takes longer.
  private static func scalarStatement(_ op: ElementwiseOp, _ to: String, _ from: [String])
    -> String?
  {
    let symbol: String
    switch op {
    case .add: symbol = "+"
    case .sub: symbol = "-"
    case .mul: symbol = "*"
    case .div: symbol = "/"
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not, .cast,
      .pow, .max, .min, .mod, .atan2, .and, .or, .less, .lessEqual, .equal, .notEqual, .select:
      return nil
    }
    return "\(element(at: to)) = \(element(at: from[0])) \(symbol) \(element(at: from[1]));"
  }

  /// The element behind a pointer.
  private static func element(at pointer: String) -> String {
    pointer.hasPrefix("&") ? String(pointer.dropFirst()) : "*(\(pointer))"
  }

  /// A node's elements repeated along the axes of the strip along which it does not vary.
  mutating func expanded(_ node: Int, to dims: StripDims, _ frame: inout StripFrame) -> StripValue {
    guard let value = values[node] else { return StripValue(pointer: "0", dims: [], slot: nil) }
    if value.dims == dims { return value }
    if let done = expansions[node], done.dims == dims { return done }
    let element = element(node)
    // What is known outside the loop over strips is expanded there, for the most rows of any strip.
    let level = expansionLevel(node, value.dims, dims)
    let result = newSlot(element, dims, level: level, &frame)
    let isOuter = level < levels.deepest
    let rows = isOuter ? "\(shape.mostRows)" : shape.rows
    if value.dims.isEmpty {
      let most = dims == .rows ? shape.mostRows : shape.mostElements
      let count = isOuter && dims != .columns ? "\(most)" : shape.count(dims)
      frame.lines[level].append(frame.fill(element, result.pointer, value.pointer, count))
    } else {
      let isRow = value.dims == .rows
      frame.lines[level].append(
        frame.loadRows(
          element, result.pointer, value.pointer, isRow ? 1 : 0, isRow ? 0 : 1, rows, shape.columns)
      )
    }
    expansions[node] = result
    return result
  }

  private func expansionLevel(_ node: Int, _ from: StripDims, _ to: StripDims) -> Int {
    // The number of elements must be known there.
    shape.columnCount != nil ? levels.levels[node] : levels.deepest
  }

  // MARK: Statements

  func add(_ line: String, _ index: Int, _ frame: inout StripFrame) {
    frame.lines[levels.levels[index]].append(line)
  }
}
