// Which buffers of the workspace hold something, found by their bytes.

import NNIR

/// The buffers of the workspace that hold something, by their place.
struct LivingBuffers {
  private var places: [(bytes: Range<Int>, buffer: Int)] = []

  private func position(of offset: Int) -> Int {
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle].bytes.lowerBound < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds a buffer; those that it shares bytes with.
  mutating func insert(_ number: Int, _ buffer: Buffer) -> [Int] {
    guard case .workspace(let offset) = buffer.storage, buffer.byteCount > 0 else { return [] }
    let bytes = offset..<offset + buffer.byteCount
    let position = position(of: offset)
    var found: [Int] = []
    // What lives already overlaps only where that was reported or allowed: a few steps back are enough.
    for place in places[max(0, position - 4)..<position] where place.bytes.overlaps(bytes) {
      found.append(place.buffer)
    }
    for place in places[position...] {
      if place.bytes.lowerBound >= bytes.upperBound { break }
      found.append(place.buffer)
    }
    places.insert((bytes, number), at: position)
    return found
  }

  mutating func remove(_ number: Int, _ buffer: Buffer) {
    guard case .workspace(let offset) = buffer.storage, buffer.byteCount > 0 else { return }
    var position = position(of: offset)
    while position < places.count, places[position].buffer != number { position += 1 }
    if position < places.count { places.remove(at: position) }
  }
}
