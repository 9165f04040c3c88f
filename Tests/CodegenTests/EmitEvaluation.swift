// What a program means, element by element: the yardstick for the emitted C. Scalar operations are those of the Kernels module, on
// one element at a time.

import CKernels
import NNCodegen
import NNIR

/// Not a node of a graph built in Swift.
typealias Node = NNCodegen.Node

/// The contents of a program's buffers as bits, one `UInt64` an element as in `Scalar`.
struct Memory {
  var buffers: [[UInt64]]
}

/// Runs a program's kernels over the buffers. Buffers with one storage are kept equal by the caller's choice of maps.
func evaluate(_ kernel: Kernel, _ program: Program, _ memory: inout Memory) {
  var writes: [(Int, Int, UInt64)] = []
  for point in points(kernel.space) {
    var results: [UInt64] = []
    if let contraction = kernel.contraction {
      results = [product(contraction, point, memory)]
    } else if !kernel.reductions.isEmpty {
      results = reduce(kernel, point, memory, &writes)
    } else {
      let values = evaluate(kernel.body, at: point, [], memory)
      store(kernel.body, values, point, &writes)
      continue
    }
    let values = evaluate(kernel.epilogue, at: point, results, memory)
    store(kernel.epilogue, values, point, &writes)
  }
  for (buffer, index, bits) in writes { memory.buffers[buffer][index] = bits }
}

/// All points of a space in row-major order.
func points(_ space: [Int]) -> [[Int]] {
  var all: [[Int]] = [[]]
  for extent in space { all = all.flatMap { point in (0..<extent).map { point + [$0] } } }
  return all
}

func value(_ map: AffineMap, at point: [Int]) -> Int {
  zip(map.strides, point).reduce(map.offset) { $0 + $1.0 * $1.1 }
}

private func store(
  _ block: Block, _ values: [UInt64], _ point: [Int], _ writes: inout [(Int, Int, UInt64)]
) {
  for store in block.stores {
    writes.append((store.access.buffer, value(store.access.map, at: point), values[store.node]))
  }
}

private func evaluate(
  _ block: Block, at point: [Int], _ accumulators: [UInt64], _ memory: Memory
) -> [UInt64] {
  var values: [UInt64] = []
  for node in block.nodes {
    switch node.operation {
    case .constant(let scalar): values.append(scalar.bits)
    case .accumulator(let number): values.append(accumulators[number])
    case .index(let map): values.append(Scalar(value(map, at: point), as: node.element).bits)
    case .load(let access):
      let isInside = access.guards.allSatisfy { (0..<$0.extent).contains(value($0.map, at: point)) }
      values.append(
        isInside
          ? memory.buffers[access.buffer][value(access.map, at: point)]
          : access.padding?.bits ?? 0)
    case .apply(let op, let operands):
      let element = block.nodes[operands[operands.count - 1]].element
      values.append(apply(op, operands.map { values[$0] }, element, node.element))
    }
  }
  return values
}

// MARK: Scalars through the strip primitives

/// One element in memory as the primitives want it.
func withElement<R>(
  _ bits: UInt64, _ element: ElementType, _ body: (UnsafeMutableRawPointer) -> R
) -> R {
  var place = bits
  return withUnsafeMutablePointer(to: &place) { pointer in
    let raw = UnsafeMutableRawPointer(pointer)
    write(bits, element, to: raw)
    return body(raw)
  }
}

func write(_ bits: UInt64, _ element: ElementType, to place: UnsafeMutableRawPointer) {
  switch element {
  case .f32, .i32: place.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
  case .f64, .i64: place.storeBytes(of: bits, as: UInt64.self)
  case .bool: place.storeBytes(of: UInt8(truncatingIfNeeded: bits), as: UInt8.self)
  }
}

func read(_ place: UnsafeRawPointer, _ element: ElementType) -> UInt64 {
  switch element {
  case .f32: UInt64(place.load(as: UInt32.self))
  case .i32: Scalar(place.load(as: Int32.self)).bits
  case .f64, .i64: place.load(as: UInt64.self)
  case .bool: UInt64(place.load(as: UInt8.self))
  }
}

private typealias Unary =
  @convention(c) (
    UnsafeMutableRawPointer, UnsafeRawPointer, Int
  ) -> Void
private typealias Power =
  @convention(c) (
    UnsafeMutableRawPointer, UnsafeRawPointer, Int, Int32
  ) -> Void
private typealias Binary =
  @convention(c) (
    UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer, Int
  ) -> Void

private func primitive(_ name: String) -> UnsafeRawPointer {
  guard let address = nn_symbol_address(Int32(NN_BASE.rawValue), "nns_" + name) else {
    fatalError("no primitive \(name)")
  }
  return address
}

func apply(
  _ op: ElementwiseOp, _ operands: [UInt64], _ element: ElementType, _ result: ElementType
) -> UInt64 {
  var out: UInt64 = 0
  return withUnsafeMutablePointer(to: &out) { pointer in
    let to = UnsafeMutableRawPointer(pointer)
    withElement(operands[operands.count - 1], element) { last in
      if case .power(let exponent) = op {
        let function = unsafeBitCast(primitive("power_\(element.name)"), to: Power.self)
        function(to, last, 1, Int32(exponent))
      } else if op == .cast {
        if element == result { return write(operands[0], element, to: to) }
        let function = unsafeBitCast(
          primitive("cast_\(element.name)_\(result.name)"), to: Unary.self)
        function(to, last, 1)
      } else if op == .select {
        write(operands[operands[0] != 0 ? 1 : 2], element, to: to)
      } else if op.arity == 1 {
        unsafeBitCast(primitive("\(op.name)_\(element.name)"), to: Unary.self)(to, last, 1)
      } else {
        withElement(operands[0], element) { first in
          let function = unsafeBitCast(primitive("\(op.name)_\(element.name)"), to: Binary.self)
          function(to, first, last, 1)
        }
      }
    }
    return read(to, result)
  }
}

// MARK: Reductions and products

private func reduce(
  _ kernel: Kernel, _ point: [Int], _ memory: Memory, _ writes: inout [(Int, Int, UInt64)]
) -> [UInt64] {
  let elements = kernel.reductions.map { kernel.body.nodes[$0.node].element }
  var lanes = zip(kernel.reductions, elements).map { reduction, element in
    [UInt64](repeating: identity(reduction.kind, element), count: reduction.lanes)
  }
  var extremes = [Int](repeating: 0, count: kernel.reductions.count)
  for (number, reducedPoint) in points(kernel.reduced).enumerated() {
    let values = evaluate(kernel.body, at: point + reducedPoint, [], memory)
    store(kernel.body, values, point + reducedPoint, &writes)
    for (index, reduction) in kernel.reductions.enumerated() {
      let value = values[reduction.node]
      switch reduction.kind {
      case .reduce(let kind):
        let lane = (reducedPoint.last ?? 0) % reduction.lanes
        lanes[index][lane] = combine(kind, lanes[index][lane], value, elements[index])
      case .argument(let kind):
        let best = Scalar(element: elements[index], bits: lanes[index][0]).double
        let new = Scalar(element: elements[index], bits: value).double
        let isBetter = kind == .argmax ? new > best : new < best
        if number == 0 || isBetter || (new.isNaN && !best.isNaN) {
          lanes[index][0] = value
          extremes[index] = number
        }
      }
    }
  }
  return kernel.reductions.indices.map { index in
    switch kernel.reductions[index].kind {
    case .argument: return Scalar(Int32(extremes[index])).bits
    case .reduce(let kind):
      if kernel.reduced.contains(0) { return emptyResult(kind, elements[index]) }
      var folded = lanes[index]
      while folded.count > 1 {
        let half = folded.count / 2
        folded = (0..<half).map { combine(kind, folded[$0], folded[$0 + half], elements[index]) }
      }
      return folded[0]
    }
  }
}

private func combine(
  _ kind: Reduction, _ a: UInt64, _ b: UInt64, _ element: ElementType
) -> UInt64 {
  let op: ElementwiseOp =
    switch kind {
    case .sum: .add
    case .prod: .mul
    case .max: element == .bool ? .or : .max
    case .min: element == .bool ? .and : .min
    }
  return apply(op, [a, b], element, element)
}

private func identity(_ kind: KernelReduction.Kind, _ element: ElementType) -> UInt64 {
  switch kind {
  case .reduce(.sum): element.isFloat ? Scalar(-0.0, as: element).bits : 0
  case .reduce(.prod): Scalar(1, as: element).bits
  case .reduce(.max) where element == .bool: 0
  case .reduce(.max), .argument(.argmax): Scalar(-Double.infinity, as: element).bits
  case .reduce(.min), .argument(.argmin): Scalar(Double.infinity, as: element).bits
  }
}

private func emptyResult(_ kind: Reduction, _ element: ElementType) -> UInt64 {
  kind == .sum ? 0 : identity(.reduce(kind), element)
}

private func product(_ contraction: KernelContraction, _ point: [Int], _ memory: Memory) -> UInt64 {
  let element = contraction.element
  var lanes = [UInt64](repeating: 0, count: contraction.lanes)
  for k in 0..<contraction.extent {
    let digits = contraction.digitPoint(point + [k])
    let a = memory.buffers[contraction.left.buffer][value(contraction.left.map, at: digits)]
    let b = memory.buffers[contraction.right.buffer][value(contraction.right.map, at: digits)]
    let lane = k % contraction.lanes
    lanes[lane] = multiplyAdd(a, b, lanes[lane], element)
  }
  while lanes.count > 1 {
    let half = lanes.count / 2
    lanes = (0..<half).map { apply(.add, [lanes[$0], lanes[$0 + half]], element, element) }
  }
  return lanes[0]
}

private func multiplyAdd(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ element: ElementType) -> UInt64 {
  func f32(_ bits: UInt64) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: bits)) }
  switch element {
  case .f32: return Scalar(nn_scalar_fma_f32(f32(a), f32(b), f32(c))).bits
  case .f64:
    let values = [a, b, c].map(Double.init(bitPattern:))
    return Scalar(nn_scalar_fma_f64(values[0], values[1], values[2])).bits
  case .i32, .i64, .bool:
    return apply(.add, [apply(.mul, [a, b], element, element), c], element, element)
  }
}
