#!/usr/bin/env bash
# Memory stays bounded, however large the file is: files three times as large as what the kernel allows, or ten times, where
# kinds are said. The promise, in MiB of resident memory at its peak:
#
#     the larger of --memory and the columns of the widest table (DuckDB fills a table column by column), and FIXED
#
# and the kernel's limit, which is one on addresses (ulimit -v): that works for everybody and everywhere, but also holds
# what is only mapped (libraries, the reserves of allocators), so it is the promise and some more: DuckDB 2.0 maps 13 MiB
# more than 1.5 for the flat documents, and has 12 MiB less of them resident.
#
#     tests/cli/memory.sh                                       flat documents, and the small ones (`make test`)
#     MEMORY_KINDS="flat nested ..." tests/cli/memory.sh        others, too (`make memory`); figures go to MEMORY_LOG
. "$(dirname "$0")/lib.bash"

generate=$(realpath "${TIDEGATE_BUILD:-$(dirname "$tidegate")}")/bench/generate
KINDS=${MEMORY_KINDS:-flat}
FACTOR=${MEMORY_KINDS:+10}
FACTOR=${FACTOR:-3}
LOG=$(realpath "${MEMORY_LOG:-/dev/null}")
BUDGET=64
FIXED=80

# make_file KIND MB TIMES: t.jsonl of TIMES equal parts, which takes less time than as many different rows
make_file() {
    [ "$(df --output=avail -BM . | tail -1 | tr -dc 0-9)" -gt $(($2 * ($3 + 5))) ] || fail "needs more space on disk"
    "$generate" "$1" "$2MB" >part.jsonl
    for _ in $(seq "$3"); do cat part.jsonl; done >t.jsonl
    lines=$(($(wc -l <part.jsonl) * $3))
    rm part.jsonl
}

# peak PID: megabytes that it had at most, as seen until it ends
peak() {
    local seen=0 now
    while now=$(awk '/^VmHWM/ {print int($2 / 1024)}' "/proc/$1/status" 2>/dev/null) && [ -n "$now" ]; do
        seen=$now
        sleep 0.05
    done
    echo "$seen"
}

# load KIND LIMIT_MB TIMES COLUMNS: a file of that kind of bench/documents.h, TIMES as large as the limit on addresses
load() {
    local limit=$2 promise=$(($4 > BUDGET ? $4 : BUDGET)) got=0 start most
    promise=$((promise + FIXED))
    spec
    make_file "$1" "$limit" "$3"
    start=$SECONDS
    (
        # Threads' stacks and arenas are addresses too, and nearly all of them are never used.
        export MALLOC_ARENA_MAX=1
        ulimit -s 1024
        ulimit -v $((limit * 1024))
        exec "$tidegate" run spec.yaml --progress none --memory "${BUDGET}MiB" >said 2>&1
    ) &
    most=$(peak $!)
    wait $! || got=$?
    echo "$1: limit $limit MB, file $((limit * $3)) MB, peak $most MB of $promise, $((SECONDS - start)) s, code $got" >>"$LOG"
    equal 0 "$got" "code of $1 ($(cat said))"
    [ "$most" -le "$promise" ] || fail "$1 took $most MB, not $promise"
    equal "$lines" "$(sql "select count(*) from t")" "rows"
}

# hold WHAT PROMISE_MB ARGUMENTS: a run that ends well, and takes no more than that
hold() {
    local what=$1 promise=$2 got=0 start=$SECONDS most
    shift 2
    "$tidegate" run spec.yaml --progress none "$@" >said 2>&1 &
    most=$(peak $!)
    wait $! || got=$?
    echo "$what: peak $most MB of $promise, $((SECONDS - start)) s, code $got" >>"$LOG"
    equal 0 "$got" "code of $what ($(cat said))"
    [ "$most" -le "$promise" ] || fail "$what took $most MB, not $promise"
}

# One object on one line, of which a part is passed over: only its rows are ever in memory.
test_rows_inside_an_object() {
    spec "t: {path: t.json, select: data.items}"
    {
        printf '{"blob": "'
        head -c 150000000 /dev/zero | tr '\0' x
        printf '", "data": {"items": ['
        seq 1000000 | sed 's/.*/{"id": &, "v": "some text"},/' | tr -d '\n'
        printf '{"id": 0}]}}'
    } >t.json
    hold "rows inside an object" $((64 + FIXED)) --memory 64MiB
    equal 1000001 "$(sql "select count(*) from t")" "rows"
}

test_a_merge_of_lists_in_the_least_memory() {
    spec "t: {path: t.jsonl, write_disposition: merge, primary_key: id}"
    for value in 1 2; do
        seq 300000 | sed "s/.*/{\"id\": &, \"tags\": [$value, &], \"v\": $value}/" >t.jsonl
        hold "merge of lists" $((64 + FIXED)) --memory 64MiB
    done
    equal "300000 600000 600000" "$("$tidegate" sql spec.yaml "select (select count(*) from t where v = 2)
        || ' ' || (select count(*) from t__tags) || ' ' || (select sum(v) from t)" --csv | sed -n 2p)" "rows"
}

# Their deletion would take 48 MiB for the table, and there are 48 for all. Older engines have nothing that helps.
test_a_few_rows_all_over_a_large_table() {
    case $("$tidegate" --version) in *"DuckDB v1."*) return ;; esac
    spec "t: {path: t.csv, write_disposition: merge, primary_key: id}"
    { echo id,v && seq -f '%.0f,1' 6000000; } >t.csv
    run 0 --memory 64MiB
    { echo id,v && seq -f '%.0f,2' 1 1000 6000001; } >t.csv
    hold "merge all over a large table" $((64 + FIXED)) --memory 64MiB
    equal "6000001 6001 18000009000001 18003006001" "$("$tidegate" sql spec.yaml "select count(*) || ' ' ||
        count(*) filter (v = 2) || ' ' || sum(id) || ' ' || sum(id) filter (v = 2) from t" --csv | sed -n 2p)" "rows"
}

# DuckDB reads and fills a table column by column, hence 1 MiB for each.
test_a_wide_csv() {
    spec "t: {path: t.csv}"
    {
        seq -s, -f 'c%g' 2000
        for row in 1 2 3; do seq -s, "$row" $((row + 1999)); done
    } >t.csv
    hold "CSV of 2000 columns" $((2000 + FIXED)) --memory 64MiB
    equal 3 "$(sql "select count(*) from t where c2000 = c1 + 1999")" "rows"
}

# What is read ahead of a table is bounded in bytes, not in rows alone.
test_long_rows_of_a_table() {
    local database=memory_$$ rows=${MEMORY_ROWS:-200}
    destination=$(pg_create $database)
    trap 'pg_drop $database' EXIT
    pg $database -c "CREATE TABLE t AS SELECT i AS id, repeat(md5(i::text), 32768) AS text
        FROM generate_series(1, $rows) AS i"
    spec "t: {source: tables, table: t}"
    relay source "sources: {tables: {type: sql, connection: '$destination', schema: public}}"
    hold "rows of 1 MiB" $((64 + FIXED)) --memory 64MiB
    equal "$rows $rows" "$(pg $database -AtF ' ' -c "SELECT count(*), count(*) FILTER (WHERE
        text = repeat(md5(id::text), 32768)) FROM d.t")" "rows"
}

# resources COUNT: each with three rows, merged twice. One that is merged takes half a MiB of DuckDB in a transaction.
resources() {
    local promise=$((256 + FIXED + $1 / 2))
    spec "$(for i in $(seq "$1"); do
        echo "r$i: {path: 'r$i.*.jsonl', write_disposition: merge, primary_key: id}"
        printf '{"id": %d, "name": "a", "v": 1.5, "ok": true}\n' 1 2 3 >"r$i.1.jsonl"
    done | sed '2,$s/^/  /')"
    hold "$1 resources" "$promise"
    for i in $(seq "$1"); do printf '{"id": %d, "name": "b", "v": 2.5, "ok": true}\n' 2 3 4 >"r$i.2.jsonl"; done
    hold "$1 resources again" "$promise"
    equal "$(($1 * 4)) $1" "$("$tidegate" sql spec.yaml "select sum(n) || ' ' || count(*) from (
        $(for i in $(seq "$1"); do [ "$i" = 1 ] || echo 'union all'; echo "select count(*) n from r$i"; done))" \
        --csv | sed -n 2p)" "rows"
}

test_many_resources() { resources 200; }

# Of the sparse ones 10 of 300 columns have a value: ten times the limit would be six thousand million cells.
for kind in $KINDS; do
    case $kind in
    flat) test_flat_documents() { load flat 224 $FACTOR 12; } ;;
    nested) test_nested_documents() { load nested 256 $FACTOR 16; } ;;
    texts) test_long_texts() { load texts 472 $FACTOR 5; } ;;
    wide) test_wide_documents() { load wide 600 $FACTOR 302; } ;;
    sparse) test_sparse_documents() { load sparse 600 1 303; } ;;
    resources) test_very_many_resources() { resources 2000; } ;;
    *) fail "there are no $kind documents" ;;
    esac
done

# Its shadow of all memory takes terabytes of addresses.
if grep -aqE '__(asan|tsan)_init' "$tidegate"; then
    echo "ok memory: large files # SKIP a sanitizer cannot run under a limit on addresses"
    exit 0
fi
run_tests
