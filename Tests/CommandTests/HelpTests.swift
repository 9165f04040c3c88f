// What `--help` says: every command shows how it is called.

import Foundation
import Testing

@Suite struct HelpTests {
  /// The names under SUBCOMMANDS.
  private static func commands() throws -> [String] {
    let help = try Folder().nncc("--help")
    #expect(help.status == 0)
    let list = help.output.components(separatedBy: "SUBCOMMANDS:\n").dropFirst().first ?? ""
    return list.matches(of: #/(?m)^  ([a-z]+) /#).map { String($0.1) }
  }

  @Test func everyCommandHasAnExample() throws {
    let commands = try Self.commands()
    #expect(Set(commands).isSuperset(of: ["compile", "run", "train", "predict", "check"]))
    for command in commands {
      let help = try Folder().nncc("help", command)
      #expect(help.status == 0)
      let parts = help.output.components(separatedBy: "USAGE:")
      #expect(parts[0].contains("Example"), "\(command)")
      #expect(parts[0].contains("\n  nncc \(command)"), "\(command)")
    }
  }

  /// Examples name options that there are.
  @Test func everyOptionOfAnExampleIsThere() throws {
    for command in try Self.commands() {
      let parts = try Folder().nncc("help", command).output.components(separatedBy: "USAGE:")
      let known = Set(parts[1].matches(of: /(?:^|\s|\/)(--?[a-z][a-z-]*)/).map { String($0.1) })
      let examples = parts[0].components(separatedBy: "Example").dropFirst().joined()
      for match in examples.matches(of: /\s(--?[a-z][a-z-]*)/) {
        #expect(known.contains(String(match.1)), "\(command): \(match.1)")
      }
    }
  }
}
