#!/usr/bin/env bash
# What the shared library shows, needs and holds.
set -uo pipefail
export LC_ALL=C
library=$TIDEGATE_BUILD/libtidegate.so

result() { # NAME OFFENDERS
    if [ -z "$2" ]; then echo "ok $1"; else echo "not ok $1: $(echo $2)"; fi
}

exported=$(nm -D --defined-only "$library" | awk '{ print $NF }')
result "library exports only tg_ names" "$(grep -v '^tg_' <<<"$exported")"

declared=$(grep -oE '\btg_[a-z0-9_]+\(' -h include/*.h | tr -d '(' | sort -u)
api=$(cat include/*.h | tr -d "\n" | grep -oE 'TG_API(_CHECK)? [^;(]*\b(tg_[a-z0-9_]+)\(' |
    grep -oE 'tg_[a-z0-9_]+\($' | tr -d '(' | sort -u)
result "every declared function is exported" "$(comm -23 <(echo "$api") <(sort -u <<<"$exported"))"
result "every exported function is declared" "$(comm -13 <(echo "$declared") <(sort -u <<<"$exported"))"

result "exported functions are those of tests/symbols.txt" "$(diff tests/symbols.txt <(sort -u <<<"$exported") |
    grep '^[<>]')"

# Constant tables with pointers lie in .data.rel.ro; .data and .bss would be state of the process.
# instances, loaded_library, duck, pq: the process's list of open files (src/duckdb/instance.c), its engine
# and libpq (library.c of src/duckdb and src/postgres).
# __cpu_*: what the compiler keeps of the processor, for __builtin_cpu_supports
result "library has no mutable globals" "$(objdump -t "$library" |
    awk '($4 == ".data" || $4 == ".bss") && $5 !~ /^0+$/ { print $NF }' |
    grep -vE '^(instances|loaded_library|duck|pq|completed|__dso_handle|__cpu_(model|features2)|\.data|\.bss)')"

result "library has no executable stack, and full relro" "$(
    readelf -lW "$library" | grep GNU_STACK | grep RWE
    readelf -d "$library" | grep -q BIND_NOW || echo 'not BIND_NOW'
    readelf -lW "$library" | grep -q GNU_RELRO || echo 'no RELRO')"
