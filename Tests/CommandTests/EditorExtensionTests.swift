// The extension for VS Code: its files name each other rightly, and with a stand-in for VS Code it shows what nncc says.

import Foundation
import Testing

@Suite struct EditorExtensionTests {
  private static let repository = URL(fileURLWithPath: examplesFolder).deletingLastPathComponent()
    .path
  private static let folder = repository + "/Editors/vscode"

  private static func json(_ name: String) throws -> [String: Any] {
    try object(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
  }

  @Test func whatThePackageNamesIsThere() throws {
    let package = try Self.json("package.json")
    let contributions = try #require(package["contributes"] as? [String: Any])
    let languages = try #require(contributions["languages"] as? [[String: Any]])
    let grammars = try #require(contributions["grammars"] as? [[String: Any]])
    #expect(languages.first?["extensions"] as? [String] == [".graph"])
    #expect(grammars.first?["language"] as? String == languages.first?["id"] as? String)
    let grammar = try Self.json("graph.tmLanguage.json")
    #expect(grammars.first?["scopeName"] as? String == grammar["scopeName"] as? String)
    _ = try Self.json("language-configuration.json")
    let paths = [
      package["main"], languages.first?["configuration"], grammars.first?["path"],
    ].compactMap { $0 as? String }
    #expect(paths.count == 3)
    for path in paths {
      #expect(FileManager.default.fileExists(atPath: "\(Self.folder)/\(path)"), "\(path)")
    }
    let version = try Folder().nncc("--version").lines
    #expect(version == [package["version"] as? String])
    // Nothing is to be installed or built.
    for key in ["dependencies", "devDependencies", "scripts"] { #expect(package[key] == nil) }
  }

  private struct Shown: Decodable, Equatable {
    struct Squiggle: Decodable, Equatable {
      var range: [Int]
      var message: String
      var notes: [[Int]]
    }
    var label: String
    var squiggles: [Squiggle]?
    var count: Int?
    var names: Bool?
  }

  @Test(.enabled(if: program("node") != nil, "there is no node")) func squiggles() throws {
    let folder = try Folder()
    let node = try #require(program("node"))
    let script = Self.folder + "/extension.js"
    #expect(try folder.run(node, ["--check", script]).status == 0)
    let outcome = try folder.run(
      node, [Self.repository + "/Tests/Editors/extension.js", script, try #require(Nncc.path)])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let shown = try outcome.lines.map {
      try JSONDecoder().decode(Shown.self, from: Data($0.utf8))
    }
    try #require(shown.count == 7, "\(outcome.output)")

    // The script prints in this order.
    #expect(shown[0].squiggles?.map(\.range) == [[2, 7, 2, 10]])
    #expect(shown[0].squiggles?.first?.message.contains("did you mean dot?") == true)
    #expect(shown[1] == Shown(label: "not a graph"))
    #expect(shown[2] == Shown(label: "mended", squiggles: []))
    // `€` is three bytes and one unit of UTF-16.
    #expect(shown[3].squiggles?.map(\.range) == [[1, 11, 1, 12], [5, 6, 5, 7]])
    #expect(shown[3].squiggles?.first?.notes == [[4, 7, 4, 8]])
    #expect(shown[4].squiggles?.map(\.range) == [[0, 0, 0, 1]])
    #expect(shown[5] == Shown(label: "closed"))
    #expect(shown[6] == Shown(label: "warnings", count: 1, names: true))
  }
}
