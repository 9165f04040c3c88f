// Shapes of sliding windows: what the type rules, the builder and the scheduler share.

extension [WindowAxis] {
  /// The shape of the windows of a value of this shape.
  public func shape(of shape: Shape) -> Shape {
    var sizes = shape.sizes
    for window in self { sizes[window.axis] = window.count(in: sizes[window.axis]) }
    return Shape(sizes + map(\.size))
  }

  /// `fold` is the sum over these axes of a value in which element j of the windows stands at the element that it is of: they come
  /// before the first of the axes that the windows slide along, which the others follow.
  public func foldedAxes(of result: Shape) -> (shape: Shape, reduced: [Int]) {
    let first = self[0].axis
    var sizes = result.sizes
    sizes.insert(contentsOf: map(\.size), at: first)
    return (Shape(sizes), [Int](first..<first + count))
  }
}
