/* @section contract_interleaved_guard_begin needs: */
/* nn_contract_interleaved.h: products of sliding windows that overlap along k, each line of the image packed once for all the
   windows it is in. A part of nn_contract_view.h. */
#ifndef NN_CONTRACT_INTERLEAVED_H
#define NN_CONTRACT_INTERLEAVED_H

#include "nn_contract_lines.h"
/* @end */

/* @section contract_interleaved needs: contract_lines */
#if NN_CONTRACT_SIMD
/* The most lines that lie interleaved. */
#define NN_CONTRACT_INTERLEAVED 512

#define NN_CONTRACT_INTERLEAVED_VIEW(T, type)                                                                                 \
  /* `rows` lines of `count` elements that begin at from + places[row], element by element: to[count, rows]. Not inlined,     \
     where its pointers would not fit into the registers beside its caller's. */                                              \
  static __attribute__((noinline)) void nn_contract_interleave_##T(ptrdiff_t rows, ptrdiff_t count, const type *from,         \
                                                                   const ptrdiff_t *places, type *to) {                       \
    const int fours = sizeof(type) == 4 && count >= 4;                                                                        \
    for (ptrdiff_t row = 0, next; row < rows; row = next) {                                                                   \
      /* Four at a time, the last four perhaps again, but not for a single one. Of two or three the last is repeated: what it \
         puts into the next element's place is overwritten, what behind the last one is not read. */                          \
      next = fours && rows - row > 1 ? row + 4 : row + 1;                                                                     \
      if (next == row + 1) {                                                                                                  \
        const type *const line = from + places[row];                                                                          \
        for (ptrdiff_t i = 0; i < count; i++) to[i * rows + row] = line[i];                                                   \
        continue;                                                                                                             \
      }                                                                                                                       \
      const ptrdiff_t first = next <= rows || rows < 4 ? row : rows - 4, last = rows - 1;                                     \
      const type *const p = from + places[first], *const q = from + places[first + 1];                                        \
      const type *const r = from + places[first + 2 < last ? first + 2 : last];                                               \
      const type *const s = from + places[first + 3 < last ? first + 3 : last];                                               \
      for (ptrdiff_t i = 0; i < count; i += 4) {                                                                              \
        const ptrdiff_t at = i + 4 <= count ? i : count - 4;                                                                  \
        type *const corner = to + at * rows + first;                                                                          \
        nn_contract_transpose(p + at, q + at, r + at, s + at, (char *)corner, rows * (ptrdiff_t)sizeof(type));                \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
                                                                                                                              \
  /* Cycles that nn_contract_view_interleaved_T takes, two multiply-adds in each; -1 where it does not serve: it wants        \
     columns whose innermost axis is one of neighbours that k walks along, whole lines of it, and room in what                \
     nn_contract_scratch counts. */                                                                                           \
  static double nn_contract_interleaved_cost_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t n0, const ptrdiff_t *view,  \
                                                  const ptrdiff_t *column_axes, const ptrdiff_t *k_axes) {                    \
    enum { SIZE = (int)sizeof(type), WIDTH = NN_CONTRACT_SIMD / 8 / SIZE, DEPTH = NN_CONTRACT_DEPTH / SIZE };                 \
    if (view[1] < 1 || view[2] < 1 || K == 0) return -1;                                                                      \
    const ptrdiff_t *const inner = column_axes + 2 * (view[1] - 1), *const last = k_axes + 3 * (view[2] - 1);                 \
    const ptrdiff_t width = inner[0], length = last[0], step = last[2];                                                       \
    if (inner[1] != 1 || n0 % width != 0 || N % width != 0 || step < 1 || step > width || length > DEPTH) return -1;          \
    const ptrdiff_t rows = N / width, line = (length - 1) * step + width, lines = K / length;                                 \
    const ptrdiff_t most = DEPTH / length < lines ? DEPTH / length : lines, depth = K < DEPTH ? K : (ptrdiff_t)DEPTH;         \
    const ptrdiff_t needed = (M + 1) * (N + 2 * WIDTH) + most * line * rows;                                                  \
    if (rows > NN_CONTRACT_INTERLEAVED || needed > (N + 63) / 64 * 64 * depth) return -1;                                     \
    if (needed > NN_CONTRACT_BLOCK_BYTES / SIZE) return -1;                                                                   \
    /* A single vector waits for its multiply-adds. */                                                                        \
    const double sums = (double)M * (N <= WIDTH ? 1.5 : (double)((N + 2 * WIDTH - 1) / (2 * WIDTH) * 2));                     \
    return sums * (0.5 * (double)K + 4 * (double)(lines / most + 1)) + 0.6 * (double)(lines * line * rows);                   \
  }                                                                                                                           \
                                                                                                                              \
  /* The product of windows that overlap along k, as those of a filter's gradient do: the lines of a block's windows lie      \
     interleaved, so that the columns of one k are neighbours which begin one step after those of the k before, and each      \
     element is copied once for all the windows that it is in. The columns come out with the innermost axis outermost,        \
     and are turned at the end. */                                                                                            \
  static void nn_contract_view_interleaved_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,             \
                                               const ptrdiff_t *view, const ptrdiff_t *row_axes,                              \
                                               const ptrdiff_t *column_axes, const ptrdiff_t *k_axes, const type *a,          \
                                               const type *b, type *c, ptrdiff_t c_m, void *scratch) {                        \
    enum {                                                                                                                    \
      SIZE = (int)sizeof(type),                                                                                               \
      WIDTH = NN_CONTRACT_SIMD / 8 / SIZE,                                                                                    \
      ROWS = NN_CONTRACT_ROWS,                                                                                                \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                       \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE                                                                                \
    };                                                                                                                        \
    const ptrdiff_t width = column_axes[2 * (view[1] - 1)], rows = N / width;                                                 \
    const ptrdiff_t length = k_axes[3 * (view[2] - 1)], step = k_axes[3 * (view[2] - 1) + 2];                                 \
    const ptrdiff_t line = (length - 1) * step + width, lines = K / length;                                                   \
    /* Blocks that lie alike, where they are not short: then one table of places serves all. */                               \
    const ptrdiff_t period = nn_contract_period(k_axes, view[2], 3, DEPTH);                                                   \
    const int alike = period > DEPTH / 4;                                                                                     \
    const ptrdiff_t most = (alike ? period : (ptrdiff_t)DEPTH) / length;                                                      \
    const ptrdiff_t padded = N <= WIDTH ? (ptrdiff_t)WIDTH : (N + 2 * WIDTH - 1) / (2 * WIDTH) * (2 * WIDTH);                 \
    type *const a_packed = (type *)scratch;                                                                                   \
    type *const sums = (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES), *const windows = sums + M * padded;        \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], m_places[ROWS], row_places[NN_CONTRACT_INTERLEAVED], line_places[DEPTH];      \
    nn_contract_places(n0 / width, rows, column_axes, view[1] - 1, 2, 1, row_places);                                         \
    for (ptrdiff_t i = 0, k = 0; i < most && i < lines; i++) {                                                                \
      for (ptrdiff_t j = 0; j < length; j++) b_places[k++] = (i * line + j * step) * rows;                                    \
    }                                                                                                                         \
    ptrdiff_t neighbours = 0;                                                                                                 \
    for (ptrdiff_t l = 0; l < lines; l += most) {                                                                             \
      const ptrdiff_t used = lines - l < most ? lines - l : most, depth = used * length;                                      \
      const nn_contract_span ks = nn_contract_all(depth);                                                                     \
      ptrdiff_t start = 0;                                                                                                    \
      if (l == 0 || !alike) {                                                                                                 \
        nn_contract_places(l * length, depth, k_axes, view[2], 3, 1, a_places);                                               \
        neighbours = nn_contract_run(a_places, depth);                                                                        \
      } else {                                                                                                                \
        nn_contract_places(l * length, 1, k_axes, view[2], 3, 1, &start);                                                     \
      }                                                                                                                       \
      nn_contract_places(l, used, k_axes, view[2] - 1, 3, 2, line_places);                                                    \
      for (ptrdiff_t i = 0; i < used; i++) {                                                                                  \
        nn_contract_interleave_##T(rows, line, b + line_places[i], row_places, windows + i * line * rows);                    \
      }                                                                                                                       \
      for (ptrdiff_t m = 0; m < M; m += ROWS) {                                                                               \
        const int tall = M - m < ROWS ? (int)(M - m) : ROWS;                                                                  \
        nn_contract_places(m0 + m, tall, row_axes, view[0], 2, 1, m_places);                                                  \
        const type *tile_a = a + (start + a_places[0] + m_places[0]);                                                         \
        ptrdiff_t tile_a_m = tall > 1 ? m_places[1] - m_places[0] : 0;                                                        \
        /* Rows that are neighbours along k need no packing. */                                                               \
        int in_place = neighbours >= depth;                                                                                   \
        for (int r = 1; r < tall; r++) in_place &= m_places[r] - m_places[r - 1] == tile_a_m;                                 \
        if (!in_place) {                                                                                                      \
          nn_contract_pack_view_rows_##T(tall, depth, a + start, a_places, m_places, a_packed);                               \
          tile_a = a_packed;                                                                                                  \
          tile_a_m = STRIDE;                                                                                                  \
        }                                                                                                                     \
        for (ptrdiff_t n = 0; n < padded;) {                                                                                  \
          const int vectors = padded == WIDTH ? 1 : padded - n >= NN_CONTRACT_REACH * WIDTH ? NN_CONTRACT_REACH : 2;          \
          const type *from[4];                                                                                                \
          type *to[4];                                                                                                        \
          for (int v = 0; v < vectors; v++) {                                                                                 \
            from[v] = windows + n + v * WIDTH;                                                                                \
            to[v] = sums + m * padded + n + v * WIDTH;                                                                        \
          }                                                                                                                   \
          nn_contract_reach_rows_##T(tall, vectors, &ks, tile_a, tile_a_m, from, b_places, to, padded, l > 0);                \
          n += vectors * WIDTH;                                                                                               \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
    for (ptrdiff_t m = 0; m < M; m++) {                                                                                       \
      for (ptrdiff_t row = 0; row < rows; row++) {                                                                            \
        for (ptrdiff_t j = 0; j < width; j++) c[m * c_m + row * width + j] = sums[m * padded + j * rows + row];               \
      }                                                                                                                       \
    }                                                                                                                         \
  }
#endif
/* @end */

/* @section contract_interleaved_guard_end needs: */
#endif
/* @end */
