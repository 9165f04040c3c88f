// Kernels that are no loop nests over scalar expressions: look-ups, whose addresses depend on data, and random numbers, which come in
// blocks. They read and write whole row-major buffers.

import NNIR

/// What such a kernel does. Its operands are buffers, every element of which counts.
public enum Routine: Hashable, Sendable {
  /// Row i of `result` is row `indices[i]` of `table`. The space: rows of the result, elements of a row. A check of the indices has run.
  case gather(table: Int, indices: Int, result: Int)
  /// `result` is zeros, and row i of `updates` is added to row `indices[i]`, in order. The space: rows of the result, elements of a row.
  /// A check of the indices has run.
  case scatterAdd(indices: Int, updates: Int, result: Int)
  /// Ends the program where an index is below 0 or not below `rows`; of several it reports the first. The space: the indices.
  case check(indices: Int, rows: Int)
  /// The factors of a dropout in a training step. The space: the elements.
  case random(seed: Int, step: Int, result: Int, Dropout)

  public var reads: [Int] {
    switch self {
    case .gather(let table, let indices, _): [table, indices]
    case .scatterAdd(let indices, let updates, _): [indices, updates]
    case .check(let indices, _): [indices]
    case .random(let seed, let step, _, _): [seed, step]
    }
  }

  /// Nil for a check.
  public var result: Int? {
    switch self {
    case .gather(_, _, let result), .scatterAdd(_, _, let result), .random(_, _, let result, _):
      result
    case .check: nil
    }
  }

  /// The same with buffer `number(i)` for buffer i.
  public func renumberingBuffers(_ number: (Int) -> Int) -> Routine {
    switch self {
    case .gather(let table, let indices, let result):
      .gather(table: number(table), indices: number(indices), result: number(result))
    case .scatterAdd(let indices, let updates, let result):
      .scatterAdd(indices: number(indices), updates: number(updates), result: number(result))
    case .check(let indices, let rows): .check(indices: number(indices), rows: rows)
    case .random(let seed, let step, let result, let dropout):
      .random(seed: number(seed), step: number(step), result: number(result), dropout)
    }
  }

  public var isCheck: Bool {
    if case .check = self { true } else { false }
  }
}

extension Kernel {
  /// Whether it may end the program.
  public var isCheck: Bool { routine?.isCheck ?? false }
}

/// What an error of a check says of the indices; no part of the kernel's identity.
public struct CheckNote: Sendable {
  /// The graph file's name for the indices, if it has one.
  public var name: String?
  /// Their shape: where one is counts in it.
  public var shape: Shape
  /// The place of the look-up in the graph file; line 0 is none.
  public var line: Int
  public var column: Int

  public init(name: String?, shape: Shape, line: Int, column: Int) {
    self.name = name
    self.shape = shape
    self.line = line
    self.column = column
  }
}
