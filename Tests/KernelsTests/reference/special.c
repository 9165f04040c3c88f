/* Special values of nn_math.h: infinities, NaN, zeros, subnormals, limits, saturation, Philox's published
   vectors. Prints what is wrong; the exit status is 1 if anything is. Runs under any of the compilers, tcc
   included, and links against no libm. */
#include <stdio.h>

#include "nn_math.h"

static int failed = 0;

#define INF32 nn_float_f32(0x7f800000u)
#define NAN32 nn_float_f32(0x7fc00000u)
#define INF64 nn_float_f64((uint64_t)0x7ff << 52)
#define NAN64 nn_float_f64((uint64_t)0x7ff8 << 48)

static void expect_f32(const char* text, float r, float want) {
  if ((r != r && want != want) || nn_bits_f32(r) == nn_bits_f32(want)) return;
  printf("f32 %s = %a, not %a\n", text, (double)r, (double)want);
  failed = 1;
}
static void expect_f64(const char* text, double r, double want) {
  if ((r != r && want != want) || nn_bits_f64(r) == nn_bits_f64(want)) return;
  printf("f64 %s = %a, not %a\n", text, r, want);
  failed = 1;
}
static void expect_int(const char* text, long long r, long long want) {
  if (r == want) return;
  printf("int %s = %lld, not %lld\n", text, r, want);
  failed = 1;
}

/* f(x) = r in both types */
#define BOTH(f, x32, x64, r32, r64)                    \
  expect_f32(#f "(" #x32 ")", nn_##f##_f32(x32), r32); \
  expect_f64(#f "(" #x64 ")", nn_##f##_f64(x64), r64);
#define SAME(f, x, r) BOTH(f, (float)(x), (double)(x), (float)(r), (double)(r))
#define AT_INF(f, r) BOTH(f, INF32, INF64, (float)(r), (double)(r))
#define AT_NEGINF(f, r) BOTH(f, -INF32, -INF64, (float)(r), (double)(r))
#define NAN_AT(f, x) BOTH(f, (float)(x), (double)(x), NAN32, NAN64)
/* keeps zeros, subnormals and NaN */
#define ODD(f)                                                            \
  SAME(f, 0.0, 0.0)                                                       \
  SAME(f, -0.0, -0.0) BOTH(f, 0x1p-149f, 0x1p-1074, 0x1p-149f, 0x1p-1074) \
      BOTH(f, -0x1.8p-140f, -0x1.8p-1060, -0x1.8p-140f, -0x1.8p-1060) NAN_AT(f, NAN32)
#define BOTH2(f, a, b, r)                                                              \
  expect_f32(#f "(" #a ", " #b ")", nn_##f##_f32((float)(a), (float)(b)), (float)(r)); \
  expect_f64(#f "(" #a ", " #b ")", nn_##f##_f64((double)(a), (double)(b)), (double)(r));

static void check_functions(void) {
  ODD(expm1)
  ODD(log1p) ODD(sin) ODD(tan) ODD(asin) ODD(atan) ODD(sinh) ODD(tanh) SAME(erf, 0.0, 0.0)
      SAME(erf, -0.0, -0.0) NAN_AT(erf, NAN32) AT_INF(exp, INF32) AT_NEGINF(exp, 0.0) NAN_AT(exp, NAN32)
          SAME(exp, 0.0, 1.0) SAME(exp, -0.0, 1.0) BOTH(exp, 89.0f, 710.0, INF32, INF64)
              BOTH(exp, -105.0f, -746.0, 0.0f, 0.0) BOTH(exp, -103.0f, -745.0, 0x1p-149f, 0x1p-1074)
                  AT_INF(expm1, INF32) AT_NEGINF(expm1, -1.0) SAME(expm1, -1000.0, -1.0)
                      SAME(expm1, 1000.0, INF32) AT_INF(log, INF32) NAN_AT(log, -INF32) NAN_AT(log, -1.0)
                          NAN_AT(log, NAN32) SAME(log, 0.0, -INF32) SAME(log, -0.0, -INF32)
                              SAME(log, 1.0, 0.0)
                                  BOTH(log, 0x1p-149f, 0x1p-1074, -0x1.9d1da0p+6f, -0x1.74385446d71c3p+9)
                                      AT_INF(log1p, INF32) SAME(log1p, -1.0, -INF32) NAN_AT(log1p, -1.5)
                                          NAN_AT(log1p, -INF32) NAN_AT(sin, INF32) NAN_AT(sin, -INF32)
                                              NAN_AT(cos, INF32) NAN_AT(cos, NAN32) NAN_AT(tan, -INF32)
                                                  SAME(cos, 0.0, 1.0) SAME(cos, -0.0, 1.0)
      /* the hardest arguments, from the literature and by search */
      expect_f64("sin huge", nn_sin_f64(0x1.6ac5b262ca1ffp+849), 1.0);
  expect_f64("cos huge", nn_cos_f64(0x1.6ac5b262ca1ffp+849), -0x1.14ae72e6ba22fp-61);
  expect_f32("cos hard", nn_cos_f32(0x1.4a29e6p+30f), nn_cos_f32(-0x1.4a29e6p+30f));
  SAME(asin, 1.0, 0x1.921fb54442d18p+0)
  SAME(asin, -1.0, -0x1.921fb54442d18p+0) NAN_AT(asin, 1.5) NAN_AT(asin, -INF32) SAME(acos, 1.0, 0.0)
      SAME(acos, -1.0, 0x1.921fb54442d18p+1) SAME(acos, 0.0, 0x1.921fb54442d18p+0) NAN_AT(acos, 2.0)
          NAN_AT(acos, NAN32) AT_INF(atan, 0x1.921fb54442d18p+0) AT_NEGINF(atan, -0x1.921fb54442d18p+0)
              AT_INF(sinh, INF32) AT_NEGINF(sinh, -INF32) AT_INF(cosh, INF32) AT_NEGINF(cosh, INF32)
                  SAME(cosh, 0.0, 1.0) NAN_AT(cosh, NAN32) AT_INF(tanh, 1.0) AT_NEGINF(tanh, -1.0)
                      SAME(tanh, 100.0, 1.0) AT_INF(erf, 1.0) AT_NEGINF(erf, -1.0) AT_INF(erfc, 0.0)
                          AT_NEGINF(erfc, 2.0) SAME(erfc, 0.0, 1.0) NAN_AT(erfc, NAN32)
                              BOTH(erfc, 10.05f, 28.0, 0x1p-149f, 0.0) AT_INF(sigmoid, 1.0)
                                  AT_NEGINF(sigmoid, 0.0) SAME(sigmoid, 0.0, 0.5) NAN_AT(sigmoid, NAN32)
                                      expect_f32("sigmoid(-100)", nn_sigmoid_f32(-100.0f), 0x1.bp-145f);
  AT_INF(sqrt, INF32)
  NAN_AT(sqrt, -1.0) NAN_AT(sqrt, -INF32) NAN_AT(sqrt, NAN32) SAME(sqrt, 0.0, 0.0) SAME(sqrt, -0.0, -0.0)
      BOTH(sqrt, 0x1p-148f, 0x1p-1074, 0x1p-74f, 0x1p-537) SAME(sqrt, 2.25, 1.5) SAME(floor, -0.0, -0.0)
          SAME(floor, 0.5, 0.0) SAME(floor, -0.5, -1.0) SAME(floor, 1e30f, 1e30f) AT_NEGINF(floor, -INF32)
              NAN_AT(floor, NAN32) SAME(floor, 2.5, 2.0) SAME(floor, -3.0, -3.0)
                  SAME(floor, 0x1.fffffep-1f, 0.0) SAME(ceil, -0.5, -0.0) SAME(ceil, 0.5, 1.0)
                      SAME(ceil, -0.0, -0.0) AT_INF(ceil, INF32) NAN_AT(ceil, NAN32) SAME(ceil, 2.25, 3.0)
                          SAME(round, 0.5, 0.0) SAME(round, 1.5, 2.0) SAME(round, -0.5, -0.0)
                              SAME(round, 2.5, 2.0) SAME(round, -1.5, -2.0) AT_INF(round, INF32)
                                  SAME(sign, 0.0, 0.0) SAME(sign, -0.0, -0.0) SAME(sign, -3.0, -1.0)
                                      AT_INF(sign, 1.0) NAN_AT(sign, NAN32) SAME(abs, -0.0, 0.0)
                                          AT_NEGINF(abs, INF32) SAME(neg, 0.0, -0.0) SAME(neg, -0.0, 0.0)
                                              AT_INF(neg, -INF32)
}

static void check_pairs(void) {
  BOTH2(max, -0.0, 0.0, 0.0)
  BOTH2(max, 0.0, -0.0, 0.0) BOTH2(min, -0.0, 0.0, -0.0) BOTH2(min, 0.0, -0.0, -0.0) BOTH2(
      max, -0.0, -0.0, -0.0) BOTH2(max, NAN32, 1.0, NAN32) BOTH2(max, 1.0, NAN32, NAN32)
      BOTH2(min, NAN32, 1.0, NAN32) BOTH2(max, -1.0, -2.0, -1.0) BOTH2(min, -1.0, -2.0, -2.0) BOTH2(
          max, INF32, -INF32, INF32) BOTH2(mod, 7.0, 3.0, 1.0) BOTH2(mod, -7.0, 3.0, 2.0)
          BOTH2(mod, 7.0, -3.0, -2.0) BOTH2(mod, -7.0, -3.0, -1.0) BOTH2(mod, 6.0, -3.0, -0.0) BOTH2(
              mod, -6.0, 3.0, 0.0) BOTH2(mod, 1.0, 0.0, NAN32)
              BOTH2(mod, INF32, 2.0, NAN32) BOTH2(mod, 1.0, INF32, 1.0) BOTH2(mod, -1.0, INF32, INF32)
                  BOTH2(mod, 1.0, NAN32, NAN32) BOTH2(mod, -0.0, 1.0, 0.0) BOTH2(
                      mod, 0x1p120,
                      3.0, 1.0) BOTH2(mod, 0x1p127, 0x1.8p-148, 0x1p-149)
                      BOTH2(pow, 0.0, 0.0, 1.0) BOTH2(pow, NAN32, 0.0, 1.0) BOTH2(pow, 1.0, NAN32, 1.0) BOTH2(
                          pow, NAN32,
                          1.0, NAN32) BOTH2(pow, 2.0, NAN32, NAN32)
                          BOTH2(pow, 0.0, -1.0, INF32) BOTH2(pow, -0.0, -1.0, -INF32) BOTH2(
                              pow, -0.0, -3.0, -INF32) BOTH2(pow, -0.0, -2.0,
                                                             INF32) BOTH2(pow, -0.0, 3.0, -0.0)
                              BOTH2(pow, -0.0, 2.0, 0.0) BOTH2(pow, -0.0, 0.5, 0.0) BOTH2(
                                  pow, -1.0, INF32,
                                  1.0) BOTH2(pow, -1.0, -INF32,
                                             1.0) BOTH2(pow, 0.5, INF32, 0.0)
                                  BOTH2(pow, 0.5, -INF32, INF32) BOTH2(pow, 2.0, INF32, INF32) BOTH2(
                                      pow, -2.0, -INF32, 0.0) BOTH2(pow, -INF32, 3.0, -INF32)
                                      BOTH2(pow, -INF32, 2.0, INF32) BOTH2(pow, -INF32, -3.0, -0.0) BOTH2(
                                          pow,
                                          INF32, -1.0, 0.0) BOTH2(pow, INF32, 0.5, INF32)
                                          BOTH2(pow, -8.0, 3.0, -512.0) BOTH2(pow, -8.0, 0.5, NAN32) BOTH2(
                                              pow, 10.0,
                                              3.0, 1000.0) BOTH2(pow, 2.0, 5000.0,
                                                                 INF32) BOTH2(pow, -2.0, 5001.0, -INF32)
                                              BOTH2(pow, 2.0, -5000.0, 0.0) BOTH2(pow, -2.0, -5001.0, -0.0) BOTH2(
                                                  pow, 4.0,
                                                  0.5, 2.0) BOTH2(pow, 0x1p-149, 1.0, 0x1p-149)
                                                  BOTH2(pow, -1.0, 0x1p60, 1.0) BOTH2(
                                                      atan2, 0.0,
                                                      0.0, 0.0) BOTH2(atan2, -0.0, 0.0, -0.0)
                                                      BOTH2(atan2, 0.0, -0.0, 0x1.921fb54442d18p+1) BOTH2(
                                                          atan2, -0.0, -0.0, -0x1.921fb54442d18p+1)
                                                          BOTH2(atan2, 1.0, 0.0, 0x1.921fb54442d18p+0) BOTH2(
                                                              atan2, -1.0, -0.0, -0x1.921fb54442d18p+0)
                                                              BOTH2(atan2, 0.0, -1.0, 0x1.921fb54442d18p+1) BOTH2(
                                                                  atan2, INF32,
                                                                  INF32, 0x1.921fb54442d18p-1)
                                                                  BOTH2(atan2, INF32, -INF32,
                                                                        0x1.2d97c7f3321d2p+1)
                                                                      BOTH2(atan2, -INF32, 1.0,
                                                                            -0x1.921fb54442d18p+0)
                                                                          BOTH2(atan2, 1.0, INF32, 0.0) BOTH2(
                                                                              atan2, -1.0, INF32,
                                                                              -0.0)
                                                                              BOTH2(atan2, 1.0, -INF32,
                                                                                    0x1.921fb54442d18p+1)
                                                                                  BOTH2(atan2, NAN32, 1.0,
                                                                                        NAN32)
                                                                                      BOTH2(atan2, 0x1p-149,
                                                                                            1.0, 0x1p-149)
                                                                                          BOTH2(
                                                                                              atan2,
                                                                                              0x1.fffffep127f,
                                                                                              INF32, 0.0)
                                                                                              expect_f32(
                                                                                                  "power",
                                                                                                  nn_power_f32(
                                                                                                      3.0f,
                                                                                                      5),
                                                                                                  243.0f);
  expect_f32("power", nn_power_f32(-2.0f, -3), -0.125f);
  expect_f32("power", nn_power_f32(0.0f, 0), 1.0f);
  expect_f64("power", nn_power_f64(2.0, -2147483647 - 1), 0.0);
  expect_f64("power", nn_power_f64(-1.0, 2147483647), -1.0);
  expect_f64("power", nn_power_f64(NAN64, 0), 1.0);
}

static void check_integers(void) {
  const int32_t min32 = INT32_MIN, max32 = INT32_MAX;
  const int64_t min64 = INT64_MIN, max64 = INT64_MAX;
#define INTS(t, MIN, MAX)                        \
  expect_int("neg", nn_neg_##t(MIN), MIN);       \
  expect_int("abs", nn_abs_##t(MIN), MIN);       \
  expect_int("abs", nn_abs_##t(-5), 5);          \
  expect_int("sign", nn_sign_##t(MIN), -1);      \
  expect_int("sign", nn_sign_##t(0), 0);         \
  expect_int("sign", nn_sign_##t(7), 1);         \
  expect_int("add", nn_add_##t(MAX, 1), MIN);    \
  expect_int("sub", nn_sub_##t(MIN, 1), MAX);    \
  expect_int("mul", nn_mul_##t(MIN, -1), MIN);   \
  expect_int("mod", nn_mod_##t(MIN, -1), 0);     \
  expect_int("mod", nn_mod_##t(5, 0), 0);        \
  expect_int("mod", nn_mod_##t(-7, 3), 2);       \
  expect_int("mod", nn_mod_##t(7, -3), -2);      \
  expect_int("mod", nn_mod_##t(-6, 3), 0);       \
  expect_int("mod", nn_mod_##t(MAX, MIN), -1);   \
  expect_int("max", nn_max_##t(MIN, 3), 3);      \
  expect_int("min", nn_min_##t(MIN, 3), MIN);    \
  expect_int("power", nn_power_##t(-3, 3), -27); \
  expect_int("power", nn_power_##t(2, 100), 0);  \
  expect_int("power", nn_power_##t(0, 0), 1);
  INTS(i32, min32, max32)
  INTS(i64, min64, max64)
#define TO_INT(T, F, INF, NAN, t, MIN, MAX)                                 \
  expect_int("cast inf", nn_cast_##F##_##t(INF), MAX);                      \
  expect_int("cast -inf", nn_cast_##F##_##t(-INF), MIN);                    \
  expect_int("cast nan", nn_cast_##F##_##t(NAN), 0);                        \
  expect_int("cast -1.9", nn_cast_##F##_##t((T) - 1.75f), -1);              \
  expect_int("cast 1e30", nn_cast_##F##_##t((T)1e30f), MAX);                \
  expect_int("cast -1e30", nn_cast_##F##_##t((T) - 1e30f), MIN);            \
  expect_int("cast -0", nn_cast_##F##_##t((T) - 0.0f), 0);                  \
  expect_int("cast 16777215", nn_cast_##F##_##t((T)16777215.0f), 16777215); \
  expect_int("cast -2^31", nn_cast_##F##_##t((T) - 0x1p31f), -2147483647LL - 1);
  TO_INT(float, f32, INF32, NAN32, i32, min32, max32)
  TO_INT(float, f32, INF32, NAN32, i64, min64, max64) TO_INT(double, f64, INF64, NAN64, i32, min32, max32)
      TO_INT(double, f64, INF64, NAN64, i64, min64, max64)
          expect_int("cast", nn_cast_f64_i32(2147483647.5), max32);
  expect_int("cast", nn_cast_f64_i32(-2147483648.5), min32);
  expect_int("cast", nn_cast_f64_i32(-2147483649.0), min32);
  expect_int("cast", nn_cast_f64_i32(2147483646.5), 2147483646);
  expect_int("cast", nn_cast_f64_i64(-0x1p63), min64);
  expect_int("cast", nn_cast_f64_i64(0x1.fffffffffffffp62), 9223372036854774784LL);
  expect_int("cast",
             nn_cast_f32_bool(NAN32) + nn_cast_f64_bool(NAN64) + nn_cast_f32_bool(0x1p-149f) +
                 nn_cast_i64_bool(min64),
             4);
  expect_int("cast", nn_cast_f32_bool(-0.0f) + nn_cast_f64_bool(-0.0) + nn_cast_i32_bool(0), 0);
  expect_int("cast", nn_cast_i64_i32((int64_t)1 << 32 | 5), 5);
  expect_int("cast", nn_cast_i32_i64(min32), min32);
  expect_f32("cast", nn_cast_i32_f32(16777217), 0x1p24f);
  expect_f32("cast", nn_cast_i32_f32(16777219), 16777220.0f);
  expect_f32("cast", nn_cast_i64_f32(max64), 0x1p63f);
  expect_f32("cast", nn_cast_i64_f32(((int64_t)1 << 60) + ((int64_t)1 << 36) + 1),
             0x1.000002p60f); /* one rounding, not two */
  expect_f64("cast", nn_cast_i64_f64(max64), 0x1p63);
  expect_f64("cast", nn_cast_i64_f64(((int64_t)1 << 53) + 1), 0x1p53);
  expect_f32("cast", nn_cast_f64_f32(0x1p-150), 0.0f);
  expect_f32("cast", nn_cast_f64_f32(1e300), INF32);
  expect_f64("cast", nn_cast_f32_f64(0x1p-149f), 0x1p-149);
  expect_f64(
      "cast",
      nn_cast_bool_f64(1) + (double)nn_cast_bool_f32(0) + nn_cast_bool_i32(1) + (double)nn_cast_bool_i64(1),
      3.0);
}

/* Random123's known answers (kat_vectors, philox4x32 10). */
static void check_philox(void) {
  static const uint32_t want[3][4] = {{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u},
                                      {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu},
                                      {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}};
  static const uint64_t in[3][3] = {
      {0, 0, 0},
      {~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0},
      {((uint64_t)0x299f31d0u << 32) | 0xa4093822u, ((uint64_t)0x85a308d3u << 32) | 0x243f6a88u,
       ((uint64_t)0x03707344u << 32) | 0x13198a2eu}};
  uint32_t w[4];
  float f[7], g[7];
  double d[7];
  int i, j;
  for (i = 0; i < 3; i++) {
    nn_philox(w, in[i][0], in[i][1], in[i][2]);
    for (j = 0; j < 4; j++) expect_int("philox", (long long)w[j], (long long)want[i][j]);
  }
  nn_uniform_f32(f, 7, 0, 0, -1.0f, 3.0f);
  for (i = 0; i < 4; i++)
    expect_f32("uniform", f[i], -1.0f + 4.0f * ((float)(int32_t)(want[0][i] >> 8) * 0x1p-24f));
  nn_uniform_f64(d, 7, 0, 0, 0.0, 1.0);
  expect_f64("uniform", d[1], (double)(int64_t)((((uint64_t)want[0][3] << 32) | want[0][2]) >> 11) * 0x1p-53);
  nn_normal_f32(f, 7, 5, 9, 1.0, 2.0);
  nn_normal_f32(g, 6, 5, 9, 1.0, 2.0);
  nn_normal_f64(d, 7, 5, 9, 1.0, 2.0);
  for (i = 0; i < 6; i++) {
    expect_f32("normal", g[i], f[i]);
    expect_f32("normal", f[i], (float)d[i]);
  }
}

static void check_fma(void) {
  expect_f32("fma", nn_fma_soft_f32(INF32, 0.0f, 1.0f), NAN32);
  expect_f32("fma", nn_fma_soft_f32(0x1p-149f, 0.5f, 0.0f), 0.0f);
  expect_f32("fma", nn_fma_soft_f32(0x1p-149f, 0.5f, 0x1p-149f), 0x1p-148f);
  expect_f32("fma", nn_fma_soft_f32(1.0f, -1.0f, 1.0f), 0.0f);
  expect_f32("fma", nn_fma_soft_f32(-0.0f, 1.0f, -0.0f), -0.0f);
  expect_f64("fma", nn_fma_soft_f64(INF64, 0.0, 1.0), NAN64);
  expect_f64("fma", nn_fma_soft_f64(0x1p-1074, 0.5, 0x1p-1074), 0x1p-1073);
  expect_f64("fma", nn_fma_soft_f64(0x1p1023, 2.0, -0x1.fffffffffffffp1023), 0x1p971);
  expect_f64("fma", nn_fma_soft_f64(0x1p1023, 2.0, -INF64), -INF64);
  expect_f64("fma", nn_fma_soft_f64(-0.0, 1.0, -0.0), -0.0);
  expect_f64("fma", nn_fma_soft_f64(1.0, 1.0, -1.0), 0.0);
}

/* One number for all bits of all functions: it must be the same from every compiler at every optimisation
 * level. */
static uint64_t hash = 14695981039346656037u;
static void mix(uint64_t u) { hash = (hash ^ u) * 1099511628211u; }
static void mix_f32(float x) { mix(x != x ? 1 : nn_bits_f32(x)); }
static void mix_f64(double x) { mix(x != x ? 1 : nn_bits_f64(x)); }

#define UNARY(X)                                                                                      \
  X(neg)                                                                                              \
  X(abs) X(sign) X(sqrt) X(exp) X(expm1) X(log) X(log1p) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) \
      X(sinh) X(cosh) X(tanh) X(erf) X(erfc) X(sigmoid) X(floor) X(ceil) X(round)
enum { COUNT = 4096 };
static float a32[COUNT], r32[COUNT];
static double a64[COUNT], r64[COUNT];
#define LOOPS(f)                                             \
  for (i = 0; i < COUNT; i++) r32[i] = nn_##f##_f32(a32[i]); \
  for (i = 0; i < COUNT; i++) r64[i] = nn_##f##_f64(a64[i]); \
  for (i = 0; i < COUNT; i++) {                              \
    mix_f32(r32[i]);                                         \
    mix_f64(r64[i]);                                         \
  }
#define LOOPS2(f)                                                                \
  for (i = 0; i < COUNT; i++) r32[i] = nn_##f##_f32(a32[i], a32[COUNT - 1 - i]); \
  for (i = 0; i < COUNT; i++) r64[i] = nn_##f##_f64(a64[i], a64[COUNT - 1 - i]); \
  for (i = 0; i < COUNT; i++) {                                                  \
    mix_f32(r32[i]);                                                             \
    mix_f64(r64[i]);                                                             \
  }

static void print_hash(void) {
  int i, round;
  for (round = 0; round < 4; round++) {
    for (i = 0; i < COUNT; i++) {
      uint32_t w[4];
      nn_philox(w, 1, (uint64_t)i, (uint64_t)round);
      a32[i] = round == 0 ? nn_float_f32(w[0])
                          : ((float)(int32_t)(w[0] >> 8) * 0x1p-23f - 1.0f) * (round == 1   ? 1.0f
                                                                               : round == 2 ? 10.0f
                                                                                            : 110.0f);
      a64[i] = round == 0 ? nn_float_f64(((uint64_t)w[2] << 32) | w[1])
                          : (nn_unit_f64(w[1], w[2]) * 2.0 - 1.0) * (round == 1   ? 1.0
                                                                     : round == 2 ? 20.0
                                                                                  : 750.0);
    }
    UNARY(LOOPS) LOOPS2(pow) LOOPS2(atan2) LOOPS2(mod) LOOPS2(max) LOOPS2(min) for (i = 2; i < COUNT; i++) {
      mix_f32(nn_fma_f32(a32[i], a32[i - 1], a32[i - 2]));
      mix_f64(nn_fma_f64(a64[i], a64[i - 1], a64[i - 2]));
    }
    for (i = 0; i < COUNT; i++) {
      mix((uint64_t)nn_cast_f32_i64(a32[i]));
      mix((uint64_t)(int64_t)nn_cast_f64_i32(a64[i]));
      mix_f32(nn_cast_i64_f32((int64_t)nn_bits_f64(a64[i])));
    }
    nn_normal_f32(r32, COUNT, 7, (uint64_t)round, 0.0, 1.0);
    for (i = 0; i < COUNT; i++) mix_f32(r32[i]);
  }
  printf("bits %08lx%08lx\n", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffffu));
}

int main(void) {
  check_functions();
  check_pairs();
  check_integers();
  check_philox();
  check_fma();
  print_hash();
  return failed;
}
