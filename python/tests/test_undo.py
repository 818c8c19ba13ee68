"""`Pipeline.undo`: loads are taken back."""

import pytest
from servers import KINDS, destination_of, new_name

import in_memory
import tidegate as dlt
from tidegate.pipeline.exceptions import LoadCannotBeUndone, PipelineConfigMissing, PipelineStepFailed

FIRST = [{"id": 1, "at": 1, "state": "paid", "lines": [{"n": 1}]}, {"id": 2, "at": 2, "state": "new", "lines": [{"n": 1}, {"n": 2}]}]
WRONG = [{"id": 2, "at": 4, "state": "lost", "lines": []}, {"id": 3, "at": 4, "state": "lost", "lines": []}]
RIGHT = [{"id": 2, "at": 3, "state": "paid", "lines": [{"n": 9}]}, {"id": 3, "at": 3, "state": "new", "lines": []}]


def make(kind="memory", **said):
    destination = dlt.destinations.duckdb(in_memory.database("x")) if kind == "memory" else destination_of(kind)
    return dlt.pipeline("shop", "folders", destination=destination, dataset_name=said.pop("dataset", None) or new_name(), **said)


def orders(given):
    @dlt.resource(name="orders", primary_key="id", write_disposition="merge", incremental=dlt.sources.incremental("at"))
    def read():
        yield from given

    return read


def state_of(pipeline):
    return pipeline.dataset().orders.select("id", "state").order_by("id").fetchall()


@pytest.mark.parametrize("kind", KINDS)
def test_rows_and_cursors_come_back(kind):
    pipeline = make(kind, undo_loads=3)
    pipeline.run(orders(FIRST))
    wrong = pipeline.run(orders(WRONG)).loads_ids
    assert state_of(pipeline) == [(1, "paid"), (2, "lost"), (3, "lost")]
    assert pipeline.run(orders(RIGHT)).is_empty  # the cursor is beyond
    look = pipeline.undo(look=True)
    assert not look.is_done and look.undone == wrong
    assert look.tables == {"orders": {"removed": 2, "restored": 1}, "orders__lines": {"removed": 0, "restored": 2}}
    assert state_of(pipeline) == [(1, "paid"), (2, "lost"), (3, "lost")]
    info = pipeline.undo(newest_load=look.undone[0])
    assert info.is_done and info.undone == wrong and info.tables == look.tables and info.load_id not in (None, *wrong)
    assert state_of(pipeline) == [(1, "paid"), (2, "new")]
    assert pipeline.run(orders(RIGHT)).row_counts["orders"] == 1  # and one that is updated
    assert state_of(pipeline) == [(1, "paid"), (2, "paid"), (3, "new")]


def test_what_is_kept_for_it_is_no_table_of_the_dataset():
    pipeline = make(undo_loads=3)
    pipeline.run(orders(FIRST))
    pipeline.run(orders([{"id": 2, "at": 5, "state": "lost", "lines": []}]))
    with pipeline.sql_client() as client:
        kept = [name for name in client.table_names() if name.startswith("_tidegate_undo_")]
    data = pipeline.dataset()
    assert kept and not set(kept) & set(data.tables) and "_tidegate_undo" in data.tables
    assert not any(name in repr(data) + data._repr_html_() for name in kept)
    assert {name for name, _ in data.row_counts(dlt_tables=True).fetchall()} == set(data.tables)
    assert data[kept[0]].columns  # it is there for who names it


def test_twice_does_it_once_and_further_back_needs_a_name():
    pipeline = make(undo_loads=3)
    first = pipeline.run(orders(FIRST)).loads_ids[0]
    pipeline.run(orders(WRONG))
    assert pipeline.undo().is_done
    again = pipeline.undo()
    assert again.is_empty and not again.is_done and str(again).startswith("It has been undone already: nothing is to be done")
    assert state_of(pipeline) == [(1, "paid"), (2, "new")]
    assert pipeline.undo(first).undone == [first]
    assert state_of(pipeline) == []


def test_the_loads_of_a_run_of_two_sources():
    @dlt.source
    def crm():
        return dlt.resource([{"id": 1}], name="people")

    @dlt.source
    def shop():
        return orders(FIRST)

    pipeline = make(undo_loads=5)
    info = pipeline.run([crm(), shop()])
    assert len(info.loads_ids) == 2
    undone = pipeline.undo(info.loads_ids[0])
    assert undone.undone == info.loads_ids[::-1] and undone.tables["people"] == {"removed": 1, "restored": 0}
    assert dict(pipeline.dataset().row_counts().fetchall()) == {"orders": 0, "orders__lines": 0, "people": 0}


def test_what_was_not_kept():
    pipeline = make()
    pipeline.run(orders(FIRST))
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.undo()
    assert caught.value.step == "undo" and isinstance(caught.value.exception, LoadCannotBeUndone)
    assert "In Python: undo: {loads: N} is pipeline(..., undo_loads=N)" in str(caught.value)
    with pytest.raises(PipelineStepFailed, match="has no load 'nope'") as caught:
        pipeline.undo("nope")
    assert isinstance(caught.value.exception, LoadCannotBeUndone)
    with pytest.raises(PipelineStepFailed) as caught:  # there is no database
        dlt.pipeline("shop", "folders", destination=dlt.destinations.duckdb("other.duckdb"), dataset_name="d").undo()
    assert isinstance(caught.value.exception, LoadCannotBeUndone)
    with pytest.raises(PipelineConfigMissing, match="which undo needs"):
        dlt.pipeline("other", "folders").undo()
    assert state_of(pipeline) == [(1, "paid"), (2, "new")]


def test_a_row_that_was_changed_since():
    pipeline = make(undo_loads=3)
    pipeline.run(orders(FIRST))
    pipeline.run(orders(WRONG))
    with pipeline.sql_client() as client:
        client.execute_sql("update orders set state = 'found' where id = 3")
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.undo()
    assert isinstance(caught.value.exception, LoadCannotBeUndone) and "In Python" not in str(caught.value)
    assert state_of(pipeline) == [(1, "paid"), (2, "lost"), (3, "found")]


def test_another_load_has_come_since_one_looked():
    pipeline = make(undo_loads=3)
    pipeline.run(orders(FIRST))
    seen = pipeline.undo(look=True).undone[0]
    pipeline.run(orders(WRONG))
    with pytest.raises(PipelineStepFailed, match="has come meanwhile") as caught:
        pipeline.undo(newest_load=seen)
    assert isinstance(caught.value.exception, LoadCannotBeUndone)
    assert state_of(pipeline) == [(1, "paid"), (2, "lost"), (3, "lost")]


def test_attach_goes_on_keeping():
    dataset = new_name()
    kept = make(undo_loads=2, dataset=dataset)
    first = kept.run(orders(FIRST)).loads_ids[0]
    attached = dlt.attach("shop", "folders")  # its destination is the kind, in a file
    assert attached.undo_loads == 2
    attached.destination = kept.destination
    attached.run(orders(WRONG))
    assert len(attached.undo(first, look=True).undone) == 2
    forgetful = make(dataset=dataset)
    forgetful.run(orders([{"id": 4, "at": 5, "state": "new", "lines": []}]))
    with pytest.raises(PipelineStepFailed, match="no longer are"):
        forgetful.undo()


def test_its_texts():
    pipeline = make(undo_loads=1)
    load_id = pipeline.run(orders(FIRST)).loads_ids[0]
    look = pipeline.undo(look=True)
    where = f"in dataset '{pipeline.dataset_name}' of {look.destination}"
    assert str(look) == (
        f"To be undone {where}: load {load_id}\n"
        "table          rows that go  that come back\n"
        "orders                    2               0\n"
        "orders__lines             3               0"
    )
    assert "<td>orders__lines</td><td>3</td><td>0</td>" in look._repr_html_()
    info = pipeline.undo()
    assert str(info).startswith(f"Undone {where}, by load {info.load_id}: load {load_id}\n")
    assert repr(info).startswith(f"<dlt.undo(pipeline_name='shop', load_id='{info.load_id}', undone=['{load_id}'], tables=")
    assert info.started_at <= info.finished_at
    assert info.asdict()["tables"][0] == {"table_name": "orders", "removed": 2, "restored": 0}
