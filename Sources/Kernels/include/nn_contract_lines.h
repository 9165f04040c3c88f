/* @section contract_lines_guard_begin needs: */
/* nn_contract_lines.h: where the elements of sliding windows lie, and products that read the lines of their images in
   place, whole vectors at a time. A part of nn_contract_view.h. */
#ifndef NN_CONTRACT_LINES_H
#define NN_CONTRACT_LINES_H

#include "nn_contract.h"
/* @end */

/* @section contract_lines needs: contract_tile */
/* Where the elements first .. first + count - 1 of some axes are; `fields` numbers an axis, the stride being the one
   with the number `field`. There are at most 8 axes. */
static void nn_contract_places(ptrdiff_t first, ptrdiff_t count, const ptrdiff_t *axes, ptrdiff_t rank, int fields,
                               int field, ptrdiff_t *places) {
  ptrdiff_t sizes[8], steps[8], index[8], place = 0, count_axes = 0;
  /* Innermost first, neighbours that are walked as one joined. */
  for (ptrdiff_t axis = rank - 1; axis >= 0; axis--) {
    const ptrdiff_t size = axes[axis * fields], step = axes[axis * fields + field], last = count_axes - 1;
    if (last >= 0 && step == sizes[last] * steps[last]) {
      sizes[last] *= size;
    } else {
      sizes[count_axes] = size;
      steps[count_axes++] = step;
    }
  }
  for (ptrdiff_t axis = 0; axis < count_axes; axis++) {
    index[axis] = first % sizes[axis];
    first /= sizes[axis];
    place += index[axis] * steps[axis];
  }
  if (count_axes == 0) {
    for (ptrdiff_t i = 0; i < count; i++) places[i] = 0;
    return;
  }
  for (ptrdiff_t i = 0; i < count;) {
    /* As many as are left of the innermost axis, then on to the next of the outer ones. */
    const ptrdiff_t step = steps[0], left = sizes[0] - index[0];
    const ptrdiff_t run = left < count - i ? left : count - i;
    for (ptrdiff_t j = 0; j < run; j++, place += step) places[i + j] = place;
    i += run;
    index[0] += run;
    for (ptrdiff_t axis = 0; axis + 1 < count_axes && index[axis] == sizes[axis]; axis++) {
      place += steps[axis + 1] - index[axis] * steps[axis];
      index[axis] = 0;
      index[axis + 1]++;
    }
  }
}

#if NN_CONTRACT_SIMD
/* The longest stretch of some axes, at most `limit`, that starts at the same place of every axis it walks whole: all stretches
   of that length lie alike but for where they begin. */
static ptrdiff_t nn_contract_period(const ptrdiff_t *axes, ptrdiff_t rank, int fields, ptrdiff_t limit) {
  ptrdiff_t period = 1, axis = rank - 1;
  while (axis >= 0 && period * axes[axis * fields] <= limit) period *= axes[axis-- * fields];
  for (ptrdiff_t part = axis >= 0 ? limit / period : 0; part > 1; part--) {
    if (axes[axis * fields] % part == 0) return period * part;
  }
  return period;
}

/* How many neighbours in memory there are from places[0] on. */
static ptrdiff_t nn_contract_run(const ptrdiff_t *places, ptrdiff_t count) {
  ptrdiff_t run = 1;
  /* Eight at a time without a way out, which compilers do in vectors. */
  for (int same = 1; run + 8 <= count; run += 8) {
    for (int i = 0; i < 8; i++) same &= places[run + i] == places[0] + run + i;
    if (!same) break;
  }
  while (run < count && places[run] == places[0] + run) run++;
  return run;
}

/* Vectors of a tile that reads its columns where they lie: with six rows they fill the registers. */
#if NN_CONTRACT_SIMD == 512 || defined(__aarch64__)
#define NN_CONTRACT_REACH 4
#else
#define NN_CONTRACT_REACH 2
#endif

#define NN_CONTRACT_REACH_VIEW(T, type)                                                                               \
  /* c[rows, vectors] (+)= a[rows, depth] b, whose row k of vector v begins at b[v] + places[k]; row r of vector v of \
     the result is at c[v] + r c_m. */                                                                                \
  NN_CONTRACT_INLINE void nn_contract_reach_##T(const int rows, const int vectors, ptrdiff_t depth, const type *a,    \
                                                ptrdiff_t a_m, const type *const *b, const ptrdiff_t *places,         \
                                                type *const *c, ptrdiff_t c_m, int more) {                            \
    enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(type) };                                         \
    NN_CONTRACT_VECTOR(T) sum[8][4];                                                                                  \
    const type *base[4];                                                                                              \
    NN_CONTRACT_UNROLL                                                                                                \
    for (int v = 0; v < vectors; v++) base[v] = b[v];                                                                 \
    NN_CONTRACT_UNROLL                                                                                                \
    for (int r = 0; r < rows; r++) {                                                                                  \
      NN_CONTRACT_UNROLL                                                                                              \
      for (int v = 0; v < vectors; v++) {                                                                             \
        sum[r][v] = NN_CONTRACT_VECTOR_SPLAT(T, 0);                                                                   \
        if (more) __builtin_memcpy(&sum[r][v], c[v] + r * c_m, BYTES);                                                \
      }                                                                                                               \
    }                                                                                                                 \
    for (ptrdiff_t k = 0; k < depth; k++) {                                                                           \
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
    NN_CONTRACT_UNROLL                                                                                                \
    for (int v = 0; v < vectors; v++) {                                                                               \
      type *const to = c[v];                                                                                          \
      NN_CONTRACT_UNROLL                                                                                              \
      for (int r = 0; r < rows; r++) __builtin_memcpy(to + r * c_m, &sum[r][v], BYTES);                               \
    }                                                                                                                 \
  }                                                                                                                   \
                                                                                                                      \
  /* The same for any number of rows and NN_CONTRACT_REACH or 2 vectors, whose pointers in c are moved on. */         \
  static void nn_contract_reach_rows_##T(int rows, int vectors, ptrdiff_t depth, const type *a, ptrdiff_t a_m,        \
                                         const type *const *b, const ptrdiff_t *places, type **c, ptrdiff_t c_m,      \
                                         int more) {                                                                  \
    enum { MOST = NN_CONTRACT_REACH };                                                                                \
    for (int left = rows, done; left > 0; left -= done) {                                                             \
      done = left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;                                                       \
      if (vectors == 2) {                                                                                             \
        if (left >= NN_CONTRACT_ROWS) done = NN_CONTRACT_ROWS;                                                        \
        switch (done) {                                                                                               \
          case 1: nn_contract_reach_##T(1, 2, depth, a, a_m, b, places, c, c_m, more); break;                         \
          case 2: nn_contract_reach_##T(2, 2, depth, a, a_m, b, places, c, c_m, more); break;                         \
          case 4: nn_contract_reach_##T(4, 2, depth, a, a_m, b, places, c, c_m, more); break;                         \
          case 6: nn_contract_reach_##T(6, 2, depth, a, a_m, b, places, c, c_m, more); break;                         \
          default: nn_contract_reach_##T(NN_CONTRACT_ROWS, 2, depth, a, a_m, b, places, c, c_m, more);                \
        }                                                                                                             \
      } else {                                                                                                        \
        switch (done) {                                                                                               \
          case 1: nn_contract_reach_##T(1, MOST, depth, a, a_m, b, places, c, c_m, more); break;                      \
          case 2: nn_contract_reach_##T(2, MOST, depth, a, a_m, b, places, c, c_m, more); break;                      \
          case 4: nn_contract_reach_##T(4, MOST, depth, a, a_m, b, places, c, c_m, more); break;                      \
          default: nn_contract_reach_##T(6, MOST, depth, a, a_m, b, places, c, c_m, more);                            \
        }                                                                                                             \
      }                                                                                                               \
      a += done * a_m;                                                                                                \
      for (int v = 0; v < vectors; v++) c[v] += done * c_m;                                                           \
    }                                                                                                                 \
  }                                                                                                                   \
                                                                                                                      \
  /* Takes the columns of a tile that count from c, or puts them there: of each `pitch` elements the first `line` do. \
     Gives how many there are. */                                                                                     \
  static ptrdiff_t nn_contract_lines_##T(int puts, int rows, ptrdiff_t width, ptrdiff_t column, ptrdiff_t most,       \
                                         ptrdiff_t line, ptrdiff_t pitch, type *part, type *c, ptrdiff_t c_m) {       \
    ptrdiff_t done = 0;                                                                                               \
    for (ptrdiff_t j = 0; j < width && done < most;) {                                                                \
      const ptrdiff_t at = (column + done) % line;                                                                    \
      ptrdiff_t run = line - at < width - j ? line - at : width - j;                                                  \
      run = run < most - done ? run : most - done;                                                                    \
      for (int r = 0; r < rows; r++) {                                                                                \
        type *const inside = part + r * width + j, *const outside = c + r * c_m + done;                               \
        nn_contract_copy_##T(puts ? outside : inside, puts ? inside : outside, run);                                  \
      }                                                                                                               \
      done += run;                                                                                                    \
      j += at + run == line ? run + pitch - line : run;                                                               \
    }                                                                                                                 \
    return done;                                                                                                      \
  }                                                                                                                   \
                                                                                                                      \
  /* Packs a tile of rows, each DEPTH + 64 bytes after the last. */                                                   \
  static void nn_contract_pack_view_rows_##T(int rows, ptrdiff_t depth, const type *a, const ptrdiff_t *k_places,     \
                                             const ptrdiff_t *m_places, type *packed) {                               \
    for (ptrdiff_t k = 0; k < depth;) {                                                                               \
      const ptrdiff_t run = nn_contract_run(k_places + k, depth - k);                                                 \
      for (int r = 0; r < rows; r++) {                                                                                \
        nn_contract_copy_##T(packed + r * ((NN_CONTRACT_DEPTH + 64) / (int)sizeof(type)) + k,                         \
                             a + k_places[k] + m_places[r], run);                                                     \
      }                                                                                                               \
      k += run;                                                                                                       \
    }                                                                                                                 \
  }

#define NN_CONTRACT_SEGMENTS_VIEW(T, type)                                                                                  \
  /* Columns as segments of lines, one a vector: `line` neighbours, each line `pitch` after the last, of which the view has \
     `lines`. Segments are whole vectors of a long line, the last of it overlapping, or the whole of a short one. */        \
  static void nn_contract_view_segments_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,              \
                                            const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *k_axes,      \
                                            const type *a, const type *b, type *c, ptrdiff_t c_m, void *scratch,            \
                                            ptrdiff_t line, ptrdiff_t pitch, ptrdiff_t lines, int again) {                  \
    enum {                                                                                                                  \
      SIZE = (int)sizeof(type),                                                                                             \
      WIDTH = NN_CONTRACT_SIMD / 8 / SIZE,                                                                                  \
      ROWS = NN_CONTRACT_ROWS,                                                                                              \
      MOST = NN_CONTRACT_REACH,                                                                                             \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                     \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE                                                                              \
    };                                                                                                                      \
    type *const a_packed = (type *)scratch;                                                                                 \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], m_places[ROWS];                                                             \
    const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;                                                                       \
    const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;                                                          \
    const ptrdiff_t per_line = (line + WIDTH - 1) / WIDTH, width = line < WIDTH ? line : (ptrdiff_t)WIDTH;                  \
    const ptrdiff_t segments = N / line * per_line;                                                                         \
    const ptrdiff_t tallest = ROWS < 6 || (ROWS > 6 && M > 6 && M % 6 > 2) ? (ptrdiff_t)ROWS : 6;                           \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                           \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                              \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                       \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                       \
      for (ptrdiff_t m = 0; m < M; m += tallest) {                                                                          \
        const int rows = M - m < tallest ? (int)(M - m) : (int)tallest;                                                     \
        if (!(again && blocks == 1 && M <= tallest)) {                                                                      \
          nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                              \
          nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                     \
        }                                                                                                                   \
        for (ptrdiff_t s = 0; s < segments;) {                                                                              \
          const int vectors = rows > 6 || segments - s <= 2 ? 2 : (int)MOST;                                                \
          const type *from[4];                                                                                              \
          type *to[4], *sums[4], part[8 * 4 * WIDTH];                                                                       \
          ptrdiff_t done[4];                                                                                                \
          int lane[4], used = 0;                                                                                            \
          for (int v = 0; v < vectors; v++) {                                                                               \
            /* Where fewer are left the last one is computed again. */                                                      \
            const ptrdiff_t segment = s + v < segments ? s + v : segments - 1;                                              \
            const ptrdiff_t in_line = segment / per_line, place = segment % per_line * WIDTH;                               \
            const ptrdiff_t at = place + width <= line ? place : line - width;                                              \
            /* Behind the last line memory may end: a short one is read from before it. */                                  \
            lane[v] = n0 / line + in_line == lines - 1 ? (int)(WIDTH - width) : 0;                                          \
            from[v] = b + ((n0 / line + in_line) * pitch + at - lane[v]);                                                   \
            to[v] = c + (m * c_m + in_line * line + at);                                                                    \
            /* What the segment before has in common with it is there already. */                                           \
            done[v] = place - at;                                                                                           \
            used += s + v < segments;                                                                                       \
          }                                                                                                                 \
          if (width == WIDTH && (k0 == 0 || line % WIDTH == 0)) {                                                           \
            nn_contract_reach_rows_##T(rows, vectors, depth, a_packed, STRIDE, from, b_places, to, c_m, k0 > 0);            \
            s += used;                                                                                                      \
            continue;                                                                                                       \
          }                                                                                                                 \
          for (int i = 0; i < rows * vectors * WIDTH && k0 > 0; i++) part[i] = 0;                                           \
          for (int r = 0; r < rows && k0 > 0; r++) {                                                                        \
            for (int v = 0; v < vectors; v++) {                                                                             \
              nn_contract_copy_##T(part + (r * vectors + v) * WIDTH + lane[v], to[v] + r * c_m, width);                     \
            }                                                                                                               \
          }                                                                                                                 \
          for (int v = 0; v < vectors; v++) sums[v] = part + v * WIDTH;                                                     \
          nn_contract_reach_rows_##T(rows, vectors, depth, a_packed, STRIDE, from, b_places, sums, vectors * WIDTH, k0 > 0); \
          for (int v = 0; v < used; v++) {                                                                                  \
            for (int r = 0; r < rows; r++) {                                                                                \
              nn_contract_copy_##T(to[v] + r * c_m + done[v], part + (r * vectors + v) * WIDTH + lane[v] + done[v],         \
                                   width - done[v]);                                                                        \
            }                                                                                                               \
          }                                                                                                                 \
          s += used;                                                                                                        \
        }                                                                                                                   \
      }                                                                                                                     \
    }                                                                                                                       \
  }
#endif
/* @end */

/* @section contract_lines_guard_end needs: */
#endif
/* @end */
