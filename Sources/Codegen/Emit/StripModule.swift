// The strips spelling of a whole program, for libtcc: text without a single #include, as small as it can be, for the time to compile it
// is proportional to its length.

import NNIR

func emitStripModule(_ program: Program) -> KernelModule {
  var writer = CWriter()
  var prototypes = SmallTable<String, String>()
  // Nobody reads the names: to look for some that clash with nothing would take longer than to number them.
  let functions = KernelFunctions(
    of: program, into: &writer, symbol: { "k\($1)" },
    write: { kernel, writer, symbol in
      let emitted = emitStrips(kernel, name: symbol, in: program)
      for (name, text) in zip(emitted.prototypes.keys, emitted.prototypes.values) {
        prototypes.insert(name, text)
      }
      writer.append(lines: emitted.text)
      return emitted
    })
  var text = stripPrelude
  let names = prototypes.keys.sorted()
  for name in names { text += (prototypes[name] ?? "") + "\n" }
  return KernelModule(
    text: text + writer.text, entries: functions.entries, primitives: names.map { "nns_" + $0 })
}

/// The types that the prototypes need; libtcc runs without any header.
private let stripPrelude = """
  typedef __PTRDIFF_TYPE__ ptrdiff_t;
  typedef unsigned char uint8_t;
  typedef int int32_t;
  typedef long long int64_t;

  """
