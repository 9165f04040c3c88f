// NAME.c: the mathematics that the network uses, its constants and kernels, and the functions that call them in order.

import NNIR

struct ModelSource {
  let request: ModelRequest
  let names: ModelNames
  /// Bytes that each function needs, once `text()` has run.
  private(set) var workspaces: [ModelFunction: Int] = [:]
  private var kernels = CWriter()
  private var functions = CWriter()
  private var data = ModelData()
  private var sections: Set<String> = []
  /// Names of all static functions and data.
  private var staticNames: CNames
  /// Kernels by their text without the name: those that functions share are written once.
  private var written: [String: String] = [:]

  init(_ request: ModelRequest, _ names: ModelNames) {
    self.request = request
    self.names = names
    staticNames = CNames(
      taken: names.reserved + names.inputs.values + names.results.values + [
        "params", "state", "gradient", "learning_rate", "loss", "workspace", "seed",
      ] + ModelFunction.allCases.compactMap { $0.program(request) }.flatMap(LoopNest.names))
  }

  mutating func text() -> String {
    for function in ModelFunction.allCases {
      if let program = function.program(request) { emit(function, program) }
    }
    emitInitialisers()
    var writer = CWriter()
    writer.line(
      "/* A neural network in C, made by nncc from \(cComment(request.graphName)). See \(cComment(request.headerName)). */"
    )
    writer.line("#include \"\(cFileName(request.headerName))\"")
    writer.blank()
    let contractions = sections.filter { EmbeddedHeaders.contraction.contains($0) }
    var text = writer.text + EmbeddedHeaders.mathematics.text(needing: sections)
    if !contractions.isEmpty { text += EmbeddedHeaders.contraction.text(needing: contractions) }
    text += lookups(sections)
    text += """
      #ifdef __cplusplus
      #define restrict __restrict
      #endif


      """
    text += data.text + kernels.text + functions.text
    return request.hasDebugLines ? withLinesRestored(text) : text
  }

  // MARK: Kernels

  private mutating func emit(_ function: ModelFunction, _ program: Program) {
    var calls: [ModelCall] = []
    var scratch = 0
    for (number, kernel) in program.kernels.enumerated() where kernel.count > 0 {
      let emitted = emitLoops(
        kernel, name: kernelNamePlace, in: program, isSplit: false, reserved: names.reserved)
      scratch = max(scratch, emitted.scratchByteCount)
      let note = number < program.notes.count ? program.notes[number] : KernelNote()
      let name = writeKernel(emitted, kernel.name, note, function)
      calls.append(ModelCall(number: number, name: name, kernel: emitted))
    }
    let base = (program.workspaceByteCount + 63) / 64 * 64
    workspaces[function] = scratch == 0 ? program.workspaceByteCount : base + scratch
    emitFunction(function, program, calls, scratchOffset: base)
  }

  /// Writes a kernel unless an equal one stands there already; gives its name.
  private mutating func writeKernel(
    _ emitted: EmittedKernel, _ wanted: String, _ note: KernelNote, _ function: ModelFunction
  ) -> String {
    if let name = written[emitted.text] { return name }
    let plain = emitted.isCheck ? wanted : "compute_\(wanted)"
    let name = staticNames.unique(
      staticNames.contains(plain) ? "\(function.rawValue)_\(wanted)" : plain)
    written[emitted.text] = name
    sections.formUnion(emitted.sections)
    writeComment(note)
    let text = emitted.text.replacing(kernelNamePlace, with: name)
    let line = request.hasDebugLines ? note.lines.last : nil
    for textLine in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if let line { kernels.directive("#line \(line) \"\(cLineName(request.graphName))\"") }
      kernels.line(String(textLine))
    }
    if line != nil { kernels.directive(restoreMark) }
    kernels.blank()
    return name
  }

  private mutating func writeComment(_ note: KernelNote) {
    let most = 12
    var lines = note.expressions.prefix(most).map { expression in
      let text = cComment(expression)
      return text.count > 110 ? text.prefix(107) + "..." : text
    }
    if note.expressions.count > most { lines.append("and \(note.expressions.count - most) more") }
    if !note.lines.isEmpty {
      let numbers = note.lines.prefix(20).map(String.init).joined(separator: ", ")
      let plural = note.lines.count > 1 ? "s" : ""
      lines.append("\(cComment(request.graphName)), line\(plural) \(numbers)")
    }
    if lines.isEmpty { return }
    kernels.line("/* " + lines.joined(separator: "\n   ") + " */")
  }

  // MARK: Functions

  private mutating func emitFunction(
    _ function: ModelFunction, _ program: Program,
    _ calls: [ModelCall], scratchOffset: Int
  ) {
    let parameters = modelParameters(function, program, request, names)
    functions.openFunction("int \(names.prefix)_\(function.rawValue)", parameters)
    for unused in unusedParameters(function, program, calls, parameters) {
      functions.line("(void)\(unused);")
    }
    var nest = LoopNest(program)
    for call in calls {
      nest.enter(call.number, &functions)
      var arguments = call.kernel.arguments.map { address(of: program.buffers[$0], program) }
      if call.kernel.scratchByteCount > 0 {
        arguments.append(scratchOffset == 0 ? "workspace" : "(char *)workspace + \(scratchOffset)")
      }
      writeCall(call, arguments)
    }
    nest.enter(program.kernels.count, &functions)
    if function == .gradient { clearOtherGradients(program) }
    if function == .step { functions.line("state->step++;") }
    functions.line("return 0;")
    functions.close()
    functions.blank()
  }

  private mutating func writeCall(_ call: ModelCall, _ arguments: [String]) {
    let end = call.kernel.isCheck ? ")) return \(names.macroPrefix)_INDEX_OUT_OF_RANGE;" : ");"
    var line = (call.kernel.isCheck ? "if (" : "") + "\(call.name)("
    for (number, argument) in arguments.enumerated() {
      let text = argument + (number == arguments.count - 1 ? end : ", ")
      if line.count + text.count > 98 {
        functions.line(line.hasSuffix(" ") ? String(line.dropLast()) : line)
        line = "    "
      }
      line += text
    }
    functions.line(arguments.isEmpty ? line + end : line)
  }

  /// Parameters without a derivative have a gradient of zeros.
  private mutating func clearOtherGradients(_ program: Program) {
    let differentiated = program.results.compactMap { result in
      if case .gradient(let number) = result.role { program.arguments[number].name } else { nil }
    }
    if differentiated.isEmpty { return }
    for parameter in request.parameters where !differentiated.contains(parameter.name) {
      guard parameter.type.count > 0, names.fields[parameter.name] != nil,
        program.arguments.contains(where: { $0.role == .parameter })
      else { continue }
      functions.openLoop("i", to: "\(parameter.type.count)")
      functions.line("gradient->\(names.fields[parameter.name] ?? "")[i] = 0;")
      functions.close()
    }
  }

  /// The C expression of a buffer's address in a function of the model.
  private mutating func address(of buffer: Buffer, _ program: Program) -> String {
    switch buffer.storage {
    case .argument(let number):
      let argument = program.arguments[number]
      switch argument.role {
      case .parameter: return "params->\(names.fields[argument.name] ?? argument.name)"
      case .input: return names.inputs[argument.name] ?? argument.name
      case .state: return names.state(argument)
      case .hyperparameter:
        switch argument.hyperparameter {
        case .seed: return "(const int64_t *)&state->seed"
        case .step: return "(const int64_t *)&state->step"
        case .learningRate, nil: return "&learning_rate"
        }
      }
    case .result(let number):
      let result = program.results[number]
      if case .gradient(let argument) = result.role, !request.parameters.isEmpty {
        let name = program.arguments[argument].name
        return "gradient->\(names.fields[name] ?? name)"
      }
      return names.results[result.name] ?? result.name
    case .workspace(let offset):
      let start = offset == 0 ? "workspace" : "(void *)((char *)workspace + \(offset))"
      return "(\(buffer.element.cName) *)\(start)"
    case .constant(let constant):
      return data.name(of: constant, wanted: buffer.name, &staticNames)
    case .step(let base, let loop):
      return address(of: program.buffers[base], program)
        + " + \(LoopNest.index(loop)) * \(buffer.count)"
    }
  }

  private func unusedParameters(
    _ function: ModelFunction, _ program: Program,
    _ calls: [ModelCall], _ parameters: [String]
  ) -> [String] {
    let used = Set(calls.flatMap { $0.kernel.arguments.map(program.base) })
    let storages = used.map { program.buffers[$0].storage }
    var unused: [String] = []
    func uses(_ isMeant: (Argument) -> Bool) -> Bool {
      program.arguments.indices.contains { number in
        isMeant(program.arguments[number]) && storages.contains(.argument(number))
      }
    }
    if !request.parameters.isEmpty && !uses({ $0.role == .parameter }) { unused.append("params") }
    let isRate = { (argument: Argument) in argument.hyperparameter == .learningRate }
    if function == .step && !uses(isRate) && program.arguments.contains(where: isRate) {
      unused.append("learning_rate")
    }
    for (number, argument) in program.arguments.enumerated()
    where argument.role == .input && !storages.contains(.argument(number)) {
      unused.append(names.inputs[argument.name] ?? argument.name)
    }
    var mentionsGradient = false
    for (number, result) in program.results.enumerated() {
      let isWritten = storages.contains(.result(number))
      switch result.role {
      case .update: continue
      case .gradient where !request.parameters.isEmpty:
        mentionsGradient = mentionsGradient || isWritten
      case .output, .loss, .gradient:
        if !isWritten { unused.append(names.results[result.name] ?? result.name) }
      }
    }
    if parameters.contains(where: { $0.hasSuffix("*gradient") }) && !mentionsGradient {
      unused.append("gradient")
    }
    let usesWorkspace =
      calls.contains { $0.kernel.scratchByteCount > 0 }
      || storages.contains { if case .workspace = $0 { true } else { false } }
    if !usesWorkspace { unused.append("workspace") }
    return unused
  }

  private mutating func emitInitialisers() {
    if !request.parameters.isEmpty {
      data.writeInitialisers(request, names, &staticNames, &sections, into: &functions)
    }
    if request.step == nil { return }
    let type = "\(names.prefix)_optimizer"
    functions.open("void \(type)_init(\(type) *state)")
    if request.states.isEmpty {
      if request.drawsRandomNumbers { functions.line("state->seed = 0;") }
      functions.line("state->step = 0;")
    } else {
      // Without memset, whose header a bare machine need not have, and without a second one as constant data.
      functions.line("unsigned char *bytes = (unsigned char *)state;")
      functions.line("size_t i;")
      functions.line("for (i = 0; i < sizeof *state; i++) bytes[i] = 0;")
    }
    functions.close()
  }
}

/// Stands for a kernel's name until it is known to be new.
private let kernelNamePlace = "@"
/// Stands for a `#line` back to the file's own lines.
private let restoreMark = "#line @"

/// After the last line of a kernel the emitted file's own lines count again.
extension ModelSource {
  fileprivate func withLinesRestored(_ text: String) -> String {
    let ownName = cLineName(
      request.headerName.hasSuffix(".h")
        ? request.headerName.dropLast(2) + ".c" : request.headerName + ".c")
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(line == restoreMark ? "#line \(lines.count + 2) \"\(ownName)\"" : line)
    }
    return lines.joined(separator: "\n")
  }
}

/// A file name in a `#line`, where escapes count: no trigraph comes about.
func cLineName(_ name: String) -> String { cFileName(name).replacing("?", with: "\\?") }

/// A file name inside quotes.
func cFileName(_ name: String) -> String {
  String(
    String.UnicodeScalarView(
      name.unicodeScalars.map { scalar in
        scalar.value < 32 || scalar == "\"" || scalar == "\\" || scalar.value == 127 ? "_" : scalar
      }))
}
