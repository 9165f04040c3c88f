// Movement as views: what a reshape, permutation, broadcast, slice or padding does to the axes of what it moves.

import NNIR

extension Lowering {
  mutating func move(_ instruction: Instruction, _ value: Value) -> Use {
    let moved = view(of: instruction, value)
    let view = view(of: moved)
    if view.guards.isEmpty { return moved }
    // A slice of a padding may leave nothing of it, or nothing else.
    var simplified = view
    simplified.guards = []
    for condition in view.guards {
      let range = condition.map.range(over: sizes(of: value))
      if range.lowerBound >= condition.extent || range.upperBound < 0, let padding = view.padding {
        return splat(padding, value)
      }
      if range.lowerBound < 0 || range.upperBound >= condition.extent {
        simplified.guards.append(condition)
      }
    }
    if simplified.guards.count == view.guards.count { return moved }
    if simplified.guards.isEmpty { simplified.padding = nil }
    return use(Int(moved.node), simplified)
  }

  private mutating func view(of instruction: Instruction, _ value: Value) -> Use {
    let operand = instruction.operands[0]
    let source = uses[operand.index]
    let old = function.type(of: operand).shape.sizes
    let new = instruction.type.shape.sizes
    if case .splat(let scalar) = graph.nodes[Int(source.node)].kind,
      view(of: source).guards.isEmpty
    {
      if case .pad(let axes, let padding) = instruction.op {
        if padding == scalar || old.contains(0) { return splat(padding, value) }
        return pad(source, axes, padding, old, new, value)
      }
      return splat(scalar, value)
    }
    switch instruction.op {
    case .reshape:
      return reshaped(source, from: sizes(of: operand), to: sizes(of: value), operand)
    case .permute(let order): return permute(source, order, old, new)
    case .broadcast:
      let placement = Placement(old: old, new: new)
      return substitute(source, placement.axes { AffineMap.axis($0, rank: placement.rank) })
    case .slice(let axes): return slice(source, axes, old, new)
    case .pad(let axes, let padding): return pad(source, axes, padding, old, new, value)
    case .windows(let windows):
      let slide = Slide(source: source, windows: windows, old: old, new: new)
      let windows = slid(slide, over: source)
      if !view(of: windows).guards.isEmpty { slides[windows] = slide }
      return windows
    case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .concat, .fold,
      .contraction, .gather, .scatterAdd, .random, .identity, .stopGradient, .custom, .scan,
      .projection:
      preconditionFailure("movement is one of six operations")
    }
  }

  private mutating func substitute(_ source: Use, _ forms: (maps: [AffineMap], rank: Int)) -> Use {
    use(Int(source.node), view(of: source).composed(with: forms.maps, rank: forms.rank))
  }

  /// Where the axes of two shapes of one rank are once those of extent 1 are dropped.
  struct Placement {
    var old: [Int]
    var new: [Int]
    var rank: Int { new.count { $0 != 1 } }

    func newPosition(_ axis: Int) -> Int { new[..<axis].count { $0 != 1 } }

    /// For every old axis that counts: a constant 0, or what `map` makes of the position of the new one.
    func axes(_ map: (Int) -> AffineMap) -> (maps: [AffineMap], rank: Int) {
      let zero = AffineMap(strides: [Int](repeating: 0, count: rank))
      let maps = old.indices.filter { old[$0] != 1 }.map { axis in
        new[axis] == 1 ? zero : map(newPosition(axis))
      }
      return (maps, rank)
    }
  }

  /// The value in another shape, through the row-major index of what holds it or even copied where that is what it takes.
  mutating func reshaped(
    _ source: Use, from old: [Int], to new: [Int], _ operand: Value
  ) -> Use {
    if old == new { return source }
    if let view = view(of: source).reshaped(from: old, to: new) {
      return use(Int(source.node), view)
    }
    let node = Int(source.node)
    if case .elementwise = graph.nodes[node].kind {
      let linear = view(of: source).linearized(over: graph.domain(of: node))
      if let view = linear.reshaped(from: old, to: new) {
        graph.isForced[node] = true
        return use(node, view)
      }
    }
    return whole(Int(copied(source, sizes: old, operand).node), sizes: new)
  }

  private mutating func permute(_ source: Use, _ order: [Int], _ old: [Int], _ new: [Int]) -> Use {
    let rank = new.count { $0 != 1 }
    var maps = [AffineMap](
      repeating: AffineMap(strides: [Int](repeating: 0, count: rank)), count: rank)
    for (axis, from) in order.enumerated() where new[axis] != 1 {
      let position = old[..<from].count { $0 != 1 }
      maps[position].strides[new[..<axis].count { $0 != 1 }] = 1
    }
    return substitute(source, (maps, rank))
  }

  private mutating func slice(_ source: Use, _ axes: [SliceAxis], _ old: [Int], _ new: [Int]) -> Use
  {
    let placement = Placement(old: old, new: new)
    let rank = placement.rank
    let maps = old.indices.filter { old[$0] != 1 }.map { axis in
      var map = AffineMap(offset: axes[axis].start, strides: [Int](repeating: 0, count: rank))
      if new[axis] != 1 { map.strides[placement.newPosition(axis)] = axes[axis].step }
      return map
    }
    return substitute(source, (maps, rank))
  }

  /// Axis i of the windows and axis j of their elements are at `i * stride + j * dilation`.
  private mutating func slid(_ slide: Slide, over source: Use) -> Use {
    let (windows, old, new) = (slide.windows, slide.old, slide.new)
    let placement = Placement(old: old, new: new)
    let rank = placement.rank
    let maps = old.indices.filter { old[$0] != 1 }.map { axis in
      var map = AffineMap(strides: [Int](repeating: 0, count: rank))
      let number = windows.firstIndex { $0.axis == axis }
      if new[axis] != 1 {
        map.strides[placement.newPosition(axis)] = number.map { windows[$0].stride } ?? 1
      }
      if let number, windows[number].size != 1 {
        map.strides[placement.newPosition(old.count + number)] = windows[number].dilation
      }
      return map
    }
    return substitute(source, (maps, rank))
  }

  /// Sliding windows of something padded, as windows of a padded array that is stored, so that they are read without guards; others
  /// as they are. Worth it where each element is read many times.
  mutating func unguarded(_ windows: Use, _ value: Value) -> Use {
    guard let slide = slides[windows] else { return windows }
    let padded = copied(slide.source, sizes: slide.old.filter { $0 != 1 }, value)
    return slid(slide, over: padded)
  }

  private mutating func pad(
    _ operandUse: Use, _ axes: [PadAxis], _ padding: Scalar, _ old: [Int], _ new: [Int],
    _ value: Value
  ) -> Use {
    if old.contains(0) { return splat(padding, value) }
    let placement = Placement(old: old, new: new)
    let rank = placement.rank
    let oldSizes = old.filter { $0 != 1 }
    let isSpread = old.indices.contains { axes[$0].interior > 0 && old[$0] > 1 }
    if isSpread { return spread(operandUse, axes, padding, old, new, value) }
    var source = operandUse
    if let below = view(of: source).padding, below != padding {
      source = copied(source, sizes: oldSizes, value)
    }
    source = stored(padded: source, sizes: oldSizes, value)
    var result = view(of: source)
    var maps: [AffineMap] = []
    var guards: [Guard] = []
    for axis in old.indices where new[axis] != 1 || old[axis] != 1 {
      // An axis that counts after the padding counts before it, or was of extent 1.
      let map = AffineMap.axis(placement.newPosition(axis), rank: rank, offset: -axes[axis].before)
      if old[axis] != 1 { maps.append(map) }
      if axes[axis].before > 0 || axes[axis].after > 0 {
        guards.append(Guard(map: map, extent: old[axis]))
      }
    }
    result = result.composed(with: maps, rank: rank)
    result.guards += guards
    result.padding = padding
    return use(Int(source.node), result)
  }

  /// As `stored`, but guards of a padding below may stay.
  private mutating func stored(padded source: Use, sizes: [Int], _ value: Value) -> Use {
    let known = view(of: source)
    if known.guards.isEmpty { return stored(source, sizes: sizes, value) }
    return source  // guarded, so it is a view of something stored
  }

  /// A padding with elements in between: filled first, then written over with steps.
  mutating func spread(
    _ source: Use, _ axes: [PadAxis], _ padding: Scalar, _ old: [Int], _ new: [Int], _ value: Value
  ) -> Use {
    let strides = rowMajorStrides(new)
    var map = AffineMap(strides: [])
    for axis in old.indices {
      map.offset += axes[axis].before * strides[axis]
      if old[axis] != 1 { map.strides.append((axes[axis].interior + 1) * strides[axis]) }
    }
    let count = new.reduce(1, *)
    let node = graph.append(
      .spread(into: map, fill: padding), padding.element, domain: count == 1 ? [] : [count],
      space: old.filter { $0 != 1 }, operands: [source], value: value.index)
    graph.isForced[node] = true
    return whole(node, sizes: new.filter { $0 != 1 })
  }
}

/// How windows slide over a source.
struct Slide {
  var source: Use
  var windows: [WindowAxis]
  /// Shapes before and after.
  var old: [Int]
  var new: [Int]
}
