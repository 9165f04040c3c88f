// Running a C compiler so that it never outlives this process, however that ends, and so that an ordinary end leaves no file.

import CSystem
import Glibc
import Synchronization

/// The compile was given up because the process is about to exit.
struct CompilationCancelled: Error {}

/// The C compilers that this process runs.
enum CompilerProcess {
  private struct State {
    /// The process groups of the compilers that run.
    var groups: Set<pid_t> = []
    /// How many threads are between making temporary files and removing them.
    var tasks = 0
    var isExiting = false
  }

  private static let state = Mutex(State())

  /// How long an exit waits for temporary files to be removed; a compiler that is killed needs a few milliseconds.
  private static let exitMilliseconds = 500

  private static let exitHook: Void = {
    atexit {
      CompilerProcess.state.withLock { state in
        state.isExiting = true
        for group in state.groups { kill(-group, SIGKILL) }
      }
      for _ in 0..<CompilerProcess.exitMilliseconds {
        if CompilerProcess.state.withLock({ $0.tasks }) == 0 { return }
        usleep(1000)
      }
    }
  }()

  /// Runs `body`, which makes files and removes them again; an exit of the process waits for its end.
  ///
  /// Throws `CompilationCancelled` once the process is exiting.
  static func withTemporaryFiles<Value>(_ body: () throws -> Value) throws -> Value {
    _ = exitHook
    try state.withLock { state in
      if state.isExiting { throw CompilationCancelled() }
      state.tasks += 1
    }
    defer { state.withLock { $0.tasks -= 1 } }
    return try body()
  }

  /// Runs a compiler to its end and gives its wait status. What it says goes into the file `messages`, its own temporary
  /// files into `folder`.
  ///
  /// The compiler and the programs that it starts are one process group. The kernel ends the group when the last writer of a
  /// pipe is gone, and the only one is this process. (A signal at the parent's death would reach the compiler alone, and
  /// nothing that it has started.)
  static func run(_ arguments: [String], messages: String, folder: String) throws -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard nn_pipe(&ends) == 0 else {
      throw BackendError.missing("no pipe to the C compiler can be made: \(systemError())")
    }
    let (reader, writer) = (ends[0], ends[1])
    defer { _ = close(writer) }
    let child = try state.withLock { state in
      defer { _ = close(reader) }
      if state.isExiting { throw CompilationCancelled() }
      let child = try start(arguments, messages: messages, folder: folder, reader: reader)
      state.groups.insert(child)
      return child
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    try state.withLock { state in
      state.groups.remove(child)
      if state.isExiting { throw CompilationCancelled() }
    }
    return status
  }

  /// Starts a program; see `nn_start`.
  private static func start(
    _ arguments: [String], messages: String, folder: String, reader: Int32
  ) throws -> pid_t {
    let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
    let output = open(messages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { for descriptor in [input, output] where descriptor >= 0 { _ = close(descriptor) } }
    var child = pid_t()
    let failure = withStrings(arguments) { vector in
      withStrings(environment(temporaries: folder)) { environment in
        nn_start(arguments[0], vector, environment, input, output, reader, &child)
      }
    }
    guard failure == 0 else {
      // A child that has not become another program has ended.
      if child > 0 { waitpid(child, nil, 0) }
      throw BackendError.missing("\(arguments[0]) cannot be run: \(systemError(failure))")
    }
    return child
  }

  /// This process's environment with another folder for temporary files.
  private static func environment(temporaries folder: String) -> [String] {
    var variables: [String] = []
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      if !text.hasPrefix("TMPDIR=") { variables.append(text) }
      next += 1
    }
    return variables + ["TMPDIR=\(folder)"]
  }
}

/// Calls `body` with an array of C strings that a null pointer ends.
private func withStrings<Value>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}
