// Networks as standalone C for the tests, and what they must compute.

import Foundation
import NNCodegen
import NNIR
import Testing

/// A network and its standalone C.
struct EmittedModel {
  let network: Network
  let request: ModelRequest
  let files: ModelFiles

  init(
    _ text: String, stem: String, graphName: String = "model.graph", hasDebugLines: Bool = false,
    hasTrained: Bool = false
  ) throws {
    network = try Graph(parsing: text, file: graphName).lowered()
    let function = network.function
    let gradient = try? function.gradient()
    let step = try? function.trainingStep()
    request = ModelRequest(
      stem: stem, headerName: stem + ".h", graphName: graphName, dims: network.dims,
      parameters: network.parameters, initializers: network.initializers,
      forward: try schedule(function.forward()), gradient: try gradient.map { try schedule($0) },
      step: try step.map { try schedule($0) }, hasDebugLines: hasDebugLines,
      trained: hasTrained ? Self.values(network.parameters) : nil)
    files = try emitModel(request)
  }

  /// Values that every element type holds, infinities and NaN among them.
  static func values(_ parameters: [Argument]) -> [[UInt64]] {
    parameters.map { parameter in
      let element = parameter.type.element
      let special: [Double] = [.infinity, -.infinity, .nan, -0.0]
      return (0..<parameter.type.count).map { index in
        let value = index < 4 && element.isFloat ? special[index] : Double(index % 97) / 7 - 3
        return Scalar(value, as: element).bits
      }
    }
  }

  func write(to folder: TemporaryFolder) throws {
    _ = try folder.write(request.headerName, files.header)
    _ = try folder.write(request.stem + ".c", files.source)
    if let trained = files.trained { _ = try folder.write(request.stem + "_params.c", trained) }
  }
}

/// The lecture's network in small, with all element types about it.
let smallNetwork = """
  dim batch = 12
  input x : f32[batch, 20]
  input y : f32[batch, 5]
  input mask : bool[batch, 1]
  param w1 : f32[20, 17] = glorot()
  param b1 : f32[1, 17] = normal(mean=0.5, std=0.25)
  param w2 : f32[17, 5] = he()
  param b2 : f32[1, 5] = zeros()
  param shift : i32[3] = constant(7)
  l1 = tanh(dot(x, w1) + b1)
  l2 = softmax(dot(l1, w2) + b2, axis=1)
  total = sum(shift) * 2
  cost = -mean(sum(where(mask, y, 0 * y) * log(l2), axis=1), axis=0)
  output l2
  output total
  output argmax(l2, axis=1) as best
  loss cost
  """

/// A program's results by name, from its meaning.
func evaluate(_ program: Program, _ arguments: [String: [UInt64]]) -> [String: [UInt64]] {
  // One array of bytes for the workspace and one for each argument and result, so that shared places are shared.
  var storage: [String: [UInt8]] = [:]
  func key(_ buffer: Buffer) -> (String, Int) {
    switch buffer.storage {
    case .argument(let number): ("a\(number)", 0)
    case .result(let number): ("r\(number)", 0)
    case .workspace(let offset): ("w", offset)
    case .constant: ("c\(buffer.name)", 0)
    case .step: fatalError("these programs have no loops")
    }
  }
  func bytes(_ bits: [UInt64], _ element: ElementType) -> [UInt8] {
    bits.flatMap { value in
      (0..<element.byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
  }
  for buffer in program.buffers {
    let (name, offset) = key(buffer)
    let needed = offset + buffer.byteCount
    storage[name, default: []] += [UInt8](
      repeating: 0, count: max(0, needed - (storage[name]?.count ?? 0)))
    if case .constant(let constant) = buffer.storage {
      storage[name] = bytes((0..<buffer.count).map { constant[$0].bits }, buffer.element)
    }
  }
  for (number, argument) in program.arguments.enumerated() {
    if let bits = arguments[argument.name] {
      storage["a\(number)"] = bytes(bits, argument.type.element)
    }
  }
  func load(_ name: String, _ offset: Int, _ count: Int, _ element: ElementType) -> [UInt64] {
    (storage[name] ?? []).withUnsafeBytes { raw in
      (0..<count).map { index in
        withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { place in
          place.initializeMemory(as: UInt8.self, repeating: 0)
          for byte in 0..<element.byteCount {
            place[byte] = raw[offset + index * element.byteCount + byte]
          }
          guard let base = place.baseAddress else { return 0 }
          return read(base, element)
        }
      }
    }
  }
  for kernel in program.kernels {
    var memory = Memory(
      buffers: program.buffers.map { buffer in
        let (name, offset) = key(buffer)
        return load(name, offset, buffer.count, buffer.element)
      })
    evaluate(kernel, program, &memory)
    for store in kernel.body.stores + kernel.epilogue.stores {
      let buffer = program.buffers[store.access.buffer]
      let (name, offset) = key(buffer)
      let new = bytes(memory.buffers[store.access.buffer], buffer.element)
      storage[name]?.replaceSubrange(offset..<offset + new.count, with: new)
    }
  }
  var results: [String: [UInt64]] = [:]
  for (number, result) in program.results.enumerated() {
    if case .update(let argument) = result.role {
      results[result.name] = load("a\(argument)", 0, result.type.count, result.type.element)
    } else {
      results[result.name] = load("r\(number)", 0, result.type.count, result.type.element)
    }
  }
  return results
}
