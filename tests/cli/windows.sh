#!/usr/bin/env bash
# Windows of a cursor, from outside: `run --from --to`, what is refused, kills between seal and commit.
. "$(dirname "$0")/lib.bash"

days() { # days FIRST LAST: two rows of each day of January
    local day
    for ((day = $1; day <= $2; day++)); do
        printf '{"id": %d, "at": "2024-01-%02dT%s:00:00Z"}\n' $((day * 2)) $day 00 $((day * 2 + 1)) $day 12
    done >t.jsonl
}

window_spec() { spec "t: {path: t.jsonl, incremental: {cursor: at, initial_value: 2024-01-01}${1:-}}"; }

rows() { sql "select count(*) || ' ' || count(distinct id) from t"; }

test_windows_then_a_run() {
    window_spec
    days 1 6
    run 0 --from 2024-01-03 --to 2024-01-04
    run 3
    says "load the window from '2024-01-01' to 2024-01-03 first"
    run 0 --from 2024-01-01 --to 2024-01-03
    equal "6 6" "$(rows)"
    "$tidegate" plan spec.yaml >said
    grep -q "rows from 2024-01-04" said
    run 0
    equal "12 12" "$(rows)"
    run 0
    equal "12 12" "$(rows)"
    run 2 --from 2024-01-05 --to 2024-01-06
    says "from 2024-01-05 to 2024-01-06 is loaded, by the runs so far" "--again"
    run 0 --from 2024-01-05 --to 2024-01-06 --again
    equal "14 12" "$(rows)"
}

test_days_of_a_zone() {
    window_spec
    days 1 3
    run 0 --from 2024-01-01 --to 2024-01-02 --timezone America/New_York
    equal "2 2" "$(rows)" # 12:00 of the first day, 00:00 of the second
    run 2 --from 2024-01-02 --to 2024-01-03 --timezone Mars/Olympus
    says "'Mars/Olympus' is no time zone"
}

test_wrong_windows() {
    window_spec
    days 1 2
    run 2 --from 2024-01-02
    says "say --from and --to"
    run 2 --timezone Europe/Berlin
    says "--timezone is about a window"
    run 2 --again
    run 2 --from 2024-01-02 --to 2024-01-02
    says "is empty"
    run 2 --from 2024-01-02 --to 2024-01-01
    says "upside down"
    run 2 --from 2024-01-01 --to 2024-01-02 --full-refresh
    says "exclude each other"
    window_spec ", write_disposition: replace"
    run 2 --from 2024-01-01 --to 2024-01-02
    says "replace makes a table anew"
    spec "t: {path: t.jsonl}"
    run 2 --from 2024-01-01 --to 2024-01-02
    says "has a cursor"
}

# Killed anywhere, a window is loaded whole or not at all, and the same call, or a plain run, goes on from there.
test_killed_windows() {
    local point code
    days 1 4
    for point in after_lock before_seal after_seal after_begin before_commit after_commit; do
        window_spec
        sed -i "s/^dataset: .*/dataset: d_$point/; s/^pipeline: .*/pipeline: p_$point/" spec.yaml
        code=0
        TG_FAIL_AT=$point "${tidegate%/*}/tidegate-faulty" run spec.yaml --progress none --from 2024-01-01 \
            --to 2024-01-03 >/dev/null 2>&1 || code=$?
        [ $code != 0 ] || fail "was not killed at $point"
        run 0 --from 2024-01-01 --to 2024-01-03
        equal "4 4" "$(rows)" "what is there after $point"
        run 0
        equal "8 8" "$(rows)" "what is there after $point, and a run"
    done
}

run_tests duckdb postgres
