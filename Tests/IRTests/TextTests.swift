// The text form: everything round-trips, errors have places, and no text can crash the parser.

import Foundation
import Testing

@testable import NNIR

@Suite struct TextTests {
  static let sample = """
    func @sample(%0 "x": input f32[2, 3], _ "unused": parameter i64[], %4 "rate": hyperparameter f32[]) -> (output "y\\"\\u{a}" %5, loss "l" %4, gradient(0) "g" %0, update(1) "u" %8) {
      %1: f32[2, 3] = constant [1.0, -0.0, inf, nan, 1e-45, 0.1]
      %2: f32[2, 3] = constant nan:0xffc00001
      %3: f32[2, 3] = add %1, %2  ; sum 3:4
      %5: f32[3, 2] = permute [1, 0] %0
      %6: f32[2, 2] = slice [2 from 2 by -1, 2 from 1 by -1] %5
      %7: f32[2, 4] = pad [0:0, 1:0:1] with -inf %6
      %8: i64[] = constant -9223372036854775808
      %9: bool[2, 0] = constant []
      %10: f32[2, 2] = contraction "ik,jk->ij" %0, %3
      %11: f32[2, 2] = power [-3] %10
      %12: i32[2, 1] = argmin [1] %11
      %13: f64[4] = iota [0]
      %14: f32[2, 1] = reduce prod [1] %11
      %15: i32[2, 3] = constant 1
      %16: f32[2, 3, 2] = gather %5, %15
      %17: f32[4, 2] = scatter_add %15, %16
      %18: f64[5] = random [key 3, rate 0.1]
      %19: f32[2] = random [key 0, rate 0.0] %8, %8
    }

    """

  @Test func everyFormRoundTrips() throws {
    let function = try Function(parsing: Self.sample)
    try function.verify()
    let withoutComment = Self.sample.replacingOccurrences(of: "  ; sum 3:4", with: "")
    #expect(function.text == withoutComment)
    #expect(try Function(parsing: function.text) == function)
  }

  @Test func everyElementwiseOperationRoundTrips() throws {
    for op in ElementwiseOp.samples {
      let element: ElementType = op.accepts(.f32) ? .f32 : .bool
      let builder = FunctionBuilder(name: op.name)
      let type = TensorType(element, [2])
      let condition = builder.argument(
        Argument(name: "c", role: .input, type: type.with(element: .bool)))
      let x = builder.argument(Argument(name: "x", role: .input, type: type))
      let operands = op == .select ? [condition, x, x] : [Value](repeating: x, count: op.arity)
      let result = type.with(element: op.result(of: element) ?? .i32)
      builder.result("y", .output, builder.append(.elementwise(op), operands, type: result))
      try builder.function.verify()
      #expect(try Function(parsing: builder.function.text) == builder.function)
    }
  }

  @Test func scalarsKeepTheirBits() {
    var generator = SplitMix(state: 3)
    for element in ElementType.allCases {
      for _ in 0..<2000 {
        let bits = generator.next()
        let scalar =
          switch element {
          case .f32: Scalar(element: .f32, bits: bits & 0xFFFF_FFFF)
          case .f64: Scalar(element: .f64, bits: bits)
          case .i32: Scalar(Int32(truncatingIfNeeded: bits))
          case .i64: Scalar(Int64(bitPattern: bits))
          case .bool: Scalar(bits & 1 == 1)
          }
        #expect(Scalar(text: scalar.text, element: element) == scalar)
      }
    }
  }

  @Test func labelsOfAllKindsRoundTrip() throws {
    let labels = (0...255).map { UInt8($0) }
    for label in labels {
      let builder = FunctionBuilder(name: "labels")
      let x = builder.argument(
        Argument(name: "x", role: .input, type: TensorType(.f32, [2])))
      let contraction = Contraction(left: [label], right: [label], result: [])
      builder.result("y", .output, builder.contract(x, x, contraction))
      #expect(try Function(parsing: builder.function.text) == builder.function)
    }
  }

  @Test func strangeNamesRoundTrip() throws {
    for name in ["", "a b", "quote\"", "back\\slash", "new\nline", "π", "\u{200B}", "e\u{301}"] {
      let builder = FunctionBuilder(name: name)
      let x = builder.argument(
        Argument(name: name, role: .input, type: TensorType(.f32, .scalar)))
      builder.function.origins[x] = Origin(name: name, line: 1, column: 2)
      builder.result(name, .output, x)
      let again = try Function(parsing: builder.function.text)
      #expect(again.name.utf8.elementsEqual(name.utf8))
      #expect(again == builder.function)
    }
  }

  static let errors: [(text: String, message: String)] = [
    ("", "1:1: expected 'func'"),
    ("func @f() -> () {\n  %1: f32[] = constant 1.0\n}", "2:3: expected %0, not %1"),
    ("func @f() -> () {\n  %0: f32[] = konstant 1.0\n}", "2:15: no operation is called 'konstant'"),
    ("func @f() -> () {\n  %0: f31[] = constant 1.0\n}", "2:7: expected an element type"),
    ("func @f() -> () {\n  %0: f32[] = constant one\n}", "2:24: expected a number of type f32"),
    ("func @f() -> () {\n  %0: f32[2] = constant [1.0]\n}", "2:25: 1 elements for a constant of 2"),
    ("func @f() -> (output \"y %0) {\n}", "1:22: the string is not closed"),
    (
      "func @f(%3 \"x\": input f32[]) -> () {\n}",
      "2:2: no instruction comes before %3, an argument"
    ),
    ("func @f() -> () {\n  %0: f32[] = constant 1.0\n", "3:1: expected '}'"),
    ("func @f() -> () {\n} more", "2:3: expected the end of the text"),
    (
      "func @f() -> () {\n  %0: f32[99999999999999999999] = iota [0]\n}",
      "2:11: the integer is too large"
    ),
  ]

  @Test(arguments: errors)
  func errorsHavePlaces(_ text: String, _ message: String) {
    let error = #expect(throws: TextError.self) { try Function(parsing: text) }
    #expect(error?.description == message)
  }

  @Test func nestingIsLimited() {
    let head = "func @f() -> () { %0: f32[] = custom %0 "
    let error = #expect(throws: TextError.self) {
      try Function(parsing: String(repeating: head, count: 100_000))
    }
    #expect(error?.message == "functions are nested too deeply")
  }

  /// Mutated texts give a function or an error; what parses can be verified, printed and, where it
  /// verifies, optimised.
  @Test func hostileTextsNeverCrash() throws {
    var generator = SplitMix(state: 5)
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/structural.gradient.ir")
    let golden = try String(contentsOf: folder, encoding: .utf8)
    let texts =
      [Self.sample]
      + golden.components(separatedBy: "// ====\n").flatMap {
        $0.components(separatedBy: "// ----\n")
      }
    let alphabet = Array("%0123456789-[](){}:,\"=>@ ;\n\u{0}eE.x".utf8)
    var verified = 0
    for round in 0..<fuzzCount * 10 {
      var bytes = Array(texts[Int(round) % texts.count].utf8)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(byte, at: place)
        case 2: bytes[place] = byte
        case _: bytes.insert(contentsOf: Array("9223372036854775807".utf8), at: place)
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let function = try? Function(parsing: text) else { continue }
      _ = function.text
      guard (try? function.verify()) != nil else { continue }
      verified += 1
      #expect(try Function(parsing: function.text) == function)
      _ = function.optimized()
    }
    #expect(verified > 0)
  }
}
