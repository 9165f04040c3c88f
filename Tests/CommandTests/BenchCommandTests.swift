// `nncc bench` from the outside: its table, its JSON and its picture agree with the graph.

import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct BenchCommandTests {
  private static let graph = """
    dim batch = 8
    input x : f32[batch, 20]
    input y : f32[batch, 3]
    param w : f32[20, 3]
    p = softmax(x @ w)
    output p
    loss cross_entropy(p, y)

    """

  private func bench(_ more: String...) throws -> (Outcome, Folder) {
    let folder = try Folder()
    try folder.write("net.graph", Self.graph)
    let arguments = ["bench", "net.graph", "--threads", "1", "--duration", "0.05"] + more
    return (try folder.start(arguments).finish(), folder)
  }

  private struct Report: Decodable {
    struct Kernel: Decodable {
      var kernel: String
      var seconds: Double
      var repetitions: Int
      var operations: Double
      var bytes: Double
      var fused: [String]
      var lines: [Int]
    }
    var part: String
    var backend: String
    var threads: Int
    var seconds: Double
    var machine: [String: Double]
    var kernels: [Kernel]
  }

  @Test(arguments: ["forward", "gradient", "step"]) func jsonHasEveryKernel(part: String) throws {
    let (outcome, _) = try bench("--json", "--part", part, "--backend", "tcc")
    #expect(outcome.status == 0)
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.part == part)
    #expect(report.backend == "tcc")
    #expect(report.threads == 1)
    #expect(report.seconds > 0)
    #expect(report.kernels.allSatisfy { $0.seconds > 0 && $0.bytes > 0 })
    #expect((report.machine["operations_per_second"] ?? 0) > 1e8)
    #expect((report.machine["bytes_per_second"] ?? 0) > 1e8)
    // The product's multiply-adds count as two, the rest of its kernel at most a few an element.
    let product = try #require(
      report.kernels.first { $0.lines.contains(5) && $0.operations >= 960 })
    #expect(product.operations < 960 + 8 * 24)
    #expect(product.bytes >= Double(4 * (8 * 20 + 20 * 3 + 8 * 3)))
    #expect(!product.fused.isEmpty)
    let names = Set(report.kernels.map(\.kernel))
    #expect(names.count == report.kernels.count)
  }

  @Test func theTableNamesTheMachine() throws {
    let (outcome, _) = try bench()
    #expect(outcome.status == 0)
    #expect(outcome.lines[0].hasPrefix("step on tcc, 1 thread: "))
    #expect(outcome.lines[1].contains("GFLOP/s") && outcome.lines[1].contains("GB/s"))
    #expect(outcome.output.contains("update:w"))
  }

  @Test func loopsCountTheirSteps() throws {
    let folder = try Folder()
    try folder.write(
      "loop.graph",
      """
      input x : f32[40, 6]
      param w : f32[6, 6]
      last = scan(x_t in x, h = zeros([6])) { h = tanh(h @ w + x_t) }
      loss sum(last)

      """)
    let outcome = try folder.nncc("bench", "loop.graph", "--json", "--duration", "0.05")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.kernels.contains { $0.repetitions == 40 })
  }

  @Test func thePictureHasEachKernel() throws {
    let (outcome, folder) = try bench("--plot", "roof.svg")
    #expect(outcome.status == 0)
    let picture = folder.text("roof.svg")
    #expect(XMLParser(data: Data(picture.utf8)).parse())
    for word in ["GFLOP/s", "operations a byte", "roofline", "<circle"] {
      #expect(picture.contains(word), "\(word)")
    }
  }

  @Test func whatCannotBeTimedIsSaid() throws {
    let (interpreted, _) = try bench("--backend", "interpreter")
    #expect(interpreted.status == 64)
    #expect(interpreted.errors.contains("interpreter"))
    let (endless, _) = try bench("--duration", "0")
    #expect(endless.status == 64)
    let (unwritable, _) = try bench("--plot", "no/such/folder.svg")
    #expect(unwritable.status == 73)
    let folder = try Folder()
    try folder.write("plain.graph", "input x : f32[3]\noutput exp(x) as y\n")
    #expect(try folder.nncc("bench", "plain.graph", "--part", "gradient").status == 65)
    #expect(try folder.nncc("bench", "plain.graph", "--duration", "0.01").status == 0)
  }
}
