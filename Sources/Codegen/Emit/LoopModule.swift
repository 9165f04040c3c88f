// The loops spelling of a whole program, for a C compiler whose object is loaded into this process.

import NNIR

/// A kernel in the loops spelling, `isSplit` into units or over all of its space. No variable takes a `reserved` name.
func emitLoops(
  _ kernel: Kernel, name: String, in program: Program, isSplit: Bool, reserved: [String] = []
) -> EmittedKernel {
  if let routine = kernel.routine {
    return emitLoops(
      routine, of: kernel, name: name, in: program, isSplit: isSplit, reserved: reserved)
  }
  let loop = LoopKernel(
    kernel.tidied(), name: name, in: program, isSplit: isSplit, reserved: reserved)
  if var contraction = LoopContraction(loop, isSplit: isSplit) { return contraction.emitted() }
  var kernel = loop
  return kernel.emitted()
}

/// One kernel as the C function that the standalone file has for it, without the headers that it needs.
public func emitKernel(_ index: Int, of program: Program) -> String {
  let kernel = program.kernels[index]
  if kernel.count == 0 { return "/* nothing to do */\n" }
  return emitLoops(kernel, name: "compute_\(kernel.name)", in: program, isSplit: false).text
}

/// Kernels as C and the functions that the runtime calls.
public func emitKernels(_ program: Program, spelling: Spelling) -> KernelModule {
  switch spelling {
  case .loops: emitLoopModule(program)
  case .strips: emitStripModule(program)
  }
}

private func emitLoopModule(_ program: Program) -> KernelModule {
  var names = CNames()
  var writer = CWriter()
  var sections: Set<String> = []
  let functions = KernelFunctions(
    of: program, into: &writer, symbol: { kernel, _ in names.unique(kernel.name) },
    write: { kernel, writer, symbol in
      let emitted = emitLoops(
        kernel, name: names.unique("\(symbol)_units"), in: program, isSplit: true)
      sections.formUnion(emitted.sections)
      writer.append(lines: emitted.text)
      writer.blank()
      emitEntry(symbol, emitted, isRanged: emitted.text.contains("ptrdiff_t begin"), into: &writer)
      return emitted
    })
  return KernelModule(text: loopPrelude(sections) + writer.text, entries: functions.entries)
}

/// The function of a kernel without points.
func emitEmptyEntry(_ symbol: String, into writer: inout CWriter) {
  writer.line("ptrdiff_t \(symbol)(\(entryParameters));")
  writer.open("ptrdiff_t \(symbol)(\(entryParameters))")
  writer.line("(void)buffers, (void)arrays, (void)scratch, (void)begin, (void)end;")
  writer.line("return 0;")
  writer.close()
  writer.blank()
}

/// The function with the signature that all kernels share.
private func emitEntry(
  _ symbol: String, _ kernel: EmittedKernel, isRanged: Bool, into writer: inout CWriter
) {
  writer.line("ptrdiff_t \(symbol)(\(entryParameters));")
  writer.open("ptrdiff_t \(symbol)(\(entryParameters))")
  var arguments = kernel.arguments.indices.map { "buffers[arrays[\($0)]]" }
  if kernel.scratchByteCount > 0 { arguments.append("scratch") }
  if isRanged { arguments += ["begin", "end"] }
  writer.line("(void)buffers, (void)arrays, (void)scratch;")
  if !isRanged { writer.line("if (begin >= end) return 0;") }
  let call = "\(kernel.name)(\(arguments.joined(separator: ", ")));"
  writer.line(kernel.isCheck ? "return " + call : call)
  if !kernel.isCheck { writer.line("return 0;") }
  writer.close()
  writer.blank()
}

/// The sections of the embedded headers that the kernels use.
private func loopPrelude(_ sections: Set<String>) -> String {
  var needed = sections
  let contractions = sections.filter { EmbeddedHeaders.contraction.contains($0) }
  if contractions.contains(where: { $0.hasSuffix("f32") }) { needed.insert("fma_f32") }
  if contractions.contains(where: { $0.hasSuffix("f64") }) { needed.insert("fma_f64") }
  var text = EmbeddedHeaders.mathematics.text(needing: needed)
  if !contractions.isEmpty {
    text += "#define NN_CONTRACT_SOFT_FMA 1\n"
    // Vectors without the instruction would round twice.
    text += "#if !defined(__FMA__) && !defined(__aarch64__)\n#define NN_CONTRACT_SIMD 0\n#endif\n"
    text += EmbeddedHeaders.contraction.text(needing: contractions)
  }
  return text + lookups(sections)
}

/// The sections of nn_lookup.h that kernels use; nothing where they use none.
func lookups(_ sections: Set<String>) -> String {
  let used = sections.filter { EmbeddedHeaders.lookup.contains($0) }
  return used.isEmpty ? "" : EmbeddedHeaders.lookup.text(needing: used)
}
