// Error messages are golden: each file in Golden holds a graph, a line of dashes, and what nncc says about it.
// `NNCC_BLESS=1 swift test` rewrites them, and the difference is what is reviewed.

import Foundation
import Testing

@testable import NNIR

struct DiagnosticTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")
  static let separator = "# ----\n"

  static var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".graph") }.sorted()
  }

  @Test(arguments: files)
  func golden(_ name: String) throws {
    let url = Self.folder.appendingPathComponent(name)
    let text = try String(contentsOf: url, encoding: .utf8)
    let parts = text.components(separatedBy: Self.separator)
    var found = ""
    do throws(Diagnostics) {
      _ = try Graph(parsing: parts[0], file: name).lowered()
    } catch {
      found = error.rendered
    }
    if ProcessInfo.processInfo.environment["NNCC_BLESS"] != nil {
      try (parts[0] + Self.separator + found).write(to: url, atomically: true, encoding: .utf8)
    } else {
      #expect(parts.count == 2 && parts[1] == found, "\(found)")
    }
  }

  /// Each message on its own: a statement after the same inputs, and what is said about it.
  static let samples: [(String, String)] = [
    ("y = dot(x, w)", "dot: x has 784 columns, but w has 100 rows"),
    ("y = x @ v", "@: x has 784 columns, but v has 3 elements"),
    ("y = v + x", "+: v has shape [3], but x has shape [2, 784] (3 along axis -1 against 784)"),
    ("y = x + w", "+: x has shape [2, 784], but w has shape [100, 10] (2 rows against 100)"),
    ("y = v * i", "*: v is f32, but i is i32: convert one, cast(i, f32)"),
    ("y = d - v", "-: d is f64, but v is f32: convert one, cast(v, f64)"),
    ("y = i * 0.5", "*: i is i32, but 0.5 is no integer: convert it, cast(i, f32)"),
    ("y = m + 1", "+: m is bool, but 1 is a number: convert it, cast(m, f32)"),
    ("y = i / 2", "/: i is i32; floats are needed: cast(i, f32)"),
    ("y = i^2", "^: i is i32; floats are needed: cast(i, f32)"),
    ("y = exp(i)", "exp: i is i32; floats are needed: cast(i, f32)"),
    ("y = mean(i)", "mean: i is i32; floats are needed: cast(i, f32)"),
    ("y = mse(i, 0)", "mse: i is i32; floats are needed: cast(i, f32)"),
    ("y = i and m", "and: i is i32, but m is bool: convert one, cast(m, i32)"),
    ("y = i or i", "or: i is i32; bool is needed: compare it, i != 0"),
    ("y = not v", "not: v is f32; bool is needed: compare it, v != 0"),
    ("y = sum(m)", "sum: m is bool; numbers are needed: cast(m, i32)"),
    ("y = all(v)", "all: v is not bool: compare it, v != 0"),
    ("y = where(v, 1, 2)", "where: v is f32, not bool: compare it, v != 0"),
    ("y = softmax(x, axis=2)", "softmax: axis 2 is out of range: x has 2 axes"),
    ("y = sum(x, [0, -2])", "sum: axis -2 is given twice"),
    ("y = sum(x, 0.5)", "sum: axis is an integer known when compiling, found 0.5"),
    ("y = sum(x, axs=0)", "sum: there is no parameter axs; did you mean axis?"),
    ("y = sum(x, 0, 1)", "sum: expected 2 arguments (x, axis), found 3"),
    ("y = sum()", "sum: x is missing"),
    ("y = softmax(x, x=v)", "softmax: x is given twice"),
    ("y = x[2]", "index 2 is out of range: axis 0 of x has 2 elements"),
    ("y = x[0, 0, 0]", "x has 2 axes, but 3 indices are given"),
    ("y = x[i]", "an index is an integer known when compiling, found a value of type i32[2]"),
    ("y = x[::0]", "the step of a range cannot be 0"),
    ("y = x[..., ...]", "only one ... can stand in an index"),
    ("y = reshape(x, [5, -1])", "reshape: x has 1568 elements, which do not divide into [5, -1]"),
    ("y = reshape(v, [2, 2])", "reshape: v of shape [3] has 3 elements, but [2, 2] has 4"),
    ("y = reshape(v, [-1, -1])", "reshape: only one size can be -1"),
    ("y = transpose(x, [0, 0])", "transpose: [0, 0] must name each of the 2 axes of x once"),
    ("y = broadcast(v, [2, 4])", "broadcast: v of shape [3] does not broadcast to [2, 4]"),
    ("y = squeeze(x, 0)", "squeeze: axis 0 of x has size 2, not 1"),
    ("y = s @ x", "@: s is a scalar; a product needs axes: use *"),
    ("y = [[1, 2], [3]]", "the lists in a list are of one length, found 2 and 1"),
    ("y = [1, v]", "a list holds numbers and lists of numbers, not a value of type f32[3]"),
    ("y = sotfmax(x)", "there is no function sotfmax; did you mean softmax?"),
    ("y = xx + 1", "there is no value xx; did you mean x?"),
    ("y = z + 1", "z is used before it is bound, in line 11"),
    ("y = exp", "exp is a function: call it, exp(…)"),
    (
      "y = sum(scan(a in x) { yield a })",
      "a scan is the whole right side of a binding: ys = scan(…) { … }"
    ),
    ("def g(a) { yield a }", "yield cannot stand in a def: its body binds names and returns"),
    ("yield x", "yield stands only in a scan"),
    ("y, u = scan(a in x, h = 1) { h = h * sum(a) }", "expected 2 values, one a name, found 1"),
    (
      "y = scan(a in x, axis = 1, h = i) { h = a + 1 }",
      "h is i32[2], but its next value is f32[2]: convert it, cast(…, i32)"
    ),
    (
      "y = scan(a in x, h = false) { h = sum(a) }",
      "h is bool[], but its next value is f32[]: compare it, … != 0"
    ),
    ("y = scan(a in x, h = none) { h = sum(a) }", "scan: expected a value, found none"),
    ("y = scan(a in x, h = 2^40) { h = sum(i) }", "scan: 1099511627776 does not fit i32"),
    (
      "y = scan(a in x) { yield grad(a, x) }",
      "grad: a has shape [784]; only one element can be differentiated: sum(…) it"
    ),
    ("y = scan(a in x, b in v) { yield a }", "scan: x has 2 steps along axis 0, but v has 3"),
    (
      "y = scan(a in x) { q = zeros([1048576, 1048576])\nyield q }",
      "a tensor has at most 2^40 elements, shape [2, 1048576, 1048576] has more"
    ),
    (
      "y = concat(x, w)",
      "concat: x has shape [2, 784], but w has shape [100, 10] (784 along axis 1 against 10)"
    ),
    ("y = concat(x, v)", "concat: x has shape [2, 784], but v has shape [3]"),
    ("y = concat(v, s)", "concat: s is a scalar; stack joins scalars, along a new axis"),
    ("y = concat(v, v, 0)", "concat: 0 is no tensor; an axis is given by name, axis=0"),
    ("y = concat(v, i)", "concat: v is f32, but i is i32: convert one, cast(i, f32)"),
    ("y = concat(v, v, axis=1)", "concat: axis 1 is out of range: v has 1 axis"),
    ("y = concat(v, v, axes=0)", "concat: there is no parameter axes; did you mean axis?"),
    ("y = concat()", "concat: expected values to join, found none"),
    (
      "y = stack(x, w)",
      "stack: x has shape [2, 784], but w has shape [100, 10] (2 along axis 0 against 100)"
    ),
    ("y = stack(v, v, axis=2)", "stack: axis 2 is out of range: the result has 2 axes"),
    ("y = split(v, 2)", "split: axis 0 of v has 3 elements, which do not divide into 2 parts"),
    ("a, b = split(v, 3)", "expected 2 values, one a name, found 3"),
    ("y = split(v, 0)", "split: the number of parts is at least 1, found 0"),
    ("y = pad(x, 1, 1)", "pad: 1 has 1 number, but x has 2 axes"),
    ("y = pad(v, -1, 1)", "pad: a padding is at least 0, found -1"),
    (
      "y = pad(v, 1, 1, v)",
      "pad: the value is a number known when compiling, found a value of type f32[3]"
    ),
    ("y = pad(i, 1, 1, 0.5)", "pad: i is i32, but 0.5 is no integer: convert it, cast(i, f32)"),
    ("y = reverse(v, 1)", "reverse: axis 1 is out of range: v has 1 axis"),
    ("y = tile(v, [-1])", "tile: a number of repeats is at least 0, found -1"),
    ("y = conv2d(x, w)", "conv2d: x has 2 axes, expected 4"),
    (
      "y = conv2d(g, ones([2, 4, 3, 3]))",
      "conv2d: g has 3 channels, but ones([2, 4, 3, 3]) expects 4"
    ),
    (
      "y = conv2d(g, ones([2, 3, 9, 3]), padding=1)",
      "conv2d: a window of 9 does not fit axis 2 of g, of 6 elements with 1 of padding on either side"
    ),
    ("y = conv2d(g, ones([2, 3, 3, 3]), stride=0)", "conv2d: the stride is at least 1, found 0"),
    (
      "y = conv2d(g, ones([2, 3, 3, 3]), stride=[1, 2, 3])",
      "conv2d: the stride is 1 integer or 2, found 3"
    ),
    (
      "y = conv2d(g, ones([2, 3, 3, 3]), groups=2)",
      "conv2d: g has 3 channels, which do not divide into 2 groups"
    ),
    (
      "y = conv2d(g, ones([2, 3, 3, 3]), groups=3)",
      "conv2d: g has 3 channels in 3 groups, 1 each, but ones([2, 3, 3, 3]) expects 3"
    ),
    ("y = conv1d(g, g)", "conv1d: g has 4 axes, expected 3"),
    ("y = max_pool2d(x, 2, 2)", "max_pool2d: x has 2 axes, expected 4"),
    (
      "y = avg_pool2d(g, 7, 1)", "avg_pool2d: a window of 7 does not fit axis 2 of g, of 6 elements"
    ),
    ("y = max_pool2d(g, 2)", "max_pool2d: stride is missing"),
    ("y = layer_norm(x, v, 0)", "layer_norm: v has shape [3], but axis 1 of x has 784 elements"),
    (
      "y = batch_norm(g, v, v, v, ones([4]))",
      "batch_norm: ones([4]) has shape [4], but axis 1 of g has 3 elements"
    ),
    ("y = attention(x, w, w)", "attention: x has 784 columns, but w has 10"),
    ("y = attention(v, x, x)", "attention: v has 1 axis, expected at least 2"),
    ("y = attention(x, x, x, x)", "attention: x is f32, not bool: compare it, x != 0"),
    ("y = jvp(s, x, v)", "jvp: v has shape [3], but x has shape [2, 784]"),
    ("y = jvp(s, v, d)", "jvp: d is f64, but v is f32"),
    ("y = jvp(s, x * 2, x)", "jvp: x * 2 is no name: bind it to one before it is used in f"),
    (
      "y = jvp(s, x)", "jvp: expected a value, a name and the direction of its change, jvp(f, x, v)"
    ),
    ("y = 1 < 2 < 3", "comparisons do not chain: write a < b and b < c"),
    (
      "y = 2^1000000000",
      "^: 2^1000000000 does not fit an integer of 64 bits; 2.0^1000000000 is a float"
    ),
    ("y = 4611686018427387904 * 2", "*: the result does not fit an integer of 64 bits"),
    (
      "y = zeros([1048576, 1048577])",
      "zeros: a tensor has at most 2^40 elements, shape [1048576, 1048577] has more"
    ),
    ("y = zeros([-1])", "zeros: a size is at least 0, found -1"),
    ("y = grad(v, x)", "grad: v has shape [3]; only one element can be differentiated: sum(…) it"),
    ("y = grad(s, x + 1)", "grad: x + 1 is no name: bind it to one before it is used in f"),
    ("y = grad(s, q)", "there is no value q"),
    ("a, b = x", "expected 2 values, one a name, found 1"),
    ("y = grad(s, x, v)", "this gives 2 values: bind each to a name, a, b = …"),
    ("x = 3", "x is already bound, in line 1"),
    ("loss x", "a loss has exactly one element, x has shape [2, 784]"),
    ("loss sum(i)", "a loss is f32 or f64, sum(i) is i32: cast(…, f32)"),
    ("output x + 1", "an output that is no name needs one: output … as NAME"),
    ("output v", "there is already an output v"),
    (
      "param p : i32[2]",
      "glorot(), the default, draws floats: a parameter of i32 starts from zeros(), ones(), constant(v) or a list"
    ),
    ("param p : [2] = glorto()", "there is no initialiser glorto; did you mean glorot?"),
    ("param p : [2] = [1, 2, 3]", "the list has shape [3], but p is f32[2]"),
    (
      "param p : [2] = 0",
      "expected an initialiser such as zeros() or constant(0.5), or a list, found 0"
    ),
    (
      "param p : [2] = constant(s)",
      "s is a value of the network, but an initialiser must be known when compiling"
    ),
    ("const c = x", "x is a value of the network, but a const must be known when compiling"),
    ("const c : i32 = 1.5", "1.5 is no i32"),
    ("const c : f32[2] = [1, 2, 3]", "expected shape [2], found [3]"),
    ("input q : f33[2]", "f33 is no type; did you mean f32?"),
    (
      "input q : [v]",
      "v is a value of the network, but the size of an axis must be known when compiling"
    ),
    ("input q : [2, 1.5]", "the size of an axis is an integer known when compiling, found 1.5"),
    ("dim k = -1", "dim k is -1: a size is at least 0"),
    ("y = (1, 2)", "a list is written in [ ]"),
    ("y = 12abc", "this is neither a number nor a name"),
    (
      "y = 99999999999999999999",
      "this integer does not fit 64 bits; with a decimal point it is a float"
    ),
    ("y = x ** 2", "** is written ^ here"),
    ("y = x $ 2", "$ has no meaning here"),
    ("y = é", "é can stand only in a comment: names are ASCII"),
    ("y = 1 +", "expected a value, found the end of the line"),
    ("y = f(1", "this ( is never closed"),
    ("y = 1)", "expected the end of the line, found )"),
    ("}", "this } closes nothing"),
    ("return x", "return stands only in a def"),
    ("def = 3", "expected the name of a function, found ="),
    ("loss = s", "expected a value, found ="),
    ("outptu x", "no statement begins with outptu; did you mean output?"),
    ("exp(x)", "this value has no name: write NAME = exp(…)"),
    ("y = cast(x, 3)", "cast: expected a type such as f32, found 3"),
    ("y = sum(x, axis=1, 2)", "an argument without a name cannot stand after one with a name"),
    ("def g(a) { return g(a) }", "functions cannot call themselves: g → g"),
    (
      "def g(a) { return a + x }",
      "x is a value of the graph, which a def does not see: give it as an argument"
    ),
    ("def g(a) { return aa }", "there is no value aa; did you mean a?"),
    ("def g(a, a) { return a }", "a is already bound in this function"),
    ("def g(a) { a = 1\nreturn a }", "a is already bound in this function"),
    ("def g(a) { b = a }", "g returns nothing: a body ends in return …"),
    (
      "def h(a) { return 1 }\ndef h(b) { return 2 }", "the function h is already defined, in line 9"
    ),
    (
      "def g(a) { param b : f32\nreturn a }",
      "param cannot stand in a def: its body binds names and returns"
    ),
  ]

  @Test(arguments: samples)
  func message(_ statement: String, _ expected: String) {
    let text = """
      input x : f32[2, 784]
      input w : f32[100, 10]
      input i : i32[2]
      input m : bool[2]
      input v : f32[3]
      input s : f32
      input d : f64[3]
      input g : [2, 3, 6, 6]
      \(statement)
      output v
      z = 1

      """
    let messages = errors(text).map { $0.split(separator: " ", maxSplits: 1).last.map(String.init) }
    #expect(messages == [expected])
  }

  @Test func atMostTwenty() {
    let text = (1...50).map { "y\($0) = x\n" }.joined() + "output y1\n"
    let found = errors(text)
    #expect(found.count == 20)
    #expect(found.last == "20:7: there is no value x")
  }

  @Test func wholeFile() {
    #expect(errors("") == ["the graph has no output and no loss: nothing to compute"])
    #expect(errors("input x : f32") == ["the graph has no output and no loss: nothing to compute"])
    do throws(Diagnostics) {
      _ = try Graph(parsing: "", file: "empty.graph").lowered()
    } catch {
      #expect(error.rendered.hasPrefix("empty.graph: error: the graph has"))
    }
  }

  @Test func brokenText() {
    func rendered(_ bytes: [UInt8]) -> String {
      do throws(Diagnostics) {
        _ = try Graph(parsing: bytes, file: "t").lowered()
        return ""
      } catch {
        return error.rendered
      }
    }
    let invalid = rendered(Array("input x : f32\n# a\u{301} ".utf8) + [0xE2, 0x28] + [10])
    #expect(invalid.hasPrefix("t:2:7: error: the file is not UTF-8 text: byte 0xe2 has no meaning"))
    #expect(rendered([0, 0, 10]).hasPrefix("t:1:1: error: a control character (0) cannot stand"))
    #expect(rendered([0x1B, 0x5B]).contains("\u{1B}") == false)
  }

  @Test func nearestNames() {
    #expect(nearest(to: "tahn", among: ["tan", "tanh"]) == "tanh")
    #expect(nearest(to: "sigmiod", among: ["sign", "sigmoid"]) == "sigmoid")
    #expect(nearest(to: "q", among: ["x", "y"]) == nil)
    #expect(nearest(to: "weights", among: ["bias", "height"]) == "height")
    #expect(nearest(to: "completely", among: ["different"]) == nil)
  }
}
