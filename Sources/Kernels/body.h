/* body.h: the functions of one level, one definition for each kind of row of list.h. Elementwise work is a loop over
   the inline functions of nn_math.h, so that every level computes what every other form of the program computes. */

#include "nn_math.h"

#include "nn_contract.h"
#include "nn_contract_view.h"
#include "nn_lookup.h"

/* r may be an operand itself, so no `restrict`: the pragma alone says that iterations are independent. */
#define VECTORIZED _Pragma("clang loop vectorize(assume_safety)")

#define EACH(n) VECTORIZED for (ptrdiff_t i = 0; i < (n); i++)

/* Long functions take four vectors at a time, side by side: each is a chain in which every operation waits for the one
   before, and the processor does not look far enough ahead to find the next vector by itself. What is left goes in blocks of
   16 whose last one is filled up by repeating the last element: a scalar remainder would take longer than the vectors
   before it. */
#define BLOCK 16
#define GROUP(T) (4 * (NN_CONTRACT_SIMD ? NN_CONTRACT_SIMD / 8 : 16) / (int)sizeof(TYPE_##T))
#define SIDE_BY_SIDE _Pragma("clang loop vectorize(assume_safety) interleave_count(4)")

/* From i on, as long as there are whole groups and then whole blocks: the statement for i + j of each. */
#define IN_BLOCKS(T, i, n, STATEMENT)                                                             \
  for (; i + GROUP(T) <= n; i += GROUP(T)) {                                                      \
    SIDE_BY_SIDE for (int j = 0; j < GROUP(T); j++) STATEMENT;                                    \
  }                                                                                               \
  for (; i + BLOCK <= n; i += BLOCK) {                                                            \
    VECTORIZED for (int j = 0; j < BLOCK; j++) STATEMENT;                                         \
  }

/* ---- elementwise ---- */

#define nn_not_bool(x) ((uint8_t)((x) == 0))

#define UNARY(op, T)                                                                              \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n) {                             \
    EACH(n) r[i] = nn_##op##_##T(a[i]);                                                           \
  }

/* What is left of n elements from i on. */
#define LONG_REST(op, T, i)                                                                       \
  IN_BLOCKS(T, i, n, r[i + j] = nn_##op##_##T(a[i + j]))                                          \
  if (i < n) {                                                                                    \
    TYPE_##T x[BLOCK], y[BLOCK];                                                                  \
    for (int j = 0; j < BLOCK; j++) x[j] = a[i + j < n ? i + j : n - 1];                          \
    VECTORIZED for (int j = 0; j < BLOCK; j++) y[j] = nn_##op##_##T(x[j]);                        \
    for (int j = 0; i + j < n; j++) r[i + j] = y[j];                                              \
  }

#define UNARY_LONG(op, T)                                                                         \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n) {                             \
    if (n == 1) {                                                                                 \
      *r = nn_##op##_##T(*a);                                                                     \
      return;                                                                                     \
    }                                                                                             \
    ptrdiff_t i = 0;                                                                              \
    LONG_REST(op, T, i)                                                                           \
  }

/* The longest ones go in halves, of which more are in progress at a time. */
#define STAGE 128
#define UNARY_HALVES(op, T)                                                                       \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n) {                             \
    if (n == 1) {                                                                                 \
      *r = nn_##op##_##T(*a);                                                                     \
      return;                                                                                     \
    }                                                                                             \
    ptrdiff_t i = 0;                                                                              \
    for (; i + STAGE <= n; i += STAGE) {                                                          \
      TYPE_##T p[STAGE], t[STAGE];                                                                \
      SIDE_BY_SIDE for (int j = 0; j < STAGE; j++) p[j] = nn_##op##_begin_##T(a[i + j], t + j);   \
      SIDE_BY_SIDE for (int j = 0; j < STAGE; j++) {                                              \
        r[i + j] = nn_##op##_end_##T(a[i + j], p[j], t[j]);                                       \
      }                                                                                           \
    }                                                                                             \
    LONG_REST(op, T, i)                                                                           \
  }

/* sin, cos and tan branch where |x| >= 2^20 (Payne and Hanek's reduction): a block without such an element goes without the
   branch, and so in vectors. */
#define UNARY_BRANCHED(op, T)                                                                     \
  static void op##_block_##T(TYPE_##T * y, const TYPE_##T *x) {                                   \
    int large = 0;                                                                                \
    for (int j = 0; j < BLOCK; j++) large |= !(nn_abs_##T(x[j]) < 0x1p20);                        \
    if (large) {                                                                                  \
      for (int j = 0; j < BLOCK; j++) y[j] = nn_##op##_##T(x[j]);                                 \
      return;                                                                                     \
    }                                                                                             \
    VECTORIZED for (int j = 0; j < BLOCK; j++) {                                                  \
      const TYPE_##T small = x[j];                                                                \
      const TYPE_##T magnitude = nn_abs_##T(small);                                               \
      __builtin_assume(magnitude < 0x1p20);                                                       \
      y[j] = nn_##op##_##T(small);                                                                \
    }                                                                                             \
  }                                                                                               \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n) {                             \
    if (n == 1) {                                                                                 \
      *r = nn_##op##_##T(*a);                                                                     \
      return;                                                                                     \
    }                                                                                             \
    ptrdiff_t i = 0;                                                                              \
    for (; i + BLOCK <= n; i += BLOCK) op##_block_##T(r + i, a + i);                              \
    if (i < n) {                                                                                  \
      TYPE_##T x[BLOCK];                                                                          \
      for (int j = 0; j < BLOCK; j++) x[j] = a[i + j < n ? i + j : n - 1];                        \
      op##_block_##T(x, x);                                                                       \
      for (int j = 0; i + j < n; j++) r[i + j] = x[j];                                            \
    }                                                                                             \
  }

/* nn_power_T with its loop over the bits of the exponent outside of the one over elements. */
#define POWER(op, T)                                                                              \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n, int exponent) {               \
    const unsigned magnitude = exponent < 0 ? 0u - (unsigned)exponent : (unsigned)exponent;       \
    for (ptrdiff_t i = 0; i < n; i += 4 * BLOCK) {                                                \
      const ptrdiff_t count = n - i < 4 * BLOCK ? n - i : 4 * BLOCK;                              \
      TYPE_##T square[4 * BLOCK], power[4 * BLOCK];                                               \
      for (ptrdiff_t j = 0; j < count; j++) square[j] = a[i + j];                                 \
      for (ptrdiff_t j = 0; j < count; j++) power[j] = 1;                                         \
      int started = 0;                                                                            \
      for (unsigned bits = POWER_BITS_##T; bits != 0; bits >>= 1) {                               \
        if ((bits & 1) && started) {                                                              \
          VECTORIZED for (ptrdiff_t j = 0; j < count; j++) {                                      \
            power[j] = (TYPE_##T)((WRAPPED_##T)power[j] * (WRAPPED_##T)square[j]);                \
          }                                                                                       \
        } else if (bits & 1) {                                                                    \
          for (ptrdiff_t j = 0; j < count; j++) power[j] = square[j];                             \
          started = 1;                                                                            \
        }                                                                                         \
        if (bits == 1) break;                                                                     \
        VECTORIZED for (ptrdiff_t j = 0; j < count; j++) {                                        \
          square[j] = (TYPE_##T)((WRAPPED_##T)square[j] * (WRAPPED_##T)square[j]);                \
        }                                                                                         \
      }                                                                                           \
      if (POWER_INVERTS_##T && exponent < 0) {                                                    \
        VECTORIZED for (ptrdiff_t j = 0; j < count; j++) r[i + j] = 1 / power[j];                 \
      } else {                                                                                    \
        VECTORIZED for (ptrdiff_t j = 0; j < count; j++) r[i + j] = power[j];                     \
      }                                                                                           \
    }                                                                                             \
  }
/* Integers know no negative power: 1 stands for it. */
#define POWER_BITS_f32 magnitude
#define POWER_BITS_f64 magnitude
#define POWER_BITS_i32 (exponent < 0 ? 0 : magnitude)
#define POWER_BITS_i64 (exponent < 0 ? 0 : magnitude)
#define POWER_INVERTS_f32 1
#define POWER_INVERTS_f64 1
#define POWER_INVERTS_i32 0
#define POWER_INVERTS_i64 0

#define BINARY_FORM(name, T, LEFT, RIGHT, VALUE)                                                    \
  void NAME(name)(TYPE_##T * r, const TYPE_##T *a, const TYPE_##T *b, ptrdiff_t n) {              \
    if (n <= 0) return;                                                                           \
    const TYPE_##T left = *a, right = *b;                                                         \
    (void)left, (void)right;                                                                      \
    EACH(n) {                                                                                     \
      const TYPE_##T x = LEFT, y = RIGHT;                                                         \
      r[i] = VALUE;                                                                               \
    }                                                                                             \
  }
#define BINARY_FORMS(op, T, VALUE)                                                                \
  BINARY_FORM(op##_##T, T, a[i], b[i], VALUE)                                                     \
  BINARY_FORM(op##_##T##_vs, T, a[i], right, VALUE)                                               \
  BINARY_FORM(op##_##T##_sv, T, left, b[i], VALUE)
#define BINARY(op, T) BINARY_FORMS(op, T, nn_##op##_##T(x, y))

#define add_OPERATOR +
#define sub_OPERATOR -
#define mul_OPERATOR *
#define div_OPERATOR /
#define and_OPERATOR &
#define or_OPERATOR |
#define OPERATOR(op, T) BINARY_FORMS(op, T, x op##_OPERATOR y)

/* mod of floats loops as often as its quotient is long: one element after the other. */
#define BINARY_LOOP_FORM(name, op, T, LEFT, RIGHT)                                                \
  void NAME(name)(TYPE_##T * r, const TYPE_##T *a, const TYPE_##T *b, ptrdiff_t n) {              \
    if (n <= 0) return;                                                                           \
    const TYPE_##T left = *a, right = *b;                                                         \
    (void)left, (void)right;                                                                      \
    for (ptrdiff_t i = 0; i < n; i++) r[i] = nn_##op##_##T(LEFT, RIGHT);                          \
  }
#define BINARY_LOOP(op, T)                                                                        \
  BINARY_LOOP_FORM(op##_##T, op, T, a[i], b[i])                                                   \
  BINARY_LOOP_FORM(op##_##T##_vs, op, T, a[i], right)                                             \
  BINARY_LOOP_FORM(op##_##T##_sv, op, T, left, b[i])

#define BINARY_LONG_FORM(name, op, T, a_step, b_step)                                             \
  void NAME(name)(TYPE_##T * r, const TYPE_##T *a, const TYPE_##T *b, ptrdiff_t n) {              \
    if (n <= 0) return;                                                                           \
    const TYPE_##T left = *a, right = *b;                                                         \
    ptrdiff_t i = 0;                                                                              \
    IN_BLOCKS(T, i, n,                                                                            \
              r[i + j] = nn_##op##_##T(a_step ? a[i + j] : left, b_step ? b[i + j] : right))      \
    if (i < n) {                                                                                  \
      TYPE_##T x[BLOCK], y[BLOCK];                                                                \
      for (int j = 0; j < BLOCK; j++) {                                                           \
        const ptrdiff_t at = i + j < n ? i + j : n - 1;                                           \
        x[j] = a_step ? a[at] : left;                                                             \
        y[j] = b_step ? b[at] : right;                                                            \
      }                                                                                           \
      VECTORIZED for (int j = 0; j < BLOCK; j++) y[j] = nn_##op##_##T(x[j], y[j]);                \
      for (int j = 0; i + j < n; j++) r[i + j] = y[j];                                            \
    }                                                                                             \
  }
#define BINARY_LONG(op, T)                                                                        \
  BINARY_LONG_FORM(op##_##T, op, T, 1, 1)                                                         \
  BINARY_LONG_FORM(op##_##T##_vs, op, T, 1, 0)                                                    \
  BINARY_LONG_FORM(op##_##T##_sv, op, T, 0, 1)

#define lt_OPERATOR <
#define le_OPERATOR <=
#define eq_OPERATOR ==
#define ne_OPERATOR !=
#define COMPARISON_FORM(name, op, T, LEFT, RIGHT)                                                 \
  void NAME(name)(uint8_t *r, const TYPE_##T *a, const TYPE_##T *b, ptrdiff_t n) {                \
    if (n <= 0) return;                                                                           \
    const TYPE_##T left = *a, right = *b;                                                         \
    (void)left, (void)right;                                                                      \
    EACH(n) r[i] = LEFT op##_OPERATOR RIGHT;                                                      \
  }
#define COMPARISON(op, T)                                                                         \
  COMPARISON_FORM(op##_##T, op, T, a[i], b[i])                                                    \
  COMPARISON_FORM(op##_##T##_vs, op, T, a[i], right)                                              \
  COMPARISON_FORM(op##_##T##_sv, op, T, left, b[i])

/* Both sides are read before the choice, so that it is a blend and no branch. */
#define SELECT_FORM(name, T, LEFT, RIGHT)                                                         \
  void NAME(name)(TYPE_##T * r, const uint8_t *c, const TYPE_##T *a, const TYPE_##T *b,           \
                  ptrdiff_t n) {                                                                  \
    if (n <= 0) return;                                                                           \
    const TYPE_##T left = *a, right = *b;                                                         \
    (void)left, (void)right;                                                                      \
    EACH(n) {                                                                                     \
      const TYPE_##T x = LEFT, y = RIGHT;                                                         \
      r[i] = c[i] ? x : y;                                                                        \
    }                                                                                             \
  }
#define SELECT(op, T)                                                                             \
  SELECT_FORM(op##_##T, T, a[i], b[i])                                                            \
  SELECT_FORM(op##_##T##_vs, T, a[i], right)                                                      \
  SELECT_FORM(op##_##T##_sv, T, left, b[i])                                                       \
  SELECT_FORM(op##_##T##_ss, T, left, right)

#define CAST(from, to)                                                                            \
  void NAME(cast_##from##_##to)(TYPE_##to * r, const TYPE_##from *a, ptrdiff_t n) {               \
    EACH(n) r[i] = nn_cast_##from##_##to(a[i]);                                                   \
  }

/* ---- movement ---- */

#include "movement.h"

/* ---- reductions ---- */

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

/* ---- matrix products ---- */

#define CONTRACT(op, T)                                                                           \
  void NAME(op##_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const TYPE_##T *a, ptrdiff_t a_m,    \
                      ptrdiff_t a_k, const TYPE_##T *b, ptrdiff_t b_k, ptrdiff_t b_n,             \
                      TYPE_##T *c, ptrdiff_t c_m, void *scratch) {                                \
    nn_##op##_##T(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch);                            \
  }
#define CONTRACT_BLOCK(op, T)                                                                     \
  void NAME(op##_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const TYPE_##T *a, ptrdiff_t a_m,    \
                      ptrdiff_t a_k, const TYPE_##T *b, ptrdiff_t b_k, ptrdiff_t b_n,             \
                      TYPE_##T *c, ptrdiff_t c_m, void *scratch, int again,                       \
                      const TYPE_##T *wanted, ptrdiff_t wanted_m) {                               \
    nn_##op##_##T(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch, again, wanted, wanted_m);   \
  }
#define CONTRACT_VIEW(op, T)                                                                      \
  void NAME(op##_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t m0, ptrdiff_t n0, const ptrdiff_t *view,\
                      const TYPE_##T *a, const TYPE_##T *b, TYPE_##T *c, ptrdiff_t c_m,           \
                      void *scratch, int again) {                                                 \
    nn_##op##_##T(M, N, m0, n0, view, a, b, c, c_m, scratch, again);                              \
  }

/* ---- look-ups and random factors ---- */

#define CHECK_INDICES(op, T)                                                                      \
  ptrdiff_t NAME(op##_##T)(const TYPE_##T *indices, ptrdiff_t rows, ptrdiff_t begin,              \
                           ptrdiff_t end) {                                                       \
    return nn_##op##_##T(indices, rows, begin, end);                                              \
  }

#define GATHER_BY(op, T, I)                                                                       \
  void NAME(op##_##T##_##I)(TYPE_##T * r, const TYPE_##T *table, const TYPE_##I *indices,         \
                            ptrdiff_t width, ptrdiff_t begin, ptrdiff_t end) {                    \
    nn_##op##_##T##_##I(r, table, indices, width, begin, end);                                    \
  }
#define GATHER(op, T) GATHER_BY(op, T, i32) GATHER_BY(op, T, i64)

#define SCATTER_BY(op, T, I)                                                                      \
  void NAME(op##_##T##_##I)(TYPE_##T * r, const TYPE_##I *indices, const TYPE_##T *updates,       \
                            ptrdiff_t count, ptrdiff_t width, ptrdiff_t begin, ptrdiff_t end) {   \
    nn_##op##_##T##_##I(r, indices, updates, count, width, begin, end);                           \
  }
#define SCATTER(op, T) SCATTER_BY(op, T, i32) SCATTER_BY(op, T, i64)

#define DROPOUT(op, T)                                                                            \
  void NAME(op##_##T)(TYPE_##T * r, const int64_t *seed, const int64_t *step, int64_t stream,     \
                      int64_t threshold, TYPE_##T scale, ptrdiff_t begin, ptrdiff_t end) {        \
    nn_##op##_##T(r, seed, step, stream, threshold, scale, begin, end);                           \
  }

#include "list.h"
