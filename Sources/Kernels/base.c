/* base.c: the kernels for any processor of the architecture. */

#if defined(__aarch64__)
#include <arm_neon.h>
#define NN_CONTRACT_SIMD 128
#elif !defined(__FMA__)
#define NN_CONTRACT_SIMD 0
#define NN_CONTRACT_SOFT_FMA 1
#endif
#define LEVEL base

#include "level.h"

#pragma STDC FP_CONTRACT OFF
#include "body.h"
#include "table.h"
