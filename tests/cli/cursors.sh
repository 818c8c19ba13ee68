#!/usr/bin/env bash
# Cursors against a model of them (tests/cursors.py). CURSOR_SEQUENCES says how many, from which number on CURSOR_SEED.
. "$(dirname "$0")/lib.bash"

test_model() {
    local few=39 # of one batch
    [ $kind = duckdb ] || few=10
    spec
    sed -i '$d' spec.yaml
    TIDEGATE=$tidegate python3 "$root/tests/cursors.py" "${CURSOR_SEED:-1}" "${CURSOR_SEQUENCES:-$few}" ||
        fail "the model differs"
}

# Rows that are too many for the state: four are, here.
test_model_of_ties() {
    local faulty
    faulty=$(dirname "$tidegate")/tidegate-faulty
    [ -x "$faulty" ] || return 0
    spec
    sed -i '$d' spec.yaml
    TG_FORCE=ties TIDEGATE=$faulty python3 "$root/tests/cursors.py" "${CURSOR_SEED:-1}" 13 || fail "the model differs"
}

# The control: where each step of a load is committed by itself, a kill among them must show.
test_control_steps_committed_one_by_one() {
    local step faulty
    faulty=$(dirname "$tidegate")/tidegate-faulty
    case ${TIDEGATE_BUILD:-} in *san*) return 0 ;; esac
    [ $kind = duckdb ] && [ -x "$faulty" ] || return 0
    spec
    sed -i '$d' spec.yaml
    for step in 150 190 110 70; do
        TG_FORCE=commits CURSOR_KILL=after_step:$step TIDEGATE=$tidegate python3 "$root/tests/cursors.py" 1 39 >said 2>&1 ||
            { grep -q "missing\|a sealed load is set aside" said && return 0; }
        rm -rf seed*
    done
    fail "kills between steps that are committed are not seen: $(tail -3 said)"
}

# However many rows stand at the last value, the state stays small: dlt keeps a hash of each, and warns from 200 on.
test_many_at_the_last_value() {
    spec 't: {path: "*.jsonl", incremental: at}'
    seq 1 1000 | sed 's/.*/{"id": &, "at": 1}/' >1.jsonl
    run 0
    seq 2 1001 | sed 's/.*/{"id": &, "at": 1}/' >2.jsonl
    run 0
    equal 1001 "$(sql "select count(*) from t")"
    [ "$("$tidegate" show spec.yaml state --json | wc -c)" -lt 2000 ] || fail "the state grows with the rows"
}

run_tests duckdb postgres
