/* @section contract_lines_guard_begin needs: */
/* nn_contract_lines.h: products of sliding windows that read the lines of their images in place, whole vectors at a time.
   A part of nn_contract_view.h. */
#ifndef NN_CONTRACT_LINES_H
#define NN_CONTRACT_LINES_H

#include "nn_contract_places.h"
/* @end */

/* @section contract_lines needs: contract_places */
#if NN_CONTRACT_SIMD
/* Vectors of a tile that reads its columns where they lie: with six rows they fill the registers. */
#if NN_CONTRACT_SIMD == 512 || defined(__aarch64__)
#define NN_CONTRACT_REACH 4
#else
#define NN_CONTRACT_REACH 2
#endif

/* The k of a product that are multiplied: of `depth` those that are first .. stop - 1 in a period. */
typedef struct {
  ptrdiff_t depth, period, first, stop;
} nn_contract_span;

NN_CONTRACT_INLINE nn_contract_span nn_contract_all(ptrdiff_t depth) {
  const nn_contract_span all = {depth, depth, 0, depth};
  return all;
}

#define NN_CONTRACT_REACH_VIEW(T, type)                                                                                 \
  /* c[rows, vectors] (+)= a[rows, those k] b, whose row k of vector v begins at b[v] + places[k]; row r of vector v of \
     the result is at c[v] + r c_m. */                                                                                  \
  NN_CONTRACT_INLINE void nn_contract_reach_##T(const int rows, const int vectors, const nn_contract_span *ks,          \
                                                const type *a, ptrdiff_t a_m, const type *const *b,                     \
                                                const ptrdiff_t *places, type *const *c, ptrdiff_t c_m, int more) {     \
    const ptrdiff_t depth = ks->depth, period = ks->period, first = ks->first, stop = ks->stop;                         \
    enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(type) };                                           \
    NN_CONTRACT_VECTOR(T) sum[8][4];                                                                                    \
    const type *base[4];                                                                                                \
    NN_CONTRACT_UNROLL                                                                                                  \
    for (int v = 0; v < vectors; v++) base[v] = b[v];                                                                   \
    NN_CONTRACT_UNROLL                                                                                                  \
    for (int r = 0; r < rows; r++) {                                                                                    \
      NN_CONTRACT_UNROLL                                                                                                \
      for (int v = 0; v < vectors; v++) {                                                                               \
        sum[r][v] = NN_CONTRACT_VECTOR_SPLAT(T, 0);                                                                     \
        if (more) __builtin_memcpy(&sum[r][v], c[v] + r * c_m, BYTES);                                                  \
      }                                                                                                                 \
    }                                                                                                                   \
    for (ptrdiff_t k0 = 0; k0 < depth; k0 += period) {                                                                  \
      for (ptrdiff_t k = k0 + first; k < k0 + stop; k++) {                                                              \
        NN_CONTRACT_VECTOR(T) right[4];                                                                                 \
        NN_CONTRACT_UNROLL                                                                                              \
        for (int v = 0; v < vectors; v++) __builtin_memcpy(&right[v], base[v] + places[k], BYTES);                      \
        NN_CONTRACT_UNROLL                                                                                              \
        for (int r = 0; r < rows; r++) {                                                                                \
          const NN_CONTRACT_VECTOR(T) left = NN_CONTRACT_VECTOR_SPLAT(T, a[r * a_m + k]);                               \
          NN_CONTRACT_UNROLL                                                                                            \
          for (int v = 0; v < vectors; v++) sum[r][v] = NN_CONTRACT_VECTOR_FMA(T, left, right[v], sum[r][v]);           \
        }                                                                                                               \
      }                                                                                                                 \
    }                                                                                                                   \
    NN_CONTRACT_UNROLL                                                                                                  \
    for (int v = 0; v < vectors; v++) {                                                                                 \
      type *const to = c[v];                                                                                            \
      NN_CONTRACT_UNROLL                                                                                                \
      for (int r = 0; r < rows; r++) __builtin_memcpy(to + r * c_m, &sum[r][v], BYTES);                                 \
    }                                                                                                                   \
  }                                                                                                                     \
                                                                                                                        \
  /* The same for any number of rows and NN_CONTRACT_REACH, 2 or 1 vectors, whose pointers in c are moved on. */        \
  static void nn_contract_reach_rows_##T(int rows, int vectors, const nn_contract_span *ks, const type *a,              \
                                         ptrdiff_t a_m, const type *const *b, const ptrdiff_t *places, type **c,        \
                                         ptrdiff_t c_m, int more) {                                                     \
    enum { MOST = NN_CONTRACT_REACH };                                                                                  \
    for (int left = rows, done; left > 0; left -= done) {                                                               \
      done = left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;                                                         \
      if (vectors == 1) {                                                                                               \
        switch (done) {                                                                                                 \
          case 1: nn_contract_reach_##T(1, 1, ks, a, a_m, b, places, c, c_m, more); break;                              \
          case 2: nn_contract_reach_##T(2, 1, ks, a, a_m, b, places, c, c_m, more); break;                              \
          case 4: nn_contract_reach_##T(4, 1, ks, a, a_m, b, places, c, c_m, more); break;                              \
          default: nn_contract_reach_##T(6, 1, ks, a, a_m, b, places, c, c_m, more);                                    \
        }                                                                                                               \
      } else if (vectors == 2) {                                                                                        \
        if (left >= NN_CONTRACT_ROWS) done = NN_CONTRACT_ROWS;                                                          \
        switch (done) {                                                                                                 \
          case 1: nn_contract_reach_##T(1, 2, ks, a, a_m, b, places, c, c_m, more); break;                              \
          case 2: nn_contract_reach_##T(2, 2, ks, a, a_m, b, places, c, c_m, more); break;                              \
          case 4: nn_contract_reach_##T(4, 2, ks, a, a_m, b, places, c, c_m, more); break;                              \
          case 6: nn_contract_reach_##T(6, 2, ks, a, a_m, b, places, c, c_m, more); break;                              \
          default: nn_contract_reach_##T(NN_CONTRACT_ROWS, 2, ks, a, a_m, b, places, c, c_m, more);                     \
        }                                                                                                               \
      } else {                                                                                                          \
        switch (done) {                                                                                                 \
          case 1: nn_contract_reach_##T(1, MOST, ks, a, a_m, b, places, c, c_m, more); break;                           \
          case 2: nn_contract_reach_##T(2, MOST, ks, a, a_m, b, places, c, c_m, more); break;                           \
          case 4: nn_contract_reach_##T(4, MOST, ks, a, a_m, b, places, c, c_m, more); break;                           \
          default: nn_contract_reach_##T(6, MOST, ks, a, a_m, b, places, c, c_m, more);                                 \
        }                                                                                                               \
      }                                                                                                                 \
      a += done * a_m;                                                                                                  \
      for (int v = 0; v < vectors; v++) c[v] += done * c_m;                                                             \
    }                                                                                                                   \
  }                                                                                                                     \
                                                                                                                        \
  /* Takes the columns of a tile that count from c, or puts them there: of each `pitch` elements the first `line` do.   \
     Gives how many there are. */                                                                                       \
  static ptrdiff_t nn_contract_lines_##T(int puts, int rows, ptrdiff_t width, ptrdiff_t column, ptrdiff_t most,         \
                                         ptrdiff_t line, ptrdiff_t pitch, type *part, type *c, ptrdiff_t c_m) {         \
    ptrdiff_t done = 0;                                                                                                 \
    for (ptrdiff_t j = 0; j < width && done < most;) {                                                                  \
      const ptrdiff_t at = (column + done) % line;                                                                      \
      ptrdiff_t run = line - at < width - j ? line - at : width - j;                                                    \
      run = run < most - done ? run : most - done;                                                                      \
      for (int r = 0; r < rows; r++) {                                                                                  \
        type *const inside = part + r * width + j, *const outside = c + r * c_m + done;                                 \
        nn_contract_copy_##T(puts ? outside : inside, puts ? inside : outside, run);                                    \
      }                                                                                                                 \
      done += run;                                                                                                      \
      j += at + run == line ? run + pitch - line : run;                                                                 \
    }                                                                                                                   \
    return done;                                                                                                        \
  }

#define NN_CONTRACT_LINES_VIEW(T, type)                                                                                      \
  /* The product where columns lie in lines of `line` neighbours, each `pitch` after the last: vectors run on over what lies \
     between the lines, which is computed with them and dropped. Nothing of b is packed but the last columns. */             \
  static void nn_contract_view_lines_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,                  \
                                         const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *column_axes,     \
                                         const ptrdiff_t *k_axes, const type *a, const type *b, type *c, ptrdiff_t c_m,      \
                                         void *scratch, ptrdiff_t line, ptrdiff_t pitch) {                                   \
    enum {                                                                                                                   \
      SIZE = (int)sizeof(type),                                                                                              \
      VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,                                                                             \
      ROWS = NN_CONTRACT_ROWS,                                                                                               \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                      \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE                                                                               \
    };                                                                                                                       \
    type *const a_packed = (type *)scratch;                                                                                  \
    type *const b_packed = (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);                                       \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], n_places[VECTORS], m_places[ROWS];                                           \
    const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;                                                                        \
    const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;                                                           \
    const ptrdiff_t end = (n0 + N - 1) / line * pitch + (n0 + N - 1) % line + 1;                                             \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                            \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                               \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                        \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                        \
      const nn_contract_span ks = nn_contract_all(depth);                                                                    \
      for (ptrdiff_t m = 0; m < M; m += ROWS) {                                                                              \
        const int rows = M - m < ROWS ? (int)(M - m) : ROWS;                                                                 \
        nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                                 \
        nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                        \
        for (ptrdiff_t n = 0; n < N;) {                                                                                      \
          const ptrdiff_t place = (n0 + n) / line * pitch + (n0 + n) % line;                                                 \
          type *const tile_c = c + (m * c_m + n);                                                                            \
          type part[ROWS * VECTORS];                                                                                         \
          for (int i = 0; i < ROWS * VECTORS && k0 > 0; i++) part[i] = 0;                                                    \
          if (end - place >= VECTORS) {                                                                                      \
            if (k0 > 0) nn_contract_lines_##T(0, rows, VECTORS, n0 + n, N - n, line, pitch, part, tile_c, c_m);              \
            const type *const from[2] = {b + place, b + place + VECTORS / 2};                                                \
            type *sums[2] = {part, part + VECTORS / 2};                                                                      \
            nn_contract_reach_rows_##T(rows, 2, &ks, a_packed, STRIDE, from, b_places, sums, VECTORS, k0 > 0);               \
            n += nn_contract_lines_##T(1, rows, VECTORS, n0 + n, N - n, line, pitch, part, tile_c, c_m);                     \
          } else {                                                                                                           \
            /* What is left may end where memory ends: its columns are packed. */                                            \
            const ptrdiff_t bytes = nn_contract_width_##T(N - n), width = bytes / SIZE;                                      \
            const ptrdiff_t used = N - n < width ? N - n : width;                                                            \
            nn_contract_places(n0 + n, used, column_axes, view[1], 2, 1, n_places);                                          \
            nn_contract_pack_view_##T(depth, used, b, b_places, n_places, b_packed);                                         \
            for (int r = 0; r < rows && k0 > 0; r++) nn_contract_copy_##T(part + r * width, tile_c + r * c_m, used);         \
            nn_contract_tile_##T(bytes, rows, depth, a_packed, STRIDE, 1, b_packed, width, part, width, k0 > 0);             \
            for (int r = 0; r < rows; r++) nn_contract_copy_##T(tile_c + r * c_m, part + r * width, used);                   \
            n += used;                                                                                                       \
          }                                                                                                                  \
        }                                                                                                                    \
      }                                                                                                                      \
    }                                                                                                                        \
  }
#endif
/* @end */

/* @section contract_lines_guard_end needs: */
#endif
/* @end */
