// Evaluates elementwise operations on whole tensors. Exactly rounded ones are plain Swift; the transcendental functions are
// the strips of Kernels at the base level, which all other levels equal bit for bit.

import CKernels
import NNIR

enum ElementwiseEvaluation {
  /// The result of `op`; the operands have one shape, which is the type's.
  static func apply(_ op: ElementwiseOp, _ operands: [Tensor], type: TensorType) -> Tensor {
    let last = operands[operands.count - 1]
    switch op {
    case .cast: return last.converted(to: type.element)
    case .select: return select(operands, type)
    case .not: return map(last, type) { (a: UInt8) -> UInt8 in a ^ 1 }
    case .and: return combine(operands, type) { (a: UInt8, b: UInt8) -> UInt8 in a & b }
    case .or: return combine(operands, type) { (a: UInt8, b: UInt8) -> UInt8 in a | b }
    case .less, .lessEqual, .equal, .notEqual:
      switch last.element {
      case .f32: return compare(op, operands, type, Float.self)
      case .f64: return compare(op, operands, type, Double.self)
      case .i32: return compare(op, operands, type, Int32.self)
      case .i64: return compare(op, operands, type, Int64.self)
      case .bool: return compare(op, operands, type, UInt8.self)
      }
    case .neg, .abs, .sign, .power, .add, .sub, .mul, .max, .min, .mod:
      switch last.element {
      case .f32: return number(op, operands, type, Float.self) { 1 / $0 }
      case .f64: return number(op, operands, type, Double.self) { 1 / $0 }
      case .i32: return number(op, operands, type, Int32.self) { $0 }
      case .i64: return number(op, operands, type, Int64.self) { $0 }
      case .bool: preconditionFailure("\(op.name) of bool")
      }
    case .sqrt, .floor, .ceil, .round, .div:
      return last.element == .f32
        ? rounding(op, operands, type, Float.self) : rounding(op, operands, type, Double.self)
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh,
      .erf, .erfc, .sigmoid, .pow, .atan2:
      return strip(op, operands, type)
    }
  }

  // MARK: Groups of operations

  private static func compare<Element: OrderedElement>(
    _ op: ElementwiseOp, _ operands: [Tensor], _ type: TensorType, _: Element.Type
  ) -> Tensor {
    switch op {
    case .less: combine(operands, type) { (a: Element, b: Element) -> UInt8 in a < b ? 1 : 0 }
    case .lessEqual:
      combine(operands, type) { (a: Element, b: Element) -> UInt8 in a <= b ? 1 : 0 }
    case .equal: combine(operands, type) { (a: Element, b: Element) -> UInt8 in a == b ? 1 : 0 }
    default: combine(operands, type) { (a: Element, b: Element) -> UInt8 in a != b ? 1 : 0 }
    }
  }

  private static func number<Element: NumberElement>(
    _ op: ElementwiseOp, _ operands: [Tensor], _ type: TensorType, _: Element.Type,
    _ reciprocal: (Element) -> Element
  ) -> Tensor {
    let first = operands[0]
    switch op {
    case .neg: return map(first, type) { (a: Element) in Element.negated(a) }
    case .abs: return map(first, type) { (a: Element) in Element.absolute(a) }
    case .sign: return map(first, type) { (a: Element) in Element.sign(a) }
    case .power(0): return map(first, type) { (_: Element) in Element.one }
    case .power(let n) where n > 0: return map(first, type) { (a: Element) in Element.power(a, n) }
    case .power(let n):
      return map(first, type) { (a: Element) in reciprocal(Element.power(a, -n)) }
    case .add: return combine(operands, type) { (a: Element, b: Element) in Element.plus(a, b) }
    case .sub: return combine(operands, type) { (a: Element, b: Element) in Element.minus(a, b) }
    case .mul: return combine(operands, type) { (a: Element, b: Element) in Element.times(a, b) }
    case .max: return combine(operands, type) { (a: Element, b: Element) in Element.larger(a, b) }
    case .min: return combine(operands, type) { (a: Element, b: Element) in Element.smaller(a, b) }
    default: return combine(operands, type) { (a: Element, b: Element) in Element.modulo(a, b) }
    }
  }

  private static func rounding<Element: BinaryFloatingPoint & NumberElement>(
    _ op: ElementwiseOp, _ operands: [Tensor], _ type: TensorType, _: Element.Type
  ) -> Tensor {
    let first = operands[0]
    switch op {
    case .sqrt: return map(first, type) { (a: Element) in a.squareRoot() }
    case .floor: return map(first, type) { (a: Element) in a.rounded(.down) }
    case .ceil: return map(first, type) { (a: Element) in a.rounded(.up) }
    case .round: return map(first, type) { (a: Element) in a.rounded(.toNearestOrEven) }
    default: return combine(operands, type) { (a: Element, b: Element) in a / b }
    }
  }

  private static func select(_ operands: [Tensor], _ type: TensorType) -> Tensor {
    switch type.element.byteCount {
    case 1: select(operands, type, UInt8.self)
    case 4: select(operands, type, UInt32.self)
    default: select(operands, type, UInt64.self)
    }
  }

  private static func select<Word>(
    _ operands: [Tensor], _ type: TensorType, _: Word.Type
  ) -> Tensor {
    Tensor(type: type) { bytes in
      let result = bytes.bindMemory(to: Word.self)
      operands[0].withUnsafeBytes { condition in
        operands[1].withUnsafeBytes { yes in
          operands[2].withUnsafeBytes { no in
            let (yes, no) = (yes.bindMemory(to: Word.self), no.bindMemory(to: Word.self))
            for i in result.indices { result[i] = condition[i] != 0 ? yes[i] : no[i] }
          }
        }
      }
    }
  }

  // MARK: Strips of Kernels

  private typealias UnaryStrip =
    @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, Int) -> Void
  private typealias BinaryStrip =
    @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer, Int) -> Void

  private static func strip(
    _ op: ElementwiseOp, _ operands: [Tensor], _ type: TensorType
  ) -> Tensor {
    let name = "nns_\(op.name)_\(type.element.name)"
    guard let address = nn_symbol_address(Int32(NN_BASE.rawValue), name) else {
      preconditionFailure("Kernels has no \(name)")
    }
    return Tensor(type: type) { bytes in
      guard let result = bytes.baseAddress, type.count > 0 else { return }
      if operands.count == 1 {
        let function = unsafeBitCast(address, to: UnaryStrip.self)
        operands[0].withUnsafeBytes { _ in function(result, operands[0].address, type.count) }
      } else {
        let function = unsafeBitCast(address, to: BinaryStrip.self)
        withExtendedLifetime(operands) {
          function(result, operands[0].address, operands[1].address, type.count)
        }
      }
    }
  }

  // MARK: Loops

  @inline(__always)
  private static func map<Operand, Element>(
    _ operand: Tensor, _ type: TensorType, _ body: (Operand) -> Element
  ) -> Tensor {
    Tensor(type: type) { bytes in
      operand.withUnsafeBytes { source in
        let from = source.bindMemory(to: Operand.self)
        let result = bytes.bindMemory(to: Element.self)
        for i in result.indices { result[i] = body(from[i]) }
      }
    }
  }

  @inline(__always)
  private static func combine<Operand, Element>(
    _ operands: [Tensor], _ type: TensorType, _ body: (Operand, Operand) -> Element
  ) -> Tensor {
    Tensor(type: type) { bytes in
      operands[0].withUnsafeBytes { left in
        operands[1].withUnsafeBytes { right in
          let (left, right) = (
            left.bindMemory(to: Operand.self), right.bindMemory(to: Operand.self)
          )
          let result = bytes.bindMemory(to: Element.self)
          for i in result.indices { result[i] = body(left[i], right[i]) }
        }
      }
    }
  }
}
