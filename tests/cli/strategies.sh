#!/usr/bin/env bash
# Merge strategies against a model of them (tests/strategies.py). STRATEGY_TABLES says how many tables, from which number
# on STRATEGY_SEED.
. "$(dirname "$0")/lib.bash"

test_model() {
    local few=40 # each strategy twice
    [ $kind = duckdb ] || few=15
    spec
    sed -i '$d' spec.yaml
    TIDEGATE=$tidegate python3 "$root/tests/strategies.py" "${STRATEGY_SEED:-1}" "${STRATEGY_TABLES:-$few}" ||
        fail "the model differs"
}

# The same where no DELETE may hold any memory: rows that go are put together before.
test_model_of_large_tables() {
    local faulty
    faulty=$(dirname "$tidegate")/tidegate-faulty
    [ $kind = duckdb ] && [ -x "$faulty" ] || return 0
    spec
    sed -i '$d' spec.yaml
    TG_FORCE=gather TIDEGATE=$faulty python3 "$root/tests/strategies.py" "${STRATEGY_SEED:-1}" "${STRATEGY_TABLES:-10}" ||
        fail "the model differs"
}

run_tests duckdb postgres
