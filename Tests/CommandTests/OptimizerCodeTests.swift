// The C of every optimiser: trained by it, parameters come to the bits that `nncc train` comes to.

import Foundation
import NNRuntime
import Testing

@Suite(.enabled(if: program("gcc") != nil)) struct OptimizerCodeTests {
  private static let own = """
    def own(w, g, lr, int, params, t, double=0.5) {
      next = double * int + g
      return w - lr * (next + params / t), next, g
    }
    def slower(lr, t) { return lr / sqrt(t) }

    """

  private static let cases: [[String]] =
    Optimizer.builtIn.map { ["--optimizer", $0] } + [
      [
        "--optimizer", "adam", "--schedule", "cosine(steps=30, final=0.1)", "--warmup", "7",
        "--clip-norm", "0.5",
      ],
      [
        "--optimizer", "lion", "--weight-decay", "0.1", "--schedule", "step(every=6)", "--clip",
        "0.01",
      ],
      ["--optimizer", "own(double=0.25)", "--schedule", "slower", "--weight-decay", "0.01"],
    ]

  private static let rows = 25
  private static let epochs = 4

  /// Trains in C on the rows of the table, and writes the parameters as they lie in memory.
  private static func main() -> String {
    let lines = SampleGraph.table(rows: rows).split(separator: "\n").dropFirst()
    let cells = lines.map { $0.split(separator: ",").map(String.init) }
    let x = cells.map { $0.prefix(4).map { "\($0)f" }.joined(separator: ", ") }
    let y = cells.map { row in (0..<3).map { "\($0)" == row[4] ? "1" : "0" }.joined(separator: ", ")
    }
    return """
      #include "net.h"
      #include <stdio.h>
      #include <stdlib.h>
      #include <string.h>
      static const float x[] = {\(x.joined(separator: ",\n"))};
      static const float y[] = {\(y.joined(separator: ",\n"))};
      static net_params params;
      static net_optimizer state;
      int main(void) {
        float rate = RATE, loss;
        void *workspace = aligned_alloc(64, (NET_STEP_WORKSPACE + 64) / 64 * 64);
        net_init(&params, 0);
        memset(&state, 255, sizeof state);
        net_optimizer_init(&state);
        for (int epoch = 0; epoch < \(epochs); epoch++)
          for (int row = 0; row < \(rows); row += 5)
            if (net_step(&params, &state, rate, x + row * 4, y + row * 3, &loss, workspace)) return 1;
        if (state.step != \(epochs * rows / 5)) return 2;
        fwrite(&params, sizeof params, 1, stdout);
        free(workspace);
        return 0;
      }

      """
  }

  @Test(arguments: cases) func trainsToTheSameBits(_ options: [String]) throws {
    let folder = try Folder()
    try folder.write("net.graph", Self.own + SampleGraph.classifier)
    try folder.write("rows.csv", SampleGraph.table(rows: Self.rows))
    try folder.write("main.c", Self.main())
    let rate = "0.0625"
    let trained = try folder.start(
      [
        "train", "net.graph", "--data", "rows.csv", "--no-shuffle", "--epochs", "\(Self.epochs)",
        "--lr", rate,
      ]
        + ["--save", "w.safetensors"] + SampleGraph.columns + options
    ).finish()
    #expect(trained.status == 0, "\(trained.errors)")
    let archive = try SafeTensorsFile(reading: folder.file("w.safetensors"))
    var expected: [Float] = []
    for name in ["w1", "b1", "w2", "b2"] {
      expected += try #require(try archive.tensor(named: name)).elements(as: Float.self)
    }
    let compiled = try folder.start(["compile", "net.graph"] + options).finish()
    #expect(compiled.status == 0, "\(compiled.errors)")
    let warnings = [
      "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Wvla",
      "-Werror",
    ]
    let built = try folder.run(
      program("gcc") ?? "", ["-std=c99", "-O2", "-mfma", "-c", "net.c"] + warnings)
    #expect(built.status == 0, "\(built.errors)")
    let linked = try folder.run(
      program("gcc") ?? "",
      [
        "-std=c11", "-O1", "-mfma", "-fsanitize=address,undefined", "-DRATE=\(rate)f", "main.c",
        "net.c", "-o", "main",
      ])
    #expect(linked.status == 0, "\(linked.errors)")
    let ran = try folder.run("/bin/sh", ["-c", "./main > params.bin"])
    #expect(ran.status == 0, "\(ran.errors)")
    let found = try folder.bytes("params.bin").withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
  }
}
