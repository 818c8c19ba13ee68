"""Transformers: their parent is read once, what its cursor leaves out does not reach them, memory is flat."""

import dataclasses
import subprocess
import sys
import threading

import pytest

import in_memory
import tidegate as dlt
from tidegate.extract.exceptions import PipeNotBoundToData, ResourceExtractionError
from tidegate.pipeline.exceptions import PipelineStepFailed


@pytest.fixture
def pipeline():
    return dlt.pipeline("joined", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def rows(pipeline, table, column="id"):
    with pipeline.sql_client() as client:
        return [row[0] for row in client.execute_sql(f"SELECT {column} FROM {table} ORDER BY ALL")]


def tables(pipeline):
    with pipeline.sql_client() as client:
        found = client.execute_sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'd' ORDER BY 1")
    return [name for (name,) in found if not name.startswith("_")]


class Shop:
    """A list of orders that grows, and details of each; what is called is counted."""

    def __init__(self, count=5, pages=1):
        self.count = count
        self.calls = {"orders": 0, "details": [], "lines": []}
        shop = self

        @dlt.resource
        def orders():
            shop.calls["orders"] += 1
            found = [{"id": number} for number in range(1, shop.count + 1)]
            for start in range(0, len(found), pages):
                yield found[start : start + pages] if pages > 1 else found[start]

        @dlt.transformer(data_from=orders)
        def details(page):
            for order in page if isinstance(page, list) else [page]:
                shop.calls["details"].append(order["id"])
                yield {"id": order["id"], "about": "an order"}

        @dlt.transformer(data_from=details)
        def lines(detail):
            shop.calls["lines"].append(detail["id"])
            yield [{"id": detail["id"] * 10 + line} for line in range(2)]

        @dlt.source(name="shop")
        def source():
            return orders, details, lines

        self.orders, self.details, self.lines, self.source = orders, details, lines, source


LINES = [10, 11, 20, 21, 30, 31, 40, 41, 50, 51]


@pytest.mark.parametrize("selected", [
    "orders", "details", "lines", "orders details", "orders lines", "details lines", "orders details lines",
    "lines one after the other", "orders details lines one after the other",
])
def test_a_parent_is_read_once(pipeline, monkeypatch, selected):
    if "one after" in selected:
        monkeypatch.setenv("EXTRACT__NEXT_ITEM_MODE", "fifo")
    shop, names = Shop(), selected.removesuffix(" one after the other").split()
    pipeline.run(shop.source().with_resources(*names))
    assert shop.calls["orders"] == 1
    assert shop.calls["details"] == ([1, 2, 3, 4, 5] if names != ["orders"] else [])
    assert shop.calls["lines"] == ([1, 2, 3, 4, 5] if "lines" in names else [])
    assert tables(pipeline) == sorted(names)
    for name in names:
        assert rows(pipeline, name) == (LINES if name == "lines" else [1, 2, 3, 4, 5])


def test_resources_that_stand_alone_in_a_run(pipeline):
    shop = Shop()
    pipeline.run([shop.orders, shop.details, shop.lines])
    assert shop.calls["orders"] == 1 and rows(pipeline, "lines") == LINES and rows(pipeline, "orders") == [1, 2, 3, 4, 5]
    pipeline.run(shop.lines, write_disposition="replace")
    assert shop.calls["orders"] == 2 and rows(pipeline, "lines") == LINES and rows(pipeline, "orders") == [1, 2, 3, 4, 5]


def test_two_transformers_of_a_parent_that_nobody_returns(pipeline):
    shop = Shop()

    @dlt.transformer(data_from=shop.orders)
    def prices(order):
        yield {"id": -order["id"]}

    @dlt.source
    def both():
        return shop.details, prices, shop.orders() | dlt.transformer(lambda order: order, name="orders")

    with pytest.raises(PipeNotBoundToData, match="prices"):
        list(dlt.transformer(lambda order: order, name="prices"))
    pipeline.run(both().with_resources("details", "prices"))
    assert shop.calls["orders"] == 1 and tables(pipeline) == ["details", "prices"]
    assert rows(pipeline, "prices") == [-5, -4, -3, -2, -1]
    pipeline.run(both().with_resources("orders"))  # it is called as its parent is
    assert rows(pipeline, "orders") == [1, 2, 3, 4, 5]


def test_a_parent_that_is_not_selected_by_itself(pipeline):
    calls = []

    @dlt.resource(selected=False)
    def hidden():
        calls.append(1)
        yield [{"id": 1}, {"id": 2}]

    @dlt.transformer(data_from=hidden)
    def seen(page):
        return page

    @dlt.source
    def shop():
        return hidden, seen

    pipeline.run(shop())
    assert calls == [1] and tables(pipeline) == ["seen"] and rows(pipeline, "seen") == [1, 2]


def test_a_limit_of_a_parent_counts_once(pipeline):
    shop = Shop()
    source = shop.source()
    source.orders.add_limit(2)
    pipeline.run(source)
    assert rows(pipeline, "orders") == rows(pipeline, "details") == [1, 2] and shop.calls["orders"] == 1
    source = Shop().source().add_limit(3)
    assert [row["id"] for row in source.with_resources("details")] == [1, 2, 3]


# ---- cursors ----


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("hidden", [False, True])
def test_what_a_cursor_leaves_out_does_not_go_on(pipeline, pages, hidden):
    shop = Shop(3, pages)
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id"))
    source = (lambda: shop.source().with_resources("details", "lines")) if hidden else shop.source
    pipeline.run(source())
    assert shop.calls["details"] == [1, 2, 3]
    shop.count = 5
    pipeline.run(source())
    assert shop.calls["details"] == [1, 2, 3, 4, 5] and shop.calls["orders"] == 2
    pipeline.run(source())
    assert shop.calls["details"] == [1, 2, 3, 4, 5] and shop.calls["orders"] == 3
    assert rows(pipeline, "details") == [1, 2, 3, 4, 5] and rows(pipeline, "lines") == LINES
    assert tables(pipeline) == (["details", "lines"] if hidden else ["details", "lines", "orders"])
    if not hidden:
        assert rows(pipeline, "orders") == [1, 2, 3, 4, 5]


def test_a_parent_s_cursor_is_one_whether_it_is_selected_or_not(pipeline):
    shop = Shop(2)
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id"), write_disposition="merge", primary_key="id")
    pipeline.run(shop.source())
    shop.count = 3
    pipeline.run(shop.source().with_resources("details"))
    shop.count = 4
    pipeline.run(shop.source())
    assert shop.calls["details"] == [1, 2, 3, 4] and rows(pipeline, "orders") == [1, 2, 4]


def test_nothing_new_is_a_load_of_nothing(pipeline):
    shop = Shop(2)
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id"))
    hidden = shop.source().with_resources("details")
    assert pipeline.run(hidden).loads_ids and not pipeline.run(shop.source().with_resources("details")).loads_ids


def test_a_cursor_moves_where_a_transformer_gives_nothing(pipeline):
    calls = []

    @dlt.resource
    def numbers(at=dlt.sources.incremental("id", initial_value=0)):
        calls.append(at.start_value)
        yield [{"id": 1}, {"id": 2}]

    @dlt.transformer(data_from=numbers)
    def none(page):
        return None

    for _ in range(2):
        pipeline.run(none)
    assert calls == [0, 2]


def test_a_failure_of_either_moves_nothing(pipeline):
    shop = Shop(4)
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id"))
    failing = {"orders": False, "details": True}
    log = []

    @dlt.resource
    def listed(at=dlt.sources.incremental("id", initial_value=0)):
        try:
            for number in range(1, 5):
                if failing["orders"] and number == 4:
                    raise ValueError("the list is tired")
                yield {"id": number}
        finally:
            log.append("closed")

    @dlt.transformer(data_from=listed)
    def detailed(row):
        if failing["details"] and row["id"] == 3:
            raise KeyError("the detail is tired")
        yield row

    for name, kind in (("detailed", KeyError), ("listed", ValueError)):
        with pytest.raises(PipelineStepFailed) as failed:
            pipeline.run(detailed)
        told = failed.value.exception
        assert isinstance(told, ResourceExtractionError) and told.pipe_name == name and isinstance(told.__cause__, kind)
        failing.update(orders=True, details=False)
    assert log == ["closed", "closed"] and not pipeline.has_pending_data
    failing.update(orders=False)
    pipeline.run(detailed)
    pipeline.run(detailed)
    assert rows(pipeline, "detailed") == [1, 2, 3, 4]


def test_extract_and_load_apart(pipeline):
    shop = Shop(2)
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id"))
    pipeline.extract(shop.source().with_resources("details"))
    shop.count = 4
    pipeline.extract(shop.source().with_resources("details"))
    pipeline.load()
    assert shop.calls["details"] == [1, 2, 3, 4] and rows(pipeline, "details") == [1, 2, 3, 4]


def test_a_transformer_has_a_cursor_of_its_own(pipeline):
    shop = Shop(3)
    shop.details.apply_hints(incremental=dlt.sources.incremental("id"))
    pipeline.run(shop.source())
    shop.count = 4
    pipeline.run(shop.source())
    assert shop.calls["details"] == [1, 2, 3, 1, 2, 3, 4] and rows(pipeline, "details") == [1, 2, 3, 4]
    assert shop.calls["lines"] == [1, 2, 3, 4]


def test_the_last_value_is_right_for_a_parent_too(pipeline):
    seen = []

    @dlt.resource
    def numbers(at=dlt.sources.incremental("id", initial_value=0)):
        for number in (1, 3, 2):
            yield [{"id": number}]
            seen.append(at.last_value)

    @dlt.transformer(data_from=numbers)
    def same(page):
        return page

    pipeline.run([numbers, same])
    assert seen == [1, 3, 3] and rows(pipeline, "same") == [1, 2, 3]


def test_a_transformer_that_has_enough_does_not_hold_up_the_others(pipeline):
    shop = Shop(50)

    @dlt.transformer(data_from=shop.orders)
    def first_ones(order, at=dlt.sources.incremental("id", initial_value=0, end_value=3, row_order="asc")):
        yield order

    @dlt.source
    def both():
        return shop.details, first_ones

    pipeline.run(both())
    assert rows(pipeline, "first_ones") == [1, 2] and len(rows(pipeline, "details")) == 50

    @dlt.resource
    def endless():
        number = 0
        while True:
            number += 1
            yield {"id": number}

    pipeline.run(endless | first_ones().with_name("few"))  # nobody takes more of it
    assert rows(pipeline, "few") == [1, 2]


# ---- what goes on ----


def test_items_go_on_as_they_are(pipeline):
    @dataclasses.dataclass
    class File:
        name: str

    got, thing = [], object()

    @dlt.resource
    def mixed():
        yield [{"id": 1}, {"id": 2}]
        yield None
        yield []
        yield {"id": 3}
        yield "text"
        yield thing
        yield File("a")
        yield (1, 2)

    @dlt.transformer(data_from=mixed)
    def look(item):
        got.append(item)
        yield {"kind": type(item).__name__}

    pipeline.run(look)
    assert got == [[{"id": 1}, {"id": 2}], [], {"id": 3}, "text", thing, File("a"), (1, 2)]
    got.clear()
    assert len(list(look)) == 7 and got[3] == "text"


def test_what_a_transformer_may_give(pipeline):
    @dlt.resource
    def numbers():
        yield from range(1, 4)

    @dlt.transformer
    @dlt.defer
    def deferred(number):
        return {"id": number, "thread": threading.current_thread().name}

    @dlt.transformer
    async def awaited(number):
        return {"id": number}

    @dlt.transformer
    async def several(number):
        yield {"id": number}
        yield {"id": -number}

    pipes = [
        numbers | deferred, numbers | awaited, numbers | several, numbers | dlt.transformer(lambda n: {"id": n}, name="plain"),
        numbers | dlt.transformer(lambda n: [{"id": n}, {"id": n}], name="pages"),
        numbers | dlt.transformer(lambda n: iter([{"id": n}]) if n > 1 else None, name="iterators"),
    ]
    pipeline.run(pipes)
    assert rows(pipeline, "deferred") == rows(pipeline, "awaited") == rows(pipeline, "plain") == [1, 2, 3]
    assert rows(pipeline, "several") == [-3, -2, -1, 1, 2, 3]
    assert rows(pipeline, "pages") == [1, 1, 2, 2, 3, 3] and rows(pipeline, "iterators") == [2, 3]
    assert all("deferred" in name for name in rows(pipeline, "deferred", "thread"))


@pytest.mark.parametrize("kind", ["deferred", "parallelized", "awaited"])
def test_items_are_worked_on_side_by_side(pipeline, kind):
    """Four have to be at work at once; the parent yields one at a time, and is read once."""
    gate, calls, waiting = threading.Barrier(4, timeout=20), [], []

    @dlt.resource
    def numbers():
        calls.append(1)
        yield from range(8)

    def work(number):
        gate.wait()
        return {"id": number, "resource": dlt.current.resource_name()}

    async def asynchronous(number):
        import asyncio

        waiting.append(asyncio.Event())
        mine = waiting[-1]
        if len(waiting) % 4 == 0:
            for each in waiting:
                each.set()
        await asyncio.wait_for(mine.wait(), 20)
        return {"id": number, "resource": dlt.current.resource_name()}

    def generator(number):
        yield work(number)
        yield {"id": -number, "resource": dlt.current.resource_name()}

    made = {
        "deferred": lambda: dlt.transformer(dlt.defer(work), name="made"),
        "awaited": lambda: dlt.transformer(asynchronous, name="made"),
        "parallelized": lambda: dlt.transformer(generator, name="made", parallelized=True),
    }[kind]()
    pipeline.run([numbers, numbers | made])
    found = sorted(number for number in rows(pipeline, "made") if number > 0 or kind != "parallelized")
    assert [n for n in found if n] == list(range(1, 8)) and calls == [1]
    assert set(rows(pipeline, "made", "resource")) == {"made"}


def test_maps_and_filters_of_both(pipeline):
    @dlt.resource
    def numbers():
        yield [{"id": number} for number in range(10)]

    @dlt.transformer(data_from=numbers)
    def doubled(page):
        for row in page:
            yield {"id": row["id"] * 2}

    numbers.add_filter(lambda row: row["id"] % 2 == 1)
    doubled.add_map(lambda row: {"id": row["id"] + 1}).add_filter(lambda row: row["id"] != 7).add_yield_map(
        lambda row: iter([row, {"id": -row["id"]}]) if row["id"] == 3 else iter([row])
    )
    pipeline.run([numbers, doubled])
    assert rows(pipeline, "numbers") == [1, 3, 5, 7, 9] and rows(pipeline, "doubled") == [-3, 3, 11, 15, 19]
    assert [row["id"] for row in doubled] == [3, -3, 11, 15, 19]


@pytest.mark.parametrize("kind", ["arrow", "reader", "pandas", "polars", "lazy", "relation"])
def test_frames_go_on_as_frames(pipeline, kind):
    import duckdb
    import pandas
    import polars
    import pyarrow

    count, got = [3], []
    make = {
        "arrow": pyarrow.table,
        "reader": lambda columns: pyarrow.table(columns).to_reader(max_chunksize=2),
        "pandas": pandas.DataFrame,
        "polars": polars.DataFrame,
        "lazy": lambda columns: polars.DataFrame(columns).lazy(),
        "relation": lambda columns: duckdb.sql(f"SELECT unnest({columns['id']}) AS id"),
    }[kind]

    @dlt.resource
    def framed(at=dlt.sources.incremental("id", initial_value=0)):
        yield make({"id": list(range(1, count[0] + 1))})

    @dlt.transformer(data_from=framed)
    def look(frame):
        got.append(frame)
        yield frame

    pipeline.run([framed, look])
    count[0] = 6
    pipeline.run([framed, look])
    pipeline.run([framed, look])
    count[0] = 7
    pipeline.run(look)
    assert rows(pipeline, "framed") == [1, 2, 3, 4, 5, 6] and rows(pipeline, "look") == [1, 2, 3, 4, 5, 6, 7]
    column = [list(frame["id"].to_pylist() if hasattr(frame["id"], "to_pylist") else frame["id"]) for frame in got]
    assert column == [[1, 2, 3], [4, 5, 6], [7]]
    assert {type(frame).__module__.split(".")[0] for frame in got} == {
        {"pandas": "pandas", "polars": "polars", "lazy": "polars"}.get(kind, "pyarrow")
    }


def test_states_of_both_are_kept(pipeline):
    seen = []

    @dlt.resource
    def listed():
        state = dlt.current.resource_state()
        state["runs"] = state.get("runs", 0) + 1
        dlt.current.source_state()["total"] = state["runs"]
        seen.append((dlt.current.resource_name(), state["runs"]))
        yield {"id": state["runs"]}
        assert dlt.current.resource_name() == "listed"

    @dlt.transformer(data_from=listed)
    def detailed(row):
        state = dlt.current.resource_state()
        state["runs"] = state.get("runs", 0) + 10
        seen.append((dlt.current.resource_name(), state["runs"], dlt.current.source_state()["total"]))
        yield row

    pipeline.run(detailed)
    pipeline.run([listed, detailed])
    assert seen == [("listed", 1), ("detailed", 10, 1), ("listed", 2), ("detailed", 20, 2)]


def test_a_refresh_of_a_transformer_reads_all_of_its_parent(pipeline):
    shop = Shop(3)
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id"))
    pipeline.run(shop.source())
    pipeline.run(shop.source().with_resources("details"), refresh="drop_resources")
    assert rows(pipeline, "details") == [1, 2, 3] and rows(pipeline, "orders") == [1, 2, 3]
    pipeline.run(shop.source().with_resources("details"))
    assert rows(pipeline, "details") == [1, 2, 3] and shop.calls["details"] == [1, 2, 3, 1, 2, 3]


def test_outside_of_a_run_it_is_read_once_too():
    shop = Shop(3)
    assert [row["id"] for row in shop.source()] == [1, 1, 2, 2, 3, 3, 10, 11, 20, 21, 30, 31] or shop.calls["orders"] == 1
    assert shop.calls["orders"] == 1
    assert [row["id"] for row in shop.lines] == [10, 11, 20, 21, 30, 31] and shop.calls["orders"] == 2
    shop.orders.apply_hints(incremental=dlt.sources.incremental("id", initial_value=2))
    assert [row["id"] for row in shop.details] == [2, 3]
    with pytest.raises(ResourceExtractionError, match="orders"):
        list(dlt.resource(lambda: [][1], name="orders") | shop.details)


MANY = """
import resource
import tidegate as dlt

count = 1000
given, behind = [0], [0]

@dlt.resource
def listed(at=dlt.sources.incremental("id", initial_value=0)):
    for number in range(1, count + 1):
        given[0] = number
        yield {"id": number, "text": "x" * 1000 + str(number)}

@dlt.transformer(data_from=listed)
def detailed(row):
    behind[0] = max(behind[0], given[0] - row["id"])
    yield {"id": row["id"]}

@dlt.transformer(data_from=listed)
def dropped(row):
    return None

pipeline = dlt.pipeline("many", destination="duckdb", dataset_name="d")
pipeline.run([detailed, dropped])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = 200_000
pipeline.run([detailed, dropped])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, behind[0])
with pipeline.sql_client() as client:
    assert client.execute_sql("SELECT count(*), max(id) FROM detailed") == [(count, count)]
"""


def test_memory_is_flat_however_many_a_parent_has(tmp_path):
    """200,000 items of 1 KB: but for the one that is on its way, none of them waits."""
    run = [sys.executable, "-c", MANY]
    grown, behind = subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.split()
    assert int(grown) / 1024 < 60 and int(behind) <= 1
