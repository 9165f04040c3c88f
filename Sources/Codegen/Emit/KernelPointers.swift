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
  private var pointerOfBuffer = SmallTable<Int, Int>()

  /// Pointers named after the buffers behind them.
  init(_ kernel: Kernel, in program: Program, names: inout CNames) {
    self.init(kernel, in: program) { names.unique(program.buffers[$0].name) }
  }

  /// - Parameter name: gives the name of the next pointer by the first buffer behind it.
  init(_ kernel: Kernel, in program: Program, name: (Int) -> String) {
    var pointerOfPlace = SmallTable<Place, Int>()
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
  func name(of buffer: Int) -> String { pointers[index(of: buffer)].name }

  /// The program's buffers in the order of first use, and the position of each.
  var buffers: [Int] { pointerOfBuffer.keys }
  func position(of buffer: Int) -> Int { pointerOfBuffer.position(of: buffer) ?? 0 }

  /// Up to so many extents are compared each with each.
  private static let mostCompared = 12

  /// Whether a pointer reaches memory that another one reaches too and one of the two writes.
  private func sharedMemory(in program: Program) -> [Bool] {
    var shared = [Bool](repeating: false, count: pointers.count)
    var extents: [(pointer: Int, memory: MemoryExtent)] = []
    for (index, pointer) in pointers.enumerated() {
      for buffer in pointer.buffers {
        extents.append((index, program.extent(of: program.base(of: buffer))))
      }
    }
    if extents.count > Self.mostCompared {
      extents.sort {
        ($0.memory.kind, $0.memory.number, $0.memory.bytes.lowerBound)
          < ($1.memory.kind, $1.memory.number, $1.memory.bytes.lowerBound)
      }
    }
    let isSorted = extents.count > Self.mostCompared
    for (position, (a, memory)) in extents.enumerated() {
      for (b, other) in extents[(position + 1)...] {
        // In order, what overlaps an extent follows it until one begins past its end.
        guard
          other.isWithinSameArray(as: memory),
          other.bytes.lowerBound < memory.bytes.upperBound,
          memory.bytes.lowerBound < other.bytes.upperBound
        else {
          if isSorted { break } else { continue }
        }
        guard a != b, pointers[a].isWritten || pointers[b].isWritten else { continue }
        shared[a] = true
        shared[b] = true
      }
    }
    return shared
  }
}

/// Where an array begins and what it is an array of: what decides whether two buffers can have one pointer.
private struct Place: QuickHashable {
  var kind: Int
  var number: Int
  var loop = 0
  var element: ElementType

  var quickHash: QuickHash { QuickHash(kind, number, loop) }

  init(_ number: Int, _ buffer: Buffer) {
    element = buffer.element
    switch buffer.storage {
    case .argument(let argument): (kind, self.number) = (0, argument)
    case .result(let result): (kind, self.number) = (1, result)
    case .workspace(let offset): (kind, self.number) = (2, offset)
    case .step(let outer, let loop): (kind, self.number, self.loop) = (3, outer, loop)
    case .constant: (kind, self.number) = (4, number)
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
  private var known = SmallTable<Int, Void>()
  var list: [Int] { known.keys }

  mutating func append(_ number: Int) { known[number] = () }
}
