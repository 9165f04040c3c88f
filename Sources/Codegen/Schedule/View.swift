// A view: where the elements of a value lie within the value that it was moved from. Reshapes, permutations, broadcasts, slices and
// paddings are never copied as long as they can be told by affine functions; this file composes them.

import NNIR

extension AffineMap {
  /// The index along one axis, plus an offset.
  static func axis(_ axis: Int, rank: Int, stride: Int = 1, offset: Int = 0) -> AffineMap {
    var map = AffineMap(offset: offset, strides: [Int](repeating: 0, count: rank))
    map.strides[axis] = stride
    return map
  }

  /// This map of indices that are themselves affine functions of `rank` new indices, one an axis.
  func composed(with substitution: [AffineMap], rank: Int) -> AffineMap {
    var result = AffineMap(offset: offset, strides: [Int](repeating: 0, count: rank))
    for (stride, inner) in zip(strides, substitution) where stride != 0 {
      result.offset += stride * inner.offset
      for axis in 0..<rank { result.strides[axis] += stride * inner.strides[axis] }
    }
    return result
  }

  /// The least and the greatest value over all indices below `sizes`, none of which is 0.
  func range(over sizes: [Int]) -> ClosedRange<Int> {
    var low = offset
    var high = offset
    for (stride, size) in zip(strides, sizes) {
      low += min(0, stride * (size - 1))
      high += max(0, stride * (size - 1))
    }
    return low...high
  }

  /// Whether axes `axis` and `axis + 1`, the latter of extent `size`, can be walked as one.
  func joins(_ axis: Int, size: Int) -> Bool { strides[axis] == strides[axis + 1] * size }
}

/// The row-major strides of an array with these extents.
func rowMajorStrides(_ sizes: [Int]) -> [Int] {
  if sizes.count == 1 { return [1] }
  var strides = sizes
  var stride = 1
  for axis in sizes.indices.reversed() {
    strides[axis] = stride
    stride *= sizes[axis]
  }
  return strides
}

/// From the axes of a value (those of extent 1 left out) to the domain of the node that holds its elements.
struct View: Hashable {
  /// Axes that the view is a function of.
  var rank: Int
  /// One an axis of the node's domain; a single one, the row-major index, where `isLinear`.
  var forms: [AffineMap]
  /// Where one fails the element is `padding`.
  var guards: [Guard] = []
  var padding: Scalar?
  /// Only the elements of a stored array can be reached so.
  var isLinear = false

  /// Each axis as it is.
  static func identity(rank: Int) -> View {
    View(rank: rank, forms: (0..<rank).map { AffineMap.axis($0, rank: rank) })
  }

  /// The row-major index of an array with these extents.
  static func rowMajor(_ sizes: [Int]) -> View {
    if sizes.isEmpty { return View(rank: 0, forms: []) }
    return View(rank: sizes.count, forms: [AffineMap(strides: rowMajorStrides(sizes))])
  }

  func composed(with substitution: [AffineMap], rank: Int) -> View {
    View(
      rank: rank, forms: forms.map { $0.composed(with: substitution, rank: rank) },
      guards: guards.map {
        Guard(map: $0.map.composed(with: substitution, rank: rank), extent: $0.extent)
      }, padding: padding, isLinear: isLinear)
  }

  /// The same view with the row-major index of `domain` as its only form.
  func linearized(over domain: [Int]) -> View {
    if isLinear || domain.count <= 1 { return self }
    var result = self
    result.forms = [address(over: domain)]
    result.isLinear = true
    return result
  }

  /// The row-major index within `domain`, 0 for a single element.
  func address(over domain: [Int]) -> AffineMap {
    if isLinear || forms.count == 1 { return forms[0] }
    var sum = AffineMap(strides: [Int](repeating: 0, count: rank))
    for (form, scale) in zip(forms, rowMajorStrides(domain)) {
      sum.offset += form.offset * scale
      for axis in 0..<rank { sum.strides[axis] += form.strides[axis] * scale }
    }
    return sum
  }

  /// Whether axes `axis` and `axis + 1` can be walked as one.
  func joins(_ axis: Int, size: Int) -> Bool {
    forms.allSatisfy { $0.joins(axis, size: size) }
      && guards.allSatisfy { $0.map.joins(axis, size: size) }
  }

  /// Whether nothing moves along `axis`.
  func isConstant(along axis: Int) -> Bool {
    forms.allSatisfy { $0.strides[axis] == 0 } && guards.allSatisfy { $0.map.strides[axis] == 0 }
  }

  /// The view over only the axes listed: of neighbours walked as one the last, of constant ones none.
  func keeping(_ axes: [Int]) -> View {
    var result = self
    result.rank = axes.count
    for form in result.forms.indices {
      result.forms[form].strides = axes.map { forms[form].strides[$0] }
    }
    for index in result.guards.indices {
      result.guards[index].map.strides = axes.map { guards[index].map.strides[$0] }
    }
    return result
  }
}

/// Neighbouring axes that hold the same elements in two shapes.
struct ReshapeGroup {
  var old: Range<Int>
  var new: Range<Int>
}

/// The shortest runs of neighbouring axes that hold the same elements in two shapes without axes of extent 1 or 0.
func reshapeGroups(from old: [Int], to new: [Int]) -> [ReshapeGroup] {
  var groups: [ReshapeGroup] = []
  var oldStart = 0
  var newStart = 0
  while oldStart < old.count, newStart < new.count {
    var oldEnd = oldStart + 1
    var newEnd = newStart + 1
    var oldCount = old[oldStart]
    var newCount = new[newStart]
    while oldCount != newCount {
      if oldCount < newCount {
        oldCount *= old[oldEnd]
        oldEnd += 1
      } else {
        newCount *= new[newEnd]
        newEnd += 1
      }
    }
    groups.append(ReshapeGroup(old: oldStart..<oldEnd, new: newStart..<newEnd))
    oldStart = oldEnd
    newStart = newEnd
  }
  return groups
}

extension View {
  /// This view of a value with extents `old`, reshaped to `new`; nil where that is not affine.
  func reshaped(from old: [Int], to new: [Int]) -> View? {
    var substitution = [AffineMap](
      repeating: AffineMap(strides: [Int](repeating: 0, count: new.count)), count: old.count)
    for group in reshapeGroups(from: old, to: new) {
      for axis in group.old.dropLast() where !joins(axis, size: old[axis + 1]) { return nil }
      // Of a run that is walked as one only the last axis moves, beyond its extent.
      let strides = rowMajorStrides(group.new.map { new[$0] })
      for (axis, stride) in zip(group.new, strides) {
        substitution[group.old.upperBound - 1].strides[axis] = stride
      }
    }
    return composed(with: substitution, rank: new.count)
  }
}

extension [AffineMap] {
  /// Whether these are axes as they are, `rank` in number.
  func isIdentity(rank: Int) -> Bool {
    count == rank
      && indices.allSatisfy { axis in
        self[axis].offset == 0
          && self[axis].strides.indices.allSatisfy {
            self[axis].strides[$0] == ($0 == axis ? 1 : 0)
          }
      }
  }
}
