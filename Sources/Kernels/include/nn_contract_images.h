/* @section contract_images_guard_begin needs: */
/* nn_contract_images.h: products of the windows of several images, an image in each place of a vector: no place stays empty
   where lines are short, and the zeros of padding can be left out at all four sides. */
#ifndef NN_CONTRACT_IMAGES_H
#define NN_CONTRACT_IMAGES_H

#include "nn_contract_view.h"
/* @end */

/* @section contract_images_scratch needs: contract_scratch */
/* The bytes of scratch that nn_contract_images_T needs, for every vector width: those of nn_contract_view_T, or packed rows and
   a vector for each of the `reach` elements of an image and of the M N sums. */
static inline ptrdiff_t nn_contract_images_scratch(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t reach, ptrdiff_t size) {
  const ptrdiff_t alone = nn_contract_scratch(M, N, K, size), together = NN_CONTRACT_TILE_BYTES + 64 * (reach + M * N);
  return alone > together ? alone : together;
}
/* @end */

/* @section contract_images needs: contract_view */
#if NN_CONTRACT_SIMD
/* The k of windows of `tall` lines of `wide` elements that are multiplied: in each the lines and elements from the first up
   to the one before `stop`. */
typedef struct {
  ptrdiff_t depth, tall, wide, first_line, stop_line, first, stop;
} nn_contract_window;

/* Of `size` lines or elements of a window that begins at `at`, those that are at low .. high - 1. */
NN_CONTRACT_INLINE void nn_contract_inside(ptrdiff_t at, ptrdiff_t size, ptrdiff_t low, ptrdiff_t high, ptrdiff_t *first,
                                           ptrdiff_t *stop) {
  const ptrdiff_t begin = low > at ? low - at : 0, end = high - at < size ? high - at : size;
  *first = begin < size ? begin : size;
  *stop = end > *first ? end : *first;
}

/* In nn_contract_images_rows_T: the tile of as many rows as are `done`. */
#define NN_CONTRACT_IMAGES_TILE(T, columns, at_side)                                                                       \
  switch (done) {                                                                                                          \
    case 1:                                                                                                                \
      nn_contract_images_tile_##T(1, columns, at_side, window, low, high, a, a_m, b, step, places, c, c_m, more);          \
      break;                                                                                                               \
    case 3:                                                                                                                \
      nn_contract_images_tile_##T(3, columns, at_side, window, low, high, a, a_m, b, step, places, c, c_m, more);          \
      break;                                                                                                               \
    default: nn_contract_images_tile_##T(6, columns, at_side, window, low, high, a, a_m, b, step, places, c, c_m, more);   \
  }

#define NN_CONTRACT_IMAGES_TILES(T, type)                                                                                  \
  /* The columns from .. to - 1 of a tile, at one k. */                                                                    \
  NN_CONTRACT_INLINE void nn_contract_images_k_##T(const int rows, const int from, const int to, const type *a,            \
                                                   ptrdiff_t a_m, const type *b, ptrdiff_t step,                           \
                                                   NN_CONTRACT_VECTOR(T) sum[6][4]) {                                      \
    enum { BYTES = NN_CONTRACT_SIMD / 8 };                                                                                 \
    NN_CONTRACT_VECTOR(T) right[4];                                                                                        \
    NN_CONTRACT_UNROLL                                                                                                     \
    for (int j = from; j < to; j++) __builtin_memcpy(&right[j], b + j * step, BYTES);                                      \
    NN_CONTRACT_UNROLL                                                                                                     \
    for (int r = 0; r < rows; r++) {                                                                                       \
      const NN_CONTRACT_VECTOR(T) left = NN_CONTRACT_VECTOR_SPLAT(T, a[r * a_m]);                                          \
      NN_CONTRACT_UNROLL                                                                                                   \
      for (int j = from; j < to; j++) sum[r][j] = NN_CONTRACT_VECTOR_FMA(T, left, right[j], sum[r][j]);                    \
    }                                                                                                                      \
  }                                                                                                                        \
                                                                                                                           \
  /* c[rows, columns] (+)= a[rows, those k] b, a vector of images each: that of k and column j begins at                   \
     b + places[k] + j step, that of the result at c + r c_m + j vectors. Those `at_side` of the images, NN_CONTRACT_REACH \
     columns, take element e of a window's line into column j only if low <= e + j < high, while e goes through all that any\
     of them takes. high - low is NN_CONTRACT_REACH or more, so that at one e columns are left out at one end only. */     \
  NN_CONTRACT_INLINE void nn_contract_images_tile_##T(const int rows, const int columns, const int at_side,                \
                                                      const nn_contract_window *window, ptrdiff_t low, ptrdiff_t high,     \
                                                      const type *a, ptrdiff_t a_m, const type *b, ptrdiff_t step,         \
                                                      const ptrdiff_t *places, type *c, ptrdiff_t c_m, int more) {         \
    enum { BYTES = NN_CONTRACT_SIMD / 8, WIDTH = BYTES / (int)sizeof(type), MOST = NN_CONTRACT_REACH };                    \
    const ptrdiff_t wide = window->wide, period = window->tall * wide, first = window->first, stop = window->stop;         \
    const ptrdiff_t top = window->first_line * wide, bottom = window->stop_line * wide;                                    \
    NN_CONTRACT_VECTOR(T) sum[6][4];                                                                                       \
    NN_CONTRACT_UNROLL                                                                                                     \
    for (int r = 0; r < rows; r++) {                                                                                       \
      NN_CONTRACT_UNROLL                                                                                                   \
      for (int j = 0; j < columns; j++) {                                                                                  \
        sum[r][j] = NN_CONTRACT_VECTOR_SPLAT(T, 0);                                                                        \
        if (more) __builtin_memcpy(&sum[r][j], c + r * c_m + j * WIDTH, BYTES);                                            \
      }                                                                                                                    \
    }                                                                                                                      \
    for (ptrdiff_t k0 = 0; k0 < window->depth; k0 += period) {                                                             \
      for (ptrdiff_t line = k0 + top; line < k0 + bottom; line += wide) {                                                  \
        for (ptrdiff_t e = first; e < stop; e++) {                                                                         \
          const type *const left = a + line + e, *const from = b + places[line + e];                                       \
          switch (!at_side ? 0 : e < low ? low - e : e + MOST > high ? 3 + e + MOST - high : 0) {                          \
            case 0: nn_contract_images_k_##T(rows, 0, columns, left, a_m, from, step, sum); break;                         \
            case 1: nn_contract_images_k_##T(rows, 1, columns, left, a_m, from, step, sum); break;                         \
            case 2: nn_contract_images_k_##T(rows, 2, columns, left, a_m, from, step, sum); break;                         \
            case 3: nn_contract_images_k_##T(rows, 3, columns, left, a_m, from, step, sum); break;                         \
            case 4: nn_contract_images_k_##T(rows, 0, columns - 1, left, a_m, from, step, sum); break;                     \
            case 5: nn_contract_images_k_##T(rows, 0, columns - 2, left, a_m, from, step, sum); break;                     \
            default: nn_contract_images_k_##T(rows, 0, 1, left, a_m, from, step, sum);                                     \
          }                                                                                                                \
        }                                                                                                                  \
      }                                                                                                                    \
    }                                                                                                                      \
    NN_CONTRACT_UNROLL                                                                                                     \
    for (int r = 0; r < rows; r++) {                                                                                       \
      NN_CONTRACT_UNROLL                                                                                                   \
      for (int j = 0; j < columns; j++) __builtin_memcpy(c + r * c_m + j * WIDTH, &sum[r][j], BYTES);                      \
    }                                                                                                                      \
  }                                                                                                                        \
                                                                                                                           \
  /* Tiles of 1 to 6 rows and NN_CONTRACT_REACH, 2 or 1 columns. */                                                        \
  static void nn_contract_images_rows_##T(int rows, int columns, int at_side, const nn_contract_window *window,            \
                                          ptrdiff_t low, ptrdiff_t high, const type *a, ptrdiff_t a_m, const type *b,      \
                                          ptrdiff_t step, const ptrdiff_t *places, type *c, ptrdiff_t c_m, int more) {     \
    for (int left = rows, done; left > 0; left -= done, a += done * a_m, c += done * c_m) {                                \
      done = left >= 6 ? 6 : left >= 3 ? 3 : 1;                                                                            \
      if (at_side) {                                                                                                       \
        NN_CONTRACT_IMAGES_TILE(T, NN_CONTRACT_REACH, 1)                                                                   \
      } else if (columns == 1) {                                                                                           \
        NN_CONTRACT_IMAGES_TILE(T, 1, 0)                                                                                   \
      } else if (columns == 2) {                                                                                           \
        NN_CONTRACT_IMAGES_TILE(T, 2, 0)                                                                                   \
      } else {                                                                                                             \
        NN_CONTRACT_IMAGES_TILE(T, NN_CONTRACT_REACH, 0)                                                                   \
      }                                                                                                                    \
    }                                                                                                                      \
  }

#define NN_CONTRACT_IMAGES_SUMS(T, type)                                                                                   \
  /* sums[M, N, a vector of images] of the images that lie packed. Gives whether zeros at their sides were left out, which \
     `leaves` allows: where all of a is finite. */                                                                         \
  static int nn_contract_images_sums_##T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const ptrdiff_t *view, const type *a,      \
                                         const type *packed, type *sums, type *a_packed, int leaves) {                     \
    enum {                                                                                                                 \
      SIZE = (int)sizeof(type),                                                                                            \
      WIDTH = NN_CONTRACT_SIMD / 8 / SIZE,                                                                                 \
      MOST = NN_CONTRACT_REACH,                                                                                            \
      ROWS = 6,                                                                                                            \
      DEPTH = NN_CONTRACT_DEPTH / SIZE,                                                                                    \
      STRIDE = (NN_CONTRACT_DEPTH + 64) / SIZE                                                                             \
    };                                                                                                                     \
    ptrdiff_t a_places[DEPTH], b_places[DEPTH], m_places[ROWS];                                                            \
    const ptrdiff_t *const row_axes = view + 3, *const column_axes = row_axes + 2 * view[0];                               \
    const ptrdiff_t *const k_axes = column_axes + 2 * view[1];                                                             \
    const ptrdiff_t *const inner = column_axes + 2 * (view[1] - 1);                                                        \
    const ptrdiff_t line = inner[0], step = inner[1] * WIDTH, lines = N / line;                                            \
    /* A window is `tall` lines of `wide` elements, where the next one begins a line or an element further on. */          \
    const ptrdiff_t *const last = k_axes + 3 * (view[2] >= 2 ? view[2] - 2 : 0);                                           \
    const int windows = view[1] == 2 && view[2] >= 2 && inner[1] == 1 && last[5] == 1 && last[2] == inner[-1] &&           \
                        last[0] * last[3] <= DEPTH;                                                                        \
    const ptrdiff_t tall = windows ? last[0] : 1, wide = windows ? last[3] : 1, period = tall * wide;                      \
    const ptrdiff_t blocks = (K / period + DEPTH / period - 1) / (DEPTH / period);                                         \
    const ptrdiff_t block = (K / period + blocks - 1) / blocks * period;                                                   \
    int left_out = 0;                                                                                                      \
    for (ptrdiff_t k0 = 0; k0 < K; k0 += block) {                                                                          \
      const ptrdiff_t depth = K - k0 < block ? K - k0 : block;                                                             \
      const ptrdiff_t height = lines + tall - 1, length = line + wide - 1;                                                 \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 1, a_places);                                                      \
      nn_contract_places(k0, depth, k_axes, view[2], 3, 2, b_places);                                                      \
      for (ptrdiff_t k = 0; k < depth; k++) b_places[k] *= WIDTH;                                                          \
      ptrdiff_t above = 0, below = 0, left = 0, right = 0;                                                                 \
      if (windows && leaves) {                                                                                             \
        const ptrdiff_t pitch = inner[-1] * WIDTH;                                                                         \
        above = nn_contract_empty_##T(height, pitch, length * WIDTH, depth, period, b_places, packed);                     \
        below = nn_contract_empty_##T(height - above, -pitch, length * WIDTH, depth, period, b_places,                     \
                                      packed + (height - 1) * pitch);                                                      \
        left = right = length;                                                                                             \
        for (ptrdiff_t y = above; y < height - below; y++) {                                                               \
          const type *const from = packed + y * pitch;                                                                     \
          left = nn_contract_empty_##T(left, WIDTH, WIDTH, depth, period, b_places, from);                                 \
          right = nn_contract_empty_##T(right, -WIDTH, WIDTH, depth, period, b_places, from + (length - 1) * WIDTH);       \
        }                                                                                                                  \
      }                                                                                                                    \
      const ptrdiff_t down = lines * tall - nn_contract_outside(above, tall) - nn_contract_outside(below, tall);           \
      const ptrdiff_t across = line * wide - nn_contract_outside(left, wide) - nn_contract_outside(right, wide);           \
      /* A tenth less to multiply repays looking at the sums. */                                                           \
      const int repays = 10 * down * across <= 9 * lines * tall * line * wide;                                             \
      for (ptrdiff_t m = 0; m < M; m += ROWS) {                                                                            \
        const int rows = M - m < ROWS ? (int)(M - m) : ROWS;                                                               \
        nn_contract_places(m, rows, row_axes, view[0], 2, 1, m_places);                                                    \
        nn_contract_pack_view_rows_##T(rows, depth, a, a_places, m_places, a_packed);                                      \
        const int leaving = repays && nn_contract_finite_##T(rows, depth, a_packed, STRIDE);                               \
        left_out |= leaving;                                                                                               \
        for (ptrdiff_t y = 0; y < lines; y++) {                                                                            \
          const type *const from = packed + (view[1] == 2 ? y * inner[-1] : 0) * WIDTH;                                    \
          nn_contract_window window = {depth, 1, depth, 0, 1, 0, depth};                                                   \
          if (leaving) {                                                                                                   \
            window.tall = tall;                                                                                            \
            window.wide = wide;                                                                                            \
            nn_contract_inside(y, tall, above, height - below, &window.first_line, &window.stop_line);                     \
          }                                                                                                                \
          for (ptrdiff_t x = 0, columns; x < line; x += columns) {                                                         \
            const ptrdiff_t low = left - x, high = length - right - x, rest = line - x;                                    \
            const int has_sides = leaving && high - low >= MOST;                                                           \
            /* The line ends with a whole tile, before which comes what is too little for one. */                          \
            const ptrdiff_t whole = rest < MOST ? rest : (ptrdiff_t)MOST;                                                  \
            const ptrdiff_t most = has_sides && rest > MOST && rest < 2 * MOST ? rest - MOST : whole;                      \
            columns = leaving ? 1 : most;                                                                                  \
            if (leaving) nn_contract_inside(x, wide, left, length - right, &window.first, &window.stop);                   \
            for (; leaving && columns < most; columns++) {                                                                 \
              ptrdiff_t first, stop;                                                                                       \
              nn_contract_inside(x + columns, wide, left, length - right, &first, &stop);                                  \
              if (first != window.first || stop != window.stop) break;                                                     \
            }                                                                                                              \
            const int at_side = has_sides && columns < MOST && most == MOST;                                               \
            columns = columns == MOST || at_side ? (ptrdiff_t)MOST : columns >= 2 ? 2 : 1;                                 \
            if (at_side) nn_contract_inside(0, wide, low - MOST + 1, high, &window.first, &window.stop);                   \
            nn_contract_images_rows_##T(rows, (int)columns, at_side, &window, low, high, a_packed, STRIDE, from + x * step,\
                                        step, b_places, sums + (m * N + y * line + x) * WIDTH, N * WIDTH, k0 > 0);         \
          }                                                                                                                \
        }                                                                                                                  \
      }                                                                                                                    \
    }                                                                                                                      \
    return left_out;                                                                                                       \
  }

#define NN_CONTRACT_IMAGES_VIEW(T, type)                                                                                   \
  NN_CONTRACT_IMAGES_TILES(T, type)                                                                                        \
                                                                                                                           \
  NN_CONTRACT_IMAGES_SUMS(T, type)                                                                                         \
                                                                                                                           \
  /* As many images as a vector has places, or fewer. */                                                                   \
  static void nn_contract_images_group_##T(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M, ptrdiff_t N, \
                                           ptrdiff_t K, ptrdiff_t reach, const ptrdiff_t *view, const type *a,             \
                                           const type *b, type *c, ptrdiff_t c_m, void *scratch) {                         \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type) };                                                             \
    type *const packed = (type *)(void *)((char *)scratch + NN_CONTRACT_TILE_BYTES), *const sums = packed + reach * WIDTH; \
    if (images < WIDTH) __builtin_memset(packed, 0, (size_t)(reach * WIDTH) * sizeof(type));                               \
    nn_contract_turn_##T(images, reach, b, b_step, packed, WIDTH);                                                         \
    /* Sums begin at zero and are not changed by adding another, but that minus zero, to which a negative product may have \
       vanished, would become zero: where there is one, all is computed again. */                                          \
    for (int leaves = 1; leaves >= 0; leaves--) {                                                                          \
      const int left_out = nn_contract_images_sums_##T(M, N, K, view, a, packed, sums, (type *)scratch, leaves);           \
      if (!left_out || !nn_contract_minus_zero_##T(M, N * WIDTH, sums, N * WIDTH)) break;                                  \
    }                                                                                                                      \
    for (ptrdiff_t m = 0; m < M; m++) {                                                                                    \
      nn_contract_turn_##T(N, images, sums + m * N * WIDTH, WIDTH, c + m * c_m, c_step);                                   \
    }                                                                                                                      \
  }                                                                                                                        \
                                                                                                                           \
  /* Computes as many images, from the first on, as are quicker together than one after the other; gives how many. */      \
  static ptrdiff_t nn_contract_images_together_##T(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M,      \
                                                   ptrdiff_t N, const ptrdiff_t *view, const type *a, const type *b,       \
                                                   type *c, ptrdiff_t c_m, void *scratch) {                                \
    enum { WIDTH = NN_CONTRACT_SIMD / 8 / (int)sizeof(type) };                                                             \
    const ptrdiff_t *const columns = view + 3 + 2 * view[0], *const ks = columns + 2 * view[1];                            \
    ptrdiff_t K = 1, reach = 1, done = 0;                                                                                  \
    for (ptrdiff_t axis = 0; axis < view[1]; axis++) reach += (columns[2 * axis] - 1) * columns[2 * axis + 1];             \
    for (ptrdiff_t axis = 0; axis < view[2]; axis++) {                                                                     \
      K *= ks[3 * axis];                                                                                                   \
      reach += (ks[3 * axis] - 1) * ks[3 * axis + 2];                                                                      \
    }                                                                                                                      \
    if (view[1] < 1 || view[1] > 2 || K == 0) return 0;                                                                    \
    int run;                                                                                                               \
    double alone;                                                                                                          \
    (void)nn_contract_way_##T(M, N, K, 0, view, columns, ks, &run, &alone);                                                \
    /* A tile of fewer than four rows waits for its multiply-adds; elements of four bytes are turned by shuffles. */       \
    const double rows = (double)(M < 4 ? 4 : M), turning = sizeof(type) == 4 ? 0.3 : 1;                                    \
    const double together = rows * (double)N * (0.5 * (double)K + 2) + turning * (double)(WIDTH * (reach + M * N));        \
    while (done < images) {                                                                                                \
      const ptrdiff_t group = images - done < WIDTH ? images - done : (ptrdiff_t)WIDTH;                                    \
      if (together >= alone * (double)group) break;                                                                        \
      nn_contract_images_group_##T(group, b_step, c_step, M, N, K, reach, view, a, b + done * b_step, c + done * c_step,   \
                                   c_m, scratch);                                                                          \
      done += group;                                                                                                       \
    }                                                                                                                      \
    return done;                                                                                                           \
  }
#else
#define NN_CONTRACT_IMAGES_VIEW(T, type)                                                                                   \
  static ptrdiff_t nn_contract_images_together_##T(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M,      \
                                                   ptrdiff_t N, const ptrdiff_t *view, const type *a, const type *b,       \
                                                   type *c, ptrdiff_t c_m, void *scratch) {                                \
    (void)images, (void)b_step, (void)c_step, (void)M, (void)N, (void)view, (void)a, (void)b, (void)c, (void)c_m;          \
    (void)scratch;                                                                                                         \
    return 0;                                                                                                              \
  }
#endif

/* Defines nn_contract_images_T: what nn_contract_view_T computes, all rows and columns of it, for `images` operands b, each
   `b_step` elements after the last, with results `c_step` elements apart. Strides in b are not negative, and there are one or
   two axes of columns. `scratch`: nn_contract_images_scratch bytes, aligned to 64. */
#define NN_CONTRACT_DEFINE_IMAGES(T, type)                                                                           \
  NN_CONTRACT_IMAGES_VIEW(T, type)                                                                                   \
                                                                                                                     \
  static void nn_contract_images_##T(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M, ptrdiff_t N, \
                                     const ptrdiff_t *view, const type *a, const type *b, type *c, ptrdiff_t c_m,    \
                                     void *scratch) {                                                                \
    const ptrdiff_t done =                                                                                           \
        nn_contract_images_together_##T(images, b_step, c_step, M, N, view, a, b, c, c_m, scratch);                  \
    for (ptrdiff_t i = done; i < images; i++) {                                                                      \
      nn_contract_view_##T(M, N, 0, 0, view, a, b + i * b_step, c + i * c_step, c_m, scratch, i > done);             \
    }                                                                                                                \
  }
/* @end */

/* @section contract_images_f32 needs: contract_view_f32 contract_images */
NN_CONTRACT_DEFINE_IMAGES(f32, float)
/* @end */

/* @section contract_images_f64 needs: contract_view_f64 contract_images */
NN_CONTRACT_DEFINE_IMAGES(f64, double)
/* @end */

/* @section contract_images_i32 needs: contract_view_i32 contract_images */
NN_CONTRACT_DEFINE_IMAGES(i32, int32_t)
/* @end */

/* @section contract_images_i64 needs: contract_view_i64 contract_images */
NN_CONTRACT_DEFINE_IMAGES(i64, int64_t)
/* @end */

/* @section contract_images_guard_end needs: */
#endif
/* @end */
