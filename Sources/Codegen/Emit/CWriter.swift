// Where all C text is put together: lines, blocks and their indentation. No other file knows about white space.

/// C text under construction.
struct CWriter {
  private var content = CText()
  private var depth: Int

  /// What is written will stand `depth` levels deep.
  init(depth: Int = 0) { self.depth = depth }

  var text: String { content.string }

  mutating func line(_ line: String) { self.line { $0.append(line) } }

  /// A line put together in place.
  mutating func line(_ write: (inout CText) -> Void) {
    for _ in 0..<depth { content.punctuate(" ", " ") }
    write(&content)
    content.punctuate("\n")
  }

  /// All that another writer has written, as it stands there.
  mutating func append(_ other: CWriter) { content.append(other.content) }

  /// A line that begins in the first column whatever the depth, as the preprocessor's do.
  mutating func directive(_ line: String) {
    content.append(line)
    blank()
  }

  mutating func blank() { content.append("\n") }

  /// `HEAD {`; what follows stands one level deeper until `close`.
  mutating func open(_ head: String) {
    line(head.isEmpty ? "{" : head + " {")
    depth += 1
  }

  mutating func close(_ tail: String = "") {
    depth -= 1
    line("}" + tail)
  }

  /// `for (ptrdiff_t INDEX = FROM; INDEX < TO; INDEX += STEP)`
  mutating func openLoop(
    _ index: String, from lower: String = "0", to upper: String, by step: Int = 1
  ) {
    let advance = step == 1 ? "\(index)++" : "\(index) += \(step)"
    open("for (ptrdiff_t \(index) = \(lower); \(index) < \(upper); \(advance))")
  }

  /// A function's head, `HEAD(PARAMETERS) {`, on as many lines as it needs.
  mutating func openFunction(_ head: String, _ parameters: [String]) {
    let lines = prototype(head, parameters)
    for line in lines.dropLast() { self.line(line) }
    open(lines[lines.count - 1])
  }

  /// Whole lines made elsewhere, each of which gets this depth's indentation.
  mutating func append(lines: String) {
    guard depth > 0 else { return content.append(lines) }
    let newline = UInt8(ascii: "\n")
    var isStart = true
    for byte in lines.utf8 {
      if isStart && byte != newline && byte != UInt8(ascii: "#") {
        for _ in 0..<depth { content.punctuate(" ", " ") }
      }
      content.append(byte)
      isStart = byte == newline
    }
  }
}

/// A C expression and whether it can stand as an operand without parentheses.
struct CExpression {
  var text: String
  var isAtomic: Bool

  init(_ text: String, isAtomic: Bool = false) {
    self.text = text
    self.isAtomic = isAtomic
  }

  var asOperand: String { isAtomic ? text : "(\(text))" }
}

/// `HEAD(PARAMETERS)`, on as many lines as it needs.
func prototype(_ head: String, _ parameters: [String]) -> [String] {
  var lines = [head + "("]
  let indentation = String(repeating: " ", count: min(16, head.count + 1))
  for (number, parameter) in parameters.enumerated() {
    let text = parameter + (number == parameters.count - 1 ? ")" : ",")
    if lines[lines.count - 1].count + text.count + 1 > 98 {
      lines.append(indentation + text)
    } else {
      lines[lines.count - 1] += (lines[lines.count - 1].hasSuffix("(") ? "" : " ") + text
    }
  }
  if parameters.isEmpty { lines[0] += "void)" }
  return lines
}
