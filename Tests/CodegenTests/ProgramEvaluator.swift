// What a program means: kernels over bytes, a point at a time. Only for tests. Memory starts out as rubbish, so that a read of what nobody
// wrote shows, and points may run in reverse order, so that one that depends on another shows.

import NNCodegen
import NNIR

struct ProgramEvaluator {
  let program: Program
  let isReversed: Bool
  private var arguments: [[UInt8]]
  private var results: [[UInt8]]
  private var workspace: [UInt8]
  /// Where each loop is.
  private var positions: [Int]

  /// The results' elements, in order; an update's are its argument's.
  static func results(
    of program: Program, arguments: [[Scalar]], isReversed: Bool = false
  ) -> [[Scalar]] {
    var evaluator = ProgramEvaluator(program, arguments, isReversed)
    evaluator.run(0..<program.kernels.count, loop: 0)
    return program.results.indices.map { number in
      let type = program.results[number].type
      let bytes: [UInt8]
      if case .update(let argument) = program.results[number].role {
        bytes = evaluator.arguments[argument]
      } else {
        bytes = evaluator.results[number]
      }
      return (0..<type.count).map { Self.read(bytes, type.element, $0 * type.element.byteCount) }
    }
  }

  private init(_ program: Program, _ arguments: [[Scalar]], _ isReversed: Bool) {
    self.program = program
    self.isReversed = isReversed
    self.arguments = arguments.map { $0.flatMap { Self.bytes(of: $0) } }
    results = program.results.map { [UInt8](repeating: 0xA5, count: $0.type.byteCount) }
    workspace = [UInt8](repeating: 0xA5, count: program.workspaceByteCount)
    positions = [Int](repeating: 0, count: program.loops.count)
  }

  /// Runs kernels; the loops inside have numbers from `loop` on.
  private mutating func run(_ kernels: Range<Int>, loop: Int) {
    var index = kernels.lowerBound
    var loop = loop
    while index < kernels.upperBound {
      guard loop < program.loops.count, program.loops[loop].kernels.lowerBound == index else {
        run(program.kernels[index])
        index += 1
        continue
      }
      let own = program.loops[loop]
      for step in 0..<own.count {
        positions[loop] = own.isReversed ? own.count - 1 - step : step
        run(own.kernels, loop: loop + 1)
      }
      index = own.kernels.upperBound
      while loop < program.loops.count, program.loops[loop].kernels.lowerBound < index { loop += 1 }
    }
  }

  /// The buffer that has the memory, and the element that is meant.
  private func resolved(_ buffer: Int, _ index: Int) -> (buffer: Buffer, index: Int) {
    var (number, index) = (buffer, index)
    while case .step(let base, let loop) = program.buffers[number].storage {
      index += positions[loop] * program.buffers[number].count
      number = base
    }
    return (program.buffers[number], index)
  }

  // MARK: Memory

  private static func bytes(of scalar: Scalar) -> [UInt8] {
    (0..<scalar.element.byteCount).map {
      UInt8(truncatingIfNeeded: scalar.bits >> (8 * UInt64($0)))
    }
  }

  private static func read(_ bytes: [UInt8], _ element: ElementType, _ offset: Int) -> Scalar {
    var bits: UInt64 = 0
    for byte in 0..<element.byteCount { bits |= UInt64(bytes[offset + byte]) << (8 * UInt64(byte)) }
    if element == .i32 { return Scalar(Int32(truncatingIfNeeded: bits)) }
    return Scalar(element: element, bits: bits)
  }

  private func element(_ buffer: Int, _ index: Int) -> Scalar {
    let (buffer, index) = resolved(buffer, index)
    precondition(index >= 0 && index < buffer.count, "\(buffer.name)[\(index)]")
    let offset = index * buffer.element.byteCount
    switch buffer.storage {
    case .argument(let number): return Self.read(arguments[number], buffer.element, offset)
    case .result(let number): return Self.read(results[number], buffer.element, offset)
    case .workspace(let start): return Self.read(workspace, buffer.element, start + offset)
    case .constant(let constant): return constant[index]
    case .step: preconditionFailure("a step is resolved")
    }
  }

  private mutating func write(_ value: Scalar, _ buffer: Int, _ index: Int) {
    let (buffer, index) = resolved(buffer, index)
    precondition(index >= 0 && index < buffer.count, "\(buffer.name)[\(index)]")
    let offset = index * buffer.element.byteCount
    let bytes = Self.bytes(of: value)
    precondition(value.element == buffer.element)
    for (position, byte) in bytes.enumerated() {
      switch buffer.storage {
      case .argument(let number): arguments[number][offset + position] = byte
      case .result(let number): results[number][offset + position] = byte
      case .workspace(let start): workspace[start + offset + position] = byte
      case .constant, .step: preconditionFailure("a constant is written")
      }
    }
  }

  // MARK: Kernels

  private func points(_ sizes: [Int]) -> [[Int]] {
    isReversed ? allIndices(sizes).reversed() : allIndices(sizes)
  }

  private mutating func run(_ kernel: Kernel) {
    if let routine = kernel.routine { return run(routine, kernel.space) }
    for point in points(kernel.space) {
      if let contraction = kernel.contraction {
        run(kernel.epilogue, point, [product(contraction, point)])
      } else if kernel.reductions.isEmpty {
        _ = run(kernel.body, point, [])
      } else {
        let sums = reductions(kernel, point)
        run(kernel.epilogue, point, sums)
      }
    }
  }

  private mutating func run(_ routine: Routine, _ space: [Int]) {
    switch routine {
    case .check(let indices, let rows):
      for i in 0..<space[0] { precondition((0..<Int64(rows)).contains(index(indices, i))) }
    case .gather(let table, let indices, let result):
      for point in points(space) {
        let row = Int(index(indices, point[0]))
        write(element(table, row * space[1] + point[1]), result, point[0] * space[1] + point[1])
      }
    case .scatterAdd(let indices, let updates, let result):
      let count = program.buffers[indices].count
      for point in points(space) {
        let place = point[0] * space[1] + point[1]
        var sum = Scalar(0, as: program.buffers[result].element)
        for i in 0..<count where index(indices, i) == Int64(point[0]) {
          sum = evaluated(.add, sum.element, [sum, element(updates, i * space[1] + point[1])])
        }
        write(sum, result, place)
      }
    case .random(let seed, let step, let result, let dropout):
      let type = TensorType(program.buffers[result].element, Shape(space))
      let factors = random(dropout, [[element(seed, 0)], [element(step, 0)]], type)
      for (place, factor) in factors.enumerated() { write(factor, result, place) }
    }
  }

  private func index(_ buffer: Int, _ place: Int) -> Int64 { element(buffer, place).int64 }

  private func product(_ contraction: KernelContraction, _ point: [Int]) -> Scalar {
    var sums = Lanes(contraction.lanes, Scalar(0, as: contraction.element))
    for k in 0..<contraction.extent {
      let digits = contraction.digitPoint(point + [k])
      let a = load(contraction.left, digits)
      let b = load(contraction.right, digits)
      let lane = k % contraction.lanes
      sums.values[lane] = multiplyAdd(a, b, sums.values[lane])
    }
    return sums.folded(.add)
  }

  private mutating func reductions(_ kernel: Kernel, _ point: [Int]) -> [Scalar] {
    var sums: [Int: Lanes] = [:]
    var extremes: [Int: Extreme] = [:]
    for (position, reduced) in allIndices(kernel.reduced).enumerated() {
      let nodes = run(kernel.body, point + reduced, [])
      for (number, reduction) in kernel.reductions.enumerated() {
        let value = nodes[reduction.node]
        switch reduction.kind {
        case .reduce(let kind):
          let lane = (reduced.last ?? 0) % reduction.lanes
          sums[number, default: Lanes(reduction.lanes, kind.start(value.element))]
            .add(value, lane, kind.op)
        case .argument(let kind):
          extremes[number, default: Extreme(kind: kind)].add(value, at: position)
        }
      }
    }
    return kernel.reductions.enumerated().map { number, reduction in
      switch reduction.kind {
      case .reduce(let kind): sums[number]?.folded(kind.op) ?? Scalar(Float(0))
      case .argument: Scalar(Int32(extremes[number]?.index ?? 0))
      }
    }
  }

  private func load(_ access: Access, _ point: [Int]) -> Scalar {
    for condition in access.guards {
      let value = condition.map.value(at: point)
      if value < 0 || value >= condition.extent { return access.padding ?? Scalar(Float.nan) }
    }
    return element(access.buffer, access.map.value(at: point))
  }

  @discardableResult
  private mutating func run(_ block: Block, _ point: [Int], _ accumulators: [Scalar]) -> [Scalar] {
    var values: [Scalar] = []
    for node in block.nodes {
      switch node.operation {
      case .load(let access): values.append(load(access, point))
      case .constant(let scalar): values.append(scalar)
      case .index(let map): values.append(Scalar(map.value(at: point), as: node.element))
      case .accumulator(let number): values.append(accumulators[number])
      case .apply(let op, let operands):
        values.append(evaluated(op, node.element, operands.map { values[$0] }))
      }
      precondition(values[values.count - 1].element == node.element)
    }
    for store in block.stores {
      write(values[store.node], store.access.buffer, store.access.map.value(at: point))
    }
    return values
  }
}

extension AffineMap {
  func value(at point: [Int]) -> Int {
    precondition(point.count == strides.count, "\(self) at \(point)")
    return zip(strides, point).reduce(offset) { $0 + $1.0 * $1.1 }
  }
}

extension KernelContraction {
  /// The digits of a point's indices along the axes of the space and k.
  func digitPoint(_ point: [Int]) -> [Int] {
    zip(point, digits).flatMap { index, extents -> [Int] in
      var rest = index
      return extents.reversed().map { extent in
        defer { rest /= extent }
        return rest % extent
      }.reversed()
    }
  }
}
