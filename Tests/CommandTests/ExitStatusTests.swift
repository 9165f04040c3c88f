// How the command line fails: exit statuses after sysexits.h, one message on standard error, nothing on standard output.

import Testing

@Suite struct ExitStatusTests {
  private func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write("scalar.graph", SampleGraph.scalar)
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("rows.csv", SampleGraph.table(rows: 7))
    return folder
  }

  private static let given = ["--input", "x1=2", "--input", "x2=5"]

  /// Fails with `status`, and says one line that has all of `words`.
  private func expect(
    _ status: Int32, _ arguments: [String], _ words: String..., in place: Folder? = nil,
    environment: [String: String] = [:], location: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try place ?? folder()
    let outcome = try folder.start(arguments, environment: environment).finish()
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.output == "", sourceLocation: location)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: location)
    for word in words {
      #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: location)
    }
  }

  @Test(arguments: [
    ["nosuch"], ["run"], ["run", "scalar.graph", "--inpt", "x1=2"],
    ["run", "scalar.graph", "--backend", "gpu"], ["run", "scalar.graph", "--threads", "0"],
    ["check", "scalar.graph", "--trials", "0"],
    ["check", "scalar.graph", "--syntax", "--trials", "2"],
    ["check", "scalar.graph", "--syntax", "--threads", "2"],
    ["check", "scalar.graph", "--file", "other.graph"],
  ])
  func wrongUsage(arguments: [String]) throws {
    let outcome = try folder().start(arguments).finish()
    #expect(outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(outcome.errors != "")
  }

  @Test func wrongUsageInOneLine() throws {
    let run = ["run", "scalar.graph"]
    try expect(64, run + ["--dim", "batch"], "--dim 'batch'", "NAME=N")
    try expect(64, run + ["--input", "2"], "--input '2'")
    try expect(64, ["compile", "scalar.graph", "--emit", "wasm"], "wasm")
    try expect(64, ["compile", "scalar.graph", "--optimizer", "newton"], "newton")
    try expect(64, ["train", "net.graph", "--data", "rows.csv", "--column", "x"], "'x'")
    try expect(
      64, ["train", "net.graph", "--data", "rows.csv", "--scale", "x=1/0"], "--scale 'x=1/0'")
  }

  @Test func badData() throws {
    let run = ["run", "scalar.graph"]
    try expect(65, run, "x1 : f32[] is not given")
    try expect(65, run + ["--input", "x1=2"], "x2 : f32[] is not given")
    try expect(65, run + ["--input", "x1=[1, 2]", "--input", "x2=1"], "x1 : f32[]", "[2]")
    try expect(65, run + ["--input", "x3=1"], "'x3'", "x1 : f32[]")
    try expect(65, run + Self.given + ["--wrt", "x3"], "x3", "x1")
    try expect(65, ["run", "net.graph", "--dim", "bath=3"], "bath", "batch")
    try expect(
      65, ["train", "net.graph", "--data", "rows.csv", "--column", "x=a..e"], "'e'")
  }

  @Test func filesThatCannotBeRead() throws {
    try expect(66, ["run", "absent.graph"], "absent.graph")
    try expect(66, ["run", "scalar.graph", "--input", "x1=absent.npy"], "absent.npy")
    try expect(66, ["run", "net.graph", "--params", "absent.safetensors"], "absent.safetensors")
    try expect(66, ["train", "net.graph", "--data", "absent.csv"], "absent.csv")
  }

  @Test func aMissingCompiler() throws {
    try expect(
      69, ["run", "scalar.graph", "--backend", "cc"] + Self.given, "C compiler",
      environment: ["PATH": "", "CC": ""])
    try expect(
      69, ["run", "scalar.graph", "--backend", "cc"] + Self.given, "no-such-compiler",
      environment: ["CC": "no-such-compiler"])
    let folder = try folder()
    for kind in ["so", "obj", "c,obj"] {
      try expect(
        69, ["compile", "scalar.graph", "--emit", kind], "C compiler", in: folder,
        environment: ["PATH": "", "CC": ""])
    }
    for file in ["scalar.c", "scalar.h", "scalar.o", "scalar.so"] {
      #expect(folder.text(file) == "", "\(file)")
    }
  }

  @Test func filesThatCannotBeWritten() throws {
    try expect(73, ["run", "scalar.graph", "-o", "absent/r.npz"] + Self.given, "absent/r.npz")
    try expect(73, ["compile", "scalar.graph", "-o", "absent/scalar"], "absent/scalar")
    try expect(
      73, ["compile", "scalar.graph", "--emit", "so", "-o", "absent/scalar"], "absent/scalar")
    try expect(
      73,
      ["train", "net.graph", "--data", "rows.csv", "--save", "absent/w.safetensors"]
        + SampleGraph.columns, "absent")
  }

  /// `FILE:LINE:COLUMN: error: message`, the line, and a caret.
  @Test func diagnosticsOfAGraph() throws {
    let folder = try Folder()
    try folder.write("bad.graph", "input x : f32[2]\nf = sigmoyd(x)\noutput f\noutput q\n")
    let outcome = try folder.nncc("run", "bad.graph")
    #expect(outcome.status == 65)
    #expect(outcome.output == "")
    let lines = outcome.errorLines
    try #require(lines.count == 6, "\(outcome.errors)")
    #expect(lines[0].hasPrefix("bad.graph:2:5: error: "))
    #expect(lines[0].contains("sigmoyd") && lines[0].contains("did you mean sigmoid?"))
    #expect(lines[1].hasSuffix("f = sigmoyd(x)"))
    // The caret stands below the column.
    #expect(lines[2].firstIndex(of: "^") == lines[1].range(of: "sigmoyd")?.lowerBound)
    #expect(lines[3].hasPrefix("bad.graph:4:8: error: "))
  }

  /// A graph is checked before its inputs are looked at.
  @Test func theGraphComesFirst() throws {
    let folder = try Folder()
    try folder.write("bad.graph", "input x : f32[2]\noutput y\n")
    let outcome = try folder.nncc("run", "bad.graph", "--input", "q=absent.npy")
    #expect(outcome.status == 65)
    #expect(outcome.errors.hasPrefix("bad.graph:2:8: error: "))
  }

  @Test(arguments: [
    ["import", "model.onnx"]
  ])
  func whatIsNotThereYet(arguments: [String]) throws {
    try expect(64, arguments, "version")
  }

  @Test func helpHasOnlyWhatIsThere() throws {
    let folder = try Folder()
    let all = try folder.nncc("--help")
    #expect(all.status == 0)
    for command in ["compile", "run", "train", "predict", "check", "show", "bench", "doctor"] {
      #expect(all.output.contains("\n  \(command) "), "\(command)")
    }
    #expect(!all.output.contains("\n  import"))
    for command in ["compile", "run", "train", "predict", "check"] {
      let help = try folder.nncc(command, "--help")
      #expect(help.status == 0)
      #expect(!help.output.contains(".onnx"), "\(command)")
    }
  }

  @Test func doctorSaysWhatIsThere() throws {
    let folder = try Folder()
    let outcome = try folder.nncc("doctor", "--json")
    #expect(outcome.status == 0)
    let fields = try object(outcome.output)
    #expect(fields["libtcc"] as? Bool == true)
    #expect((fields["backends"] as? [String])?.last == "interpreter")
  }
}
