// The parser of programs' text form (see `ProgramPrinter`). It checks the form alone; whether the program makes sense is the verifier's to
// say. Safe on any text.

import NNIR

extension Program {
  /// Reads what `text` wrote. Comments, and so notes, are not read.
  public init(parsing text: String) throws(TextError) {
    var parser = ProgramParser(reader: TextReader(text))
    self = try parser.program()
    if !parser.reader.isAtEnd { throw parser.reader.error("expected the end of the text") }
  }
}

struct ProgramParser {
  var reader: TextReader
  private(set) var buffers: [String: Int] = [:]
  /// How many loops are open.
  private var depth = 0

  init(reader: TextReader) { self.reader = reader }

  mutating func program() throws(TextError) -> Program {
    try reader.expect("program")
    try reader.expect("@")
    let plain = reader.word()
    var program = Program(
      name: plain.isEmpty ? try reader.string() : plain, arguments: [], results: [])
    try reader.expect("{")
    try items(&program)
    return program
  }

  /// What stands in a program, or within a loop of it, up to the closing brace.
  private mutating func items(_ program: inout Program) throws(TextError) {
    while !reader.accept("}") {
      if reader.isAtEnd { throw reader.error("expected '}'") }
      let position = reader.position
      switch reader.word() {
      case "argument": program.arguments.append(try argument())
      case "result": program.results.append(try result())
      case "buffer": try buffer(&program)
      case "workspace": program.workspaceByteCount = try reader.integer()
      case "forward": program.forwardKernelCount = try reader.integer()
      case "kernel":
        program.kernels.append(try kernel(program.buffers))
        program.notes.append(KernelNote())
      case "loop": try loop(&program)
      case _:
        throw reader.error(
          "expected argument, result, buffer, workspace, forward, loop or kernel", at: position)
      }
    }
  }

  private mutating func loop(_ program: inout Program) throws(TextError) {
    depth += 1
    defer { depth -= 1 }
    if depth > 256 { throw reader.error("loops are nested at most 256 deep") }
    let number = program.loops.count
    if try reader.integer() != number { throw reader.error("expected loop \(number)") }
    try reader.expect("of")
    let count = try reader.integer()
    let isReversed = reader.acceptWord("reversed")
    let isBesideNext = reader.acceptWord("beside")
    if isBesideNext { try reader.expect("next") }
    try reader.expect("{")
    let start = program.kernels.count
    program.loops.append(
      ProgramLoop(
        kernels: start..<start, count: count, isReversed: isReversed, isBesideNext: isBesideNext))
    try items(&program)
    program.loops[number].kernels = start..<program.kernels.count
  }

  private mutating func argument() throws(TextError) -> Argument {
    let name = try reader.string()
    try reader.expect(":")
    guard let role = ArgumentRole(rawValue: reader.word()) else {
      throw reader.error("expected input, parameter, state or hyperparameter")
    }
    return Argument(name: name, role: role, type: try reader.type())
  }

  private mutating func result() throws(TextError) -> ProgramResult {
    let role: ResultRole
    switch reader.word() {
    case "output": role = .output
    case "loss": role = .loss
    case "gradient": role = .gradient(of: try parenthesized())
    case "update": role = .update(of: try parenthesized())
    case _: throw reader.error("expected output, loss, gradient or update")
    }
    let name = try reader.string()
    try reader.expect(":")
    return ProgramResult(name: name, role: role, type: try reader.type())
  }

  private mutating func parenthesized() throws(TextError) -> Int {
    try reader.expect("(")
    let number = try reader.integer()
    try reader.expect(")")
    return number
  }

  mutating func element() throws(TextError) -> ElementType {
    guard let element = ElementType(name: reader.word()) else {
      throw reader.error("expected an element type")
    }
    return element
  }

  private mutating func buffer(_ program: inout Program) throws(TextError) {
    let name = reader.word()
    try reader.expect(":")
    let element = try element()
    let count = try reader.single()
    try reader.expect("=")
    let storage: Storage
    switch reader.word() {
    case "argument": storage = .argument(try reader.integer())
    case "result": storage = .result(try reader.integer())
    case "workspace": storage = .workspace(offset: try reader.integer())
    case "constant": storage = .constant(try constant(element, count))
    case "step":
      let loop = try reader.integer()
      try reader.expect("of")
      let base = reader.word()
      guard let number = buffers[base] else {
        throw reader.error("no buffer is called '\(base)'")
      }
      storage = .step(of: number, loop: loop)
    case _: throw reader.error("expected argument, result, workspace, constant or step")
    }
    if buffers.updateValue(program.buffers.count, forKey: name) != nil {
      throw reader.error("two buffers are called '\(name)'")
    }
    program.buffers.append(Buffer(name: name, element: element, count: count, storage: storage))
  }

  private mutating func constant(
    _ element: ElementType, _ count: Int
  ) throws(TextError) -> Constant {
    var probe = reader
    if !probe.accept("[") {
      return Constant(splat: try reader.scalar(element), shape: Shape([count]))
    }
    let bits = try reader.list { reader throws(TextError) in try reader.scalar(element).bits }
    if bits.count != count { throw reader.error("\(bits.count) elements for a buffer of \(count)") }
    return Constant(type: TensorType(element, Shape([count])), bits: bits)
  }
}
