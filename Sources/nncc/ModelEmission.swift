// What `nncc compile` writes by default: the network as C files, and a summary of them.

import NNCodegen
import NNRuntime

/// A network on its way to C files.
struct ModelEmission {
  var network: Network
  /// The prefix of names in the C.
  var stem: String
  /// The files' path without ending.
  var path: String
  /// Of the training step; nil where there is none.
  var optimizer: Optimizer?
  var fuse: Bool
  var debugLines: Bool
  var trained: [NamedTensor]?

  /// Writes the files; gives the summary, a line each.
  func write() throws -> [String] {
    let forward = network.function.forward()
    let gradient = try gradientFunction()
    let step = try optimizer.map { try network.function.trainingStep(optimizer: $0) }
    let functions = [("forward", forward), ("gradient", gradient), ("step", step)]
    var programs: [Program?] = []
    for (_, function) in functions {
      programs.append(try function.map { try schedule($0, fuse: fuse) })
    }
    let request = ModelRequest(
      stem: stem, headerName: lastComponent(path) + ".h",
      graphName: lastComponent(network.source.file), dims: network.dims,
      parameters: network.parameters, initializers: network.initializers, forward: programs[0],
      gradient: programs[1], step: programs[2], hasDebugLines: debugLines,
      trained: trained?.map { tensor in
        (0..<tensor.tensor.count).map { tensor.tensor[flat: $0].bits }
      })
    let files = try emitModel(request)
    try writeFile(files.header, to: path + ".h")
    try writeFile(files.source, to: path + ".c")
    if let trained = files.trained { try writeFile(trained, to: path + "_params.c") }

    var lines: [String] = []
    for ((name, function), program) in zip(functions, programs) {
      guard let function, let program else { continue }
      let before = try schedule(function, fuse: false, explains: false).kernels.count
      lines.append(
        "\(name): \(before) kernels fused into \(program.kernels.count), workspace "
          + "\(files.workspaces[name] ?? 0) bytes (arrays \(program.workspaceByteCount), of which "
          + "\(program.liveByteCount) live at one time), "
          + "\(program.floatingPointOperationCount) floating-point operations"
      )
    }
    lines.append("\(path).c: \(files.source.utf8.count) bytes")
    return lines
  }

  /// Nil where the graph has nothing that a gradient could be of.
  private func gradientFunction() throws -> Function? {
    do {
      return try network.function.gradient()
    } catch GradientError.nothingToDifferentiate {
      return nil
    }
  }
}

/// The part of a path after its last slash.
func lastComponent(_ path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}
