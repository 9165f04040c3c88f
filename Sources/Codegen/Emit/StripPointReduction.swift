// Reductions that no primitive does in one go, in the strips spelling: a point of the space at a time.

import NNIR

extension StripKernel {
  mutating func emitPointReduction() {
    let blockLevel = last + 1
    let pointLevel = blockLevel + 1
    let inner = kernel.reduced.count - 1
    let deepest = pointLevel + kernel.reduced.count
    var axisLevels = (0..<last).map { $0 + 1 } + [pointLevel]
    axisLevels += kernel.reduced.indices.map { pointLevel + 1 + $0 }
    var shape = StripShape()
    shape.columnAxis = kernel.space.count + inner
    (shape.columns, shape.count) = ("n", "n")
    shape.mostElements = length
    var body = bodyBlock(axisLevels, deepest: deepest, shape)
    let foldLevel = deepest + 1
    let epilogueLevel = deepest + 2
    let states = kernel.reductions.map { declareState($0, pointLevel) }
    body.emitNodes(&frame)
    let place = "i\(last) - base"
    var results: [String] = []
    for (reduction, state) in zip(kernel.reductions, states) {
      emitUpdate(reduction, state, &body)
      results.append(emitFold(reduction, state, place, level: foldLevel))
    }
    body.emitStores(&frame)
    emitEpilogue(level: epilogueLevel, count: "points", results, index: "base")

    let split = openUnits(excluding: 0)
    openOuter(split)
    let axis = split.axes[last - split.outerCount]
    writer.openLoop("base", from: axis.lower, to: axis.upper, by: length)
    writer.line(
      "const ptrdiff_t points = \(axis.upper) - base < \(length) ? \(axis.upper) - base : \(length);"
    )
    flush(level: blockLevel)
    writer.openLoop(axis.index, from: "base", to: "base + points")
    flush(level: pointLevel)
    for (number, extent) in kernel.reduced.dropLast().enumerated() {
      writer.openLoop("r\(number)", to: "\(extent)")
      flush(level: pointLevel + 1 + number)
    }
    openStrips(LoopAxis("r\(inner)", "0", "\(kernel.reduced[inner])"), shape)
    flush(level: deepest)
    writer.close()
    for _ in kernel.reduced.dropLast() { writer.close() }
    flush(level: foldLevel)
    writer.close()
    flush(level: epilogueLevel)
    writer.close()
    closeOuter(split)
  }

  /// The C pointers to a reduction's running state: lanes, or the extreme and its index.
  private struct State {
    var value: String
    var index: String?
  }

  private mutating func declareState(_ reduction: KernelReduction, _ level: Int) -> State {
    let element = element(reduction)
    if case .argument = reduction.kind {
      let best = frame.local(element)
      let index = frame.local(.i32)
      frame.lines[level].append("\(index) = -1;")
      return State(value: "&" + best, index: index)
    }
    let identity = frame.local(element, reduction.kind.identity(element))
    if reduction.lanes == 1 {
      let state = frame.local(element)
      frame.lines[level].append("\(state) = \(identity);")
      return State(value: "&" + state, index: nil)
    }
    let lanes = accumulator(element, elements: reduction.lanes)
    frame.lines[level].append(frame.fill(element, lanes, "&" + identity, "\(reduction.lanes)"))
    return State(value: lanes, index: nil)
  }

  private mutating func emitUpdate(
    _ reduction: KernelReduction, _ state: State, _ body: inout StripBlock
  ) {
    let element = element(reduction)
    let type = element.cName
    let value = body.expanded(reduction.node, to: .columns, &frame).pointer
    switch reduction.kind {
    case .argument(let kind):
      var position = "r0"
      for axis in kernel.reduced.indices.dropFirst() {
        position = "(\(position)) * \(kernel.reduced[axis]) + r\(axis)"
      }
      let function = frame.function(
        "\(kind.rawValue)_\(element.name)",
        "\(type) *, int32_t *, const \(type) *, int32_t, ptrdiff_t")
      body.append(
        "\(function)(\(state.value), &\(state.index ?? "0"), \(value), \(position), n);", &frame)
    case .reduce(let kind) where reduction.lanes == 1:
      let one = frame.apply(
        kind.combining(element), operand: element, result: element, state.value,
        [state.value, StripBlock.offset(value, element, "p")], uniform: [], "1")
      body.append("for (ptrdiff_t p = 0; p < n; p++) \(one)", &frame)
    case .reduce(let kind):
      let function = frame.function(
        "\(kind.rawValue)_lanes\(reduction.lanes)_\(element.name)",
        "\(type) *, const \(type) *, ptrdiff_t")
      body.append("\(function)(\(state.value), \(value), n);", &frame)
    }
  }

  /// Puts a finished result into an array of those of the block; gives the array.
  private mutating func emitFold(
    _ reduction: KernelReduction, _ state: State, _ place: String, level: Int
  ) -> String {
    let element = element(reduction)
    switch reduction.kind {
    case .argument:
      let results = accumulator(.i32, elements: length)
      frame.lines[level].append("((int32_t *)\(results))[\(place)] = \(state.index ?? "0");")
      return results
    case .reduce(let kind):
      let results = accumulator(element, elements: length)
      let type = element.cName
      var value = String(state.value.dropFirst())
      if reduction.lanes > 1 {
        let function = frame.function(
          "\(kind.rawValue)_fold\(reduction.lanes)_\(element.name)", "const \(type) *",
          returning: type)
        value = "\(function)(\(state.value))"
      }
      frame.lines[level].append("((\(type) *)\(results))[\(place)] = \(value);")
      return results
    }
  }
}
