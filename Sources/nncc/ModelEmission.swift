// What `nncc compile` writes by default: the network as C files, or what a C compiler makes of them, and a summary.

import NNCodegen
import NNRuntime

/// A form in which a network's C is written.
enum ModelProduct: Hashable {
  case source
  case compiled(ObjectKind)
}

/// A network on its way to C files.
struct ModelEmission {
  var network: Network
  /// The prefix of names in the C.
  var stem: String
  /// The files' path without ending.
  var path: String
  var products: Set<ModelProduct>
  /// Of the training step; nil where there is none.
  var optimizer: Optimizer?
  var fuse: Bool
  var debugLines: Bool
  var trained: [NamedTensor]?
  /// How the inputs came about that these were trained on.
  var recipes: [InputRecipe]

  /// Writes the files; gives the summary, a line each.
  func write() throws -> [String] {
    // Known before the work is done.
    let compiler = products == [.source] ? nil : try CCompiler.forOutput()
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
      }, trainedOn: recipes.map(\.sentence))
    let files = try emitModel(request)
    let outputs = try self.outputs(of: files, compiler: compiler)
    try writeFile(files.header, to: path + ".h")
    for output in outputs { try writeFile(output.bytes, to: output.file) }

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
    for output in outputs { lines.append("\(output.file): \(output.bytes.count) bytes") }
    return lines
  }

  /// The files beside the header. All are made before the first is written.
  private func outputs(
    of files: ModelFiles, compiler: CCompiler?
  ) throws -> [(file: String, bytes: [UInt8])] {
    let model = SourceFile(name: lastComponent(path) + ".c", text: files.source)
    let trained = files.trained.map {
      SourceFile(name: lastComponent(path) + "_params.c", text: $0)
    }
    let header = SourceFile(name: lastComponent(path) + ".h", text: files.header)
    var outputs: [(file: String, bytes: [UInt8])] = []
    if products.contains(.source) {
      outputs.append((path + ".c", Array(files.source.utf8)))
      if let trained { outputs.append((path + "_params.c", Array(trained.text.utf8))) }
    }
    guard let compiler else { return outputs }
    func compiled(_ sources: [SourceFile?], _ kind: ObjectKind) throws -> [UInt8] {
      let files = [header] + sources.compactMap(\.self)
      do {
        return try compiler.compiled(files, as: kind, debug: debugLines)
      } catch let refusal as CompilerDefect where compiler.flags != CCompiler.standardFlags {
        throw Failure(
          .missing,
          "nncc: error: \(refusal.compiler) with CFLAGS as they are makes nothing of the C: "
            + refusal.message)
      }
    }
    if products.contains(.compiled(.object)) {
      outputs.append((path + ".o", try compiled([model], .object)))
      if let trained {
        outputs.append((path + "_params.o", try compiled([trained], .object)))
      }
    }
    if products.contains(.compiled(.sharedLibrary)) {
      outputs.append((path + ".so", try compiled([model, trained], .sharedLibrary)))
    }
    return outputs
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

extension InputRecipe {
  /// What has to be done to numbers before they are given to the trained network.
  fileprivate var sentence: String {
    var text = "\(name) was made of \(column)"
    if factor != 1 { text += ", times \(JSONText.number(factor))" }
    if normalization != nil {
      text += ", less mean.\(name) and over deviation.\(name) of the file of weights"
    }
    return text + (classes.map { "; its classes: \($0.summary)." } ?? ".")
  }
}
