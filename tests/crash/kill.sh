#!/usr/bin/env bash
# Runs killed with SIGKILL at random moments, each followed by a plain run, must end with exactly the rows of an
# undisturbed one: for append, replace and merge, with nested tables. Every second time on PostgreSQL the server's end of
# the connection is cut instead, and the run may put it right by itself. SQLite gets a tenth of the rows.
#
#     KILLS=51 ROWS=1000000 tests/crash/kill.sh      (the command is $TIDEGATE; `make crash`)
set -eu
more=sqlite
case ${TIDEGATE_BUILD:-} in
*san*) kills=${KILLS:-6} rows=${ROWS:-20000} ;; # sanitizers are slow, and the protocol is the same
*) kills=${KILLS:-9} rows=${ROWS:-100000} ;; # make crash has more of both
esac
. "$(dirname "$0")/lib.bash"

disturb_once() { # DISPOSITION
    local after_ms=$((RANDOM * (took_ms + took_ms / 10) / 32768)) what=killed
    [ $kind != postgres ] || [ $((number % 2)) = 0 ] || what=cut
    restore
    "$tidegate" run spec.yaml --progress none >said 2>&1 &
    local victim=$!
    sleep "$(printf '%d.%03d' $((after_ms / 1000)) $((after_ms % 1000)))"
    if [ $what = cut ]; then
        cut_connections
    else
        kill -9 "$victim" 2>/dev/null || true
    fi
    wait "$victim" 2>/dev/null || true
    put_right "$kind, $1 $what after $after_ms of $took_ms ms"
}

failed=0
for kind in $DESTINATIONS; do
    over "$kind"
    [ $kind != sqlite ] || rows=$((rows / 10))
    for disposition in append replace merge; do
        prepare $disposition || { echo "not ok $kind, $disposition undisturbed"; exit 1; }
        good=0
        for number in $(seq $((kills / 3))); do
            disturb_once $disposition && good=$((good + 1)) || failed=1
        done
        [ $good -ne $((kills / 3)) ] ||
            echo "ok $kind, $disposition: $good runs of $rows rows disturbed within $took_ms ms, all put right"
    done
done
exit $failed
