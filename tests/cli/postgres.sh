#!/usr/bin/env bash
# A PostgreSQL server as a destination: how it is named, what is said of one that cannot be used, and passwords.
. "$(dirname "$0")/lib.bash"

database() { echo "${destination##*/}"; }
user() { sed -E 's|^[a-z]+://([^:@]*).*|\1|' <<<"$destination"; }
port() { sed -E 's|.*:([0-9]+)/[^/]*$|\1|' <<<"$destination"; }
address() { echo "127.0.0.1:$(port)/$(database)"; }

# loads_into DESTINATION: one more row
rows=0
loads_into() {
    destination=$1
    rows=$((rows + 1))
    echo "{\"id\": $rows}" >$rows.jsonl
    spec "t: {path: '*.jsonl'}"
    run 0
    says "1 row read"
    equal $rows "$(sql "SELECT count(*) FROM t")"
}

# command CODE ARGUMENTS...: must end with CODE; its words are in $said
command() {
    local code=$1 got=0
    shift
    said=$("$tidegate" "$@" 2>&1) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "$1 ended with $got, not $code: $said"
}

# refused CODE TEXT...: a load into $destination, and what it leaves: nothing at the server, the package here
refused() {
    local code=$1
    shift
    echo '{"id": 1}' >t.jsonl
    spec
    command "$code" check spec.yaml
    says "$@"
    run "$code"
    says "$@"
}

nobody() { # [OPTIONS]: a role of this test
    pg postgres <<<"CREATE ROLE nobody_$$ LOGIN PASSWORD '$pg_password' ${1:-}"
    trap 'pg "$(database)" -c "DROP OWNED BY nobody_$$" -c "DROP ROLE nobody_$$"' EXIT
}
as_nobody() { echo "postgresql://nobody_$$:$pg_password@$(address)"; }

test_a_spec_to_start_from() {
    command 0 init files postgresql
    says "destination: postgresql://localhost/warehouse" "PGPASSWORD"
    { echo "destination: $destination" && sed '/^destination:/d; s|data/\*.jsonl|t.jsonl|' <<<"$said"; } >spec.yaml
    echo '{"id": 1}' >t.jsonl
    run 0
    equal 1 "$(sql "SELECT count(*) FROM events")"
}

test_the_forms_of_a_place() {
    local port user database
    port=$(port) user=$(user) database=$(database)
    local keywords="host=127.0.0.1 port=$port user=$user dbname=$database"
    loads_into "${destination/postgresql:/postgres:}"
    loads_into "$keywords password='$pg_password'"
    says "in dataset 'd' of host=127.0.0.1" "password='***'"
    printf '[shop]\n%s\n' "${keywords// /$'\n'}" >service.conf
    printf '*:*:*:*:%s\n' "$pg_password" >pass.yaml # which may have it
    chmod 600 pass.yaml
    export PGSERVICEFILE=$PWD/service.conf PGPASSFILE=$PWD/pass.yaml
    loads_into service=shop
    loads_into "postgresql:///?service=shop"
    loads_into "postgresql://$user@127.0.0.1:$port/$database"
    export PGHOST=127.0.0.1 PGPORT=$port PGUSER=$user
    loads_into "postgresql:///$database"
}

test_a_server_that_is_down() {
    destination="postgresql://me:$pg_password@127.0.0.1:1/x"
    refused 1 "database 'postgresql://me:***@127.0.0.1:1/x'" "Connection refused" "start the server"
    command 1 sql spec.yaml "SELECT 1"
    says "Connection refused"
    command 1 show spec.yaml tables
    says "Connection refused"
}

test_a_password_that_is_refused() {
    destination="postgresql://$(user):not-$pg_password@$(address)"
    refused 1 "password authentication failed for user \"$(user)\"" "correct the user or the password"
    PGPASSFILE=/dev/null destination="postgresql://$(user)@$(address)"
    export PGPASSFILE
    refused 1 "no password supplied" "correct the user or the password"
}

test_a_database_that_is_not_there() {
    destination="${destination%/*}/none_such"
    refused 1 "database \"none_such\" does not exist" "create the database"
}

test_a_place_that_cannot_be_read() {
    destination="postgresql://me:a%zz$pg_password@h/x"
    refused 2 "spec.yaml:2" "the place of the PostgreSQL server cannot be read" "percent-encoded"
    destination="host=h user=me password=$pg_password and-more-of-it dbname=x"
    refused 2 "spec.yaml:2" "missing" "password=***"
    case $said in *and-more*) fail "the rest of a password is shown: $said" ;; esac
    destination="postgresql://me:$pg_password and-more-of-it@h:x/x"
    refused 1 "postgresql://me:***@h:x/x"
    case $said in *and-more*) fail "the rest of a password is shown: $said" ;; esac
    destination="postgresql://h/x?speed=1"
    refused 2 "invalid URI query parameter: \"speed\""
}

test_out_of_connections() {
    nobody "CONNECTION LIMIT 0"
    destination=$(as_nobody)
    refused 1 "too many connections" "close other sessions"
}

test_a_database_that_is_read_only() {
    pg postgres -c "ALTER DATABASE $(database) SET default_transaction_read_only = on"
    echo '{"id": 1}' >t.jsonl
    spec
    run 1
    says "cannot execute" "in a read-only transaction" "name a server that can be written to"
    pg postgres -c "ALTER DATABASE $(database) RESET default_transaction_read_only"
    run 0
    equal 1 "$(sql "SELECT count(*) FROM t")"
}

test_a_right_that_is_missing() {
    nobody
    echo '{"id": 1}' >t.jsonl
    spec
    destination=$(as_nobody)
    spec
    run 1
    says "permission denied for database" "grant the user this right" \
        "what user 'nobody_$$' lacks for this load: GRANT CREATE ON DATABASE"
    pg "$(database)" -c "GRANT CREATE ON DATABASE $(database) TO nobody_$$"
    run 0
    equal 1 "$(sql "SELECT count(*) FROM t")"
}

# Who may not make schemas loads into one that others have made, be it empty.
test_a_dataset_that_others_made() {
    nobody
    pg "$(database)" -c "CREATE SCHEMA d" -c "GRANT USAGE ON SCHEMA d TO nobody_$$"
    echo '{"id": 1}' >t.jsonl
    destination=$(as_nobody)
    spec
    run 1
    says "the load cannot be written: postgresql: permission denied for schema d" "what user 'nobody_$$' lacks for this load: GRANT CREATE ON SCHEMA d TO"
    pg "$(database)" -c "GRANT CREATE ON SCHEMA d TO nobody_$$"
    run 0
    echo '{"id": 2}' >t.jsonl
    run 0
    equal 2 "$(sql "SELECT count(*) FROM t")"
    equal f "$(pg "$(database)" -c "SELECT has_database_privilege('nobody_$$', '$(database)', 'CREATE')")"
}

# Tables that dlt has made have an index for each _dlt_id, which stays and is in nobody's way.
test_the_indexes_of_dlt() {
    echo '{"id": 1, "l": [1, 2]}' >1.jsonl
    cat >spec.yaml <<EOF
pipeline: test
destination: $destination
dataset: d
source: {type: files}
resources:
  a: {path: '*.jsonl'}
  m: {path: '*.jsonl', write_disposition: merge, primary_key: id}
  r: {path: '*.jsonl', write_disposition: replace}
EOF
    run 0
    equal 0 "$(indexes)" "indexes that a load makes"
    local table
    for table in a a__l m m__l r r__l _dlt_pipeline_state; do
        pg "$(database)" -c "ALTER TABLE d.$table ADD UNIQUE (_dlt_id)"
    done
    pg "$(database)" -c "CREATE INDEX ON d.m (id)" -c "CREATE INDEX ON d.m__l (_dlt_root_id)"
    equal 9 "$(indexes)"
    printf '%s\n' '{"id": 1, "l": [3]}' '{"id": 2, "l": [4, 5, 6], "new": true}' >2.jsonl
    run 0
    equal 9 "$(indexes)" "indexes after the second load"
    equal 3,6 "$(counts a)" "appended"
    equal 2,4 "$(counts m)" "merged"
    equal 3,6 "$(counts r)" "replaced, of both files"
    equal 3 "$(sql "SELECT value FROM m__l JOIN m ON m__l._dlt_parent_id = m._dlt_id WHERE id = 1")"
}

# with_indexes RESOURCES: the spec of them, whose new tables get indexes
with_indexes() {
    spec "$1"
    relay destination "destination: {url: '$destination', create_indexes: true}"
}

# unique: what is, of the tables of d
unique() {
    pg "$(database)" -c "SELECT conrelid::regclass::text COLLATE \"C\", pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'u' AND connamespace = 'd'::regnamespace ORDER BY 1, 2" | tr '\n' ' '
}

test_unique_indexes_of_new_tables() {
    local resources="m: {path: m.jsonl, write_disposition: merge, primary_key: id, columns: {mail: {unique: true}}}
  r: {path: r.jsonl, write_disposition: replace}
  a: {path: a.jsonl}"
    echo '{"id": 1, "mail": "a@b", "l": [1, 2]}' | tee m.jsonl >r.jsonl
    echo '{"id": 1}' >a.jsonl
    spec "a: {path: a.jsonl}"
    run 0
    with_indexes "$resources"
    run 0
    local wanted="d.m|UNIQUE (_dlt_id) d.m|UNIQUE (mail) d.m__l|UNIQUE (_dlt_id) d.r|UNIQUE (_dlt_id) d.r__l|UNIQUE (_dlt_id) "
    equal "$wanted" "$(unique)" # what was there before stays as it is
    echo '{"id": 2, "mail": "c@d", "l": [3], "o": [{"x": 1}]}' | tee -a m.jsonl >>r.jsonl
    run 0
    equal "${wanted/d.r|/d.m__o|UNIQUE (_dlt_id) d.r|}d.r__o|UNIQUE (_dlt_id) " "$(unique)"
    echo '{"id": 3, "mail": "a@b"}' >>m.jsonl
    run 1
    says "table 'm'" "m_mail_key" "Key (mail)=(a@b) already exists"
    equal "2 2" "$(sql "SELECT (SELECT count(*) FROM m) || ' ' || (SELECT count(*) FROM r)")"
    with_indexes "a: {path: a.jsonl}"
    run 0 # an index is no reason to touch what is loaded
}

# The rows are all there when the index is made: the load is refused whole.
test_a_value_that_comes_twice() {
    printf '{"id": 1}\n{"id": 1}\n' >t.jsonl
    with_indexes "t: {path: t.jsonl, columns: {id: {unique: true}}}"
    run 1
    says "table 't'" "Key (id)=(1) is duplicated"
    equal 0 "$(pg "$(database)" -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'd'")"
    ls .tidegate/test/failed | grep -q .
    echo '{"id": 1}' >t.jsonl
    run 0
    equal "d._dlt_pipeline_state|UNIQUE (_dlt_id) d.t|UNIQUE (_dlt_id) d.t|UNIQUE (id) " "$(unique)"
}

test_unique_names_that_need_quotes() {
    printf 'id,Mail "x"\n1,a\n' >t.csv
    with_indexes "t: {path: t.csv, columns: {'Mail \"x\"': {unique: true}}}"
    echo "schema: {naming: direct}" >>spec.yaml
    run 0
    equal "d._dlt_pipeline_state|UNIQUE (_dlt_id) d.t|UNIQUE (\"Mail _x_\") d.t|UNIQUE (_dlt_id) " "$(unique)"
}

test_create_indexes_is_true_or_false() {
    spec
    relay destination "destination: {url: '$destination', create_indexes: maybe}"
    command 2 check spec.yaml
    says "spec.yaml:2" "'create_indexes'" "true or false"
}

indexes() { pg "$(database)" -c "SELECT count(*) FROM pg_indexes WHERE schemaname = 'd'"; }
counts() { sql "SELECT (SELECT count(*) FROM $1) || ',' || (SELECT count(*) FROM $1__l)" | tr -d '"'; }

test_a_lock_that_is_not_had() {
    loads_into "$destination"
    pg postgres -c "ALTER DATABASE $(database) SET lock_timeout = '100ms'"
    pg "$(database)" -c "BEGIN; LOCK TABLE d.t; SELECT 'held'; SELECT pg_sleep(30)" >held.txt 2>/dev/null &
    local holder=$!
    while [ "$(pg "$(database)" -c "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'
        AND relation = 'd.t'::regclass")" = 0 ]; do sleep 0.05; done
    echo '{"id": 2}' >2.jsonl
    run 3
    says "lock timeout" "end what holds the lock"
    pg postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%held%'
        AND datname = '$(database)' AND pid <> pg_backend_pid()" >/dev/null
    wait $holder || true
    # The package waits, and goes to the same place by another of its names.
    destination="host=127.0.0.1 port=$(port) user=$(user) dbname=$(database) password='$pg_password'"
    spec "t: {path: '*.jsonl'}"
    run 0
    says "0 rows read"
    equal 2 "$(sql "SELECT count(*) FROM t")"
}

test_a_statement_that_takes_too_long() {
    loads_into "$destination"
    pg postgres -c "ALTER DATABASE $(database) SET statement_timeout = '300ms'"
    command 1 sql spec.yaml "SELECT pg_sleep(30)"
    says "statement timeout" "give it more time"
}

test_a_query_with_a_mistake() {
    loads_into "$destination"
    command 1 sql spec.yaml "SELECT id
FORM t"
    says "syntax error at or near \"t\"
  line 2: FORM t
               ^"
    command 1 sql spec.yaml "SELECT nothing FROM t"
    says "column \"nothing\" does not exist" "line 1: SELECT nothing FROM t"
    command 0 sql spec.yaml "SELECT 1 AS one; SELECT 2 AS two -- and three"
    says "one" "two"
    command 1 sql spec.yaml "UPDATE t SET id = id + 1"
    says "sql reads only" "--write" "read-only transaction"
    command 1 sql spec.yaml "CREATE TABLE d.more (a int)"
    says "sql reads only"
    command 0 sql spec.yaml "SELECT count(*) FROM pg_locks; SELECT id FROM t" --csv
    command 0 show spec.yaml loads
    command 0 show spec.yaml state
    command 1 sql spec.yaml "COPY t TO STDOUT"
    says "COPY from or to the client"
}

test_statements_that_give_no_rows() {
    loads_into "$destination"
    command 0 sql --write spec.yaml "UPDATE t SET id = id + 1"
    says "status" "UPDATE 1"
    equal "CREATE TABLE" "$(sql "CREATE TABLE made (a int)")"
    equal '[{"status":"INSERT 0 3"}]' "$("$tidegate" sql --write spec.yaml "INSERT INTO made VALUES (1), (2), (3)" --json |
        tr -d '\n')"
    equal 3 "$(sql "SELECT count(*) FROM made")"
}

# prints VALUE TEXT JSON
prints() {
    equal "$2" "$("$tidegate" sql spec.yaml "SELECT $1 AS v" | sed 1,2d | head -1 | sed 's/^ *//')" "$1"
    equal "{\"v\":$3}" "$("$tidegate" sql spec.yaml "SELECT $1 AS v" --json | sed -n 2p)" "$1 as JSON"
}

test_sql_prints_every_type() {
    loads_into "$destination"
    prints "(SELECT avg(n) FROM generate_series(1, 2) n)" 1.5000000000000000 1.5000000000000000
    prints "1 / 3::numeric" 0.33333333333333333333 0.33333333333333333333
    prints "'NaN'::numeric" NaN null
    prints "12345678901234567890123456789012345678901234567890::numeric" 12345678901234567890123456789012345678901234567890 \
        12345678901234567890123456789012345678901234567890
    prints "1.50::numeric(5, 2)" 1.50 1.50
    prints "NULL::numeric" NULL null
    prints "array[1, NULL]" '[1,null]' '"[1,null]"'
    prints "int4range(1, 5)" '[1,5)' '"[1,5)"'
    prints "'{\"a\":1}'::json" '{"a":1}' '"{\"a\":1}"'
    prints "'10.0.0.1/8'::inet" 10.0.0.1/8 '"10.0.0.1/8"'
    prints "interval '3 months 2 days'" P3M2D '"P3M2D"'
    prints "timetz '12:00:00+02'" 12:00:00+02 '"12:00:00+02"'
    prints "'-infinity'::timestamptz" -infinity '"-infinity"'
    prints "row(1, 'x')" '{"f1":1,"f2":"x"}' '"{\"f1\":1,\"f2\":\"x\"}"'
    prints "point(1, 2)" '(1,2)' '"(1,2)"'
}

test_types_in_a_query() {
    loads_into "$destination"
    equal 't,1.50,2024-02-29T10:00:00+00:00,"{""a"": 1}",' \
        "$(sql "SELECT 't', 1.50::numeric(5,2), '2024-02-29 12:00+02'::timestamptz, '{\"a\": 1}'::jsonb, NULL")"
    equal '"[1,3)",7' "$(sql "SELECT int4range(1, 3), 7")"
}

run_tests postgres
