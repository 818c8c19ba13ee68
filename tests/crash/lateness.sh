#!/usr/bin/env bash
# lag: auto, in a load that has rows which came late: killed at every point of the protocol and after statements, and with
# calls that fail; each followed by a plain run: the rows are those of an undisturbed one, and each that came late
# has been learned from once. The control: other rows that come as late are learned from, too.
#
#     tests/crash/lateness.sh      (the command is tidegate-faulty, beside $TIDEGATE)
set -eu
. "$(dirname "$0")/lib.bash"
faulty=$(dirname "$tidegate")/tidegate-faulty
[ -x "$faulty" ] || { echo "ok # SKIP this build has no tests"; exit 0; }

make_late() { # FROM TO TS
    awk -v from="$1" -v to="$2" -v ts="$3" 'BEGIN { for (i = from; i <= to; i++)
        printf "{\"id\": %d, \"value\": \"v\", \"ts\": %d, \"list\": [%d]}\n", i, ts, i }'
}

learned() { "$tidegate" show spec.yaml state | sed -n '/"within"/,/}/p' | tr -d ' \n'; }

# A first load, and the second one, which is to be disturbed.
prepare_late() { # DISPOSITION
    fresh
    rm -f ./*.jsonl
    printf 'pipeline: crash\ndestination: %s\ndataset: d\nsource: {type: files}\n' "$destination" >spec.yaml
    printf 'resources:\n  t: {path: "*.jsonl", write_disposition: %s, primary_key: id, incremental: {cursor: ts, lag: auto}}\n' \
        "$1" >>spec.yaml
    make_late 1 40 5000 >1.jsonl
    run || { cat said; return 1; }
    save
    { make_late 41 43 4900; make_late 44 44 4990; make_late 30 60 5000; } >2.jsonl
    run || { cat said; return 1; }
    wanted=$(content)
    wanted_learned='"within":{"16":1,"128":3},'
    [ "$(learned)" = "$wanted_learned" ] || { echo "not ok $kind, $1: learned $(learned)"; return 1; }
    make_late 70 71 4900 >3.jsonl # the control
    run || { cat said; return 1; }
    rm 3.jsonl
    [ "$(learned)" = '"within":{"16":1,"128":5},' ] || { echo "not ok $kind, $1: learned $(learned)"; return 1; }
}

put_disturbed_right() { # WHAT
    put_right "$1" || return 1
    [ "$(learned)" = "$wanted_learned" ] || { echo "not ok $1: learned $(learned), not $wanted_learned"; return 1; }
}

failed=0
for kind in $DESTINATIONS; do
    over "$kind"
    for disposition in append merge; do
        next_way
        prepare_late $disposition || { echo "not ok $kind, $disposition, undisturbed"; exit 1; }
        for point in before_seal after_seal after_begin before_commit after_commit after_drop; do
            has_turn || continue
            die_at $disposition $point || { failed=1; continue; }
            echo "ok $kind, $disposition, killed at $point"
        done
        die_after_some_steps $disposition || failed=1
        [ $kind-$disposition = duckdb-merge ] || continue
        for call in rename fsync; do
            fail_each $disposition $call || failed=1
        done
    done
done
exit $failed
