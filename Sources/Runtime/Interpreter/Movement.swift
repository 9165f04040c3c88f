// Movement of elements: every movement operation is one strided copy between two tensors.

import NNIR

/// Where the elements of an iteration lie in a tensor: an offset and a stride an axis, in elements.
struct Walk {
  var offset: Int
  var strides: [Int]

  init(offset: Int = 0, strides: [Int]) {
    self.offset = offset
    self.strides = strides
  }
}

enum Movement {
  /// The elements at one position of the first axis, which is dropped.
  static func step(_ sequence: Tensor, at position: Int) -> Tensor {
    var strides = sequence.shape.rowMajorStrides
    var sizes = sequence.shape.sizes
    let step = strides.removeFirst()
    sizes.removeFirst()
    return gathered(
      sequence, Walk(offset: position * step, strides: strides),
      type: sequence.type.with(shape: Shape(sizes)))
  }

  static func permute(_ tensor: Tensor, _ order: [Int], type: TensorType) -> Tensor {
    let strides = tensor.shape.rowMajorStrides
    return gathered(tensor, Walk(strides: order.map { strides[$0] }), type: type)
  }

  static func broadcast(_ tensor: Tensor, type: TensorType) -> Tensor {
    let strides = zip(tensor.shape.rowMajorStrides, tensor.shape.sizes).map { $1 == 1 ? 0 : $0 }
    return gathered(tensor, Walk(strides: strides), type: type)
  }

  static func slice(_ tensor: Tensor, _ axes: [SliceAxis], type: TensorType) -> Tensor {
    let strides = tensor.shape.rowMajorStrides
    let offset = zip(strides, axes).reduce(0) { $0 + $1.0 * $1.1.start }
    let walk = Walk(offset: offset, strides: zip(strides, axes).map { $0 * $1.step })
    return gathered(tensor, walk, type: type)
  }

  static func pad(
    _ tensor: Tensor, _ axes: [PadAxis], value: Scalar, type: TensorType
  ) -> Tensor {
    var result = Tensor(constant: Constant(splat: value, shape: type.shape))
    let strides = type.shape.rowMajorStrides
    let offset = zip(strides, axes).reduce(0) { $0 + $1.0 * $1.1.before }
    let walk = Walk(offset: offset, strides: zip(strides, axes).map { $0 * ($1.interior + 1) })
    scatter(tensor, into: &result, walk)
    return result
  }

  static func concat(_ tensors: [Tensor], axis: Int, type: TensorType) -> Tensor {
    var result = Tensor(zeros: type)
    let strides = type.shape.rowMajorStrides
    var offset = 0
    for tensor in tensors {
      scatter(tensor, into: &result, Walk(offset: offset, strides: strides))
      offset += tensor.shape[axis] * strides[axis]
    }
    return result
  }

  static func windows(_ tensor: Tensor, _ windows: [WindowAxis], type: TensorType) -> Tensor {
    let own = tensor.shape.rowMajorStrides
    var strides = own
    for window in windows { strides[window.axis] *= window.stride }
    strides += windows.map { own[$0.axis] * $0.dilation }
    return gathered(tensor, Walk(strides: strides), type: type)
  }

  /// 0, 1, 2, … along an axis.
  static func iota(axis: Int, type: TensorType) -> Tensor {
    let size = type.shape[axis]
    let line = Tensor([size], (0..<size).map { Int64($0) }).converted(to: type.element)
    var strides = [Int](repeating: 0, count: type.shape.rank)
    strides[axis] = 1
    return gathered(line, Walk(strides: strides), type: type)
  }

  /// The elements of `tensor` at each point of the type's shape.
  static func gathered(_ tensor: Tensor, _ walk: Walk, type: TensorType) -> Tensor {
    let dense = Walk(strides: type.shape.rowMajorStrides)
    return Tensor(type: type) { bytes in
      tensor.withUnsafeBytes { source in
        copy(source, walk, to: bytes, dense, type.shape.sizes, type.element.byteCount)
      }
    }
  }

  /// Writes the elements of `tensor` where `walk` says for its shape.
  static func scatter(_ tensor: Tensor, into result: inout Tensor, _ walk: Walk) {
    let dense = Walk(strides: tensor.shape.rowMajorStrides)
    result.withUnsafeMutableBytes { bytes in
      tensor.withUnsafeBytes { source in
        copy(source, dense, to: bytes, walk, tensor.shape.sizes, tensor.element.byteCount)
      }
    }
  }

  private static func copy(
    _ source: UnsafeRawBufferPointer, _ from: Walk, to result: UnsafeMutableRawBufferPointer,
    _ to: Walk, _ sizes: [Int], _ size: Int
  ) {
    switch size {
    case 1: copy(source, from, to: result, to, sizes, as: UInt8.self)
    case 4: copy(source, from, to: result, to, sizes, as: UInt32.self)
    default: copy(source, from, to: result, to, sizes, as: UInt64.self)
    }
  }

  private static func copy<Word>(
    _ source: UnsafeRawBufferPointer, _ from: Walk, to result: UnsafeMutableRawBufferPointer,
    _ to: Walk, _ sizes: [Int], as _: Word.Type
  ) {
    if sizes.contains(0) { return }
    let source = source.bindMemory(to: Word.self)
    let result = result.bindMemory(to: Word.self)
    let outer = Array(sizes.dropLast())
    let inner = sizes.last ?? 1
    let (fromStep, toStep) = (from.strides.last ?? 0, to.strides.last ?? 0)
    var index = [Int](repeating: 0, count: outer.count)
    var (read, write) = (from.offset, to.offset)
    while true {
      for i in 0..<inner { result[write + i * toStep] = source[read + i * fromStep] }
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        read += from.strides[axis]
        write += to.strides[axis]
        if index[axis] < outer[axis] { break }
        read -= from.strides[axis] * outer[axis]
        write -= to.strides[axis] * outer[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
