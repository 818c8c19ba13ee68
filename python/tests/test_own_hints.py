"""Hints that dlt does not have, by what they do at the destination."""

import pyarrow
import pytest
from servers import KINDS, destination_of, new_name

import tidegate as dlt
from tidegate.pipeline.exceptions import PipelineStepFailed

ROWS = [{"id": n, "name": f"n{n}"} for n in range(1, 21)]


def make(kind="duckdb", **said):
    return dlt.pipeline("shop", "folders", destination=destination_of(kind), dataset_name=new_name(), **said)


def people(given, **hints):
    return dlt.resource(given, **{"name": "people", "primary_key": "id", "write_disposition": "merge", **hints})


def ids(pipeline):
    return [row[0] for row in pipeline.dataset().people.select("id").order_by("id").fetchall()]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_a_snapshot_has_no_more(kind):
    pipeline = make(kind)
    pipeline.run(people(ROWS, deletes="snapshot"))
    pipeline.run(people(ROWS[1:]))  # the control: nothing said, nothing goes
    assert ids(pipeline) == list(range(1, 21))
    pipeline.run(people(ROWS[1:], deletes="snapshot"))
    assert ids(pipeline) == list(range(2, 21))
    pipeline.run(people(ROWS[2:], deletes={"detect": "snapshot", "apply": "soft"}))
    assert pipeline.dataset()("select id from people where _tidegate_deleted_at is not null").fetchall() == [(2,)]


def test_the_brake_and_what_lets_it_go():
    pipeline = make()
    pipeline.run(people(ROWS, deletes="snapshot"))
    with pytest.raises(PipelineStepFailed, match="deletes") as caught:
        pipeline.run(people(ROWS[:5], deletes={"detect": "snapshot", "limit": 3}))
    assert caught.value.exception.code == "TG_LIMIT" and len(ids(pipeline)) == 20
    assert not pipeline.plan(people(ROWS[:5], deletes={"detect": "snapshot", "limit": 3}), rows=True).is_allowed
    pipeline.run(people(ROWS[:5], deletes={"detect": "snapshot", "limit": "90%"}))
    assert ids(pipeline) == [1, 2, 3, 4, 5]
    with pytest.raises(PipelineStepFailed):
        pipeline.run(people([], deletes={"detect": "snapshot", "limit": "100%"}))
    pipeline.run(people([], deletes={"detect": "snapshot", "limit": "100%", "allow_empty": True}))
    assert ids(pipeline) == []


@pytest.mark.parametrize("keys, left", [
    ([{"id": 1}, {"id": 2}], [1, 2]), ([[{"id": 1}], [{"id": 2}]], [1, 2]), ({"id": 3}, [1, 3]), (pyarrow.table({"id": [2, 3]}), [1, 2, 3]),
    ([{"more": 0, "id": 4}, {"id": 2, "name": "x"}], [1, 2, 4]),
])
@pytest.mark.parametrize("items", [[{"id": 1, "name": "n1"}], [[{"id": 1, "name": "n1"}]], [[{"name": "n1", "id": 1}], {"id": 1}]])
def test_keys_in_any_form(keys, left, items):
    """They are rows of their own: what is known of the names in the resource's rows does not hold for them."""
    pipeline = make()
    pipeline.run(people(ROWS[:4]))
    pipeline.run(people(items, deletes={"detect": "keys", "limit": "100%"}, list_keys=lambda: keys))
    assert ids(pipeline) == left


def test_keys_beside_a_cursor():
    seen = []

    def keys():
        seen.append(dlt.current.resource_name())
        yield [{"id": n} for n in range(2, 22)]

    pipeline = make()
    hints = {"deletes": "keys", "list_keys": keys, "incremental": dlt.sources.incremental("id")}
    pipeline.run(people(ROWS, incremental=dlt.sources.incremental("id")))
    pipeline.run(people(ROWS, **hints))
    assert ids(pipeline) == list(range(2, 21))
    pipeline.run([people([{"id": 21, "name": "new"}], **hints), dlt.resource([{"x": 1}], name="other")])
    assert ids(pipeline) == list(range(2, 22)) and seen == ["people", "people"]


def test_limits_of_a_resource_and_of_the_pipeline():
    pipeline = make(limits={"columns_added": 0})
    pipeline.run(people(ROWS[:2]))
    more = [{"id": 1, "name": "n1", "age": 7}]
    with pytest.raises(PipelineStepFailed, match="columns_added") as caught:
        pipeline.run(people(more))
    assert caught.value.exception.code == "TG_LIMIT"
    assert "age" not in pipeline.dataset().people.columns
    pipeline.run(people(more, limits={"columns_added": 1}))
    assert "age" in pipeline.dataset().people.columns
    with pytest.raises(PipelineStepFailed, match="tables_added"):
        make(limits={"tables_added": 0}).run(people(ROWS))
    with pytest.raises(PipelineStepFailed, match="rows_deleted"):
        pipeline.run(people([], write_disposition="replace", limits={"rows_deleted": 1}))
    assert ids(pipeline) == [1, 2]


def test_ids_of_rows():
    pipeline = make()
    row_ids = []
    for name in ("n1", "other"):
        pipeline.run(people([{"id": 1, "name": name}], row_ids="key"))
        row_ids += pipeline.dataset()("select _dlt_id from people").fetchall()
    assert row_ids[0] == row_ids[1]
    for _ in range(2):
        pipeline.run(dlt.resource([{"a": 1}], name="twins", row_ids="row"))
    assert pipeline.dataset()("select count(*), count(distinct _dlt_id) from twins").fetchall() == [(2, 1)]


def test_bad_rows():
    bad = [{"id": None, "name": "x"}, {"id": 1, "name": "y"}, {"id": None, "name": "z"}]
    pipeline = make()
    with pytest.raises(PipelineStepFailed):
        pipeline.run(people(bad))
    pipeline.run(people(bad, on_bad_row="reject"))
    assert ids(pipeline) == [1]
    assert pipeline.dataset()("select count(*) from _tidegate_rejects").fetchall() == [(2,)]
    with pytest.raises(PipelineStepFailed):
        pipeline.run(people(bad, on_bad_row={"action": "reject", "limit": 1}))


def test_a_description_and_hints_that_come_later():
    pipeline = make()
    resource = people(ROWS, deletes="snapshot", description="Who buys")
    resource.apply_hints(deletes="", limits={"rows_deleted": 5}, row_ids="key")
    pipeline.run(resource)
    assert pipeline.default_schema.tables["people"]["description"] == "Who buys"
    pipeline.run(people(ROWS[1:]).apply_hints(deletes="snapshot"))
    assert ids(pipeline) == list(range(2, 21))


@pytest.mark.parametrize(("said", "text"), [
    ({"deletes": "snapshots"}, "deletes: detect is snapshot, keys, not 'snapshots'"),
    ({"deletes": {"detects": "keys"}}, "deletes has detect, apply, limit, allow_empty, not 'detects'"),
    ({"deletes": {"detect": "keys", "limit": "many"}}, "deletes: limit is a number, or a share such as '10%', not 'many'"),
    ({"deletes": {"detect": "keys", "limit": -1}}, "not -1"), ({"deletes": {"detect": "keys", "allow_empty": 1}}, "True or False"),
    ({"limits": "10%"}, "limits is a map of rows_deleted"), ({"limits": {"rows": 1}}, "not 'rows'"), ({"limits": {"rows_deleted": True}}, "not True"),
    ({"limits": {"rows_deleted": 0.5}}, "not 0.5"), ({"row_ids": "keys"}, "row_ids is random, key, row, not 'keys'"),
    ({"on_bad_row": "skip"}, "on_bad_row is fail, reject, not 'skip'"), ({"on_bad_row": {"action": "fail", "limit": 3}}, "limit=3 goes with action 'reject'"),
    ({"on_bad_row": {"limit": 3}}, "not None"), ({"list_keys": list}, "list_keys is for deletes='keys'"), ({"deletes": "keys", "list_keys": [1]}, "a function"),
])
def test_what_is_no_such_hint(said, text):
    with pytest.raises(ValueError) as caught:
        people(ROWS, **said)
    assert text in str(caught.value)
    with pytest.raises(ValueError):
        people(ROWS).apply_hints(**said)
