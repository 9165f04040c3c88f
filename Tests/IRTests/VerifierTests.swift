// The verifier: each way of being wrong is found, and said with its facts.

import Testing

@testable import NNIR

@Suite struct VerifierTests {
  /// An instruction after the values %0 f32[2, 3], %1 i32[2, 3], %2 bool[2, 3] and %3 f32[3, 4],
  /// and what is wrong with it.
  static let wrong: [(instruction: String, message: String)] = [
    ("f32[2, 3] = add %0, %9", "operand %9 does not come before it"),
    ("f32[2, 3] = add %0, %4", "operand %4 does not come before it"),
    ("f32[2, 3] = add %0", "add takes 2 operands, not 1"),
    ("f32[2, 3] = add %0, %3", "add: found f32[2, 3], expected f32[3, 4]"),
    ("f32[2, 3] = add %0, %1", "add: found f32[2, 3], expected i32[2, 3]"),
    ("i32[2, 3] = add %0, %0", "declared i32[2, 3], but its type is f32[2, 3]"),
    ("i32[2, 3] = sqrt %1", "sqrt does not take i32"),
    ("i32[2, 3] = power [-1] %1", "power does not take i32"),
    ("f32[2, 3] = power [9999999999] %0", "power: f32 to the 9999999999"),
    ("f32[2, 3] = lt %0, %0", "declared f32[2, 3], but its type is bool[2, 3]"),
    ("f32[2, 3] = select %0, %0, %0", "select: found f32[2, 3], expected bool[2, 3]"),
    ("f32[3, 2] = cast %0", "declared f32[3, 2], but its type is f32[2, 3]"),
    ("f32[1, 3] = reduce sum [2] %0", "reduce: no axis 2 where the rank is 2"),
    ("f32[1, 1] = reduce sum [1, 0] %0", "reduce: the axes [1, 0] are not in order"),
    ("f32[2, 3] = reduce sum [] %0", "reduce: the axes [] are not in order"),
    ("bool[1, 3] = reduce sum [0] %2", "reduce sum does not take bool"),
    ("f32[1, 3] = argmax [0] %0", "declared f32[1, 3], but its type is i32[1, 3]"),
    ("f32[5] = reshape %0", "reshape: f32[2, 3] has not as many elements as f32[5]"),
    ("f32[2, 3] = permute [0] %0", "permute: rank 1, expected 2"),
    ("f32[2, 2] = permute [0, 0] %0", "permute: the axes [0, 0] are not in order"),
    ("f32[4, 3] = broadcast %0", "broadcast: axis 0 has extent 2, expected 4"),
    ("f32[1, 2, 3] = broadcast %0", "broadcast: rank 2, expected 3"),
    (
      "f32[2, 2] = slice [2 from 0, 2 from 2] %0",
      "slice: axis 1 has extent 3, and 2 elements from 2 by 1 leave it"
    ),
    (
      "f32[2, 2] = slice [2 from 0, 2 from 0 by 9223372036854775807] %0",
      "slice: axis 1 has extent 3, and 2 elements from 0 by 9223372036854775807 leave it"
    ),
    (
      "f32[2, 0] = slice [2 from 0, 0 from 0 by 0] %0",
      "slice: axis 1 has extent 3, and 0 elements from 0 by 0 leave it"
    ),
    ("f32[2, 3, 3] = gather %0, %0", "gather does not take f32"),
    ("f32[2, 3] = gather %0, %1", "declared f32[2, 3], but its type is f32[2, 3, 3]"),
    ("f32[2, 3, 3] = gather %0", "gather takes 2 operands, not 1"),
    ("f32[9, 4] = scatter_add %1, %3", "scatter_add: found f32[3, 4], expected f32[2, 3, 4]"),
    ("bool[5] = scatter_add %1, %2", "scatter_add does not take bool"),
    ("f32[] = scatter_add %1, %0", "scatter_add: no axis 0 where the rank is 0"),
    ("f32[0] = scatter_add %1, %0", "scatter_add: axis 0 has extent 0, expected 1"),
    ("i32[2] = random [key 0, rate 0.5]", "random does not take i32"),
    ("f32[2] = random [key -1, rate 0.5]", "random: key -1, rate 0.5"),
    ("f32[2] = random [key 0, rate 1.0]", "random: key 0, rate 1.0"),
    ("f32[2] = random [key 0, rate nan]", "random: key 0, rate nan"),
    ("f32[2] = random [key 0, rate 0.5] %0", "random takes 2 operands, not 1"),
    ("f32[2] = random [key 0, rate 0.5] %1, %1", "random: found i32[2, 3], expected i64[]"),
    ("f32[2, 3] = pad [0:0, -1:1] with 0.0 %0", "pad: axis 1: -1:1:0"),
    (
      "f32[2, 3] = pad [0:0, 0:0:9223372036854775807] with 0.0 %0",
      "pad: axis 1: 0:0:9223372036854775807"
    ),
    (
      "f32[2, 4] = contraction \"mk,jn->mn\" %0, %3",
      "contraction: label 'k' is in one operand alone and not in the result"
    ),
    (
      "f32[2, 4] = contraction \"km,kn->mn\" %0, %3",
      "contraction: label 'k' is 2 on the left and 3 on the right"
    ),
    (
      "f32[2, 4] = contraction \"mk,kn->mx\" %0, %3",
      "contraction: label 'x' of the result is in no operand"
    ),
    (
      "f32[2, 2] = contraction \"mk,kn->mm\" %0, %3",
      "contraction: label 'm' stands twice in a list"
    ),
    (
      "f32[2, 4] = contraction \"mk,kn->mn\" %1, %3",
      "contraction: found f32[3, 4], expected i32[3, 4]"
    ),
    ("f32[4] = iota [1]", "iota: no axis 1 where the rank is 1"),
    ("f32[-1] = iota [0]", "[-1] is no shape or has too many elements"),
    (
      "f32[1048576, 1048577] = iota [0]",
      "[1048576, 1048577] is no shape or has too many elements"
    ),
    (
      "f32[9223372036854775807, 9223372036854775807, 0] = iota [0]",
      "[9223372036854775807, 9223372036854775807, 0] is no shape or has too many elements"
    ),
    ("f32[2, 3] = argument [0]", "argument 0 has two instructions"),
    ("f32[2, 3] = argument [9]", "no argument 9 of 4"),
    ("f32[2, 3] = projection [0] %0", "%0 and its user are not a scan and a projection"),
    (
      "f32[2, 3] = custom %0, %3 func @d() -> () {\n}",
      "custom: the nested function has types [], expected [f32[2, 3], f32[2, 3], f32[3, 4]]"
    ),
  ]

  @Test(arguments: wrong)
  func findsWhatIsWrong(_ instruction: String, _ message: String) throws {
    let function = try Function(
      parsing: """
        func @f(%0 "a": input f32[2, 3], %1 "b": input i32[2, 3], %2 "c": input bool[2, 3], %3 "d": input f32[3, 4]) -> () {
          %4: \(instruction)
        }
        """)
    let error = #expect(throws: VerificationError.self) { try function.verify() }
    #expect(error?.description == "@f %4: \(message)")
  }

  static let wrongResults: [(String, String)] = [
    ("output \"y\" %7", "result \"y\" is no value"),
    ("loss \"l\" %0", "result \"l\" has type f32[2], expected f32[]"),
    ("gradient(3) \"g\" %0", "result \"g\": no argument 3"),
    ("update(1) \"u\" %0", "result \"u\" has type f32[2], expected i32[]"),
  ]

  @Test(arguments: wrongResults)
  func findsWrongResults(_ result: String, _ message: String) throws {
    let function = try Function(
      parsing: "func @f(%0 \"a\": input f32[2], %1 \"n\": parameter i32[]) -> (\(result)) {\n}")
    let error = #expect(throws: VerificationError.self) { try function.verify() }
    #expect(error?.description == "@f: \(message)")
  }

  static func scan(_ attributes: String, type: String = "f32[]", use: String) -> String {
    """
    func @s(%0 "x": input f32[3], %1 "h": input f32[]) -> () {
      %2: \(type) = scan [\(attributes)] %0, %1 func @body(%0 "x": input f32[], %1 "h": input f32[]) -> (output "h" %2, output "y" %2) {
        %2: f32[] = add %0, %1
      }
      %3: \(use)
    }
    """
  }

  @Test func scansAreTuples() throws {
    let right = "length 3, sequences 1, states 1"
    try Function(parsing: Self.scan(right, use: "f32[] = projection [0] %2")).verify()
    try Function(parsing: Self.scan(right, use: "f32[3] = projection [1] %2")).verify()
    for (text, message) in [
      (
        Self.scan(right, use: "f32[3] = tanh %2"),
        "@s %3: %2 and its user are not a scan and a projection"
      ),
      (Self.scan(right, use: "f32[3] = projection [2] %2"), "@s %3: no result 2 of 2"),
      (
        Self.scan(right, use: "f32[] = projection [1] %2"),
        "@s %3: declared f32[], but its type is f32[3]"
      ),
      (
        Self.scan("length 2, sequences 1, states 1", use: "f32[3] = projection [0] %2"),
        "@s %2: scan: axis 0 has extent 3, expected 2"
      ),
      (
        Self.scan("length 3, sequences 2, states 1", use: "f32[3] = projection [0] %2"),
        "@s %2: scan: 2 sequences and 1 states of 2 operands"
      ),
      (
        Self.scan("length 3, sequences 1, states -1", use: "f32[3] = projection [0] %2"),
        "@s %2: scan: 1 sequences and -1 states of 2 operands"
      ),
    ] {
      let error = #expect(throws: VerificationError.self) {
        try Function(parsing: text).verify()
      }
      #expect(error?.description == message)
    }
  }

  @Test func constantsHoldValuesOfTheirType() {
    for scalar in [
      Scalar(element: .f32, bits: 1 << 40), Scalar(element: .i32, bits: 1 << 40),
      Scalar(element: .bool, bits: 2),
    ] {
      let builder = FunctionBuilder(name: "bits")
      _ = builder.constant(Constant(splat: scalar))
      let error = #expect(throws: VerificationError.self) { try builder.function.verify() }
      #expect(error?.problem == .typing(.constantBits(scalar)))
    }
  }
}
