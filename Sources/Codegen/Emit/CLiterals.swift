// How types, scalars and affine index expressions are written in C.

import NNIR

extension ElementType {
  /// The type of an element in memory.
  var cName: String {
    switch self {
    case .f32: "float"
    case .f64: "double"
    case .i32: "int32_t"
    case .i64: "int64_t"
    case .bool: "uint8_t"
    }
  }

  /// The type of a local variable: truth is an int there, so that comparisons need no conversion.
  var localName: String { self == .bool ? "int" : cName }
}

extension Scalar {
  /// An expression of exactly this value, negative ones in parentheses: floats are hexadecimal. Infinities and NaN are quotients, which need no header.
  var cLiteral: String {
    switch element {
    case .f32:
      floatLiteral(
        negative: bits >> 31 != 0, exponent: Int(bits >> 23 & 0xff), fraction: bits & 0x7f_ffff,
        fractionBits: 23, suffix: "f")
    case .f64:
      floatLiteral(
        negative: bits >> 63 != 0, exponent: Int(bits >> 52 & 0x7ff),
        fraction: bits & 0xf_ffff_ffff_ffff, fractionBits: 52, suffix: "")
    case .i32: integerLiteral(int64, isMinimum: int64 == Int64(Int32.min), suffix: "")
    case .i64:
      integerLiteral(
        int64, isMinimum: int64 == .min, suffix: Int32(exactly: int64) == nil ? "LL" : "")
    case .bool: bits == 0 ? "0" : "1"
    }
  }

  /// The same for the initialiser of a static object, where tcc divides no constants: named by macros of the emitted file.
  var cInitializer: String {
    guard element.isFloat, !double.isFinite else { return cLiteral }
    if double.isNaN { return "NN_NAN_" + element.name }
    return (double < 0 ? "NN_NEGATIVE_" : "NN_INFINITY_") + element.name
  }

  private func integerLiteral(_ value: Int64, isMinimum: Bool, suffix: String) -> String {
    if isMinimum { return "(-\(value.magnitude - 1)\(suffix) - 1)" }
    return value < 0 ? "(\(value)\(suffix))" : "\(value)\(suffix)"
  }

  private func floatLiteral(
    negative: Bool, exponent: Int, fraction: UInt64, fractionBits: Int, suffix: String
  ) -> String {
    let exponentLimit = fractionBits == 23 ? 0xff : 0x7ff
    let bias = exponentLimit / 2
    let magnitude: String
    if exponent == exponentLimit {
      let one = "1.0" + suffix
      let zero = "0.0" + suffix
      if fraction != 0 { return "(\(zero) / \(zero))" }
      return negative ? "(-\(one) / \(zero))" : "(\(one) / \(zero))"
    } else if exponent == 0 && fraction == 0 {
      magnitude = "0x0p+0"
    } else {
      let power = exponent == 0 ? 1 - bias : exponent - bias
      let lead = exponent == 0 ? "0" : "1"
      let digits = fractionDigits(fraction, bits: fractionBits)
      magnitude = "0x\(lead)\(digits.isEmpty ? "" : "." + digits)p\(power < 0 ? "" : "+")\(power)"
    }
    return negative ? "(-\(magnitude)\(suffix))" : magnitude + suffix
  }

  /// Hexadecimal digits after the point, without trailing zeros.
  private func fractionDigits(_ fraction: UInt64, bits: Int) -> String {
    let count = (bits + 3) / 4
    var rest = fraction << UInt64(count * 4 - bits)
    if rest == 0 { return "" }
    var length = count
    while rest & 15 == 0 {
      rest >>= 4
      length -= 1
    }
    let digits = String(rest, radix: 16)
    return String(repeating: "0", count: length - digits.utf8.count) + digits
  }
}

extension AffineMap {
  /// The map's value as a C expression over the names of the indices; an axis without a name contributes nothing.
  func cExpression(_ indices: [String?], plus constant: Int = 0) -> CExpression {
    let sum = offset + constant
    if sum == 0, let index = plainIndex(indices) { return CExpression(index, isAtomic: true) }
    var text = CText()
    var terms = 0
    for axis in 0..<min(strides.count, indices.count) where strides[axis] != 0 {
      guard let index = indices[axis] else { continue }
      let stride = strides[axis]
      if terms == 0 {
        if stride < 0 { text.append("-") }
      } else {
        text.append(stride < 0 ? " - " : " + ")
      }
      if stride.magnitude != 1 {
        text.append(Int(stride.magnitude))
        text.append(" * ")
      }
      text.append(index)
      terms += stride == 1 ? 1 : 2
    }
    if terms == 0 { return CExpression(String(sum), isAtomic: sum >= 0) }
    if sum != 0 {
      text.append(sum < 0 ? " - " : " + ")
      text.append(Int(sum.magnitude))
    }
    return CExpression(text.string, isAtomic: terms == 1 && sum == 0)
  }

  /// The name of the only index that counts, where its stride is 1: that of most maps.
  private func plainIndex(_ indices: [String?]) -> String? {
    var plain: String?
    for axis in 0..<min(strides.count, indices.count) where strides[axis] != 0 {
      guard let index = indices[axis] else { continue }
      if plain != nil || strides[axis] != 1 { return nil }
      plain = index
    }
    return plain
  }
}

/// The definition of an array of numbers.
func cTable(_ name: String, _ numbers: [Int]) -> String {
  "static const ptrdiff_t \(name)[] = {\(numbers.map(String.init).joined(separator: ", "))};"
}
