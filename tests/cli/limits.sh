#!/usr/bin/env bash
# Limits of a spec: a run that would do more writes nothing and moves nothing on, until somebody lets it.
. "$(dirname "$0")/lib.bash"

rows() { seq "$1" "$2" | sed 's/.*/{"id":&}/'; }

test_a_table_that_would_get_smaller_stays() {
    spec 't: {path: t.jsonl, write_disposition: replace, limits: {rows_deleted: 10%}}'
    rows 1 200 >t.jsonl
    run 0
    rows 1 179 >t.jsonl
    before=$(fingerprint)
    run 5
    says "table 't' would lose 21 of its 200 rows, where limits.rows_deleted allows 20" "--accept-limits"
    equal "$before" "$(fingerprint)" "the destination"
    run 5 --json
    says '"code":"TG_LIMIT"' '"table":"t"' '"retryable":false'
    equal 200 "$(sql 'select count(*) from t')"
    rows 1 180 >t.jsonl
    run 0
    equal 180 "$(sql 'select count(*) from t')"
    : >t.jsonl
    run 5
    run 0 --accept-limits
    equal 0 "$(sql 'select count(*) from t')"
}

test_the_cursor_stays_where_it_is() {
    spec 't: {path: "*.jsonl", incremental: id}'
    echo 'limits: {columns_added: 1}' >>spec.yaml
    echo '{"id": 1}' >a.jsonl
    run 0
    echo '{"id": 2, "b": 1, "c": 2}' >b.jsonl
    run 5
    says "table 't' would get 2 new columns ('b', 'c'), where limits.columns_added allows 1"
    run 5
    [ -z "$(ls .tidegate/test/sealed)" ] || fail "the load is still sealed"
    run 0 --accept-limits
    run 0
    equal 1,2 "$(sql "select string_agg(cast(id as varchar), ',' order by id) as ids from t" | tr -d '"')"
}

test_a_resource_goes_before_the_spec() {
    spec 't: {path: t.jsonl, limits: {type_changes: 1}}
  u: {path: u.jsonl}'
    echo 'limits: {type_changes: 0}' >>spec.yaml
    echo '{"a": 1}' | tee t.jsonl >u.jsonl
    run 0
    echo '{"a": 1.5}' >t.jsonl
    run 0
    echo '{"a": 1.5}' >u.jsonl
    run 5
    says "table 'u' would have 1 column of another type ('a' from"
    equal 1 "$(sql 'select count(*) from u')"
}

test_a_load_that_was_sealed_is_read_again() {
    spec 't: {path: "*.jsonl"}'
    echo '{"id": 1}' >a.jsonl
    run 0
    echo '{"id": 2, "b": 1}' >b.jsonl
    TG_FAIL_AT=after_seal "$tidegate-faulty" run spec.yaml >/dev/null 2>&1 && fail "it was not killed"
    [ -n "$(ls .tidegate/test/sealed)" ] || fail "no load is sealed"
    echo 'limits: {columns_added: 0}' >>spec.yaml
    run 5
    equal 1 "$(sql 'select count(*) from t')"
    sed -i '$d' spec.yaml
    run 0
    equal 2 "$(sql 'select count(*) from t')"
}

run_tests duckdb postgres
