/* nn_kernels.h: what the Kernels module offers to Swift: the precompiled primitives by name, for each vector width that
   the architecture has, and a few scalar functions for the interpreter. All levels give the same bits. */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "nn_strips.h"
#include "nn_text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn_symbol {
  const char *name;
  const void *address;
} nn_symbol;

/* Vector widths, worst to best. Base is NEON on aarch64 and SSE2 on x86-64. */
enum nn_level { NN_BASE = 0, NN_AVX2 = 1, NN_AVX512 = 2 };

/* The best level that this processor can run. */
int nn_best_level(void);

/* The primitives of a level, sorted by name (bytewise), each level complete; nn_strips.h says what they do. A level that
   the architecture does not have is the base level. The caller sees to it that the processor has the level. */
const nn_symbol *nn_symbols(int level, size_t *count);

/* The address of one primitive, NULL where there is none. */
const void *nn_symbol_address(int level, const char *name);

/* Bytes of scratch for a product of this shape with elements of `size` bytes; see nn_contract.h. */
ptrdiff_t nn_contract_scratch_bytes(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t size);

/* The same for one of several images, of which the windows reach so many elements; see nn_contract_images.h. */
ptrdiff_t nn_contract_images_scratch_bytes(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, ptrdiff_t reach, ptrdiff_t size);

/* Elements 0 to n - 1 of a parameter's random values, as in Docs/numerics.md; `stream` is the hash of its name. */
void nn_philox_uniform_f32(float *r, int64_t n, uint64_t seed, uint64_t stream, float low, float high);
void nn_philox_uniform_f64(double *r, int64_t n, uint64_t seed, uint64_t stream, double low, double high);
void nn_philox_normal_f32(float *r, int64_t n, uint64_t seed, uint64_t stream, double mean, double std);
void nn_philox_normal_f64(double *r, int64_t n, uint64_t seed, uint64_t stream, double mean, double std);

/* Factors 0 to n - 1 of a dropout, as in Docs/numerics.md. */
void nn_philox_dropout_f32(float *r, int64_t n, int64_t seed, int64_t step, int64_t key, int64_t threshold, float scale);
void nn_philox_dropout_f64(double *r, int64_t n, int64_t seed, int64_t step, int64_t key, int64_t threshold,
                           double scale);

/* What a processor can do at best: fused multiply-adds of a level's vectors in registers, and a stream through memory,
   a = b + factor c. They give the floating-point operations done and the bytes read and written. */
int64_t nn_limit_fma_f32(int level, int64_t rounds, float *result);
int64_t nn_limit_triad_f32(float *restrict a, const float *restrict b, const float *restrict c, float factor, int64_t n);

/* a * b + c, rounded once. */
float nn_scalar_fma_f32(float a, float b, float c);
double nn_scalar_fma_f64(double a, double b, double c);

#ifdef __cplusplus
}
#endif

#endif
