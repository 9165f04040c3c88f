// A small evaluator in doubles for the tests of this folder: naive on purpose, and independent of
// the compiler's own arithmetic. f32 values are rounded after each operation; integers are held as
// doubles and wrap.

import Foundation

@testable import NNIR

struct Tensor: Equatable {
  var type: TensorType
  var elements: [Double]

  /// Equal to the bit, NaNs whatever their payload.
  func isIdentical(to other: Tensor) -> Bool {
    type == other.type
      && zip(elements, other.elements).allSatisfy {
        $0.isNaN && $1.isNaN || $0.bitPattern == $1.bitPattern
      }
  }
}

extension Function {
  /// The results for these arguments, in order.
  func evaluate(_ arguments: [Tensor]) -> [Tensor] {
    var values: [Tensor] = []
    // The results of scans, by the number of the instruction.
    var tuples: [Int: [Tensor]] = [:]
    for (number, instruction) in instructions.enumerated() {
      let operands = instruction.operands.map { values[$0.index] }
      var elements: [Double]
      switch instruction.op {
      case .argument(let number): elements = arguments[number].elements
      case .constant(let constant):
        elements = (0..<constant.type.count).map { constant[$0].double }
      case .scan(let scan):
        tuples[number] = scan.evaluate(operands)
        elements = []
      case .projection(let result):
        elements = tuples[instruction.operands[0].index]?[result].elements ?? []
      case _: elements = instruction.evaluate(operands)
      }
      let element = instruction.type.element
      for index in elements.indices { elements[index] = element.rounded(elements[index]) }
      values.append(Tensor(type: instruction.type, elements: elements))
    }
    return results.map { values[$0.value.index] }
  }
}

extension Scan {
  fileprivate func evaluate(_ operands: [Tensor]) -> [Tensor] {
    let body = body.function
    var states = Array(operands[sequences..<sequences + states])
    var yields = body.results.dropFirst(states.count).map { result in
      [Tensor](repeating: Tensor(type: body.type(of: result.value), elements: []), count: length)
    }
    for step in isReversed ? Array((0..<length).reversed()) : Array(0..<length) {
      let parts = operands[..<sequences].enumerated().map { number, sequence in
        let type = body.arguments[number].type
        let elements = sequence.elements[step * type.count..<(step + 1) * type.count]
        return Tensor(type: type, elements: Array(elements))
      }
      let results = body.evaluate(parts + states + operands[(sequences + states.count)...])
      for (number, value) in results.dropFirst(states.count).enumerated() {
        yields[number][step] = value
      }
      states = Array(results[..<states.count])
    }
    return states
      + zip(yields, body.results.dropFirst(states.count)).map { steps, result in
        let type = body.type(of: result.value)
        return Tensor(
          type: type.with(shape: Shape([length] + type.shape.sizes)),
          elements: steps.flatMap(\.elements))
      }
  }
}

extension ElementType {
  func rounded(_ x: Double) -> Double {
    switch self {
    case .f32: Double(Float(x))
    case .f64: x
    case .i32: Double(Int32(truncatingIfNeeded: Int(x)))
    case .i64: Double(Int(x))
    case .bool: x != 0 ? 1 : 0
    }
  }
}

/// All indices of a shape in row-major order.
func indices(_ shape: Shape) -> [[Int]] {
  shape.sizes.reduce([[]]) { prefixes, size in
    prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } }
  }
}

extension Tensor {
  subscript(index: [Int]) -> Double {
    elements[zip(index, type.shape.rowMajorStrides).reduce(0) { $0 + $1.0 * $1.1 }]
  }
}

extension Instruction {
  fileprivate func evaluate(_ operands: [Tensor]) -> [Double] {
    let x = operands.first ?? Tensor(type: type, elements: [])
    switch op {
    case .argument, .constant, .scan, .projection: return []
    case .iota(let axis): return indices(type.shape).map { Double($0[axis]) }
    case .elementwise(let op):
      return (0..<type.count).map { index in
        op.evaluate(
          operands.map { $0.elements[index] }, operands[operands.count - 1].type.element,
          type.element)
      }
    case .reduce(let reduction, let axes):
      var results = [Double?](repeating: nil, count: type.count)
      let strides = type.shape.rowMajorStrides
      for (element, index) in zip(x.elements, indices(x.type.shape)) {
        let place = strides.indices.reduce(0) {
          $0 + (axes.contains($1) ? 0 : index[$1] * strides[$1])
        }
        results[place] = results[place].map { reduction.combine($0, element) } ?? element
      }
      return results.map { $0 ?? reduction.ofNothing }
    case .argReduce(let reduction, let axis):
      return indices(type.shape).map { index in
        let line = (0..<x.type.shape[axis]).map { step in
          var index = index
          index[axis] = step
          return x[index]
        }
        let best = reduction == .argmax ? line.max() : line.min()
        return Double(line.firstIndex { $0.isNaN } ?? line.firstIndex { $0 == best } ?? 0)
      }
    case .reshape, .identity, .stopGradient, .custom: return x.elements
    case .gather:
      let width = x.elements.count / x.type.shape[0]
      return operands[1].elements.flatMap { index in
        x.elements[Int(index) * width..<(Int(index) + 1) * width]
      }
    case .scatterAdd:
      var sums = [Double](repeating: 0, count: type.count)
      let width = operands[1].elements.count / max(1, x.elements.count)
      for (position, index) in x.elements.enumerated() {
        for i in 0..<width {
          let place = Int(index) * width + i
          sums[place] = type.element.rounded(
            sums[place] + operands[1].elements[position * width + i])
        }
      }
      return sums
    case .random: return [Double](repeating: 1, count: type.count)
    case .permute(let order):
      return indices(type.shape).map { index in
        var source = index
        for (axis, from) in order.enumerated() { source[from] = index[axis] }
        return x[source]
      }
    case .broadcast:
      return indices(type.shape).map { index in
        x[zip(index, x.type.shape.sizes).map { $1 == 1 ? 0 : $0 }]
      }
    case .slice(let axes):
      return indices(type.shape).map { index in
        x[zip(index, axes).map { $1.start + $0 * $1.step }]
      }
    case .pad(let axes, let value):
      return indices(type.shape).map { index in
        var source: [Int] = []
        for (axis, i) in index.enumerated() {
          let (place, step) = (i - axes[axis].before, axes[axis].interior + 1)
          guard place >= 0, place % step == 0, place / step < x.type.shape[axis] else {
            return value.double
          }
          source.append(place / step)
        }
        return x[source]
      }
    case .concat(let axis):
      return indices(type.shape).map { index in
        var index = index
        for operand in operands {
          if index[axis] < operand.type.shape[axis] { return operand[index] }
          index[axis] -= operand.type.shape[axis]
        }
        return .nan
      }
    case .windows(let windows):
      return indices(type.shape).map { x[windows.source(of: $0)] }
    case .fold(let windows):
      var sums = Tensor(type: type, elements: [Double](repeating: 0, count: type.count))
      let strides = type.shape.rowMajorStrides
      for (element, index) in zip(x.elements, indices(x.type.shape)) {
        let place = zip(windows.source(of: index), strides).reduce(0) { $0 + $1.0 * $1.1 }
        sums.elements[place] += element
      }
      return sums.elements
    case .contraction(let contraction):
      let contracted = contraction.contracted
      let sizes = contracted.map { x.type.shape[contraction.left.firstIndex(of: $0) ?? 0] }
      return indices(type.shape).map { index in
        var sum = 0.0
        for inner in indices(Shape(sizes)) {
          let place = { (labels: [UInt8]) in
            labels.map { label in
              contraction.result.firstIndex(of: label).map { index[$0] }
                ?? contracted.firstIndex(of: label).map { inner[$0] } ?? 0
            }
          }
          sum += x[place(contraction.left)] * operands[1][place(contraction.right)]
        }
        return sum
      }
    }
  }
}

extension [WindowAxis] {
  /// Where an element of the windows is from.
  func source(of index: [Int]) -> [Int] {
    var source = [Int](index.dropLast(count))
    for (window, element) in zip(self, index.suffix(count)) {
      source[window.axis] = source[window.axis] * window.stride + element * window.dilation
    }
    return source
  }
}

extension Reduction {
  fileprivate var ofNothing: Double {
    switch self {
    case .sum: 0
    case .prod: 1
    case .max: -.infinity
    case .min: .infinity
    }
  }

  fileprivate func combine(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .sum: a + b
    case .prod: a * b
    case .max: ElementwiseOp.max.evaluate([a, b], .f64, .f64)
    case .min: ElementwiseOp.min.evaluate([a, b], .f64, .f64)
    }
  }
}

extension ElementwiseOp {
  func evaluate(_ x: [Double], _ element: ElementType, _ result: ElementType) -> Double {
    let (a, b) = (x[0], x[x.count - 1])
    func bool(_ condition: Bool) -> Double { condition ? 1 : 0 }
    switch self {
    case .neg: return element.isFloat ? -a : 0 - a
    case .abs: return a.magnitude
    case .sign: return a > 0 ? 1 : a < 0 ? -1 : a
    case .sqrt: return a.squareRoot()
    case .exp: return Foundation.exp(a)
    case .expm1: return Foundation.expm1(a)
    case .log: return Foundation.log(a)
    case .log1p: return Foundation.log1p(a)
    case .sin: return Foundation.sin(a)
    case .cos: return Foundation.cos(a)
    case .tan: return Foundation.tan(a)
    case .asin: return Foundation.asin(a)
    case .acos: return Foundation.acos(a)
    case .atan: return Foundation.atan(a)
    case .sinh: return Foundation.sinh(a)
    case .cosh: return Foundation.cosh(a)
    case .tanh: return Foundation.tanh(a)
    case .erf: return Foundation.erf(a)
    case .erfc: return Foundation.erfc(a)
    case .sigmoid: return 1 / (1 + Foundation.exp(-a))
    case .floor: return a.rounded(.down)
    case .ceil: return a.rounded(.up)
    case .round: return a.rounded(.toNearestOrEven)
    case .power(let n):
      var product = 1.0
      for _ in 0..<n.magnitude { product = element.rounded(product * a) }
      return n < 0 ? 1 / product : product
    case .not: return 1 - a
    case .cast:
      if !element.isFloat || result.isFloat || result == .bool { return a }
      let limit = result == .i32 ? 0x1p31 : 0x1p63
      return a.isNaN ? 0 : Swift.min(Swift.max(a.rounded(.towardZero), -limit), limit - 1)
    case .add: return a + b
    case .sub: return a - b
    case .mul: return a * b
    case .div: return a / b
    case .pow: return Foundation.pow(a, b)
    case .max:
      return a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? b : a) : Swift.max(a, b)
    case .min:
      return a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? a : b) : Swift.min(a, b)
    case .mod:
      if !element.isFloat && b == 0 { return 0 }
      return a - (a / b).rounded(.down) * b
    case .atan2: return Foundation.atan2(a, b)
    case .and: return bool(a != 0 && b != 0)
    case .or: return bool(a != 0 || b != 0)
    case .less: return bool(a < b)
    case .lessEqual: return bool(a <= b)
    case .equal: return bool(a == b)
    case .notEqual: return bool(a != b)
    case .select: return a != 0 ? x[1] : x[2]
    }
  }
}

/// A small generator with a seed, so that failures can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Tensor {
  static func random(
    _ type: TensorType, in range: ClosedRange<Double> = -2...2, using generator: inout SplitMix
  ) -> Tensor {
    let elements = (0..<type.count).map { _ in
      type.element.isFloat
        ? type.element.rounded(Double.random(in: range, using: &generator))
        : type.element.rounded(Double(Int.random(in: -3...3, using: &generator)))
    }
    return Tensor(type: type, elements: elements)
  }
}
