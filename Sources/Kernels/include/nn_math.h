/* @section guard_begin needs: guard_end */
/* nn_math.h: the scalar mathematics of nncc, for its own kernels and for every C file that it emits.

   What holds for every function here:
   - The same bits from every compiler, vector width and optimisation level: only + - * /, correctly rounded square
   roots,
     comparisons, conversions and integer operations; no contraction, no fused multiply-add (but `fma` itself), no libm.
   - At most 2 ulp from the exact value (f32: over all 2^32 inputs), subnormals kept, the zeros' signs and the
   special values
     of C99's Annex F. The polynomials are minimax; Tests/KernelsTests/reference/nn_math_coefficients.py derives them, but
     those of tanh and sigmoid in f32 tanh_sigmoid_coefficients.c beside it, and sweep.c measures the errors.
   - Branch-free, so that a loop over an array vectorises, except where a comment says otherwise: selects are ?: on
   values
     that are already computed.
   - Freestanding C99 and C++17.

   The file is cut into sections, so that an emitted file carries only what it uses: `@section NAME needs: NAMES` up
   to `@end`,
   NAMES being the direct dependencies. What stands outside of sections is carried always. */
#ifndef NN_MATH_H
#define NN_MATH_H
/* @end */

#include <stddef.h>
#include <stdint.h>

#if defined(__TINYC__)
/* No vectors, no builtins. */
#elif defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
/* gcc ignores the standard pragma, contracts in its gnu modes, and turns loops into calls of memset. Without
   "no-trapping-math"
   selects do not vectorise. None of these changes a bit. (-fno-math-errno has no effect here, only on the command
   line: see sqrt.) */
#pragma GCC optimize("fp-contract=off,no-tree-loop-distribute-patterns,no-trapping-math")
#endif

#if !defined(__TINYC__) && defined(__SSE2__)
#include <emmintrin.h>
#elif !defined(__TINYC__) && defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#define NN_UNUSED __attribute__((unused))
#define NN_INLINE static inline __attribute__((always_inline, unused))
#else
#define NN_UNUSED
#define NN_INLINE static inline
#endif
#define NN_FUNCTION static inline NN_UNUSED

/* Several long functions of an element: gcc would leave them one after the other, each waiting for its own results. The
   pragma's options stand here again, since gcc's manual does not promise them to functions with options of their own. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__TINYC__)
#define NN_SIDE_BY_SIDE \
  __attribute__((optimize("fp-contract=off,no-tree-loop-distribute-patterns,no-trapping-math,schedule-insns")))
#else
#define NN_SIDE_BY_SIDE
#endif

/* @section bits_f32 needs: */
NN_INLINE uint32_t nn_bits_f32(float x) {
  union { float f; uint32_t u; } v;
  v.f = x;
  return v.u;
}
/* @end */

/* @section float_f32 needs: */
NN_INLINE float nn_float_f32(uint32_t bits) {
  union { uint32_t u; float f; } v;
  v.u = bits;
  return v.f;
}
/* @end */

/* @section bits_f64 needs: */
NN_INLINE uint64_t nn_bits_f64(double x) {
  union { double f; uint64_t u; } v;
  v.f = x;
  return v.u;
}
/* @end */

/* @section float_f64 needs: */
NN_INLINE double nn_float_f64(uint64_t bits) {
  union { uint64_t u; double f; } v;
  v.u = bits;
  return v.f;
}
/* @end */

/* @section neg_f32 needs: bits_f32 float_f32 */
NN_INLINE float nn_neg_f32(float x) { return nn_float_f32(nn_bits_f32(x) ^ 0x80000000u); }
/* @end */

/* @section neg_f64 needs: bits_f64 float_f64 */
NN_INLINE double nn_neg_f64(double x) { return nn_float_f64(nn_bits_f64(x) ^ ((uint64_t)1 << 63)); }
/* @end */

/* @section abs_f32 needs: bits_f32 float_f32 */
NN_INLINE float nn_abs_f32(float x) { return nn_float_f32(nn_bits_f32(x) & 0x7fffffffu); }
/* @end */

/* @section abs_f64 needs: bits_f64 float_f64 */
NN_INLINE double nn_abs_f64(double x) { return nn_float_f64(nn_bits_f64(x) & (((uint64_t)1 << 63) - 1)); }
/* @end */

/* @section copysign_f32 needs: bits_f32 float_f32 */
/* The magnitude of x with the sign of s. */
NN_INLINE float nn_copysign_f32(float x, float s) {
  return nn_float_f32((nn_bits_f32(x) & 0x7fffffffu) | (nn_bits_f32(s) & 0x80000000u));
}
/* @end */

/* @section copysign_f64 needs: bits_f64 float_f64 */
NN_INLINE double nn_copysign_f64(double x, double s) {
  uint64_t sign = (uint64_t)1 << 63;
  return nn_float_f64((nn_bits_f64(x) & (sign - 1)) | (nn_bits_f64(s) & sign));
}
/* @end */

/* @section sign_f32 needs: */
NN_INLINE float nn_sign_f32(float x) {
  float r = x > 0.0f ? 1.0f : x;
  return x < 0.0f ? -1.0f : r;
}
/* @end */

/* @section sign_f64 needs: */
NN_INLINE double nn_sign_f64(double x) {
  double r = x > 0.0 ? 1.0 : x;
  return x < 0.0 ? -1.0 : r;
}
/* @end */

/* @section round_f32 needs: abs_f32 copysign_f32 */
/* Adding 2^23 leaves no room for fraction bits: the addition itself rounds, halves to even. */
NN_INLINE float nn_round_f32(float x) {
  float a = nn_abs_f32(x);
  float r = nn_copysign_f32((a + 0x1p23f) - 0x1p23f, x);
  return a < 0x1p23f ? r : x;
}
/* @end */

/* @section round_f64 needs: abs_f64 copysign_f64 */
NN_INLINE double nn_round_f64(double x) {
  double a = nn_abs_f64(x);
  double r = nn_copysign_f64((a + 0x1p52) - 0x1p52, x);
  return a < 0x1p52 ? r : x;
}
/* @end */

/* @section floor_f32 needs: round_f32 copysign_f32 */
NN_INLINE float nn_floor_f32(float x) {
  float r = nn_round_f32(x);
  float d = r > x ? 1.0f : 0.0f;
  return nn_copysign_f32(r - d, x);
}
/* @end */

/* @section floor_f64 needs: round_f64 copysign_f64 */
NN_INLINE double nn_floor_f64(double x) {
  double r = nn_round_f64(x);
  double d = r > x ? 1.0 : 0.0;
  return nn_copysign_f64(r - d, x);
}
/* @end */

/* @section ceil_f32 needs: round_f32 copysign_f32 */
NN_INLINE float nn_ceil_f32(float x) {
  float r = nn_round_f32(x);
  float d = r < x ? 1.0f : 0.0f;
  return nn_copysign_f32(r + d, x);
}
/* @end */

/* @section ceil_f64 needs: round_f64 copysign_f64 */
NN_INLINE double nn_ceil_f64(double x) {
  double r = nn_round_f64(x);
  double d = r < x ? 1.0 : 0.0;
  return nn_copysign_f64(r + d, x);
}
/* @end */

/* @section sqrt_newton_f64 needs: bits_f64 float_f64 */
/* The square root of 0 or a moderate v > 0 to 2^-52, the same everywhere: three steps of Newton's method for 1 /
   sqrt(v) from an estimate in the
   bits, and a correction. */
NN_INLINE double nn_sqrt_newton_f64(double v) {
  double h = 0.5 * v;
  double y = nn_float_f64(((uint64_t)0x5fe6eb50 << 32) - (nn_bits_f64(v) >> 1));
  double s;
  y = y * (1.5 - h * y * y);
  y = y * (1.5 - h * y * y);
  y = y * (1.5 - h * y * y);
  s = v * y;
  return s + (v - s * s) * (0.5 * y);
}
/* @end */

/* @section sqrt_f32 needs: sqrt_newton_f64 float_f32 */
/* Correctly rounded. clang has a builtin that is the instruction; gcc has one under -fno-math-errno only (it calls libm
   otherwise). Without, its vectoriser gets Newton's method in f64: its error is below 2^-52, and no square root of
   an f32 is closer than
   2^-51 to a tie. */
#if !defined(__TINYC__) && defined(__clang__) && defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt) && (defined(__SSE2__) || defined(__aarch64__))
#define NN_SQRT_F32(x) __builtin_elementwise_sqrt(x)
#endif
#elif !defined(__TINYC__) && defined(__GNUC__) && defined(__NO_MATH_ERRNO__) && (defined(__SSE2__) || defined(__aarch64__))
#define NN_SQRT_F32(x) __builtin_sqrtf(x)
#endif
NN_INLINE float nn_sqrt_f32(float x) {
#ifdef NN_SQRT_F32
  return NN_SQRT_F32(x);
#else
  float r = (float)nn_sqrt_newton_f64((double)x);
  r = x == nn_float_f32(0x7f800000u) ? x : r;
  return x < 0.0f ? nn_float_f32(0x7fc00000u) : r;
#endif
}
/* @end */

/* @section sqrt_f64 needs: bits_f64 float_f64 */
/* As in f32, but gcc without -fno-math-errno does not vectorise it; unknown targets get it digit by digit. */
#if !defined(__TINYC__) && defined(__clang__) && defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt) && (defined(__SSE2__) || defined(__aarch64__))
#define NN_SQRT_F64(x) __builtin_elementwise_sqrt(x)
#endif
#elif !defined(__TINYC__) && defined(__GNUC__) && defined(__NO_MATH_ERRNO__) && (defined(__SSE2__) || defined(__aarch64__))
#define NN_SQRT_F64(x) __builtin_sqrt(x)
#endif
#if !defined(NN_SQRT_F64) && !defined(__TINYC__) && defined(__SSE2__)
#define NN_SQRT_F64(x) _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(0.0), _mm_set_sd(x)))
#elif !defined(NN_SQRT_F64) && !defined(__TINYC__) && defined(__aarch64__) && defined(__ARM_NEON)
#define NN_SQRT_F64(x) vget_lane_f64(vsqrt_f64(vdup_n_f64(x)), 0)
#endif
NN_INLINE double nn_sqrt_f64(double x) {
#ifdef NN_SQRT_F64
  return NN_SQRT_F64(x);
#else
  const uint64_t one = (uint64_t)1 << 52;
  uint64_t u = nn_bits_f64(x), m, e, root = 0, rest;
  int bit;
  if (!(x > 0.0) || u >= (uint64_t)0x7ff << 52) return x < 0.0 ? (x - x) / (x - x) : x;
  m = u & (one - 1);
  e = u >> 52;
  if (e == 0) e = 1;
  else m |= one;
  while (m < one) { m <<= 1; e -= 1; }
  if (((e - 1023) & 1) != 0) m <<= 1;
  e = (e + 1023 - ((e - 1023) & 1)) / 2;
  rest = 0;
  for (bit = 0; bit < 54; bit++) {
    uint64_t trial = (root << 2) | 1;
    rest = (rest << 2) | ((m >> 52) & 3);
    m = (m & (one - 1)) << 2;
    root <<= 1;
    if (rest >= trial) { rest -= trial; root |= 1; }
  }
  root = (root >> 1) + (root & 1);
  return nn_float_f64((e << 52) + (root - one));
#endif
}
/* @end */

/* @section scale_f32 needs: float_f32 */
/* v 2^(k - 254) for k from 2 to 508, some float for others, in two steps, so that it may overflow, and round once to a
   subnormal. Bits of k above the tenth, which is 0, do not count. */
NN_INLINE float nn_scale_f32(float v, uint32_t k) {
  uint32_t h = k >> 1;
  return v * nn_float_f32(h << 23) * nn_float_f32((k - h) << 23);
}
/* @end */

/* @section scale_f64 needs: float_f64 */
/* v 2^(k - 4096) for k from 2052 to 6140. */
NN_INLINE double nn_scale_f64(double v, uint64_t k) {
  uint64_t h = k >> 1;
  return v * nn_float_f64((h - 1025) << 52) * nn_float_f64((k - h - 1025) << 52);
}
/* @end */

/* @section exp_part_f32 needs: bits_f32 */
/* x = n ln2 + r with |r| <= ln2 / 2, e^x = 2^n (1 + r + r^2 q(r)). n is rounded by adding 1.5 2^23 (2^52 in f64),
   which also leaves
   it as an integer in the sum's low bits; ln2 is split (Cody, Waite 1980) so that n times its head is exact. */
/* e^x = 2^n (1 + r + tail), |r| <= ln2 / 2; tail carries what r lost to rounding. */
typedef struct { float r, tail; uint32_t n; } nn_exp_part_t_f32;
NN_INLINE nn_exp_part_t_f32 nn_exp_part_f32(float x) {
  nn_exp_part_t_f32 e;
  float t = x * 0x1.715476p+0f + 0x1.8p23f;
  float n = t - 0x1.8p23f;
  float h = x - n * 0x1.62e400p-1f;
  float l = n * 0x1.7f7d1cp-20f;
  float r = h - l;
  float q = 0x1.a19fbcp-13f;
  q = q * r + 0x1.6d724ap-10f;
  q = q * r + 0x1.111090p-7f;
  q = q * r + 0x1.5554b0p-5f;
  q = q * r + 0x1.555556p-3f;
  q = q * r + 0x1.000000p-1f;
  e.r = r;
  e.tail = r * r * q + ((h - r) - l);
  e.n = nn_bits_f32(t) - 0x4b400000u;
  return e;
}
/* @end */

/* @section exp_part_f64 needs: bits_f64 */
/* The same for e^(x + low). */
typedef struct { double r, tail; uint64_t n; } nn_exp_part_t_f64;
NN_INLINE nn_exp_part_t_f64 nn_exp_part_f64(double x, double low) {
  nn_exp_part_t_f64 e;
  double t = x * 0x1.71547652b82fep+0 + 0x1.8p52;
  double n = t - 0x1.8p52;
  double h = x - n * 0x1.62e42fefa2000p-1;
  double l = n * 0x1.9ef35793c7673p-41 - low;
  double r = h - l;
  double q = 0x1.af756e5a71f11p-26;
  q = q * r + 0x1.28a1af8049a77p-22;
  q = q * r + 0x1.71ddead8c8b81p-19;
  q = q * r + 0x1.a019a7b02b7f9p-16;
  q = q * r + 0x1.a01a01b57452cp-13;
  q = q * r + 0x1.6c16c17ebe876p-10;
  q = q * r + 0x1.111111110e80cp-7;
  q = q * r + 0x1.5555555552357p-5;
  q = q * r + 0x1.555555555555cp-3;
  q = q * r + 0x1.0000000000005p-1;
  e.r = r;
  e.tail = r * r * q + ((h - r) - l);
  e.n = nn_bits_f64(t) - ((uint64_t)0x4338 << 48);
  return e;
}
/* @end */

/* @section exp_f32 needs: bits_f32 float_f32 scale_f32 */
/* x = n ln2 + r with |r| <= ln2 / 2, e^x = 2^n (1 + r + r^2 q(r)). n is rounded by adding 1.5 2^23 (2^52 in f64), which also
   leaves it as an integer in the sum's low bits, here n + 254; ln2 is split (Cody, Waite 1980) so that n times its head is
   exact. */
NN_INLINE float nn_exp_f32(float x) {
  float t = x * 0x1.715476p+0f + 0x1.8001fcp23f;
  float n = t - 0x1.8001fcp23f;
  float r = (x - n * 0x1.62e400p-1f) - n * 0x1.7f7d1cp-20f;
  float q = 0x1.6db500p-10f;
  q = q * r + 0x1.123b82p-7f;
  q = q * r + 0x1.55545cp-5f;
  q = q * r + 0x1.55548ep-3f;
  q = q * r + 0x1.000000p-1f;
  float v = nn_scale_f32(1.0f + (r + r * r * q), nn_bits_f32(t));
  /* Bounds on the result: of those on x compilers make selects of all that follows. */
  v = x < -104.0f ? 0.0f : v;
  return x > 89.0f ? nn_float_f32(0x7f800000u) : v;
}
/* @end */

/* @section exp_f64 needs: bits_f64 scale_f64 */
NN_INLINE double nn_exp_f64(double x) {
  double c = x > 710.0 ? 710.0 : x;
  double a = c < -746.0 ? -746.0 : c;
  double t = a * 0x1.71547652b82fep+0 + 0x1.8p52;
  double n = t - 0x1.8p52;
  double r = (a - n * 0x1.62e42fefa2000p-1) - n * 0x1.9ef35793c7673p-41;
  double q = 0x1.af85f30323cf2p-26;
  q = q * r + 0x1.28b05504ac8d8p-22;
  q = q * r + 0x1.71dddf86f8e7dp-19;
  q = q * r + 0x1.a019968cf6267p-16;
  q = q * r + 0x1.a01a01bb02011p-13;
  q = q * r + 0x1.6c16c185a6bdfp-10;
  q = q * r + 0x1.111111110d5d7p-7;
  q = q * r + 0x1.5555555550048p-5;
  q = q * r + 0x1.5555555555561p-3;
  q = q * r + 0x1.000000000000bp-1;
  return nn_scale_f64(1.0 + (r + r * r * q), nn_bits_f64(t) - ((uint64_t)0x4338 << 48) + 4096);
}
/* @end */

/* @section expm1_f32 needs: float_f32 abs_f32 exp_part_f32 */
/* (2^n - 1) + 2^n r + 2^n tail, at half its size, so that 2^n does not overflow before the result does. The first
   sum is kept exact:
   its first operand is 0 or the larger one. */
NN_INLINE float nn_expm1_f32(float x) {
  float c = x > 89.0f ? 89.0f : x;
  float a = c < -20.0f ? -20.0f : c;
  nn_exp_part_t_f32 e = nn_exp_part_f32(a);
  float s = nn_float_f32((e.n + 126) << 23);
  float d = s - 0.5f;
  float g = s * e.r;
  float v = d + g;
  float r = (v + (((d - v) + g) + s * e.tail)) * 2.0f;
  return nn_abs_f32(x) < 0x1p-26f ? x : r;
}
/* @end */

/* @section expm1_f64 needs: float_f64 abs_f64 exp_part_f64 */
NN_INLINE double nn_expm1_f64(double x) {
  double c = x > 710.0 ? 710.0 : x;
  double a = c < -40.0 ? -40.0 : c;
  nn_exp_part_t_f64 e = nn_exp_part_f64(a, 0.0);
  double s = nn_float_f64((e.n + 1022) << 52);
  double d = s - 0.5;
  double g = s * e.r;
  double v = d + g;
  double r = (v + (((d - v) + g) + s * e.tail)) * 2.0;
  return nn_abs_f64(x) < 0x1p-55 ? x : r;
}
/* @end */

/* @section tanh_f32 needs: bits_f32 float_f32 abs_f32 */
/* |x| = n ln2 / 2 + r. With tanh(r) = r / e, e = 1 + r^2 q(r^2), and b = (2^n - 1) / 2 the addition theorem gives
   p / (p + e - r), p = b (e + r) + r. While n is 0 the denominator is e, but for rounding. n becomes 1 at 0.27, below which p
   would cancel: t has four bits behind the point, of which a mask makes the floor. n ln2 / 2 is exact up to n = 12; later
   r may err by more than tanh. */
NN_INLINE float nn_tanh_f32(float x) {
  float y = nn_abs_f32(x);
  uint32_t t = nn_bits_f32(y * 0x1.715476p+1f + 0x1.800006p+19f) & ~15u;
  float n = nn_float_f32(t) - 0x1.8p+19f;
  float r = y - n * 0x1.62e430p-2f;
  float z = r * r;
  float e = 1.0f + z * (0x1.555468p-2f - 0x1.69074ap-6f * z);
  float b = nn_float_f32((t << 19) + 0x3f000000u) - 0.5f;
  float p = b * (e + r) + r;
  float v = p / (n > 0.0f ? p + (e - r) : e);
  /* A bound on the result: of one on y compilers make selects of all that follows. NaN passes through. */
  v = y > 10.0f ? 1.0f : v;
  /* v has no sign to be cleared, which copysign would do. */
  return nn_float_f32(nn_bits_f32(v) | (nn_bits_f32(x) & 0x80000000u));
}
/* @end */

/* @section tanh_f64 needs: bits_f64 float_f64 abs_f64 copysign_f64 */
NN_INLINE double nn_tanh_f64(double x) {
  double y = nn_abs_f64(x);
  double c = y * -2.0;
  double a = c < -40.0 ? -40.0 : c;
  double t = a * 0x1.71547652b82fep+0 + 0x1.8p52;
  double n = t - 0x1.8p52;
  double r = (a - n * 0x1.62e42fefa2000p-1) - n * 0x1.9ef35793c7673p-41;
  double q = 0x1.af85f30323cf2p-26;
  q = q * r + 0x1.28b05504ac8d8p-22;
  q = q * r + 0x1.71dddf86f8e7dp-19;
  q = q * r + 0x1.a019968cf6267p-16;
  q = q * r + 0x1.a01a01bb02011p-13;
  q = q * r + 0x1.6c16c185a6bdfp-10;
  q = q * r + 0x1.111111110d5d7p-7;
  q = q * r + 0x1.5555555550048p-5;
  q = q * r + 0x1.5555555555561p-3;
  q = q * r + 0x1.000000000000bp-1;
  double s = nn_float_f64((nn_bits_f64(t) - ((uint64_t)0x4338 << 48) + 1023) << 52);
  double e = s + s * (r + r * r * q);
  double large = 1.0 - (e + e) / (1.0 + e);
  double z = y * y;
  double p = -0x1.0e8d4e93f358bp-16;
  p = p * z + 0x1.4410300b19cf7p-14;
  p = p * z - 0x1.df92276777b7ep-13;
  p = p * z + 0x1.336e474ecf29cp-11;
  p = p * z - 0x1.7d6a04cdb9f0fp-10;
  p = p * z + 0x1.d6cf4e6ce4c0bp-9;
  p = p * z - 0x1.226e17838d7a4p-7;
  p = p * z + 0x1.664f4789e9639p-6;
  p = p * z - 0x1.ba1ba1b569457p-5;
  p = p * z + 0x1.111111110b734p-3;
  p = p * z - 0x1.555555555550cp-2;
  double small = y + y * z * p;
  double v = y < 0.625 ? small : large;
  return nn_copysign_f64(v, x);
}
/* @end */

/* @section sigmoid_f32 needs: bits_f32 float_f32 */
/* e^x = 2^n (e + h) / (e - h), where x = n ln2 + 2 s and tanh(s) = h / e as in tanh. Both are multiplied by 2^-64, so that
   2^-n (e - h) is finite and the quotient the only subnormal, and by 1.5625, so that they stay between 1 and 2, where a half
   unit is less of them. e + h comes from e - h: what this was rounded by is then in both, and hardly in their quotient. */
NN_INLINE float nn_sigmoid_f32(float x) {
  float t = x * 0x1.715476p+0f + 0x1.8p23f;
  float n = t - 0x1.8p23f;
  float r = (x - n * 0x1.62e400p-1f) - n * 0x1.7f7d1cp-20f;
  float z = r * r;
  float h = r * 0x1.9p-65f;
  float m = 0x1.9p-64f + z * (0x1.0aab16p-67f - 0x1.1c8542p-73f * z) - h;
  float p = m + (h + h);
  float v = p / (p + nn_float_f32(nn_bits_f32(m) - (nn_bits_f32(t) << 23)));
  /* Bounds on the result, as in exp. */
  v = x < -104.0f ? 0.0f : v;
  return x > 18.0f ? 1.0f : v;
}
/* @end */

/* @section sigmoid_f64 needs: abs_f64 exp_part_f64 scale_f64 */
/* The quotient q is corrected for what e and 1 + e lost; 1 / (1 + e) is q or 1 - q. */
NN_INLINE double nn_sigmoid_f64(double x) {
  double b = -nn_abs_f64(x);
  double a = b < -746.0 ? -746.0 : b;
  nn_exp_part_t_f64 p = nn_exp_part_f64(a, 0.0);
  double g = p.r + p.tail;
  double w = 1.0 + g;
  double e = nn_scale_f64(w, p.n + 4096);
  double el = nn_scale_f64((1.0 - w) + g, p.n + 4096);
  double d = 1.0 + e;
  double n = x < 0.0 ? e : 1.0;
  double nl = x < 0.0 ? el : 0.0;
  double q = n / d;
  double i = x < 0.0 ? 1.0 - q : q;
  return q + (nl - q * (((1.0 - d) + e) + el)) * i;
}
/* @end */

/* @section sinh_cosh_f64 needs: float_f64 abs_f64 exp_part_f64 */
/* e^|x| = 2^n (1 + p): with s = 2^(n - 1) and t = 2^(-n - 1) both are (s -+ t) + (s p +- t p / (1 + p)), without
   cancellation. At
   a quarter of their size, as 2^(n - 1) may overflow before they do. */
NN_INLINE double nn_sinh_cosh_f64(double x, double sign) {
  double b = nn_abs_f64(x);
  double a = b > 711.0 ? 711.0 : b;
  nn_exp_part_t_f64 e = nn_exp_part_f64(a, 0.0);
  double p = e.r + e.tail;
  double s = nn_float_f64((e.n + 1020) << 52);
  double u = nn_float_f64((1020 - e.n) << 52);
  double t = a > 600.0 ? 0.0 : sign * u;
  double d = s + t;
  double g = s * e.r;
  double v = d + g;
  return (v + (((d - v) + g) + (s * e.tail - t * (p / (1.0 + p))))) * 4.0;
}
/* @end */

/* @section sinh_f64 needs: sinh_cosh_f64 abs_f64 copysign_f64 */
NN_INLINE double nn_sinh_f64(double x) {
  double r = nn_copysign_f64(nn_sinh_cosh_f64(x, -1.0), x);
  double b = nn_abs_f64(x);
  double z = b < 1.0 ? x * x : 0.0;
  double q = 0x1.b4ce3d87f3e22p-41;
  q = q * z + 0x1.611a3e9b97621p-33;
  q = q * z + 0x1.ae6467599ecd2p-26;
  q = q * z + 0x1.71de3a4609ca5p-19;
  q = q * z + 0x1.a01a01a02903cp-13;
  q = q * z + 0x1.11111111110a2p-7;
  q = q * z + 0x1.5555555555556p-3;
  return b < 1.0 ? x + x * z * q : r;
}
/* @end */

/* @section cosh_f64 needs: sinh_cosh_f64 */
NN_INLINE double nn_cosh_f64(double x) { return nn_sinh_cosh_f64(x, 1.0); }
/* @end */

/* @section sinh_cosh_f32 needs: bits_f64 float_f64 */
/* e^|x| in f64. */
NN_INLINE double nn_sinh_cosh_f32(float x) {
  double b = x < 0.0f ? -(double)x : (double)x;
  double a = b > 100.0 ? 100.0 : b;
  double t = a * 0x1.71547652b82fep+0 + 0x1.8p52;
  double r = a - (t - 0x1.8p52) * 0x1.62e42fefa39efp-1;
  double q = 0x1.a1b8f0d4be0c3p-13;
  q = q * r + 0x1.6d96a75481f50p-10;
  q = q * r + 0x1.11107c4a876dep-7;
  q = q * r + 0x1.5554803e2a0b7p-5;
  q = q * r + 0x1.555555986659ep-3;
  q = q * r + 0x1.00000042eb9e7p-1;
  double s = nn_float_f64((nn_bits_f64(t) - ((uint64_t)0x4338 << 48) + 1023) << 52);
  return s + s * (r + r * r * q);
}
/* @end */

/* @section sinh_f32 needs: sinh_cosh_f32 abs_f32 copysign_f32 */
NN_INLINE float nn_sinh_f32(float x) {
  double e = nn_sinh_cosh_f32(x);
  float large = nn_copysign_f32((float)(0.5 * e - 0.5 / e), x);
  double v = (double)x;
  double z = v * v;
  double q = 0x1.7a252dc1578a7p-19;
  q = q * z + 0x1.9ffe1cb0de26ep-13;
  q = q * z + 0x1.11113608993a3p-7;
  q = q * z + 0x1.5555551886fb4p-3;
  float small = (float)(v + v * z * q);
  return nn_abs_f32(x) < 1.0f ? small : large;
}
/* @end */

/* @section cosh_f32 needs: sinh_cosh_f32 */
NN_INLINE float nn_cosh_f32(float x) {
  double e = nn_sinh_cosh_f32(x);
  return (float)(0.5 * e + 0.5 / e);
}
/* @end */

/* @section log_f32 needs: bits_f32 float_f32 */
/* x = 2^k m with m from sqrt(1/2) to sqrt(2), f = m - 1; log(1 + f) = f - f^2 / 2 + f^3 q(f). */
NN_INLINE float nn_log_f32(float x) {
  float y = x < 0x1p-126f ? x * 0x1p23f : x;
  float k0 = x < 0x1p-126f ? 150.0f : 127.0f;
  uint32_t u = nn_bits_f32(y) + (0x3f800000u - 0x3f3504f3u);
  float k = (float)(int32_t)(u >> 23) - k0;
  float f = nn_float_f32((u & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  float z = f * f;
  float q = 0x1.149d56p-4f;
  q = q * f - 0x1.de09d4p-4f;
  q = q * f + 0x1.e6b13cp-4f;
  q = q * f - 0x1.fc269ap-4f;
  q = q * f + 0x1.233c86p-3f;
  q = q * f - 0x1.555c5ap-3f;
  q = q * f + 0x1.99a46ap-3f;
  q = q * f - 0x1.000006p-2f;
  q = q * f + 0x1.555548p-2f;
  float r = k * 0x1.62e400p-1f + (f + ((k * 0x1.7f7d1cp-20f + z * f * q) - 0.5f * z));
  float zero = x == 0.0f ? nn_float_f32(0xff800000u) : nn_float_f32(0x7fc00000u);
  float big = x == nn_float_f32(0x7f800000u) ? x : r;
  return x > 0.0f ? big : zero;
}
/* @end */

/* @section log_ratio_f64 needs: */
/* r with log(1 + f) = f - (f^2 / 2 - r): from s = f / (2 + f), log(1 + f) = 2 artanh s = 2 s + s R, R = s^2 q(s^2), and
   2 s = f - s f (Ng's rearrangement, as in most libraries since 1993). */
NN_INLINE double nn_log_ratio_f64(double f) {
  double s = f / (2.0 + f);
  double z = s * s;
  double q = 0x1.2ef129a82a384p-3;
  q = q * z + 0x1.39a3e7976e659p-3;
  q = q * z + 0x1.7466273561787p-3;
  q = q * z + 0x1.c71c528a8bf71p-3;
  q = q * z + 0x1.249249413a93dp-2;
  q = q * z + 0x1.9999999980d29p-2;
  q = q * z + 0x1.555555555558fp-1;
  return s * (0.5 * f * f + z * q);
}
/* @end */

/* @section log_f64 needs: bits_f64 float_f64 log_ratio_f64 */
NN_INLINE double nn_log_f64(double x) {
  const uint64_t one = (uint64_t)0x3ff << 52, root = ((uint64_t)0x3fe6a09e << 32) | 0x667f3bcdu;
  double y = x < 0x1p-1022 ? x * 0x1p54 : x;
  double k0 = x < 0x1p-1022 ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0;
  uint64_t u = nn_bits_f64(y) + (one - root);
  double k = nn_float_f64((u >> 52) | ((uint64_t)0x433 << 52)) - k0;
  double f = nn_float_f64((u & (((uint64_t)1 << 52) - 1)) + root) - 1.0;
  double h = 0.5 * f * f;
  double r = k * 0x1.62e42fefa2000p-1 + (f - (h - (nn_log_ratio_f64(f) + k * 0x1.9ef35793c7673p-41)));
  double zero = x == 0.0 ? nn_float_f64((uint64_t)0xfff << 52) : nn_float_f64((uint64_t)0x7ff8 << 48);
  double big = x == nn_float_f64((uint64_t)0x7ff << 52) ? x : r;
  return x > 0.0 ? big : zero;
}
/* @end */

/* @section log1p_f64 needs: bits_f64 float_f64 abs_f64 log_ratio_f64 */
/* u = 1 + x rounded and c what the rounding lost: log(1 + x) = log u + c / u; for k = 0 f is x itself. */
NN_INLINE double nn_log1p_f64(double x) {
  const uint64_t one = (uint64_t)0x3ff << 52, root = ((uint64_t)0x3fe6a09e << 32) | 0x667f3bcdu;
  double v = 1.0 + x;
  double w = v - 1.0;
  double lost = (1.0 - (v - w)) + (x - w);
  double c = nn_abs_f64(x) < 0x1p60 ? lost : 0.0;
  uint64_t u = nn_bits_f64(v) + (one - root);
  double k = nn_float_f64((u >> 52) | ((uint64_t)0x433 << 52)) - (0x1p52 + 1023.0);
  double fu = nn_float_f64((u & (((uint64_t)1 << 52) - 1)) + root) - 1.0;
  double f = k == 0.0 ? x : fu;
  double l = k == 0.0 ? 0.0 : c / v;
  double h = 0.5 * f * f;
  double r = k * 0x1.62e42fefa2000p-1 + (f - (h - (nn_log_ratio_f64(f) + (k * 0x1.9ef35793c7673p-41 + l))));
  double small = nn_abs_f64(x) < 0x1p-54 ? x : r;
  double zero = x == -1.0 ? nn_float_f64((uint64_t)0xfff << 52) : nn_float_f64((uint64_t)0x7ff8 << 48);
  double big = x == nn_float_f64((uint64_t)0x7ff << 52) ? x : small;
  return x > -1.0 ? big : zero;
}
/* @end */

/* @section log1p_f32 needs: bits_f32 float_f32 abs_f32 */
/* As in f64; the lost part divided by m = 1 + f, to a few percent. */
NN_INLINE float nn_log1p_f32(float x) {
  float v = 1.0f + x;
  float w = v - 1.0f;
  float c = (1.0f - (v - w)) + (x - w);
  uint32_t u = nn_bits_f32(v) + (0x3f800000u - 0x3f3504f3u);
  float k = (float)(int32_t)(u >> 23) - 127.0f;
  float fu = nn_float_f32((u & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  float f = k == 0.0f ? x : fu;
  float d = c * nn_float_f32((254 - (u >> 23)) << 23);
  float lost = d * (1.0f - f * (1.0f - 0.75f * f));
  float l0 = k == 0.0f ? 0.0f : lost;
  float l = x < 0x1p60f ? l0 : 0.0f;
  float z = f * f;
  float q = 0x1.149d56p-4f;
  q = q * f - 0x1.de09d4p-4f;
  q = q * f + 0x1.e6b13cp-4f;
  q = q * f - 0x1.fc269ap-4f;
  q = q * f + 0x1.233c86p-3f;
  q = q * f - 0x1.555c5ap-3f;
  q = q * f + 0x1.99a46ap-3f;
  q = q * f - 0x1.000006p-2f;
  q = q * f + 0x1.555548p-2f;
  float r = k * 0x1.62e400p-1f + (f + ((k * 0x1.7f7d1cp-20f + l + z * f * q) - 0.5f * z));
  float small = nn_abs_f32(x) < 0x1p-26f ? x : r;
  float zero = x == -1.0f ? nn_float_f32(0xff800000u) : nn_float_f32(0x7fc00000u);
  float big = x == nn_float_f32(0x7f800000u) ? x : small;
  return x > -1.0f ? big : zero;
}
/* @end */

/* @section angle_f64 needs: */
/* An angle modulo pi / 2: hi + lo, |hi| <= pi / 4, and the quadrant modulo 4. */
typedef struct { double hi, lo; uint64_t quadrant; } nn_angle_f64;
/* @end */

/* @section reduce_f32 needs: angle_f64 abs_f32 bits_f64 */
/* Reduces every finite f32, without a branch. |x| = y 2^(24 g) with y < 2^24, and 2^(24 g) 2 / pi modulo 2^25 (y has
   at most 23
   fraction bits) comes in three parts, so that y times the first two is exact (Payne and Hanek 1983, in f64). */
NN_INLINE nn_angle_f64 nn_reduce_f32(float x) {
  nn_angle_f64 r;
  float a = nn_abs_f32(x);
  float y = a;
  double c1 = 0x1.4p-1, c2 = 0x1.7cc1b7p-7, c3 = 0x1.391054a7f09d6p-34;
  double p1, p2, t1, t2, t3, f1, f2, f;
  y = a >= 0x1p24f ? a * 0x1p-24f : y;
  c1 = a >= 0x1p24f ? 0x1.45f306cp+23 : c1;
  c2 = a >= 0x1p24f ? 0x1.c9c882ap-5 : c2;
  c3 = a >= 0x1p24f ? 0x1.4fe13abe8fa9ap-35 : c3;
  y = a >= 0x1p48f ? a * 0x1p-48f : y;
  c1 = a >= 0x1p48f ? 0x1.6e4e441p+24 : c1;
  c2 = a >= 0x1p48f ? 0x1.4a7f09cp-6 : c2;
  c3 = a >= 0x1p48f ? 0x1.5f47d4d377037p-34 : c3;
  y = a >= 0x1p72f ? a * 0x1p-72f : y;
  c1 = a >= 0x1p72f ? 0x1.529fc2p+20 : c1;
  c2 = a >= 0x1p72f ? 0x1.d5f47d4p-6 : c2;
  c3 = a >= 0x1p72f ? 0x1.a6ee06db14acdp-35 : c3;
  y = a >= 0x1p96f ? a * 0x1p-96f : y;
  c1 = a >= 0x1p96f ? 0x1.3abe8f8p+21 : c1;
  c2 = a >= 0x1p96f ? 0x1.4d37702p-6 : c2;
  c3 = a >= 0x1p96f ? 0x1.6d8a5664f10e4p-34 : c3;
  y = a >= 0x1p120f ? a * 0x1p-120f : y;
  c1 = a >= 0x1p120f ? 0x1.f534ddcp+24 : c1;
  c2 = a >= 0x1p120f ? 0x1.b6c52bp-9 : c2;
  c3 = a >= 0x1p120f ? 0x1.93c439041fe60p-36 : c3;
  p1 = (double)y * c1;
  p2 = (double)y * c2;
  t1 = p1 + 0x1.8p52;
  f1 = p1 - (t1 - 0x1.8p52);
  t2 = p2 + 0x1.8p52;
  f2 = p2 - (t2 - 0x1.8p52);
  t3 = (f1 + f2) + 0x1.8p52;
  f = ((f1 - (t3 - 0x1.8p52)) + f2) + (double)y * c3;
  r.hi = f * 0x1.921fb54442d18p+0;
  r.lo = 0.0;
  r.quadrant = nn_bits_f64(t1) + nn_bits_f64(t2) + nn_bits_f64(t3);
  return r;
}
/* @end */

/* @section sin_cos_f32 needs: reduce_f32 bits_f32 float_f32 */
/* The sine of x + shift pi / 2. */
NN_INLINE float nn_sin_cos_f32(float x, uint32_t shift) {
  nn_angle_f64 a = nn_reduce_f32(x);
  uint32_t q = (uint32_t)a.quadrant, sign = nn_bits_f32(x) & 0x80000000u;
  float r = (float)a.hi;
  float z = r * r;
  float s, c, v;
  float p = -0x1.994f52p-13f;
  p = p * z + 0x1.110764p-7f;
  p = p * z - 0x1.555546p-3f;
  float k = 0x1.9a0616p-16f;
  k = k * z - 0x1.6c0c9cp-10f;
  k = k * z + 0x1.55554ap-5f;
  s = r + r * z * p;
  c = 1.0f - (0.5f * z - z * z * k);
  q = q + shift;
  sign = shift == 0 ? sign : 0; /* sin(-x) = -sin x; cos(-x) = cos x */
  v = (q & 1) != 0 ? c : s;
  return nn_float_f32(nn_bits_f32(v) ^ ((q & 2) << 30) ^ sign);
}
/* @end */

/* @section sin_f32 needs: sin_cos_f32 */
NN_INLINE float nn_sin_f32(float x) { return nn_sin_cos_f32(x, 0); }
/* @end */

/* @section cos_f32 needs: sin_cos_f32 */
NN_INLINE float nn_cos_f32(float x) { return nn_sin_cos_f32(x, 1); }
/* @end */

/* @section tan_f32 needs: reduce_f32 copysign_f32 bits_f32 float_f32 abs_f32 */
NN_INLINE float nn_tan_f32(float x) {
  nn_angle_f64 a = nn_reduce_f32(x);
  double r = a.hi, z = r * r;
  double p = 0x1.6cd927c064f53p-19;
  p = p * z - 0x1.a00fa244bed29p-13;
  p = p * z + 0x1.1111089e65725p-7;
  p = p * z - 0x1.5555554ccade0p-3;
  double k = -0x1.242ed1e9b9b3cp-22;
  k = k * z + 0x1.a01136b977fc6p-16;
  k = k * z - 0x1.6c16b8c1e4338p-10;
  k = k * z + 0x1.5555554f7dd83p-5;
  double s = r + r * z * p;
  double c = 1.0 - (0.5 * z - z * z * k);
  int odd = (a.quadrant & 1) != 0;
  double n = odd ? c : s;
  double m = odd ? -s : c;
  float v = (float)(n / m);
  float w = nn_float_f32(nn_bits_f32(v) ^ (nn_bits_f32(x) & 0x80000000u));
  return nn_abs_f32(x) < 0x1p-13f ? x : w;
}
/* @end */

/* @section two_f64 needs: */
/* An unevaluated sum, |lo| at most half an ulp of hi where normalised. */
typedef struct { double hi, lo; } nn_two_f64;
/* @end */

/* @section two_sum_f64 needs: two_f64 */
/* a + b exactly (Knuth). */
NN_INLINE nn_two_f64 nn_two_sum_f64(double a, double b) {
  nn_two_f64 r;
  double v;
  r.hi = a + b;
  v = r.hi - a;
  r.lo = (a - (r.hi - v)) + (b - v);
  return r;
}
/* @end */

/* @section two_product_f64 needs: two_f64 bits_f64 float_f64 */
/* a b exactly, but for some 2^-106 of it and underflow (Dekker, splitting by masks, which cannot overflow). */
NN_INLINE nn_two_f64 nn_two_product_f64(double a, double b) {
  const uint64_t mask = ~(uint64_t)0x7ffffff;
  nn_two_f64 r;
  double ah = nn_float_f64(nn_bits_f64(a) & mask), al = a - ah;
  double bh = nn_float_f64(nn_bits_f64(b) & mask), bl = b - bh;
  r.hi = a * b;
  r.lo = ((ah * bh - r.hi) + ah * bl + al * bh) + al * bl;
  return r;
}
/* @end */

/* @section two_over_pi needs: */
/* The bits of 2 / pi, most significant first, after 64 zeros. */
NN_UNUSED static const uint32_t nn_two_over_pi[42] = {
  0x00000000u, 0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u,
  0x3c439041u, 0xfe5163abu, 0xdebbc561u, 0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu,
  0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u, 0xe99c7026u, 0xb45f7e41u, 0x3991d639u,
  0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu, 0xef2f118bu, 0x5a0a6d1fu,
  0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u,
  0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu, 0xf0cfbc20u, 0x9af4361du
};
/* @end */

/* @section reduce_huge_f64 needs: angle_f64 two_over_pi two_sum_f64 two_product_f64 bits_f64 */
/* Payne and Hanek (1983): x = m 2^e with an integer m; the bits of 2 / pi that make multiples of 4 are
   skipped, the next 192 are enough. For finite x >= 2^20 only; loops, so it does not vectorise. */
NN_FUNCTION nn_angle_f64 nn_reduce_huge_f64(double x) {
  nn_angle_f64 r;
  nn_two_f64 a, b;
  uint64_t u = nn_bits_f64(x), m = (u & (((uint64_t)1 << 52) - 1)) | ((uint64_t)1 << 52);
  /* The first bit wanted has weight 2^-(e - 1), e = exponent - 1075; the table's bit 64 has weight 2^-1. */
  uint32_t first = ((uint32_t)(u >> 52) & 0x7ff) - 1075 + 62, word = first / 32, shift = first % 32;
  uint32_t w[6], p[6];
  uint64_t carry, high, low, sign;
  int i;
  for (i = 0; i < 6; i++) {
    uint64_t pair = ((uint64_t)nn_two_over_pi[word + (uint32_t)i] << 32) | nn_two_over_pi[word + (uint32_t)i + 1];
    w[i] = (uint32_t)((pair << shift) >> 32);
  }
  /* p = m w modulo 2^192: two rows of a product by 32-bit digits. */
  carry = 0;
  for (i = 5; i >= 0; i--) {
    carry += (m & 0xffffffffu) * w[i];
    p[i] = (uint32_t)carry;
    carry >>= 32;
  }
  carry = 0;
  for (i = 4; i >= 0; i--) {
    carry += (m >> 32) * w[i + 1] + p[i];
    p[i] = (uint32_t)carry;
    carry >>= 32;
  }
  /* The two top bits are the quadrant, the rest a fraction; above 1/2 it counts down from the next quadrant. */
  high = ((uint64_t)p[0] << 32) | p[1];
  low = ((uint64_t)p[2] << 32) | p[3];
  r.quadrant = high >> 62;
  high = (high << 2) | (low >> 62);
  low = (low << 2) | (p[4] >> 30);
  sign = high >> 63;
  r.quadrant += sign;
  if (sign != 0) { high = ~high; low = ~low; }
  a = nn_two_sum_f64((double)(uint32_t)(high >> 32) * 0x1p-32, (double)(uint32_t)high * 0x1p-64);
  b = nn_two_sum_f64(a.lo, (double)(uint32_t)(low >> 32) * 0x1p-96 + (double)(uint32_t)low * 0x1p-128);
  a = nn_two_sum_f64(a.hi, b.hi);
  a.lo += b.lo;
  b = nn_two_product_f64(a.hi, 0x1.921fb54442d18p+0);
  b.lo += a.hi * 0x1.1a62633145c07p-54 + a.lo * 0x1.921fb54442d18p+0;
  r.hi = b.hi + b.lo;
  r.lo = (b.hi - r.hi) + b.lo;
  if (sign != 0) { r.hi = -r.hi; r.lo = -r.lo; }
  return r;
}
/* @end */

/* @section reduce_f64 needs: angle_f64 two_sum_f64 bits_f64 reduce_huge_f64 */
/* |x| modulo pi / 2: up to 2^20 by subtracting n times four parts of pi / 2, of 33 bits the first three (Cody, Waite
   1980). The one branch
   is for larger x. */
NN_INLINE nn_angle_f64 nn_reduce_f64(double x) {
  nn_angle_f64 r;
  if (x < 0x1p20 || !(x < nn_float_f64((uint64_t)0x7ff << 52))) {
    double t = x * 0x1.45f306dc9c883p-1 + 0x1.8p52;
    double n = t - 0x1.8p52;
    nn_two_f64 a = nn_two_sum_f64(x - n * 0x1.921fb544p+0, -(n * 0x1.0b4611a6p-34));
    nn_two_f64 b = nn_two_sum_f64(a.hi, -(n * 0x1.3198a2ep-69));
    double l = (a.lo + b.lo) - n * 0x1.b839a252049c1p-104;
    r.hi = b.hi + l;
    r.lo = (b.hi - r.hi) + l;
    r.quadrant = nn_bits_f64(t);
  } else {
    r = nn_reduce_huge_f64(x);
  }
  return r;
}
/* @end */

/* @section sin_part_f64 needs: two_f64 */
/* The sine of a + b, |a| <= pi / 4. */
NN_INLINE nn_two_f64 nn_sin_part_f64(double a, double b) {
  nn_two_f64 r;
  double z = a * a, t;
  double p = 0x1.5d93cef87dd22p-33;
  p = p * z - 0x1.ae5e6978ed285p-26;
  p = p * z + 0x1.71de357ca5f59p-19;
  p = p * z - 0x1.a01a019c18930p-13;
  p = p * z + 0x1.111111110f8c2p-7;
  p = p * z - 0x1.5555555555549p-3;
  t = z * a * p + (b - 0.5 * z * b);
  r.hi = a + t;
  r.lo = (a - r.hi) + t;
  return r;
}
/* @end */

/* @section cos_part_f64 needs: two_f64 */
NN_INLINE nn_two_f64 nn_cos_part_f64(double a, double b) {
  nn_two_f64 r;
  double z = a * a, h = 0.5 * z, w = 1.0 - h, t;
  double p = -0x1.8fbd354c6bba4p-37;
  p = p * z + 0x1.1eea0aaba5187p-29;
  p = p * z - 0x1.27e4f83bf289ap-22;
  p = p * z + 0x1.a01a019cff8b1p-16;
  p = p * z - 0x1.6c16c16c15513p-10;
  p = p * z + 0x1.555555555554ep-5;
  t = ((1.0 - w) - h) + (z * z * p - a * b);
  r.hi = w + t;
  r.lo = (w - r.hi) + t;
  return r;
}
/* @end */

/* @section sin_cos_f64 needs: reduce_f64 sin_part_f64 cos_part_f64 abs_f64 bits_f64 float_f64 */
NN_INLINE double nn_sin_cos_f64(double x, uint64_t shift) {
  uint64_t sign = nn_bits_f64(x) >> 63;
  nn_angle_f64 a = nn_reduce_f64(nn_abs_f64(x));
  double s = nn_sin_part_f64(a.hi, a.lo).hi, c = nn_cos_part_f64(a.hi, a.lo).hi;
  uint64_t q = a.quadrant, odd, flip;
  double v;
  /* sin(-x) = -sin x; cos(-x) = cos x */
  q = q + shift;
  odd = q & 1;
  flip = (q & 2) << 62;
  flip ^= shift == 0 ? sign << 63 : 0;
  v = odd != 0 ? c : s;
  return nn_float_f64(nn_bits_f64(v) ^ flip);
}
/* @end */

/* @section sin_f64 needs: sin_cos_f64 */
NN_INLINE double nn_sin_f64(double x) { return nn_sin_cos_f64(x, 0); }
/* @end */

/* @section cos_f64 needs: sin_cos_f64 */
NN_INLINE double nn_cos_f64(double x) { return nn_sin_cos_f64(x, 1); }
/* @end */

/* @section tan_f64 needs: reduce_f64 sin_part_f64 cos_part_f64 two_product_f64 abs_f64 bits_f64 float_f64 */
/* A quotient of the unevaluated sums, corrected by its remainder. */
NN_INLINE double nn_tan_f64(double x) {
  nn_angle_f64 a = nn_reduce_f64(nn_abs_f64(x));
  nn_two_f64 s = nn_sin_part_f64(a.hi, a.lo), c = nn_cos_part_f64(a.hi, a.lo), p;
  int odd = (a.quadrant & 1) != 0;
  double nh = odd ? c.hi : s.hi, nl = odd ? c.lo : s.lo;
  double dh = odd ? -s.hi : c.hi, dl = odd ? -s.lo : c.lo;
  double q = nh / dh, r;
  p = nn_two_product_f64(q, dh);
  r = q + (((nh - p.hi) - p.lo) + (nl - q * dl)) / dh;
  r = nn_float_f64(nn_bits_f64(r) ^ (nn_bits_f64(x) & ((uint64_t)1 << 63)));
  return nn_abs_f64(x) < 0x1p-27 ? x : r;
}
/* @end */

/* @section asin_part_f64 needs: */
/* (asin(s) - s) / s for z = s^2 <= 1/4. */
NN_INLINE double nn_asin_part_f64(double z) {
  double q = 0x1.0a24000c9783ep-5;
  q = q * z - 0x1.54258d59af9d4p-6;
  q = q * z + 0x1.60b912aeb3978p-6;
  q = q * z + 0x1.f01d8ac697739p-9;
  q = q * z + 0x1.6083453b1a1c4p-7;
  q = q * z + 0x1.75a969769f280p-7;
  q = q * z + 0x1.ca1abf99a3af6p-7;
  q = q * z + 0x1.1c4a293c026a1p-6;
  q = q * z + 0x1.6e8bdb4ff7072p-6;
  q = q * z + 0x1.f1c71aba227f3p-6;
  q = q * z + 0x1.6db6db719d2fcp-5;
  q = q * z + 0x1.333333332ed53p-4;
  q = q * z + 0x1.555555555556fp-3;
  return z * q;
}
/* @end */

/* @section asin_f64 needs: asin_part_f64 sqrt_f64 abs_f64 copysign_f64 bits_f64 float_f64 */
/* Above 1/2: pi / 2 - 2 asin(sqrt((1 - |x|) / 2)), the root as h + l with a short h. */
NN_INLINE double nn_asin_f64(double x) {
  double a = nn_abs_f64(x);
  double zb = (1.0 - a) * 0.5;
  int big = a > 0.5;
  double z = big ? zb : a * a;
  double s = nn_sqrt_f64(zb);
  double h = nn_float_f64(nn_bits_f64(s) & ~(uint64_t)0xffffffffu);
  double l = s > 0.0 ? (zb - h * h) / (s + h) : 0.0;
  double p = nn_asin_part_f64(z);
  double low = 0x1.1a62633145c07p-54 - 2.0 * (l + s * p);
  double rb = 0x1.921fb54442d18p-1 + ((0x1.921fb54442d18p-1 - 2.0 * h) + low);
  double r = big ? rb : a + a * p;
  return nn_copysign_f64(r, x);
}
/* @end */

/* @section acos_f64 needs: asin_part_f64 sqrt_f64 abs_f64 bits_f64 float_f64 */
NN_INLINE double nn_acos_f64(double x) {
  double a = nn_abs_f64(x);
  double zb = (1.0 - a) * 0.5;
  int big = a > 0.5;
  double z = big ? zb : a * a;
  double s = nn_sqrt_f64(zb);
  double h = nn_float_f64(nn_bits_f64(s) & ~(uint64_t)0xffffffffu);
  double l = s > 0.0 ? (zb - h * h) / (s + h) : 0.0;
  double p = nn_asin_part_f64(z);
  double w = l + s * p;
  double mid = 0x1.921fb54442d18p+0 - (x - (0x1.1a62633145c07p-54 - x * p));
  double neg = 0x1.921fb54442d18p+1 - 2.0 * (h + (w - 0x1.1a62633145c07p-54));
  double pos = 2.0 * (h + w);
  double r = x < 0.0 ? neg : pos;
  return big ? r : (a <= 0.5 ? mid : x - x);
}
/* @end */

/* @section asin_acos_f32 needs: sqrt_newton_f64 */
/* In f64: the arc sine of |x| up to 1/2, of sqrt((1 - |x|) / 2) above. */
NN_INLINE double nn_asin_acos_f32(double a) {
  double zb = (1.0 - a) * 0.5;
  double s = nn_sqrt_newton_f64(zb);
  double y = a > 0.5 ? s : a;
  double z = a > 0.5 ? zb : a * a;
  double q = 0x1.330e9e803b0cdp-5;
  q = q * z + 0x1.da10646ae34d7p-7;
  q = q * z + 0x1.047e3858f2f77p-5;
  q = q * z + 0x1.6cb1c2bcd5820p-5;
  q = q * z + 0x1.3338626aa28eap-4;
  q = q * z + 0x1.55554cb275e4fp-3;
  return y + y * z * q;
}
/* @end */

/* @section asin_f32 needs: asin_acos_f32 abs_f32 copysign_f32 float_f32 */
NN_INLINE float nn_asin_f32(float x) {
  double a = (double)nn_abs_f32(x);
  double v = nn_asin_acos_f32(a);
  double r = a > 0.5 ? 0x1.921fb54442d18p+0 - 2.0 * v : v;
  float w = nn_copysign_f32((float)r, x);
  return nn_abs_f32(x) <= 1.0f ? w : nn_float_f32(0x7fc00000u);
}
/* @end */

/* @section acos_f32 needs: asin_acos_f32 abs_f32 float_f32 */
NN_INLINE float nn_acos_f32(float x) {
  double a = (double)nn_abs_f32(x);
  double v = nn_asin_acos_f32(a);
  double r = a > 0.5 ? 2.0 * v : 0x1.921fb54442d18p+0 - v;
  float w = (float)(x < 0.0f ? 0x1.921fb54442d18p+1 - r : r);
  return nn_abs_f32(x) <= 1.0f ? w : nn_float_f32(0x7fc00000u);
}
/* @end */

/* @section atan_ratio_f64 needs: two_sum_f64 two_product_f64 */
/* The arc tangent of n / d for 0 <= n <= d, d >= 2^-500: around 0, or around pi / 4 from (n - d) / (n + d). What
   sums and quotient lose
   is carried along, unless n is so small that it would underflow, and not matter. */
NN_INLINE double nn_atan_ratio_f64(double n, double d) {
  nn_two_f64 a = nn_two_sum_f64(n, -d), b = nn_two_sum_f64(n, d), p;
  int big = n > 0x1.a827999fcef32p-2 * d;
  double nh = big ? a.hi : n, nl = big ? a.lo : 0.0;
  double dh = big ? b.hi : d, dl = big ? b.lo : 0.0;
  double h = big ? 0x1.921fb54442d18p-1 : 0.0;
  double l = big ? 0x1.1a62633145c07p-55 : 0.0;
  double t = nh / dh;
  double z = t * t, e, v;
  double q = 0x1.f499eef5a6291p-7;
  q = q * z - 0x1.12edc64d7a158p-5;
  q = q * z + 0x1.7141abbe9b01cp-5;
  q = q * z - 0x1.ab940ee9395f2p-5;
  q = q * z + 0x1.e175d71e8b182p-5;
  q = q * z - 0x1.110caa5ec1173p-4;
  q = q * z + 0x1.3b1372655045ap-4;
  q = q * z - 0x1.745d14f0167a6p-4;
  q = q * z + 0x1.c71c71b90ad2ap-4;
  q = q * z - 0x1.2492492479bc2p-3;
  q = q * z + 0x1.99999999996fbp-3;
  q = q * z - 0x1.5555555555555p-2;
  p = nn_two_product_f64(t, dh);
  e = (((nh - p.hi) - p.lo) + (nl - t * dl)) / dh;
  e = n > 0x1p-900 ? e - e * z : 0.0;
  v = h + t;
  return v + (((h - v) + t) + (l + e + t * z * q));
}
/* @end */

/* @section atan_f64 needs: atan_ratio_f64 abs_f64 copysign_f64 */
NN_INLINE double nn_atan_f64(double x) {
  double a = nn_abs_f64(x);
  double b = a > 0x1p60 ? 0x1p60 : a;
  int big = b > 1.0;
  double n = big ? 1.0 : b;
  double d = big ? b : 1.0;
  double r = nn_atan_ratio_f64(n, d);
  double s = big ? 0x1.921fb54442d18p+0 - (r - 0x1.1a62633145c07p-54) : r;
  return nn_copysign_f64(s, x);
}
/* @end */

/* @section atan2_f64 needs: atan_ratio_f64 abs_f64 copysign_f64 bits_f64 float_f64 */
NN_INLINE double nn_atan2_f64(double y, double x) {
  const double inf = nn_float_f64((uint64_t)0x7ff << 52);
  double ay = nn_abs_f64(y), ax = nn_abs_f64(x);
  int swap = ay > ax;
  double n0 = swap ? ax : ay;
  double d0 = swap ? ay : ax;
  /* Both to the middle of the range; infinities and zeros to a quotient that does not fail. */
  double scale = d0 > 0x1p1000 ? 0x1p-30 : (d0 < 0x1p-400 ? 0x1p600 : 1.0);
  double n1 = n0 * scale;
  double d1 = d0 * scale;
  double n2 = d0 == inf ? (n0 == inf ? 1.0 : 0.0) : n1;
  double d2 = d0 == inf ? 1.0 : (d0 == 0.0 ? 1.0 : d1);
  double r = nn_atan_ratio_f64(n2, d2);
  /* r, pi / 2 - r, pi / 2 + r or pi - r */
  int left = (nn_bits_f64(x) >> 63) != 0;
  double t = swap != left ? -r : r;
  double bh = swap ? 0x1.921fb54442d18p+0 : (left ? 0x1.921fb54442d18p+1 : 0.0);
  double bl = swap ? 0x1.1a62633145c07p-54 : (left ? 0x1.1a62633145c07p-53 : 0.0);
  double v = nn_copysign_f64(bh + (t + bl), y);
  int nan = (x != x) | (y != y);
  return nan ? x + y : v;
}
/* @end */

/* @section atan_ratio_f32 needs: */
/* In f64: the arc tangent of n / d for 0 <= n <= d, d > 0. */
NN_INLINE double nn_atan_ratio_f32(double n, double d) {
  double m = n - 0x1.a827999fcef32p-2 * d;
  double t = (m > 0.0 ? n - d : n) / (m > 0.0 ? n + d : d);
  double z = t * t;
  double q = 0x1.85b66feae988ep-5;
  q = q * z - 0x1.5b79748822e99p-4;
  q = q * z + 0x1.c4729ee758385p-4;
  q = q * z - 0x1.247f871b087fep-3;
  q = q * z + 0x1.99991fcbe1484p-3;
  q = q * z - 0x1.555554d31f9fep-2;
  return (m > 0.0 ? 0x1.921fb54442d18p-1 : 0.0) + (t + t * z * q);
}
/* @end */

/* @section atan_f32 needs: atan_ratio_f32 abs_f32 copysign_f32 */
NN_INLINE float nn_atan_f32(float x) {
  double a = (double)nn_abs_f32(x);
  double b = a > 0x1p130 ? 0x1p130 : a;
  double r = nn_atan_ratio_f32(b > 1.0 ? 1.0 : b, b > 1.0 ? b : 1.0);
  double v = b > 1.0 ? 0x1.921fb54442d18p+0 - r : r;
  return nn_copysign_f32((float)v, x);
}
/* @end */

/* @section atan2_f32 needs: atan_ratio_f32 abs_f32 copysign_f32 bits_f32 float_f32 */
/* Infinity as 2^400 (any f32 over it rounds to 0, and it over itself is 1), 0 / 0 as 0 / 2^-200. */
NN_INLINE float nn_atan2_f32(float y, float x) {
  double ay = (double)nn_abs_f32(y), ax = (double)nn_abs_f32(x);
  double by = ay > 0x1p200 ? 0x1p400 : ay;
  double bx = ax > 0x1p200 ? 0x1p400 : ax;
  double n = by > bx ? bx : by;
  double m = by > bx ? by : bx;
  double r = nn_atan_ratio_f32(n, m > 0.0 ? m : 0x1p-200);
  double q = by > bx ? 0x1.921fb54442d18p+0 - r : r;
  double h = nn_bits_f32(x) >> 31 != 0 ? 0x1.921fb54442d18p+1 - q : q;
  float v = nn_copysign_f32((float)h, y);
  int nan = (x != x) | (y != y);
  return nan ? x + y : v;
}
/* @end */

/* @section erf_f32 needs: bits_f32 abs_f32 copysign_f32 exp_f32 */
/* x + x q(x^2) up to 0.92, above it 1 - e^(-x q(x)). */
NN_INLINE float nn_erf_f32(float x) {
  float a = nn_abs_f32(x);
  float b = a > 4.0f ? 4.0f : a;
  float z = b * b;
  float p = 0x1.603ab6p-14f;
  p = p * z - 0x1.ab48e6p-11f;
  p = p * z + 0x1.54e654p-8f;
  p = p * z - 0x1.b811c2p-6f;
  p = p * z + 0x1.ce2e30p-4f;
  p = p * z - 0x1.812744p-2f;
  p = p * z + 0x1.06eba8p-3f;
  float q = 0x1.492b1ap-18f;
  q = q * b - 0x1.7af724p-15f;
  q = q * b - 0x1.b14a92p-15f;
  q = q * b + 0x1.80cf8ep-9f;
  q = q * b - 0x1.73a51cp-6f;
  q = q * b + 0x1.af312ep-4f;
  q = q * b + 0x1.457014p-1f;
  q = q * b + 0x1.20e8d4p+0f;
  float small = a + a * p;
  float large = 1.0f - nn_exp_f32(-(b * q));
  float r = a < 0.921875f ? small : large;
  return nn_copysign_f32(r, x);
}
/* @end */

/* @section erfc_f32 needs: bits_f64 scale_f64 */
/* In f64. Up to 0.47: 1 - erf(x). Above: erfc |x| = e^(-x^2) g(t) / (|x| + 2), t = (|x| - 2) / (|x| + 2) (Shepherd,
   Laframboise 1981). */
NN_INLINE float nn_erfc_f32(float x) {
  double w = (double)x;
  double b = x < 0.0f ? -w : w;
  double a = b > 12.0 ? 12.0 : b;
  double z = a * a;
  double p = 0x1.603ab6d877ecbp-14;
  p = p * z - 0x1.ab48e614b0e8cp-11;
  p = p * z + 0x1.54e6534ea158fp-8;
  p = p * z - 0x1.b811c2306f5ccp-6;
  p = p * z + 0x1.ce2e2fee4d577p-4;
  p = p * z - 0x1.81274386711fbp-2;
  p = p * z + 0x1.06eba8137385ap-3;
  double m = 0x1.71547652b82fep+0 * -z + 0x1.8p52;
  double r = -z - (m - 0x1.8p52) * 0x1.62e42fefa39efp-1;
  double q = 0x1.a1b8f0d4be0c3p-13;
  q = q * r + 0x1.6d96a75481f50p-10;
  q = q * r + 0x1.11107c4a876dep-7;
  q = q * r + 0x1.5554803e2a0b7p-5;
  q = q * r + 0x1.555555986659ep-3;
  q = q * r + 0x1.00000042eb9e7p-1;
  double d = a + 2.0;
  double i = 1.0 / d;
  double t = (a - 2.0) * i;
  double g = 0x1.f1e9ef5fcad48p-14;
  g = g * t + 0x1.ff7352cf9d0a6p-15;
  g = g * t - 0x1.5595afedbdba7p-11;
  g = g * t - 0x1.bbd6fe392b856p-11;
  g = g * t + 0x1.94c5ebf216407p-9;
  g = g * t + 0x1.a8b7d20526df7p-8;
  g = g * t - 0x1.606d40df34be8p-6;
  g = g * t - 0x1.2a891c4a5ae26p-5;
  g = g * t + 0x1.1e2dee0f117c8p-2;
  g = g * t - 0x1.5fd38664dde3ap-1;
  g = g * t + 0x1.058671b56898ap+0;
  double e = nn_scale_f64((1.0 + (r + r * r * q)) * (g * i), nn_bits_f64(m) - ((uint64_t)0x4338 << 48) + 4096);
  double tail = x < 0.0f ? 2.0 - e : e;
  double v = b < 0.47 ? 1.0 - (w + w * p) : tail;
  return (float)v;
}
/* @end */

/* @section erf_small_f64 needs: */
/* erf(x) / x - 1 for z = x^2 <= 1. */
NN_INLINE double nn_erf_small_f64(double z) {
  double p = -0x1.acdff90b8ebd8p-31;
  p = p * z + 0x1.d784936618cc2p-27;
  p = p * z - 0x1.5c16e30fb0d45p-23;
  p = p * z + 0x1.b9827b1885f9bp-20;
  p = p * z - 0x1.f4ca94990cb86p-17;
  p = p * z + 0x1.f9a2bf73f0c68p-14;
  p = p * z - 0x1.c02db072f3fe0p-11;
  p = p * z + 0x1.565bccfa9a825p-8;
  p = p * z - 0x1.b82ce312062bcp-6;
  p = p * z + 0x1.ce2f21a041018p-4;
  p = p * z - 0x1.812746b0379c2p-2;
  p = p * z + 0x1.06eba8214db68p-3;
  return p;
}
/* @end */

/* @section erf_tail_f64 needs: bits_f64 float_f64 exp_part_f64 scale_f64 two_sum_f64 two_product_f64 */
/* erfc(a) for a from 0.46 to 30: e^(-a^2) g(t) / (a + 3), t = (a - 3) / (a + 3) (after Shepherd, Laframboise 1981).
   What the sums and
   quotients lose is carried along: to first order, with g's slope. */
NN_INLINE double nn_erf_tail_f64(double a) {
  nn_two_f64 d = nn_two_sum_f64(a, 3.0), n = nn_two_sum_f64(a, -3.0), p;
  double i = 1.0 / d.hi;
  double t = n.hi * i, tl, gh, gl, u, v, w, s, h, l;
  nn_exp_part_t_f64 e;
  p = nn_two_product_f64(t, d.hi);
  tl = (((n.hi - p.hi) - p.lo) + (n.lo - t * d.lo)) * i;
  double g = 0x1.50cfff94f24a2p-33;
  g = g * t + 0x1.6650f9dece0e9p-30;
  g = g * t - 0x1.4fbb4e1c51103p-30;
  g = g * t - 0x1.6f1fec6b49059p-27;
  g = g * t - 0x1.984699d949d86p-35;
  g = g * t + 0x1.d6c44d8f5982ep-25;
  g = g * t + 0x1.7ed835445c442p-25;
  g = g * t - 0x1.fe86278a3af26p-23;
  g = g * t - 0x1.b4992a91f57fcp-22;
  g = g * t + 0x1.0cd6695bc8e8fp-20;
  g = g * t + 0x1.7310218558d2cp-19;
  g = g * t - 0x1.3ec8f209ab3c9p-18;
  g = g * t - 0x1.251a5f4d6c60dp-16;
  g = g * t + 0x1.fe0046f7f1064p-16;
  g = g * t + 0x1.c3253487fbc9ep-14;
  g = g * t - 0x1.2238ffd46a5d1p-12;
  g = g * t - 0x1.1f78e14ccb814p-11;
  g = g * t + 0x1.8dae3a2d1df7fp-9;
  g = g * t - 0x1.3dd3e70f96e59p-10;
  g = g * t - 0x1.b78993d6bcd8cp-6;
  g = g * t + 0x1.e995f11b16ddbp-4;
  g = g * t - 0x1.3deb21415dc70p-2;
  g = g * t + 0x1.2e326945de2b8p-1;
  double slope = 0x1.1bc81a05dba6dp-6;
  slope = slope * t - 0x1.685f05a65a509p-7;
  slope = slope * t - 0x1.0ec867353936bp-3;
  slope = slope * t + 0x1.eaa11daf741dcp-2;
  slope = slope * t - 0x1.dd06e959fde1fp-1;
  slope = slope * t + 0x1.2e2dad31e9ebap+0;
  slope = slope * t - 0x1.c44b627a54ee8p-1;
  u = t * g;
  v = -0x1.c44c471baa376p-1 + u;
  w = ((-0x1.c44c471baa376p-1 - v) + u) + (-0x1.4d8406034ef90p-55 + t * (0x1.4c79a3041b3b7p-56 + t * 0x1.fba293f21713cp-58));
  p = nn_two_product_f64(t, v);
  gh = 0x1.12f21ddd9f5e2p+0 + p.hi;
  gl = ((0x1.12f21ddd9f5e2p+0 - gh) + p.hi) + (p.lo + (t * w + -0x1.9650a5da0c363p-54) + tl * slope);
  /* g / d, its remainder in l */
  s = gh * i;
  p = nn_two_product_f64(s, d.hi);
  l = (((gh - p.hi) - p.lo) + (gl - s * d.lo)) * i;
  /* -a^2 = -h^2 - (a - h) (a + h), h^2 exact */
  h = nn_float_f64(nn_bits_f64(a) & ~(uint64_t)0x7ffffff);
  e = nn_exp_part_f64(-(h * h), -((a - h) * (a + h)));
  v = e.r + e.tail;
  return nn_scale_f64(s + (s * v + (l + l * v)), e.n + 4096);
}
/* @end */

/* @section erf_f64 needs: erf_small_f64 erf_tail_f64 abs_f64 copysign_f64 */
NN_INLINE double nn_erf_f64(double x) {
  double a = nn_abs_f64(x);
  double b = a > 30.0 ? 30.0 : a;
  double small = a + a * nn_erf_small_f64(b * b);
  double large = 1.0 - nn_erf_tail_f64(b);
  return nn_copysign_f64(a < 0.9 ? small : large, x);
}
/* @end */

/* @section erfc_f64 needs: erf_small_f64 erf_tail_f64 abs_f64 */
NN_INLINE double nn_erfc_f64(double x) {
  double a = nn_abs_f64(x);
  double b = a > 30.0 ? 30.0 : a;
  double small = 1.0 - (x + x * nn_erf_small_f64(b * b));
  double tail = nn_erf_tail_f64(b);
  double large = x < 0.0 ? 2.0 - tail : tail;
  return a < 0.47 ? small : large;
}
/* @end */

/* @section pow_core_f64 needs: bits_f64 float_f64 two_sum_f64 two_product_f64 scale_f64 */
/* a^y for finite a > 0: log(a) = k ln2 + 2 artanh(s) to some 68 bits as an unevaluated sum (s = f / (2 + f), f = m -
   1), times y, and e to that. */
NN_INLINE double nn_pow_core_f64(double a, double y) {
  const uint64_t one = (uint64_t)0x3ff << 52, root = ((uint64_t)0x3fe6a09e << 32) | 0x667f3bcdu;
  double a1 = a < 0x1p-1022 ? a * 0x1p54 : a;
  double k0 = a < 0x1p-1022 ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0;
  uint64_t u = nn_bits_f64(a1) + (one - root);
  double k = nn_float_f64((u >> 52) | ((uint64_t)0x433 << 52)) - k0;
  double m = nn_float_f64((u & (((uint64_t)1 << 52) - 1)) + root);
  double f = m - 1.0, i, sl, zl, ql, yy, x, n, t, r, lo;
  nn_two_f64 d = nn_two_sum_f64(m, 1.0), s, p, z, w, v, g;
  i = 1.0 / d.hi;
  s.hi = f * i;
  p = nn_two_product_f64(s.hi, d.hi);
  sl = (((f - p.hi) - p.lo) - s.hi * d.lo) * i;
  z = nn_two_product_f64(s.hi, s.hi);
  zl = z.lo + 2.0 * s.hi * sl;
  double q = 0x1.e359d0f06757ep-4;
  q = q * z.hi + 0x1.df2a45f3d3afcp-4;
  q = q * z.hi + 0x1.111a65270643dp-3;
  q = q * z.hi + 0x1.3b138e28bcfe1p-3;
  q = q * z.hi + 0x1.745d178b2a213p-3;
  q = q * z.hi + 0x1.c71c71c6e0173p-3;
  q = q * z.hi + 0x1.24924924924edp-2;
  /* w = 2/5 + z q; v = 2/3 + z w; g = z v; log m = 2 s + s g */
  q = q * z.hi;
  w.hi = 0x1.999999999999ap-2 + q;
  w.lo = ((0x1.999999999999ap-2 - w.hi) + q) + -0x1.999999999999ap-56;
  p = nn_two_product_f64(z.hi, w.hi);
  ql = p.lo + (z.hi * w.lo + zl * w.hi);
  v.hi = 0x1.5555555555555p-1 + p.hi;
  v.lo = (((0x1.5555555555555p-1 - v.hi) + p.hi) + ql) + 0x1.5555555555555p-55;
  g = nn_two_product_f64(z.hi, v.hi);
  g.lo += z.hi * v.lo + zl * v.hi;
  p = nn_two_product_f64(s.hi, g.hi);
  p.lo += s.hi * g.lo + sl * g.hi;
  w = nn_two_sum_f64(2.0 * s.hi, p.hi);
  w.lo += p.lo + 2.0 * sl;
  v = nn_two_sum_f64(k * 0x1.62e42fefa2000p-1, w.hi);
  v.lo += w.lo + k * 0x1.9ef35793c7673p-41;
  g.hi = v.hi + v.lo;
  g.lo = (v.hi - g.hi) + v.lo;
  /* Beyond 2^65 any y but that of log 1 = 0 over- or underflows. */
  yy = y > 0x1p65 ? 0x1p65 : (y < -0x1p65 ? -0x1p65 : y);
  p = nn_two_product_f64(yy, g.hi);
  lo = p.lo + yy * g.lo;
  x = p.hi > 720.0 ? 720.0 : (p.hi < -760.0 ? -760.0 : p.hi);
  lo = x == p.hi ? lo : 0.0;
  t = x * 0x1.71547652b82fep+0 + 0x1.8p52;
  n = t - 0x1.8p52;
  x = x - n * 0x1.62e42fefa2000p-1;
  lo = lo - n * 0x1.9ef35793c7673p-41;
  r = x + lo;
  lo = (x - r) + lo;
  double e = 0x1.af85f30323cf2p-26;
  e = e * r + 0x1.28b05504ac8d8p-22;
  e = e * r + 0x1.71dddf86f8e7dp-19;
  e = e * r + 0x1.a019968cf6267p-16;
  e = e * r + 0x1.a01a01bb02011p-13;
  e = e * r + 0x1.6c16c185a6bdfp-10;
  e = e * r + 0x1.111111110d5d7p-7;
  e = e * r + 0x1.5555555550048p-5;
  e = e * r + 0x1.5555555555561p-3;
  e = e * r + 0x1.000000000000bp-1;
  return nn_scale_f64(1.0 + (r + (r * r * e + lo)), nn_bits_f64(t) - ((uint64_t)0x4338 << 48) + 4096);
}
/* @end */

/* @section pow_cases_f64 needs: abs_f64 floor_f64 copysign_f64 float_f64 */
/* x^y from r = |x|^y: signs and the special cases of C99 F.9.4.4. */
NN_INLINE double nn_pow_cases_f64(double x, double y, double r) {
  const double inf = nn_float_f64((uint64_t)0x7ff << 52), nan = nn_float_f64((uint64_t)0x7ff8 << 48);
  double a = nn_abs_f64(x), half = 0.5 * y;
  int whole = nn_floor_f64(y) == y;
  int odd = whole & (nn_floor_f64(half) != half) & (nn_abs_f64(y) < 0x1p53);
  double at0 = y < 0.0 ? inf : 0.0;
  double atinf = y < 0.0 ? 0.0 : inf;
  double r1 = a == 0.0 ? at0 : r;
  double r2 = a == inf ? atinf : r1;
  double r3 = odd ? nn_copysign_f64(r2, x) : r2;
  int bad = (x < 0.0) & (whole == 0) & (a < inf);
  double r4 = bad ? nan : r3;
  int isnan = (x != x) | (y != y);
  double r5 = isnan ? x + y : r4;
  int unit = (y == 0.0) | (x == 1.0) | ((x == -1.0) & (nn_abs_f64(y) == inf));
  return unit ? 1.0 : r5;
}
/* @end */

/* @section pow_f64 needs: pow_core_f64 pow_cases_f64 abs_f64 */
NN_INLINE double nn_pow_f64(double x, double y) { return nn_pow_cases_f64(x, y, nn_pow_core_f64(nn_abs_f64(x), y)); }
/* @end */

/* @section pow_f32 needs: exp_f64 log_f64 pow_cases_f64 abs_f64 */
/* In f64, where e^(y log |x|) has some 15 bits to spare. */
NN_INLINE float nn_pow_f32(float x, float y) {
  double a = (double)x, b = (double)y;
  return (float)nn_pow_cases_f64(a, b, nn_exp_f64(b * nn_log_f64(nn_abs_f64(a))));
}
/* @end */

/* @section power_f32 needs: */
/* x^n by squaring, in the order of Docs/numerics.md; a loop over the bits of n. */
NN_INLINE float nn_power_f32(float x, int n) {
  unsigned m = n < 0 ? 0u - (unsigned)n : (unsigned)n;
  float s = x, r = 1.0f;
  int started = 0;
  while (m != 0) {
    if ((m & 1) != 0) {
      r = started ? r * s : s;
      started = 1;
    }
    m >>= 1;
    if (m != 0) s = s * s;
  }
  return n < 0 ? 1.0f / r : r;
}
/* @end */

/* @section power_f64 needs: */
NN_INLINE double nn_power_f64(double x, int n) {
  unsigned m = n < 0 ? 0u - (unsigned)n : (unsigned)n;
  double s = x, r = 1.0;
  int started = 0;
  while (m != 0) {
    if ((m & 1) != 0) {
      r = started ? r * s : s;
      started = 1;
    }
    m >>= 1;
    if (m != 0) s = s * s;
  }
  return n < 0 ? 1.0 / r : r;
}
/* @end */

/* @section unordered needs: */
/* Whether a or b is NaN. */
#if defined(__GNUC__) && !defined(__TINYC__)
#define NN_UNORDERED(a, b) __builtin_isunordered(a, b)
#else
#define NN_UNORDERED(a, b) (((a) != (a)) | ((b) != (b)))
#endif
/* @end */

/* @section max_f32 needs: bits_f32 float_f32 unordered */
/* g and h are the same unless they are equal, and then differ only as zeros do: the sign bits are combined. */
NN_INLINE float nn_max_f32(float a, float b) {
  float g = a > b ? a : b;
  float h = b > a ? b : a;
  float r = nn_float_f32(nn_bits_f32(g) & nn_bits_f32(h));
  float s = a + b;
  return NN_UNORDERED(a, b) ? s : r;
}
/* @end */

/* @section min_f32 needs: bits_f32 float_f32 unordered */
NN_INLINE float nn_min_f32(float a, float b) {
  float g = a < b ? a : b;
  float h = b < a ? b : a;
  float r = nn_float_f32(nn_bits_f32(g) | nn_bits_f32(h));
  float s = a + b;
  return NN_UNORDERED(a, b) ? s : r;
}
/* @end */

/* @section max_f64 needs: bits_f64 float_f64 unordered */
NN_INLINE double nn_max_f64(double a, double b) {
  double g = a > b ? a : b;
  double h = b > a ? b : a;
  double r = nn_float_f64(nn_bits_f64(g) & nn_bits_f64(h));
  double s = a + b;
  return NN_UNORDERED(a, b) ? s : r;
}
/* @end */

/* @section min_f64 needs: bits_f64 float_f64 unordered */
NN_INLINE double nn_min_f64(double a, double b) {
  double g = a < b ? a : b;
  double h = b < a ? b : a;
  double r = nn_float_f64(nn_bits_f64(g) | nn_bits_f64(h));
  double s = a + b;
  return NN_UNORDERED(a, b) ? s : r;
}
/* @end */

/* @section mod_f32 needs: bits_f32 float_f32 abs_f32 copysign_f32 */
/* Floored remainder, exact: the significand of a is divided by that of b some 40 bits at a time (a loop of at most 7
   rounds). */
NN_FUNCTION float nn_mod_f32(float a, float b) {
  uint32_t ua = nn_bits_f32(a) & 0x7fffffffu, ub = nn_bits_f32(b) & 0x7fffffffu;
  uint32_t ea = ua >> 23, eb = ub >> 23, d;
  uint64_t m, n;
  float r;
  if (ua >= 0x7f800000u || ub > 0x7f800000u || ub == 0) return nn_float_f32(0x7fc00000u);
  r = nn_abs_f32(a);
  if (ua >= ub) {
    m = (ua & 0x7fffffu) | (ea != 0 ? 0x800000u : 0);
    n = (ub & 0x7fffffu) | (eb != 0 ? 0x800000u : 0);
    ea = ea != 0 ? ea : 1;
    eb = eb != 0 ? eb : 1;
    m %= n;
    for (d = ea - eb; d != 0;) {
      uint32_t step = d < 40 ? d : 40;
      m = (m << step) % n;
      d -= step;
    }
    /* m 2^(eb - 150), as a product of exact factors */
    r = eb > 100 ? (float)(int32_t)m * nn_float_f32((eb - 23) << 23)
                 : (float)(int32_t)m * nn_float_f32((eb + 77) << 23) * 0x1p-100f;
  }
  if (r == 0.0f) return nn_copysign_f32(0.0f, b);
  r = nn_copysign_f32(r, a);
  return (r < 0.0f) != (b < 0.0f) ? r + b : r;
}
/* @end */

/* @section mod_f64 needs: bits_f64 float_f64 abs_f64 copysign_f64 */
/* As in f32, 11 bits at a time: at most 191 rounds. */
NN_FUNCTION double nn_mod_f64(double a, double b) {
  const uint64_t one = (uint64_t)1 << 52, inf = (uint64_t)0x7ff << 52;
  uint64_t ua = nn_bits_f64(a) & ((one << 11) - 1), ub = nn_bits_f64(b) & ((one << 11) - 1);
  uint64_t ea = ua >> 52, eb = ub >> 52, m, n, d;
  double r;
  if (ua >= inf || ub > inf || ub == 0) return nn_float_f64((uint64_t)0x7ff8 << 48);
  r = nn_abs_f64(a);
  if (ua >= ub) {
    m = (ua & (one - 1)) | (ea != 0 ? one : 0);
    n = (ub & (one - 1)) | (eb != 0 ? one : 0);
    ea = ea != 0 ? ea : 1;
    eb = eb != 0 ? eb : 1;
    m %= n;
    for (d = ea - eb; d != 0;) {
      uint64_t step = d < 11 ? d : 11;
      m = (m << step) % n;
      d -= step;
    }
    r = eb > 600 ? (double)(int64_t)m * nn_float_f64((eb - 52) << 52)
                 : (double)(int64_t)m * nn_float_f64((eb + 548) << 52) * 0x1p-600;
  }
  if (r == 0.0) return nn_copysign_f64(0.0, b);
  r = nn_copysign_f64(r, a);
  return (r < 0.0) != (b < 0.0) ? r + b : r;
}
/* @end */

/* @section fma_soft_f32 needs: bits_f64 float_f64 two_sum_f64 */
/* The product is exact in f64; the sum is rounded to odd, so that rounding it again to f32 is right (Boldo, Melquiond 2008). */
NN_INLINE float nn_fma_soft_f32(float a, float b, float c) {
  const uint64_t inf = (uint64_t)0x7ff << 52;
  nn_two_f64 s = nn_two_sum_f64((double)a * (double)b, (double)c);
  uint64_t u = nn_bits_f64(s.hi);
  /* The sum and what it lost point the same way where the sum fell short. */
  uint64_t away = (u ^ nn_bits_f64(s.lo)) >> 63;
  uint64_t odd = u + 1 - 2 * away;
  int fix = (s.lo != 0.0) & ((u & 1) == 0) & ((u & inf) != inf);
  return (float)nn_float_f64(fix ? odd : u);
}
/* @end */

/* @section fma_f32 needs: fma_soft_f32 */
NN_INLINE float nn_fma_f32(float a, float b, float c) {
#if !defined(__TINYC__) && defined(__GNUC__) && (defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__aarch64__))
  return __builtin_fmaf(a, b, c);
#else
  return nn_fma_soft_f32(a, b, c);
#endif
}
/* @end */

/* @section mul_u64 needs: */
/* The high half of a 128-bit product. */
NN_INLINE uint64_t nn_mul_high_u64(uint64_t a, uint64_t b) {
  uint64_t al = a & 0xffffffffu, ah = a >> 32, bl = b & 0xffffffffu, bh = b >> 32;
  uint64_t m = ah * bl + ((al * bl) >> 32), n = al * bh + (m & 0xffffffffu);
  return ah * bh + (m >> 32) + (n >> 32);
}
/* @end */

/* @section fma_soft_f64 needs: bits_f64 float_f64 mul_u64 */
/* In integers of 128 bits; branches and loops. */
NN_FUNCTION double nn_fma_soft_f64(double a, double b, double c) {
  const uint64_t one = (uint64_t)1 << 52, inf = (uint64_t)0x7ff << 52, top = (uint64_t)1 << 63;
  uint64_t ua = nn_bits_f64(a), ub = nn_bits_f64(b), uc = nn_bits_f64(c);
  uint64_t sp = (ua ^ ub) & top, sc = uc & top, s;
  uint64_t ma, mb, mc, h, l, ch, cl, sticky = 0;
  int ea, eb, ec, e;
  ua &= top - 1;
  ub &= top - 1;
  uc &= top - 1;
  if (ua >= inf || ub >= inf) return a * b + c;
  if (uc >= inf) return c + c;
  if (ua == 0 || ub == 0) return a * b + c;
  ea = (int)(ua >> 52);
  eb = (int)(ub >> 52);
  ma = (ua & (one - 1)) | (ea != 0 ? one : 0);
  mb = (ub & (one - 1)) | (eb != 0 ? one : 0);
  ea = ea != 0 ? ea : 1;
  eb = eb != 0 ? eb : 1;
  while (ma < one) { ma <<= 1; ea--; }
  while (mb < one) { mb <<= 1; eb--; }
  /* |a b| = (h, l) 2^e, the leading bit at 2^125 or 2^126 of the pair */
  ma <<= 10;
  mb <<= 11;
  h = nn_mul_high_u64(ma, mb);
  l = ma * mb;
  e = ea + eb - 2 * 1075 - 21;
  s = sp;
  if (uc != 0) {
    int d;
    ec = (int)(uc >> 52);
    mc = (uc & (one - 1)) | (ec != 0 ? one : 0);
    ec = ec != 0 ? ec : 1;
    while (mc < one) { mc <<= 1; ec--; }
    /* |c| = (ch, cl) 2^(ec'), its leading bit at 2^126 */
    ch = mc << 10;
    cl = 0;
    ec = ec - 1075 - 74;
    d = e - ec;
    if (d < 0) { /* c has the larger scale: swap, so that (h, l) has it */
      uint64_t t;
      t = h; h = ch; ch = t;
      t = l; l = cl; cl = t;
      s = sc; sc = sp;
      e = ec;
      d = -d;
    }
    if (d >= 128) { sticky = 1; ch = 0; cl = 0; }
    else {
      if (d >= 64) { sticky = cl != 0; cl = ch; ch = 0; d -= 64; }
      if (d != 0) {
        sticky |= (cl << (64 - d)) != 0;
        cl = (cl >> d) | (ch << (64 - d));
        ch >>= d;
      }
    }
    if (s == sc) {
      l += cl;
      h += ch + (l < cl);
    } else {
      /* subtract, and one more where bits were shifted out: the sticky bit then stands for a fraction above */
      uint64_t borrow;
      if (sticky != 0) {
        cl += 1;
        ch += cl == 0;
      }
      borrow = l < cl;
      l -= cl;
      h = h - ch - borrow;
      if ((h & top) != 0) { /* the other one was larger: only without sticky bits */
        h = ~h;
        l = ~l + 1;
        h += l == 0;
        s = sc;
      }
      if ((h | l | sticky) == 0) return 0.0;
    }
  }
  /* Normalise the leading bit to 2^127. */
  if (h == 0) { h = l; l = 0; e -= 64; }
  while ((h & top) == 0) { h = (h << 1) | (l >> 63); l <<= 1; e -= 1; }
  sticky |= l != 0;
  /* value = h 2^(e + 64), h in [2^63, 2^64): the result's exponent field is e + 64 + 63 + 1023 */
  e += 64 + 63 + 1023;
  if (e >= 0x7ff) return nn_float_f64(s | inf);
  {
    int drop = 11;
    uint64_t half, rest, m;
    if (e <= 0) { drop = 12 - e; e = 0; }
    if (drop > 65) drop = 65;
    if (drop >= 64) {
      rest = (drop == 64 ? (h & (top - 1)) : 1) | sticky;
      half = drop == 64;
      m = 0;
    } else {
      half = (h >> (drop - 1)) & 1;
      rest = (h & (((uint64_t)1 << (drop - 1)) - 1)) | sticky;
      m = h >> drop;
    }
    m += half & ((rest != 0) | (m & 1));
    /* A carry out of the significand moves the exponent up by itself. */
    m += e > 0 ? ((uint64_t)(e - 1) << 52) : 0;
    return nn_float_f64(s | m);
  }
}
/* @end */

/* @section fma_f64 needs: fma_soft_f64 */
NN_INLINE double nn_fma_f64(double a, double b, double c) {
#if !defined(__TINYC__) && defined(__GNUC__) && (defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__aarch64__))
  return __builtin_fma(a, b, c);
#else
  return nn_fma_soft_f64(a, b, c);
#endif
}
/* @end */

/* Float to integer truncates, saturates, and takes NaN to 0; integer to integer wraps; bool is 0 or 1. */

/* @section cast_f32_f64 needs: */
NN_INLINE double nn_cast_f32_f64(float x) { return (double)x; }
/* @end */

/* @section cast_f32_i32 needs: */
NN_INLINE int32_t nn_cast_f32_i32(float x) {
  float c = x >= -0x1p31f ? x : 0.0f;
  float d = x < 0x1p31f ? c : 0.0f;
  int32_t v = (int32_t)d;
  int32_t w = x >= 0x1p31f ? INT32_MAX : v;
  return x < -0x1p31f ? INT32_MIN : w;
}
/* @end */

/* @section cast_f32_i64 needs: */
NN_INLINE int64_t nn_cast_f32_i64(float x) {
  float c = x >= -0x1p63f ? x : 0.0f;
  float d = x < 0x1p63f ? c : 0.0f;
  int64_t v = (int64_t)d;
  int64_t w = x >= 0x1p63f ? INT64_MAX : v;
  return x < -0x1p63f ? INT64_MIN : w;
}
/* @end */

/* @section cast_f32_bool needs: */
NN_INLINE uint8_t nn_cast_f32_bool(float x) { return (uint8_t)(x != 0.0f); }
/* @end */

/* @section cast_f64_f32 needs: */
NN_INLINE float nn_cast_f64_f32(double x) { return (float)x; }
/* @end */

/* @section cast_f64_i32 needs: */
NN_INLINE int32_t nn_cast_f64_i32(double x) {
  double c = x > -0x1.00000002p31 ? x : 0.0;
  double d = x < 0x1p31 ? c : 0.0;
  int32_t v = (int32_t)d;
  int32_t w = x >= 0x1p31 ? INT32_MAX : v;
  return x <= -0x1.00000002p31 ? INT32_MIN : w;
}
/* @end */

/* @section cast_f64_i64 needs: */
NN_INLINE int64_t nn_cast_f64_i64(double x) {
  double c = x >= -0x1p63 ? x : 0.0;
  double d = x < 0x1p63 ? c : 0.0;
  int64_t v = (int64_t)d;
  int64_t w = x >= 0x1p63 ? INT64_MAX : v;
  return x < -0x1p63 ? INT64_MIN : w;
}
/* @end */

/* @section cast_f64_bool needs: */
NN_INLINE uint8_t nn_cast_f64_bool(double x) { return (uint8_t)(x != 0.0); }
/* @end */

/* @section cast_i32_f32 needs: */
NN_INLINE float nn_cast_i32_f32(int32_t x) { return (float)x; }
/* @end */

/* @section cast_i32_f64 needs: */
NN_INLINE double nn_cast_i32_f64(int32_t x) { return (double)x; }
/* @end */

/* @section cast_i32_i64 needs: */
NN_INLINE int64_t nn_cast_i32_i64(int32_t x) { return (int64_t)x; }
/* @end */

/* @section cast_i32_bool needs: */
NN_INLINE uint8_t nn_cast_i32_bool(int32_t x) { return (uint8_t)(x != 0); }
/* @end */

/* @section cast_i64_f32 needs: */
NN_INLINE float nn_cast_i64_f32(int64_t x) { return (float)x; }
/* @end */

/* @section cast_i64_f64 needs: */
NN_INLINE double nn_cast_i64_f64(int64_t x) { return (double)x; }
/* @end */

/* @section cast_i64_i32 needs: */
NN_INLINE int32_t nn_cast_i64_i32(int64_t x) { return (int32_t)(uint32_t)(uint64_t)x; }
/* @end */

/* @section cast_i64_bool needs: */
NN_INLINE uint8_t nn_cast_i64_bool(int64_t x) { return (uint8_t)(x != 0); }
/* @end */

/* @section cast_bool_f32 needs: */
NN_INLINE float nn_cast_bool_f32(uint8_t x) { return (float)x; }
/* @end */

/* @section cast_bool_f64 needs: */
NN_INLINE double nn_cast_bool_f64(uint8_t x) { return (double)x; }
/* @end */

/* @section cast_bool_i32 needs: */
NN_INLINE int32_t nn_cast_bool_i32(uint8_t x) { return (int32_t)x; }
/* @end */

/* @section cast_bool_i64 needs: */
NN_INLINE int64_t nn_cast_bool_i64(uint8_t x) { return (int64_t)x; }
/* @end */

/* @section neg_i32 needs: */
NN_INLINE int32_t nn_neg_i32(int32_t x) { return (int32_t)(0 - (uint32_t)x); }
/* @end */

/* @section abs_i32 needs: */
NN_INLINE int32_t nn_abs_i32(int32_t x) {
  int32_t n = (int32_t)(0 - (uint32_t)x);
  return x < 0 ? n : x;
}
/* @end */

/* @section sign_i32 needs: */
NN_INLINE int32_t nn_sign_i32(int32_t x) { return (int32_t)((x > 0) - (x < 0)); }
/* @end */

/* @section add_i32 needs: */
NN_INLINE int32_t nn_add_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
/* @end */

/* @section sub_i32 needs: */
NN_INLINE int32_t nn_sub_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
/* @end */

/* @section mul_i32 needs: */
NN_INLINE int32_t nn_mul_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }
/* @end */

/* @section max_i32 needs: */
NN_INLINE int32_t nn_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }
/* @end */

/* @section min_i32 needs: */
NN_INLINE int32_t nn_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
/* @end */

/* @section mod_i32 needs: */
/* Floored; 0 where b is 0 or -1. */
NN_INLINE int32_t nn_mod_i32(int32_t a, int32_t b) {
  int32_t d = ((b == 0) | (b == -1)) ? 1 : b;
  int32_t r = a % d;
  int32_t s = (r ^ d) < 0 ? d : 0;
  return r != 0 ? r + s : 0;
}
/* @end */

/* @section power_i32 needs: */
/* x^n modulo the type, n >= 0. */
NN_INLINE int32_t nn_power_i32(int32_t x, int n) {
  uint32_t s = (uint32_t)x, r = 1;
  unsigned m = n > 0 ? (unsigned)n : 0;
  for (; m != 0; m >>= 1) {
    r = (m & 1) != 0 ? r * s : r;
    s = s * s;
  }
  return (int32_t)r;
}
/* @end */

/* @section neg_i64 needs: */
NN_INLINE int64_t nn_neg_i64(int64_t x) { return (int64_t)(0 - (uint64_t)x); }
/* @end */

/* @section abs_i64 needs: */
NN_INLINE int64_t nn_abs_i64(int64_t x) {
  int64_t n = (int64_t)(0 - (uint64_t)x);
  return x < 0 ? n : x;
}
/* @end */

/* @section sign_i64 needs: */
NN_INLINE int64_t nn_sign_i64(int64_t x) { return (int64_t)((x > 0) - (x < 0)); }
/* @end */

/* @section add_i64 needs: */
NN_INLINE int64_t nn_add_i64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
/* @end */

/* @section sub_i64 needs: */
NN_INLINE int64_t nn_sub_i64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
/* @end */

/* @section mul_i64 needs: */
NN_INLINE int64_t nn_mul_i64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
/* @end */

/* @section max_i64 needs: */
NN_INLINE int64_t nn_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
/* @end */

/* @section min_i64 needs: */
NN_INLINE int64_t nn_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
/* @end */

/* @section mod_i64 needs: */
/* Floored; 0 where b is 0 or -1. */
NN_INLINE int64_t nn_mod_i64(int64_t a, int64_t b) {
  int64_t d = ((b == 0) | (b == -1)) ? 1 : b;
  int64_t r = a % d;
  int64_t s = (r ^ d) < 0 ? d : 0;
  return r != 0 ? r + s : 0;
}
/* @end */

/* @section power_i64 needs: */
/* x^n modulo the type, n >= 0. */
NN_INLINE int64_t nn_power_i64(int64_t x, int n) {
  uint64_t s = (uint64_t)x, r = 1;
  unsigned m = n > 0 ? (unsigned)n : 0;
  for (; m != 0; m >>= 1) {
    r = (m & 1) != 0 ? r * s : r;
    s = s * s;
  }
  return (int64_t)r;
}
/* @end */

/* @section philox needs: */
/* Philox 4x32-10 (Salmon et al., SC 2011): four words for a counter of (block, stream) under a key of seed. */
NN_INLINE void nn_philox(uint32_t out[4], uint64_t seed, uint64_t block, uint64_t stream) {
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
  uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
  int i;
  for (i = 0; i < 10; i++) {
    uint64_t p = (uint64_t)0xd2511f53u * c0, q = (uint64_t)0xcd9e8d57u * c2;
    c0 = (uint32_t)(q >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)q;
    c2 = (uint32_t)(p >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
/* @end */

/* @section unit_f64 needs: */
/* Two words, the low one first, to [0, 1) in steps of 2^-53. */
NN_INLINE double nn_unit_f64(uint32_t low, uint32_t high) {
  return (double)(int64_t)((((uint64_t)high << 32) | low) >> 11) * 0x1p-53;
}
/* @end */

/* @section uniform_f32 needs: philox */
/* n elements in [low, high). */
NN_FUNCTION void nn_uniform_f32(float *r, int64_t n, uint64_t seed, uint64_t stream, float low, float high) {
  int64_t i, j;
  for (i = 0; i < n; i += 4) {
    uint32_t w[4];
    nn_philox(w, seed, (uint64_t)i / 4, stream);
    for (j = 0; j < 4 && i + j < n; j++) r[i + j] = low + (high - low) * ((float)(int32_t)(w[j] >> 8) * 0x1p-24f);
  }
}
/* @end */

/* @section uniform_f64 needs: philox unit_f64 */
NN_FUNCTION void nn_uniform_f64(double *r, int64_t n, uint64_t seed, uint64_t stream, double low, double high) {
  int64_t i;
  for (i = 0; i < n; i += 2) {
    uint32_t w[4];
    nn_philox(w, seed, (uint64_t)i / 2, stream);
    r[i] = low + (high - low) * nn_unit_f64(w[0], w[1]);
    if (i + 1 < n) r[i + 1] = low + (high - low) * nn_unit_f64(w[2], w[3]);
  }
}
/* @end */

/* @section normal_pair needs: philox unit_f64 log_f64 sqrt_f64 sin_f64 cos_f64 */
/* Two independent standard normals from block j (Box, Muller 1958). */
NN_INLINE void nn_normal_pair(double z[2], uint64_t seed, uint64_t block, uint64_t stream) {
  uint32_t w[4];
  double r, angle;
  nn_philox(w, seed, block, stream);
  r = nn_sqrt_f64(-2.0 * nn_log_f64(1.0 - nn_unit_f64(w[0], w[1])));
  angle = 0x1.921fb54442d18p+2 * nn_unit_f64(w[2], w[3]);
  z[0] = r * nn_cos_f64(angle);
  z[1] = r * nn_sin_f64(angle);
}
/* @end */

/* @section normal_f32 needs: normal_pair */
NN_FUNCTION void nn_normal_f32(float *r, int64_t n, uint64_t seed, uint64_t stream, double mean, double std) {
  int64_t i;
  for (i = 0; i < n; i += 2) {
    double z[2];
    nn_normal_pair(z, seed, (uint64_t)i / 2, stream);
    r[i] = (float)(mean + std * z[0]);
    if (i + 1 < n) r[i + 1] = (float)(mean + std * z[1]);
  }
}
/* @end */

/* @section normal_f64 needs: normal_pair */
NN_FUNCTION void nn_normal_f64(double *r, int64_t n, uint64_t seed, uint64_t stream, double mean, double std) {
  int64_t i;
  for (i = 0; i < n; i += 2) {
    double z[2];
    nn_normal_pair(z, seed, (uint64_t)i / 2, stream);
    r[i] = mean + std * z[0];
    if (i + 1 < n) r[i + 1] = mean + std * z[1];
  }
}
/* @end */

/* @section dropout_key needs: philox */
/* The key of the random numbers of a step; the stream is the hash of "dropout step", which is no parameter's name. */
NN_INLINE uint64_t nn_dropout_key(uint64_t seed, uint64_t step) {
  uint32_t w[4];
  nn_philox(w, seed, step, UINT64_C(0xc1e8ae72730266b2));
  return ((uint64_t)w[1] << 32) | w[0];
}
/* @end */

/* @section dropout_f32 needs: philox dropout_key */
/* Factors `begin` (a multiple of 4) to `end` - 1 of a dropout: 0 where the word is below the threshold, else `scale`. */
NN_FUNCTION void nn_dropout_f32(float *r, const int64_t *seed, const int64_t *step, int64_t stream, int64_t threshold,
                                float scale, ptrdiff_t begin, ptrdiff_t end) {
  const uint64_t key = nn_dropout_key((uint64_t)*seed, (uint64_t)*step);
  ptrdiff_t i, j;
  for (i = begin; i < end; i += 4) {
    uint32_t w[4];
    nn_philox(w, key, (uint64_t)i / 4, (uint64_t)stream);
    for (j = 0; j < 4 && i + j < end; j++) r[i + j] = (int64_t)w[j] < threshold ? 0 : scale;
  }
}
/* @end */

/* @section dropout_f64 needs: philox dropout_key */
NN_FUNCTION void nn_dropout_f64(double *r, const int64_t *seed, const int64_t *step, int64_t stream, int64_t threshold,
                                double scale, ptrdiff_t begin, ptrdiff_t end) {
  const uint64_t key = nn_dropout_key((uint64_t)*seed, (uint64_t)*step);
  ptrdiff_t i, j;
  for (i = begin; i < end; i += 4) {
    uint32_t w[4];
    nn_philox(w, key, (uint64_t)i / 4, (uint64_t)stream);
    for (j = 0; j < 4 && i + j < end; j++) r[i + j] = (int64_t)w[j] < threshold ? 0 : scale;
  }
}
/* @end */

/* @section guard_end needs: guard_begin */
#endif
/* @end */
