#!/usr/bin/env bash
# What bad input and bad places of PostgreSQL get, as destination and as source: a clear error with the place, the exit
# code, nothing half-written, the package where it belongs; and the next run, once all is mended, loads everything once.
. "$(dirname "$0")/lib.bash"

database() { echo "${destination##*/}"; }
address() { echo "127.0.0.1:$(sed -E 's|.*:([0-9]+)/.*|\1|' <<<"$destination")/$(database)"; }
psql_here() { pg "$(database)" -c "$1"; }
setting() { pg postgres -c "ALTER DATABASE $(database) ${1:?}"; }

# fails CODE NAME AGAIN TEXT...: a run ends with CODE, and says NAME, whether to try again, and what
fails() {
    local code=$1 name=$2 again=$3 got=0 retryable
    shift 3
    said=$("$tidegate" run spec.yaml --json --progress none 2>&1 >said.json) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "run ended with $got, not $code: $said"
    says "$@"
    equal "$name" "$(part code)" "code of '$said'"
    retryable=$(part retryable)
    equal "$again" "$([ "$retryable" = True ] && echo again || echo final)" "'$said' retryable"
}

# part KEY: of the error
part() { python3 -c "import json, sys; print(json.load(open('said.json'))['error'].get(sys.argv[1], ''))" "$1"; }

# packages: their states
packages() {
    "$tidegate" show spec.yaml packages --json 2>/dev/null |
        python3 -c "import json, sys; print(','.join(row['status'] for row in json.load(sys.stdin)))"
}

# a_role NAME [OPTIONS]: of this test, to whom nothing belongs; $theirs is the URI by it
a_role() {
    role=$1_$$_$RANDOM
    pg postgres <<<"CREATE ROLE $role LOGIN PASSWORD '$pg_password' ${2:-}"
    trap 'psql_here "DROP OWNED BY $role CASCADE"; pg postgres -c "DROP ROLE $role"' EXIT
    theirs="postgresql://$role:$pg_password@$(address)"
}

# ---- as destination ----

# rows IDS...: one file of t for each
rows() {
    local id
    for id; do echo "{\"id\": $id, \"v\": \"v$id\", \"l\": [$id]}" >"$id.jsonl"; done
}

files() { spec "t: {path: '*.jsonl'}"; }

loaded_once() {
    files
    rows 1
    run 0
}

# holds COUNT: rows of the table, as many of the list's, and loads that are told of
holds() {
    equal "$1|$1|$1" "$(psql_here "SELECT (SELECT count(*) FROM d.t) || '|' || (SELECT count(DISTINCT id) FROM d.t)
        || '|' || (SELECT count(*) FROM d.t__l)")" "what the destination has"
}

# waits CODE NAME TEXT...: a run fails in a way that another one may not, and leaves a sealed package
waits() {
    local code=$1 name=$2
    shift 2
    fails "$code" "$name" again "$@"
    equal sealed "$(packages)" "the package"
}

# refuses NAME TEXT...: the destination will never take it; what was read is read again
refuses() {
    local name=$1
    shift
    fails 1 "$name" final "$@"
    equal failed "$(packages)" "the package"
}

# mended COUNT: a run now loads what did not go in
mended() {
    run 0
    holds "$1"
    run 0
    says "Nothing new"
    holds "$1"
}

test_destination_goes_down_before_the_load() {
    loaded_once
    rows 2
    TG_FAIL_AT=after_seal "$(dirname "$tidegate")/tidegate-faulty" run spec.yaml --progress none >/dev/null 2>&1 &&
        fail "was not killed"
    setting "ALLOW_CONNECTIONS false"
    waits 1 TG_DESTINATION "database 'postgresql://" "not currently accepting connections"
    setting "ALLOW_CONNECTIONS true"
    holds 1
    mended 2
}

test_destination_refuses_the_password() {
    loaded_once
    rows 2
    local right=$destination
    destination="postgresql://postgres:not-$pg_password@$(address)"
    files
    fails 1 TG_DESTINATION final "database 'postgresql://postgres:***@" "password authentication failed"
    equal 28P01 "$(part sqlstate)"
    equal "" "$(packages)" "the package"
    destination=$right
    files
    mended 2
}

# serve_old FOLDER: a server of version 14.9, as far as a client sees that; its port is in $port
serve_old() {
    python3 - "$1/port" <<'END' &
import os, socket, struct, sys

with socket.create_server(("127.0.0.1", 0)) as server:
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(server.getsockname()[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    while True:
        client, _ = server.accept()
        while True:
            size, kind = struct.unpack("!II", client.recv(8, socket.MSG_WAITALL))
            client.recv(size - 8, socket.MSG_WAITALL)
            if kind == 196608:
                break
            client.sendall(b"N")  # no TLS, no GSS
        version = b"server_version\0" + b"14.9\0"
        client.sendall(b"R" + struct.pack("!II", 8, 0) + b"S" + struct.pack("!I", 4 + len(version)) + version
                       + b"Z" + struct.pack("!I", 5) + b"I")
        client.recv(1)
        client.close()
END
    server=$!
    trap 'kill $server' EXIT
    while [ ! -e "$1/port" ]; do sleep 0.05; done
    port=$(cat "$1/port")
}

test_destination_is_too_old() {
    local right=$destination
    rows 1
    serve_old .
    destination="postgresql://me:$pg_password@127.0.0.1:$port/x"
    files
    fails 1 TG_DESTINATION final "postgresql://me:***@127.0.0.1:$port/x" "server is version 14.9, and at least 15 is" \
        "upgrade it, or name another"
    equal "" "$(packages)" "the package"
    destination=$right
    files
    mended 1
}

test_destination_is_read_only() {
    loaded_once
    rows 2
    setting "SET default_transaction_read_only = on"
    refuses TG_DESTINATION "in a read-only transaction" "name a server that can be written to"
    equal 25006 "$(part sqlstate)"
    setting "RESET default_transaction_read_only"
    holds 1
    mended 2
}

# The disk of a server is full: here that of one table's space.
test_destination_is_out_of_disk() {
    loaded_once
    space=space_$$ # not local: a trap has no function
    place=$(mktemp -d /tmp/tidegate-space-XXXXXX)
    mount -t tmpfs -o "size=2M,mode=777" tmpfs "$place" || return 0
    trap 'pg postgres -c "DROP DATABASE $(database) WITH (FORCE)" -c "DROP TABLESPACE $space"
        umount "$place"; rmdir "$place"' EXIT
    mkdir -m 777 "$place/in"
    chown "$(stat -c %U "$(psql_here "SHOW data_directory")")" "$place/in"
    pg postgres -c "CREATE TABLESPACE $space LOCATION '$place/in'"
    psql_here "ALTER TABLE d.t SET TABLESPACE $space"
    seq 1 60000 | sed 's/.*/{"id": 1&, "v": "some text & that is not like another"}/' >2.jsonl
    waits 1 TG_IO "table 't'" "No space left on device" "free some disk space at the server"
    equal "1|1" "$(psql_here "SELECT (SELECT count(*) FROM d.t) || '|' || (SELECT count(*) FROM d._dlt_loads)")"
    mount -o remount,size=200M "$place"
    run 0
    equal 60001 "$(psql_here "SELECT count(DISTINCT id) FROM d.t")"
    equal 60001 "$(psql_here "SELECT count(*) FROM d.t")"
}

test_destination_is_out_of_connections() {
    loaded_once
    rows 2
    setting "CONNECTION LIMIT 0"
    a_role few
    psql_here "GRANT ALL ON ALL TABLES IN SCHEMA d TO $role; GRANT ALL ON SCHEMA d TO $role"
    local right=$destination
    destination=$theirs
    files
    fails 1 TG_DESTINATION again "database 'postgresql://$role:***@" "too many connections" "close other sessions"
    equal 53300 "$(part sqlstate)"
    equal "" "$(packages)" "the package"
    setting "CONNECTION LIMIT -1"
    run 0
    destination=$right
    mended 2
}

# blocked SQL: another session has begun, and done that; it goes on by `unblock [SQL]`
blocked() {
    mkfifo "block" && pg "$(database)" <block >/dev/null 2>&1 &
    blocker=$!
    until [ -p block ]; do sleep 0.05; done
    exec 8>block
    echo "BEGIN; $1; CREATE TABLE IF NOT EXISTS public.blocking (); SAVEPOINT done;" >&8
    until [ "$(psql_here "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND state = 'idle in transaction' AND query LIKE '%SAVEPOINT done%'")" = 1 ]; do sleep 0.05; done
}

unblock() {
    echo "${1:-SELECT 1}; COMMIT;" >&8
    exec 8>&-
    wait "$blocker"
    rm block
}

# until_blocked: a session waits for a lock
until_blocked() {
    local tries=0
    until [ "$(psql_here "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'")" = t ]; do
        [ $((tries += 1)) -lt 400 ] || fail "nobody came to wait"
        sleep 0.05
    done
}

test_destination_has_a_lock_timeout() {
    loaded_once
    rows 2
    setting "SET lock_timeout = '100ms'"
    blocked "LOCK TABLE d.t"
    waits 3 TG_LOCKED "lock timeout" "end what holds the lock"
    equal 55P03 "$(part sqlstate)"
    unblock
    holds 1
    mended 2
}

test_destination_has_a_statement_timeout() {
    loaded_once
    rows 2
    setting "SET statement_timeout = '300ms'"
    blocked "LOCK TABLE d.t"
    waits 1 TG_DESTINATION "statement timeout" "give it more time"
    equal 57014 "$(part sqlstate)"
    unblock
    setting "RESET statement_timeout"
    holds 1
    mended 2
}

test_destination_lacks_a_right() {
    rows 1
    a_role nobody
    destination=$theirs
    files
    refuses TG_DESTINATION "permission denied for database $(database)" "grant the user this right"
    equal 42501 "$(part sqlstate)"
    equal 0 "$(psql_here "SELECT count(*) FROM pg_namespace WHERE nspname = 'd'")" "schemas"
    psql_here "CREATE SCHEMA d"
    refuses_again "permission denied for schema d"
    psql_here "GRANT USAGE ON SCHEMA d TO $role"
    refuses_again "permission denied for schema d"
    equal 0 "$(psql_here "SELECT count(*) FROM pg_tables WHERE schemaname = 'd'")" "tables"
    psql_here "GRANT CREATE ON SCHEMA d TO $role"
    mended 1
    psql_here "REVOKE USAGE ON SCHEMA d FROM $role"
    refuses_again "what the destination knows of the pipeline cannot be read: postgresql: permission denied for schema d"
}

refuses_again() { fails 1 TG_DESTINATION final "$@" "grant the user this right"; }

# Its schema is gone: the load makes a new one, and says nothing of what went with the old.
# A policy hides rows that a merge would meet: the server refuses the table, also where somebody wants them hidden;
# a check says it beforehand.
test_destination_hides_rows() {
    merged() { spec "t: {path: '*.jsonl', write_disposition: merge, primary_key: id}"; }
    merged
    rows 1
    run 0
    a_role tenant
    psql_here "GRANT USAGE ON SCHEMA d TO $role; GRANT ALL ON ALL TABLES IN SCHEMA d TO $role;
        ALTER TABLE d.t ENABLE ROW LEVEL SECURITY;
        CREATE POLICY policy_1 ON d.t TO $role USING (v <> 'v1') WITH CHECK (true)"
    destination=$theirs
    merged
    echo '{"id": 1, "v": "new", "l": [1]}' >1.jsonl
    refuses TG_DESTINATION "affected by row-level security policy for table \"t\""
    equal 42501 "$(part sqlstate)"
    run 1
    says "give the user BYPASSRLS" "what user '$role' lacks for this load: ALTER ROLE $role BYPASSRLS"
    equal v1 "$(psql_here "SELECT v FROM d.t")"
    tg check spec.yaml
    equal 1 "$ended"
    says "a load could not be written: user '$role' lacks rights that it takes" "may run: ALTER ROLE $role BYPASSRLS"
    destination="$theirs?options=-c%20row_security%3Don"
    spec "t: {path: '*.jsonl', write_disposition: merge, primary_key: id, columns: {gone: {hard_delete: true}}}"
    psql_here "ALTER TABLE d.t ADD COLUMN gone boolean"
    echo '{"id": 1, "gone": true}' >1.jsonl # by a DELETE alone, which the server would let go by the hidden row
    fails 1 TG_DESTINATION final "affected by row-level security policy for table \"t\""
    equal v1 "$(psql_here "SELECT v FROM d.t")"
}

test_destination_lost_its_schema() {
    loaded_once
    psql_here "DROP SCHEMA d CASCADE"
    mended 1
}

test_destination_lost_its_table() {
    loaded_once
    rows 2
    psql_here "DROP TABLE d.t, d.t__l"
    fails 1 TG_DESTINATION final "table 't' has had data and is gone at the destination" "--full-refresh --select t"
    run 0 --full-refresh --select t
    mended 2
}

# Dropped by a session that has the lock which the load waits for.
test_destination_table_vanishes_during_the_load() {
    loaded_once
    rows 2
    blocked "LOCK TABLE d.t"
    "$tidegate" run spec.yaml --progress none >said 2>&1 &
    local loader=$! got=0
    until_blocked
    unblock "DROP TABLE d.t, d.t__l"
    wait $loader || got=$?
    said=$(cat said)
    [ $got = 3 ] || fail "ended with $got: $said"
    says "table 't' was there when this load was made, and is gone" "nothing was written, run again"
    run 0 --full-refresh --select t
    mended 2
}

# Its name is taken by something that no rows can be loaded into.
test_destination_is_a_view() {
    rows 1
    files
    psql_here "CREATE SCHEMA d; CREATE VIEW d.t AS SELECT 1 AS id"
    fails 1 TG_DESTINATION final "something else than a table has that name: \"t\", a view maybe; rename it, or the resource's table"
    equal "" "$(packages)" "the package"
    equal 0 "$(psql_here "SELECT count(*) FROM pg_tables WHERE schemaname = 'd'")" "tables"
    psql_here "DROP VIEW d.t"
    mended 1
}

test_text_with_a_nul_character() {
    loaded_once
    rows 2
    echo '{"id": 3, "v": "a\u0000b", "l": [3]}' >3.jsonl
    refuses TG_DATA "table 't'" "column 'v' has a text with a NUL character" "remove it in the source" \
        "(row 2 of those for the table, which begins with id = 3)"
    equal "t v" "$(part table) $(part column)"
    holds 1
    rows 3
    mended 3
}

test_datasets_that_the_database_keeps_for_itself() {
    rows 1
    for name in pg_x information_schema; do
        files
        sed -i "s/^dataset: d/dataset: $name/" spec.yaml
        fails 2 TG_SPEC final "spec.yaml:3:10" "dataset '$name' has a name that PostgreSQL keeps for itself"
        said=$("$tidegate" check spec.yaml 2>&1) && fail "check found nothing"
        says "spec.yaml:3:10" "dataset '$name'"
    done
    files
    sed -i "s/^dataset: d/dataset: $(printf 'x%.0s' {1..64})/" spec.yaml
    fails 2 TG_SPEC final "spec.yaml:3:10" "64 bytes, and PostgreSQL takes 63"
    equal 0 "$(psql_here "SELECT count(*) FROM pg_tables WHERE tablename = '_dlt_loads'")"
}

# ---- as source ----

# reads RESOURCES [URI]: from schema `src` into a file of DuckDB
reads() {
    cat >spec.yaml <<END
pipeline: test
destination: duckdb:///test.duckdb
dataset: d
source: {type: sql, connection: "${2:-$destination}", schema: src}
resources:
  $1
END
}

a_table() {
    psql_here "CREATE SCHEMA src; CREATE TABLE src.t (id int PRIMARY KEY, v text);
        INSERT INTO src.t SELECT i, 'v' || i FROM generate_series(1, 3) AS i"
    reads "t: {table: t}"
}

# stops CODE NAME AGAIN TEXT...: nothing of it is there afterwards, no package either
stops() {
    fails "$@"
    equal "" "$(packages)" "packages"
    equal 0 "$(written t)" "rows of t"
}

written() {
    [ -e test.duckdb ] || { echo 0; return; }
    [ "$(sql "SELECT count(*) FROM information_schema.tables WHERE table_name = '$1'")" = 1 ] || { echo 0; return; }
    sql "SELECT count(*) FROM $1"
}

all_read() {
    run 0
    equal 3 "$(sql "SELECT count(DISTINCT id) FROM t")"
    equal 3 "$(sql "SELECT count(*) FROM t")"
}

test_source_is_down() {
    a_table
    reads "t: {table: t}" "postgresql://me:$pg_password@127.0.0.1:1/x"
    stops 1 TG_SOURCE again "resource 't'" "postgresql://me:***@127.0.0.1:1/x" "Connection refused" "start the server"
    setting "ALLOW_CONNECTIONS false"
    reads "t: {table: t}"
    stops 1 TG_SOURCE again "not currently accepting connections"
    setting "ALLOW_CONNECTIONS true"
    all_read
}

test_source_refuses_the_password() {
    a_table
    reads "t: {table: t}" "postgresql://postgres:not-$pg_password@$(address)"
    stops 1 TG_SOURCE final "resource 't'" "password authentication failed" "correct the user or the password"
    reads "t: {table: t}"
    all_read
}

test_source_is_too_old() {
    serve_old .
    reads "t: {table: t}" "postgresql://me:$pg_password@127.0.0.1:$port/x"
    stops 1 TG_SOURCE final "resource 't'" "server is version 14.9, and at least 15 is needed"
}

# A source is only read.
test_source_is_read_only() {
    a_table
    setting "SET default_transaction_read_only = on"
    all_read
    setting "RESET default_transaction_read_only"
}

# It has no room for what a query sorts.
test_source_is_out_of_disk() {
    a_table
    psql_here "CREATE FUNCTION src.full(id int) RETURNS int LANGUAGE plpgsql AS
        \$\$ BEGIN IF id > 2 THEN RAISE 'could not write: No space left on device' USING ERRCODE = '53100'; END IF;
        RETURN id; END \$\$"
    reads "t: {query: 'SELECT src.full(id) AS id, v FROM src.t'}"
    stops 1 TG_IO again "resource 't'" "No space left on device" "free some disk space at the server"
    psql_here "CREATE OR REPLACE FUNCTION src.full(id int) RETURNS int LANGUAGE sql AS 'SELECT id'"
    all_read
}

test_source_is_out_of_connections() {
    a_table
    a_role few "CONNECTION LIMIT 0"
    psql_here "GRANT USAGE ON SCHEMA src TO $role; GRANT SELECT ON src.t TO $role"
    reads "t: {table: t}" "$theirs"
    stops 1 TG_SOURCE again "resource 't'" "too many connections" "close other sessions"
    pg postgres -c "ALTER ROLE $role CONNECTION LIMIT 2"
    all_read
}

test_source_has_a_lock_timeout() {
    a_table
    setting "SET lock_timeout = '100ms'"
    blocked "LOCK TABLE src.t"
    stops 3 TG_LOCKED again "resource 't'" "lock timeout" "end what holds the lock"
    unblock
    all_read
}

test_source_has_a_statement_timeout() {
    a_table
    setting "SET statement_timeout = '300ms'"
    reads "t: {query: 'SELECT id, v FROM src.t, pg_sleep(2)'}"
    stops 1 TG_SOURCE again "resource 't'" "statement timeout" "give it more time"
    setting "RESET statement_timeout"
    all_read
}

test_source_lacks_a_schema_or_table() {
    reads "t: {table: t}"
    stops 1 TG_SOURCE final "resource 't'" "schema 'src' is not there" "check 'schema'"
    a_table
    reads "t: {table: T}"
    stops 1 TG_SOURCE final "resource 't'" "no table or view 'T'" "did you mean 't'?"
    equal "t T" "$(part resource) $(part table)"
    reads "t: {table: t}"
    all_read
}

test_source_lacks_a_right() {
    a_table
    a_role nobody
    reads "t: {table: t}" "$theirs"
    stops 1 TG_SOURCE final "resource 't'" "may see"
    psql_here "GRANT SELECT ON src.t TO $role"
    stops 1 TG_SOURCE final "resource 't'" "the table cannot be read: postgresql: permission denied for schema src" \
        "grant the user this right"
    reads "t: {query: SELECT id FROM src.t}" "$theirs"
    stops 1 TG_SOURCE final "resource 't'" "permission denied for schema src"
    psql_here "GRANT USAGE ON SCHEMA src TO $role"
    all_read
}

# meanwhile SQL TEXT...: that is done after the tables were looked up, and before t is read
meanwhile() {
    local sql=$1 got=0 reader
    shift
    a_table
    psql_here "CREATE TABLE src.a (id int); INSERT INTO src.a VALUES (1)"
    reads "a: {table: a}
  t: {table: t}"
    blocked "LOCK TABLE src.a"
    "$tidegate" run spec.yaml --progress none --json >said.json 2>said &
    reader=$!
    until_blocked
    psql_here "$sql"
    unblock
    wait $reader || got=$?
    said=$(cat said)
    [ $got = 1 ] || fail "ended with $got: $said"
    says "resource 't', table 't'" "the table was another when the run began: run again" "$@"
    equal "TG_SOURCE t" "$(part code) $(part table)"
    equal "" "$(packages)" "packages"
    equal "0 0" "$(written a) $(written t)" "rows"
}

# Rows that a policy hides are read past only where that is asked for.
test_source_hides_rows() {
    a_table
    a_role tenant
    psql_here "GRANT USAGE ON SCHEMA src TO $role; GRANT SELECT ON src.t TO $role;
        ALTER TABLE src.t ENABLE ROW LEVEL SECURITY; CREATE POLICY policy_1 ON src.t TO $role USING (id > 1)"
    reads "t: {table: t}" "$theirs"
    stops 1 TG_SOURCE final "resource 't'" "affected by row-level security policy for table \"t\""
    tg check spec.yaml
    equal 1 "$ended"
    says "row_security=on in the connection's options reads what the policy shows"
    reads "t: {query: SELECT id FROM src.t}" "$theirs"
    stops 1 TG_SOURCE final "affected by row-level security policy"
    reads "t: {table: t}" "$theirs?options=-c%20row_security%3Don"
    run 0
    equal 2 "$(sql "SELECT count(*) FROM t")"
}

test_source_table_vanishes() {
    meanwhile "DROP TABLE src.t" "relation \"src.t\" does not exist"
    psql_here "DROP SCHEMA src CASCADE"
    a_table
    all_read
}

test_source_column_is_renamed() {
    meanwhile "ALTER TABLE src.t RENAME v TO w" "column \"v\" does not exist"
    equal 42703 "$(part sqlstate)"
    all_read
    equal v3 "$(sql "SELECT w FROM t WHERE id = 3")"
}

test_source_view_without_a_key() {
    a_table
    psql_here "CREATE VIEW src.seen AS SELECT * FROM src.t"
    reads "t: {table: seen, write_disposition: merge}"
    stops 2 TG_SPEC final "resource 't'" "merge needs a primary_key" "has none" "set primary_key"
    reads "t: {table: seen, write_disposition: merge, primary_key: id}"
    all_read
}

test_source_query_with_a_mistake() {
    a_table
    reads "t: {query: \"SELECT id,\\n  'ä' AS ä FRM src.t\"}"
    stops 1 TG_SOURCE final "resource 't'" "the query cannot be run: postgresql: syntax error at or near \"FRM\"" "line 2:   'ä' AS ä FRM src.t
                     ^"
    equal 42601 "$(part sqlstate)"
    reads "t: {query: SELECT id FROM src.t; SELECT 2}"
    stops 1 TG_SOURCE final "resource 't'"
    reads "t: {query: DELETE FROM src.t}"
    fails 1 TG_SOURCE final "resource 't'"
    equal 3 "$(psql_here "SELECT count(*) FROM src.t")" "rows of the source"
    reads "t: {query: SELECT id FROM src.t}"
    all_read
}

test_source_text_that_is_not_utf8() {
    local ascii
    ascii=$(pg_create "$(database)_2" "ENCODING SQL_ASCII TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    pg "$(database)_2" -c "SET client_encoding = SQL_ASCII; CREATE SCHEMA src; CREATE TABLE src.t (id int, v text);
        INSERT INTO src.t VALUES (1, 'a'), (2, E'caf\\xe9'), (3, 'c')"
    reads "t: {table: t}" "$ascii"
    stops 1 TG_DATA final "resource 't'" "column 'v'" "row 2" "UTF-8"
    equal "t v 2" "$(part resource) $(part column) $(part row)"
    pg "$(database)_2" -c "UPDATE src.t SET v = 'b' WHERE id = 2"
    all_read
}

test_source_by_a_driver_that_is_not_there() {
    export ADBC_DRIVER_PATH=$PWD
    cat >spec.yaml <<END
pipeline: test
destination: duckdb:///test.duckdb
dataset: d
source: {type: sql, connection: {driver: absent, dialect: postgres, uri: "postgresql://me:$pg_password@h/x"}}
resources:
  t: {table: t}
END
    stops 2 TG_USAGE final "driver 'absent' was not found" "searched: '$PWD/absent.toml'"
    export TIDEGATE_FAULTY_DRIVER=$root/build/deps/adbc/libadbc_driver_sqlite.so
    sed -i "s|absent|$(dirname "$tidegate")/tests/libadbc_driver_faulty.so|
        s|uri: .*}}|uri: a.db, options: {entrypoint: faulty_other_version}}}|; s|postgres,|sqlite,|" spec.yaml
    fails 2 TG_USAGE final "another version of ADBC than 1.1 and 1.0"
}

run_tests postgres
