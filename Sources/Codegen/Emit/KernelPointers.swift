// The arrays that a kernel's function takes. Buffers that share memory share a pointer, so that `restrict` tells the truth.

import NNIR

/// One array parameter.
struct KernelPointer {
  var name: String
  var element: ElementType
  /// The program's buffer behind it, and what others begin in the same place: usually none.
  var buffer: Int
  var others: [Int] = []
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
    var places = SmallTable<Place, Void>()
    kernel.forEachLoad { _ = add($0, program, name, &places) }
    kernel.forEachStore { buffer in
      pointers[add(buffer, program, name, &places)].isWritten = true
    }
    let shared = sharedMemory(in: program)
    for index in pointers.indices { pointers[index].isRestrict = !shared[index] }
  }

  /// The pointer of a buffer, a new one where none begins where the buffer does.
  private mutating func add(
    _ buffer: Int, _ program: Program, _ name: (Int) -> String,
    _ places: inout SmallTable<Place, Void>
  ) -> Int {
    if let known = pointerOfBuffer[buffer] { return known }
    let place = Place(buffer, program.buffers[buffer])
    let (index, isNew) = places.insert(place, ())
    if isNew {
      pointers.append(
        KernelPointer(
          name: name(buffer), element: place.element, buffer: buffer, isWritten: false,
          isRestrict: true))
    } else {
      pointers[index].others.append(buffer)
    }
    pointerOfBuffer[buffer] = index
    return index
  }

  /// Whether all arrays have one element type.
  var areOfOneType: Bool { pointers.allSatisfy { $0.element == pointers[0].element } }

  /// Names each pointer after its position or the first buffer behind it.
  mutating func rename(_ name: (_ index: Int, _ buffer: Int) -> String) {
    for index in pointers.indices { pointers[index].name = name(index, pointers[index].buffer) }
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
    extents.reserveCapacity(pointers.count)
    for index in pointers.indices {
      extents.append((index, program.extent(of: program.base(of: pointers[index].buffer))))
      for buffer in pointers[index].others {
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
    for position in extents.indices {
      let (a, memory) = extents[position]
      for next in position + 1..<extents.count {
        let (b, other) = extents[next]
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
  var storedBuffers: [Int] {
    var known = SmallTable<Int, Void>()
    forEachStore { known[$0] = () }
    return known.keys
  }
}
