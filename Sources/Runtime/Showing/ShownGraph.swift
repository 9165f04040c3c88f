// What `nncc show` draws: levels of nodes and edges. Level 0 is the whole network; a composite (a call of a function, the body of a scan, a
// run of operations that would be too many beside each other) is one node of a level and has a level of its own inside.

import NNIR

/// A node of the drawing.
struct ShownNode {
  enum Kind: String {
    case input, parameter, constant, operation
    /// With a level inside: a call of a function, a scan, or operations that were put together for being many.
    case call, scan, group
    /// A result of the network.
    case output
    /// In the level inside of a composite: a value that comes from outside, one that outside uses.
    case enters, leaves
  }

  var kind: Kind
  /// What other nodes call it: the graph's name, or `v7`.
  var label: String
  /// Whether the label is a name of the graph.
  var isNamed = false
  /// The operation, or the function that is called.
  var title: String
  var type = ""
  /// `f = v3 + v4`
  var formula = ""
  /// For each operand what is added to its adjoint: `d x1 += d v3 * cos(x1)`.
  var rules: [String] = []
  /// Of the graph file, from 1 on; 0 is none.
  var line = 0
  /// The instruction in the text form.
  var instruction = ""
  /// The level inside.
  var inside: Int?
  /// The level that it is drawn in.
  var level = 0
  /// The function's value that it stands for.
  var value: TracedValue?
  /// Kernels that compute it, and those that compute what its derivative rule gives, as numbers of the program's kernels.
  var kernels: [Int] = []
  var adjointKernels: [Int] = []
}

/// A value of the network's function (scan 0) or of a scan's body.
struct TracedValue: Hashable {
  var function: Int
  var value: Value
}

/// An edge from a node to one that uses it.
struct ShownEdge {
  var from: Int
  var to: Int
  /// The value that goes along.
  var value: TracedValue
  /// To and from groups: how many values more the edge stands for.
  var others = 0
  /// The uses that it stands for, which each pass on a part of the value's adjoint.
  var uses: [Use] = []

  struct Use: Hashable {
    var function: Int
    var user: Value
    var position: Int
  }
}

struct ShownLevel {
  var title: String
  /// The node that it is the inside of; nil for the whole network.
  var owner: Int?
  var nodes: [Int] = []
  var edges: [ShownEdge] = []
}

/// The drawing before it is laid out.
struct ShownGraph {
  var nodes: [ShownNode] = []
  var levels: [ShownLevel] = []
  /// The functions that values belong to: the network's, then bodies of scans.
  var functions: [Function] = []
  /// Of the body of a scan: the function and the value of the scan, by function.
  var scans: [Int: TracedValue] = [:]
  /// The node of each value that has one.
  var nodeOf: [TracedValue: Int] = [:]
  /// The values in the order in which they are computed, and the node of each.
  var order: [TracedValue] = []

  /// The levels, each before the one that it is inside of.
  var levelsInsideFirst: [Int] {
    func depth(_ level: Int) -> Int {
      levels[level].owner.map { 1 + depth(nodes[$0].level) } ?? 0
    }
    let depths = levels.indices.map(depth)
    return levels.indices.sorted { (depths[$1], $0) < (depths[$0], $1) }
  }
}
