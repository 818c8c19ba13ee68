"""Loaded tables as relations, at each kind of database."""

import contextlib
import datetime as dt
import decimal

import pytest

import tidegate as dlt
from tidegate.common.exceptions import NotInTidegate
from tidegate.destinations.exceptions import DatabaseException, DatabaseUndefinedRelation

from servers import KINDS, destination_of, new_name, pipeline_of


@pytest.fixture(params=KINDS, scope="module")
def data(request, tmp_path_factory):
    """What no case changes for the others."""
    pipeline = pipeline_of(request.param, tmp_path_factory)
    pipeline.run([{"id": n, "name": f"<n{n}>", "kids": [{"n": n}]} for n in range(20)], table_name="t")
    yield pipeline.dataset(dataset_type="default")
    with pipeline.sql_client() as client:
        client.drop_dataset()


def test_relations_narrow_each_other(data):
    rows = data.t.where("id", "gt", 5).where("name", "ne", "<n7>").order_by("id", "desc").select("id").limit(3)
    assert rows.fetchall() == [(19,), (18,), (17,)] and rows.columns == ["id"]
    assert data["t"].where("id", "in", [1, 2]).select("id").order_by("id").fetchall() == [(1,), (2,)]
    assert data.t.filter("id", "not_in", range(2, 20)).select("id").order_by("id").fetchall() == [(0,), (1,)]
    assert data.table("t").select("id").max().fetchscalar() == 19 and data.t.min("id").fetchscalar() == 0
    assert data("select count(*) from t").fetchone() == (20,) and data.t[["name"]].head(1).columns == ["name"]
    assert data.t.where("id > 17 -- those").select("id").order_by("id").fetchall() == [(18,), (19,)]
    assert data.query("select id from t where id < 3;").order_by("id").fetchall() == [(0,), (1,), (2,)]


def test_each_operator(data):
    ids = lambda relation: sorted(row[0] for row in relation.select("id").fetchall())  # noqa: E731
    for operator, expected in {"eq": [3], "ne": [n for n in range(20) if n != 3], "gt": list(range(4, 20)), "gte": list(range(3, 20)), "lt": [0, 1, 2], "lte": [0, 1, 2, 3]}.items():
        assert ids(data.t.where("id", operator, 3)) == expected
    assert ids(data.t.where("id", "in", (1, 30))) == [1] and ids(data.t.where("id", "in", 1)) == [1]
    assert ids(data.t.where("name", "in", "<n4>")) == [4] and ids(data.t.where("name", "in", {"<n4>"})) == [4]
    assert ids(data.t.where("id", "in", [])) == [] and len(ids(data.t.where("id", "not_in", []))) == 20
    assert ids(data.t.where("name", "eq", None)) == []  # as SQL has it
    with pytest.raises(ValueError, match="where knows eq, ne, gt, lt, gte, lte, in, not_in, not 'like'"):
        data.t.where("id", "like", 1)
    with pytest.raises(ValueError, match="direction is asc or desc, not 'up'"):
        data.t.order_by("id", "up")


def test_a_limit_holds_whatever_comes_behind_it(data):
    first = data.t.order_by("id").limit(5)
    assert first.where("id", "gt", 2).select("id").fetchall() == [(3,), (4,)]
    assert first.order_by("id", "desc").select("id").limit(2).fetchall() == [(4,), (3,)]
    assert first.limit(50).select("id").fetchall() == [(n,) for n in range(5)] and first.head(2).select("id").fetchall() == [(0,), (1,)]
    assert first.max("id").fetchscalar() == 4 and data.t.limit(0).fetchall() == []
    assert data.t.select("name", "id").select("id").order_by("id").limit(1).fetchall() == [(0,)]
    with pytest.raises(DatabaseException):
        data.t.select("name").select("id").fetchall()


def test_sql_can_be_run_as_it_is(data):
    relation = data.t.where("name", "eq", "it's").where("id", "in", [1, 2]).order_by("id").limit(3)
    table = ".".join(map(data.dialect.quoted, (data.dataset_name, "t")))
    name, id = map(data.dialect.quoted, ("name", "id"))
    assert relation.to_sql() == f"SELECT * FROM {table} WHERE {name} = 'it''s' AND {id} IN (1, 2) ORDER BY {id} ASC LIMIT 3"
    assert data.t.where("id", "lt", 3).select("id").max().to_sql() == f"SELECT MAX({id}) FROM {table} WHERE {id} < 3"
    with data.sql_client as client:
        assert client.execute_sql(relation.to_sql()) == []


@pytest.mark.parametrize("text", ["it's; drop table t; --", "back\\slash' or 1=1 --", "%s", 'a"b', "'; select 1; '"])
def test_values_are_no_sql(data, text):
    with data.sql_client as client, client.begin_transaction() as transaction:
        client.execute_sql(f"update {client.make_qualified_table_name('t')} set name = %s where id = 1", text)
        with monkey(data, client):
            assert data.t.where("name", "eq", text).select("id").fetchall() == [(1,)]
            assert data.t.where("name", "in", [text]).select("id", "name").fetchall() == [(1, text)]
        transaction.rollback_transaction()
    assert data.row_counts(["t"]).fetchall() == [("t", 20)]


@contextlib.contextmanager
def monkey(data, client):
    """Relations are read by this client."""
    data._opened = client
    yield
    data._opened = None


def test_names_are_no_sql(data):
    with data.sql_client as client:
        table = client.make_qualified_table_name('odd "t" %s')
        client.execute_sql(f'create table {table} ("a ""b"" %s" bigint)')
        client.execute_sql(f"insert into {table} values (7)")
    odd = data['odd "t" %s']
    assert odd.columns == ['a "b" %s'] and odd.select('a "b" %s').where('a "b" %s', "eq", 7).order_by('a "b" %s').fetchall() == [(7,)]
    assert odd.max('a "b" %s').fetchscalar() == 7 and data.row_counts(['odd "t" %s']).fetchall() == [('odd "t" %s', 1)]
    with pytest.raises(DatabaseException):
        data.t.select('id" from t; --').fetchall()
    with data.sql_client as client:
        client.drop_tables('odd "t" %s')


def test_frames_and_arrow(data):
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    assert len(data.t.df()) == 20 and data.t.arrow().num_rows == 20 and len(data.t.df(5)) <= 20
    assert polars.DataFrame(data.t.select("id")).height == 20 and pyarrow.table(data.t).num_rows == 20
    assert sum(len(frame) for frame in data.t.iter_df(2048)) == 20
    assert [table.num_rows for table in data.t.select("id").iter_arrow(7)][-1] <= 7
    assert [len(rows) for rows in data.t.iter_fetch(7)] == [7, 7, 6] and len(data.t.fetchmany(3)) == 3


def test_an_empty_relation(data):
    nothing = data.t.where("id", "lt", 0)
    assert nothing.fetchall() == [] and nothing.fetchone() is None and nothing.fetchscalar() is None
    assert list(nothing.iter_fetch()) == [] and nothing.max("id").fetchscalar() is None
    if pytest.importorskip("pandas") and pytest.importorskip("pyarrow"):
        assert list(nothing.select("id", "name").df().columns) == ["id", "name"] and list(nothing.iter_df()) == []
        assert nothing.select("id").arrow().num_rows == 0 and sum(t.num_rows for t in nothing.iter_arrow()) == 0


def test_one_value(data):
    with pytest.raises(ValueError, match="one row, and there are more"):
        data.t.select("id").fetchscalar()
    with pytest.raises(ValueError, match="one column, and there are 2"):
        data.t.select("id", "name").limit(1).fetchscalar()
    with pytest.raises(ValueError, match=r"max\(\) is of one column; there are id, name"):
        data.t.max()


def test_what_is_there(data):
    assert data.tables[:2] == ["t", "t__kids"] and "_dlt_loads" in data.tables
    assert sorted(data.row_counts().fetchall()) == [("t", 20), ("t__kids", 20)] and data.row_counts().columns == ["table_name", "row_count"]
    assert data.row_counts(["_dlt_loads"]).fetchall() == [("_dlt_loads", 1)]
    assert ("_dlt_loads", 1) in data.row_counts(dlt_tables=True, data_tables=False).fetchall()
    assert data.row_counts(data_tables=False).fetchall() == []
    for look in (lambda: data.nope, lambda: data["nope"], lambda: data.table("nope")):
        with pytest.raises((AttributeError, KeyError, ValueError), match="no table 'nope'; it has t, t__kids, _dlt_loads"):
            look()
    assert not hasattr(data, "nope") and not hasattr(data, "__nope__")
    with pytest.raises(KeyError, match="no column nope; there are id, name"):
        data.t["nope"]
    with pytest.raises(DatabaseUndefinedRelation):
        data("select * from nope").fetchall()


def test_loads(data):
    (load_id,) = data.load_ids()
    assert data.latest_load_id() == load_id and data.loads_table().select("status").fetchall() == [(0,)]
    assert data.load_ids("other") == [] and data.latest_load_id("other") is None
    assert len(data.table("t", load_ids=[load_id]).fetchall()) == 20 and data.t.from_loads(["x"]).fetchall() == []
    assert data.row_counts(load_id=load_id).fetchall() == [("t", 20)] and data.row_counts(load_id="x").fetchall() == [("t", 0)]


def test_columns_have_dlt_s_types(data):
    schema = data.t.columns_schema
    assert schema["id"] == {"name": "id", "data_type": "bigint", "nullable": True} and data.t.schema == {"columns": schema}
    assert schema["_dlt_id"] == {"name": "_dlt_id", "data_type": "text", "nullable": False}
    assert data.t.select("name").columns_schema == {"name": {"name": "name", "data_type": "text", "nullable": True}}
    assert data("select id, name from t").columns_schema == {"id": {"name": "id", "data_type": "bigint"}, "name": {"name": "name", "data_type": "text"}}
    assert data._ipython_key_completions_() == data.tables


TYPES = {
    "big": ("bigint", {}), "small": ("bigint", {"precision": 16}), "whole": ("bigint", {"precision": 32}), "x": ("double", {}), "flag": ("bool", {}),
    "day": ("date", {}), "at": ("timestamp", {}), "naive": ("timestamp", {"timezone": False}), "hour": ("time", {}),
    "dec": ("decimal", {}), "money": ("decimal", {"precision": 10, "scale": 2}), "raw": ("binary", {}), "doc": ("json", {}), "text": ("text", {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_and_null(kind):
    row = {
        "big": 2**40, "small": 7, "whole": 70000, "x": 1.5, "flag": True, "day": dt.date(2024, 2, 29),
        "at": dt.datetime(2024, 2, 29, 12, 0, 0, 5, dt.timezone.utc), "naive": dt.datetime(2024, 2, 29, 12),
        "hour": dt.time(1, 2, 3), "dec": decimal.Decimal("1.25"), "money": decimal.Decimal("12.50"), "raw": b"\x00\xff",
        "doc": {"a": [1]}, "text": "ä",
    }
    pipeline = dlt.pipeline("types", destination=destination_of(kind), dataset_name=new_name())
    hints = {name: {"data_type": data_type, **more} for name, (data_type, more) in TYPES.items()}
    pipeline.run([{"n": 1, **row}, {"n": 2, **dict.fromkeys(row)}], table_name="t", columns=hints)
    data = pipeline.dataset()
    expected = {name: {"name": name, "data_type": data_type, **more, "nullable": True} for name, (data_type, more) in TYPES.items()}
    assert {name: data.t.columns_schema[name] for name in TYPES} == expected
    first, second = data.t.where("n", "in", [1, 2]).order_by("n").select(*TYPES).fetchall()
    assert second == (None,) * len(TYPES)
    if kind == "sqlite":
        return  # which has texts for most of them
    found = dict(zip(TYPES, first, strict=True))
    assert found.pop("doc") == ({"a": [1]} if kind == "postgres" else '{"a":[1]}')
    assert found == {name: value for name, value in row.items() if name != "doc"}
    assert found["at"].tzinfo is not None and found["naive"].tzinfo is None
    for name in ("big", "x", "flag", "day", "at", "naive", "hour", "dec", "raw", "text"):
        assert data.t.where(name, "eq", row[name]).select("n").fetchall() == [(1,)], name
    with pipeline.sql_client() as client:
        client.drop_dataset()


def test_a_connection_that_stays_open(data):
    with data as opened:
        assert opened is data
        client = data.sql_client
        assert data.t.select("id").max().fetchscalar() == 19 and data.sql_client is client
        with client.begin_transaction():
            client.execute_sql(f"delete from {client.make_qualified_table_name('t')} where id > 9")
            assert data.t.max("id").fetchscalar() == 9
            client.rollback_transaction()
    assert data.t.max("id").fetchscalar() == 19


def test_what_dlt_has_beside(data):
    for call in (data.ibis, data.t.to_ibis, data.t.to_model, lambda: data.t.join("t__kids"), lambda: data.t.incremental("id"),
                 lambda: data.query("select 1", "postgres"), lambda: data.query(1), lambda: data.table("t", incremental=1)):
        with pytest.raises(NotInTidegate, match="is not in tidegate; "):
            call()


def test_how_they_look(data):
    assert repr(data.t.select("id", "name").order_by("id").limit(2)) == "id  name\n--  ----\n 0  <n0>\n 1  <n1>"
    assert "<td>&lt;n0&gt;</td>" in data.t._repr_html_() and data.t._repr_html_().count("<tr>") == 11
    assert repr(data).startswith(f"<dlt.dataset(dataset_name='{data.dataset_name}', tables=['t', 't__kids'")
    assert "<td>t</td><td>20</td>" in data._repr_html_()
    assert repr(data("select * from nope")).startswith(f"<dlt.Relation(dataset='{data.dataset_name}', query='select * from nope'): ")
