#!/usr/bin/env bash
# A run that begins anew (--refresh, or the disposition replace) is killed at every named point of the protocol. Right after
# that readers have the old rows or the new ones, and the cursor is that of the rows; then a plain run, which knows nothing of a refresh, ends with what the undisturbed one has left: a
# sealed package says itself what it drops. One that was killed before it was sealed has done nothing.
#
#     tests/crash/refresh.sh      (the command is $TIDEGATE, and beside it tidegate-faulty)
set -eu
rows=200
. "$(dirname "$0")/lib.bash"
faulty=$(dirname "$tidegate")/tidegate-faulty
[ -x "$faulty" ] || { echo "ok # SKIP this build has no tests"; exit 0; }

# Another table, which drop_sources alone drops, and a column that is only in the old rows.
prepare_refresh() { # MODE
    fresh || return 1
    rm -f ./*.jsonl
    make_spec append
    sed -i 's/write_disposition: append/&, incremental: {cursor: id}/' spec.yaml
    echo '  other: {path: other.json}' >>spec.yaml
    make_rows 1 $((rows / 2)) first | sed 's/}$/, "old": true}/' >1.jsonl
    echo '{"id": 1}' >other.json
    run || { cat said; return 1; }
    save
    old=$(whole)
    rm 1.jsonl
    make_rows $((rows / 4)) "$rows" second >2.jsonl
    refresh="--refresh $1"
    [ "$1" != replace ] || { refresh='' && sed -i 's/write_disposition: append/write_disposition: replace/' spec.yaml; }
    "$tidegate" run spec.yaml --select t $refresh --progress none >said 2>&1 || { cat said; return 1; }
    wanted=$(whole)
    [ "$old" != "$wanted" ]
}

whole() {
    content ", (select string_agg(concat(table_name, '.', column_name), ' ' order by table_name, column_name)
        from information_schema.columns where table_schema = 'd' and table_name not like '\\_%' escape '\\'
        and column_name not like '\\_dlt\\_%' escape '\\') as columns,
        (select count(*) from _dlt_version) as versions"
    "$tidegate" reset spec.yaml --cursors --look | grep '^t '
}

die_at() { # MODE POINT
    local code=0 now again='' expected=$old
    restore
    { TG_FAIL_AT=$2 "$faulty" run spec.yaml --select t $refresh --progress none >said 2>&1 || code=$?; } 2>/dev/null
    [ $code = 137 ] || { echo "not ok $kind, $1 at $2: the run ended with $code: $(tail -1 said)"; return 1; }
    case $2 in
    after_lock | before_seal) again=$refresh ;;
    after_commit | after_drop) expected=$wanted ;;
    esac
    now=$(whole)
    [ "$now" = "$expected" ] || { echo "not ok $kind, $1 killed at $2: there is $now, not $expected"; return 1; }
    "$tidegate" run spec.yaml --select t $again --progress none >said 2>&1 || { cat said; return 1; }
    now=$(whole)
    [ "$now" = "$wanted" ] || { echo "not ok $kind, $1 killed at $2, put right: $now, not $wanted"; return 1; }
    echo "ok $kind, $1 killed at $2"
}

failed=0
for kind in $DESTINATIONS; do
    over "$kind"
    for mode in drop_sources drop_resources drop_data replace; do
        next_way
        prepare_refresh $mode || { echo "not ok $kind, $mode undisturbed"; exit 1; }
        for point in after_lock before_seal after_seal after_stage after_begin before_commit after_commit after_drop; do
            has_turn || continue
            die_at $mode $point || failed=1
        done
    done
done
exit $failed
