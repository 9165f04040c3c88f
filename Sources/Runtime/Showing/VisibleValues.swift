// Which of a function's values a reader wants to see. Bindings, broadcasts and constants of one number are no nodes of their own: the
// value that they repeat is, and numbers stand in formulas.

import NNIR

struct VisibleValues {
  let function: Function
  /// For each value the visible one that it stands for; nil where it is a constant without a node.
  private(set) var source: [Value?]
  /// For each value the one that an edge from it carries: the value itself, or the result of a scan.
  private(set) var carried: [Value]
  /// The graph's names of visible values.
  private(set) var names: [Value: String] = [:]
  /// In order.
  private(set) var visible: [Value] = []

  init(_ function: Function) {
    self.function = function
    source = []
    carried = []
    source.reserveCapacity(function.instructions.count)
    let isForBroadcasts = Self.valuesForBroadcasts(function)
    for index in function.instructions.indices {
      let value = Value(index)
      let (instruction, name) = (function[value], function.origins[value]?.name)
      switch instruction.op {
      case .identity, .projection:
        let operand = instruction.operands[0]
        source.append(source[operand.index])
        if case .identity = instruction.op {
          carried.append(carried[operand.index])
        } else {
          carried.append(value)
        }
        if source[operand.index] == nil, name != nil {
          see(operand, replacing: value)
        }
        if let name, let seen = source[index], names[seen] == nil, !function[seen].op.isScan {
          names[seen] = name
        }
      case .broadcast where name == nil, .reshape where name == nil && isForBroadcasts[index]:
        source.append(source[instruction.operands[0].index])
        carried.append(carried[instruction.operands[0].index])
      case .constant(let constant) where constant.splat != nil && name == nil:
        source.append(nil)
        carried.append(value)
      case _:
        source.append(value)
        carried.append(value)
        visible.append(value)
        names[value] = name
      }
    }
    visible.sort()
  }

  /// A constant that gets a name is a node after all.
  private mutating func see(_ constant: Value, replacing value: Value) {
    var root = constant
    while let operand = function[root].operands.first { root = operand }
    source[root.index] = root
    source[value.index] = root
    visible.append(root)
  }

  /// The operand of an instruction as its edge has it; nil for a number.
  func operand(_ position: Int, of user: Value) -> (source: Value, carried: Value)? {
    let operand = function[user].operands[position]
    return source[operand.index].map { ($0, carried[operand.index]) }
  }

  /// Which use passes on to the visible operand what arrives there: that itself, or that of the broadcast between.
  func passing(_ position: Int, of user: Value) -> (user: Value, position: Int) {
    var use = (user: user, position: position)
    var value = function[user].operands[position]
    while source[value.index] != value {
      switch function[value].op {
      case .identity, .projection: break
      case _: use = (value, 0)
      }
      guard let next = function[value].operands.first else { break }
      value = next
      if function[value].op.isScan { break }
    }
    return use
  }

  /// Reshapes whose results are only broadcast, as NumPy's rule has it.
  private static func valuesForBroadcasts(_ function: Function) -> [Bool] {
    var others = [Bool](repeating: false, count: function.instructions.count)
    var broadcasts = others
    for instruction in function.instructions {
      for operand in instruction.operands {
        if case .broadcast = instruction.op {
          broadcasts[operand.index] = true
        } else {
          others[operand.index] = true
        }
      }
    }
    for result in function.results { others[result.value.index] = true }
    return zip(broadcasts, others).map { $0 && !$1 }
  }
}
