// The strips spelling of a whole program, for libtcc: text without a single #include, as small as it can be, for the time to compile it
// is proportional to its length.

import NNIR

func emitStripModule(_ program: Program) -> KernelModule {
  var names = CNames()
  var writer = CWriter()
  var entries: [KernelEntry] = []
  var prototypes: [String: String] = [:]
  for kernel in program.kernels {
    let symbol = names.unique(kernel.name)
    if kernel.count == 0 {
      emitEmptyEntry(symbol, into: &writer)
      entries.append(KernelEntry(symbol: symbol, units: 0, scratchByteCount: 0, grain: 1))
      continue
    }
    let emitted = emitStrips(kernel, name: symbol, in: program)
    prototypes.merge(emitted.prototypes) { first, _ in first }
    writer.append(emitted.textWriter)
    entries.append(
      KernelEntry(
        symbol: symbol, units: emitted.units, scratchByteCount: emitted.scratchByteCount,
        grain: emitted.grain))
  }
  var text = stripPrelude
  for name in prototypes.keys.sorted() { text += (prototypes[name] ?? "") + "\n" }
  return KernelModule(text: text + writer.text, entries: entries)
}

/// The types that the prototypes need; libtcc runs without any header.
private let stripPrelude = """
  typedef __PTRDIFF_TYPE__ ptrdiff_t;
  typedef unsigned char uint8_t;
  typedef int int32_t;
  typedef long long int64_t;

  """
