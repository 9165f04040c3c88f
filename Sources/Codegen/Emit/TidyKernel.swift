// Kernels as the emitter likes them: few long axes, and no operation that would need a loop of its own.

import NNIR

extension Kernel {
  /// The same computation, to the bit: axes of extent 1 dropped, neighbours joined where every access allows it, constant powers
  /// spelt as products, a reduction over nothing as a map of its identities. The space has at least one axis, and so has what is reduced.
  func tidied() -> Kernel {
    var kernel = self
    kernel.prune()
    kernel.expandPowers()
    if contraction != nil { return kernel }
    if !kernel.reductions.isEmpty && reduced.contains(0) { kernel.replaceEmptyReductions() }
    // Powers to the 0 and empty reductions may have left more.
    kernel.prune()
    kernel.dropUnitAxes()
    kernel.joinAxes()
    if kernel.space.isEmpty { kernel.addUnitAxis() }
    if !kernel.reductions.isEmpty && kernel.reduced.isEmpty {
      kernel.reduced = [1]
      kernel.body.mapAffine { $0.strides.append(0) }
    }
    return kernel
  }

  private mutating func replaceEmptyReductions() {
    for index in epilogue.nodes.indices {
      guard case .accumulator(let number) = epilogue.nodes[index].operation else { continue }
      let element = epilogue.nodes[index].element
      epilogue.nodes[index].operation = .constant(reductions[number].kind.emptyResult(element))
    }
    body = epilogue
    epilogue = Block()
    reduced = []
    reductions = []
  }

  /// Axes of the space, then reduced ones. The axis that carries lanes stays, for its place in the lanes.
  private mutating func dropUnitAxes() {
    let keepsLast = reductions.contains { $0.lanes > 1 }
    for axis in (0..<space.count + reduced.count).reversed() {
      let isReduced = axis >= space.count
      let extent = isReduced ? reduced[axis - space.count] : space[axis]
      if extent != 1 || (isReduced && keepsLast && axis == space.count + reduced.count - 1) {
        continue
      }
      body.mapAffine { $0.strides.remove(at: axis) }
      if isReduced {
        reduced.remove(at: axis - space.count)
      } else {
        space.remove(at: axis)
        epilogue.mapAffine { $0.strides.remove(at: axis) }
      }
    }
  }

  private mutating func joinAxes() {
    let keepsLast = reductions.contains { $0.lanes > 1 }
    for axis in (0..<max(0, reduced.count - 1)).reversed() {
      if keepsLast && axis == reduced.count - 2 { continue }
      let position = space.count + axis
      guard body.canJoin(position, reduced[axis + 1]) else { continue }
      body.mapAffine { $0.strides.remove(at: position) }
      reduced[axis] *= reduced.remove(at: axis + 1)
    }
    for axis in (0..<max(0, space.count - 1)).reversed() {
      let inner = space[axis + 1]
      guard body.canJoin(axis, inner), epilogue.canJoin(axis, inner) else { continue }
      body.mapAffine { $0.strides.remove(at: axis) }
      epilogue.mapAffine { $0.strides.remove(at: axis) }
      space[axis] *= space.remove(at: axis + 1)
    }
  }

  /// One point along an axis: stores move by 1 along it, so that they count as contiguous.
  private mutating func addUnitAxis() {
    space = [1]
    body.mapAffine { $0.strides.insert(0, at: 0) }
    epilogue.mapAffine { $0.strides.insert(0, at: 0) }
    for index in body.stores.indices { body.stores[index].access.map.strides[0] = 1 }
    for index in epilogue.stores.indices { epilogue.stores[index].access.map.strides[0] = 1 }
  }

  private mutating func expandPowers() {
    let positions = body.expandPowers()
    for index in reductions.indices { reductions[index].node = positions[reductions[index].node] }
    _ = epilogue.expandPowers()
  }
}

extension Block {
  /// Every affine map of the block.
  fileprivate mutating func mapAffine(_ edit: (inout AffineMap) -> Void) {
    for index in nodes.indices {
      switch nodes[index].operation {
      case .load(var access):
        access.mapAffine(edit)
        nodes[index].operation = .load(access)
      case .index(var map):
        edit(&map)
        nodes[index].operation = .index(map)
      case .constant, .accumulator, .apply: break
      }
    }
    for index in stores.indices { stores[index].access.mapAffine(edit) }
  }

  /// Whether every map moves along `axis` as if it went on where the next axis, of extent `inner`, ends.
  fileprivate func canJoin(_ axis: Int, _ inner: Int) -> Bool {
    var can = true
    var copy = self
    copy.mapAffine { can = can && $0.strides[axis] == $0.strides[axis + 1] * inner }
    return can
  }

  /// Replaces powers by products in the order that `Docs/numerics.md` gives; returns the new number of each node.
  fileprivate mutating func expandPowers() -> [Int] {
    if !nodes.contains(where: \.isPower) { return Array(nodes.indices) }
    var positions: [Int] = []
    var expanded: [Node] = []
    func append(_ operation: Node.Operation, _ element: ElementType) -> Int {
      expanded.append(Node(operation, element))
      return expanded.count - 1
    }
    for node in nodes {
      guard case .apply(let op, let operands) = node.operation else {
        positions.append(append(node.operation, node.element))
        continue
      }
      let moved = operands.map { positions[$0] }
      guard case .power(let exponent) = op else {
        positions.append(append(.apply(op, moved), node.element))
        continue
      }
      var square = moved[0]
      var power: Int?
      var bits = exponent.magnitude
      while bits > 0 {
        if bits & 1 == 1 {
          power = power.map { append(.apply(.mul, [$0, square]), node.element) } ?? square
        }
        bits >>= 1
        if bits > 0 { square = append(.apply(.mul, [square, square]), node.element) }
      }
      let one = Node.Operation.constant(Scalar(1, as: node.element))
      var result = power ?? append(one, node.element)
      if exponent < 0 {
        let numerator = append(one, node.element)
        result = append(.apply(.div, [numerator, result]), node.element)
      }
      positions.append(result)
    }
    nodes = expanded
    for index in stores.indices { stores[index].node = positions[stores[index].node] }
    return positions
  }
}

extension Node {
  fileprivate var isPower: Bool {
    if case .apply(.power, _) = operation { true } else { false }
  }
}

extension Access {
  fileprivate mutating func mapAffine(_ edit: (inout AffineMap) -> Void) {
    edit(&map)
    for index in guards.indices { edit(&guards[index].map) }
  }
}

extension KernelReduction.Kind {
  /// What all lanes start at.
  func identity(_ element: ElementType) -> Scalar {
    switch self {
    case .reduce(.sum): element.isFloat ? Scalar(-0.0, as: element) : Scalar(0, as: element)
    case .reduce(.prod): Scalar(1, as: element)
    case .reduce(.max), .argument(.argmax):
      element == .bool ? Scalar(false) : Scalar(-Double.infinity, as: element)
    case .reduce(.min), .argument(.argmin):
      element == .bool ? Scalar(true) : Scalar(Double.infinity, as: element)
    }
  }

  /// The result over no elements.
  func emptyResult(_ element: ElementType) -> Scalar {
    switch self {
    case .reduce(.sum), .argument: Scalar(0, as: element)
    case .reduce(.prod), .reduce(.max), .reduce(.min): identity(element)
    }
  }
}
