#!/usr/bin/env bash
# Destinations by an ADBC driver: SQLite by its own one, and by the one of tests/drivers/faulty.c.
. "$(dirname "$0")/lib.bash"
drivers=$root/build/deps/adbc
export ADBC_DRIVER_PATH=$drivers TIDEGATE_FAULTY_DRIVER=$drivers/libadbc_driver_sqlite.so
faulty=$(dirname "$tidegate")/tests/libadbc_driver_faulty.so

# into [DRIVER [OPTIONS]]: what follows goes to a file of SQLite
into() { destination="{driver: ${1:-sqlite}, uri: t.sqlite, dialect: sqlite${2:+, options: {$2\}}}"; }

# has QUERY WANTED: all cells of the result, `|` between them
has() {
    local got
    got=$("$tidegate" sql spec.yaml "$1" --csv | tail -n +2 | tr ',\n' '|;')
    equal "$2" "$got" "$1"
}

test_append_with_nested_tables() {
    into
    spec 't: {path: "*.jsonl"}'
    echo '{"id": 1, "l": [{"a": 1, "m": [true]}, {"a": 2}]}' >1.jsonl
    run 0
    says "of adbc:sqlite:$PWD/t.sqlite"
    echo '{"id": 2, "l": [{"a": 3}]}' >2.jsonl
    run 0
    run 0
    says 'Nothing new'
    has 'select t.id, l.a, m.value from t join t__l l on l._dlt_parent_id = t._dlt_id
        left join t__l__m m on m._dlt_parent_id = l._dlt_id order by 2' '1|1|1;1|2|;2|3|;'
    [ -f t__d.sqlite ] || fail "no file for the dataset"
}

test_sql_only_reads() {
    into
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    said=$("$tidegate" sql spec.yaml "select id from t; delete from t" 2>&1) && fail "deleted"
    says "(1 row)" "sql reads only" "--write" "readonly database"
    "$tidegate" show spec.yaml loads >/dev/null
    has 'select id from t' '1;'
    has "select new from (select id as new from t)" '1;'
}

test_a_statement_that_gives_no_rows() {
    into
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    equal "Done, without rows" "$("$tidegate" sql --write spec.yaml "update t set id = 5")"
    equal "[]" "$("$tidegate" sql --write spec.yaml "update t set id = id + 1" --json)"
    has 'select id from t' '6;'
}

test_replace() {
    into
    spec 't: {path: "*.jsonl", write_disposition: replace}'
    printf '{"id": %d, "l": [1]}\n' 1 2 3 >1.jsonl
    run 0
    rm 1.jsonl
    echo '{"id": 4}' >2.jsonl
    run 0
    has 'select id from t' '4;'
    has 'select count(*) from t__l' '0;'
}

test_merge_with_nested_tables() {
    into
    spec 't: {path: "*.jsonl", write_disposition: merge, primary_key: [a, b], columns: {gone: {hard_delete: true}}}'
    cat >1.jsonl <<'END'
{"a": 1, "b": "x", "v": 1, "l": [1, 2]}
{"a": 1, "b": "y", "v": 2, "l": [3]}
{"a": 2, "b": "x", "v": 3, "l": [4]}
END
    run 0
    cat >2.jsonl <<'END'
{"a": 1, "b": "x", "v": 8, "l": [7]}
{"a": 1, "b": "x", "v": 9, "l": [5]}
{"a": 2, "b": "x", "gone": true}
{"a": 3, "b": "it's", "v": 4}
END
    run 0
    has 'select a, b, v from t order by a, b' "1|x|9;1|y|2;3|it's|4;"
    has 'select value from t__l order by value' '3;5;'
    says '1        2        1' # inserted, updated, deleted
}

test_merge_key_with_null() {
    into
    spec 't: {path: "*.jsonl", write_disposition: merge, merge_key: day, columns: {day: {nullable: true}}}'
    printf '{"day": %s, "v": %d}\n' 1 1 1 2 null 3 >1.jsonl
    run 0
    rm 1.jsonl
    printf '{"day": %s, "v": %d}\n' 1 8 null 9 >2.jsonl
    run 0
    has 'select v from t order by v' '8;9;'
}

test_evolution() {
    into
    spec 't: {path: "*.jsonl"}'
    echo '{"id": 1, "n": 1}' >1.jsonl
    run 0
    echo '{"id": 2, "n": 2.5, "new": "x"}' >2.jsonl
    run 0
    has 'select id, n, new from t order by id' '1|1.0|;2|2.5|x;'
    spec 't: {path: "*.jsonl", columns: {id: text}}'
    echo '{"id": "abc", "n": 3}' >3.jsonl
    run 0
    has 'select id, n from t order by n' '1|1.0;2|2.5;abc|3.0;'
}

test_types() {
    into
    spec 't: {path: "*.csv", columns: {big: {data_type: decimal, precision: 38, scale: 10}, day: date, clock: time,
        at: timestamp, naive: {data_type: timestamp, timezone: false}, flag: bool, doc: json, bytes: binary}}'
    cat >1.csv <<'END'
big,day,clock,at,naive,flag,doc,bytes
1234567890123456789012345678.0123456789,2024-02-29,12:30:00,2024-01-02T03:04:05.25+01:00,2024-01-02 03:04:05,true,true,abc
,,,,,,,
END
    run 0
    has 'select big, day, clock, at, naive, flag, doc from t where big is not null' \
        '1234567890123456789012345678.0123456789|2024-02-29|12:30:00|2024-01-02T02:04:05.250000+00:00|2024-01-02T03:04:05|1|true;'
    has 'select count(*) from t where coalesce(big, day, clock, at, naive, flag, doc, bytes) is null' '1;'
}

# Rows come back as they were, of all types; flags, too.
test_undo() {
    into
    spec 't: {path: "*.jsonl", write_disposition: merge, primary_key: id, deletes: {detect: keys, apply: soft},
        keys_path: keys.json, incremental: id,
        columns: {amount: {data_type: decimal}, at: {data_type: timestamp}, raw: {data_type: binary}}}'
    sed -i 's/^source:/undo: {loads: 2}\nsource:/' spec.yaml
    echo '[{"id": 1}, {"id": 2}]' >keys.json
    printf '%s\n' '{"id": 1, "amount": "1.10", "at": "2024-05-06T07:08:09.123Z", "raw": "AAEC", "f": 0.1, "l": ["a", "b"]}' \
        '{"id": 2, "f": 1e300, "yes": true, "l": [{"x": null, "y": 2}]}' >1.jsonl
    run 0
    local tables="select quote(t.amount), quote(t.at), quote(t.raw), quote(t.f), quote(t.yes), quote(t._tidegate_deleted_at),
        quote(l.value), quote(l.y), quote(l._dlt_id) from t join t__l l on l._dlt_parent_id = t._dlt_id order by 1, 7"
    "$tidegate" sql spec.yaml "$tables" --csv >before
    [ "$(wc -l <before)" = 4 ] || fail "there is less: $(cat before)"
    echo '[{"id": 2}, {"id": 3}]' >keys.json
    printf '%s\n' '{"id": 2, "f": 2, "l": []}' '{"id": 3, "new": 1}' >2.jsonl
    run 0
    has 'select id, _tidegate_deleted_at is null, f from t order by id' '1|0|0.1;2|1|2.0;3|1|;'
    "$tidegate" sql --write spec.yaml "update t set new = 5 where id = 1" >/dev/null
    "$tidegate" undo spec.yaml --yes >said 2>&1 && fail "a changed row was undone"
    grep -q "changed or deleted since" said || fail "said: $(cat said)"
    "$tidegate" sql --write spec.yaml "update t set new = null where id = 1" >/dev/null
    "$tidegate" undo spec.yaml --yes >/dev/null
    "$tidegate" sql spec.yaml "$tables" --csv | cmp - before
    has 'select count(*), count(new) from t' '2|0;'
    run 0
    has 'select id, _tidegate_deleted_at is null, f from t order by id' '1|0|0.1;2|1|2.0;3|1|;'
}

test_dataset_main_is_the_file_itself() {
    into
    spec
    sed -i 's/^dataset: d/dataset: main/' spec.yaml
    echo '{"id": 1}' >t.jsonl
    run 0
    has 'select count(*) from main.t' '1;'
    [ ! -e t__main.sqlite ] || fail "a file of its own for main"
}

test_a_full_disk_or_a_file_of_another_kind_is_said() {
    into
    spec
    echo '{"id": 1}' >t.jsonl
    echo 'this is a text, and no database, however long it may be' >t.sqlite
    run 1
    says 'file is not a database'
    rm t.sqlite
    mkdir t.sqlite
    run 1
    says 'is a folder'
}

test_a_driver_that_is_not_there() {
    into absent
    spec
    echo '{"id": 1}' >t.jsonl
    run 2
    says "driver 'absent' was not found" "searched: '$drivers/absent.toml'" 'libadbc_driver_absent.so'
}

test_a_driver_of_another_version() {
    into "$faulty" 'entrypoint: faulty_other_version'
    spec
    echo '{"id": 1}' >t.jsonl
    run 2
    says 'another version of ADBC than 1.1 and 1.0'
}

test_a_database_of_another_vendor() {
    printf '[Driver]\nshared = "%s"\n' "$drivers/libadbc_driver_sqlite.so" >duckdb.toml
    destination='{driver: ./duckdb.toml, uri: t.duckdb}'
    spec
    echo '{"id": 1}' >t.jsonl
    run 2
    says "calls itself 'SQLite', not duckdb"
}

# Whether a commit that failed was done is asked of the ledger: the rows are there once, either way.
test_a_commit_that_fails() {
    local fault
    for fault in before after; do
        rm -rf t.sqlite t__d.sqlite .tidegate
        into "$faulty" "faulty.commit: $fault"
        spec
        echo '{"id": 1}' >t.jsonl
        case $fault in
        after) run 0; says 'commit was reported as failed' ;;
        before) run 1; says 'server closed the connection' ;;
        esac
        into
        spec
        run 0
        has 'select id from t' '1;'
        has 'select count(*) from _dlt_loads' '1;'
    done
}

test_a_stream_that_is_cut() {
    into
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    into "$faulty" 'faulty.cut: 0'
    spec
    run 1
    says 'the line was cut'
}

# Somebody else is writing for a while.
test_a_file_that_is_locked() {
    into
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    into "$faulty" 'faulty.lock: 3'
    spec 't: {path: "*.jsonl"}'
    echo '{"id": 2}' >2.jsonl
    run 0
    has 'select id from t order by id' '1;2;'
}

test_two_at_once() {
    local i runs=()
    into
    for i in 1 2 3 4; do
        echo "{\"id\": $i}" >$i.jsonl
        spec "t: {path: $i.jsonl}"
        sed "s/^pipeline: test/pipeline: p$i/" spec.yaml >$i.yaml
    done
    for i in 1 2 3 4; do
        "$tidegate" run $i.yaml --accept --progress none >$i.said 2>&1 &
        runs+=($!)
    done
    for i in "${!runs[@]}"; do # `wait -n` may not find what has ended before
        wait "${runs[i]}" || fail "$(cat $((i + 1)).said)"
    done
    has 'select id from t order by id' '1;2;3;4;'
}

# Killed at a moment of each step, and put right by the next run.
test_killed_runs() {
    local step
    into
    spec 't: {path: "*.jsonl", write_disposition: merge, primary_key: id}'
    printf '{"id": %d, "l": [1, 2]}\n' 1 2 3 >1.jsonl
    run 0
    for step in after_seal after_stage after_begin before_commit after_commit; do
        printf '{"id": %d, "l": [3]}\n' 2 $RANDOM >"$RANDOM$RANDOM.jsonl"
        TG_FAIL_AT=$step "$(dirname "$tidegate")/tidegate-faulty" run spec.yaml --progress none >/dev/null 2>&1 &&
            fail "was not killed at $step"
        run 0
        has 'select count(*) - count(distinct id) from t' '0;'
        has 'select count(*) from t__l where _dlt_parent_id not in (select _dlt_id from t)' '0;'
        has "select count(*) from t where id = 2 and _dlt_load_id = (select max(load_id) from _dlt_loads)" '1;'
        [ -z "$(find .tidegate -path '*/sealed/*')" ] || fail "a package is left after $step"
    done
}

test_secrets_are_hidden() {
    into sqlite 'password: a_long_secret_word'
    spec
    echo '{"id": 1}' >t.jsonl
    run 1
    says "option 'password'" '***'
    case $said in *a_long_secret_word*) fail "the password is in: $said" ;; esac
    ! grep -rq a_long_secret_word .tidegate || fail "the password is kept"
}

run_tests
