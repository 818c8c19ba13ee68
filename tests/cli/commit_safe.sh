#!/usr/bin/env bash
# Rows that a transaction commits after a run has read larger values: lost without commit_safe, and not with it.
. "$(dirname "$0")/lib.bash"

# spec_of RESOURCE-LINES: over the source's table, a copy in DuckDB
spec_of() {
    cat >spec.yaml <<END
pipeline: test
destination: duckdb:///test.duckdb
dataset: d
source: {type: sql, connection: "$uri"}
resources:
  t: {table: t, write_disposition: ${2:-append}, incremental: {$1}}
END
}

# source_db: $database, with a table, and a session that `other` speaks to
source_db() {
    database=safe_$$_$RANDOM
    uri=$(pg_create "$database")
    trap 'exec 8>&-; pg_drop "$database"' EXIT
    pg "$database" -c "CREATE TABLE t (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
        naive timestamp NOT NULL DEFAULT now(), v text)"
    mkfifo other
    pg "$database" <other >other.out &
    exec 8>other
    replies=0
}

# other SQL: in the session that stays open
other() {
    replies=$((replies + 1))
    printf '%s;\n\\echo reply %s\n' "$1" $replies >&8
    for _ in $(seq 200); do
        grep -q "reply $replies" other.out && return
        sleep 0.05
    done
    fail "no reply to: $1"
}

row() { pg "$database" -c "INSERT INTO t (v) VALUES ('$1')"; }
# values WANTED: those that are loaded
values() { equal "$1" "$(sql "select string_agg(v, '' order by id) from t")" "rows"; }
waiting() { "$tidegate" run spec.yaml --progress none --json >out.json || fail "$(cat out.json)"
    equal "$1" "$(sed -E 's/.*"waiting":([0-9]+).*/\1/' out.json)" "waiting"; }

# a run meets a transaction that has begun, and a row that came after it
meet() {
    row a
    run 0
    other "BEGIN; INSERT INTO t (v) VALUES ('b')"
    row c
    waiting "$1"
    other COMMIT
}

test_control_without_it_the_row_is_lost() {
    for cursor in at naive id; do
        rm -rf .tidegate test.duckdb
        source_db
        spec_of "cursor: $cursor, commit_safe: false"
        meet 0
        run 0
        values ac
        exec 8>&-
        pg_drop "$database"
        rm other
    done
}

test_rows_wait_and_come() {
    for cursor in at naive id; do
        for disposition in append merge; do
            rm -rf .tidegate test.duckdb
            source_db
            spec_of "cursor: $cursor" $disposition
            meet 1
            values a
            run 0
            values abc
            run 0
            values abc
            exec 8>&-
            pg_drop "$database"
            rm other
        done
    done
}

test_the_summary_counts_them() {
    source_db
    spec_of "cursor: at"
    row a
    run 0
    case $said in *waiting*) fail "nothing waits: $said" ;; esac
    row x
    other "BEGIN; INSERT INTO t (v) VALUES ('b')"
    row c
    run 0
    says "waiting" "Rows wait for a later run, for transactions that are open at the source: 1"
    equal 0,1 "$(sql "select string_agg(rows_waiting::text, ';' order by load_id) from _tidegate_loads" | tr ';' ,)"
}

test_prepared_transactions() {
    for cursor in at id; do
        rm -rf .tidegate test.duckdb
        source_db
        spec_of "cursor: $cursor"
        row a
        run 0
        other "BEGIN; INSERT INTO t (v) VALUES ('b'); PREPARE TRANSACTION 'two $cursor'"
        row c
        waiting 1
        waiting 1
        other "COMMIT PREPARED 'two $cursor'"
        run 0
        values abc
        exec 8>&-
        pg_drop "$database"
        rm other
    done
}

# It is seen as one that is open, then prepared: what was open then must not count as ended.
test_prepared_between_two_runs() {
    source_db
    spec_of "cursor: id"
    row a
    run 0
    other "BEGIN; INSERT INTO t (v) VALUES ('b')"
    row c
    waiting 1
    other "PREPARE TRANSACTION 'later'"
    row d
    waiting 2
    other "COMMIT PREPARED 'later'"
    run 0
    values abcd
}

# Numbers that others draw are behind the sequence: who has not drawn any is not waited for.
test_an_idle_transaction_holds_up_times_not_numbers() {
    source_db
    other "BEGIN; SELECT count(*) FROM t"
    row a
    spec_of "cursor: id"
    waiting 0
    values a
    rm -rf .tidegate test.duckdb
    spec_of "cursor: at"
    waiting 1
}

test_it_must_not_wait_for_ever() {
    source_db
    other "BEGIN; SELECT 1"
    spec_of "cursor: at, commit_safe_wait: 1s"
    run 0
    sleep 1.1
    run 0 # nothing waits
    row a
    run 1
    says "resource 't'" "1 row waits too long" "cursor 'at'" "pid" "user 'postgres'" "idle in transaction" "since 20" \
        "pg_terminate_backend(" "commit_safe_wait" "on_commit_safe_wait: warn"
    spec_of "cursor: at, commit_safe_wait: 1s, on_commit_safe_wait: warn"
    run 0
    says "Warning: resource 't'" "1 row waits too long" "may be lost"
    values a
}

# Rows go on as transactions overlap, each shorter than the wait.
test_a_chain_of_transactions() {
    source_db
    spec_of "cursor: id"
    row a
    run 0
    other "BEGIN; INSERT INTO t (v) VALUES ('b')"
    row c
    waiting 1
    pg "$database" -c "BEGIN" -c "INSERT INTO t (v) VALUES ('d')" -c "SELECT pg_sleep(4)" -c COMMIT >/dev/null &
    sleep 0.5
    other COMMIT
    row e
    waiting 1
    values abc
    wait $!
    run 0
    values abcde
}

test_a_role_that_may_not_read_all_statistics() {
    for cursor in at id; do
        rm -rf .tidegate test.duckdb
        source_db
        pg "$database" <<<"CREATE ROLE ${database}_r LOGIN PASSWORD '$pg_password'; GRANT SELECT ON t TO ${database}_r"
        uri=$(sed -E "s|//[^:]*:|//${database}_r:|" <<<"$uri")
        spec_of "cursor: $cursor"
        meet 1
        run 0
        values abc
        row d
        other "BEGIN; INSERT INTO t (v) VALUES ('e')"
        row f
        waiting 2
        spec_of "cursor: $cursor, commit_safe_wait: 1s"
        sleep 1.1
        run 1
        says "2 rows wait too long" "open at least since" "pid"
        exec 8>&-
        pg "$database" -c "DROP OWNED BY ${database}_r" -c "DROP ROLE ${database}_r"
        pg_drop "$database"
        rm other
    done
}

test_a_clock_that_goes_back() {
    source_db
    spec_of "cursor: at, commit_safe: false"
    pg "$database" -c "INSERT INTO t (v, at) VALUES ('a', now() + interval '5 minutes')"
    run 0
    row b
    spec_of "cursor: at"
    run 1
    says "cursor 'at' has reached 20" "the server's clock says" "--full-refresh"
    spec_of "cursor: at, on_commit_safe_wait: warn"
    run 0
    says "Warning" "the server's clock says"
}

test_times_that_are_none_of_writing() {
    source_db
    row a
    pg "$database" -c "INSERT INTO t (v, at) VALUES ('z', now() + interval '1 year')"
    spec_of "cursor: at"
    run 1
    says "1 row has a cursor 'at' far above" "commit_safe: false"
    spec_of "cursor: at, on_commit_safe_wait: warn"
    waiting 1
    values a
}

test_what_cannot_be_safe() {
    source_db
    pg "$database" -c "CREATE SEQUENCE gaps CACHE 20" -c "ALTER TABLE t ALTER id SET DEFAULT nextval('gaps')"
    row a
    spec_of "cursor: id"
    run 0
    says "CACHE above 1" "commit_safe: false"
    spec_of "cursor: id, commit_safe: true"
    run 2
    says "commit_safe: cursor 'id' cannot be safe" "CACHE above 1"
    spec_of "cursor: v, commit_safe: true"
    run 2 --accept-cursor-change
    says "neither timestamps nor integers"
    spec_of "cursor: at, last_value: min, commit_safe: true"
    run 2
    says "last_value is min"
    spec_of "cursor: at, initial_value: 2024-01-01T00:00:00Z, end_value: 2025-01-01T00:00:00Z, commit_safe: true"
    run 2
    says "end_value"
    spec_of "cursor: at, commit_safe_wait: soon"
    run 2
    says "a time like 30s, 10m or 2h"
}

test_databases_that_cannot_tell() {
    mkdir data && echo '{"id": 1}' >data/t.jsonl
    spec "t: {path: data/t.jsonl}"
    run 0
    mv test.duckdb shop.duckdb
    uri=duckdb:///shop.duckdb
    cat >spec.yaml <<END
pipeline: copy
destination: duckdb:///test.duckdb
dataset: d
source: {type: sql, connection: "$uri", schema: d}
resources:
  t: {table: t, write_disposition: append, incremental: {cursor: id, commit_safe: true}}
END
    run 2
    says "does not tell which transactions are open"
    sed -i 's/, commit_safe: true//' spec.yaml
    run 0
}

# The table would be emptied, and nothing be read.
test_full_refresh() {
    source_db
    spec_of "cursor: id"
    row a
    run 0
    other "BEGIN; INSERT INTO t (v) VALUES ('b')"
    run 1 --full-refresh
    says "the table would be left empty" "pid"
    values a
    other COMMIT
    run 0 --full-refresh
    values ab
}

run_tests
