#!/usr/bin/env bash
# Loads that are taken back, from outside: what is asked and said, exit codes, kills, packages that wait, and sequences of
# loads against copies (tests/undos.py; UNDO_SEQUENCES says how many, from which number on UNDO_SEED).
. "$(dirname "$0")/lib.bash"

undo_spec() {
    spec "t: {path: '*.jsonl', write_disposition: merge, primary_key: id}"
    sed -i 's/^source:/undo: {loads: 2}\nsource:/' spec.yaml
}

two_loads() {
    undo_spec
    echo '{"id": 1, "v": "a", "l": [1, 2]}' >1.jsonl
    run 0
    echo '{"id": 1, "v": "b", "l": [3]}' >2.jsonl
    run 0
}

# undo CODE [ARGUMENTS]
undo() {
    local code=$1 got=0
    shift
    said=$("$tidegate" undo spec.yaml "$@" 2>&1 </dev/null) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "undo ended with $got, not $code: $said"
}

rows() { sql "select count(*) || ' ' || min(v) || ' ' || (select sum(value) from t__l) from t"; }

test_asks_and_says() {
    two_loads
    equal "1 b 3" "$(rows)"
    undo 2
    says "nobody to ask" "--yes"
    undo 0 --look
    says "rows that go" "t__l" "To be undone"
    undo 0 --look --json
    says '"done":false' '"table":"t__l","resource":"t","removed":1,"restored":2'
    equal "1 b 3" "$(rows)"
    undo 0 --yes
    says "Undone, by load"
    equal "1 a 3" "$(rows)"
    undo 0 --yes
    says "has been undone already"
    undo 0 --yes --json
    says '"done":false,"undone":[]'
    equal "1 a 3" "$(rows)"
    run 0
    equal "1 b 3" "$(rows)"
}

test_a_person_is_asked() {
    two_loads
    command -v script >/dev/null || { echo "no script(1)"; return; }
    echo n | script -qec "'$tidegate' undo spec.yaml" /dev/null >said
    grep -q "Nothing was done" said
    equal "1 b 3" "$(rows)"
    echo y | script -qec "'$tidegate' undo spec.yaml" /dev/null >said
    grep -q "Undone, by load" said
    equal "1 a 3" "$(rows)"
}

test_a_range() {
    undo_spec
    sed -i "s/write_disposition: .*/write_disposition: {disposition: replace, strategy: replace-range},/
        s/replace-range},/& incremental: {cursor: id, initial_value: 1, end_value: 3}}/" spec.yaml
    printf '{"id": %d, "v": "%s", "l": [%d]}\n' 1 a 1 2 a 2 >1.jsonl
    run 0
    equal "2 a 3" "$(rows)"
    printf '{"id": %d, "v": "%s", "l": [%d]}\n' 2 b 7 2 b 8 2 b 9 >1.jsonl
    run 0
    equal "3 b 24" "$(rows)"
    undo 0 --yes
    equal "2 a 3" "$(rows)"
    equal 1,2 "$(sql "select string_agg(cast(id as varchar), ',' order by id) as ids from t" | tr -d '"')"
    run 0
    equal "3 b 24" "$(rows)"
}

test_refusals() {
    two_loads
    undo 2 1.5 --yes
    says "no load '1.5'"
    sed -i '/^undo:/d' spec.yaml
    echo '{"id": 3}' >3.jsonl
    run 0
    undo 2 --yes
    says "undo: {loads: N}"
    undo 2 --yes --json
    says '"code":"TG_USAGE"'
}

# What is valid, and what is nested in it.
versions() {
    sql "select string_agg(id || v || case when _dlt_valid_to is null then '+' else '-' end, ' ' order by id, v, _dlt_valid_from) from t"
}

test_versions() {
    spec "t: {path: t.jsonl, primary_key: id, write_disposition: {disposition: merge, strategy: scd2}}"
    sed -i 's/^source:/undo: {loads: 3}\nsource:/' spec.yaml
    printf '{"id": 1, "v": "a", "l": [1, 2]}\n{"id": 2, "v": "a"}\n' >t.jsonl
    run 0
    printf '{"id": 1, "v": "b", "l": [3]}\n' >t.jsonl
    run 0
    printf '{"id": 1, "v": "a", "l": [1, 2]}\n{"id": 2, "v": "a"}\n' >t.jsonl
    run 0
    equal "1a- 1a+ 1b- 2a- 2a+" "$(versions)"
    equal 3 "$(sql "select count(*) from t__l")"
    undo 0 --yes # a content that was back: its nested rows are those of the version before
    equal "1a- 1b+ 2a-" "$(versions)"
    equal 6 "$(sql "select cast(sum(value) as bigint) from t__l")"
    undo 0 --yes "$(sql "select load_id from _tidegate_loads where table_name = 't' and rows_updated = 1 and rows_deleted = 1")"
    equal "1a+ 2a+" "$(versions)"
    equal 3 "$(sql "select cast(sum(value) as bigint) from t__l")"
    run 0
    run 0
    equal "1a+ 2a+" "$(versions)"
    printf '{"id": 1, "v": "c"}\n' >t.jsonl
    run 0
    sql "update t set v = 'x' where v = 'c'" >/dev/null
    undo 3 --yes
    says "have been changed or deleted since" "table 't'"
    equal "1a- 1x+ 2a-" "$(versions)"
}

# The file follows what is stored.
test_the_exported_schema() {
    undo_spec
    echo "schema: {export_schema_path: schemas}" >>spec.yaml
    echo '{"id": 1}' >1.jsonl
    run 0
    cp schemas/test.schema.yaml before
    echo '{"id": 1, "late": "b"}' >2.jsonl
    run 0
    grep -q late schemas/test.schema.yaml || fail "the export lacks what the load has added"
    undo 0 --yes
    grep -q late schemas/test.schema.yaml && fail "the export has what was undone"
    equal "$(grep -c data_type before)" "$(grep -c data_type schemas/test.schema.yaml)"
}

# A load that waits on disk began from a state that is over.
test_a_package_that_waits_is_not_written_over_it() {
    two_loads
    sed -i "s/path: '[^']*'/path: ['*.jsonl', 3.jsonl]/" spec.yaml
    mkfifo 3.jsonl
    "$tidegate" run spec.yaml --progress none >/dev/null 2>said &
    local loader=$!
    exec 3>3.jsonl
    hold
    echo '{"id": 1, "v": "c", "l": [9]}' >&3
    exec 3>&-
    wait "$loader" || true
    release
    rm 3.jsonl
    sed -i "s/path: [^]]*]/path: '*.jsonl'/" spec.yaml
    "$tidegate" show spec.yaml packages | grep -q sealed
    undo 0 --yes
    equal "1 a 3" "$(rows)"
    run 3 # nobody can read those rows again
    says "moved on" "/failed"
    equal "1 a 3" "$(rows)"
    run 0
    equal "1 b 3" "$(rows)"
}

# Killed at any point it is done or not done; said again, it is done.
test_kills() {
    local faulty point code id
    faulty=$(dirname "$tidegate")/tidegate-faulty
    [ -x "$faulty" ] || return 0
    two_loads
    undo 0 --yes
    for point in after_lock after_stage after_begin before_commit after_commit after_undo; do
        echo "{\"id\": 1, \"v\": \"b\", \"l\": [3], \"p\": \"$point\"}" >2.jsonl
        run 0
        equal "1 b 3" "$(rows)" "before a kill $point"
        id=$("$tidegate" undo spec.yaml --look --json | sed 's/.*"undone":\["\([^"]*\)".*/\1/')
        code=0
        { TG_FAIL_AT=$point "$faulty" undo spec.yaml "$id" --yes >said 2>&1 || code=$?; } 2>/dev/null
        equal 137 $code "exit code $point"
        case $point in
        after_commit | after_undo) equal "1 a 3" "$(rows)" "after a kill $point" ;;
        *) equal "1 b 3" "$(rows)" "after a kill $point" ;;
        esac
        undo 0 "$id" --yes
        equal "1 a 3" "$(rows)" "once more, $point"
    done
}

test_sequences() {
    local few=1 # with half of the resources that there are
    [ $kind = duckdb ] || few=3 # for the same time
    spec
    sed -i '$d' spec.yaml
    TIDEGATE=$tidegate python3 "$root/tests/undos.py" "${UNDO_SEED:-1}" "${UNDO_SEQUENCES:-$few}" || fail "the copies differ"
}

# Rows that a load takes away have been moved before. Seed 39 has what seed 1 has not.
test_sequences_of_large_tables() {
    local faulty
    faulty=$(dirname "$tidegate")/tidegate-faulty
    [ $kind = duckdb ] && [ -x "$faulty" ] || return 0
    spec
    sed -i '$d' spec.yaml
    TG_FORCE=gather TIDEGATE=$faulty python3 "$root/tests/undos.py" "${UNDO_SEED:-39}" "${UNDO_SEQUENCES:-1}" ||
        fail "the copies differ"
}

run_tests duckdb postgres
