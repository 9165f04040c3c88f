/* symbols.c: the levels' tables, and which of them the processor can run. */

#include <string.h>

#include "nn_kernels.h"

#pragma clang diagnostic ignored "-Wunused-function"
#include "nn_math.h"

#include "nn_contract_images.h"

extern const nn_symbol nn_table_base[];
extern const size_t nn_table_count_base;
#if defined(__x86_64__)
extern const nn_symbol nn_table_avx2[], nn_table_avx512[];
extern const size_t nn_table_count_avx2, nn_table_count_avx512;
#endif

int nn_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) {
    return NN_BASE;
  }
  const int has_512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return has_512 ? NN_AVX512 : NN_AVX2;
#else
  return NN_BASE;
#endif
}

const nn_symbol *nn_symbols(int level, size_t *count) {
#if defined(__x86_64__)
  if (level == NN_AVX512) {
    *count = nn_table_count_avx512;
    return nn_table_avx512;
  }
  if (level == NN_AVX2) {
    *count = nn_table_count_avx2;
    return nn_table_avx2;
  }
#endif
  (void)level;
  *count = nn_table_count_base;
  return nn_table_base;
}

const void *nn_symbol_address(int level, const char *name) {
  size_t low = 0, high;
  const nn_symbol *const symbols = nn_symbols(level, &high);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = strcmp(name, symbols[middle].name);
    if (order == 0) return symbols[middle].address;
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return NULL;
}

ptrdiff_t nn_contract_scratch_bytes(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t size) {
  return nn_contract_scratch(M, N, K, size);
}

ptrdiff_t nn_contract_images_scratch_bytes(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t reach, ptrdiff_t size) {
  return nn_contract_images_scratch(M, N, K, reach, size);
}

#pragma STDC FP_CONTRACT OFF

void nn_philox_uniform_f32(float *r, int64_t n, uint64_t seed, uint64_t stream,
                           float low, float high) {
  nn_uniform_f32(r, n, seed, stream, low, high);
}

void nn_philox_uniform_f64(double *r, int64_t n, uint64_t seed, uint64_t stream,
                           double low, double high) {
  nn_uniform_f64(r, n, seed, stream, low, high);
}

void nn_philox_normal_f32(float *r, int64_t n, uint64_t seed, uint64_t stream,
                          double mean, double std) {
  nn_normal_f32(r, n, seed, stream, mean, std);
}

void nn_philox_normal_f64(double *r, int64_t n, uint64_t seed, uint64_t stream,
                          double mean, double std) {
  nn_normal_f64(r, n, seed, stream, mean, std);
}

void nn_philox_dropout_f32(float *r, int64_t n, int64_t seed, int64_t step, int64_t key,
                           int64_t threshold, float scale) {
  nn_dropout_f32(r, &seed, &step, key, threshold, scale, 0, (ptrdiff_t)n);
}

void nn_philox_dropout_f64(double *r, int64_t n, int64_t seed, int64_t step, int64_t key,
                           int64_t threshold, double scale) {
  nn_dropout_f64(r, &seed, &step, key, threshold, scale, 0, (ptrdiff_t)n);
}

float nn_scalar_fma_f32(float a, float b, float c) { return nn_fma_f32(a, b, c); }

double nn_scalar_fma_f64(double a, double b, double c) { return nn_fma_f64(a, b, c); }
