"""Resources that are read by turns: in which order, what fails, what is shared, and what it takes."""

import subprocess
import sys
import threading

import pytest

import in_memory
import tidegate as dlt
from tidegate.common.configuration.exceptions import ConfigurationValueError
from tidegate.common.configuration.extract import extract_config
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.pipeline.exceptions import PipelineStepFailed


@pytest.fixture
def pipeline():
    return dlt.pipeline("turns", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def query(pipeline, sql):
    with pipeline.sql_client() as client:
        return client.execute_sql(sql)


def counted(log, name, count, fails_at=None):
    """Yields single rows, and notes what it does."""

    def read():
        try:
            for number in range(count):
                if number == fails_at:
                    raise ValueError(f"{name} is tired")
                log.append(f"{name}{number}")
                yield {"number": number}
        finally:
            log.append(f"{name} ends")

    return dlt.resource(read, name=name)


def test_a_yield_each(pipeline):
    log = []
    pipeline.run([counted(log, "a", 3), counted(log, "b", 2), counted(log, "c", 4)])
    assert log == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b ends", "c2", "a ends", "c3", "c ends"]
    assert query(pipeline, "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT list(number) FROM c)") == [
        (3, 2, [0, 1, 2, 3])
    ]


def test_pages_and_rows_all_come_once(pipeline):
    @dlt.resource
    def many():
        yield from ({"n": n} for n in range(5000))

    @dlt.resource
    def pages():
        for start in range(0, 5000, 500):
            yield [{"n": n} for n in range(start, start + 500)]

    pipeline.run([many, pages, dlt.resource([{"n": 1}], name="few")])
    for table in ("many", "pages"):
        assert [row[0] for row in query(pipeline, f"SELECT n FROM {table}")] == list(range(5000))
    assert query(pipeline, "SELECT n FROM few") == [(1,)]


@pytest.mark.parametrize("name", ["EXTRACT__NEXT_ITEM_MODE", "SOURCES__EXTRACT__NEXT_ITEM_MODE", "TURNS__EXTRACT__NEXT_ITEM_MODE"])
def test_one_after_the_other(pipeline, monkeypatch, name):
    monkeypatch.setenv(name, "fifo")
    log = []
    pipeline.run([counted(log, "a", 2), counted(log, "b", 2)])
    assert log == ["a0", "a1", "a ends", "b0", "b1", "b ends"]


def test_so_many_at_once(pipeline):
    dlt.config["extract.max_parallel_items"] = 2
    log = []
    try:
        pipeline.run([counted(log, "a", 1), counted(log, "b", 3), counted(log, "c", 1)])
    finally:
        dlt.config["extract.max_parallel_items"] = None
    assert log == ["a0", "b0", "a ends", "b1", "b2", "c0", "b ends", "c ends"]
    log.clear()
    pipeline.extract([counted(log, "a", 1), counted(log, "b", 1)], max_parallel_items=1)
    assert log == ["a0", "a ends", "b0", "b ends"]


def test_what_is_configured(monkeypatch):
    assert extract_config() == extract_config("x", "y") and extract_config().turns == 20
    monkeypatch.setenv("SOURCES__SHOP__EXTRACT__WORKERS", "3")
    monkeypatch.setenv("EXTRACT__WORKERS", "4")
    assert extract_config("shop", "orders").workers == 3 and extract_config().workers == 4 and extract_config(workers=1).workers == 1
    with pytest.raises(ConfigurationValueError, match="workers is at least 1"):
        extract_config(workers=0)
    monkeypatch.setenv("EXTRACT__NEXT_ITEM_MODE", "fifo")
    assert extract_config().turns == 1
    monkeypatch.setenv("EXTRACT__NEXT_ITEM_MODE", "lifo")
    with pytest.raises(ConfigurationValueError, match="round_robin or fifo, not 'lifo'"):
        extract_config()


def test_one_that_raises_ends_the_load(pipeline):
    log = []
    incremental = dlt.sources.incremental("number")
    good = counted(log, "good", 5).apply_hints(incremental=incremental)
    with pytest.raises(PipelineStepFailed) as failed:
        pipeline.run([good, counted(log, "bad", 5, fails_at=2), counted(log, "other", 5)])
    assert isinstance(failed.value.exception, ResourceExtractionError) and failed.value.exception.pipe_name == "bad"
    assert isinstance(failed.value.exception.__cause__, ValueError)
    assert log == ["good0", "bad0", "other0", "good1", "bad1", "other1", "good2", "bad ends", "good ends", "other ends"]
    assert not pipeline.has_pending_data
    pipeline.run([good, counted(log, "other", 5)])
    assert query(pipeline, "SELECT (SELECT count(*) FROM good), (SELECT count(*) FROM other)") == [(5, 5)]


def test_a_generator_that_the_program_has_is_closed_too(pipeline):
    log = []

    def rows():
        try:
            while True:
                yield {"n": 1}
        finally:
            log.append((dlt.current.resource_name(), "closed"))

    generator = rows()
    mine = dlt.resource(generator, name="mine").add_map(lambda row: row)
    with pytest.raises(PipelineStepFailed, match="bad is tired"):
        pipeline.run([mine, counted(log, "bad", 3, fails_at=1)])
    assert ("mine", "closed") in log and list(generator) == []


def test_current_is_whose_turn_it_is(pipeline):
    seen = []

    def named(name):
        def read():
            for number in range(3):
                seen.append((name, dlt.current.resource_name(), dlt.current.resource().name))
                dlt.current.resource_state()["number"] = number
                yield {"number": number}
                assert dlt.current.resource_name() == name

        return dlt.resource(read, name=name)

    pipeline.run([named("a"), named("b")])
    assert seen == [(name, name, name) for _ in range(3) for name in ("a", "b")]
    kept = []

    @dlt.resource
    def look():
        kept.extend(dlt.current.resource_state(name)["number"] for name in ("a", "b"))
        yield {"n": 1}

    pipeline.run(look)
    assert kept == [2, 2]


def test_resources_share_the_state_of_their_source(pipeline):
    def adding(name, count):
        def read():
            for _ in range(count):
                state = dlt.current.source_state()
                state["total"] = state.get("total", 0) + 1
                yield {"total": state["total"]}

        return dlt.resource(read, name=name)

    @dlt.source
    def shop():
        return adding("a", 3), adding("b", 5)

    pipeline.run(shop())
    assert sorted(query(pipeline, "SELECT total FROM a UNION ALL SELECT total FROM b")) == [(n,) for n in range(1, 9)]
    pipeline.run(shop())
    assert query(pipeline, "SELECT max(total) FROM b") == [(16,)]


def test_a_state_is_kept_where_the_cursor_ends_the_reading(pipeline):
    log = []

    @dlt.resource
    def newest_first(at=dlt.sources.incremental("at", initial_value=5, row_order="desc")):
        dlt.current.resource_state()["seen"] = True
        try:
            for number in range(9, 0, -1):
                yield {"at": number}
        finally:
            log.append(dlt.current.resource_state()["seen"])
            dlt.current.resource_state()["closed"] = number

    pipeline.run([newest_first, counted(log, "a", 1)])
    assert True in log and query(pipeline, "SELECT count(*) FROM newest_first") == [(5,)]

    @dlt.resource
    def look():
        yield dict(dlt.current.resource_state("newest_first"))

    pipeline.run(look)
    assert query(pipeline, "SELECT seen, closed FROM look") == [(True, 4)]


def test_the_last_value_is_right_after_each_yield(pipeline):
    seen = []

    def stepping(name, values):
        def read(at=dlt.sources.incremental("at", initial_value=0)):
            for value in values:
                yield {"at": value}
                seen.append((name, at.last_value))

        return dlt.resource(read, name=name)

    pipeline.run([stepping("a", [1, 3, 2]), stepping("b", [7, 8])])
    assert [last for name, last in seen if name == "a"] == [1, 3, 3]
    assert [last for name, last in seen if name == "b"] == [7, 8]


def test_deferred_async_and_parallelized_ones(pipeline):
    gate = threading.Barrier(2, timeout=20)

    @dlt.defer
    def later(number):
        gate.wait()  # two of them must be at work at once
        return {"number": number}

    @dlt.resource
    def deferred():
        yield from (later(number) for number in range(4))

    @dlt.resource
    async def awaited():
        for number in range(3):
            yield {"number": number}

    @dlt.resource(parallelized=True)
    def ahead():
        yield from ({"number": number, "name": dlt.current.resource_name()} for number in range(3))

    pipeline.run([deferred, awaited, ahead])
    tables = [query(pipeline, f"SELECT number FROM {name}") for name in ("deferred", "awaited", "ahead")]
    assert tables == [[(0,), (1,), (2,), (3,)], [(0,), (1,), (2,)], [(0,), (1,), (2,)]]
    assert query(pipeline, "SELECT DISTINCT name FROM ahead") == [("ahead",)]


def test_awaitables_share_a_loop_and_are_awaited_together(pipeline):
    import asyncio

    waiting, loops = [], set()

    async def together(number):
        loops.add(id(asyncio.get_running_loop()))
        done = asyncio.Event()
        waiting.append(done)
        if len(waiting) == 8:
            for each in waiting:
                each.set()
        await asyncio.wait_for(done.wait(), 20)
        return {"number": number}

    @dlt.resource
    def eight():
        yield from (together(number) for number in range(8))

    pipeline.run(eight)
    assert query(pipeline, "SELECT number FROM eight") == [(number,) for number in range(8)] and len(loops) == 1


def test_a_source_outside_of_a_run_is_read_by_turns():
    @dlt.source
    def numbers():
        return dlt.resource([1, 2, 3], name="a"), dlt.resource([[10, 20], 30], name="b"), dlt.resource([5], name="c", selected=False)

    assert list(numbers()) == [1, 10, 20, 2, 30, 3]


WIDE = """
import resource, sys
import tidegate as dlt

names, rows = int(sys.argv[1]), int(sys.argv[2])
text = "x" * 20_000

def wide(name):
    def read():
        for number in range(rows):
            yield {"number": number, "text": text + str(number)}
    return dlt.resource(read, name=name)

pipeline = dlt.pipeline("wide", destination="duckdb", dataset_name="d")
pipeline.memory = "64MiB"
pipeline.extract([wide(f"w{n}") for n in range(2)])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pipeline.extract([wide(f"w{n}") for n in range(names)])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_number_of_resources(tmp_path):
    """Twenty are read at once. Without a share of the memory each, they would hold 160 MB of text."""
    run = [sys.executable, "-c", WIDE, "40", "450"]
    grown = subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert int(grown) / 1024 < 60
