#!/bin/bash
# From a graph to a C program: trains the network of ../digits.graph on real handwritten digits, has
# it written as C, compiles that with a few lines of C around it, and compares the program's answers
# on digits that it was not trained on with nncc's own.
#
# usage: run.sh    NNCC: the nncc to use; CC: the C compiler
set -euo pipefail

nncc=$(realpath "${NNCC:-$(dirname "$0")/../../.build/release/nncc}")
cd "$(dirname "$0")"
cc=${CC:-cc}
data=../data/digits.csv
out=out
mkdir -p $out

say() { printf '\n== %s\n' "$*"; }
# Shows a command, on standard error, and runs it.
show() {
  local text="$*"
  printf '$ %s\n' "${text//$nncc/nncc}" >&2
  "$@"
}

# Two of every ten rows are held out, others in each ten: the file often runs through the digits in
# order, and rows at even distances would be the same digits again and again.
awk -v train=$out/train.csv -v held=$out/held-out.csv 'NR == 1 { print > train; print > held; next }
  { print > ((NR - 2 + int((NR - 2) / 10)) % 5 == 4 ? held : train) }' $data
rows=$(($(wc -l <$out/held-out.csv) - 1))

say "Training on $(($(wc -l <$out/train.csv) - 1)) digits, with $rows held out"
show "$nncc" train ../digits.graph --data $out/train.csv --validate $out/held-out.csv \
  --column 'x=p0..p63' --column 'y=onehot(digit)' --scale x=1/16 \
  --epochs 30 --lr 0.5 --save $out/digits.safetensors

say "The trained network as C, for one image a call"
show "$nncc" compile ../digits.graph --dim batch=1 --optimizer sgd \
  --params $out/digits.safetensors -o $out/digits
ls -l $out/digits.c $out/digits.h $out/digits_params.c

say "Compiling it with main.c and classifying the digits held out"
show "$cc" -std=c99 -O2 -Wall -Wextra -I $out -o $out/classify \
  main.c $out/digits.c $out/digits_params.c
show ./$out/classify $out/held-out.csv >$out/answers-c.txt

say "The same digits through nncc"
# Two tables: the pixels, and a one in the digit's column.
awk -F, -v out=$out 'NR > 1 {
  x = y = ""
  for (i = 1; i <= 64; i++) x = x (i > 1 ? "," : "") $i / 16
  for (i = 0; i < 10; i++) y = y (i > 0 ? "," : "") (i == $65 + 0)
  print x > (out "/x.csv"); print y > (out "/y.csv"); print $65 + 0 > (out "/digits.txt")
}' $out/held-out.csv
show "$nncc" run ../digits.graph --dim batch="$rows" --params $out/digits.safetensors \
  --input x=$out/x.csv --input y=$out/y.csv --json >$out/answers.json
# The place of the greatest of each ten numbers, beside the digits.
sed 's/.*"l2": {[^}]*"data": \[\([^]]*\)\].*/\1/; q' $out/answers.json | tr -d ' ' | tr ',' '\n' |
  awk 'NR % 10 == 1 { best = $1 + 0; answer = 0 }
    $1 + 0 > best { best = $1 + 0; answer = (NR - 1) % 10 }
    NR % 10 == 0 { print answer }' | paste -d ' ' $out/digits.txt - >$out/answers-nncc.txt

if ! cmp $out/answers-c.txt $out/answers-nncc.txt; then
  echo "the C program and nncc disagree" >&2
  exit 1
fi
echo "the C program's $rows answers equal nncc's"
