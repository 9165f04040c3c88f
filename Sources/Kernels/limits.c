/* limits.c: loops that reach what a processor can do: fused multiply-adds in registers, and a stream through memory
   (the triad of McCalpin's STREAM). */

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "nn_kernels.h"

#pragma STDC FP_CONTRACT OFF

/* Twelve sums hide the latency of an addition on every processor of the last ten years. */
#define SUMS 12

/* Rounds of STEP (a product and a sum) on vectors of so many bytes; the factor is below 1, so that no sum grows. */
#define ROUNDS(name, bytes, STEP)                                                        \
  static float name(int64_t rounds) {                                                    \
    typedef float vector __attribute__((vector_size(bytes)));                            \
    enum { width = bytes / sizeof(float) };                                              \
    vector sums[SUMS], factor, term;                                                     \
    float result = 0;                                                                    \
    for (int lane = 0; lane < width; lane++) factor[lane] = 0.5f, term[lane] = 0.25f;    \
    for (int sum = 0; sum < SUMS; sum++) sums[sum] = term * (float)sum;                  \
    for (int64_t round = 0; round < rounds; round++) {                                   \
      _Pragma("clang loop unroll(full)")                                                 \
      for (int sum = 0; sum < SUMS; sum++) sums[sum] = STEP(sums[sum], factor, term);    \
      __asm__ volatile("" : : : "memory");                                               \
    }                                                                                    \
    for (int sum = 0; sum < SUMS; sum++)                                                 \
      for (int lane = 0; lane < width; lane++) result += sums[sum][lane];                \
    return result;                                                                       \
  }

#define FUSED(a, b, c) __builtin_elementwise_fma(a, b, c)
#define ROUNDED_TWICE(a, b, c) ((a) * (b) + (c))

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl"))), apply_to = function)
ROUNDS(rounds_512, 64, FUSED)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
ROUNDS(rounds_256, 32, FUSED)
#pragma clang attribute pop
#endif

#if defined(__aarch64__)
ROUNDS(rounds_128, 16, FUSED)
#else
/* Without fused multiply-adds the best there are are a product and a sum. */
ROUNDS(rounds_128, 16, ROUNDED_TWICE)
#endif

int64_t nn_limit_fma_f32(int level, int64_t rounds, float *result) {
#if defined(__x86_64__)
  if (level >= NN_AVX512) {
    *result = rounds_512(rounds);
    return rounds * SUMS * 16 * 2;
  }
  if (level >= NN_AVX2) {
    *result = rounds_256(rounds);
    return rounds * SUMS * 8 * 2;
  }
#endif
  (void)level;
  *result = rounds_128(rounds);
  return rounds * SUMS * 4 * 2;
}

int64_t nn_limit_triad_f32(float *restrict a, const float *restrict b, const float *restrict c, float factor, int64_t n) {
  for (int64_t i = 0; i < n; i++) a[i] = b[i] + factor * c[i];
  return n * 3 * (int64_t)sizeof(float);
}
