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

  /// Runs a compiler to its end and gives its wait status. What it says goes into the file `messages`, its own temporary files into
  /// `folder`.
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
    let child: pid_t
    do {
      defer { _ = close(reader) }
      child = try state.withLock { state in
        if state.isExiting { throw CompilationCancelled() }
        let child = try spawn(arguments, messages: messages, folder: folder, keeping: reader)
        state.groups.insert(child)
        return child
      }
      // Between the start and here an end of this process goes unseen, and the compiler ends by itself.
      _ = nn_signal_group_on_close(reader, child)
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    try state.withLock { state in
      state.groups.remove(child)
      if state.isExiting { throw CompilationCancelled() }
    }
    return status
  }

  /// Starts a program in a process group of its own, with no signal blocked or ignored and with `descriptor` open.
  private static func spawn(
    _ arguments: [String], messages: String, folder: String, keeping descriptor: Int32
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, messages, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    posix_spawn_file_actions_adddup2(&actions, descriptor, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var child = pid_t()
    let failure = withStrings(arguments) { vector in
      withStrings(environment(temporaries: folder)) { environment in
        posix_spawn(&child, arguments[0], &actions, &attributes, vector, environment)
      }
    }
    guard failure == 0 else {
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
