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
  --epochs 30 --lr 0.5 --save $out/digits.safetensors --plot $out/curve.svg --confusion $out/confusion.svg

say "The trained network as C, for one image a call"
show "$nncc" compile ../digits.graph --dim batch=1 --optimizer sgd \
  --params $out/digits.safetensors -o $out/digits
ls -l $out/digits.c $out/digits.h $out/digits_params.c

say "Compiling it with main.c and classifying the digits held out"
show "$cc" -std=c99 -O2 -Wall -Wextra -I $out -o $out/classify \
  main.c $out/digits.c $out/digits_params.c
show ./$out/classify $out/held-out.csv >$out/answers-c.txt

say "The same digits through nncc"
show "$nncc" predict ../digits.graph --params $out/digits.safetensors --data $out/held-out.csv \
  -o $out/predictions.csv
awk -F, 'NR > 1 { print $65 + 0 }' $out/held-out.csv >$out/digits.txt
awk -F, 'NR > 1 { print $1 }' $out/predictions.csv | paste -d ' ' $out/digits.txt - >$out/answers-nncc.txt

if ! cmp $out/answers-c.txt $out/answers-nncc.txt; then
  echo "the C program and nncc disagree" >&2
  exit 1
fi
echo "the C program's $rows answers equal nncc's"
