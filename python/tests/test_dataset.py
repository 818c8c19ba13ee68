"""Loaded tables as relations."""

import pytest

import tidegate as dlt


@pytest.fixture
def data():
    pipeline = dlt.pipeline("shop", destination="duckdb", dataset_name="d")
    pipeline.run([{"id": n, "name": f"<n{n}>", "kids": [{"n": n}]} for n in range(20)], table_name="t")
    return pipeline.dataset(dataset_type="default")


def test_relations_narrow_each_other(data):
    rows = data.t.where("id", "gt", 5).where("name", "ne", "<n7>").order_by("id", "desc").select("id").limit(3)
    assert rows.fetchall() == [(19,), (18,), (17,)] and rows.columns == ["id"]
    assert data["t"].where("id", "in", [1, 2]).select("id").order_by("id").fetchall() == [(1,), (2,)]
    assert data.table("t").select("id").max().fetchscalar() == 19 and data.t.min("id").fetchscalar() == 0
    assert data("select count(*) from t").fetchone() == (20,) and data.t[["name"]].head(1).columns == ["name"]
    with pytest.raises(ValueError, match="where knows eq"):
        data.t.where("id", "like", 1)
    with pytest.raises(KeyError, match="no column nope; there are id, name"):
        data.t["nope"]


def test_frames_and_arrow(data):
    polars = pytest.importorskip("polars")
    assert len(data.t.df()) == 20 and data.t.arrow().num_rows == 20
    assert polars.DataFrame(data.t.select("id")).height == 20
    assert sum(len(frame) for frame in data.t.iter_df(2048)) == 20
    assert sum(len(rows) for rows in data.t.iter_fetch(7)) == 20


def test_what_is_there(data):
    assert data.tables[:2] == ["t", "t__kids"] and "_dlt_loads" in data.tables
    assert sorted(data.row_counts().fetchall()) == [("t", 20), ("t__kids", 20)]
    assert data.row_counts(["_dlt_loads"]).fetchall() == [("_dlt_loads", 1)]
    schema = data.t.columns_schema
    assert schema["id"]["data_type"] == "bigint" and schema["name"]["data_type"] == "text"
    with pytest.raises(AttributeError, match="no table 'nope'; it has t, t__kids"):
        data.nope
    with pytest.raises(KeyError):
        data["nope"]
    with pytest.raises(ValueError):
        data.table("nope")


def test_how_they_look(data):
    text = repr(data.t.select("id", "name").order_by("id").limit(2))
    assert text == "id  name\n--  ----\n0   <n0>\n1   <n1>"
    assert "<td>&lt;n0&gt;</td>" in data.t._repr_html_()
    assert repr(data).startswith("<dlt.dataset(dataset_name='d', tables=['t', 't__kids'")
