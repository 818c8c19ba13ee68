"""How resources are made, called, mapped, joined and read."""

import asyncio
import dataclasses
import datetime
import enum
import threading
import traceback

import duckdb
import pytest

import tidegate as dlt
from tidegate.extract.exceptions import (
    InvalidResourceDataType,
    InvalidResourceDataTypeBasic,
    ParametrizedResourceUnbound,
    PipeNotBoundToData,
    ResourceExtractionError,
    ResourceNameMissing,
    ResourcesNotFoundError,
    SourceDataIsNone,
)
from tidegate.pipeline.exceptions import PipelineStepFailed


def test_a_resource_of_a_function_is_read_again_and_again():
    @dlt.resource
    def numbers(count=3):
        """What it is."""
        yield from ({"n": n} for n in range(count))

    assert list(numbers) == list(numbers) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert list(numbers(1)) == [{"n": 0}]
    assert numbers.name == "numbers" and numbers.__doc__ == "What it is." and numbers.section == "test_resources"
    with pytest.raises(TypeError, match="numbers"):
        numbers(1, 2)
    with pytest.raises(TypeError, match="arguments already"):
        numbers(1)(2)


def test_arguments_that_nobody_gives():
    @dlt.resource
    def numbers(count):
        yield count

    with pytest.raises(ParametrizedResourceUnbound, match=r"numbers\(count\)"):
        list(numbers)
    with pytest.raises(TypeError, match="numbers.*count"):
        numbers()
    assert list(numbers(2)) == [2] and list(numbers.bind(3)) == [3]


def test_secrets_are_injected(monkeypatch):
    @dlt.resource
    def country(secret_country: str = dlt.secrets.value, other: int = 5):
        yield {"country": secret_country, "other": other}

    monkeypatch.setenv("SECRET_COUNTRY", "Poland")
    monkeypatch.setenv("SOURCES__TEST_RESOURCES__COUNTRY__OTHER", "7")
    assert list(country) == [{"country": "Poland", "other": 7}]
    assert list(country("Peru")) == [{"country": "Peru", "other": 7}]


@pytest.mark.parametrize("data", [{"a": 1}, "text", b"bytes"])
def test_what_belongs_into_a_list(data):
    with pytest.raises(InvalidResourceDataTypeBasic, match="enclose it in a list"):
        dlt.resource(data, name="x")


def test_what_is_no_data():
    with pytest.raises(InvalidResourceDataType):
        dlt.resource(5, name="x")
    with pytest.raises(ResourceNameMissing):
        dlt.resource([1])


def test_maps_and_filters_are_of_single_items():
    @dlt.resource
    def pages():
        yield [1, 2, 3]
        yield 4

    pages.add_map(lambda n: n * 10).add_filter(lambda n: n != 20).add_map(lambda n: None if n == 30 else n)
    assert list(pages) == [10, 40]
    assert list(dlt.resource([1, 2], name="r").add_yield_map(lambda n: iter([n] * n))) == [1, 2, 2]
    assert list(dlt.resource([1], name="r").add_map(lambda n, meta: (n, meta))) == [(1, None)]
    assert list(dlt.resource([1], name="r").add_map(lambda n: n + 1).add_map(lambda n: n * 10, insert_at=1)) == [11]


def test_a_limit_counts_yields_and_closes():
    closed = []

    @dlt.resource
    def pages():
        try:
            while True:
                yield [1, 2]
        finally:
            closed.append(True)

    assert list(pages.add_limit(2)) == [1, 2, 1, 2] and closed == [True]
    assert list(dlt.resource([[1, 2], [3, 4], [5]], name="r").add_limit(3, count_rows=True)) == [1, 2, 3, 4]


def test_transformers():
    @dlt.resource
    def users():
        yield [{"id": 1}, {"id": 2}]

    @dlt.transformer
    def details(page, factor=1):
        for user in page:
            yield {"id": user["id"] * factor}

    assert list(users | details) == [{"id": 1}, {"id": 2}]
    assert list(users | details(3)) == [{"id": 3}, {"id": 6}]
    assert (users | details).name == "details" and "parent='users'" in repr(users | details)
    with pytest.raises(PipeNotBoundToData):
        list(details)

    @dlt.transformer(data_from=users)
    def same(page):
        return page

    assert list(same) == [{"id": 1}, {"id": 2}]


def test_async_and_deferred_items_come_in_order():
    @dlt.resource
    async def numbers():
        for n in range(3):
            await asyncio.sleep(0)
            yield n

    assert list(numbers) == [0, 1, 2]
    names = set()

    @dlt.defer
    def later(n):
        names.add(threading.current_thread().name)
        return n

    async def awaited(n):
        return n

    @dlt.resource
    def mixed():
        for n in range(4):
            yield later(n)
        yield awaited(4)
        yield 5

    assert list(mixed) == [0, 1, 2, 3, 4, 5]
    assert all(name.startswith("dlt-pool-") for name in names)
    assert list(dlt.resource([1, 2], name="r").parallelize()) == [1, 2]


def of_a_notebook(function):
    """What a cell is called in: a loop that runs."""
    async def cell():
        return function()

    return asyncio.run(cell())


def test_asynchronous_code_in_a_notebook():
    names, closed = set(), []

    async def later(n):
        await asyncio.sleep(0)
        return n

    @dlt.resource
    async def plain():
        try:
            yield await later(0)
            yield await later(1)
        finally:
            closed.append(True)

    @dlt.resource
    async def numbers():
        try:
            for n in range(3):
                names.add((dlt.current.resource_name(), threading.current_thread().name))
                yield {"n": await later(n)}
            yield [{"n": later(3)}, later({"n": 4})]
        finally:
            closed.append(True)

    @dlt.resource
    async def broken():
        yield {"n": 1}
        raise ValueError("no")

    def load():
        pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb(duckdb.connect()))
        pipeline.run(numbers)
        with pytest.raises(PipelineStepFailed, match="the resource 'broken': .* has raised: no"):
            pipeline.run(broken)
        return pipeline.dataset().numbers.select("n").fetchall()

    for way in (load, lambda: of_a_notebook(load)):
        assert sorted(way()) == [(0,), (1,), (2,), (3,), (4,)] and closed.pop()
    assert of_a_notebook(lambda: list(plain)) == [0, 1]
    assert of_a_notebook(lambda: list(plain.add_limit(1))) == [0] and closed == [True, True]
    assert names == {("numbers", "MainThread"), ("numbers", "dlt-pool-async-threads_loop")}
    assert not [each.name for each in threading.enumerate() if each.name.startswith("dlt-pool-async")]


def test_errors_tell_the_resource():
    @dlt.resource
    def bad():
        yield 1
        raise ValueError("no")

    with pytest.raises(ResourceExtractionError, match="the resource 'bad': generator 'bad' has raised: no") as caught:
        list(bad)
    assert isinstance(caught.value.__cause__, ValueError)


def cents(row):
    return {**row, "cents": row["price"] * 100}


def is_paid(row):
    return row["price"] > 0


def parts(row):
    yield row
    yield {"id": row["price"]}


def stock():
    yield [{"id": 1, "price": 2}, {"id": 2}]


def marked_stock():
    for row in next(stock()):
        yield dlt.mark.with_hints(row, dlt.mark.make_hints(table_name="goods"), create_table_variant=True)


STEPS = [("add_map", "map", cents), ("add_filter", "filter", is_paid), ("add_yield_map", "yield_map", parts)]


@pytest.mark.parametrize("add, kind, function", STEPS)
@pytest.mark.parametrize("code", [stock, marked_stock])
def test_errors_tell_the_step(add, kind, function, code):
    rows = dlt.resource(code, name="stock").add_map(lambda row: row)
    getattr(rows, add)(function).add_map(lambda row: row)
    with pytest.raises(ResourceExtractionError) as caught:
        list(rows)
    with pytest.raises(PipelineStepFailed) as failed:
        dlt.pipeline("shop", destination=dlt.destinations.duckdb(duckdb.connect())).run(rows)
    for told in (caught.value, failed.value.exception):
        assert str(told) == f"the resource 'stock': {kind} '{function.__name__}' has raised: KeyError: 'price'"
        assert (told.kind, told.func_name, told.gen) == (kind, function.__name__, function)
        assert isinstance(told.__cause__, KeyError)
        assert traceback.extract_tb(told.__cause__.__traceback__)[-1].name == function.__name__


def test_errors_before_a_step_are_not_its_own():
    def broken():
        yield {"id": 1}
        raise ValueError("no")

    for add, _, _ in STEPS:
        rows = dlt.resource(broken, name="r")
        getattr(rows, add)(lambda row: [])
        with pytest.raises(ResourceExtractionError, match="the resource 'r': generator 'broken' has raised: no"):
            list(rows)


def test_errors_of_a_function_of_tables_are_its_own_where_tables_are_selected():
    def kind_of(row):
        return row["kind"]

    rows = dlt.resource([{"id": 1}], name="r", table_name=kind_of).select_tables("a")
    with pytest.raises(ResourceExtractionError, match="table_name 'kind_of' has raised: KeyError: 'kind'"):
        list(rows)


def test_errors_of_a_step_without_a_name_tell_its_line():
    rows = dlt.resource([{"id": 1}], name="r").add_map(lambda row: row).add_map(lambda row: row["nope"])
    line = test_errors_of_a_step_without_a_name_tell_its_line.__code__.co_firstlineno + 1
    with pytest.raises(ResourceExtractionError, match=f"map '<lambda>' of line {line} has raised: KeyError: 'nope'"):
        list(rows)


def test_sources():
    @dlt.source
    def shop(count=2):
        yield dlt.resource([{"id": n} for n in range(count)], name="orders")
        yield dlt.resource([{"id": 9}], name="people", selected=False)

    made = shop(1)
    assert list(made) == [{"id": 0}] and made.orders.name == "orders" and list(made.resources) == ["orders", "people"]
    assert list(made.with_resources("people")) == [{"id": 9}] and list(made.selected_resources) == ["orders"]
    with pytest.raises(AttributeError, match="'shop' has no resource 'nope'; it has orders, people"):
        made.nope
    with pytest.raises(ResourcesNotFoundError, match="no resource x; it has orders, people"):
        made.with_resources("x")
    assert repr(made) == "<@dlt.source(name='shop', section='test_resources', n_resources=2, resources=['orders', 'people'])>"

    @dlt.source
    def nothing():
        pass

    with pytest.raises(SourceDataIsNone):
        nothing()


def test_hints_merge_and_are_taken_away():
    @dlt.resource(primary_key="id", columns={"a": {"data_type": "text"}})
    def rows():
        yield {}

    assert rows.apply_hints(columns={"a": {"nullable": False}, "b": {"data_type": "bigint"}}) is rows
    assert rows.columns == {"a": {"data_type": "text", "nullable": False}, "b": {"data_type": "bigint"}}
    rows.apply_hints(write_disposition="merge", primary_key="")
    assert rows.write_disposition == "merge" and rows._hints.primary_key is None
    with pytest.raises(TypeError):
        rows.apply_hints(nope=1)
    assert repr(rows) == "<@dlt.resource(name='rows', section='test_resources', columns='{...}', write_disposition='merge')>"


class Colour(str, enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int


class Text(str):
    pass


def test_values_of_other_types():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    from tidegate.extract.convert import convert

    at = datetime.datetime(2024, 1, 1)
    assert convert(Colour.RED) == "red" and convert(Point(1)) == {"x": 1} and type(convert(Text("a"))) is str
    assert convert(numpy.int64(5)) == 5 and convert(numpy.float32(0.5)) == 0.5 and convert(numpy.array([1, 2])) == [1, 2]
    assert convert(numpy.datetime64("2024-01-01T00:00:00")) == at and convert(numpy.datetime64("NaT")) is None
    assert convert(numpy.bool_(True)) is True
    assert convert(pandas.NaT) is None and convert(pandas.NA) is None and convert(pandas.Timestamp(at)) == at
    assert type(convert(pandas.Timestamp(at))) is datetime.datetime
    assert sorted(convert({1, 2})) == [1, 2] and convert(bytearray(b"a")) == b"a" and convert(memoryview(b"a")) == b"a"
    assert convert(datetime.timedelta(seconds=1)) == 1000000
    with pytest.raises(TypeError, match="builtins.object"):
        convert(object())
