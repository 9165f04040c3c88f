// nncc's side of the step benchmark: one training step of 784-100-10 at batch 500, on one thread.
//
// usage: nncc-bench-step FOLDER tcc|cc
//
// FOLDER and the protocol are those of `Benchmarks/peers.py`: `run N` takes N steps and is answered
// by a line of JSON with each step's seconds and loss.

import Glibc
import NNCodegen
import NNIR
import NNRuntime

let graphText = """
  dim batch = 500
  input x : f32[batch, 784]
  input y : f32[batch, 10]
  param w1 : f32[784, 100]
  param b1 : f32[1, 100]
  param w2 : f32[100, 10]
  param b2 : f32[1, 10]
  l1 = tanh(dot(x, w1) + b1)
  l2 = softmax(dot(l1, w2) + b2, axis=1)
  cost = -mean(sum(y * log(l2), axis=1), axis=0)
  loss cost
  """

/// The step's code, loaded by the backend of that name.
func compiled(_ backend: String) throws -> CompiledProgram {
  let network = try Graph(parsing: graphText, file: "step.graph").lowered()
  let program = try schedule(network.function.trainingStep(optimizer: .sgd))
  let module = emitKernels(program, spelling: backend == "cc" ? .loops : .strips)
  let symbols = module.entries.map(\.symbol)
  let code =
    backend == "cc"
    ? try CCompiler.system().load(text: module.text, symbols: symbols)
    : try TinyCompiler.load(text: module.text, symbols: symbols)
  return CompiledProgram(program: program, entries: module.entries, code: code, threads: 1)
}

/// An argument's values: the learning rate, or a raw file in `folder`.
func values(of argument: Argument, in folder: String) throws -> Tensor {
  if argument.role == .hyperparameter { return Tensor(scalar: Float(0.1)) }
  let bytes = try readBytes(of: "\(folder)/\(argument.name).f32")
  precondition(bytes.count == argument.type.byteCount, "\(argument.name).f32 has another size")
  return Tensor(type: argument.type) { $0.copyBytes(from: bytes) }
}

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

func list(_ numbers: [Double]) -> String {
  "[" + numbers.map(JSONText.number).joined(separator: ", ") + "]"
}

/// A line on standard output, at once.
func answer(_ line: String) throws { try writeFile(line + "\n", to: "-") }

/// Answers commands until standard input ends.
func serve(_ folder: String, _ backend: String) throws {
  let step = try compiled(backend)
  var arguments = try step.program.arguments.map { try values(of: $0, in: folder) }
  var results = step.program.results.map { Tensor(zeros: $0.type) }
  // Parameters are updated where they lie; the addresses stay while the tensors do.
  let sources = arguments.indices.map { arguments[$0].withUnsafeMutableBytes(\.baseAddress) }
  let targets = results.indices.map { results[$0].withUnsafeMutableBytes(\.baseAddress) }
  guard let loss = step.program.results.firstIndex(where: { $0.role == .loss }) else {
    fatalError("the step has no loss")
  }
  step.bind(arguments: sources, results: targets)
  while let line = readLine() {
    let words = line.split(separator: " ")
    guard words.count == 2, let count = Int(words[1]) else {
      try answer("{\"name\": \"nncc, \(backend == "cc" ? "C compiler" : "libtcc")\"}")
      continue
    }
    var times: [Double] = []
    var losses: [Double] = []
    for _ in 0..<count {
      let start = seconds()
      try step.run(kernels: 0..<step.program.kernels.count)
      times.append(seconds() - start)
      losses.append(results[loss][flat: 0].double)
    }
    try answer("{\"seconds\": \(list(times)), \"losses\": \(list(losses))}")
  }
  withExtendedLifetime((arguments, results)) {}
}

let words = CommandLine.arguments
guard words.count == 3, ["tcc", "cc"].contains(words[2]) else {
  print("usage: nncc-bench-step FOLDER tcc|cc")
  exit(64)
}
try serve(words[1], words[2])
