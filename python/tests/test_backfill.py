"""Windows of the past: `run(..., window=)` and `Pipeline.backfill`."""

import datetime
import os
import subprocess
import sys

import pytest
from servers import KINDS, POSTGRES, destination_of, needs_postgres, new_name

import tidegate as dlt
from tidegate.pipeline.exceptions import PipelineStepFailed

DAYS = [{"id": day, "at": f"2024-01-{day:02d}T09:00:00Z"} for day in range(1, 11)]


def make(kind="duckdb"):
    return dlt.pipeline("shop", "folders", destination=destination_of(kind), dataset_name=new_name())


def days(given=DAYS, name="days", seen=None, **hints):
    @dlt.resource(name=name, incremental=dlt.sources.incremental("at"), **hints)
    def read(at: dlt.sources.incremental[str] = dlt.sources.incremental("at")):
        for row in given:
            if seen is not None:
                seen.append((at.start_value, at.end_value, at.end_out_of_range))
            yield row

    return read


def ids(pipeline, table="days"):
    return [row[0] for row in pipeline.dataset()[table].select("id").order_by("id").fetchall()]


@pytest.mark.parametrize("kind", KINDS)
def test_window_by_window_and_only_what_is_missing(kind):
    pipeline = make(kind)
    pipeline.run(days(), window=("2024-01-03", "2024-01-04"))
    plan = pipeline.plan(days(), window=("2024-01-01", "2024-01-06"), by="2d")
    assert [(each["from"][:10], each["to"][:10], each["state"]) for each in plan.windows] == [
        ("2024-01-03", "2024-01-04", "loaded"), ("2024-01-01", "2024-01-03", "due"), ("2024-01-04", "2024-01-05", "due"),
        ("2024-01-05", "2024-01-06", "due"),
    ]
    info = pipeline.backfill(days(), window=("2024-01-01", "2024-01-06"), by="2d")
    assert [(each["from"], each["to"], each["rows"]) for each in info.windows] == [
        ("2024-01-01", "2024-01-03", 2), ("2024-01-04", "2024-01-05", 1), ("2024-01-05", "2024-01-06", 1),
    ]
    assert info.row_counts == {"days": 4} and len({each["load_id"] for each in info.windows}) == 3
    assert ids(pipeline) == [1, 2, 3, 4, 5]
    again = pipeline.backfill(days(), window=("2024-01-01", "2024-01-06"), by="2d")
    assert again.is_empty and ids(pipeline) == [1, 2, 3, 4, 5]
    assert pipeline.run(days()).row_counts == {"days": 5} and ids(pipeline) == list(range(1, 11))  # it begins behind them


def test_each_window_calls_the_function_with_its_ends():
    seen = []
    pipeline = make()
    pipeline.backfill(days(DAYS[:3], seen=seen), window=("2024-01-01", "2024-01-03"), by="1d")
    assert seen == [
        ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", False), ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", False),
        ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", True),
        ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", False), ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", False),
        ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", False),
    ] or [each[:2] for each in seen] == [("2024-01-01", "2024-01-02")] * 3 + [("2024-01-02", "2024-01-03")] * 3


def test_a_transformer_has_windows_by_runs():
    @dlt.transformer(data_from=days(), incremental=dlt.sources.incremental("at"))
    def details(day):
        yield {"id": day["id"] * 10, "at": day["at"]}

    pipeline = make()
    with pytest.raises(ValueError, match="'details' takes its items from another resource"):
        pipeline.backfill(details, window=("2024-01-01", "2024-01-04"), by="1d")
    pipeline.run(details, window=("2024-01-01", "2024-01-04"))
    assert ids(pipeline, "details") == [10, 20, 30]


def test_it_fails_in_the_middle_and_goes_on():
    @dlt.resource(incremental=dlt.sources.incremental("at"))
    def flaky(at=dlt.sources.incremental("at", initial_value="2024-01-01")):
        if str(at.start_value).startswith("2024-01-03") and not fixed:
            raise ConnectionError("the source is away")
        yield DAYS

    fixed = []
    pipeline = make()
    with pytest.raises(PipelineStepFailed, match="the source is away") as caught:
        pipeline.backfill(flaky, window=("2024-01-01", "2024-01-05"), by="1d")
    assert (caught.value.step, caught.value.step_info.row_counts) == ("extract", {"flaky": 2})
    assert ids(pipeline, "flaky") == [1, 2]
    with pytest.raises(PipelineStepFailed):  # what is planned comes first
        pipeline.run(flaky)
    fixed.append(True)
    assert pipeline.backfill(flaky, window=("2024-01-01", "2024-01-05"), by="1d").row_counts == {"flaky": 2}
    assert ids(pipeline, "flaky") == [1, 2, 3, 4]
    assert pipeline.run(flaky).row_counts == {"flaky": 6} and ids(pipeline, "flaky") == list(range(1, 11))


def test_again_a_zone_and_ends_that_are_no_texts():
    pipeline = make()
    ends = {"from": datetime.date(2024, 1, 2), "to": datetime.date(2024, 1, 3), "timezone": "Europe/Berlin"}
    late = [{"id": 1, "at": datetime.datetime(2024, 1, 1, 23, 30, tzinfo=datetime.timezone.utc)}]
    assert pipeline.run(days(late, "late"), window=ends).row_counts == {"late": 1}
    assert pipeline.run(days(late, "late"), window=ends).is_empty
    assert pipeline.plan(days(late, "late"), window=ends).windows[0]["state"] == "loaded"
    assert pipeline.run(days(late, "late"), window={**ends, "again": True}).row_counts == {"late": 1}
    assert ids(pipeline, "late") == [1, 1]
    info = pipeline.backfill(days(late, "late"), window={**ends, "again": True}, by="12h")
    assert len(info.windows) == 2 and ids(pipeline, "late") == [1, 1, 1]


def test_numbers_and_several_sources():
    @dlt.source
    def shop():
        return dlt.resource(lambda: iter(DAYS), name="days", incremental=dlt.sources.incremental("id"))

    pipeline = make()
    info = pipeline.backfill([shop(), dlt.resource(lambda: [{"n": 2}], name="own").apply_hints(incremental=dlt.sources.incremental("n"))], window=(1, 5), by="2")
    assert info.row_counts == {"days": 4, "own": 1}
    assert ids(pipeline) == [1, 2, 3, 4]
    assert str(info).startswith("All windows of 2 from 1 to 5 are loaded in dataset") and "\nown       1     3      1  1" in str(info)
    assert "<td>own</td><td>1</td><td>3</td><td>1</td>" in info._repr_html_()


def test_what_is_refused():
    pipeline = make()
    with pytest.raises(ValueError, match="'days' is of an iterator, which can be read but once"):
        pipeline.backfill(days()._clone() and dlt.resource(iter(DAYS), name="days", incremental=dlt.sources.incremental("at")), window=(1, 2), by="1")
    with pytest.raises(TypeError, match="has no argument 'stagin'"):
        pipeline.backfill(days(), window=(1, 2), by="1", stagin=1)
    for wrong in ((1,), "ab", (1, None), {"from": 1}, {"from": 1, "to": 2, "zone": 3}):
        with pytest.raises(ValueError, match="a window has two ends"):
            pipeline.backfill(days(), window=wrong, by="1")
    with pytest.raises(PipelineStepFailed, match="1 fortnight") as caught:
        pipeline.backfill(days(), window=("2024-01-01", "2024-01-05"), by="1 fortnight")
    assert (caught.value.step, caught.value.exception.code) == ("backfill", "TG_USAGE")


WORKER = """
import os, sys, time
import tidegate as dlt
@dlt.resource(name="days", incremental=dlt.sources.incremental("id"))
def read():
    time.sleep(0.05)
    yield [{"id": n} for n in range(1, 41)]
destination = dlt.destinations.postgres(os.environ["TIDEGATE_TEST_POSTGRES"])
pipeline = dlt.pipeline("shop", sys.argv[1], destination=destination, dataset_name=sys.argv[2])
print(len(pipeline.backfill(read, window=(1, 41), by="2").windows))
"""


@needs_postgres
def test_two_processes_share_it():
    dataset = new_name()
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, f"folder{i}", dataset], stdout=subprocess.PIPE, text=True, env=os.environ)
        for i in range(2)
    ]
    loaded = [int(worker.communicate()[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0] and sum(loaded) == 20
    pipeline = dlt.pipeline("shop", "folders", destination=dlt.destinations.postgres(POSTGRES), dataset_name=dataset)
    assert ids(pipeline) == list(range(1, 41))
