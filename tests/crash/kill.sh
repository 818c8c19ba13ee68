#!/usr/bin/env bash
# Runs killed with SIGKILL at random moments, each followed by a plain run, must end with exactly the rows of an
# undisturbed one: for append, replace and merge, with nested tables.
#
#     KILLS=51 ROWS=1000000 tests/crash/kill.sh      (the command is $TIDEGATE; `make crash`)
set -eu
tidegate=$(realpath "${TIDEGATE:-build/tidegate}")
case ${TIDEGATE_BUILD:-} in
*san*) kills=${KILLS:-6} rows=${ROWS:-20000} ;; # sanitizers are slow, and the protocol is the same
*) kills=${KILLS:-15} rows=${ROWS:-200000} ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

make_rows() { # FROM TO VALUE
    awk -v from="$1" -v to="$2" -v value="$3" 'BEGIN { for (i = from; i <= to; i++)
        printf "{\"id\": %d, \"value\": \"%s %d\"%s}\n", i, value, i, i % 10 ? "" : ", \"list\": [" i ", " i + 1 "]" }'
}

make_spec() { # KEYS of the resource
    printf 'pipeline: crash\ndestination: duckdb:///crash.duckdb\ndataset: d\nsource: {type: files}\n' >spec.yaml
    printf 'resources:\n  t: {path: "*.jsonl", %s}\n' "$1" >>spec.yaml
}

run() { "$tidegate" run spec.yaml --progress none >said 2>&1; }

# Everything that must not depend on a kill: rows, their content, nested rows and their parents, ids,
# no load twice, no row without its load. (A merge may take one load more: the sealed one, then its own.)
content() {
    "$tidegate" sql spec.yaml --csv "
        select (select count(*) from t) as rows, (select sum(hash(id, value)) from t) as content,
            (select count(distinct _dlt_id) from t) as ids,
            (select count(*) from t__list) as nested, (select sum(hash(value)) from t__list) as nested_content,
            (select count(*) from t__list l join t on t._dlt_id = l._dlt_parent_id) as attached,
            (select count(*) - count(distinct load_id) from _dlt_loads) as doubled_loads,
            (select count(*) from t where _dlt_load_id not in (select load_id from _dlt_loads)) as unrecorded" | tail -1
}

# A first load, and the input of the second one, which is the one to be killed.
prepare() { # NAME KEYS
    rm -rf crash.duckdb* .tidegate ./*.jsonl
    make_spec "$2"
    make_rows 1 $((rows / 5)) first >1.jsonl
    run || { cat said; return 1; }
    cp crash.duckdb before.duckdb
    case $1 in append) make_rows $((rows / 5 + 1)) "$rows" second >2.jsonl ;;
    *) rm 1.jsonl; make_rows $((rows / 10)) "$rows" second >2.jsonl ;; esac
    local start=$EPOCHREALTIME
    run || { cat said; return 1; }
    took_ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    wanted=$(content)
}

kill_once() { # NAME NUMBER
    local after_ms=$((RANDOM * (took_ms + took_ms / 10) / 32768)) got
    rm -rf crash.duckdb* .tidegate
    cp before.duckdb crash.duckdb
    "$tidegate" run spec.yaml --progress none >/dev/null 2>&1 &
    local victim=$!
    sleep "$(printf '%d.%03d' $((after_ms / 1000)) $((after_ms % 1000)))"
    kill -9 "$victim" 2>/dev/null || true
    wait "$victim" 2>/dev/null || true
    local left
    left=$(find .tidegate -maxdepth 3 -mindepth 3 2>/dev/null | sed 's|.*/\(open\|sealed\)/.*|\1|' | tr '\n' ' ')
    if ! run; then
        echo "not ok $1 killed after $after_ms of $took_ms ms ($left): the next run failed: $(tail -1 said)"
        return 1
    fi
    got=$(content)
    if [ "$got" != "$wanted" ]; then
        echo "not ok $1 killed after $after_ms of $took_ms ms ($left): $got instead of $wanted"
        return 1
    fi
    if [ -n "$(find .tidegate -path '*/sealed/*' -o -path '*/open/*' -o -path '*/failed/*')" ]; then
        echo "not ok $1 killed after $after_ms of $took_ms ms ($left): a package is left"
        return 1
    fi
}

failed=0
for disposition in append replace merge; do
    case $disposition in
    append) keys="write_disposition: append" ;;
    replace) keys="write_disposition: replace" ;;
    merge) keys="write_disposition: merge, primary_key: id" ;;
    esac
    prepare $disposition "$keys" || { echo "not ok $disposition undisturbed"; exit 1; }
    good=0
    for number in $(seq $((kills / 3))); do
        kill_once $disposition "$number" && good=$((good + 1)) || failed=1
    done
    [ $good -eq $((kills / 3)) ] && echo "ok $disposition: $good runs of $rows rows killed within $took_ms ms, all put right"
done
exit $failed
