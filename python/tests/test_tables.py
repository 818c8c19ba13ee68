"""Where the items of a resource go: tables by a function, by marks, variants of hints. The figures are what dlt 1.31 gives."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pandas
import polars
import pyarrow
import pydantic
import pytest

import in_memory
import tidegate as dlt
from tidegate import mark
from tidegate.common.exceptions import NotInTidegate
from tidegate.common.schema.exceptions import DataValidationError, TableNotFound
from tidegate.extract.exceptions import (
    DataItemRequiredForDynamicTableHints,
    InconsistentTableTemplate,
    InvalidTableName,
    InvalidValueInRow,
    ResourceExtractionError,
)
from tidegate.extract.items import TableNameMeta
from tidegate.pipeline.exceptions import PipelineStepFailed


@pytest.fixture
def pipeline():
    return dlt.pipeline("spread", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def tables(pipeline):
    """The rows of all tables, without the columns of a load."""
    with pipeline.sql_client() as client:
        found = client.execute_sql(
            "SELECT table_name, string_agg('\"' || column_name || '\"', ', ' ORDER BY column_index) FROM duckdb_columns() "
            "WHERE schema_name = 'd' AND table_name NOT LIKE '\\_%' ESCAPE '\\' AND column_name NOT LIKE '\\_dlt%' ESCAPE '\\' GROUP BY 1"
        )
        return {name: sorted(client.execute_sql(f'SELECT {columns} FROM d."{name}"'), key=str) for name, columns in found}


def columns(pipeline, table):
    with pipeline.sql_client() as client:
        found = client.execute_sql(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'd' AND table_name = %s", table
        )
    return {name: kind for name, kind in found if not name.startswith("_dlt")}


def by_kind(row):
    return row["k"]


def failure(pipeline, *data, **hints):
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(*data, **hints)
    return caught.value


# ---- a function as table_name ------------------------------------------------------------------------------------------------------------


def test_each_row_goes_where_the_function_says_and_so_do_those_of_pages(pipeline):
    @dlt.resource(table_name=by_kind)
    def events():
        yield {"k": "a", "v": 1}
        yield [{"k": "C d", "v": 2}, {"k": "a", "v": 3}, {"k": "b", "v": 4}]
        yield []

    assert events.has_dynamic_table_name and not events.has_other_dynamic_hints and events.table_name is by_kind
    once = {"a": [("a", 1), ("a", 3)], "b": [("b", 4)], "c_d": [("C d", 2)]}
    pipeline.run(events)
    assert tables(pipeline) == once
    pipeline.run(events)
    assert tables(pipeline) == {name: sorted(rows * 2) for name, rows in once.items()}
    assert list(events) == [{"k": "a", "v": 1}, {"k": "C d", "v": 2}, {"k": "a", "v": 3}, {"k": "b", "v": 4}]


def test_scalars_and_nested_tables_too(pipeline):
    pipeline.run(dlt.resource([1, 2, 3, 4], name="n", table_name=lambda n: "odd" if n % 2 else "even"))
    pipeline.run(dlt.resource([{"k": "t", "lines": [{"n": 1}, {"n": 2}]}], name="e", table_name=by_kind))
    assert tables(pipeline) == {"odd": [(1,), (3,)], "even": [(2,), (4,)], "t": [("t",)], "t__lines": [(1,), (2,)]}


def test_other_hints_are_functions_too(pipeline):
    @dlt.resource(
        table_name=by_kind, primary_key=lambda row: "id" if row["k"] == "a" else "v",
        write_disposition=lambda row: "append" if row["k"] == "c" else "merge",
        columns=lambda row: {"w": {"data_type": "bigint"}} if row["k"] == "a" else [{"name": "z", "data_type": "date"}],
    )
    def events():
        yield [
            {"k": "a", "id": 1, "v": 3}, {"k": "b", "id": 1, "v": 3}, {"k": "a", "id": 1, "v": 4}, {"k": "b", "id": 2, "v": 3},
            {"k": "c", "id": 1, "v": 2},
        ]

    assert events.has_other_dynamic_hints
    pipeline.run(events)
    pipeline.run(events)
    assert {name: len(rows) for name, rows in tables(pipeline).items()} == {"a": 1, "b": 1, "c": 2}
    assert columns(pipeline, "a") == {"w": "BIGINT", "k": "VARCHAR", "id": "BIGINT", "v": "BIGINT"}
    assert columns(pipeline, "b")["z"] == "DATE" and "w" not in columns(pipeline, "b")


@pytest.mark.parametrize("hint", ["primary_key", "merge_key", "write_disposition", "columns", "schema_contract", "references"])
def test_a_function_needs_one_as_table_name(hint):
    said = {hint: lambda row: "id"}
    for make in (
        lambda: dlt.resource([1], name="x", **said), lambda: dlt.resource([1], name="x", table_name="t", **said),
        lambda: dlt.resource([1], name="x").apply_hints(**said), lambda: mark.make_hints(**said),
        lambda: dlt.resource([1], name="x").apply_hints(table_name="v", create_table_variant=True, **said),
    ):
        with pytest.raises(InconsistentTableTemplate, match=hint):
            make()
    assert dlt.resource([1], name="x", table_name=by_kind, **said).has_other_dynamic_hints


def test_hints_that_do_not_go_together_change_nothing():
    made = dlt.resource([1], name="x", table_name=by_kind, primary_key=lambda row: "id")
    with pytest.raises(InconsistentTableTemplate):
        made.apply_hints(table_name="t", write_disposition="merge")
    assert made.table_name is by_kind and made.write_disposition == "append"
    plain = dlt.resource([1], name="x")
    with pytest.raises(InconsistentTableTemplate):
        plain.write_disposition = lambda row: "merge"
    assert plain.write_disposition == "append"
    assert made.apply_hints(table_name="t", primary_key="id").table_name == "t"


def test_a_model_of_pydantic_is_no_function(pipeline):
    class Row(pydantic.BaseModel):
        k: str
        v: int

    pipeline.run(dlt.resource([{"k": "a", "v": "1"}, {"k": "b", "v": "2"}], name="x", table_name=by_kind, columns=Row))
    assert tables(pipeline) == {"a": [("a", 1)], "b": [("b", 2)]}
    assert not dlt.resource([1], name="x", columns=Row).has_other_dynamic_hints


def test_the_table_of_a_row_is_computed_for_that():
    made = dlt.resource([1], name="x", table_name=by_kind, primary_key=lambda row: row["p"])
    with pytest.raises(DataItemRequiredForDynamicTableHints):
        made.compute_table_schema()
    table = made.compute_table_schema({"k": "K", "p": "id"})
    assert table["name"] == "K" and table["columns"]["id"]["primary_key"] and table["resource"] == "x"


def test_the_schema_of_a_source_needs_a_row_for_it():
    @dlt.source
    def shop():
        return dlt.resource([1], name="x", table_name=by_kind), dlt.resource([1], name="y", primary_key="id")

    assert "x" not in shop().discover_schema().tables and "y" in shop().discover_schema().tables
    assert "kind" in shop().discover_schema({"k": "kind"}).tables


@pytest.mark.parametrize("name", [None, "", 5, b"x", ["a"]])
def test_what_is_no_name_is_told(pipeline, name):
    error = failure(pipeline, dlt.resource([{"a": 1}], name="x", table_name=lambda row: name))
    assert error.step == "extract" and isinstance(error.exception, InvalidTableName) and repr(name) in str(error)
    assert pipeline.first_run  # nothing was loaded


def test_what_the_function_raises_is_told_with_the_resource(pipeline):
    error = failure(pipeline, dlt.resource([{"k": "a"}, {"a": 1}], name="x", table_name=by_kind))
    assert isinstance(error.exception, ResourceExtractionError) and isinstance(error.exception.__cause__, KeyError)
    assert error.exception.resource_name == "x"


@pytest.mark.parametrize("name", ["_dlt_loads", "_dlt_pipeline_state"])
def test_the_ledger_is_nobody_s(pipeline, name):
    assert "reserved" in str(failure(pipeline, dlt.resource([{"a": 1}], name="x", table_name=lambda row: name)))


def test_merge_by_keys_that_functions_say(pipeline):
    rows = [{"k": "a", "id": 1, "v": 1}, {"k": "b", "id": 1, "v": 1}, {"k": "b", "id": 1, "v": 2}]
    for _ in range(2):
        pipeline.run(dlt.resource(rows, name="x", table_name=by_kind, write_disposition="merge", primary_key=lambda row: ["k", "id"]))
        assert tables(pipeline) == {"a": [("a", 1, 1)], "b": [("b", 1, 2)]}


@pytest.mark.parametrize("rows", [[], [{"k": "a", "id": 1}]])
def test_deletes_are_of_one_table(pipeline, rows):
    x = dlt.resource(rows, name="x", table_name=by_kind, primary_key="id", write_disposition="merge", deletes="snapshot")
    assert "deletes=" in str(failure(pipeline, x)) and pipeline.first_run


def test_limits_are_of_the_resource(pipeline):
    rows = [{"k": "a", "id": 1}, {"k": "b", "id": 1}]
    assert "tables_added" in str(failure(pipeline, dlt.resource(rows, name="x", table_name=by_kind, limits={"tables_added": 1})))
    pipeline.run(dlt.resource(rows, name="x", table_name=by_kind, limits={"tables_added": 2}))
    assert sorted(tables(pipeline)) == ["a", "b"]


def test_names_with_quotes_and_dots_become_names(pipeline):
    odd = ['my "table"', "select", "a.b", "x; drop table d.y", "Straße 1", "per %"]
    pipeline.run(dlt.resource([{"n": n} for n in range(len(odd))], name="x", table_name=lambda row: odd[row["n"]]))
    pipeline.run(dlt.resource([{"n": n} for n in range(len(odd))], name="x", table_name=lambda row: odd[row["n"]]))
    found = tables(pipeline)
    assert sorted(sum(found.values(), [])) == sorted((n,) for n in [*range(len(odd))] * 2) and len(found) == len(odd)


def test_replace_empties_the_tables_that_get_no_rows(pipeline):
    def events(rows):
        return dlt.resource(rows, name="x", table_name=by_kind, write_disposition="replace")

    pipeline.run(events([{"k": "a", "v": 1}, {"k": "b", "v": 2, "lines": [1, 2]}]))
    pipeline.run(dlt.resource([{"k": "c", "v": 1}], name="other", table_name=by_kind))
    pipeline.run(events([{"k": "a", "v": 9}]))
    assert tables(pipeline) == {"a": [("a", 9)], "b": [], "b__lines": [], "c": [("c", 1)]}
    pipeline.run(events([]))
    assert tables(pipeline) == {"a": [], "b": [], "b__lines": [], "c": [("c", 1)]}


def test_the_cursor_judges_the_rows_of_all_tables(pipeline):
    rows = [{"id": 1, "k": "a", "t": 1}, {"id": 2, "k": "b", "t": 2}, {"id": 3, "k": "a", "t": 3}]
    seen = []

    @dlt.resource(table_name=by_kind, primary_key="id")
    def events(updated=dlt.sources.incremental("t", initial_value=2)):
        yield list(rows)
        seen.append(updated.last_value)
        yield {"id": 4, "k": "c", "t": 4}
        seen.append(updated.last_value)

    pipeline.run(events)
    pipeline.run(events)
    assert seen == [3, 4, 4, 4]
    assert tables(pipeline) == {"a": [(3, "a", 3)], "b": [(2, "b", 2)], "c": [(4, "c", 4)]}
    rows.append({"id": 5, "k": "a", "t": 5})
    pipeline.run(events)
    assert tables(pipeline)["a"] == [(3, "a", 3), (5, "a", 5)]


@pytest.mark.parametrize("has_cursor", [False, True])
def test_a_transformer_gets_pages_whole(pipeline, has_cursor):
    seen = []
    cursor = dlt.sources.incremental("t", initial_value=2) if has_cursor else None

    @dlt.resource(table_name=by_kind, incremental=cursor)
    def events():
        yield [{"k": "a", "t": 1}, {"k": "b", "t": 2}, {"k": "a", "t": 3}, {"k": "b", "t": 1}]
        yield {"k": "c", "t": 4}
        yield [{"k": "a", "t": 1}, {"k": "b", "t": 1}]

    @dlt.transformer(data_from=events, table_name=lambda row: f"of_{row['n']}")
    def counts(item):
        seen.append(item)
        yield {"n": len(item)}

    @dlt.source
    def shop():
        return events, counts

    pipeline.run(shop())
    if has_cursor:
        assert seen == [[{"k": "b", "t": 2}, {"k": "a", "t": 3}], {"k": "c", "t": 4}]
        assert tables(pipeline) == {"a": [("a", 3)], "b": [("b", 2)], "c": [("c", 4)], "of_2": [(2,), (2,)]}
    else:
        assert [len(page) for page in seen] == [4, 2, 2] and seen[0][1] == {"k": "b", "t": 2}
        assert {name: len(rows) for name, rows in tables(pipeline).items()} == {"a": 3, "b": 3, "c": 1, "of_2": 2, "of_4": 1}


def test_the_contract_says_whether_a_table_may_be_new(pipeline):
    def events(kind, contract=None):
        return dlt.resource([{"k": kind}], name="x", table_name=by_kind, schema_contract=contract)

    pipeline.run(events("a"))
    assert isinstance(failure(pipeline, events("b", {"tables": "freeze"})).exception, DataValidationError)
    pipeline.run(events("b", {"tables": "discard_row"}))
    pipeline.run(events("a", {"tables": "freeze"}))
    assert tables(pipeline) == {"a": [("a",), ("a",)]}


def test_hints_of_a_run_are_of_all_tables_and_its_table_name_takes_the_place_of_the_function(pipeline):
    rows = [{"k": "a", "v": 1}, {"k": "b", "v": 1}]
    for _ in range(2):
        pipeline.run(dlt.resource(rows, name="x", table_name=by_kind), write_disposition="merge", primary_key="v")
    pipeline.run(dlt.resource(rows, name="x", table_name=by_kind), table_name="fixed")
    assert tables(pipeline) == {"a": [("a", 1)], "b": [("b", 1)], "fixed": [("a", 1), ("b", 1)]}


def test_maps_and_limits_come_before_the_function(pipeline):
    made = dlt.resource([{"k": "a"}, {"k": "b"}, {"k": "c"}], name="x", table_name=by_kind)
    pipeline.run(made.add_limit(2).add_map(lambda row: {"k": row["k"] + "1"}).select_tables("b1"))
    assert tables(pipeline) == {"b1": [("b1",)]}


def test_sources_that_the_library_reads_otherwise(pipeline, tmp_path):
    from tidegate.sources.filesystem import filesystem, read_jsonl
    from tidegate.sources.sql_database import sql_table

    with contextlib.closing(sqlite3.connect("shop.db")) as shop:
        shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, k TEXT)")
        shop.executemany("INSERT INTO orders VALUES (?, ?)", [(1, "a"), (2, "b"), (3, "a")])
        shop.commit()
    orders = sql_table("sqlite:///shop.db", "orders", incremental=dlt.sources.incremental("id"), write_disposition="merge")
    orders.apply_hints(table_name=by_kind)
    pipeline.run(orders)
    pipeline.run(orders)
    (tmp_path / "lines.jsonl").write_text('{"k": "p", "v": 1}\n{"k": "q", "v": 2}\n')
    lines = filesystem(str(tmp_path), file_glob="*.jsonl") | read_jsonl()
    pipeline.run(lines.apply_hints(table_name=by_kind))
    assert tables(pipeline) == {"a": [(1, "a"), (3, "a")], "b": [(2, "b")], "p": [("p", 1)], "q": [("q", 2)]}


def test_several_resources_of_one_name_have_one_function(pipeline):
    @dlt.resource(table_name=by_kind)
    def events(kind):
        yield {"k": kind}

    pipeline.run([events("a"), events("b")])
    assert tables(pipeline) == {"a": [("a",)], "b": [("b",)]}
    other = dlt.resource([{"k": "c"}], name="events", table_name=lambda row: "other")
    error = failure(pipeline, [events("a"), other])
    assert isinstance(error.exception, NotInTidegate) and "'events'" in str(error)
    assert tables(pipeline) == {"a": [("a",)], "b": [("b",)]}


def test_a_killed_run_leaves_no_table_and_the_next_one_makes_all():
    program = """
import os, tidegate as dlt
@dlt.resource(table_name=lambda row: row["k"])
def events():
    yield [{"k": "a"}, {"k": "b"}]
    if "DIE" in os.environ:
        os.kill(os.getpid(), 9)
    yield {"k": "c"}
dlt.pipeline("spread", destination="duckdb", dataset_name="d").run(events)
"""
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ | {"DIE": "1"}, capture_output=True)
    assert killed.returncode == -9
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    pipeline = dlt.pipeline("spread", destination="duckdb", dataset_name="d")
    assert tables(pipeline) == {"a": [("a",)], "b": [("b",)], "c": [("c",)]}


# ---- frames ------------------------------------------------------------------------------------------------------------------------------

TWO = pyarrow.table({"k": ["a", "a"], "v": [1, 2]})
ONE = pyarrow.table({"k": ["b"], "v": [3]})
KINDS = {
    "Table": lambda table: table, "RecordBatch": lambda table: table.to_batches()[0], "pandas": lambda table: table.to_pandas(),
    "polars": polars.from_arrow, "lazy": lambda table: polars.from_arrow(table).lazy(), "reader": lambda table: table.to_reader(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_function_gets_a_frame_as_a_whole(pipeline, kind):
    asked = []

    def name(frame):
        asked.append(len(frame) if hasattr(frame, "__len__") else frame.num_rows)
        return f"of {str(frame['k'][0])}"

    @dlt.resource(table_name=name)
    def frames():
        yield KINDS[kind](TWO)
        yield KINDS[kind](ONE)
        yield KINDS[kind](TWO)

    pipeline.run(frames)
    assert asked == [2, 1, 2]
    assert tables(pipeline) == {"of_a": [("a", 1), ("a", 1), ("a", 2), ("a", 2)], "of_b": [("b", 3)]}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_marked_between_rows(pipeline, kind):
    def mixed():
        yield {"k": "row", "v": 0}
        yield mark.with_table_name(KINDS[kind](TWO), "frames")
        yield {"k": "row", "v": 1}
        yield KINDS[kind](ONE)
        yield mark.with_table_name([{"k": "z", "v": 7}], "frames")

    pipeline.run(dlt.resource(mixed, name="x"))
    assert tables(pipeline) == {"x": [("b", 3), ("row", 0), ("row", 1)], "frames": [("a", 1), ("a", 2), ("z", 7)]}


def test_a_page_of_frames_is_one_after_the_other(pipeline):
    sizes = []

    def pages():
        yield [TWO, ONE]
        yield {"k": "row", "v": 0}
        yield [pandas.DataFrame({"k": ["p"], "v": [9]})]

    def sizes_of(item):
        sizes.append([len(frame) for frame in item] if isinstance(item, list) else item)
        yield {"n": 1}

    pages = dlt.resource(pages, name="x")
    pipeline.run(pages)
    assert tables(pipeline) == {"x": [("a", 1), ("a", 2), ("b", 3), ("p", 9), ("row", 0)]}
    pipeline.run(pages | dlt.transformer(sizes_of, name="t"))
    assert sizes == [[2, 1], {"k": "row", "v": 0}, [1]]


# ---- mark.with_table_name ----------------------------------------------------------------------------------------------------------------


def marked_rows():
    yield {"i": 1}
    yield mark.with_table_name({"i": 2}, "other")
    yield {"i": 3}
    yield mark.with_table_name([{"i": 4}, {"i": 5}], "O ther")
    yield mark.with_table_name(None, "none")
    yield mark.with_table_name([], "empty")
    yield mark.with_table_name({"i": 6}, "x")
    yield {"i": 7}


def test_a_mark_says_where_an_item_goes(pipeline):
    x = dlt.resource(marked_rows, name="x")
    for times in (1, 2):
        pipeline.run(x)
        assert tables(pipeline) == {
            "x": sorted([(1,), (3,), (6,), (7,)] * times), "other": [(2,)] * times, "o_ther": sorted([(4,), (5,)] * times),
        }
    assert list(x) == [{"i": n} for n in range(1, 8)]


def test_marks_around_rows_of_a_page_are_told(pipeline):
    def pages():
        yield [{"i": 1}, mark.with_table_name({"i": 2}, "other")]

    error = failure(pipeline, dlt.resource(pages, name="x")).exception
    assert isinstance(error, InvalidValueInRow) and error.row == 2 and "stands around what is yielded" in str(error)


def test_a_table_that_nobody_knows_is_made_unless_the_resource_says_its_own(pipeline):
    def rows():
        yield {"i": 1}
        yield mark.with_table_name({"i": 2}, "other")

    error = failure(pipeline, dlt.resource(rows, name="x", table_name="t"))
    assert isinstance(error.exception, TableNotFound) and isinstance(error.exception, KeyError)
    assert error.step == "extract" and error.exception.table_name == "other" and pipeline.first_run
    pipeline.run(dlt.resource(rows, name="x"))
    assert tables(pipeline) == {"x": [(1,)], "other": [(2,)]}
    pipeline.run(dlt.resource(rows, name="x", table_name="t"))  # which is known by now
    assert tables(pipeline) == {"x": [(1,)], "t": [(1,)], "other": [(2,), (2,)]}


def test_the_function_decides_whatever_a_mark_says(pipeline):
    pipeline.run(dlt.resource([mark.with_table_name({"k": "a"}, "other")], name="x", table_name=by_kind))
    assert tables(pipeline) == {"a": [("a",)]}


def test_marks_stay_on_the_way_through_steps(pipeline):
    metas = []

    def noted(row, meta=None):
        metas.append(meta and meta.table_name)
        return row | {"m": 1}

    def rows():
        yield mark.with_table_name([{"i": 1}, {"i": 2}], "a")
        yield mark.with_table_name({"i": 3}, "b")
        yield {"i": 4}

    x = dlt.resource(rows, name="x").add_map(noted).add_filter(lambda row: row["i"] != 2).add_yield_map(lambda row: [row, row])
    pipeline.run(x)
    assert tables(pipeline) == {"a": [(1, 1)] * 2, "b": [(3, 1)] * 2, "x": [(4, 1)] * 2} and metas == ["a", "a", "b", None]
    assert list(x) == [{"i": i, "m": 1} for i in (1, 1, 3, 3, 4, 4)]


def test_steps_may_mark(pipeline):
    rows = [{"i": 1}, {"i": 2}]
    pipeline.run(dlt.resource(rows, name="x").add_map(lambda row: mark.with_table_name(row, f"m{row['i']}")))
    pipeline.run(dlt.resource([rows], name="y").add_yield_map(lambda row: [mark.with_table_name(row, f"n{row['i']}"), row]))
    assert tables(pipeline) == {"m1": [(1,)], "m2": [(2,)], "n1": [(1,)], "n2": [(2,)], "y": [(1,), (2,)]}


def test_limits_count_marked_items(pipeline):
    def rows():
        for i in range(4):
            yield mark.with_table_name([{"i": i}, {"i": i}], f"t{i}")

    pipeline.run(dlt.resource(rows, name="x").add_limit(2))
    assert sorted(tables(pipeline)) == ["t0", "t1"]
    pipeline.run(dlt.resource(rows, name="y").add_limit(5, count_rows=True))
    assert sorted(tables(pipeline)) == ["t0", "t1", "t2"]


def test_marks_stay_through_transformers(pipeline):
    seen = []

    def parents():
        yield mark.with_table_name([{"i": 1}, {"i": 2}], "a")
        yield {"i": 3}

    def children(item):
        seen.append(item)
        yield {"n": "bare"}
        yield mark.with_table_name({"n": "own"}, "own")

    parent = dlt.resource(parents, name="parent")
    child = parent | dlt.transformer(children, name="child")
    pipeline.run(child)
    assert seen == [[{"i": 1}, {"i": 2}], {"i": 3}]
    assert tables(pipeline) == {"a": [("bare",)], "child": [("bare",)], "own": [("own",), ("own",)]}

    @dlt.source
    def both():
        return parent, child

    pipeline.run(both())
    assert {name: len(rows) for name, rows in tables(pipeline).items()} == {"a": 4, "child": 2, "own": 4, "parent": 1}
    assert len(list(child)) == 4 and len(list(both())) == 7


@pytest.mark.parametrize("parallelized", [False, True])
def test_a_transformer_that_returns_and_one_on_threads(pipeline, parallelized):
    def parents():
        for i in range(6):
            yield mark.with_table_name({"i": i}, f"t{i % 2}")

    parent = dlt.resource(parents, name="parent", parallelized=parallelized)
    pipeline.run(parent | dlt.transformer(lambda item: {"n": item["i"]}, name="child", parallelized=parallelized))
    assert tables(pipeline) == {"t0": [(0,), (2,), (4,)], "t1": [(1,), (3,), (5,)]}


def test_the_cursor_judges_marked_rows(pipeline):
    seen = []

    @dlt.resource
    def x(updated=dlt.sources.incremental("t", initial_value=2)):
        yield mark.with_table_name([{"t": 1}, {"t": 2}, {"t": 3}], "a")
        yield mark.with_table_name({"t": 4}, "b")
        seen.append(updated.last_value)
        yield {"t": 5}

    for _ in range(2):
        pipeline.run(x)
        assert tables(pipeline) == {"a": [(2,), (3,)], "b": [(4,)], "x": [(5,)]}
    assert seen == [4, 5]
    assert list(x) == [{"t": t} for t in (2, 3, 4, 5)]


def test_a_transformer_of_marked_rows_gets_the_new_ones(pipeline):
    seen = []

    def rows():
        yield {"t": 1}
        yield mark.with_table_name([{"t": 1}, {"t": 3}], "a")
        yield mark.with_table_name(pyarrow.table({"t": [1, 4]}), "a")

    @dlt.transformer
    def noted(item):
        seen.append(item if isinstance(item, list) else item.to_pylist())
        yield {"n": 1}

    parent = dlt.resource(rows, name="parent", incremental=dlt.sources.incremental("t", initial_value=2))
    child = parent | noted
    pipeline.run(child)
    assert seen == [[{"t": 3}], [{"t": 4}]] and tables(pipeline) == {"a": [(1,), (1,)]}
    seen.clear()
    assert list(child) == [{"n": 1}] * 2 and seen == [[{"t": 3}], [{"t": 4}]]


def test_what_is_put_off_may_be_marked(pipeline):
    @dlt.defer
    def marked(i):
        return mark.with_table_name({"i": i}, f"inside{i}")

    @dlt.defer
    def bare(i):
        return {"i": i}

    async def awaited(i):
        return {"i": i}

    pipeline.run(dlt.resource((marked(i) for i in range(2)), name="x"))
    pipeline.run(dlt.resource((mark.with_table_name(bare(i), f"around{i}") for i in range(2)), name="y"))
    pipeline.run(dlt.resource((mark.with_table_name(awaited(i), f"awaited{i}") for i in range(2)), name="z"))
    pipeline.run(dlt.resource(iter([{"i": 5}, mark.with_table_name(bare(6), "late")]), name="w"))
    expected = {f"{name}{i}": [(i,)] for name in ("inside", "around", "awaited") for i in range(2)}
    assert tables(pipeline) == expected | {"w": [(5,)], "late": [(6,)]}


def test_marks_of_async_generators(pipeline):
    @dlt.resource
    async def x():
        for i in range(2):
            yield mark.with_table_name({"i": i}, f"t{i}")

    pipeline.run(x)
    assert tables(pipeline) == {"t0": [(0,)], "t1": [(1,)]}


def test_select_tables_by_mark_and_by_function(pipeline):
    def rows():
        yield mark.with_table_name([{"i": 1}, {"i": 2}], "a")
        yield mark.with_table_name({"i": 3}, "b")

    pipeline.run(dlt.resource(rows, name="x").select_tables("a"))
    pipeline.run(dlt.resource([{"k": "p"}, {"k": "q"}], name="y", table_name=by_kind).select_tables("p"))
    assert tables(pipeline) == {"a": [(1,), (2,)], "p": [("p",)]}


def test_a_marked_row_of_a_model_is_validated(pipeline):
    class Row(pydantic.BaseModel):
        i: int

    def rows():
        yield mark.with_table_name([{"i": "1"}, {"i": "2"}], "a")
        yield mark.with_table_name({"i": "3"}, "b")

    parent = dlt.resource(rows, name="x", columns=Row)
    pipeline.run(parent)
    pipeline.run(parent | dlt.transformer(lambda item: [{"i": "7"}], name="t", columns=Row))
    assert tables(pipeline) == {"a": [(1,), (2,), (7,)], "b": [(3,), (7,)]} and columns(pipeline, "b") == {"i": "BIGINT"}


def test_rows_of_another_resource_s_table(pipeline):
    @dlt.source
    def both():
        return dlt.resource([mark.with_table_name({"i": 1}, "q")], name="p"), dlt.resource([{"i": 2}], name="q")

    pipeline.run(both())
    pipeline.run(both())
    assert tables(pipeline) == {"q": [(1,), (1,), (2,), (2,)]}


# ---- mark.with_hints ---------------------------------------------------------------------------------------------------------------------


def test_hints_with_an_item_hold_from_there_on_and_in_that_run(pipeline):
    def rows():
        yield {"i": 1}
        yield mark.with_hints({"i": 2}, mark.make_hints(table_name="h", primary_key="i", write_disposition="merge"))
        yield {"i": 3}
        yield {"i": 3}
        yield mark.with_hints({"i": 4, "w": 5}, mark.make_hints(columns={"w": {"data_type": "text"}, "q": {"data_type": "bool"}}))
        yield {"i": 5}
        yield mark.with_hints({"i": 6}, None)
        yield mark.with_hints({"i": 7}, mark.make_hints(table_name=""))

    x = dlt.resource(rows, name="x")
    for times in (1, 2):
        pipeline.run(x)
        assert [row[0] for row in tables(pipeline)["x"]] == [1] * times
        assert len(tables(pipeline)["h"]) == 6
    assert columns(pipeline, "h") == {"i": "BIGINT", "w": "VARCHAR", "q": "BOOLEAN"}
    assert (x.table_name, x.write_disposition, x.columns) == ("x", "append", {})


def test_hints_of_the_resource_s_own_table_before_its_first_row(pipeline):
    def rows():
        yield mark.with_hints({"i": 1}, mark.make_hints(primary_key="i", write_disposition="merge"))
        yield {"i": 1}

    for _ in range(2):
        pipeline.run(dlt.resource(rows, name="x"))
        assert tables(pipeline) == {"x": [(1,)]}


def test_a_resource_may_become_one_with_a_function_and_back(pipeline):
    def rows():
        yield {"k": "first"}
        yield mark.with_hints({"k": "b"}, mark.make_hints(table_name=by_kind))
        yield {"k": "c"}
        yield [{"k": "d"}, {"k": "c"}]
        yield mark.with_hints({"k": "e"}, mark.make_hints(table_name="fixed"))
        yield {"k": "c"}

    pipeline.run(dlt.resource(rows, name="x"))
    assert tables(pipeline) == {
        "x": [("first",)], "b": [("b",)], "c": [("c",), ("c",)], "d": [("d",)], "fixed": [("c",), ("e",)],
    }


def test_what_with_hints_does_not_take(pipeline):
    class Row(pydantic.BaseModel):
        i: int

    with pytest.raises(NotInTidegate, match="incremental"):
        mark.make_hints(incremental=dlt.sources.incremental("i"))
    with pytest.raises(NotInTidegate, match="nested_hints"):
        mark.make_hints(nested_hints={"a": {}})
    with pytest.raises(ValueError, match="write_disposition"):
        raise failure(pipeline, [mark.with_hints({"i": 1}, {"write_disposition": "nonsense"})], table_name="x").exception.__cause__
    error = failure(pipeline, [mark.with_hints({"i": 1}, mark.make_hints(columns=Row))], table_name="x")
    assert isinstance(error.exception, NotInTidegate) and "pydantic" in str(error)
    for name in ("with_file_import", "make_nested_hints"):
        with pytest.raises(NotInTidegate, match=name):
            getattr(mark, name)("file", "parquet")


def test_the_schema_keeps_what_hints_say_for_readers(pipeline):
    reference = {"referenced_table": "z", "columns": ["n"], "referenced_columns": ["n"]}
    hints = mark.make_hints(table_name="h", additional_table_hints={"x-note": 1}, references=[reference])
    pipeline.run(dlt.resource([mark.with_hints([{"n": 1}], hints)], name="x"))
    table = pipeline.default_schema.tables["h"]
    assert (table["x-note"], table["references"], table["resource"]) == (1, [reference], "x")


# ---- variants ----------------------------------------------------------------------------------------------------------------------------


def test_a_variant_is_a_table_beside_the_resource_s_own(pipeline):
    hints = mark.make_hints(table_name="v", primary_key="i", write_disposition="merge")

    def rows():
        yield mark.with_hints({"i": 1}, hints, create_table_variant=True)
        yield {"i": 2}
        yield {"i": 2}
        yield mark.with_table_name({"i": 1}, "v")
        yield mark.with_table_name({"i": 3}, "v")

    for times in (1, 2):
        pipeline.run(dlt.resource(rows, name="x"))
        assert tables(pipeline) == {"v": [(1,), (3,)], "x": [(2,)] * 2 * times}
    pipeline.run(dlt.resource(rows, name="y", table_name="own"))  # a variant is known, whatever the resource's table is called
    assert tables(pipeline)["own"] == [(2,), (2,)]


def test_a_variant_begins_with_the_hints_of_the_resource(pipeline):
    def rows():
        yield mark.with_table_name({"i": 1}, "v")
        yield mark.with_table_name({"i": 2}, "bare")
        yield {"i": 3}

    x = dlt.resource(rows, name="x", primary_key="i", write_disposition="merge", columns={"w": {"data_type": "bigint"}})
    x.apply_hints(table_name="v", columns={"b": {"data_type": "date"}}, create_table_variant=True)
    x.apply_hints(table_name="v", columns={"c": {"data_type": "bool"}}, create_table_variant=True)
    assert x.table_name == "x" and list(x.columns) == ["w"]
    assert set(x.compute_table_schema(meta=TableNameMeta("v"))["columns"]) == {"w", "b", "c", "i"}
    for _ in range(2):
        pipeline.run(x)
    assert {name: len(rows) for name, rows in tables(pipeline).items()} == {"v": 1, "bare": 1, "x": 1}
    assert set(columns(pipeline, "v")) == {"w", "b", "c", "i"} and set(columns(pipeline, "bare")) == {"w", "i"}
    assert set(columns(pipeline, "x")) == {"w", "i"}


def test_a_variant_is_found_by_the_function_too(pipeline):
    rows = [{"k": "a", "i": 1}, {"k": "v", "i": 1}, {"k": "v", "i": 1}]
    x = dlt.resource(rows, name="x", table_name=by_kind, primary_key=lambda row: "k")
    x.apply_hints(table_name="v", primary_key="i", write_disposition="merge", create_table_variant=True)
    assert x.has_dynamic_table_name and not x._variants["v"].functions
    for times in (1, 2):
        pipeline.run(x)
        assert tables(pipeline) == {"a": [("a", 1)] * times, "v": [("v", 1)]}


def test_variants_of_copies_are_their_own():
    x = dlt.resource([1], name="x")
    copy = x.with_name("y").apply_hints(table_name="v", create_table_variant=True)
    assert list(copy._variants) == ["v"] and not x._variants


@pytest.mark.parametrize(("hints", "kind"), [
    ({}, ValueError), ({"table_name": by_kind}, ValueError), ({"table_name": ""}, ValueError),
    ({"table_name": "v", "incremental": dlt.sources.incremental("i")}, InconsistentTableTemplate),
    ({"table_name": "v", "primary_key": lambda row: "i"}, InconsistentTableTemplate),
])
def test_what_is_no_variant(pipeline, hints, kind):
    with pytest.raises(kind):
        dlt.resource([1], name="x").apply_hints(create_table_variant=True, **hints)
    said = {name: value for name, value in hints.items() if value != ""}
    error = failure(pipeline, [mark.with_hints({"i": 1}, said or {"primary_key": "i"}, create_table_variant=True)], table_name="x")
    assert kind in (type(error.exception), type(error.exception.__cause__))


# ---- mark.materialize_table_schema -------------------------------------------------------------------------------------------------------


def test_a_table_without_rows_is_made(pipeline):
    def nothing():
        yield mark.materialize_table_schema()

    hints = {"a": {"data_type": "bigint"}, "b": {"data_type": "text", "nullable": False}}
    pipeline.run(dlt.resource(nothing, name="x", columns=hints))
    pipeline.run([mark.materialize_table_schema()], table_name="bare")
    assert columns(pipeline, "x") == {"a": "BIGINT", "b": "VARCHAR"} and tables(pipeline) == {"x": []}
    with pipeline.sql_client() as client:
        assert client.execute_sql("SELECT count(*) FROM d.bare") == [(0,)]
    assert list(dlt.resource(nothing, name="x")) == [] and mark.materialize_table_schema() == []


def test_which_table_is_made_a_mark_says(pipeline):
    def nothing():
        yield mark.with_table_name(mark.materialize_table_schema(), "by_name")
        yield mark.with_hints(
            mark.materialize_table_schema(), mark.make_hints(table_name="v", columns={"q": {"data_type": "date"}}), create_table_variant=True
        )
        yield mark.with_hints(mark.materialize_table_schema(), mark.make_hints(table_name="h", columns={"r": {"data_type": "date"}}))
        yield {"r": "2024-01-02"}

    pipeline.run(dlt.resource(nothing, name="x", columns={"n": {"data_type": "bigint"}}))
    assert {name: set(columns(pipeline, name)) for name in tables(pipeline)} == {"by_name": {"n"}, "v": {"n", "q"}, "h": {"n", "r"}}
    assert len(tables(pipeline)["h"]) == 1


@pytest.mark.parametrize(("disposition", "left"), [("append", 1), ("merge", 1), ("replace", 0)])
def test_a_table_that_is_there_is_replaced_by_none_or_stays(pipeline, disposition, left):
    def run(rows):
        pipeline.run(dlt.resource(rows, name="x", primary_key="a", write_disposition=disposition))

    run([{"a": 1}])
    run([mark.materialize_table_schema()])
    assert len(tables(pipeline)["x"]) == left


@pytest.mark.parametrize("step", [
    lambda x: x.add_map(lambda row: row), lambda x: x.add_filter(lambda row: False), lambda x: x.add_yield_map(lambda row: [row]),
    lambda x: x.apply_hints(incremental=dlt.sources.incremental("a")), lambda x: x.add_limit(1), lambda x: x,
])
def test_steps_leave_it_as_it_is(pipeline, step):
    pipeline.run(step(dlt.resource([mark.materialize_table_schema()], name="x", columns={"a": {"data_type": "bigint"}})))
    assert tables(pipeline) == {"x": []}


def test_a_transformer_gets_an_empty_page(pipeline):
    seen = []

    @dlt.transformer
    def sizes(page):
        seen.append(page)
        yield {"n": len(page)}

    parent = dlt.resource([mark.materialize_table_schema()], name="x", columns={"a": {"data_type": "bigint"}})

    @dlt.source
    def both():
        return parent, parent | sizes

    pipeline.run(parent | sizes)
    pipeline.run(both())
    assert seen == [[], []] and tables(pipeline) == {"sizes": [(0,), (0,)], "x": []}


# ---- what plain resources pay ------------------------------------------------------------------------------------------------------------


def test_no_step_of_python_stands_before_the_first_mark(pipeline):
    frames = []

    def rows():
        for i in range(3):
            frames.append(sys._getframe(1).f_code.co_name)
            yield mark.with_table_name({"i": i}, "other") if i == 1 else {"i": i}

    pipeline.run(dlt.resource(rows, name="x"))
    assert "spread" not in frames[:2] and frames[2] == "spread"


# ---- what is replaced beside a cursor ----------------------------------------------------------------------------------------------------


def own_replaced():
    yield mark.with_hints({"id": 1}, mark.make_hints(write_disposition="replace"))
    yield {"id": 2}


def frames_replaced():
    replaced = mark.make_hints(table_name="t", write_disposition="replace")
    yield mark.with_hints(pyarrow.table({"id": [1, 2]}), replaced, create_table_variant=True)


@pytest.mark.parametrize(("rows", "table"), [(own_replaced, "x"), (frames_replaced, "t")])
def test_no_table_is_replaced_without_rows_that_the_cursor_leaves_out(pipeline, rows, table):
    def made(cursor):
        resource = dlt.resource(rows, name="x")
        return resource.apply_hints(incremental=dlt.sources.incremental("id")) if cursor else resource

    for _ in range(2):
        pipeline.run(made(False))  # the control
    assert tables(pipeline) == {table: [(1,), (2,)]}
    pipeline.run(made(True), refresh="drop_data")
    for _ in range(2):
        error = failure(pipeline, made(True)).exception
        assert (error.code, error.table) == ("TG_USAGE", table) and "let the resource itself say" in str(error)
        assert tables(pipeline) == {table: [(1,), (2,)]}


def test_a_function_as_disposition_loses_no_row_to_a_cursor(pipeline):
    @dlt.resource(table_name=by_kind, write_disposition=lambda row: "replace" if row["k"] == "now" else "append")
    def events(rows, at=dlt.sources.incremental("id")):
        yield rows

    pipeline.run(events([{"k": "now", "id": 1}, {"k": "log", "id": 2}]))
    assert "has left out rows for it" in str(failure(pipeline, events([{"k": "now", "id": 1}, {"k": "log", "id": 3}])))
    pipeline.run(events([{"k": "now", "id": 4}, {"k": "log", "id": 2}]))  # all that is new, and no more
    assert tables(pipeline) == {"now": [("now", 4)], "log": [("log", 2)]}


@pytest.mark.parametrize("refresh", ["drop_data", "drop_resources"])
def test_a_refresh_leaves_tables_to_resources_that_it_does_not_take(pipeline, refresh):
    @dlt.source
    def shop():
        def whole(at=dlt.sources.incremental("id")):
            yield [{"id": 1}, {"id": 2}]

        def part():
            yield {"id": 9}
            yield mark.with_table_name({"id": 3}, "whole")

        return dlt.resource(whole), dlt.resource(part)

    pipeline.run(shop())
    assert tables(pipeline) == {"whole": [(1,), (2,), (3,)], "part": [(9,)]}
    pipeline.run(shop().with_resources("part"), refresh=refresh)
    assert tables(pipeline) == {"whole": [(1,), (2,), (3,), (3,)], "part": [(9,)]}
    pipeline.run(shop(), refresh=refresh)
    assert tables(pipeline) == {"whole": [(1,), (2,), (3,)], "part": [(9,)]}


# ---- one table of several resources ----


def asked(pipeline, sql):
    with pipeline.sql_client() as client:
        return [tuple(row) for row in client.execute_sql(sql)]


def parts(count, **hints):
    return [
        dlt.resource([{"id": part * 10 + number, "part": part} for number in range(3)], name=f"part_{part}", table_name="All Parts", **hints)
        for part in range(count)
    ]


def test_resources_of_one_table(pipeline):
    pipeline.run(parts(3))
    assert asked(pipeline, "SELECT part, count(*) FROM d.all_parts GROUP BY part ORDER BY part") == [(0, 3), (1, 3), (2, 3)]
    pipeline.run(parts(2))
    assert asked(pipeline, "SELECT count(*) FROM d.all_parts") == [(15,)]
    assert list(tables(pipeline)) == ["all_parts"]


@pytest.mark.parametrize("disposition", ["merge", "replace"])
def test_resources_of_one_table_by_its_disposition(pipeline, disposition):
    for _ in range(2):
        pipeline.run(parts(3, write_disposition=disposition, primary_key="id"))
        assert asked(pipeline, "SELECT count(*), count(DISTINCT id) FROM d.all_parts") == [(9, 9)]
    pipeline.run(parts(1, write_disposition=disposition, primary_key="id"))
    assert asked(pipeline, "SELECT count(*) FROM d.all_parts") == [(3 if disposition == "replace" else 9,)]


def test_resources_of_one_table_have_cursors_of_their_own(pipeline):
    def of(name, rows):
        return dlt.resource(rows, name=name, table_name="t", incremental=dlt.sources.incremental("n"))

    pipeline.run([of("a", [{"n": 1}, {"n": 5}]), of("b", [{"n": 2}])])
    pipeline.run([of("a", [{"n": 3}, {"n": 6}]), of("b", [{"n": 3}])])
    assert asked(pipeline, "SELECT n FROM d.t ORDER BY n") == [(1,), (2,), (3,), (5,), (6,)]


def test_names_that_are_nearly_the_same_are_two_tables(pipeline):
    def of(name, count):
        rows = [{"id": number} for number in range(count)]
        return dlt.resource(rows, name=name, primary_key="id", write_disposition="merge", deletes="snapshot")

    pipeline.run([of("a1", 1), of("a_1", 2)])
    assert asked(pipeline, "SELECT (SELECT count(*) FROM d.a1), (SELECT count(*) FROM d.a_1)") == [(1, 2)]


def test_resources_of_one_table_in_different_ways(pipeline):
    said = parts(2, write_disposition="merge", primary_key="id")
    said[1].apply_hints(write_disposition="append")
    with pytest.raises(PipelineStepFailed, match="all_parts"):
        pipeline.run(said)
