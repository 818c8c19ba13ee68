"""What a pipeline is told when it is made, and what each argument does."""

import re

import duckdb
import pytest

import tidegate as dlt
from tidegate.common.exceptions import NotInTidegate
from tidegate.pipeline.exceptions import InvalidPipelineName, PipelineConfigMissing, PipelineStepFailed


def rows(sql, file="p.duckdb"):
    with duckdb.connect(file) as connection:
        return connection.sql(sql).fetchall()


@pytest.mark.parametrize("said", [
    {"staging": "filesystem"}, {"table_format": "iceberg"}, {"schema": object()},
])
def test_what_would_do_nothing_is_refused(said):
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    with pytest.raises(NotInTidegate, match=f"{next(iter(said))}=.* is not in tidegate; use dlt"):
        pipeline.run([{"id": 1}], table_name="t", **said)


def test_other_arguments_that_would_do_nothing():
    for call in (
        lambda: dlt.pipeline("p", staging="filesystem"), lambda: dlt.resource([1], name="r", table_format="delta"),
        lambda: dlt.resource([1], name="r", file_format="csv"), lambda: dlt.source(lambda: [], schema=object()),
        lambda: dlt.resource([1], name="r", nested_hints={"a": {}}), lambda: dlt.destinations.duckdb("x") and dlt.pipeline("p", destination="snowflake"),
    ):
        with pytest.raises(NotInTidegate):
            call()
    assert dlt.resource([1], name="r", file_format="parquet").name == "r"


def test_names_and_destinations():
    with pytest.raises(InvalidPipelineName, match="letters, digits"):
        dlt.pipeline("a/b")
    with pytest.raises(PipelineConfigMissing, match="has no destination, which run needs"):
        dlt.pipeline("p").run([{"id": 1}], table_name="t")
    assert dlt.pipeline() is dlt.pipeline()
    with pytest.raises(ValueError, match="pass a connection"):
        dlt.destinations.duckdb(":memory:")


def test_frames_of_every_kind():
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    table = pyarrow.table({"id": [1, 2]})
    frames = {
        "lazy": polars.DataFrame({"id": [1, 2]}).lazy(), "polars": polars.DataFrame({"id": [1, 2]}),
        "pandas": pandas.DataFrame({"id": [1, 2]}), "batch": table.to_batches()[0], "reader": table.to_reader(),
        "relation": duckdb.sql("select unnest([1, 2]) as id"), "tables": [table.slice(0, 1), table.slice(1)],
    }
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    for name, frame in frames.items():
        pipeline.run(frame, table_name=name)
        assert rows(f"select id from d.{name} order by id") == [(1,), (2,)], name
    for name, series in {"of_pandas": pandas.Series([1, 2], name="n"), "of_polars": polars.Series("n", [1, 2])}.items():
        pipeline.run(series, table_name=name)
        assert rows(f"select value from d.{name} order by 1") == [(1,), (2,)], name


def test_credentials_of_a_call():
    dlt.pipeline("p", dataset_name="d").run([{"id": 1}], table_name="t", destination="duckdb", credentials="other.duckdb")
    assert rows("select id from d.t", "other.duckdb") == [(1,)]


def test_dev_mode_has_a_dataset_of_its_own():
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d", dev_mode=True)
    assert re.fullmatch(r"d_\d{14}", pipeline.dataset_name)
    pipeline.run([{"id": 1}], table_name="t")
    assert rows(f"select id from {pipeline.dataset_name}.t") == [(1,)]


def test_progress_is_told(capsys):
    seen = []

    class Collector:
        def start(self, step):
            seen.append(step)

        def update(self, name, count, total=None):
            seen.append((name, count))

        def stop(self):
            seen.append("stop")

    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d", progress=Collector())
    def steps():
        """Those of `seen`, each with its counters as they were at its end."""
        found = []
        for each in seen:
            if isinstance(each, tuple):
                found[-1][1][each[0]] = each[1]
            elif each != "stop":
                found.append((each, {}))
        assert seen.count("stop") == len(found)
        seen.clear()
        return found

    def extracted(pipeline, load=None, **tables):
        """Of a run of one resource, whose rows are in these tables."""
        load = load or pipeline.last_trace.last_load_info.loads_ids[0]
        counts = {"t": tables["t"], "Resources": 1}
        return [("Extract p", counts), (f"Normalize p in {load}", {"Files": 1, **tables})], (f"Load p in {load}", {"Jobs": 1, "t": tables["t"]})

    pipeline.run([{"id": 1}, {"id": 2}], table_name="t")
    before, last = extracted(pipeline, t=2, _dlt_pipeline_state=1)
    assert steps() == [*before, last]
    pipeline.extract([{"id": 3}], table_name="t")
    assert steps() == [("Extract p", {"Resources": 1, "t": 1})]
    pipeline.normalize()
    pipeline.load()
    before, last = extracted(pipeline, t=1)
    assert steps() == [before[1], last]

    @dlt.resource(primary_key="id")
    def nothing_new(seen=dlt.sources.incremental("id")):
        yield {"id": 4}

    pipeline.run(nothing_new)
    steps()
    pipeline.run(nothing_new)
    assert [step for step, _ in steps()] == ["Extract p"]

    def fails():
        yield {"id": 5}
        raise KeyError("x")

    with pytest.raises(PipelineStepFailed):
        pipeline.run(fails, table_name="t")
    assert [step for step, _ in steps()] == ["Extract p"]
    first, = pipeline.extract([{"id": 6}], table_name="t").loads_ids
    second, = pipeline.extract([{"id": 7}, {"id": 8}], table_name="u").loads_ids
    steps()
    info = pipeline.run([{"id": 9}], table_name="t")
    assert info.loads_ids[:2] == [first, second]
    before, last = extracted(pipeline, info.loads_ids[2], t=1)
    waiting = [(f"Load p in {first}", {"Jobs": 1, "t": 1}), (f"Load p in {second}", {"Jobs": 1, "u": 2})]
    assert steps() == [*waiting, *before, last]
    pipeline.run([dlt.resource([{"id": 6}], name="t"), *of_two_schemas()])
    assert [step.split(" in ")[0] for step, _ in steps()] == ["Extract p"] * 2 + ["Normalize p"] * 2 + ["Load p"] * 2


def of_two_schemas():
    @dlt.source
    def other():
        return dlt.resource([{"id": 1}], name="u")

    return [other()]


def test_progress_by_name(capsys):
    dlt.pipeline("q", destination="duckdb", dataset_name="d", progress="log").run([{"id": 1}], table_name="t")
    blocks = re.findall(r"^(-+ .* -+)$", capsys.readouterr().out, re.MULTILINE)
    assert [block.strip("- ").split()[0] for block in blocks[::2]] == ["Extract", "Normalize", "Load"]
    assert {len(block) for block in blocks} == {80}
    with pytest.raises(ValueError, match="progress is one of log"):
        dlt.pipeline("p", progress="nope")


def test_schemas_are_exported_with_hints():
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d", export_schema_path="schemas")
    resource = dlt.resource([{"id": 1}], name="t", references=[{"referenced_table": "o", "columns": ["id"], "referenced_columns": ["id"]}])
    pipeline.run(resource.apply_hints(additional_table_hints={"x-team": "web"}))
    with open("schemas/p.schema.yaml") as file:
        text = file.read()
    assert "x-team: web" in text and "referenced_table: o" in text


def test_what_a_source_says_holds_for_its_resources():
    @dlt.source(max_table_nesting=0, root_key=True)
    def shop():
        yield dlt.resource([{"id": 1, "list": [{"a": 1}]}], name="flat")
        yield dlt.resource([{"id": 1, "list": [{"a": 1}]}], name="deep", max_table_nesting=2)

    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run(shop())
    assert pipeline.dataset().tables[:3] == ["deep", "deep__list", "flat"]
    assert "_dlt_root_id" in pipeline.dataset()["deep__list"].columns

    @dlt.source(name="shop", schema_contract={"columns": "freeze"})
    def strict():
        yield dlt.resource([{"id": 1, "new": 2}], name="flat")

    with pytest.raises(PipelineStepFailed, match="new"):
        pipeline.run(strict())
