"""Several sources in one pipeline: a schema, a load and a state for each, as dlt has them."""

import os
import re
import signal
import subprocess
import sys

import pytest

import in_memory
import tidegate as dlt
from tidegate.common.exceptions import NotInTidegate
from tidegate.common.schema.exceptions import InvalidSchemaName, SchemaNotFoundError, TableNotFound
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.library import ask


def make(name="p", **more):
    return dlt.pipeline(name, destination=dlt.destinations.duckdb(in_memory.database(name)), dataset_name="d", **more)


def on_disk(**more):
    return dlt.pipeline("p", destination="duckdb", dataset_name="d", **more)


def rows(sql, pipeline=None):
    with (pipeline or make()).sql_client() as client:
        return client.execute_sql(sql)


def count(*tables):
    return [rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables]


def source(name, given, fail=False, **hints):
    """A source with a resource `t` into a table of its own name."""

    @dlt.resource(table_name=name, **hints)
    def t():
        yield from given
        if fail:
            raise ValueError("no")

    @dlt.source(name=name)
    def made():
        return t

    return made()


ROWS = [{"id": i} for i in range(3)]


def by_cursor(name, given):
    return source(name, given, incremental=dlt.sources.incremental("id"))


def test_a_load_for_each_schema():
    pipeline = make()
    info = pipeline.run([source("beta", ROWS), source("alpha", ROWS)])
    assert [package.schema_name for package in info.load_packages] == ["alpha", "beta"]
    assert "2 load package(s) were loaded to destination duckdb and into dataset d" in str(info)
    assert rows("SELECT load_id, schema_name FROM _dlt_loads ORDER BY 1") == list(zip(info.loads_ids, ["alpha", "beta"]))
    assert rows("SELECT schema_name, version FROM _dlt_version ORDER BY 1") == [("alpha", 2), ("beta", 2)]
    assert pipeline.default_schema_name == "alpha" and pipeline.schema_names == ["alpha", "beta"]
    assert pipeline.schemas["beta"].data_table_names() == ["beta"]
    assert count("alpha", "beta") == [3, 3]
    assert len(pipeline.run(source("beta", ROWS)).loads_ids) == 1


def test_the_first_schema_stays_the_default():
    pipeline = make()
    pipeline.run(ROWS, table_name="lst")
    info = pipeline.run(source("alpha", ROWS))
    assert sorted(package.schema_name for package in info.load_packages) == ["alpha", "p"]
    assert len(pipeline.run(source("alpha", ROWS)).loads_ids) == 1
    assert [package.schema_name for package in pipeline.run(ROWS, table_name="lst").load_packages] == ["p"]
    assert make().default_schema_name == "p" and make().schema_names == ["alpha", "p"]


def test_a_source_that_comes_first_gives_the_schema():
    pipeline = make()
    pipeline.run(source("alpha", ROWS))
    assert [package.schema_name for package in pipeline.run(ROWS, table_name="lst").load_packages] == ["alpha"]
    assert pipeline.schema_names == ["alpha"]
    mixed = make("q")
    mixed.run([source("zeta", ROWS), dlt.resource(ROWS, name="lst")])
    assert mixed.schema_names == ["q", "zeta"] and mixed.default_schema_name == "q"


def test_resources_of_one_name_go_by_their_source():
    pipeline = make()
    pipeline.run([by_cursor("alpha", ROWS), by_cursor("beta", ROWS[:2])])
    assert count("alpha", "beta") == [3, 2]
    pipeline.run([by_cursor("alpha", ROWS), by_cursor("beta", ROWS)])
    assert count("alpha", "beta") == [3, 3]
    cursors = {
        name: state["resources"]["t"]["incremental"]["id"]["last_value"] for name, state in pipeline.state["sources"].items()
    }
    assert cursors == {"alpha": 2, "beta": 2}


def test_a_state_for_each_source():
    seen = []

    def counting(name):
        @dlt.source(name=name)
        def made():
            @dlt.resource(name=f"{name}_rows")
            def each():
                state = dlt.current.source_state()
                state["runs"] = state.get("runs", 0) + 1
                seen.append((name, state["runs"], dlt.current.source().name))
                yield {"n": 1}

            return each

        return made()

    pipeline = make()
    pipeline.run([counting("alpha"), counting("beta")])
    pipeline.run(counting("beta"))
    assert seen == [("alpha", 1, "alpha"), ("beta", 1, "beta"), ("beta", 2, "beta")]
    assert {name: state["runs"] for name, state in pipeline.state["sources"].items()} == {"alpha": 1, "beta": 2}


def test_a_table_of_two_schemas_has_the_columns_of_both():
    @dlt.source
    def alpha(given):
        return dlt.resource(given, name="t", primary_key="id", write_disposition="merge")

    @dlt.source
    def beta(given):
        return dlt.resource(given, name="t", primary_key="id", write_disposition="merge")

    pipeline = make()
    pipeline.run([alpha([{"id": 1, "a": 1}, {"id": 2, "a": 2}]), beta([{"id": 2, "b": 20}])])
    assert rows("SELECT id, a, b FROM t ORDER BY id") == [(1, 1, None), (2, None, 20)]
    pipeline.run(alpha([{"id": 3, "a": 3}]))
    assert rows("SELECT id, a, b FROM t ORDER BY id") == [(1, 1, None), (2, None, 20), (3, 3, None)]
    assert set(pipeline.schemas["alpha"].get_table_columns("t")) == {"id", "a", "_dlt_load_id", "_dlt_id"}


def test_a_source_that_fails_leaves_the_others_unread():
    pipeline = make()
    pipeline.run(source("alpha", ROWS))
    with pytest.raises(PipelineStepFailed, match="no"):
        pipeline.run([source("alpha", ROWS), source("beta", ROWS, fail=True)])
    assert count("alpha") == [3] and not pipeline.has_pending_data
    assert pipeline.schema_names == ["alpha"] and make().schema_names == ["alpha"]
    pipeline.run([source("alpha", ROWS), source("beta", ROWS)])
    assert count("alpha", "beta") == [6, 3]


def test_steps_one_by_one():
    pipeline = make()
    pipeline.run(source("alpha", ROWS))
    extracted = pipeline.extract([source("alpha", ROWS), source("beta", ROWS)])
    assert [package.schema_name for package in extracted.load_packages] == ["alpha", "beta"]
    assert pipeline.schema_names == ["alpha", "beta"] and make().schemas["beta"].data_table_names() == ["beta"]
    counts = pipeline.normalize().row_counts
    assert (counts["alpha"], counts["beta"]) == (3, 3)
    assert make().load().loads_ids == extracted.loads_ids
    assert count("alpha", "beta") == [6, 3]


def test_refresh_of_several():
    pipeline = make()
    pipeline.run([by_cursor("alpha", ROWS), by_cursor("beta", ROWS), by_cursor("gamma", ROWS)])
    pipeline.run([by_cursor("alpha", ROWS), by_cursor("beta", ROWS)], refresh="drop_sources")
    assert count("alpha", "beta", "gamma") == [3, 3, 3]
    assert len(pipeline.run(by_cursor("gamma", ROWS)).loads_ids) == 0


KILLED = """
import os, signal, sys
sys.path.insert(0, {here!r})
from test_schemas import *
from tidegate.pipeline import steps
kills = sys.argv[1] == "kill"
add = steps.Loaded.add
def first_load_is_there(self, report, packages, dataset):
    add(self, report, packages, dataset)
    if kills and packages:
        os.kill(os.getpid(), signal.SIGKILL)
steps.Loaded.add = first_load_is_there
def read(name):
    with open("read.txt", "a") as file:
        file.write(name + "\\n")
    return ROWS
def once(name):
    return by_cursor(name, (row for row in read(name)))
on_disk().run([once("alpha"), once("beta")])
"""


@pytest.mark.parametrize("way", ["kill", "go on"])
def test_killed_between_two_loads(way):
    """The first is there, the second is written by the next run, and nothing is read twice; the control is not killed."""
    code = KILLED.format(here=os.path.dirname(__file__))
    done = subprocess.run([sys.executable, "-c", code, way], capture_output=True, text=True)
    assert done.returncode == (-signal.SIGKILL if way == "kill" else 0), done.stderr
    if way == "kill":
        assert rows("SELECT schema_name FROM _dlt_loads", on_disk()) == [("alpha",)] and on_disk().has_pending_data
    assert len(on_disk().run([by_cursor("alpha", ROWS), by_cursor("beta", ROWS)]).loads_ids) == (1 if way == "kill" else 0)
    assert rows("SELECT (SELECT count(*) FROM alpha), (SELECT count(*) FROM beta)", on_disk()) == [(3, 3)]
    with open("read.txt") as file:
        assert file.read().split() == ["alpha", "beta"]


def test_a_dataset_without_our_tables_is_gone_on_from(tmp_path):
    """As dlt leaves it: state and schemas by name, nothing else, and no working folder."""
    make().run([by_cursor("AlphaShop", ROWS), by_cursor("beta", ROWS[:1])])
    for table, in rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_tidegate%' ESCAPE '\\'"):
        rows(f'DROP TABLE d."{table}"')
    elsewhere = make(pipelines_dir=str(tmp_path / "elsewhere"))
    assert elsewhere.schema_names == ["AlphaShop", "beta"] and elsewhere.first_run
    elsewhere.run([by_cursor("AlphaShop", ROWS), by_cursor("beta", ROWS)])
    assert count('"AlphaShop"' if rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'AlphaShop'") else "alpha_shop", "beta") == [3, 3]


# ---- schemas as objects ----


def test_a_schema_tells_its_tables():
    pipeline = make()
    pipeline.run([{"id": 1, "list": [{"a": 1}], "none": None}], table_name="t", primary_key="id")
    schema = pipeline.default_schema
    assert (schema.name, schema.version, schema.is_new) == ("p", 2, False)
    assert schema.version_hash == rows("SELECT version_hash FROM _dlt_version")[0][0] == schema.stored_version_hash
    assert schema.data_table_names() == ["t", "t__list"] and "_dlt_loads" in schema.dlt_table_names()
    assert schema.tables["t"]["columns"]["id"] | {"nullable": False} == {
        "name": "id", "data_type": "bigint", "nullable": False, "primary_key": True,
    }
    assert "none" not in schema.get_table_columns("t")
    assert schema.to_dict()["tables"]["t__list"]["parent"] == "t"
    assert schema.to_pretty_yaml().startswith("version: 2\nversion_hash: ") and "\n  t__list:\n    columns:\n" in schema.to_pretty_yaml()
    assert dlt.Schema.from_dict(schema.to_dict()) == schema
    with pytest.raises(TableNotFound, match="no table 'x'"):
        schema.get_table("x")
    schema.tables["t"]["columns"].clear()
    assert make().default_schema.get_table_columns("t")


def test_its_yaml_is_the_library_s():
    pipeline = make()
    odd = dlt.resource([{"id": 1, "l": [1]}], name="t", columns={"id": {"description": "true", "x-odd": "a: 'b' \n#"}})
    pipeline.run(odd)
    assert ask(pipeline, lambda core: core.document("schema_yaml")) == pipeline.default_schema.to_pretty_yaml()


def test_schemas_that_are_not_there():
    pipeline = on_disk()
    assert pipeline.default_schema_name is None and pipeline.schema_names == [] and list(pipeline.schemas) == []
    with pytest.raises(SchemaNotFoundError, match="it comes with the first load"):
        pipeline.default_schema
    with pytest.raises(SchemaNotFoundError, match="no schema 'x'"):
        pipeline.schemas["x"]
    assert not os.path.exists("p.duckdb"), "looking has made a database"


def test_a_schema_in_the_place_of_the_sources_own():
    pipeline = make()
    pipeline.run(source("alpha", ROWS), schema=dlt.Schema("other"))
    pipeline.run(ROWS, table_name="lst", schema="third")
    assert pipeline.schema_names == ["other", "third"] and pipeline.default_schema_name == "other"
    with pytest.raises(NotInTidegate, match="with tables of its own is not in tidegate"):
        pipeline.run(ROWS, table_name="lst", schema=pipeline.default_schema)
    for wrong in ("1st", "a b", "", "x" * 65):
        with pytest.raises(InvalidSchemaName, match="cannot be the name of a schema"):
            pipeline.run(ROWS, table_name="lst", schema=wrong)
        with pytest.raises(ValueError):
            dlt.Schema(wrong)


def test_other_names_than_snake_case_are_refused_where_they_are_said(monkeypatch):
    schema = dlt.Schema("shop")
    for say in (
        lambda: dlt.Schema("shop", normalizers={"names": "direct"}), lambda: schema.naming.normalize_identifier("Big Name"),
        lambda: schema.update_normalizers(), lambda: dlt.destinations.duckdb(naming_convention="direct"),
        lambda: dlt.pipeline("p").naming.normalize_path("a__b"),
    ):
        with pytest.raises(NotInTidegate, match="is not in tidegate; "):
            say()
    monkeypatch.setenv("SCHEMA__NAMING", "direct")
    with pytest.raises(NotInTidegate, match=r"SCHEMA__NAMING = 'direct' \(Environment Variables\) .* names are snake_case here"):
        dlt.pipeline("p", destination="duckdb").run(ROWS, table_name="lst")


def test_the_exported_schema_is_the_one_that_is_stored():
    pipeline = make(export_schema_path="schemas")

    def exported():
        with open("schemas/p.schema.yaml", encoding="utf-8") as file:
            return dict(re.findall(r'^(version|version_hash): "?([^"\n]*)"?$', file.read(), re.MULTILINE))

    for rows, table in (([{"id": 1}], "t"), ([{"id": 1, "b": 2}], "t"), ([{"id": 1}], "u")):
        pipeline.run(rows, table_name=table)
        assert exported() == {"version": str(pipeline.default_schema.version), "version_hash": pipeline.default_schema.version_hash}
    pipeline.extract([{"id": 1}], table_name="v")
    pipeline.load()
    assert exported()["version_hash"] == pipeline.default_schema.version_hash


def test_a_column_of_which_nothing_is_known_is_an_empty_map():
    pipeline = make(export_schema_path="schemas")
    pipeline.run(dlt.resource([{"id": 1}], name="t", columns={"later": {}}))
    with open("schemas/p.schema.yaml", encoding="utf-8") as file:
        assert "      later: {}\n" in file.read()
