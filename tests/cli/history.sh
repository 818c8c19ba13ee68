#!/usr/bin/env bash
# Tables that keep their history, as they were: tidegate sql --as-of.
. "$(dirname "$0")/lib.bash"

load() { # DATE
    spec "t: {path: t.jsonl, write_disposition: {disposition: merge, strategy: scd2, boundary_timestamp: $1}}
  u: {path: u.jsonl}"
    "$tidegate" run spec.yaml >/dev/null || fail "load at $1"
}

was() { # TIME ROWS
    local got
    got=$("$tidegate" sql spec.yaml --csv --as-of "$1" "select id, v, (select count(*) from t__l where _dlt_parent_id = t._dlt_id) as n,
        (select count(*) from u) as u from t order by id" | tail -n +2 | tr '\n' ' ')
    [ "$got" = "$2" ] || fail "as of $1: '$got' instead of '$2'"
}

test_as_of() {
    echo '{"id": 1}' >u.jsonl
    printf '{"id": 1, "v": "a", "l": [{"x": [1, 2]}]}\n{"id": 2, "v": "b", "l": []}\n' >t.jsonl
    load 2024-01-01
    printf '{"id": 1, "v": "c", "l": [{"x": [1]}, {"x": [1]}]}\n' >t.jsonl
    load 2024-02-01
    printf '{"id": 1, "v": "a", "l": [{"x": [1, 2]}]}\n' >t.jsonl
    load 2024-03-01
    was 2023-12-31T23:59:59.999999Z ""
    was 2024-01-01 "1,a,1,1 2,b,0,1 "
    was 2024-01-31T23:59:59.999999 "1,a,1,1 2,b,0,1 "
    was 2024-02-01T01:00:00+01:00 "1,c,2,1 "
    was 2024-02-29 "1,c,2,1 "
    was 2024-03-01 "1,a,1,1 "
    was 9999-01-01 "1,a,1,1 "
    # the deepest level goes by the one above it, a table that has no history stays
    [ "$("$tidegate" sql spec.yaml --csv --as-of 2024-02-15 "select count(*) as n from t__l__x" | tail -1)" = 2 ] || fail "nested"
    [ "$("$tidegate" sql spec.yaml --csv --as-of 2024-02-15 "select count(*) as n from d.t join \"d\".t__l on d.t__l._dlt_parent_id = d.t._dlt_id" | tail -1)" = 2 ] ||
        fail "by the names of the dataset"
    [ "$("$tidegate" sql spec.yaml --csv "select count(*) as n from t" | tail -1)" = 4 ] || fail "all versions are there without"
}

test_as_of_nothing() {
    echo '{"id": 1}' >t.jsonl
    spec
    "$tidegate" run spec.yaml >/dev/null || fail "load"
    "$tidegate" sql spec.yaml --as-of 2024-01-01 "select 1" 2>err && fail "went on"
    grep -q "no table of dataset 'd' keeps its history" err || fail "$(cat err)"
    "$tidegate" sql spec.yaml --as-of yesterday "select 1" 2>err && fail "went on"
    grep -q "'yesterday' is no time" err || fail "$(cat err)"
}

run_tests duckdb postgres
