// Extents and views stand many times in a graph; each is kept once and meant by its number.

import NNIR

/// Values numbered in order of first appearance, equal ones alike.
struct Interned<Element: QuickHashable> {
  private(set) var elements: [Element] = []
  private var slots = HashSlots()

  mutating func number(of element: Element) -> Int32 {
    let hash = element.quickHash
    if let number = slots.number(hash, where: { elements[$0] == element }) {
      return Int32(truncatingIfNeeded: number)
    }
    elements.append(element)
    slots.append(hash)
    return Int32(truncatingIfNeeded: elements.count - 1)
  }

  subscript(number: Int32) -> Element { elements[Int(number)] }
}

extension View: QuickHashable {
  var quickHash: QuickHash {
    var hash = QuickHash(rank, forms.count, guards.count)
    for form in forms {
      hash.mix(form.offset)
      for stride in form.strides { hash.mix(stride) }
    }
    for bound in guards { hash.mix(bound.map.offset) }
    return hash
  }
}

extension Use: QuickHashable {
  var quickHash: QuickHash { QuickHash(Int(node), Int(view)) }
}
