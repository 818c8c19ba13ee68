#!/usr/bin/env bash
# Several tables of a PostgreSQL source at once: the same comes of it as of one after another, also when something goes
# wrong, and there are never more connections than are allowed.
. "$(dirname "$0")/lib.bash"

# database: a fresh one; its URI is in $uri
database() {
    name=tables_$$_$RANDOM
    uri=$(pg_create "$name")
    trap 'pg_drop "$name"; if [ "${role:-}" ]; then pg postgres -c "DROP ROLE $role"; fi' EXIT
}

on() { pg "$name" -c "SET client_min_messages = warning; $1"; }

# source_spec PARALLEL RESOURCES [URI]: each limit has a destination of its own
source_spec() {
    cat >spec.yaml <<END
pipeline: test$1
destination: duckdb:///test$1.duckdb
dataset: d
source: {type: sql, connection: "${3:-$uri}", parallel: $1}
resources:
$2
END
}

# limited CONNECTIONS: a role that has no more; its URI is in $theirs
limited() {
    role=few_$$_$RANDOM
    pg postgres <<<"CREATE ROLE $role LOGIN PASSWORD '$pg_password' CONNECTION LIMIT $1"
    on "GRANT USAGE ON SCHEMA public TO $role; GRANT SELECT ON ALL TABLES IN SCHEMA public TO $role"
    theirs=${uri/\/\/*:$pg_password@/\/\/$role:$pg_password@}
}

# small COUNT: tables small_01 ..., each of 5 rows
small() {
    on "DO \$\$ BEGIN FOR i IN 1..$1 LOOP EXECUTE format('CREATE TABLE small_%s AS SELECT %s * 100 + g AS id,
        now() AS at FROM generate_series(1, 5) g; ALTER TABLE small_%1\$s ADD PRIMARY KEY (id)', lpad(i::text, 2, '0'), i);
        END LOOP; END \$\$"
}

# A table that is read in slices.
big() { on "CREATE TABLE big AS SELECT g AS id, repeat('x', 400) AS t FROM generate_series(1, 60000) g"; }

# all_of PARALLEL: what the run said, and what the destination has, without times and ids
all_of() {
    sed -E 's/^Load .*|[0-9.]+ s .*//' <<<"$said"
    "$tidegate" sql spec.yaml "$("$tidegate" sql spec.yaml "select string_agg(format('select ''{0}'', md5(string_agg(line,
        '''' order by line)) from (select to_json(t)::varchar as line from (select columns(c -> c not in (''_dlt_id'',
        ''_dlt_load_id'', ''_dlt_parent_id'')) from d.{0}) as t)', table_name), ' union all ' order by table_name)
        from information_schema.tables where table_schema = 'd' and not regexp_matches(table_name, '^_(dlt|tidegate)_')" \
        --csv | sed 1d | sed -E 's/^"|"$//g; s/""/"/g')" --csv
    "$tidegate" sql spec.yaml "select schema from d._dlt_version order by version" --csv |
        sed -E 's/""(name|version_hash|previous_hashes|resource)"":(""test[0-9]*""|""[^"]*""|\[[^]]*\])//g'
}

test_the_limit_makes_no_difference() {
    database
    small 12
    big
    on "CREATE VIEW seen AS SELECT id, t FROM big WHERE id % 100 = 0;
        CREATE TABLE parted (id int, k int) PARTITION BY LIST (k); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
        CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2); INSERT INTO parted SELECT g, g % 2 + 1
            FROM generate_series(1, 1000) g; CREATE TABLE lists (id int, tags text[], doc jsonb);
        INSERT INTO lists SELECT g, ARRAY['a', 'b'], '{\"x\": 1}' FROM generate_series(1, 10) g;
        CREATE TABLE nothing (id int); CREATE TABLE \"Quoted Name\" (\"Id\" int); INSERT INTO \"Quoted Name\" VALUES (1)"
    for parallel in 1 2 16; do
        source_spec $parallel "
  first: {tables: 'small_0*', write_disposition: merge, incremental: at}
  seen: {table: seen, write_disposition: replace}
  big: {table: big}
  other: {table: small_10, table_name: other, primary_key: id, write_disposition: merge}
  sorted: {table: small_11, incremental: {cursor: id, row_order: desc}}
  counted: {query: SELECT count(*) AS n FROM small_12}
  rest: {tables: [parted, lists, nothing, 'Quoted*'], write_disposition: replace}"
        run 0
        all_of >first.$parallel
        [ -s first.1 ] && diff first.1 first.$parallel
    done
    grep -q lists__tags first.1 || [ "$(sql "select count(*) from d.lists")" = 10 ]
    equal 60000 "$(sql "select count(*) from d.big")"
    on "INSERT INTO small_03 VALUES (1, now()); UPDATE small_05 SET at = now() WHERE id = 501; INSERT INTO big VALUES (0, 'y');
        DELETE FROM nothing; ALTER TABLE parted ADD COLUMN more text"
    for parallel in 1 2 16; do
        source_spec $parallel "$(sed -n '/^resources:/,$p' spec.yaml | sed 1d)"
        run 0
        all_of >second.$parallel
        diff second.1 second.$parallel
    done
    equal 6 "$(sql "select count(*) from d.small_03")"
}

test_the_first_error_in_order_is_told() {
    database
    small 6
    on "ALTER TABLE small_03 ADD COLUMN wide numeric; UPDATE small_03 SET wide = 1e40;
        ALTER TABLE small_05 ADD COLUMN wide numeric; UPDATE small_05 SET wide = 1e40;
        CREATE VIEW slow AS SELECT id, pg_sleep(0.2)::text AS s FROM small_01"
    for parallel in 1 2 16; do
        source_spec $parallel "
  slow: {table: slow}
  small_01: {table: small_01}
  small_03: {table: small_03}
  small_05: {table: small_05}
  gone: {table: there_is_none}"
        run 1
        says "resource 'small_03'" "column 'wide'"
        sed -i '/small_03/d; /small_05/d' spec.yaml
        run 1
        says "resource 'gone'" "'there_is_none'"
        [ ! -e test$parallel.duckdb ] || fail "something was written"
    done
}

# Nobody is left at the server that was sent by a run.
nobody_is_left() {
    for _ in $(seq 100); do
        [ "$(pg postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$name'")" != 0 ] || return 0
        sleep 0.1
    done
    fail "sessions are left: $(pg postgres -c "SELECT query FROM pg_stat_activity WHERE datname = '$name'")"
}

test_an_error_does_not_wait_for_those_behind_it() {
    database
    small 2
    on "ALTER TABLE small_01 ADD COLUMN wide numeric; UPDATE small_01 SET wide = 1e40;
        CREATE VIEW slow AS SELECT id, pg_sleep(60)::text AS s FROM small_02"
    source_spec 2 "
  small_01: {table: small_01}
  slow: {table: slow}
  small_02: {table: small_02}"
    SECONDS=0
    run 1
    says "resource 'small_01'"
    [ $SECONDS -lt 30 ] || fail "the error was told after $SECONDS s"
    nobody_is_left
}

test_cancel() {
    database
    small 4
    on "CREATE VIEW slow AS SELECT id, pg_sleep(60)::text AS s FROM small_01;
        CREATE VIEW slower AS SELECT id, pg_sleep(60)::text AS s FROM small_02"
    source_spec 3 "
  small: {tables: 'small_*'}
  slow: {tables: [slow, slower]}
  again: {table: small_01}"
    "$tidegate" run spec.yaml --progress none >said 2>&1 &
    process=$!
    for _ in $(seq 100); do
        [ "$(pg postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$name'
            AND wait_event = 'PgSleep'")" != 2 ] || break
        sleep 0.1
    done
    SECONDS=0
    kill -TERM $process
    wait $process && fail "a cancelled run ended with 0"
    [ $SECONDS -lt 30 ] || fail "it went on for $SECONDS s"
    grep -q cancelled said || fail "said $(cat said)"
    nobody_is_left
}

test_killed_in_the_middle_and_run_again() {
    database
    small 8
    big
    resources="
  small: {tables: 'small_*', write_disposition: merge, incremental: at}
  big: {table: big, incremental: id}
  small_12: {table: small_01}"
    source_spec 2 "$resources"
    for step in before_seal after_seal; do
        TG_FAIL_AT=$step "$(dirname "$tidegate")/tidegate-faulty" run spec.yaml --progress none >/dev/null 2>&1 &&
            fail "it lived"
    done
    run 0
    equal 60000 "$(sql "select count(*) from d.big")"
    on "INSERT INTO big VALUES (60001, 'z'); INSERT INTO small_08 VALUES (1, now())"
    run 0
    equal 60001 "$(sql "select count(distinct id) from d.big")"
    equal 60001 "$(sql "select count(*) from d.big")"
    equal 6 "$(sql "select count(*) from d.small_08")"
}

# Of all tables one moment is read, whenever their turn comes.
test_one_moment() {
    database
    small 9
    on "CREATE VIEW slow AS SELECT id, pg_sleep(0.4)::text AS s FROM small_01"
    for parallel in 1 2; do
        source_spec $parallel "
  slow: {table: slow}
  small: {tables: 'small_*', write_disposition: replace}"
        "$tidegate" run spec.yaml --progress none >said 2>&1 &
        process=$!
        for _ in $(seq 100); do
            [ "$(pg postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$name'
                AND wait_event = 'PgSleep'")" != 1 ] || break
            sleep 0.05
        done
        on "DELETE FROM small_02; DELETE FROM small_09"
        wait $process
        equal "5 5" "$(sql "select count(*) from d.small_02") $(sql "select count(*) from d.small_09")" "with $parallel"
        on "INSERT INTO small_02 SELECT g, now() FROM generate_series(1, 5) g;
            INSERT INTO small_09 SELECT g, now() FROM generate_series(1, 5) g"
    done
}

test_no_more_connections_than_are_allowed() {
    database
    small 9
    limited 4
    source_spec 3 "
  small: {tables: 'small_*'}" "$theirs"
    run 0
    equal 5 "$(sql "select count(*) from d.small_09")"
    case $said in *connections*) fail "said $said" ;; esac
    # a single small table is worth none
    pg postgres -c "ALTER ROLE $role CONNECTION LIMIT 1"
    source_spec 4 "
  small: {table: small_01}" "$theirs"
    run 0
    case $said in *connections*) fail "said $said" ;; esac
}

test_out_of_connections_fewer_read() {
    database
    small 9
    big
    limited 3
    source_spec 5 "
  small: {tables: 'small_*'}
  big: {table: big}" "$theirs"
    run 0
    says "read by 2 connections at once, not by 5" "too many connections"
    equal "5 60000" "$(sql "select count(*) from d.small_09") $(sql "select count(*) from d.big")"
    pg postgres -c "ALTER ROLE $role CONNECTION LIMIT 1"
    source_spec 6 "
  big: {table: big}
  small: {tables: 'small_*'}" "$theirs"
    run 0
    says "read by 1 connection at once, not by 6"
    equal "5 60000" "$(sql "select count(*) from d.small_09") $(sql "select count(*) from d.big")"
}


run_tests
