/* Measures the errors of nn_math.h in ulp, against the next wider type of the C library.

     cc -O3 -march=native -I Sources/Kernels/include sweep.c -lm && ./a.out [STRIDE [NAME...]]

   f32 functions of one operand see every STRIDE-th of all 2^32 bit patterns (1: all of them), against f64;
   f64 functions see random numbers of several kinds, against the 80-bit long double of x86; functions of two
   operands random pairs. One line a function: name, largest error, where. The exit status is 1 where an error
   is above 2 ulp or a special value is wrong.

   All inputs take an hour, or with glibc's vector functions for the truth some ten minutes:
     gcc -O3 -march=native -fno-math-errno -DSWEEP_LIBMVEC -I Sources/Kernels/include sweep.c -lmvec -lm &&
   ./a.out 1 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn_math.h"

enum { BLOCK = 4096 };

#ifdef SWEEP_LIBMVEC
#define VECTOR(f) extern double f(double) __attribute__((simd("notinbranch")));
VECTOR(exp)
VECTOR(expm1) VECTOR(log) VECTOR(log1p) VECTOR(sin) VECTOR(cos) VECTOR(tan) VECTOR(asin) VECTOR(acos)
    VECTOR(atan) VECTOR(sinh) VECTOR(cosh) VECTOR(tanh) VECTOR(erf) VECTOR(erfc)
#endif

        static int failed = 0;

static uint64_t state = 88172645463325252u;
static uint64_t random_bits(void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* |r - truth| in units of the last place that the type has at truth; 1e9 for a wrong kind or sign of result.
 */
static double error_f32(float r, double truth) {
  uint64_t e;
  double t = fabs(truth);
  if (truth != truth) return r != r ? 0 : 1e9;
  if (r != r || (signbit(r) != 0) != (signbit(truth) != 0)) return 1e9;
  if (isinf(truth) && isinf(r)) return 0;
  if (isinf(r)) return t >= 0x1p128 ? 0 : t >= 0x1.fffffep127 ? (0x1p128 - t) / 0x1p104 : 1e9;
  if (isinf(truth)) return 1e9;
  e = nn_bits_f64(t) >> 52;
  e = e < 1023 - 126 ? 1023 - 126 : e;
  return fabs((double)r - truth) * nn_float_f64((2046 + 23 - e) << 52);
}

static double error_f64(double r, long double truth) {
  int e;
  long double t = fabsl(truth);
  if (truth != truth) return r != r ? 0 : 1e9;
  if (r != r || (signbit(r) != 0) != (signbit(truth) != 0)) return 1e9;
  if (isinf(r))
    return isinf(truth) || t >= 0x1p1024L ? 0
           : t >= 0x1.fffffffffffffp1023L ? (double)((0x1p1024L - t) / 0x1p971L)
                                          : 1e9;
  if (isinf(truth)) return 1e9;
  frexpl(t, &e);
  e = t == 0 || e < -1021 ? -1021 : e;
  return (double)ldexpl(fabsl((long double)r - truth), 53 - e);
}

static void report(const char* type, const char* name, double worst, double x, double y, double result) {
  int bad = !(worst <= 2.0);
  failed |= bad;
  printf("%s %-8s %10.4f ulp at %a, %a = %a%s\n", type, name, worst, x, y, result, bad ? "  FAILED" : "");
  fflush(stdout);
}

static double truth_sigmoid(double x) {
  double e = exp(-fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
static long double truth_sigmoidl(long double x) {
  return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}
static double truth_sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static long double truth_signl(long double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double truth_neg(double x) { return -x; }
static long double truth_negl(long double x) { return -x; }

#define UNARY(X)                                                                                            \
  X(neg, truth_neg, truth_negl)                                                                             \
  X(abs, fabs, fabsl) X(sign, truth_sign, truth_signl) X(sqrt, sqrt, sqrtl) X(exp, exp, expl)               \
      X(expm1, expm1, expm1l) X(log, log, logl) X(log1p, log1p, log1pl) X(sin, sin, sinl) X(cos, cos, cosl) \
          X(tan, tan, tanl) X(asin, asin, asinl) X(acos, acos, acosl) X(atan, atan, atanl)                  \
              X(sinh, sinh, sinhl) X(cosh, cosh, coshl) X(tanh, tanh, tanhl) X(erf, erf, erfl)              \
                  X(erfc, erfc, erfcl) X(sigmoid, truth_sigmoid, truth_sigmoidl) X(floor, floor, floorl)    \
                      X(ceil, ceil, ceill) X(round, rint, rintl)

#define LOOP(name, t32, t64)                                                                        \
  static void loop_f32_##name(const float* restrict a, float* restrict r, double* restrict truth) { \
    for (int i = 0; i < BLOCK; i++) r[i] = nn_##name##_f32(a[i]);                                   \
    for (int i = 0; i < BLOCK; i++) truth[i] = t32((double)a[i]);                                   \
  }                                                                                                 \
  static void loop_f64_##name(const double* a, double* r) {                                         \
    for (int i = 0; i < BLOCK; i++) r[i] = nn_##name##_f64(a[i]);                                   \
  }
UNARY(LOOP)

static void check_f32(const char* name, void (*f)(const float*, float*, double*), uint64_t stride) {
  static float a[BLOCK], r[BLOCK];
  static double t[BLOCK], quick[BLOCK];
  double worst = 0, at = 0, got = 0;
  for (uint64_t u = 0; u < (uint64_t)1 << 32;) {
    for (int i = 0; i < BLOCK; i++) {
      a[i] = nn_float_f32(u < (uint64_t)1 << 32 ? (uint32_t)u : 0xffffffffu);
      u += stride;
    }
    f(a, r, t);
    for (int i = 0; i < BLOCK;
         i++) { /* vectorised: right for finite values, NaN or too large for the others */
      uint64_t u = nn_bits_f64(t[i]), k = (u >> 52) & 0x7ff;
      k = k < 1023 - 126 ? 1023 - 126 : k;
      quick[i] = fabs((double)r[i] - t[i]) * nn_float_f64((2046 + 23 - k) << 52);
      quick[i] += (u >> 63) != (nn_bits_f32(r[i]) >> 31) ? 1e9 : 0.0;
    }
    for (int i = 0; i < BLOCK; i++) {
      double e = quick[i];
      if (e <= worst) continue;
      e = error_f32(r[i], t[i]);
      if (!(e <= worst)) {
        worst = e;
        at = (double)a[i];
        got = (double)r[i];
      }
    }
  }
  report("f32", name, worst, at, 0, got);
}

/* Random numbers of several kinds: any bits, moderate ones evenly, next to 0, 1 and multiples of pi / 2, over
 * a few octaves. */
static double random_f64(int kind) {
  uint64_t u = random_bits();
  double unit = (double)(int64_t)(random_bits() >> 11) * 0x1p-52 - 1;
  switch (kind % 8) {
    case 0:
      return nn_float_f64(u);
    case 1:
      return unit;
    case 2:
      return unit * 8;
    case 3:
      return unit * 750;
    case 4:
      return 1 + ldexp(unit, -(int)(u % 52));
    case 5:
      return (double)(int64_t)(u % 2000) * 0x1.921fb54442d18p+0 * (1 + ldexp(unit, -(int)((u >> 20) % 53)));
    case 6:
      return ldexp(unit, (int)(u % 40) - 30);
    default:
      return ldexp((double)(int64_t)(u % 65536) / 256, (int)((u >> 32) % 20) - 16) * (unit < 0 ? -1 : 1);
  }
}

static void check_f64(const char* name, void (*f)(const double*, double*), long double (*truth)(long double),
                      long blocks) {
  static double a[BLOCK], r[BLOCK];
  double worst = 0, at = 0, got = 0;
  for (long b = 0; b < blocks; b++) {
    for (int i = 0; i < BLOCK; i++) a[i] = random_f64(i);
    f(a, r);
    for (int i = 0; i < BLOCK; i++) {
      double e = error_f64(r[i], truth((long double)a[i]));
      if (!(e <= worst)) {
        worst = e;
        at = a[i];
        got = r[i];
      }
    }
  }
  report("f64", name, worst, at, 0, got);
}

static double truth_mod(double a, double b) {
  double r = fmod(a, b);
  if (r == 0) return copysign(0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}
static long double truth_modl(long double a, long double b) {
  long double r = fmodl(a, b);
  if (r == 0) return copysignl(0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}
static double truth_max(double a, double b) {
  return a != a || b != b ? a + b : a == b ? (signbit(a) ? b : a) : a > b ? a : b;
}
static double truth_min(double a, double b) {
  return a != a || b != b ? a + b : a == b ? (signbit(a) ? a : b) : a < b ? a : b;
}
static long double truth_maxl(long double a, long double b) {
  return (long double)truth_max((double)a, (double)b);
}
static long double truth_minl(long double a, long double b) {
  return (long double)truth_min((double)a, (double)b);
}

static float random_f32(int kind) {
  uint32_t u = (uint32_t)random_bits();
  static const float special[8] = {0, 1, 2, 0.5f, 3, 4, 100, 0x1p-149f};
  switch (kind % 4) {
    case 0:
      return nn_float_f32(u);
    case 1:
      return (float)random_f64((int)(u % 8));
    case 2:
      return (u & 8 ? -1.0f : 1.0f) * special[u & 7];
    default:
      return (float)(int32_t)(u % 512) - 256;
  }
}

#define BINARY(X)                                                                              \
  X(pow, pow, powl, 1)                                                                         \
  X(atan2, atan2, atan2l, 0) X(mod, truth_mod, truth_modl, 0) X(max, truth_max, truth_maxl, 0) \
      X(min, truth_min, truth_minl, 0)

#define CHECK2(name, t32, t64, is_pow)                                                                 \
  static void check2_##name(long n) {                                                                  \
    double worst = 0, x = 0, y = 0, got = 0;                                                           \
    for (long i = 0; i < n; i++) {                                                                     \
      float a = random_f32((int)(random_bits() % 4)), b = random_f32((int)(random_bits() % 4));        \
      float r = nn_##name##_f32(a, b);                                                                 \
      double e = error_f32(r, t32((double)a, (double)b));                                              \
      if (!(e <= worst)) {                                                                             \
        worst = e;                                                                                     \
        x = (double)a;                                                                                 \
        y = (double)b;                                                                                 \
        got = (double)r;                                                                               \
      }                                                                                                \
    }                                                                                                  \
    report("f32", #name, worst, x, y, got);                                                            \
    worst = 0;                                                                                         \
    for (long i = 0; i < n; i++) {                                                                     \
      double a = random_f64((int)(random_bits() % 8)), b = random_f64((int)(random_bits() % 8)), r, e; \
      if (i % 5 == 0) {                                                                                \
        a = (double)random_f32((int)(i % 4));                                                          \
        b = (double)random_f32((int)(random_bits() % 4));                                              \
      }                                                                                                \
      if (is_pow && i % 3 == 0) {                                                                      \
        a = fabs(a);                                                                                   \
        b = random_f64(1) * 1050 / log2(a);                                                            \
      }                                                                                                \
      r = nn_##name##_f64(a, b);                                                                       \
      e = error_f64(r, t64((long double)a, (long double)b));                                           \
      if (!(e <= worst)) {                                                                             \
        worst = e;                                                                                     \
        x = a;                                                                                         \
        y = b;                                                                                         \
        got = r;                                                                                       \
      }                                                                                                \
    }                                                                                                  \
    report("f64", #name, worst, x, y, got);                                                            \
  }
BINARY(CHECK2)

/* The fused multiply-add, bit for bit, on operands whose product and addend are close in size, and on any
 * bits. */
static void check_fma(long n) {
  long wrong = 0;
  for (long i = 0; i < n; i++) {
    uint32_t u = (uint32_t)random_bits(), v = (uint32_t)random_bits(), w = (uint32_t)random_bits();
    float a = nn_float_f32(u), b = nn_float_f32(v), c = nn_float_f32(w), p, q;
    if (i % 3 != 0) { /* c = -a b, some bits changed */
      c = -(a * b);
      c = nn_float_f32(nn_bits_f32(c) ^ (uint32_t)(random_bits() & ((1u << (random_bits() % 25)) - 1)));
      if (i % 2 == 0) c = ldexpf(c, (int)(random_bits() % 60) - 30);
    }
    p = nn_fma_soft_f32(a, b, c);
    q = fmaf(a, b, c);
    wrong += !((p != p && q != q) || nn_bits_f32(p) == nn_bits_f32(q));
    if (wrong == 1) {
      printf("fma f32 %a %a %a: %a, not %a\n", (double)a, (double)b, (double)c, (double)p, (double)q);
      wrong++;
    }
  }
  report("f32", "fma", wrong ? 1e9 : 0, 0, 0, 0);
  wrong = 0;
  for (long i = 0; i < n; i++) {
    double a = nn_float_f64(random_bits()), b = nn_float_f64(random_bits()), c = nn_float_f64(random_bits()),
           p, q;
    if (i % 5 == 0) {
      a = (double)(float)random_f64(1);
      b = (double)(float)random_f64(2);
    }
    if (i % 7 == 0) {
      a = ldexp(random_f64(1), -500 - (int)(random_bits() % 100));
      b = ldexp(random_f64(1), -450 - (int)(random_bits() % 100));
    }
    if (i % 3 != 0) {
      c = -(a * b);
      c = nn_float_f64(nn_bits_f64(c) ^ (random_bits() & (((uint64_t)1 << (random_bits() % 54)) - 1)));
      if (i % 2 == 0) c = ldexp(c, (int)(random_bits() % 240) - 120);
    }
    p = nn_fma_soft_f64(a, b, c);
    q = fma(a, b, c);
    if (!((p != p && q != q) || nn_bits_f64(p) == nn_bits_f64(q))) {
      if (wrong++ == 0) printf("fma f64 %a %a %a: %a, not %a\n", a, b, c, p, q);
    }
  }
  report("f64", "fma", wrong ? 1e9 : 0, 0, 0, 0);
}

int main(int argc, char** argv) {
  uint64_t stride = argc > 1 ? strtoull(argv[1], NULL, 0) : 4099;
  long blocks = argc > 2 ? 10000 : 500;
  const char* only = NULL;
  if (stride == 0) return 2;
  if (stride == 1) blocks = 5000;
  for (int k = 2; k < (argc > 2 ? argc : 3); k++) {
    only = argc > 2 ? argv[k] : NULL;
#define RUN1(name, t32, t64)                        \
  if (only == NULL || strcmp(only, #name) == 0) {   \
    check_f32(#name, loop_f32_##name, stride);      \
    check_f64(#name, loop_f64_##name, t64, blocks); \
  }
    UNARY(RUN1)
#define RUN2(name, t32, t64, p) \
  if (only == NULL || strcmp(only, #name) == 0) check2_##name(blocks* BLOCK);
    BINARY(RUN2)
    if (only == NULL || strcmp(only, "fma") == 0) check_fma(blocks * BLOCK);
  }
  return failed;
}
