#!/usr/bin/env bash
# Cursors against a model of them (tests/cursors.py). CURSOR_SEQUENCES says how many, from which number on CURSOR_SEED.
. "$(dirname "$0")/lib.bash"

test_model() {
    local few=240
    [ $kind = duckdb ] || few=40
    case ${TIDEGATE_BUILD:-} in *san*) few=40 ;; esac # the loads are the same, and sanitizers are slow
    spec
    sed -i '$d' spec.yaml
    TIDEGATE=$tidegate python3 "$root/tests/cursors.py" "${CURSOR_SEED:-1}" "${CURSOR_SEQUENCES:-$few}" ||
        fail "the model differs"
}

run_tests duckdb postgres
