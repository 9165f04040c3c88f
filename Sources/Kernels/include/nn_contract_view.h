/* @section contract_view_guard_begin needs: */
/* nn_contract_view.h: matrix products of operands whose rows, columns and k are walked with several strides each, as
   those of sliding windows are. Each element is the chain of multiply-adds that nn_contract.h defines, of which the
   tiles and their configuration are. The file is cut into sections as that one is. */
#ifndef NN_CONTRACT_VIEW_H
#define NN_CONTRACT_VIEW_H

#include "nn_contract.h"
/* @end */

/* @section contract_view needs: contract_tile */
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
  /* part[rows, vectors] (+)= a[rows, depth] b, whose row k of vector v begins at b[v] + places[k]. */                \
  NN_CONTRACT_INLINE void nn_contract_reach_##T(const int rows, const int vectors, ptrdiff_t depth, const type *a,    \
                                                ptrdiff_t a_m, const type *const *b, const ptrdiff_t *places,         \
                                                type *part, int more) {                                               \
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
        if (more) __builtin_memcpy(&sum[r][v], part + (r * vectors + v) * WIDTH, BYTES);                              \
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
    for (int r = 0; r < rows; r++) {                                                                                  \
      NN_CONTRACT_UNROLL                                                                                              \
      for (int v = 0; v < vectors; v++) __builtin_memcpy(part + (r * vectors + v) * WIDTH, &sum[r][v], BYTES);        \
    }                                                                                                                 \
  }                                                                                                                   \
                                                                                                                      \
  /* The same for any number of rows and NN_CONTRACT_REACH or 2 vectors. */                                           \
  static void nn_contract_reach_rows_##T(int rows, int vectors, ptrdiff_t depth, const type *a, ptrdiff_t a_m,        \
                                         const type *const *b, const ptrdiff_t *places, type *part, int more) {       \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type), MOST = NN_CONTRACT_REACH };                              \
    for (int r = 0; r < rows;) {                                                                                      \
      const int left = rows - r;                                                                                      \
      const type *const from = a + r * a_m;                                                                           \
      type *const to = part + r * vectors * WIDTH;                                                                    \
      if (vectors == 2) {                                                                                             \
        if (left >= NN_CONTRACT_ROWS) {                                                                               \
          nn_contract_reach_##T(NN_CONTRACT_ROWS, 2, depth, from, a_m, b, places, to, more);                          \
          r += NN_CONTRACT_ROWS;                                                                                      \
        } else if (NN_CONTRACT_ROWS > 6 && left >= 6) {                                                               \
          nn_contract_reach_##T(6, 2, depth, from, a_m, b, places, to, more);                                         \
          r += 6;                                                                                                     \
        } else if (left >= 4) {                                                                                       \
          nn_contract_reach_##T(4, 2, depth, from, a_m, b, places, to, more);                                         \
          r += 4;                                                                                                     \
        } else if (left >= 2) {                                                                                       \
          nn_contract_reach_##T(2, 2, depth, from, a_m, b, places, to, more);                                         \
          r += 2;                                                                                                     \
        } else {                                                                                                      \
          nn_contract_reach_##T(1, 2, depth, from, a_m, b, places, to, more);                                         \
          r += 1;                                                                                                     \
        }                                                                                                             \
      } else if (left >= 6) {                                                                                         \
        nn_contract_reach_##T(6, MOST, depth, from, a_m, b, places, to, more);                                        \
        r += 6;                                                                                                       \
      } else if (left >= 4) {                                                                                         \
        nn_contract_reach_##T(4, MOST, depth, from, a_m, b, places, to, more);                                        \
        r += 4;                                                                                                       \
      } else if (left >= 2) {                                                                                         \
        nn_contract_reach_##T(2, MOST, depth, from, a_m, b, places, to, more);                                        \
        r += 2;                                                                                                       \
      } else {                                                                                                        \
        nn_contract_reach_##T(1, MOST, depth, from, a_m, b, places, to, more);                                        \
        r += 1;                                                                                                       \
      }                                                                                                               \
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

#define NN_CONTRACT_TURN_VIEW(T, type)                                                                        \
  /* The columns of a tile, where neighbours in memory are neighbours in k. */                                \
  static void nn_contract_turn_view_##T(ptrdiff_t depth, ptrdiff_t width, ptrdiff_t used, const type *b,      \
                                        const ptrdiff_t *k_places, const ptrdiff_t *n_places, type *tile) {   \
    for (ptrdiff_t k = 0; k < depth;) {                                                                       \
      const ptrdiff_t run = nn_contract_run(k_places + k, depth - k);                                         \
      const type *const from = b + k_places[k];                                                               \
      for (ptrdiff_t i = 0; i < run && run < 4; i++) {                                                        \
        for (ptrdiff_t j = 0; j < used; j++) tile[(k + i) * width + j] = from[n_places[j] + i];               \
      }                                                                                                       \
      for (ptrdiff_t i = 0; i < run && run >= 4; i += 4) {                                                    \
        const ptrdiff_t at = i + 4 <= run ? i : run - 4;                                                      \
        for (ptrdiff_t j = 0; j < used; j += 4) {                                                             \
          const ptrdiff_t column = j + 4 <= used ? j : used - 4;                                              \
          const ptrdiff_t *const n = n_places + column;                                                       \
          nn_contract_transpose(from + n[0] + at, from + n[1] + at, from + n[2] + at, from + n[3] + at,       \
                                (char *)(tile + (k + at) * width + column), width * (ptrdiff_t)sizeof(type)); \
        }                                                                                                     \
      }                                                                                                       \
      k += run;                                                                                               \
    }                                                                                                         \
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
    const ptrdiff_t segments = N / line * per_line, tallest = ROWS > 6 && M > 6 && M % 6 > 2 ? (ptrdiff_t)ROWS : 6;         \
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
          type *to[4], part[8 * 4 * WIDTH];                                                                                 \
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
            used += s + v < segments;                                                                                       \
          }                                                                                                                 \
          for (int i = 0; i < rows * vectors * WIDTH && k0 > 0; i++) part[i] = 0;                                           \
          for (int r = 0; r < rows && k0 > 0; r++) {                                                                        \
            for (int v = 0; v < vectors; v++) {                                                                             \
              nn_contract_copy_##T(part + (r * vectors + v) * WIDTH + lane[v], to[v] + r * c_m, width);                     \
            }                                                                                                               \
          }                                                                                                                 \
          nn_contract_reach_rows_##T(rows, vectors, depth, a_packed, STRIDE, from, b_places, part, k0 > 0);                 \
          for (int v = 0; v < used; v++) {                                                                                  \
            for (int r = 0; r < rows; r++) {                                                                                \
              type *const sums = part + (r * vectors + v) * WIDTH;                                                          \
              if (width == WIDTH) {                                                                                         \
                __builtin_memcpy(to[v] + r * c_m, sums, WIDTH * SIZE);                                                      \
              } else {                                                                                                      \
                nn_contract_copy_##T(to[v] + r * c_m, sums + lane[v], width);                                               \
              }                                                                                                             \
            }                                                                                                               \
          }                                                                                                                 \
          s += used;                                                                                                        \
        }                                                                                                                   \
      }                                                                                                                     \
    }                                                                                                                       \
  }

/* Sums of a tile of turned columns: with an operand or two they fill the registers. */
#if NN_CONTRACT_SIMD == 512 || defined(__aarch64__)
#define NN_CONTRACT_TURNED 25
#else
#define NN_CONTRACT_TURNED 12
#endif

#define NN_CONTRACT_TURNED_TILE(T, type, BYTES)                                                                              \
  /* part[columns, a vector of rows] (+)= b's columns, in `groups` of `run` neighbours that begin at b[g] + places[k], times \
     a[depth, a vector of rows]. */                                                                                          \
  NN_CONTRACT_INLINE void nn_contract_turned_tile_##T##_##BYTES(const int groups, const int run, ptrdiff_t depth,            \
                                                                const type *a, const type *const *b,                         \
                                                                const ptrdiff_t *places, type *part, int more) {             \
    enum { WIDTH = BYTES / (int)sizeof(type) };                                                                              \
    nn_##T##_v##BYTES sum[8][8];                                                                                             \
    const type *base[8];                                                                                                     \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int g = 0; g < groups; g++) {                                                                                       \
      base[g] = b[g];                                                                                                        \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int i = 0; i < run; i++) {                                                                                        \
        sum[g][i] = nn_##T##_v##BYTES##_splat(0);                                                                            \
        if (more) __builtin_memcpy(&sum[g][i], part + (g * run + i) * WIDTH, BYTES);                                         \
      }                                                                                                                      \
    }                                                                                                                        \
    for (ptrdiff_t k = 0; k < depth; k++) {                                                                                  \
      const ptrdiff_t place = places[k];                                                                                     \
      nn_##T##_v##BYTES left;                                                                                                \
      __builtin_memcpy(&left, a + k * WIDTH, BYTES);                                                                         \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int g = 0; g < groups; g++) {                                                                                     \
        NN_CONTRACT_UNROLL                                                                                                   \
        for (int i = 0; i < run; i++) {                                                                                      \
          sum[g][i] = nn_##T##_v##BYTES##_fma(left, nn_##T##_v##BYTES##_splat(base[g][place + i]), sum[g][i]);               \
        }                                                                                                                    \
      }                                                                                                                      \
    }                                                                                                                        \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int g = 0; g < groups; g++) {                                                                                       \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int i = 0; i < run; i++) __builtin_memcpy(part + (g * run + i) * WIDTH, &sum[g][i], BYTES);                       \
    }                                                                                                                        \
  }                                                                                                                          \
                                                                                                                             \
  static void nn_contract_turned_##T##_##BYTES(int run, ptrdiff_t depth, const type *a, const type *const *b,                \
                                               const ptrdiff_t *places, type *part, int more) {                              \
    enum { MOST = NN_CONTRACT_TURNED };                                                                                      \
    if (run == 7) {                                                                                                          \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 7, 7, depth, a, b, places, part, more);                                   \
    } else if (run == 5) {                                                                                                   \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 5, 5, depth, a, b, places, part, more);                                   \
    } else if (run == 4) {                                                                                                   \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 4, 4, depth, a, b, places, part, more);                                   \
    } else if (run == 3) {                                                                                                   \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 3, 3, depth, a, b, places, part, more);                                   \
    } else {                                                                                                                 \
      nn_contract_turned_tile_##T##_##BYTES(8, 1, depth, a, b, places, part, more);                                          \
    }                                                                                                                        \
  }

#if NN_CONTRACT_SIMD >= 512
#define NN_CONTRACT_TURNED_TILES(T, type) \
  NN_CONTRACT_TURNED_TILE(T, type, 16)    \
  NN_CONTRACT_TURNED_TILE(T, type, 32)    \
  NN_CONTRACT_TURNED_TILE(T, type, 64)
#define NN_CONTRACT_TURNED_CALL(T, bytes, ...)             \
  (bytes == 64   ? nn_contract_turned_##T##_64(__VA_ARGS__) \
   : bytes == 32 ? nn_contract_turned_##T##_32(__VA_ARGS__) \
                 : nn_contract_turned_##T##_16(__VA_ARGS__))
#elif NN_CONTRACT_SIMD >= 256
#define NN_CONTRACT_TURNED_TILES(T, type) \
  NN_CONTRACT_TURNED_TILE(T, type, 16)    \
  NN_CONTRACT_TURNED_TILE(T, type, 32)
#define NN_CONTRACT_TURNED_CALL(T, bytes, ...) \
  (bytes == 32 ? nn_contract_turned_##T##_32(__VA_ARGS__) : nn_contract_turned_##T##_16(__VA_ARGS__))
#else
#define NN_CONTRACT_TURNED_TILES(T, type) NN_CONTRACT_TURNED_TILE(T, type, 16)
#define NN_CONTRACT_TURNED_CALL(T, bytes, ...) ((void)(bytes), nn_contract_turned_##T##_16(__VA_ARGS__))
#endif

#define NN_CONTRACT_TURNED_VIEW(T, type)                                                                                      \
  /* c[i, j] = part[j, i] */                                                                                                  \
  static void nn_contract_turn_back_##T(ptrdiff_t rows, ptrdiff_t columns, const type *part, ptrdiff_t width, type *c,        \
                                        ptrdiff_t c_m) {                                                                      \
    if (sizeof(type) != 4 || rows < 4 || columns < 4) {                                                                       \
      for (ptrdiff_t i = 0; i < rows; i++) {                                                                                  \
        for (ptrdiff_t j = 0; j < columns; j++) c[i * c_m + j] = part[j * width + i];                                         \
      }                                                                                                                       \
      return;                                                                                                                 \
    }                                                                                                                         \
    for (ptrdiff_t i = 0; i < rows; i += 4) {                                                                                 \
      const ptrdiff_t row = i + 4 <= rows ? i : rows - 4;                                                                     \
      for (ptrdiff_t j = 0; j < columns; j += 4) {                                                                            \
        const ptrdiff_t column = j + 4 <= columns ? j : columns - 4;                                                          \
        const type *const from = part + column * width + row;                                                                 \
        nn_contract_transpose(from, from + width, from + 2 * width, from + 3 * width,                                         \
                              (char *)(c + row * c_m + column), c_m * (ptrdiff_t)sizeof(type));                               \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
                                                                                                                              \
  /* The rows as vectors, so that each element of b is read where it lies and serves all of them: for b with few columns that \
     are neighbours, whose packing would take longer than the product. The columns come in runs of `run` neighbours. */       \
  static void nn_contract_view_turned_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,                  \
                                          const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *column_axes,     \
                                          const ptrdiff_t *k_axes, const type *a, const type *b, type *c, ptrdiff_t c_m,      \
                                          void *scratch, int run, int again) {                                                \
    enum {                                                                                                                    \
      SIZE = (int)sizeof(type),                                                                                               \
      WIDTH = NN_CONTRACT_SIMD / 8 / SIZE,                                                                                    \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                       \
      MOST = NN_CONTRACT_TURNED                                                                                               \
    };                                                                                                                        \
    type *const a_packed = (type *)scratch;                                                                                   \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], m_places[WIDTH], n_places[MOST];                                              \
    /* Blocks that lie alike, where they are not short: then one table of places serves all. */                               \
    const ptrdiff_t period = nn_contract_period(k_axes, view[2], 3, DEPTH);                                                   \
    const int alike = period > DEPTH / 4 || period == K;                                                                      \
    const ptrdiff_t block = alike ? period : (ptrdiff_t)DEPTH, blocks = (K + block - 1) / block;                              \
    const int groups = run == 1 ? 8 : MOST / run, columns = groups * run;                                                     \
    /* Sums wait here for the next block of k. */                                                                             \
    type single[MOST * WIDTH];                                                                                                \
    type *const parts = blocks == 1 ? single : (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);                    \
    const ptrdiff_t panel = NN_CONTRACT_BLOCK_BYTES / (WIDTH * SIZE) / columns * columns;                                     \
    for (ptrdiff_t m = 0; m < M; m += WIDTH) {                                                                                \
      const ptrdiff_t rows = M - m < WIDTH ? M - m : (ptrdiff_t)WIDTH;                                                        \
      const ptrdiff_t bytes = nn_contract_width_##T(rows), width = bytes / SIZE;                                              \
      nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                                    \
      for (ptrdiff_t start = 0; start < N; start += panel) {                                                                  \
        const ptrdiff_t stop = N - start < panel ? N : start + panel;                                                         \
        for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                         \
          const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                            \
          ptrdiff_t a_start = 0, b_start = 0;                                                                                 \
          if (alike && k0 > 0) {                                                                                              \
            nn_contract_places(k0, 1, k_axes, view[2], 3, 1, &a_start);                                                       \
            nn_contract_places(k0, 1, k_axes, view[2], 3, 2, &b_start);                                                       \
          }                                                                                                                   \
          if (!alike || k0 == 0) {                                                                                            \
            nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                   \
            nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                   \
          }                                                                                                                   \
          if (!(again && blocks == 1 && M <= WIDTH)) {                                                                        \
            nn_contract_pack_view_##T(depth, rows, a + a_start, a_places, m_places, a_packed);                                \
          }                                                                                                                   \
          for (ptrdiff_t n = start; n < stop; n += columns) {                                                                 \
            const ptrdiff_t used = stop - n < columns ? stop - n : columns;                                                   \
            type *const part = blocks == 1 ? parts : parts + (n - start) * width;                                             \
            const type *from[8];                                                                                              \
            if (k0 == 0 || stop - start > columns) {                                                                          \
              nn_contract_places(n0 + n, used, column_axes, view[1], 2, 1, n_places);                                         \
            }                                                                                                                 \
            /* Where fewer are left the last group is computed again. */                                                      \
            for (int g = 0; g < groups; g++) from[g] = b + (b_start + n_places[g * run < used ? g * run : used - run]);       \
            NN_CONTRACT_TURNED_CALL(T, bytes, run, depth, a_packed, from, b_places, part, k0 > 0);                            \
            if (k0 + depth == K) nn_contract_turn_back_##T(rows, used, part, width, c + m * c_m + n, c_m);                    \
          }                                                                                                                   \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
  }

#define NN_CONTRACT_VIEW_BLOCKS(T, type)                                                                                   \
  NN_CONTRACT_REACH_VIEW(T, type)                                                                                          \
                                                                                                                           \
  NN_CONTRACT_TURN_VIEW(T, type)                                                                                           \
                                                                                                                           \
  static void nn_contract_pack_view_##T(ptrdiff_t depth, ptrdiff_t columns, const type *b, const ptrdiff_t *k_places,      \
                                        const ptrdiff_t *n_places, type *packed) {                                         \
    for (ptrdiff_t n = 0; n < columns;) {                                                                                  \
      const ptrdiff_t width = nn_contract_width_##T(columns - n) / (ptrdiff_t)sizeof(type);                                \
      const ptrdiff_t used = columns - n < width ? columns - n : width;                                                    \
      type *const tile = packed + n * depth;                                                                               \
      if (used < width) __builtin_memset(tile, 0, (size_t)(depth * width) * sizeof(type));                                 \
      ptrdiff_t turned = 0;                                                                                                \
      if (sizeof(type) == 4 && used >= 4 && nn_contract_run(n_places + n, used < 16 ? used : 16) < 16 &&                   \
          nn_contract_run(k_places, depth < 8 ? depth : 8) >= 8) {                                                         \
        turned = used;                                                                                                     \
        nn_contract_turn_view_##T(depth, width, used, b, k_places, n_places + n, tile);                                    \
      }                                                                                                                    \
      for (ptrdiff_t j = turned; j < used;) {                                                                              \
        const ptrdiff_t run = nn_contract_run(n_places + n + j, used - j);                                                 \
        const type *const from = b + n_places[n + j];                                                                      \
        for (ptrdiff_t k = 0; k < depth; k++) nn_contract_copy_##T(tile + k * width + j, from + k_places[k], run);         \
        j += run;                                                                                                          \
      }                                                                                                                    \
      n += used;                                                                                                           \
    }                                                                                                                      \
  }                                                                                                                        \
                                                                                                                           \
  NN_CONTRACT_SEGMENTS_VIEW(T, type)                                                                                       \
                                                                                                                           \
  NN_CONTRACT_TURNED_TILES(T, type)                                                                                        \
                                                                                                                           \
  NN_CONTRACT_TURNED_VIEW(T, type)                                                                                         \
                                                                                                                           \
  /* The same where columns lie in lines of `line` neighbours, each `pitch` after the last, and rows are few: nothing of b \
     is packed; what lies between the lines is computed with them and dropped. */                                          \
  static void nn_contract_view_lines_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,                \
                                         const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *column_axes,   \
                                         const ptrdiff_t *k_axes, const type *a, const type *b, type *c, ptrdiff_t c_m,    \
                                         void *scratch, ptrdiff_t line, ptrdiff_t pitch) {                                 \
    enum {                                                                                                                 \
      SIZE = (int)sizeof(type),                                                                                            \
      VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,                                                                           \
      ROWS = NN_CONTRACT_ROWS,                                                                                             \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                    \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE                                                                             \
    };                                                                                                                     \
    type *const a_packed = (type *)scratch;                                                                                \
    type *const b_packed = (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);                                     \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], n_places[VECTORS], m_places[ROWS];                                         \
    const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;                                                                      \
    const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;                                                         \
    const ptrdiff_t end = (n0 + N - 1) / line * pitch + (n0 + N - 1) % line + 1;                                           \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                          \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                             \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                      \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                      \
      for (ptrdiff_t m = 0; m < M; m += ROWS) {                                                                            \
        const int rows = M - m < ROWS ? (int)(M - m) : ROWS;                                                               \
        nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                               \
        nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                      \
        for (ptrdiff_t n = 0; n < N;) {                                                                                    \
          const ptrdiff_t place = (n0 + n) / line * pitch + (n0 + n) % line;                                               \
          type *const tile_c = c + (m * c_m + n);                                                                          \
          type part[ROWS * VECTORS];                                                                                       \
          for (int i = 0; i < ROWS * VECTORS && k0 > 0; i++) part[i] = 0;                                                  \
          if (end - place >= VECTORS) {                                                                                    \
            if (k0 > 0) nn_contract_lines_##T(0, rows, VECTORS, n0 + n, N - n, line, pitch, part, tile_c, c_m);            \
            const type *const from[2] = {b + place, b + place + VECTORS / 2};                                              \
            nn_contract_reach_rows_##T(rows, 2, depth, a_packed, STRIDE, from, b_places, part, k0 > 0);                    \
            n += nn_contract_lines_##T(1, rows, VECTORS, n0 + n, N - n, line, pitch, part, tile_c, c_m);                   \
          } else {                                                                                                         \
            /* What is left may end where memory ends: its columns are packed. */                                          \
            const ptrdiff_t bytes = nn_contract_width_##T(N - n), width = bytes / SIZE;                                    \
            const ptrdiff_t used = N - n < width ? N - n : width;                                                          \
            nn_contract_places(n0 + n, used, column_axes, view[1], 2, 1, n_places);                                        \
            nn_contract_pack_view_##T(depth, used, b, b_places, n_places, b_packed);                                       \
            for (int r = 0; r < rows && k0 > 0; r++) nn_contract_copy_##T(part + r * width, tile_c + r * c_m, used);       \
            nn_contract_tile_##T(bytes, rows, depth, a_packed, STRIDE, 1, b_packed, width, part, width, k0 > 0);           \
            for (int r = 0; r < rows; r++) nn_contract_copy_##T(tile_c + r * c_m, part + r * width, used);                 \
            n += used;                                                                                                     \
          }                                                                                                                \
        }                                                                                                                  \
      }                                                                                                                    \
    }                                                                                                                      \
  }                                                                                                                        \
                                                                                                                           \
  /* The ways that pack nothing of b, where one of them takes fewer cycles than packing; the estimates count two           \
     multiply-adds a cycle, and do not depend on `again`: the same call must go the same way. Gives whether one did. */    \
  static int nn_contract_view_in_place_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,              \
                                           const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *column_axes, \
                                           const ptrdiff_t *k_axes, const type *a, const type *b, type *c, ptrdiff_t c_m,  \
                                           void *scratch, int again) {                                                     \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type), ROWS = NN_CONTRACT_ROWS, MOST = NN_CONTRACT_TURNED };         \
    static const int runs[] = {5, 4, 7, 3};                                                                                \
    const ptrdiff_t *const inner = column_axes + 2 * (view[1] - 1);                                                        \
    const double m = (double)M, n = (double)N, half_k = 0.5 * (double)K;                                                   \
    if (view[1] < 1 || K == 0) return 0;                                                                                   \
    double least = m * (double)((N + WIDTH - 1) / WIDTH) * half_k + 1.5 * half_k * n;                                      \
    int way = 0, run = 1;                                                                                                  \
    for (int i = 0; i < 4 && run == 1 && inner[1] == 1; i++) {                                                             \
      if (inner[0] % runs[i] == 0 && n0 % runs[i] == 0 && N % runs[i] == 0) run = runs[i];                                 \
    }                                                                                                                      \
    const ptrdiff_t columns = run == 1 ? 8 : MOST / run * run;                                                             \
    const double vectors = (double)((M + WIDTH - 1) / WIDTH);                                                              \
    const double turned = vectors * (double)((N + columns - 1) / columns * columns) * half_k * (run == 1 ? 1.3 : 1) +      \
                          m * half_k + 0.75 * m * n;                                                                       \
    if (turned < least) {                                                                                                  \
      least = turned;                                                                                                      \
      way = 1;                                                                                                             \
    }                                                                                                                      \
    const ptrdiff_t line = inner[0], pitch = view[1] == 2 ? inner[-1] : line;                                              \
    const ptrdiff_t lines = view[1] == 2 ? column_axes[0] : 1;                                                             \
    if (view[1] <= 2 && inner[1] == 1 && pitch >= line) {                                                                  \
      const ptrdiff_t whole = (lines - 1) * pitch >= WIDTH - line && pitch >= WIDTH - line;                                \
      /* Two at a time at least. */                                                                                        \
      const ptrdiff_t pairs = (N / line * ((line + WIDTH - 1) / WIDTH) + 1) / 2;                                           \
      const double cost = 2 * m * (double)pairs * (half_k + 2);                                                            \
      if (n0 % line == 0 && N % line == 0 && (line >= WIDTH || whole) && cost < least) {                                   \
        least = cost;                                                                                                      \
        way = 2;                                                                                                           \
      }                                                                                                                    \
      const double tiles = n * (double)pitch / (double)(line * WIDTH);                                                     \
      if (M <= 4 * ROWS && m * tiles * (half_k + 4) + 32 * half_k < least) way = 3;                                        \
    }                                                                                                                      \
    if (way == 1) {                                                                                                        \
      nn_contract_view_turned_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch, run,        \
                                  again);                                                                                  \
    } else if (way == 2) {                                                                                                 \
      nn_contract_view_segments_##T(M, N, K, m0, n0, view, row_axes, k_axes, a, b, c, c_m, scratch, line, pitch, lines,    \
                                    again);                                                                                \
    } else if (way == 3) {                                                                                                 \
      nn_contract_view_lines_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch, line,        \
                                 pitch);                                                                                   \
    }                                                                                                                      \
    return way != 0;                                                                                                       \
  }                                                                                                                        \
                                                                                                                           \
  static void nn_contract_view_blocks_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,               \
                                          const ptrdiff_t *view, const ptrdiff_t *row_axes,                                \
                                          const ptrdiff_t *column_axes, const ptrdiff_t *k_axes, const type *a,            \
                                          const type *b, type *c, ptrdiff_t c_m, void *scratch, int again) {               \
    enum {                                                                                                                 \
      SIZE = (int)sizeof(type),                                                                                            \
      VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,                                                                           \
      ROWS = NN_CONTRACT_ROWS,                                                                                             \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                    \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE,                                                                            \
      COLUMNS = 1024                                                                                                       \
    };                                                                                                                     \
    if (nn_contract_view_in_place_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch,         \
                                      again)) {                                                                            \
      return;                                                                                                              \
    }                                                                                                                      \
    type *const a_packed = (type *)scratch;                                                                                \
    type *const b_packed = (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);                                     \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], n_places[COLUMNS], m_places[ROWS];                                         \
    const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;                                                                      \
    const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;                                                         \
    const ptrdiff_t fitting = NN_CONTRACT_BLOCK_BYTES / SIZE / block / VECTORS * VECTORS;                                  \
    const ptrdiff_t panel = fitting < COLUMNS ? fitting : (ptrdiff_t)COLUMNS;                                              \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                          \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                             \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                      \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                      \
      for (ptrdiff_t n = 0; n < N; n += panel) {                                                                           \
        const ptrdiff_t columns = N - n < panel ? N - n : panel;                                                           \
        nn_contract_places(n0 + n, columns, column_axes, view[1], 2, 1, n_places);                                         \
        nn_contract_pack_view_##T(depth, columns, b, b_places, n_places, b_packed);                                        \
        for (ptrdiff_t m = 0; m < M; m += ROWS) {                                                                          \
          const int rows = M - m < ROWS ? (int)(M - m) : ROWS;                                                             \
          nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                             \
          nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                    \
          for (ptrdiff_t j = 0; j < columns;) {                                                                            \
            const ptrdiff_t bytes = nn_contract_width_##T(columns - j), width = bytes / SIZE;                              \
            const ptrdiff_t used = columns - j < width ? columns - j : width;                                              \
            type *const tile_c = c + (m * c_m + n + j);                                                                    \
            if (used == width) {                                                                                           \
              nn_contract_tile_##T(bytes, rows, depth, a_packed, STRIDE, 1, b_packed + j * depth, width, tile_c, c_m,      \
                                   k0 > 0);                                                                                \
            } else {                                                                                                       \
              type part[ROWS * VECTORS];                                                                                   \
              for (int r = 0; r < rows && k0 > 0; r++) {                                                                   \
                for (ptrdiff_t i = 0; i < width; i++) part[r * width + i] = i < used ? tile_c[r * c_m + i] : 0;            \
              }                                                                                                            \
              nn_contract_tile_##T(bytes, rows, depth, a_packed, STRIDE, 1, b_packed + j * depth, width, part, width,      \
                                   k0 > 0);                                                                                \
              for (int r = 0; r < rows; r++) nn_contract_copy_##T(tile_c + r * c_m, part + r * width, used);               \
            }                                                                                                              \
            j += used;                                                                                                     \
          }                                                                                                                \
        }                                                                                                                  \
      }                                                                                                                    \
    }                                                                                                                      \
  }
#else
#define NN_CONTRACT_VIEW_BLOCKS(T, type)                                                                            \
  static void nn_contract_view_blocks_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,        \
                                          const ptrdiff_t *view, const ptrdiff_t *row_axes,                         \
                                          const ptrdiff_t *column_axes, const ptrdiff_t *k_axes, const type *a,     \
                                          const type *b, type *c, ptrdiff_t c_m, void *scratch, int again) {        \
    enum { CHUNK = 64 };                                                                                            \
    ptrdiff_t a_places[CHUNK], b_places[CHUNK], n_places[CHUNK], m_place[1];                                        \
    (void)scratch, (void)again;                                                                                     \
    for (ptrdiff_t n = 0; n < N; n += CHUNK) {                                                                      \
      const ptrdiff_t columns = N - n < CHUNK ? N - n : (ptrdiff_t)CHUNK;                                           \
      nn_contract_places(n0 + n, columns, column_axes, view[1], 2, 1, n_places);                                    \
      for (ptrdiff_t m = 0; m < M; m++) {                                                                           \
        type sum[CHUNK] = {0};                                                                                      \
        nn_contract_places(m0 + m, 1, row_axes, view[0], 2, 1, m_place);                                            \
        for (ptrdiff_t k0 = 0; k0 < K; k0 += CHUNK) {                                                               \
          const ptrdiff_t depth = K - k0 < CHUNK ? K - k0 : (ptrdiff_t)CHUNK;                                       \
          nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                           \
          nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                           \
          for (ptrdiff_t k = 0; k < depth; k++) {                                                                   \
            const type left = a[m_place[0] + a_places[k]];                                                          \
            const type *const right = b + b_places[k];                                                              \
            for (ptrdiff_t j = 0; j < columns; j++) sum[j] = NN_CONTRACT_FMA_##T(left, right[n_places[j]], sum[j]); \
          }                                                                                                         \
        }                                                                                                           \
        for (ptrdiff_t j = 0; j < columns; j++) c[m * c_m + n + j] = sum[j];                                        \
      }                                                                                                             \
    }                                                                                                               \
  }
#endif

/* Defines nn_contract_view_T, a product whose rows, columns and k are walked with several strides each: of sliding
   windows, which are packed by the block and never stored whole.

   `view` says how: { axes of rows, of columns, of k, then for each axis of rows (extent, stride in a), of columns
   (extent, stride in b), of k (extent, stride in a, stride in b) }, outermost first.
     c[i, j] = sum over k of a[row m0 + i, k] b[k, column n0 + j],   0 <= i < M, 0 <= j < N
   each one chain in increasing k, as nn_contract_T gives them. `again` says that the scratch was last used by the same
   call, but for b and c: what has been packed of a still serves. */
#define NN_CONTRACT_DEFINE_VIEW(T, type)                                                                            \
  NN_CONTRACT_VIEW_BLOCKS(T, type)                                                                                  \
                                                                                                                    \
  static void nn_contract_view_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t m0, ptrdiff_t n0, const ptrdiff_t *view,     \
                                   const type *a, const type *b, type *c, ptrdiff_t c_m, void *scratch,             \
                                   int again) {                                                                     \
    const ptrdiff_t *const rows = view + 3, *const columns = rows + 2 * view[0], *const ks = columns + 2 * view[1]; \
    ptrdiff_t K = 1;                                                                                                \
    for (ptrdiff_t axis = 0; axis < view[2]; axis++) K *= ks[3 * axis];                                             \
    nn_contract_view_blocks_##T(M, N, K, m0, n0, view, rows, columns, ks, a, b, c, c_m, scratch, again);            \
  }
/* @end */

/* @section contract_view_f32 needs: contract_parts_f32 contract_view */
NN_CONTRACT_DEFINE_VIEW(f32, float)
/* @end */

/* @section contract_view_f64 needs: contract_parts_f64 contract_view */
NN_CONTRACT_DEFINE_VIEW(f64, double)
/* @end */

/* @section contract_view_i32 needs: contract_parts_i32 contract_view */
NN_CONTRACT_DEFINE_VIEW(i32, int32_t)
/* @end */

/* @section contract_view_i64 needs: contract_parts_i64 contract_view */
NN_CONTRACT_DEFINE_VIEW(i64, int64_t)
/* @end */

/* @section contract_view_guard_end needs: */
#endif
/* @end */
