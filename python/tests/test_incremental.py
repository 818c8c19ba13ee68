"""The cursor: how it is said, what a resource's function sees of it, which rows are new, and what is wrong."""

import datetime
import decimal
import sys
import types
from typing import Optional

import pytest

import in_memory
import tidegate as dlt
from tidegate.extract.exceptions import IncrementalUnboundError, ParametrizedResourceUnbound
from tidegate.extract.incremental.exceptions import (
    ExternalSchedulerNotAvailable,
    IncrementalCursorInvalidCoercion,
    IncrementalCursorPathHasValueNone,
    IncrementalCursorPathMissing,
    IntervalNotAvailable,
    JoinSchedulerError,
)
from tidegate.pipeline.exceptions import PipelineStepFailed

incremental = dlt.sources.incremental
UTC = datetime.timezone.utc


def day(n, hour=0, tz=UTC):
    return datetime.datetime(2024, 1, n, hour, tzinfo=tz)


@pytest.fixture
def pipeline():
    return dlt.pipeline("shop", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def ids(pipeline, table="rows", column="id"):
    with pipeline.sql_client() as client:
        return [row[0] for row in client.execute_sql(f"select {column} from {table} order by 1")]


def rows_of(values, key="u"):
    return [{"id": n, key: value} for n, value in enumerate(values, 1)]


# ---- how it is said ----


def test_a_call_says_more_than_a_hint_and_a_hint_more_than_a_default():
    @dlt.resource
    def rows(updated=incremental("u", initial_value=10)):
        yield [{"u": u} for u in (5, 10, 25, 30)]

    assert [r["u"] for r in rows] == [10, 25, 30]
    assert [r["u"] for r in rows(updated=incremental(initial_value=25))] == [25, 30]
    assert [r["u"] for r in rows(updated=30)] == [30] and rows(updated=30).incremental.cursor_path == "u"
    assert rows.incremental.initial_value == 10
    hinted = rows.with_name("hinted").apply_hints(incremental=incremental("u", initial_value=25))
    assert [r["u"] for r in hinted] == [25, 30] and [r["u"] for r in hinted(updated=5)] == [5, 10, 25, 30]
    assert [r["u"] for r in rows.with_name("part").apply_hints(incremental=incremental(initial_value=25))] == [25, 30]


def test_the_decorator_says_it_too():
    @dlt.resource(incremental=incremental("u", initial_value=2))
    def rows():
        yield rows_of([1, 2, 3])

    assert [r["u"] for r in rows] == [2, 3]


def test_none_takes_it_away_only_where_its_type_is_optional():
    seen = []

    @dlt.resource
    def maybe(updated: Optional[incremental[int]] = incremental("u", initial_value=2)):  # noqa: UP045
        seen.append(updated)
        yield rows_of([1, 2])

    @dlt.resource
    def always(updated=incremental("u")):
        yield rows_of([1])

    assert len(list(maybe(updated=None))) == 2 and seen == [None]
    with pytest.raises(ValueError, match="'updated' may be None only where its type is Optional"):
        always(updated=None)


def test_a_parameter_that_is_typed_gets_what_is_hinted():
    @dlt.resource
    def rows(updated: incremental[int] = None):
        yield [{"u": 7, "at": updated.last_value}]

    with pytest.raises(ValueError, match="Optional"):
        list(rows)
    assert list(rows.apply_hints(incremental=incremental("u", initial_value=5))) == [{"u": 7, "at": 5}]


def test_a_parameter_called_cursor_gets_what_is_hinted():
    @dlt.resource
    def rows(cursor):
        yield [{"u": 7, "at": cursor.last_value}]

    with pytest.raises(ParametrizedResourceUnbound, match="cursor"):
        list(rows)
    assert list(rows.apply_hints(incremental=incremental("u", initial_value=5))) == [{"u": 7, "at": 5}]


def test_a_cursor_of_a_database_is_an_argument():
    @dlt.resource
    def rows(cursor, table="t"):
        yield {"got": cursor, "table": table}

    assert list(rows("db")) == list(rows(cursor="db")) == [{"got": "db", "table": "t"}]
    assert list(rows("db", "x")) == [{"got": "db", "table": "x"}]


def test_a_cursor_may_stand_before_other_arguments():
    @dlt.resource(incremental=incremental("u", initial_value=5))
    def rows(cursor, table, *more, **named):
        yield {"u": 7, "got": (cursor.last_value, table, more, named)}

    assert list(rows("t")) == [{"u": 7, "got": (5, "t", (), {})}]
    assert list(rows(table="t", x=1)) == [{"u": 7, "got": (5, "t", (), {"x": 1})}]
    with pytest.raises(TypeError, match=r"rows\(\).*'table'"):
        rows()


def test_words_that_are_none():
    for said, text in [
        ({"on_cursor_value_missing": "drop"}, "raise, include, exclude, not 'drop'"), ({"row_order": "up"}, "asc, desc"),
        ({"range_start": "shut"}, "open, closed"), ({"last_value_func": "avg"}, "max, min"),
        ({"cursor_type": "int"}, "bigint"), ({"on_commit_safe_wait": "no"}, "raise, warn"),
    ]:
        with pytest.raises(ValueError, match=text):
            incremental("u", **said)


def test_it_has_no_values_outside_of_a_reading():
    cursor = incremental("u", initial_value=1)
    for name in ("last_value", "start_value", "unique_hashes"):
        with pytest.raises(IncrementalUnboundError, match="'u' has no values yet"):
            getattr(cursor, name)
    assert (cursor.initial_value, cursor.end_value, cursor.row_order, cursor.lag, cursor.primary_key) == (1, None, None, None, None)
    assert not cursor.start_out_of_range and not cursor.end_out_of_range
    with pytest.raises(NotImplementedError, match="from_existing_state is not in tidegate"):
        incremental.from_existing_state("rows", "u")


def test_texts():
    assert repr(incremental("u", initial_value=2)) == (
        "<dlt.sources.incremental(cursor_path='u', initial_value=2, last_value_func='max')>"
    )
    assert repr(incremental("u", end_value=3, initial_value=2, range_end="closed", last_value_func=min)) == (
        "<dlt.sources.incremental(cursor_path='u', initial_value=2, end_value=3, last_value_func='min', range_end='closed')>"
    )


# ---- what a run sees of it ----


@pytest.mark.parametrize("parallelized", [False, True])
def test_the_last_value_moves_with_each_yield(pipeline, parallelized):
    seen = []

    @dlt.resource(parallelized=parallelized)
    def rows(updated=incremental("u", initial_value=0)):
        seen.append((updated.start_value, updated.last_value))
        for u in (1, 3, 2):
            yield {"u": u}
            seen.append((updated.start_value, updated.last_value))
        yield [{"u": 9}, {"u": 8}]
        seen.append((updated.start_value, updated.last_value))

    pipeline.run(rows)
    assert seen == [(0, 0), (0, 1), (0, 3), (0, 3), (0, 9)]
    seen.clear()
    pipeline.run(rows)
    assert seen[0] == (9, 9)
    seen.clear()
    assert len(list(rows)) == 5 and seen == [(0, 0), (0, 1), (0, 3), (0, 3), (0, 9)]


def test_out_of_range_is_told(pipeline):
    seen = []

    @dlt.resource
    def rows(updated=incremental("u", initial_value=5, end_value=9)):
        for u in (6, 4, 7, 9, 8):
            yield {"u": u}
            seen.append((updated.start_out_of_range, updated.end_out_of_range))

    expected = [(False, False), (True, False), (True, False), (True, True), (True, True)]
    pipeline.run(rows)
    assert seen == expected
    seen.clear()
    assert [r["u"] for r in rows] == [6, 7, 8] and seen == expected
    assert ids(pipeline, column="u") == [6, 7, 8]


@pytest.mark.parametrize(("order", "values", "drawn"), [("asc", [5, 6, 9, 10], 3), ("desc", [8, 6, 4, 3], 3)])
def test_a_row_order_closes_the_generator(pipeline, order, values, drawn):
    for alone in (False, True):
        seen, closed = [], []

        @dlt.resource
        def rows(updated=incremental("u", initial_value=5, end_value=9, row_order=order)):
            try:
                for u in values:
                    seen.append(u)
                    yield {"u": u}
            finally:
                closed.append(True)

        if alone:
            assert [r["u"] for r in rows] == values[:2]
        else:
            pipeline.run(rows)
            assert ids(pipeline, column="u") == sorted(values[:2])
        assert seen == values[:drawn] and closed == [True]


def test_a_generator_that_the_program_has_is_closed_too(pipeline):
    closed = []

    def read():
        try:
            for u in range(100):
                yield [{"u": u}]
        finally:
            closed.append(True)

    generator = read()
    pipeline.run(dlt.resource(generator, name="rows", incremental=incremental("u", initial_value=0, end_value=3, row_order="asc")))
    assert closed == [True] and ids(pipeline, column="u") == [0, 1, 2]


def test_a_map_may_build_the_cursor_s_field(pipeline):
    @dlt.resource(incremental=incremental("at", initial_value=2))
    def rows():
        yield from ({"n": n} for n in range(5))

    rows.add_map(lambda row: {**row, "at": row["n"] * 2})
    assert [r["n"] for r in rows] == [1, 2, 3, 4]
    pipeline.run(rows)
    assert ids(pipeline, column="n") == [1, 2, 3, 4]


def test_unique_hashes_are_those_of_the_rows_at_the_start(pipeline):
    seen = []

    @dlt.resource
    def rows(updated=incremental("u")):
        seen.append(list(updated.unique_hashes))
        yield rows_of([1, 2, 2])

    pipeline.run(rows)
    pipeline.run(rows)
    assert seen[0] == [] and len(seen[1]) == 2 and ids(pipeline) == [1, 2, 3]
    list(rows)
    assert seen[-1] == []


# ---- paths ----


@pytest.mark.parametrize(("path", "row"), [
    ("MyColumn", {"MyColumn": 3}), ("my_column", {"MyColumn": 3}), ("My Col", {"My Col": 3}), ("['My Col']", {"My Col": 3}),
    ("n.d", {"n": {"d": 3}}), ("$.n.d", {"n": {"d": 3}}), ("$.items[0]['up.at']", {"items": [{"up.at": 3}]}),
])
def test_paths(pipeline, path, row):
    for rows in ([row], iter([row])):
        pipeline.run(dlt.resource(rows, name="rows", incremental=incremental(path, initial_value=1)))
    with pipeline.sql_client() as client:
        assert client.execute_sql("select count(*) from rows") == [(1,)]
    assert list(dlt.resource([row], name="rows", incremental=incremental(path, initial_value=1))) == [row]
    assert list(dlt.resource([row], name="rows", incremental=incremental(path, initial_value=4))) == []


@pytest.mark.parametrize("path", ["a..", "[x", "a.", "$[", "a[b]", ".a", "$.", "a['b", "a[1:2]", "a]b", "a[0]b", ["a", "b["]])
def test_paths_that_are_none(path):
    with pytest.raises(ValueError, match="is no path"):
        incremental(path)


def test_several_fields_are_compared_in_order(pipeline):
    seen = []

    @dlt.resource
    def rows(updated=incremental(["day", "n"], initial_value=[day(1), 2])):
        seen.append(updated.last_value)
        yield [{"id": 1, "day": day(1), "n": 1}, {"id": 2, "day": day(1), "n": 2}, {"id": 3, "day": day(2), "n": 0}]
        seen.append(updated.last_value)

    assert [r["id"] for r in rows] == [2, 3] and seen == [[day(1), 2], [day(2), 0]]
    seen.clear()
    pipeline.run(rows)
    pipeline.run(rows)
    assert ids(pipeline) == [2, 3] and seen == [[day(1), 2], [day(2), 0], [day(2), 0], [day(2), 0]]


# ---- values ----


def test_kinds_of_values(pipeline):
    aware, naive = [day(n) for n in (1, 2, 3)], [datetime.datetime(2024, 1, n) for n in (1, 2, 3)]
    for name, values, start in [
        ("a", aware, naive[1]), ("b", naive, aware[1]), ("c", [1, 2, 3], 2.0), ("d", [1.5, 2.0, 3.5], 2),
        ("e", [each.date() for each in aware], datetime.date(2024, 1, 2)), ("f", ["a", "b", "c"], "b"),
        ("g", [decimal.Decimal("1.5"), decimal.Decimal(2), decimal.Decimal(3)], decimal.Decimal(2)),
        ("h", ["2024-01-01T00:00:00Z", "2024-01-02T02:00:00+02:00", "2024-01-03"], aware[1]),
        ("i", [each.date() for each in aware], aware[1]),
    ]:
        rows = rows_of(values)
        assert [r["id"] for r in dlt.resource(rows, name=name, incremental=incremental("u", initial_value=start))] == [2, 3], name
        for _ in range(2):
            pipeline.run(dlt.resource(rows, name=name, incremental=incremental("u", initial_value=start)))
        assert ids(pipeline, name) == [2, 3], name


def test_values_come_back_as_they_were_declared(pipeline):
    seen = {}

    def read(name, cursor, values):
        @dlt.resource(name=name)
        def rows(updated=cursor):
            seen[name] = updated.last_value
            yield rows_of(values)

        pipeline.run(rows)
        pipeline.run(rows)
        return seen[name]

    naive = datetime.datetime(2024, 1, 1)
    assert read("a", incremental("u", initial_value=naive), [day(2)]) == datetime.datetime(2024, 1, 2)
    assert read("b", incremental("u", initial_value=day(1)), [naive.replace(day=2)]) == day(2)
    assert read("c", incremental[datetime.datetime]("u"), ["2024-01-02T00:00:00Z"]) == day(2)
    assert read("d", incremental("u", initial_value=datetime.date(2024, 1, 1)), ["2024-01-02"]) == datetime.date(2024, 1, 2)
    assert read("e", incremental("u", initial_value=decimal.Decimal("0.1")), [decimal.Decimal("1.5")]) == decimal.Decimal("1.5")
    assert read("f", incremental("u"), ["2024-01-02T00:00:00Z"]) == "2024-01-02T00:00:00Z"

    @dlt.resource(name="g")
    def annotated(updated: incremental[datetime.datetime] = incremental("u")):
        seen["g"] = updated.last_value
        yield rows_of(["2024-01-02T00:00:00Z"])

    pipeline.run(annotated)
    pipeline.run(annotated)
    assert seen["g"] == day(2)


@pytest.mark.parametrize(("values", "start"), [(["x"], 1), ([1], "x"), ([True], 1), (["x"], day(1)), ([[1]], None)])
def test_values_that_do_not_compare(pipeline, values, start):
    rows = dlt.resource(rows_of(values), name="rows", incremental=incremental("u", initial_value=start))
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(rows)
    told = caught.value.exception
    assert isinstance(told, IncrementalCursorInvalidCoercion) and caught.value.__cause__ is told and caught.value.step == "extract"
    assert (told.pipe_name, told.cursor_path, told.row) == ("rows", "u", 1)
    with pytest.raises(IncrementalCursorInvalidCoercion, match="'rows'.*'u'"):
        list(rows)


def test_texts_are_taken_for_what_is_said(pipeline):
    numbers, dates = rows_of(["9", "10", "11"]), rows_of(["05.02.2024", "10.01.2024"])
    by_number = incremental("u", initial_value="10", cursor_type="bigint")
    by_date = incremental("u", initial_value="01.02.2024", cursor_type="date", cursor_format="%d.%m.%Y")
    for name, rows, cursor, expected in [("a", numbers, by_number, [2, 3]), ("b", dates, by_date, [1])]:
        assert [r["id"] for r in dlt.resource(rows, name=name, incremental=cursor)] == expected
        pipeline.run(dlt.resource(rows, name=name, incremental=cursor))
        assert ids(pipeline, name) == expected


def test_what_a_row_holds_is_shown():
    for value, told in [
        ([1], r"is \[1\] \(list\) in the row {'id': 2, 'u': \[1\]}, which has no order; use a field with a number"),
        ("x" * 200, r"is 'x{99}\.\.\. \(str\), which does not compare with 1 \(int\) in the row {'id': 2, 'u': 'x+\.\.\.; make the field"),
    ]:
        with pytest.raises(IncrementalCursorInvalidCoercion, match=told):
            list(dlt.resource([{"id": 1, "u": 1}, {"id": 2, "u": value}], name="rows", incremental=incremental("u")))


# ---- rows without a value ----


@pytest.mark.parametrize(("row", "kind"), [({"id": 2}, IncrementalCursorPathMissing), ({"id": 2, "u": None}, IncrementalCursorPathHasValueNone)])
def test_rows_without_a_value(pipeline, row, kind):
    rows = [{"id": 1, "u": 1}, row]
    alone = dlt.resource(rows, name="rows", incremental=incremental("u"))
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(alone)
    told = caught.value.exception
    assert type(told) is kind and (told.pipe_name, told.json_path, told.row) == ("rows", "u", 2)
    with pytest.raises(kind) as caught:
        list(alone)
    assert caught.value.item == row
    for name, said, expected in [("a", "include", [1, 2]), ("b", "exclude", [1])]:
        resource = dlt.resource(rows, name=name, incremental=incremental("u", on_cursor_value_missing=said))
        assert [r["id"] for r in resource] == expected
        pipeline.run(resource)
        assert ids(pipeline, name) == expected


def test_a_cursor_without_a_path():
    with pytest.raises(IncrementalCursorPathMissing, match="names no field"):
        list(dlt.resource([{"a": 1}], name="rows", incremental=incremental(initial_value=1)))


# ---- ranges ----


def test_ends_are_open_or_closed(pipeline):
    rows = rows_of([1, 2, 3, 4])
    for name, said, expected in [
        ("a", {}, [2, 3]), ("b", {"range_start": "open"}, [3]), ("c", {"range_end": "closed"}, [2, 3, 4]),
    ]:
        resource = dlt.resource(rows, name=name, incremental=incremental("u", initial_value=2, end_value=4, **said))
        assert [r["id"] for r in resource] == expected
        pipeline.run(resource)
        assert ids(pipeline, name) == expected


def test_an_open_start_keeps_no_hashes(pipeline):
    seen = []

    @dlt.resource
    def rows(updated=incremental("u", range_start="open")):
        seen.append(updated.unique_hashes)
        yield rows_of([1, 2])

    pipeline.run(rows)
    pipeline.run(rows)
    assert seen == [[], []] and ids(pipeline) == [1, 2]


def test_a_window_remembers_nothing(pipeline):
    def rows(**said):
        return dlt.resource(rows_of([1, 2, 3]), name="rows", incremental=incremental("u", **said))

    pipeline.run(rows(initial_value=1, end_value=3))
    pipeline.run(rows(initial_value=1, end_value=3))
    assert ids(pipeline) == [1, 1, 2, 2]
    pipeline.run(rows())
    assert ids(pipeline) == [1, 1, 1, 2, 2, 2, 3]
    with pytest.raises(PipelineStepFailed, match="'u' has an end_value, but no initial_value"):
        pipeline.run(rows(end_value=3))
    with pytest.raises(PipelineStepFailed, match="exchange the two"):
        pipeline.run(rows(initial_value=3, end_value=1))


def test_a_lag_reads_rows_again(pipeline):
    """dlt would add those of 4, 5 and 6 once more: 10 rows."""
    def rows(values, key="id", **said):
        return dlt.resource(rows_of(values), name="rows", primary_key=key, incremental=incremental("u", lag=2, **said))

    with pytest.raises(PipelineStepFailed, match="append would add them once more"):
        pipeline.run(rows([1], key=None))
    pipeline.run(rows([1, 2, 3, 4, 5, 6]))
    seen = pipeline.run(rows([0, 1, 2, 3, 4, 5, 6, 7]).add_map(lambda row: {**row, "id": row["u"] if row["u"] != 4 else 99}))
    assert ids(pipeline) == [1, 2, 3, 4, 5, 6, 7, 99] and seen.row_counts["rows"] == 2
    assert [r["u"] for r in rows([1, 2, 3], initial_value=2)] == [2, 3]


def test_a_lag_may_be_learned(pipeline):
    def run(values):
        pipeline.run(dlt.resource(
            rows_of(values), name="rows", primary_key="id", write_disposition="merge", incremental=incremental("u", lag="auto"),
        ))

    run([day(1), day(2)])
    run([day(1), day(2), day(3)])
    assert ids(pipeline) == [1, 2, 3]
    with pytest.raises(PipelineStepFailed, match="lag .*'soon'"):
        pipeline.run(dlt.resource([{"u": 1}], name="other", incremental=incremental("u", lag="soon")))


def test_downwards_and_by_a_function(pipeline):
    down = dlt.resource(rows_of([5, 4, 6]), name="rows", incremental=incremental("u", initial_value=5, last_value_func=min))
    assert [r["u"] for r in down] == [5, 4]
    pipeline.run(down)
    assert ids(pipeline, column="u") == [4, 5]

    def longest(values):
        return max(values, key=len)

    for alone in (True, False):
        rows = dlt.resource(rows_of(["aa", "b", "ccc"]), name="words", incremental=incremental("u", initial_value="xx", last_value_func=longest))
        if alone:
            assert [r["u"] for r in rows] == ["aa", "ccc"]
        else:
            pipeline.run(rows)
            assert ids(pipeline, "words", "u") == ["aa", "ccc"]


def test_a_function_gets_objects(pipeline):
    seen = []

    def newest(values):
        seen.append(values)
        return max(values, key=lambda value: value["n"])

    rows = dlt.resource([{"at": {"n": n}} for n in (1, 3)], name="rows", incremental=incremental("at", last_value_func=newest))
    pipeline.run(rows)
    assert ({"n": 1},) in seen and all(isinstance(value, dict) for values in seen for value in values)


def test_a_primary_key_of_its_own(pipeline):
    def run(cursor):
        pipeline.run(dlt.resource([{"id": 1, "u": 1, "at": len(seen)}], name="rows", primary_key="id", incremental=cursor))
        seen.append(1)

    seen = []
    run(incremental("u"))
    run(incremental("u"))
    assert ids(pipeline) == [1]
    with pytest.raises(PipelineStepFailed, match="told by nothing"):
        run(incremental("u", primary_key=()))


def test_frames_are_filtered_too(pipeline):
    pyarrow, pandas, polars = (pytest.importorskip(name) for name in ("pyarrow", "pandas", "polars"))
    data = {"id": [1, 2, 3], "u": [1, 2, None]}
    cursor = incremental("u", initial_value=2, on_cursor_value_missing="exclude")
    for name, frame in [
        ("a", pyarrow.table(data)), ("b", pandas.DataFrame(data)), ("c", polars.DataFrame(data)),
        ("e", pyarrow.table(data).to_batches()[0]),
    ]:
        (kept,) = dlt.resource([frame], name=name, incremental=cursor)
        assert len(kept) == 1 and (type(kept) is type(frame) or name == "e"), name
        pipeline.run(dlt.resource([frame], name=name, incremental=cursor))
        assert ids(pipeline, name) == [2]
    (reader,) = dlt.resource([pyarrow.table(data).to_reader()], name="d", incremental=cursor)
    assert reader.to_pydict() == {"id": [2], "u": [2]}
    with pytest.raises(IncrementalCursorPathMissing):
        list(dlt.resource([pyarrow.table({"id": [1]})], name="x", incremental=incremental("u")))
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(dlt.resource([pyarrow.table({"id": [1]})], name="x", incremental=incremental("u")))
    assert isinstance(caught.value.exception, IncrementalCursorPathMissing)


def test_reading_alone_remembers_nothing(pipeline):
    rows = dlt.resource(lambda: iter(rows_of([1, 2])), name="rows", incremental=incremental("u"))
    assert len(list(rows)) == len(list(rows)) == 2
    pipeline.run(rows)
    assert len(list(rows)) == 2
    pipeline.run(rows)
    assert ids(pipeline) == [1, 2]


def test_commit_safe_is_for_databases(pipeline):
    with pytest.raises(PipelineStepFailed, match="commit_safe"):
        pipeline.run(dlt.resource([{"u": 1}], name="rows", incremental=incremental("u", commit_safe=True)))


# ---- schedulers ----


def days_of(pipeline, **said):
    pipeline.run(dlt.resource(rows_of([day(n) for n in range(1, 7)]), name="rows", incremental=incremental[datetime.datetime]("u", **said)))
    return ids(pipeline)


def test_a_scheduler_s_interval_is_the_window(pipeline, monkeypatch):
    with pytest.raises(PipelineStepFailed) as caught:
        days_of(pipeline, allow_external_schedulers=True)
    assert isinstance(caught.value.exception, ExternalSchedulerNotAvailable)
    monkeypatch.setenv("DLT_INTERVAL_START", "2024-01-02T00:00:00")
    monkeypatch.setenv("DLT_INTERVAL_END", "2024-01-04T00:00:00Z")
    assert days_of(pipeline, allow_external_schedulers=True) == [2, 3]
    assert days_of(pipeline, allow_external_schedulers=True, initial_value=day(3)) == [2, 3, 3]
    assert days_of(pipeline, allow_external_schedulers=True, initial_value=datetime.datetime(2024, 1, 1), end_value=datetime.datetime(2024, 1, 3)) == [2, 2, 3, 3]
    assert len(days_of(pipeline)) == 4 + 6  # it says nothing, and is not asked
    monkeypatch.setenv("DLT_ALLOW_EXTERNAL_SCHEDULERS", "true")
    assert len(days_of(pipeline)) == 10 + 2
    assert len(days_of(pipeline, allow_external_schedulers=False)) == 12


def test_an_interval_as_other_types(monkeypatch):
    monkeypatch.setenv("DLT_INTERVAL_START", "2024-01-02T00:00:00Z")
    monkeypatch.setenv("DLT_INTERVAL_END", "2024-01-04T00:00:00Z")
    moments = [day(n) for n in range(1, 7)]
    for values, start in [
        ([each.date() for each in moments], datetime.date(2024, 1, 1)), ([int(each.timestamp()) for each in moments], 0),
        ([each.timestamp() for each in moments], 0.0),
    ]:
        rows = dlt.resource(rows_of(values), name="rows", incremental=incremental("u", initial_value=start, allow_external_schedulers=True))
        assert [r["id"] for r in rows] == [2, 3]
    for cursor in (incremental("u", initial_value="a", allow_external_schedulers=True), incremental("u", allow_external_schedulers=True)):
        with pytest.raises(JoinSchedulerError, match="'rows'.*times"):
            list(dlt.resource([{"u": "x"}], name="rows", incremental=cursor))


def test_the_interval(monkeypatch):
    interval = dlt.current.interval
    assert interval() is None and interval.is_empty and interval.timezone is None and dlt.current.timezone() is UTC
    with pytest.raises(IntervalNotAvailable):
        interval.update(start=day(1))
    monkeypatch.setenv("DLT_INTERVAL_START", "2024-01-01T23:00:00")
    assert interval() is None
    monkeypatch.setenv("DLT_INTERVAL_END", "2024-01-02T23:00:00+00:00")
    assert interval() == (day(1, 23), day(2, 23)) and interval().start == day(1, 23) and not interval.is_empty
    monkeypatch.setenv("DLT_INTERVAL_TIMEZONE", "Europe/Berlin")
    assert interval() == (day(1, 23), day(2, 23)) and str(interval().start) == "2024-01-02 00:00:00+01:00"
    assert str(dlt.current.timezone()) == "Europe/Berlin" == str(interval.timezone)
    interval.update(end="2024-01-05T12:00:00")
    assert str(interval().end) == "2024-01-05 12:00:00+01:00" and str(interval.apply_full_days()().end) == "2024-01-06 00:00:00+01:00"
    with pytest.raises(NotImplementedError, match="apply_lag is not in tidegate"):
        interval.apply_lag("0 0 * * *")
    interval.set(None)
    monkeypatch.setenv("DLT_INTERVAL_TIMEZONE", "Nowhere/Town")
    with pytest.raises(ValueError, match="Nowhere/Town"):
        interval()
    monkeypatch.setenv("DLT_INTERVAL_TIMEZONE", "UTC")
    monkeypatch.setenv("DLT_INTERVAL_END", "soon")
    with pytest.raises(ValueError, match="DLT_INTERVAL_END is 'soon'"):
        interval()


def test_airflow_s_context_is_read_where_its_module_is_there(monkeypatch):
    module = types.ModuleType("airflow.sdk")
    context = {"data_interval_start": day(2), "data_interval_end": day(4)}
    module.get_current_context = lambda: context
    monkeypatch.setitem(sys.modules, "airflow.sdk", module)
    assert dlt.current.interval() == (day(2), day(4))
    context.clear()
    assert dlt.current.interval() is None

    def outside():
        raise RuntimeError("no task runs")

    module.get_current_context = outside
    assert dlt.current.interval() is None
