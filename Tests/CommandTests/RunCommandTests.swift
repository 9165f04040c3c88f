// `nncc run`: values, gradients, the JSON, files of results.

import Foundation
import Glibc
import NNRuntime
import Testing

@Suite struct RunCommandTests {
  static let backends = ["auto", "tcc", "cc", "interpreter"]

  private func scalarRun(_ folder: Folder, _ more: String...) throws -> Outcome {
    try folder.write("scalar.graph", SampleGraph.scalar)
    let arguments = ["run", "scalar.graph", "--input", "x1=2", "--input", "x2=5", "--grad"] + more
    return try folder.start(arguments).finish()
  }

  @Test(arguments: backends) func theScalarExample(backend: String) throws {
    let outcome = try scalarRun(try Folder(), "--json", "--backend", backend)
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let all = try object(outcome.output)
    #expect(all.keys.sorted() == ["gradients", "outputs"])
    let outputs = try #require(all["outputs"] as? [String: Any])
    let gradients = try #require(all["gradients"] as? [String: Any])
    #expect(outputs.keys.sorted() == ["f"])
    #expect(gradients.keys.sorted() == ["x1", "x2"])
    for (value, expected) in [
      (outputs["f"], Glibc.sin(2.0) + 2 * 5), (gradients["x1"], Glibc.cos(2.0) + 5),
      (gradients["x2"], 2),
    ] {
      let fields = try #require(value as? [String: Any])
      #expect(fields.keys.sorted() == ["data", "dtype", "shape"])
      #expect(fields["dtype"] as? String == "f32")
      #expect((fields["shape"] as? [Int]) == [])
      let data = try #require(fields["data"] as? [Double])
      #expect(data.count == 1)
      #expect(abs(data[0] - expected) < 1e-6)
    }
  }

  @Test func everyBackendPrintsTheSameText() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    let x = "[" + (0..<5).map { "[\($0), 0.5, -1, 0.25]" }.joined(separator: ",") + "]"
    let y = "[" + (0..<5).map { _ in "[0, 1, 0]" }.joined(separator: ",") + "]"
    for format in [["--json"], []] {
      var texts: Set<String> = []
      for backend in Self.backends {
        let arguments =
          ["run", "net.graph", "--grad", "--input", "x=\(x)", "--input", "y=\(y)"]
          + ["--backend", backend] + format
        // Twice: nothing may depend on the process.
        for _ in 0..<2 {
          let outcome = try folder.start(arguments).finish()
          #expect(outcome.status == 0, "\(outcome.errors)")
          texts.insert(outcome.output)
        }
      }
      #expect(texts.count == 1)
      #expect(texts.first?.isEmpty == false)
    }
  }

  @Test func lossAndGradientsOfANetwork() throws {
    let folder = try Folder()
    try folder.write(
      "mean.graph",
      "input x : f64[3]\nparam w : f64[3] = [1, 2, 3]\nloss mean(w * x)\n")
    let outcome = try folder.nncc(
      "run", "mean.graph", "--input", "x=[3, 6, 9]", "--grad", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let all = try object(outcome.output)
    #expect(all["loss"] as? Double == 14)
    let gradients = try #require(all["gradients"] as? [String: [String: Any]])
    #expect(gradients.keys.sorted() == ["w"])
    #expect(gradients["w"]?["dtype"] as? String == "f64")
    #expect(gradients["w"]?["shape"] as? [Int] == [3])
    let data = try #require(gradients["w"]?["data"] as? [Double])
    for (found, expected) in zip(data, [1.0, 2, 3]) { #expect(abs(found - expected) < 1e-12) }
  }

  @Test func infinitiesAndNaNAreStrings() throws {
    let folder = try Folder()
    try folder.write("odd.graph", "input x : f32[3]\noutput log(x) as y\n")
    let outcome = try folder.nncc("run", "odd.graph", "--input", "x=[0, -1, inf]", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let outputs = try #require(try object(outcome.output)["outputs"] as? [String: [String: Any]])
    let data = try #require(outputs["y"]?["data"] as? [Any])
    #expect(data.map { $0 as? String } == ["-inf", "nan", "inf"])
  }

  @Test func resultsGoIntoAFile() throws {
    let folder = try Folder()
    let outcome = try scalarRun(folder, "-o", "results.npz")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let archive = try NumPyArchive(reading: folder.file("results.npz"))
    for name in ["f", "gradient:x1", "gradient:x2"] {
      #expect(try archive.tensor(named: name)?.count == 1, "\(name)")
    }
  }

  @Test func oneNameOnly() throws {
    let folder = try Folder()
    let outcome = try scalarRun(folder, "--json", "--wrt", "x2")
    let gradients = try object(outcome.output)["gradients"] as? [String: Any]
    #expect(gradients?.keys.sorted() == ["x2"])
  }
}
