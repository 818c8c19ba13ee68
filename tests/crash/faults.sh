#!/usr/bin/env bash
# A run killed at every named point of the protocol, and one in which a single fsync, rename, write or unlink fails (with
# TG_TORTURE=full each of them, else some), each followed by a plain run: the rows are those of an undisturbed one. Every
# point must be reached, in every second way at least (has_turn in lib.bash).
#
#     tests/crash/faults.sh      (the command is $TIDEGATE, and beside it tidegate-faulty)
set -eu
rows=500 more=sqlite
case ${TIDEGATE_BUILD:-} in
*san*) dispositions=merge ;; # sanitizers are slow, and the protocol is the same
*) dispositions="append replace merge" ;;
esac
. "$(dirname "$0")/lib.bash"
faulty=$(dirname "$tidegate")/tidegate-faulty
[ -x "$faulty" ] || { echo "ok # SKIP this build has no tests"; exit 0; }

# Rows that go are put together before (DuckDB), table by table: killed there a run has changed nothing.
die_gathering() { # POINT
    local old
    restore
    old=$(content)
    TG_FORCE=gather die_at merge "$1" || return 1
    restore
    { TG_FORCE=gather disturb "$1" || true; } 2>/dev/null
    [ "$(content)" = "$old" ] || { echo "not ok $kind, killed at $1: the rows differ before the next run"; return 1; }
    echo "ok $kind, rows put together, killed at $1"
}

failed=0
for kind in $DESTINATIONS; do
    over "$kind"
    for disposition in $dispositions; do
        next_way
        prepare $disposition || { echo "not ok $kind, $disposition undisturbed"; exit 1; }
        for point in after_lock before_seal after_seal after_stage after_begin before_commit after_commit after_drop; do
            has_turn || continue
            die_at $disposition $point || { failed=1; continue; }
            echo "ok $kind, $disposition, killed at $point"
        done
    done
    case $kind-$("$tidegate" --version) in *"DuckDB v1."*) ;; duckdb-*)
        for point in before_gathered after_gathered before_gathered:2 after_gathered:2; do
            die_gathering $point || failed=1
        done ;;
    esac
    for call in fsync rename write unlink; do
        fail_each merge $call || failed=1
    done
done
exit $failed
