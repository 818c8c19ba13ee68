# Helpers of the crash tests; source it with `rows` (and `more` destinations) set. Works in a folder of its own, which goes in the end, and over
# the destinations in $DESTINATIONS: duckdb, postgres, sqlite; `over` says which one it is.
tidegate=$(realpath "${TIDEGATE:-build/tidegate}")
. "$(dirname "${BASH_SOURCE[0]}")/../postgres.bash"
export ADBC_DRIVER_PATH=${ADBC_DRIVER_PATH:-$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../build/deps/adbc")}
case ${TIDEGATE_BUILD:-} in
*san*) DESTINATIONS=${DESTINATIONS:-duckdb} ;; # cases and the protocol meet the other one under sanitizers
*) DESTINATIONS=${DESTINATIONS:-duckdb postgres ${more:-}} ;;
esac
database=crash_$$
folder=$(mktemp -d)
trap 'leave' EXIT
cd "$folder"

leave() {
    rm -rf "$folder"
    case $DESTINATIONS in *postgres*) pg_drop $database; pg_drop ${database}_before ;; esac
}

# over DESTINATION: what follows has it
over() {
    kind=$1 kinds_met=$((kinds_met + 1)) ways_met=0
    case $kind in
    duckdb) destination=duckdb:///crash.duckdb ;;
    sqlite) destination='{driver: sqlite, uri: crash.sqlite}' ;;
    postgres) destination=${pg_server%/*}/$database ;;
    esac
}

make_rows() { # FROM TO VALUE
    awk -v from="$1" -v to="$2" -v value="$3" 'BEGIN { for (i = from; i <= to; i++)
        printf "{\"id\": %d, \"value\": \"%s %d\"%s}\n", i, value, i, i % 10 ? "" : ", \"list\": [" i ", " i + 1 "]" }'
}

make_spec() { # DISPOSITION
    local keys="write_disposition: $1"
    [ "$1" = merge ] && keys="$keys, primary_key: id"
    printf 'pipeline: crash\ndestination: %s\ndataset: d\nsource: {type: files}\n' "$destination" >spec.yaml
    printf 'resources:\n  t: {path: "*.jsonl", %s}\n' "$keys" >>spec.yaml
}

run() { "$tidegate" run spec.yaml --progress none >said 2>&1; }

# Everything that must not depend on a kill: rows, their content, nested rows and their parents, ids,
# no load twice, no row without its load. (A merge may take one load more: the sealed one, then its own.)
content() { # [MORE COLUMNS]
    local content="md5(string_agg(concat(id, ' ', value), ', ' order by id))" # of other texts, in SQLite
    [ $kind != sqlite ] || content="sum(id * (unicode(value) + length(value)))"
    "$tidegate" sql spec.yaml --csv "
        select (select count(*) from t) as rows, (select $content from t) as content,
            (select count(distinct _dlt_id) from t) as ids,
            (select count(*) from t__list) as nested, (select sum(value) from t__list) as nested_content,
            (select count(*) from t__list l join t on t._dlt_id = l._dlt_parent_id) as attached,
            (select count(*) - count(distinct load_id) from _dlt_loads) as doubled_loads,
            (select count(*) from t where _dlt_load_id not in (select load_id from _dlt_loads)) as unrecorded${1:-}" | tail -1
}

# A first load, and the input of the second one, which is the one to be disturbed: $wanted is what that leaves,
# $took_ms how long it takes.
prepare() { # DISPOSITION
    fresh || return 1
    rm -f ./*.jsonl
    make_spec "$1"
    make_rows 1 $((rows / 5)) first >1.jsonl
    run || { cat said; return 1; }
    save
    case $1 in append) make_rows $((rows / 5 + 1)) "$rows" second >2.jsonl ;;
    *) rm 1.jsonl; make_rows $((rows / 10)) "$rows" second >2.jsonl ;; esac
    local start=$EPOCHREALTIME
    run || { cat said; return 1; }
    took_ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    wanted=$(content)
}

# fresh: nothing is at the destination, and nothing in the working directory
fresh() {
    rm -rf crash.duckdb* crash*.sqlite* .tidegate
    [ $kind != postgres ] || { pg_drop $database && pg_create $database >/dev/null; }
}

save() {
    if [ $kind = duckdb ]; then cp crash.duckdb before.duckdb; return; fi
    if [ $kind = sqlite ]; then mkdir -p before && cp crash*.sqlite before; return; fi
    pg_drop ${database}_before
    pg_create ${database}_before "TEMPLATE $database STRATEGY file_copy" >/dev/null
}

# As it was before the second load.
restore() {
    rm -rf crash.duckdb* crash*.sqlite* .tidegate
    if [ $kind = duckdb ]; then cp before.duckdb crash.duckdb; return; fi
    if [ $kind = sqlite ]; then cp before/* .; return; fi
    pg postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" \
        -c "CREATE DATABASE $database TEMPLATE ${database}_before STRATEGY file_copy" >/dev/null
}

# A server's process that works for a client that was killed does not know yet.
cut_connections() {
    pg postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '$database' AND pid <> pg_backend_pid()" >/dev/null
}

# The next run puts everything right.
put_right() { # WHAT
    local left got
    left=$(find .tidegate -maxdepth 3 -mindepth 3 2>/dev/null | sed 's|.*/\(open\|sealed\)/.*|\1|' | tr '\n' ' ')
    if ! run; then
        echo "not ok $1 ($left): the next run failed: $(tail -1 said)"
        return 1
    fi
    got=$(content)
    if [ "$got" != "$wanted" ]; then
        echo "not ok $1 ($left): $got instead of $wanted"
        return 1
    fi
    if [ -n "$(find .tidegate -path '*/sealed/*' -o -path '*/open/*' -o -path '*/failed/*')" ]; then
        echo "not ok $1 ($left): a package is left"
        return 1
    fi
    if left=$(kept_secret .); then
        echo "not ok $1: the password is in $left"
        return 1
    fi
}

# ---- a load that is disturbed, and put right ----

# What must hold then; scripts may say more.
put_disturbed_right() { put_right "$1"; } # WHAT

disturb() { # STEP
    restore
    TG_FAIL_AT=$1 "$faulty" run spec.yaml --progress none >said 2>&1
}

die_at() { # HOW POINT; 2: there is no such step any more
    local code=0
    { disturb "$2" || code=$?; } 2>/dev/null
    if [ $code != 137 ]; then
        case $2 in after_step:*) return 2 ;; esac
        echo "not ok $kind, $1, at $2: the run ended with $code: $(tail -1 said)"
        return 1
    fi
    put_disturbed_right "$kind, $1, killed at $2"
}

# Each call, and statements four to six apart, with TG_TORTURE=full (make torture); else fewer, which ones by chance: over
# many runs all have their turn.
case ${TG_TORTURE:-} in
full) calls_apart=1 steps_apart=4 ;;
*) calls_apart=4 steps_apart=8 ;;
esac

# Named points are met in many ways (dispositions, modes), at each destination. With TG_TORTURE=full all of them; else every
# second point of a way, the others in the next way, and at the next destination; which ones come first is chance.
first_turn=$RANDOM kinds_met=0
next_way() {
    ways_met=$((ways_met + 1)) points_met=0
}
has_turn() {
    points_met=$((points_met + 1))
    [ $calls_apart = 1 ] || [ $(((first_turn + kinds_met + ways_met + points_met) % 2)) = 0 ]
}

die_after_some_steps() { # HOW
    local step=0 code=0
    while step=$((step + steps_apart + RANDOM % 3)); do
        code=0
        die_at "$1" after_step:$step || code=$?
        [ $code = 0 ] || break
    done
    [ $code = 2 ] && [ $step -gt $((steps_apart + 3)) ] &&
        echo "ok $kind, $1, killed after some of $step statements"
}

fail_each() { # HOW CALL: the first one, and others until there is none to fail
    local number=1 tried=0 code
    while :; do
        code=0
        disturb "$2:$number" || code=$?
        grep -q '^fault: ' said || break
        tried=$((tried + 1))
        [ $code -le 1 ] || { echo "not ok $kind, $1, $2 $number fails: $(tail -1 said)"; return 1; }
        put_disturbed_right "$kind, $1, $2 $number fails" || return 1
        number=$((number + 1 + RANDOM % (2 * calls_apart - 1)))
    done
    [ $tried -gt 0 ] || { echo "not ok $kind, $1: there is no $2"; return 1; }
    echo "ok $kind, $1, $tried calls of $2 fail"
}
