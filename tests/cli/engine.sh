#!/usr/bin/env bash
# The engine is chosen and loaded at run time, and only where it is needed.
. "$(dirname "$0")/lib.bash"

test_commands_that_need_no_engine_do_not_load_it() {
    export TIDEGATE_DUCKDB=/none/libduckdb.so
    tg help run
    equal 0 "$ended"
    tg completion --line "tidegate r"
    equal 0 "$ended"
    tg init
    equal 0 "$ended"
    spec "t: {path: t.jsonl, colour: red}"
    tg check spec.yaml
    equal 2 "$ended"
    says "colour"
    spec
    tg show spec.yaml packages
    equal 0 "$ended"
}

test_a_library_that_is_not_there() {
    spec
    echo '{"a": 1}' >t.jsonl
    TIDEGATE_DUCKDB=/none/libduckdb.so run 2
    says "TIDEGATE_DUCKDB" "/none/libduckdb.so"
    [ ! -e test.duckdb ] || fail "the destination was made"
    run 0
    equal 1 "$(sql 'SELECT count(*) FROM t')"
}

test_a_library_that_is_too_old() {
    spec
    echo '{"a": 1}' >t.jsonl
    echo 'const char *duckdb_library_version(void); const char *duckdb_library_version(void) { return "v1.3.2"; }' |
        gcc -shared -fPIC -x c - -o old.so
    TIDEGATE_DUCKDB=$PWD/old.so run 2
    says "old.so' is DuckDB v1.3.2 without duckdb_" "at least 1.4 is needed" "TIDEGATE_DUCKDB"
}

test_the_version_names_the_engine_and_its_file() {
    tg --version
    equal 0 "$ended"
    says "tidegate " "DuckDB v" "libduckdb.so"
    TIDEGATE_DUCKDB=/none/libduckdb.so tg --version
    equal 0 "$ended"
    says "tidegate " "no engine: TIDEGATE_DUCKDB names no library"
}

run_tests
