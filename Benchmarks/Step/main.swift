// nncc's side of the benchmarks: one workload on one backend, driven by lines on standard input.
//
// usage: nncc-bench-step GRAPH PREFIX tcc|cc THREADS RATE step|forward|gradient [OPTIMIZER]
//
// The raw little-endian file PREFIX + NAME + `.bin` holds the first value of each input and parameter; RATE is the
// learning rate. The protocol is that of `Benchmarks/peers/protocol.py`, and each line is answered by a line of JSON:
//
//     name           {"name": …}
//     run N [M]      N samples of M calls each: {"seconds": [of one call, …], "checks": […],
//                    "preparation": from the graph's text to code, "at": the clock at the end}
//     params         {"bits": a hash of all parameters and results}

import Glibc
import NNCodegen
import NNIR
import NNRuntime

/// A line on standard output, at once.
func answer(_ line: String) throws { try writeFile(line + "\n", to: "-") }

func list(_ numbers: [Double]) -> String {
  "[" + numbers.map(JSONText.number).joined(separator: ", ") + "]"
}

/// Answers `run`: the time of each sample is divided by its calls, and what the last call gave is looked at between samples.
func run(_ workload: Workload, samples: Int, calls: Int) throws {
  var times: [Double] = []
  var checks: [Double] = []
  for _ in 0..<samples {
    let start = monotonicSeconds()
    for _ in 0..<calls { try workload.call() }
    times.append((monotonicSeconds() - start) / Double(calls))
    checks.append(workload.check)
  }
  let end = monotonicSeconds()
  try answer(
    """
    {"seconds": \(list(times)), "checks": \(list(checks)), \
    "preparation": \(JSONText.number(workload.preparation)), "at": \(JSONText.number(end))}
    """)
}

/// Answers lines until standard input ends.
func serve(_ workload: Workload, backend: Backend) throws {
  while let line = readLine() {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }
    switch words.first {
    case "run":
      try run(workload, samples: numbers.first ?? 1, calls: numbers.dropFirst().first ?? 1)
    case "params":
      try answer("{\"bits\": \"\(String(workload.bits, radix: 16))\"}")
    default:
      try answer("{\"name\": \"nncc \(backend.rawValue)\"}")
    }
  }
}

let words = CommandLine.arguments
guard words.count == 7 || words.count == 8, let backend = Backend(rawValue: words[3]),
  [.tcc, .cc].contains(backend),
  let threads = Int(words[4]), let rate = Double(words[5]), let part = BenchPart(rawValue: words[6])
else {
  print("usage: nncc-bench-step GRAPH PREFIX tcc|cc THREADS RATE step|forward|gradient [OPTIMIZER]")
  exit(64)
}
do {
  let workload = try Workload(
    graph: words[1], prefix: words[2], part: part, rate: rate,
    optimizer: Optimizer(words.count == 8 ? words[7] : "sgd"),
    options: ExecutionOptions(backend: backend, threads: threads))
  try serve(workload, backend: backend)
} catch {
  try writeFile("nncc-bench-step: \(error)\n", to: "/dev/stderr")
  exit(1)
}
