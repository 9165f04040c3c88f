// What can be wrong with a program. Errors carry facts; the wording is in `description`, in one place.

import NNIR

/// A fault that the verifier found.
public struct ProgramError: Error, Hashable, Sendable {
  public enum Problem: Hashable, Sendable {
    // Buffers.
    case name(String)
    case storage(Storage)
    case byteRange(Range<Int>, workspace: Int)
    case overlap(with: String)
    // Kernels.
    case extents([Int])
    case parts
    case lanes(Int)
    case noSuchNode(Int)
    case noSuchAccumulator(Int)
    case elementType(expected: ElementType?, found: ElementType)
    case elementCount(expected: Int, found: Int)
    case dropout(Dropout)
    case arity(op: String, found: Int)
    case rowAndColumn
    case kernelCounts
    case loop(Range<Int>, count: Int)
    case besideLoop(Range<Int>)
    // Accesses.
    case noSuchBuffer(Int)
    case rank(expected: Int, found: Int)
    case outOfBounds(ClosedRange<Int>, count: Int)
    case guardsNotAllowed
    case noPadding
    case readBeforeWritten
    case notInjective
    case writesConstant
    case writesArgument
    case aliased(with: String)
    case neverWritten
    // Look-ups.
    case notChecked
    case checkAfterUpdate
    case outsideLoop(Int)
  }

  public var kernel: String?
  /// The buffer that is accessed, or that is at fault itself.
  public var buffer: String?
  public var problem: Problem

  public init(kernel: String? = nil, buffer: String? = nil, _ problem: Problem) {
    self.kernel = kernel
    self.buffer = buffer
    self.problem = problem
  }
}

extension ProgramError: CustomStringConvertible {
  public var description: String {
    let place = [kernel.map { "kernel \($0)" }, buffer.map { "buffer \($0)" }]
      .compactMap { $0 }.joined(separator: ", ")
    return place.isEmpty ? text : "\(place): \(text)"
  }

  private var text: String {
    switch problem {
    case .name(let name): "'\(name)' is no C identifier or stands twice"
    case .storage(let storage): "no such storage, or of another type: \(storage)"
    case .loop(let range, let count):
      "a loop of \(count) steps over the kernels \(range) is empty or cuts through another"
    case .besideLoop(let range):
      "the loop over the kernels \(range) cannot run at the same time as one that follows on it"
    case .outsideLoop(let loop): "a step of loop \(loop) is touched outside it"
    case .byteRange(let range, let workspace):
      "bytes \(range) are not aligned or not within a workspace of \(workspace)"
    case .overlap(let other): "shares memory with \(other), which still lives"
    case .extents(let extents): "\(extents) are no extents"
    case .parts: "is neither a map nor a reduction nor a contraction nor a routine"
    case .lanes(let lanes): "cannot have \(lanes) lanes"
    case .noSuchNode(let node): "%\(node) does not come before its use"
    case .noSuchAccumulator(let number): "there is no accumulator \(number)"
    case .elementType(let expected?, let found): "found \(found.name), expected \(expected.name)"
    case .elementType(nil, let found): "does not take \(found.name)"
    case .elementCount(let expected, let found): "\(found) elements where \(expected) belong"
    case .dropout(let dropout): "no dropout: key \(dropout.key), rate \(dropout.rate)"
    case .arity(let op, let found): "\(op) does not take \(found) operands"
    case .rowAndColumn: "its rows or columns are not free axes of one operand"
    case .kernelCounts: "there are not as many kernels as it says"
    case .noSuchBuffer(let number): "there is no buffer \(number)"
    case .rank(let expected, let found): "a map of \(found) axes where there are \(expected)"
    case .outOfBounds(let range, let count): "elements \(range) of \(count) are accessed"
    case .guardsNotAllowed: "no guards may stand here"
    case .noPadding: "guards without an element in their place"
    case .readBeforeWritten: "is read before it is written"
    case .notInjective: "two points may write one element"
    case .writesConstant: "is constant and is written"
    case .writesArgument: "is an argument without an update and is written"
    case .aliased(let other): "is read elsewhere than where \(other), in its place, is written"
    case .neverWritten: "is a result that nobody writes"
    case .notChecked: "looks up by indices that have not been checked"
    case .checkAfterUpdate: "is a check after the first update"
    }
  }
}
