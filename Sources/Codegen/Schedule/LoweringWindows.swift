// Concatenations, whose parts are stored into one array, and the sum of sliding windows, which is a reduction of a view: where an element
// lies within each of the windows is an affine function of its place, and a guard says whether it lies there at all.

import NNIR

extension Lowering {
  mutating func concat(_ operands: [Value], _ axis: Int, _ value: Value) -> Use {
    let type = function.type(of: value)
    let strides = rowMajorStrides(type.shape.sizes)
    var parts: [Use] = []
    var start = 0
    let count = operands.count { function.type(of: $0).shape.count > 0 }
    let joined = Int32(graph.nodes.count + count)
    for operand in operands {
      let shape = function.type(of: operand).shape
      if shape.count > 0 {
        let counted = shape.sizes.indices.filter { shape[$0] != 1 }
        let map = AffineMap(offset: start * strides[axis], strides: counted.map { strides[$0] })
        let (source, sizes) = (uses[operand.index], sizes(of: operand))
        let order = storageOrder(of: source, sizes) ?? Array(sizes.indices)
        parts.append(part(source, sizes: sizes, in: order, of: joined, into: map, value))
      }
      start += shape[axis]
    }
    let node = self.joined(parts, type.element, count: type.count, value)
    return whole(node, sizes: sizes(of: value))
  }

  /// The windows' elements as a function of the element that they are of and of the place in the window, then the sum over the latter.
  mutating func fold(_ windows: [WindowAxis], _ value: Value) -> Use {
    let operand = function[value].operands[0]
    let type = function.type(of: value)
    var given = function.type(of: operand).shape.sizes
    let zero = Scalar(0, as: type.element)
    var source = uses[operand.index]
    if windows.contains(where: { $0.stride > 1 && given[$0.axis] > 1 }) {
      var padding = given.map { _ in PadAxis(before: 0, after: 0) }
      for window in windows { padding[window.axis].interior = window.stride - 1 }
      var spread = given
      for window in windows {
        spread[window.axis] = (given[window.axis] - 1) * window.stride + 1
      }
      source = self.spread(source, padding, zero, given, spread, value)
      given = spread
    }
    source = stored(source, sizes: given.filter { $0 != 1 }, operand)
    let (shape, reduced) = windows.foldedAxes(of: type.shape)
    let places = FoldedPlaces(shape: shape, reduced: reduced)
    var maps: [AffineMap] = []
    var guards: [Guard] = []
    for (axis, extent) in given.enumerated() {
      let map: AffineMap
      if axis >= type.shape.rank {
        map = places.element(axis - type.shape.rank)
      } else if let number = windows.firstIndex(where: { $0.axis == axis }) {
        map = places.window(axis, number, dilation: windows[number].dilation)
        let range = map.range(over: places.sizes)
        if range.lowerBound < 0 || range.upperBound >= extent {
          guards.append(Guard(map: map, extent: extent))
        }
      } else {
        map = places.kept(axis)
      }
      if extent != 1 { maps.append(map) }
    }
    var view = view(of: source).composed(with: maps, rank: places.sizes.count)
    view.guards = guards
    view.padding = guards.isEmpty ? nil : zero
    return summed(use(Int(source.node), view), places, value)
  }

  private mutating func summed(_ source: Use, _ places: FoldedPlaces, _ value: Value) -> Use {
    let isReduced = places.axes.map { places.reduced.contains($0) }
    if !isReduced.contains(true) {
      return fuse ? source : copied(source, sizes: places.sizes, value)
    }
    let lanes = reductionLanes(shape: places.shape, axes: places.reduced)
    return self.reduced(
      .reduce(.sum, lanes: lanes), source, places.sizes, isReduced, joins: lanes > 1,
      function.type(of: value).element, value)
  }
}

/// The axes of what a fold sums up, those of extent 1 left out.
private struct FoldedPlaces {
  let shape: Shape
  let reduced: [Int]
  /// The axes that count, and their extents.
  let axes: [Int]
  let sizes: [Int]

  init(shape: Shape, reduced: [Int]) {
    self.shape = shape
    self.reduced = reduced
    axes = shape.sizes.indices.filter { shape[$0] != 1 }
    sizes = axes.map { shape[$0] }
  }

  /// The index along an axis of the shape; 0 where its extent is 1.
  private func index(_ axis: Int) -> AffineMap {
    var map = AffineMap(strides: [Int](repeating: 0, count: axes.count))
    if let position = axes.firstIndex(of: axis) { map.strides[position] = 1 }
    return map
  }

  /// The index along an axis of the result.
  func kept(_ axis: Int) -> AffineMap { index(axis < reduced[0] ? axis : axis + reduced.count) }

  /// The index of an element within its window.
  func element(_ number: Int) -> AffineMap { index(reduced[number]) }

  /// The window, counted in elements, in which an element of the result has the place in the window.
  func window(_ axis: Int, _ number: Int, dilation: Int) -> AffineMap {
    var map = kept(axis)
    let element = element(number)
    for axis in axes.indices { map.strides[axis] -= dilation * element.strides[axis] }
    return map
  }
}

extension TensorNode {
  var isJoined: Bool {
    if case .joined = kind { true } else { false }
  }
}
