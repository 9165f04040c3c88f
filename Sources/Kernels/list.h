/* list.h: every symbol that Kernels offers to compiled code, once, sorted by name: a row is KIND(op, type). A file
   defines the kinds it wants (and the rest as nothing) before it includes this one: body.h makes functions of the
   rows, table.h a symbol table, and the compiler rejects a row without a definition. No include guard, on purpose. */

#define EACH_FLOAT(KIND, op) KIND(op, f32) KIND(op, f64)
#define EACH_NUMBER(KIND, op) KIND(op, f32) KIND(op, f64) KIND(op, i32) KIND(op, i64)
#define EACH_TYPE(KIND, op) KIND(op, bool) EACH_NUMBER(KIND, op)

EACH_NUMBER(UNARY, abs)
EACH_FLOAT(UNARY_LONG, acos)
EACH_FLOAT(OPERATOR, add)
BINARY(add, i32) BINARY(add, i64)
OPERATOR(and, bool)
EACH_TYPE(EXTREME_INDEX, argmax)
EACH_TYPE(EXTREME_INDEX, argmin)
EACH_FLOAT(UNARY_LONG, asin)
EACH_FLOAT(BINARY_LONG, atan2)
EACH_FLOAT(UNARY_LONG, atan)
CAST(bool, f32) CAST(bool, f64) CAST(bool, i32) CAST(bool, i64)
CAST(f32, bool) CAST(f32, f64) CAST(f32, i32) CAST(f32, i64)
CAST(f64, bool) CAST(f64, f32) CAST(f64, i32) CAST(f64, i64)
CAST(i32, bool) CAST(i32, f32) CAST(i32, f64) CAST(i32, i64)
CAST(i64, bool) CAST(i64, f32) CAST(i64, f64) CAST(i64, i32)
EACH_FLOAT(UNARY, ceil)
CHECK_INDICES(check, i32) CHECK_INDICES(check, i64)
EACH_NUMBER(CONTRACT, contract)
EACH_NUMBER(CONTRACT, contract_lanes)
EACH_NUMBER(CONTRACT_VIEW, contract_view)
EACH_TYPE(COPY, copy)
UNARY_LONG(cos, f32) UNARY_BRANCHED(cos, f64)
EACH_FLOAT(UNARY_LONG, cosh)
EACH_FLOAT(OPERATOR, div)
EACH_FLOAT(DROPOUT, dropout)
EACH_TYPE(COMPARISON, eq)
EACH_FLOAT(UNARY_LONG, erf)
EACH_FLOAT(UNARY_LONG, erfc)
EACH_FLOAT(UNARY_LONG, exp)
EACH_FLOAT(UNARY_LONG, expm1)
EACH_TYPE(FILL, fill)
EACH_FLOAT(UNARY, floor)
EACH_TYPE(GATHER, gather)
EACH_NUMBER(IOTA, iota)
EACH_TYPE(COMPARISON, le)
EACH_TYPE(LOAD, load)
EACH_TYPE(LOAD_ROWS, load_rows)
EACH_TYPE(LOAD_VIEW, load_view)
EACH_FLOAT(UNARY_LONG, log1p)
EACH_FLOAT(UNARY_LONG, log)
EACH_TYPE(COMPARISON, lt)
EACH_FLOAT(BINARY, max)
EACH_TYPE(FOLD16, max)
EACH_TYPE(FOLD64, max)
BINARY(max, i32) BINARY(max, i64)
EACH_TYPE(LANES16, max)
EACH_TYPE(LANES64, max)
EACH_TYPE(ROWS, max)
EACH_FLOAT(BINARY, min)
EACH_TYPE(FOLD16, min)
EACH_TYPE(FOLD64, min)
BINARY(min, i32) BINARY(min, i64)
EACH_TYPE(LANES16, min)
EACH_TYPE(LANES64, min)
EACH_TYPE(ROWS, min)
EACH_FLOAT(BINARY_LOOP, mod)
BINARY(mod, i32) BINARY(mod, i64)
EACH_FLOAT(OPERATOR, mul)
BINARY(mul, i32) BINARY(mul, i64)
EACH_TYPE(COMPARISON, ne)
EACH_NUMBER(UNARY, neg)
UNARY(not, bool)
OPERATOR(or, bool)
EACH_TYPE(PAD_ROWS, pad_rows)
EACH_FLOAT(BINARY_LONG, pow)
EACH_NUMBER(POWER, power)
EACH_NUMBER(FOLD16, prod)
EACH_NUMBER(FOLD64, prod)
EACH_NUMBER(LANES16, prod)
EACH_NUMBER(LANES64, prod)
EACH_NUMBER(ROWS, prod)
EACH_FLOAT(UNARY, round)
EACH_NUMBER(SCATTER, scatter_add)
EACH_TYPE(SELECT, select)
EACH_FLOAT(UNARY_LONG, sigmoid)
EACH_NUMBER(UNARY, sign)
UNARY_LONG(sin, f32) UNARY_BRANCHED(sin, f64)
EACH_FLOAT(UNARY_LONG, sinh)
EACH_FLOAT(UNARY, sqrt)
EACH_TYPE(STORE, store)
EACH_TYPE(STORE_ROWS, store_rows)
EACH_FLOAT(OPERATOR, sub)
BINARY(sub, i32) BINARY(sub, i64)
EACH_NUMBER(FOLD16, sum)
EACH_NUMBER(FOLD64, sum)
EACH_NUMBER(LANES16, sum)
EACH_NUMBER(LANES64, sum)
EACH_NUMBER(ROWS, sum)
UNARY_LONG(tan, f32) UNARY_BRANCHED(tan, f64)
EACH_FLOAT(UNARY_LONG, tanh)

#undef EACH_FLOAT
#undef EACH_NUMBER
#undef EACH_TYPE
#undef UNARY
#undef UNARY_LONG
#undef UNARY_BRANCHED
#undef POWER
#undef OPERATOR
#undef BINARY
#undef BINARY_LONG
#undef BINARY_LOOP
#undef COMPARISON
#undef SELECT
#undef CAST
#undef COPY
#undef FILL
#undef LOAD
#undef LOAD_ROWS
#undef LOAD_VIEW
#undef PAD_ROWS
#undef STORE
#undef STORE_ROWS
#undef IOTA
#undef LANES16
#undef LANES64
#undef FOLD16
#undef FOLD64
#undef ROWS
#undef EXTREME_INDEX
#undef CONTRACT
#undef CONTRACT_VIEW
#undef CHECK_INDICES
#undef GATHER
#undef SCATTER
#undef DROPOUT
