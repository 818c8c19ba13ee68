#!/usr/bin/env bash
# TLS to a PostgreSQL server: a certificate is demanded, checked, or refused. The server with TLS is one of this test's
# own, with a root and a certificate for `localhost` alone, made here; the one of all tests has none.
here=$(dirname "$0")
if [ -z "${TIDEGATE_PLAIN_POSTGRES:-}" ]; then
    . "$here/../postgres.bash"
    major=$(($(pg postgres -c "SHOW server_version_num") / 10000)) || exit 1
    export TIDEGATE_PLAIN_POSTGRES=$pg_server
    exec "$here/../../tools/with-postgres" --major "$major" "$0"
fi
. "$here/lib.bash"

# In the server's data folder, as its user.
at_server() { pg postgres -c "COPY (SELECT WHERE false) TO PROGRAM \$program\$ set -e; umask 077; $1 \$program\$"; }

make_certificates() {
    local key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    at_server "openssl req -x509 $key -days 2 -subj /CN=root -keyout root.key -out root.crt
        openssl req $key -subj /CN=localhost -keyout server.key -out server.csr
        echo subjectAltName=DNS:localhost >names
        openssl x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -extfile names \
            -out server.crt
        openssl req -x509 $key -days 2 -subj /CN=other -keyout other.key -out other.crt" 2>/dev/null
    pg postgres -c "ALTER SYSTEM SET ssl = on" -c "SELECT pg_reload_conf()" >/dev/null
    while [ "$(pg postgres -c "SHOW ssl")" != on ]; do sleep 0.05; done
}

fetch_roots() {
    pg postgres -c "SELECT pg_read_file('root.crt')" >root.crt
    pg postgres -c "SELECT pg_read_file('other.crt')" >other.crt
}

# at HOST [PARAMETERS]: the destination there
at() { destination=$(sed -E "s|@[^:/]*|@$1|" <<<"$destination")${2:+?$2}; }

# loads: all rows of a file, and those of a table of the server, over TLS
loads() {
    rm -rf .tidegate out.duckdb
    seq -f '{"id": %.0f, "text": "some words, to be more bytes"}' 20000 >t.jsonl
    spec "t: {path: t.jsonl, write_disposition: replace}"
    run 0
    equal true "$(sql "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")" "TLS"
    equal 20000 "$(sql "SELECT count(*) FROM t")"
    cat >spec.yaml <<EOF
pipeline: back
destination: duckdb:///out.duckdb
dataset: d
source: {type: sql, connection: "$destination", schema: d}
resources:
  t: {table: t, write_disposition: replace}
EOF
    run 0
    equal 20000 "$(sql "SELECT count(DISTINCT id) FROM t")"
}

# refused TEXT...: `check` and `run` end with 1, finally, and say what to do
refused() {
    echo '{"id": 1}' >t.jsonl
    spec
    run 1
    says "$@"
    said=$("$tidegate" run spec.yaml --json --progress none 2>/dev/null) || true
    secret_is_hidden
    says '"retryable":false'
}

test_it_is_demanded() {
    at 127.0.0.1 sslmode=require
    loads
}

test_the_certificate_is_checked() {
    fetch_roots
    at localhost "sslmode=verify-full&sslrootcert=$PWD/root.crt"
    loads
}

test_by_variables() {
    fetch_roots
    at localhost
    export PGSSLMODE=verify-full PGSSLROOTCERT=$PWD/root.crt
    loads
}

test_another_root() {
    fetch_roots
    at localhost "sslmode=verify-full&sslrootcert=$PWD/other.crt"
    refused "certificate verify failed" "sslrootcert"
}

test_a_root_that_is_not_there() {
    at localhost "sslmode=verify-ca&sslrootcert=$PWD/none.crt"
    refused "root certificate file \"$PWD/none.crt\" does not exist" "sslrootcert"
}

test_the_name_of_another() {
    fetch_roots
    at 127.0.0.1 "sslmode=verify-full&sslrootcert=$PWD/root.crt"
    refused "does not match host name \"127.0.0.1\"" "verify-full"
}

test_a_server_without_tls() {
    pg_server=$TIDEGATE_PLAIN_POSTGRES
    pg_password=$(sed -E 's|^[a-z]+://[^:]*:([^@]*)@.*|\1|' <<<"$pg_server")
    destination=$pg_server?sslmode=require
    refused "server does not support SSL, but SSL was required" "sslmode"
}

test_a_server_that_demands_it() {
    at_server "cp pg_hba.conf old; sed s/^host/hostssl/ old >pg_hba.conf"
    pg postgres -c "SELECT pg_reload_conf()" >/dev/null
    at 127.0.0.1 sslmode=disable
    refused "no encryption" "pg_hba.conf"
    at_server "cp old pg_hba.conf"
    pg postgres -c "SELECT pg_reload_conf()" >/dev/null
}

make_certificates || { echo "not ok tls: no certificate is made"; exit 1; }
run_tests postgres
