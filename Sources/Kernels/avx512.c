/* avx512.c: the kernels for x86-64 processors with AVX-512 F, BW, DQ and VL. */

#if defined(__x86_64__)
#include <immintrin.h>
#define LEVEL avx512
#define NN_CONTRACT_SIMD 512

#include "level.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "body.h"
#pragma clang attribute pop
#include "table.h"
#endif
