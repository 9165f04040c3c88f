// A Program: what a function becomes once it is scheduled. Kernels over buffers at fixed places; the last level before C.
// It too has a text form, a verifier and a meaning that the interpreter can run.

import NNIR

/// Where the elements of a buffer are.
public enum Storage: Hashable, Sendable {
  /// The caller's array for the function's argument with this number.
  case argument(Int)
  /// The caller's array for the function's result with this number.
  case result(Int)
  /// Bytes of the workspace, from a 64-byte aligned offset on.
  case workspace(offset: Int)
  /// Constant data that the program carries.
  case constant(Constant)
  /// A step of another buffer: as many elements as this buffer has, from the position on at which the loop with this number is.
  case step(of: Int, loop: Int)
}

/// A loop over consecutive kernels, inner loops included: what a `scan` becomes. Its kernels are the same at every step; buffers that are
/// steps of others move along.
public struct ProgramLoop: Hashable, Sendable {
  /// The kernels inside; never empty.
  public var kernels: Range<Int>
  /// The number of positions, at least 1.
  public var count: Int
  /// Whether the last position comes first.
  public var isReversed: Bool
  /// Whether this loop, around which there is no other, may run at the same time as the one whose kernels follow on its own: neither
  /// touches what the other writes.
  public var isBesideNext: Bool

  public init(kernels: Range<Int>, count: Int, isReversed: Bool, isBesideNext: Bool = false) {
    self.kernels = kernels
    self.count = count
    self.isReversed = isReversed
    self.isBesideNext = isBesideNext
  }

  /// The positions in the order in which they are taken.
  public func position(_ step: Int) -> Int { isReversed ? count - 1 - step : step }
}

/// A row-major array of elements.
public struct Buffer: Hashable, Sendable {
  /// After the graph's name for it where there is one; unique in the program; a C identifier.
  public var name: String
  public var element: ElementType
  public var count: Int
  public var storage: Storage

  public init(name: String, element: ElementType, count: Int, storage: Storage) {
    self.name = name
    self.element = element
    self.count = count
    self.storage = storage
  }

  public var byteCount: Int { count * element.byteCount }
}

/// An affine function of a kernel's loop indices: `offset + Σ strides[i] · index[i]`, one stride an axis of the iteration space.
public struct AffineMap: Hashable, Sendable {
  public var offset: Int
  public var strides: [Int]

  public init(offset: Int = 0, strides: [Int]) {
    self.offset = offset
    self.strides = strides
  }
}

/// Holds where `0 <= map(index) < extent`.
public struct Guard: Hashable, Sendable {
  public var map: AffineMap
  public var extent: Int

  public init(map: AffineMap, extent: Int) {
    self.map = map
    self.extent = extent
  }
}

/// Elements of a buffer as a function of the loop indices. Where a guard fails the element is `padding` and nothing is read.
public struct Access: Hashable, Sendable {
  public var buffer: Int
  public var map: AffineMap
  public var guards: [Guard]
  public var padding: Scalar?

  public init(buffer: Int, map: AffineMap, guards: [Guard] = [], padding: Scalar? = nil) {
    self.buffer = buffer
    self.map = map
    self.guards = guards
    self.padding = padding
  }
}

/// One scalar value of a block; operands are earlier nodes of the same block.
public struct Node: Hashable, Sendable {
  public enum Operation: Hashable, Sendable {
    case load(Access)
    case constant(Scalar)
    /// The value of an affine function of the loop indices, as an integer converted to the node's element type.
    case index(AffineMap)
    /// In an epilogue: the finished result of the kernel's reduction with this number, or of its contraction (0).
    case accumulator(Int)
    case apply(ElementwiseOp, [Int])
  }

  public var operation: Operation
  public var element: ElementType

  public init(_ operation: Operation, _ element: ElementType) {
    self.operation = operation
    self.element = element
  }
}

public struct Store: Hashable, Sendable {
  /// Without guards.
  public var access: Access
  public var node: Int

  public init(access: Access, node: Int) {
    self.access = access
    self.node = node
  }
}

/// Scalar SSA evaluated at every point of an iteration space, and what is stored there.
public struct Block: Hashable, Sendable {
  public var nodes: [Node]
  public var stores: [Store]

  public init(nodes: [Node] = [], stores: [Store] = []) {
    self.nodes = nodes
    self.stores = stores
  }

  public var isEmpty: Bool { nodes.isEmpty && stores.isEmpty }
}

/// A reduction of a node of the kernel's body over the reduced axes, in the order that `Docs/numerics.md` fixes.
public struct KernelReduction: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case reduce(Reduction)
    /// The i32 index, counted over the reduced axes, of the first extreme.
    case argument(ArgReduction)
  }

  public var kind: Kind
  /// A node of the body.
  public var node: Int
  /// 1, 16 or 64. Above 1 the last reduced axis carries the lanes: element c of it goes to lane c mod lanes.
  public var lanes: Int

  public init(kind: Kind, node: Int, lanes: Int) {
    self.kind = kind
    self.node = node
    self.lanes = lanes
  }
}

/// A matrix product. Its operands are loads without computation, over the kernel's space and then one more axis, k.
public struct KernelContraction: Hashable, Sendable {
  /// Access maps have a stride for each digit of each axis of the space and then of k; no guards.
  public var left: Access
  public var right: Access
  /// The extents into which the operands split each axis of the space, and k last, outermost first: usually one an axis, its extent.
  /// The rows, columns and k of sliding windows have several.
  public var digits: [[Int]]
  /// The axis of the space along which only `left` moves and that becomes the rows of the matrix product, if there is one.
  public var rowAxis: Int?
  /// The axis of the space along which only `right` moves and that becomes its columns. Where there is one it is the last axis.
  public var columnAxis: Int?
  /// 1 (one chain) or 16 (see `Docs/numerics.md`).
  public var lanes: Int
  public var element: ElementType

  public init(
    left: Access, right: Access, digits: [[Int]], rowAxis: Int?, columnAxis: Int?, lanes: Int,
    element: ElementType
  ) {
    self.left = left
    self.right = right
    self.digits = digits
    self.rowAxis = rowAxis
    self.columnAxis = columnAxis
    self.lanes = lanes
    self.element = element
  }

  /// The most digits that an axis may have.
  public static let mostDigits = 8
  /// The extent of k; the chain runs in increasing k.
  public var extent: Int { (digits.last ?? []).reduce(1, *) }
  /// Whether every axis has one stride in each operand.
  public var isPlain: Bool { digits.allSatisfy { $0.count == 1 } }
  /// The positions of an axis's digits among all.
  public func positions(ofAxis axis: Int) -> Range<Int> {
    let start = digits[..<axis].reduce(0) { $0 + $1.count }
    return start..<start + digits[axis].count
  }
}

/// A loop nest.
///
/// - a map: `body` at every point of `space`; no reductions, no contraction, empty epilogue.
/// - a reduction: `body` over `space` × `reduced`, then, at every point of `space`, `epilogue` with the accumulators.
/// - a contraction: no body; `epilogue` at every point of `space` with accumulator 0.
/// - a routine: no block at all.
///
/// Iterations over `space` are independent of each other and may run in any order and on any thread.
public struct Kernel: Hashable, Sendable {
  /// After what it computes; unique in the program; a C identifier.
  public var name: String
  /// Extents, outermost first.
  public var space: [Int]
  /// Extents of the reduced axes, in order; empty but in a reduction.
  public var reduced: [Int]
  /// Access maps have `space.count + reduced.count` strides.
  public var body: Block
  public var reductions: [KernelReduction]
  public var contraction: KernelContraction?
  public var routine: Routine?
  /// Access maps have `space.count` strides.
  public var epilogue: Block

  public init(
    name: String, space: [Int], reduced: [Int] = [], body: Block = Block(),
    reductions: [KernelReduction] = [], contraction: KernelContraction? = nil,
    epilogue: Block = Block(), routine: Routine? = nil
  ) {
    self.name = name
    self.space = space
    self.reduced = reduced
    self.body = body
    self.reductions = reductions
    self.contraction = contraction
    self.routine = routine
    self.epilogue = epilogue
  }

  /// Points of the space.
  public var count: Int { space.reduce(1, *) }
}

/// What a reader is told about a kernel; no part of its identity.
public struct KernelNote: Sendable {
  /// The graph expressions it computes, as text of one line each: `l1 = tanh(dot(x, w1) + b1)`.
  public var expressions: [String]
  /// Lines of the graph file, ascending, without repeats.
  public var lines: [Int]
  /// The `source` numbers of the values it has to do with, ascending, without repeats; none where origins have none.
  public var sources: [Int32]
  /// Of a check: what its error says.
  public var check: CheckNote?

  public init(
    expressions: [String] = [], lines: [Int] = [], sources: [Int32] = [], check: CheckNote? = nil
  ) {
    self.expressions = expressions
    self.lines = lines
    self.sources = sources
    self.check = check
  }
}

/// Kernels in the order in which they run.
public struct Program: Sendable {
  public var name: String
  /// The function's arguments and results, which `Storage` numbers.
  public var arguments: [Argument]
  public var results: [ProgramResult]
  public var buffers: [Buffer]
  public var kernels: [Kernel]
  public var notes: [KernelNote]
  /// Nested or apart; an outer loop stands before those inside it, and an earlier one before a later.
  public var loops: [ProgramLoop] = []
  /// Bytes of the workspace without the threads' scratch.
  public var workspaceByteCount: Int
  /// The most bytes of buffers that live at one time: no layout of the workspace is smaller. Known once memory is planned.
  public var liveByteCount = 0
  /// How many of the first kernels compute all outputs and the loss: what `forward` runs of a gradient program.
  public var forwardKernelCount: Int

  public init(
    name: String, arguments: [Argument], results: [ProgramResult], buffers: [Buffer] = [],
    kernels: [Kernel] = [], notes: [KernelNote] = [], workspaceByteCount: Int = 0,
    forwardKernelCount: Int = 0
  ) {
    self.name = name
    self.arguments = arguments
    self.results = results
    self.buffers = buffers
    self.kernels = kernels
    self.notes = notes
    self.workspaceByteCount = workspaceByteCount
    self.forwardKernelCount = forwardKernelCount
  }
}

/// A result and its type. An `update` has no array of its own: it is written into the argument's.
public struct ProgramResult: Hashable, Sendable {
  public var name: String
  public var role: ResultRole
  public var type: TensorType

  public init(name: String, role: ResultRole, type: TensorType) {
    self.name = name
    self.role = role
    self.type = type
  }
}
