// NAME.h: the whole interface of an emitted network.

import NNIR

/// The parameters of a model function in C, in the order that every caller may rely on: parameters, optimiser and learning rate, inputs,
/// results, workspace.
func modelParameters(
  _ function: ModelFunction, _ program: Program, _ request: ModelRequest, _ names: ModelNames
) -> [String] {
  var parameters: [String] = []
  let hasParameters = !request.parameters.isEmpty
  if hasParameters {
    let qualifier = function == .step ? "" : "const "
    parameters.append("\(qualifier)\(names.prefix)_params *params")
  }
  if function == .step {
    parameters.append("\(names.prefix)_optimizer *state")
    for argument in program.arguments where argument.hyperparameter == .learningRate {
      parameters.append("\(argument.type.element.cName) learning_rate")
    }
  }
  for argument in program.arguments where argument.role == .input {
    let name = names.inputs[argument.name] ?? argument.name
    parameters.append(argument.type.cParameter(name, isConst: true))
  }
  var hasGradient = false
  for result in program.results {
    switch result.role {
    case .output, .loss:
      parameters.append(
        result.type.cParameter(names.results[result.name] ?? result.name, isConst: false))
    case .gradient where hasParameters: hasGradient = true
    case .gradient:
      parameters.append(
        result.type.cParameter(names.results[result.name] ?? result.name, isConst: false))
    case .update: break
    }
  }
  if hasGradient { parameters.append("\(names.prefix)_params *gradient") }
  return parameters + ["void *workspace"]
}

func modelHeader(
  _ request: ModelRequest, _ names: ModelNames, workspaces: [ModelFunction: Int]
) -> String {
  var writer = CWriter()
  let guardName = "\(names.macroPrefix)_H"
  writer.line(
    "/* \(cComment(request.headerName)): a neural network in C, made by nncc from \(cComment(request.graphName)). */"
  )
  writer.line("#ifndef \(guardName)")
  writer.line("#define \(guardName)")
  writer.blank()
  writer.line("#include <stddef.h>")
  writer.line("#include <stdint.h>")
  writer.blank()
  writeFusedFlag(&writer)
  for (name, dim) in zip(names.dims, request.dims) { writer.line("#define \(name) \(dim.size)") }
  if !request.dims.isEmpty { writer.blank() }
  writer.line("/* Bytes of the workspace, which is aligned to 64; where it is 0, NULL will do. */")
  for function in ModelFunction.allCases {
    guard let bytes = workspaces[function] else { continue }
    writer.line("#define \(names.workspace(function)) \(bytes)")
  }
  writer.blank()
  writer.line("/* What the functions return where it is not 0. */")
  writer.line("#define \(names.macroPrefix)_INDEX_OUT_OF_RANGE 1")
  writer.blank()
  writer.line("#ifdef __cplusplus")
  writer.line("extern \"C\" {")
  writer.line("#endif")
  writer.blank()
  writeStructs(request, names, &writer)
  writeFunctions(request, names, &writer)
  writer.line("#ifdef __cplusplus")
  writer.line("}")
  writer.line("#endif")
  writer.blank()
  writer.line("#endif")
  return writer.text
}

/// The condition is that of nn_contract.h.
private func writeFusedFlag(_ writer: inout CWriter) {
  writer.line(
    "/* Whether products are added with one rounding, as nncc does it: 1 on a target with fused multiply-add. */"
  )
  writer.line("#ifndef NNCC_FMA")
  writer.line("#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)")
  writer.line("#define NNCC_FMA 1")
  writer.line("#else")
  writer.line("#define NNCC_FMA 0")
  writer.line("#endif")
  writer.line("#endif")
  writer.blank()
}

private func writeStructs(_ request: ModelRequest, _ names: ModelNames, _ writer: inout CWriter) {
  if !request.parameters.isEmpty {
    writer.line("/* Row-major, in the graph's order. */")
    writer.open("typedef struct \(names.prefix)_params")
    for parameter in request.parameters {
      let name = names.fields[parameter.name] ?? parameter.name
      writer.line("\(parameter.type.element.cName) \(name)\(parameter.type.cDimensions);")
    }
    writer.close(" \(names.prefix)_params;")
    writer.blank()
  }
  if request.step != nil {
    writer.line("/* The optimiser's state; zeros to begin with. */")
    writer.open("typedef struct \(names.prefix)_optimizer")
    if request.drawsRandomNumbers { writer.line("uint64_t seed; /* of dropout */") }
    writer.line("uint64_t step; /* how many have been taken */")
    for state in request.states {
      writer.line("\(names.prefix)_params \(names.states[state] ?? state);")
    }
    writer.close(" \(names.prefix)_optimizer;")
    writer.blank()
  }
}

private func writeFunctions(_ request: ModelRequest, _ names: ModelNames, _ writer: inout CWriter) {
  func write(_ comment: String, _ lines: [String]) {
    writer.line("/* \(comment) */")
    for line in lines.dropLast() { writer.line(line) }
    writer.line((lines.last ?? "") + ";")
    writer.blank()
  }
  let prefix = names.prefix
  if !request.parameters.isEmpty {
    writer.line("/* Defined by \(prefix)_params.c, if that was asked for. */")
    for sentence in request.trainedOn { writer.line("/* \(cComment(sentence)) */") }
    writer.line("extern const \(prefix)_params \(prefix)_trained;")
    writer.blank()
    write(
      "First values for the parameters; the same seed gives the same ones everywhere.",
      ["void \(prefix)_init(\(prefix)_params *params, uint64_t seed)"])
  }
  if request.step != nil {
    write(
      request.drawsRandomNumbers
        ? "The state before the first step, with seed 0; another may be set then."
        : "The state before the first step.",
      ["void \(prefix)_optimizer_init(\(prefix)_optimizer *state)"])
  }
  let comments: [ModelFunction: String] = [
    .forward: "The outputs.",
    .gradient: "The gradient.",
    .step: "One step of training: params and state are updated in place.",
  ]
  for function in ModelFunction.allCases {
    guard let program = function.program(request) else { continue }
    write(
      comments[function] ?? "",
      prototype(
        "int \(prefix)_\(function.rawValue)",
        modelParameters(function, program, request, names)))
  }
}

/// Text that cannot end the comment in which it stands, nor start another, nor continue a line.
func cComment(_ text: String) -> String {
  var safe = ""
  var last: Unicode.Scalar = " "
  for scalar in text.unicodeScalars {
    let isPlain = scalar.value >= 32 && scalar.value < 127
    let next: Unicode.Scalar = isPlain ? (scalar == "\\" ? "/" : scalar) : "?"
    if (last == "*" && next == "/") || (last == "/" && next == "*") || (last == "?" && next == "?")
      || (last == "/" && next == "/")
    {
      safe += " "
    }
    safe.unicodeScalars.append(next)
    last = next
  }
  return safe
}
