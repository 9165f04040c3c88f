/* @section contract_turned_guard_begin needs: */
/* nn_contract_turned.h: products of sliding windows with the rows as vectors, which broadcast each element of an image from
   where it lies. A part of nn_contract_view.h. */
#ifndef NN_CONTRACT_TURNED_H
#define NN_CONTRACT_TURNED_H

#include "nn_contract_segments.h"
/* @end */

/* @section contract_turned needs: contract_segments */
#if NN_CONTRACT_SIMD
/* Sums of a tile of turned columns: with an operand or two they fill the registers. */
#if NN_CONTRACT_SIMD == 512 || defined(__aarch64__)
#define NN_CONTRACT_TURNED 25
#else
#define NN_CONTRACT_TURNED 12
#endif
/* Where registers are few and a multiply-add cannot repeat an element by itself, two vectors of rows share each repeated
   element: the columns of such a tile, which may lie anywhere; 0 where there is none. */
#if NN_CONTRACT_SIMD == 256
#define NN_CONTRACT_PAIRED 6
#else
#define NN_CONTRACT_PAIRED 0
#endif

#define NN_CONTRACT_TURNED_TILE(T, type, BYTES)                                                                              \
  /* part[columns, vectors of rows] (+)= b's columns, in `groups` of `run` neighbours that begin at b[g] + places[k], times  \
     a[depth, vectors of rows]: one vector or two. */                                                                        \
  NN_CONTRACT_INLINE void nn_contract_turned_tile_##T##_##BYTES(                                                             \
      const int groups, const int run, const int vectors, ptrdiff_t depth, const type *a, const type *const *b,              \
      const ptrdiff_t *places, type *part, int more) {                                                                       \
    enum { WIDTH = BYTES / (int)sizeof(type) };                                                                              \
    nn_##T##_v##BYTES sum[8][8][2];                                                                                          \
    const type *base[8];                                                                                                     \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int g = 0; g < groups; g++) {                                                                                       \
      base[g] = b[g];                                                                                                        \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int i = 0; i < run; i++) {                                                                                        \
        NN_CONTRACT_UNROLL                                                                                                   \
        for (int v = 0; v < vectors; v++) {                                                                                  \
          sum[g][i][v] = nn_##T##_v##BYTES##_splat(0);                                                                       \
          if (more) __builtin_memcpy(&sum[g][i][v], part + ((g * run + i) * vectors + v) * WIDTH, BYTES);                    \
        }                                                                                                                    \
      }                                                                                                                      \
    }                                                                                                                        \
    for (ptrdiff_t k = 0; k < depth; k++) {                                                                                  \
      const ptrdiff_t place = places[k];                                                                                     \
      nn_##T##_v##BYTES left[2];                                                                                             \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int v = 0; v < vectors; v++) __builtin_memcpy(&left[v], a + (k * vectors + v) * WIDTH, BYTES);                    \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int g = 0; g < groups; g++) {                                                                                     \
        NN_CONTRACT_UNROLL                                                                                                   \
        for (int i = 0; i < run; i++) {                                                                                      \
          const nn_##T##_v##BYTES right = nn_##T##_v##BYTES##_splat(base[g][place + i]);                                     \
          NN_CONTRACT_UNROLL                                                                                                 \
          for (int v = 0; v < vectors; v++) sum[g][i][v] = nn_##T##_v##BYTES##_fma(left[v], right, sum[g][i][v]);            \
        }                                                                                                                    \
      }                                                                                                                      \
    }                                                                                                                        \
    NN_CONTRACT_UNROLL                                                                                                       \
    for (int g = 0; g < groups; g++) {                                                                                       \
      NN_CONTRACT_UNROLL                                                                                                     \
      for (int i = 0; i < run; i++) {                                                                                        \
        NN_CONTRACT_UNROLL                                                                                                   \
        for (int v = 0; v < vectors; v++) {                                                                                  \
          __builtin_memcpy(part + ((g * run + i) * vectors + v) * WIDTH, &sum[g][i][v], BYTES);                              \
        }                                                                                                                    \
      }                                                                                                                      \
    }                                                                                                                        \
  }                                                                                                                          \
                                                                                                                             \
  static void nn_contract_turned_##T##_##BYTES(int run, ptrdiff_t depth, const type *a, const type *const *b,                \
                                               const ptrdiff_t *places, type *part, int more) {                              \
    enum { MOST = NN_CONTRACT_TURNED };                                                                                      \
    if (run == 7) {                                                                                                          \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 7, 7, 1, depth, a, b, places, part, more);                                \
    } else if (run == 5) {                                                                                                   \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 5, 5, 1, depth, a, b, places, part, more);                                \
    } else if (run == 4) {                                                                                                   \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 4, 4, 1, depth, a, b, places, part, more);                                \
    } else if (run == 3) {                                                                                                   \
      nn_contract_turned_tile_##T##_##BYTES(MOST / 3, 3, 1, depth, a, b, places, part, more);                                \
    } else {                                                                                                                 \
      nn_contract_turned_tile_##T##_##BYTES(8, 1, 1, depth, a, b, places, part, more);                                       \
    }                                                                                                                        \
  }

#if NN_CONTRACT_PAIRED
#define NN_CONTRACT_TURNED_PAIR(T, type)                                                                                     \
  static void nn_contract_turned_##T##_64(int run, ptrdiff_t depth, const type *a, const type *const *b,                     \
                                          const ptrdiff_t *places, type *part, int more) {                                   \
    (void)run;                                                                                                               \
    nn_contract_turned_tile_##T##_32(NN_CONTRACT_PAIRED, 1, 2, depth, a, b, places, part, more);                             \
  }
#endif

#if NN_CONTRACT_SIMD >= 512
#define NN_CONTRACT_TURNED_TILES(T, type) \
  NN_CONTRACT_TURNED_TILE(T, type, 16)    \
  NN_CONTRACT_TURNED_TILE(T, type, 32)    \
  NN_CONTRACT_TURNED_TILE(T, type, 64)
#elif NN_CONTRACT_SIMD >= 256
#define NN_CONTRACT_TURNED_TILES(T, type) \
  NN_CONTRACT_TURNED_TILE(T, type, 16)    \
  NN_CONTRACT_TURNED_TILE(T, type, 32)    \
  NN_CONTRACT_TURNED_PAIR(T, type)
#else
#define NN_CONTRACT_TURNED_TILES(T, type) NN_CONTRACT_TURNED_TILE(T, type, 16)
#endif

/* 64 bytes are one vector, or a pair of them. */
#if NN_CONTRACT_SIMD >= 256
#define NN_CONTRACT_TURNED_CALL(T, bytes, ...)             \
  (bytes == 64   ? nn_contract_turned_##T##_64(__VA_ARGS__) \
   : bytes == 32 ? nn_contract_turned_##T##_32(__VA_ARGS__) \
                 : nn_contract_turned_##T##_16(__VA_ARGS__))
#else
#define NN_CONTRACT_TURNED_CALL(T, bytes, ...) ((void)(bytes), nn_contract_turned_##T##_16(__VA_ARGS__))
#endif

#define NN_CONTRACT_TURNED_VIEW(T, type)                                                                                      \
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
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], m_places[2 * WIDTH], n_places[MOST];                                          \
    /* Blocks that lie alike, where they are not short: then one table of places serves all. */                               \
    const ptrdiff_t period = nn_contract_period(k_axes, view[2], 3, DEPTH);                                                   \
    const int alike = period > DEPTH / 4 || period == K;                                                                      \
    const ptrdiff_t block = alike ? period : (ptrdiff_t)DEPTH, blocks = (K + block - 1) / block;                              \
    /* Sums wait here for the next block of k. */                                                                             \
    type single[MOST * WIDTH];                                                                                                \
    type *const parts = blocks == 1 ? single : (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);                    \
    for (ptrdiff_t m = 0, rows; m < M; m += rows) {                                                                           \
      const ptrdiff_t tallest = NN_CONTRACT_PAIRED ? 2 * WIDTH : WIDTH;                                                       \
      rows = M - m < tallest ? M - m : tallest;                                                                               \
      const ptrdiff_t bytes = nn_contract_width_##T(rows), width = bytes / SIZE;                                              \
      const int paired = width > WIDTH, neighbours = paired ? 1 : run;                                                        \
      const int groups = paired ? NN_CONTRACT_PAIRED : run == 1 ? 8 : MOST / run, columns = groups * neighbours;              \
      const ptrdiff_t panel = NN_CONTRACT_BLOCK_BYTES / bytes / columns * columns;                                            \
      const int is_packed = again && blocks == 1 && M == rows;                                                                \
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
            if (!is_packed) nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                   \
            nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                   \
          }                                                                                                                   \
          if (!is_packed) {                                                                                                   \
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
            for (int g = 0; g < groups; g++) {                                                                                \
              from[g] = b + (b_start + n_places[g * neighbours < used ? g * neighbours : used - neighbours]);                 \
            }                                                                                                                 \
            NN_CONTRACT_TURNED_CALL(T, bytes, run, depth, a_packed, from, b_places, part, k0 > 0);                            \
            if (k0 + depth == K) nn_contract_turn_##T(used, rows, part, width, c + m * c_m + n, c_m);                         \
          }                                                                                                                   \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
  }
#endif
/* @end */

/* @section contract_turned_guard_end needs: */
#endif
/* @end */
