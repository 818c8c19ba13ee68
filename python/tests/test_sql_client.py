"""SQL at the destination, and what it gives: rows, data frames, Arrow. At each kind of database."""

import datetime as dt
import decimal
import importlib.util
import signal
import subprocess
import sys
import threading
import time
import uuid
import warnings

import pytest

import tidegate as dlt
from tidegate.common.exceptions import MissingDependencyException
from tidegate.destinations.exceptions import (
    DatabaseException,
    DatabaseTerminalException,
    DatabaseUndefinedRelation,
    DestinationTerminalException,
    DestinationUndefinedEntity,
)
from tidegate.destinations.placeholders import filled

from servers import KINDS, destination_of, needs_postgres, new_name, pipeline_of


def loaded(kind, rows, dataset=None):
    pipeline = dlt.pipeline("shop", destination=destination_of(kind), dataset_name=dataset or new_name())
    pipeline.run([{"id": n, "name": f"n{n}"} for n in range(rows)], table_name="t")
    return pipeline


@pytest.fixture(params=KINDS, scope="module")
def shop(request, tmp_path_factory):
    pipeline = pipeline_of(request.param, tmp_path_factory)
    pipeline.run([{"id": n, "name": f"n{n}"} for n in range(5000)], table_name="t")
    yield pipeline
    with pipeline.sql_client() as client:
        client.drop_dataset()


@pytest.fixture
def client(shop):
    """What a case changes in the table it puts right again."""
    with shop.sql_client() as client:
        yield client


@pytest.fixture
def server(shop):
    """SQL as most databases have it."""
    if shop.destination.kind == "sqlalchemy":
        pytest.skip("SQLite has words of its own")
    with shop.sql_client() as client:
        yield client


def test_rows(client):
    assert client.execute_sql("select count(*) from t") == [(5000,)]
    assert client.execute_sql("select name from t where id = %s and name <> '100%%'", 7) == [("n7",)]
    assert client.execute_sql("select id from t where name = %(name)s", name="n8") == [(8,)]
    with client.execute_query("select id from t order by id") as cursor:
        assert cursor.columns == ["id"] and cursor.fetchone() == (0,) and cursor.fetchmany(2) == [(1,), (2,)]
        assert sum(len(rows) for rows in cursor.iter_fetch(1000)) == 4997
        assert cursor.fetchone() is None and cursor.fetchall() == [] and cursor.fetchmany(3) == []
    with client.execute_query("select id from t where id < 0") as cursor:
        assert cursor.fetchall() == [] and cursor.fetchone() is None and list(cursor.iter_fetch()) == []


def test_statements_without_rows(client):
    made = client.make_qualified_table_name("made")
    assert client.execute_sql(f"create table {made} (a bigint, b text)") in (None, [])
    assert client.execute_sql(f"insert into {made} values (%s, %s)", 1, "x") in (None, [(1,)])
    assert client.execute_sql(f"update {made} set b = %s", None) in (None, [(1,)])
    assert client.execute_sql("select a, b from made") == [(1, None)]
    client.truncate_tables("made")
    assert client.execute_sql("select * from made") == []
    client.drop_tables("made", "never was")
    assert "made" not in client.table_names()
    assert client.execute_many(["select 1", "select 2"]) == [[(1,)], [(2,)]]
    assert client.execute_fragments(["select ", "%s"], 3) == [(3,)]


def test_frames(client):
    pytest.importorskip("pandas")
    with client.execute_query("select id, name from t order by id") as cursor:
        frame = cursor.df()
    assert list(frame.columns) == ["id", "name"] and len(frame) == 5000 and frame["id"].sum() == 12497500
    with client.execute_query("select id from t") as cursor:
        frames = list(cursor.iter_df(2048))
        assert cursor.df(2048) is None
    assert sum(map(len, frames)) == 5000 and max(map(len, frames)) <= 2048
    with client.execute_query("select id, name from t where id < 0") as cursor:
        assert list(cursor.df().columns) == ["id", "name"]


def test_arrow(client):
    pytest.importorskip("pyarrow")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with client.execute_query("select id from t") as cursor:
            assert cursor.arrow().num_rows == 5000
        with client.execute_query("select id, name from t") as cursor:
            tables = list(cursor.iter_arrow(2000))
            assert cursor.arrow(2000) is None
    assert sum(t.num_rows for t in tables) == 5000 and max(t.num_rows for t in tables) <= 2000
    assert tables[0].column_names == ["id", "name"]


def test_rows_that_are_left_outlive_the_next_statement(client):
    with client.execute_query("select id from t order by id") as cursor:
        assert cursor.fetchmany(2) == [(0,), (1,)]
        assert client.execute_sql("select count(*) from t") == [(5000,)]
        with client.begin_transaction():
            client.execute_sql("delete from t where id < 10")
            client.rollback_transaction()
        assert cursor.fetchone() == (2,) and len(cursor.fetchmany(10)) == 10 and cursor.fetchall()[-1] == (4999,)
        assert cursor.fetchone() is None
    with client.execute_query("select id from t order by id") as cursor:
        cursor.fetchone()
        client.execute_sql("select 1")
        if importlib.util.find_spec("pandas"):
            assert len(cursor.df()) == 4999
        if importlib.util.find_spec("pyarrow"):
            with pytest.raises(ValueError, match="before the next statement"):
                cursor.arrow()


def test_what_columns_are(server):
    with server.execute_query("select id, name, 1.5::double precision as x, true as y, date '2024-01-01' as d from t") as cursor:
        assert {name: column["data_type"] for name, column in cursor.columns_schema.items()} == {
            "id": "bigint", "name": "text", "x": "double", "y": "bool", "d": "date",
        }
        assert [column[0] for column in cursor.description] == ["id", "name", "x", "y", "d"]
        assert all(len(column) == 7 for column in cursor.description)


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_names_that_need_quotes(kind):
    pipeline = loaded(kind, 3, 'my "data"')
    with pipeline.sql_client() as client:
        assert client.dataset_name == "my_datax" and client.fully_qualified_dataset_name() == '"my_datax"'
        assert client.make_qualified_table_name('t"') == '"my_datax"."t"""' and client.escape_column_name('a"b') == '"a""b"'
        assert client.make_qualified_table_name("t", quote=False) == "my_datax.t"
        assert client.make_qualified_table_name_path("t") == ['"my_datax"', '"t"']
        other = f'{new_name()} "it\'s" %s'
        with client.with_alternative_dataset_name(other):
            assert not client.has_dataset()
            client.create_dataset()
            assert client.has_dataset() and client.table_names() == []
            client.execute_sql('create table "a ""b"" 100%" as select 1 as "c ""d"""')
            assert client.table_names() == ['a "b" 100%']
            assert client.columns_of_table('a "b" 100%')['c "d"']["data_type"] == "bigint"
            assert client.execute_sql("select * from " + client.make_qualified_table_name('a "b" 100%')) == [(1,)]
            client.drop_dataset()
            assert not client.has_dataset()
        assert client.execute_sql("select count(*) from t") == [(3,)]
        client.drop_dataset()


VALUES = [
    "it's; drop table t; --", 'a"b', "back\\slash", "\\'", "", "ä😀", "%s", "%(x)s", "100%", "$1", "?", ":x", "E'\\n'", "line\nbreak",
    0, -7, 2**62, True, False, 1.5, -1e300, b"", b"\x00\xff'", decimal.Decimal("12.50"), decimal.Decimal("-0.000000001"),
    dt.date(2024, 2, 29), dt.time(23, 59, 58, 1), dt.datetime(2024, 2, 29, 23, 59, 58, 999999),
    dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))), uuid.UUID(int=7), None,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values(server_client, value):
    """Each comes back as it went, alone and beside a text that looks like a place for one."""
    expected = str(value) if isinstance(value, uuid.UUID) else value
    found = server_client.execute_sql("select %s, '%s', %s", value, 5)[0]
    assert (str(found[0]) if isinstance(value, uuid.UUID) else found[0], *found[1:]) == (expected, "%s", 5)
    assert server_client.execute_sql("select %(v)s is null", v=value) == [(value is None,)]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def server_client(request, tmp_path_factory):
    destination = dlt.destinations.duckdb(str(tmp_path_factory.mktemp("values") / "x.duckdb")) if request.param == "duckdb" else destination_of(request.param)
    pipeline = dlt.pipeline("values", destination=destination, dataset_name="none", pipelines_dir=str(tmp_path_factory.mktemp("w")))
    with pipeline.sql_client() as client:
        yield client


def test_values_that_are_lists(server_client):
    assert server_client.execute_sql("select 2 in (%s, %s)", 1, 2) == [(True,)]
    assert server_client.execute_sql("select %s", [1, 2])[0][0] in ([1, 2], "[1,2]")
    if server_client.dialect.name == "postgres":  # as psycopg2 has them
        assert server_client.execute_sql("select 2 in %s", (1, 2)) == [(True,)]


def test_what_cannot_be_a_value():
    from tidegate.destinations.dialects import DUCKDB, POSTGRES

    with pytest.raises(TypeError, match="a object cannot stand in a statement of postgres"):
        POSTGRES.literal(object())
    with pytest.raises(ValueError, match="cannot hold the character NUL"):
        POSTGRES.literal("a\0b")
    assert DUCKDB.literal("a\0b") == "'a' || chr(0) || 'b'"
    numpy = pytest.importorskip("numpy")
    assert POSTGRES.literal(numpy.float64(1.5)) == "'1.5'::float8" and POSTGRES.literal(numpy.int64(7)) == "7"


@pytest.mark.parametrize(("sql", "args", "named", "text"), [
    ("select 1 % 2", [], {}, "select 1 % 2"),
    ("select %s, %s", [1, "a"], {}, "select <1>, <'a'>"),
    ("select '%s' || \"%s\" || %s -- %s\n /* %s */", [1], {}, "select '%s' || \"%s\" || <1> -- %s\n /* %s */"),
    ("select 5 %% 2, '%%', %s", [1], {}, "select 5 % 2, '%', <1>"),
    ("select 'it''s %s', %s", [1], {}, "select 'it''s %s', <1>"),
    ("select $$ %s $$, $a$ %s $a$, %s", [1], {}, "select $$ %s $$, $a$ %s $a$, <1>"),
    ("select %(a)s, %(b c)s, %(a)s", [], {"a": 1, "b c": 2}, "select <1>, <2>, <1>"),
])
def test_places_of_values(sql, args, named, text):
    assert filled(sql, args, named, lambda value: f"<{value!r}>") == text


@pytest.mark.parametrize(("sql", "args", "named", "text"), [
    ("select %s, %s", [1], {}, r"more places \(%s\) than the 1 value"), ("select %s", [1, 2], {}, r"1 places \(%s\) for 2 values"),
    ("select %(a)s", [], {"b": 1}, r"%\(a\)s, and no value of that name"),
])
def test_values_and_places_that_do_not_fit(sql, args, named, text):
    with pytest.raises(ValueError, match=text):
        filled(sql, args, named, repr)


def test_errors(server):
    with pytest.raises(DatabaseUndefinedRelation, match="nope.* does not exist") as caught:
        server.execute_sql("select * from nope")
    error = caught.value
    assert isinstance(error, (DestinationUndefinedEntity, DatabaseException)) and error.dbapi_exception is error.__cause__
    for sql, text in {"selec 1": "syntax error", "select nope from t": "nope", "select 'x'::integer": "x", "create table t (a integer)": "already exists"}.items():
        with pytest.raises(DatabaseTerminalException, match=text) as caught:
            server.execute_sql(sql)
        assert not isinstance(caught.value, DatabaseUndefinedRelation) and isinstance(caught.value, DestinationTerminalException)
    with pytest.raises(DatabaseException, match="nowhere"):
        server.execute_sql("select * from nowhere.t")
    with pytest.raises(DatabaseException), server.execute_query("select 1 / (id - 5)::text::integer, name::integer from t order by id") as cursor:
        cursor.fetchall()
    assert server.execute_sql("select count(*) from t") == [(5000,)]


def test_transactions(client):
    made = client.make_qualified_table_name("made")
    client.execute_sql(f"create table {made} (a bigint)")
    with pytest.raises(ZeroDivisionError), client.begin_transaction():
        client.execute_sql(f"insert into {made} values (1)")
        raise ZeroDivisionError
    assert client.execute_sql("select count(*) from made") == [(0,)]
    with client.begin_transaction() as transaction:
        client.execute_sql(f"insert into {made} values (1), (2)")
        with pytest.raises(DatabaseTerminalException, match="a transaction is open"), client.begin_transaction():
            pass
        assert transaction is client
    assert client.execute_sql("select count(*) from made") == [(2,)]
    with client.begin_transaction() as transaction:
        client.execute_sql(f"delete from {made}")
        transaction.rollback_transaction()
    with client.begin_transaction() as transaction:
        client.execute_sql(f"delete from {made} where a = 1")
        transaction.commit_transaction()
    assert client.execute_sql("select a from made") == [(2,)]
    client.drop_tables("made")


@needs_postgres
def test_a_transaction_that_has_failed_is_not_committed():
    """PostgreSQL answers COMMIT by a rollback then, and no error."""
    with loaded("postgres", 10).sql_client() as client:
        with pytest.raises(DatabaseException), client.begin_transaction():
            client.execute_sql("delete from t")
            with pytest.raises(DatabaseException):
                client.execute_sql("select * from nope")
        assert client.execute_sql("select count(*) from t") == [(10,)]
        client.drop_dataset()


def test_what_is_not_committed_goes_with_the_client():
    pipeline = loaded("duckdb", 3, "d")
    with pytest.raises(KeyboardInterrupt), pipeline.sql_client() as client, client.begin_transaction():
        client.execute_sql("delete from t")
        raise KeyboardInterrupt
    with pipeline.sql_client() as client:
        assert client.execute_sql("select count(*) from t") == [(3,)]


def test_a_client_is_open_inside_of_with():
    client = dlt.pipeline("shop", destination="duckdb").sql_client()
    for call in (lambda: client.native_connection, lambda: client.execute_sql("select 1"), lambda: client.has_dataset()):
        with pytest.raises(ValueError, match="inside of `with"):
            call()
    client.open_connection()
    assert client.execute_sql("select 1") == [(1,)]
    client.close_connection()
    client.close_connection()
    with client:
        assert client.execute_sql("select 1") == [(1,)] and not client.has_dataset()
    with pytest.raises(DatabaseUndefinedRelation), client:
        client.drop_dataset()


def test_missing_packages_are_named(monkeypatch):
    pipeline = loaded("duckdb", 1, "d")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name in ("pandas", "pyarrow") else found(name, *a))
    with pipeline.sql_client() as client, client.execute_query("select 1") as cursor:
        with pytest.raises(MissingDependencyException, match="a data frame needs a package that is not there: pip install pandas"):
            cursor.df()
        with pytest.raises(ImportError, match="an Arrow table .* pip install pyarrow"):
            cursor.arrow()
        assert cursor.fetchall() == [(1,)]


@needs_postgres
def test_an_interrupt_ends_a_statement_of_a_server():
    pipeline = loaded("postgres", 1)
    with pipeline.sql_client() as client:
        threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.execute_sql("select pg_sleep(60)")
        assert time.monotonic() - started < 30
        assert client.execute_sql("select 1") == [(1,)]
        client.drop_dataset()


@needs_postgres
def test_large_results_are_read_as_they_come():
    """Rows of a query are not kept: a control keeps them."""
    code = f"""
import re, sys
import tidegate as dlt
sys.path.insert(0, {__file__.rsplit("/", 1)[0]!r})
from servers import destination_of
with dlt.pipeline("p", destination=destination_of("postgres"), dataset_name="none").sql_client() as client:
    with client.execute_query("select repeat('x', 1000), i from generate_series(1, 100000) i") as cursor:
        kept = [rows for rows in cursor.iter_fetch(1000) if len(sys.argv) > 1 or len(rows) == 0]
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1))
"""
    streamed, kept = (int(subprocess.check_output([sys.executable, "-c", code, *more])) for more in ([], ["keep"]))
    assert kept - streamed > 70_000  # of 100 MB, in KiB
