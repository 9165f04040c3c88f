// What is drawn inside of what: values inside the calls that they are part of, and runs of nodes inside groups where a level would have too
// many.

import NNIR

/// A forest over values: leaves are drawn as nodes, inner elements as composites.
struct Containment {
  enum Kind {
    case root
    case call(Int32)
    case group
    case leaf(Int)
  }

  struct Element {
    var kind: Kind
    var parent: Int
    var children: [Int] = []
    /// The place in the order of computation.
    var order: Int
  }

  /// Element 0 is the root.
  private(set) var elements = [Element(kind: .root, parent: -1, order: 0)]
  /// By leaf.
  private(set) var elementOf: [Int] = []

  /// More nodes than this beside each other are put into groups.
  static let mostNodes = 120

  /// - Parameters:
  ///   - chains: for each leaf, in the order of computation, the calls that it is part of, the outermost first.
  ///   - edges: from leaf to leaf.
  init(chains: [[Int32]], edges: [(from: Int, to: Int)]) {
    var elementOfCall: [[Int32]: Int] = [:]
    for (leaf, chain) in chains.enumerated() {
      var parent = 0
      for depth in chain.indices {
        let prefix = Array(chain[...depth])
        if let known = elementOfCall[prefix] {
          parent = known
        } else {
          parent = append(.call(chain[depth]), to: parent, order: leaf)
          elementOfCall[prefix] = parent
        }
      }
      elementOf.append(append(.leaf(leaf), to: parent, order: leaf))
    }
    dissolveLonely(0)
    moveArgumentsToUsers(edges)
    for element in elements.indices where !isLeaf(element) { group(element, edges) }
  }

  private mutating func append(_ kind: Kind, to parent: Int, order: Int) -> Int {
    elements.append(Element(kind: kind, parent: parent, order: order))
    elements[parent].children.append(elements.count - 1)
    return elements.count - 1
  }

  private func isLeaf(_ element: Int) -> Bool {
    if case .leaf = elements[element].kind { true } else { false }
  }

  /// Composites of a single part are that part.
  private mutating func dissolveLonely(_ element: Int) {
    var children: [Int] = []
    for child in elements[element].children {
      dissolveLonely(child)
      if !isLeaf(child), elements[child].children.count == 1 {
        children += elements[child].children
      } else {
        children.append(child)
      }
    }
    for child in children { elements[child].parent = element }
    elements[element].children = children
  }

  /// What needs nothing stands before what needs it first.
  private mutating func moveArgumentsToUsers(_ edges: [(from: Int, to: Int)]) {
    var hasOperands = [Bool](repeating: false, count: elementOf.count)
    var firstUser = [Int](repeating: Int.max, count: elementOf.count)
    for edge in edges {
      hasOperands[edge.to] = true
      firstUser[edge.from] = min(firstUser[edge.from], edge.to)
    }
    for leaf in elementOf.indices where !hasOperands[leaf] && firstUser[leaf] < Int.max {
      elements[elementOf[leaf]].order = firstUser[leaf]
    }
  }

  // MARK: Groups

  private mutating func group(_ element: Int, _ edges: [(from: Int, to: Int)]) {
    while elements[element].children.count > Self.mostNodes {
      let children = elements[element].children.enumerated().sorted {
        (elements[$0.element].order, isLeaf($0.element) ? 0 : 1, $0.offset)
          < (elements[$1.element].order, isLeaf($1.element) ? 0 : 1, $1.offset)
      }.map(\.element)
      let crossing = crossings(children, of: element, edges)
      elements[element].children = []
      var start = 0
      let size = min(60, max(12, Int(Double(children.count).squareRoot())))
      while start < children.count {
        var end = min(children.count, start + size)
        if end < children.count {
          let candidates = start + size / 2...min(children.count, start + size + size / 2)
          end =
            candidates.min { (crossing[$0], abs($0 - end)) < (crossing[$1], abs($1 - end)) } ?? end
        }
        let group = append(.group, to: element, order: elements[children[start]].order)
        for child in children[start..<end] { elements[child].parent = group }
        elements[group].children = Array(children[start..<end])
        start = end
      }
    }
  }

  /// How many edges cross each border between neighbours.
  private func crossings(
    _ children: [Int], of element: Int, _ edges: [(from: Int, to: Int)]
  ) -> [Int] {
    var place: [Int: Int] = [:]
    for (index, child) in children.enumerated() { place[child] = index }
    var change = [Int](repeating: 0, count: children.count + 2)
    for edge in edges {
      guard let from = child(of: element, above: elementOf[edge.from]).flatMap({ place[$0] }),
        let to = child(of: element, above: elementOf[edge.to]).flatMap({ place[$0] }), from < to
      else { continue }
      change[from + 1] += 1
      change[to + 1] -= 1
    }
    var sum = 0
    return change.map { step in
      sum += step
      return sum
    }
  }

  private func child(of ancestor: Int, above element: Int) -> Int? {
    var element = element
    while element > 0 {
      if elements[element].parent == ancestor { return element }
      element = elements[element].parent
    }
    return nil
  }

  /// From below the root down to the element itself.
  func path(to element: Int) -> [Int] {
    var path: [Int] = []
    var element = element
    while element > 0 {
      path.append(element)
      element = elements[element].parent
    }
    return path.reversed()
  }
}
