/* @section contract_view_guard_begin needs: */
/* nn_contract_view.h: matrix products of operands whose rows, columns and k are walked with several strides each, as
   those of sliding windows are. Each element is the chain of multiply-adds that nn_contract.h defines, of which the
   tiles and their configuration are. The file is cut into sections as that one is. */
#ifndef NN_CONTRACT_VIEW_H
#define NN_CONTRACT_VIEW_H

#include "nn_contract_interleaved.h"
#include "nn_contract_turned.h"
/* @end */

/* @section contract_view needs: contract_interleaved contract_turned */
#if NN_CONTRACT_SIMD
/* Packed columns, or what reads them in place: rows as vectors, lines of an image cut into vectors or run over, lines packed
   once for all windows. */
typedef enum {
  NN_CONTRACT_WAY_PACKED,
  NN_CONTRACT_WAY_TURNED,
  NN_CONTRACT_WAY_SEGMENTS,
  NN_CONTRACT_WAY_LINES,
  NN_CONTRACT_WAY_INTERLEAVED
} nn_contract_way;

#define NN_CONTRACT_VIEW_BLOCKS(T, type)                                                                                    \
  NN_CONTRACT_PACK_VIEW(T, type)                                                                                            \
                                                                                                                            \
  NN_CONTRACT_REACH_VIEW(T, type)                                                                                           \
                                                                                                                            \
  NN_CONTRACT_EMPTY_LINES(T, type)                                                                                          \
                                                                                                                            \
  NN_CONTRACT_SEGMENTS_VIEW(T, type)                                                                                        \
                                                                                                                            \
  NN_CONTRACT_LINES_VIEW(T, type)                                                                                           \
                                                                                                                            \
  NN_CONTRACT_TURNED_TILES(T, type)                                                                                         \
                                                                                                                            \
  NN_CONTRACT_TURNED_VIEW(T, type)                                                                                          \
                                                                                                                            \
  NN_CONTRACT_INTERLEAVED_VIEW(T, type)                                                                                     \
                                                                                                                            \
  /* How the product is computed: the way that takes the fewest cycles, and these in `least`, which count two multiply-adds \
     each. Where it is TURNED the columns come in runs of `run` neighbours. It does not depend on what has been packed      \
     before: the same call must go the same way. */                                                                         \
  static nn_contract_way nn_contract_way_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t n0, const ptrdiff_t *view,    \
                                             const ptrdiff_t *column_axes, const ptrdiff_t *k_axes, int *run,               \
                                             double *least) {                                                               \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type), ROWS = NN_CONTRACT_ROWS, MOST = NN_CONTRACT_TURNED };          \
    static const int runs[] = {5, 4, 7, 3};                                                                                 \
    nn_contract_way way = NN_CONTRACT_WAY_PACKED;                                                                           \
    const ptrdiff_t *const inner = column_axes + 2 * (view[1] - 1);                                                         \
    const double m = (double)M, n = (double)N, half_k = 0.5 * (double)K;                                                    \
    *least = m * (double)((N + WIDTH - 1) / WIDTH) * half_k + 1.5 * half_k * n;                                             \
    *run = 1;                                                                                                               \
    if (view[1] < 1 || K == 0) return way;                                                                                  \
    for (int i = 0; i < 4 && *run == 1 && inner[1] == 1; i++) {                                                             \
      if (inner[0] % runs[i] == 0 && n0 % runs[i] == 0 && N % runs[i] == 0) *run = runs[i];                                 \
    }                                                                                                                       \
    const ptrdiff_t columns = *run == 1 ? 8 : MOST / *run * *run;                                                           \
    const double vectors = (double)((M + WIDTH - 1) / WIDTH);                                                               \
    const double turned = vectors * (double)((N + columns - 1) / columns * columns) * half_k * (*run == 1 ? 1.3 : 1) +      \
                          m * half_k + 0.75 * m * n;                                                                        \
    if (turned < *least) {                                                                                                  \
      *least = turned;                                                                                                      \
      way = NN_CONTRACT_WAY_TURNED;                                                                                         \
    }                                                                                                                       \
    const ptrdiff_t line = inner[0], pitch = view[1] == 2 ? inner[-1] : line;                                               \
    const ptrdiff_t lines = view[1] == 2 ? column_axes[0] : 1;                                                              \
    if (view[1] <= 2 && inner[1] == 1 && pitch >= line) {                                                                   \
      const ptrdiff_t whole = (lines - 1) * pitch >= WIDTH - line && pitch >= WIDTH - line;                                 \
      /* Two at a time at least. */                                                                                         \
      const ptrdiff_t pairs = (N / line * ((line + WIDTH - 1) / WIDTH) + 1) / 2;                                            \
      const double cost = 2 * m * (double)pairs * (half_k + 2);                                                             \
      if (n0 % line == 0 && N % line == 0 && (line >= WIDTH || whole) && cost < *least) {                                   \
        *least = cost;                                                                                                      \
        way = NN_CONTRACT_WAY_SEGMENTS;                                                                                     \
      }                                                                                                                     \
      const double tiles = n * (double)pitch / (double)(line * WIDTH);                                                      \
      const double long_tiles = m * tiles * (half_k + 4) + 32 * half_k;                                                     \
      if (M <= 4 * ROWS && long_tiles < *least) {                                                                           \
        *least = long_tiles;                                                                                                \
        way = NN_CONTRACT_WAY_LINES;                                                                                        \
      }                                                                                                                     \
    }                                                                                                                       \
    const double interleaved = nn_contract_interleaved_cost_##T(M, N, K, n0, view, column_axes, k_axes);                    \
    if (interleaved >= 0 && interleaved < *least) {                                                                         \
      *least = interleaved;                                                                                                 \
      way = NN_CONTRACT_WAY_INTERLEAVED;                                                                                    \
    }                                                                                                                       \
    return way;                                                                                                             \
  }                                                                                                                         \
                                                                                                                            \
  /* The ways that pack nothing of b, where one of them takes fewer cycles than packing. Gives whether one did. */          \
  static int nn_contract_view_in_place_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,               \
                                           const ptrdiff_t *view, const ptrdiff_t *row_axes, const ptrdiff_t *column_axes,  \
                                           const ptrdiff_t *k_axes, const type *a, const type *b, type *c, ptrdiff_t c_m,   \
                                           void *scratch, int again) {                                                      \
    int run;                                                                                                                \
    double cycles;                                                                                                          \
    const nn_contract_way way = nn_contract_way_##T(M, N, K, n0, view, column_axes, k_axes, &run, &cycles);                 \
    const ptrdiff_t *const inner = column_axes + 2 * (view[1] - 1);                                                         \
    if (way == NN_CONTRACT_WAY_TURNED) {                                                                                    \
      nn_contract_view_turned_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch, run,         \
                                  again);                                                                                   \
    } else if (way == NN_CONTRACT_WAY_SEGMENTS) {                                                                           \
      nn_contract_view_segments_##T(M, N, K, m0, n0, view, row_axes, k_axes, a, b, c, c_m, scratch, inner[0],               \
                                    view[1] == 2 ? inner[-1] : inner[0], view[1] == 2 ? column_axes[0] : 1, again);         \
    } else if (way == NN_CONTRACT_WAY_LINES) {                                                                              \
      nn_contract_view_lines_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch, inner[0],     \
                                 view[1] == 2 ? inner[-1] : inner[0]);                                                      \
    } else if (way == NN_CONTRACT_WAY_INTERLEAVED) {                                                                        \
      nn_contract_view_interleaved_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch);        \
    }                                                                                                                       \
    return way != NN_CONTRACT_WAY_PACKED;                                                                                   \
  }                                                                                                                         \
                                                                                                                            \
  static void nn_contract_view_blocks_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t m0, ptrdiff_t n0,                \
                                          const ptrdiff_t *view, const ptrdiff_t *row_axes,                                 \
                                          const ptrdiff_t *column_axes, const ptrdiff_t *k_axes, const type *a,             \
                                          const type *b, type *c, ptrdiff_t c_m, void *scratch, int again) {                \
    enum {                                                                                                                  \
      SIZE = (int)sizeof(type),                                                                                             \
      VECTORS = 2 * NN_CONTRACT_SIMD / 8 / SIZE,                                                                            \
      ROWS = NN_CONTRACT_ROWS,                                                                                              \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                     \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE,                                                                             \
      COLUMNS = 1024                                                                                                        \
    };                                                                                                                      \
    if (nn_contract_view_in_place_##T(M, N, K, m0, n0, view, row_axes, column_axes, k_axes, a, b, c, c_m, scratch,          \
                                      again)) {                                                                             \
      return;                                                                                                               \
    }                                                                                                                       \
    type *const a_packed = (type *)scratch;                                                                                 \
    type *const b_packed = (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES);                                      \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], n_places[COLUMNS], m_places[ROWS];                                          \
    const ptrdiff_t blocks = (K + DEPTH - 1) / DEPTH;                                                                       \
    const ptrdiff_t block = K > 0 ? (K + blocks - 1) / blocks : 1;                                                          \
    const ptrdiff_t fitting = NN_CONTRACT_BLOCK_BYTES / SIZE / block / VECTORS * VECTORS;                                   \
    const ptrdiff_t panel = fitting < COLUMNS ? fitting : (ptrdiff_t)COLUMNS;                                               \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                           \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                              \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                       \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                       \
      for (ptrdiff_t n = 0; n < N; n += panel) {                                                                            \
        const ptrdiff_t columns = N - n < panel ? N - n : panel;                                                            \
        nn_contract_places(n0 + n, columns, column_axes, view[1], 2, 1, n_places);                                          \
        nn_contract_pack_view_##T(depth, columns, b, b_places, n_places, b_packed);                                         \
        for (ptrdiff_t m = 0; m < M; m += ROWS) {                                                                           \
          const int rows = M - m < ROWS ? (int)(M - m) : ROWS;                                                              \
          nn_contract_places(m0 + m, rows, row_axes, view[0], 2, 1, m_places);                                              \
          nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                     \
          for (ptrdiff_t j = 0; j < columns;) {                                                                             \
            const ptrdiff_t bytes = nn_contract_width_##T(columns - j), width = bytes / SIZE;                               \
            const ptrdiff_t used = columns - j < width ? columns - j : width;                                               \
            type *const tile_c = c + (m * c_m + n + j);                                                                     \
            if (used == width) {                                                                                            \
              nn_contract_tile_##T(bytes, rows, depth, a_packed, STRIDE, 1, b_packed + j * depth, width, tile_c, c_m,       \
                                   k0 > 0);                                                                                 \
            } else {                                                                                                        \
              type part[ROWS * VECTORS];                                                                                    \
              for (int r = 0; r < rows && k0 > 0; r++) {                                                                    \
                for (ptrdiff_t i = 0; i < width; i++) part[r * width + i] = i < used ? tile_c[r * c_m + i] : 0;             \
              }                                                                                                             \
              nn_contract_tile_##T(bytes, rows, depth, a_packed, STRIDE, 1, b_packed + j * depth, width, part, width,       \
                                   k0 > 0);                                                                                 \
              for (int r = 0; r < rows; r++) nn_contract_copy_##T(tile_c + r * c_m, part + r * width, used);                \
            }                                                                                                               \
            j += used;                                                                                                      \
          }                                                                                                                 \
        }                                                                                                                   \
      }                                                                                                                     \
    }                                                                                                                       \
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
