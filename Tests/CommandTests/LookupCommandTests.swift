// Look-ups and dropout from the outside: what an index out of range says and leaves alone, and training in C to nncc's own bits.

import Foundation
import NNRuntime
import Testing

@Suite struct LookupCommandTests {
  /// Three words of a vocabulary of twelve, and a class.
  static let graph = """
    dim batch = 5
    input tokens : i32[batch, 3]
    input y : f32[batch, 3]
    param table : f32[12, 6]
    param w : f32[6, 3]
    e = dropout(embedding(table, tokens), 0.25)
    guess = softmax(dropout(reshape(sum(e, axis=1), [-1, 6]), 0.5) @ w, axis=1)
    output guess
    loss cross_entropy(guess, y)

    """

  static func table(rows: Int, last: Int = 11) -> String {
    var text = "a,b,c,class\n"
    for row in 0..<rows {
      let words = (0..<3).map { (row * 5 + $0 * $0 * 3) % 12 }
      text += "\(words[0]),\(words[1]),\(row == rows - 1 ? last : words[2]),\(row % 3)\n"
    }
    return text
  }

  private static let columns = ["--column", "tokens=a..c", "--column", "y=onehot(class)"]

  private func folder(last: Int = 11) throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", Self.graph)
    try folder.write("rows.csv", Self.table(rows: 20, last: last))
    return folder
  }

  private func train(_ folder: Folder, _ more: String...) throws -> Outcome {
    try folder.start(["train", "net.graph", "--data", "rows.csv"] + Self.columns + more).finish()
  }

  // MARK: Errors

  @Test(arguments: ["interpreter", "tcc", "cc"])
  func anIndexOutOfRangeIsShownInTheGraph(backend: String) throws {
    let folder = try Folder()
    try folder.write(
      "look.graph", "input t : f32[10]\ninput i : i64[2, 2]\noutput gather(t, i) as o\n")
    let outcome = try folder.nncc(
      "run", "look.graph", "--backend", backend, "--input", "t=[0,1,2,3,4,5,6,7,8,9]", "--input",
      "i=[[9,0],[10,-1]]")
    #expect(outcome.status == 65)
    #expect(outcome.output == "")
    #expect(
      outcome.errors == """
        look.graph:3:8: error: gather: index 10 at position [1, 0] of i is out of range: the table has 10 rows
          output gather(t, i) as o
                 ^

        """)
  }

  @Test func trainingStopsAtAnIndexOutOfRange() throws {
    let outcome = try train(try folder(last: 12), "--no-shuffle", "--epochs", "1")
    #expect(outcome.status == 65)
    #expect(
      outcome.errors.hasPrefix(
        "net.graph:6:13: error: embedding: index 12 at position [4, 2] of tokens is out of range: "
          + "the table has 12 rows\n"), "\(outcome.errors)")
  }

  @Test func checkDrawsIndicesInRange() throws {
    let outcome = try folder().nncc("check", "net.graph", "--threads", "2", "--trials", "2")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }

  // MARK: C

  private static let trainer = """
    #include <stdio.h>
    #include <string.h>
    #include "net.h"
    static int32_t tokens[NET_DIM_BATCH * 3];
    static float y[NET_DIM_BATCH * 3];
    static union { double aligned[8]; unsigned char bytes[NET_STEP_WORKSPACE + 64]; } memory;
    int main(void) {
      static net_params params, before;
      net_optimizer state, state_before;
      void *workspace = memory.bytes + (64 - (uintptr_t)memory.bytes % 64) % 64;
      int epoch, batch, row, column, kind;
      float loss;
      net_init(&params, 7);
      net_optimizer_init(&state);
      state.seed = 7;
      for (epoch = 0; epoch < 5; epoch++) {
        FILE *file = fopen("rows.csv", "r");
        if (file == NULL || fscanf(file, "%*[^\\n]") != 0) return 1;
        for (batch = 0; batch < 4; batch++) {
          for (row = 0; row < NET_DIM_BATCH; row++) {
            for (column = 0; column < 3; column++)
              if (fscanf(file, "%d,", &tokens[row * 3 + column]) != 1) return 1;
            if (fscanf(file, "%d", &kind) != 1) return 1;
            for (column = 0; column < 3; column++) y[row * 3 + column] = column == kind;
          }
          if (net_step(&params, &state, 0.5f, tokens, y, &loss, workspace) != 0) return 1;
        }
        fclose(file);
      }
      if (state.step != 20 || state.seed != 7) return 2;
      before = params;
      state_before = state;
      for (kind = -1; kind <= 12; kind += 13) {
        tokens[NET_DIM_BATCH * 3 - 1] = kind;
        if (net_step(&params, &state, 0.5f, tokens, y, &loss, workspace) != NET_INDEX_OUT_OF_RANGE)
          return 3;
        if (net_forward(&params, tokens, y, workspace) != NET_INDEX_OUT_OF_RANGE) return 4;
      }
      if (NET_INDEX_OUT_OF_RANGE <= 0 || memcmp(&params, &before, sizeof params) != 0) return 5;
      if (memcmp(&state, &state_before, sizeof state) != 0) return 6;
      return fwrite(&params, sizeof params, 1, stdout) == 1 ? 0 : 7;
    }
    """

  @Test func stepsInCDropWhatTrainingDrops() throws {
    let folder = try folder()
    try folder.write("main.c", Self.trainer)
    var expected: [UInt8] = []
    for backend in ["interpreter", "tcc", "cc"] {
      let outcome = try train(
        folder, "--backend", backend, "--no-shuffle", "--epochs", "5", "--lr", "0.5", "--seed", "7",
        "--save", "net.safetensors")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let archive = try SafeTensorsFile(reading: folder.file("net.safetensors"))
      var bytes: [UInt8] = []
      for name in ["table", "w"] {
        let tensor = try #require(try archive.tensor(named: name))
        bytes += tensor.withUnsafeBytes { [UInt8]($0) }
      }
      if expected.isEmpty { expected = bytes }
      #expect(bytes == expected, "\(backend)")
    }
    #expect(try folder.nncc("compile", "net.graph", "--optimizer", "sgd").status == 0)
    let native = ["-march=native"]
    let sanitizers = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    for (name, flags) in [
      ("gcc", ["-O3"] + native), ("clang", ["-O2"] + native), ("gcc", sanitizers + native),
    ] {
      guard let compiler = program(name) else { continue }
      let built = try folder.run(compiler, flags + ["main.c", "net.c", "-o", "main"])
      try #require(built.status == 0, "\(name) \(flags): \(built.errors)")
      let shell = try folder.run("/bin/sh", ["-c", "./main > bytes"])
      #expect(shell.status == 0, "\(name) \(flags): \(shell.errors)")
      #expect(try folder.bytes("bytes") == expected, "\(name) \(flags)")
    }
  }

  /// Without dropout nothing of it is in the header.
  @Test func theStateHasASeedOnlyWhereSomethingDrops() throws {
    let folder = try folder()
    #expect(try folder.nncc("compile", "net.graph", "--optimizer", "sgd").status == 0)
    #expect(folder.text("net.h").contains("uint64_t seed;"))
    try folder.write("net.graph", SampleGraph.classifier)
    #expect(try folder.nncc("compile", "net.graph", "--optimizer", "sgd").status == 0)
    #expect(!folder.text("net.h").contains("uint64_t seed;"))
  }

  @Test func theCCompilesWithoutAWord() throws {
    let folder = try folder()
    #expect(try folder.nncc("compile", "net.graph", "--optimizer", "sgd").status == 0)
    for compilation in CCompilation.all {
      let compiled = try folder.run(
        compilation.path, compilation.arguments + ["-c", "net.c", "-o", "out.o"])
      #expect(compiled.status == 0, "\(compilation)")
      #expect(compiled.output + compiled.errors == "", "\(compilation)")
    }
  }
}
