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

several_spec() { spec "t: {path: t.jsonl, incremental: {cursor: [at, id], initial_value: $1}}"; }

# --from and --to are about the first field: rows that share a value of it are in one window, whatever the others are.
test_several_fields() {
    several_spec "['2024-01-01', 0]"
    days 1 6
    sed -i 's/T12/T00/' t.jsonl # two rows with each value of the first field
    run 0 --from 2024-01-03 --to 2024-01-04
    run 3
    says "load the window from '2024-01-01' to 2024-01-03 first"
    run 0 --from 2024-01-01 --to 2024-01-03
    equal "6 6" "$(rows)"
    "$tidegate" plan spec.yaml >said
    grep -q "rows from 2024-01-04" said || fail "$(cat said)"
    run 0
    equal "12 12" "$(rows)"
    run 0
    equal "12 12" "$(rows)"
    "$tidegate" show spec.yaml windows >said
    grep -q "2024-01-03  2024-01-04  committed     2" said || fail "$(cat said)"
    run 2 --from 2024-01-06 --to 2024-01-07
    says "from 2024-01-06 to" "is loaded, by the runs so far" "--again"
    run 2 --from 2024-01-07 --to 2024-01-08
    says "the runs to come load it"
    run 0 --from 2024-01-05 --to 2024-01-06 --again
    equal "14 12" "$(rows)"
}

# A tie that comes after the window with its value in the first field: the run that goes on from there takes it.
test_several_fields_go_on() {
    several_spec "['2024-01-01', 0]"
    days 1 2
    run 0 --from 2024-01-01 --to 2024-01-02
    equal "2 2" "$(rows)"
    run 0
    equal "4 4" "$(rows)"
    echo '{"id": 9, "at": "2024-01-02T12:00:00Z"}' >>t.jsonl
    echo '{"id": 1, "at": "2024-01-02T12:00:00Z"}' >>t.jsonl # before the pair that is reached
    run 0
    equal "5 5" "$(rows)"
}

test_ends_that_are_no_values_of_the_cursor() {
    spec "t: {path: t.jsonl, incremental: at}"
    echo '{"id": 1, "at": "2024-01-05"}' >t.jsonl
    run 2 --from 2024-01-01 --to 2024-02-31
    says "the ends of the window, 2024-01-01 (a timestamp) and '2024-02-31' (text), do not compare; write both as the values"
    run 2 --from 2024-01-05 --to 2024-01-05
    says "it has its first end, and not its second, which has to be another"
    echo '{"id": 1, "at": 5}' >t.jsonl
    run 1 --from 2024-01-01 --to 2024-01-02
    says "line 1: the cursor field 'at' holds 5 here (an integer), which does not compare with 2024-01-02 (a timestamp), an end of the window; write the ends of the window as the values of the field are"
    run 0 --from 1 --to 10
}

test_several_fields_down() {
    spec "t: {path: t.jsonl, incremental: {cursor: [n, id], initial_value: 9, last_value: min}}"
    for n in 9 8 7 6; do printf '{"n": %d, "id": 1}\n{"n": %d, "id": 2}\n' $n $n; done >t.jsonl
    run 2 --from 7 --to 9
    says "upside down"
    run 0 --from 9 --to 7
    equal "4" "$(sql "select count(*) from t")" # 9 and 8
    run 2 --from 8 --to 6
    says "from 8 to 7 is loaded"
    run 0
    equal "8" "$(sql "select count(*) from t")"
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

plan() { # plan CODE [ARGUMENTS]: as run
    local code=$1 got=0
    shift
    said=$("$tidegate" plan spec.yaml --progress none "$@" 2>&1) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "plan ended with $got, not $code: $said"
}

parts() { # parts [ARGUMENTS]: what the plan says of the range, a line for each part
    "$tidegate" plan spec.yaml --json "$@" | python3 -c 'if True:
        import json, sys
        for part in json.load(sys.stdin)["windows"]:
            print(part["from"], part["to"], part["state"], part["windows"], "by" if part["by"] else "")'
}

# What a plan says of a range is what run and backfill then do, and it does none of it.
test_plans() {
    local ledger
    window_spec
    days 1 10
    equal "2024-01-03 2024-01-05 due 1 " "$(parts --from 2024-01-03 --to 2024-01-05)"
    plan 0 --from 2024-01-03 --to 2024-01-05 --rows
    says "rows from 2024-01-03T00:00:00Z, as it is asked for, to before" "20    4         4" "1 would be loaded"
    [ ! -e .tidegate/test/packages ] || [ -z "$(ls .tidegate/test/packages)" ] || fail "a package is left"
    run 0 --from 2024-01-03 --to 2024-01-05
    equal "4 4" "$(rows)"
    ledger=$("$tidegate" show spec.yaml windows)
    plan 2 --from 2024-01-04 --to 2024-01-06
    says "from 2024-01-04 to 2024-01-05 is loaded, by load"
    plan 0 --from 2024-01-04 --to 2024-01-06 --again
    says "2024-01-03            2024-01-05            loaded   t" "2024-01-04            2024-01-06            due      t"
    equal "$(printf '%s\n' "2024-01-03 2024-01-05 loaded 1 by" \
        "2024-01-01 2024-01-02 due 1 " "2024-01-02 2024-01-03 due 1 " \
        "2024-01-05 2024-01-06 due 1 " "2024-01-06 2024-01-07 due 1 ")" \
        "$(parts --from 2024-01-01 --to 2024-01-07 --window 1d)"
    equal "$ledger" "$("$tidegate" show spec.yaml windows)" "the ledger after plans"
    "$tidegate" backfill spec.yaml --from 2024-01-01 --to 2024-01-07 --window 1d >said
    grep -q ": 4 windows" said || fail "$(cat said)"
    plan 0 --from 2024-01-01 --to 2024-01-07 --window 1d
    says "A backfill would" "Windows: 0 would be loaded" "Nothing was written"
    run 0
    equal "20 20" "$(rows)"
    plan 2 --from 2024-01-01 --to 2024-01-02 --window 1d
    says "is loaded, by the runs so far"
    plan 2 --from 2024-01-01 --to 2024-01-02 --window fortnight --again
    says "is no length of windows"
    plan 2 --from 2024-01-01 --to 2024-01-02 --window 1d --rows --again
    says "rows are tried in one"
    plan 2 --window 1d
    says "say --from and --to"
    plan 2 --from 2024-01-01
    plan 2 --from 2024-01-01 --to 2024-01-02 --full-refresh
    says "exclude each other"
}

# A backfill that is not done goes first, in the plan as well; a merge takes a window that is loaded all the same.
test_plans_of_what_is_planned() {
    window_spec
    days 1 10
    { TG_FAIL_AT=after_window "${tidegate%/*}/tidegate-faulty" backfill spec.yaml --from 2024-01-01 --to 2024-01-04 \
        --window 1d >/dev/null 2>&1 || true; } 2>/dev/null
    equal "$(printf '%s\n' "2024-01-01 2024-01-02 loaded 1 by" "2024-01-02 2024-01-04 planned 2 by")" \
        "$(parts --from 2024-01-01 --to 2024-01-06 --window 1d)"
    plan 0 --from 2024-01-01 --to 2024-01-06 --window 1d
    says "0 would be loaded" "another one does it first"
    plan 2 --from 2024-01-03 --to 2024-01-05
    says "is planned by backfill"
    window_spec ", write_disposition: merge, primary_key: id"
    plan 0 --from 2024-01-01 --to 2024-01-02
    says "loaded   t" "due      t" "1 would be loaded"
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
