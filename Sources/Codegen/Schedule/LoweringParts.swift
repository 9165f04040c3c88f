// Parts of arrays: values that are stored where they lie in an array that others may store parts of too.

import NNIR

extension Lowering {
  /// A node that stores a value of `sizes`, its axes walked in `order`, where `map` says in an array whose node will be `joined`.
  mutating func part(
    _ source: Use, sizes: [Int], in order: [Int], of joined: Int32, into map: AffineMap,
    _ value: Value
  ) -> Use {
    var maps = sizes.indices.map { _ in AffineMap(strides: []) }
    for (position, axis) in order.enumerated() {
      maps[axis] = AffineMap.axis(position, rank: order.count)
    }
    let walked = use(Int(source.node), view(of: source).composed(with: maps, rank: order.count))
    let place = AffineMap(offset: map.offset, strides: order.map { map.strides[$0] })
    let node = graph.append(
      .part(of: joined, into: place), graph.nodes[Int(source.node)].element,
      domain: sizes.isEmpty ? [] : [sizes.product], space: order.map { sizes[$0] },
      operands: [walked], value: value.index)
    graph.isForced[node] = true
    return use(node, View(rank: 0, forms: []))
  }

  /// The array of some parts.
  mutating func joined(
    _ parts: [Use], _ element: ElementType, count: Int, _ value: Value
  ) -> Int {
    let node = graph.append(
      .joined, element, domain: count == 1 ? [] : [count], space: [], operands: parts,
      value: value.index)
    graph.isForced[node] = true
    return node
  }

  /// The axes of a computed value from the one along which its elements lie farthest apart on, where that is another order than its own: the
  /// order in which the kernel that computes them can store it at once. Nil too where the last axis would not stay the last: what is stored would no longer lie in runs.
  func storageOrder(of source: Use, _ sizes: [Int]) -> [Int]? {
    let node = Int(source.node)
    switch graph.nodes[node].kind {
    case .contraction, .elementwise: break
    case .argument, .constant, .splat, .iota, .copy, .reduce, .argReduce, .spread, .loop,
      .loopResult, .part, .joined, .routine:
      return nil
    }
    let (view, domain) = (view(of: source), graph.domain(of: node))
    guard view.guards.isEmpty, sizes.count > 1, domain.product == sizes.product else { return nil }
    let address = view.address(over: domain)
    let order = sizes.indices.sorted { address.strides[$0] > address.strides[$1] }
    guard address.offset == 0, order.last == sizes.count - 1, order != Array(sizes.indices),
      order.map({ address.strides[$0] }) == rowMajorStrides(order.map { sizes[$0] })
    else { return nil }
    return order
  }
}
