#!/usr/bin/env bash
# A PostgreSQL server that goes down in the moment of a load's commit: before it is one (a deferred trigger holds it up), and
# when it is one of which nobody hears (it waits for a standby that there is not). What is said names the load, and what the
# next run does; that run finds out, and the rows are there once. The server is one of its own, by tools/with-postgres.
#
#     tests/crash/server.sh      (the command is $TIDEGATE)
set -eu
tidegate=$(realpath "${TIDEGATE:-build/tidegate}")
here=$(realpath "$(dirname "$0")")
[ -n "${SERVER_OF_ITS_OWN:-}" ] || SERVER_OF_ITS_OWN=yes exec "$here/../../tools/with-postgres" "$here/$(basename "$0")"
. "$here/../postgres.bash"
folder=$(mktemp -d)
trap 'leave' EXIT
cd "$folder"

data=$(pg postgres -c "show data_directory")
owner=$(stat -c %u "$data")
program=$(readlink "/proc/$(head -1 "$data/postmaster.pid")/exe")
port=$(sed -n 4p "$data/postmaster.pid")

leave() {
    down
    rm -rf "$folder"
}

# as_owner COMMAND...: it refuses to run as root
as_owner() {
    local as=()
    [ "$(id -u)" = "$owner" ] || as=(setpriv --reuid "$owner" --clear-groups)
    (cd / && "${as[@]}" "$@")
}

# At once, as if the power was gone.
down() { as_owner "${program%/*}/pg_ctl" -D "$data" -m immediate -s stop >/dev/null 2>&1 || true; }

up() { # [STANDBY that commits wait for]
    as_owner "${program%/*}/pg_ctl" -D "$data" -s -w -l "$data/log" start \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c synchronous_standby_names=${1:-}"
}

fail() {
    echo "not ok server: $1: $2"
    exit 1
}

# wait_for SQL: until it says t
wait_for() {
    for _ in $(seq 600); do
        [ "$(pg postgres -c "$1")" != t ] || return 0
        sleep 0.05
    done
    return 1
}

# killed_at NAME SQL: a run, and the server goes down once the query says t
killed_at() {
    "$tidegate" run spec.yaml --progress none --log-level info >said 2>&1 &
    local run=$!
    wait_for "$2" || fail "$1" "the commit was not seen: $(cat said)"
    down
    ! wait $run || fail "$1" "the run went through"
    grep -q "load '[0-9.]*': whether it is at the destination is not known; the next run finds out, and writes it if it is not: its commit failed: postgresql: the connection to the server is lost" said ||
        fail "$1" "$(cat said)"
}

# once NAME ROWS: the next run, and what there is then
once() {
    "$tidegate" run spec.yaml --progress none --log-level info >said 2>&1 || fail "$1" "the next run failed: $(cat said)"
    local is
    is=$("$tidegate" sql spec.yaml --csv "select count(*) || ' ' || count(distinct id) || ' ' ||
        (select count(*) - count(distinct load_id) from _dlt_loads) as rows from t" | tail -1)
    [ "$is" = "$2 $2 0" ] || fail "$1" "there is '$is', not '$2 $2 0'"
    echo "ok server: $1"
}

printf 'pipeline: server\ndestination: %s?options=-csynchronous_commit%%3Don\ndataset: d\nsource: {type: files}\nresources: {t: {path: "*.jsonl"}}\n' \
    "$pg_server" >spec.yaml
echo '{"id": 1}' >1.jsonl
"$tidegate" run spec.yaml --progress none >said 2>&1 || fail "the first load" "$(cat said)"

pg postgres -c "create function d.wait() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end'" \
    -c "create constraint trigger waits after insert on d.t deferrable initially deferred for each row execute function d.wait()"
echo '{"id": 2}' >2.jsonl
killed_at "down before the commit" "select count(*) > 0 from pg_stat_activity where wait_event = 'PgSleep' and query ilike 'commit%'"
up
[ "$(pg postgres -c "select count(*) from d.t")" = 1 ] || fail "down before the commit" "the row is there already"
pg postgres -c "drop trigger waits on d.t"
once "down before the commit" 2

echo '{"id": 3}' >3.jsonl
down
up nobody
killed_at "down with the commit" "select count(*) > 0 from pg_stat_activity where wait_event = 'SyncRep' and query ilike 'commit%'"
up
[ "$(pg postgres -c "select count(*) from d.t")" = 3 ] || fail "down with the commit" "the row is not there yet"
once "down with the commit" 3
