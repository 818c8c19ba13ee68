"""`Pipeline.plan`: what a run would do, and that nothing was done."""

import os

import pytest
from servers import KINDS, destination_of, new_name

import tidegate as dlt
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.pipeline.exceptions import CannotRestorePipelineException, PipelineConfigMissing, PipelineStepFailed

ORDERS = [{"id": 1, "state": "paid", "total": 10}, {"id": 2, "state": "new", "total": 20}]
LATER = [{"id": 2, "state": "paid", "total": 22, "tip": 2}, {"id": 3, "state": "new", "total": 30}]


def make(kind="duckdb"):
    return dlt.pipeline("shop", "folders", destination=destination_of(kind), dataset_name=new_name())


def orders(given, **hints):
    @dlt.resource(name="orders", **hints)
    def read():
        yield from given

    return read


def merged(given):
    return orders(given, primary_key="id", write_disposition="merge")


def counts(plan):
    return {table["name"]: {name: table[f"rows_{name}"] for name in ("read", "inserted", "updated", "deleted")} for table in plan.tables}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_does_what_the_plan_said(kind):
    pipeline = make(kind)
    pipeline.run(merged(ORDERS))
    plan = pipeline.plan(merged(LATER), rows=True)
    assert counts(plan) == {"orders": {"read": 2, "inserted": 1, "updated": 1, "deleted": 0}}
    assert [(each["table"], each["column"]) for each in plan.changes] == [("orders", "tip")]
    cells = [(each["row"], each["key"], each["column"], each["before"], each["after"]) for each in plan.samples]
    assert ("updated", "2", "state", "new", "paid") in cells and ("inserted", "3", None, None, None) in cells
    assert pipeline.plan(merged(LATER), rows=True).tables == plan.tables  # nothing was written
    with pipeline.sql_client() as client:
        assert client.execute_sql("select id, state from orders order by id") == [(1, "paid"), (2, "new")]
    info = pipeline.run(merged(LATER))
    did = {table["name"]: {name: table[f"rows_{name}"] for name in ("read", "inserted", "updated", "deleted")} for table in info.reports[0]["tables"]}
    assert did == counts(plan)


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
@pytest.mark.parametrize("rows", [False, True])
def test_what_is_not_there_is_not_made(kind, rows):
    plan = make(kind).plan(merged(ORDERS), rows=rows)
    assert not os.path.exists(f"x.{kind}")
    found = [os.path.join(root, name) for root, _, names in os.walk("folders") for name in names]
    assert found == ([os.path.join("folders", "shop", "shop", "lock")] if rows else [])
    assert os.path.exists("folders") == rows
    assert bool(plan.changes) == rows and any("CREATE TABLE" in each["sql"] for each in plan.statements)
    with pytest.raises(CannotRestorePipelineException):
        dlt.attach("shop", "folders")


def test_a_cursor_goes_on_and_does_not_move():
    pipeline = make()

    def by_id(given):
        return orders(given).apply_hints(incremental=dlt.sources.incremental("id"))

    first = pipeline.plan(by_id(ORDERS))
    assert (first.resources[0]["cursor"], first.resources[0]["start_value"]) == ("id", None)
    assert "cursor id: all rows, from the beginning" in str(first)
    pipeline.run(by_id(ORDERS))
    for _ in range(2):
        plan = pipeline.plan(by_id([ORDERS[1], LATER[1]]), rows=True)
        assert (plan.resources[0]["start_value"], plan.tables[0]["rows_inserted"]) == ("2", 1)
    assert "cursor id: rows from 2, where the last load has ended" in str(plan)
    assert pipeline.run(by_id([ORDERS[1], LATER[1]])).row_counts == {"orders": 1}


def test_state_that_code_keeps_is_not_kept():
    @dlt.resource
    def counted():
        state = dlt.current.resource_state()
        state["runs"] = state.get("runs", 0) + 1
        yield {"runs": state["runs"]}

    pipeline = make()
    pipeline.plan(counted, rows=True)
    pipeline.run(counted)
    assert pipeline.state["sources"]["shop"]["resources"]["counted"]["runs"] == 1


def test_sources_of_several_schemas_and_a_table_of_another_name():
    @dlt.source
    def crm():
        return dlt.resource([{"id": 1}], name="people", write_disposition="replace")

    pipeline = make()
    pipeline.run(crm())
    plan = pipeline.plan([crm(), orders(ORDERS, table_name="orders_new")], rows=True)
    assert counts(plan)["people"] == {"read": 1, "inserted": 1, "updated": 0, "deleted": 1}
    assert counts(plan)["orders_new"]["inserted"] == 2
    assert "people: replace\n  all that is there goes\n" in str(plan) and "orders: append, into table orders_new" in str(plan)


def test_what_is_read_stands_beside_the_table_of_its_resource():
    def tickets():
        yield {"id": 1}
        yield dlt.mark.with_table_name({"id": 2, "lines": [{"n": 1}]}, "returns")

    plan = make().plan(dlt.resource(tickets), rows=True)
    assert [line.split() for line in str(plan).splitlines() if line.startswith(("tickets ", "returns"))] == [
        ["tickets", "2", "1", "1", "0", "0"], ["returns", "1", "1", "0", "0"], ["returns__lines", "1", "1", "0", "0"],
    ]
    assert "<tr><td>returns</td><td></td><td>1</td>" in plan._repr_html_()


def test_a_window_and_a_refresh():
    def by_id(given):
        return orders(given).apply_hints(incremental=dlt.sources.incremental("id"))

    pipeline = make()
    pipeline.run(by_id(ORDERS))
    plan = pipeline.plan(by_id(LATER), window=(1, 2), write_disposition="merge", primary_key="id")
    assert [(each["from"], each["to"], each["state"]) for each in plan.windows] == [("1", "2", "due")]
    assert "cursor id: rows from 1, as it is asked for, to before 2" in str(plan)
    again = pipeline.plan(by_id(ORDERS), rows=True, refresh="drop_data")
    assert counts(again) == {"orders": {"read": 2, "inserted": 2, "updated": 0, "deleted": 2}}
    assert pipeline.dataset().row_counts().fetchall() == [("orders", 2)]


def test_a_load_that_waits():
    pipeline = make()
    waiting = pipeline.extract(merged(ORDERS)).loads_ids
    assert pipeline.plan(merged(LATER)).pending == waiting == pipeline.plan().pending
    assert f"Load {waiting[0]} of an earlier run waits: a run writes it first." in str(pipeline.plan())
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.plan(merged(LATER), rows=True)
    assert (caught.value.step, caught.value.exception.code) == ("plan", "TG_CONFLICT")
    assert pipeline.list_extracted_load_packages() == waiting


def test_what_fails_as_the_run_would():
    @dlt.resource
    def broken():
        yield {"id": 1}
        raise ValueError("the source is gone")

    pipeline = make()
    with pytest.raises(PipelineStepFailed, match="the source is gone") as caught:
        pipeline.plan(broken, rows=True)
    assert isinstance(caught.value.exception, ResourceExtractionError)
    with pytest.raises(PipelineConfigMissing, match="which plan needs"):
        dlt.pipeline("other", "folders").plan(broken)
    with pytest.raises(ValueError, match="a window has two ends"):
        pipeline.plan(broken, window=(1,))


def test_its_texts():
    pipeline = make()
    pipeline.run(orders([{"id": 1, "a": "<b>", "nested": [{"x": 1}]}], primary_key="id", write_disposition="merge"))
    plan = pipeline.plan(orders([{"id": 1, "a": "<i>", "nested": []}], primary_key="id", write_disposition="merge"), rows=True)
    assert repr(plan) == (
        f"<dlt.plan(pipeline_name='shop', dataset_name='{pipeline.dataset_name}', with_rows=True, resources=['orders'], "
        "changes=0, inserted=0, updated=1, deleted=1, is_allowed=True)>"
    )
    html = plan._repr_html_()
    assert "<td>&lt;b&gt; -&gt; &lt;i&gt;</td>" in html and "<b>" not in html
    assert "The schema does not change.\n" in str(plan) and "DELETE FROM" in plan.asstr(1) and "DELETE FROM" not in str(plan)
    pipeline.run([plan.asdict()], table_name="_plan", schema="plans")
    assert pipeline.dataset()["_plan__samples"].select("row", "key", "after").fetchall() == [("updated", "1", "<i>")]
    assert pipeline.plan(merged(LATER), rows=True, samples=0).samples == []
