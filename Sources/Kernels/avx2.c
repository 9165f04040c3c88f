/* avx2.c: the kernels for x86-64 processors with AVX2 and FMA. */

#if defined(__x86_64__)
#include <immintrin.h>
#define LEVEL avx2
#define NN_CONTRACT_SIMD 256

#include "level.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#include "body.h"
#pragma clang attribute pop
#include "table.h"
#endif
