// The grammar: precedence shows in how an expression prints, and what prints reads back the same.

import Testing

@testable import NNIR

struct SyntaxTests {
  /// The expression as it is understood, with all parentheses that are not needed left out.
  private func reprinted(_ expression: String) throws -> String {
    let text = try Graph(parsing: "y = \(expression)\noutput y\n", file: "t").text
    return String(text.split(separator: "\n")[0].dropFirst(4))
  }

  @Test(arguments: [
    ("-x^2", "-x^2"), ("(-x)^2", "(-x)^2"), ("2^-1", "2^-1"), ("2^3^4", "2^3^4"),
    ("(2^3)^4", "(2^3)^4"), ("a-(b-c)", "a - (b - c)"), ("(a-b)-c", "a - b - c"),
    ("a+b*c", "a + b * c"), ("(a+b)*c", "(a + b) * c"), ("-a*b", "-a * b"),
    ("-(a*b)", "-(a * b)"), ("a @ b / c", "a @ b / c"), ("a/(b@c)", "a / (b @ c)"),
    ("not a and b or c", "not a and b or c"), ("not (a and b)", "not (a and b)"),
    ("not a == b", "not a == b"), ("(not a) == b", "(not a) == b"),
    ("a<b and c>=d", "a < b and c >= d"),
    ("f(a, axis=1)[0]", "f(a, axis=1)[0]"), ("x[:, 2:10]", "x[:, 2:10]"),
    ("x[::2, ..., -1]", "x[::2, ..., -1]"), ("x[::-1]", "x[::-1]"), ("x[1:]", "x[1:]"),
    ("[[1, 2], [3, 4]]", "[[1, 2], [3, 4]]"), ("-x[0]", "-x[0]"), ("(-x)[0]", "(-x)[0]"),
    ("a^b[0]", "a^b[0]"), ("(a^b)[0]", "(a^b)[0]"), ("none", "none"), (".5 + 1e-3", "0.5 + 0.001"),
    ("true", "true"), ("(a < b) == c", "(a < b) == c"), ("- - x", "--x"), ("1.5e3", "1500.0"),
    ("f(\n  a,\n\n  b  # a comment\n)", "f(a, b)"), ("[1, 2,]", "[1, 2]"),
  ])
  func precedence(_ text: String, _ expected: String) throws {
    let once = try reprinted(text)
    #expect(once == expected)
    #expect(try reprinted(once) == once)
  }

  @Test func aGraphPrintsAndReadsBack() throws {
    let text = """
      dim n = 2
      const k : f64[2] = [1, 2]
      input x : f64[n]
      param w : f64[] = uniform(low=-1, high=1)
      def f(a, axis=none) {
        b = a * w2(a)
        return b, sum(b, axis)
      } derivative(g, y) {
        return g
      }
      p, q = f(x)
      output p as p
      loss q

      """
    let printed = try Graph(parsing: text, file: "t").text
    #expect(try Graph(parsing: printed, file: "t").text == printed)
    #expect(printed.contains("derivative(g, y) {\n  return g\n}"))
  }

  @Test func namesOfCAreOrdinaryNames() throws {
    let text = """
      input int : [3]
      input exp : [3]
      double = exp(int) * exp
      main = double + pi
      output main

      """
    #expect(try network(text).function.arguments.map(\.name) == ["int", "exp"])
  }

  @Test func lineEndsTabsAndByteOrderMark() throws {
    let text = "\u{FEFF}input x : [2]\r\n\r\n\ty = x + 1 # é\r\noutput y"
    #expect(try network(text).function.results.map(\.name) == ["y"])
  }

  @Test func longNames() throws {
    let name = String(repeating: "a", count: 128)
    #expect(errors("\(name) = 1\noutput \(name)\n").isEmpty)
    #expect(
      errors("\(name)a = 1\noutput \(name)a\n").first == "1:1: a name has at most 128 characters")
  }

  @Test func braceAndDerivativeOnLinesOfTheirOwn() throws {
    let text = """
      def f(x)
      {
        return x * x
      }
      derivative(g, y)
      {
        return 3 * g
      }
      input x : f32
      d = grad(f(x), x)
      output d

      """
    #expect(try network(text).function.evaluate([scalar(5)])[0].elements == [3])
  }
}
