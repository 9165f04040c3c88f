// Nothing in a file can crash the compiler, make it run for ever, or make it use memory without bound.

import Foundation
import Testing

@testable import NNIR

struct HostileTests {
  private func first(_ text: String) -> String { errors(text).first ?? "" }
  private func times(_ count: Int, _ text: String) -> String {
    String(repeating: text, count: count)
  }

  @Test func nesting() {
    // A million in a release build takes 0.1 s, but tests are built for debugging.
    let isLong = ProcessInfo.processInfo.environment["NNCC_FUZZ"] != nil
    let million = isLong ? 1_000_000 : 50_000
    #expect(first("y = " + times(million, "(")) == "1:5: this ( is never closed")
    let closed = "y = " + times(million, "(") + "1" + times(million, ")")
    #expect(first(closed) == "1:261: nesting is limited to 256 levels")
    #expect(first("y = " + times(million, "[")) == "1:5: this [ is never closed")
    #expect(first("y = " + times(million, "-") + "1").hasSuffix("256 levels"))
    #expect(first("y = " + times(million, "not ") + "true").hasSuffix("256 levels"))
    #expect(first("y = " + times(million, "2^") + "1").hasSuffix("256 levels"))
    #expect(first("y = " + times(million, "f(") + "1").contains("never closed"))
    #expect(first(times(million, ")")).hasPrefix("1:1: expected a statement"))
    #expect(!first(times(10_000, "(]")).isEmpty)
    #expect(!first(times(10_000, "def f(x) {\n")).isEmpty)
    let allowed = "y = " + times(250, "(") + "1" + times(250, ")") + "\noutput y\n"
    #expect(errors(allowed).isEmpty)
  }

  @Test func longChains() throws {
    let sum = "input x : f32\ny = x" + times(100_000, " + x") + "\noutput y\n"
    #expect(try network(sum).function.instructions.count == 100_002)
    let index = "input x : f32[1]\ny = x" + times(10_000, "[:]") + "\noutput y\n"
    #expect(try network(index).function.instructions.count == 2)
  }

  @Test func manyStatements() throws {
    let lines = (1...100_000).map { "x\($0) = x\($0 - 1) + 1\n" }.joined()
    let text = "input x0 : f32[2]\n\(lines)output x100000\n"
    let function = try Graph(parsing: text, file: "t").lowered().function
    #expect(function.instructions.count == 300_001)
    #expect(function.origins[function.results[0].value]?.name == "x100000")
    #expect(function.origins[function.results[0].value]?.line == 100_001)
  }

  /// Functions that each call the one before twice.
  private func doubling(_ body: String, _ levels: Int = 100) -> String {
    "def f0(x) { return \(body) }\n"
      + (1...levels).map { "def f\($0)(x) { return f\($0 - 1)(f\($0 - 1)(x)) }\n" }.joined()
  }

  @Test func doublingFunctionsThatDoNothing() {
    let text = doubling("x") + "input x : f32\ny = f100(x)\noutput y\n"
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("the graph expands to more than 1000000 calls that do nothing"))
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["NNCC_FUZZ"] != nil))
  func doublingFunctions() {
    let text = doubling("x * x") + "input x : f32\ny = f100(x)\noutput y\n"
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("the graph has more than 4000000 operations"))
    let nested = "input x : f32\ny = " + times(200, "grad(") + "sin(x)*exp(x)" + times(200, ", x)")
    #expect(errors(nested + "\noutput y\n")[0].hasSuffix("more than 4000000 operations"))
  }

  @Test func deepCalls() throws {
    func text(_ depth: Int) -> String {
      "input x : f32\ndef f0(x) { return \(times(100, "-("))x\(times(100, ")")) }\n"
        + (1...depth).map { level in
          "def f\(level)(x) { return \(times(120, "-("))f\(level - 1)(x)\(times(120, ")")) }\n"
        }.joined() + "y = f\(depth)(x)\noutput y\n"
    }
    #expect(try network(text(250)).function.instructions.count == 250 * 120 + 102)
    let found = errors(text(300))
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("functions call each other more than 256 deep"))
  }

  @Test func scansInScans() throws {
    func text(_ depth: Int, _ inner: String) -> String {
      let heads = (1...depth).map { "y\($0) = scan(a in x, h\($0) = h\($0 - 1)) {\n" }.joined()
      let ends = (1...depth).reversed().map { "h\($0) = y\($0 + 1)\n}\n" }.joined()
      return "input x : [2]\nh0 = 0\n\(heads)y\(depth + 1) = \(inner)\n\(ends)output y1\n"
    }
    // Finding the types of states takes no time that doubles with each level.
    let deep = try network(text(100, "sum(a) + h1 + h100")).function
    #expect(deep.text.split(separator: "\n").count { $0.contains("scan [") } == 100)
    // With calls between, the depth is limited all the same.
    let calls = (1...200).map { level in
      "def f\(level)(x, h0) {\ny1 = scan(a in x, h = h0) {\nh = f\(level - 1)(x, h)\n}\nreturn y1\n}\n"
    }
    let found = errors(
      "def f0(x, h) { return h + x[0] }\n\(calls.joined())input x : [2]\ny = f200(x, 0)\noutput y\n"
    )
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("more than 256 deep"))
  }

  @Test func manyStates() throws {
    let count = 300
    let header = (1...count).map { "h\($0) = 0" }.joined(separator: ", ")
    let body = (1..<count).map { "h\($0) = h\($0 + 1)\n" }.joined() + "h\(count) = a\n"
    let text = "input x : f64[2]\ny = scan(a in x, \(header)) {\n\(body)}\noutput y\n"
    let function = try network(text).function
    #expect(function.type(of: function.results[0].value).description == "f64[]")
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["NNCC_FUZZ"] != nil))
  func operationsInBodiesCount() {
    let scans = (1...400).map { "y\($0) = scan(a in x, h = 0) { h = f14(a) + h }\n" }.joined()
    let text = doubling("x * x", 14) + "input x : f32[2]\n" + scans + "output y1\n"
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("the graph has more than 4000000 operations"))
  }

  @Test func growingLists() {
    let lines = (1...60).map { "a\($0) = [a\($0 - 1), a\($0 - 1)]\n" }.joined()
    #expect(first("a0 = 1\n\(lines)y = a20 + 1\noutput y\n").hasPrefix("26:7: a list has at most"))
    let deep = (1...100).map { "a\($0) = [a\($0 - 1)]\n" }.joined()
    #expect(first("a0 = 1\n\(deep)output a1\n").hasSuffix("lists are nested at most 32 deep"))
  }

  @Test func sizes() {
    #expect(first("dim n = 9223372036854775807\ninput x : [n * 2]\noutput x\n").contains("64 bits"))
    #expect(first("input x : [1099511627777]\noutput x\n").contains("2^40 elements"))
    #expect(errors("input x : [1099511627776, 0]\noutput x\n").isEmpty)
    #expect(first("input x : [4294967296, 4294967296, 0]\noutput x\n").contains("2^40 elements"))
    #expect(first("y = zeros([9223372036854775807, 9223372036854775807])\n").contains("2^40"))
    #expect(first("input x : [2]\ny = expand(x, \(Array(0..<40)))\noutput y\n").contains("32 axes"))
    #expect(errors("y = zeros([1048576, 1048576])\noutput y\n").isEmpty)
    #expect(first("y = transpose(zeros([2]), [9223372036854775807])\n").contains("out of range"))
    #expect(first("y = sum(zeros([2]), -9223372036854775807 - 1)\n").contains("out of range"))
  }

  @Test func numbers() throws {
    #expect(try value("1e999").elements == [.infinity])
    #expect(first("y = 1\(times(100_000, "0"))\noutput y\n").contains("64 bits"))
    #expect(try value("2.0^1000000000").elements == [.infinity])
    #expect(try value("(0 - 1)^1000000000").elements == [1])
  }
}
