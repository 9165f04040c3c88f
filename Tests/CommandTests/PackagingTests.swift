// What `make install` lays out, from the nncc that was built beside the tests: every file, a manual page without a fault,
// completions that their shells can read; and that uninstalling leaves nothing.

import Foundation
import Testing

@Suite struct PackagingTests {
  private static let scripts =
    URL(fileURLWithPath: examplesFolder).deletingLastPathComponent()
    .path + "/Packaging"

  private func staged() throws -> Folder {
    let folder = try Folder()
    let outcome = try folder.run(
      Self.scripts + "/stage", [try #require(Nncc.path), folder.file("usr")])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return folder
  }

  private func files(below path: String) -> [String] {
    let found = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return found.filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  @Test func everythingIsThereAndGoesAgain() throws {
    let folder = try staged()
    let found = files(below: folder.file("usr"))
    for file in [
      "bin/nncc", "share/man/man1/nncc.1", "share/bash-completion/completions/nncc",
      "share/zsh/site-functions/_nncc", "share/fish/vendor_completions.d/nncc.fish",
      "share/doc/nncc/README.md", "share/doc/nncc/LICENSE", "share/doc/nncc/NOTICE",
      "share/doc/nncc/Docs/language.md", "share/doc/nncc/Docs/installing.md",
      "share/doc/nncc/Examples/scalar.graph", "share/doc/nncc/Examples/data/digits.csv",
      "share/doc/nncc/Examples/digits/main.c", "share/nncc/editors/graph.tmLanguage.json",
      "share/nncc/editors/vscode/extension.js", "share/nncc/editors/vscode/graph.tmLanguage.json",
    ] {
      #expect(found.contains(file), "\(file)")
    }
    #expect(!found.contains { $0.contains("/out/") || $0.contains(".build") })
    let version = try folder.run(folder.file("usr/bin/nncc"), ["--version"])
    #expect(version.output == (try folder.nncc("--version").output))

    // Again over itself, beside something of somebody else; then away.
    let again = try folder.run(
      Self.scripts + "/stage", [try #require(Nncc.path), folder.file("usr")])
    #expect(again.status == 0 && files(below: folder.file("usr")) == found)
    try folder.write("usr/share/other", "")
    let removed = try folder.run(Self.scripts + "/unstage", [folder.file("usr")])
    #expect(removed.status == 0, "\(removed.errors)")
    #expect(files(below: folder.file("usr")) == ["share/other"])
    let folders = try FileManager.default.contentsOfDirectory(atPath: folder.file("usr"))
    #expect(folders == ["share"])
  }

  @Test func theManualHasEveryCommandAndOption() throws {
    let folder = try staged()
    let page = folder.text("usr/share/man/man1/nncc.1")
    let text = page.replacingOccurrences(of: "\\-", with: "-")
      .replacingOccurrences(of: "\\fR", with: "").replacingOccurrences(of: "\\fB", with: "")
    let help = try folder.nncc("--help").output
    let commands = help.matches(of: /\n  ([a-z]+) +[A-Z]/).map { String($0.1) }
    #expect(commands.count >= 6)
    for command in commands {
      #expect(text.contains("\n.SS nncc \(command)\n"), "\(command)")
      let options = try folder.nncc(command, "--help").output.matches(of: /--[a-z-]+/)
      for option in Set(options.map { String($0.0) }) {
        #expect(text.contains(option), "\(command) \(option)")
      }
    }
    for name in ["EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"] {
      #expect(text.contains("\n.SH \(name)\n"))
    }
    for status in [0, 1, 64, 65, 66, 69, 70, 73] { #expect(text.contains("\n.TP\n\(status)\n")) }

    // Both must have nothing to say.
    for (tool, arguments) in [
      ("groff", ["-ww", "-man", "-Tutf8", "-z"]), ("mandoc", ["-Tlint"]),
    ] {
      guard let path = program(tool) else { continue }
      let outcome = try folder.run(path, arguments + [folder.file("usr/share/man/man1/nncc.1")])
      #expect(outcome.status == 0 && outcome.output + outcome.errors == "", "\(tool)")
    }
  }

  private static let hasGraphviz = program("dot") != nil && program("dpkg-query") != nil

  /// What archives hold of graphviz runs from its folder alone, whatever the name of that.
  @Test(.enabled(if: hasGraphviz, "graphviz is not installed from a package"))
  func theBundledDot() throws {
    let folder = try Folder()
    let prefix = folder.file("a prefix")
    let bundled = try folder.run(Self.scripts + "/graphviz", [prefix])
    try #require(bundled.status == 0, "\(bundled.errors)")
    try folder.write("two.dot", "digraph { a -> b }")
    for (format, expected) in [("svg", "</svg>"), ("plain", "edge a b"), ("json0", "objects")] {
      let drawn = try Running(
        prefix + "/libexec/nncc/dot", ["-T\(format)", "two.dot"], in: folder,
        environment: ["PATH": "/usr/bin:/bin"]
      ).finish()
      #expect(drawn.status == 0 && drawn.errors == "", "\(drawn.errors)")
      #expect(drawn.output.contains(expected), "\(format)")
    }
    let refused = try folder.run(prefix + "/libexec/nncc/dot", ["-Tplain", "absent.dot"])
    #expect(refused.status != 0)
    // Its own libraries are what it takes, and all but the C library is there.
    let own = prefix + "/libexec/nncc/graphviz"
    let libraries = try Running(
      try #require(program("ldd")), [own + "/dot"], in: folder,
      environment: ["LD_LIBRARY_PATH": own]
    ).finish().lines
    for line in libraries where line.contains("=> /") {
      let isSystem = line.contains("libc.so.6") || line.contains("libm.so.6")
      #expect(isSystem || line.contains("=> \(own)/"), "\(line)")
    }
    let licences = files(below: own + "/licences")
    #expect(!licences.isEmpty && folder.text("a prefix/libexec/nncc/graphviz/sources") != "")
  }

  @Test(arguments: [
    ("bash", "bash-completion/completions/nncc"), ("zsh", "zsh/site-functions/_nncc"),
    ("fish", "fish/vendor_completions.d/nncc.fish"),
  ])
  func completions(shell: String, file: String) throws {
    let folder = try staged()
    let path = folder.file("usr/share/\(file)")
    let text = folder.text("usr/share/\(file)")
    for word in ["compile", "doctor", "--syntax", "--emit"] {
      // fish's scripts name options without their dashes.
      #expect(text.contains(shell == "fish" ? String(word.trimmingPrefix("--")) : word), "\(word)")
    }
    guard let shell = program(shell) else { return }
    let outcome = try folder.run(shell, ["-n", path])
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
  }
}
