// The first values of parameters, drawn from the counter-based generator that `Docs/numerics.md` defines: a function of the seed
// and the parameter's name alone.

import CKernels
import NNIR

/// The number of a name's random stream: its FNV-1a hash of 64 bits.
func randomStream(_ name: String) -> UInt64 {
  name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

extension Initializer {
  /// The values of a parameter with this name and type.
  public func values(name: String, type: TensorType, seed: UInt64) -> Tensor {
    let stream = randomStream(name)
    switch self {
    case .constant(let constant): return Tensor(constant: constant)
    case .uniform(let low, let high):
      if type.element == .f32 {
        return filled(type) { (values: UnsafeMutablePointer<Float>, count) in
          nn_philox_uniform_f32(values, count, seed, stream, Float(low), Float(high))
        }
      }
      return filled(type) { (values: UnsafeMutablePointer<Double>, count) in
        nn_philox_uniform_f64(values, count, seed, stream, low, high)
      }
    case .normal(let mean, let std):
      if type.element == .f32 {
        return filled(type) { (values: UnsafeMutablePointer<Float>, count) in
          nn_philox_normal_f32(values, count, seed, stream, mean, std)
        }
      }
      return filled(type) { (values: UnsafeMutablePointer<Double>, count) in
        nn_philox_normal_f64(values, count, seed, stream, mean, std)
      }
    }
  }

  private func filled<Element: TensorElement>(
    _ type: TensorType, _ draw: (UnsafeMutablePointer<Element>, Int64) -> Void
  ) -> Tensor {
    precondition(type.element == Element.elementType, "only floats are drawn at random")
    return Tensor(type: type) { bytes in
      if let first = bytes.bindMemory(to: Element.self).baseAddress {
        draw(first, Int64(type.count))
      }
    }
  }
}

extension Network {
  /// The initial values of the parameters, in their order.
  public func initialParameters(seed: UInt64) -> [Tensor] {
    zip(parameters, initializers).map { parameter, initializer in
      initializer.values(name: parameter.name, type: parameter.type, seed: seed)
    }
  }

  /// The parameters by name from `given`, all of them; throws where one is missing or of another type.
  public func parameters(from given: [NamedTensor]) throws(CallError) -> [Tensor] {
    var tensors: [Tensor] = []
    for parameter in parameters {
      guard let found = given.last(where: { $0.name == parameter.name })?.tensor else {
        throw .missingInput(name: parameter.name, type: parameter.type)
      }
      guard found.type == parameter.type else {
        throw .argumentType(name: parameter.name, expected: parameter.type, found: found.type)
      }
      tensors.append(found)
    }
    return tensors
  }
}
