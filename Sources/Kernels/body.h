/* body.h: the functions of one level, one definition for each kind of row of list.h. Elementwise work is a loop over
   the inline functions of nn_math.h, so that every level computes what every other form of the program computes. */

#include "nn_math.h"

#include "nn_contract.h"
#include "nn_contract_images.h"
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

#define UNARY_LONG(op, T)                                                                         \
  void NAME(op##_##T)(TYPE_##T * r, const TYPE_##T *a, ptrdiff_t n) {                             \
    if (n == 1) {                                                                                 \
      *r = nn_##op##_##T(*a);                                                                     \
      return;                                                                                     \
    }                                                                                             \
    ptrdiff_t i = 0;                                                                              \
    IN_BLOCKS(T, i, n, r[i + j] = nn_##op##_##T(a[i + j]))                                        \
    if (i < n) {                                                                                  \
      TYPE_##T x[BLOCK], y[BLOCK];                                                                \
      for (int j = 0; j < BLOCK; j++) x[j] = a[i + j < n ? i + j : n - 1];                        \
      VECTORIZED for (int j = 0; j < BLOCK; j++) y[j] = nn_##op##_##T(x[j]);                      \
      for (int j = 0; i + j < n; j++) r[i + j] = y[j];                                            \
    }                                                                                             \
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

#include "reductions.h"

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
                      TYPE_##T *c, ptrdiff_t c_m, void *scratch, int first,                       \
                      const TYPE_##T *wanted, const TYPE_##T *other, ptrdiff_t wanted_m) {        \
    nn_##op##_##T(M, N, K, a, a_m, a_k, b, b_k, b_n, c, c_m, scratch, first, wanted, other,       \
                  wanted_m);                                                                      \
  }
#define CONTRACT_VIEW(op, T)                                                                      \
  void NAME(op##_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t m0, ptrdiff_t n0, const ptrdiff_t *view,\
                      const TYPE_##T *a, const TYPE_##T *b, TYPE_##T *c, ptrdiff_t c_m,           \
                      void *scratch, int again) {                                                 \
    nn_##op##_##T(M, N, m0, n0, view, a, b, c, c_m, scratch, again);                              \
  }
#define CONTRACT_IMAGES(op, T)                                                                    \
  void NAME(op##_##T)(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M,          \
                      ptrdiff_t N, const ptrdiff_t *view, const TYPE_##T *a,                      \
                      const TYPE_##T *b, TYPE_##T *c, ptrdiff_t c_m, void *scratch) {             \
    nn_##op##_##T(images, b_step, c_step, M, N, view, a, b, c, c_m, scratch);                     \
  }                                                                                               \

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
