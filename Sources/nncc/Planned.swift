// Commands that are planned and not there: they say so in one line, and are not in --help.

import ArgumentParser

private func refuse(_ command: String) -> Failure {
  .usage("'nncc \(command)' is not available in version \(Nncc.version)")
}

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "import", shouldDisplay: false)
  @ArgumentParser.Argument(parsing: .allUnrecognized) var rest: [String] = []
  func run() throws { throw refuse("import") }
}
