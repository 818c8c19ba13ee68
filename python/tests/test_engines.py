"""What rests on the version of DuckDB: a merge, and how its rows are read. `make test` runs it on each."""

import datetime as dt
import decimal
import os

import duckdb
import pytest

import tidegate as dlt


def test_this_is_the_engine_that_was_asked_for():
    assert duckdb.__version__.startswith(os.environ.get("TIDEGATE_TEST_DUCKDB", ""))


def test_a_merge():
    at = dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone.utc)
    rows = [{"id": n, "seen": at, "price": decimal.Decimal("1.25"), "tags": [{"t": "a"}, {"t": "b"}]} for n in range(3)]

    @dlt.resource(primary_key="id", write_disposition="merge", columns={"doc": {"data_type": "json"}})
    def item(seen=dlt.sources.incremental("seen")):
        yield rows

    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run(item)
    later = at + dt.timedelta(days=1)
    rows[:] = [{"id": 1, "seen": later, "price": None, "tags": [{"t": "c"}], "doc": {"a": 1}}, {"id": 7, "seen": later, "tags": []}]
    pipeline.run(item)
    data = pipeline.dataset()
    assert data.item.select("id", "seen", "price", "doc").order_by("id").fetchall() == [
        (0, at, decimal.Decimal("1.25"), None), (1, later, None, '{"a":1}'), (2, at, decimal.Decimal("1.25"), None), (7, later, None, None),
    ]
    assert data("select t from item__tags order by t").fetchall() == [("a",), ("a",), ("b",), ("b",), ("c",)]
    types = {name: column["data_type"] for name, column in data.item.columns_schema.items()}
    assert (types["seen"], types["price"], types["doc"]) == ("timestamp", "decimal", "json")
    with pipeline.sql_client() as client, client.execute_query("select id, seen from item") as cursor:
        assert {name: column["data_type"] for name, column in cursor.columns_schema.items()} == {"id": "bigint", "seen": "timestamp"}


def test_frames():
    pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run([{"id": n} for n in range(5000)], table_name="t")
    relation = pipeline.dataset().t.select("id").order_by("id")
    assert relation.df()["id"].sum() == relation.arrow()["id"].to_pandas().sum() == 12497500
    assert [len(frame) for frame in relation.iter_df(2048)] == [2048, 2048, 904]
    assert [table.num_rows for table in relation.iter_arrow(2000)][:2] == [2000, 2000] or sum(t.num_rows for t in relation.iter_arrow(2000)) == 5000
