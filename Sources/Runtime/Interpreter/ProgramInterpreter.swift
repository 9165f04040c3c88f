// The meaning of a program: kernel by kernel, point by point, over real bytes. It runs the memory plan as it stands, so that buffers
// that wrongly share memory show, and it gives the bits of compiled code without compiling anything.

import NNCodegen
import NNIR

/// Evaluates programs. Meant for tests and checks of small programs: every element access goes through its index map.
public struct ProgramInterpreter: Sendable {
  public init() {}

  /// The program's results, in its order; an update is the argument's new value.
  public func evaluate(_ program: Program, arguments: [Tensor]) throws(CallError) -> [Tensor] {
    try checkArguments(arguments, program.arguments)
    var memory = ProgramMemory(program, arguments)
    let (loops, atKernel) = LoopPlan.all(of: program)
    func run(_ item: LoopPlan.Item) throws(CallError) {
      switch item {
      case .kernel(let index):
        let kernel = program.kernels[index]
        guard let routine = kernel.routine else { return KernelEvaluation(kernel).run(&memory) }
        let note = index < program.notes.count ? program.notes[index].check : nil
        if kernel.count == 0 { return }
        try RoutineEvaluation(kernel: kernel, routine: routine, note: note).run(&memory)
      case .loop(let number):
        for step in 0..<loops[number].loop.count {
          memory.positions[number] = loops[number].loop.position(step)
          for item in loops[number].items { try run(item) }
        }
      }
    }
    var index = 0
    while index < program.kernels.count {
      let loop = atKernel[index]
      try run(loop < 0 ? .kernel(index) : .loop(loop))
      index = loop < 0 ? index + 1 : loops[loop].loop.kernels.upperBound
    }
    return memory.results(of: program)
  }
}

/// The arrays of a program while it runs. What was never written is NaN, or large, so that reading it shows.
struct ProgramMemory {
  private var arguments: [Tensor]
  private var results: [Tensor]
  private var workspace: [UInt8]
  private var constants: [Int: Tensor] = [:]
  let buffers: [Buffer]
  /// Where each loop is.
  var positions: [Int]

  init(_ program: Program, _ arguments: [Tensor]) {
    self.arguments = arguments
    positions = [Int](repeating: 0, count: program.loops.count)
    buffers = program.buffers
    results = program.results.map { result in
      Tensor(type: result.type) { bytes in
        _ = bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
      }
    }
    workspace = [UInt8](repeating: 0xFF, count: program.workspaceByteCount)
    for (index, buffer) in buffers.enumerated() {
      if case .constant(let constant) = buffer.storage {
        constants[index] = Tensor(constant: constant)
      }
    }
  }

  func results(of program: Program) -> [Tensor] {
    program.results.enumerated().map { index, result in
      if case .update(let argument) = result.role { return arguments[argument] }
      return results[index]
    }
  }

  /// The elements of a buffer at the places given; `nil` reads nothing and gives `padding`.
  func load(_ access: Access, _ places: [Int?]) -> Tensor {
    let element = buffers[access.buffer].element
    let size = element.byteCount
    let padding = access.padding ?? Scalar(0.0, as: element)
    return Tensor(type: TensorType(element, [places.count])) { target in
      withBytes(of: access.buffer) { bytes in
        withUnsafeBytes(of: padding.bits.littleEndian) { padding in
          for (point, place) in places.enumerated() {
            let source =
              place.map { UnsafeRawBufferPointer(rebasing: bytes[$0 * size..<($0 + 1) * size]) }
              ?? UnsafeRawBufferPointer(rebasing: padding[..<size])
            UnsafeMutableRawBufferPointer(rebasing: target[point * size..<(point + 1) * size])
              .copyMemory(from: source)
          }
        }
      }
    }
  }

  mutating func store(_ tensor: Tensor, _ access: Access, _ places: [Int]) {
    let size = tensor.element.byteCount
    precondition(tensor.element == buffers[access.buffer].element, "a store of another type")
    withMutableBytes(of: access.buffer) { target in
      tensor.withUnsafeBytes { source in
        for (point, place) in places.enumerated() {
          UnsafeMutableRawBufferPointer(rebasing: target[place * size..<(place + 1) * size])
            .copyMemory(
              from: UnsafeRawBufferPointer(rebasing: source[point * size..<(point + 1) * size]))
        }
      }
    }
  }

  private func withBytes(of buffer: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    switch buffers[buffer].storage {
    case .argument(let number): arguments[number].withUnsafeBytes(body)
    case .result(let number): results[number].withUnsafeBytes(body)
    case .constant: constants[buffer]?.withUnsafeBytes(body)
    case .workspace(let offset):
      let size = buffers[buffer].byteCount
      workspace.withUnsafeBytes {
        body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + size]))
      }
    case .step(let base, let loop):
      let size = buffers[buffer].byteCount
      let start = positions[loop] * size
      withBytes(of: base) { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + size])) }
    }
  }

  private mutating func withMutableBytes(
    of buffer: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    switch buffers[buffer].storage {
    case .argument(let number): arguments[number].withUnsafeMutableBytes(body)
    case .result(let number): results[number].withUnsafeMutableBytes(body)
    case .constant: preconditionFailure("a store into a constant")
    case .workspace(let offset):
      let size = buffers[buffer].byteCount
      workspace.withUnsafeMutableBytes {
        body(UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + size]))
      }
    case .step(let base, let loop):
      let size = buffers[buffer].byteCount
      let start = positions[loop] * size
      withMutableBytes(of: base) {
        body(UnsafeMutableRawBufferPointer(rebasing: $0[start..<start + size]))
      }
    }
  }
}

/// One kernel, some thousand points at a time.
private struct KernelEvaluation {
  let kernel: Kernel

  init(_ kernel: Kernel) { self.kernel = kernel }

  func run(_ memory: inout ProgramMemory) {
    let inner = kernel.reduced.reduce(1, *) * (kernel.contraction?.extent ?? 1)
    let step = max(1, 16384 / max(inner, 1))
    for begin in stride(from: 0, to: kernel.count, by: step) {
      let range = begin..<min(begin + step, kernel.count)
      let accumulators = accumulate(range, &memory)
      let points = PointRange(range: range, space: kernel.space, inner: [])
      if kernel.reduced.isEmpty, kernel.reductions.isEmpty, kernel.contraction == nil {
        _ = run(kernel.body, points, [], &memory)
      } else {
        _ = run(kernel.epilogue, points, accumulators, &memory)
      }
    }
  }

  /// The reductions' results, or the contraction's, at each point.
  private func accumulate(_ range: Range<Int>, _ memory: inout ProgramMemory) -> [Tensor] {
    let count = range.count
    if let contraction = kernel.contraction {
      // Row-major over the digits of the axes is row-major over the axes.
      let points = PointRange(
        range: range, space: contraction.digits.dropLast().flatMap { $0 },
        inner: contraction.digits[contraction.digits.count - 1])
      let left = memory.load(contraction.left, points.places(contraction.left))
      let right = memory.load(contraction.right, points.places(contraction.right))
      return [
        left.dotted(
          right, count: contraction.extent, lanes: contraction.lanes,
          type: TensorType(contraction.element, [count]))
      ]
    }
    if kernel.reductions.isEmpty { return [] }
    let points = PointRange(range: range, space: kernel.space, inner: kernel.reduced)
    let values = run(kernel.body, points, [], &memory)
    return kernel.reductions.map { reduction in
      let value = values[reduction.node]
      switch reduction.kind {
      case .reduce(let kind):
        return value.reduced(
          kind, count: kernel.reduced.reduce(1, *), lastGroup: kernel.reduced.last ?? 1,
          lanes: reduction.lanes, type: TensorType(value.element, [count]))
      case .argument(let kind):
        return value.argReduced(
          kind, count: kernel.reduced.reduce(1, *), type: TensorType(.i32, [count]))
      }
    }
  }

  /// Evaluates a block at all points: every node, then the stores. Gives the nodes' values.
  private func run(
    _ block: Block, _ points: PointRange, _ accumulators: [Tensor], _ memory: inout ProgramMemory
  ) -> [Tensor] {
    var values: [Tensor] = []
    for node in block.nodes {
      let type = TensorType(node.element, [points.count])
      switch node.operation {
      case .load(let access): values.append(memory.load(access, points.places(access)))
      case .constant(let scalar):
        values.append(Tensor(constant: Constant(splat: scalar, shape: type.shape)))
      case .index(let map):
        let indices = points.values(of: map).map { Int64($0) }
        values.append(Tensor([points.count], indices).converted(to: node.element))
      case .accumulator(let number): values.append(accumulators[number])
      case .apply(let op, let operands):
        values.append(
          ElementwiseEvaluation.apply(op, operands.map { values[$0] }, type: type))
      }
    }
    for store in block.stores {
      memory.store(values[store.node], store.access, points.values(of: store.access.map))
    }
    return values
  }
}

/// A range of the row-major points of a space, each with all points of some inner axes.
private struct PointRange {
  let range: Range<Int>
  let extents: [Int]
  let innerCount: Int

  init(range: Range<Int>, space: [Int], inner: [Int]) {
    self.range = range
    extents = space + inner
    innerCount = inner.reduce(1, *)
  }

  var count: Int { range.count * innerCount }

  /// Where an access reads at each point; nil where a guard fails.
  func places(_ access: Access) -> [Int?] {
    var places: [Int?] = values(of: access.map)
    for guarded in access.guards {
      for (point, value) in values(of: guarded.map).enumerated()
      where value < 0 || value >= guarded.extent {
        places[point] = nil
      }
    }
    return places
  }

  /// An affine function's value at each point.
  func values(of map: AffineMap) -> [Int] {
    precondition(map.strides.count == extents.count, "a map has one stride an axis")
    var index = [Int](repeating: 0, count: extents.count)
    var rest = range.lowerBound * innerCount
    for axis in extents.indices.reversed() where extents[axis] > 0 {
      index[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    var value = zip(index, map.strides).reduce(map.offset) { $0 + $1.0 * $1.1 }
    var values: [Int] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      values.append(value)
      var axis = extents.count - 1
      while axis >= 0 {
        index[axis] += 1
        value += map.strides[axis]
        if index[axis] < extents[axis] { break }
        value -= map.strides[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return values
  }
}
