/* text.c: embeds the headers that emitted C takes parts of. They are also included, so that a change to them rebuilds this
   file. */

#include "nn_text.h"

#pragma clang diagnostic ignored "-Wunused-function"
#include "nn_contract.h"
#include "nn_contract_images.h"
#include "nn_math.h"

#include "nn_lookup.h"

#if defined(__APPLE__)
#define SECTION ".const_data"
#define SYMBOL(name) "_" name
#else
#define SECTION ".section .rodata"
#define SYMBOL(name) name
#endif

/* The bytes of a file from `name` on, and how many there are as a pointer-sized word after them. */
#define EMBED(name, file)                                                                         \
  __asm__(SECTION "\n"                                                                            \
          ".globl " SYMBOL(name "_text") "\n"                                                     \
          ".globl " SYMBOL(name "_text_length") "\n"                                              \
          ".p2align 4\n" SYMBOL(name "_text") ":\n"                                               \
          ".incbin \"" file "\"\n"                                                                \
          "1:\n"                                                                                  \
          ".p2align 3\n" SYMBOL(name "_text_length") ":\n"                                        \
          ".quad 1b - " SYMBOL(name "_text") "\n"                                                 \
          ".text\n");

EMBED("nn_math", "nn_math.h")
EMBED("nn_contract", "nn_contract.h")
EMBED("nn_contract_places", "nn_contract_places.h")
EMBED("nn_contract_lines", "nn_contract_lines.h")
EMBED("nn_contract_segments", "nn_contract_segments.h")
EMBED("nn_contract_turned", "nn_contract_turned.h")
EMBED("nn_contract_interleaved", "nn_contract_interleaved.h")
EMBED("nn_contract_view", "nn_contract_view.h")
EMBED("nn_contract_images", "nn_contract_images.h")
EMBED("nn_lookup", "nn_lookup.h")
