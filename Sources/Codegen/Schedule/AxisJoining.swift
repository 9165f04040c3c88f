// Loop nests made plain: axes that every access walks as one are joined, those of extent 1 are dropped, and a matrix product finds its rows
// and columns.

import NNIR

extension Kernel {
  /// The kernel with as few axes as its accesses allow; the same elements in the same order.
  func joiningAxes() -> Kernel {
    // Most have one axis.
    if space.count <= 1, space.first != 1, reduced.isEmpty, contraction == nil { return self }
    let outer = space.count
    let maps = self.maps
    var keptSpace: [Int] = []
    var keptReduced: [Int] = []
    // Lanes are dealt along the last reduced axis, which must stay as it is.
    let hasLanes = reductions.contains { $0.lanes > 1 && !$0.isArgument }
    func canJoin(_ axis: Int, _ next: Int, _ size: Int) -> Bool {
      maps.allSatisfy { map in
        next >= map.strides.count || map.strides[axis] == map.strides[next] * size
      }
    }
    var newSpace: [Int] = []
    var digits = SpaceDigits(contraction)
    for axis in space.indices where space[axis] != 1 {
      if let last = keptSpace.last, canJoin(last, axis, space[axis]),
        digits.join(axis, extent: space[axis])
      {
        keptSpace[keptSpace.count - 1] = axis
        newSpace[newSpace.count - 1] *= space[axis]
      } else {
        keptSpace.append(axis)
        newSpace.append(space[axis])
        digits.append(axis, extent: space[axis])
      }
    }
    var newReduced: [Int] = []
    for (offset, extent) in reduced.enumerated() where extent != 1 {
      let axis = outer + offset
      if !hasLanes, let last = keptReduced.last, canJoin(last, axis, extent) {
        keptReduced[keptReduced.count - 1] = axis
        newReduced[newReduced.count - 1] *= extent
      } else {
        keptReduced.append(axis)
        newReduced.append(extent)
      }
    }
    var kernel = self
    kernel.space = newSpace
    kernel.reduced = newReduced
    let bodyAxes = keptSpace + keptReduced
    kernel.body.mapAccesses { $0.keeping(bodyAxes) }
    kernel.epilogue.mapAccesses { $0.keeping(keptSpace) }
    kernel.contraction = digits.contraction
    return kernel
  }

  /// All maps of the blocks' indices, guards' too.
  var maps: [AffineMap] {
    var result: [AffineMap] = []
    for block in [body, epilogue] {
      for node in block.nodes {
        switch node.operation {
        case .load(let access): result += [access.map] + access.guards.map(\.map)
        case .index(let map): result.append(map)
        case .constant, .accumulator, .apply: break
        }
      }
      for store in block.stores { result.append(store.access.map) }
    }
    return result
  }

  /// The kernel of a contraction with its columns last and its row axis known.
  ///
  /// Multiplication commutes, so the operand that moves along the last axis of the result can always be the right one.
  func arrangingColumns() -> Kernel {
    guard let product = contraction else { return self }
    func isFree(_ axis: Int, in own: Access, _ other: Access) -> Bool {
      product.moves(own, along: axis) && !product.moves(other, along: axis)
    }
    let columns = space.indices.filter { isFree($0, in: product.right, product.left) }
    let rows = space.indices.filter { isFree($0, in: product.left, product.right) }
    // A few lanes of one column are a job for rows.
    if let last = rows.last, last > (columns.last ?? -1), !(product.lanes > 1 && columns.isEmpty) {
      var exchanged = product
      (exchanged.left, exchanged.right) = (product.right, product.left)
      return arranged(exchanged, rows: columns, column: last)
    }
    return arranged(product, rows: rows, column: columns.last)
  }

  private func arranged(_ product: KernelContraction, rows: [Int], column: Int?) -> Kernel {
    var kernel = self
    let row = rows.reversed().max { space[$0] < space[$1] }
    var order = Array(space.indices)
    if let column {
      order.remove(at: column)
      order.append(column)
    }
    kernel.space = order.map { space[$0] }
    kernel.epilogue.mapAccesses { $0.keeping(order) }
    kernel.contraction = product.keeping(order + [space.count])
    kernel.contraction?.rowAxis = row.flatMap { order.firstIndex(of: $0) }
    kernel.contraction?.columnAxis = column.map { _ in order.count - 1 }
    return kernel
  }
}

extension KernelReduction {
  var isArgument: Bool {
    switch kind {
    case .argument: true
    case .reduce: false
    }
  }
}

extension AffineMap {
  func keeping(_ axes: [Int]) -> AffineMap {
    AffineMap(offset: offset, strides: axes.map { strides[$0] })
  }
}

extension Block {
  /// Replaces every map of the block's indices.
  mutating func mapAccesses(_ transform: (AffineMap) -> AffineMap) {
    func transformed(_ access: Access) -> Access {
      var access = access
      access.map = transform(access.map)
      for index in access.guards.indices {
        access.guards[index].map = transform(access.guards[index].map)
      }
      return access
    }
    for index in nodes.indices {
      switch nodes[index].operation {
      case .load(let access): nodes[index].operation = .load(transformed(access))
      case .index(let map): nodes[index].operation = .index(transform(map))
      case .constant, .accumulator, .apply: break
      }
    }
    for index in stores.indices { stores[index].access = transformed(stores[index].access) }
  }
}
