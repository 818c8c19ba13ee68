#!/usr/bin/env bash
# The commit protocol seen from outside: fresh containers, sealed and refused packages, cancel, conflict.
. "$(dirname "$0")/lib.bash"

test_a_fresh_working_directory_for_every_run() {
    spec "t: {path: t.jsonl, incremental: id}"
    for run in 1 2 3; do
        seq 1 $((run * 100)) | sed 's/.*/{"id": &}/' >t.jsonl
        run 0 --workdir "fresh-$run"
        equal $((run * 100)) "$(sql "select count(*) from t")"
    done
    run 0 --workdir fresh-4
    says "Nothing new"
    equal 3 "$(sql "select count(*) from _dlt_loads")" "loads"
}

test_a_run_with_nothing_new_writes_nothing() {
    spec "t: {path: t.jsonl, incremental: id}"
    echo '{"id": 1}' >t.jsonl
    run 0
    before=$(sha256sum test.duckdb)
    run 0
    equal "$before" "$(sha256sum test.duckdb)" "the destination"
    equal "" "$(ls .tidegate/test/sealed .tidegate/test/open 2>/dev/null | grep -v :)" "packages"
}

test_a_refused_load_is_set_aside_and_read_again() {
    spec "t: {path: '*.jsonl'}"
    echo '{"id": 1}' >1.jsonl
    run 0
    # Somebody adds a rule by hand that the next load breaks.
    sql "alter table t add column must integer" >/dev/null
    sql "update t set must = 1" >/dev/null
    sql "alter table t alter column must set not null" >/dev/null
    echo '{"id": 2}' >2.jsonl
    run 1
    says "must"
    equal 1 "$(sql "select count(*) from t")"
    said=$("$tidegate" show spec.yaml packages)
    says "failed" "must"
    run 1
    sql "alter table t alter column must drop not null" >/dev/null
    run 0
    equal 2 "$(sql "select count(*) from t")"
}

test_sigterm_ends_a_run_with_130_and_nothing_written() {
    spec "t: {path: '*.jsonl'}"
    echo '{"id": 1}' >1.jsonl
    run 0
    seq 2 3000000 | sed 's/.*/{"id": &, "v": "text of row &"}/' >2.jsonl
    "$tidegate" run spec.yaml --progress none 2>said &
    victim=$!
    sleep 0.5
    kill -TERM "$victim"
    code=0
    wait "$victim" || code=$?
    equal 130 "$code" "exit code"
    equal 1 "$(sql "select count(*) from t")"
    run 0
    equal 3000000 "$(sql "select count(*) from t")"
}

test_two_pipelines_in_one_dataset() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    sed 's/pipeline: test/pipeline: other/; s/  t:/  u:/' spec.yaml >other.yaml
    "$tidegate" run other.yaml --progress none
    equal 1 "$(sql "select count(*) from t")"
    equal 1 "$(sql "select count(*) from u")"
    equal 2 "$(sql "select count(distinct pipeline_name) from _dlt_pipeline_state")"
}

test_full_refresh_reads_everything_again() {
    spec "t: {path: t.jsonl, incremental: id}"
    printf '{"id": 1}\n{"id": 2}\n' >t.jsonl
    run 0
    echo '{"id": 2}' >t.jsonl
    run 0 --full-refresh
    equal 1 "$(sql "select count(*) from t")"
    run 0
    says "Nothing new"
}

test_select_loads_only_what_is_named() {
    spec "t: {path: t.jsonl}
  u: {path: t.jsonl}"
    echo '{"id": 1}' >t.jsonl
    run 0 --select u
    equal 0 "$(sql "select count(*) from information_schema.tables where table_name = 't'")"
    run 2 --select v
    says "v"
}

run_tests
