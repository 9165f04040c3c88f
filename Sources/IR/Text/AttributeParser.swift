// The attributes of operations in the text form: what stands between their names and their operands.

extension FunctionParser {
  mutating func constant(_ type: TensorType) throws(TextError) -> Constant {
    let position = reader.nextPosition
    guard reader.isAtList else {
      return Constant(splat: try reader.scalar(type.element), shape: type.shape)
    }
    let bits = try reader.list { reader throws(TextError) in try reader.scalar(type.element).bits }
    var count = 1
    for size in type.shape.sizes {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: size)
      if isTooLarge || size < 0 { throw reader.error("\(type) is no type of a constant") }
      count = product
    }
    if bits.count != count {
      throw reader.error("\(bits.count) elements for a constant of \(count)", at: position)
    }
    return Constant(type: type, bits: bits)
  }

  mutating func reduction() throws(TextError) -> Op {
    guard let reduction = Reduction(rawValue: reader.word()) else {
      throw reader.error("expected sum, prod, max or min")
    }
    return .reduce(reduction, axes: try reader.integers())
  }

  func sliceAxis(_ reader: inout TextReader) throws(TextError) -> SliceAxis {
    let count = try reader.integer()
    try reader.expect("from")
    let start = try reader.integer()
    let step = reader.accept("by") ? try reader.integer() : 1
    return SliceAxis(start: start, step: step, count: count)
  }

  func windowAxis(_ reader: inout TextReader) throws(TextError) -> WindowAxis {
    let axis = try reader.integer()
    try reader.expect(":")
    let size = try reader.integer()
    let stride = reader.accept("by") ? try reader.integer() : 1
    let dilation = reader.accept("spaced") ? try reader.integer() : 1
    return WindowAxis(axis: axis, size: size, stride: stride, dilation: dilation)
  }

  mutating func pad(_ type: TensorType) throws(TextError) -> Op {
    let axes = try reader.list { reader throws(TextError) in
      let before = try reader.integer()
      try reader.expect(":")
      let after = try reader.integer()
      let interior = reader.accept(":") ? try reader.integer() : 0
      return PadAxis(before: before, after: after, interior: interior)
    }
    try reader.expect("with")
    return .pad(axes, value: try reader.scalar(type.element))
  }

  mutating func contraction() throws(TextError) -> Contraction {
    let text = try reader.string()
    var lists: [[UInt8]] = [[]]
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "," && lists.count == 1 {
        lists.append([])
      } else if scalar == "-" && rest.first == ">" && lists.count == 2 {
        rest.removeFirst()
        lists.append([])
      } else if scalar.value < 512 {
        lists[lists.count - 1].append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        throw reader.error("'\(scalar)' is no label")
      }
    }
    if lists.count != 3 { throw reader.error("expected labels like \"mk,kn->mn\"") }
    return Contraction(left: lists[0], right: lists[1], result: lists[2])
  }

  mutating func dropout() throws(TextError) -> Dropout {
    try reader.expect("[")
    try reader.expect("key")
    let key = try reader.integer()
    try reader.expect(",")
    try reader.expect("rate")
    let rate = try reader.scalar(.f64).double
    try reader.expect("]")
    return Dropout(key: key, rate: rate)
  }

  mutating func scan() throws(TextError) -> Scan {
    try reader.expect("[")
    try reader.expect("length")
    let length = try reader.integer()
    try reader.expect(",")
    try reader.expect("sequences")
    let sequences = try reader.integer()
    try reader.expect(",")
    try reader.expect("states")
    let states = try reader.integer()
    let isReversed = reader.accept(",")
    if isReversed { try reader.expect("reversed") }
    try reader.expect("]")
    return Scan(
      body: NestedFunction(Function(name: "")), length: length, isReversed: isReversed,
      sequences: sequences, states: states)
  }
}

extension TextReader {
  fileprivate var isAtList: Bool {
    mutating get {
      var probe = self
      return probe.accept("[")
    }
  }
}
