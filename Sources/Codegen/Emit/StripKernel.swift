// The strips spelling of maps: loops around strips, calls inside.

import NNIR

/// The longest strip in elements. Reductions in lanes rely on a multiple of 64.
let longestStrip = 512
/// Temporaries of a strip stay within the first-level cache.
private let stripBudget = 24 * 1024

/// A kernel in the strips spelling.
func emitStrips(_ kernel: Kernel, name: String, in program: Program) -> EmittedKernel {
  let tidy = kernel.routine == nil ? kernel.tidied() : kernel
  var length = tidy.computesFromMemory ? longestStrip / 2 : longestStrip
  while true {
    var emitter = StripKernel(tidy, name: name, in: program, length: length)
    let emitted = emitter.emitted()
    if length == 64 || emitter.frame.scratchByteCount <= stripBudget { return emitted }
    length /= 2
  }
}

extension Kernel {
  /// Whether it computes long functions of arrays that no second-level cache holds. Its strips are shorter, so that it asks for memory
  /// more often: while a function of a long strip is computed, what the processor fetches ahead comes to an end.
  fileprivate var computesFromMemory: Bool {
    contraction == nil && reduced.reduce(count, *) >= 1 << 18 && body.longOperationCount > 0
  }
}

/// Writes one kernel in the strips spelling, as the function that the runtime calls.
struct StripKernel {
  let kernel: Kernel
  let pointers: KernelPointers
  /// Whether the pointers are the elements of one array: libtcc takes longer for each variable than for all that is done with it.
  let isGathered: Bool
  /// What is added to each element of that array for the strip at work, where it is the same for all.
  private var stripOffset: CExpression?
  let name: String
  let length: Int
  let program: Program
  var frame: StripFrame
  var writer = CWriter(depth: 1)
  var units = 1
  var grain = 1
  /// Scratch beside the slots.
  var otherScratch = 0
  /// Declarations that follow those of the slots.
  var declarations: [String] = []

  init(_ kernel: Kernel, name: String, in program: Program, length: Int) {
    self.kernel = kernel
    self.name = name
    self.length = length
    self.program = program
    var pointers = KernelPointers(kernel, in: program) { _ in "" }
    // libtcc takes as long for a variable as for a call; fewer than eight save less than the array costs.
    let isGathered = pointers.pointers.count >= 8 && pointers.areOfOneType
    // No kernel's own variable is a b with a number.
    pointers.rename { index, buffer in
      isGathered ? "b[" + String(index) + "]" : "b" + String(buffer)
    }
    self.isGathered = isGathered
    self.pointers = pointers
    // Enough levels for every form: space, blocks, points, reduced axes, folds, epilogue.
    frame = StripFrame(
      levelCount: kernel.space.count + kernel.reduced.count + 6, length: length)
  }

  mutating func emitted() -> EmittedKernel {
    if let routine = kernel.routine {
      emitRoutine(routine)
    } else if let shape = ContractionShape(kernel, pointers) {
      emitContraction(shape)
    } else if kernel.reductions.isEmpty {
      emitMap()
    } else if kernel.isAccumulatedInBlocks {
      emitBlockReduction()
    } else if let rows = rowReduction {
      emitRowReduction(rows)
    } else {
      emitPointReduction()
    }
    return EmittedKernel(
      name: name, text: functionText, arguments: pointers.pointers.map(\.buffer),
      scratchByteCount: frame.scratchByteCount + otherScratch, units: units, grain: grain,
      isCheck: kernel.isCheck, prototypes: frame.prototypes)
  }

  private var functionText: String {
    var head = CWriter()
    head.open("ptrdiff_t \(name)(\(entryParameters))")
    if isGathered {
      let count = pointers.pointers.count
      head.line("\(pointers.pointers[0].element.cName) *b[\(count)];")
      if stripOffset == nil { head.line(gathering) }
    }
    for (number, pointer) in pointers.pointers.enumerated() where !isGathered {
      head.line { text in
        if !pointer.isWritten { text.append("const ") }
        text.append(pointer.element.cName)
        text.append(" *")
        text.append(pointer.name)
        text.append(" = buffers[arrays[")
        text.append(number)
        text.append("]];")
      }
    }
    for line in frame.declarations() + declarations { head.line(line) }
    head.append(writer)
    if !kernel.isCheck { head.line("return 0;") }
    head.close()
    return head.text
  }

  /// The statement that fills the array of the pointers.
  private var gathering: String {
    let element = pointers.pointers[0].element.cName
    let moved = stripOffset.map { "(\(element) *)buffers[arrays[j]] + \($0.asOperand)" }
    return "for (int j = 0; j < \(pointers.pointers.count); j++) b[j] = "
      + (moved ?? "buffers[arrays[j]]") + ";"
  }

  mutating func flush(level: Int) {
    for line in frame.lines[level] { writer.line(line) }
    frame.lines[level] = []
  }

  // MARK: Maps

  /// The nest of a map or of an epilogue: how its innermost axes become strips.
  struct Nest {
    var shape: StripShape
    var axisLevels: [Int]
    var deepest: Int
    /// Axes with a loop of their own, outermost first.
    var outer: [Int]
    var stripAxis: Int?
  }

  /// `columnExtent` nil: the extent is only known when running.
  func nest(
    rowAxis: Int?, columnAxis: Int?, outer: [Int], columnExtent: Int?, axisCount: Int, base: Int
  ) -> Nest {
    var shape = StripShape()
    var outer = outer
    var axisLevels = [Int](repeating: base, count: axisCount)
    if let rowAxis, let columnAxis, let columnExtent, columnExtent <= length {
      shape.rowAxis = rowAxis
      shape.columnAxis = columnAxis
      shape.columnCount = columnExtent
      shape.mostRows = max(1, length / max(1, columnExtent))
      shape.mostElements = shape.mostRows * columnExtent
      (shape.rows, shape.columns, shape.count) = ("rows", "\(columnExtent)", "n")
    } else {
      if let rowAxis { outer.append(rowAxis) }
      shape.columnAxis = columnAxis
      shape.mostElements = length
      if columnAxis != nil { (shape.columns, shape.count) = ("n", "n") }
    }
    for (number, axis) in outer.enumerated() { axisLevels[axis] = base + number + 1 }
    let deepest = base + outer.count + 1
    if let row = shape.rowAxis { axisLevels[row] = deepest }
    if let columnAxis { axisLevels[columnAxis] = shape.rowAxis == nil ? deepest : 0 }
    return Nest(
      shape: shape, axisLevels: axisLevels, deepest: deepest, outer: outer,
      stripAxis: shape.rowAxis ?? shape.columnAxis)
  }

  private mutating func emitMap() {
    let group = columnGroup
    let first = kernel.space.count - group.count
    var nest = nest(
      rowAxis: first > 0 ? first - 1 : nil, columnAxis: last, outer: Array(0..<max(0, first - 1)),
      columnExtent: group.reduce(1) { $0 * kernel.space[$1] }, axisCount: kernel.space.count,
      base: 0)
    if group.count > 1 {
      nest.shape.columnGroup = group.map { ($0, kernel.space[$0]) }
      for axis in group { nest.axisLevels[axis] = 0 }
    }
    var block = StripBlock(
      kernel.body,
      levels: BlockLevels(
        kernel.body, axisLevels: nest.axisLevels, accumulators: 0, deepest: nest.deepest),
      pointers: pointers, shape: nest.shape, indices: kernel.space.indices.map { "i\($0)" })
    if isGathered, let map = block.commonMap {
      // libtcc takes as long for an offset as for the rest of an argument.
      block.isMoved = true
      stripOffset = map.cExpression(block.indices)
      frame.lines[nest.deepest].append(gathering)
    }
    block.emitNodes(&frame)
    block.emitStores(&frame)
    let split = openUnits(excluding: nest.shape.rowAxis == nil ? 0 : group.count)
    for (number, axis) in nest.outer.enumerated() where axis >= split.outerCount {
      let loop = split.axes[axis - split.outerCount]
      writer.openLoop(loop.index, from: loop.lower, to: loop.upper)
      flush(level: number + 1)
    }
    if let axis = nest.stripAxis { openStrips(split.axes[axis - split.outerCount], nest.shape) }
    flush(level: nest.deepest)
    if nest.stripAxis != nil { writer.close() }
    for axis in nest.outer where axis >= split.outerCount { writer.close() }
    split.close(&writer)
  }

  /// The last axes of a map that together are the columns of its strips: one, or as many as make strips long where the last
  /// ones are short. All that is stored or counted must lie along them as along one axis; loads need not.
  private var columnGroup: [Int] {
    var group = [last]
    func isWalkedAsOne(_ map: AffineMap, _ axis: Int) -> Bool {
      map.strides[axis] == map.strides[axis + 1] * kernel.space[axis + 1]
    }
    while let axis = group.first.map({ $0 - 1 }), axis > 0, group.count < 7 {
      let columns = group.reduce(1) { $0 * kernel.space[$1] }
      guard columns * kernel.space[axis] < length / 2 else { break }
      let isPossible =
        kernel.body.stores.allSatisfy { isWalkedAsOne($0.access.map, axis) }
        && kernel.body.nodes.allSatisfy { node in
          switch node.operation {
          case .load(let access): access.guards.isEmpty
          case .index(let map): isWalkedAsOne(map, axis)
          case .constant, .accumulator, .apply: true
          }
        }
      if !isPossible { break }
      group.insert(axis, at: 0)
    }
    return group
  }

  /// Opens the loop over units of all but some of the last axes, and writes the levels outside of it and of its axes.
  mutating func openUnits(excluding count: Int) -> UnitLoop {
    let space = Array(kernel.space.dropLast(count))
    let inner = Double(kernel.space.suffix(count).reduce(1, *))
    let split = UnitSplit(
      space: space, pointCost: kernel.pointCost * inner,
      vector: count > 0 ? 1 : kernel.unitVector)
    units = split.units
    grain = split.grain
    flush(level: 0)
    let loop = UnitLoop(space: space, split: split)
    loop.open(&writer)
    for level in 0..<loop.outerCount { flush(level: level + 1) }
    return loop
  }

  /// The loop over strips of rows, or of a part of one row.
  mutating func openStrips(_ axis: LoopAxis, _ shape: StripShape) {
    let step = shape.rowAxis == nil ? length : shape.mostRows
    let name = shape.rowAxis == nil ? "n" : "rows"
    writer.openLoop(axis.index, from: axis.lower, to: axis.upper, by: step)
    let rest = axis.lower == "0" && axis.upper == "1" ? "1" : "\(axis.upper) - \(axis.index)"
    writer.line("const ptrdiff_t \(name) = \(rest) < \(step) ? \(rest) : \(step);")
    if let columns = shape.columnCount, shape.rowAxis != nil {
      writer.line("const ptrdiff_t n = rows * \(columns);")
    }
  }
}
