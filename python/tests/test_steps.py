"""Extract, normalize, load: what the cells of the lessons give, and what waits between them."""

import os

import duckdb
import pytest

import tidegate as dlt
from tidegate.pipeline.exceptions import LoadPackageNotFound, PipelineStepFailed
from tidegate.pipeline.packages import extracted

ROWS = [{"id": i, "updated_at": f"2024-01-{i:02d}T00:00:00Z"} for i in range(1, 11)]
MORE = [{"id": i, "updated_at": f"2024-02-{i:02d}T00:00:00Z"} for i in range(11, 13)]


def make():
    return dlt.pipeline("incremental", destination="duckdb", dataset_name="mydata")


def rows(sql):
    with make().sql_client() as client:
        return client.execute_sql(sql)


def person(given):
    @dlt.resource(name="person")
    def read():
        yield from given

    return read


def by_cursor(given):
    return person(given)().apply_hints(incremental=dlt.sources.incremental("updated_at"))


def counted(pipeline, data):
    pipeline.extract(data)
    return pipeline.normalize().row_counts


def test_a_look_at_the_files():
    pipeline = make()
    info = pipeline.extract(person(ROWS))
    load_id = info.loads_ids[0]
    assert str(info) == f"\nLoad package {load_id} is EXTRACTED and NOT YET LOADED to the destination and contains no failed jobs"
    assert pipeline.list_extracted_load_packages() == [load_id]
    normalized = pipeline.normalize()
    assert set(str(normalized).splitlines()) == {
        "Normalized data for the following tables:", "- person: 10 row(s)", "- _dlt_pipeline_state: 1 row(s)", "",
        f"Load package {load_id} is NORMALIZED and NOT YET LOADED to the destination and contains no failed jobs",
    }
    package = normalized.load_packages[0]
    assert sorted(package.jobs) == ["completed_jobs", "failed_jobs", "new_jobs", "started_jobs"]
    job = next(job for job in package.jobs["new_jobs"] if job.job_file_info.table_name == "person")
    assert os.path.getsize(job.file_path) == job.file_size
    assert duckdb.sql(f"SELECT count(*) FROM '{job.file_path}'").fetchall() == [(10,)]
    assert job.job_file_info.file_format == "parquet"
    assert package.state == "normalized" and package.schema_update["person"]["columns"]["id"] == {"name": "id", "data_type": "bigint"}
    assert pipeline.list_normalized_load_packages() == [load_id] and pipeline.has_pending_data and pipeline.first_run
    loaded = pipeline.load()
    assert loaded.loads_ids == [load_id] and loaded.first_run and not pipeline.first_run
    assert loaded.load_packages[0].state == "loaded" and loaded.load_packages[0].jobs["completed_jobs"]
    assert str(loaded).splitlines()[-1] == f"Load package {load_id} is LOADED and contains no failed jobs"
    assert pipeline.list_completed_load_packages() == [load_id] and pipeline.get_load_package_info(load_id).state == "loaded"
    assert not pipeline.has_pending_data and pipeline.has_data
    assert str(pipeline.normalize()) == "No data found to normalize"
    assert rows("SELECT count(*) FROM person") == [(10,)]


def test_without_a_cursor_all_comes_again():
    assert counted(make(), person(ROWS)) == {"person": 10, "_dlt_pipeline_state": 1}
    assert counted(make(), person(ROWS)) == {"person": 10}


def test_with_a_cursor_what_is_new():
    assert counted(make(), by_cursor(ROWS))["person"] == 10
    assert counted(make(), by_cursor(ROWS + MORE))["person"] == 2
    assert make().extract(by_cursor(ROWS + MORE)).is_empty
    assert len(make().load().loads_ids) == 2
    assert rows("SELECT count(*), count(DISTINCT id) FROM person") == [(12, 12)]


def test_the_lesson_in_its_order():
    """Cells that only look leave nothing: the run of a new pipeline begins anew, the dataset is not there."""
    counted(make(), person(ROWS))
    counted(make(), person(ROWS))
    assert counted(make(), by_cursor(ROWS))["person"] == 10
    assert counted(make(), by_cursor(ROWS + MORE))["person"] == 2
    make().run(by_cursor(ROWS))
    assert rows("SELECT count(*) FROM person") == [(10,)]
    make().run(by_cursor(ROWS + MORE))
    assert rows("SELECT count(*) FROM person") == [(12,)]


def test_what_another_process_has_extracted_is_loaded():
    make().extract(person(ROWS))
    extracted.clear()
    info = make().run(person(MORE))
    assert len(info.loads_ids) == 2
    assert rows("SELECT count(*) FROM person") == [(12,)]


def test_a_file_that_was_removed():
    pipeline = make()
    pipeline.run(by_cursor(ROWS))
    pipeline.extract(by_cursor(ROWS + MORE))
    os.remove("incremental.duckdb")
    info = pipeline.run(by_cursor(ROWS))
    assert len(info.loads_ids) == 1
    assert rows("SELECT count(*), count(DISTINCT id) FROM person") == [(10, 10)]


def test_a_merge():
    for given in (ROWS, ROWS[8:] + MORE):
        person_ = by_cursor(given).apply_hints(primary_key="id")
        make().run(person_, write_disposition="merge")
    assert rows("SELECT count(*) FROM person") == [(12,)]


def test_a_merge_of_changed_rows():
    changed = [row | {"updated_at": "2024-03-01T00:00:00Z"} for row in ROWS[:2]]
    for given in (ROWS, ROWS + changed):
        make().run(by_cursor(given).apply_hints(primary_key="id"), write_disposition="merge")
        assert rows("SELECT count(*) FROM person") == [(10,)]
    assert rows("SELECT count(*) FROM person GROUP BY _dlt_load_id ORDER BY _dlt_load_id") == [(8,), (2,)]


def test_what_waits_is_dropped():
    pipeline = make()
    first = pipeline.extract(by_cursor(ROWS)).loads_ids[0]
    second = pipeline.extract(by_cursor(ROWS + MORE)).loads_ids[0]
    with pytest.raises(PipelineStepFailed, match="has gone on from load"):
        pipeline.abort_packages(first)
    assert pipeline.abort_packages(dry_run=True) == [first, second]
    assert pipeline.abort_packages(second) == [second]
    pipeline.drop_pending_packages()
    assert not pipeline.has_pending_data and pipeline.load().is_empty
    with pytest.raises(LoadPackageNotFound):
        pipeline.get_load_package_info(first)
    assert pipeline.run(None) is None


def test_a_run_without_data_loads_what_waits():
    pipeline = make()
    load_id = pipeline.extract(person(ROWS)).loads_ids[0]
    assert pipeline.run().loads_ids == [load_id]


def test_an_extract_that_fails_seals_nothing():
    @dlt.resource
    def fails():
        yield {"id": 1}
        raise ValueError("no")

    pipeline = make()
    with pytest.raises(PipelineStepFailed, match="step=extract"):
        pipeline.extract(fails)
    assert not pipeline.has_pending_data and pipeline.normalize().is_empty
