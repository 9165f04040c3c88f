// Random functions over the whole op set and all element types, for tests that compare what must agree.

import NNIR

/// Grows a function instruction by instruction from a seed.
struct RandomFunction {
  private var random: SeededGenerator
  private let builder: FunctionBuilder
  private var values: [Value] = []
  private static let largest = 4096

  /// A function of about `size` instructions.
  static func make(seed: UInt64, size: Int) -> Function {
    var maker = RandomFunction(seed: seed)
    maker.grow(size)
    return maker.finished()
  }

  private init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    builder = FunctionBuilder(name: "random\(seed)")
  }

  private mutating func grow(_ size: Int) {
    for _ in 0..<1 + random.below(3) { newArgument(TensorType(randomElement(), randomShape())) }
    while builder.count < size {
      // Late values are likelier operands, so that functions get deep.
      let operand = random.chance(2) ? values[values.count - 1] : random.pick(values)
      switch random.below(30) {
      case 0..<5: unary(operand)
      case 5..<12: binary(operand)
      case 12: compareAndSelect(operand)
      case 13: add(builder.cast(operand, to: randomElement()))
      case 14..<17: reduce(operand)
      case 17: argReduce(operand)
      case 18: reshape(operand)
      case 19: permute(operand)
      case 20: slice(operand)
      case 21: pad(operand)
      case 22: contract(operand)
      case 23: concat(operand)
      case 24: windows(operand)
      case 25: fold(operand)
      case 26: gather(operand)
      case 27: scatterAdd(operand)
      case 28: scan(operand)
      default: make()
      }
    }
  }

  private mutating func finished() -> Function {
    var isUsed = [Bool](repeating: false, count: builder.count)
    for instruction in builder.function.instructions {
      for operand in instruction.operands { isUsed[operand.index] = true }
    }
    var results = values.filter { !isUsed[$0.index] }
    if random.chance(3) { results.append(random.pick(values)) }
    for (number, value) in results.enumerated() { builder.result("r\(number)", .output, value) }
    return builder.function
  }

  private mutating func add(_ value: Value) {
    if values.last != value { values.append(value) }
  }

  @discardableResult
  private mutating func newArgument(_ type: TensorType) -> Value {
    let number = builder.function.arguments.count
    let value = builder.argument(Argument(name: "a\(number)", role: .input, type: type))
    add(value)
    return value
  }

  private mutating func randomElement() -> ElementType {
    random.pick([.f32, .f32, .f32, .f32, .f64, .f64, .i32, .i64, .bool])
  }

  private mutating func randomShape() -> Shape {
    while true {
      let rank = random.pick([0, 1, 1, 2, 2, 2, 3, 4])
      let shape = Shape((0..<rank).map { _ in randomExtent() })
      if shape.count <= Self.largest { return shape }
    }
  }

  private mutating func randomExtent() -> Int {
    if random.chance(40) { return 0 }
    return random.pick([1, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 65, 130, 520])
  }

  // MARK: Elementwise

  private mutating func unary(_ value: Value) {
    let element = builder.element(of: value)
    let fitting = ElementwiseOp.samples.filter {
      $0.arity == 1 && $0 != .cast && $0.accepts(element)
    }
    let exponent = random.pick([-3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 10])
    var op = random.pick(fitting)
    if op == .power(3) { op = .power(element.isInteger ? abs(exponent) : exponent) }
    add(builder.elementwise(op, value))
  }

  private mutating func binary(_ value: Value) {
    let type = builder.type(of: value)
    let fitting = ElementwiseOp.samples.filter {
      $0.arity == 2 && !$0.isComparison && $0.accepts(type.element)
    }
    let op = random.pick(fitting)
    let other = partner(of: type)
    add(
      random.chance(2)
        ? builder.elementwise(op, value, other)
        : builder.elementwise(op, other, value))
  }

  private mutating func compareAndSelect(_ value: Value) {
    let type = builder.type(of: value)
    let op = random.pick([ElementwiseOp.less, .lessEqual, .equal, .notEqual])
    let condition = builder.elementwise(op, value, partner(of: type))
    add(condition)
    if random.chance(3) { return }
    let branch = partner(of: type)
    add(builder.elementwise(.select, condition, branch, value))
  }

  /// A value of the type: one that is there, one that is broadcast, or a constant.
  private mutating func partner(of type: TensorType) -> Value {
    let same = values.filter { builder.type(of: $0) == type }
    if !same.isEmpty, !random.chance(3) { return random.pick(same) }
    let smaller = values.filter {
      let other = builder.type(of: $0)
      return other.element == type.element && other.shape.rank <= type.shape.rank
        && zip(other.shape.sizes.reversed(), type.shape.sizes.reversed()).allSatisfy {
          $0 == 1 || $0 == $1
        }
    }
    if !smaller.isEmpty, random.chance(2) {
      return builder.broadcast(random.pick(smaller), to: type.shape)
    }
    if random.chance(2) {
      return builder.constant(
        Constant(splat: random.scalar(type.element), shape: type.shape))
    }
    if random.chance(2), type.count <= 64 { return builder.constant(random.constant(type)) }
    return newArgument(type)
  }

  // MARK: Reductions

  private mutating func reduce(_ value: Value) {
    let type = builder.type(of: value)
    let axes = type.shape.sizes.indices.filter { _ in random.chance(2) }
    let kinds: [Reduction] =
      type.element == .bool ? [.max, .min] : [.sum, .sum, .prod, .max, .min]
    add(builder.reduce(random.pick(kinds), value, axes: axes))
  }

  private mutating func argReduce(_ value: Value) {
    let type = builder.type(of: value)
    let axes = type.shape.sizes.indices.filter { type.shape[$0] > 0 }
    if axes.isEmpty { return }
    let axis = random.pick(axes)
    add(
      builder.append(
        .argReduce(random.pick(ArgReduction.allCases), axis: axis), [value],
        type: TensorType(.i32, type.shape.reduced(along: [axis]))))
  }

  // MARK: Movement

  private mutating func reshape(_ value: Value) {
    let shape = builder.shape(of: value)
    var sizes = shape.sizes
    if sizes.count >= 2, random.chance(2) {
      let axis = random.below(sizes.count - 1)
      sizes[axis] *= sizes.remove(at: axis + 1)
    } else if let axis = sizes.indices.first(where: { sizes[$0] % 2 == 0 && sizes[$0] > 0 }) {
      sizes[axis] /= 2
      sizes.insert(2, at: axis + random.below(2))
    } else {
      sizes.insert(1, at: random.below(sizes.count + 1))
    }
    if sizes.count <= 5 { add(builder.reshape(value, to: Shape(sizes))) }
  }

  private mutating func permute(_ value: Value) {
    let rank = builder.shape(of: value).rank
    add(builder.permute(value, Array(0..<rank).shuffled(using: &random)))
  }

  private mutating func slice(_ value: Value) {
    let axes = builder.shape(of: value).sizes.map { size -> SliceAxis in
      if size == 0 || random.chance(2) { return SliceAxis(start: 0, step: 1, count: size) }
      let step = 1 + random.below(3)
      let start = random.below(size)
      if random.chance(3) {
        return SliceAxis(start: start, step: -step, count: 1 + random.below(start / step + 1))
      }
      return SliceAxis(
        start: start, step: step, count: random.below((size - 1 - start) / step + 1) + 1)
    }
    add(builder.slice(value, axes))
  }

  private mutating func pad(_ value: Value) {
    let type = builder.type(of: value)
    let axes = type.shape.sizes.map { _ in
      random.chance(2)
        ? PadAxis(before: 0, after: 0)
        : PadAxis(
          before: random.below(4), after: random.below(4),
          interior: random.chance(3) ? random.below(3) : 0)
    }
    let count = zip(type.shape.sizes, axes).reduce(1) { product, pair in
      product * (pair.1.before + pair.0 + max(0, pair.0 - 1) * pair.1.interior + pair.1.after)
    }
    if count <= Self.largest * 2 {
      add(builder.pad(value, axes, with: random.scalar(type.element)))
    }
  }

  private mutating func concat(_ value: Value) {
    let type = builder.type(of: value)
    if type.shape.rank == 0 { return }
    let axis = random.below(type.shape.rank)
    let fitting = values.filter { value in
      let own = builder.type(of: value)
      return own.element == type.element && own.shape.rank == type.shape.rank
        && own.shape.sizes.indices.allSatisfy { $0 == axis || own.shape[$0] == type.shape[$0] }
    }
    let parts = [value] + (0..<random.below(4)).map { _ in random.pick(fitting) }
    let count = parts.reduce(0) { $0 + builder.shape(of: $1).count }
    if count <= Self.largest { add(builder.concat(parts, axis: axis)) }
  }

  private mutating func windows(_ value: Value) {
    let shape = builder.shape(of: value)
    let windows = randomWindows(of: shape)
    let result = windows.shape(of: shape)
    if result.count <= Self.largest, result.rank <= 7 { add(builder.windows(value, windows)) }
  }

  private mutating func randomWindows(of shape: Shape) -> [WindowAxis] {
    shape.sizes.indices.compactMap { axis in
      if shape[axis] == 0 || random.chance(3) { return nil }
      let size = 1 + random.below(min(shape[axis], 5))
      let widest = size > 1 ? min(3, (shape[axis] - 1) / (size - 1)) : 3
      return WindowAxis(
        axis: axis, size: size, stride: 1 + random.below(4), dilation: 1 + random.below(widest))
    }
  }

  /// Of a value, repeated until it is of the shape of the windows of some other.
  private mutating func fold(_ value: Value) {
    let element = builder.element(of: value)
    let shape = randomShape()
    let windows = randomWindows(of: shape)
    let held = windows.shape(of: shape)
    if element == .bool || windows.isEmpty || held.count > Self.largest { return }
    let row = builder.reshape(value, to: Shape([1, builder.shape(of: value).count]))
    let columns = builder.shape(of: row)[1]
    if columns == 0 { return }
    let rows = (held.count + columns - 1) / columns
    let all = builder.reshape(
      builder.broadcast(row, to: Shape([rows, columns])), to: Shape([rows * columns]))
    let some = builder.slice(all, [SliceAxis(start: 0, step: 1, count: held.count)])
    add(builder.fold(builder.reshape(some, to: held), windows, to: shape))
  }

  // MARK: Scans

  /// A few random operations a step over the first axis.
  private mutating func scan(_ value: Value) {
    let type = builder.type(of: value)
    guard type.element.isFloat, let length = type.shape.sizes.first, length <= 9 else { return }
    let step = type.with(shape: Shape(Array(type.shape.sizes.dropFirst())))
    let (start, other) = (partner(of: step), partner(of: step))
    let fitting = ElementwiseOp.samples.filter {
      $0.arity == 2 && !$0.isComparison && $0.accepts(type.element)
    }
    let (first, second) = (random.pick(fitting), random.pick(fitting))
    let isReduced = random.chance(3) && step.shape.rank > 0
    let results = builder.scan(
      length: length, over: [value], states: [start], capturing: [other],
      isReversed: random.chance(2)
    ) { body, steps, states, captured in
      let mixed = body.elementwise(first, steps[0], states[0])
      let next = body.elementwise(second, mixed, captured[0])
      let yielded = isReduced ? body.reduce(.sum, mixed, axes: [0]) : mixed
      return ([next], [yielded])
    }
    for result in results { add(result) }
  }

  // MARK: Contraction

  private mutating func contract(_ value: Value) {
    let type = builder.type(of: value)
    if type.element == .bool { return }
    var labels = Array(UInt8(ascii: "a")..<UInt8(ascii: "z"))
    let left = type.shape.sizes.map { _ in labels.removeFirst() }
    // Each axis of the left operand is a batch, a row or a contracted axis.
    let roles = left.map { _ in random.below(5) }
    let batch = zip(left, roles).filter { $0.1 == 0 }.map(\.0)
    let rows = zip(left, roles).filter { $0.1 == 1 || $0.1 == 2 }.map(\.0)
    let columns = (0..<random.below(3)).map { _ in labels.removeFirst() }
    var extents = Dictionary(uniqueKeysWithValues: zip(left, type.shape.sizes))
    for label in columns { extents[label] = random.pick([1, 2, 3, 4, 5, 8, 16, 17, 33]) }
    var right = left.filter { !rows.contains($0) } + columns
    right.shuffle(using: &random)
    let result = (batch + rows + columns).shuffled(using: &random)
    let rightShape = Shape(right.map { extents[$0] ?? 1 })
    let count = result.reduce(1) { $0 * (extents[$1] ?? 1) }
    if rightShape.count > Self.largest || count > Self.largest { return }
    let operand = partner(of: TensorType(type.element, rightShape))
    add(
      builder.contract(
        value, operand, Contraction(left: left, right: right, result: result)))
  }

  // MARK: Look-ups

  private mutating func gather(_ value: Value) {
    let shape = builder.shape(of: value)
    guard shape.rank > 0, shape[0] > 0 else { return }
    let places = randomShape()
    if places.count * shape.count / shape[0] > Self.largest { return }
    add(builder.gather(value, indices(places, below: shape[0])))
  }

  private mutating func scatterAdd(_ value: Value) {
    let type = builder.type(of: value)
    if type.element == .bool { return }
    let places = Shape(Array(type.shape.sizes.prefix(random.below(type.shape.rank + 1))))
    let rows = random.pick([1, 2, 3, 5, 17, 64])
    if rows * type.count / max(1, places.count) > Self.largest { return }
    add(builder.scatterAdd(indices(places, below: rows), value, rows: rows))
  }

  /// Indices in range, whatever they are made of.
  private mutating func indices(_ shape: Shape, below rows: Int) -> Value {
    let type = TensorType(random.pick([.i32, .i64]), shape)
    let any = partner(of: type.with(element: random.pick([type.element, type.element, .f32])))
    let count = builder.constant(
      Constant(splat: Scalar(rows, as: type.element), shape: shape))
    return builder.elementwise(.mod, builder.cast(any, to: type.element), count)
  }

  private mutating func make() {
    switch random.below(4) {
    case 0:
      let type = TensorType(random.pick([.f32, .f64, .i32, .i64]), randomShape())
      if type.shape.rank > 0 {
        add(builder.append(.iota(axis: random.below(type.shape.rank)), [], type: type))
      }
    case 1: newArgument(TensorType(randomElement(), randomShape()))
    case 2: add(builder.append(.identity, [values[values.count - 1]], type: lastType))
    default: add(builder.append(.stopGradient, [values[values.count - 1]], type: lastType))
    }
  }

  private var lastType: TensorType { builder.type(of: values[values.count - 1]) }
}
