// From a function to a program: which operations share a kernel, in which order kernels run, and where their buffers lie.

import NNIR

/// The kernels that compute `function`, in the order in which they run.
///
/// The same function gives the same program. With `fuse` false every operation is a kernel of its own, with the same bits.
public func schedule(_ function: Function, fuse: Bool = true) throws -> Program {
  try scheduled(function, fuse: fuse).planningMemory()
}

/// The kernels before the workspace has been laid out.
func scheduled(_ function: Function, fuse: Bool) throws -> Program {
  var graph = try Lowering.graph(of: function, fuse: fuse)
  let roots = Roots(&graph, fuse: fuse)
  var ordering = Ordering(graph, roots, function)
  let order = ordering.sorted(function)
  let placed = PlacedKernels(graph, roots, order: order, function, fuse: fuse)
  var assembly = ProgramAssembly(function, graph, placed)
  assembly.assignBuffers()
  assembly.buildKernels(isForward: ordering.isForward)
  return assembly.program
}
