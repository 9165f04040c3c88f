/* movement.h: the functions of one level that move elements and make indices. Those of rows serve a strip of several at one go:
   a call a row would take longer than the row. */

#define COPY(op, T)                                                                               \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n) {                             \
    EACH(n) r[i] = a[i];                                                                          \
  }

#define FILL(op, T)                                                                               \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *value, ptrdiff_t n) {                         \
    if (n <= 0) return;                                                                           \
    const TYPE_##T x = *value;                                                                    \
    EACH(n) r[i] = x;                                                                             \
  }

#define LOAD(op, T)                                                                               \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t stride, ptrdiff_t n) {           \
    for (ptrdiff_t i = 0; i < n; i++) r[i] = a[i * stride];                                       \
  }

#define STORE(op, T)                                                                              \
  void NAME(op##_##T)(TYPE_##T * r, ptrdiff_t stride, const TYPE_##T *a, ptrdiff_t n) {           \
    for (ptrdiff_t i = 0; i < n; i++) r[i * stride] = a[i];                                       \
  }

#define IOTA_f32(x) nn_cast_i64_f32((int64_t)(x))
#define IOTA_f64(x) nn_cast_i64_f64((int64_t)(x))
#define IOTA_i32(x) ((int32_t)(uint32_t)(x))
#define IOTA_i64(x) ((int64_t)(x))
#define IOTA(op, T)                                                                               \
  void NAME(op##_##T)(TYPE_##T * r, int64_t first, int64_t step, ptrdiff_t n) {                   \
    EACH(n) r[i] = IOTA_##T((uint64_t)first + (uint64_t)i * (uint64_t)step);                      \
  }

/* Four elements; `body.h` is read by clang alone. */
#define QUAD(T) typedef TYPE_##T quad_##T __attribute__((vector_size(4 * sizeof(TYPE_##T)), aligned(sizeof(TYPE_##T))));
QUAD(f32)
QUAD(f64)
QUAD(i32)
QUAD(i64)
QUAD(bool)
#undef QUAD

/* r[i] = a[i * stride]. Rows are short: what is left of them is done by a vector that overlaps the one before. */
#define LOAD_ROW(T)                                                                                                  \
  static inline void load_row_##T(TYPE_##T *restrict r, const TYPE_##T *restrict a, ptrdiff_t stride, ptrdiff_t n) { \
    if (n < 4 || (stride != 1 && stride != 2)) {                                                                     \
      for (ptrdiff_t i = 0; i < n; i++) r[i] = a[i * stride];                                                        \
      return;                                                                                                        \
    }                                                                                                                \
    quad_##T low, high;                                                                                              \
    ptrdiff_t i = 0;                                                                                                 \
    if (stride == 1) {                                                                                               \
      for (; i + 16 <= n; i += 16) __builtin_memcpy(r + i, a + i, 16 * sizeof *r);                                   \
      for (; i < n; i += 4) {                                                                                        \
        const ptrdiff_t at = i + 4 <= n ? i : n - 4;                                                                 \
        __builtin_memcpy(&low, a + at, sizeof low);                                                                  \
        __builtin_memcpy(r + at, &low, sizeof low);                                                                  \
      }                                                                                                              \
      return;                                                                                                        \
    }                                                                                                                \
    for (; i < n; i += 4) {                                                                                          \
      const ptrdiff_t at = i + 4 <= n ? i : n - 4;                                                                   \
      __builtin_memcpy(&low, a + 2 * at, sizeof low);                                                                \
      /* Not the element behind the last. */                                                                         \
      __builtin_memcpy(&high, a + 2 * at + 3, sizeof high);                                                          \
      low = __builtin_shufflevector(low, high, 0, 2, 5, 7);                                                          \
      __builtin_memcpy(r + at, &low, sizeof low);                                                                    \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  static inline void fill_row_##T(TYPE_##T *r, TYPE_##T x, ptrdiff_t n) {                                            \
    for (ptrdiff_t i = 0; i < n; i++) r[i] = x;                                                                      \
  }                                                                                                                  \
                                                                                                                     \
  /* r[2 q] = r[2 q + 1] = a[q] */                                                                                   \
  static inline void twice_##T(TYPE_##T *restrict r, const TYPE_##T *restrict a, ptrdiff_t n) {                      \
    for (ptrdiff_t q = 0; q < n; q += 4) {                                                                           \
      if (n < 4) {                                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++) r[2 * i] = r[2 * i + 1] = a[i];                                            \
        return;                                                                                                      \
      }                                                                                                              \
      const ptrdiff_t at = q + 4 <= n ? q : n - 4;                                                                   \
      quad_##T x, pairs[2];                                                                                          \
      __builtin_memcpy(&x, a + at, sizeof x);                                                                        \
      pairs[0] = __builtin_shufflevector(x, x, 0, 0, 1, 1);                                                          \
      pairs[1] = __builtin_shufflevector(x, x, 2, 2, 3, 3);                                                          \
      __builtin_memcpy(r + 2 * at, pairs, sizeof pairs);                                                             \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  static inline void load_block_##T(TYPE_##T *restrict r, const TYPE_##T *restrict a, ptrdiff_t row_stride,          \
                                    ptrdiff_t column_stride, ptrdiff_t rows, ptrdiff_t columns) {                    \
    if (column_stride == 0 && columns == 2 && row_stride == 1) {                                                     \
      twice_##T(r, a, rows);                                                                                         \
      return;                                                                                                        \
    }                                                                                                                \
    for (ptrdiff_t q = 0; q < rows; q++) {                                                                           \
      if (column_stride == 0) {                                                                                      \
        fill_row_##T(r + q * columns, a[q * row_stride], columns);                                                   \
      } else {                                                                                                       \
        load_row_##T(r + q * columns, a + q * row_stride, column_stride, columns);                                   \
      }                                                                                                              \
    }                                                                                                                \
  }
LOAD_ROW(f32)
LOAD_ROW(f64)
LOAD_ROW(i32)
LOAD_ROW(i64)
LOAD_ROW(bool)
#undef LOAD_ROW

#define LOAD_ROWS(op, T)                                                                                              \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t row_stride, ptrdiff_t column_stride, ptrdiff_t rows, \
                      ptrdiff_t columns) {                                                                            \
    load_block_##T(r, a, row_stride, column_stride, rows, columns);                                                   \
  }

#define STORE_ROWS(op, T)                                                                                             \
  void NAME(op##_##T)(TYPE_##T * r, ptrdiff_t row_stride, ptrdiff_t column_stride, const TYPE_##T *a, ptrdiff_t rows, \
                      ptrdiff_t columns) {                                                                            \
    for (ptrdiff_t q = 0; q < rows; q++) {                                                                            \
      if (column_stride == 1) {                                                                                       \
        load_row_##T(r + q * row_stride, a + q * columns, 1, columns);                                                \
      } else {                                                                                                        \
        for (ptrdiff_t i = 0; i < columns; i++) r[q * row_stride + i * column_stride] = a[q * columns + i];           \
      }                                                                                                               \
    }                                                                                                                 \
  }

#define LOAD_VIEW(op, T)                                                                                              \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, const ptrdiff_t *view, ptrdiff_t row_stride, ptrdiff_t rows) { \
    const ptrdiff_t outer = view[0] - 2, *const axes = view + 1, *const inner = axes + 2 * outer;                     \
    for (ptrdiff_t q = 0; q < rows; q++) {                                                                            \
      ptrdiff_t index[8] = {0}, place = q * row_stride;                                                               \
      for (ptrdiff_t axis = 0; axis >= 0;) {                                                                          \
        load_block_##T(r, a + place, inner[1], inner[3], inner[0], inner[2]);                                         \
        r += inner[0] * inner[2];                                                                                     \
        for (axis = outer - 1; axis >= 0; axis--) {                                                                   \
          place += axes[2 * axis + 1];                                                                                \
          if (++index[axis] < axes[2 * axis]) break;                                                                  \
          place -= index[axis] * axes[2 * axis + 1];                                                                  \
          index[axis] = 0;                                                                                            \
        }                                                                                                             \
      }                                                                                                               \
    }                                                                                                                 \
  }

#define PAD_ROWS(op, T)                                                                                                \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t place, ptrdiff_t row_stride, ptrdiff_t column_stride, \
                      ptrdiff_t top, ptrdiff_t bottom, ptrdiff_t left, ptrdiff_t right, ptrdiff_t rows,                \
                      ptrdiff_t columns, const TYPE_##T *padding) {                                                    \
    const TYPE_##T x = *padding;                                                                                       \
    for (ptrdiff_t q = 0; q < rows; q++, r += columns) {                                                               \
      if (q < top || q >= bottom || left >= right) {                                                                   \
        fill_row_##T(r, x, columns);                                                                                   \
        continue;                                                                                                      \
      }                                                                                                                \
      fill_row_##T(r, x, left);                                                                                        \
      load_row_##T(r + left, a + (place + q * row_stride + left * column_stride), column_stride, right - left);        \
      fill_row_##T(r + right, x, columns - right);                                                                     \
    }                                                                                                                  \
  }
