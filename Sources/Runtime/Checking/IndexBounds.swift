// Which arguments of a function end up as indices of look-ups, and how large they may be.

import NNIR

extension Function {
  /// For each argument the least number of rows of the look-ups whose indices depend on it; nil where there is none.
  ///
  /// What arithmetic does on the way is not considered.
  var indexBounds: [Int?] {
    var arguments = [Int?](repeating: nil, count: arguments.count)
    var bounds = [Int?](repeating: nil, count: instructions.count)
    func bound(_ value: Value, by rows: Int?) {
      guard let rows else { return }
      bounds[value.index] = min(bounds[value.index] ?? rows, rows)
    }
    for (index, instruction) in instructions.enumerated().reversed() {
      let operands = instruction.operands
      var passing = operands[...]
      switch instruction.op {
      case .argument(let number): arguments[number] = bounds[index]
      case .gather:
        bound(operands[1], by: type(of: operands[0]).shape[0])
        passing = operands[..<1]
      case .scatterAdd:
        bound(operands[0], by: instruction.type.shape[0])
        passing = operands[1...]
      case .scan(let scan):
        for (operand, rows) in zip(operands, scan.body.function.indexBounds) {
          bound(operand, by: rows)
        }
        passing = []
      case _: break
      }
      for operand in passing where type(of: operand).element.isInteger {
        bound(operand, by: bounds[index])
      }
    }
    return arguments
  }
}
