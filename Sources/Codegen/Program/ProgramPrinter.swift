// The text form of programs: what `--emit kernels`, tests and bug reports show, and what `Program(parsing:)` reads back exactly.
//
//   program @mlp {
//     argument "x": input f32[500, 784]
//     result output "l1": f32[500, 100]
//     buffer x: f32[392000] = argument 0
//     buffer l1: f32[50000] = result 0
//     workspace 0
//     forward 1
//     kernel l1 [500, 100] {  ; l1 = tanh(dot(x, w1) + b1)
//       contraction f32 k 784 rows 0 columns 1 lanes 1 x[784, 0, 1] w1[0, 1, 100]
//       epilogue {
//         %0: f32 = accumulator 0
//         %1: f32 = load b1[0, 1]
//         …
//         store l1[100, 1] %3
//       }
//     }
//   }
//
// `x[784, 1] at 5 if [1, 0] at -2 < 9 else 0.0`: element 784·i + j + 5 of x where 0 <= i - 2 < 9, else the number. What follows `;` is a
// comment: the graph's expressions and lines. A loop stands around its kernels, `loop 0 of 50 reversed { … }`, and a buffer that is a step
// of another says so: `buffer x_t: f32[64] = step 0 of x`, the elements from 64 times the position of loop 0 on. A loop that may run at the
// same time as the following one is `beside next`.

import NNIR

extension Program: CustomStringConvertible {
  public var text: String {
    var printer = ProgramPrinter(program: self)
    printer.print()
    return String(decoding: printer.output, as: UTF8.self)
  }

  public var description: String { text }

  /// The part of the text that says what one kernel does.
  public func text(ofKernel index: Int) -> String {
    var printer = ProgramPrinter(program: self, indentation: -1)
    printer.print(kernels[index], note: index < notes.count ? notes[index] : KernelNote())
    return String(decoding: printer.output, as: UTF8.self)
  }
}

private struct ProgramPrinter {
  let program: Program
  var output: [UInt8] = []
  /// How many loops are open around the kernel at work.
  private var indentation = 0

  init(program: Program, indentation: Int = 0) {
    self.program = program
    self.indentation = indentation
  }

  mutating func line(_ depth: Int, _ text: String) {
    let blanks = 2 * (depth + indentation)
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: blanks))
    output.append(contentsOf: text.utf8)
    output.append(UInt8(ascii: "\n"))
  }

  mutating func print() {
    line(0, "program @\(program.name.isPlainName ? program.name : program.name.quoted) {")
    for argument in program.arguments {
      line(1, "argument \(argument.name.quoted): \(argument.role.rawValue) \(argument.type)")
    }
    for result in program.results {
      line(1, "result \(result.role.programText) \(result.name.quoted): \(result.type)")
    }
    for buffer in program.buffers { line(1, buffer.text(in: program)) }
    line(1, "workspace \(program.workspaceByteCount)")
    line(1, "forward \(program.forwardKernelCount)")
    var open: [Int] = []
    var next = 0
    for (index, kernel) in program.kernels.enumerated() {
      while next < program.loops.count, program.loops[next].kernels.lowerBound == index {
        let loop = program.loops[next]
        let direction = loop.isReversed ? " reversed" : ""
        let company = loop.isBesideNext ? " beside next" : ""
        line(1 + open.count, "loop \(next) of \(loop.count)\(direction)\(company) {")
        open.append(loop.kernels.upperBound)
        next += 1
      }
      indentation = open.count
      print(kernel, note: index < program.notes.count ? program.notes[index] : KernelNote())
      indentation = 0
      while open.last == index + 1 {
        open.removeLast()
        line(1 + open.count, "}")
      }
    }
    line(0, "}")
  }

  mutating func print(_ kernel: Kernel, note: KernelNote) {
    var head = "kernel \(kernel.name) \(kernel.space)"
    if !kernel.reduced.isEmpty { head += " reduce \(kernel.reduced)" }
    head += " {"
    if !note.lines.isEmpty {
      head += "  ; lines " + note.lines.map(String.init).joined(separator: ", ")
    }
    line(1, head)
    for expression in note.expressions { line(2, "; \(expression)") }
    if let contraction = kernel.contraction { line(2, text(contraction)) }
    if let routine = kernel.routine { line(2, text(routine)) }
    print(kernel.body, "body")
    for reduction in kernel.reductions { line(2, reduction.text) }
    print(kernel.epilogue, "epilogue")
    line(1, "}")
  }

  private mutating func print(_ block: Block, _ name: String) {
    if block.isEmpty { return }
    line(2, "\(name) {")
    for (index, node) in block.nodes.enumerated() {
      line(3, "%\(index): \(node.element.name) = \(text(node))")
    }
    for store in block.stores { line(3, "store \(text(store.access)) %\(store.node)") }
    line(2, "}")
  }

  private func text(_ node: Node) -> String {
    switch node.operation {
    case .load(let access): return "load \(text(access))"
    case .constant(let scalar): return "constant \(scalar.text)"
    case .index(let map): return "index \(map.text)"
    case .accumulator(let number): return "accumulator \(number)"
    case .apply(let op, let operands):
      let list = operands.map { "%\($0)" }.joined(separator: ", ")
      if case .power(let exponent) = op { return "power [\(exponent)] \(list)" }
      return "\(op.name) \(list)"
    }
  }

  private func text(_ access: Access) -> String {
    var text = program.buffers[access.buffer].name + access.map.text
    for (index, condition) in access.guards.enumerated() {
      text += (index == 0 ? " if " : " and ") + "\(condition.map.text) < \(condition.extent)"
    }
    if let padding = access.padding { text += " else \(padding.text)" }
    return text
  }

  private func text(_ routine: Routine) -> String {
    func name(_ buffer: Int) -> String { program.buffers[buffer].name }
    return switch routine {
    case .gather(let table, let indices, let result):
      "gather \(name(table)) \(name(indices)) to \(name(result))"
    case .scatterAdd(let indices, let updates, let result):
      "scatter_add \(name(indices)) \(name(updates)) to \(name(result))"
    case .check(let indices, let rows): "check \(name(indices)) < \(rows)"
    case .random(let seed, let step, let result, let dropout):
      "random key \(dropout.key) rate \(dropout.rate) \(name(seed)) \(name(step)) to \(name(result))"
    }
  }

  private func text(_ contraction: KernelContraction) -> String {
    var text = "contraction \(contraction.element.name) k \(contraction.extent)"
    if let rows = contraction.rowAxis { text += " rows \(rows)" }
    if let columns = contraction.columnAxis { text += " columns \(columns)" }
    text += " lanes \(contraction.lanes)"
    if !contraction.isPlain { text += " split \(contraction.digits)" }
    return text + " \(self.text(contraction.left)) \(self.text(contraction.right))"
  }
}

extension AffineMap {
  /// `[784, 1] at 5`
  var text: String { strides.description + (offset == 0 ? "" : " at \(offset)") }
}

extension KernelReduction {
  fileprivate var text: String {
    switch kind {
    case .reduce(let reduction): "reduction \(reduction.rawValue) %\(node) lanes \(lanes)"
    case .argument(let reduction): "reduction \(reduction.rawValue) %\(node) lanes \(lanes)"
    }
  }
}

extension Buffer {
  fileprivate func text(in program: Program) -> String {
    let place =
      switch storage {
      case .argument(let number): "argument \(number)"
      case .result(let number): "result \(number)"
      case .workspace(let offset): "workspace \(offset)"
      case .constant(let constant): "constant \(constant.elementText)"
      case .step(let base, let loop): "step \(loop) of \(program.buffers[base].name)"
      }
    return "buffer \(name): \(element.name)[\(count)] = \(place)"
  }
}

extension Constant {
  fileprivate var elementText: String {
    if let splat { return splat.text }
    return "[" + (0..<type.count).map { self[$0].text }.joined(separator: ", ") + "]"
  }
}

extension ResultRole {
  fileprivate var programText: String {
    switch self {
    case .output: "output"
    case .loss: "loss"
    case .gradient(let number): "gradient(\(number))"
    case .update(let number): "update(\(number))"
    }
  }
}
