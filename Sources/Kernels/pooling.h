/* pooling.h: the functions of one level that reduce windows, one lane each: of pooling layers, whose windows are so small
   that a strip for each of their elements would be written and read in between. */

/* Eight windows side by side, `step` (1 or 2) apart, from a on: whole vectors are read, and parted where step is 2. Then one
   element behind the last window is read as well, unless the window takes its elements in pairs. */
#define WINDOW_BLOCK(op, T)                                                                                                   \
  static inline void op##_window_block_##T(TYPE_##T *r, const TYPE_##T *a, ptrdiff_t step, ptrdiff_t height,                  \
                                           ptrdiff_t height_stride, ptrdiff_t width, ptrdiff_t width_stride) {                \
    T##x##8 sum, x, low, high;                                                                                                \
    for (int l = 0; l < 8; l++) sum[l] = IDENTITY_##op##_##T;                                                                 \
    for (ptrdiff_t j = 0; j < height; j++) {                                                                                  \
      for (ptrdiff_t k = 0; k < width; k++) {                                                                                 \
        const TYPE_##T *const from = a + (j * height_stride + k * width_stride);                                              \
        __builtin_memcpy(&low, from, sizeof low);                                                                             \
        if (step == 1) {                                                                                                      \
          VECTOR_##op(T, 8, sum, low)                                                                                         \
          continue;                                                                                                           \
        }                                                                                                                     \
        __builtin_memcpy(&high, from + 8, sizeof high);                                                                       \
        x = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);                                                    \
        VECTOR_##op(T, 8, sum, x)                                                                                             \
        if (width_stride == 1 && k + 1 < width) {                                                                             \
          x = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);                                                  \
          VECTOR_##op(T, 8, sum, x)                                                                                           \
          k++;                                                                                                                \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
    __builtin_memcpy(r, &sum, sizeof sum);                                                                                    \
  }

/* A block may run on into the next row, whose own come later; where it would leave the arrays it begins earlier, or its
   elements are done one by one. */
#define WINDOWS(op, T)                                                                                                        \
  WINDOW_BLOCK(op, T)                                                                                                         \
                                                                                                                              \
  void NAME(op##_windows_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t row_stride, ptrdiff_t column_stride, ptrdiff_t rows, \
                              ptrdiff_t columns, ptrdiff_t height, ptrdiff_t height_stride, ptrdiff_t width,                  \
                              ptrdiff_t width_stride) {                                                                       \
    const ptrdiff_t reach = (height - 1) * height_stride + (width - 1) * width_stride;                                        \
    const ptrdiff_t last = (rows - 1) * row_stride + (columns - 1) * column_stride + reach;                                   \
    const int isInPairs = width_stride == 1 && width % 2 == 0;                                                                \
    const ptrdiff_t span = 7 * column_stride + (column_stride == 2 && !isInPairs) + reach;                                    \
    const int isUpward = row_stride >= 0 && height_stride >= 0 && width_stride >= 0;                                          \
    const int isInVectors = isUpward && (column_stride == 1 || column_stride == 2);                                           \
    for (ptrdiff_t q = 0; q < rows; q++) {                                                                                    \
      for (ptrdiff_t i = 0; i < columns; i += 8) {                                                                            \
        const int isAtEnd = q * columns + i + 8 > rows * columns || q * row_stride + i * column_stride + span > last;         \
        const ptrdiff_t at = i + 8 > columns && isAtEnd ? columns - 8 : i;                                                    \
        if (isInVectors && at >= 0 && q * row_stride + at * column_stride + span <= last) {                                   \
          TYPE_##T *const to = r + (q * columns + at);                                                                        \
          const TYPE_##T *const from = a + (q * row_stride + at * column_stride);                                             \
          /* With constants for the commonest windows their loops are unrolled. */                                            \
          if (column_stride == 2 && height == 2 && width == 2 && width_stride == 1) {                                         \
            op##_window_block_##T(to, from, 2, 2, height_stride, 2, 1);                                                       \
          } else {                                                                                                            \
            op##_window_block_##T(to, from, column_stride, height, height_stride, width, width_stride);                       \
          }                                                                                                                   \
          continue;                                                                                                           \
        }                                                                                                                     \
        for (ptrdiff_t n = i; n < columns && n < i + 8; n++) {                                                                \
          T##x##1 sum = {IDENTITY_##op##_##T}, x;                                                                             \
          for (ptrdiff_t j = 0; j < height; j++) {                                                                            \
            for (ptrdiff_t k = 0; k < width; k++) {                                                                           \
              x[0] = a[q * row_stride + n * column_stride + j * height_stride + k * width_stride];                            \
              VECTOR_##op(T, 1, sum, x)                                                                                       \
            }                                                                                                                 \
          }                                                                                                                   \
          r[q * columns + n] = sum[0];                                                                                        \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
  }
