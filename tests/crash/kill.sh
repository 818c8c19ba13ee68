#!/usr/bin/env bash
# Runs killed with SIGKILL at random moments, each followed by a plain run, must end with exactly the rows of an
# undisturbed one: for append, replace and merge, with nested tables.
#
#     KILLS=51 ROWS=1000000 tests/crash/kill.sh      (the command is $TIDEGATE; `make crash`)
set -eu
case ${TIDEGATE_BUILD:-} in
*san*) kills=${KILLS:-6} rows=${ROWS:-20000} ;; # sanitizers are slow, and the protocol is the same
*) kills=${KILLS:-15} rows=${ROWS:-200000} ;;
esac
. "$(dirname "$0")/lib.bash"

kill_once() { # DISPOSITION
    local after_ms=$((RANDOM * (took_ms + took_ms / 10) / 32768))
    restore
    "$tidegate" run spec.yaml --progress none >/dev/null 2>&1 &
    local victim=$!
    sleep "$(printf '%d.%03d' $((after_ms / 1000)) $((after_ms % 1000)))"
    kill -9 "$victim" 2>/dev/null || true
    wait "$victim" 2>/dev/null || true
    put_right "$1 killed after $after_ms of $took_ms ms"
}

failed=0
for disposition in append replace merge; do
    prepare $disposition || { echo "not ok $disposition undisturbed"; exit 1; }
    good=0
    for _ in $(seq $((kills / 3))); do
        kill_once $disposition && good=$((good + 1)) || failed=1
    done
    [ $good -eq $((kills / 3)) ] && echo "ok $disposition: $good runs of $rows rows killed within $took_ms ms, all put right"
done
exit $failed
