// Random values for checks: moderate numbers in every argument, the same for one seed in every run.

import CKernels
import NNIR

/// Draws values for a network's arguments.
struct CheckInputs {
  let seed: UInt64

  /// Floats are normal with standard deviation 0.5, integers small and not negative, truth values even. Integers that look-ups depend on
  /// are below the least number of rows.
  func values(for network: Network) -> NamedValues {
    let bounds = network.function.indexBounds
    return NamedValues(
      tensors: zip(network.function.arguments, bounds).map { argument, bound in
        NamedTensor(name: argument.name, tensor: tensor(argument, below: bound))
      })
  }

  private func tensor(_ argument: Argument, below bound: Int?) -> Tensor {
    let stream = randomStream("check \(argument.name)")
    let count = argument.type.count
    var draws = [Double](repeating: 0, count: count)
    if argument.type.element.isFloat {
      nn_philox_normal_f64(&draws, Int64(count), seed, stream, 0, 0.5)
    } else {
      let high = argument.type.element == .bool ? 2 : Double(bound ?? 4)
      nn_philox_uniform_f64(&draws, Int64(count), seed, stream, 0, high)
      for index in draws.indices { draws[index].round(.down) }
    }
    return Tensor(argument.type.shape, draws).converted(to: argument.type.element)
  }
}

/// Values by name, for functions that keep only some of a network's arguments.
struct NamedValues {
  var tensors: [NamedTensor]

  func arguments(of function: Function) throws(CallError) -> [Tensor] {
    var found: [Tensor] = []
    for argument in function.arguments {
      guard let value = tensors.last(where: { $0.name == argument.name }) else {
        throw .missingInput(name: argument.name, type: argument.type)
      }
      found.append(value.tensor)
    }
    return found
  }
}
