/* table.h: the symbol table of the level that LEVEL names, in the order of list.h, which is sorted by name. */

#define ROW(name) {"nns_" #name, (const void *)(uintptr_t)NAME(name)},
#define ROW3(name) ROW(name) ROW(name##_sv) ROW(name##_vs)

#define UNARY(op, T) ROW(op##_##T)
#define UNARY_LONG(op, T) ROW(op##_##T)
#define UNARY_BRANCHED(op, T) ROW(op##_##T)
#define POWER(op, T) ROW(op##_##T)
#define OPERATOR(op, T) ROW3(op##_##T)
#define BINARY(op, T) ROW3(op##_##T)
#define BINARY_LONG(op, T) ROW3(op##_##T)
#define BINARY_LOOP(op, T) ROW3(op##_##T)
#define COMPARISON(op, T) ROW3(op##_##T)
#define SELECT(op, T) ROW(op##_##T) ROW(op##_##T##_ss) ROW(op##_##T##_sv) ROW(op##_##T##_vs)
#define CAST(from, to) ROW(cast_##from##_##to)
#define COPY(op, T) ROW(op##_##T)
#define FILL(op, T) ROW(op##_##T)
#define LOAD(op, T) ROW(op##_##T)
#define LOAD_ROWS(op, T) ROW(op##_##T)
#define LOAD_VIEW(op, T) ROW(op##_##T)
#define PAD_ROWS(op, T) ROW(op##_##T)
#define STORE(op, T) ROW(op##_##T)
#define STORE_ROWS(op, T) ROW(op##_##T)
#define IOTA(op, T) ROW(op##_##T)
#define LANES16(op, T) ROW(op##_lanes16_##T)
#define LANES64(op, T) ROW(op##_lanes64_##T)
#define FOLD16(op, T) ROW(op##_fold16_##T)
#define FOLD64(op, T) ROW(op##_fold64_##T)
#define ROWS(op, T) ROW(op##_rows_##T)
#define WINDOWS(op, T) ROW(op##_windows_##T)
#define EXTREME_INDEX(op, T) ROW(op##_##T)
#define CONTRACT(op, T) ROW(op##_##T)
#define CONTRACT_BLOCK(op, T) ROW(op##_##T)
#define CONTRACT_IMAGES(op, T) ROW(op##_##T)
#define CONTRACT_VIEW(op, T) ROW(op##_##T)
#define CHECK_INDICES(op, T) ROW(op##_##T)
#define GATHER(op, T) ROW(op##_##T##_i32) ROW(op##_##T##_i64)
#define SCATTER(op, T) ROW(op##_##T##_i32) ROW(op##_##T##_i64)
#define DROPOUT(op, T) ROW(op##_##T)

const nn_symbol TABLE[] = {
#include "list.h"
};
const size_t TABLE_COUNT = sizeof TABLE / sizeof TABLE[0];

#undef ROW
#undef ROW3
