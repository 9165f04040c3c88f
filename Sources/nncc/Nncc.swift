// The command line: arguments in, text out. Every subcommand has a file; what they share is in Options.swift and Failure.swift.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

@main
struct Nncc: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "nncc",
    abstract: "A compiler for neural networks: gradients, training, and plain C.",
    discussion: """
      A network is a few lines of mathematics in a .graph file. nncc checks its shapes, derives its gradients, runs and \
      trains it in process, or writes it as C99 with no dependency.

        nncc run scalar.graph --input x1=2 --input x2=5 --grad
        nncc train digits.graph --data digits.csv --column x=p0..p63 --column 'y=onehot(digit)' --save digits.safetensors
        nncc compile digits.graph --optimizer sgd --params digits.safetensors
      """,
    version: version,
    subcommands: [
      CompileCommand.self, RunCommand.self, TrainCommand.self, PredictCommand.self,
      CheckCommand.self,
      DoctorCommand.self, ShowCommand.self, BenchCommand.self, ImportCommand.self,
    ]
  )

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
      if fflush(stdout) != 0 || ferror(stdout) != 0 {
        throw FileError.unwritable(file: "-", reason: String(cString: strerror(errno)))
      }
    } catch {
      guard let failure = Failure(error) else { exit(withError: error) }
      failure.report()
      exit(withError: ExitCode(failure.status))
    }
  }
}
