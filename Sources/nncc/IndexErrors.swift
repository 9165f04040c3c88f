// Indices out of range, which only show while a graph runs, are told like the errors of its file.

import NNRuntime

/// Runs `body`; an index out of range becomes an error at the look-up's place.
func locatingIndexErrors<Result>(
  in network: Network, _ body: () throws -> Result
) throws -> Result {
  do {
    return try body()
  } catch CallError.indexOutOfRange(let fault) {
    throw Failure(.badData, fault.diagnostic(in: network.source).rendered)
  }
}
