// Questions that every reader of a program asks: which buffers share memory.

import NNIR

extension Program {
  /// Whether two buffers share bytes: an update that replaces an argument, or a result that takes over a dying input's storage.
  ///
  /// Within a kernel such a pair is only ever accessed at the same element at the same point, and a block loads before it stores.
  public func overlaps(_ first: Int, _ second: Int) -> Bool {
    if first == second { return true }
    let a = buffers[first]
    let b = buffers[second]
    guard case .workspace(let start) = a.storage, case .workspace(let other) = b.storage else {
      return false
    }
    return start < other + b.byteCount && other < start + a.byteCount
  }
}
