/* kernels_bench.c: times the precompiled kernels at every level that the processor has.

     clang -O2 -ISources/Kernels/include Benchmarks/kernels_bench.c Sources/Kernels/{*}.c -o /tmp/kernels_bench   ({*}: all)

   Prints GFLOP/s of matrix products and nanoseconds an element of strips, each the best of several runs. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nn_kernels.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The best seconds a run of `body`, repeated for about `budget` seconds. */
#define BEST(result, budget, body)                                   \
  double result = 1e9;                                               \
  {                                                                  \
    body;                                                            \
    double t0 = now();                                               \
    body;                                                            \
    double once = now() - t0;                                        \
    int repeat = once < 1e-5 ? (int)(5e-5 / (once + 1e-9)) + 1 : 1;  \
    for (double end = now() + (budget); now() < end;) {              \
      t0 = now();                                                    \
      for (int i_ = 0; i_ < repeat; i_++) body;                      \
      once = (now() - t0) / repeat;                                  \
      if (once < result) result = once;                              \
    }                                                                \
  }

static float *random_floats(size_t n, float low, float high) {
  float *x = aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64);
  for (size_t i = 0; i < n; i++) x[i] = low + (high - low) * (float)rand() / (float)RAND_MAX;
  return x;
}

int main(void) {
  static const struct { int m, k, n, a_transposed, b_transposed, lanes; } shapes[] = {
      {500, 784, 100, 0, 0, 0}, {784, 500, 100, 1, 0, 0},   {128, 2048, 2048, 0, 0, 0}, {1024, 1024, 1024, 0, 0, 0},
      {500, 100, 10, 0, 0, 0},  {100, 500, 10, 1, 0, 0},    {500, 10, 100, 0, 1, 0},    {1, 784, 100, 0, 0, 0},
      {64, 64, 64, 0, 0, 0},    {1000, 1000, 1, 0, 0, 1},   {500, 784, 4, 0, 0, 1},     {1, 100, 10, 0, 0, 0},
  };
  const char *const names[] = {"base", "avx2", "avx512"};
  void *scratch = aligned_alloc(64, 1 << 20);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const int M = shapes[s].m, K = shapes[s].k, N = shapes[s].n;
    float *a = random_floats((size_t)M * K, -1, 1), *b = random_floats((size_t)K * N, -1, 1);
    float *c = random_floats((size_t)M * N, -1, 1);
    printf("%4d x %4d x %4d %s%s%s", M, K, N, shapes[s].a_transposed ? "At " : "", shapes[s].b_transposed ? "Bt " : "",
           shapes[s].lanes ? "lanes " : "");
    for (int level = 0; level <= nn_best_level(); level++) {
      nns_contract_f32 f;
      const void *address = nn_symbol_address(level, shapes[s].lanes ? "nns_contract_lanes_f32" : "nns_contract_f32");
      memcpy(&f, &address, sizeof f);
      BEST(seconds, 0.2,
           f(M, N, K, a, shapes[s].a_transposed ? 1 : K, shapes[s].a_transposed ? M : 1, b,
             shapes[s].b_transposed ? 1 : N, shapes[s].b_transposed ? K : 1, c, N, scratch));
      printf("  %s %.1f", names[level], 2e-9 * M * K * N / seconds);
    }
    printf("  GFLOP/s\n");
    free(a), free(b), free(c);
  }
  static const char *const strips[] = {"tanh_f32", "exp_f32", "log_f32",  "sin_f32",  "erf_f32",     "sigmoid_f32", "sqrt_f32",
                                       "tanh_f64", "exp_f64", "sin_f64",  "copy_f32", "cast_f32_i32"};
  static const char *const pairs[] = {"add_f32", "add_f32_vs", "max_f32", "div_f32", "pow_f32", "lt_f32"};
  static const char *const lanes[] = {"sum_lanes16_f32", "sum_lanes64_f32", "max_lanes64_f32"};
  float *a = random_floats(4096, 0.1f, 3), *b = random_floats(4096, 0.1f, 3), *r = random_floats(4096, 0, 0);
  double *d = (double *)(void *)random_floats(4096, 0, 0);
  for (int i = 0; i < 2048; i++) d[i] = (double)a[i];
  for (int n = 10; n <= 512; n = n == 10 ? 64 : n * 8) {
    for (size_t s = 0; s < sizeof strips / sizeof *strips + sizeof pairs / sizeof *pairs + sizeof lanes / sizeof *lanes; s++) {
      const size_t unary = sizeof strips / sizeof *strips, both = unary + sizeof pairs / sizeof *pairs;
      const char *name = s < unary ? strips[s] : s < both ? pairs[s - unary] : lanes[s - both];
      char symbol[64];
      snprintf(symbol, sizeof symbol, "nns_%s", name);
      printf("n %3d %-16s", n, name);
      for (int level = 0; level <= nn_best_level(); level++) {
        const void *address = nn_symbol_address(level, symbol);
        if (s < unary || s >= both) {
          nns_unary_f32 f;
          memcpy(&f, &address, sizeof f);
          const float *from = strstr(name, "f64") ? (const float *)(const void *)d : a;
          BEST(seconds, 0.02, f(r, from, n));
          printf("  %s %.3f", names[level], seconds / n * 1e9);
        } else {
          nns_binary_f32 f;
          memcpy(&f, &address, sizeof f);
          BEST(seconds, 0.02, f(r, a, b, n));
          printf("  %s %.3f", names[level], seconds / n * 1e9);
        }
      }
      printf("  ns/element\n");
    }
  }
  for (int n = 10; n <= 1000; n *= 10) {
    printf("sum of rows of %d", n);
    for (int level = 0; level <= nn_best_level(); level++) {
      nns_rows_f32 f;
      const void *address = nn_symbol_address(level, "nns_sum_rows_f32");
      memcpy(&f, &address, sizeof f);
      BEST(seconds, 0.02, f(r, 1, a, n, 4000 / n, n));
      printf("  %s %.2f", names[level], seconds / (4000 / n) * 1e9);
    }
    printf("  ns/row\n");
  }
  return 0;
}
