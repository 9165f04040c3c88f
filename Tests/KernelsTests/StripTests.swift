// Elementwise strips and movement: every level, length and form gives the bits of the base level
// called on single elements.

import CKernels
import Foundation
import Testing

@Suite struct StripTests {
  static let unaryOfFloats = [
    "neg", "abs", "sign", "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "erf", "erfc", "sigmoid", "floor", "ceil", "round",
  ]
  static let binaryOfFloats = ["add", "sub", "mul", "div", "pow", "max", "min", "mod", "atan2"]
  static let comparisons = ["lt", "le", "eq", "ne"]

  @Test func symbolTablesAreSortedAndComplete() {
    var names: [[String]] = []
    for level in 0...2 {
      var count = 0
      let table = nn_symbols(Int32(level), &count)
      names.append((0..<count).map { String(cString: table![$0].name) })
    }
    #expect(names[0] == names[1] && names[0] == names[2])
    let bytes = names[0].map { Array($0.utf8) }
    for (first, second) in zip(bytes, bytes.dropFirst()) {
      #expect(first.lexicographicallyPrecedes(second), "\(String(decoding: second, as: UTF8.self))")
    }
    for name in names[0] {
      #expect(nn_symbol_address(0, name) != nil)
    }
    #expect(nn_symbol_address(0, "nns_none_f32") == nil)
  }

  @Test(arguments: [
    "nn_math", "nn_contract", "nn_contract_places", "nn_contract_lines", "nn_contract_segments",
    "nn_contract_turned", "nn_contract_interleaved", "nn_contract_view", "nn_contract_images",
    "nn_lookup",
  ])
  func embeddedTextIsTheHeader(_ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Kernels/include/\(name).h")
    let expected = try Data(contentsOf: file)
    let symbols = embedded(name)
    #expect(Data(bytes: symbols.text, count: symbols.length) == expected)
  }

  private func embedded(_ name: String) -> (text: UnsafePointer<CChar>, length: Int) {
    switch name {
    case "nn_math": (nn_math_text_address(), nn_math_text_length)
    case "nn_contract": (nn_contract_text_address(), nn_contract_text_length)
    case "nn_contract_places": (nn_contract_places_text_address(), nn_contract_places_text_length)
    case "nn_contract_lines": (nn_contract_lines_text_address(), nn_contract_lines_text_length)
    case "nn_contract_segments":
      (nn_contract_segments_text_address(), nn_contract_segments_text_length)
    case "nn_contract_turned": (nn_contract_turned_text_address(), nn_contract_turned_text_length)
    case "nn_contract_interleaved":
      (nn_contract_interleaved_text_address(), nn_contract_interleaved_text_length)
    case "nn_contract_view": (nn_contract_view_text_address(), nn_contract_view_text_length)
    case "nn_contract_images": (nn_contract_images_text_address(), nn_contract_images_text_length)
    default: (nn_lookup_text_address(), nn_lookup_text_length)
    }
  }

  // MARK: unary

  private func checkUnary<T: StripElement, R: StripElement>(
    _ name: String, _: T.Type, _: R.Type, inPlace: Bool = true,
    call: (Int32, UnsafeMutableRawPointer, UnsafeRawPointer, Int) -> Void
  ) {
    for (index, n) in lengths.enumerated() {
      let input = T.samples(n + 1, seed: UInt64(index))
      input.withUnsafeBytes { bytes in
        let a = bytes.baseAddress! + MemoryLayout<T>.stride
        let single: [UInt64] = (0..<n).map { i in
          written(1, from: nil as [R]?) { call(0, $0, a + i * MemoryLayout<T>.stride, 1) }[0]
        }
        for level in levels {
          let got = written(n, from: nil as [R]?) { call(level, $0, a, n) }
          #expect(got == single, "\(name) level \(level) n \(n)")
          guard inPlace else { continue }
          let own = written(n, from: Array(input.dropFirst())) { call(level, $0, $0, n) }
          #expect(own == single, "\(name) level \(level) n \(n) in place")
        }
      }
    }
  }

  private func checkUnary<T: StripElement>(_ op: String, _: T.Type) {
    let name = "\(op)_\(T.letters)"
    checkUnary(name, T.self, T.self) { unary($0, name)($1, $2, $3) }
  }

  @Test(arguments: unaryOfFloats) func floatUnary(_ op: String) {
    checkUnary(op, Float.self)
    checkUnary(op, Double.self)
  }

  @Test(arguments: ["neg", "abs", "sign"]) func integerUnary(_ op: String) {
    checkUnary(op, Int32.self)
    checkUnary(op, Int64.self)
  }

  @Test func not() { checkUnary("not", UInt8.self) }

  @Test func copy() {
    checkUnary("copy", Float.self)
    checkUnary("copy", Double.self)
    checkUnary("copy", Int32.self)
    checkUnary("copy", Int64.self)
    checkUnary("copy", UInt8.self)
  }

  @Test(arguments: [Int32](-5...9) + [64, 1000, .max, .min]) func power(_ exponent: Int32) {
    func check<T: StripElement>(_: T.Type) {
      let name = "power_\(T.letters)"
      checkUnary(name, T.self, T.self) {
        unsafeBitCast(address($0, name), to: Power.self)($1, $2, $3, exponent)
      }
    }
    check(Float.self)
    check(Double.self)
    check(Int32.self)
    check(Int64.self)
  }

  @Test func casts() {
    func check<From: StripElement, To: StripElement>(_: From.Type, _: To.Type) {
      if From.letters == To.letters { return }
      let name = "cast_\(From.letters)_\(To.letters)"
      checkUnary(name, From.self, To.self, inPlace: false) { unary($0, name)($1, $2, $3) }
    }
    func checkAll<From: StripElement>(_: From.Type) {
      check(From.self, Float.self)
      check(From.self, Double.self)
      check(From.self, Int32.self)
      check(From.self, Int64.self)
      check(From.self, UInt8.self)
    }
    checkAll(Float.self)
    checkAll(Double.self)
    checkAll(Int32.self)
    checkAll(Int64.self)
    checkAll(UInt8.self)
  }

  // MARK: binary

  private func checkBinary<T: StripElement, R: StripElement>(
    _ name: String, _: T.Type, _: R.Type
  ) {
    let step = MemoryLayout<T>.stride
    for (index, n) in lengths.enumerated() where n > 0 {
      let left = T.samples(n + 1, seed: UInt64(index) &+ 100)
      let right = T.samples(n + 1, seed: UInt64(index) &+ 200)
      left.withUnsafeBytes { leftBytes in
        right.withUnsafeBytes { rightBytes in
          let a = leftBytes.baseAddress! + step
          let b = rightBytes.baseAddress! + step
          func single(_ aStep: Int, _ bStep: Int) -> [UInt64] {
            (0..<n).map { i in
              written(1, from: nil as [R]?) {
                binary(0, name)($0, a + i * aStep, b + i * bStep, 1)
              }[0]
            }
          }
          for (form, aStep, bStep) in [("", step, step), ("_vs", step, 0), ("_sv", 0, step)] {
            let expected = single(aStep, bStep)
            for level in levels {
              let function = binary(level, name + form)
              let got = written(n, from: nil as [R]?) { function($0, a, b, n) }
              #expect(got == expected, "\(name)\(form) level \(level) n \(n)")
              guard R.self == T.self else { continue }
              let over = Array((aStep > 0 ? left : right).dropFirst())
              let own = written(n, from: over) {
                let itself = UnsafeRawPointer($0)
                function($0, aStep > 0 ? itself : a, aStep > 0 ? b : itself, n)
              }
              #expect(own == expected, "\(name)\(form) level \(level) n \(n) in place")
            }
          }
        }
      }
    }
  }

  @Test(arguments: binaryOfFloats) func floatBinary(_ op: String) {
    checkBinary("\(op)_f32", Float.self, Float.self)
    checkBinary("\(op)_f64", Double.self, Double.self)
  }

  @Test(arguments: ["add", "sub", "mul", "max", "min", "mod"]) func integerBinary(_ op: String) {
    checkBinary("\(op)_i32", Int32.self, Int32.self)
    checkBinary("\(op)_i64", Int64.self, Int64.self)
  }

  @Test(arguments: ["and", "or"]) func boolBinary(_ op: String) {
    checkBinary("\(op)_bool", UInt8.self, UInt8.self)
  }

  @Test(arguments: comparisons) func comparison(_ op: String) {
    checkBinary("\(op)_f32", Float.self, UInt8.self)
    checkBinary("\(op)_f64", Double.self, UInt8.self)
    checkBinary("\(op)_i32", Int32.self, UInt8.self)
    checkBinary("\(op)_i64", Int64.self, UInt8.self)
    checkBinary("\(op)_bool", UInt8.self, UInt8.self)
  }

  @Test func scalarFormsReadTheirScalarFirst() {
    var values: [Float] = [2, 3, 4, 5]
    for level in levels {
      values = [2, 3, 4, 5]
      values.withUnsafeMutableBytes {
        binary(level, "mul_f32_vs")($0.baseAddress!, $0.baseAddress!, $0.baseAddress!, 4)
      }
      #expect(values == [4, 6, 8, 10])
    }
  }

  @Test func select() {
    func check<T: StripElement>(_: T.Type) {
      for (index, n) in lengths.enumerated() where n > 0 {
        let c = UInt8.samples(n, seed: UInt64(index) &+ 1)
        let a = T.samples(n, seed: UInt64(index) &+ 2)
        let b = T.samples(n, seed: UInt64(index) &+ 3)
        for (form, x, y) in [("", 1, 1), ("_vs", 1, 0), ("_sv", 0, 1), ("_ss", 0, 0)] {
          let expected = (0..<n).map { (c[$0] != 0 ? a[$0 * x] : b[$0 * y]).comparable }
          for level in levels {
            let name = "select_\(T.letters)\(form)"
            let function = unsafeBitCast(address(level, name), to: Select.self)
            let got = written(n, from: nil as [T]?) { function($0, c, a, b, n) }
            #expect(got == expected, "\(name) level \(level) n \(n)")
            let own = written(n, from: b) { function($0, c, a, $0, n) }
            if y == 1 { #expect(own == expected, "\(name) level \(level) n \(n) in place") }
          }
        }
      }
    }
    check(Float.self)
    check(Double.self)
    check(Int32.self)
    check(Int64.self)
    check(UInt8.self)
  }

  // MARK: movement

  typealias Load = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, Int, Int) -> Void
  typealias Store = @convention(c) (UnsafeMutableRawPointer, Int, UnsafeRawPointer, Int) -> Void
  typealias Iota = @convention(c) (UnsafeMutableRawPointer, Int64, Int64, Int) -> Void

  @Test(arguments: [-3, -1, 0, 1, 2, 7]) func strides(_ stride: Int) {
    func check<T: StripElement>(_: T.Type) {
      let step = MemoryLayout<T>.stride
      for n in lengths {
        let span = n * abs(stride) + 1
        let a = T.samples(span, seed: UInt64(n))
        let start = stride < 0 ? max(n - 1, 0) * -stride : 0
        for level in levels {
          let load = unsafeBitCast(address(level, "load_\(T.letters)"), to: Load.self)
          let loaded = a.withUnsafeBytes { bytes in
            written(n, from: nil as [T]?) {
              load($0, bytes.baseAddress! + start * step, stride, n)
            }
          }
          #expect(loaded == (0..<n).map { a[start + $0 * stride].comparable })

          let store = unsafeBitCast(address(level, "store_\(T.letters)"), to: Store.self)
          let source = T.samples(n, seed: 77)
          let stored = written(span, from: a) { store($0 + start * step, stride, source, n) }
          var expected = a
          for i in 0..<n { expected[start + i * stride] = source[i] }
          #expect(stored == expected.map(\.comparable))
        }
      }
    }
    check(Float.self)
    check(Double.self)
    check(Int32.self)
    check(Int64.self)
    check(UInt8.self)
  }

  @Test func fill() {
    func check<T: StripElement>(_: T.Type) {
      for n in lengths {
        for level in levels {
          for value in T.special.prefix(12) {
            let got = withUnsafeBytes(of: value) { bytes in
              written(n, from: nil as [T]?) {
                unary(level, "fill_\(T.letters)")($0, bytes.baseAddress!, n)
              }
            }
            #expect(got == Array(repeating: value.comparable, count: n))
          }
        }
      }
    }
    check(Float.self)
    check(Double.self)
    check(Int32.self)
    check(Int64.self)
    check(UInt8.self)
  }

  static let starts: [(Int64, Int64)] = [
    (0, 1), (-7, 3), (1 << 40, -12_345_678_901), (.max, 1),
  ]

  @Test(arguments: starts)
  func iota(_ first: Int64, _ step: Int64) {
    func check<T: StripElement>(_: T.Type, _ convert: (Int64) -> T) {
      for n in lengths {
        let expected = (0..<n).map { convert(first &+ Int64($0) &* step).comparable }
        for level in levels {
          let function = unsafeBitCast(address(level, "iota_\(T.letters)"), to: Iota.self)
          #expect(written(n, from: nil as [T]?) { function($0, first, step, n) } == expected)
        }
      }
    }
    check(Float.self) { Float($0) }
    check(Double.self) { Double($0) }
    check(Int32.self) { Int32(truncatingIfNeeded: $0) }
    check(Int64.self) { $0 }
  }

  @Test func scalarFunctions() {
    let near: Float = 0x1.000002p0
    #expect(nn_scalar_fma_f32(near, near, -1) == Float(-1).addingProduct(near, near))
    #expect(nn_scalar_fma_f64(0.1, 10, -1) == (-1.0).addingProduct(0.1, 10))
    var uniform: [Float] = Array(repeating: 9, count: 100)
    nn_philox_uniform_f32(&uniform, 100, 1, 2, -1, 1)
    #expect(uniform.allSatisfy { $0 >= -1 && $0 < 1 })
    var normal: [Double] = Array(repeating: .nan, count: 101)
    nn_philox_normal_f64(&normal, 101, 1, 2, 0, 1)
    #expect(normal.allSatisfy { abs($0) < 9 })
  }
}
