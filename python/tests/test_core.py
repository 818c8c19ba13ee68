"""The extension: values of Python become rows, errors keep what was raised."""

import datetime as dt
import decimal
import gc
import os
import subprocess
import sys
import uuid
import zoneinfo

import _duckdb
import duckdb
import pyarrow
import pytest

import tidegate
from tidegate import _core
from tidegate.destinations.impl.duckdb import Database
from tidegate.extract.convert import convert, refusal
from tidegate.extract.exceptions import InvalidValueInRow


def load(rows, connection=None, **resource):
    """One load of what `rows()` yields; the connection has the table `d.t`."""
    connection = connection or duckdb.connect(":memory:")
    connection.execute("set timezone='UTC'")
    pipeline = _core.Pipeline({
        "name": "p", "dataset": "d", "workdir": "w", "engine": _duckdb.__file__,
        "destination_connection": Database(connection=connection),
    })
    open_items = rows if callable(rows) else lambda start, last, end: iter(rows)
    pipeline.add({"name": "t", "open": open_items, "convert": convert, **resource})
    report = pipeline.run()
    pipeline.close()
    return connection, report


UTC = dt.timezone.utc
MOMENTS = [
    (dt.datetime(2024, 2, 29, 23, 59, 59, 999999, UTC), dt.datetime(2024, 2, 29, 23, 59, 59, 999999)),
    (dt.datetime(1, 1, 1, tzinfo=UTC), dt.datetime(1, 1, 1)),
    (dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    (dt.datetime(1969, 12, 31, 23, 59, 59), dt.datetime(1969, 12, 31, 23, 59, 59)),
    (dt.datetime(2024, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))), dt.datetime(2024, 7, 1, 6, 30)),
    (dt.datetime(2024, 10, 27, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=0), dt.datetime(2024, 10, 27, 0, 30)),
    (dt.datetime(2024, 10, 27, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1), dt.datetime(2024, 10, 27, 1, 30)),
]


@pytest.mark.parametrize("layout", [True, False])
def test_moments_by_their_layout_and_without(layout):
    assert _core.datetime_layout(layout) is layout
    try:
        items = [{"n": n, "moment": at, "day": at.date(), "hour": at.time()} for n, (at, _) in enumerate(MOMENTS)]
        connection, _ = load(items)
    finally:
        _core.datetime_layout(True)
    found = connection.sql("select moment at time zone 'UTC', day, hour from d.t order by n").fetchall()
    assert found == [(utc, at.date(), at.time()) for at, utc in MOMENTS]


def test_values_keep_their_types():
    row = {
        "text": "n\u00e9v \U0001f600 a\0b", "whole": -(2**63), "real": 0.1, "flag": True, "none": None,
        "money": decimal.Decimal("1.50"), "id": uuid.UUID(int=7), "bytes": b"\x00\xff", "huge": 2**70,
        "list": [1, 2], "object": {"a": {"b": 1}}, "tuple": (1,), "empty": {}, "blank": "",
    }
    connection, report = load([row])
    found = connection.sql("select * exclude (_dlt_id, _dlt_load_id) from d.t").fetchall()[0]
    names = [c[0] for c in connection.sql("select * exclude (_dlt_id, _dlt_load_id) from d.t").description]
    got = dict(zip(names, found))
    assert got == {
        "text": row["text"], "whole": -(2**63), "real": 0.1, "flag": True,
        "money": decimal.Decimal("1.5"), "id": str(row["id"]), "bytes": b"\x00\xff",
        "huge": decimal.Decimal(2**70), "object__a__b": 1, "blank": "",
    }
    assert {t["name"]: t["rows_inserted"] for t in report["tables"]} == {"t": 1, "t__list": 2, "t__tuple": 1}


def test_items_may_be_rows_pages_streams_and_nothing():
    table = pyarrow.table({"id": [10, 11]})
    connection, _ = load([{"id": 1}, None, [{"id": 2}, {"id": 3}], [], table, {"id": 4}, 5, (6, 7)])
    assert connection.sql("select id from d.t where id is not null order by id").fetchall() == [
        (1,), (2,), (3,), (4,), (10,), (11,)
    ]
    assert connection.sql("select value from d.t where value is not null").fetchall() == [(5,)]
    assert connection.sql("select value from d.t__value order by 1").fetchall() == [(6,), (7,)]


def test_keys_that_change_and_keys_that_are_no_texts():
    rows = [{f"k{n}_{i}": n for i in range(3)} | {n: 1, None: 2, True: 3} for n in range(5)]
    connection, _ = load(rows)
    names = {c[0] for c in connection.sql("describe d.t").fetchall()}
    assert {"k0_0", "k4_2", "_0", "_4", "null", "true"} <= names | {"_null", "_true"}


def test_a_document_with_new_keys_for_ever_is_read_in_bounded_memory():
    connection, report = load([{"m": {f"x{n}": n}} for n in range(30000)], max_table_nesting=-1)
    assert connection.sql("select count(distinct m) from d.t").fetchall() == [(30000,)]


@pytest.mark.parametrize(("row", "path"), [
    ({"a": [{"b": object()}]}, "a[0].b"),
    ({"a": {(1, 2): 3}}, "a"),
    ({"a": (1, decimal.Decimal("NaN"))}, "a[1]"),
    ({"a": {"\ud800": 1}}, "a"),
    ((1, object()), "[1]"),
    (object(), ""),
])
def test_what_cannot_be_loaded_is_named(row, path):
    for items, number in (([{"x": 1}, row], 2), ([{"x": 1}, [{"x": 1}, row]], 3)):
        with pytest.raises(InvalidValueInRow) as caught:
            load(items, refuse=refusal("t"))
        told = caught.value
        assert (told.resource_name, told.row, told.key_path) == ("t", number, path)
        assert isinstance(told.__cause__, (TypeError, ValueError)) and f"row {number}" in str(told)
    with pytest.raises((TypeError, ValueError)):
        load([row])


def test_an_object_that_holds_itself():
    row = {}
    row["self"] = row
    with pytest.raises(ValueError, match="hold itself"):
        load([row])


def test_surrogates_are_an_error():
    with pytest.raises(UnicodeEncodeError):
        load([{"a": "\ud800"}])


def test_what_a_generator_raises_comes_out_with_its_traceback():
    class Odd(Exception):
        pass

    def read(start, last, end):
        yield {"id": 1}
        raise Odd("no more")

    with pytest.raises(Odd) as caught:
        load(read)
    assert caught.traceback[-1].name == "read"


def test_a_generator_is_closed_when_the_run_fails():
    ended = []

    def read(start, last, end):
        try:
            yield {"id": 1}
            yield {"id": object()}
        finally:
            ended.append(True)

    with pytest.raises(TypeError):
        load(read)
    gc.collect()
    assert ended == [True]


def test_the_library_s_errors_have_their_parts():
    with pytest.raises(_core.Error) as caught:
        load([{"id": None}], primary_key="id", write_disposition=2)
    assert caught.value.code == "TG_DATA" and caught.value.resource == "t" and caught.value.row == 1
    assert caught.value.what in str(caught.value) and caught.value.retryable is False


def test_options_that_are_none():
    with pytest.raises(TypeError, match="no option 'nmae'"):
        _core.Pipeline({"nmae": "p"})
    with pytest.raises(TypeError, match="'name' has to be a text"):
        _core.Pipeline({"name": 1})


def test_two_runs_of_one_pipeline_at_once():
    pipeline = _core.Pipeline({
        "name": "p", "dataset": "d", "workdir": "w", "engine": _duckdb.__file__,
        "destination_connection": Database(connection=duckdb.connect(":memory:")),
    })

    def read(start, last, end):
        with pytest.raises(RuntimeError, match="is running"):
            pipeline.run()
        yield {"id": 1}

    pipeline.add({"name": "t", "open": read, "convert": convert})
    assert pipeline.run()["load_id"]
    pipeline.close()
    with pytest.raises(ValueError, match="closed"):
        pipeline.run()


def test_a_pipeline_does_not_survive_a_fork():
    code = """
import os, _duckdb
from tidegate import _core
p = _core.Pipeline({"name": "p", "destination": "duckdb:///x.duckdb", "workdir": "w", "engine": _duckdb.__file__})
pid = os.fork()
if pid == 0:
    try: p.check()
    except RuntimeError as error: os._exit(7 if "forked" in str(error) else 1)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def spec(text):
    with open("spec.yaml", "w") as file:
        file.write(text)
    return "spec.yaml"


SPEC = """
pipeline: ${SHOP:-theirs}
destination: duckdb:///${FILE}
dataset: d
source: {type: files}
resources: {t: {path: "*.jsonl", incremental: id}}
"""


def test_what_a_spec_says_in_braces_is_given(monkeypatch):
    monkeypatch.setenv("SHOP", "environment")
    options = {"spec_path": spec(SPEC), "engine": _duckdb.__file__}
    with pytest.raises(_core.Error, match="the environment has no 'FILE'") as caught:
        _core.Pipeline(options)
    assert caught.value.code == "TG_SPEC"
    given = [{"name": "SHOP", "text": "own"}, {"name": "FILE", "text": "own.duckdb"}]
    pipeline = _core.Pipeline(options | {"variables": given})
    assert pipeline.names() == {"name": "own", "destination": f"duckdb:///{os.getcwd()}/own.duckdb", "dataset": "d", "schema": "own", "environment": None}
    for wrong in ({"SHOP": "own"}, [{"name": "SHOP", "text": 1}], [{"text": "x", "of": "y"}]):
        with pytest.raises((TypeError, SystemError)):
            _core.Pipeline(options | {"variables": wrong})
    with pytest.raises(_core.Error, match="no name or no text"):
        _core.Pipeline(options | {"variables": [{"name": "SHOP"}]})


def test_a_window_in_steps():
    with open("rows.jsonl", "w") as file:
        file.writelines(f'{{"id": {n}}}\n' for n in range(10))
    window = {"from": "2", "to": "5", "skip_loaded": True}
    pipeline = _core.Pipeline({
        "spec_path": spec(SPEC), "engine": _duckdb.__file__, "variables": [{"name": "FILE", "text": "own.duckdb"}],
        "destination_connection": Database("own.duckdb"),
    })
    sealed = pipeline.extract_window(window)
    assert sealed["tables"][0]["rows_new"] == 3 and pipeline.write()["load_id"] == sealed["load_id"]
    assert pipeline.extract_window(window)["load_id"] == ""
    with pytest.raises(_core.Error, match="is loaded, by load"):
        pipeline.extract_window({"from": "2", "to": "5"})


def test_a_key_is_kept_while_its_slot_is():
    """Rows whose keys are made anew each time, and die: their addresses come again."""
    def read(start, last, end):
        for n in range(5000):
            yield {"".join(["na", "me"]): n, "".join(["k", str(n % 3)]): n}

    connection, _ = load(read)
    assert connection.sql("select count(name), count(k0), count(k1), count(k2) from d.t").fetchall() == [
        (5000, 1667, 1667, 1666)
    ]


def test_import_brings_nothing_big():
    code = "import sys, tidegate; print([m for m in ('duckdb', 'pyarrow', 'pandas') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize("before", ["", "dlt.run", "import tidegate.pipeline.exceptions"])
def test_names_are_found_when_they_are_first_asked_for(before):
    names = ["pipeline", *tidegate.__all__, "common.configuration.specs", "extract.incremental.Incremental", "mark.make_hints"]
    code = "\n".join(["import tidegate as dlt", before, *(f"dlt.{name}" for name in names), "print(dlt.pipeline('p').pipeline_name)"])
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "p"


def test_version():
    assert tidegate.__version__ == _core.version()


# ---- rows of a stream ----


def pipeline_on(connection):
    connection.execute("create schema if not exists d")
    return _core.Pipeline({
        "name": "p", "dataset": "d", "workdir": "w", "engine": _duckdb.__file__,
        "destination_connection": Database(connection=connection),
    })


FETCHED = [
    ("null", None), ("true", True), ("-7::tinyint", -7), ("200::utinyint", 200), ("-7::smallint", -7),
    ("60000::usmallint", 60000), ("-7", -7), ("4000000000::uinteger", 4000000000), ("(-9223372036854775808)::bigint", -(2**63)),
    ("18446744073709551615::ubigint", 2**64 - 1), ("1.5::float", 1.5), ("1e308", 1e308), ("'ä😀' || chr(0)", "ä😀\0"), ("''", ""),
    ("from_hex('00ff')", b"\x00\xff"), ("date '2024-02-29'", dt.date(2024, 2, 29)), ("date '1900-01-01'", dt.date(1900, 1, 1)),
    ("time '23:59:58.000001'", dt.time(23, 59, 58, 1)), ("timestamp '1969-12-31 23:59:59.9'", dt.datetime(1969, 12, 31, 23, 59, 59, 900000)),
    ("timestamptz '2024-01-02 03:04:05+02'", dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
    ("'1969-12-31 23:59:59.000000001'::timestamp_ns", dt.datetime(1969, 12, 31, 23, 59, 59)),
    ("'2024-01-02'::timestamp_s", dt.datetime(2024, 1, 2)), ("'2024-01-02 00:00:00.5'::timestamp_ms", dt.datetime(2024, 1, 2, 0, 0, 0, 500000)),
    ("12.50::decimal(10,2)", decimal.Decimal("12.50")), ("-12345678901234567890123456789.012345678::decimal(38,9)", decimal.Decimal("-12345678901234567890123456789.012345678")),
    ("0::decimal(38,9)", decimal.Decimal("0")), ("[1, null]", [1, None]), ("[]::integer[]", []), ("{'a': 1, 'b': ['x']}", {"a": 1, "b": ["x"]}),
    ("[[1.5::decimal(3,1)], null]", [[decimal.Decimal("1.5")], None]), ("array_value(1, 2)", [1, 2]),
    ("[{'d': 1.5::decimal(3,1)}]", [{"d": decimal.Decimal("1.5")}]),
]


@pytest.mark.parametrize(("sql", "value"), FETCHED, ids=[sql for sql, _ in FETCHED])
def test_values_of_a_stream(sql, value):
    """Alone, and as a child that begins behind the start of its array."""
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    stream = pipeline.query(f"select {sql} as v")
    assert stream.columns()[0][0] == "v"
    fetched = stream.fetch()
    assert fetched == [(value,)] and type(fetched[0][0]) is type(value)
    if sql.startswith("array_value") and duckdb.__version__.startswith("1."):
        return  # which has no CASE of arrays
    rows = pipeline.query(f"select case when i % 3 = 0 then null else {sql} end as v, i from range(5000) t(i) order by i").fetch()
    assert [row[0] for row in rows] == [None if i % 3 == 0 else value for i in range(5000)]


def test_a_stream_is_read_in_pieces_and_once():
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    stream = pipeline.query("select i from range(5000) t(i) order by i")
    assert stream.fetch(2) == [(0,), (1,)] and stream.fetch(0) == [] and len(stream.fetch(3000)) == 3000
    with pytest.raises(ValueError, match="were fetched already"):
        pyarrow.table(stream)
    assert stream.fetch()[-1] == (4999,) and stream.fetch() == [] and stream.fetch(1) == []
    stream = pipeline.query("select 1 as a where false")
    assert stream.columns() == [("a", "i", "")] and stream.fetch() == []
    pyarrow.table(stream := pipeline.query("select 1"))
    for call in (stream.fetch, stream.columns):
        with pytest.raises(ValueError, match="handed out already"):
            call()


@pytest.mark.parametrize("sql", ["interval 1 day", "'a'::enum('a', 'b')", "map {'a': 1}", "[interval 1 day]"])
def test_formats_without_rows_are_refused(sql):
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    with pytest.raises(TypeError, match="'v' has the Arrow format .* which has no rows here|has no rows here"):
        pipeline.query(f"select {sql} as v").fetch()


def test_a_date_beyond_python_s_is_an_error():
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    with pytest.raises(OverflowError):
        pipeline.query("select date '10000-01-01'").fetch()
    assert pipeline.query("select 1").fetch() == [(1,)]


def test_what_fails_while_rows_are_read():
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    with pytest.raises(_core.Error, match="Could not convert|Conversion"):
        pipeline.query("select case when i < 200000 then '1' else 'x' end::integer from range(300000) t(i)").fetch()


# ---- sessions ----


def test_a_session_lasts():
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    session = pipeline.session()
    session.run("create schema e")
    session.use("e")
    session.run("create table t (a integer)")
    session.transact("begin")
    session.run("insert into t values (1)")
    session.transact("rollback")
    assert session.run("select count(*) from e.t").fetch() == [(0,)]
    first = session.run("select 1")
    session.run("select 2")
    with pytest.raises(_core.Error, match="the rows are gone"):
        first.fetch()
    with pytest.raises(ValueError, match="a transaction cannot jump"):
        session.transact("jump")
    with pytest.raises(_core.Error, match="nope"):
        session.run("select * from nope")
    session.close()
    session.close()
    for call in (lambda: session.run("select 1"), lambda: session.use("d"), lambda: session.transact("begin")):
        with pytest.raises(ValueError, match="the session is closed"):
            call()


def test_a_stream_outlives_its_session_and_says_so():
    pipeline = pipeline_on(duckdb.connect(":memory:"))
    stream = pipeline.session().run("select 1")
    gc.collect()
    assert stream.fetch() == [(1,)]  # which has kept its session
    session = pipeline.session()
    stream = session.run("select 1")
    pipeline.close()
    with pytest.raises(ValueError, match="the pipeline is closed"):
        session.run("select 1")
    del session, pipeline
    gc.collect()
    with pytest.raises(ValueError, match="the pipeline is closed"):
        stream.fetch()


# ---- several tables of one resource ------------------------------------------------------------------------------------------------------


def test_rows_and_frames_go_to_the_table_that_was_said():
    merged = {"write_disposition": 2, "primary_key": "id"}
    rows = [
        {"id": 1}, _core.Table("Orders", merged), {"id": 2, "v": 1}, {"id": 2, "v": 2}, _core.Table("frames"),
        pyarrow.table({"id": [3, 4]}), _core.Table(), [{"id": 5}, {"id": 6}], _core.Table("orders", None), {"id": 7},
    ]
    connection, report = load(rows)
    load(rows, connection, write_disposition=1)
    assert connection.execute("select id from d.t order by id").fetchall() == [(1,), (5,), (6,)]
    assert connection.execute("select id, v from d.orders order by id").fetchall() == [(2, 2), (7, None)]
    assert connection.execute("select id, count(*) from d.frames group by 1 order by 1").fetchall() == [(3, 2), (4, 2)]
    counts = {table["name"]: table["rows_new"] for table in report["tables"]}
    assert counts == {"t": 3, "orders": 3, "frames": 2}


def test_hints_of_a_table_stay_until_they_are_said_otherwise():
    rows = [
        _core.Table("o", {"description": "all", "columns": [{"name": "n", "data_type": "text"}]}), {"n": 1},
        _core.Table("o", {"columns": [{"name": "m", "data_type": "text"}]}), {"n": 2, "m": 3},
        _core.Table("empty", {"columns": [{"name": "n", "data_type": "date"}], "materialize": True}),
        _core.Table("bare", {"materialize": True}),
    ]
    connection, _ = load(rows)
    assert connection.execute("select n, m from d.o order by n").fetchall() == [("1", None), ("2", "3")]
    types = connection.execute("select column_name, data_type from duckdb_columns() where table_name = 'empty'").fetchall()
    assert types == [("n", "DATE"), ("_dlt_load_id", "VARCHAR"), ("_dlt_id", "VARCHAR")]
    assert connection.execute("select count(*) from d.bare").fetchall() == [(0,)]


def test_a_table_is_no_row_to_anybody():
    passed = []
    rows = [_core.Table("a"), {"id": 1}, _core.Table("b"), {"id": 2}, _core.Table(), {"id": 1}]
    _, report = load(rows, cursor_path="id", initial_value=2, forward=lambda item, taken: passed.append(item))
    assert passed == [{"id": 1}, {"id": 2}, {"id": 1}]
    counts = {table["name"]: (table["rows_read"], table["rows_new"]) for table in report["tables"]}
    assert counts == {"t": (3, 0), "b": (0, 1)}


@pytest.mark.parametrize("table, error, text", [
    (lambda: _core.Table(1), TypeError, "a table is a name"),
    (lambda: _core.Table(None, {}), TypeError, "a table is a name"),
    (lambda: _core.Table("o", {"cursor_path": "id"}), _core.Error, "cursor_path of struct tg_resource is said of the resource"),
    (lambda: _core.Table("o", {"open": "id"}), TypeError, "there is no option 'open'"),
    (lambda: _core.Table("o", {"write_disposition": 2}), _core.Error, "needs a primary_key or a merge_key"),
    (lambda: _core.Table(""), _core.Error, "the name of a table is empty"),
])
def test_what_cannot_be_a_table_is_said(table, error, text):
    with pytest.raises(error, match=text):
        load(lambda start, last, end: iter([table(), {"id": 1}]))
