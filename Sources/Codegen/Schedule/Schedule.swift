// From a function to a program: which operations share a kernel, in which order kernels run, and where their buffers lie.

import NNIR

/// The kernels that compute `function`, in the order in which they run.
///
/// The same function gives the same program. With `fuse` false every operation is a kernel of its own, with the same bits.
///
/// - Parameters:
///   - explains: whether the notes say what each kernel computes and where in the graph file it stands, which takes as long again
///     as a fifth of the rest.
///   - pairsLoops: whether independent loops are brought together so that two threads may run them at the same time, for which the
///     workspace is larger.
public func schedule(
  _ function: Function, fuse: Bool = true, explains: Bool = true, pairsLoops: Bool = false
) throws -> Program {
  var program = try scheduled(function, fuse: fuse, explains: explains)
  if pairsLoops { program.pairLoops() }
  return program.planningMemory()
}

/// The kernels before the workspace has been laid out.
func scheduled(_ function: Function, fuse: Bool, explains: Bool) throws -> Program {
  var graph = try Lowering.graph(of: function, fuse: fuse, explains: explains)
  let roots = Roots(&graph, fuse: fuse)
  var ordering = Ordering(graph, roots, function)
  let order = ordering.sorted(function)
  let placed = PlacedKernels(graph, roots, order: order, function, fuse: fuse)
  var assembly = ProgramAssembly(function, graph, placed)
  assembly.assignBuffers()
  assembly.buildKernels(isForward: ordering.isForward, explains: explains)
  return assembly.program
}
