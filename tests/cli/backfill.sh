#!/usr/bin/env bash
# Backfills, from outside: what is said, that they go on where they were killed, several workers, who is refused.
. "$(dirname "$0")/lib.bash"

days() { # days LAST: two rows of each day of January
    local day
    for ((day = 1; day <= $1; day++)); do
        printf '{"id": %d, "at": "2024-01-%02dT%s:00:00Z"}\n' $((day * 2)) $day 00 $((day * 2 + 1)) $day 12
    done >t.jsonl
}

backfill_spec() {
    spec "t: {path: t.jsonl, incremental: {cursor: at, initial_value: 2024-01-01}}"
    days 20
}

# backfill CODE [ARGUMENTS]: of January 1 to 20, a day each
backfill() {
    local code=$1 got=0
    shift
    said=$("$tidegate" backfill spec.yaml --from 2024-01-01 --to 2024-01-21 --window 1d "$@" 2>&1) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "backfill ended with $got, not $code: $said"
}

rows() { sql "select count(*) || ' ' || count(distinct id) from t"; }

fits_a_terminal() {
    [ "$(grep -v "^    [dp]\|^All windows" <<<"$1" | wc -L)" -le 80 ] || fail "wider than 80 columns: $1"
}

test_all_of_it_once() {
    backfill_spec
    backfill 0
    says "20 windows" "20/20" "All windows from 2024-01-01 to 2024-01-21 are loaded"
    fits_a_terminal "$said"
    equal 20 "$(grep -c "  2024-01-.*  2024-01-.*  2 .* t$" <<<"$said")" "lines of windows"
    equal "40 40" "$(rows)"
    backfill 0
    equal "40 40" "$(rows)"
    run 0
    equal "40 40" "$(rows)"
    said=$("$tidegate" show spec.yaml windows)
    says "committed" "2024-01-20"
    fits_a_terminal "$said"
    "$tidegate" show spec.yaml windows --json >said
    grep -q '"from":"2024-01-01","to":"2024-01-02","state":"committed","rows":2,' said || fail "$(cat said)"
}

test_several_fields() {
    backfill_spec
    spec "t: {path: t.jsonl, incremental: {cursor: [at, id], initial_value: ['2024-01-01', 5]}}"
    run 0 --from 2024-01-03 --to 2024-01-05
    backfill 0
    says "18 windows"
    equal "40 40" "$(rows)"
    backfill 0
    run 0
    equal "40 40" "$(rows)"
    echo '{"id": 42, "at": "2024-01-21T00:00:00Z"}' >>t.jsonl
    run 0
    equal "41 41" "$(rows)"
}

test_what_is_missing() {
    backfill_spec
    run 0 --from 2024-01-03 --to 2024-01-05
    run 0 --from 2024-01-10T12:00:00Z --to 2024-01-12
    backfill 0
    says "17 windows"
    equal "40 40" "$(rows)"
    backfill 2 --window 1000
    says "is no length of windows"
    backfill 2 --jobs 0
    backfill 2 --timezone Mars/Olympus
    said=$("$tidegate" backfill spec.yaml --from 2024-01-01 --to 2024-01-21 2>&1) && fail "no --window was said"
    says "--from, --to and --window"
    said=$("$tidegate" work spec.yaml 2>&1) && fail "no --join was said"
    said=$("$tidegate" work spec.yaml --join 1.5 2>&1) && fail "there is no such backfill"
    says "no backfill '1.5'"
    backfill 0 --again
    equal "80 40" "$(rows)"
}

# Killed anywhere, and called again: every row once.
test_killed_backfills() {
    local point code faulty=${tidegate%/*}/tidegate-faulty
    backfill_spec
    days 4
    for point in after_lock after_plan after_claim before_window after_begin before_commit after_commit after_window \
        after_claim:2 before_commit:3 after_window:3; do
        code=0
        sed -i "s/^dataset: .*/dataset: d_${point/:/_}/; s/^pipeline: .*/pipeline: p_${point/:/_}/" spec.yaml
        { TG_FAIL_AT=$point "$faulty" backfill spec.yaml --from 2024-01-01 --to 2024-01-05 --window 1d \
            >/dev/null 2>&1 || code=$?; } 2>/dev/null
        equal 137 $code "what came of $point"
        "$tidegate" backfill spec.yaml --from 2024-01-01 --to 2024-01-05 --window 1d >/dev/null
        equal "8 8" "$(rows)" "what is there after $point"
        run 0
        equal "8 8" "$(rows)" "what is there after $point, and a run"
    done
}

test_several_workers() {
    backfill_spec
    if [ $kind = duckdb ]; then
        backfill 2 --jobs 2
        says "written by one process at a time"
        backfill 0
        equal "40 40" "$(rows)"
        return
    fi
    backfill 0 --jobs 3
    says "20/20"
    equal "40 40" "$(rows)"
    equal 20 "$(sql "select count(*) from _tidegate_windows where state = 'committed'")"
    [ ! -e .tidegate/test/work ] || [ -z "$(ls .tidegate/test/work)" ] || fail "a worker has left its folder"
}

# Days of a zone, over the night in which the clocks change.
test_days_of_a_zone() {
    backfill_spec
    printf '{"id": %d, "at": "2024-03-%sZ"}\n' 1 30T22:59:59 2 30T23:00:00 3 31T21:59:59 4 31T22:00:00 >t.jsonl
    "$tidegate" backfill spec.yaml --from 2024-03-30 --to 2024-04-01 --window 1d --timezone Europe/Berlin >said
    grep -q "2024-03-30T23:00:00Z  2024-03-31T22:00:00Z          2" said || fail "$(cat said)"
    equal "3 3" "$(rows)"
    fits_a_terminal "$(cat said)"
}

run_tests duckdb postgres
