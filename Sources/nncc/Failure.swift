// How the command line fails: one message on standard error and an exit status after sysexits.h.

@preconcurrency import Glibc
import NNCodegen
import NNRuntime

/// Exit statuses, after sysexits.h.
enum Status: Int32 {
  case checkFailed = 1
  case usage = 64
  case badData = 65
  case unreadable = 66
  case missing = 69
  case defect = 70
  case cannotWrite = 73
}

struct Failure: Error {
  var status: Int32
  /// Whole lines, without a final newline. Empty where everything has been said already.
  var message: String

  private init(status: Int32, message: String) {
    self.status = status
    self.message = message
  }

  init(_ status: Status, _ message: String) {
    self.init(status: status.rawValue, message: message)
  }

  /// What an error of the library means here; nil for one that is not the library's.
  init?(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let diagnostics as Diagnostics:
      self.init(.badData, String(diagnostics.rendered.trimmingSuffix("\n")))
    case let error as FileError:
      self.init(status: error.exitStatus, message: "nncc: error: \(error)")
    case let error as ColumnError:
      if case .malformed = error { self = .usage("\(error)") } else { self = .data("\(error)") }
    case let error as CallError: self = .data("\(error)")
    case let error as GradientError: self = .data("\(error)")
    case let error as TrainingError: self = .data("\(error)")
    case let error as CheckpointError: self = .data("\(error)")
    case let error as PredictionError: self = .data("\(error)")
    case let error as OptimizerError: self = .usage("\(error)")
    case let error as BackendError: self.init(.missing, "nncc: error: \(error)")
    case let error as CompilerDefect: self.init(.defect, "nncc: defect: \(error)")
    default: return nil
    }
  }

  static func usage(_ message: String) -> Failure { Failure(.usage, "nncc: error: " + message) }
  static func data(_ message: String) -> Failure { Failure(.badData, "nncc: error: " + message) }

  func report() {
    if !message.isEmpty { printError(message) }
  }
}

/// A line on standard error.
func printError(_ line: String) {
  var text = line + "\n"
  text.withUTF8 { bytes in
    _ = fwrite(bytes.baseAddress, 1, bytes.count, stderr)
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: Character) -> Substring {
    var rest = self[...]
    while rest.last == suffix { rest.removeLast() }
    return rest
  }
}
