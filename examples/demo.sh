#!/usr/bin/env bash
# Runs the seed example twice, by the C program and by a spec over files, and prints the tables: append against merge.
# Usage: examples/demo.sh [BUILD_DIR]     works in build/demo, which it empties first
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
bin=$build
[ -x "$bin/incremental" ] || bin=$build/examples
[ -x "$bin/incremental" ] || bin=$build/release/examples
work=$root/build/demo
rm -rf "$work"
mkdir -p "$work"
cd "$work"

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }

say "examples/incremental.c, first run"
"$bin/incremental"
sleep 1 # persons are stamped with whole seconds
say "examples/incremental.c, second run: person still has 10 rows, the appended re-sent rows have doubled"
"$bin/incremental"

mkdir files
cp "$root/examples/files/pipeline.yaml" files/
for run in 1 2; do
    "$bin/generate" files/data "$run"
    say "tidegate run files/pipeline.yaml, run $run"
    "$build/tidegate" run files/pipeline.yaml
    sleep 1
done
say "tidegate run files/pipeline.yaml, once more: nothing is new"
"$build/tidegate" run files/pipeline.yaml
say "tidegate show files/pipeline.yaml tables"
"$build/tidegate" show files/pipeline.yaml tables
say "tidegate sql files/pipeline.yaml ..."
"$build/tidegate" sql files/pipeline.yaml \
    "select id, name, country, updated_at, dense_rank() over (order by _dlt_load_id) as load from person order by id"
