#!/usr/bin/env bash
# The source `sql` by an ADBC driver: SQLite's own one, and the one of tests/drivers/faulty.c; into DuckDB and PostgreSQL.
. "$(dirname "$0")/lib.bash"
drivers=$root/build/deps/adbc
export ADBC_DRIVER_PATH=$drivers TIDEGATE_FAULTY_DRIVER=$drivers/libadbc_driver_sqlite.so
faulty=$(dirname "$tidegate")/tests/libadbc_driver_faulty.so

# sqlite STATEMENTS: in the file that is read
sqlite() { python3 -c 'import sqlite3, sys; c = sqlite3.connect("shop.sqlite"); c.executescript(sys.argv[1])' "$1"; }

# from RESOURCES [DRIVER [OPTIONS]]
from() {
    cat >spec.yaml <<EOF
pipeline: test
destination: $destination
dataset: d
source: {type: sql, connection: {driver: ${2:-sqlite}, uri: shop.sqlite, dialect: sqlite${3:+, options: {$3\}}}}
resources:
$1
EOF
}

# has QUERY WANTED: all cells of the result, `|` between them
has() {
    local got
    got=$("$tidegate" sql spec.yaml "$1" --csv | tail -n +2 | tr ',\n' '|;')
    equal "$2" "$got" "$1"
}

orders="create table orders (id integer primary key, customer text not null, paid boolean, total real, at datetime,
        note varchar(20), price decimal(10, 2));
    insert into orders values (1, 'ada', 1, 12.5, '2024-05-01 10:00:00', null, 10.25),
        (2, 'bob', 0, 3, '2024-05-02 10:00:00', 'it''s', 7)"

test_merge_over_two_runs() {
    sqlite "$orders"
    from '  orders: {table: orders, write_disposition: merge, incremental: at}'
    run 0
    has 'select id, customer, paid, total, note, price from orders order by id' "1|ada|true|12.5||10.25;2|bob|false|3.0|it's|7.0;"
    sqlite "update orders set total = 4, at = '2024-05-03 10:00:00' where id = 1;
        insert into orders values (3, 'cyd', null, null, '2024-05-02 10:00:00', null, null)"
    run 0
    has 'select id, total from orders order by id' '1|4.0;2|3.0;3|;'
    has 'select count(*) from _dlt_loads' '2;'
    run 0
    says 'Nothing new'
}

# A number is asked for from where the last run ended; nothing is lost, and nothing comes twice.
test_append_by_a_number() {
    sqlite "$orders"
    from '  orders: {table: orders, incremental: id}'
    run 0
    sqlite "insert into orders (id, customer) values (3, 'cyd'), (9007199254740993, 'dee')"
    run 0
    run 0
    has 'select id from orders order by id' '1;2;3;9007199254740993;'
}

test_keys_and_nullability_are_looked_up() {
    sqlite 'create table pairs (a text not null, b int, v, primary key (b, a)) without rowid'
    sqlite "insert into pairs values ('x', 1, 'one'), ('y', 2, 'two')"
    from '  pairs: {table: pairs, write_disposition: merge}'
    run 0
    sqlite "update pairs set v = 'new' where a = 'y'"
    run 0
    has 'select a, b, v from pairs order by a' 'x|1|one;y|2|new;'
    has "select column_name from information_schema.columns where table_name = 'pairs' and is_nullable = 'NO'
        and column_name in ('a', 'b', 'v') order by 1" 'a;b;'
}

test_all_tables_and_views() {
    sqlite "$orders; create view paid as select id from orders where paid; create table \"select\" (\"a \"\"b\"\"\" int);
        insert into \"select\" values (7); create table sequence (id integer primary key autoincrement);
        insert into sequence values (1)"
    from '  shop: {tables: all, write_disposition: replace}'
    run 0
    has "select table_name from information_schema.tables where table_schema = 'd' and table_name not like '\_%' escape '\'
        order by 1" 'orders;select;sequence;'
    from '  shop: {tables: all, include_views: true, write_disposition: replace}'
    run 0
    has 'select id from paid' '1;'
    from '  none: {table: order}'
    run 1
    says "no table or view 'order'" "did you mean 'orders'"
}

test_a_query_has_the_types_of_its_values() {
    sqlite "$orders"
    from "  q: {query: \"select id, upper(customer) as name, total * 2 as twice, null as nix from orders\"}"
    run 0
    has 'select id, name, twice from q order by id' '1|ADA|25.0;2|BOB|6.0;'
    has "select count(*) from information_schema.columns where table_name = 'q' and column_name like 'n%'" '1;'
    from '  q: {query: "select nix_like_it from orders"}'
    run 1
    says 'no such column: nix_like_it'
}

# What was NULL so far has no type, and takes any later.
test_a_column_of_nulls() {
    sqlite "create table t (id integer primary key, v); insert into t values (1, null)"
    from '  t: {table: t, incremental: id}'
    run 0
    sqlite "insert into t values (2, 'text')"
    run 0
    has 'select id, v from t order by id' '1|;2|text;'
}

# Values of two types that the driver cannot reconcile are refused, and there is a way to load them.
test_values_of_two_types() {
    sqlite "create table t (v); insert into t values (null), (null), (null), ('text')"
    from '  t: {table: t}' sqlite 'adbc.sqlite.query.batch_rows: "2"'
    run 1
    says 'Type mismatch in column 0' "adbc.sqlite.query.batch_rows"
    from '  t: {table: t}' sqlite 'adbc.sqlite.query.batch_rows: "4"'
    run 0
    has 'select count(*), count(v) from t' '4|1;'
}

test_a_dataset_of_its_own_is_a_schema() {
    echo '{"id": 1, "at": "2024-05-01T10:00:00Z", "price": "1.25"}' >t.jsonl
    local own=$destination
    destination='{driver: sqlite, uri: shop.sqlite}'
    spec 't: {path: t.jsonl, columns: {price: {data_type: decimal, precision: 10, scale: 2}}}'
    run 0
    destination=$own
    from '  t: {table: t, excluded_columns: [_dlt_id, _dlt_load_id]}'
    sed -i 's/dialect: sqlite}/&, schema: d/; s/^pipeline: test/pipeline: other/' spec.yaml
    run 0
    has 'select id, price from t' '1|1.25;'
    has "select data_type from information_schema.columns where column_name = 'at'" "$(
        [ $kind = duckdb ] && echo 'TIMESTAMP WITH TIME ZONE;' || echo 'timestamp with time zone;')"
    sed -i 's/schema: d}/schema: none}/' spec.yaml
    run 1
    says "schema 'none' is not there"
    [ ! -e shop__none.sqlite ] || fail "a file was made by reading"
}

# The line breaks in the middle: the run fails, nothing of it is there, and the next one loads all of it once.
test_a_stream_that_breaks_loses_nothing() {
    sqlite "create table t (id integer primary key, v text);
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
        insert into t select i, 'value ' || i from n"
    local options='adbc.sqlite.query.batch_rows: "500"' resource
    resource='  t: {table: t, write_disposition: append, incremental: id}'
    from "$resource" "$faulty" "$options, faulty.cut: \"6\""
    run 1
    says 'the line was cut'
    [ -z "$("$tidegate" sql spec.yaml 'select count(*) from t' --csv 2>/dev/null)" ] || fail "rows of a broken stream"
    from "$resource" "$faulty" "$options"
    run 0
    has 'select count(*), count(distinct id), max(id) from t' '5000|5000|5000;'
    sqlite "insert into t select id + 5000, v from t"
    from "$resource" "$faulty" "$options, faulty.cut: \"6\""
    run 1
    has 'select count(*) from t' '5000;'
    from "$resource" "$faulty" "$options"
    run 0
    has 'select count(*), count(distinct id), max(id) from t' '10000|10000|10000;'
}

test_a_file_that_is_not_there_is_not_made() {
    from '  t: {table: t}'
    run 1
    says 'shop.sqlite' 'does not exist'
    [ ! -e shop.sqlite ] || fail "a file was made by reading"
}

test_what_a_connection_lacks() {
    from '  t: {table: t}'
    sed -i 's/driver: sqlite, //' spec.yaml
    run 2
    says "'connection' needs a 'url' or a 'driver'"
    from '  t: {table: t}'
    sed -i 's/uri: /urn: /' spec.yaml
    run 2
    says "unknown key 'urn' in 'connection' of source"
}

test_secrets_are_hidden() {
    sqlite "$orders"
    from '  orders: {table: orders}' sqlite 'password: a_long_secret_word'
    run 1
    says "option 'password'" '***'
    case $said in *a_long_secret_word*) fail "the password is in: $said" ;; esac
    ! grep -rq a_long_secret_word .tidegate 2>/dev/null || fail "the password is kept"
}

run_tests duckdb postgres
