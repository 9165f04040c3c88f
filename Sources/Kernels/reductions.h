/* reductions.h: the functions of one level that reduce strips: in lanes, rows, windows, and to the place of an extreme. */

/* What a lane starts at, and what fills up a row: x op identity is x, bit for bit. */
#define IDENTITY_sum_f32 (-0.0f)
#define IDENTITY_sum_f64 (-0.0)
#define IDENTITY_sum_i32 0
#define IDENTITY_sum_i64 0
#define IDENTITY_prod_f32 1
#define IDENTITY_prod_f64 1
#define IDENTITY_prod_i32 1
#define IDENTITY_prod_i64 1
#define IDENTITY_max_f32 (-__builtin_inff())
#define IDENTITY_max_f64 (-__builtin_inf())
#define IDENTITY_max_i32 INT32_MIN
#define IDENTITY_max_i64 INT64_MIN
#define IDENTITY_max_bool 0
#define IDENTITY_min_f32 __builtin_inff()
#define IDENTITY_min_f64 __builtin_inf()
#define IDENTITY_min_i32 INT32_MAX
#define IDENTITY_min_i64 INT64_MAX
#define IDENTITY_min_bool 1

/* Vectors of 1 to 64 lanes; sums and products of integers wrap in unsigned ones. */
#define LANES_OF_TYPE(L, T)                                                                       \
  typedef TYPE_##T T##x##L __attribute__((vector_size(L * sizeof(TYPE_##T))));                    \
  typedef WRAPPED_##T T##w##L __attribute__((vector_size(L * sizeof(TYPE_##T))));                 \
  typedef BITS_##T T##b##L __attribute__((vector_size(L * sizeof(TYPE_##T))));
#define BITS_bool int8_t
#define BITS_f32 int32_t
#define BITS_f64 int64_t
#define BITS_i32 int32_t
#define BITS_i64 int64_t
#define LANES_OF(T)                                                                               \
  LANES_OF_TYPE(1, T) LANES_OF_TYPE(2, T) LANES_OF_TYPE(4, T) LANES_OF_TYPE(8, T)                 \
  LANES_OF_TYPE(16, T) LANES_OF_TYPE(32, T) LANES_OF_TYPE(64, T)
LANES_OF(bool) LANES_OF(f32) LANES_OF(f64) LANES_OF(i32) LANES_OF(i64)

/* p = p op q on vectors. Floats: a NaN on either side wins, and of two zeros max takes +0 (the and of the signs),
   min -0 (the or). */
#define VECTOR_sum(T, L, p, q) { p = (T##x##L)((T##w##L)(p) + (T##w##L)(q)); }
#define VECTOR_prod(T, L, p, q) { p = (T##x##L)((T##w##L)(p) * (T##w##L)(q)); }
#define VECTOR_EXTREME(T, L, p, q, ORDER, ZERO)                                                   \
  {                                                                                               \
    const T##b##L first = ((p)ORDER(q)) | ((p) != (p)), same = (p) == (q);                        \
    const T##b##L bits_p = (T##b##L)(p), bits_q = (T##b##L)(q);                                   \
    p = (T##x##L)((same & (bits_p ZERO bits_q)) | (first & bits_p) | (~(first | same) & bits_q)); \
  }
#define VECTOR_INTEGER_EXTREME(T, L, p, q, ORDER)                                                 \
  {                                                                                               \
    const T##b##L first = (p)ORDER(q);                                                            \
    p = (T##x##L)((first & (T##b##L)(p)) | (~first & (T##b##L)(q)));                              \
  }
#define VECTOR_max(T, L, p, q) VECTOR_max_##T(T, L, p, q)
#define VECTOR_min(T, L, p, q) VECTOR_min_##T(T, L, p, q)
#define VECTOR_max_f32(T, L, p, q) VECTOR_EXTREME(T, L, p, q, >, &)
#define VECTOR_max_f64(T, L, p, q) VECTOR_EXTREME(T, L, p, q, >, &)
#define VECTOR_min_f32(T, L, p, q) VECTOR_EXTREME(T, L, p, q, <, |)
#define VECTOR_min_f64(T, L, p, q) VECTOR_EXTREME(T, L, p, q, <, |)
#define VECTOR_max_i32(T, L, p, q) VECTOR_INTEGER_EXTREME(T, L, p, q, >)
#define VECTOR_max_i64(T, L, p, q) VECTOR_INTEGER_EXTREME(T, L, p, q, >)
#define VECTOR_min_i32(T, L, p, q) VECTOR_INTEGER_EXTREME(T, L, p, q, <)
#define VECTOR_min_i64(T, L, p, q) VECTOR_INTEGER_EXTREME(T, L, p, q, <)
#define VECTOR_max_bool(T, L, p, q) { p = (p) | (q); }
#define VECTOR_min_bool(T, L, p, q) { p = (p) & (q); }

#define HALVED(op, T, H, from, to)                                                                \
  T##x##H to, to##_upper;                                                                         \
  __builtin_memcpy(&to, &from, sizeof to);                                                        \
  __builtin_memcpy(&to##_upper, (const char *)&from + sizeof to, sizeof to);                      \
  VECTOR_##op(T, H, to, to##_upper)

#define LANES(op, T, L)                                                                           \
  void NAME(op##_lanes##L##_##T)(TYPE_##T * lanes, const TYPE_##T *a, ptrdiff_t n) {              \
    T##x##L sum, x;                                                                               \
    __builtin_memcpy(&sum, lanes, sizeof sum);                                                    \
    ptrdiff_t i = 0;                                                                              \
    for (; i + L <= n; i += L) {                                                                  \
      __builtin_memcpy(&x, a + i, sizeof x);                                                      \
      VECTOR_##op(T, L, sum, x)                                                                   \
    }                                                                                             \
    if (i < n) {                                                                                  \
      TYPE_##T rest[L];                                                                           \
      for (int l = 0; l < L; l++) rest[l] = IDENTITY_##op##_##T;                                  \
      for (int l = 0; i + l < n; l++) rest[l] = a[i + l];                                         \
      __builtin_memcpy(&x, rest, sizeof x);                                                       \
      VECTOR_##op(T, L, sum, x)                                                                   \
    }                                                                                             \
    __builtin_memcpy(lanes, &sum, sizeof sum);                                                    \
  }
#define LANES16(op, T) LANES(op, T, 16)
#define LANES64(op, T) LANES(op, T, 64)

#define FOLD_BODY(op, T)                                                                          \
  HALVED(op, T, 8, x16, x8)                                                                       \
  HALVED(op, T, 4, x8, x4)                                                                        \
  HALVED(op, T, 2, x4, x2)                                                                        \
  HALVED(op, T, 1, x2, x1)

#define FOLD16(op, T)                                                                             \
  TYPE_##T NAME(op##_fold16_##T)(const TYPE_##T *lanes) {                                         \
    T##x##16 x16;                                                                                 \
    __builtin_memcpy(&x16, lanes, sizeof x16);                                                    \
    FOLD_BODY(op, T)                                                                              \
    return x1[0];                                                                                 \
  }

#define FOLD64(op, T)                                                                             \
  TYPE_##T NAME(op##_fold64_##T)(const TYPE_##T *lanes) {                                         \
    T##x##64 x64;                                                                                 \
    __builtin_memcpy(&x64, lanes, sizeof x64);                                                    \
    HALVED(op, T, 32, x64, x32)                                                                   \
    HALVED(op, T, 16, x32, x16)                                                                   \
    FOLD_BODY(op, T)                                                                              \
    return x1[0];                                                                                 \
  }

/* The last n % 16 elements of a row are read as a whole vector where what follows them is the next row, and the
   surplus lanes are then set to the identity; elsewhere they are copied. */
#define ROWS(op, T)                                                                               \
  void NAME(op##_rows_##T)(TYPE_##T * r, ptrdiff_t r_stride, const TYPE_##T *a,                   \
                           ptrdiff_t row_stride, ptrdiff_t rows, ptrdiff_t n) {                   \
    if (n >= 512) {                                                                               \
      for (ptrdiff_t m = 0; m < rows; m++) {                                                      \
        TYPE_##T lanes[64];                                                                       \
        for (int l = 0; l < 64; l++) lanes[l] = IDENTITY_##op##_##T;                              \
        NAME(op##_lanes64_##T)(lanes, a + m * row_stride, n);                                     \
        r[m * r_stride] = NAME(op##_fold64_##T)(lanes);                                           \
      }                                                                                           \
      return;                                                                                     \
    }                                                                                             \
    const ptrdiff_t whole = n / 16 * 16;                                                          \
    TYPE_##T rest[16];                                                                            \
    T##x##16 start;                                                                               \
    T##b##16 used;                                                                                \
    for (int l = 0; l < 16; l++) {                                                                \
      start[l] = rest[l] = IDENTITY_##op##_##T;                                                   \
      used[l] = whole + l < n ? -1 : 0;                                                           \
    }                                                                                             \
    for (ptrdiff_t m = 0; m < rows; m++) {                                                        \
      const TYPE_##T *const row = a + m * row_stride;                                             \
      T##x##16 x16 = start, x;                                                                    \
      for (ptrdiff_t i = 0; i < whole; i += 16) {                                                 \
        __builtin_memcpy(&x, row + i, sizeof x);                                                  \
        VECTOR_##op(T, 16, x16, x)                                                                \
      }                                                                                           \
      if (whole < n) {                                                                            \
        if (row_stride == n && (rows - m) * n >= whole + 16) {                                    \
          __builtin_memcpy(&x, row + whole, sizeof x);                                            \
        } else {                                                                                  \
          for (ptrdiff_t l = 0; l < n - whole; l++) rest[l] = row[whole + l];                     \
          __builtin_memcpy(&x, rest, sizeof x);                                                   \
        }                                                                                         \
        x = (T##x##16)((used & (T##b##16)x) | (~used & (T##b##16)start));                         \
        VECTOR_##op(T, 16, x16, x)                                                                \
      }                                                                                           \
      FOLD_BODY(op, T)                                                                            \
      r[m * r_stride] = x1[0];                                                                    \
    }                                                                                             \
  }

#include "pooling.h"

/* The extreme of the strip first, in vectors, then where it first stands. */
#define IS_NAN(x) ((x) != (x))
#define argmax_BEATS(x, y) ((x) > (y))
#define argmin_BEATS(x, y) ((x) < (y))
#define argmax_EXTREME(T, L, x, y) VECTOR_max(T, L, x, y)
#define argmin_EXTREME(T, L, x, y) VECTOR_min(T, L, x, y)
#define EXTREME_INDEX(op, T)                                                                      \
  void NAME(op##_##T)(TYPE_##T * best, int32_t *index, const TYPE_##T *a, int32_t first,          \
                      ptrdiff_t n) {                                                              \
    if (n <= 0) return;                                                                           \
    ptrdiff_t from = 0, to = n;                                                                   \
    TYPE_##T winner = a[0];                                                                       \
    if (n >= 32) {                                                                                \
      T##x##16 x16, x;                                                                            \
      __builtin_memcpy(&x16, a, sizeof x16);                                                      \
      for (ptrdiff_t i = 16; i + 16 <= n; i += 16) {                                              \
        __builtin_memcpy(&x, a + i, sizeof x);                                                    \
        op##_EXTREME(T, 16, x16, x)                                                               \
      }                                                                                           \
      __builtin_memcpy(&x, a + n - 16, sizeof x);                                                 \
      op##_EXTREME(T, 16, x16, x)                                                                 \
      winner = x16[0];                                                                            \
      for (int l = 1; l < 16; l++) {                                                              \
        if (winner == winner && (IS_NAN(x16[l]) || op##_BEATS(x16[l], winner))) winner = x16[l]; \
      }                                                                                           \
      for (; from + 16 <= n; from += 16) {                                                        \
        int found = 0;                                                                            \
        for (int l = 0; l < 16; l++) found |= (a[from + l] == winner) | IS_NAN(a[from + l]);  \
        if (found) break;                                                                         \
      }                                                                                           \
      while (a[from] != winner && a[from] == a[from]) from++;                                     \
    } else {                                                                                      \
      for (ptrdiff_t i = 1; i < to && winner == winner; i++) {                                    \
        if (IS_NAN(a[i]) || op##_BEATS(a[i], winner)) {                                       \
          winner = a[i];                                                                          \
          from = i;                                                                               \
        }                                                                                         \
      }                                                                                           \
    }                                                                                             \
    if (*index < 0 || (*best == *best && (IS_NAN(winner) || op##_BEATS(winner, *best)))) {    \
      *best = a[from];                                                                            \
      *index = first + (int32_t)from;                                                             \
    }                                                                                             \
  }
