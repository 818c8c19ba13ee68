#!/usr/bin/env bash
# PostgreSQL behind a real PgBouncer: sessions may be pooled, transactions may not.
. "$(dirname "$0")/lib.bash"

# pool MODE [SIZE]: $destination is behind a pooler from here on
pool() {
    local server=${destination#*@} port as=()
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >pool.yaml <<EOF
[databases]
pooled = host=${server%%:*} port=$(sed -E 's|.*:([0-9]+)/.*|\1|' <<<"$server") dbname=${server##*/} user=postgres password=$pg_password
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = $1
default_pool_size = ${2:-5}
ignore_startup_parameters = extra_float_digits
EOF
    [ "$(id -u)" != 0 ] || as=(setpriv --reuid=postgres --clear-groups) # it does not run as root
    "${as[@]}" /usr/sbin/pgbouncer -q /dev/stdin <pool.yaml >pool.log 2>&1 &
    pooler=$!
    trap 'kill "$pooler"; wait "$pooler" || true' EXIT
    until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$pooler" || fail "the pooler did not start: $(cat pool.log)"
        sleep 0.05
    done
    destination=postgresql://postgres@127.0.0.1:$port/pooled
}

loads() {
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: id}'
    printf '{"id": %d, "l": [1, 2]}\n' 1 2 3 >t.jsonl
    run 0
    printf '{"id": %d, "l": [3]}\n' 3 4 >t.jsonl
    run 0
    equal "4 6" "$(sql "SELECT (SELECT count(*) FROM t) || ' ' || (SELECT count(*) FROM t__l)")"
}

test_sessions() {
    pool session
    loads
}

# No second session can be had to ask: a run that needs no more goes on.
test_one_session() {
    pool session 1
    loads
}

test_transactions() {
    pool transaction
    spec
    echo '{"id": 1}' >t.jsonl
    run 1
    says "a pooler at '127.0.0.1' gives each transaction another session" "pool_mode = session"
    equal "" "$(ls .tidegate/test/sealed 2>/dev/null)" "what is sealed"
}

run_tests postgres
