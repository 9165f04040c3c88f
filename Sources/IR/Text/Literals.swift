// Scalars, names and strings in the text form, both ways: what is written here is read here.

extension Scalar {
  /// Shortest decimals that read back to the same bits; `nan` is the positive quiet NaN, any other
  /// shows its bits.
  package var text: String {
    switch element {
    case .f32 where float.isNaN:
      bits == Scalar(Float.nan).bits ? "nan" : "nan:0x" + String(bits, radix: 16)
    case .f64 where double.isNaN:
      bits == Scalar(Double.nan).bits ? "nan" : "nan:0x" + String(bits, radix: 16)
    case .f32: float.description
    case .f64: double.description
    case .i32, .i64: int64.description
    case .bool: bool ? "true" : "false"
    }
  }

  package init?(text: String, element: ElementType) {
    switch element {
    case .f32, .f64:
      if text.hasPrefix("nan:0x") {
        guard let bits = UInt64(text.dropFirst(6), radix: 16) else { return nil }
        self.init(element: element, bits: bits)
        guard element == .f64 || bits <= UInt32.max, double.isNaN else { return nil }
      } else if text == "nan" {
        self.init(Double.nan, as: element)
      } else if element == .f32, let value = Float(text), !value.isNaN {
        self.init(value)
      } else if element == .f64, let value = Double(text), !value.isNaN {
        self.init(value)
      } else {
        return nil
      }
    case .i32:
      guard let value = Int32(text) else { return nil }
      self.init(value)
    case .i64:
      guard let value = Int64(text) else { return nil }
      self.init(value)
    case .bool:
      guard text == "true" || text == "false" else { return nil }
      self.init(text == "true")
    }
  }
}

extension String {
  /// Letters, digits, `_`, `.` and `-`: what a function's name may be without quotes.
  package var isPlainName: Bool { !isEmpty && utf8.allSatisfy(\.isNamePart) }

  /// In double quotes; quotes, backslashes and all but printable ASCII and letters of other scripts
  /// escaped as `\u{…}`.
  package var quoted: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case _
      where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value)
        || scalar.properties.generalCategory == .format
        || scalar.properties.isWhitespace && scalar != " ":
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
      case _: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

extension UInt8 {
  var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

  var isNamePart: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
      true
    case _: isDigit
    }
  }
}
