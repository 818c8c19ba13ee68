#!/usr/bin/env bash
# `tidegate check` says what `tidegate run` refuses before it has read a row: the same code, the same sentence, and
# nothing is made by it.
. "$(dirname "$0")/lib.bash"

# refused CODE WORDS: check and run both, in the same words
refused() {
    local before code=0 checked
    before=$(find . | sort)
    "$tidegate" check spec.yaml >out 2>err || code=$?
    checked=$(cat err)
    rm out err
    [ "$code" = "$1" ] || fail "check ended with $code, not $1: $checked"
    equal "$before" "$(find . | sort)" "files after the check"
    run "$1"
    says "$2"
    equal "$said" "$checked" "words of check"
}

rows() { echo '{"id": 1, "at": 5}' >t.jsonl; }

test_what_is_right_is_so() {
    rows
    spec "t: {path: t.jsonl, incremental: {cursor: id}}"
    "$tidegate" check spec.yaml >said || fail "$(cat said)"
    [ ! -e .tidegate ] || fail "check has made the working directory"
    run 0
    "$tidegate" check spec.yaml >said || fail "$(cat said)"
}

test_another_cursor() {
    rows
    spec "t: {path: t.jsonl, incremental: {cursor: id}}"
    run 0
    spec "t: {path: t.jsonl, incremental: {cursor: at}}"
    refused 2 "its cursor is 'at' now, and it has been read by 'id'"
    local code=0
    said=$("$tidegate" show spec.yaml resources 2>&1) || code=$?
    says "at"
    equal 0 "$code" "code of show, which is to show what is refused"
}

test_a_table_of_another_pipeline() {
    rows
    spec
    run 0
    sed -i 's/^pipeline: test/pipeline: other/' spec.yaml
    refused 2 "they are from resource 't' of pipeline 'test'"
}

test_a_table_of_somebody_else() {
    rows
    spec "u: {path: t.jsonl}"
    run 0
    "$tidegate" sql spec.yaml --write "create table t (id bigint)" >/dev/null
    spec
    refused 1 "table 't' is at the destination without a column '_dlt_id'"
    "$tidegate" sql spec.yaml --write "insert into t values (1)" >/dev/null
    refused 2 "they are from somebody that the ledger does not name"
}

test_files() {
    spec "t: {path: nope.jsonl}"
    refused 1 "file 'nope.jsonl' does not exist"
    spec "t: {path: 's3://bucket/t.jsonl'}"
    refused 2 "is a place elsewhere"
    echo x >t.xyz
    spec "t: {path: t.xyz}"
    refused 2 "the format of file 't.xyz' cannot be told from its name"
}

test_sources() {
    spec
    sed -i 's|^source:.*|source: {type: sql, connection: "duckdb:///source.duckdb"}|; s|{path: t.jsonl}|{}|' spec.yaml
    refused 1 "source.duckdb' does not exist"
}

test_places() {
    rows
    spec
    echo >.tidegate
    refused 1 "/.tidegate' cannot be made: File exists"
    rm .tidegate
    [ $kind = duckdb ] || return 0
    destination=duckdb:///no/such/test.duckdb spec
    refused 1 "/no/such' does not exist; create it"
    echo "no database" >text.duckdb
    destination=duckdb:///text.duckdb spec
    refused 1 "not a valid DuckDB database file"
}

run_tests duckdb postgres
