// The functions that are not written in the language: one arm each.

extension Lowerer {
  func apply(_ primitive: Primitive, _ a: [Datum]) throws(LoweringFailure) -> Datum {
    switch primitive {
    case .unary(let op): return try elementwise(op, a[0])
    case .binary(let op):
      if let folded = folded(op, a[0], a[1]) { return folded }
      return try elementwise(op, a[0], a[1])
    case .select: return try select(a[0], a[1], a[2])
    case .cast: return try cast(a[0], a[1], like: a[2])
    case .stopGradient: return try stopGradient(a[0])
    case .matmul: return try product(a[0], a[1])
    case .transpose: return try transpose(a[0], a[1])
    case .reshape: return try reshape(a[0], a[1])
    case .flatten: return try flatten(a[0], a[1])
    case .broadcast: return try broadcast(a[0], a[1])
    case .squeeze: return try squeeze(a[0], a[1])
    case .expand: return try expand(a[0], a[1])
    case .concat: return try concat(Array(a.dropFirst()), axis: a[0])
    case .stack: return try stack(Array(a.dropFirst()), axis: a[0])
    case .split: return try split(a[0], a[1], axis: a[2])
    case .pad: return try pad(a[0], a[1], a[2], value: a[3])
    case .reverse: return try reverse(a[0], a[1])
    case .tile: return try tile(a[0], a[1])
    case .size: return try size(a[0], a[1])
    case .count: return try count(a[0], a[1])
    case .zeros: return filled(try sizes(a[0]), 0)
    case .ones: return filled(try sizes(a[0]), 1)
    case .full: return try full(a[0], a[1])
    case .iota: return try iota(a[0])
    case .eye: return try eye(a[0])
    case .like(let number): return try like(a[0], number)
    case .reduce(let reduction): return try reduce(reduction, a[0], a[1])
    case .quantifier(let reduction): return try quantify(reduction, a[0], a[1])
    case .argReduce(let reduction): return try argReduce(reduction, a[0], a[1])
    case .windows: return try windows(a)
    case .patches: return try patches(a)
    case .contract: return try contract(a)
    case .along: return try along(a[0], a[1], a[2])
    case .scores: return try scores(a[0], a[1])
    case .masked: return try masked(a[0], a[1])
    case .gather: return try gather(a[0], a[1], a[2])
    case .dropout: return try dropout(a[0], a[1])
    }
  }

  private func stopGradient(_ x: Datum) throws(LoweringFailure) -> Datum {
    // A number has no derivative that could be stopped.
    if x.isScalarConstant { return x }
    let (value, fallback) = try tensor(x)
    return wrap(
      builder.append(.stopGradient, [value], type: builder.type(of: value)), fallback)
  }

  // MARK: Making

  /// Numbers without a type: f32 where nothing else is fixed.
  private func filled(_ shape: Shape, _ number: Int) -> Datum {
    let constant = Constant(splat: Scalar(number, as: .i64), shape: shape)
    return .untyped(builder.constant(constant), fallback: .f32)
  }

  private func full(_ shape: Datum, _ number: Datum) throws(LoweringFailure) -> Datum {
    let shape = try sizes(shape)
    let operands = try unified([number], from: 1)
    if self.shape(of: operands.list[0]) != .scalar {
      throw fail(
        "the value is one number, \(words(1)) has shape \(self.shape(of: operands.list[0]))")
    }
    return wrap(value(operands.list[0], shape: shape), operands.fallback)
  }

  private func iota(_ count: Datum) throws(LoweringFailure) -> Datum {
    let shape = try checked([try integer(count, "the count")])
    return .untyped(
      builder.append(.iota(axis: 0), type: TensorType(.i64, shape)), fallback: .i32)
  }

  private func eye(_ count: Datum) throws(LoweringFailure) -> Datum {
    let count = try integer(count, "the count")
    let type = TensorType(.i64, try checked([count, count]))
    let rows = builder.append(.iota(axis: 0), type: type)
    let columns = builder.append(.iota(axis: 1), type: type)
    let isDiagonal = builder.elementwise(.equal, rows, columns)
    return .untyped(builder.cast(isDiagonal, to: .i64), fallback: .f32)
  }

  private func like(_ x: Datum, _ number: Int) throws(LoweringFailure) -> Datum {
    if case .tensor(let value) = x {
      let type = builder.type(of: value)
      return .tensor(
        builder.constant(Constant(splat: Scalar(number, as: type.element), shape: type.shape)))
    }
    let operands = try unified([x])
    let shape = shape(of: operands.list[0])
    if operands.fallback != nil { return filled(shape, number) }
    let scalar = Scalar(number, as: operands.element)
    return .tensor(builder.constant(Constant(splat: scalar, shape: shape)))
  }

  // MARK: Reductions

  private func reduce(
    _ reduction: Reduction, _ x: Datum, _ axis: Datum
  ) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    if builder.element(of: value) == .bool, reduction == .sum || reduction == .prod {
      throw fail("\(typeWords(0)) is bool; numbers are needed: cast(\(typeWords(0)), i32)")
    }
    return wrap(try reduced(reduction, value, axis), fallback)
  }

  private func quantify(
    _ reduction: Reduction, _ x: Datum, _ axis: Datum
  ) throws(LoweringFailure) -> Datum {
    let (value, _) = try tensor(x)
    if builder.element(of: value) != .bool {
      throw fail("\(words(0)) is not bool: compare it, \(words(0)) != 0")
    }
    return .tensor(try reduced(reduction, value, axis))
  }

  /// Along axes, which stay with size 1; of all axes without one, to a scalar.
  private func reduced(
    _ reduction: Reduction, _ value: Value, _ axis: Datum
  ) throws(LoweringFailure) -> Value {
    let axes = try axes(axis, rank: builder.shape(of: value).rank)
    let result = builder.reduce(reduction, value, axes: axes)
    if case .none = axis { return builder.reshape(result, to: .scalar) }
    return result
  }

  private func argReduce(
    _ reduction: ArgReduction, _ x: Datum, _ axis: Datum
  ) throws(LoweringFailure) -> Datum {
    var (value, _) = try tensor(x)
    let shape = builder.shape(of: value)
    if case .list = axis { throw fail("takes one axis, found a list") }
    let axis = try self.axis(try integer(axis, "axis"), rank: shape.rank)
    if shape[axis] == 0 {
      throw fail("\(words(0)) has shape \(shape): axis \(axis) has no element to choose from")
    }
    if shape[axis] > Int(Int32.max) {
      throw fail("axis \(axis) has \(shape[axis]) elements, and the result is i32")
    }
    value = builder.element(of: value) == .bool ? builder.cast(value, to: .i32) : value
    let type = TensorType(.i32, shape.reduced(along: [axis]))
    return .tensor(builder.append(.argReduce(reduction, axis: axis), [value], type: type))
  }

  // MARK: Asking

  private func size(_ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let shape = try shape(of: x)
    return .integer(shape[try self.axis(try integer(axis, "axis"), rank: shape.rank)])
  }

  /// The number of elements that a reduction along the axes takes together.
  private func count(_ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let shape = try shape(of: x)
    return .integer(try axes(axis, rank: shape.rank).reduce(1) { $0 * shape[$1] })
  }

  func shape(of datum: Datum) throws(LoweringFailure) -> Shape {
    switch datum {
    case .tensor(let value), .untyped(let value, _): return builder.shape(of: value)
    case .integer, .number, .boolean: return .scalar
    case .list(let list): return try checked(list.shape)
    case .none, .type, .tuple, .failed:
      throw fail("expected a value, found \(words(for: datum))")
    }
  }
}
