// `nncc compile --emit so,obj`: what the C compiler makes of a network can be linked and loaded, and gives nncc's bits.

import Foundation
import Testing

@Suite struct CompiledModelTests {
  /// The compilers with which `CC` is tried: the system's, and those that are there by name.
  static var compilers: [String] {
    ["cc", "gcc", "clang"].filter { program($0) != nil }
  }

  /// Prints the bits of an answer; `CALL` is how the function is reached.
  private static func caller(prologue: String, call: String, parameters: String) -> String {
    """
    #include <dlfcn.h>
    #include <stdio.h>
    #include <string.h>
    #include "net.h"
    static union { double aligned[8]; unsigned char bytes[NET_FORWARD_WORKSPACE + 64]; } memory;
    int main(void) {
      void *workspace = memory.bytes + (64 - (uintptr_t)memory.bytes % 64) % 64;
      static float x[NET_DIM_BATCH * 4], guess[NET_DIM_BATCH * 3];
      unsigned bits;
      int i;
      for (i = 0; i < NET_DIM_BATCH * 4; i++) x[i] = (float)(i - 7) / 8;
    \(prologue)
      if (\(call)(\(parameters), x, guess, workspace) != 0) return 1;
      for (i = 0; i < NET_DIM_BATCH * 3; i++) {
        memcpy(&bits, &guess[i], sizeof bits);
        printf("%08x\\n", bits);
      }
      return 0;
    }
    """
  }

  private static let loading = caller(
    prologue: """
        int (*forward)(const net_params *, const float *, float *, void *);
        const net_params *trained;
        void *library = dlopen("./net.so", RTLD_NOW);
        if (library == NULL) return puts(dlerror());
        *(void **)&forward = dlsym(library, "net_forward");
        trained = (const net_params *)dlsym(library, "net_trained");
        if (forward == NULL || trained == NULL) return puts(dlerror());
      """, call: "forward", parameters: "trained")

  private static let linking = caller(
    prologue: "", call: "net_forward", parameters: "&net_trained")

  @Test(arguments: compilers) func theBitsAreThoseOfTheInterpreter(compiler: String) throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("rows.csv", SampleGraph.table(rows: 10))
    try folder.write("loading.c", Self.loading)
    try folder.write("linking.c", Self.linking)
    let trained = try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "3", "--save", "net.safetensors"]
        + SampleGraph.columns
    ).finish()
    try #require(trained.status == 0, "\(trained.errors)")
    let emitted = try folder.nncc(
      "compile", "net.graph", "--params", "net.safetensors", "--emit", "so,obj",
      environment: ["CC": compiler])
    try #require(emitted.status == 0, "\(emitted.errors)")
    #expect(emitted.output == "")
    #expect(emitted.errors.contains("net.o: ") && emitted.errors.contains("net.so: "))

    let expected = try interpreted(in: folder)
    for (name, objects) in [("linking", ["net.o", "net_params.o"]), ("loading", ["-ldl"])] {
      let built = try folder.run(
        try #require(program("cc")), ["\(name).c"] + objects + ["-o", name])
      try #require(built.status == 0, "\(built.errors)")
      let outcome = try folder.run(folder.file(name), [])
      #expect(outcome.status == 0, "\(outcome.output)")
      #expect(outcome.lines == expected, "\(name)")
    }
  }

  /// The bits of the same answer by `nncc run --backend interpreter`, a number a line.
  private func interpreted(in folder: Folder) throws -> [String] {
    let rows = (0..<5).map { row in
      "[" + (0..<4).map { "\(Float(4 * row + $0 - 7) / 8)" }.joined(separator: ", ") + "]"
    }
    let zeros = Array(repeating: "[0, 0, 0]", count: 5)
    let outcome = try folder.start(
      ["run", "net.graph", "--params", "net.safetensors", "--backend", "interpreter", "--json"]
        + ["--input", "x=[\(rows.joined(separator: ", "))]"]
        + ["--input", "y=[\(zeros.joined(separator: ", "))]"]
    ).finish()
    try #require(outcome.status == 0, "\(outcome.errors)")
    let outputs = try #require(try object(outcome.output)["outputs"] as? [String: [String: Any]])
    let data = try #require(outputs["guess"]?["data"] as? [Double])
    try #require(data.count == 15)
    return data.map { number in
      let digits = String(Float(number).bitPattern, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }
  }

  /// Only what was asked for is written, and the header that goes with it.
  @Test(arguments: [
    ("so", ["net.h", "net.so"]), ("obj", ["net.h", "net.o"]), ("c", ["net.c", "net.h"]),
    ("obj,c,so", ["net.c", "net.h", "net.o", "net.so"]),
  ])
  func onlyWhatWasAskedFor(emit: String, files: [String]) throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    #expect(try folder.nncc("compile", "net.graph", "--emit", emit).status == 0)
    let found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(found.sorted() == (files + ["net.graph"]).sorted())
  }

  @Test func namesAndFoldersAsForC() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    #expect(try folder.run("/bin/mkdir", ["build"]).status == 0)
    let outcome = try folder.nncc(
      "compile", "net.graph", "--emit", "ir,so", "--name", "other", "-o", "build/net")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(folder.text("build/net.h").contains("other_forward"))
    #expect(folder.text("build/net.ir").hasPrefix("func "))
    let symbols = try folder.bytes("build/net.so")
    #expect(String(decoding: symbols, as: UTF8.self).contains("other_forward"))
  }

  /// What the compiler says of the user's flags is told, and the files that were there stay.
  @Test func flagsThatTheCompilerRefuses() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("net.so", "old")
    try folder.write("net.h", "old")
    let outcome = try folder.nncc(
      "compile", "net.graph", "--emit", "c,so",
      environment: ["CFLAGS": "-fno-such-option", "TMPDIR": folder.path])
    #expect(outcome.status == 69)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("-fno-such-option"))
    for file in ["net.so", "net.h"] { #expect(folder.text(file) == "old") }
    #expect(folder.text("net.c") == "")
  }

  /// `CFLAGS` comes last; the same flags give the same bytes.
  @Test func flagsOfTheUser() throws {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    func bytes(_ flags: String) throws -> [UInt8] {
      let outcome = try folder.nncc(
        "compile", "net.graph", "--emit", "obj", environment: ["CFLAGS": flags])
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try folder.bytes("net.o")
    }
    let plain = try bytes("")
    #expect(try bytes("") == plain)
    #expect(try bytes("-O0 -g") != plain)
  }
}
