#!/usr/bin/env bash
# The seed example, as people run it: again and again, into one file.
. "$(dirname "$0")/lib.bash"
examples=$(realpath "${TIDEGATE_BUILD:-build/release}")/examples

query() { "$tidegate" sql spec.yaml "$1" --csv | tail -1; }

# A spec that looks at what the C program has loaded.
look() {
    cat >spec.yaml <<'SPEC'
pipeline: dummy_source_to_duckdb
destination: duckdb:///incremental.duckdb
dataset: bronze
source: {type: files}
resources: {unused: {path: unused.jsonl}}
SPEC
}

test_incremental_three_times() {
    look
    for run in 1 2 3; do
        "$examples/incremental"
        equal 10 "$(query "select count(*) from person")" "persons"
        equal $((run * 10000)) "$(query "select count(distinct id) from clickstream")" "clicks"
        equal $((run * 10000)) "$(query "select max(id) from clickstream")" "highest click"
        equal $((run * 10)) "$(query "select count(*) from resent_append")" "re-sent rows, appended"
        equal 10 "$(query "select count(*) from resent_merge")" "re-sent rows, merged"
        sleep 1 # persons are stamped with whole seconds
    done
    # Only what changed carries a newer load: two rows a run at the most.
    equal true "$(query "select count(*) between 1 and 2 from person
        where _dlt_load_id = (select max(load_id) from _dlt_loads)")"
    equal true "$(query "select bool_and((_dlt_load_id = (select min(load_id) from _dlt_loads)) or
        updated_at > '2024-01-01') from person")"
}

test_incremental_with_a_hundred_thousand_rows() {
    look
    "$examples/incremental" 100000
    "$examples/incremental" 100000
    equal 200000 "$(query "select count(distinct id) from clickstream")"
}

test_a_token_that_is_kept() {
    equal '6 rows
{"token":3}' "$("$examples/page_tokens")"
    equal '0 rows
{"token":3}' "$("$examples/page_tokens")" "nothing is new"
    equal '4 rows
{"token":5}' "$("$examples/page_tokens" 5)"
}

test_a_given_connection() {
    for run in 1 2; do # its database is in memory: nothing is there, whatever was before
        equal "1000 rows are there" "$("$examples/given_connection")"
    done
    equal "20000 rows are there" "$("$examples/given_connection" 20000)"
}

test_files_twice() {
    cp "$root/examples/files/pipeline.yaml" spec.yaml
    for run in 1 2; do
        "$examples/generate" data "$run" 1000
        run 0
        equal 10 "$(query "select count(*) from person")" "persons"
        equal $((run * 1000)) "$(query "select count(distinct id) from clickstream")" "clicks from CSV"
        equal $((run * 1000)) "$(query "select count(*) from clickstream_parquet")" "clicks from Parquet"
        sleep 1
    done
    run 0
    says "Nothing new"
    equal 0 "$(query "select count(*) from (select id, user_id, timestamp, page from clickstream
        except select id, user_id, timestamp, page from clickstream_parquet)")" "difference of CSV and Parquet"
}

run_tests
