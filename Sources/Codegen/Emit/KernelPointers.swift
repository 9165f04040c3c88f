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

  init(_ kernel: Kernel, in program: Program, names: inout CNames) {
    for buffer in kernel.loadedBuffers { add(buffer, isWritten: false, program, &names) }
    for buffer in kernel.storedBuffers { add(buffer, isWritten: true, program, &names) }
    for i in pointers.indices {
      let overlapping = pointers.indices.filter { j in
        j != i && pointers[i].overlaps(pointers[j], in: program)
      }
      pointers[i].isRestrict = overlapping.allSatisfy {
        !pointers[i].isWritten && !pointers[$0].isWritten
      }
    }
  }

  subscript(buffer: Int) -> KernelPointer { pointers[index(of: buffer)] }
  func index(of buffer: Int) -> Int { pointerOfBuffer[buffer] ?? 0 }

  private mutating func add(
    _ buffer: Int, isWritten: Bool, _ program: Program, _ names: inout CNames
  ) {
    let new = program.buffers[buffer]
    let found = pointers.indices.first { index in
      let old = program.buffers[pointers[index].buffers[0]]
      return pointers[index].buffers.contains(buffer)
        || (old.storage.hasSameAddress(as: new.storage) && old.element == new.element)
    }
    if let found {
      if !pointers[found].buffers.contains(buffer) { pointers[found].buffers.append(buffer) }
      pointers[found].isWritten = pointers[found].isWritten || isWritten
      pointerOfBuffer[buffer] = found
      return
    }
    pointerOfBuffer[buffer] = pointers.count
    pointers.append(
      KernelPointer(
        name: names.unique(new.name), element: new.element, buffers: [buffer],
        isWritten: isWritten, isRestrict: true))
  }
}

extension KernelPointer {
  fileprivate func overlaps(_ other: KernelPointer, in program: Program) -> Bool {
    buffers.contains { i in
      other.buffers.contains { j in program.overlaps(i, j) }
    }
  }
}

extension Storage {
  fileprivate func hasSameAddress(as other: Storage) -> Bool {
    switch (self, other) {
    case (.argument(let a), .argument(let b)): a == b
    case (.result(let a), .result(let b)): a == b
    case (.workspace(let a), .workspace(let b)): a == b
    case (.step(let a, let loop), .step(let b, let other)): a == b && loop == other
    case (.argument, _), (.result, _), (.workspace, _), (.constant, _), (.step, _): false
    }
  }
}

extension Kernel {
  /// In order of first use, without repeats.
  var loadedBuffers: [Int] {
    var buffers: [Int] = []
    func add(_ access: Access) {
      if !buffers.contains(access.buffer) { buffers.append(access.buffer) }
    }
    if let contraction {
      add(contraction.left)
      add(contraction.right)
    }
    for node in body.nodes + epilogue.nodes {
      if case .load(let access) = node.operation { add(access) }
    }
    for buffer in routine?.reads ?? [] where !buffers.contains(buffer) { buffers.append(buffer) }
    return buffers
  }

  var storedBuffers: [Int] {
    var buffers: [Int] = []
    for store in body.stores + epilogue.stores where !buffers.contains(store.access.buffer) {
      buffers.append(store.access.buffer)
    }
    if let result = routine?.result { buffers.append(result) }
    return buffers
  }
}
