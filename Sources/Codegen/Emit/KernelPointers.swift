// The arrays that a kernel's function takes. Buffers that share memory share a pointer, so that `restrict` tells the truth.

import NNIR

/// One array parameter.
struct KernelPointer {
  var name: String
  var element: ElementType
  /// The program's buffers behind it: usually one.
  var buffers: [Int]
  var isWritten: Bool
  /// Whether no other pointer of the kernel reaches the same memory (or none of them writes there).
  var isRestrict: Bool

  var declaration: String {
    (isWritten ? "" : "const ") + element.cName + " *" + (isRestrict ? "restrict " : "") + name
  }
}

struct KernelPointers {
  private(set) var pointers: [KernelPointer] = []
  private var pointerOfBuffer: [Int: Int] = [:]

  /// Pointers named after the buffers behind them.
  init(_ kernel: Kernel, in program: Program, names: inout CNames) {
    self.init(kernel, in: program) { names.unique(program.buffers[$0].name) }
  }

  /// - Parameter name: gives the name of the next pointer by the first buffer behind it.
  init(_ kernel: Kernel, in program: Program, name: (Int) -> String) {
    var pointerOfPlace: [Place: Int] = [:]
    func add(_ buffers: [Int], areWritten: Bool) {
      for buffer in buffers {
        let new = program.buffers[buffer]
        let place = Place(buffer, new)
        let index = pointerOfBuffer[buffer] ?? pointerOfPlace[place] ?? pointers.count
        if index == pointers.count {
          pointers.append(
            KernelPointer(
              name: name(buffer), element: new.element, buffers: [],
              isWritten: areWritten, isRestrict: true))
          pointerOfPlace[place] = index
        }
        if pointerOfBuffer[buffer] == nil { pointers[index].buffers.append(buffer) }
        pointers[index].isWritten = pointers[index].isWritten || areWritten
        pointerOfBuffer[buffer] = index
      }
    }
    add(kernel.loadedBuffers, areWritten: false)
    add(kernel.storedBuffers, areWritten: true)
    let shared = sharedMemory(in: program)
    for index in pointers.indices { pointers[index].isRestrict = !shared[index] }
  }

  subscript(buffer: Int) -> KernelPointer { pointers[index(of: buffer)] }
  func index(of buffer: Int) -> Int { pointerOfBuffer[buffer] ?? 0 }

  /// Whether a pointer reaches memory that another one reaches too and one of the two writes.
  private func sharedMemory(in program: Program) -> [Bool] {
    var extents = pointers.indices.flatMap { index in
      pointers[index].buffers.map { buffer in
        (pointer: index, memory: program.extent(of: program.base(of: buffer)))
      }
    }
    extents.sort {
      ($0.memory.kind, $0.memory.number, $0.memory.bytes.lowerBound)
        < ($1.memory.kind, $1.memory.number, $1.memory.bytes.lowerBound)
    }
    var shared = [Bool](repeating: false, count: pointers.count)
    // What overlaps an extent follows it until one begins past its end.
    for (position, (a, memory)) in extents.enumerated() {
      for (b, other) in extents[(position + 1)...] {
        guard other.isWithinSameArray(as: memory),
          other.bytes.lowerBound < memory.bytes.upperBound
        else { break }
        guard a != b, pointers[a].isWritten || pointers[b].isWritten else { continue }
        shared[a] = true
        shared[b] = true
      }
    }
    return shared
  }
}

/// Where an array begins and what it is an array of: what decides whether two buffers can have one pointer.
private enum Place: Hashable {
  case argument(Int, ElementType)
  case result(Int, ElementType)
  case workspace(Int, ElementType)
  case step(of: Int, loop: Int, ElementType)
  case constant(buffer: Int)

  init(_ number: Int, _ buffer: Buffer) {
    self =
      switch buffer.storage {
      case .argument(let argument): .argument(argument, buffer.element)
      case .result(let result): .result(result, buffer.element)
      case .workspace(let offset): .workspace(offset, buffer.element)
      case .step(let outer, let loop): .step(of: outer, loop: loop, buffer.element)
      case .constant: .constant(buffer: number)
      }
  }
}

extension Kernel {
  /// In order of first use, without repeats.
  var loadedBuffers: [Int] {
    var buffers = DistinctNumbers()
    if let contraction {
      buffers.append(contraction.left.buffer)
      buffers.append(contraction.right.buffer)
    }
    for block in [body, epilogue] {
      for node in block.nodes {
        if case .load(let access) = node.operation { buffers.append(access.buffer) }
      }
    }
    for buffer in routine?.reads ?? [] { buffers.append(buffer) }
    return buffers.list
  }

  var storedBuffers: [Int] {
    var buffers = DistinctNumbers()
    for block in [body, epilogue] {
      for store in block.stores { buffers.append(store.access.buffer) }
    }
    if let result = routine?.result { buffers.append(result) }
    return buffers.list
  }
}

/// Numbers in the order in which they were first appended.
private struct DistinctNumbers {
  private(set) var list: [Int] = []
  private var known: Set<Int> = []

  mutating func append(_ number: Int) {
    if known.insert(number).inserted { list.append(number) }
  }
}
