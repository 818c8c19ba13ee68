#!/usr/bin/env bash
# The source `sql` over PostgreSQL: into DuckDB and into PostgreSQL, over two runs, as of one moment; and what it says when
# something is wrong. Over DuckDB: tests/cases/sql.case.
. "$(dirname "$0")/lib.bash"

# database: a fresh one; its URI is in $uri
database() {
    name=source_$$_$RANDOM
    uri=$(pg_create "$name")
    trap 'pg_drop "$name"' EXIT
}

on() { pg "$name" -c "$1"; }

# source_spec DESTINATION RESOURCES
source_spec() {
    cat >spec.yaml <<END
pipeline: test
destination: $1
dataset: d
source: {type: sql, connection: "$uri"}
resources:
$2
END
}

orders="create table orders (id int primary key, price numeric(10, 2) not null, note text, ts timestamptz);
    insert into orders values (1, 1.50, 'a', '2024-01-01 00:00:00+00'), (2, 2.50, null, '2024-01-02 00:00:00+00')"
changes="update orders set price = 7, ts = '2024-01-03 00:00:00+00' where id = 1;
    insert into orders values (3, 3, 'it''s', '2024-01-02 00:00:00+00')"

test_merge_and_append_over_two_runs() {
    database
    on "$orders"
    source_spec duckdb:///test.duckdb "
  merged: {table: orders, write_disposition: merge, incremental: ts}
  added: {table: orders, incremental: ts}"
    run 0
    on "$changes"
    run 0
    equal 3 "$(sql "select count(*) from merged")"
    equal "7.00,3.00" "$(sql "select price from merged where id = 1"),$(sql "select price from merged where id = 3")"
    equal 4 "$(sql "select count(*) from added")"
    equal "DECIMAL(10,2)" "$(sql "select data_type from information_schema.columns where table_name = 'merged'
        and column_name = 'price'" | tr -d '"')"
    run 0
    says "Nothing new"
}

test_into_postgresql() {
    database
    on "$orders"
    source_spec "$uri" "  orders: {table: orders, write_disposition: merge, incremental: ts}"
    run 0
    on "$changes"
    run 0
    equal "1|7.00,2|2.50,3|3.00" "$(on "select string_agg(id || '|' || price, ',' order by id) from d.orders")"
    run 0
    says "Nothing new"
}

test_a_group_that_is_called_as_one_of_its_tables() {
    database
    on "$orders; create table a (i int); insert into a values (1)"
    source_spec duckdb:///test.duckdb "  orders: {tables: [a, orders], write_disposition: replace}
  a: {tables: all, write_disposition: replace}"
    run 0
    equal 2 "$(sql "select count(*) from orders")"
    equal 1 "$(sql "select count(*) from a")"
}

test_a_check_finds_that_a_key_is_missing() {
    database
    on "$orders; create view v as select * from orders"
    source_spec duckdb:///test.duckdb "  v: {table: v, write_disposition: merge}"
    said=$("$tidegate" check spec.yaml 2>&1) && fail "a merge without a key is right"
    says "resource 'v': merge needs a primary_key or a merge_key"
    source_spec duckdb:///test.duckdb "  v: {table: v, write_disposition: merge, primary_key: id}
  orders: {table: orders, write_disposition: merge}"
    "$tidegate" check spec.yaml
}

test_a_check_lists_the_tables_that_were_found() {
    database
    on "$orders; create table b_two (region int, id int, name text, primary key (id, region)); create table c (x int)"
    source_spec duckdb:///test.duckdb "  some: {tables: [orders, 'b_*'], write_disposition: merge}"
    said=$("$tidegate" check spec.yaml | tail -n +4 | sed 's/ *$//')
    equal "resource  write_disposition  primary_key  cursor  columns
--------  -----------------  -----------  ------  -------
b_two     merge              id, region                 3
orders    merge              id                         4" "$said"
}

test_all_tables_of_a_schema() {
    database
    on "create table \"Big Table\" (id int primary key, t text);
        insert into \"Big Table\" select i, repeat('x', 300) from generate_series(1, 60000) as i;
        create table empty (a int not null, b text);
        create table parted (id int, at date, primary key (at, id)) partition by range (at);
        create table parted_1 partition of parted for values from ('2024-01-01') to ('2024-07-01');
        create table parted_2 partition of parted default;
        insert into parted select i, '2024-01-01'::date + i from generate_series(1, 400) as i;
        create view seen as select id from parted"
    source_spec duckdb:///test.duckdb "  all: {tables: all, write_disposition: replace}"
    run 0
    equal "60000,60000" "$(sql "select count(*) from big_table"),$(sql "select count(distinct id) from big_table")"
    equal 400 "$(sql "select count(*) from parted")"
    equal 0 "$(sql "select count(*) from information_schema.tables where table_name in ('seen', 'parted_1')")"
}

# Any database that has an ADBC driver.
test_sqlite() {
    export ADBC_DRIVER_PATH=$root/build/deps/adbc
    mkdir data
    printf '{"id": 1, "name": "Ada"}\n{"id": 2, "name": "Bela"}\n' >data/person.jsonl
    cat >make.yaml <<'END'
pipeline: make
destination: {driver: sqlite, uri: shop.sqlite}
dataset: live
source: {type: files, root: data}
resources: {person: {path: person.jsonl}}
END
    "$tidegate" run make.yaml --progress none
    cat >spec.yaml <<'END'
pipeline: test
destination: duckdb:///test.duckdb
dataset: d
source: {type: sql, connection: {driver: sqlite, uri: shop__live.sqlite}}
resources:
  people: {table: person, excluded_columns: [_dlt_id, _dlt_load_id], incremental: id}
END
    run 0
    equal "1 Ada,2 Bela" "$(sql "select string_agg(id || ' ' || name, ',' order by id) from people" | tr -d '"')"
    run 0
    says "Nothing new"
    sed -i 's/driver: sqlite, //' spec.yaml
    run 2
    says "'connection' needs a 'url' or a 'driver'"
}

test_rows_without_a_cursor_value() {
    database
    on "create table t (id int, n int); insert into t values (1, 1)"
    source_spec duckdb:///test.duckdb "  t: {table: t, incremental: n}"
    run 0
    on "insert into t values (2, null), (3, 3)"
    run 1
    says "the cursor field 'n' is NULL"
    source_spec duckdb:///test.duckdb "  t: {table: t, incremental: {cursor: n, on_cursor_value_missing: include}}"
    run 0
    equal 3 "$(sql "select count(*) from t")"
}

# What the state cannot keep is no value of a cursor: it would be all that later runs see, or stop them.
test_cursors_that_are_infinite() {
    database
    on "create table t (id int, ts timestamptz, d date);
        insert into t values (1, '2024-01-01', '2024-01-01'), (2, 'infinity', '2024-01-01'), (3, '2024-01-01', 'infinity')"
    source_spec duckdb:///test.duckdb "  t: {table: t, incremental: ts}"
    run 1
    says "the cursor field 'ts' holds infinity (a timestamp) in this row, which counts as NULL" "row 2"
    source_spec duckdb:///test.duckdb "
  t: {table: t, primary_key: id, write_disposition: merge, incremental: {cursor: ts, on_cursor_value_missing: include}}
  d: {table: t, primary_key: id, write_disposition: merge, incremental: {cursor: d, on_cursor_value_missing: include, commit_safe: false}}"
    run 0
    on "insert into t values (4, '2024-01-02', '2024-01-02'), (5, '-infinity', '-infinity'), (6, '0044-01-01 BC', '0044-01-01 BC')"
    run 0
    equal 1,2,3,4,5,6 "$(sql "select string_agg(id::text, ',' order by id) from t" | tr -d '"')"
    equal 1,2,3,4,5,6 "$(sql "select string_agg(id::text, ',' order by id) from d" | tr -d '"')"
    run 0
}

# As of the beginning of the run a table that was rewritten since then is empty: what was loaded of it must stay.
test_tables_that_are_rewritten_meanwhile() {
    database
    on "create table first (id int); create table later (id int); insert into later values (1), (2)"
    source_spec duckdb:///test.duckdb "  first: {query: SELECT count(*) AS n FROM first}
  later: {table: later, write_disposition: replace}"
    run 0
    # it has to be locked while the run begins, and is let go when the run waits for `first`
    pg "$name" -c "begin; lock table first in access exclusive mode" -c "select pg_sleep(2)" \
        -c "alter table later alter id type bigint" -c "commit" >/dev/null &
    until [ "$(on "select count(*) from pg_locks where relation = 'first'::regclass and granted")" = 1 ]; do sleep 0.05; done
    run 1
    wait
    says "table 'later'" "rewritten" "run again"
    equal 2 "$(sql "select count(*) from later")"
    run 0
    equal 2 "$(sql "select count(*) from later")"
}

# Texts compare byte by byte, whatever the collation of the database is.
test_text_cursors() {
    database
    on "create table t (k text collate \"en-x-icu\"); insert into t values ('B')"
    source_spec duckdb:///test.duckdb "  t: {table: t, incremental: k}"
    run 0
    on "insert into t values ('a'), ('C'), ('A')"
    run 0
    equal "B,C,a" "$(sql "select string_agg(k, ',' order by k) from t" | tr -d '"')"
}

# The server compares neither with a number: the rows are all asked for, and the cursor sorts them out.
test_cursors_that_the_server_does_not_compare() {
    local cursor from
    database
    on "create domain dollars as money; create table t (id int, m money, d dollars, x xid);
        insert into t values (1, '1.50', '1.50', '7'), (2, '10.00', '10.00', '10')"
    for from in "table: t" "query: SELECT * FROM t"; do
        for cursor in m d x; do
            rm -rf .tidegate test.duckdb
            on "delete from t where id > 2"
            source_spec duckdb:///test.duckdb "  t: {$from, incremental: $cursor}"
            run 0
            on "insert into t values (3, '9.00', '9.00', '9'), (4, '11.25', '11.25', '11')"
            run 0
            equal 1,2,4 "$(sql "select string_agg(id::text, ',' order by id) from t" | tr -d '"')" "$from, $cursor"
            run 0
            says "Nothing new"
        done
    done
}

test_what_is_wrong_is_said() {
    database
    on "create table \"Orders\" (id int, i interval); create table hidden (id int); create view seen as select 1 as id"
    source_spec duckdb:///test.duckdb "  t: {table: orders}"
    run 1
    says "resource 't'" "no table or view 'orders'" "did you mean 'Orders'?"
    source_spec duckdb:///test.duckdb "  t: {query: \"SELECT id FRM seen\"}"
    run 1
    says "resource 't'" "syntax error" "line 1: SELECT id FRM seen"
    source_spec duckdb:///test.duckdb "  t: {query: SELECT nope FROM seen}"
    run 1
    says "resource 't'" "nope"
    source_spec duckdb:///test.duckdb "  t: {table: seen, write_disposition: merge}"
    run 2
    says "resource 't'" "at the source table 'seen' has none"
    source_spec duckdb:///test.duckdb "  t: {table: Orders, incremental: idd}"
    run 2
    says "did you mean 'id'?"
    local role=reader_$RANDOM
    on "create role $role login password 'the-reader-1'; grant select on seen to $role"
    uri=$(sed "s|//[^@]*@|//$role:the-reader-1@|" <<<"$uri") source_spec duckdb:///test.duckdb "  t: {table: hidden}"
    run 1
    says "no table or view 'hidden' that this user may see"
    case $said in *the-reader-1*) fail "the password is in: $said" ;; esac
    on "revoke select on seen from $role; drop role $role"
}

run_tests
