/* nn_contract.h: matrix products whose bits depend on the operands alone.

   Each element of a product is one chain of fused multiply-adds in increasing k (nn_contract_T), or 16 such
   chains folded in halves (nn_contract_lanes_T); see Docs/numerics.md. Tiles, packing and vector width only
   decide which elements are computed side by side, so they never show in a result.

   The driver walks blocks of k and of columns, packs a block of the right operand (and a tile of rows of the
   left one) where strides or reuse ask for it, and hands tiles of rows x vectors to a kernel whose sums
   stay in registers. The file is freestanding C99 and C++17. nncc's Kernels module compiles it for several
   vector widths, and the C that nncc emits carries those sections of it that it needs.

   Configuration, all optional:
     NN_CONTRACT_SIMD      bits of a vector: 512, 256, 128, or 0 for plain C; by default what the target has
     NN_CONTRACT_SOFT_FMA  1: where the target has no fused multiply-add call nn_fma_T of nn_math.h;
                           0 (default): multiply and round, then add and round */

/* @section contract_guard_begin needs: */
#ifndef NN_CONTRACT_H
#define NN_CONTRACT_H
/* @end */

/* @section contract_config needs: */
#include <stddef.h>
#include <stdint.h>

#ifndef NN_CONTRACT_SOFT_FMA
#define NN_CONTRACT_SOFT_FMA 0
#endif

#ifndef NN_CONTRACT_SIMD
#if !defined(__GNUC__) || defined(__TINYC__)
#define NN_CONTRACT_SIMD 0
#elif defined(__AVX512F__)
#define NN_CONTRACT_SIMD 512
#elif defined(__AVX2__) && defined(__FMA__)
#define NN_CONTRACT_SIMD 256
#elif defined(__SSE2__) || (defined(__aarch64__) && defined(__ARM_NEON))
#define NN_CONTRACT_SIMD 128
#else
#define NN_CONTRACT_SIMD 0
#endif
#endif

/* One multiply-add of each type. */
#if NN_CONTRACT_SIMD >= 256 || defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
#define NN_CONTRACT_FMA_f32(a, b, c) __builtin_fmaf(a, b, c)
#define NN_CONTRACT_FMA_f64(a, b, c) __builtin_fma(a, b, c)
#elif NN_CONTRACT_SOFT_FMA
#define NN_CONTRACT_FMA_f32(a, b, c) nn_fma_f32(a, b, c)
#define NN_CONTRACT_FMA_f64(a, b, c) nn_fma_f64(a, b, c)
#else
#define NN_CONTRACT_FMA_f32(a, b, c) ((a) * (b) + (c))
#define NN_CONTRACT_FMA_f64(a, b, c) ((a) * (b) + (c))
#endif
#define NN_CONTRACT_FMA_i32(a, b, c) ((int32_t)((uint32_t)(a) * (uint32_t)(b) + (uint32_t)(c)))
#define NN_CONTRACT_FMA_i64(a, b, c) ((int64_t)((uint64_t)(a) * (uint64_t)(b) + (uint64_t)(c)))

#define NN_CONTRACT_ADD_f32(a, b) ((a) + (b))
#define NN_CONTRACT_ADD_f64(a, b) ((a) + (b))
#define NN_CONTRACT_ADD_i32(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define NN_CONTRACT_ADD_i64(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))

#if NN_CONTRACT_SIMD >= 256 || (NN_CONTRACT_SIMD == 128 && defined(__FMA__))
#include <immintrin.h>
#elif NN_CONTRACT_SIMD == 128 && defined(__aarch64__)
#include <arm_neon.h>
#endif

#if NN_CONTRACT_SIMD
#define NN_CONTRACT_INLINE static inline __attribute__((always_inline, unused))
/* How many k of a full tile are taken in a step of its loop. Where it takes several, gcc moves sums from register to
   register until it runs out of registers: with AVX2 all the sums of a full tile are pinned between two k, the other widths
   take one k at a time. */
#if defined(__clang__)
#define NN_CONTRACT_UNROLL _Pragma("clang loop unroll(full)")
#define NN_CONTRACT_ROLL _Pragma("clang loop unroll(disable)")
#define NN_CONTRACT_STEPS 8
#define NN_CONTRACT_PIN(sum)
#else
#define NN_CONTRACT_UNROLL _Pragma("GCC unroll 16")
#define NN_CONTRACT_ROLL _Pragma("GCC unroll 1")
#if NN_CONTRACT_SIMD == 256 && defined(__x86_64__)
#define NN_CONTRACT_STEPS 8
#define NN_CONTRACT_PIN(sum)                                                                                            \
  __asm__(""                                                                                                            \
          : "+x"(sum[0][0]), "+x"(sum[0][1]), "+x"(sum[1][0]), "+x"(sum[1][1]), "+x"(sum[2][0]), "+x"(sum[2][1]),       \
            "+x"(sum[3][0]), "+x"(sum[3][1]), "+x"(sum[4][0]), "+x"(sum[4][1]), "+x"(sum[5][0]), "+x"(sum[5][1]))
#else
#define NN_CONTRACT_STEPS 1
#define NN_CONTRACT_PIN(sum)
#endif
#endif
/* Keeps a pointer in a register of its own: compilers would compute it from its neighbours in every round of a loop. */
#define NN_CONTRACT_HIDE(pointer) __asm__("" : "+r"(pointer))
#endif

/* The widest vector of a type, its multiply-add, and one of equal elements. */
#if NN_CONTRACT_SIMD == 512
#define NN_CONTRACT_VECTOR(T) nn_##T##_v64
#define NN_CONTRACT_VECTOR_FMA(T, a, b, c) nn_##T##_v64_fma(a, b, c)
#define NN_CONTRACT_VECTOR_SPLAT(T, x) nn_##T##_v64_splat(x)
#elif NN_CONTRACT_SIMD == 256
#define NN_CONTRACT_VECTOR(T) nn_##T##_v32
#define NN_CONTRACT_VECTOR_FMA(T, a, b, c) nn_##T##_v32_fma(a, b, c)
#define NN_CONTRACT_VECTOR_SPLAT(T, x) nn_##T##_v32_splat(x)
#elif NN_CONTRACT_SIMD == 128
#define NN_CONTRACT_VECTOR(T) nn_##T##_v16
#define NN_CONTRACT_VECTOR_FMA(T, a, b, c) nn_##T##_v16_fma(a, b, c)
#define NN_CONTRACT_VECTOR_SPLAT(T, x) nn_##T##_v16_splat(x)
#endif

/* Rows of a register tile: with two vectors a row, the sums fill about half the registers. */
#if NN_CONTRACT_SIMD == 512 || defined(__aarch64__)
#define NN_CONTRACT_ROWS 8
#elif NN_CONTRACT_SIMD == 256
#define NN_CONTRACT_ROWS 6
#else
#define NN_CONTRACT_ROWS 4
#endif
/* Rows of a tile of one vector: as many sums, or each multiply-add would wait for the one before. */
#define NN_CONTRACT_NARROW_ROWS (2 * NN_CONTRACT_ROWS)

/* The scratch memory: up to 16 rows of the left operand, then a block of the right one. */
#define NN_CONTRACT_DEPTH 2048                                   /* bytes of k in a block */
#define NN_CONTRACT_TILE_BYTES (16 * (NN_CONTRACT_DEPTH + 64))   /* packed rows; 64 keeps them off one cache set */
#define NN_CONTRACT_BLOCK_BYTES 524288                           /* packed columns: half of a 1 MiB second-level cache */
#define NN_CONTRACT_ROUND 8                                      /* k of a full tile in which it asks for a line of memory */
#define NN_CONTRACT_SCRATCH (NN_CONTRACT_TILE_BYTES + NN_CONTRACT_BLOCK_BYTES) /* enough for every shape */
/* @end */

/* @section contract_scratch needs: contract_config */
/* The bytes of scratch that a product of this shape needs at most, for every vector width, `size` being its element's:
     depth = min(K, DEPTH / size), columns = the longer of N and, where N size < 64, M, rounded up to 64,
     TILE + min(BLOCK, max(columns depth, 4 K) size) */
static inline ptrdiff_t nn_contract_scratch(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t size) {
  const ptrdiff_t depth = K < NN_CONTRACT_DEPTH / size ? K : NN_CONTRACT_DEPTH / size;
  const ptrdiff_t longer = N * size < 64 && M > N ? M : N;
  const ptrdiff_t packed = (longer + 63) / 64 * 64 * depth;
  const ptrdiff_t bytes = (packed < 4 * K ? 4 * K : packed) * size;
  return NN_CONTRACT_TILE_BYTES + (bytes < NN_CONTRACT_BLOCK_BYTES ? bytes : NN_CONTRACT_BLOCK_BYTES);
}
/* @end */

/* @section contract_tile needs: contract_config */
#if NN_CONTRACT_SIMD
/* Four columns of four elements of 4 bytes as four rows, `stride` bytes apart. */
NN_CONTRACT_INLINE void nn_contract_transpose(const void *p, const void *q, const void *r, const void *s, char *to,
                                              ptrdiff_t stride) {
#if NN_CONTRACT_SIMD >= 256
  __m128 a = _mm_loadu_ps((const float *)p), b = _mm_loadu_ps((const float *)q);
  __m128 c = _mm_loadu_ps((const float *)r), d = _mm_loadu_ps((const float *)s);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_storeu_ps((float *)(void *)to, a);
  _mm_storeu_ps((float *)(void *)(to + stride), b);
  _mm_storeu_ps((float *)(void *)(to + 2 * stride), c);
  _mm_storeu_ps((float *)(void *)(to + 3 * stride), d);
#else
  const void *const columns[4] = {p, q, r, s};
  for (int row = 0; row < 4; row++) {
    for (int column = 0; column < 4; column++) {
      __builtin_memcpy(to + row * stride + 4 * column, (const char *)columns[column] + 4 * row, 4);
    }
  }
#endif
}
#endif

#if NN_CONTRACT_SIMD
/* Where a tile asks for memory, a line in every round of its k, and how far the next line is: of a block that will be wanted
   and, if not 0, of another that lies alike; and of rows to be packed that are columns in memory, each line of which is in a
   page of its own. */
typedef struct {
  const char *block, *other, *rows;
  ptrdiff_t block_step, rows_step;
} nn_contract_asked;

/* Memory that will be wanted soon, `rows` of `lines` cache lines, and how much of it has been asked for. Packing waits for
   memory, multiplying does not: the tiles of one block ask for the next, a line from time to time, not to be in their own
   way. `soon_rows` rows of the left operand, which the tiles after these read, come first. */
typedef struct {
  const char *from, *other;
  ptrdiff_t rows, row_step, lines, row, line;
  const char *soon;
  ptrdiff_t soon_rows, soon_row_step, soon_step;
  const char *packed_next;
  ptrdiff_t packed_step, packed_lines;
} nn_contract_ahead;

NN_CONTRACT_INLINE nn_contract_ahead nn_contract_look_ahead(const void *from, ptrdiff_t rows, ptrdiff_t row_step,
                                                            ptrdiff_t row_bytes) {
  const ptrdiff_t lines = rows > 0 ? (row_bytes + 63) / 64 : 0;
  const nn_contract_ahead ahead = {(const char *)from, 0, rows, row_step, lines, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  return ahead;
}

/* The next tiles shall ask for two rows each, up to the rows of one tile. `step`: a row's bytes for each line that a tile asks
   for. */
NN_CONTRACT_INLINE void nn_contract_ask_soon(nn_contract_ahead *ahead, const void *soon, ptrdiff_t rows, ptrdiff_t row_step,
                                             ptrdiff_t step) {
  ahead->soon = (const char *)soon;
  ahead->soon_rows = rows < NN_CONTRACT_ROWS ? rows : NN_CONTRACT_ROWS;
  ahead->soon_row_step = row_step;
  ahead->soon_step = step;
}

/* The next `count` lines of each; the same line again where all have been asked for. */
NN_CONTRACT_INLINE nn_contract_asked nn_contract_ask(nn_contract_ahead *ahead, ptrdiff_t count) {
  nn_contract_asked asked = {ahead->from, 0, ahead->from, 0, 0};
  if (ahead->packed_lines > 0) {
    asked.rows = ahead->packed_next;
    asked.rows_step = ahead->packed_step;
    ahead->packed_next += count * ahead->packed_step;
    ahead->packed_lines -= count;
  }
  if (ahead->soon_rows > 0) {
    asked.block = ahead->soon;
    asked.other = ahead->soon_rows > 1 ? ahead->soon + ahead->soon_row_step : 0;
    asked.block_step = ahead->soon_step;
    ahead->soon += 2 * ahead->soon_row_step;
    ahead->soon_rows -= 2;
  } else if (ahead->line < ahead->lines) {
    const ptrdiff_t place = ahead->row * ahead->row_step + ahead->line * 64;
    asked.block = ahead->from + place;
    asked.other = ahead->other ? ahead->other + place : 0;
    asked.block_step = ahead->row_step;
    ahead->row += count;
    if (ahead->row >= ahead->rows) {
      ahead->row = 0;
      ahead->line++;
    }
  }
  return asked;
}

/* One k of a tile: a row of vectors at `b` times an element of each of the tile's rows. */
#define NN_CONTRACT_TILE_STEP(T, BYTES, k)                                                                        \
  {                                                                                                               \
    nn_##T##_v##BYTES right[2];                                                                                   \
    NN_CONTRACT_UNROLL                                                                                            \
    for (int v = 0; v < vectors; v++) __builtin_memcpy(&right[v], b + v * WIDTH, BYTES);                          \
    NN_CONTRACT_UNROLL                                                                                            \
    for (int r = 0; r < rows; r++) {                                                                              \
      const nn_##T##_v##BYTES left = nn_##T##_v##BYTES##_splat(row[r][(k) * a_k]);                                \
      NN_CONTRACT_UNROLL                                                                                          \
      for (int v = 0; v < vectors; v++) sum[r][v] = nn_##T##_v##BYTES##_fma(left, right[v], sum[r][v]);           \
    }                                                                                                             \
  }

/* Defines nn_contract_tile_T_BYTES: c[rows, vectors] (+)= a[rows, depth] b[depth, vectors], a vector being BYTES
   long. `rows` (at most 8) and `vectors` (1 or 2) are constants wherever it is inlined, so that `sum` is registers.
   `known` is 1 where a_k is a constant too, as b_k is unless b is read in place: then some k are taken in a round, each row
   of a row-major left operand has a register that points to it, and hardly anything is left but multiply-adds and their
   loads. That counts where another thread of the same core takes half of the processor's slots. Such a tile asks for what
   `asked` says in every round of NN_CONTRACT_ROUND, and for rows where its own have been packed from columns. */
#define NN_CONTRACT_DEFINE_TILE(T, type, BYTES)                                                                           \
  NN_CONTRACT_INLINE void nn_contract_tile_##T##_##BYTES(                                                                 \
      const int known, const int rows, const int vectors, ptrdiff_t depth, const type *a, ptrdiff_t a_m,                  \
      ptrdiff_t a_k, const type *b, ptrdiff_t b_k, type *c, ptrdiff_t c_m, int more, const nn_contract_asked *asked) {    \
    enum { WIDTH = BYTES / (int)sizeof(type) };                                                                           \
    nn_##T##_v##BYTES sum[8][2];                                                                                          \
    NN_CONTRACT_UNROLL                                                                                                    \
    for (int r = 0; r < rows; r++) {                                                                                      \
      NN_CONTRACT_UNROLL                                                                                                  \
      for (int v = 0; v < vectors; v++) {                                                                                 \
        sum[r][v] = nn_##T##_v##BYTES##_splat(0);                                                                         \
        if (more) __builtin_memcpy(&sum[r][v], c + r * c_m + v * WIDTH, BYTES);                                           \
      }                                                                                                                   \
    }                                                                                                                     \
    const type *row[8];                                                                                                   \
    NN_CONTRACT_UNROLL                                                                                                    \
    for (int r = 0; r < rows; r++) {                                                                                      \
      row[r] = a + r * a_m;                                                                                               \
      if (known && a_k == 1) NN_CONTRACT_HIDE(row[r]);                                                                    \
    }                                                                                                                     \
    const char *block = known ? asked->block : 0, *other = known ? asked->other : 0;                                      \
    const char *packed_rows = known ? asked->rows : 0;                                                                    \
    const ptrdiff_t block_step = known ? asked->block_step : 0, rows_step = known ? asked->rows_step : 0;                 \
    ptrdiff_t k = 0;                                                                                                      \
    while (known && k + NN_CONTRACT_ROUND <= depth) {                                                                     \
      __builtin_prefetch(block, 0, 2);                                                                                    \
      block += block_step;                                                                                                \
      if (other) {                                                                                                        \
        __builtin_prefetch(other, 0, 2);                                                                                  \
        other += block_step;                                                                                              \
      }                                                                                                                   \
      if (a_k != 1) {                                                                                                     \
        __builtin_prefetch(packed_rows, 0, 2);                                                                            \
        packed_rows += rows_step;                                                                                         \
      }                                                                                                                   \
      NN_CONTRACT_ROLL                                                                                                    \
      for (int round = 0; round < NN_CONTRACT_ROUND; round += NN_CONTRACT_STEPS, k += NN_CONTRACT_STEPS) {                \
        NN_CONTRACT_UNROLL                                                                                                \
        for (int i = 0; i < NN_CONTRACT_STEPS; i++) {                                                                     \
          NN_CONTRACT_TILE_STEP(T, BYTES, k + i)                                                                          \
          b += b_k;                                                                                                       \
          NN_CONTRACT_PIN(sum);                                                                                           \
        }                                                                                                                 \
      }                                                                                                                   \
    }                                                                                                                     \
    for (; k < depth; k++, b += b_k) NN_CONTRACT_TILE_STEP(T, BYTES, k)                                                   \
    NN_CONTRACT_UNROLL                                                                                                    \
    for (int r = 0; r < rows; r++) {                                                                                      \
      NN_CONTRACT_UNROLL                                                                                                  \
      for (int v = 0; v < vectors; v++) __builtin_memcpy(c + r * c_m + v * WIDTH, &sum[r][v], BYTES);                     \
    }                                                                                                                     \
  }                                                                                                                       \
                                                                                                                          \
  /* The same for one vector and more rows: with fewer sums each multiply-add would wait for the one before. Three rows   \
     share a pointer. */                                                                                                  \
  static __attribute__((noinline)) void nn_contract_narrow_##T##_##BYTES(                                                 \
      ptrdiff_t depth, const type *a, ptrdiff_t a_m, ptrdiff_t a_k, const type *b, ptrdiff_t b_k, type *c, ptrdiff_t c_m, \
      int more) {                                                                                                         \
    nn_##T##_v##BYTES sum[NN_CONTRACT_NARROW_ROWS];                                                                       \
    const type *row[6];                                                                                                   \
    NN_CONTRACT_UNROLL                                                                                                    \
    for (int r = 0; r < NN_CONTRACT_NARROW_ROWS; r++) {                                                                   \
      sum[r] = nn_##T##_v##BYTES##_splat(0);                                                                              \
      if (more) __builtin_memcpy(&sum[r], c + r * c_m, BYTES);                                                            \
      if (r % 3 == 0) row[r / 3] = a + r * a_m;                                                                           \
    }                                                                                                                     \
    for (ptrdiff_t k = 0; k < depth; k++, b += b_k) {                                                                     \
      nn_##T##_v##BYTES right;                                                                                            \
      __builtin_memcpy(&right, b, BYTES);                                                                                 \
      NN_CONTRACT_UNROLL                                                                                                  \
      for (int r = 0; r < NN_CONTRACT_NARROW_ROWS; r++) {                                                                 \
        sum[r] = nn_##T##_v##BYTES##_fma(nn_##T##_v##BYTES##_splat(row[r / 3][r % 3 * a_m]), right, sum[r]);              \
      }                                                                                                                   \
      NN_CONTRACT_UNROLL                                                                                                  \
      for (int r = 0; r < NN_CONTRACT_NARROW_ROWS; r += 3) {                                                              \
        row[r / 3] += a_k;                                                                                                \
        NN_CONTRACT_HIDE(row[r / 3]);                                                                                     \
      }                                                                                                                   \
    }                                                                                                                     \
    NN_CONTRACT_UNROLL                                                                                                    \
    for (int r = 0; r < NN_CONTRACT_NARROW_ROWS; r++) __builtin_memcpy(c + r * c_m, &sum[r], BYTES);                      \
  }                                                                                                                       \
                                                                                                                          \
  /* The same for as many rows as a tile has or fewer, with any strides; gives how many it has done. */                   \
  NN_CONTRACT_INLINE int nn_contract_some_rows_##T##_##BYTES(                                                             \
      const int vectors, int rows, ptrdiff_t depth, const type *a, ptrdiff_t a_m, ptrdiff_t a_k, const type *b,           \
      ptrdiff_t b_k, type *c, ptrdiff_t c_m, int more) {                                                                  \
    if (vectors == 1 && rows >= NN_CONTRACT_NARROW_ROWS) {                                                                \
      nn_contract_narrow_##T##_##BYTES(depth, a, a_m, a_k, b, b_k, c, c_m, more);                                         \
      return NN_CONTRACT_NARROW_ROWS;                                                                                     \
    }                                                                                                                     \
    if (rows >= NN_CONTRACT_ROWS) {                                                                                       \
      nn_contract_tile_##T##_##BYTES(0, NN_CONTRACT_ROWS, vectors, depth, a, a_m, a_k, b, b_k, c, c_m, more, 0);          \
      return NN_CONTRACT_ROWS;                                                                                            \
    }                                                                                                                     \
    if (vectors == 2 && NN_CONTRACT_ROWS > 6 && rows >= 6) {                                                              \
      nn_contract_tile_##T##_##BYTES(0, 6, vectors, depth, a, a_m, a_k, b, b_k, c, c_m, more, 0);                         \
      return 6;                                                                                                           \
    }                                                                                                                     \
    if (rows >= 4) {                                                                                                      \
      nn_contract_tile_##T##_##BYTES(0, 4, vectors, depth, a, a_m, a_k, b, b_k, c, c_m, more, 0);                         \
      return 4;                                                                                                           \
    }                                                                                                                     \
    if (rows >= 2) {                                                                                                      \
      nn_contract_tile_##T##_##BYTES(0, 2, vectors, depth, a, a_m, a_k, b, b_k, c, c_m, more, 0);                         \
      return 2;                                                                                                           \
    }                                                                                                                     \
    nn_contract_tile_##T##_##BYTES(0, 1, vectors, depth, a, a_m, a_k, b, b_k, c, c_m, more, 0);                           \
    return 1;                                                                                                             \
  }                                                                                                                       \
                                                                                                                          \
  /* The same for one vector or two; a full tile of packed operands goes by its constant strides. */                      \
  static int nn_contract_rows_##T##_##BYTES(                                                                              \
      int rows, int vectors, ptrdiff_t depth, const type *a, ptrdiff_t a_m, ptrdiff_t a_k, const type *b,                 \
      ptrdiff_t b_k, type *c, ptrdiff_t c_m, int more, const nn_contract_asked *asked) {                                  \
    enum { WIDTH = BYTES / (int)sizeof(type) };                                                                           \
    if (vectors == 1) {                                                                                                   \
      return nn_contract_some_rows_##T##_##BYTES(1, rows, depth, a, a_m, a_k, b, b_k, c, c_m, more);                      \
    }                                                                                                                     \
    if (rows >= NN_CONTRACT_ROWS && BYTES == NN_CONTRACT_SIMD / 8 && b_k == 2 * WIDTH) {                                  \
      if (a_k == 1) {                                                                                                     \
        nn_contract_tile_##T##_##BYTES(1, NN_CONTRACT_ROWS, 2, depth, a, a_m, 1, b, 2 * WIDTH, c, c_m, more, asked);      \
        return NN_CONTRACT_ROWS;                                                                                          \
      }                                                                                                                   \
      if (a_m == 1 && a_k == 2 * NN_CONTRACT_ROWS) {                                                                      \
        nn_contract_tile_##T##_##BYTES(1, NN_CONTRACT_ROWS, 2, depth, a, 1, 2 * NN_CONTRACT_ROWS, b, 2 * WIDTH, c, c_m,   \
                                       more, asked);                                                                      \
        return NN_CONTRACT_ROWS;                                                                                          \
      }                                                                                                                   \
    }                                                                                                                     \
    /* A right operand that is read in place. */                                                                          \
    if (rows >= NN_CONTRACT_ROWS && BYTES == NN_CONTRACT_SIMD / 8 && NN_CONTRACT_SIMD == 256 && a_k == 1) {               \
      nn_contract_tile_##T##_##BYTES(1, NN_CONTRACT_ROWS, 2, depth, a, a_m, 1, b, b_k, c, c_m, more, asked);              \
      return NN_CONTRACT_ROWS;                                                                                            \
    }                                                                                                                     \
    return nn_contract_some_rows_##T##_##BYTES(2, rows, depth, a, a_m, a_k, b, b_k, c, c_m, more);                        \
  }

#define NN_CONTRACT_DEFINE_TURN(T, type)                                                                              \
  /* to[j, i] = from[i, j] for i < rows and j < columns, rows of each `from_row` and `to_row` elements apart. */      \
  static void nn_contract_turn_##T(ptrdiff_t rows, ptrdiff_t columns, const type *from, ptrdiff_t from_row, type *to, \
                                   ptrdiff_t to_row) {                                                                \
    const int whole = sizeof(type) == 4 && rows >= 4 && columns >= 4;                                                 \
    for (ptrdiff_t j = 0; j < columns && !whole; j++) {                                                               \
      for (ptrdiff_t i = 0; i < rows; i++) to[j * to_row + i] = from[i * from_row + j];                               \
    }                                                                                                                 \
    /* Four by four; the last four overlap those before. */                                                           \
    for (ptrdiff_t j = 0; j < columns && whole; j += 4) {                                                             \
      const ptrdiff_t column = j + 4 <= columns ? j : columns - 4;                                                    \
      for (ptrdiff_t i = 0; i < rows; i += 4) {                                                                       \
        const ptrdiff_t row = i + 4 <= rows ? i : rows - 4;                                                           \
        const type *const first = from + (row * from_row + column);                                                   \
        nn_contract_transpose(first, first + from_row, first + 2 * from_row, first + 3 * from_row,                    \
                              (char *)(to + (column * to_row + row)), to_row * (ptrdiff_t)sizeof(type));              \
      }                                                                                                               \
    }                                                                                                                 \
  }

#define NN_CONTRACT_DEFINE_TAIL(T, type)                                                                                     \
  /* part[columns, a vector of rows] (+)= a[depth, a vector of rows] times b[depth, 8]'s first columns: the few columns that \
     would leave a vector of them half empty, with the rows as the vector. */                                                \
  NN_CONTRACT_INLINE void nn_contract_tail_tile_##T(const int columns, ptrdiff_t depth, const type *a, const type *b,        \
                                                    type *part, int more) {                                                  \
    enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(type) };                                                \
    NN_CONTRACT_VECTOR(T) sum[8];                                                                                            \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int j = 0; j < columns; j++) {                                                                                      \
      sum[j] = NN_CONTRACT_VECTOR_SPLAT(T, 0);                                                                               \
      if (more) __builtin_memcpy(&sum[j], part + j * WIDTH, BYTES);                                                          \
    }                                                                                                                        \
    for (ptrdiff_t k = 0; k < depth; k++) {                                                                                  \
      NN_CONTRACT_VECTOR(T) left;                                                                                            \
      __builtin_memcpy(&left, a + k * WIDTH, BYTES);                                                                         \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int j = 0; j < columns; j++) {                                                                                    \
        sum[j] = NN_CONTRACT_VECTOR_FMA(T, left, NN_CONTRACT_VECTOR_SPLAT(T, b[k * 8 + j]), sum[j]);                         \
      }                                                                                                                      \
    }                                                                                                                        \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int j = 0; j < columns; j++) __builtin_memcpy(part + j * WIDTH, &sum[j], BYTES);                                    \
  }                                                                                                                          \
                                                                                                                             \
  /* The last 1 to 8 columns of as many rows as a vector has elements. */                                                    \
  static void nn_contract_tail_##T(ptrdiff_t columns, ptrdiff_t depth, const type *a, const type *b, type *c, ptrdiff_t c_m, \
                                   int more) {                                                                               \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type) };                                                               \
    type part[8 * WIDTH] = {0};                                                                                              \
    if (more) nn_contract_turn_##T(WIDTH, columns, c, c_m, part, WIDTH);                                                     \
    if (columns <= 2) {                                                                                                      \
      nn_contract_tail_tile_##T(2, depth, a, b, part, more);                                                                 \
    } else if (columns <= 4) {                                                                                               \
      nn_contract_tail_tile_##T(4, depth, a, b, part, more);                                                                 \
    } else if (columns <= 6) {                                                                                               \
      nn_contract_tail_tile_##T(6, depth, a, b, part, more);                                                                 \
    } else {                                                                                                                 \
      nn_contract_tail_tile_##T(8, depth, a, b, part, more);                                                                 \
    }                                                                                                                        \
    nn_contract_turn_##T(columns, WIDTH, part, WIDTH, c, c_m);                                                               \
  }

#define NN_CONTRACT_DEFINE_THIN(T, type)                                                                                     \
  /* Columns of one row, `vectors` (a constant where it is inlined) of them, of which the last begins at column `last`. Each \
     is one chain of multiply-adds: it takes several at a time to keep the processor busy. */                                \
  NN_CONTRACT_INLINE void nn_contract_thin_tile_##T(const int vectors, ptrdiff_t K, const type *a, ptrdiff_t a_k,            \
                                                    const type *b, ptrdiff_t b_k, type *c, ptrdiff_t last) {                 \
    enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(type) };                                                \
    NN_CONTRACT_VECTOR(T) sum[8];                                                                                            \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int v = 0; v < vectors; v++) sum[v] = NN_CONTRACT_VECTOR_SPLAT(T, 0);                                               \
    for (ptrdiff_t k = 0; k < K; k++) {                                                                                      \
      const NN_CONTRACT_VECTOR(T) left = NN_CONTRACT_VECTOR_SPLAT(T, a[k * a_k]);                                            \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int v = 0; v < vectors; v++) {                                                                                    \
        NN_CONTRACT_VECTOR(T) right;                                                                                         \
        __builtin_memcpy(&right, b + k * b_k + (v == vectors - 1 ? last : v * WIDTH), BYTES);                                \
        sum[v] = NN_CONTRACT_VECTOR_FMA(T, left, right, sum[v]);                                                             \
      }                                                                                                                      \
    }                                                                                                                        \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int v = 0; v < vectors; v++) {                                                                                      \
      __builtin_memcpy(c + (v == vectors - 1 ? last : v * WIDTH), &sum[v], BYTES);                                           \
    }                                                                                                                        \
  }                                                                                                                          \
                                                                                                                             \
  /* c[N] = a[K] b[K, N] for N of at least a vector, b's columns being neighbours; nothing is packed. */                     \
  static void nn_contract_thin_##T(ptrdiff_t N, ptrdiff_t K, const type *a, ptrdiff_t a_k, const type *b, ptrdiff_t b_k,     \
                                   type *c) {                                                                                \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type) };                                                               \
    const ptrdiff_t all = (N + WIDTH - 1) / WIDTH, tiles = (all + 7) / 8, most = (all + tiles - 1) / tiles;                  \
    for (ptrdiff_t n = 0; n < N;) {                                                                                          \
      const ptrdiff_t left = N - n, rest = (left + WIDTH - 1) / WIDTH, vectors = rest < most ? rest : most;                  \
      /* The last of all overlaps the one before. */                                                                         \
      const ptrdiff_t last = left < vectors * WIDTH ? left - WIDTH : (vectors - 1) * WIDTH;                                  \
      const type *const from = b + n;                                                                                        \
      type *const to = c + n;                                                                                                \
      switch (vectors) {                                                                                                     \
        case 1: nn_contract_thin_tile_##T(1, K, a, a_k, from, b_k, to, last); break;                                         \
        case 2: nn_contract_thin_tile_##T(2, K, a, a_k, from, b_k, to, last); break;                                         \
        case 3: nn_contract_thin_tile_##T(3, K, a, a_k, from, b_k, to, last); break;                                         \
        case 4: nn_contract_thin_tile_##T(4, K, a, a_k, from, b_k, to, last); break;                                         \
        case 5: nn_contract_thin_tile_##T(5, K, a, a_k, from, b_k, to, last); break;                                         \
        case 6: nn_contract_thin_tile_##T(6, K, a, a_k, from, b_k, to, last); break;                                         \
        case 7: nn_contract_thin_tile_##T(7, K, a, a_k, from, b_k, to, last); break;                                         \
        default: nn_contract_thin_tile_##T(8, K, a, a_k, from, b_k, to, last); break;                                        \
      }                                                                                                                      \
      n += last + WIDTH;                                                                                                     \
    }                                                                                                                        \
  }
#endif
/* @end */

/* @section contract_vector_f32 needs: contract_config */
#if NN_CONTRACT_SIMD >= 128
typedef float nn_f32_v16 __attribute__((vector_size(16)));

NN_CONTRACT_INLINE nn_f32_v16 nn_f32_v16_splat(float x) {
  const nn_f32_v16 v = {x, x, x, x};
  return v;
}

NN_CONTRACT_INLINE nn_f32_v16 nn_f32_v16_fma(nn_f32_v16 a, nn_f32_v16 b, nn_f32_v16 c) {
#if NN_CONTRACT_SIMD >= 256 || defined(__FMA__)
  return _mm_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return vfmaq_f32(c, a, b);
#else
  return a * b + c;
#endif
}
#endif

#if NN_CONTRACT_SIMD >= 256
typedef float nn_f32_v32 __attribute__((vector_size(32)));

NN_CONTRACT_INLINE nn_f32_v32 nn_f32_v32_splat(float x) {
  const nn_f32_v32 v = {x, x, x, x, x, x, x, x};
  return v;
}

NN_CONTRACT_INLINE nn_f32_v32 nn_f32_v32_fma(nn_f32_v32 a, nn_f32_v32 b, nn_f32_v32 c) {
  return _mm256_fmadd_ps(a, b, c);
}
#endif

#if NN_CONTRACT_SIMD >= 512
typedef float nn_f32_v64 __attribute__((vector_size(64)));

NN_CONTRACT_INLINE nn_f32_v64 nn_f32_v64_splat(float x) {
  const nn_f32_v64 v = {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
  return v;
}

NN_CONTRACT_INLINE nn_f32_v64 nn_f32_v64_fma(nn_f32_v64 a, nn_f32_v64 b, nn_f32_v64 c) {
  return _mm512_fmadd_ps(a, b, c);
}
#endif
/* @end */

/* @section contract_parts_f32 needs: contract_tile contract_vector_f32 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TILE(f32, float, 16)
#if NN_CONTRACT_SIMD >= 256
NN_CONTRACT_DEFINE_TILE(f32, float, 32)
#endif
#if NN_CONTRACT_SIMD >= 512
NN_CONTRACT_DEFINE_TILE(f32, float, 64)
#endif

NN_CONTRACT_DEFINE_TURN(f32, float)

/* The bytes of a row of the next tile where `columns` are left: two vectors, one, or the part of one that will do. */
static ptrdiff_t nn_contract_width_f32(ptrdiff_t columns) {
  const ptrdiff_t bytes = columns > 64 ? 256 : columns * (ptrdiff_t)sizeof(float);
  const ptrdiff_t vector = NN_CONTRACT_SIMD / 8;
  if (bytes > vector + (vector == 32 ? 0 : vector / 2)) return 2 * vector;
  if (bytes > vector / 2 || vector == 16) return bytes > vector && vector == 16 ? 32 : vector;
  return bytes > 16 ? 32 : 16;
}

/* All the rows of one tile, c being wide enough for whole vectors; asks for memory that will be wanted soon. */
static void nn_contract_tile_ahead_f32(ptrdiff_t width, int rows, ptrdiff_t depth, const float *a, ptrdiff_t a_m,
                                       ptrdiff_t a_k, const float *b, ptrdiff_t b_k, float *c, ptrdiff_t c_m, int more,
                                       const nn_contract_asked *asked) {
  while (rows > 0) {
    int done;
#if NN_CONTRACT_SIMD >= 512
    if (width >= 64) {
      done = nn_contract_rows_f32_64(rows, (int)(width / 64), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
#if NN_CONTRACT_SIMD >= 256
    if (width >= 32) {
      done = nn_contract_rows_f32_32(rows, (int)(width / 32), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
    {
      done = nn_contract_rows_f32_16(rows, (int)(width / 16), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    }
    rows -= done;
    a += done * a_m;
    c += done * c_m;
  }
}

static void nn_contract_tile_f32(ptrdiff_t width, int rows, ptrdiff_t depth, const float *a, ptrdiff_t a_m,
                                 ptrdiff_t a_k, const float *b, ptrdiff_t b_k, float *c, ptrdiff_t c_m, int more) {
  const nn_contract_asked nothing = {(const char *)b, 0, (const char *)b, 0, 0};
  nn_contract_tile_ahead_f32(width, rows, depth, a, a_m, a_k, b, b_k, c, c_m, more, &nothing);
}

/* Copies n elements; where there are enough of them, 16 bytes at a time, the last 16 perhaps overlapping. */
NN_CONTRACT_INLINE void nn_contract_copy_f32(float *to, const float *from, ptrdiff_t n) {
  enum { CHUNK = 16 / (int)sizeof(float) };
  if (n < CHUNK) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] = from[i];
    return;
  }
  ptrdiff_t i = 0;
#if NN_CONTRACT_SIMD >= 256
  for (; i + 2 * CHUNK <= n; i += 2 * CHUNK) {
    __builtin_memcpy(to + i, from + i, 32);
    NN_CONTRACT_HIDE(to); /* or compilers call memcpy, which takes longer than what is copied here */
  }
#endif
  for (; i + CHUNK <= n; i += CHUNK) __builtin_memcpy(to + i, from + i, 16);
  if (i < n) __builtin_memcpy(to + n - CHUNK, from + n - CHUNK, 16);
}
#endif
/* @end */

/* @section contract_block_f32 needs: contract_parts_f32 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TAIL(f32, float)

NN_CONTRACT_DEFINE_THIN(f32, float)

/* Packs b[depth, columns] tile by tile, each as [depth, width], the last one filled up with zeros. */
static void nn_contract_pack_f32(ptrdiff_t depth, ptrdiff_t columns, const float *b, ptrdiff_t b_k, ptrdiff_t b_n,
                                 float *packed) {
  enum { SIZE = (int)sizeof(float), VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE };
  const ptrdiff_t whole = columns / VECTORS * VECTORS, far = columns <= 2 * VECTORS ? 16 : 6;
  if (b_n == 1) {
    for (ptrdiff_t k = 0; k < depth && whole > 0; k++) {
      /* Rows lie in pages of their own, and the processor does not look ahead from one to the next. */
      const float *const ahead = b + (k + far < depth ? k + far : depth - 1) * b_k;
      for (ptrdiff_t n = 0; n < whole; n += VECTORS) {
        __builtin_prefetch(ahead + n);
        __builtin_prefetch(ahead + n + VECTORS / 2);
        __builtin_memcpy(packed + n * depth + k * VECTORS, b + k * b_k + n, sizeof(float[VECTORS]));
      }
    }
  }
  for (ptrdiff_t n = b_n == 1 ? whole : 0; n < columns;) {
    const ptrdiff_t width = nn_contract_width_f32(columns - n) / SIZE;
    const ptrdiff_t used = columns - n < width ? columns - n : width;
    float *const tile = packed + n * depth;
    if (used < width) __builtin_memset(tile, 0, (size_t)(depth * width) * sizeof(float));
    for (ptrdiff_t k = 0; k < depth && b_n == 1; k++) {
      nn_contract_copy_f32(tile + k * width, b + k * b_k + n, used);
    }
    /* A line of the cache, 16 elements of a column, is read at once. */
    const ptrdiff_t turned = SIZE == 4 && b_k == 1 && b_n != 1 && used >= 4 ? depth / 16 * 16 : 0;
    const int is_far = b_n * SIZE > 1024; /* nearer columns are found by the processor */
    for (ptrdiff_t k = 0; k < turned; k += 16) {
      for (ptrdiff_t j = 0; j < used; j += 4) {
        const ptrdiff_t column = j + 4 <= used ? j : used - 4;
        for (ptrdiff_t ahead = n + column + 12; is_far && ahead < n + column + 16 && ahead < columns; ahead++) {
          __builtin_prefetch(b + (ahead * b_n + k));
        }
        for (ptrdiff_t i = k; i < k + 16; i += 4) {
          const float *const from = b + ((n + column) * b_n + i);
          nn_contract_transpose(from, from + b_n, from + 2 * b_n, from + 3 * b_n, (char *)(tile + i * width + column),
                                width * SIZE);
        }
      }
    }
    for (ptrdiff_t j = 0; j < used && b_n != 1; j++) {
      for (ptrdiff_t k = turned; k < depth; k++) tile[k * width + j] = b[k * b_k + (n + j) * b_n];
    }
    n += used;
  }
}

/* Packs rows of a: [depth][2 ROWS] where neighbours in memory are neighbours in m, else rows DEPTH + 64 bytes apart. */
static void nn_contract_pack_rows_f32(ptrdiff_t rows, ptrdiff_t depth, const float *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                      float *packed) {
  enum { SIZE = (int)sizeof(float), GROUP = 2 * NN_CONTRACT_ROWS, STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE };
  for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
    if (rows == GROUP) {
      __builtin_memcpy(packed + k * GROUP, a + k * a_k, sizeof(float[GROUP]));
    } else {
      nn_contract_copy_f32(packed + k * GROUP, a + k * a_k, rows);
    }
  }
  for (ptrdiff_t r = 0; r < rows && a_m != 1; r++) {
    if (a_k == 1) {
      nn_contract_copy_f32(packed + r * STRIDE, a + r * a_m, depth);
    } else {
      for (ptrdiff_t k = 0; k < depth; k++) packed[r * STRIDE + k] = a[r * a_m + k * a_k];
    }
  }
}

/* The product with any strides of c: rows of a against columns of b. */
static void nn_contract_blocks_f32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const float *a, ptrdiff_t a_m,
                                   ptrdiff_t a_k, const float *b, ptrdiff_t b_k, ptrdiff_t b_n, float *c,
                                   ptrdiff_t c_m, ptrdiff_t c_n, void *scratch, int first, const float *wanted,
                                   const float *other, ptrdiff_t wanted_m) {
  enum {
    SIZE = (int)sizeof(float),
    VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,
    ROWS = NN_CONTRACT_ROWS,
    DEPTH = NN_CONTRACT_DEPTH / SIZE,
    /* Whether a vector holds as many rows as are packed together. */
    TAILED = SIZE == 4 && 2 * NN_CONTRACT_ROWS * SIZE == NN_CONTRACT_SIMD / 8
  };
  /* The rows by which is decided what is packed: as many for the last rows of a product as for the first. */
  const ptrdiff_t rows_of_first = first ? first : M;
  const int is_far = wanted == c;
  float *const a_packed = (float *)scratch;
  float *const b_packed = (float *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;
  const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;
  /* A few columns behind whole vectors, many rows: then the rows lie along the vectors for these. */
  const ptrdiff_t few = N % (VECTORS / 2);
  const int has_tail = TAILED && c_n == 1 && few > 0 && few <= 8 && N > VECTORS && rows_of_first >= 4 * ROWS && block >= 4 &&
                       (a_m == 1 || a_k == 1);
  const ptrdiff_t tail = has_tail ? few : 0;
  /* Rows that lie nearly a multiple of 4 KiB apart fall on the same sets of the first cache, of which they would leave none
     for b: they are copied. Others are read where they are. */
  const ptrdiff_t apart = a_m * SIZE % 4096;
  const int crowded = apart < 512 || apart > 4096 - 512;
  /* Few rows do not repay packing, nor do more where the right operand lies together in the second-level cache: some with AVX2,
     hundreds with AVX-512, where each load serves twice as many multiply-adds (measured). */
  const ptrdiff_t span = K * b_k * SIZE;
  const int is_near = a_k == 1 && (NN_CONTRACT_SIMD == 512 ? span <= 131072 : b_k * SIZE <= 1024 && span <= 262144);
  const ptrdiff_t near_rows = NN_CONTRACT_SIMD == 512 ? 64 * ROWS : NN_CONTRACT_SIMD == 256 ? 8 * ROWS : 0;
  const int in_place = b_n == 1 && (rows_of_first < 4 * ROWS || (is_near && rows_of_first <= near_rows));
  const ptrdiff_t panel = (NN_CONTRACT_BLOCK_BYTES / SIZE / block - (has_tail ? 8 : 0)) / VECTORS * VECTORS;
  /* Behind the panel: the scratch has room for columns up to a multiple of 64. */
  float *const tail_b = b_packed + (N - tail < panel ? N - tail : panel) * block;
  const int is_packed = first && blocks == 1 && N - tail <= panel;

  for (ptrdiff_t k0 = 0; k0 < K || k0 == 0; k0 += block) {
    const ptrdiff_t depth = K - k0 < block ? K - k0 : block;
    for (ptrdiff_t k = 0; k < depth && tail > 0 && !is_packed; k++) {
      for (ptrdiff_t j = 0; j < 8; j++) {
        tail_b[k * 8 + j] = j < tail ? b[(k0 + k) * b_k + (N - tail + j) * b_n] : 0;
      }
    }
    for (ptrdiff_t n0 = 0; n0 < N - tail; n0 += panel) {
      const ptrdiff_t columns = N - tail - n0 < panel ? N - tail - n0 : panel;
      const float *const block_b = b + (k0 * b_k + n0 * b_n);
      /* The columns that are left over in the last tile need packing's zeros all the same. */
      ptrdiff_t direct = 0;
      while (in_place && direct < columns) {
        const ptrdiff_t width = nn_contract_width_f32(columns - direct) / SIZE;
        if (width > columns - direct) break;
        direct += width;
      }
      if (!is_packed) {
        nn_contract_pack_f32(depth, columns - direct, block_b + direct * b_n, b_k, b_n, b_packed + direct * depth);
      }
      /* The block after this one is asked for while this one is used, or what the caller wants of the finished sums. */
      const ptrdiff_t next_k = n0 + columns < N - tail ? k0 : k0 + block, next_n = next_k == k0 ? n0 + columns : 0;
      const ptrdiff_t next_depth = K - next_k < block ? K - next_k : block;
      const ptrdiff_t next_columns = N - tail - next_n < panel ? N - tail - next_n : panel;
      nn_contract_ahead ahead = nn_contract_look_ahead(
          next_depth > 0 ? b + (next_k * b_k + next_n * b_n) : b, b_n == 1 ? next_depth : next_columns,
          (b_n == 1 ? b_k : b_n) * SIZE, (b_n == 1 ? next_columns : next_depth) * SIZE);
      if (wanted && !is_far && k0 + block >= K) {
        ahead = nn_contract_look_ahead(wanted + n0, M, wanted_m * SIZE, columns * SIZE);
        ahead.other = other ? (const char *)(other + n0) : 0;
      }
      /* Where it has tiles to spare, a row of tiles asks for the rows of the next one too, two a tile; not a few tiles for rows
         that are read where they are. */
      const ptrdiff_t spare = (M / ROWS * (columns / VECTORS) - M / 2) * (depth / NN_CONTRACT_ROUND);
      const int asks_rows = a_k == 1 && (crowded || columns > 4 * VECTORS) && spare >= ahead.rows * ahead.lines;
      const int is_short = a_k == 1 && a_m > depth && !asks_rows && depth * SIZE <= 256;
      /* From here on one vector of columns is left, done for two tiles of rows at once unless k is too short to repay it. */
      const ptrdiff_t few_columns = columns % VECTORS;
      const int has_narrow = few_columns > 0 && few_columns <= VECTORS / 2 && block >= 16;
      const ptrdiff_t narrow = has_narrow ? columns - few_columns : columns;
      ptrdiff_t m0 = 0;
      if (narrow == 0 && N == columns && c_m == N && c_n == 1 && k0 == 0) {
        /* Rows of fewer columns than their vector are stored whole where rows behind them are yet to be stored, and hold no
           sums that a block of k after the first goes on from. */
        const ptrdiff_t bytes = nn_contract_width_f32(N), width = bytes / SIZE;
        for (; M - m0 >= 2 * ROWS && (M - m0 - 2 * ROWS) * N >= width - N; m0 += 2 * ROWS) {
          nn_contract_tile_f32(bytes, 2 * ROWS, depth, a + m0 * a_m, a_m, a_k, direct > 0 ? block_b : b_packed,
                               direct > 0 ? b_k : width, c + m0 * N, N, 0);
        }
      }
      for (; m0 < M; m0 += ROWS) {
        int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
        const float *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m, tile_a_k = a_k;
        const ptrdiff_t odd = m0 / ROWS % 2 * ROWS, group = M - m0 + odd < 2 * ROWS ? M - m0 + odd : 2 * ROWS;
        if ((columns > VECTORS && a_m == 1) || tail > 0) {
          if (odd == 0 && a_m == 1) {
            nn_contract_pack_rows_f32(group, depth, tile_a, 1, a_k, a_packed);
            ahead.packed_next = (const char *)(tile_a + group);
            ahead.packed_step = a_k * SIZE;
            ahead.packed_lines = group < M - m0 ? depth : 0;
          } else if (odd == 0) {
            nn_contract_turn_f32(group, depth, tile_a, a_m, a_packed, 2 * ROWS);
          }
          tile_a = a_packed + odd;
          tile_a_m = 1;
          tile_a_k = 2 * ROWS;
          if (n0 == 0 && tail > 0 && odd > 0 && group == 2 * ROWS) {
            nn_contract_tail_f32(tail, depth, a_packed, tail_b, c + ((m0 - odd) * c_m + N - tail), c_m, k0 > 0);
          }
        } else if (columns > VECTORS && (a_k != 1 || crowded)) {
          const ptrdiff_t done = has_narrow ? odd : 0, count = has_narrow ? group : rows;
          if (done == 0) nn_contract_pack_rows_f32(count, depth, tile_a, a_m, a_k, a_packed);
          tile_a_m = (NN_CONTRACT_DEPTH + 64) / SIZE;
          tile_a = a_packed + done * tile_a_m;
          tile_a_k = 1;
        }
        if (n0 == 0 && tail > 0 && group < 2 * ROWS) {
          /* What is left of the rows takes the columns as vectors. */
          float part[ROWS * 8], *const tail_c = c + (m0 * c_m + N - tail);
          for (ptrdiff_t i = 0; i < rows * 8 && k0 > 0; i++) part[i] = i % 8 < tail ? tail_c[i / 8 * c_m + i % 8] : 0;
          nn_contract_tile_f32(8 * SIZE, rows, depth, tile_a, tile_a_m, tile_a_k, tail_b, 8, part, 8, k0 > 0);
          for (int r = 0; r < rows; r++) nn_contract_copy_f32(tail_c + r * c_m, part + r * 8, tail);
        }
        /* Where k is short there are too few rounds for that: rows of few lines that lie apart are asked for at once. */
        for (ptrdiff_t m = m0 + ROWS; is_short && m < m0 + 2 * ROWS && m < M; m++) {
          for (ptrdiff_t k = 0; k < depth; k += 64 / SIZE) __builtin_prefetch(a + (m * a_m + k0 + k));
        }
        if (asks_rows && M - m0 > ROWS) {
          nn_contract_ask_soon(&ahead, a + ((m0 + ROWS) * a_m + k0), M - m0 - ROWS, a_m * SIZE, NN_CONTRACT_ROUND * SIZE);
        }
        for (ptrdiff_t n = 0; n < columns;) {
          const ptrdiff_t bytes = nn_contract_width_f32(columns - n), width = bytes / SIZE;
          const ptrdiff_t used = columns - n < width ? columns - n : width;
          const float *const tile_b = n < direct ? block_b + n : b_packed + n * depth;
          const ptrdiff_t tile_b_k = n < direct ? b_k : width;
          float *const tile_c = c + (m0 * c_m + (n0 + n) * c_n);
          if (n >= narrow) {
            if (odd > 0) break;
            rows = (int)group;
          }
          if (used == width && c_n == 1) {
            const nn_contract_asked asked = nn_contract_ask(&ahead, depth / NN_CONTRACT_ROUND);
            /* Lines that the sums go to; for blocks of k after the first, which go on from them, the next tile's. */
            const float *stored = tile_c + (k0 > 0 ? width : 0);
            for (int r = 0; r < rows && (is_far || k0 > 0); r++, stored += c_m) {
              __builtin_prefetch(stored, 1);
              __builtin_prefetch(stored + width / 2, 1);
            }
            nn_contract_tile_ahead_f32(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, tile_c, c_m, k0 > 0,
                                       &asked);
          } else {
            float part[ROWS * VECTORS];
            for (int r = 0; r < rows && k0 > 0; r++) {
              for (ptrdiff_t j = 0; j < width; j++) part[r * width + j] = j < used ? tile_c[r * c_m + j * c_n] : 0;
            }
            nn_contract_tile_f32(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, part, width, k0 > 0);
            for (int r = 0; r < rows && c_n == 1; r++) nn_contract_copy_f32(tile_c + r * c_m, part + r * width, used);
            for (ptrdiff_t j = 0; j < used && c_n != 1; j++) {
              for (int r = 0; r < rows; r++) tile_c[r * c_m + j * c_n] = part[r * width + j];
            }
          }
          n += used;
        }
      }
    }
  }
}
#endif

/* nn_contract_f32 of the next rows of a larger product. `first`: 0, or the rows of the first of these calls, if all since then
   had the same scratch, N, K and b: what it packed of b is used. `wanted` and `other`, if not 0: M rows of N elements, wanted_m
   apart, that the caller reads next; the tiles ask for them meanwhile. Where `wanted` is c, c is not in the cache yet. */
static void nn_contract_block_f32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const float *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const float *b, ptrdiff_t b_k, ptrdiff_t b_n, float *c, ptrdiff_t c_m, void *scratch,
                                  int first, const float *wanted, const float *other, ptrdiff_t wanted_m) {
#if NN_CONTRACT_SIMD
  /* A few columns leave vectors half empty: then let the rows lie along them, where they are neighbours and more. */
  const int are_few = a_m == 1 && N * (ptrdiff_t)sizeof(float) < NN_CONTRACT_SIMD / 8;
  if (M == 1 && b_n == 1 && N * (ptrdiff_t)sizeof(float) >= NN_CONTRACT_SIMD / 8) {
    nn_contract_thin_f32(N, K, a, a_k, b, b_k, c);
  } else if (are_few && M > N) {
    nn_contract_blocks_f32(N, M, K, b, b_n, b_k, a, a_k, a_m, c, 1, c_m, scratch, 0, 0, 0, 0);
  } else {
    nn_contract_blocks_f32(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, 1, scratch, are_few ? 0 : first, wanted, other,
                           wanted_m);
  }
#else
  (void)scratch, (void)first, (void)wanted, (void)other, (void)wanted_m;
  for (ptrdiff_t m = 0; m < M; m++) {
    for (ptrdiff_t n0 = 0; n0 < N; n0 += 64) {
      const ptrdiff_t columns = N - n0 < 64 ? N - n0 : 64;
      float sum[64] = {0};
      for (ptrdiff_t k = 0; k < K; k++) {
        const float left = a[m * a_m + k * a_k];
        const float *right = b + (k * b_k + n0 * b_n);
        for (ptrdiff_t n = 0; n < columns && b_n == 1; n++) sum[n] = NN_CONTRACT_FMA_f32(left, right[n], sum[n]);
        for (ptrdiff_t n = 0; n < columns && b_n != 1; n++) {
          sum[n] = NN_CONTRACT_FMA_f32(left, right[n * b_n], sum[n]);
        }
      }
      for (ptrdiff_t n = 0; n < columns; n++) c[m * c_m + n0 + n] = sum[n];
    }
  }
#endif
}
/* @end */

/* @section contract_f32 needs: contract_block_f32 */
/* c[M, N] = sum over k of a[M, K] b[K, N], each element one chain of multiply-adds from +0 in increasing k. Strides
   count elements; columns of c are neighbours. `scratch`: nn_contract_scratch bytes, aligned to 64. */
static void nn_contract_f32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const float *a, ptrdiff_t a_m, ptrdiff_t a_k,
                            const float *b, ptrdiff_t b_k, ptrdiff_t b_n, float *c, ptrdiff_t c_m, void *scratch) {
  nn_contract_block_f32(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch, 0, c, 0, c_m);
}
/* @end */

/* @section contract_lanes_f32 needs: contract_vector_f32 */
#if NN_CONTRACT_SIMD
/* lanes[rows][16] += products of `rows` (1, 2 or 4) contiguous rows of a and one contiguous column, 16 | depth. */
NN_CONTRACT_INLINE void nn_contract_lanes_tile_f32(const int rows, ptrdiff_t depth, const float *a, ptrdiff_t a_m,
                                                   const float *b, float *lanes) {
  enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(float), VECTORS = 16 / WIDTH };
  NN_CONTRACT_VECTOR(f32) sum[4][VECTORS];
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(&sum[r][v], lanes + r * 16 + v * WIDTH, BYTES);
  }
  for (ptrdiff_t k = 0; k < depth; k += 16) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      NN_CONTRACT_VECTOR(f32) right;
      __builtin_memcpy(&right, b + k + v * WIDTH, BYTES);
      NN_CONTRACT_UNROLL
      for (int r = 0; r < rows; r++) {
        NN_CONTRACT_VECTOR(f32) left;
        __builtin_memcpy(&left, a + r * a_m + k + v * WIDTH, BYTES);
        sum[r][v] = NN_CONTRACT_VECTOR_FMA(f32, left, right, sum[r][v]);
      }
    }
  }
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(lanes + r * 16 + v * WIDTH, &sum[r][v], BYTES);
  }
}
#endif

/* lanes[rows][16] += products of contiguous rows of a and one contiguous column; k = 0 belongs to lane 0. */
static void nn_contract_lanes_rows_f32(int rows, ptrdiff_t depth, const float *a, ptrdiff_t a_m, const float *b,
                                       float *lanes) {
  ptrdiff_t whole = 0;
#if NN_CONTRACT_SIMD
  whole = depth / 16 * 16;
  for (int r = 0; r < rows;) {
    const int left = rows - r;
    if (left >= 4 && NN_CONTRACT_SIMD >= 64 * (int)sizeof(float)) {
      nn_contract_lanes_tile_f32(4, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 4;
    } else if (left >= 2 && NN_CONTRACT_SIMD >= 32 * (int)sizeof(float)) {
      nn_contract_lanes_tile_f32(2, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 2;
    } else {
      nn_contract_lanes_tile_f32(1, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 1;
    }
  }
#endif
  for (int r = 0; r < rows; r++) {
    for (ptrdiff_t k0 = whole; k0 < depth; k0 += 16) {
      for (ptrdiff_t k = k0; k < depth && k < k0 + 16; k++) {
        lanes[r * 16 + k - k0] = NN_CONTRACT_FMA_f32(a[r * a_m + k], b[k], lanes[r * 16 + k - k0]);
      }
    }
  }
}

/* The same product with each element's k cut into 16 lanes, k mod 16, that are added up in halves: for few columns. */
static void nn_contract_lanes_f32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const float *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const float *b, ptrdiff_t b_k, ptrdiff_t b_n, float *c, ptrdiff_t c_m,
                                  void *scratch) {
  enum {
    SIZE = (int)sizeof(float),
    ROWS = 4,
    COLUMNS = 4,
    A_DEPTH = NN_CONTRACT_TILE_BYTES / ROWS / SIZE / 16 * 16 - 16,
    A_STRIDE = A_DEPTH + 16,
    B_DEPTH = NN_CONTRACT_BLOCK_BYTES / COLUMNS / SIZE
  };
  float *const a_packed = (float *)scratch;
  float *const b_packed = (float *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  for (ptrdiff_t n0 = 0; n0 < N; n0 += COLUMNS) {
    const int columns = N - n0 < COLUMNS ? (int)(N - n0) : COLUMNS;
    for (ptrdiff_t m0 = 0; m0 < M; m0 += ROWS) {
      const int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
      float lanes[COLUMNS][ROWS * 16];
      for (int n = 0; n < columns; n++) {
        for (int l = 0; l < ROWS * 16; l++) lanes[n][l] = 0;
      }
      for (ptrdiff_t k0 = 0; k0 < K; k0 += A_DEPTH) {
        const ptrdiff_t depth = K - k0 < A_DEPTH ? K - k0 : (ptrdiff_t)A_DEPTH;
        const float *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m;
        if (a_k != 1) {
          for (int r = 0; r < rows && a_m != 1; r++) {
            for (ptrdiff_t k = 0; k < depth; k++) a_packed[r * A_STRIDE + k] = tile_a[r * a_m + k * a_k];
          }
          for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
            for (int r = 0; r < rows; r++) a_packed[r * A_STRIDE + k] = tile_a[k * a_k + r];
          }
          tile_a = a_packed;
          tile_a_m = A_STRIDE;
        }
        for (int n = 0; n < columns; n++) {
          const float *tile_b = b + (k0 * b_k + (n0 + n) * b_n);
          if (b_k != 1) {
            /* Columns that fit stay packed for all rows, others are packed anew for each tile. */
            float *const packed = b_packed + (K <= B_DEPTH ? n * K + k0 : n * A_DEPTH);
            for (ptrdiff_t k = 0; k < depth && (m0 == 0 || K > B_DEPTH); k++) packed[k] = tile_b[k * b_k];
            tile_b = packed;
          }
          nn_contract_lanes_rows_f32(rows, depth, tile_a, tile_a_m, tile_b, lanes[n]);
        }
      }
      for (int n = 0; n < columns; n++) {
        for (int r = 0; r < rows; r++) {
          float *const lane = lanes[n] + r * 16;
          for (int half = 8; half >= 1; half /= 2) {
            for (int l = 0; l < half; l++) lane[l] = NN_CONTRACT_ADD_f32(lane[l], lane[l + half]);
          }
          c[(m0 + r) * c_m + n0 + n] = lane[0];
        }
      }
    }
  }
}
/* @end */

/* @section contract_vector_f64 needs: contract_config */
#if NN_CONTRACT_SIMD >= 128
typedef double nn_f64_v16 __attribute__((vector_size(16)));

NN_CONTRACT_INLINE nn_f64_v16 nn_f64_v16_splat(double x) {
  const nn_f64_v16 v = {x, x};
  return v;
}

NN_CONTRACT_INLINE nn_f64_v16 nn_f64_v16_fma(nn_f64_v16 a, nn_f64_v16 b, nn_f64_v16 c) {
#if NN_CONTRACT_SIMD >= 256 || defined(__FMA__)
  return _mm_fmadd_pd(a, b, c);
#elif defined(__aarch64__)
  return vfmaq_f64(c, a, b);
#else
  return a * b + c;
#endif
}
#endif

#if NN_CONTRACT_SIMD >= 256
typedef double nn_f64_v32 __attribute__((vector_size(32)));

NN_CONTRACT_INLINE nn_f64_v32 nn_f64_v32_splat(double x) {
  const nn_f64_v32 v = {x, x, x, x};
  return v;
}

NN_CONTRACT_INLINE nn_f64_v32 nn_f64_v32_fma(nn_f64_v32 a, nn_f64_v32 b, nn_f64_v32 c) {
  return _mm256_fmadd_pd(a, b, c);
}
#endif

#if NN_CONTRACT_SIMD >= 512
typedef double nn_f64_v64 __attribute__((vector_size(64)));

NN_CONTRACT_INLINE nn_f64_v64 nn_f64_v64_splat(double x) {
  const nn_f64_v64 v = {x, x, x, x, x, x, x, x};
  return v;
}

NN_CONTRACT_INLINE nn_f64_v64 nn_f64_v64_fma(nn_f64_v64 a, nn_f64_v64 b, nn_f64_v64 c) {
  return _mm512_fmadd_pd(a, b, c);
}
#endif
/* @end */

/* @section contract_parts_f64 needs: contract_tile contract_vector_f64 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TILE(f64, double, 16)
#if NN_CONTRACT_SIMD >= 256
NN_CONTRACT_DEFINE_TILE(f64, double, 32)
#endif
#if NN_CONTRACT_SIMD >= 512
NN_CONTRACT_DEFINE_TILE(f64, double, 64)
#endif

NN_CONTRACT_DEFINE_TURN(f64, double)

/* The bytes of a row of the next tile where `columns` are left: two vectors, one, or the part of one that will do. */
static ptrdiff_t nn_contract_width_f64(ptrdiff_t columns) {
  const ptrdiff_t bytes = columns > 64 ? 256 : columns * (ptrdiff_t)sizeof(double);
  const ptrdiff_t vector = NN_CONTRACT_SIMD / 8;
  if (bytes > vector + (vector == 32 ? 0 : vector / 2)) return 2 * vector;
  if (bytes > vector / 2 || vector == 16) return bytes > vector && vector == 16 ? 32 : vector;
  return bytes > 16 ? 32 : 16;
}

/* All the rows of one tile, c being wide enough for whole vectors; asks for memory that will be wanted soon. */
static void nn_contract_tile_ahead_f64(ptrdiff_t width, int rows, ptrdiff_t depth, const double *a, ptrdiff_t a_m,
                                       ptrdiff_t a_k, const double *b, ptrdiff_t b_k, double *c, ptrdiff_t c_m, int more,
                                       const nn_contract_asked *asked) {
  while (rows > 0) {
    int done;
#if NN_CONTRACT_SIMD >= 512
    if (width >= 64) {
      done = nn_contract_rows_f64_64(rows, (int)(width / 64), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
#if NN_CONTRACT_SIMD >= 256
    if (width >= 32) {
      done = nn_contract_rows_f64_32(rows, (int)(width / 32), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
    {
      done = nn_contract_rows_f64_16(rows, (int)(width / 16), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    }
    rows -= done;
    a += done * a_m;
    c += done * c_m;
  }
}

static void nn_contract_tile_f64(ptrdiff_t width, int rows, ptrdiff_t depth, const double *a, ptrdiff_t a_m,
                                 ptrdiff_t a_k, const double *b, ptrdiff_t b_k, double *c, ptrdiff_t c_m, int more) {
  const nn_contract_asked nothing = {(const char *)b, 0, (const char *)b, 0, 0};
  nn_contract_tile_ahead_f64(width, rows, depth, a, a_m, a_k, b, b_k, c, c_m, more, &nothing);
}

/* Copies n elements; where there are enough of them, 16 bytes at a time, the last 16 perhaps overlapping. */
NN_CONTRACT_INLINE void nn_contract_copy_f64(double *to, const double *from, ptrdiff_t n) {
  enum { CHUNK = 16 / (int)sizeof(double) };
  if (n < CHUNK) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] = from[i];
    return;
  }
  ptrdiff_t i = 0;
#if NN_CONTRACT_SIMD >= 256
  for (; i + 2 * CHUNK <= n; i += 2 * CHUNK) {
    __builtin_memcpy(to + i, from + i, 32);
    NN_CONTRACT_HIDE(to); /* or compilers call memcpy, which takes longer than what is copied here */
  }
#endif
  for (; i + CHUNK <= n; i += CHUNK) __builtin_memcpy(to + i, from + i, 16);
  if (i < n) __builtin_memcpy(to + n - CHUNK, from + n - CHUNK, 16);
}
#endif
/* @end */

/* @section contract_block_f64 needs: contract_parts_f64 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TAIL(f64, double)

NN_CONTRACT_DEFINE_THIN(f64, double)

/* Packs b[depth, columns] tile by tile, each as [depth, width], the last one filled up with zeros. */
static void nn_contract_pack_f64(ptrdiff_t depth, ptrdiff_t columns, const double *b, ptrdiff_t b_k, ptrdiff_t b_n,
                                 double *packed) {
  enum { SIZE = (int)sizeof(double), VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE };
  const ptrdiff_t whole = columns / VECTORS * VECTORS, far = columns <= 2 * VECTORS ? 16 : 6;
  if (b_n == 1) {
    for (ptrdiff_t k = 0; k < depth && whole > 0; k++) {
      /* Rows lie in pages of their own, and the processor does not look ahead from one to the next. */
      const double *const ahead = b + (k + far < depth ? k + far : depth - 1) * b_k;
      for (ptrdiff_t n = 0; n < whole; n += VECTORS) {
        __builtin_prefetch(ahead + n);
        __builtin_prefetch(ahead + n + VECTORS / 2);
        __builtin_memcpy(packed + n * depth + k * VECTORS, b + k * b_k + n, sizeof(double[VECTORS]));
      }
    }
  }
  for (ptrdiff_t n = b_n == 1 ? whole : 0; n < columns;) {
    const ptrdiff_t width = nn_contract_width_f64(columns - n) / SIZE;
    const ptrdiff_t used = columns - n < width ? columns - n : width;
    double *const tile = packed + n * depth;
    if (used < width) __builtin_memset(tile, 0, (size_t)(depth * width) * sizeof(double));
    for (ptrdiff_t k = 0; k < depth && b_n == 1; k++) {
      nn_contract_copy_f64(tile + k * width, b + k * b_k + n, used);
    }
    /* A line of the cache, 16 elements of a column, is read at once. */
    const ptrdiff_t turned = SIZE == 4 && b_k == 1 && b_n != 1 && used >= 4 ? depth / 16 * 16 : 0;
    const int is_far = b_n * SIZE > 1024; /* nearer columns are found by the processor */
    for (ptrdiff_t k = 0; k < turned; k += 16) {
      for (ptrdiff_t j = 0; j < used; j += 4) {
        const ptrdiff_t column = j + 4 <= used ? j : used - 4;
        for (ptrdiff_t ahead = n + column + 12; is_far && ahead < n + column + 16 && ahead < columns; ahead++) {
          __builtin_prefetch(b + (ahead * b_n + k));
        }
        for (ptrdiff_t i = k; i < k + 16; i += 4) {
          const double *const from = b + ((n + column) * b_n + i);
          nn_contract_transpose(from, from + b_n, from + 2 * b_n, from + 3 * b_n, (char *)(tile + i * width + column),
                                width * SIZE);
        }
      }
    }
    for (ptrdiff_t j = 0; j < used && b_n != 1; j++) {
      for (ptrdiff_t k = turned; k < depth; k++) tile[k * width + j] = b[k * b_k + (n + j) * b_n];
    }
    n += used;
  }
}

/* Packs rows of a: [depth][2 ROWS] where neighbours in memory are neighbours in m, else rows DEPTH + 64 bytes apart. */
static void nn_contract_pack_rows_f64(ptrdiff_t rows, ptrdiff_t depth, const double *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                      double *packed) {
  enum { SIZE = (int)sizeof(double), GROUP = 2 * NN_CONTRACT_ROWS, STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE };
  for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
    if (rows == GROUP) {
      __builtin_memcpy(packed + k * GROUP, a + k * a_k, sizeof(double[GROUP]));
    } else {
      nn_contract_copy_f64(packed + k * GROUP, a + k * a_k, rows);
    }
  }
  for (ptrdiff_t r = 0; r < rows && a_m != 1; r++) {
    if (a_k == 1) {
      nn_contract_copy_f64(packed + r * STRIDE, a + r * a_m, depth);
    } else {
      for (ptrdiff_t k = 0; k < depth; k++) packed[r * STRIDE + k] = a[r * a_m + k * a_k];
    }
  }
}

/* The product with any strides of c: rows of a against columns of b. */
static void nn_contract_blocks_f64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const double *a, ptrdiff_t a_m,
                                   ptrdiff_t a_k, const double *b, ptrdiff_t b_k, ptrdiff_t b_n, double *c,
                                   ptrdiff_t c_m, ptrdiff_t c_n, void *scratch, int first, const double *wanted,
                                   const double *other, ptrdiff_t wanted_m) {
  enum {
    SIZE = (int)sizeof(double),
    VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,
    ROWS = NN_CONTRACT_ROWS,
    DEPTH = NN_CONTRACT_DEPTH / SIZE,
    /* Whether a vector holds as many rows as are packed together. */
    TAILED = SIZE == 4 && 2 * NN_CONTRACT_ROWS * SIZE == NN_CONTRACT_SIMD / 8
  };
  /* The rows by which is decided what is packed: as many for the last rows of a product as for the first. */
  const ptrdiff_t rows_of_first = first ? first : M;
  const int is_far = wanted == c;
  double *const a_packed = (double *)scratch;
  double *const b_packed = (double *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;
  const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;
  /* A few columns behind whole vectors, many rows: then the rows lie along the vectors for these. */
  const ptrdiff_t few = N % (VECTORS / 2);
  const int has_tail = TAILED && c_n == 1 && few > 0 && few <= 8 && N > VECTORS && rows_of_first >= 4 * ROWS && block >= 4 &&
                       (a_m == 1 || a_k == 1);
  const ptrdiff_t tail = has_tail ? few : 0;
  /* Rows that lie nearly a multiple of 4 KiB apart fall on the same sets of the first cache, of which they would leave none
     for b: they are copied. Others are read where they are. */
  const ptrdiff_t apart = a_m * SIZE % 4096;
  const int crowded = apart < 512 || apart > 4096 - 512;
  /* Few rows do not repay packing, nor do more where the right operand lies together in the second-level cache: some with AVX2,
     hundreds with AVX-512, where each load serves twice as many multiply-adds (measured). */
  const ptrdiff_t span = K * b_k * SIZE;
  const int is_near = a_k == 1 && (NN_CONTRACT_SIMD == 512 ? span <= 131072 : b_k * SIZE <= 1024 && span <= 262144);
  const ptrdiff_t near_rows = NN_CONTRACT_SIMD == 512 ? 64 * ROWS : NN_CONTRACT_SIMD == 256 ? 8 * ROWS : 0;
  const int in_place = b_n == 1 && (rows_of_first < 4 * ROWS || (is_near && rows_of_first <= near_rows));
  const ptrdiff_t panel = (NN_CONTRACT_BLOCK_BYTES / SIZE / block - (has_tail ? 8 : 0)) / VECTORS * VECTORS;
  /* Behind the panel: the scratch has room for columns up to a multiple of 64. */
  double *const tail_b = b_packed + (N - tail < panel ? N - tail : panel) * block;
  const int is_packed = first && blocks == 1 && N - tail <= panel;

  for (ptrdiff_t k0 = 0; k0 < K || k0 == 0; k0 += block) {
    const ptrdiff_t depth = K - k0 < block ? K - k0 : block;
    for (ptrdiff_t k = 0; k < depth && tail > 0 && !is_packed; k++) {
      for (ptrdiff_t j = 0; j < 8; j++) {
        tail_b[k * 8 + j] = j < tail ? b[(k0 + k) * b_k + (N - tail + j) * b_n] : 0;
      }
    }
    for (ptrdiff_t n0 = 0; n0 < N - tail; n0 += panel) {
      const ptrdiff_t columns = N - tail - n0 < panel ? N - tail - n0 : panel;
      const double *const block_b = b + (k0 * b_k + n0 * b_n);
      /* The columns that are left over in the last tile need packing's zeros all the same. */
      ptrdiff_t direct = 0;
      while (in_place && direct < columns) {
        const ptrdiff_t width = nn_contract_width_f64(columns - direct) / SIZE;
        if (width > columns - direct) break;
        direct += width;
      }
      if (!is_packed) {
        nn_contract_pack_f64(depth, columns - direct, block_b + direct * b_n, b_k, b_n, b_packed + direct * depth);
      }
      /* The block after this one is asked for while this one is used, or what the caller wants of the finished sums. */
      const ptrdiff_t next_k = n0 + columns < N - tail ? k0 : k0 + block, next_n = next_k == k0 ? n0 + columns : 0;
      const ptrdiff_t next_depth = K - next_k < block ? K - next_k : block;
      const ptrdiff_t next_columns = N - tail - next_n < panel ? N - tail - next_n : panel;
      nn_contract_ahead ahead = nn_contract_look_ahead(
          next_depth > 0 ? b + (next_k * b_k + next_n * b_n) : b, b_n == 1 ? next_depth : next_columns,
          (b_n == 1 ? b_k : b_n) * SIZE, (b_n == 1 ? next_columns : next_depth) * SIZE);
      if (wanted && !is_far && k0 + block >= K) {
        ahead = nn_contract_look_ahead(wanted + n0, M, wanted_m * SIZE, columns * SIZE);
        ahead.other = other ? (const char *)(other + n0) : 0;
      }
      /* Where it has tiles to spare, a row of tiles asks for the rows of the next one too, two a tile; not a few tiles for rows
         that are read where they are. */
      const ptrdiff_t spare = (M / ROWS * (columns / VECTORS) - M / 2) * (depth / NN_CONTRACT_ROUND);
      const int asks_rows = a_k == 1 && (crowded || columns > 4 * VECTORS) && spare >= ahead.rows * ahead.lines;
      const int is_short = a_k == 1 && a_m > depth && !asks_rows && depth * SIZE <= 256;
      /* From here on one vector of columns is left, done for two tiles of rows at once unless k is too short to repay it. */
      const ptrdiff_t few_columns = columns % VECTORS;
      const int has_narrow = few_columns > 0 && few_columns <= VECTORS / 2 && block >= 16;
      const ptrdiff_t narrow = has_narrow ? columns - few_columns : columns;
      ptrdiff_t m0 = 0;
      if (narrow == 0 && N == columns && c_m == N && c_n == 1 && k0 == 0) {
        /* Rows of fewer columns than their vector are stored whole where rows behind them are yet to be stored, and hold no
           sums that a block of k after the first goes on from. */
        const ptrdiff_t bytes = nn_contract_width_f64(N), width = bytes / SIZE;
        for (; M - m0 >= 2 * ROWS && (M - m0 - 2 * ROWS) * N >= width - N; m0 += 2 * ROWS) {
          nn_contract_tile_f64(bytes, 2 * ROWS, depth, a + m0 * a_m, a_m, a_k, direct > 0 ? block_b : b_packed,
                               direct > 0 ? b_k : width, c + m0 * N, N, 0);
        }
      }
      for (; m0 < M; m0 += ROWS) {
        int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
        const double *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m, tile_a_k = a_k;
        const ptrdiff_t odd = m0 / ROWS % 2 * ROWS, group = M - m0 + odd < 2 * ROWS ? M - m0 + odd : 2 * ROWS;
        if ((columns > VECTORS && a_m == 1) || tail > 0) {
          if (odd == 0 && a_m == 1) {
            nn_contract_pack_rows_f64(group, depth, tile_a, 1, a_k, a_packed);
            ahead.packed_next = (const char *)(tile_a + group);
            ahead.packed_step = a_k * SIZE;
            ahead.packed_lines = group < M - m0 ? depth : 0;
          } else if (odd == 0) {
            nn_contract_turn_f64(group, depth, tile_a, a_m, a_packed, 2 * ROWS);
          }
          tile_a = a_packed + odd;
          tile_a_m = 1;
          tile_a_k = 2 * ROWS;
          if (n0 == 0 && tail > 0 && odd > 0 && group == 2 * ROWS) {
            nn_contract_tail_f64(tail, depth, a_packed, tail_b, c + ((m0 - odd) * c_m + N - tail), c_m, k0 > 0);
          }
        } else if (columns > VECTORS && (a_k != 1 || crowded)) {
          const ptrdiff_t done = has_narrow ? odd : 0, count = has_narrow ? group : rows;
          if (done == 0) nn_contract_pack_rows_f64(count, depth, tile_a, a_m, a_k, a_packed);
          tile_a_m = (NN_CONTRACT_DEPTH + 64) / SIZE;
          tile_a = a_packed + done * tile_a_m;
          tile_a_k = 1;
        }
        if (n0 == 0 && tail > 0 && group < 2 * ROWS) {
          /* What is left of the rows takes the columns as vectors. */
          double part[ROWS * 8], *const tail_c = c + (m0 * c_m + N - tail);
          for (ptrdiff_t i = 0; i < rows * 8 && k0 > 0; i++) part[i] = i % 8 < tail ? tail_c[i / 8 * c_m + i % 8] : 0;
          nn_contract_tile_f64(8 * SIZE, rows, depth, tile_a, tile_a_m, tile_a_k, tail_b, 8, part, 8, k0 > 0);
          for (int r = 0; r < rows; r++) nn_contract_copy_f64(tail_c + r * c_m, part + r * 8, tail);
        }
        /* Where k is short there are too few rounds for that: rows of few lines that lie apart are asked for at once. */
        for (ptrdiff_t m = m0 + ROWS; is_short && m < m0 + 2 * ROWS && m < M; m++) {
          for (ptrdiff_t k = 0; k < depth; k += 64 / SIZE) __builtin_prefetch(a + (m * a_m + k0 + k));
        }
        if (asks_rows && M - m0 > ROWS) {
          nn_contract_ask_soon(&ahead, a + ((m0 + ROWS) * a_m + k0), M - m0 - ROWS, a_m * SIZE, NN_CONTRACT_ROUND * SIZE);
        }
        for (ptrdiff_t n = 0; n < columns;) {
          const ptrdiff_t bytes = nn_contract_width_f64(columns - n), width = bytes / SIZE;
          const ptrdiff_t used = columns - n < width ? columns - n : width;
          const double *const tile_b = n < direct ? block_b + n : b_packed + n * depth;
          const ptrdiff_t tile_b_k = n < direct ? b_k : width;
          double *const tile_c = c + (m0 * c_m + (n0 + n) * c_n);
          if (n >= narrow) {
            if (odd > 0) break;
            rows = (int)group;
          }
          if (used == width && c_n == 1) {
            const nn_contract_asked asked = nn_contract_ask(&ahead, depth / NN_CONTRACT_ROUND);
            /* Lines that the sums go to; for blocks of k after the first, which go on from them, the next tile's. */
            const double *stored = tile_c + (k0 > 0 ? width : 0);
            for (int r = 0; r < rows && (is_far || k0 > 0); r++, stored += c_m) {
              __builtin_prefetch(stored, 1);
              __builtin_prefetch(stored + width / 2, 1);
            }
            nn_contract_tile_ahead_f64(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, tile_c, c_m, k0 > 0,
                                       &asked);
          } else {
            double part[ROWS * VECTORS];
            for (int r = 0; r < rows && k0 > 0; r++) {
              for (ptrdiff_t j = 0; j < width; j++) part[r * width + j] = j < used ? tile_c[r * c_m + j * c_n] : 0;
            }
            nn_contract_tile_f64(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, part, width, k0 > 0);
            for (int r = 0; r < rows && c_n == 1; r++) nn_contract_copy_f64(tile_c + r * c_m, part + r * width, used);
            for (ptrdiff_t j = 0; j < used && c_n != 1; j++) {
              for (int r = 0; r < rows; r++) tile_c[r * c_m + j * c_n] = part[r * width + j];
            }
          }
          n += used;
        }
      }
    }
  }
}
#endif

/* nn_contract_f64 of the next rows of a larger product. `first`: 0, or the rows of the first of these calls, if all since then
   had the same scratch, N, K and b: what it packed of b is used. `wanted` and `other`, if not 0: M rows of N elements, wanted_m
   apart, that the caller reads next; the tiles ask for them meanwhile. Where `wanted` is c, c is not in the cache yet. */
static void nn_contract_block_f64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const double *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const double *b, ptrdiff_t b_k, ptrdiff_t b_n, double *c, ptrdiff_t c_m, void *scratch,
                                  int first, const double *wanted, const double *other, ptrdiff_t wanted_m) {
#if NN_CONTRACT_SIMD
  /* A few columns leave vectors half empty: then let the rows lie along them, where they are neighbours and more. */
  const int are_few = a_m == 1 && N * (ptrdiff_t)sizeof(double) < NN_CONTRACT_SIMD / 8;
  if (M == 1 && b_n == 1 && N * (ptrdiff_t)sizeof(double) >= NN_CONTRACT_SIMD / 8) {
    nn_contract_thin_f64(N, K, a, a_k, b, b_k, c);
  } else if (are_few && M > N) {
    nn_contract_blocks_f64(N, M, K, b, b_n, b_k, a, a_k, a_m, c, 1, c_m, scratch, 0, 0, 0, 0);
  } else {
    nn_contract_blocks_f64(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, 1, scratch, are_few ? 0 : first, wanted, other,
                           wanted_m);
  }
#else
  (void)scratch, (void)first, (void)wanted, (void)other, (void)wanted_m;
  for (ptrdiff_t m = 0; m < M; m++) {
    for (ptrdiff_t n0 = 0; n0 < N; n0 += 64) {
      const ptrdiff_t columns = N - n0 < 64 ? N - n0 : 64;
      double sum[64] = {0};
      for (ptrdiff_t k = 0; k < K; k++) {
        const double left = a[m * a_m + k * a_k];
        const double *right = b + (k * b_k + n0 * b_n);
        for (ptrdiff_t n = 0; n < columns && b_n == 1; n++) sum[n] = NN_CONTRACT_FMA_f64(left, right[n], sum[n]);
        for (ptrdiff_t n = 0; n < columns && b_n != 1; n++) {
          sum[n] = NN_CONTRACT_FMA_f64(left, right[n * b_n], sum[n]);
        }
      }
      for (ptrdiff_t n = 0; n < columns; n++) c[m * c_m + n0 + n] = sum[n];
    }
  }
#endif
}
/* @end */

/* @section contract_f64 needs: contract_block_f64 */
/* c[M, N] = sum over k of a[M, K] b[K, N], each element one chain of multiply-adds from +0 in increasing k. Strides
   count elements; columns of c are neighbours. `scratch`: nn_contract_scratch bytes, aligned to 64. */
static void nn_contract_f64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const double *a, ptrdiff_t a_m, ptrdiff_t a_k,
                            const double *b, ptrdiff_t b_k, ptrdiff_t b_n, double *c, ptrdiff_t c_m, void *scratch) {
  nn_contract_block_f64(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch, 0, c, 0, c_m);
}
/* @end */

/* @section contract_lanes_f64 needs: contract_vector_f64 */
#if NN_CONTRACT_SIMD
/* lanes[rows][16] += products of `rows` (1, 2 or 4) contiguous rows of a and one contiguous column, 16 | depth. */
NN_CONTRACT_INLINE void nn_contract_lanes_tile_f64(const int rows, ptrdiff_t depth, const double *a, ptrdiff_t a_m,
                                                   const double *b, double *lanes) {
  enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(double), VECTORS = 16 / WIDTH };
  NN_CONTRACT_VECTOR(f64) sum[4][VECTORS];
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(&sum[r][v], lanes + r * 16 + v * WIDTH, BYTES);
  }
  for (ptrdiff_t k = 0; k < depth; k += 16) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      NN_CONTRACT_VECTOR(f64) right;
      __builtin_memcpy(&right, b + k + v * WIDTH, BYTES);
      NN_CONTRACT_UNROLL
      for (int r = 0; r < rows; r++) {
        NN_CONTRACT_VECTOR(f64) left;
        __builtin_memcpy(&left, a + r * a_m + k + v * WIDTH, BYTES);
        sum[r][v] = NN_CONTRACT_VECTOR_FMA(f64, left, right, sum[r][v]);
      }
    }
  }
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(lanes + r * 16 + v * WIDTH, &sum[r][v], BYTES);
  }
}
#endif

/* lanes[rows][16] += products of contiguous rows of a and one contiguous column; k = 0 belongs to lane 0. */
static void nn_contract_lanes_rows_f64(int rows, ptrdiff_t depth, const double *a, ptrdiff_t a_m, const double *b,
                                       double *lanes) {
  ptrdiff_t whole = 0;
#if NN_CONTRACT_SIMD
  whole = depth / 16 * 16;
  for (int r = 0; r < rows;) {
    const int left = rows - r;
    if (left >= 4 && NN_CONTRACT_SIMD >= 64 * (int)sizeof(double)) {
      nn_contract_lanes_tile_f64(4, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 4;
    } else if (left >= 2 && NN_CONTRACT_SIMD >= 32 * (int)sizeof(double)) {
      nn_contract_lanes_tile_f64(2, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 2;
    } else {
      nn_contract_lanes_tile_f64(1, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 1;
    }
  }
#endif
  for (int r = 0; r < rows; r++) {
    for (ptrdiff_t k0 = whole; k0 < depth; k0 += 16) {
      for (ptrdiff_t k = k0; k < depth && k < k0 + 16; k++) {
        lanes[r * 16 + k - k0] = NN_CONTRACT_FMA_f64(a[r * a_m + k], b[k], lanes[r * 16 + k - k0]);
      }
    }
  }
}

/* The same product with each element's k cut into 16 lanes, k mod 16, that are added up in halves: for few columns. */
static void nn_contract_lanes_f64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const double *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const double *b, ptrdiff_t b_k, ptrdiff_t b_n, double *c, ptrdiff_t c_m,
                                  void *scratch) {
  enum {
    SIZE = (int)sizeof(double),
    ROWS = 4,
    COLUMNS = 4,
    A_DEPTH = NN_CONTRACT_TILE_BYTES / ROWS / SIZE / 16 * 16 - 16,
    A_STRIDE = A_DEPTH + 16,
    B_DEPTH = NN_CONTRACT_BLOCK_BYTES / COLUMNS / SIZE
  };
  double *const a_packed = (double *)scratch;
  double *const b_packed = (double *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  for (ptrdiff_t n0 = 0; n0 < N; n0 += COLUMNS) {
    const int columns = N - n0 < COLUMNS ? (int)(N - n0) : COLUMNS;
    for (ptrdiff_t m0 = 0; m0 < M; m0 += ROWS) {
      const int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
      double lanes[COLUMNS][ROWS * 16];
      for (int n = 0; n < columns; n++) {
        for (int l = 0; l < ROWS * 16; l++) lanes[n][l] = 0;
      }
      for (ptrdiff_t k0 = 0; k0 < K; k0 += A_DEPTH) {
        const ptrdiff_t depth = K - k0 < A_DEPTH ? K - k0 : (ptrdiff_t)A_DEPTH;
        const double *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m;
        if (a_k != 1) {
          for (int r = 0; r < rows && a_m != 1; r++) {
            for (ptrdiff_t k = 0; k < depth; k++) a_packed[r * A_STRIDE + k] = tile_a[r * a_m + k * a_k];
          }
          for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
            for (int r = 0; r < rows; r++) a_packed[r * A_STRIDE + k] = tile_a[k * a_k + r];
          }
          tile_a = a_packed;
          tile_a_m = A_STRIDE;
        }
        for (int n = 0; n < columns; n++) {
          const double *tile_b = b + (k0 * b_k + (n0 + n) * b_n);
          if (b_k != 1) {
            /* Columns that fit stay packed for all rows, others are packed anew for each tile. */
            double *const packed = b_packed + (K <= B_DEPTH ? n * K + k0 : n * A_DEPTH);
            for (ptrdiff_t k = 0; k < depth && (m0 == 0 || K > B_DEPTH); k++) packed[k] = tile_b[k * b_k];
            tile_b = packed;
          }
          nn_contract_lanes_rows_f64(rows, depth, tile_a, tile_a_m, tile_b, lanes[n]);
        }
      }
      for (int n = 0; n < columns; n++) {
        for (int r = 0; r < rows; r++) {
          double *const lane = lanes[n] + r * 16;
          for (int half = 8; half >= 1; half /= 2) {
            for (int l = 0; l < half; l++) lane[l] = NN_CONTRACT_ADD_f64(lane[l], lane[l + half]);
          }
          c[(m0 + r) * c_m + n0 + n] = lane[0];
        }
      }
    }
  }
}
/* @end */

/* @section contract_vector_i32 needs: contract_config */
#if NN_CONTRACT_SIMD >= 128
typedef uint32_t nn_i32_v16 __attribute__((vector_size(16)));

NN_CONTRACT_INLINE nn_i32_v16 nn_i32_v16_splat(int32_t x) {
  const uint32_t y = (uint32_t)x;
  const nn_i32_v16 v = {y, y, y, y};
  return v;
}

NN_CONTRACT_INLINE nn_i32_v16 nn_i32_v16_fma(nn_i32_v16 a, nn_i32_v16 b, nn_i32_v16 c) { return a * b + c; }
#endif

#if NN_CONTRACT_SIMD >= 256
typedef uint32_t nn_i32_v32 __attribute__((vector_size(32)));

NN_CONTRACT_INLINE nn_i32_v32 nn_i32_v32_splat(int32_t x) {
  const uint32_t y = (uint32_t)x;
  const nn_i32_v32 v = {y, y, y, y, y, y, y, y};
  return v;
}

NN_CONTRACT_INLINE nn_i32_v32 nn_i32_v32_fma(nn_i32_v32 a, nn_i32_v32 b, nn_i32_v32 c) { return a * b + c; }
#endif

#if NN_CONTRACT_SIMD >= 512
typedef uint32_t nn_i32_v64 __attribute__((vector_size(64)));

NN_CONTRACT_INLINE nn_i32_v64 nn_i32_v64_splat(int32_t x) {
  const uint32_t y = (uint32_t)x;
  const nn_i32_v64 v = {y, y, y, y, y, y, y, y, y, y, y, y, y, y, y, y};
  return v;
}

NN_CONTRACT_INLINE nn_i32_v64 nn_i32_v64_fma(nn_i32_v64 a, nn_i32_v64 b, nn_i32_v64 c) { return a * b + c; }
#endif
/* @end */

/* @section contract_parts_i32 needs: contract_tile contract_vector_i32 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TILE(i32, int32_t, 16)
#if NN_CONTRACT_SIMD >= 256
NN_CONTRACT_DEFINE_TILE(i32, int32_t, 32)
#endif
#if NN_CONTRACT_SIMD >= 512
NN_CONTRACT_DEFINE_TILE(i32, int32_t, 64)
#endif

NN_CONTRACT_DEFINE_TURN(i32, int32_t)

/* The bytes of a row of the next tile where `columns` are left: two vectors, one, or the part of one that will do. */
static ptrdiff_t nn_contract_width_i32(ptrdiff_t columns) {
  const ptrdiff_t bytes = columns > 64 ? 256 : columns * (ptrdiff_t)sizeof(int32_t);
  const ptrdiff_t vector = NN_CONTRACT_SIMD / 8;
  if (bytes > vector + (vector == 32 ? 0 : vector / 2)) return 2 * vector;
  if (bytes > vector / 2 || vector == 16) return bytes > vector && vector == 16 ? 32 : vector;
  return bytes > 16 ? 32 : 16;
}

/* All the rows of one tile, c being wide enough for whole vectors; asks for memory that will be wanted soon. */
static void nn_contract_tile_ahead_i32(ptrdiff_t width, int rows, ptrdiff_t depth, const int32_t *a, ptrdiff_t a_m,
                                       ptrdiff_t a_k, const int32_t *b, ptrdiff_t b_k, int32_t *c, ptrdiff_t c_m, int more,
                                       const nn_contract_asked *asked) {
  while (rows > 0) {
    int done;
#if NN_CONTRACT_SIMD >= 512
    if (width >= 64) {
      done = nn_contract_rows_i32_64(rows, (int)(width / 64), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
#if NN_CONTRACT_SIMD >= 256
    if (width >= 32) {
      done = nn_contract_rows_i32_32(rows, (int)(width / 32), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
    {
      done = nn_contract_rows_i32_16(rows, (int)(width / 16), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    }
    rows -= done;
    a += done * a_m;
    c += done * c_m;
  }
}

static void nn_contract_tile_i32(ptrdiff_t width, int rows, ptrdiff_t depth, const int32_t *a, ptrdiff_t a_m,
                                 ptrdiff_t a_k, const int32_t *b, ptrdiff_t b_k, int32_t *c, ptrdiff_t c_m, int more) {
  const nn_contract_asked nothing = {(const char *)b, 0, (const char *)b, 0, 0};
  nn_contract_tile_ahead_i32(width, rows, depth, a, a_m, a_k, b, b_k, c, c_m, more, &nothing);
}

/* Copies n elements; where there are enough of them, 16 bytes at a time, the last 16 perhaps overlapping. */
NN_CONTRACT_INLINE void nn_contract_copy_i32(int32_t *to, const int32_t *from, ptrdiff_t n) {
  enum { CHUNK = 16 / (int)sizeof(int32_t) };
  if (n < CHUNK) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] = from[i];
    return;
  }
  ptrdiff_t i = 0;
#if NN_CONTRACT_SIMD >= 256
  for (; i + 2 * CHUNK <= n; i += 2 * CHUNK) {
    __builtin_memcpy(to + i, from + i, 32);
    NN_CONTRACT_HIDE(to); /* or compilers call memcpy, which takes longer than what is copied here */
  }
#endif
  for (; i + CHUNK <= n; i += CHUNK) __builtin_memcpy(to + i, from + i, 16);
  if (i < n) __builtin_memcpy(to + n - CHUNK, from + n - CHUNK, 16);
}
#endif
/* @end */

/* @section contract_block_i32 needs: contract_parts_i32 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TAIL(i32, int32_t)

NN_CONTRACT_DEFINE_THIN(i32, int32_t)

/* Packs b[depth, columns] tile by tile, each as [depth, width], the last one filled up with zeros. */
static void nn_contract_pack_i32(ptrdiff_t depth, ptrdiff_t columns, const int32_t *b, ptrdiff_t b_k, ptrdiff_t b_n,
                                 int32_t *packed) {
  enum { SIZE = (int)sizeof(int32_t), VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE };
  const ptrdiff_t whole = columns / VECTORS * VECTORS, far = columns <= 2 * VECTORS ? 16 : 6;
  if (b_n == 1) {
    for (ptrdiff_t k = 0; k < depth && whole > 0; k++) {
      /* Rows lie in pages of their own, and the processor does not look ahead from one to the next. */
      const int32_t *const ahead = b + (k + far < depth ? k + far : depth - 1) * b_k;
      for (ptrdiff_t n = 0; n < whole; n += VECTORS) {
        __builtin_prefetch(ahead + n);
        __builtin_prefetch(ahead + n + VECTORS / 2);
        __builtin_memcpy(packed + n * depth + k * VECTORS, b + k * b_k + n, sizeof(int32_t[VECTORS]));
      }
    }
  }
  for (ptrdiff_t n = b_n == 1 ? whole : 0; n < columns;) {
    const ptrdiff_t width = nn_contract_width_i32(columns - n) / SIZE;
    const ptrdiff_t used = columns - n < width ? columns - n : width;
    int32_t *const tile = packed + n * depth;
    if (used < width) __builtin_memset(tile, 0, (size_t)(depth * width) * sizeof(int32_t));
    for (ptrdiff_t k = 0; k < depth && b_n == 1; k++) {
      nn_contract_copy_i32(tile + k * width, b + k * b_k + n, used);
    }
    /* A line of the cache, 16 elements of a column, is read at once. */
    const ptrdiff_t turned = SIZE == 4 && b_k == 1 && b_n != 1 && used >= 4 ? depth / 16 * 16 : 0;
    const int is_far = b_n * SIZE > 1024; /* nearer columns are found by the processor */
    for (ptrdiff_t k = 0; k < turned; k += 16) {
      for (ptrdiff_t j = 0; j < used; j += 4) {
        const ptrdiff_t column = j + 4 <= used ? j : used - 4;
        for (ptrdiff_t ahead = n + column + 12; is_far && ahead < n + column + 16 && ahead < columns; ahead++) {
          __builtin_prefetch(b + (ahead * b_n + k));
        }
        for (ptrdiff_t i = k; i < k + 16; i += 4) {
          const int32_t *const from = b + ((n + column) * b_n + i);
          nn_contract_transpose(from, from + b_n, from + 2 * b_n, from + 3 * b_n, (char *)(tile + i * width + column),
                                width * SIZE);
        }
      }
    }
    for (ptrdiff_t j = 0; j < used && b_n != 1; j++) {
      for (ptrdiff_t k = turned; k < depth; k++) tile[k * width + j] = b[k * b_k + (n + j) * b_n];
    }
    n += used;
  }
}

/* Packs rows of a: [depth][2 ROWS] where neighbours in memory are neighbours in m, else rows DEPTH + 64 bytes apart. */
static void nn_contract_pack_rows_i32(ptrdiff_t rows, ptrdiff_t depth, const int32_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                      int32_t *packed) {
  enum { SIZE = (int)sizeof(int32_t), GROUP = 2 * NN_CONTRACT_ROWS, STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE };
  for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
    if (rows == GROUP) {
      __builtin_memcpy(packed + k * GROUP, a + k * a_k, sizeof(int32_t[GROUP]));
    } else {
      nn_contract_copy_i32(packed + k * GROUP, a + k * a_k, rows);
    }
  }
  for (ptrdiff_t r = 0; r < rows && a_m != 1; r++) {
    if (a_k == 1) {
      nn_contract_copy_i32(packed + r * STRIDE, a + r * a_m, depth);
    } else {
      for (ptrdiff_t k = 0; k < depth; k++) packed[r * STRIDE + k] = a[r * a_m + k * a_k];
    }
  }
}

/* The product with any strides of c: rows of a against columns of b. */
static void nn_contract_blocks_i32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int32_t *a, ptrdiff_t a_m,
                                   ptrdiff_t a_k, const int32_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int32_t *c,
                                   ptrdiff_t c_m, ptrdiff_t c_n, void *scratch, int first, const int32_t *wanted,
                                   const int32_t *other, ptrdiff_t wanted_m) {
  enum {
    SIZE = (int)sizeof(int32_t),
    VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,
    ROWS = NN_CONTRACT_ROWS,
    DEPTH = NN_CONTRACT_DEPTH / SIZE,
    /* Whether a vector holds as many rows as are packed together. */
    TAILED = SIZE == 4 && 2 * NN_CONTRACT_ROWS * SIZE == NN_CONTRACT_SIMD / 8
  };
  /* The rows by which is decided what is packed: as many for the last rows of a product as for the first. */
  const ptrdiff_t rows_of_first = first ? first : M;
  const int is_far = wanted == c;
  int32_t *const a_packed = (int32_t *)scratch;
  int32_t *const b_packed = (int32_t *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;
  const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;
  /* A few columns behind whole vectors, many rows: then the rows lie along the vectors for these. */
  const ptrdiff_t few = N % (VECTORS / 2);
  const int has_tail = TAILED && c_n == 1 && few > 0 && few <= 8 && N > VECTORS && rows_of_first >= 4 * ROWS && block >= 4 &&
                       (a_m == 1 || a_k == 1);
  const ptrdiff_t tail = has_tail ? few : 0;
  /* Rows that lie nearly a multiple of 4 KiB apart fall on the same sets of the first cache, of which they would leave none
     for b: they are copied. Others are read where they are. */
  const ptrdiff_t apart = a_m * SIZE % 4096;
  const int crowded = apart < 512 || apart > 4096 - 512;
  /* Few rows do not repay packing, nor do more where the right operand lies together in the second-level cache: some with AVX2,
     hundreds with AVX-512, where each load serves twice as many multiply-adds (measured). */
  const ptrdiff_t span = K * b_k * SIZE;
  const int is_near = a_k == 1 && (NN_CONTRACT_SIMD == 512 ? span <= 131072 : b_k * SIZE <= 1024 && span <= 262144);
  const ptrdiff_t near_rows = NN_CONTRACT_SIMD == 512 ? 64 * ROWS : NN_CONTRACT_SIMD == 256 ? 8 * ROWS : 0;
  const int in_place = b_n == 1 && (rows_of_first < 4 * ROWS || (is_near && rows_of_first <= near_rows));
  const ptrdiff_t panel = (NN_CONTRACT_BLOCK_BYTES / SIZE / block - (has_tail ? 8 : 0)) / VECTORS * VECTORS;
  /* Behind the panel: the scratch has room for columns up to a multiple of 64. */
  int32_t *const tail_b = b_packed + (N - tail < panel ? N - tail : panel) * block;
  const int is_packed = first && blocks == 1 && N - tail <= panel;

  for (ptrdiff_t k0 = 0; k0 < K || k0 == 0; k0 += block) {
    const ptrdiff_t depth = K - k0 < block ? K - k0 : block;
    for (ptrdiff_t k = 0; k < depth && tail > 0 && !is_packed; k++) {
      for (ptrdiff_t j = 0; j < 8; j++) {
        tail_b[k * 8 + j] = j < tail ? b[(k0 + k) * b_k + (N - tail + j) * b_n] : 0;
      }
    }
    for (ptrdiff_t n0 = 0; n0 < N - tail; n0 += panel) {
      const ptrdiff_t columns = N - tail - n0 < panel ? N - tail - n0 : panel;
      const int32_t *const block_b = b + (k0 * b_k + n0 * b_n);
      /* The columns that are left over in the last tile need packing's zeros all the same. */
      ptrdiff_t direct = 0;
      while (in_place && direct < columns) {
        const ptrdiff_t width = nn_contract_width_i32(columns - direct) / SIZE;
        if (width > columns - direct) break;
        direct += width;
      }
      if (!is_packed) {
        nn_contract_pack_i32(depth, columns - direct, block_b + direct * b_n, b_k, b_n, b_packed + direct * depth);
      }
      /* The block after this one is asked for while this one is used, or what the caller wants of the finished sums. */
      const ptrdiff_t next_k = n0 + columns < N - tail ? k0 : k0 + block, next_n = next_k == k0 ? n0 + columns : 0;
      const ptrdiff_t next_depth = K - next_k < block ? K - next_k : block;
      const ptrdiff_t next_columns = N - tail - next_n < panel ? N - tail - next_n : panel;
      nn_contract_ahead ahead = nn_contract_look_ahead(
          next_depth > 0 ? b + (next_k * b_k + next_n * b_n) : b, b_n == 1 ? next_depth : next_columns,
          (b_n == 1 ? b_k : b_n) * SIZE, (b_n == 1 ? next_columns : next_depth) * SIZE);
      if (wanted && !is_far && k0 + block >= K) {
        ahead = nn_contract_look_ahead(wanted + n0, M, wanted_m * SIZE, columns * SIZE);
        ahead.other = other ? (const char *)(other + n0) : 0;
      }
      /* Where it has tiles to spare, a row of tiles asks for the rows of the next one too, two a tile; not a few tiles for rows
         that are read where they are. */
      const ptrdiff_t spare = (M / ROWS * (columns / VECTORS) - M / 2) * (depth / NN_CONTRACT_ROUND);
      const int asks_rows = a_k == 1 && (crowded || columns > 4 * VECTORS) && spare >= ahead.rows * ahead.lines;
      const int is_short = a_k == 1 && a_m > depth && !asks_rows && depth * SIZE <= 256;
      /* From here on one vector of columns is left, done for two tiles of rows at once unless k is too short to repay it. */
      const ptrdiff_t few_columns = columns % VECTORS;
      const int has_narrow = few_columns > 0 && few_columns <= VECTORS / 2 && block >= 16;
      const ptrdiff_t narrow = has_narrow ? columns - few_columns : columns;
      ptrdiff_t m0 = 0;
      if (narrow == 0 && N == columns && c_m == N && c_n == 1 && k0 == 0) {
        /* Rows of fewer columns than their vector are stored whole where rows behind them are yet to be stored, and hold no
           sums that a block of k after the first goes on from. */
        const ptrdiff_t bytes = nn_contract_width_i32(N), width = bytes / SIZE;
        for (; M - m0 >= 2 * ROWS && (M - m0 - 2 * ROWS) * N >= width - N; m0 += 2 * ROWS) {
          nn_contract_tile_i32(bytes, 2 * ROWS, depth, a + m0 * a_m, a_m, a_k, direct > 0 ? block_b : b_packed,
                               direct > 0 ? b_k : width, c + m0 * N, N, 0);
        }
      }
      for (; m0 < M; m0 += ROWS) {
        int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
        const int32_t *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m, tile_a_k = a_k;
        const ptrdiff_t odd = m0 / ROWS % 2 * ROWS, group = M - m0 + odd < 2 * ROWS ? M - m0 + odd : 2 * ROWS;
        if ((columns > VECTORS && a_m == 1) || tail > 0) {
          if (odd == 0 && a_m == 1) {
            nn_contract_pack_rows_i32(group, depth, tile_a, 1, a_k, a_packed);
            ahead.packed_next = (const char *)(tile_a + group);
            ahead.packed_step = a_k * SIZE;
            ahead.packed_lines = group < M - m0 ? depth : 0;
          } else if (odd == 0) {
            nn_contract_turn_i32(group, depth, tile_a, a_m, a_packed, 2 * ROWS);
          }
          tile_a = a_packed + odd;
          tile_a_m = 1;
          tile_a_k = 2 * ROWS;
          if (n0 == 0 && tail > 0 && odd > 0 && group == 2 * ROWS) {
            nn_contract_tail_i32(tail, depth, a_packed, tail_b, c + ((m0 - odd) * c_m + N - tail), c_m, k0 > 0);
          }
        } else if (columns > VECTORS && (a_k != 1 || crowded)) {
          const ptrdiff_t done = has_narrow ? odd : 0, count = has_narrow ? group : rows;
          if (done == 0) nn_contract_pack_rows_i32(count, depth, tile_a, a_m, a_k, a_packed);
          tile_a_m = (NN_CONTRACT_DEPTH + 64) / SIZE;
          tile_a = a_packed + done * tile_a_m;
          tile_a_k = 1;
        }
        if (n0 == 0 && tail > 0 && group < 2 * ROWS) {
          /* What is left of the rows takes the columns as vectors. */
          int32_t part[ROWS * 8], *const tail_c = c + (m0 * c_m + N - tail);
          for (ptrdiff_t i = 0; i < rows * 8 && k0 > 0; i++) part[i] = i % 8 < tail ? tail_c[i / 8 * c_m + i % 8] : 0;
          nn_contract_tile_i32(8 * SIZE, rows, depth, tile_a, tile_a_m, tile_a_k, tail_b, 8, part, 8, k0 > 0);
          for (int r = 0; r < rows; r++) nn_contract_copy_i32(tail_c + r * c_m, part + r * 8, tail);
        }
        /* Where k is short there are too few rounds for that: rows of few lines that lie apart are asked for at once. */
        for (ptrdiff_t m = m0 + ROWS; is_short && m < m0 + 2 * ROWS && m < M; m++) {
          for (ptrdiff_t k = 0; k < depth; k += 64 / SIZE) __builtin_prefetch(a + (m * a_m + k0 + k));
        }
        if (asks_rows && M - m0 > ROWS) {
          nn_contract_ask_soon(&ahead, a + ((m0 + ROWS) * a_m + k0), M - m0 - ROWS, a_m * SIZE, NN_CONTRACT_ROUND * SIZE);
        }
        for (ptrdiff_t n = 0; n < columns;) {
          const ptrdiff_t bytes = nn_contract_width_i32(columns - n), width = bytes / SIZE;
          const ptrdiff_t used = columns - n < width ? columns - n : width;
          const int32_t *const tile_b = n < direct ? block_b + n : b_packed + n * depth;
          const ptrdiff_t tile_b_k = n < direct ? b_k : width;
          int32_t *const tile_c = c + (m0 * c_m + (n0 + n) * c_n);
          if (n >= narrow) {
            if (odd > 0) break;
            rows = (int)group;
          }
          if (used == width && c_n == 1) {
            const nn_contract_asked asked = nn_contract_ask(&ahead, depth / NN_CONTRACT_ROUND);
            /* Lines that the sums go to; for blocks of k after the first, which go on from them, the next tile's. */
            const int32_t *stored = tile_c + (k0 > 0 ? width : 0);
            for (int r = 0; r < rows && (is_far || k0 > 0); r++, stored += c_m) {
              __builtin_prefetch(stored, 1);
              __builtin_prefetch(stored + width / 2, 1);
            }
            nn_contract_tile_ahead_i32(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, tile_c, c_m, k0 > 0,
                                       &asked);
          } else {
            int32_t part[ROWS * VECTORS];
            for (int r = 0; r < rows && k0 > 0; r++) {
              for (ptrdiff_t j = 0; j < width; j++) part[r * width + j] = j < used ? tile_c[r * c_m + j * c_n] : 0;
            }
            nn_contract_tile_i32(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, part, width, k0 > 0);
            for (int r = 0; r < rows && c_n == 1; r++) nn_contract_copy_i32(tile_c + r * c_m, part + r * width, used);
            for (ptrdiff_t j = 0; j < used && c_n != 1; j++) {
              for (int r = 0; r < rows; r++) tile_c[r * c_m + j * c_n] = part[r * width + j];
            }
          }
          n += used;
        }
      }
    }
  }
}
#endif

/* nn_contract_i32 of the next rows of a larger product. `first`: 0, or the rows of the first of these calls, if all since then
   had the same scratch, N, K and b: what it packed of b is used. `wanted` and `other`, if not 0: M rows of N elements, wanted_m
   apart, that the caller reads next; the tiles ask for them meanwhile. Where `wanted` is c, c is not in the cache yet. */
static void nn_contract_block_i32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int32_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const int32_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int32_t *c, ptrdiff_t c_m, void *scratch,
                                  int first, const int32_t *wanted, const int32_t *other, ptrdiff_t wanted_m) {
#if NN_CONTRACT_SIMD
  /* A few columns leave vectors half empty: then let the rows lie along them, where they are neighbours and more. */
  const int are_few = a_m == 1 && N * (ptrdiff_t)sizeof(int32_t) < NN_CONTRACT_SIMD / 8;
  if (M == 1 && b_n == 1 && N * (ptrdiff_t)sizeof(int32_t) >= NN_CONTRACT_SIMD / 8) {
    nn_contract_thin_i32(N, K, a, a_k, b, b_k, c);
  } else if (are_few && M > N) {
    nn_contract_blocks_i32(N, M, K, b, b_n, b_k, a, a_k, a_m, c, 1, c_m, scratch, 0, 0, 0, 0);
  } else {
    nn_contract_blocks_i32(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, 1, scratch, are_few ? 0 : first, wanted, other,
                           wanted_m);
  }
#else
  (void)scratch, (void)first, (void)wanted, (void)other, (void)wanted_m;
  for (ptrdiff_t m = 0; m < M; m++) {
    for (ptrdiff_t n0 = 0; n0 < N; n0 += 64) {
      const ptrdiff_t columns = N - n0 < 64 ? N - n0 : 64;
      int32_t sum[64] = {0};
      for (ptrdiff_t k = 0; k < K; k++) {
        const int32_t left = a[m * a_m + k * a_k];
        const int32_t *right = b + (k * b_k + n0 * b_n);
        for (ptrdiff_t n = 0; n < columns && b_n == 1; n++) sum[n] = NN_CONTRACT_FMA_i32(left, right[n], sum[n]);
        for (ptrdiff_t n = 0; n < columns && b_n != 1; n++) {
          sum[n] = NN_CONTRACT_FMA_i32(left, right[n * b_n], sum[n]);
        }
      }
      for (ptrdiff_t n = 0; n < columns; n++) c[m * c_m + n0 + n] = sum[n];
    }
  }
#endif
}
/* @end */

/* @section contract_i32 needs: contract_block_i32 */
/* c[M, N] = sum over k of a[M, K] b[K, N], each element one chain of multiply-adds from +0 in increasing k. Strides
   count elements; columns of c are neighbours. `scratch`: nn_contract_scratch bytes, aligned to 64. */
static void nn_contract_i32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int32_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                            const int32_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int32_t *c, ptrdiff_t c_m, void *scratch) {
  nn_contract_block_i32(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch, 0, c, 0, c_m);
}
/* @end */

/* @section contract_lanes_i32 needs: contract_vector_i32 */
#if NN_CONTRACT_SIMD
/* lanes[rows][16] += products of `rows` (1, 2 or 4) contiguous rows of a and one contiguous column, 16 | depth. */
NN_CONTRACT_INLINE void nn_contract_lanes_tile_i32(const int rows, ptrdiff_t depth, const int32_t *a, ptrdiff_t a_m,
                                                   const int32_t *b, int32_t *lanes) {
  enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(int32_t), VECTORS = 16 / WIDTH };
  NN_CONTRACT_VECTOR(i32) sum[4][VECTORS];
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(&sum[r][v], lanes + r * 16 + v * WIDTH, BYTES);
  }
  for (ptrdiff_t k = 0; k < depth; k += 16) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      NN_CONTRACT_VECTOR(i32) right;
      __builtin_memcpy(&right, b + k + v * WIDTH, BYTES);
      NN_CONTRACT_UNROLL
      for (int r = 0; r < rows; r++) {
        NN_CONTRACT_VECTOR(i32) left;
        __builtin_memcpy(&left, a + r * a_m + k + v * WIDTH, BYTES);
        sum[r][v] = NN_CONTRACT_VECTOR_FMA(i32, left, right, sum[r][v]);
      }
    }
  }
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(lanes + r * 16 + v * WIDTH, &sum[r][v], BYTES);
  }
}
#endif

/* lanes[rows][16] += products of contiguous rows of a and one contiguous column; k = 0 belongs to lane 0. */
static void nn_contract_lanes_rows_i32(int rows, ptrdiff_t depth, const int32_t *a, ptrdiff_t a_m, const int32_t *b,
                                       int32_t *lanes) {
  ptrdiff_t whole = 0;
#if NN_CONTRACT_SIMD
  whole = depth / 16 * 16;
  for (int r = 0; r < rows;) {
    const int left = rows - r;
    if (left >= 4 && NN_CONTRACT_SIMD >= 64 * (int)sizeof(int32_t)) {
      nn_contract_lanes_tile_i32(4, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 4;
    } else if (left >= 2 && NN_CONTRACT_SIMD >= 32 * (int)sizeof(int32_t)) {
      nn_contract_lanes_tile_i32(2, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 2;
    } else {
      nn_contract_lanes_tile_i32(1, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 1;
    }
  }
#endif
  for (int r = 0; r < rows; r++) {
    for (ptrdiff_t k0 = whole; k0 < depth; k0 += 16) {
      for (ptrdiff_t k = k0; k < depth && k < k0 + 16; k++) {
        lanes[r * 16 + k - k0] = NN_CONTRACT_FMA_i32(a[r * a_m + k], b[k], lanes[r * 16 + k - k0]);
      }
    }
  }
}

/* The same product with each element's k cut into 16 lanes, k mod 16, that are added up in halves: for few columns. */
static void nn_contract_lanes_i32(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int32_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const int32_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int32_t *c, ptrdiff_t c_m,
                                  void *scratch) {
  enum {
    SIZE = (int)sizeof(int32_t),
    ROWS = 4,
    COLUMNS = 4,
    A_DEPTH = NN_CONTRACT_TILE_BYTES / ROWS / SIZE / 16 * 16 - 16,
    A_STRIDE = A_DEPTH + 16,
    B_DEPTH = NN_CONTRACT_BLOCK_BYTES / COLUMNS / SIZE
  };
  int32_t *const a_packed = (int32_t *)scratch;
  int32_t *const b_packed = (int32_t *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  for (ptrdiff_t n0 = 0; n0 < N; n0 += COLUMNS) {
    const int columns = N - n0 < COLUMNS ? (int)(N - n0) : COLUMNS;
    for (ptrdiff_t m0 = 0; m0 < M; m0 += ROWS) {
      const int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
      int32_t lanes[COLUMNS][ROWS * 16];
      for (int n = 0; n < columns; n++) {
        for (int l = 0; l < ROWS * 16; l++) lanes[n][l] = 0;
      }
      for (ptrdiff_t k0 = 0; k0 < K; k0 += A_DEPTH) {
        const ptrdiff_t depth = K - k0 < A_DEPTH ? K - k0 : (ptrdiff_t)A_DEPTH;
        const int32_t *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m;
        if (a_k != 1) {
          for (int r = 0; r < rows && a_m != 1; r++) {
            for (ptrdiff_t k = 0; k < depth; k++) a_packed[r * A_STRIDE + k] = tile_a[r * a_m + k * a_k];
          }
          for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
            for (int r = 0; r < rows; r++) a_packed[r * A_STRIDE + k] = tile_a[k * a_k + r];
          }
          tile_a = a_packed;
          tile_a_m = A_STRIDE;
        }
        for (int n = 0; n < columns; n++) {
          const int32_t *tile_b = b + (k0 * b_k + (n0 + n) * b_n);
          if (b_k != 1) {
            /* Columns that fit stay packed for all rows, others are packed anew for each tile. */
            int32_t *const packed = b_packed + (K <= B_DEPTH ? n * K + k0 : n * A_DEPTH);
            for (ptrdiff_t k = 0; k < depth && (m0 == 0 || K > B_DEPTH); k++) packed[k] = tile_b[k * b_k];
            tile_b = packed;
          }
          nn_contract_lanes_rows_i32(rows, depth, tile_a, tile_a_m, tile_b, lanes[n]);
        }
      }
      for (int n = 0; n < columns; n++) {
        for (int r = 0; r < rows; r++) {
          int32_t *const lane = lanes[n] + r * 16;
          for (int half = 8; half >= 1; half /= 2) {
            for (int l = 0; l < half; l++) lane[l] = NN_CONTRACT_ADD_i32(lane[l], lane[l + half]);
          }
          c[(m0 + r) * c_m + n0 + n] = lane[0];
        }
      }
    }
  }
}
/* @end */

/* @section contract_vector_i64 needs: contract_config */
#if NN_CONTRACT_SIMD >= 128
typedef uint64_t nn_i64_v16 __attribute__((vector_size(16)));

NN_CONTRACT_INLINE nn_i64_v16 nn_i64_v16_splat(int64_t x) {
  const uint64_t y = (uint64_t)x;
  const nn_i64_v16 v = {y, y};
  return v;
}

NN_CONTRACT_INLINE nn_i64_v16 nn_i64_v16_fma(nn_i64_v16 a, nn_i64_v16 b, nn_i64_v16 c) { return a * b + c; }
#endif

#if NN_CONTRACT_SIMD >= 256
typedef uint64_t nn_i64_v32 __attribute__((vector_size(32)));

NN_CONTRACT_INLINE nn_i64_v32 nn_i64_v32_splat(int64_t x) {
  const uint64_t y = (uint64_t)x;
  const nn_i64_v32 v = {y, y, y, y};
  return v;
}

NN_CONTRACT_INLINE nn_i64_v32 nn_i64_v32_fma(nn_i64_v32 a, nn_i64_v32 b, nn_i64_v32 c) { return a * b + c; }
#endif

#if NN_CONTRACT_SIMD >= 512
typedef uint64_t nn_i64_v64 __attribute__((vector_size(64)));

NN_CONTRACT_INLINE nn_i64_v64 nn_i64_v64_splat(int64_t x) {
  const uint64_t y = (uint64_t)x;
  const nn_i64_v64 v = {y, y, y, y, y, y, y, y};
  return v;
}

NN_CONTRACT_INLINE nn_i64_v64 nn_i64_v64_fma(nn_i64_v64 a, nn_i64_v64 b, nn_i64_v64 c) { return a * b + c; }
#endif
/* @end */

/* @section contract_parts_i64 needs: contract_tile contract_vector_i64 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TILE(i64, int64_t, 16)
#if NN_CONTRACT_SIMD >= 256
NN_CONTRACT_DEFINE_TILE(i64, int64_t, 32)
#endif
#if NN_CONTRACT_SIMD >= 512
NN_CONTRACT_DEFINE_TILE(i64, int64_t, 64)
#endif

NN_CONTRACT_DEFINE_TURN(i64, int64_t)

/* The bytes of a row of the next tile where `columns` are left: two vectors, one, or the part of one that will do. */
static ptrdiff_t nn_contract_width_i64(ptrdiff_t columns) {
  const ptrdiff_t bytes = columns > 64 ? 256 : columns * (ptrdiff_t)sizeof(int64_t);
  const ptrdiff_t vector = NN_CONTRACT_SIMD / 8;
  if (bytes > vector + (vector == 32 ? 0 : vector / 2)) return 2 * vector;
  if (bytes > vector / 2 || vector == 16) return bytes > vector && vector == 16 ? 32 : vector;
  return bytes > 16 ? 32 : 16;
}

/* All the rows of one tile, c being wide enough for whole vectors; asks for memory that will be wanted soon. */
static void nn_contract_tile_ahead_i64(ptrdiff_t width, int rows, ptrdiff_t depth, const int64_t *a, ptrdiff_t a_m,
                                       ptrdiff_t a_k, const int64_t *b, ptrdiff_t b_k, int64_t *c, ptrdiff_t c_m, int more,
                                       const nn_contract_asked *asked) {
  while (rows > 0) {
    int done;
#if NN_CONTRACT_SIMD >= 512
    if (width >= 64) {
      done = nn_contract_rows_i64_64(rows, (int)(width / 64), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
#if NN_CONTRACT_SIMD >= 256
    if (width >= 32) {
      done = nn_contract_rows_i64_32(rows, (int)(width / 32), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    } else
#endif
    {
      done = nn_contract_rows_i64_16(rows, (int)(width / 16), depth, a, a_m, a_k, b, b_k, c, c_m, more, asked);
    }
    rows -= done;
    a += done * a_m;
    c += done * c_m;
  }
}

static void nn_contract_tile_i64(ptrdiff_t width, int rows, ptrdiff_t depth, const int64_t *a, ptrdiff_t a_m,
                                 ptrdiff_t a_k, const int64_t *b, ptrdiff_t b_k, int64_t *c, ptrdiff_t c_m, int more) {
  const nn_contract_asked nothing = {(const char *)b, 0, (const char *)b, 0, 0};
  nn_contract_tile_ahead_i64(width, rows, depth, a, a_m, a_k, b, b_k, c, c_m, more, &nothing);
}

/* Copies n elements; where there are enough of them, 16 bytes at a time, the last 16 perhaps overlapping. */
NN_CONTRACT_INLINE void nn_contract_copy_i64(int64_t *to, const int64_t *from, ptrdiff_t n) {
  enum { CHUNK = 16 / (int)sizeof(int64_t) };
  if (n < CHUNK) {
    for (ptrdiff_t i = 0; i < n; i++) to[i] = from[i];
    return;
  }
  ptrdiff_t i = 0;
#if NN_CONTRACT_SIMD >= 256
  for (; i + 2 * CHUNK <= n; i += 2 * CHUNK) {
    __builtin_memcpy(to + i, from + i, 32);
    NN_CONTRACT_HIDE(to); /* or compilers call memcpy, which takes longer than what is copied here */
  }
#endif
  for (; i + CHUNK <= n; i += CHUNK) __builtin_memcpy(to + i, from + i, 16);
  if (i < n) __builtin_memcpy(to + n - CHUNK, from + n - CHUNK, 16);
}
#endif
/* @end */

/* @section contract_block_i64 needs: contract_parts_i64 */
#if NN_CONTRACT_SIMD
NN_CONTRACT_DEFINE_TAIL(i64, int64_t)

NN_CONTRACT_DEFINE_THIN(i64, int64_t)

/* Packs b[depth, columns] tile by tile, each as [depth, width], the last one filled up with zeros. */
static void nn_contract_pack_i64(ptrdiff_t depth, ptrdiff_t columns, const int64_t *b, ptrdiff_t b_k, ptrdiff_t b_n,
                                 int64_t *packed) {
  enum { SIZE = (int)sizeof(int64_t), VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE };
  const ptrdiff_t whole = columns / VECTORS * VECTORS, far = columns <= 2 * VECTORS ? 16 : 6;
  if (b_n == 1) {
    for (ptrdiff_t k = 0; k < depth && whole > 0; k++) {
      /* Rows lie in pages of their own, and the processor does not look ahead from one to the next. */
      const int64_t *const ahead = b + (k + far < depth ? k + far : depth - 1) * b_k;
      for (ptrdiff_t n = 0; n < whole; n += VECTORS) {
        __builtin_prefetch(ahead + n);
        __builtin_prefetch(ahead + n + VECTORS / 2);
        __builtin_memcpy(packed + n * depth + k * VECTORS, b + k * b_k + n, sizeof(int64_t[VECTORS]));
      }
    }
  }
  for (ptrdiff_t n = b_n == 1 ? whole : 0; n < columns;) {
    const ptrdiff_t width = nn_contract_width_i64(columns - n) / SIZE;
    const ptrdiff_t used = columns - n < width ? columns - n : width;
    int64_t *const tile = packed + n * depth;
    if (used < width) __builtin_memset(tile, 0, (size_t)(depth * width) * sizeof(int64_t));
    for (ptrdiff_t k = 0; k < depth && b_n == 1; k++) {
      nn_contract_copy_i64(tile + k * width, b + k * b_k + n, used);
    }
    /* A line of the cache, 16 elements of a column, is read at once. */
    const ptrdiff_t turned = SIZE == 4 && b_k == 1 && b_n != 1 && used >= 4 ? depth / 16 * 16 : 0;
    const int is_far = b_n * SIZE > 1024; /* nearer columns are found by the processor */
    for (ptrdiff_t k = 0; k < turned; k += 16) {
      for (ptrdiff_t j = 0; j < used; j += 4) {
        const ptrdiff_t column = j + 4 <= used ? j : used - 4;
        for (ptrdiff_t ahead = n + column + 12; is_far && ahead < n + column + 16 && ahead < columns; ahead++) {
          __builtin_prefetch(b + (ahead * b_n + k));
        }
        for (ptrdiff_t i = k; i < k + 16; i += 4) {
          const int64_t *const from = b + ((n + column) * b_n + i);
          nn_contract_transpose(from, from + b_n, from + 2 * b_n, from + 3 * b_n, (char *)(tile + i * width + column),
                                width * SIZE);
        }
      }
    }
    for (ptrdiff_t j = 0; j < used && b_n != 1; j++) {
      for (ptrdiff_t k = turned; k < depth; k++) tile[k * width + j] = b[k * b_k + (n + j) * b_n];
    }
    n += used;
  }
}

/* Packs rows of a: [depth][2 ROWS] where neighbours in memory are neighbours in m, else rows DEPTH + 64 bytes apart. */
static void nn_contract_pack_rows_i64(ptrdiff_t rows, ptrdiff_t depth, const int64_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                      int64_t *packed) {
  enum { SIZE = (int)sizeof(int64_t), GROUP = 2 * NN_CONTRACT_ROWS, STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE };
  for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
    if (rows == GROUP) {
      __builtin_memcpy(packed + k * GROUP, a + k * a_k, sizeof(int64_t[GROUP]));
    } else {
      nn_contract_copy_i64(packed + k * GROUP, a + k * a_k, rows);
    }
  }
  for (ptrdiff_t r = 0; r < rows && a_m != 1; r++) {
    if (a_k == 1) {
      nn_contract_copy_i64(packed + r * STRIDE, a + r * a_m, depth);
    } else {
      for (ptrdiff_t k = 0; k < depth; k++) packed[r * STRIDE + k] = a[r * a_m + k * a_k];
    }
  }
}

/* The product with any strides of c: rows of a against columns of b. */
static void nn_contract_blocks_i64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int64_t *a, ptrdiff_t a_m,
                                   ptrdiff_t a_k, const int64_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int64_t *c,
                                   ptrdiff_t c_m, ptrdiff_t c_n, void *scratch, int first, const int64_t *wanted,
                                   const int64_t *other, ptrdiff_t wanted_m) {
  enum {
    SIZE = (int)sizeof(int64_t),
    VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,
    ROWS = NN_CONTRACT_ROWS,
    DEPTH = NN_CONTRACT_DEPTH / SIZE,
    /* Whether a vector holds as many rows as are packed together. */
    TAILED = SIZE == 4 && 2 * NN_CONTRACT_ROWS * SIZE == NN_CONTRACT_SIMD / 8
  };
  /* The rows by which is decided what is packed: as many for the last rows of a product as for the first. */
  const ptrdiff_t rows_of_first = first ? first : M;
  const int is_far = wanted == c;
  int64_t *const a_packed = (int64_t *)scratch;
  int64_t *const b_packed = (int64_t *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;
  const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;
  /* A few columns behind whole vectors, many rows: then the rows lie along the vectors for these. */
  const ptrdiff_t few = N % (VECTORS / 2);
  const int has_tail = TAILED && c_n == 1 && few > 0 && few <= 8 && N > VECTORS && rows_of_first >= 4 * ROWS && block >= 4 &&
                       (a_m == 1 || a_k == 1);
  const ptrdiff_t tail = has_tail ? few : 0;
  /* Rows that lie nearly a multiple of 4 KiB apart fall on the same sets of the first cache, of which they would leave none
     for b: they are copied. Others are read where they are. */
  const ptrdiff_t apart = a_m * SIZE % 4096;
  const int crowded = apart < 512 || apart > 4096 - 512;
  /* Few rows do not repay packing, nor do more where the right operand lies together in the second-level cache: some with AVX2,
     hundreds with AVX-512, where each load serves twice as many multiply-adds (measured). */
  const ptrdiff_t span = K * b_k * SIZE;
  const int is_near = a_k == 1 && (NN_CONTRACT_SIMD == 512 ? span <= 131072 : b_k * SIZE <= 1024 && span <= 262144);
  const ptrdiff_t near_rows = NN_CONTRACT_SIMD == 512 ? 64 * ROWS : NN_CONTRACT_SIMD == 256 ? 8 * ROWS : 0;
  const int in_place = b_n == 1 && (rows_of_first < 4 * ROWS || (is_near && rows_of_first <= near_rows));
  const ptrdiff_t panel = (NN_CONTRACT_BLOCK_BYTES / SIZE / block - (has_tail ? 8 : 0)) / VECTORS * VECTORS;
  /* Behind the panel: the scratch has room for columns up to a multiple of 64. */
  int64_t *const tail_b = b_packed + (N - tail < panel ? N - tail : panel) * block;
  const int is_packed = first && blocks == 1 && N - tail <= panel;

  for (ptrdiff_t k0 = 0; k0 < K || k0 == 0; k0 += block) {
    const ptrdiff_t depth = K - k0 < block ? K - k0 : block;
    for (ptrdiff_t k = 0; k < depth && tail > 0 && !is_packed; k++) {
      for (ptrdiff_t j = 0; j < 8; j++) {
        tail_b[k * 8 + j] = j < tail ? b[(k0 + k) * b_k + (N - tail + j) * b_n] : 0;
      }
    }
    for (ptrdiff_t n0 = 0; n0 < N - tail; n0 += panel) {
      const ptrdiff_t columns = N - tail - n0 < panel ? N - tail - n0 : panel;
      const int64_t *const block_b = b + (k0 * b_k + n0 * b_n);
      /* The columns that are left over in the last tile need packing's zeros all the same. */
      ptrdiff_t direct = 0;
      while (in_place && direct < columns) {
        const ptrdiff_t width = nn_contract_width_i64(columns - direct) / SIZE;
        if (width > columns - direct) break;
        direct += width;
      }
      if (!is_packed) {
        nn_contract_pack_i64(depth, columns - direct, block_b + direct * b_n, b_k, b_n, b_packed + direct * depth);
      }
      /* The block after this one is asked for while this one is used, or what the caller wants of the finished sums. */
      const ptrdiff_t next_k = n0 + columns < N - tail ? k0 : k0 + block, next_n = next_k == k0 ? n0 + columns : 0;
      const ptrdiff_t next_depth = K - next_k < block ? K - next_k : block;
      const ptrdiff_t next_columns = N - tail - next_n < panel ? N - tail - next_n : panel;
      nn_contract_ahead ahead = nn_contract_look_ahead(
          next_depth > 0 ? b + (next_k * b_k + next_n * b_n) : b, b_n == 1 ? next_depth : next_columns,
          (b_n == 1 ? b_k : b_n) * SIZE, (b_n == 1 ? next_columns : next_depth) * SIZE);
      if (wanted && !is_far && k0 + block >= K) {
        ahead = nn_contract_look_ahead(wanted + n0, M, wanted_m * SIZE, columns * SIZE);
        ahead.other = other ? (const char *)(other + n0) : 0;
      }
      /* Where it has tiles to spare, a row of tiles asks for the rows of the next one too, two a tile; not a few tiles for rows
         that are read where they are. */
      const ptrdiff_t spare = (M / ROWS * (columns / VECTORS) - M / 2) * (depth / NN_CONTRACT_ROUND);
      const int asks_rows = a_k == 1 && (crowded || columns > 4 * VECTORS) && spare >= ahead.rows * ahead.lines;
      const int is_short = a_k == 1 && a_m > depth && !asks_rows && depth * SIZE <= 256;
      /* From here on one vector of columns is left, done for two tiles of rows at once unless k is too short to repay it. */
      const ptrdiff_t few_columns = columns % VECTORS;
      const int has_narrow = few_columns > 0 && few_columns <= VECTORS / 2 && block >= 16;
      const ptrdiff_t narrow = has_narrow ? columns - few_columns : columns;
      ptrdiff_t m0 = 0;
      if (narrow == 0 && N == columns && c_m == N && c_n == 1 && k0 == 0) {
        /* Rows of fewer columns than their vector are stored whole where rows behind them are yet to be stored, and hold no
           sums that a block of k after the first goes on from. */
        const ptrdiff_t bytes = nn_contract_width_i64(N), width = bytes / SIZE;
        for (; M - m0 >= 2 * ROWS && (M - m0 - 2 * ROWS) * N >= width - N; m0 += 2 * ROWS) {
          nn_contract_tile_i64(bytes, 2 * ROWS, depth, a + m0 * a_m, a_m, a_k, direct > 0 ? block_b : b_packed,
                               direct > 0 ? b_k : width, c + m0 * N, N, 0);
        }
      }
      for (; m0 < M; m0 += ROWS) {
        int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
        const int64_t *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m, tile_a_k = a_k;
        const ptrdiff_t odd = m0 / ROWS % 2 * ROWS, group = M - m0 + odd < 2 * ROWS ? M - m0 + odd : 2 * ROWS;
        if ((columns > VECTORS && a_m == 1) || tail > 0) {
          if (odd == 0 && a_m == 1) {
            nn_contract_pack_rows_i64(group, depth, tile_a, 1, a_k, a_packed);
            ahead.packed_next = (const char *)(tile_a + group);
            ahead.packed_step = a_k * SIZE;
            ahead.packed_lines = group < M - m0 ? depth : 0;
          } else if (odd == 0) {
            nn_contract_turn_i64(group, depth, tile_a, a_m, a_packed, 2 * ROWS);
          }
          tile_a = a_packed + odd;
          tile_a_m = 1;
          tile_a_k = 2 * ROWS;
          if (n0 == 0 && tail > 0 && odd > 0 && group == 2 * ROWS) {
            nn_contract_tail_i64(tail, depth, a_packed, tail_b, c + ((m0 - odd) * c_m + N - tail), c_m, k0 > 0);
          }
        } else if (columns > VECTORS && (a_k != 1 || crowded)) {
          const ptrdiff_t done = has_narrow ? odd : 0, count = has_narrow ? group : rows;
          if (done == 0) nn_contract_pack_rows_i64(count, depth, tile_a, a_m, a_k, a_packed);
          tile_a_m = (NN_CONTRACT_DEPTH + 64) / SIZE;
          tile_a = a_packed + done * tile_a_m;
          tile_a_k = 1;
        }
        if (n0 == 0 && tail > 0 && group < 2 * ROWS) {
          /* What is left of the rows takes the columns as vectors. */
          int64_t part[ROWS * 8], *const tail_c = c + (m0 * c_m + N - tail);
          for (ptrdiff_t i = 0; i < rows * 8 && k0 > 0; i++) part[i] = i % 8 < tail ? tail_c[i / 8 * c_m + i % 8] : 0;
          nn_contract_tile_i64(8 * SIZE, rows, depth, tile_a, tile_a_m, tile_a_k, tail_b, 8, part, 8, k0 > 0);
          for (int r = 0; r < rows; r++) nn_contract_copy_i64(tail_c + r * c_m, part + r * 8, tail);
        }
        /* Where k is short there are too few rounds for that: rows of few lines that lie apart are asked for at once. */
        for (ptrdiff_t m = m0 + ROWS; is_short && m < m0 + 2 * ROWS && m < M; m++) {
          for (ptrdiff_t k = 0; k < depth; k += 64 / SIZE) __builtin_prefetch(a + (m * a_m + k0 + k));
        }
        if (asks_rows && M - m0 > ROWS) {
          nn_contract_ask_soon(&ahead, a + ((m0 + ROWS) * a_m + k0), M - m0 - ROWS, a_m * SIZE, NN_CONTRACT_ROUND * SIZE);
        }
        for (ptrdiff_t n = 0; n < columns;) {
          const ptrdiff_t bytes = nn_contract_width_i64(columns - n), width = bytes / SIZE;
          const ptrdiff_t used = columns - n < width ? columns - n : width;
          const int64_t *const tile_b = n < direct ? block_b + n : b_packed + n * depth;
          const ptrdiff_t tile_b_k = n < direct ? b_k : width;
          int64_t *const tile_c = c + (m0 * c_m + (n0 + n) * c_n);
          if (n >= narrow) {
            if (odd > 0) break;
            rows = (int)group;
          }
          if (used == width && c_n == 1) {
            const nn_contract_asked asked = nn_contract_ask(&ahead, depth / NN_CONTRACT_ROUND);
            /* Lines that the sums go to; for blocks of k after the first, which go on from them, the next tile's. */
            const int64_t *stored = tile_c + (k0 > 0 ? width : 0);
            for (int r = 0; r < rows && (is_far || k0 > 0); r++, stored += c_m) {
              __builtin_prefetch(stored, 1);
              __builtin_prefetch(stored + width / 2, 1);
            }
            nn_contract_tile_ahead_i64(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, tile_c, c_m, k0 > 0,
                                       &asked);
          } else {
            int64_t part[ROWS * VECTORS];
            for (int r = 0; r < rows && k0 > 0; r++) {
              for (ptrdiff_t j = 0; j < width; j++) part[r * width + j] = j < used ? tile_c[r * c_m + j * c_n] : 0;
            }
            nn_contract_tile_i64(bytes, rows, depth, tile_a, tile_a_m, tile_a_k, tile_b, tile_b_k, part, width, k0 > 0);
            for (int r = 0; r < rows && c_n == 1; r++) nn_contract_copy_i64(tile_c + r * c_m, part + r * width, used);
            for (ptrdiff_t j = 0; j < used && c_n != 1; j++) {
              for (int r = 0; r < rows; r++) tile_c[r * c_m + j * c_n] = part[r * width + j];
            }
          }
          n += used;
        }
      }
    }
  }
}
#endif

/* nn_contract_i64 of the next rows of a larger product. `first`: 0, or the rows of the first of these calls, if all since then
   had the same scratch, N, K and b: what it packed of b is used. `wanted` and `other`, if not 0: M rows of N elements, wanted_m
   apart, that the caller reads next; the tiles ask for them meanwhile. Where `wanted` is c, c is not in the cache yet. */
static void nn_contract_block_i64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int64_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const int64_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int64_t *c, ptrdiff_t c_m, void *scratch,
                                  int first, const int64_t *wanted, const int64_t *other, ptrdiff_t wanted_m) {
#if NN_CONTRACT_SIMD
  /* A few columns leave vectors half empty: then let the rows lie along them, where they are neighbours and more. */
  const int are_few = a_m == 1 && N * (ptrdiff_t)sizeof(int64_t) < NN_CONTRACT_SIMD / 8;
  if (M == 1 && b_n == 1 && N * (ptrdiff_t)sizeof(int64_t) >= NN_CONTRACT_SIMD / 8) {
    nn_contract_thin_i64(N, K, a, a_k, b, b_k, c);
  } else if (are_few && M > N) {
    nn_contract_blocks_i64(N, M, K, b, b_n, b_k, a, a_k, a_m, c, 1, c_m, scratch, 0, 0, 0, 0);
  } else {
    nn_contract_blocks_i64(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, 1, scratch, are_few ? 0 : first, wanted, other,
                           wanted_m);
  }
#else
  (void)scratch, (void)first, (void)wanted, (void)other, (void)wanted_m;
  for (ptrdiff_t m = 0; m < M; m++) {
    for (ptrdiff_t n0 = 0; n0 < N; n0 += 64) {
      const ptrdiff_t columns = N - n0 < 64 ? N - n0 : 64;
      int64_t sum[64] = {0};
      for (ptrdiff_t k = 0; k < K; k++) {
        const int64_t left = a[m * a_m + k * a_k];
        const int64_t *right = b + (k * b_k + n0 * b_n);
        for (ptrdiff_t n = 0; n < columns && b_n == 1; n++) sum[n] = NN_CONTRACT_FMA_i64(left, right[n], sum[n]);
        for (ptrdiff_t n = 0; n < columns && b_n != 1; n++) {
          sum[n] = NN_CONTRACT_FMA_i64(left, right[n * b_n], sum[n]);
        }
      }
      for (ptrdiff_t n = 0; n < columns; n++) c[m * c_m + n0 + n] = sum[n];
    }
  }
#endif
}
/* @end */

/* @section contract_i64 needs: contract_block_i64 */
/* c[M, N] = sum over k of a[M, K] b[K, N], each element one chain of multiply-adds from +0 in increasing k. Strides
   count elements; columns of c are neighbours. `scratch`: nn_contract_scratch bytes, aligned to 64. */
static void nn_contract_i64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int64_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                            const int64_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int64_t *c, ptrdiff_t c_m, void *scratch) {
  nn_contract_block_i64(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch, 0, c, 0, c_m);
}
/* @end */

/* @section contract_lanes_i64 needs: contract_vector_i64 */
#if NN_CONTRACT_SIMD
/* lanes[rows][16] += products of `rows` (1, 2 or 4) contiguous rows of a and one contiguous column, 16 | depth. */
NN_CONTRACT_INLINE void nn_contract_lanes_tile_i64(const int rows, ptrdiff_t depth, const int64_t *a, ptrdiff_t a_m,
                                                   const int64_t *b, int64_t *lanes) {
  enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(int64_t), VECTORS = 16 / WIDTH };
  NN_CONTRACT_VECTOR(i64) sum[4][VECTORS];
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(&sum[r][v], lanes + r * 16 + v * WIDTH, BYTES);
  }
  for (ptrdiff_t k = 0; k < depth; k += 16) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      NN_CONTRACT_VECTOR(i64) right;
      __builtin_memcpy(&right, b + k + v * WIDTH, BYTES);
      NN_CONTRACT_UNROLL
      for (int r = 0; r < rows; r++) {
        NN_CONTRACT_VECTOR(i64) left;
        __builtin_memcpy(&left, a + r * a_m + k + v * WIDTH, BYTES);
        sum[r][v] = NN_CONTRACT_VECTOR_FMA(i64, left, right, sum[r][v]);
      }
    }
  }
  NN_CONTRACT_UNROLL
  for (int r = 0; r < rows; r++) {
    NN_CONTRACT_UNROLL
    for (int v = 0; v < VECTORS; v++) __builtin_memcpy(lanes + r * 16 + v * WIDTH, &sum[r][v], BYTES);
  }
}
#endif

/* lanes[rows][16] += products of contiguous rows of a and one contiguous column; k = 0 belongs to lane 0. */
static void nn_contract_lanes_rows_i64(int rows, ptrdiff_t depth, const int64_t *a, ptrdiff_t a_m, const int64_t *b,
                                       int64_t *lanes) {
  ptrdiff_t whole = 0;
#if NN_CONTRACT_SIMD
  whole = depth / 16 * 16;
  for (int r = 0; r < rows;) {
    const int left = rows - r;
    if (left >= 4 && NN_CONTRACT_SIMD >= 64 * (int)sizeof(int64_t)) {
      nn_contract_lanes_tile_i64(4, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 4;
    } else if (left >= 2 && NN_CONTRACT_SIMD >= 32 * (int)sizeof(int64_t)) {
      nn_contract_lanes_tile_i64(2, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 2;
    } else {
      nn_contract_lanes_tile_i64(1, whole, a + r * a_m, a_m, b, lanes + r * 16);
      r += 1;
    }
  }
#endif
  for (int r = 0; r < rows; r++) {
    for (ptrdiff_t k0 = whole; k0 < depth; k0 += 16) {
      for (ptrdiff_t k = k0; k < depth && k < k0 + 16; k++) {
        lanes[r * 16 + k - k0] = NN_CONTRACT_FMA_i64(a[r * a_m + k], b[k], lanes[r * 16 + k - k0]);
      }
    }
  }
}

/* The same product with each element's k cut into 16 lanes, k mod 16, that are added up in halves: for few columns. */
static void nn_contract_lanes_i64(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const int64_t *a, ptrdiff_t a_m, ptrdiff_t a_k,
                                  const int64_t *b, ptrdiff_t b_k, ptrdiff_t b_n, int64_t *c, ptrdiff_t c_m,
                                  void *scratch) {
  enum {
    SIZE = (int)sizeof(int64_t),
    ROWS = 4,
    COLUMNS = 4,
    A_DEPTH = NN_CONTRACT_TILE_BYTES / ROWS / SIZE / 16 * 16 - 16,
    A_STRIDE = A_DEPTH + 16,
    B_DEPTH = NN_CONTRACT_BLOCK_BYTES / COLUMNS / SIZE
  };
  int64_t *const a_packed = (int64_t *)scratch;
  int64_t *const b_packed = (int64_t *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);
  for (ptrdiff_t n0 = 0; n0 < N; n0 += COLUMNS) {
    const int columns = N - n0 < COLUMNS ? (int)(N - n0) : COLUMNS;
    for (ptrdiff_t m0 = 0; m0 < M; m0 += ROWS) {
      const int rows = M - m0 < ROWS ? (int)(M - m0) : ROWS;
      int64_t lanes[COLUMNS][ROWS * 16];
      for (int n = 0; n < columns; n++) {
        for (int l = 0; l < ROWS * 16; l++) lanes[n][l] = 0;
      }
      for (ptrdiff_t k0 = 0; k0 < K; k0 += A_DEPTH) {
        const ptrdiff_t depth = K - k0 < A_DEPTH ? K - k0 : (ptrdiff_t)A_DEPTH;
        const int64_t *tile_a = a + (m0 * a_m + k0 * a_k);
        ptrdiff_t tile_a_m = a_m;
        if (a_k != 1) {
          for (int r = 0; r < rows && a_m != 1; r++) {
            for (ptrdiff_t k = 0; k < depth; k++) a_packed[r * A_STRIDE + k] = tile_a[r * a_m + k * a_k];
          }
          for (ptrdiff_t k = 0; k < depth && a_m == 1; k++) {
            for (int r = 0; r < rows; r++) a_packed[r * A_STRIDE + k] = tile_a[k * a_k + r];
          }
          tile_a = a_packed;
          tile_a_m = A_STRIDE;
        }
        for (int n = 0; n < columns; n++) {
          const int64_t *tile_b = b + (k0 * b_k + (n0 + n) * b_n);
          if (b_k != 1) {
            /* Columns that fit stay packed for all rows, others are packed anew for each tile. */
            int64_t *const packed = b_packed + (K <= B_DEPTH ? n * K + k0 : n * A_DEPTH);
            for (ptrdiff_t k = 0; k < depth && (m0 == 0 || K > B_DEPTH); k++) packed[k] = tile_b[k * b_k];
            tile_b = packed;
          }
          nn_contract_lanes_rows_i64(rows, depth, tile_a, tile_a_m, tile_b, lanes[n]);
        }
      }
      for (int n = 0; n < columns; n++) {
        for (int r = 0; r < rows; r++) {
          int64_t *const lane = lanes[n] + r * 16;
          for (int half = 8; half >= 1; half /= 2) {
            for (int l = 0; l < half; l++) lane[l] = NN_CONTRACT_ADD_i64(lane[l], lane[l + half]);
          }
          c[(m0 + r) * c_m + n0 + n] = lane[0];
        }
      }
    }
  }
}
/* @end */

/* @section contract_guard_end needs: */
#endif
/* @end */
