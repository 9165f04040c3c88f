// Scalar arithmetic for the tests' evaluators, on bit patterns: plain and slow. Both evaluators use it, so that their results can be
// compared bit for bit.

import Foundation
import NNIR

/// Evaluates `op` on operands given as bits of the (last) operand's type.
func evaluated(_ op: ElementwiseOp, _ result: ElementType, _ operands: [Scalar]) -> Scalar {
  let a = operands[0]
  let last = operands[operands.count - 1]
  switch op {
  case .select: return a.bool ? operands[1] : operands[2]
  case .cast: return a.converted(to: result)
  case .not: return Scalar(!a.bool)
  case .and: return Scalar(a.bool && last.bool)
  case .or: return Scalar(a.bool || last.bool)
  case .less: return Scalar(last.element.isFloat ? a.double < last.double : a.int64 < last.int64)
  case .lessEqual:
    return Scalar(last.element.isFloat ? a.double <= last.double : a.int64 <= last.int64)
  case .equal: return Scalar(last.element.isFloat ? a.double == last.double : a.bits == last.bits)
  case .notEqual:
    return Scalar(last.element.isFloat ? a.double != last.double : a.bits != last.bits)
  default: break
  }
  switch result {
  case .f32: return Scalar(Float(floating(op, operands.map(\.double), isSingle: true)))
  case .f64: return Scalar(floating(op, operands.map(\.double), isSingle: false))
  case .i32: return Scalar(Int32(truncatingIfNeeded: integral(op, operands.map(\.int64))))
  case .i64: return Scalar(integral(op, operands.map(\.int64)))
  case .bool: return Scalar(op == .max ? a.bool || last.bool : a.bool && last.bool)
  }
}

extension Scalar {
  func converted(to result: ElementType) -> Scalar {
    if result == .bool { return Scalar(element.isFloat ? double != 0 : bits != 0) }
    return element.isFloat ? Scalar(double, as: result) : Scalar(Int(int64), as: result)
  }
}

/// f32 arithmetic in f64 and then rounded is exact for `+ - * / sqrt`; powers round after every step.
private func floating(_ op: ElementwiseOp, _ x: [Double], isSingle: Bool) -> Double {
  let a = x[0]
  let b = x[x.count - 1]
  func rounded(_ value: Double) -> Double { isSingle ? Double(Float(value)) : value }
  switch op {
  case .neg: return -a
  case .abs: return abs(a)
  case .sign: return a > 0 ? 1 : a < 0 ? -1 : a
  case .sqrt: return a.squareRoot()
  case .floor: return a.rounded(.down)
  case .ceil: return a.rounded(.up)
  case .round: return a.rounded(.toNearestOrEven)
  case .add: return a + b
  case .sub: return a - b
  case .mul: return a * b
  case .div: return a / b
  case .max:
    return a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? b : a) : Swift.max(a, b)
  case .min:
    return a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? a : b) : Swift.min(a, b)
  case .power(let exponent):
    var result = 1.0
    for _ in 0..<abs(exponent) { result = rounded(result * a) }
    return exponent < 0 ? 1 / result : result
  case .exp: return exp(a)
  case .expm1: return expm1(a)
  case .log: return log(a)
  case .log1p: return log1p(a)
  case .sin: return sin(a)
  case .cos: return cos(a)
  case .tan: return tan(a)
  case .asin: return asin(a)
  case .acos: return acos(a)
  case .atan: return atan(a)
  case .sinh: return sinh(a)
  case .cosh: return cosh(a)
  case .tanh: return tanh(a)
  case .erf: return erf(a)
  case .erfc: return erfc(a)
  case .sigmoid: return 1 / (1 + exp(-a))
  case .pow: return pow(a, b)
  case .mod: return b == 0 ? .nan : a - b * (a / b).rounded(.down)
  case .atan2: return atan2(a, b)
  case .not, .cast, .and, .or, .less, .lessEqual, .equal, .notEqual, .select: return .nan
  }
}

private func integral(_ op: ElementwiseOp, _ x: [Int64]) -> Int64 {
  let a = x[0]
  let b = x[x.count - 1]
  switch op {
  case .neg: return 0 &- a
  case .abs: return a < 0 ? 0 &- a : a
  case .sign: return a.signum()
  case .add: return a &+ b
  case .sub: return a &- b
  case .mul: return a &* b
  case .max: return Swift.max(a, b)
  case .min: return Swift.min(a, b)
  case .mod: return b == 0 || b == -1 ? 0 : (a % b &+ b) % b
  case .power(let exponent): return (0..<max(0, exponent)).reduce(1) { product, _ in product &* a }
  default: return 0
  }
}

extension Reduction {
  var op: ElementwiseOp {
    switch self {
    case .sum: .add
    case .prod: .mul
    case .max: .max
    case .min: .min
    }
  }

  func start(_ element: ElementType) -> Scalar {
    switch self {
    case .sum: element.isFloat ? Scalar(-0.0, as: element) : Scalar(0, as: element)
    case .prod: Scalar(1, as: element)
    case .max:
      switch element {
      case .f32, .f64: Scalar(-Double.infinity, as: element)
      case .i32: Scalar(Int32.min)
      case .i64: Scalar(Int64.min)
      case .bool: Scalar(false)
      }
    case .min:
      switch element {
      case .f32, .f64: Scalar(Double.infinity, as: element)
      case .i32: Scalar(Int32.max)
      case .i64: Scalar(Int64.max)
      case .bool: Scalar(true)
      }
    }
  }
}

/// Lanes that are folded in halves at the end.
struct Lanes {
  var values: [Scalar]

  init(_ count: Int, _ start: Scalar) { values = [Scalar](repeating: start, count: count) }

  mutating func add(_ value: Scalar, _ lane: Int, _ op: ElementwiseOp) {
    values[lane] = evaluated(op, value.element, [values[lane], value])
  }

  func folded(_ op: ElementwiseOp) -> Scalar {
    var values = values
    var half = values.count / 2
    while half >= 1 {
      for lane in 0..<half {
        values[lane] = evaluated(op, values[lane].element, [values[lane], values[lane + half]])
      }
      half /= 2
    }
    return values[0]
  }
}

/// One step of a contraction's chain.
func multiplyAdd(_ a: Scalar, _ b: Scalar, _ sum: Scalar) -> Scalar {
  switch a.element {
  case .f32: Scalar(sum.float.addingProduct(a.float, b.float))
  case .f64: Scalar(sum.double.addingProduct(a.double, b.double))
  case .i32: Scalar(Int32(truncatingIfNeeded: sum.int64 &+ a.int64 &* b.int64))
  case .i64: Scalar(sum.int64 &+ a.int64 &* b.int64)
  case .bool: sum
  }
}

/// The first extreme of a sequence, NaN before all.
struct Extreme {
  var kind: ArgReduction
  var best: Scalar?
  var index = 0

  mutating func add(_ value: Scalar, at position: Int) {
    guard let best else {
      self.best = value
      index = position
      return
    }
    if best.element.isFloat, best.double.isNaN { return }
    let isBetter =
      value.element.isFloat
      ? value.double.isNaN
        || (kind == .argmax ? value.double > best.double : value.double < best.double)
      : kind == .argmax ? value.int64 > best.int64 : value.int64 < best.int64
    if isBetter {
      self.best = value
      index = position
    }
  }
}
