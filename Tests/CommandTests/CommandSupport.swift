// What the tests of the command line share: running the `nncc` that was built beside the tests, C compilers, and folders that go
// away again.

import Foundation
import Testing

/// What a process said and how it ended.
struct Outcome {
  /// The exit status; 128 and the signal's number where a signal ended it.
  var status: Int32
  var output: String
  var errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}

/// A process that has been started; its output goes into files, so that no pipe can fill up.
final class Running {
  let process = Process()
  private let folder: Folder

  init(
    _ program: String, _ arguments: [String], in place: Folder, environment: [String: String] = [:]
  ) throws {
    folder = try Folder()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: place.path)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try folder.handle("output")
    process.standardError = try folder.handle("errors")
    // Worker threads of the test have their signals blocked, and a new process starts with the mask of the thread that makes it.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_UNBLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  /// What it has written to standard output so far.
  var output: String { folder.text("output") }

  func finish() -> Outcome {
    process.waitUntilExit()
    let status = process.terminationStatus
    return Outcome(
      status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
      output: output, errors: folder.text("errors"))
  }
}

/// A new folder, removed with its last user.
final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/nncc-command-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: file(name))))
  }

  /// A file's text; empty where there is none.
  func text(_ name: String) -> String {
    (try? bytes(name)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  fileprivate func handle(_ name: String) throws -> FileHandle {
    try write(name, "")
    return try #require(FileHandle(forWritingAtPath: file(name)))
  }

  /// Runs nncc here.
  func nncc(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try start(arguments, environment: environment).finish()
  }

  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
    let program = try #require(Nncc.path, "nncc is built beside the tests")
    return try Running(program, arguments, in: self, environment: environment)
  }

  /// Runs another program here.
  func run(_ program: String, _ arguments: [String]) throws -> Outcome {
    try Running(program, arguments, in: self).finish()
  }
}

enum Nncc {
  /// The executable beside the test bundle; `NNCC` names another one.
  static let path: String? = {
    if let named = ProcessInfo.processInfo.environment["NNCC"] { return named }
    let manager = FileManager.default
    let own = try? manager.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    for start in [own, CommandLine.arguments.first, CommandLine.arguments.last].compactMap({ $0 }) {
      var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
      while folder.path != "/" {
        let candidate = folder.appendingPathComponent("nncc").path
        var isFolder: ObjCBool = false
        if manager.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
          return candidate
        }
        folder.deleteLastPathComponent()
      }
    }
    return nil
  }()
}

/// The path of a program on the search path; nil where there is none.
func program(_ name: String) -> String? {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
  return path.split(separator: ":").map { "\($0)/\(name)" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// The repository's folder `Examples`.
let examplesFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Examples").path

/// A line of JSON as a dictionary.
func object(_ text: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

enum SampleGraph {
  /// The first example of the lecture.
  static let scalar = """
    input x1 : f32
    input x2 : f32
    f = sin(x1) + x1 * x2
    output f

    """

  /// A small network with a batch.
  static let classifier = """
    dim batch = 5
    input x : f32[batch, 4]
    input y : f32[batch, 3]
    param w1 : f32[4, 6] = glorot()
    param b1 : f32[1, 6] = zeros()
    param w2 : f32[6, 3] = glorot()
    param b2 : f32[1, 3] = zeros()
    hidden = tanh(dot(x, w1) + b1)
    guess = softmax(dot(hidden, w2) + b2, axis=1)
    cost = -mean(sum(y * log(guess), axis=1), axis=0)
    output guess
    loss cost

    """

  /// Rows for it: four features in sixteenths and the class.
  static func table(rows: Int) -> String {
    var text = "a,b,c,d,class\n"
    for row in 0..<rows {
      let kind = (row * 7 + row / 5) % 3
      let features = (0..<4).map { column -> String in
        let sixteenths = (row * 13 + column * 29 + kind * 17) % 33 - 16
        return "\(Double(sixteenths) / 16)"
      }
      text += features.joined(separator: ",") + ",\(kind)\n"
    }
    return text
  }

  /// How `train` maps the table's columns.
  static let columns = ["--column", "x=a..d", "--column", "y=onehot(class)"]
}
