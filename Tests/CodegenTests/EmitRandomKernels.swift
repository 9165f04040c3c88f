// Random kernels: every kind of node, guards, strides of either sign, reductions with all lanes, products in all variants. A seed gives
// the same kernel on every machine.

import NNCodegen
import NNIR

/// SplitMix64.
struct Random: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: Int) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }
}

/// Builds programs of random kernels with a buffer of their own for every access.
struct KernelGenerator {
  var random: Random
  var program = Program(name: "random", arguments: [], results: [])
  /// How often a float is a NaN, an infinity, a zero or another special value.
  var specialPercent = 6

  init(seed: Int) { random = Random(seed) }

  mutating func buffer(_ element: ElementType, _ count: Int, written: Bool) -> Int {
    let number = program.buffers.count
    program.buffers.append(
      Buffer(
        name: (written ? "r" : "x") + "_\(number)", element: element, count: max(0, count),
        storage: written ? .result(number) : .argument(number)))
    return number
  }

  // MARK: Spaces and accesses

  mutating func space(limit: Int, rank: Int) -> [Int] {
    var left = limit
    var sizes: [Int] = []
    for _ in 0..<rank {
      let choices = [1, 2, 3, 4, 7, 8, 10, 17, 33, 100, 130, 512, 600, 1100, 2100].filter {
        $0 <= left
      }
      let size = random.pick(choices)
      sizes.append(size)
      left /= size
    }
    if random.chance(2), let axis = sizes.indices.last { sizes[axis] = 0 }
    return random.chance(50) ? sizes : sizes.reversed()
  }

  func contiguous(_ space: [Int]) -> AffineMap {
    AffineMap(strides: Shape(space).rowMajorStrides)
  }

  /// A map that no two points share, for stores: axes in some order, perhaps with gaps or backwards.
  mutating func storeMap(_ space: [Int]) -> AffineMap {
    if random.chance(50) { return contiguous(space) }
    var map = AffineMap(strides: [Int](repeating: 0, count: space.count))
    var stride = random.pick([1, 1, 2])
    for axis in space.indices.shuffled(using: &random) {
      map.strides[axis] = random.chance(15) ? -stride : stride
      stride *= max(1, space[axis])
    }
    return shifted(map, space, over: points(space))
  }

  mutating func loadMap(_ space: [Int]) -> AffineMap {
    var map: AffineMap
    switch random.below(10) {
    case 0...3: map = contiguous(space)
    case 4...6:
      // Some axes repeat, the others are contiguous.
      var stride = 1
      map = AffineMap(strides: [Int](repeating: 0, count: space.count))
      for axis in space.indices.reversed() where random.chance(50) {
        map.strides[axis] = stride
        stride *= max(1, space[axis])
      }
    case 7...8: map = storeMap(space)
    default:
      map = AffineMap(strides: space.map { _ in random.below(7) - 3 })
    }
    return map
  }

  /// With an offset that makes the least index over `points` 0.
  func shifted(_ map: AffineMap, _ space: [Int], over points: [[Int]]) -> AffineMap {
    var map = map
    map.offset -= points.map { value(map, at: $0) }.min() ?? 0
    return map
  }

  mutating func load(_ element: ElementType, _ space: [Int]) -> Access {
    var guards: [Guard] = []
    if random.chance(25) {
      for _ in 0..<(random.chance(25) ? 2 : 1) { guards.append(randomGuard(space)) }
    }
    let inside = points(space).filter { point in
      guards.allSatisfy { (0..<$0.extent).contains(value($0.map, at: point)) }
    }
    let map = shifted(loadMap(space), space, over: inside)
    let count = (inside.map { value(map, at: $0) }.max() ?? -1) + 1
    let padding = guards.isEmpty ? nil : randomScalar(element)
    let access = buffer(element, count, written: false)
    return Access(buffer: access, map: map, guards: guards, padding: padding)
  }

  mutating func randomGuard(_ space: [Int]) -> Guard {
    var map = AffineMap(offset: random.below(9) - 4, strides: space.map { _ in 0 })
    guard !space.isEmpty else { return Guard(map: map, extent: 1 + random.below(3)) }
    let axis = random.below(space.count)
    map.strides[axis] = random.pick([1, 1, 1, -1, 2, -3])
    if map.strides[axis] < 0 { map.offset += space[axis] }
    if random.chance(30) { map.strides[random.below(space.count)] = random.pick([1, -1, 2]) }
    return Guard(map: map, extent: 1 + random.below(max(1, space[axis])))
  }

  mutating func randomScalar(_ element: ElementType) -> Scalar {
    Scalar(element: element, bits: randomBits(element))
  }

  mutating func randomBits(_ element: ElementType) -> UInt64 {
    let special: [Double] = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 0.5, 3, 1e-40, 1e30]
    switch element {
    case .bool: return random.next() & 1
    case .i32, .i64:
      if random.chance(5) {
        return Scalar(random.pick([-Double.infinity, .infinity, 0]), as: element).bits
      }
      return Scalar(random.below(41) - 20, as: element).bits
    case .f32, .f64:
      if random.chance(specialPercent) {
        return Scalar(random.pick(special), as: element).bits
      }
      return Scalar(Double(random.below(20001) - 10000) / 1234, as: element).bits
    }
  }

  // MARK: Blocks

  mutating func node(_ block: inout Block, _ node: Node) -> Int {
    block.nodes.append(node)
    return block.nodes.count - 1
  }

  /// A node of the element type, perhaps by a cast.
  mutating func operand(_ block: inout Block, _ element: ElementType, _ space: [Int]) -> Int {
    let fitting = block.nodes.indices.filter { block.nodes[$0].element == element }
    if !fitting.isEmpty && random.chance(80) { return random.pick(Array(fitting)) }
    switch random.below(5) {
    case 0: return node(&block, Node(.constant(randomScalar(element)), element))
    case 1:
      let map = AffineMap(
        offset: random.below(5) - 2, strides: space.map { _ in random.below(4) - 1 })
      return node(&block, Node(.index(map), element))
    case 2 where !block.nodes.isEmpty:
      return node(&block, Node(.apply(.cast, [random.below(block.nodes.count)]), element))
    default: return node(&block, Node(.load(load(element, space)), element))
    }
  }

  mutating func extend(_ block: inout Block, _ space: [Int], by count: Int) {
    for _ in 0..<count {
      let op = random.pick(ElementwiseOp.samples)
      let elements = ElementType.allCases.filter(op.accepts)
      let element = random.pick(
        elements + elements.filter { $0 == .f32 } + elements.filter { $0 == .f32 })
      switch op {
      case .cast:
        let from = operand(&block, element, space)
        let to = random.pick(ElementType.allCases)
        _ = node(&block, Node(.apply(.cast, [from]), to))
      case .select:
        let condition = operand(&block, .bool, space)
        let branches = [operand(&block, element, space), operand(&block, element, space)]
        _ = node(&block, Node(.apply(.select, [condition] + branches), element))
      case .power:
        let base = operand(&block, element, space)
        let exponent = element.isFloat ? random.below(12) - 5 : random.below(6)
        _ = node(&block, Node(.apply(.power(exponent), [base]), element))
      default:
        let operands = (0..<op.arity).map { _ in operand(&block, element, space) }
        _ = node(&block, Node(.apply(op, operands), op.result(of: element) ?? element))
      }
    }
  }

  mutating func addStores(_ block: inout Block, _ space: [Int]) {
    for _ in 0..<(random.chance(30) ? 2 : 1) {
      let source = max(0, block.nodes.count - 1 - random.below(3))
      let element = block.nodes[source].element
      // Now and then in place of a load of the same elements.
      if random.chance(20) && !block.nodes.isEmpty {
        let access = Access(
          buffer: buffer(element, Shape(space).count, written: false), map: contiguous(space))
        let loaded = node(&block, Node(.load(access), element))
        if element != .bool {
          let sum = node(&block, Node(.apply(.add, [source, loaded]), element))
          block.stores.append(Store(access: access, node: sum))
        } else {
          block.stores.append(Store(access: access, node: source))
        }
        continue
      }
      let map = storeMap(space)
      let count = (points(space).map { value(map, at: $0) }.max() ?? -1) + 1
      let access = Access(buffer: buffer(element, count, written: true), map: map)
      block.stores.append(Store(access: access, node: source))
    }
  }

  // MARK: Kernels

  mutating func addMap() {
    let space = space(limit: 2200, rank: random.below(4))
    var block = Block()
    extend(&block, space, by: 1 + random.below(10))
    addStores(&block, space)
    program.kernels.append(Kernel(name: "map_\(program.kernels.count)", space: space, body: block))
  }

  mutating func addReduction() {
    let lanes = random.pick([1, 1, 16, 64])
    let space = space(limit: 24, rank: random.below(3))
    var reduced = self.space(limit: 600, rank: 1 + random.below(2))
    if lanes == 64 {
      reduced[reduced.count - 1] = 512 + random.below(200)
      reduced = Array(reduced.suffix(1))
    }
    addReduction(space, reduced, lanes: lanes)
  }

  mutating func addReduction(_ space: [Int], _ reduced: [Int], lanes: Int) {
    var body = Block()
    extend(&body, space + reduced, by: random.below(5))
    var reductions: [KernelReduction] = []
    var epilogue = Block()
    for number in 0..<(random.chance(30) ? 2 : 1) {
      let element = random.pick(ElementType.allCases + [.f32, .f32])
      let source = operand(&body, element, space + reduced)
      if random.chance(25) && !reduced.contains(0) {
        let kind = random.pick(ArgReduction.allCases)
        reductions.append(KernelReduction(kind: .argument(kind), node: source, lanes: 1))
        _ = node(&epilogue, Node(.accumulator(number), .i32))
      } else {
        let kind =
          element == .bool ? random.pick([Reduction.max, .min]) : random.pick(Reduction.allCases)
        reductions.append(KernelReduction(kind: .reduce(kind), node: source, lanes: lanes))
        _ = node(&epilogue, Node(.accumulator(number), element))
      }
    }
    let hasBodyStores = random.chance(30)
    if hasBodyStores { addStores(&body, space + reduced) }
    extend(&epilogue, space, by: random.below(4))
    addStores(&epilogue, space)
    for number in reductions.indices where hasBodyStores {
      let map = contiguous(space)
      let buffer = buffer(epilogue.nodes[number].element, Shape(space).count, written: true)
      epilogue.stores.append(Store(access: Access(buffer: buffer, map: map), node: number))
    }
    program.kernels.append(
      Kernel(
        name: "reduce_\(program.kernels.count)", space: space, reduced: reduced, body: body,
        reductions: reductions, epilogue: epilogue))
  }

  mutating func addContraction() {
    let element = random.pick([ElementType.f32, .f32, .f64, .i32, .i64])
    let batch = space(limit: 4, rank: random.below(2))
    let hasRows = random.chance(80)
    let hasColumns = random.chance(80)
    // Few rows and many columns are cut by columns, many rows by rows.
    let isWide = random.chance(15)
    let rows = hasRows ? [isWide ? 3 : random.pick([1, 3, 8, 17, 40])] : []
    let columns = hasColumns ? [isWide ? 600 : random.pick([1, 2, 4, 10, 33])] : []
    let extent = isWide ? 5 : random.pick([0, 1, 5, 64, 65, 100])
    let space = batch + rows + columns
    let isLaned = (columns.first ?? 1) <= 4 && extent >= 64
    // Some with axes of several digits, as those of windows, which overlap.
    let isWindowed = !isLaned && random.chance(40)
    let digits = (space + [extent]).map { extent -> [Int] in
      let divisor = random.pick([2, 3])
      guard isWindowed, extent > divisor, extent % divisor == 0, random.chance(70) else {
        return [extent]
      }
      return random.chance(50) ? [divisor, extent / divisor] : [extent / divisor, divisor]
    }
    func operandAccess(_ axes: [Bool], _ generator: inout KernelGenerator) -> Access {
      let full = digits.flatMap { $0 }
      let uses = zip(axes, digits).flatMap { uses, digits in digits.map { _ in uses } }
      var strides = [Int](repeating: 0, count: full.count)
      var stride = generator.random.chance(80) ? 1 : 2
      let order =
        generator.random.chance(50)
        ? Array(full.indices.reversed()) : full.indices.shuffled(using: &generator.random)
      for axis in order where uses[axis] {
        strides[axis] =
          isWindowed && generator.random.chance(40) ? 1 + generator.random.below(3) : stride
        stride = max(stride, strides[axis]) * max(1, full[axis])
      }
      return Access(
        buffer: generator.buffer(element, stride, written: false), map: AffineMap(strides: strides))
    }
    let batchUses = batch.map { _ in random.chance(70) }
    let left = operandAccess(
      batchUses + rows.map { _ in true } + columns.map { _ in false } + [true], &self)
    let right = operandAccess(
      batch.map { _ in true } + rows.map { _ in false } + columns.map { _ in true } + [true], &self)
    var epilogue = Block()
    _ = node(&epilogue, Node(.accumulator(0), element))
    if random.chance(70) {
      let addend = operand(&epilogue, element, space)
      _ = node(&epilogue, Node(.apply(.add, [0, addend]), element))
      extend(&epilogue, space, by: random.below(4))
    }
    addStores(&epilogue, space)
    program.kernels.append(
      Kernel(
        name: "contract_\(program.kernels.count)", space: space,
        contraction: KernelContraction(
          left: left, right: right, digits: digits, rowAxis: hasRows ? batch.count : nil,
          columnAxis: hasColumns ? space.count - 1 : nil, lanes: isLaned ? 16 : 1, element: element),
        epilogue: epilogue))
  }

  mutating func memory() -> Memory {
    Memory(
      buffers: program.buffers.map { buffer in
        (0..<buffer.count).map { _ in randomBits(buffer.element) }
      })
  }
}
