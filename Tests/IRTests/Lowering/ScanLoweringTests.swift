// What scans become in the IR.

import Testing

@testable import NNIR

struct ScanLoweringTests {
  @Test func operandsAndBody() throws {
    // w is captured once, whatever its names; sizes, numbers and constants are made inside; y goes to the front and back.
    let text = """
      dim n = 4
      const k = [1, 2]
      input x : f32[2, n, 2]
      input w : f32[2]
      def scaled(v, u) { return v * u + k }
      y, last = scan(t in x, axis=1, reverse=true, h = zeros([2])) {
        u = w
        h = scaled(h, u) * w / n
        yield t
      }
      output y
      output last

      """
    let expected = """
      func @graph(%0 "x": input f32[2, 4, 2], %1 "w": input f32[2]) -> (output "y" %9, output "last" %10) {
        %2: i64[2] = constant 0  ; 6:50
        %3: f32[4, 2, 2] = permute [1, 0, 2] %0  ; 6:11
        %4: f32[2] = constant 0.0  ; 6:11
        %5: f32[2] = scan [length 4, sequences 1, states 1, reversed] %3, %4, %1 func @scan.body\
      (%0 "t": input f32[2, 2], %1 "h": input f32[2], %2 "w": input f32[2]) -> (output "h" %10, output "t" %0) {
          %3: f32[2] = identity %2  ; u 7:3
          %4: f32[2] = mul %1, %3  ; 5:29
          %5: f32[2] = constant [1.0, 2.0]  ; 5:33
          %6: f32[2] = add %4, %5  ; 5:33
          %7: f32[2] = mul %6, %2  ; 8:20
          %8: f32[2] = constant 4.0  ; 8:24
          %9: f32[2] = div %7, %8  ; 8:24
          %10: f32[2] = identity %9  ; h 8:3
        }  ; 6:11
        %6: f32[4, 2, 2] = projection [1] %5  ; 6:11
        %7: f32[2, 4, 2] = permute [1, 0, 2] %6  ; 6:11
        %8: f32[2] = projection [0] %5  ; 6:11
        %9: f32[2, 4, 2] = identity %7  ; y 6:1
        %10: f32[2] = identity %8  ; last 6:4
      }

      """
    let function = try network(text).function
    #expect(function.text == expected)
    #expect(try Function(parsing: function.text) == function)
  }

  @Test func derivativesSeeTheValuesBehindTheNames() throws {
    // k, c and two are values of the graph that the scan depends on, also by way of a function and of a scan inside.
    let text = """
      const c = 3
      input x : [3]
      k = 2
      two = k
      def times(v) { return v * c }
      y = scan(a in x) {
        z = scan(b in x) { yield times(b) * k }
        yield a * two + z
      }
      output y
      d = grad(x[0] * k, c)
      e, f = grad(x[0] * k, k, two)
      output d

      """
    let function = try network(text).function
    let scan = try #require(function.instructions.first { $0.op.name == "scan" })
    // x, what it captures of it for the scan inside, c, k and two.
    #expect(scan.operands.count == 5)
    let arguments = try #require(scan.op.nestedArguments)
    #expect(arguments == ["a", "x", "c", "k", "two"])
  }
}

extension Op {
  /// The names of a scan's body's arguments.
  fileprivate var nestedArguments: [String]? {
    guard case .scan(let scan) = self else { return nil }
    return scan.body.function.arguments.map(\.name)
  }
}
