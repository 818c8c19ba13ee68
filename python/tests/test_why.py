"""`Pipeline.why`: the story of one row."""

import datetime
import decimal

import pytest

import in_memory
import tidegate as dlt
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.why import key_of


def orders(rows):
    @dlt.resource(name="orders", primary_key="id", write_disposition="merge", incremental=dlt.sources.incremental("at", initial_value=2))
    def read():
        yield rows

    return read


@pytest.fixture
def pipeline():
    made = dlt.pipeline("shop", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")
    made.run(orders([{"id": 1, "at": 1, "v": "a"}, {"id": 2, "at": 3, "v": "a=b"}]))
    return made


def words(story):
    return [fact["fact"] for fact in story.facts]


def test_what_is_recorded(pipeline):
    [load_id] = pipeline.last_trace.last_normalize_info.loads_ids
    for key in (2, {"id": 2}, {"v": "a=b"}):
        story = pipeline.why("orders", key)
        assert words(story)[0] == "row" and story.facts[0]["load_id"] == load_id
        assert str(story).startswith("- the row is in table 'orders'; load ") and "<table>" in story._repr_html_()
        assert story.asdict()["facts"] == story.facts
    assert words(pipeline.why("orders", 1)) == ["absent", "unrecorded"]


def test_the_rule_that_filters_it_now(pipeline):
    rows = [{"id": 1, "at": 1, "v": "a"}, {"id": 2, "at": 3, "v": "a=b"}, {"id": 3, "at": 4, "v": "c"}]
    told = {key: words(pipeline.why("orders", key, orders(rows)))[-1] for key in (1, 2, 3, 4)}
    assert told == {1: "source_below", 2: "source_known", 3: "source_passes", 4: "source_absent"}
    assert pipeline.dataset().orders.select("id").fetchall() == [(2,)]  # nothing was loaded
    assert not pipeline.run(orders(rows)).is_empty  # nor remembered


def test_what_no_key_is(pipeline):
    for key, kind, words_of_it in (
        ("id=2", ValueError, "say which column this is of"), ("", ValueError, "say which column"),
        (object(), TypeError, "a key has no object"), ({"nope": 1}, PipelineStepFailed, "'nope' is no column"),
    ):
        with pytest.raises(kind, match=words_of_it):
            pipeline.why("orders", key)
    with pytest.raises(PipelineStepFailed, match="no table of a resource 'nope'"):
        pipeline.why("nope", 1)
    with pytest.raises(ValueError, match="'nope' is none of the resources"):
        pipeline.why("nope", 1, orders([]))


def test_keys_as_texts():
    assert key_of(datetime.date(2024, 1, 2)) == "2024-01-02"
    assert key_of({"at": datetime.datetime(2024, 1, 2, 3), "d": decimal.Decimal("1.10"), "n": None}) == \
        '{"at": "2024-01-02T03:00:00", "d": "1.10", "n": null}'
    assert (key_of(True), key_of(1.5), key_of("x y")) == ("true", "1.5", "x y")
