"""What bad input gets: an exception of the documented class, with resource, key path and value."""

import datetime
import functools
import os
import pathlib
import subprocess
import sys
import threading
import traceback

import duckdb
import pytest

import in_memory
import tidegate as dlt
from tidegate.common import context
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, ConfigValueCannotBeCoercedException, InvalidNativeValue
from tidegate.common.exceptions import MissingDependencyException, NotInTidegate
from tidegate.common.schema.exceptions import SchemaNotFoundError
from tidegate.current import SourceSectionNotAvailable
from tidegate.destinations.impl.engine import DuckDbConnectionError
from tidegate.extract.exceptions import InvalidResourceDataType, InvalidValueInRow, ResourceExtractionError, SourceExhausted
from tidegate.pipeline import factory
from tidegate.pipeline.exceptions import PipelineStepFailed


@pytest.fixture
def pipeline():
    return dlt.pipeline("p", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def rows(pipeline, sql):
    with pipeline.sql_client() as client:
        return client.execute_sql(sql)


def failed(pipeline, data, **said):
    """What a run raises: its step's exception."""
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(data, **said)
    assert caught.value.exception is caught.value.__cause__ and caught.value.pipeline is pipeline
    assert not pipeline.has_pending_data
    return caught.value


# ---- generators ----


def test_a_generator_that_raises(pipeline):
    class Odd(Exception):
        pass

    closed = []

    @dlt.resource
    def fine():
        try:
            yield {"id": 1}
            yield {"id": 2}
        finally:
            closed.append(True)

    @dlt.resource(incremental=dlt.sources.incremental("id"))
    def orders(until=3):
        for n in range(1, 6):
            if n == until:
                raise Odd("no more")
            yield {"id": n}

    pipeline.run([fine, orders(until=3).with_name("orders").add_limit(1)])
    error = failed(pipeline, [fine, orders])
    told = error.exception
    assert isinstance(told, ResourceExtractionError) and (told.pipe_name, told.kind, told.func_name) == ("orders", "generator", "orders")
    assert isinstance(told.__cause__, Odd) and error.step == "extract" and "no more" in str(error)
    assert traceback.extract_tb(told.__cause__.__traceback__)[-1].line == 'raise Odd("no more")'
    assert len(closed) == 2 and rows(pipeline, "select id from orders") == [(1,)]
    pipeline.run(orders(until=9))
    assert rows(pipeline, "select id from orders order by 1") == [(n,) for n in range(1, 6)]


@pytest.mark.parametrize("item", [object(), (n for n in ()), 1j, print, int, Ellipsis, os])
def test_nonsense(pipeline, item):
    for data, path in (([{"id": 1}, item], ""), ([{"id": 1}, [{"a": [0, {"b": item}]}]], "a[1].b")):
        told = failed(pipeline, dlt.resource(data, name="orders")).exception
        assert isinstance(told, InvalidValueInRow)
        assert (told.resource_name, told.row, told.key_path, told.value) == ("orders", 2, path, item)
        assert isinstance(told.__cause__, TypeError) and type(item).__name__ in str(told)


def test_a_value_whose_text_fails(pipeline):
    class Mute:
        def __repr__(self):
            raise RuntimeError("no text")

    told = failed(pipeline, [{"a": Mute()}], table_name="t").exception
    assert isinstance(told, InvalidValueInRow) and "<test_a_value_whose_text_fails.<locals>.Mute>" in str(told)


def test_a_pipeline_within_itself(pipeline):
    seen = []

    @dlt.resource
    def orders():
        yield {"id": 1}
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.run([{"id": 9}], table_name="t")
        seen.append(caught.value)
        yield {"id": 2}

    pipeline.run(orders)
    assert seen[0].retryable and "is held by" in str(seen[0]) and rows(pipeline, "select id from orders order by 1") == [(1,), (2,)]


def test_what_is_asked_after_the_run(pipeline):
    kept = []

    @dlt.resource
    def orders(updated=dlt.sources.incremental("id")):
        kept.append((updated, dlt.current.resource_state()))
        yield {"id": 5}

    pipeline.run(orders)
    updated, state = kept[0]
    assert updated.last_value == 5
    state["late"] = 1
    for call in (dlt.current.resource_state, dlt.current.source, dlt.current.resource_name):
        with pytest.raises(SourceSectionNotAvailable):
            call()
    pipeline.run(orders)
    assert kept[1][1] == {}


def test_a_generator_that_is_asked_on_when_its_run_is_over(pipeline):
    def endless():
        n = 0
        while True:
            n += 1
            yield {"id": n}
            if n == 3:
                raise ValueError("no")

    generator = endless()
    failed(pipeline, dlt.resource(generator, name="orders"))
    assert list(generator) == []
    assert isinstance(failed(pipeline, dlt.resource(generator, name="orders")).exception, SourceExhausted)


# ---- documents ----


def test_an_object_that_holds_itself(pipeline):
    document = {"id": 1}
    document["inner"] = [document]
    told = failed(pipeline, [{"id": 0}, document], table_name="orders").exception
    assert isinstance(told, InvalidValueInRow) and (told.row, told.resource_name) == (2, "orders")
    assert told.key_path == ".".join(["inner[0]"] * 6) + "..." and "hold itself" in str(told) and len(str(told)) < 500


@pytest.mark.parametrize("key", [(1, 2), b"bytes", datetime.date(2024, 1, 1), frozenset()])
def test_keys_that_are_no_texts(pipeline, key):
    told = failed(pipeline, [{"a": {key: 1}}], table_name="orders").exception
    assert isinstance(told, InvalidValueInRow) and (told.row, told.key_path, told.value) == (1, "a", key)


@pytest.mark.parametrize(("row", "path", "value"), [({"a": "x\ud800"}, "a", "x\ud800"), ({"a": {"\udfff": 1}}, "a", "\udfff")])
def test_surrogates(pipeline, row, path, value):
    told = failed(pipeline, [row], table_name="orders").exception
    assert isinstance(told, InvalidValueInRow) and isinstance(told.__cause__, UnicodeEncodeError)
    assert (told.row, told.key_path, told.value) == (1, path, value)
    str(told).encode()


def test_numbers_that_are_none(pipeline):
    import decimal

    for value in (decimal.Decimal("NaN"), decimal.Decimal("Infinity"), 10**5000):
        told = failed(pipeline, [{"a": value}], table_name="orders").exception
        assert isinstance(told, InvalidValueInRow) and told.key_path == "a" and told.value is value


def test_moments_that_are_none(pipeline):
    np, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    pipeline.run([{"id": 1, "a": pandas.NaT, "b": float("nan"), "c": np.datetime64("NaT"), "d": 2**80}], table_name="orders")
    columns = pipeline.dataset().orders.columns
    assert columns[:3] == ["id", "b", "d"] and rows(pipeline, "select isnan(b), d from orders") == [(True, 2**80)]
    told = failed(pipeline, [{"a": np.datetime64("10000-01-01")}], table_name="orders").exception
    assert isinstance(told, InvalidValueInRow) and "years 1 to 9999" in str(told)


# ---- connections ----


def test_a_closed_connection():
    connection = duckdb.connect("x.duckdb")
    connection.close()
    error = failed(dlt.pipeline("p", destination=dlt.destinations.duckdb(connection), dataset_name="d"), [{"id": 1}], table_name="t")
    assert "closed" in str(error)


def test_connections_that_only_read():
    duckdb.connect("x.duckdb").close()
    with duckdb.connect("x.duckdb", read_only=True) as connection:
        given = dlt.pipeline("p", destination=dlt.destinations.duckdb(connection), dataset_name="d")
        with pytest.raises(PipelineStepFailed, match="read-only"):
            given.run([{"id": 1}], table_name="t")
        beside = dlt.pipeline("q", destination=dlt.destinations.duckdb("x.duckdb"), dataset_name="d")
        with pytest.raises(PipelineStepFailed, match="read-only"):
            beside.run([{"id": 1}], table_name="t")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x.duckdb").write_text("no database " * 1000)
    error = failed(dlt.pipeline("p", destination=dlt.destinations.duckdb("x.duckdb"), dataset_name="d"), [{"id": 1}], table_name="t")
    assert "x.duckdb" in str(error)


# ---- arguments of calls ----


@dlt.resource
def numbered(id=dlt.sources.incremental("id")):
    yield {"id": 1}


@pytest.mark.parametrize("said, text", [
    ({"undo_loads": -1}, "undo_loads is how many of the newest loads can be undone, 0 to 1000, not -1"), ({"undo_loads": 1001}, "0 to 1000, not 1001"),
    ({"undo_loads": "many"}, "not 'many'"), ({"undo_loads": None}, "not None"), ({"undo_loads": True}, "not True"), ({"undo_loads": 1.5}, "not 1.5"),
    ({"memory": "lots"}, "memory is a size of at least 64MiB, such as '256MiB' or '1GiB', not 'lots'"), ({"memory": ""}, "not ''"),
    ({"memory": 5}, "not 5"), ({"memory": "1KiB"}, "not '1KiB'"), ({"memory": "GiB"}, "not 'GiB'"), ({"memory": "64 MiB"}, "not '64 MiB'"),
    ({"refresh": "all"}, "refresh is drop_sources, drop_resources, drop_data, not 'all'"), ({"refresh": 5}, "not 5"),
    ({"progress": 5}, "progress is log, tqdm, enlighten, alive_progress, or an object with start, update and stop, not 5"),
    ({"pipelines_dir": 5}, "pipelines_dir is the path of a folder, not 5"), ({"dataset_name": 5}, "dataset_name is the name of a schema .*, not 5"),
    ({"import_schema_path": 5}, "import_schema_path is the path of a folder, not 5"), ({"limits": 5}, "limits is a map of .*, not 5"),
    ({"pipelines_dir": "a_file"}, "pipelines_dir is '.*/a_file', which cannot be a folder: '.*/a_file' is a file; say another path"),
    ({"pipelines_dir": "a_file/of/shop"}, "'.*/a_file/of/shop', which cannot be a folder: '.*/a_file' is a file"),
])
def test_an_option_that_cannot_be(said, text):
    with open("a_file", "w"):
        pass
    with pytest.raises(ValueError, match=text):
        dlt.pipeline("q", destination="duckdb", **said)


@pytest.mark.parametrize("said", [{"undo_loads": 1000}, {"memory": "64MiB"}, {"memory": "1GB"}, {"refresh": "drop_data"}, {"pipelines_dir": pathlib.Path("new/one")}])
def test_an_option_that_can_be(said):
    assert dlt.pipeline("q", destination="duckdb", **said).run([{"id": 1}], table_name="t").row_counts["t"] == 1


@pytest.mark.parametrize("call, kind, text", [
    (lambda p: p.run(numbered, refresh="all"), ValueError, "refresh is drop_sources, drop_resources, drop_data, not 'all'"),
    (lambda p: dlt.resource([], name="t", on_bad_row={"action": "fail", "limit": 5}), ValueError, "on_bad_row: limit=5 goes with action 'reject'"),
    (lambda p: dlt.Schema("shop", {"names": "direct"}), NotInTidegate, "normalizers=.* is not in tidegate"),
    (lambda p: dlt.pipeline("q", naming="direct"), TypeError, r"^pipeline\(\) got an unexpected keyword argument 'naming'"),
    (lambda p: dlt.destinations.duckdb(naming_convention="direct"), NotInTidegate, "naming_convention of destinations.duckdb is not in tidegate"),
    (lambda p: p.run(numbered, window=5), ValueError, "a window has two ends, as in .*, not 5"),
    (lambda p: p.run(numbered, window=()), ValueError, r"a window has two ends, as in .*, not \(\)"),
    (lambda p: p.run(numbered, accept=True), ValueError, "accept is of cursor_change, rows, limits, not True"),
    (lambda p: p.run(numbered, write_disposition="upsert"), PipelineStepFailed, 'said as {"disposition": "merge", "strategy": "upsert"}'),
    (lambda p: p.plan(numbered, by="1d"), ValueError, "say window= beside it"),
    (lambda p: p.backfill(None, window=(1, 5), by=2), ValueError, "a backfill reads data"),
    (lambda p: p.backfill(numbered, window=None, by=2), ValueError, "a backfill has a window"),
    (lambda p: p.backfill(numbered, window=(1, 5), by=datetime.timedelta(1)), ValueError, "by is a length of windows such as '1d'"),
    (lambda p: p.backfill(numbered, window=(1, 5), by=2, lease=30), ValueError, "lease is a time such as '30s'.*, not 30"),
    (lambda p: p.undo(p.run([{"id": 1}], table_name="t")), TypeError, r"undo\(info.loads_ids\[0\]\), not <dlt.LoadInfo"),
    (lambda p: p.reset(["orders"]), TypeError, r"reset\('orders', 'people'\), not \['orders'\]"),
    (lambda p: p.run(dlt.resource([{"id": 1}], name="t", primary_key="id", write_disposition="merge", deletes="keys")),
     PipelineStepFailed, "deletes='keys' of the resource 't' needs list_keys="),
    (lambda p: p.run(iter([dlt.mark.with_hints({"id": 1}, {"primarykey": "id"})]), table_name="t"), PipelineStepFailed, "no hint 'primarykey'"),
    (lambda p: p.run(iter([dlt.mark.with_table_name({"id": 1}, 5)]), table_name="t"), PipelineStepFailed, "table_name of .* has given 5"),
])
def test_an_argument_that_cannot_be(pipeline, call, kind, text):
    with pytest.raises(kind, match=text):
        call(pipeline)
    assert not pipeline.has_pending_data


@pytest.mark.parametrize("said, text", [
    ({"table_name": 5}, "table_name is a text, or a function of an item, not 5"), ({"name": 5}, "name is the name of a resource, a text, not 5"),
    ({"write_disposition": 5}, "write_disposition is append, replace, merge, or a map .*, not 5"), ({"write_disposition": {"disposition": 5}}, "not 5"),
    ({"write_disposition": {"dispositon": "merge"}}, "write_disposition has disposition, strategy, .*, not 'dispositon'"),
    ({"write_disposition": {"disposition": "merge", "strategy": 5}}, "write_disposition: strategy is a text, not 5"),
    ({"write_disposition": {"disposition": "merge", "deduplicated": "no"}}, "write_disposition: deduplicated is True or False, not 'no'"),
    ({"write_disposition": {"disposition": "replace", "limit": "all"}}, "write_disposition: limit is a number, or a share such as '10%', not 'all'"),
    ({"primary_key": 5}, "primary_key is the name of a column, or a list of names, not 5"), ({"merge_key": [5]}, r"merge_key is .*, not \[5\]"),
    ({"columns": 5}, "columns is a map of column hints by name, .*, not 5"), ({"columns": "id"}, "not 'id'"), ({"columns": ["id"]}, "as {'name': 'id', .*not 'id'"),
    ({"columns": {"id": 5}}, "columns: 'id' is a map of hints, .*, not 5"), ({"columns": {5: {}}}, "columns: the name of a column is a text, not 5"),
    ({"columns": {"id": {"dta_type": "text"}}}, "columns: 'id' has no hint 'dta_type'"), ({"columns": {"id": {"data_type": 5}}}, "data_type of 'id' is a text, not 5"),
    ({"columns": {"id": {"nullable": "no"}}}, "columns: nullable of 'id' is True or False, not 'no'"),
    ({"columns": {"id": {"precision": "x"}}}, "columns: precision of 'id' is a number, not 'x'"),
    ({"schema_contract": "thaw"}, "a schema contract is evolve, .*, not 'thaw'"), ({"schema_contract": 5}, "schema_contract is evolve, .*, not 5"),
    ({"schema_contract": {"table": "freeze"}}, "a schema contract is of tables, columns, data_type, not 'table'"), ({"references": 5}, "references is a list .*, not 5"),
    ({"incremental": "id"}, r"incremental is a cursor, as in dlt.sources.incremental\('updated_at'\), not 'id'"), ({"description": 5}, "description is a text, not 5"),
    ({"max_table_nesting": "x"}, "max_table_nesting is how many levels become tables, 0 or more, not 'x'"), ({"max_table_nesting": -1}, "not -1"),
])
def test_a_hint_that_cannot_be(said, text):
    """Where it is said, by its name and value; so with `run(..., hint=)` and in `mark.make_hints`, as the extract of a run."""
    with pytest.raises(ValueError, match=text):
        dlt.resource([{"id": 1}], **{"name": "t", **said})


def test_a_function_of_the_cursor_that_raises(pipeline):
    def latest(values):
        return {}["latest"]

    told = failed(pipeline, dlt.resource([{"id": 1}], name="t", incremental=dlt.sources.incremental("id", last_value_func=latest))).exception
    assert isinstance(told, ResourceExtractionError) and (told.pipe_name, told.kind, told.func_name) == ("t", "last_value_func", "latest")
    assert str(told) == "the resource 't': last_value_func 'latest' has raised: KeyError: 'latest'"
    assert traceback.extract_tb(told.__cause__.__traceback__)[-1].name == "latest"


def test_a_list_of_functions(pipeline):
    def orders():
        yield {"id": 1}

    for data in ([orders], (orders, orders), [orders()]):
        told = failed(pipeline, data).exception
        assert isinstance(told, InvalidResourceDataType) and "each function or generator in it is a resource by itself: dlt.resource(it)" in str(told)
    pipeline.run([dlt.resource(orders), dlt.resource(orders(), name="people")])
    assert rows(pipeline, "select orders.id, people.id from orders, people") == [(1, 1)]


def test_what_belongs_to_a_disposition(pipeline):
    """Words of a spec that the library calls otherwise."""
    versions = dlt.resource(lambda rows: rows, name="t", primary_key="id", write_disposition={
        "disposition": "merge", "strategy": "insert-only", "scope": "previous_load",
    })
    for state in ("new", "paid", "paid", "new"):
        pipeline.run(versions([{"id": 1, "state": state}]))
    assert rows(pipeline, "select state from t order by _tidegate_version") == [("new",), ("paid",), ("new",)]


@pytest.mark.parametrize("said, text", [
    ({"cursor_path": 5}, "cursor_path is the name of a field, or a list of names, not 5"), ({"cursor_path": ["a", 5]}, "not .'a', 5."),
    ({"primary_key": 5}, "primary_key is the name of a field, or a list of names, not 5"), ({"lag": [1]}, "lag is a number, .*, not .1."), ({"lag": True}, "not True"),
    ({"last_value_func": 5}, "last_value_func is max, min, or a function, not 5"), ({"last_value_func": "median"}, "not 'median'"),
    ({"cursor_format": 5}, "cursor_format is a text, not 5"), ({"commit_safe": "x"}, "commit_safe is True, False, not 'x'"), ({"row_order": ["asc"]}, "row_order is asc, desc, not"),
    ({"allow_external_schedulers": "x"}, "allow_external_schedulers is True, False, not 'x'"),
])
def test_a_cursor_that_cannot_be(said, text):
    with pytest.raises(ValueError, match=text):
        dlt.sources.incremental(**{"cursor_path": "id", **said})


@pytest.mark.parametrize("said, kind, text", [
    (5, InvalidNativeValue, "the int that was given is no DuckDbCredentials"), ("postgresql://x", InvalidNativeValue, "the str that was given is no DuckDbCredentials"),
    ({"drivername": "postgresql", "database": "x"}, InvalidNativeValue, "the dict that was given is no DuckDbCredentials"),
    ({"datbase": "x"}, NotInTidegate, "'datbase' of the credentials of duckdb is not in tidegate; they have drivername, database"),
])
def test_credentials_of_duckdb_that_are_none(said, kind, text):
    with pytest.raises(kind, match=text):
        dlt.pipeline("q", destination=dlt.destinations.duckdb(said), dataset_name="d").run([{"id": 1}], table_name="t")
    assert not os.path.exists("q.duckdb")


def test_credentials_of_a_server_that_are_none():
    with pytest.raises(InvalidNativeValue, match="the int that was given is no host of ConnectionStringCredentials"):
        dlt.pipeline("q", destination=dlt.destinations.postgres({"host": 5, "database": "x"}), dataset_name="d").run([{"id": 1}], table_name="t")


@pytest.mark.parametrize("call, kind, text", [
    (lambda p: p.reset(schema="unknown"), SchemaNotFoundError, "there is no schema 'unknown'; there are p"),
    (lambda p: p.reset(""), TypeError, r"reset\('orders', 'people'\), not ''"), (lambda p: p.reset(parts=5), ValueError, "parts are cursors, packages, files, not 5"),
    (lambda p: p.reset(newest_load=5), TypeError, "newest_load is the id of a load, not 5"), (lambda p: p.drop(5), ValueError, "5 cannot be a pipeline's name"),
    (lambda p: p.dataset().t.limit("x"), ValueError, "limit is how many rows at most, 0 or more, not 'x'"), (lambda p: p.dataset().t.limit(-1), ValueError, "not -1"),
    (lambda p: p.dataset().t.select(), ValueError, "name one at least"), (lambda p: dlt.Schema(5), ValueError, "5 cannot be the name of a schema"),
    (lambda p: dlt.source(5), TypeError, "source is a decorator of a function .*, not of 5"), (lambda p: dlt.source(name="a b"), ValueError, "'a b' cannot be the name"),
    (lambda p: dlt.resource([1], name="t").with_name(""), ValueError, "new_name is the name of a resource, a text, not ''"),
    (lambda p: dlt.resource([1], name="t").add_map(5), TypeError, "add_map takes a function, not 5"),
    (lambda p: dlt.resource([1], name="t").add_limit("x"), ValueError, "max_items is a number, not 'x'"),
])
def test_a_call_that_cannot_be(pipeline, call, kind, text):
    pipeline.run([{"id": 1}], table_name="t")
    with pytest.raises(kind, match=text):
        call(pipeline)
    assert rows(pipeline, "select id from t") == [(1,)] and pipeline.state["_state_version"] == 1  # nothing was forgotten


@pytest.mark.parametrize("said, text", [
    ({"table_names": "family"}, r"table_names is a list of names, as \['orders'\], not 'family'"), ({"table_names": [5]}, r"not \[5\]"),
    ({"chunk_size": "x"}, "chunk_size is a number from 1 on, not 'x'"), ({"chunk_size": 0}, "not 0"),
    ({"reflection_level": "some"}, "reflection_level is minimal, full, full_with_precision, not 'some'"),
])
def test_a_database_that_cannot_be_read_so(said, text):
    pytest.importorskip("sqlalchemy")
    with pytest.raises(ValueError, match=text):
        dlt.sources.sql_database.sql_database("sqlite:///shop.db", **said)


def test_a_table_that_cannot_be():
    pytest.importorskip("sqlalchemy")
    table = dlt.sources.sql_database.sql_table
    for said, text in [({"table": 5}, "table is a text, not 5"), ({"chunk_size": -1}, "not -1"), ({"included_columns": "id"}, "included_columns is a list of names")]:
        with pytest.raises(ValueError, match=text):
            table("sqlite:///shop.db", **{"table": "family", **said})


@pytest.mark.parametrize("said, text", [
    ({"bucket_url": 5}, "bucket_url is a text, not 5"), ({"file_glob": 5}, "file_glob is a text, not 5"), ({"files_per_page": 0}, "files_per_page is a number from 1 on, not 0"),
])
def test_files_that_cannot_be_listed_so(said, text):
    with pytest.raises(ResourceExtractionError, match=f"the resource 'filesystem': generator 'filesystem' has raised: {text}"):
        list(dlt.sources.filesystem.filesystem(**{"bucket_url": ".", **said}))


def test_sources_are_there_by_their_names():
    assert dlt.sources.sql_database.sql_table and dlt.sources.filesystem.readers
    with pytest.raises(AttributeError, match="has no 'nope'"):
        dlt.sources.nope


NAMING_KEYS = (
    "SCHEMA__NAMING", "SOURCES__SCHEMA__NAMING", "SOURCES__P__SCHEMA__NAMING", "P__SCHEMA__NAMING",
    "DESTINATION__NAMING_CONVENTION", "DESTINATION__DUCKDB__NAMING_CONVENTION",
)


@pytest.mark.parametrize("key", NAMING_KEYS)
@pytest.mark.parametrize("name", ["direct", "dlt.common.normalizers.naming.sql_cs_v1"])
def test_names_that_are_to_be_made_otherwise(pipeline, monkeypatch, key, name):
    monkeypatch.setenv(key, name)
    with pytest.raises(NotInTidegate, match=f"{key} = .* is not in tidegate; names are snake_case here"):
        pipeline.run([{"aB": 1}], table_name="t")
    monkeypatch.setenv(key, "snake_case")
    pipeline.run([{"aB": 1}], table_name="t")
    assert pipeline.dataset().t.columns[0] == "a_b"
    monkeypatch.setenv(key, "unicode_snake_case")
    with pytest.raises(PipelineStepFailed, match="naming 'unicode_snake_case' would give table 't' and others that have data new names"):
        pipeline.run([{"aB": 1}], table_name="t")


@pytest.mark.parametrize("key", NAMING_KEYS)
def test_names_of_all_scripts(pipeline, monkeypatch, key):
    monkeypatch.setenv(key, "unicode_snake_case")
    pipeline.run([{"名前": "花子", "Größe": 170, "注文": [{"品名": "本"}]}], table_name="顧客")
    monkeypatch.delenv(key)
    pipeline.run([{"名前": "太郎", "aB": 1}], table_name="顧客")
    assert pipeline.dataset()["顧客"].columns[:2] == ["名前", "größe"]
    assert sorted(pipeline.dataset()["顧客"]["名前"].fetchall()) == [("太郎",), ("花子",)]
    assert pipeline.dataset()["顧客__注文"]["品名"].fetchall() == [("本",)]


def listing(keys):
    return dlt.resource([{"id": 1}], name="orders", primary_key="id", write_disposition="merge", deletes="keys", list_keys=keys)


def test_a_list_of_keys_that_raises(pipeline):
    def keys():
        yield {"id": 1}
        raise KeyError("type")

    pipeline.run(listing(keys))  # where nothing is there, nobody asks for keys
    for list_keys in (keys, lambda: {}["type"]):
        told = failed(pipeline, listing(list_keys)).exception
        assert isinstance(told, ResourceExtractionError) and (told.pipe_name, told.kind, told.func_name) == ("orders", "list_keys", list_keys.__name__)
        line = f" of line {list_keys.__code__.co_firstlineno}" if list_keys.__name__ == "<lambda>" else ""
        assert str(told) == f"the resource 'orders': list_keys '{list_keys.__name__}'{line} has raised: KeyError: 'type'"
        assert traceback.extract_tb(told.__cause__.__traceback__)[-1].name == list_keys.__name__
    for given, text in [(5, "'int' object is not iterable"), ([{"key": 1}], "list of keys, row 1: its key cannot be read")]:
        assert text in str(failed(pipeline, listing(lambda: given)))


def test_a_step_is_named_where_no_code_was_at_work(pipeline):
    pipeline.run(numbered)
    with pytest.raises(PipelineStepFailed, match="step=plan.*\n.*\n.*\n'samples' has to be a number of its range, not '3'"):
        pipeline.plan(numbered, rows=True, samples="3")


def test_a_number_is_how_long_windows_of_numbers_are(pipeline):
    assert pipeline.backfill(numbered, window=(1, 5), by=2).by == "2"


@pytest.mark.parametrize("error, text", [
    (KeyError("type"), "has raised: KeyError: 'type'"), (AssertionError(), "has raised: AssertionError"), (ValueError("no"), "has raised: no"),
])
def test_what_says_nothing_by_itself_has_its_class(pipeline, error, text):
    def broken(row):
        raise error

    @dlt.resource(table_name=broken)
    def spread():
        yield {"id": 1}

    assert str(failed(pipeline, dlt.resource(lambda: broken({}), name="t")).exception).endswith(text)
    assert str(failed(pipeline, spread).exception) == f"the resource 'spread': table_name 'broken' {text}"


# ---- threads and processes ----


def in_threads(*calls):
    results = [None] * len(calls)

    def work(n):
        try:
            results[n] = calls[n]()
        except Exception as error:
            results[n] = error

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_runs_in_two_threads():
    """Two pipelines load into one file at once; each code finds its own resource and state."""
    both = threading.Barrier(2, timeout=60)
    seen = {}

    def run(name):
        @dlt.resource(name=name)
        def orders():
            for n in range(100):
                if n == 50:
                    both.wait()
                    dlt.current.resource_state()["name"] = seen[name] = dlt.current.resource_name()
                yield {"id": n}

        return dlt.pipeline(name, destination=dlt.destinations.duckdb("x.duckdb"), dataset_name=name).run(orders)

    one, two = in_threads(lambda: run("one"), lambda: run("two"))
    assert one.row_counts["one"] == two.row_counts["two"] == 100 and seen == {"one": "one", "two": "two"}


def test_two_runs_of_one_pipeline_in_two_threads(pipeline):
    ready, go = threading.Event(), threading.Event()

    def orders():
        yield {"id": 1}
        ready.set()
        go.wait(60)

    def second():
        ready.wait(60)
        try:
            return pipeline.run([{"id": 2}], table_name="t")
        finally:
            go.set()

    first, late = in_threads(lambda: pipeline.run(orders), second)
    assert first.row_counts["orders"] == 1 and isinstance(late, PipelineStepFailed) and late.retryable and "is held by" in str(late)
    assert pipeline.run([{"id": 2}], table_name="t").row_counts["t"] == 1


def test_a_pipeline_that_was_made_before_a_fork():
    """What the library has is made anew for each call: a child loads by itself, as long as no database is open.
    A call that is at work is the parent's alone (test_core.py)."""
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run([{"id": 1}], table_name="t")
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            pipeline.run([{"id": 2}], table_name="t")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert rows(pipeline, "select id from t order by 1") == [(1,), (2,)]


@pytest.mark.parametrize("given", [False, True])
def test_a_database_that_is_open_when_the_process_is_forked(given):
    """A child has a copy of the instance without its threads: it is refused, and the parent goes on."""
    with duckdb.connect("open.duckdb") as connection:
        where = dlt.destinations.duckdb(connection if given else "open.duckdb")
        pipeline = dlt.pipeline("forked", destination=where, dataset_name="d")
        pipeline.run([{"id": 1}], table_name="t")
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                pipeline.run([{"id": 2}], table_name="t")
            except Exception as error:
                code = 0 if isinstance(error, (PipelineStepFailed, DuckDbConnectionError)) and "forked" in str(error) else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        pipeline.run([{"id": 3}], table_name="t")
        assert connection.sql("select id from d.t order by 1").fetchall() == [(1,), (3,)]


def test_pipelines_of_several_threads_on_one_file():
    """Each joins the instance that the others have, or opens the file when they have closed it."""
    def work(number):
        pipeline = dlt.pipeline(f"p{number}", destination=dlt.destinations.duckdb("one.duckdb"), dataset_name=f"d{number}")
        for _ in range(5):
            pipeline.run([{"id": number}], table_name="t")
        return rows(pipeline, "select id from t")

    assert in_threads(*(functools.partial(work, number) for number in range(4))) == [[(number,)] * 5 for number in range(4)]


def test_a_pipeline_is_its_makers_own(monkeypatch):
    """Another thread may make its own active meanwhile."""
    monkeypatch.setattr(factory, "runtime_config", lambda: setattr(context, "active_pipeline", None))
    monkeypatch.setattr(factory, "init_logging", lambda config: None)
    assert dlt.pipeline("p", destination="duckdb").pipeline_name == "p"


# ---- packages and configuration ----


def test_a_package_that_is_missing(monkeypatch):
    for package in ("tqdm", "enlighten", "alive_progress"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingDependencyException, match=f"pip install {package.replace('_', '-')}"):
            dlt.pipeline("p", progress=package)


@pytest.mark.parametrize("content", ["__version__ = '1.3.2'", "", "raise ImportError('broken')"])
def test_another_duckdb(tmp_path, content):
    """An older one, a file of the program that has its name, none at all: one sentence says it."""
    (tmp_path / "duckdb.py").write_text(content)
    code = "import tidegate as dlt; dlt.pipeline('p', destination='duckdb').run([{'id': 1}], table_name='t')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1 and "duckdb" in last and "pip install" in last and "KeyError" not in last, last


def test_a_value_of_the_wrong_type(pipeline, monkeypatch):
    @dlt.resource
    def orders(count: int = 1):
        yield {"id": count}

    monkeypatch.setenv("SOURCES__TEST_BAD_INPUT__ORDERS__COUNT", "many")
    for error in (failed(pipeline, orders), None):
        if error is None:
            with pytest.raises(ResourceExtractionError) as caught:
                list(orders)
            told = caught.value
        else:
            told = error.exception
        wrong = told.__cause__
        assert isinstance(wrong, ConfigValueCannotBeCoercedException) and told.pipe_name == "orders"
        assert (wrong.field_name, wrong.field_value, wrong.hint) == ("count", "many", int) and "SOURCES__TEST_BAD_INPUT__ORDERS__COUNT" in str(wrong)


def test_a_value_that_is_nowhere(pipeline):
    @dlt.resource
    def orders(token: str = dlt.secrets.value):
        yield {"id": token}

    told = failed(pipeline, orders).exception
    assert isinstance(told.__cause__, ConfigFieldMissingException) and told.__cause__.fields == ["token"]


def test_hints_that_are_none(pipeline):
    for said, text in [
        ({"write_disposition": "upsert"}, "append, replace or merge, not 'upsert'"), ({"schema_contract": "thaw"}, "not 'thaw'"),
        ({"write_disposition": {"disposition": "merge", "speed": 1}}, "speed"), ({"columns": {"id": {"data_type": "number"}}}, "number"),
    ]:
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.run([{"id": 1}], table_name="orders", **said)
        assert text in str(caught.value), said


# ---- what would be lost without a word ----


def frames():
    return pytest.importorskip("polars"), pytest.importorskip("pyarrow")


@pytest.mark.parametrize("nothing", [None, []])
def test_a_lazy_frame_after_nothing(pipeline, nothing):
    polars, _ = frames()

    def rows_later():
        yield nothing
        yield polars.DataFrame({"a": [2]}).lazy()
        yield polars.Series("a", [3]).to_frame().lazy()

    pipeline.run(rows_later, table_name="t")
    assert rows(pipeline, "SELECT a FROM t ORDER BY a") == [(2,), (3,)]


def test_objects_in_a_frame_are_no_addresses(pipeline):
    polars, _ = frames()
    column = polars.Series([object()], dtype=polars.Object)
    for frame in (polars.DataFrame({"a": column}), polars.DataFrame({"a": column}).lazy()):
        for before in ([], [{"b": 1}], [[{"b": 1}, {"b": 2}]]):
            told = str(failed(pipeline, iter([*before, frame]), table_name="t"))
            assert "column 'a' has objects of Python: make its values" in told
    assert pipeline.run([polars.DataFrame({"a": [1]})], table_name="t") and rows(pipeline, "SELECT a FROM t") == [(1,)]


def test_frames_behind_rows(pipeline):
    polars, pyarrow = frames()
    frame, table = polars.DataFrame({"a": [2]}), pyarrow.table({"a": [2]})
    for second in (frame, frame.lazy(), table, table.to_batches()[0], table.to_pandas()):
        pipeline.run(iter([{"a": 1}, second, {"a": 3}, second, [{"a": 4}]]), table_name="t", write_disposition="replace")
        assert rows(pipeline, "SELECT a FROM t") == [(1,), (2,), (3,), (2,), (4,)]
    pipeline.run(iter([{"value": 1}, frame["a"]]), table_name="s")
    assert rows(pipeline, "SELECT value FROM s") == [(1,), (2,)]


def test_a_frame_is_no_row_of_a_page_and_no_value(pipeline):
    polars, pyarrow = frames()
    table = pyarrow.table({"a": [2]})
    for frame in (table, table.to_batches()[0], table.to_pandas(), polars.DataFrame({"a": [2]}), polars.DataFrame({"a": [2]}).lazy()):
        for page, where in (([{"a": 1}, frame], "row 2, "), ([{"a": 1}, {"a": frame}], "row 2, key 'a': ")):
            told = failed(pipeline, iter([page]), table_name="t").exception
            assert str(told).startswith(f"the resource 't': {where}a data frame is yielded by itself")
    values = {"a": pyarrow.array([1, 2]), "b": polars.Series([3]), "c": pyarrow.chunked_array([[4]])}
    pipeline.run([values], table_name="t")
    assert rows(pipeline, "SELECT count(*) FROM t__a") == [(2,)] and rows(pipeline, "SELECT value FROM t__c") == [(4,)]


def test_keys_that_are_not_in_rows(pipeline):
    pipeline.run(listing(lambda: [{"id": 1}]))
    for given, key in [([2, 3], "2"), (iter([[], ["x"]]), "'x'"), (["x"], "'x'")]:
        told = str(failed(pipeline, listing(lambda: given)).exception)
        assert f"a key comes as a row that has its fields, as {{'id': {key}}}, not as {key}" in told
    assert rows(pipeline, "SELECT id FROM orders") == [(1,)]


def test_rows_that_are_put_aside_are_told(pipeline, caplog):
    pipeline.run([{"id": 1}], table_name="t")
    bad = [{"id": 2, "new": 1}, {"id": 3}, {"id": "x", "new": 2}]
    for load, load_info in [(1, lambda: pipeline.run(bad, table_name="t", schema_contract="discard_row")),
                            (2, lambda: [pipeline.extract(bad, table_name="t", schema_contract="discard_row"), pipeline.normalize(), pipeline.load()][-1])]:
        caplog.clear()
        info = load_info()
        told = [each.getMessage() for each in caplog.records if "_tidegate_rejects" in each.getMessage()]
        assert told == [f"table 't': 2 rows were not loaded, and kept in d._tidegate_rejects with the reason of each (load_id '{info.loads_ids[0]}')"]
        assert rows(pipeline, f"SELECT count(*) FROM _tidegate_rejects WHERE load_id = '{info.loads_ids[0]}'") == [(2,)]
    caplog.clear()
    pipeline.run([{"id": 9}], table_name="t", schema_contract="discard_row")
    assert "_tidegate_rejects" not in caplog.text
