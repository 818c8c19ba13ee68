"""SQL at the destination, and what it gives: rows, data frames, Arrow."""

import pytest

import tidegate as dlt
from tidegate.destinations.exceptions import DatabaseTerminalException, DatabaseUndefinedRelation


@pytest.fixture
def client():
    pipeline = dlt.pipeline("shop", destination="duckdb", dataset_name='my "data"')
    pipeline.run([{"id": n, "name": f"n{n}"} for n in range(5000)], table_name="t")
    with pipeline.sql_client() as client:
        yield client


def test_rows(client):
    assert client.execute_sql("select count(*) from t") == [(5000,)]
    assert client.execute_sql("select name from t where id = %s and name <> '100%%'", 7) == [("n7",)]
    assert client.execute_sql("select id from t where name = %(name)s", name="n8") == [(8,)]
    assert client.execute_sql("create temp table x as select 1") in (None, [(1,)])
    with client.execute_query("select id from t order by id") as cursor:
        assert cursor.columns == ["id"] and cursor.fetchone() == (0,) and cursor.fetchmany(2) == [(1,), (2,)]
        assert sum(len(rows) for rows in cursor.iter_fetch(1000)) == 4997 and cursor.fetchone() is None


def test_frames(client):
    with client.execute_query("select id, name from t order by id") as cursor:
        frame = cursor.df()
    assert list(frame.columns) == ["id", "name"] and len(frame) == 5000
    with client.execute_query("select id from t") as cursor:
        assert sum(len(frame) for frame in cursor.iter_df(2048)) == 5000
    with client.execute_query("select id from t") as cursor:
        assert cursor.arrow().num_rows == 5000
    with client.execute_query("select id, name from t") as cursor:
        tables = list(cursor.iter_arrow(2000))
    assert sum(t.num_rows for t in tables) == 5000 and max(t.num_rows for t in tables) <= 2000 and tables[0].column_names == ["id", "name"]


def test_names(client):
    assert client.dataset_name == "my_datax" and client.fully_qualified_dataset_name() == '"my_datax"'
    assert client.make_qualified_table_name('t"') == '"my_datax"."t"""'
    assert client.has_dataset()
    with client.with_alternative_dataset_name("nope"):
        assert not client.has_dataset()
    assert client.execute_sql("select count(*) from t") == [(5000,)]


def test_errors_and_transactions(client):
    with pytest.raises(DatabaseUndefinedRelation, match="nope does not exist"):
        client.execute_sql("select * from nope")
    with pytest.raises(DatabaseTerminalException, match="syntax error"):
        client.execute_sql("selec 1")
    with pytest.raises(ZeroDivisionError), client.begin_transaction():
        client.execute_sql("delete from t")
        raise ZeroDivisionError
    assert client.execute_sql("select count(*) from t") == [(5000,)]
    with client.begin_transaction():
        client.execute_sql("delete from t where id > 9")
    assert client.execute_sql("select count(*) from t") == [(10,)]
    client.drop_dataset()
    assert not client.has_dataset()


def test_a_client_is_open_inside_of_with():
    client = dlt.pipeline("shop", destination="duckdb").sql_client()
    with pytest.raises(ValueError, match="inside of `with"):
        client.native_connection
