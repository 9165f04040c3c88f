/* @section contract_segments_guard_begin needs: */
/* nn_contract_segments.h: products of sliding windows whose columns are lines of an image, a vector for each piece of a line.
   A part of nn_contract_view.h. */
#ifndef NN_CONTRACT_SEGMENTS_H
#define NN_CONTRACT_SEGMENTS_H

#include "nn_contract_lines.h"
/* @end */

/* @section contract_segments needs: contract_lines */
#if NN_CONTRACT_SIMD
/* How many lines of windows of `tall` lines, a window a line further down each, are in the first `count` lines or the last. */
NN_CONTRACT_INLINE ptrdiff_t nn_contract_outside(ptrdiff_t count, ptrdiff_t tall) {
  const ptrdiff_t rising = count < tall ? count : tall;
  return rising * (rising + 1) / 2 + (count - rising) * tall;
}

#define NN_CONTRACT_EMPTY_LINES(T, type)                                                                                       \
  NN_CONTRACT_INLINE int nn_contract_zeros_##T(const type *from, ptrdiff_t count) {                                            \
    int other = 0;                                                                                                             \
    for (ptrdiff_t i = 0; i < count; i++) other |= from[i] != 0;                                                               \
    return !other;                                                                                                             \
  }                                                                                                                            \
                                                                                                                               \
  /* How many of `count` lines, of which one begins at b and the next `step` before or after it, are zero in `width` elements, \
     up to the first that is not, in all images; those begin at places[0], places[period], ... */                              \
  static ptrdiff_t nn_contract_empty_##T(ptrdiff_t count, ptrdiff_t step, ptrdiff_t width, ptrdiff_t depth,                    \
                                         ptrdiff_t period, const ptrdiff_t *places, const type *b) {                           \
    ptrdiff_t empty = count;                                                                                                   \
    for (ptrdiff_t k = 0; k < depth && empty > 0; k += period) {                                                               \
      const type *const line = b + places[k];                                                                                  \
      /* All that were empty in the images before lie one after the other. */                                                  \
      const ptrdiff_t others = (empty - 1) * step;                                                                             \
      if (k > 0 && nn_contract_zeros_##T(line + (others < 0 ? others : 0), (others < 0 ? -others : others) + width)) continue; \
      ptrdiff_t zeros = 0;                                                                                                     \
      while (zeros < empty && line[zeros * step] == 0 && nn_contract_zeros_##T(line + zeros * step, width)) zeros++;           \
      empty = zeros;                                                                                                           \
    }                                                                                                                          \
    return empty;                                                                                                              \
  }                                                                                                                            \
                                                                                                                               \
  /* Whether zero times each of a tile of packed rows is a zero: none is infinite or not a number. */                          \
  static int nn_contract_finite_##T(int rows, ptrdiff_t depth, const type *a, ptrdiff_t a_m) {                                 \
    int other = 0;                                                                                                             \
    for (int r = 0; r < rows; r++) {                                                                                           \
      const type *const row = a + r * a_m;                                                                                     \
      for (ptrdiff_t k = 0; k < depth; k++) other |= row[k] * 0 != 0;                                                          \
    }                                                                                                                          \
    return !other;                                                                                                             \
  }                                                                                                                            \
                                                                                                                               \
  /* Whether an element of c[M, N] is minus zero, or the least of the integers. */                                             \
  static int nn_contract_minus_zero_##T(ptrdiff_t M, ptrdiff_t N, const type *c, ptrdiff_t c_m) {                              \
    int found = 0;                                                                                                             \
    for (ptrdiff_t m = 0; m < M; m++) {                                                                                        \
      const type *const row = c + m * c_m;                                                                                     \
      for (ptrdiff_t n = 0; n < N && sizeof(type) == 4; n++) {                                                                 \
        uint32_t bits;                                                                                                         \
        __builtin_memcpy(&bits, row + n, 4);                                                                                   \
        found |= bits == (uint32_t)1 << 31;                                                                                    \
      }                                                                                                                        \
      for (ptrdiff_t n = 0; n < N && sizeof(type) == 8; n++) {                                                                 \
        uint64_t bits;                                                                                                         \
        __builtin_memcpy(&bits, row + n, 8);                                                                                   \
        found |= bits == (uint64_t)1 << 63;                                                                                    \
      }                                                                                                                        \
    }                                                                                                                          \
    return found;                                                                                                              \
  }

#define NN_CONTRACT_SEGMENTS_VIEW(T, type)                                                                                     \
  /* Gives whether lines were left out because they are empty, which `leaves` allows. */                                       \
  static int nn_contract_segments_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,                       \
                                      const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *k_axes,               \
                                      const type *a, const type *b, type *c, ptrdiff_t c_m, void *scratch,                     \
                                      ptrdiff_t line, ptrdiff_t pitch, ptrdiff_t lines, int again, int leaves) {               \
    enum {                                                                                                                     \
      SIZE = (int)sizeof(type),                                                                                                \
      WIDTH = NN_CONTRACT_SIMD / 8 / SIZE,                                                                                     \
      ROWS = NN_CONTRACT_ROWS,                                                                                                 \
      MOST = NN_CONTRACT_REACH,                                                                                                \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                        \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE                                                                                 \
    };                                                                                                                         \
    type *const a_packed = (type *)scratch;                                                                                    \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], m_places[ROWS];                                                                \
    /* A window is `tall` lines of `wide` elements, where its lines are neighbours in the image. */                            \
    const ptrdiff_t *const window = view[2] >= 2 ? k_axes + 3 * (view[2] - 2) : k_axes;                                        \
    const int windows = view[2] >= 2 && window[2] == pitch && window[5] > 0 && window[0] * window[3] <= DEPTH;                 \
    const ptrdiff_t tall = windows ? window[0] : 1, wide = windows ? window[3] : 1, period = tall * wide;                      \
    const ptrdiff_t blocks = (K / period + DEPTH / period - 1) / (DEPTH / period);                                             \
    const ptrdiff_t block = K > 0 ? (K / period + blocks - 1) / blocks * period : 1;                                           \
    const ptrdiff_t per_line = (line + WIDTH - 1) / WIDTH, width = line < WIDTH ? line : (ptrdiff_t)WIDTH;                     \
    const ptrdiff_t segments = N / line * per_line, top = n0 / line;                                                           \
    const ptrdiff_t tallest = ROWS < 6 || (ROWS > 6 && M > 6 && M % 6 > 2) ? (ptrdiff_t)ROWS : 6;                              \
    const int is_packed = again && blocks == 1 && M <= tallest;                                                                \
    int left_out = 0;                                                                                                          \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                              \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                                 \
      if (!is_packed) nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                          \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                          \
      ptrdiff_t above = 0, below = 0;                                                                                          \
      if (windows && leaves) {                                                                                                 \
        const ptrdiff_t last = lines + tall - 2, reach = line + (wide - 1) * window[5];                                        \
        above = nn_contract_empty_##T(last, pitch, reach, depth, period, b_places, b);                                         \
        below = nn_contract_empty_##T(last - above, -pitch, reach, depth, period, b_places, b + last * pitch);                 \
      }                                                                                                                        \
      /* A tenth less to multiply repays looking at the sums; and tiles are smaller where windows differ. */                   \
      const int repays = 10 * (nn_contract_outside(above, tall) + nn_contract_outside(below, tall)) >= lines * tall;           \
      for (ptrdiff_t m = 0; m < M; m += tallest) {                                                                             \
        const int rows = M - m < tallest ? (int)(M - m) : (int)tallest;                                                        \
        if (!is_packed) {                                                                                                      \
          nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                                 \
          nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                        \
        }                                                                                                                      \
        const int leaving = repays && nn_contract_finite_##T(rows, depth, a_packed, STRIDE);                                   \
        left_out |= leaving;                                                                                                   \
        for (ptrdiff_t s = 0; s < segments;) {                                                                                 \
          /* Segments that leave out the same lines of their windows go together. Where sums of one vector would wait for each \
             other, as many as fit do, and leave out what all of them may. */                                                  \
          nn_contract_span ks = nn_contract_all(depth);                                                                        \
          if (leaving) ks.period = period;                                                                                     \
          int alike = leaving ? 0 : segments - s < MOST ? (int)(segments - s) : (int)MOST;                                     \
          for (; leaving && alike < MOST && s + alike < segments; alike++) {                                                   \
            const ptrdiff_t at = top + (s + alike) / per_line, end = lines + tall - 1 - below - at;                            \
            const ptrdiff_t first = above > at ? (above - at < tall ? above - at : tall) : 0;                                  \
            const ptrdiff_t stop = end < tall ? (end > first ? end : first) : tall;                                            \
            if (alike > 0 && (rows == 4 || rows == 6) && (first * wide != ks.first || stop * wide != ks.stop)) break;          \
            ks.first = alike == 0 || first * wide < ks.first ? first * wide : ks.first;                                        \
            ks.stop = alike == 0 || stop * wide > ks.stop ? stop * wide : ks.stop;                                             \
          }                                                                                                                    \
          const int vectors = rows <= 6 && alike == MOST ? (int)MOST : alike >= 2 ? 2 : 1;                                     \
          const type *from[4];                                                                                                 \
          type *to[4], *sums[4], part[8 * 4 * WIDTH];                                                                          \
          ptrdiff_t done[4];                                                                                                   \
          int lane[4];                                                                                                         \
          for (int v = 0; v < vectors; v++) {                                                                                  \
            const ptrdiff_t in_line = (s + v) / per_line, place = (s + v) % per_line * WIDTH;                                  \
            const ptrdiff_t at = place + width <= line ? place : line - width;                                                 \
            /* Behind the last line memory may end: a short one is read from before it. */                                     \
            lane[v] = top + in_line == lines - 1 ? (int)(WIDTH - width) : 0;                                                   \
            from[v] = b + ((top + in_line) * pitch + at - lane[v]);                                                            \
            to[v] = c + (m * c_m + in_line * line + at);                                                                       \
            /* What the segment before has in common with it is there already. */                                              \
            done[v] = place - at;                                                                                              \
          }                                                                                                                    \
          s += vectors;                                                                                                        \
          if (width == WIDTH && (k0 == 0 || line % WIDTH == 0)) {                                                              \
            nn_contract_reach_rows_##T(rows, vectors, &ks, a_packed, STRIDE, from, b_places, to, c_m, k0 > 0);                 \
            continue;                                                                                                          \
          }                                                                                                                    \
          for (int i = 0; i < rows * vectors * WIDTH && k0 > 0; i++) part[i] = 0;                                              \
          for (int r = 0; r < rows && k0 > 0; r++) {                                                                           \
            for (int v = 0; v < vectors; v++) {                                                                                \
              nn_contract_copy_##T(part + (r * vectors + v) * WIDTH + lane[v], to[v] + r * c_m, width);                        \
            }                                                                                                                  \
          }                                                                                                                    \
          for (int v = 0; v < vectors; v++) sums[v] = part + v * WIDTH;                                                        \
          nn_contract_reach_rows_##T(rows, vectors, &ks, a_packed, STRIDE, from, b_places, sums, vectors * WIDTH, k0 > 0);     \
          for (int v = 0; v < vectors; v++) {                                                                                  \
            for (int r = 0; r < rows; r++) {                                                                                   \
              nn_contract_copy_##T(to[v] + r * c_m + done[v], part + (r * vectors + v) * WIDTH + lane[v] + done[v],            \
                                   width - done[v]);                                                                           \
            }                                                                                                                  \
          }                                                                                                                    \
        }                                                                                                                      \
      }                                                                                                                        \
    }                                                                                                                          \
    return left_out;                                                                                                           \
  }                                                                                                                            \
                                                                                                                               \
  /* Columns as segments of lines, one a vector: `line` neighbours, each line `pitch` after the last, of which the view has    \
     `lines`. Segments are whole vectors of a long line, the last of it overlapping, or the whole of a short one.              \
     Lines of zeros above and below the images, as padding has them, are left out where all of a is finite. Sums begin at zero \
     and are not changed by adding another, but that minus zero, to which a negative product may have vanished, would become   \
     zero: where there is one, all is computed again. */                                                                       \
  static void nn_contract_view_segments_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,                 \
                                            const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *k_axes,         \
                                            const type *a, const type *b, type *c, ptrdiff_t c_m, void *scratch,               \
                                            ptrdiff_t line, ptrdiff_t pitch, ptrdiff_t lines, int again) {                     \
    for (int leaves = 1; leaves >= 0; leaves--) {                                                                              \
      const int left_out = nn_contract_segments_##T(M, N, K, m0, n0, view, row_axes, k_axes, a, b, c, c_m, scratch, line,      \
                                                    pitch, lines, again, leaves);                                              \
      if (!left_out || !nn_contract_minus_zero_##T(M, N, c, c_m)) return;                                                      \
    }                                                                                                                          \
  }
#endif
/* @end */

/* @section contract_segments_guard_end needs: */
#endif
/* @end */
