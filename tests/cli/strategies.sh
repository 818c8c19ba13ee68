#!/usr/bin/env bash
# Merge strategies against a model of them (tests/strategies.py). STRATEGY_TABLES says how many tables, from which number
# on STRATEGY_SEED.
. "$(dirname "$0")/lib.bash"

test_model() {
    local few=15
    [ $kind = duckdb ] || few=5
    spec
    sed -i '$d' spec.yaml
    TIDEGATE=$tidegate python3 "$root/tests/strategies.py" "${STRATEGY_SEED:-1}" "${STRATEGY_TABLES:-$few}" ||
        fail "the model differs"
}

run_tests duckdb postgres
