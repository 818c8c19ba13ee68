"""Where data go: destinations by name, by object and by configuration, and DuckDB's own."""

import datetime
import os
import pathlib
import subprocess
import sys

import duckdb
import pytest

import tidegate as dlt
from tidegate import destinations
from tidegate.common.configuration.exceptions import ConfigurationException, ValueNotSecretException
from tidegate.common.exceptions import Absent, MissingDependencyException, NotInTidegate
from tidegate.destinations.exceptions import DestinationConnectionError, UnknownDestinationModule
from tidegate.pipeline.exceptions import PipelineConfigMissing, PipelineStepFailed


def rows(sql, file):
    with duckdb.connect(file) as connection:
        return connection.sql(sql).fetchall()


def run(destination, name="p", **more):
    pipeline = dlt.pipeline(name, destination=destination, dataset_name="d", **more)
    return pipeline.run([{"id": 1}], table_name="t")


def is_loaded(file):
    return rows("select id from d.t", str(file)) == [(1,)]


def write(name, text):
    os.makedirs(".dlt", exist_ok=True)
    with open(f".dlt/{name}", "w") as file:
        file.write(text)


# ---- DuckDB's credentials ----


def test_forms_of_a_path(tmp_path):
    for credentials, file in {
        "a.duckdb": "a.duckdb", "duckdb:///b.duckdb": "b.duckdb", f"duckdb:///{tmp_path}/c.duckdb": tmp_path / "c.duckdb",
        str(tmp_path / "d2.duckdb"): "d2.duckdb", pathlib.Path("e.duckdb"): "e.duckdb", "with space.db": "with space.db",
        "duckdb:///with%20percent.db": "with percent.db",
    }.items():
        info = run(destinations.duckdb(credentials))
        assert is_loaded(file) and info.destination_displayable_credentials == f"duckdb:///{os.path.abspath(file)}"
    run(destinations.duckdb({"database": "f.duckdb"}))
    assert is_loaded("f.duckdb")

    class Credentials:
        database = "g.duckdb"
        global_config = {"threads": 2}

    run(destinations.duckdb(Credentials()))
    assert is_loaded("g.duckdb")


def test_the_file_is_named_after_the_pipeline_or_the_destination(tmp_path):
    run("duckdb")
    run(destinations.duckdb)
    assert is_loaded("p.duckdb") or rows("select count(*) from d.t", "p.duckdb") == [(2,)]
    info = run(destinations.duckdb(destination_name="mine", environment="prod"))
    assert is_loaded("mine.duckdb") and (info.destination_name, info.environment) == ("mine", "prod")
    assert "loaded to destination mine" in str(info) and info.destination_type == "dlt.destinations.duckdb"
    run(destinations.duckdb(":pipeline:"), "q")
    assert is_loaded(tmp_path / "data" / "pipelines" / "q" / "q.duckdb")


def test_a_relative_path_begins_where_the_destination_was_made(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    destination = destinations.duckdb("a.duckdb")
    pipeline = dlt.pipeline("p", destination=destination, dataset_name="d")
    by_name = dlt.pipeline("q", destination="duckdb", dataset_name="d")
    monkeypatch.chdir(tmp_path / "other")
    pipeline.run([{"id": 1}], table_name="t")
    by_name.run([{"id": 1}], table_name="t")
    assert is_loaded(tmp_path / "a.duckdb") and is_loaded(tmp_path / "q.duckdb") and os.listdir(".") == []
    monkeypatch.chdir(tmp_path)
    assert pipeline.dataset().t.select("id").fetchall() == [(1,)]
    monkeypatch.setenv("DLT_LOCAL_DIR", str(tmp_path / "other"))
    run("duckdb", "r")
    assert is_loaded(tmp_path / "other" / "r.duckdb")


def test_settings_of_connections():
    for credentials in ("duckdb:///a.duckdb?threads=3", {"database": "a.duckdb", "global_config": {"threads": 3}, "local_config": {"default_null_order": "nulls_first"},
                                                          "pragmas": ["enable_object_cache"], "statements": ["set memory_limit = '300MB'"], "extensions": ["json"]}):
        pipeline = dlt.pipeline("p", destination=destinations.duckdb(credentials), dataset_name="d")
        pipeline.run([{"id": 1}], table_name="t")
        with pipeline.sql_client() as client:
            assert client.execute_sql("select current_setting('threads'), current_setting('TimeZone')") == [(3, "UTC")]
    with pytest.raises(PipelineStepFailed, match="cannot be set up: .*nonsense"):
        run(destinations.duckdb("duckdb:///b.duckdb?nonsense=1"))


def test_what_cannot_be_a_duckdb(monkeypatch):
    for memory in (":memory:", "duckdb:///:memory:"):
        with pytest.raises(ValueError, match=r"pass a connection, as in destinations.duckdb\(duckdb.connect\(':memory:'\)\)"):
            destinations.duckdb(memory)
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", ":memory:")
    with pytest.raises(ValueError, match="pass a connection"):
        run("duckdb")
    for said, text in {"md:shop": r"the destination motherduck is not in tidegate; pass a connection", ("x",): "is no DuckDbCredentials"}.items():
        with pytest.raises((NotInTidegate, ConfigurationException), match=text):
            run(destinations.duckdb(said))
    with pytest.raises(NotInTidegate, match="read-only is not in tidegate; a load writes"):
        run(destinations.duckdb({"database": "x.duckdb", "read_only": True}))
    with pytest.raises(NotInTidegate, match="staging_dataset_name_layout of destinations.duckdb is not in tidegate; use dlt"):
        destinations.duckdb(staging_dataset_name_layout="%s_x")


def test_tables_of_duckdb_get_no_index(monkeypatch):
    with pytest.raises(NotInTidegate, match="create_indexes of destinations.duckdb is not in tidegate"):
        destinations.duckdb(create_indexes=True)
    monkeypatch.setenv("DESTINATION__DUCKDB__CREATE_INDEXES", "true")
    with pytest.raises(Exception, match="'create_indexes' has no meaning at duckdb"):
        run(destinations.duckdb("a.duckdb", create_indexes=False))


# ---- connections ----


def test_a_connection_that_is_closed_or_read_only():
    connection = duckdb.connect("a.duckdb")
    connection.close()
    with pytest.raises(PipelineStepFailed, match="the connection that destinations.duckdb was given is closed"):
        run(destinations.duckdb(connection))
    with pytest.raises(DestinationConnectionError, match="is closed: pass one that is open"), dlt.pipeline().sql_client():
        pass
    reader = duckdb.connect("a.duckdb", read_only=True)
    with pytest.raises(PipelineStepFailed, match="is open read-only, and a load writes"):
        run(destinations.duckdb(reader))
    with dlt.pipeline().sql_client() as client:
        assert client.execute_sql("select 1") == [(1,)]


def test_a_file_that_is_open_in_another_way():
    duckdb.connect("a.duckdb").close()
    reader = duckdb.connect("a.duckdb", read_only=True)
    with pytest.raises(PipelineStepFailed, match=rf"this process has {os.getcwd()}/a.duckdb open with another configuration \(read-only\?\); close that connection, or pass it: destinations.duckdb\(connection\)"):
        run(destinations.duckdb("a.duckdb"))
    reader.close()
    run(destinations.duckdb("a.duckdb"))
    assert is_loaded("a.duckdb")


def test_a_file_that_another_process_has():
    code = "import duckdb; c = duckdb.connect('a.duckdb'); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(PipelineStepFailed, match="Could not set lock") as caught:
            run(destinations.duckdb("a.duckdb"))
        assert caught.value.retryable
        other.communicate(b"\n")
    run(destinations.duckdb("a.duckdb"))
    assert is_loaded("a.duckdb")


def test_a_file_that_is_no_database():
    with open("a.duckdb", "w") as file:
        file.write("nonsense " * 1000)
    with pytest.raises(PipelineStepFailed, match="not a valid DuckDB database file"):
        run(destinations.duckdb("a.duckdb"))
    with pytest.raises(PipelineStepFailed, match="No such file or directory"):
        run(destinations.duckdb("no/such/folder/a.duckdb"))


# ---- configuration ----


def test_credentials_of_configuration(monkeypatch):
    write("secrets.toml", '[destination.duckdb]\ncredentials = "secrets.duckdb"\n')
    run("duckdb")
    assert is_loaded("secrets.duckdb")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "duckdb:///environ.duckdb")
    run("duckdb")
    assert is_loaded("environ.duckdb")
    monkeypatch.setenv("P__DESTINATION__DUCKDB__CREDENTIALS", "own.duckdb")
    run("duckdb")
    assert is_loaded("own.duckdb")
    run(destinations.duckdb("said.duckdb"))
    assert is_loaded("said.duckdb")
    dlt.pipeline("p", dataset_name="d").run([{"id": 1}], table_name="t", destination="duckdb", credentials="call.duckdb")
    assert is_loaded("call.duckdb")


def test_parts_of_credentials(monkeypatch):
    write("secrets.toml", '[destination.duckdb.credentials]\ndatabase = "parts.duckdb"\nglobal_config = {threads = 3}\n')
    run("duckdb")
    assert is_loaded("parts.duckdb")
    with dlt.pipeline().sql_client() as client:
        assert client.execute_sql("select current_setting('threads')") == [(3,)]
    monkeypatch.setenv("CREDENTIALS", "shortest.duckdb")
    run("duckdb")
    assert is_loaded("shortest.duckdb")


def test_credentials_in_config_are_refused():
    write("config.toml", '[destination.duckdb]\ncredentials = "config.duckdb"\n')
    with pytest.raises(ValueNotSecretException, match="destination.duckdb.credentials"):
        run("duckdb")


def test_named_destinations(monkeypatch):
    write("config.toml", '[destination.mydb]\ndestination_type = "duckdb"\n[destination.other]\ndestination_type = "dlt.destinations.duckdb"\n')
    info = run("mydb")
    assert is_loaded("mydb.duckdb") and (info.destination_name, info.destination_type) == ("mydb", "dlt.destinations.duckdb")
    write("secrets.toml", '[destination.other]\ncredentials = "that.duckdb"\n[destination.duckdb]\ncredentials = "never.duckdb"\n')
    run("other")
    assert is_loaded("that.duckdb") and not os.path.exists("never.duckdb")
    monkeypatch.setenv("DESTINATION__WAREHOUSE__DESTINATION_TYPE", "snowflake")
    with pytest.raises(NotInTidegate, match="the destination 'snowflake' is not in tidegate"):
        dlt.pipeline("p", destination="warehouse")


def test_names_of_kinds():
    for said in ("duckdb", "dlt.destinations.duckdb", "tidegate.destinations.duckdb", destinations.duckdb, destinations.duckdb()):
        assert dlt.pipeline("p", destination=said).destination.destination_type == "dlt.destinations.duckdb"
    with pytest.raises(UnknownDestinationModule, match=r"no destination 'nope'; there are duckdb, postgres, sqlalchemy, .*DESTINATION__NOPE__DESTINATION_TYPE=duckdb"):
        dlt.pipeline("p", destination="nope")
    for call in (lambda: dlt.pipeline("p").sql_client(), lambda: dlt.pipeline("p").dataset()):
        with pytest.raises(PipelineConfigMissing, match="has no destination"):
            call()


# ---- what is not there ----

OF_DLT = (
    "athena", "bigquery", "clickhouse", "databricks", "destination", "dremio", "ducklake", "dummy", "fabric", "filesystem",
    "lance", "lancedb", "motherduck", "mssql", "qdrant", "redshift", "snowflake", "synapse", "weaviate",
)


@pytest.mark.parametrize("name", OF_DLT)
def test_destinations_of_dlt_are_refused_at_the_call(name):
    made = getattr(destinations, name)
    assert isinstance(made, Absent) and repr(made) == f"<destinations.{name}, which is not in tidegate; use dlt for this>"
    with pytest.raises(NotInTidegate, match=f"^destinations.{name} is not in tidegate; use dlt for this$"):
        made("gs://x", destination_name="x")
    for said in (name, f"dlt.destinations.{name}", made):
        with pytest.raises(NotInTidegate, match="is not in tidegate"):
            dlt.pipeline("p", destination=said)


@pytest.mark.parametrize("use", [
    lambda: dlt.destination(lambda items, table: None), lambda: dlt.hub.transformation(lambda: None), lambda: dlt.dbt.package("p", "x"),
    lambda: dlt.hub("x"), lambda: dlt.destinations.destination(batch_size=1), lambda: dlt.pipeline("p", staging="filesystem"),
    lambda: dlt.dataset("duckdb", "d", schema="x"),
])
def test_other_names_of_dlt_are_refused_at_the_call(use):
    with pytest.raises(NotInTidegate, match="is not in tidegate"):
        use()


def test_a_name_that_nobody_knows():
    for module in (dlt, destinations):
        with pytest.raises(AttributeError, match="has no attribute 'nope'"):
            module.nope
    with pytest.raises(ImportError):
        from tidegate.destinations import nope  # noqa: F401
    from tidegate.destinations import snowflake

    with pytest.raises(NotInTidegate):
        snowflake()


# ---- other databases, and the engine ----


def test_a_dataset_without_its_pipeline():
    run(destinations.duckdb("a.duckdb"))
    data = dlt.dataset(destinations.duckdb("a.duckdb"), "d")
    assert data.t.select("id").fetchall() == [(1,)] and isinstance(data, dlt.Dataset) and isinstance(data.t, dlt.Relation)


def test_sqlite():
    from servers import has_sqlite

    for said, text in {"mysql://me@x/y": "sqlalchemy of mysql is not in tidegate; use dlt", "sqlite:///:memory:": "in memory is not in tidegate; name a file", "postgresql://x/y": "say destinations.postgres"}.items():
        with pytest.raises(NotInTidegate, match=text):
            run(destinations.sqlalchemy(said))
    with pytest.raises(ConfigurationException, match="DESTINATION__SQLALCHEMY__CREDENTIALS__DATABASE"):
        run("sqlalchemy")
    with pytest.raises(NotInTidegate, match="create_unique_indexes"):
        destinations.sqlalchemy(create_unique_indexes=True)
    if not has_sqlite():
        pytest.skip("there is no ADBC driver of SQLite")
    info = run(destinations.sqlalchemy("sqlite:///x.sqlite"))
    assert info.destination_displayable_credentials == f"sqlite:///{os.getcwd()}/x.sqlite" and os.path.exists("x__d.sqlite")
    run(destinations.sqlalchemy("sqlite:///x.sqlite"))
    assert dlt.pipeline().dataset().t.select("id").fetchall() == [(1,), (1,)]


def test_a_driver_that_is_missing_is_named(monkeypatch):
    import importlib.util

    monkeypatch.delenv("ADBC_DRIVER_PATH", raising=False)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "adbc_driver_sqlite" else found(name, *more))
    with pytest.raises(MissingDependencyException, match="a SQLite database needs .* pip install adbc-driver-sqlite"):
        run(destinations.sqlalchemy("sqlite:///x.sqlite"))


@pytest.mark.parametrize(("version", "text"), [
    ("1.3.2", r"duckdb 1.3.2 is installed, and tidegate needs 1.4 or a newer one \(1.4, 1.5 and 2.0 are tested\): pip install --upgrade 'duckdb>=1.4'"),
    (None, r"pip install 'duckdb>=1.4'"),
])
def test_an_engine_that_is_too_old_or_not_there(tmp_path, version, text):
    module = f"__version__ = {version!r}\n" if version else "raise ImportError\n"
    (tmp_path / "duckdb.py").write_text(module)
    code = "import tidegate as dlt; dlt.pipeline('p', destination='duckdb').run([{'id': 1}], table_name='t')"
    path = os.pathsep.join([str(tmp_path), *(os.environ.get("PYTHONPATH") or "").split(os.pathsep)])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 1
    import re

    assert re.search(text, done.stderr.splitlines()[-1]), done.stderr


def test_moments_are_in_utc():
    pipeline = dlt.pipeline("p", destination=destinations.duckdb("a.duckdb"), dataset_name="d")
    at = datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.timezone.utc)
    pipeline.run([{"at": at}], table_name="t")
    ((found,),) = pipeline.dataset().t.select("at").fetchall()
    assert found == at and found.utcoffset() == datetime.timedelta(0)


@pytest.mark.parametrize("name", ["ä ö.duckdb", "日本.duckdb", "e\u0301.duckdb", "/".join(["x" * 150] * 3) + "/deep.duckdb"])
def test_a_path_of_any_letters_and_length(place, name):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    for _ in range(2):
        pipeline = dlt.pipeline("far", destination=dlt.destinations.duckdb(name), dataset_name="d")
        info = pipeline.run([{"id": 1}], table_name="t")
    assert info.destination_displayable_credentials == f"duckdb:///{os.path.abspath(name)}"
    with duckdb.connect(name) as connection:
        assert connection.sql("SELECT count(*) FROM d.t").fetchall() == [(2,)]
    with open(name, "r+b") as file:
        file.write(b"x" * 64)
    with pytest.raises(PipelineStepFailed, match="connection 'duckdb:///.*: duckdb: "):
        pipeline.run([{"id": 1}], table_name="t")
