#!/usr/bin/env bash
# Runs of scd2, cdc, replace-range and deletes by keys, each a table of one load, killed at named points of the protocol, at
# random moments, and at a step that would be in between if there were no transaction (the control): right after that all
# tables have their old rows or all their new ones, and a plain run then ends with those of an undisturbed one. On DuckDB
# they meet tables, too, whose rows are put together before they go.
#
#     KILLS=100 ROWS=100000 tests/crash/strategies.sh      (the command is $TIDEGATE, and beside it tidegate-faulty)
set -eu
rows=${ROWS:-400} kills=${KILLS:-1}
. "$(dirname "$0")/lib.bash"
faulty=$(dirname "$tidegate")/tidegate-faulty
[ -x "$faulty" ] || { echo "ok # SKIP this build has no tests"; exit 0; }
case $("$tidegate" --version) in *"DuckDB v1."*) gathers=false ;; *) gathers=true ;; esac
tables="snapshots ended hard soft cdc ranged"

# make_specs FROM: the range begins there
make_specs() {
    local merge="write_disposition: {disposition: merge, strategy" keys="keys_path: keys.jsonl, primary_key: id"
    cat >spec.yaml <<END
pipeline: crash
destination: $destination
dataset: d
source: {type: files}
resources:
  snapshots: {path: rows.jsonl, $merge: scd2}}
  ended: {path: rows.jsonl, $merge: scd2}, $keys, deletes: {detect: keys, apply: scd2, limit: 100%}}
  hard: {path: rows.jsonl, write_disposition: merge, $keys, deletes: {detect: keys, limit: 100%}}
  soft: {path: rows.jsonl, $merge: upsert}, $keys, deletes: {detect: keys, apply: soft, limit: 100%}}
  cdc: {path: rows.jsonl, $merge: cdc}, primary_key: id, deletes: {limit: 100%}}
  ranged:
    path: rows.jsonl
    write_disposition: {disposition: replace, strategy: replace-range}
    incremental: {cursor: id, initial_value: $1, end_value: $((rows * 2))}
END
}

# content_of TABLE: which rows are valid, or there, is content; when they ended is not, but that the next one begins there
content_of() {
    local mark="''" follows=0
    case $1 in
    snapshots | ended) mark="case when _dlt_valid_to is null then '+' else '-' end"
        follows="(select count(*) from $1 a join $1 b on a.id = b.id and a._dlt_valid_to = b._dlt_valid_from)" ;;
    soft) mark="case when _tidegate_deleted_at is null then '+' else '-' end" ;;
    esac
    echo "select '$1' as name, (select count(*) from $1) as rows,
        (select md5(string_agg(concat(id, value, $mark), ', ' order by id, value)) from $1) as content,
        (select count(distinct _dlt_id) from $1) as ids, $follows as follows,
        (select count(*) from $1__list) as nested, (select sum(value) from $1__list) as nested_content,
        (select count(*) from $1__list l join $1 p on p._dlt_id = l._dlt_parent_id) as attached,
        (select count(*) - count(distinct load_id) from _dlt_loads) as doubled_loads,
        (select count(*) from $1 where _dlt_load_id not in (select load_id from _dlt_loads)) as unrecorded"
}

content() {
    local table query=
    for table in $tables; do query="$query${query:+ union all }$(content_of "$table")"; done
    "$tidegate" sql spec.yaml --csv "$query order by 1" | tail -n +2 | tr '\n' ' '
}

# The first half of all rows; then the later three quarters, of which those that were there have changed. The first quarter
# is not listed any more.
prepare_both() {
    fresh || return 1
    make_specs 1
    make_rows 1 $((rows / 2)) first >rows.jsonl
    cp rows.jsonl keys.jsonl
    run || { cat said; return 1; }
    save
    old=$(content)
    make_specs $((rows / 4))
    make_rows $((rows / 4)) "$rows" second >rows.jsonl
    cp rows.jsonl keys.jsonl
    local start=$EPOCHREALTIME
    run || { cat said; return 1; }
    took_ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    wanted=$(content)
    [ "$old" != "$wanted" ]
}

# expect_whole WHAT: nothing in between is there
expect_whole() {
    local now
    now=$(content)
    [ "$now" = "$old" ] || [ "$now" = "$wanted" ] ||
        { echo "not ok $1: there is $now, which is neither $old nor $wanted"; return 1; }
}

die_at() { # POINT
    local code=0 what="$kind${TG_FORCE:+, rows put together}, killed at $1"
    restore
    { TG_FAIL_AT=$1 "$faulty" run spec.yaml --progress none >said 2>&1 || code=$?; } 2>/dev/null
    [ $code = 137 ] || { echo "not ok $what: the run ended with $code: $(tail -1 said)"; return 1; }
    expect_whole "$what" && put_right "$what" && echo "ok $what"
}

die_after() { # MS
    local what="$kind${TG_FORCE:+, rows put together}, killed after $1 of $took_ms ms"
    restore
    "$faulty" run spec.yaml --progress none >said 2>&1 &
    local victim=$!
    sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
    kill -9 "$victim" 2>/dev/null || true
    wait "$victim" 2>/dev/null || true
    expect_whole "$what" && put_right "$what"
}

# find_between: the control. A $step at which a kill leaves what is neither, where each step is committed by itself.
find_between() {
    local now
    for step in 40 60 80 20 50 70 90 30; do
        restore
        { TG_FORCE=commits TG_FAIL_AT=after_step:$step "$faulty" run spec.yaml --progress none >said 2>&1 || true; } 2>/dev/null
        now=$(content) || now=nothing
        [ "$now" = "$old" ] || [ "$now" = "$wanted" ] || { echo "ok $kind, steps committed: $step is in between"; return; }
    done
    echo "not ok $kind, steps committed: a kill in between is not seen"
    return 1
}

disturb_all() { # POINT...
    local point number good=0
    for point; do
        die_at "$point" || failed=1
    done
    for number in $(seq "$kills"); do
        die_after $((RANDOM * took_ms / 32768)) && good=$((good + 1)) || failed=1
    done
    [ $good = 0 ] || [ $good != "$kills" ] || echo "ok $kind${TG_FORCE:+, rows put together}: $good runs killed at random moments"
}

failed=0
for kind in $DESTINATIONS; do
    over "$kind"
    prepare_both || { echo "not ok $kind undisturbed"; exit 1; }
    find_between || failed=1
    disturb_all after_seal after_step:$step before_commit after_commit
    [ $kind-$gathers = duckdb-true ] || continue
    export TG_FORCE=gather
    kills=$((kills - 1)) disturb_all after_gathered before_gathered:4 before_commit
    unset TG_FORCE
done
exit $failed
