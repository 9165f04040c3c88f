// Random functions from a seed: every operation, odd shapes, extents 0 and 1 among them, small enough to be evaluated an element at a time.

import NNIR

struct RandomSource: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

struct RandomFunction {
  static let largest = 2_000

  private var random: RandomSource
  private let builder: FunctionBuilder
  private var values: [Value] = []

  static func make(seed: UInt64) -> (function: Function, arguments: [[Scalar]]) {
    var generator = RandomFunction(seed: seed)
    generator.build()
    let function = generator.builder.function
    let arguments = function.arguments.map { argument in
      (0..<argument.type.count).map { _ in generator.scalar(argument.type.element) }
    }
    return (function, arguments)
  }

  private init(seed: UInt64) {
    random = RandomSource(seed: seed)
    builder = FunctionBuilder(name: "random_\(seed)")
  }

  private mutating func scalar(_ element: ElementType) -> Scalar {
    switch element {
    case .f32, .f64:
      random.chance(5)
        ? Scalar(-0.0, as: element) : Scalar(Double(random.below(4001) - 2000) / 512, as: element)
    case .i32, .i64: Scalar(random.below(21) - 10, as: element)
    case .bool: Scalar(random.chance(50))
    }
  }

  private mutating func extent() -> Int {
    if random.chance(2) { return 0 }
    if random.chance(4) { return [64, 70, 513, 640].randomElement(using: &random) ?? 64 }
    return [1, 1, 2, 3, 4, 5, 6, 8, 9, 12].randomElement(using: &random) ?? 1
  }

  private mutating func shape() -> Shape {
    while true {
      let shape = Shape((0..<random.below(4)).map { _ in extent() })
      if shape.count <= Self.largest { return shape }
    }
  }

  private mutating func element() -> ElementType {
    random.chance(70) ? .f32 : ElementType.allCases[random.below(5)]
  }

  private mutating func value() -> Value {
    // Late values more often: deep functions.
    let count = values.count
    return values[random.chance(60) ? count - 1 - random.below(min(count, 5)) : random.below(count)]
  }

  private mutating func build() {
    for number in 0..<1 + random.below(4) {
      let role: ArgumentRole = random.chance(50) ? .parameter : .input
      values.append(
        builder.argument(
          Argument(name: "a\(number)", role: role, type: TensorType(element(), shape()))))
    }
    for _ in 0..<3 + random.below(25) { step() }
    let count = 1 + random.below(3)
    for number in 0..<count { builder.result("r\(number)", .output, value()) }
    for (number, argument) in builder.function.arguments.enumerated() where random.chance(60) {
      let candidates = values.filter { builder.type(of: $0) == argument.type }
      if let update = candidates.randomElement(using: &random) {
        builder.result("u\(number)", .update(of: number), update)
      }
    }
  }

  private mutating func step() {
    let result: Value?
    switch random.below(19) {
    case 0, 1, 2: result = unary()
    case 3, 4, 5: result = binary()
    case 6: result = reduction()
    case 7: result = random.chance(80) ? contraction() : leaf()
    case 8: result = reshape()
    case 9: result = permute()
    case 10: result = broadcast()
    case 11: result = slice()
    case 12: result = pad()
    case 13: result = concat()
    case 14: result = windows()
    case 15: result = fold()
    case 16: result = gather()
    case 17: result = scatterAdd()
    case _: result = random.chance(50) ? leaf() : updateLike()
    }
    if let result { values.append(result) }
  }

  private mutating func gather() -> Value? {
    let table = value()
    let shape = builder.shape(of: table)
    guard shape.rank > 0, shape[0] > 0 else { return nil }
    let places = self.shape()
    if places.count * shape.count / shape[0] > Self.largest { return nil }
    return builder.gather(table, indices(places, below: shape[0]))
  }

  private mutating func scatterAdd() -> Value? {
    let updates = value()
    let type = builder.type(of: updates)
    if type.element == .bool { return nil }
    let places = Shape(Array(type.shape.sizes.prefix(random.below(type.shape.rank + 1))))
    let rows = 1 + random.below(9)
    if rows * type.count / max(1, places.count) > Self.largest { return nil }
    return builder.scatterAdd(indices(places, below: rows), updates, rows: rows)
  }

  /// Indices in range: of a value of the shape, or constant.
  private mutating func indices(_ shape: Shape, below rows: Int) -> Value {
    let element: ElementType = random.chance(50) ? .i32 : .i64
    let fitting = values.filter { builder.shape(of: $0) == shape }
    if let source = fitting.randomElement(using: &random) {
      let count = Constant(splat: Scalar(rows, as: element), shape: shape)
      return builder.elementwise(.mod, builder.cast(source, to: element), builder.constant(count))
    }
    let bits = (0..<shape.count).map { _ in Scalar(random.below(rows), as: element).bits }
    return builder.constant(Constant(type: TensorType(element, shape), bits: bits))
  }

  private mutating func leaf() -> Value {
    let type = TensorType(element(), shape())
    switch random.below(3) {
    case 0 where type.shape.rank > 0 && type.element != .bool:
      return builder.append(.iota(axis: random.below(type.shape.rank)), type: type)
    case 1: return builder.constant(Constant(splat: scalar(type.element), shape: type.shape))
    default:
      let bits = (0..<type.count).map { _ in scalar(type.element).bits }
      if bits.isEmpty { return builder.zeros(type) }
      return builder.constant(Constant(type: type, bits: bits))
    }
  }

  /// Something that fits an argument, so that updates are interesting.
  private mutating func updateLike() -> Value? {
    let arguments = values.filter { builder.function[$0].operands.isEmpty }
    guard let argument = arguments.randomElement(using: &random),
      builder.element(of: argument) != .bool
    else { return nil }
    let fitting = values.filter { builder.type(of: $0) == builder.type(of: argument) }
    guard let other = fitting.randomElement(using: &random) else { return nil }
    return builder.elementwise(.sub, argument, other)
  }

  private mutating func unary() -> Value? {
    let operand = value()
    let element = builder.element(of: operand)
    if random.chance(15) { return builder.cast(operand, to: self.element()) }
    let ops = ElementwiseOp.samples.filter { $0.arity == 1 && $0 != .cast && $0.accepts(element) }
    guard let op = ops.randomElement(using: &random) else { return nil }
    return builder.elementwise(op, operand)
  }

  private mutating func binary() -> Value? {
    let first = value()
    let element = builder.element(of: first)
    let shape = builder.shape(of: first)
    func fits(_ value: Value) -> Bool {
      let own = builder.shape(of: value)
      return builder.element(of: value) == element && own.rank == shape.rank
        && zip(own.sizes, shape.sizes).allSatisfy { $0 == $1 || $0 == 1 }
    }
    guard let other = values.filter(fits).randomElement(using: &random) else { return nil }
    let second = builder.broadcast(other, to: shape)
    if random.chance(10) {
      let conditions = values.filter { builder.type(of: $0) == TensorType(.bool, shape) }
      if let condition = conditions.randomElement(using: &random) {
        return builder.elementwise(.select, condition, first, second)
      }
    }
    let ops = ElementwiseOp.samples.filter { $0.arity == 2 && $0.accepts(element) }
    guard let op = ops.randomElement(using: &random) else { return nil }
    return random.chance(50)
      ? builder.elementwise(op, first, second) : builder.elementwise(op, second, first)
  }

  private mutating func reduction() -> Value? {
    let operand = value()
    let type = builder.type(of: operand)
    if type.shape.rank == 0 { return nil }
    if random.chance(25) {
      let axis = random.below(type.shape.rank)
      if type.shape[axis] == 0 { return nil }
      return builder.append(
        .argReduce(random.chance(50) ? .argmax : .argmin, axis: axis), [operand],
        type: TensorType(.i32, type.shape.reduced(along: [axis])))
    }
    let axes = (0..<type.shape.rank).filter { _ in random.chance(60) }
    let kinds: [Reduction] = type.element == .bool ? [.max, .min] : Reduction.allCases
    return builder.reduce(kinds.randomElement(using: &random) ?? .max, operand, axes: axes)
  }

  /// Another factorisation of the element count.
  private mutating func reshape() -> Value? {
    let operand = value()
    let count = builder.shape(of: operand).count
    if count == 0 { return nil }
    var sizes: [Int] = []
    var rest = count
    for divisor in [2, 3, 2, 5, 4] where rest % divisor == 0 && random.chance(50) {
      sizes.append(divisor)
      rest /= divisor
    }
    sizes.append(rest)
    if random.chance(30) { sizes.append(1) }
    sizes.shuffle(using: &random)
    if random.chance(30) { sizes = [count] }
    return builder.reshape(operand, to: Shape(sizes))
  }

  private mutating func permute() -> Value? {
    let operand = value()
    return builder.permute(
      operand, Array(0..<builder.shape(of: operand).rank).shuffled(using: &random))
  }

  private mutating func broadcast() -> Value? {
    let operand = value()
    var sizes = builder.shape(of: operand).sizes.map { $0 == 1 ? extent() : $0 }
    if random.chance(20) { sizes.insert(extent(), at: 0) }
    let shape = Shape(sizes)
    return shape.count <= Self.largest && shape.rank <= 5
      ? builder.broadcast(operand, to: shape) : nil
  }

  private mutating func slice() -> Value? {
    let operand = value()
    let axes = builder.shape(of: operand).sizes.map { size -> SliceAxis in
      if size == 0 || random.chance(40) { return SliceAxis(start: 0, step: 1, count: size) }
      let count = 1 + random.below(size)
      let step = count > 1 ? 1 + random.below((size - 1) / (count - 1)) : 1
      let span = (count - 1) * step
      let start = random.below(size - span)
      return random.chance(50)
        ? SliceAxis(start: start, step: step, count: count)
        : SliceAxis(start: start + span, step: -step, count: count)
    }
    return builder.slice(operand, axes)
  }

  private mutating func pad() -> Value? {
    let operand = value()
    let type = builder.type(of: operand)
    let axes = type.shape.sizes.map { _ in
      PadAxis(
        before: random.below(3), after: random.below(3),
        interior: random.chance(15) ? random.below(3) : 0)
    }
    let padding = random.chance(50) ? Scalar(0, as: type.element) : scalar(type.element)
    let result = zip(type.shape.sizes, axes).map { size, axis in
      axis.before + size + max(0, size - 1) * axis.interior + axis.after
    }
    return result.reduce(1, *) <= Self.largest ? builder.pad(operand, axes, with: padding) : nil
  }

  private mutating func concat() -> Value? {
    let first = value()
    let type = builder.type(of: first)
    if type.shape.rank == 0 { return nil }
    let axis = random.below(type.shape.rank)
    let fitting = values.filter { value in
      let own = builder.type(of: value)
      return own.element == type.element && own.shape.rank == type.shape.rank
        && own.shape.sizes.indices.allSatisfy { $0 == axis || own.shape[$0] == type.shape[$0] }
    }
    let others = (0..<1 + random.below(3)).compactMap { _ in
      fitting.randomElement(using: &random)
    }
    let parts = ([first] + others).shuffled(using: &random)
    let count = parts.reduce(0) { $0 + builder.shape(of: $1).count }
    return count <= Self.largest ? builder.concat(parts, axis: axis) : nil
  }

  private mutating func windows() -> Value? {
    let operand = value()
    let windows = windows(of: builder.shape(of: operand))
    let shape = windows.shape(of: builder.shape(of: operand))
    return windows.isEmpty || shape.count > Self.largest || shape.rank > 6
      ? nil : builder.windows(operand, windows)
  }

  /// Windows over some axes; sometimes they leave elements out.
  private mutating func windows(of shape: Shape) -> [WindowAxis] {
    shape.sizes.indices.compactMap { axis in
      if shape[axis] == 0 || random.chance(40) { return nil }
      let size = 1 + random.below(min(shape[axis], 4))
      let widest = size > 1 ? min(3, (shape[axis] - 1) / (size - 1)) : 3
      return WindowAxis(
        axis: axis, size: size, stride: 1 + random.below(3), dilation: 1 + random.below(widest))
    }
  }

  /// Of what has the shape of windows.
  private mutating func fold() -> Value? {
    let shape = shape()
    let windows = windows(of: shape)
    let held = windows.shape(of: shape)
    let element = element()
    if windows.isEmpty || held.count > Self.largest || element == .bool { return nil }
    var operand = builder.windows(
      builder.constant(Constant(splat: scalar(element), shape: shape)), windows)
    let fitting = values.filter {
      builder.element(of: $0) == element && builder.shape(of: $0).count >= held.count
    }
    if let value = fitting.randomElement(using: &random) {
      let flat = builder.reshape(value, to: Shape([builder.shape(of: value).count]))
      let part = builder.slice(flat, [SliceAxis(start: 0, step: 1, count: held.count)])
      operand = builder.reshape(part, to: held)
    }
    return builder.fold(operand, windows, to: shape)
  }

  private mutating func contraction() -> Value? {
    let left = value()
    let type = builder.type(of: left)
    if type.element == .bool { return nil }
    let fitting = values.filter { builder.element(of: $0) == type.element }
    guard let right = fitting.randomElement(using: &random) else { return nil }
    var labels = [UInt8](0..<UInt8(type.shape.rank))
    var result: [UInt8] = []
    var rightLabels: [UInt8] = []
    var free = labels.shuffled(using: &random)
    for size in builder.shape(of: right).sizes {
      if random.chance(70), let match = free.firstIndex(where: { type.shape[Int($0)] == size }) {
        let label = free.remove(at: match)
        rightLabels.append(label)
        if random.chance(30) { result.append(label) }
      } else {
        let label = UInt8(20 + rightLabels.count)
        rightLabels.append(label)
        result.append(label)
      }
    }
    result += free
    result.shuffle(using: &random)
    labels = [UInt8](0..<UInt8(type.shape.rank))
    let contraction = Contraction(left: labels, right: rightLabels, result: result)
    var count = 1
    for (label, size) in zip(labels, type.shape.sizes) where result.contains(label) {
      count *= size
    }
    for (label, size) in zip(rightLabels, builder.shape(of: right).sizes) where label >= 20 {
      count *= size
    }
    if count > Self.largest { return nil }
    return builder.contract(left, right, contraction)
  }
}
