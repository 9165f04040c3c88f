// What the strips of one kernel share: slots of scratch memory for temporaries, small local variables, the primitives they call, and the
// text of each loop level.

import NNIR

/// Slots of equal size in the thread's scratch memory, handed out by liveness.
struct StripSlots {
  private(set) var count = 0
  private var free: [Int] = []

  /// A slot for a value that is computed and used inside the innermost loop.
  mutating func take() -> Int {
    if let slot = free.popLast() { return slot }
    return takeFresh()
  }

  /// One that nothing has used before: for what is computed outside the innermost loop, and so lives through all of it.
  mutating func takeFresh() -> Int {
    count += 1
    return count - 1
  }

  mutating func release(_ slot: Int) { free.append(slot) }
}

struct StripFrame {
  var slots = StripSlots()
  /// Statements of each loop level, to stand before the next level's loop.
  var lines: [[String]]
  /// Elements of a strip.
  let length: Int
  /// Bytes of the widest element that a slot holds.
  private(set) var widest = 1
  /// Elements that the largest slot holds.
  private(set) var longest = 1
  private(set) var locals: [String] = []
  /// Prototypes by name.
  private(set) var prototypes = SmallTable<String, String>()
  private var localCount = 0
  /// The functions of the elementwise operations that have been declared.
  private var elementwise = SmallTable<ElementwisePrimitive, String>()
  /// The statement at work.
  private var statement = CText()

  init(levelCount: Int, length: Int) {
    lines = [[String]](repeating: [], count: levelCount)
    self.length = length
  }

  var slotByteCount: Int { (longest * widest + 63) / 64 * 64 }
  var scratchByteCount: Int { slots.count * slotByteCount }

  /// The declarations at the top of the function.
  func declarations(scratch: String = "scratch") -> [String] {
    var all: [String] = []
    if slots.count > 0 {
      let list = (0..<slots.count).map { slot in
        slot == 0 ? "*s0 = \(scratch)" : "*s\(slot) = (char *)\(scratch) + \(slot * slotByteCount)"
      }
      all.append("void \(list.joined(separator: ", "));")
    }
    return all + locals
  }

  mutating func noteSlot(_ element: ElementType, elements: Int) {
    widest = max(widest, element.byteCount)
    longest = max(longest, elements)
  }

  private mutating func freshName() -> String {
    localCount += 1
    return "u\(localCount - 1)"
  }

  /// A local variable of one element; gives its name.
  mutating func local(_ element: ElementType, _ value: Scalar? = nil) -> String {
    let name = freshName()
    locals.append("\(element.cName) \(name)\(value.map { " = " + $0.cLiteral } ?? "");")
    return name
  }

  /// `nns_NAME(arguments);`, declared with these parameter types.
  mutating func call(
    _ name: String, _ parameters: @autoclosure () -> String, _ arguments: String...
  ) -> String {
    call(name, parameters(), arguments)
  }

  private mutating func call(
    _ name: String, _ parameters: @autoclosure () -> String, _ arguments: [String]
  ) -> String {
    call(function: function(name, parameters()), arguments[0], arguments[1...])
  }

  /// `FUNCTION(to, arguments);`
  private mutating func call(
    function: String, _ to: String, _ arguments: ArraySlice<String>, _ last: String? = nil
  ) -> String {
    statement.removeAll()
    statement.append(function)
    statement.punctuate("(")
    statement.append(to)
    for argument in arguments {
      statement.punctuate(",", " ")
      statement.append(argument)
    }
    if let last {
      statement.punctuate(",", " ")
      statement.append(last)
    }
    statement.punctuate(")", ";")
    return statement.string
  }

  /// `nns_NAME`, declared.
  mutating func function(
    _ name: String, _ parameters: @autoclosure () -> String, returning result: String = "void"
  ) -> String {
    if prototypes[name] == nil { prototypes[name] = "\(result) nns_\(name)(\(parameters()));" }
    return "nns_" + name
  }
}

// MARK: The primitives by what they do

extension StripFrame {
  mutating func copy(_ e: ElementType, _ to: String, _ from: String, _ count: String) -> String {
    call("copy_\(e.name)", "\(e.cName) *, const \(e.cName) *, ptrdiff_t", to, from, count)
  }

  mutating func fill(_ e: ElementType, _ to: String, _ value: String, _ count: String) -> String {
    call("fill_\(e.name)", "\(e.cName) *, const \(e.cName) *, ptrdiff_t", to, value, count)
  }

  /// `to[i] = from[i * stride]`
  mutating func load(
    _ e: ElementType, _ to: String, _ from: String, _ stride: Int, _ count: String
  ) -> String {
    if stride == 1 { return copy(e, to, from, count) }
    if stride == 0 { return fill(e, to, from, count) }
    return call(
      "load_\(e.name)", "\(e.cName) *, const \(e.cName) *, ptrdiff_t, ptrdiff_t", to, from,
      String(stride), count)
  }

  /// `to[i * stride] = from[i]`
  mutating func store(
    _ e: ElementType, _ to: String, _ stride: Int, _ from: String, _ count: String
  ) -> String {
    if stride == 1 { return copy(e, to, from, count) }
    return call(
      "store_\(e.name)", "\(e.cName) *, ptrdiff_t, const \(e.cName) *, ptrdiff_t", to,
      String(stride), from, count)
  }

  /// `to[q * columns + i] = from[q * row + i * column]`
  mutating func loadRows(
    _ e: ElementType, _ to: String, _ from: String, _ row: Int, _ column: Int, _ rows: String,
    _ columns: String
  ) -> String {
    call(
      "load_rows_\(e.name)",
      "\(e.cName) *, const \(e.cName) *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t", to, from,
      String(row), String(column), rows, columns)
  }

  /// `to[q * row + i * column] = from[q * columns + i]`
  mutating func storeRows(
    _ e: ElementType, _ to: String, _ row: Int, _ column: Int, _ from: String, _ rows: String,
    _ columns: String
  ) -> String {
    call(
      "store_rows_\(e.name)",
      "\(e.cName) *, ptrdiff_t, ptrdiff_t, const \(e.cName) *, ptrdiff_t, ptrdiff_t", to,
      String(row), String(column), from, rows, columns)
  }

  /// Rows whose columns are those of a view.
  mutating func loadView(
    _ e: ElementType, _ to: String, _ from: String, _ view: String, _ row: Int, _ rows: String
  ) -> String {
    call(
      "load_view_\(e.name)",
      "\(e.cName) *, const \(e.cName) *, const ptrdiff_t *, ptrdiff_t, ptrdiff_t", to, from, view,
      String(row), rows)
  }

  /// Rows with padding: `arguments` from the place on.
  mutating func padRows(_ e: ElementType, _ to: String, _ from: String, _ arguments: [String])
    -> String
  {
    let numbers = [String](repeating: "ptrdiff_t", count: arguments.count - 1)
    return call(
      "pad_rows_\(e.name)",
      "\(e.cName) *, const \(e.cName) *, \(numbers.joined(separator: ", ")), const \(e.cName) *",
      [to, from] + arguments)
  }

  /// `to[q * columns + i]` = the window at row q and column i, reduced: `numbers` from its row stride on.
  mutating func windows(
    _ kind: Reduction, _ e: ElementType, _ to: String, _ from: String, _ numbers: [String]
  ) -> String {
    let parameters = [String](repeating: "ptrdiff_t", count: numbers.count)
    return call(
      "\(kind.rawValue)_windows_\(e.name)",
      "\(e.cName) *, const \(e.cName) *, \(parameters.joined(separator: ", "))",
      [to, from] + numbers)
  }

  /// Declares the axes of a view; gives its name.
  mutating func view(_ axes: [(extent: Int, stride: Int)]) -> String {
    let name = freshName()
    locals.append(cTable(name, [axes.count] + axes.flatMap { [$0.extent, $0.stride] }))
    return name
  }

  /// `to[i] = first + i * step`; not for `bool`.
  mutating func iota(
    _ e: ElementType, _ to: String, _ first: String, _ step: Int, _ count: String
  ) -> String {
    call(
      "iota_\(e.name)", "\(e.cName) *, int64_t, int64_t, ptrdiff_t", to, first, String(step), count)
  }

  /// An elementwise operation. `uniform` says which operands point to one element that serves for all.
  mutating func apply(
    _ op: ElementwiseOp, operand e: ElementType, result: ElementType, _ to: String,
    _ operands: [String], uniform: UniformOperands, _ count: String
  ) -> String {
    if op == .cast, e == result { return copy(e, to, operands[0], count) }
    let primitive = ElementwisePrimitive(op: op, operand: e, result: result, uniform: uniform)
    let function: String
    if let known = elementwise[primitive] {
      function = known
    } else {
      function = self.function(primitive.name, primitive.parameters)
      elementwise[primitive] = function
    }
    if case .power(let exponent) = op {
      return call(function: function, to, operands[...], "\(count), \(exponent)")
    }
    return call(function: function, to, operands[...], count)
  }
}
