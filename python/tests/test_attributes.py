"""What a pipeline knows of itself, on this machine and at the destination, and how it is found again."""

import datetime
import os

import pytest

import tidegate as dlt
from tidegate.common.exceptions import DltException
from tidegate.pipeline.exceptions import CannotRestorePipelineException, PipelineConfigMissing, PipelineStepFailed

AT = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)


def make(name="p", **more):
    return dlt.pipeline(name, destination="duckdb", dataset_name="d", **more)


def events():
    return dlt.resource([{"id": 1, "at": AT}], name="events").apply_hints(incremental=dlt.sources.incremental("at"))


def last_value(pipeline):
    return pipeline.state["sources"]["p"]["resources"]["events"]["incremental"]["at"]["last_value"]


def test_the_state_is_a_copy_with_times():
    pipeline = make()
    assert pipeline.state["_state_version"] == 0 and pipeline.state["schema_names"] == [] and "sources" not in pipeline.state
    pipeline.extract(events())
    assert last_value(pipeline) == AT, "loads that wait count"
    pipeline.load()
    assert last_value(make()) == AT and make().state["default_schema_name"] == "p"
    pipeline.state["sources"].clear()
    assert last_value(pipeline) == AT
    assert not os.path.exists("q.duckdb") and make("q").state and not os.path.exists("q.duckdb")


def test_what_waits_and_is_dropped_is_forgotten():
    pipeline = make()
    pipeline.extract(events())
    pipeline.abort_packages()
    assert pipeline.state["_state_version"] == 0 and pipeline.schema_names == []


def test_values_of_this_machine(tmp_path):
    pipeline = make()
    with pytest.raises(KeyError):
        pipeline.get_local_state_val("when")
    pipeline.set_local_state_val("when", AT)
    assert make().get_local_state_val("when") == AT and pipeline.state["_local"]["when"] == AT
    assert pipeline.last_run_context is None
    pipeline.run(events())
    assert pipeline.last_run_context["run_dir"] == str(tmp_path) and pipeline.last_run_context["uri"] == f"file://{tmp_path}"
    assert make(pipelines_dir=str(tmp_path / "other")).state["_local"] == {}


def test_the_text_of_a_pipeline(tmp_path):
    pipeline = make()
    where = f"pipelines_dir='{tmp_path}/data/pipelines', working_dir='{tmp_path}/data/pipelines/p')>"
    assert repr(pipeline) == (
        f"<dlt.pipeline(pipeline_name='p', destination='duckdb', dataset_name='d', schema_names=[], first_run=True, "
        f"dev_mode=False, is_active=True, {where}"
    )
    pipeline.run(events())
    assert repr(pipeline) == (
        "<dlt.pipeline(pipeline_name='p', destination='duckdb', dataset_name='d', default_schema_name='p', schema_names=['p'], "
        f"first_run=False, dev_mode=False, is_active=True, {where}"
    )
    assert "<td>duckdb</td>" in pipeline._repr_html_()
    assert pipeline.runtime_config.log_level == "WARNING" and pipeline.staging is None
    with open("p.duckdb", "w") as file:
        file.write("no database")
    assert "default_schema_name" not in repr(make()), "a text is shown also where the destination cannot be read"
    with pytest.raises(PipelineStepFailed, match="step=sync"):
        make().default_schema_name


def test_the_text_of_a_load():
    pipeline = make()
    info = pipeline.run([{"id": 1}], table_name="t", write_disposition="merge", primary_key="id")
    assert repr(info) == f"<dlt.LoadInfo(pipeline_name='p', loads_ids={info.loads_ids!r})>"
    cell = "<td style='text-align: right'>"
    shown = pipeline.run([{"id": 1}, {"id": 2}], table_name="t", write_disposition="merge", primary_key="id")._repr_html_()
    assert "<td>t</td>" in shown and [int(each.split("<")[0]) for each in shown.split(cell)[1:]] == [2, 2, 1, 1, 0]
    assert "did not start" in pipeline.run([], table_name="t")._repr_html_()


def test_one_is_active():
    first, second = make(), make("q")
    assert second.is_active and not first.is_active and dlt.pipeline() is second
    first.activate()
    assert dlt.pipeline() is first and dlt.current.pipeline() is first
    second.deactivate()
    assert first.is_active
    first.deactivate()
    assert not first.is_active and dlt.pipeline() not in (first, second)


def test_run_is_the_active_pipeline_s():
    pipeline = make()
    info = dlt.run([{"id": 1}], table_name="t")
    assert info.pipeline is pipeline and pipeline.default_schema_name == "p"
    pipeline.deactivate()
    assert dlt.run([{"id": 1}], table_name="t", destination="duckdb").pipeline is dlt.pipeline()


def test_drop_leaves_what_is_at_the_destination():
    pipeline = make()
    pipeline.run(events())
    pipeline.extract([{"id": 1}], table_name="waits")
    assert pipeline.drop() is pipeline
    assert not os.path.exists(pipeline.working_dir) and pipeline.first_run and not pipeline.has_pending_data and not pipeline.is_active
    assert pipeline.run(events()).is_empty, "the cursor is the destination's"
    assert pipeline.drop("other").pipeline_name == "other" and pipeline.working_dir.endswith("other")


def test_attach_by_what_this_machine_knows():
    make().run(events())
    found = dlt.attach("p")
    assert found.is_active and found.dataset_name == "d" and found.destination.destination_name == "duckdb"
    assert found.run(events()).is_empty
    assert dlt.pipeline("p").dataset_name == "d", "as does a pipeline that says no more than its name"


def test_attach_in_another_folder(tmp_path, monkeypatch):
    make().run(events())
    for name in ("one", "two"):  # it stays where it was, also when it was run from elsewhere
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert dlt.attach("p").run(events()).is_empty and dlt.pipeline("p").dataset().row_counts().fetchall()
        assert os.listdir(".") == []


@pytest.mark.parametrize("said", ["shop/orders.duckdb", "duckdb:///orders.duckdb?threads=1", ":pipeline:"])
def test_attach_finds_the_file_that_was_said(said, tmp_path, monkeypatch):
    os.mkdir("shop")
    dlt.pipeline("p", destination=dlt.destinations.duckdb(said), dataset_name="d").run(events())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for found in (dlt.attach("p"), dlt.pipeline("p", dataset_name="d")):
        assert found.default_schema_name == "p" and found.run(events()).is_empty
    assert os.listdir(".") == []


@pytest.mark.parametrize("kept", ["{", "[]", "\x00"])
def test_a_damaged_file_of_what_is_kept_is_named(kept):
    working_dir = make().working_dir
    os.makedirs(working_dir)
    with open(os.path.join(working_dir, "local.json"), "w") as file:
        file.write(kept)
    for do in (make, lambda: dlt.attach("p")):
        with pytest.raises(DltException, match=r"p/local.json cannot be read .*: delete it, and run the pipeline"):
            do()


def test_attach_by_what_the_destination_knows(tmp_path):
    make().run(events())
    elsewhere = {"pipelines_dir": str(tmp_path / "elsewhere")}
    with pytest.raises(CannotRestorePipelineException, match="with `destination=` and `dataset_name="):
        dlt.attach("p", **elsewhere)
    with pytest.raises(CannotRestorePipelineException, match="no state in the dataset 'p_dataset' of duckdb"):
        dlt.attach("p", destination="duckdb", **elsewhere)
    found = dlt.attach("p", destination="duckdb", dataset_name="d", **elsewhere)
    assert found.default_schema_name == "p" and found.run(events()).is_empty
    assert dlt.attach("p", **elsewhere).dataset_name == "d"


def test_a_pipeline_that_nobody_knows_leaves_the_active_one():
    pipeline = make()
    with pytest.raises(CannotRestorePipelineException):
        dlt.attach("nobody", destination="duckdb")
    assert pipeline.is_active and not os.path.exists("nobody.duckdb")


def test_what_others_have_loaded_is_seen_after_a_sync(tmp_path):
    pipeline = make()
    assert pipeline.schema_names == []
    make(pipelines_dir=str(tmp_path / "elsewhere")).run(events())
    assert pipeline.schema_names == []
    pipeline.sync_destination()
    assert pipeline.schema_names == ["p"] and last_value(pipeline) == AT
    assert pipeline.sync_schema() == {} and pipeline.sync_schema("p") == {}
    with pytest.raises(PipelineConfigMissing, match="has no schema yet"):
        make("q").sync_schema()
    pipeline.sync_destination(dataset_name="none")
    assert pipeline.schema_names == []


def test_dev_mode_is_told():
    assert make(dev_mode=True).dev_mode and not make().dev_mode
