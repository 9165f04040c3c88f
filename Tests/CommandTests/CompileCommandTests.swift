// `nncc compile`: the C compiles without a word, trains to nncc's own bits, and shares a program with other models.

import Foundation
import NNRuntime
import Testing

/// A way to compile C; `arguments` come before the file.
struct CCompilation: CustomStringConvertible {
  var description: String
  var path: String
  var arguments: [String]

  /// The flags that the emitted C has to be clean under.
  static let strict =
    "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wvla -Werror -O2"
    .split(separator: " ").map(String.init)

  static let all: [CCompilation] = {
    var all: [CCompilation] = []
    for name in ["gcc", "clang"] {
      guard let path = program(name) else { continue }
      let c = ["-std=c99", "-Wstrict-prototypes"] + strict
      let cpp = ["-x", "c++", "-std=c++17"] + strict
      all.append(CCompilation(description: "\(name) -std=c99", path: path, arguments: c))
      all.append(CCompilation(description: "\(name) -std=c++17", path: path, arguments: cpp))
    }
    if let path = program("tcc") {
      all.append(CCompilation(description: "tcc", path: path, arguments: ["-Wall", "-Werror"]))
    }
    return all
  }()
}

@Suite struct CompileCommandTests {
  static var examples: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: examplesFolder)) ?? []
    return files.filter { $0.hasSuffix(".graph") }.sorted()
  }

  /// The workspace is as large as the arrays that live at one time need, or nearly.
  @Test(arguments: examples) func theWorkspaceIsNearItsBound(name: String) throws {
    let folder = try Folder()
    let result = try folder.start(
      ["compile", "\(examplesFolder)/\(name)", "-v", "-o", "model"]
    ).finish()
    #expect(result.status == 0)
    let pattern = /arrays (\d+), of which (\d+) live at one time/
    let matches = result.errors.matches(of: pattern)
    #expect(!matches.isEmpty, "\(result.errors)")
    for match in matches {
      let (arrays, live) = (try #require(Int(match.1)), try #require(Int(match.2)))
      #expect(live <= arrays && 10 * arrays <= 11 * live, "\(match.0)")
    }
  }

  @Test(arguments: examples) func theCOfAnExampleCompilesWithoutAWord(name: String) throws {
    let folder = try Folder()
    let stem = String(name.dropLast(".graph".count))
    let graph = try String(contentsOfFile: "\(examplesFolder)/\(name)", encoding: .utf8)
    // A training step needs a loss.
    let hasLoss = graph.split(separator: "\n").contains { $0.hasPrefix("loss ") }
    let arguments =
      ["compile", "\(examplesFolder)/\(name)"] + (hasLoss ? ["--optimizer", "sgd"] : [])
    let outcome = try folder.start(arguments).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("kernels") && outcome.errors.contains("workspace"))
    try compilesWithoutAWord("\(stem).c", in: folder)
  }

  /// By every compiler at hand, with `flags` besides.
  private func compilesWithoutAWord(_ file: String, in folder: Folder, flags: [String] = []) throws
  {
    #expect(!CCompilation.all.isEmpty)
    for compilation in CCompilation.all {
      let arguments = compilation.arguments + flags + ["-c", file, "-o", "out.o"]
      let compiled = try folder.run(compilation.path, arguments)
      #expect(compiled.status == 0, "\(compilation)")
      #expect(compiled.output + compiled.errors == "", "\(compilation)")
    }
  }

  /// One product and nothing else: the emitted C has the parts of the headers that it needs, and no other.
  @Test(arguments: [
    "input x : f32[2, 3, 12, 12]\nparam w : f32[8, 3, 3, 3]\noutput conv2d(x, w, padding=1) as y\n",
    "input x : f64[2, 3, 12, 12]\nparam w : f64[8, 3, 3, 3]\noutput conv2d(x, w) as y\n",
    "input x : f32[40, 100]\nparam w : f32[100, 37]\noutput x @ w as y\n",
    "input x : f64[1, 100]\nparam w : f64[100, 37]\noutput x @ w as y\n",
    "input x : f32[40, 100]\nparam w : f32[100, 2]\noutput x @ w as y\n",
    // Blocks of rows inside of blocks of columns, which are packed once for them or, since k is long, for each of them.
    "input x : f32[600, 8]\nparam w : f32[8, 2500]\noutput tanh(x @ w) as y\n",
    "input x : f32[600, 700]\nparam w : f32[700, 2500]\noutput tanh(x @ w) as y\n",
  ])
  func aProductAloneCompilesWithoutAWord(graph: String) throws {
    let folder = try Folder()
    try folder.write("one.graph", graph)
    let outcome = try folder.start(["compile", "one.graph"]).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    try compilesWithoutAWord("one.c", in: folder)
    #if arch(x86_64)
      try compilesWithoutAWord("one.c", in: folder, flags: ["-march=native"])
    #endif
  }

  @Test func theSameTextOverTwoRuns() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    for emit in ["ir", "adjoint", "kernels"] {
      let texts = try (0..<2).map { _ in
        try folder.nncc("compile", "net.graph", "--emit", emit).output
      }
      #expect(texts[0] == texts[1] && !texts[0].isEmpty)
    }
    let sources = try (0..<2).map { _ in
      let other = try Folder()
      try other.write("net.graph", SampleGraph.classifier)
      let outcome = try other.nncc("compile", "net.graph", "--optimizer", "sgd")
      #expect(outcome.status == 0, "\(outcome.errors)")
      return [try other.bytes("net.c"), try other.bytes("net.h")]
    }
    #expect(sources[0] == sources[1])
  }

  // MARK: Training in C

  /// Reads the table that nncc reads, takes a hundred steps, and writes the parameters' bytes.
  static let trainer = """
    #include <stdio.h>
    #include "net.h"
    static float x[NET_DIM_BATCH * 4], y[NET_DIM_BATCH * 3];
    static union { double aligned[8]; unsigned char bytes[NET_STEP_WORKSPACE + 64]; } memory;
    int main(void) {
      static net_params params;
      net_optimizer state;
      void *workspace = memory.bytes + (64 - (uintptr_t)memory.bytes % 64) % 64;
      int epoch, batch, row, column, kind;
      float loss;
      net_init(&params, 7);
      net_optimizer_init(&state);
      for (epoch = 0; epoch < 25; epoch++) {
        FILE *file = fopen("rows.csv", "r");
        if (file == NULL || fscanf(file, "%*[^\\n]") != 0) return 1;
        for (batch = 0; batch < 4; batch++) {
          for (row = 0; row < NET_DIM_BATCH; row++) {
            for (column = 0; column < 4; column++)
              if (fscanf(file, "%f,", &x[row * 4 + column]) != 1) return 1;
            if (fscanf(file, "%d", &kind) != 1) return 1;
            for (column = 0; column < 3; column++) y[row * 3 + column] = column == kind;
          }
          if (net_step(&params, &state, 0.1f, x, y, &loss, workspace) != 0) return 1;
        }
        fclose(file);
      }
      return fwrite(&params, sizeof params, 1, stdout) == 1 ? 0 : 1;
    }
    """

  @Test func aHundredStepsInCGiveTheParametersThatTrainingGives() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("rows.csv", SampleGraph.table(rows: 20))
    try folder.write("main.c", Self.trainer)
    let trained = try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--no-shuffle", "--epochs", "25", "--seed", "7"]
        + ["--save", "net.safetensors"] + SampleGraph.columns
    ).finish()
    #expect(trained.status == 0, "\(trained.errors)")
    let archive = try SafeTensorsFile(reading: folder.file("net.safetensors"))
    var expected: [UInt8] = []
    for name in ["w1", "b1", "w2", "b2"] {
      let tensor = try #require(try archive.tensor(named: name))
      expected += tensor.withUnsafeBytes { [UInt8]($0) }
    }
    #expect(try folder.nncc("compile", "net.graph", "--optimizer", "sgd").status == 0)

    // Bits are promised where the target has fused multiply-add; elsewhere the arithmetic rounds otherwise.
    let native = ["-march=native"]
    let sanitizers = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    var ways: [(name: String, flags: [String], isFused: Bool)] = []
    for name in ["gcc", "clang"] {
      for flags in [["-O0"], ["-O2"], ["-O3"]] { ways.append((name, flags + native, true)) }
    }
    ways += [("gcc", sanitizers + native, true), ("gcc", ["-O1"], false), ("tcc", [], false)]
    var found = 0
    for (name, flags, isFused) in ways {
      guard let compiler = program(name) else { continue }
      let built = try folder.run(compiler, flags + ["main.c", "net.c", "-o", "main"])
      try #require(built.status == 0, "\(name) \(flags): \(built.errors)")
      let shell = try folder.run("/bin/sh", ["-c", "./main > bytes"])
      #expect(shell.status == 0, "\(name) \(flags): \(shell.errors)")
      let bytes = try folder.bytes("bytes")
      if isFused {
        #expect(bytes == expected, "\(name) \(flags)")
      } else {
        #expect(largestDifference(bytes, expected) < 1e-4, "\(name) \(flags)")
      }
      found += 1
    }
    #expect(found > 0)
  }

  /// Between two arrays of f32; infinite where they are not of one length.
  private func largestDifference(_ a: [UInt8], _ b: [UInt8]) -> Float {
    guard a.count == b.count else { return .infinity }
    func floats(_ bytes: [UInt8]) -> [Float] {
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    return zip(floats(a), floats(b)).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  // MARK: Linking

  @Test func twoModelsAndTheirTrainedValuesInOneProgram() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("scalar.graph", SampleGraph.scalar)
    try folder.write("rows.csv", SampleGraph.table(rows: 10))
    try folder.write(
      "main.c",
      """
      #include <stdio.h>
      #include "other.h"
      #include "net.h"
      #include "scalar.h"
      static union { double aligned[8]; unsigned char bytes[NET_FORWARD_WORKSPACE + 64]; } memory;
      int main(void) {
        void *workspace = memory.bytes + (64 - (uintptr_t)memory.bytes % 64) % 64;
        static const float x[NET_DIM_BATCH * 4] = {1, 2, 3};
        float a[NET_DIM_BATCH * 3], b[NET_DIM_BATCH * 3], x1 = 2, x2 = 5, f;
        int i, different = 0;
        if (scalar_forward(&x1, &x2, &f, workspace) != 0) return 1;
        if (net_forward(&net_trained, x, a, workspace) != 0) return 1;
        if (other_forward(&other_trained, x, b, workspace) != 0) return 1;
        for (i = 0; i < NET_DIM_BATCH * 3; i++) different += a[i] != b[i];
        printf("%.6f %d\\n", (double)f, different);
        return 0;
      }
      """)
    let trained = try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "1", "--save", "net.safetensors"]
        + SampleGraph.columns
    ).finish()
    #expect(trained.status == 0, "\(trained.errors)")
    for arguments in [
      ["net.graph", "--params", "net.safetensors"],
      ["net.graph", "--params", "net.safetensors", "--name", "other", "--no-fuse"],
      ["scalar.graph"],
    ] {
      let outcome = try folder.start(["compile"] + arguments).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let compiler = try #require(program("cc"))
    let built = try folder.run(
      compiler,
      ["-std=c99", "-Wall", "-Wextra", "-Werror", "main.c", "net.c", "net_params.c", "other.c"]
        + ["other_params.c", "scalar.c", "-o", "main"])
    try #require(built.status == 0, "\(built.errors)")
    let outcome = try folder.run(folder.file("main"), [])
    #expect(outcome.status == 0)
    #expect(outcome.output == "10.909297 0\n")
  }
}
