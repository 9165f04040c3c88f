#!/bin/bash
# Trains the examples as their pages say and holds what comes out against what the pages claim. Exits 1 where a figure is missed.
#
# usage: run-all.sh    NNCC, DATA: the nncc and the nncc-example-data to use; TEXT: the text for the transformer (the project's own
#                      documents by default)
set -euo pipefail

nncc=$(realpath "${NNCC:-.build/release/nncc}")
data=$(realpath "${DATA:-.build/release/nncc-example-data}")
text=${TEXT:+$(realpath "$TEXT")}
cd "$(dirname "$0")"
out=out
mkdir -p $out
failed=0

# The last epoch's figure of that name.
figure() { sed -n "\$s/.*\"$1\": \([-+.0-9e]*\).*/\1/p"; }
# expect WHAT FOUND RELATION BOUND
expect() {
  if awk -v a="$2" -v b="$4" "BEGIN { exit !(a != \"\" && a + 0 $3 b + 0) }"; then
    printf 'ok      %s: %.6g %s %s\n' "$1" "$2" "$3" "$4"
  else
    printf 'MISSED  %s: %s, not %s %s\n' "$1" "${2:-nothing}" "$3" "$4"
    failed=1
  fi
}
train() { "$nncc" train --json "$@"; }

expect "scalar, df/dx1" \
  "$("$nncc" run scalar.graph --input x1=2 --input x2=5 --grad | sed -n 's/.*x1.*= //p')" '>=' 4.58385

"$data" shapes square triangle 10 10 800 1 >$out/shapes.csv
expect "perceptron, squares and triangles of one size, held out" \
  "$(train perceptron.graph --data $out/shapes.csv --column c=c0..c399 --validate 0.25 --lr 1 --epochs 30 |
    figure validation_accuracy)" '>=' 1
"$data" shapes square triangle 4 12 2000 1 >$out/sizes.csv
expect "perceptron, sizes at random: not separable" \
  "$(train perceptron.graph --data $out/sizes.csv --column c=c0..c399 --validate 0.25 --lr 1 --epochs 30 |
    figure accuracy)" '<' 0.9

"$data" waves 400 0.1 1 >$out/waves.csv
expect "regression, mean squared error held out (0.0033 is noise)" \
  "$(train regression.graph --data $out/waves.csv --validate 0.25 --lr 0.05 --epochs 4000 | figure validation_loss)" '<' 0.0045

digits=(--data data/digits.csv --column x=p0..p63 --column 'y=onehot(digit)' --scale x=1/16 --validate 0.2)
expect "three layers, digits held out" \
  "$(train three_layers.graph "${digits[@]}" --lr 0.1 --epochs 200 | figure validation_accuracy)" '>=' 0.97
expect "two layers and softmax, digits held out" \
  "$(train digits.graph "${digits[@]}" --lr 0.5 --epochs 30 | figure validation_accuracy)" '>=' 0.95
expect "LeNet, digits held out" \
  "$(train lenet.graph "${digits[@]}" --lr 0.3 --epochs 40 | figure validation_accuracy)" '>=' 0.98

"$data" tags 4000 12 8 1 >$out/tags.csv
tags=(--data $out/tags.csv --column s=s0..s11 --column t=t0..t11 --validate 0.1)
expect "bidirectional RNN, tags held out" \
  "$(train birnn.graph "${tags[@]}" --lr 0.2 --epochs 40 | figure validation_accuracy)" '>=' 0.95
expect "bidirectional LSTM, tags held out" \
  "$(train tagger.graph "${tags[@]}" --lr 0.5 --epochs 40 | figure validation_accuracy)" '>=' 0.95
expect "LSTM in one direction, tags held out" \
  "$(train tagger_forward.graph "${tags[@]}" --lr 0.5 --epochs 40 | figure validation_accuracy)" '<' 0.8

if [ -z "$text" ]; then
  text=$out/text.txt
  cat ../LICENSE ../README.md ../CONTRIBUTING.md ../Docs/*.md *.md >$text
fi
read -r alphabet bigrams <<<"$("$data" bigrams "$text")"
"$data" text "$text" trained 32 30000 >$out/trained.csv
"$data" text "$text" held-out 32 1000 >$out/held-out.csv
expect "transformer, loss held out against a table of bigrams" \
  "$(train transformer.graph --dim vocabulary="$alphabet" --data $out/trained.csv --validate $out/held-out.csv \
    --column c=c0..c31 --column n=c1..c32 --lr 0.3 --epochs "${EPOCHS:-6}" | figure validation_loss)" '<' "$bigrams"

{ echo t; seq 0 0.02 6.28; } >$out/times.csv
train oscillator.graph --data $out/times.csv --lr 0.01 --epochs 8000 --save $out/oscillator.safetensors >/dev/null
seq 0 0.02 6.28 >$out/places.csv
"$nncc" run oscillator.graph --dim batch=315 --params $out/oscillator.safetensors \
  --input t=$out/places.csv --json >$out/oscillator.json
expect "oscillator, greatest error against sin t" \
  "$(sed 's/.*"u": {[^}]*"data": \[\([^]]*\)\].*/\1/; q' $out/oscillator.json | tr -d ' ' | tr ',' '\n' |
    awk '{ e = $1 - sin((NR - 1) * 0.02); if (e < 0) e = -e; if (e > m) m = e } END { print m }')" '<' 0.01
exit $failed
