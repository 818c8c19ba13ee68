"""What code keeps between runs, and what it may ask for while it runs."""

import datetime
import decimal
import uuid

import pytest

import in_memory
import tidegate as dlt
from tidegate.current import SourceSectionNotAvailable
from tidegate.extract.state import decode, encode


@pytest.fixture
def pipeline():
    return dlt.pipeline("kept", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def test_a_state_moves_with_the_rows(pipeline):
    seen = []

    @dlt.resource
    def pages(fail=False):
        state = dlt.current.resource_state()
        seen.append(dict(state))
        state["page"] = state.get("page", 0) + 1
        state["at"] = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
        dlt.current.source_state().setdefault("runs", []).append(state["page"])
        yield {"id": state["page"]}
        if fail:
            raise ValueError("no")

    at = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    pipeline.run(pages)
    with pytest.raises(Exception, match="no"):
        pipeline.run(pages(fail=True))
    pipeline.run(pages)
    assert seen == [{}, {"page": 1, "at": at}, {"page": 1, "at": at}]

    @dlt.resource
    def look():
        yield {"runs": dlt.current.source_state()["runs"], "other": dlt.current.resource_state("pages")["page"],
               "name": dlt.current.resource_name()}

    pipeline.run(look.add_map(lambda row: seen.append(row)))
    assert seen[-1] == {"runs": [1, 2], "other": 2, "name": "look"}


def test_outside_of_a_run_there_is_none():
    for call in (dlt.current.resource_state, dlt.current.source_state, dlt.current.source, dlt.current.resource):
        with pytest.raises(SourceSectionNotAvailable):
            call()


def test_a_pool_s_threads_are_part_of_the_run(pipeline):
    @dlt.defer
    def later():
        return {"name": dlt.current.resource_name()}

    @dlt.resource
    def mixed():
        yield later()

    pipeline.run(mixed)
    assert pipeline.run([], table_name="x") is not None


def test_values_come_back_as_they_were():
    state = {
        "n": 1, "list": [None, True], "day": datetime.date(2024, 1, 1), "money": decimal.Decimal("1.50"),
        "id": uuid.UUID(int=7), "bytes": b"\x00", "hour": datetime.time(1, 2, 3),
    }
    assert decode(encode(state)) == state and decode(None) == {}
    assert encode({"at": datetime.datetime(2024, 1, 1)}) == '{"at": "\uf0272024-01-01T00:00:00+00:00"}'
    with pytest.raises(TypeError, match="object"):
        encode({"a": object()})
