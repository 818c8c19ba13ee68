#!/usr/bin/env bash
# Many rows at a cursor's last value, whose hashes have a table of their own: the load that adds to them, and the one that
# leaves them behind, killed at every point of the protocol and after statements, and with calls that fail; each
# followed by a plain run: the rows are those of an undisturbed one, and so is what is known of them by a third run, which
# reads all of them again.
#
#     tests/crash/ties.sh      (the command is tidegate-faulty, beside $TIDEGATE, which takes a few rows for many)
set -eu
more=sqlite
. "$(dirname "$0")/lib.bash"
faulty=$(dirname "$tidegate")/tidegate-faulty
[ -x "$faulty" ] || { echo "ok # SKIP this build has no tests"; exit 0; }
tidegate=$faulty
export TG_FORCE=ties

make_tied() { # FROM TO TS
    awk -v from="$1" -v to="$2" -v ts="$3" 'BEGIN { for (i = from; i <= to; i++)
        printf "{\"id\": %d, \"value\": \"v\", \"ts\": %d, \"list\": [%d]}\n", i, ts, i }'
}

# A first load, and the second one, which is to be disturbed.
prepare_tied() { # HOW
    fresh
    rm -f ./*.jsonl
    printf 'pipeline: crash\ndestination: %s\ndataset: d\nundo: {loads: 2}\nsource: {type: files}\n' "$destination" >spec.yaml
    [ $kind != sqlite ] || sed -i '/^undo/d' spec.yaml
    printf 'resources:\n  t: {path: "*.jsonl", incremental: {cursor: ts}}\n' >>spec.yaml
    make_tied 1 40 7 >1.jsonl
    run || { cat said; return 1; }
    save
    rm 1.jsonl
    { make_tied 30 60 7; [ "$1" != moves ] || make_tied 100 120 8; } >2.jsonl
    run || { cat said; return 1; }
    wanted=$(content)
    known || { cat said; return 1; }
}

# Whatever is read again is known: no row comes twice. There is $wanted before.
known() {
    awk '{ a[NR] = $0 } END { for (i = NR; i > 0; i--) print a[i] }' 2.jsonl >3.jsonl
    run || return 1
    rm 3.jsonl
    found=$(content)
    [ "${found%,[01]}" = "${wanted%,[01]}" ]
}

put_disturbed_right() { # WHAT
    put_right "$1" || return 1
    known || { echo "not ok $1: rows come again: $found instead of $wanted: $(tail -1 said)"; return 1; }
}

failed=0
for kind in $DESTINATIONS; do
    over "$kind"
    for how in grows moves; do
        next_way
        prepare_tied $how || { echo "not ok $kind, $how, undisturbed"; exit 1; }
        for point in before_seal after_seal after_begin before_commit after_commit after_drop; do
            has_turn || continue
            die_at $how $point || { failed=1; continue; }
            echo "ok $kind, $how, killed at $point"
        done
        die_after_some_steps $how || failed=1
        [ $kind-$how = duckdb-grows ] || continue
        for call in fsync rename write unlink; do
            fail_each $how $call || failed=1
        done
    done
done
exit $failed
