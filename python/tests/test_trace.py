"""What a run tells: its steps, the infos with what was measured, and both as rows of tables."""

import datetime
import re

import pytest

import in_memory
import tidegate as dlt
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.info import ExtractInfo, LoadInfo, NormalizeInfo

ROWS = [{"id": 1, "list": [1, 2]}, {"id": 2, "list": []}]


@pytest.fixture
def pipeline():
    return dlt.pipeline("p", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def rows(pipeline, sql):
    with pipeline.sql_client() as client:
        return client.execute_sql(sql)


def columns(pipeline, table):
    sql = f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{table}'"
    return {name for name, in rows(pipeline, sql) if not name.startswith("_dlt")}


# ---- the trace ----


def test_a_run_is_four_steps(pipeline):
    assert pipeline.last_trace is None
    info = pipeline.run(ROWS, table_name="t")
    trace = pipeline.last_trace
    assert [step.step for step in trace.steps] == ["extract", "normalize", "load", "run"]
    assert [type(step.step_info) for step in trace.steps] == [ExtractInfo, NormalizeInfo, LoadInfo, LoadInfo]
    assert trace.last_load_info.loads_ids == trace.last_extract_info.loads_ids == info.loads_ids
    assert trace.last_normalize_info.row_counts == {"t": 2, "t__list": 2, "_dlt_pipeline_state": 1}
    assert trace.pipeline_name == "p" and trace.engine_version == 2 and trace.resolved_config_values == []
    assert trace.execution_context["library"]["name"] == "tidegate"
    times = [moment for step in trace.steps[:3] for moment in (step.started_at, step.finished_at)]
    assert times == sorted(times) and times[0].tzinfo is datetime.timezone.utc
    text = str(trace)
    assert re.match(r"Run started at .* and COMPLETED in \d+\.\d\d seconds with 4 steps\.\nStep extract COMPLETED in ", text)
    assert text.count("is LOADED and contains no failed jobs") == 2
    assert "span id" not in text and f"span id: {trace.steps[0].span_id}" in trace.asstr(1)
    assert f"Package details:\nThe package with load id {info.loads_ids[0]} for schema p is in LOADED state." in trace.asstr(2)


def test_steps_one_by_one_are_one_trace(pipeline):
    pipeline.extract(ROWS, table_name="t")
    pipeline.normalize()
    pipeline.load()
    assert [step.step for step in pipeline.last_trace.steps] == ["extract", "normalize", "load"]
    pipeline.run(ROWS, table_name="t")
    assert len(pipeline.last_trace.steps) == 4


def test_what_failed_is_told(pipeline):
    def fails():
        yield {"id": 1}
        raise ValueError("no such thing")

    with pytest.raises(PipelineStepFailed):
        pipeline.run(fails, table_name="t")
    step, = pipeline.last_trace.steps
    assert step.step == "run" and "no such thing" in step.step_exception and step.step_info is None
    assert "Step run FAILED in" in str(pipeline.last_trace) and " and FAILED in " in str(pipeline.last_trace)
    assert [each["step"] for each in pipeline.last_trace.asdict()["steps"]] == ["run"]


def test_nothing_new(pipeline):
    resource = dlt.resource(ROWS, name="t").apply_hints(incremental=dlt.sources.incremental("id"))
    pipeline.run(resource)
    info = pipeline.run(resource)
    assert info.loads_ids == [] and info.is_empty and info.metrics == {} and info.job_metrics == []
    assert str(info).startswith("Pipeline p load step did not start\n0 load package(s) were loaded to destination duckdb and into dataset None")
    assert [step.step for step in pipeline.last_trace.steps] == ["extract", "normalize", "load", "run"]
    assert "No data found to normalize" in str(pipeline.last_trace)
    pipeline.run([info, pipeline.last_trace], table_name="told")


def test_the_trace_as_rows(pipeline):
    info = pipeline.run(ROWS, table_name="t")
    pipeline.run([pipeline.last_trace], table_name="_trace")
    assert rows(pipeline, "SELECT pipeline_name, execution_context__library__name FROM _trace") == [("p", "tidegate")]
    assert rows(pipeline, "SELECT step FROM _trace__steps ORDER BY started_at") == [("extract",), ("normalize",), ("load",)]
    below = {name for name, in rows(pipeline, "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '!_trace!_!_%' ESCAPE '!'")}
    steps = "_trace__steps__"
    assert below >= {"_trace__steps", *(steps + name for name in (
        "step_info__loads_ids", "step_info__load_packages", "step_info__load_packages__jobs",
        "extract_info__job_metrics", "extract_info__table_metrics", "extract_info__resource_metrics",
        "normalize_info__job_metrics", "normalize_info__table_metrics",
        "load_info__job_metrics", "load_info__outputs", "load_info__outputs__schemas", "load_info__outputs__tables",
        "step_info__load_packages__tables", "step_info__load_packages__tables__columns",
    ))}
    assert rows(pipeline, f"SELECT DISTINCT load_id FROM {steps}load_info__job_metrics") == [(info.loads_ids[0],)]
    measured = f"SELECT table_name, items_count FROM {steps}normalize_info__table_metrics ORDER BY 1"
    assert rows(pipeline, measured) == [("t", 2), ("t__list", 2)]
    assert rows(pipeline, f"SELECT resource_name, items_count FROM {steps}extract_info__resource_metrics") == [("t", 4)]


# ---- infos ----


def test_the_load_info_as_rows(pipeline):
    info = pipeline.run(ROWS, table_name="t")
    pipeline.run([info], table_name="_load_info")
    assert columns(pipeline, "_load_info") == {
        "destination_type", "destination_displayable_credentials", "destination_name", "destination_fingerprint",
        "dataset_name", "first_run", "started_at", "finished_at", "pipeline__pipeline_name",
    }
    assert columns(pipeline, "_load_info__load_packages") == {
        "load_id", "package_path", "state", "completed_at", "schema_hash", "schema_name", "schema_migrated",
    }
    assert columns(pipeline, "_load_info__load_packages__jobs") == {
        "state", "file_path", "file_size", "created_at", "elapsed", "table_name", "file_id", "retry_count", "file_format",
        "is_compressed", "job_id",
    }
    assert columns(pipeline, "_load_info__job_metrics") == {
        "load_id", "dataset_name", "job_id", "file_path", "table_name", "started_at", "finished_at", "state", "retry_count",
    }
    assert columns(pipeline, "_load_info__load_packages__tables__columns") >= {"name", "data_type", "table_name", "schema_name", "load_id"}
    assert columns(pipeline, "_load_info__outputs") >= {
        "load_id", "kind", "resource_name", "location", "destination_type", "destination_name", "destination_fingerprint", "dataset_name",
    }
    assert rows(pipeline, "SELECT table_name, state, file_format FROM _load_info__load_packages__jobs ORDER BY 1") == [
        ("t", "completed_jobs", "parquet"), ("t__list", "completed_jobs", "parquet"),
    ]
    assert rows(pipeline, "SELECT value FROM _load_info__outputs__tables ORDER BY 1") == [("t",), ("t__list",)]


def test_what_was_measured(pipeline):
    extracted = pipeline.extract(ROWS, table_name="t")
    load_id, = extracted.loads_ids
    measured, = extracted.metrics[load_id]
    assert {name: each["items_count"] for name, each in measured["table_metrics"].items()} == {"t": 2, "t__list": 2}
    job = extracted.load_packages[0].jobs["new_jobs"][0]
    assert measured["job_metrics"][job.job_file_info.job_id()]["file_size"] == job.file_size > 0
    assert set(pipeline.normalize().metrics) == {load_id}
    loaded = pipeline.load()
    assert [metric["table_name"] for metric in loaded.job_metrics] == ["t", "t__list"]
    assert all(metric["started_at"] <= metric["finished_at"] and metric["state"] == "completed" for metric in loaded.job_metrics)
    assert loaded.row_counts == {"t": 2, "t__list": 2} and loaded.first_run


def test_infos_for_people(pipeline):
    info = pipeline.run(ROWS, table_name="t")
    shown = info._repr_html_()
    assert re.search(r"<td>t__list</td>(<td[^>]*>\d*</td>)*<td style='text-align: right'>2</td>", shown) and "1 load package(s)" in shown
    assert info.asstr(1) == info.asstr() == str(info)
    assert "Job: t.1.parquet, table: t in completed_jobs. File type: parquet, size: " in info.asstr(2)
    package = pipeline.get_load_package_info(info.loads_ids[0])
    assert re.search(r"is in LOADED state\. It updated schema for 2 tables\. The package was LOADED at 20\d\d-", str(package))
    assert package.schema_update["t"]["columns"]["id"] == {"name": "id", "data_type": "bigint"}
