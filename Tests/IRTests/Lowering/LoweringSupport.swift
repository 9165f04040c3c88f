// What the tests of the front end share: lowering a text, its errors, and the values it gives.

import Testing

@testable import NNIR

func network(_ text: String, dims: [String: Int] = [:]) throws -> Network {
  let network = try Graph(parsing: text, file: "t.graph").lowered(dims: dims)
  try network.function.verify()
  return network
}

/// The messages without files and excerpts: `line:column: message`.
func errors(_ text: String, dims: [String: Int] = [:]) -> [String] {
  do throws(Diagnostics) {
    _ = try Graph(parsing: text, file: "t.graph").lowered(dims: dims)
    return []
  } catch {
    return error.all.map { diagnostic in
      let place = diagnostic.place.map { "\($0.line):\($0.column): " } ?? ""
      return place + diagnostic.message
    }
  }
}

/// The value of an expression, with statements before it.
func value(_ expression: String, _ before: String = "", _ arguments: [Tensor] = []) throws
  -> Tensor
{
  let function = try network("\(before)\noutput (\(expression)) as result\n").function
  return try #require(function.evaluate(arguments).first)
}

/// The type of an expression.
func type(_ expression: String, _ before: String = "") throws -> String {
  let function = try network("\(before)\noutput (\(expression)) as result\n").function
  return function.type(of: function.results[0].value).description
}

func scalar(_ number: Double, _ element: ElementType = .f32) -> Tensor {
  Tensor(type: TensorType(element, .scalar), elements: [number])
}

func vector(_ numbers: [Double], _ element: ElementType = .f32) -> Tensor {
  Tensor(type: TensorType(element, Shape([numbers.count])), elements: numbers)
}

extension Function {
  /// Without the values that only give a name, so that graphs with other names can be compared.
  var withoutNames: Function {
    var map: [Value] = []
    var result = Function(name: name, arguments: arguments)
    for instruction in instructions {
      let operands = instruction.operands.map { map[$0.index] }
      if case .identity = instruction.op {
        map.append(operands[0])
      } else {
        map.append(Value(result.instructions.count))
        result.instructions.append(Instruction(instruction.op, operands, type: instruction.type))
      }
    }
    result.results = results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return result
  }
}
