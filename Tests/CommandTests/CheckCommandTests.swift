// `nncc check`: passes on what is right, and names the first wrong value of what is not.

import Foundation
import Testing

@Suite struct CheckCommandTests {
  @Test func theScalarExamplePasses() throws {
    let folder = try Folder()
    try folder.write("scalar.graph", SampleGraph.scalar)
    let outcome = try folder.nncc("check", "scalar.graph")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.errors == "")
    let rows = outcome.lines.dropLast()
    #expect(!rows.isEmpty && rows.allSatisfy { $0.hasPrefix("ok ") })
    for word in ["tcc", "interpreter", "unfused", "2 threads", "f64", "central differences"] {
      #expect(rows.contains { $0.contains(word) }, "\(word)")
    }
    for result in ["f", "gradient:x1", "gradient:x2"] {
      #expect(rows.contains { $0.contains(" \(result) ") }, "\(result)")
    }
    #expect(outcome.lines.last?.hasSuffix(" 0 failed") == true)
  }

  /// Going back from the loss, the argument of `cube` is the first value with a wrong adjoint: line 1 is where that stands.
  static let wrong = """
    def cube(a) {
      return a^3
    } derivative(g, y) {
      return 2 * g * a^2
    }
    param w : f32[4]
    z = w + 1
    c = cube(z)
    loss sum(c)

    """

  @Test func aWrongDerivativeIsNamedWithItsLine() throws {
    let folder = try Folder()
    try folder.write("wrong.graph", Self.wrong)
    let outcome = try folder.nncc("check", "wrong.graph")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "")
    let failed = outcome.lines.firstIndex { $0.hasPrefix("FAIL ") }
    let index = try #require(failed)
    #expect(outcome.lines[index].contains("gradient:w"))
    #expect(outcome.lines[index + 1].hasSuffix("first wrong: the adjoint of a, line 1"))
    #expect(outcome.lines.filter { $0.hasPrefix("FAIL ") }.count == 1)
  }

  @Test func theSameAsJSON() throws {
    let folder = try Folder()
    try folder.write("wrong.graph", Self.wrong)
    let outcome = try folder.nncc("check", "wrong.graph", "--json")
    #expect(outcome.status == 1)
    let rows = try outcome.lines.map(object)
    for row in rows {
      for field in ["what", "against", "passed"] { #expect(row[field] != nil, "\(field)") }
    }
    let failed = rows.filter { $0["passed"] as? Bool == false }
    #expect(failed.count == 1)
    #expect(failed.first?["what"] as? String == "gradient:w")
    #expect(failed.first?["value"] as? String == "a")
    #expect(failed.first?["adjoint"] as? Bool == true)
    #expect(failed.first?["line"] as? Int == 1)
  }
}
