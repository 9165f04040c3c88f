// The part of the verifier that looks at one kernel: its shape, the types of its nodes, and where its accesses go.

import NNIR

extension ProgramVerifier {
  mutating func check(_ kernel: Kernel) {
    let before = problems.count
    if !areExtents(kernel.space + kernel.reduced) {
      return report(kernel, nil, .extents(kernel.space + kernel.reduced))
    }
    if let routine = kernel.routine { return check(routine, of: kernel) }
    checkParts(kernel)
    check(kernel.body, of: kernel, kernel.space + kernel.reduced, accumulators: [])
    let accumulators =
      kernel.contraction.map { [$0.element] }
      ?? kernel.reductions.map { reduction in
        reduction.isArgument
          ? .i32
          : kernel.body.nodes.indices.contains(reduction.node)
            ? kernel.body.nodes[reduction.node].element : .bool
      }
    check(kernel.epilogue, of: kernel, kernel.space, accumulators: accumulators)
    if let contraction = kernel.contraction { check(contraction, of: kernel) }
    if problems.count == before { checkAliases(kernel) }
  }

  private mutating func checkParts(_ kernel: Kernel) {
    let isMap = kernel.reductions.isEmpty && kernel.contraction == nil
    if isMap {
      if !kernel.reduced.isEmpty || !kernel.epilogue.isEmpty { report(kernel, nil, .parts) }
    } else if kernel.contraction != nil {
      if !kernel.reduced.isEmpty || !kernel.body.isEmpty || !kernel.reductions.isEmpty {
        report(kernel, nil, .parts)
      }
    }
    for reduction in kernel.reductions {
      if ![1, 16, 64].contains(reduction.lanes) { report(kernel, nil, .lanes(reduction.lanes)) }
      if !kernel.body.nodes.indices.contains(reduction.node) {
        report(kernel, nil, .noSuchNode(reduction.node))
      }
    }
  }

  private mutating func check(_ contraction: KernelContraction, of kernel: Kernel) {
    if ![1, 16].contains(contraction.lanes) { report(kernel, nil, .lanes(contraction.lanes)) }
    let sizes = contraction.digits.flatMap { $0 }
    if !sizes.allSatisfy((1...maximumElementCount).contains)
      || contraction.digits.contains(where: { $0.count > KernelContraction.mostDigits })
    {
      return report(kernel, nil, .extents(sizes))
    }
    let extents = contraction.digits.map { $0.reduce(1, *) }
    if extents.dropLast() != kernel.space[...] { return report(kernel, nil, .extents(extents)) }
    let before = problems.count
    for access in [contraction.left, contraction.right] {
      if !access.guards.isEmpty { report(kernel, access, .guardsNotAllowed) }
      check(access, of: kernel, sizes, contraction.element)
    }
    if problems.count > before { return }
    func isStill(_ access: Access, along axis: Int) -> Bool {
      contraction.positions(ofAxis: axis).allSatisfy { access.map.strides[$0] == 0 }
    }
    if let row = contraction.rowAxis {
      let isGood =
        kernel.space.indices.contains(row) && isStill(contraction.right, along: row)
      if !isGood || row == contraction.columnAxis { report(kernel, nil, .rowAndColumn) }
    }
    if let column = contraction.columnAxis {
      let isGood =
        column >= 0 && column == kernel.space.count - 1
        && isStill(contraction.left, along: column)
      if !isGood { report(kernel, nil, .rowAndColumn) }
    }
  }

  // MARK: Blocks

  private mutating func check(
    _ block: Block, of kernel: Kernel, _ sizes: [Int], accumulators: [ElementType]
  ) {
    for (index, node) in block.nodes.enumerated() {
      switch node.operation {
      case .load(let access): check(access, of: kernel, sizes, node.element)
      case .constant(let scalar): expect(node.element, scalar.element, kernel)
      case .index(let map):
        if map.strides.count != sizes.count {
          report(kernel, nil, .rank(expected: sizes.count, found: map.strides.count))
        }
      case .accumulator(let number):
        if accumulators.indices.contains(number) {
          expect(accumulators[number], node.element, kernel)
        } else {
          report(kernel, nil, .noSuchAccumulator(number))
        }
      case .apply(let op, let operands):
        check(op, operands, Array(block.nodes[..<index]), node.element, kernel)
      }
    }
    for store in block.stores {
      guard block.nodes.indices.contains(store.node) else {
        report(kernel, store.access, .noSuchNode(store.node))
        continue
      }
      check(store, of: kernel, sizes, block.nodes[store.node].element)
    }
  }

  private mutating func expect(_ expected: ElementType, _ found: ElementType, _ kernel: Kernel) {
    if expected != found { report(kernel, nil, .elementType(expected: expected, found: found)) }
  }

  private mutating func check(
    _ op: ElementwiseOp, _ operands: [Int], _ nodes: [Node], _ element: ElementType,
    _ kernel: Kernel
  ) {
    if let missing = operands.first(where: { !nodes.indices.contains($0) }) {
      return report(kernel, nil, .noSuchNode(missing))
    }
    guard operands.count == op.arity, let last = operands.last else {
      return report(kernel, nil, .arity(op: op.name, found: operands.count))
    }
    let operand = nodes[last].element
    if !op.accepts(operand) { report(kernel, nil, .elementType(expected: nil, found: operand)) }
    for (position, number) in operands.dropLast().enumerated() {
      let isCondition = op == .select && position == 0
      expect(isCondition ? .bool : operand, nodes[number].element, kernel)
    }
    expect(op.result(of: operand) ?? element, element, kernel)
  }

  // MARK: Accesses

  private mutating func check(
    _ access: Access, of kernel: Kernel, _ sizes: [Int], _ element: ElementType
  ) {
    guard program.buffers.indices.contains(access.buffer) else {
      return report(kernel, nil, .noSuchBuffer(access.buffer))
    }
    for map in [access.map] + access.guards.map(\.map) where map.strides.count != sizes.count {
      return report(kernel, access, .rank(expected: sizes.count, found: map.strides.count))
    }
    let buffer = program.buffers[access.buffer]
    for map in [access.map] + access.guards.map(\.map) where !map.isModest {
      return report(kernel, access, .outOfBounds(map.offset...map.offset, count: buffer.count))
    }
    if buffer.element != element {
      report(kernel, access, .elementType(expected: buffer.element, found: element))
    }
    if !access.guards.isEmpty, access.padding?.element != element {
      report(kernel, access, .noPadding)
    }
    if let range = access.reach(over: sizes),
      range.lowerBound < 0 || range.upperBound >= buffer.count
    {
      report(kernel, access, .outOfBounds(range, count: buffer.count))
    }
  }

  private mutating func check(
    _ store: Store, of kernel: Kernel, _ sizes: [Int], _ element: ElementType
  ) {
    let before = problems.count
    check(store.access, of: kernel, sizes, element)
    if problems.count > before { return }
    if !store.access.guards.isEmpty { report(kernel, store.access, .guardsNotAllowed) }
    if !store.access.map.isInjective(over: sizes) { report(kernel, store.access, .notInjective) }
    checkIsWritable(store.access.buffer, kernel, store.access)
  }

  mutating func checkIsWritable(_ buffer: Int, _ kernel: Kernel, _ access: Access?) {
    switch program.buffers[program.base(of: buffer)].storage {
    case .argument(let number):
      let isUpdate = program.results.contains { $0.role == .update(of: number) }
      if !isUpdate { report(kernel, access, .writesArgument) }
    case .constant: report(kernel, access, .writesConstant)
    case .result, .workspace, .step: break
    }
  }

  /// What is written is read only where it is written, and written once: several stores of one kernel into an array are apart.
  private mutating func checkAliases(_ kernel: Kernel) {
    let touched = kernel.touchedBuffers
    let stores = kernel.blocks.flatMap { block, sizes in block.stores.map { ($0.access, sizes) } }
    for (number, (access, sizes)) in stores.enumerated() {
      let others = stores[..<number].filter { $0.0.buffer == access.buffer }
      if !others.allSatisfy({ $0.1 == sizes && access.map.isApart(from: $0.0.map, over: sizes) }) {
        report(kernel, access, .notInjective)
      }
      // All that are not stores are reads.
      let storeCount = stores.count { $0.0.buffer == access.buffer }
      if touched.count(where: { $0 == access.buffer }) > storeCount,
        !kernel.replaces(access.buffer, by: access.buffer)
      {
        report(kernel, access, .aliased(with: program.buffers[access.buffer].name))
      }
    }
  }
}
