// The text form of functions: what logs, tests and bug reports show, and what `Function(parsing:)`
// reads back exactly.
//
//   func @digits(%0 "x": input f32[500, 64], %1 "w1": parameter f32[64, 100]) -> (output "l2" %3) {
//     %2: f32[500, 100] = contraction "mk,kn->mn" %0, %1
//     %3: f32[500, 100] = tanh %2  ; l1 11:8
//   }
//
// Values are numbered by their place. The instructions of arguments stand in the head; an argument
// without one is `_`. Numbers read back to the same bits. What follows `;` is a comment: the
// value's name in the graph file and its place there.

extension Function: CustomStringConvertible {
  public var text: String {
    var printer = FunctionPrinter()
    printer.print(self, indentation: 0)
    printer.write("\n")
    return String(decoding: printer.output, as: UTF8.self)
  }

  public var description: String { text }

  /// The line of the text that defines a value; of an argument, the head's part for it. Inner functions are left out.
  public func text(of value: Value) -> String {
    if case .argument(let number) = self[value].op, arguments.indices.contains(number) {
      let argument = arguments[number]
      return "\(value) \(argument.name.quoted): \(argument.role.rawValue) \(argument.type)"
    }
    var printer = FunctionPrinter(writesNested: false)
    printer.write("\(value): ")
    printer.write(self[value], indentation: 0)
    if let origin = origins[value] { printer.write("  ; \(origin.text)") }
    return String(decoding: printer.output, as: UTF8.self)
  }
}

struct FunctionPrinter {
  private(set) var output: [UInt8] = []
  private var writesNested = true

  init(writesNested: Bool = true) { self.writesNested = writesNested }

  mutating func write(_ text: String) { output.append(contentsOf: text.utf8) }

  mutating func print(_ function: Function, indentation: Int) {
    let margin = String(repeating: "  ", count: indentation)
    let heads = function.argumentInstructions
    write("func @")
    write(function.name.isPlainName ? function.name : function.name.quoted)
    writeList(function.arguments.indices) { printer, number in
      let argument = function.arguments[number]
      printer.write(heads[number].map(\.description) ?? "_")
      printer.write(" \(argument.name.quoted): \(argument.role.rawValue) \(argument.type)")
    }
    write(" -> ")
    writeList(function.results.indices) { printer, number in
      let result = function.results[number]
      printer.write("\(result.role.text) \(result.name.quoted) \(result.value)")
    }
    write(" {\n")
    for (index, instruction) in function.instructions.enumerated() {
      let value = Value(index)
      if case .argument(let number) = instruction.op, heads.indices.contains(number),
        heads[number] == value
      {
        continue
      }
      write(margin)
      write("  %\(index): ")
      write(instruction, indentation: indentation + 1)
      if let origin = function.origins[value] { write("  ; \(origin.text)") }
      write("\n")
    }
    write(margin)
    write("}")
  }

  fileprivate mutating func write(_ instruction: Instruction, indentation: Int) {
    write(instruction.type.description)
    write(" = ")
    write(instruction.op.name)
    write(instruction.op.attributes)
    if case .constant(let constant) = instruction.op {
      if !writesNested, constant.splat == nil { write(" […]") } else { write(constant) }
    }
    for (position, operand) in instruction.operands.enumerated() {
      write(position == 0 ? " " : ", ")
      write(operand.description)
    }
    if writesNested, let nested = instruction.op.nested {
      write(" ")
      print(nested.function, indentation: indentation)
    }
  }

  private mutating func write(_ constant: Constant) {
    if let splat = constant.splat {
      write(" ")
      write(splat.text)
      return
    }
    write(" [")
    for index in 0..<constant.type.count {
      if index > 0 { write(", ") }
      write(constant[index].text)
    }
    write("]")
  }

  private mutating func writeList(
    _ numbers: Range<Int>, _ writeItem: (inout FunctionPrinter, Int) -> Void
  ) {
    write("(")
    for number in numbers {
      if number > 0 { write(", ") }
      writeItem(&self, number)
    }
    write(")")
  }
}

extension Function {
  /// For each argument the instruction that can stand for it in the head.
  fileprivate var argumentInstructions: [Value?] {
    var heads = [Value?](repeating: nil, count: arguments.count)
    for (index, instruction) in instructions.enumerated() {
      if case .argument(let number) = instruction.op, arguments.indices.contains(number),
        heads[number] == nil, instruction.operands.isEmpty,
        instruction.type == arguments[number].type
      {
        heads[number] = Value(index)
      }
    }
    return heads
  }
}

extension Op {
  /// What stands between the operation's name and its operands, a space before it.
  fileprivate var attributes: String {
    switch self {
    case .argument(let number): " [\(number)]"
    case .iota(let axis): " [\(axis)]"
    case .elementwise(.power(let exponent)): " [\(exponent)]"
    case .reduce(let reduction, let axes): " \(reduction.rawValue) \(axes)"
    case .argReduce(_, let axis): " [\(axis)]"
    case .permute(let order): " \(order)"
    case .slice(let axes): " [" + axes.map(\.text).joined(separator: ", ") + "]"
    case .pad(let axes, let value):
      " [" + axes.map(\.text).joined(separator: ", ") + "] with \(value.text)"
    case .concat(let axis): " [\(axis)]"
    case .windows(let windows), .fold(let windows):
      " [" + windows.map(\.text).joined(separator: ", ") + "]"
    case .contraction(let contraction): " " + contraction.text.quoted
    case .scan(let scan):
      " [length \(scan.length), sequences \(scan.sequences), states \(scan.states)"
        + (scan.isReversed ? ", reversed]" : "]")
    case .projection(let index): " [\(index)]"
    case .random(let dropout): " [key \(dropout.key), rate \(dropout.rate)]"
    case .constant, .elementwise, .reshape, .broadcast, .gather, .scatterAdd, .identity,
      .stopGradient, .custom:
      ""
    }
  }

  fileprivate var nested: NestedFunction? {
    switch self {
    case .custom(let derivative): derivative
    case .scan(let scan): scan.body
    case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .reshape, .permute,
      .broadcast, .slice, .pad, .concat, .windows, .fold, .contraction, .identity, .stopGradient,
      .projection, .gather, .scatterAdd, .random:
      nil
    }
  }
}

extension SliceAxis {
  /// `5 from 0`, `3 from 9 by -2`
  fileprivate var text: String { "\(count) from \(start)" + (step == 1 ? "" : " by \(step)") }
}

extension PadAxis {
  /// `before:after` or `before:after:interior`
  fileprivate var text: String { "\(before):\(after)" + (interior == 0 ? "" : ":\(interior)") }
}

extension WindowAxis {
  /// `2: 3`, `2: 3 by 2`, `2: 3 by 2 spaced 4`: the axis, the size, the stride and the dilation.
  fileprivate var text: String {
    "\(axis): \(size)" + (stride == 1 ? "" : " by \(stride)")
      + (dilation == 1 ? "" : " spaced \(dilation)")
  }
}

extension Contraction {
  /// Labels as characters; those that the notation itself needs as the characters 256 places up.
  fileprivate var text: String {
    let lists = [left, right, result].map { labels in
      let scalars = labels.map { label in
        UnicodeScalar(",->".utf8.contains(label) ? 256 + UInt32(label) : UInt32(label)) ?? "?"
      }
      return String(String.UnicodeScalarView(scalars))
    }
    return "\(lists[0]),\(lists[1])->\(lists[2])"
  }
}

extension ResultRole {
  fileprivate var text: String {
    switch self {
    case .output: "output"
    case .loss: "loss"
    case .gradient(let number): "gradient(\(number))"
    case .update(let number): "update(\(number))"
    }
  }
}

extension Origin {
  /// `l1 11:8`, on one line whatever the name.
  fileprivate var text: String {
    let place = line > 0 ? "\(line):\(column)" : nil
    let shown = name.map { $0.isPlainName ? $0 : $0.quoted }
    return [shown, place].compactMap { $0 }.joined(separator: " ")
  }
}
