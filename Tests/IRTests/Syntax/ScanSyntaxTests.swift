// The grammar of scans: how they print, and that what prints reads back the same.

import Testing

@testable import NNIR

struct ScanSyntaxTests {
  @Test func printing() throws {
    let text = """
      dim n=3
      input x:[n,2]
      def f(v,axis=0)
      {
        p,q=scan(a in v,
          axis = axis,
          h=zeros ([2]),   # a state
        )
        {

          h = h+a
          yield (a), h*2
          r = scan(b in a) { yield b }
          yield r
        }
        return p,q
      }
      ys = scan(a in x, reverse=n>2, axis=-1) { yield a }
      zs = scan(b in x, axis in x, reverse in x, c = 1) {
      }
      output ys
      output zs

      """
    let expected = """
      dim n = 3
      input x : f32[n, 2]
      def f(v, axis=0) {
        p, q = scan(a in v, axis=axis, h = zeros([2])) {
          h = h + a
          yield a, h * 2
          r = scan(b in a) {
            yield b
          }
          yield r
        }
        return p, q
      }
      ys = scan(a in x, reverse=n > 2, axis=-1) {
        yield a
      }
      zs = scan(b in x, axis in x, reverse in x, c = 1) {
      }
      output ys as ys
      output zs as zs

      """
    let printed = try Graph(parsing: text, file: "t").text
    #expect(printed == expected)
    let again = try Graph(parsing: printed, file: "t")
    #expect(again.text == printed)
    #expect(try again.lowered().function == network(text).function)
  }

  @Test func bodiesOnOneLine() throws {
    let text = "input x : [2]\ny = scan(a in x) { yield a + 1 }\nz = y\noutput z"
    #expect(try network(text).function.results.map(\.name) == ["z"])
  }

  @Test func nesting() {
    func text(_ depth: Int) -> String {
      let opened = (1...depth).map { "y\($0) = scan(a in x, h\($0) = 0) {\n" }.joined()
      let closed = (1...depth).reversed().map { "h\($0) = h\($0) + sum(a)\nyield h\($0)\n}\n" }
      return "input x : [2]\n" + opened + closed.joined() + "output y1\n"
    }
    // A bracket in the innermost body is a level as well.
    #expect(errors(text(255)).isEmpty)
    #expect(errors(text(257)).first?.hasSuffix("nesting is limited to 256 levels") == true)
  }

  @Test func errorsAfterABodyAreFoundToo() {
    let text = """
      input x : [2]
      y = scan(a in x) {
        b = (a
        c = scan(e in = ) { yield e }
        d = [1, 2
      }
      z = scan(a in x) {
        }
      }
      w = undefined
      output x
      """
    #expect(
      errors(text) == [
        "3:7: this ( is never closed", "4:17: expected a value, found =",
        "5:7: this [ is never closed",
        "7:5: scan: it has no yield and no state, and so no result",
        "9:1: this } closes nothing", "10:5: there is no value undefined",
      ])
  }
}
