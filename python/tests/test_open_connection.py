"""Notebooks keep connections open: nothing that either side commits may be lost."""

import os
import subprocess
import sys

import duckdb
import pytest

import tidegate as dlt
from tidegate.destinations.exceptions import DestinationConnectionError
from tidegate.destinations.impl.duckdb import Database
from tidegate.pipeline.exceptions import PipelineStepFailed


def rows(connection, sql):
    return connection.sql(sql).fetchall()


def test_an_open_connection_sees_each_load_and_loses_nothing():
    notebook = duckdb.connect("shop.duckdb")
    notebook.execute("create table mine (n integer)")
    pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb("shop.duckdb"), dataset_name="d")
    for n in range(3):
        notebook.execute("insert into mine values (?)", [n])
        pipeline.run([{"id": n}], table_name="t")
        assert rows(notebook, "select count(*) from d.t") == [(n + 1,)]
        notebook.execute("insert into mine values (?)", [n])
        notebook.execute("checkpoint")
    notebook.close()
    with duckdb.connect("shop.duckdb") as again:
        assert rows(again, "select count(*) from mine") == [(6,)]
        assert rows(again, "select id from d.t order by id") == [(0,), (1,), (2,)]


def is_locked(file):
    """Whether another process would find a lock, as DuckDB takes it."""
    code = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    run = subprocess.run([sys.executable, "-S", "-E", "-c", code, file], capture_output=True, text=True)
    assert run.returncode == 0 or "BlockingIOError" in run.stderr
    return run.returncode != 0


NAMES = {
    "itself": lambda: "shop.duckdb", "dot": lambda: "./shop.duckdb", "up": lambda: "sub/../shop.duckdb", "absolute": lambda: os.path.abspath("shop.duckdb"),
    "symlink": lambda: os.symlink("../shop.duckdb", "sub/link.duckdb") or "sub/link.duckdb", "folder": lambda: os.symlink(".", "here") or "here/shop.duckdb",
    "hard link": lambda: os.link("shop.duckdb", "hard.duckdb") or "hard.duckdb",
}


def load(path, number):
    """As the library writes, without all that a load does besides; opening the file is what this is about."""
    session = Database(path).open()
    session.execute("create table if not exists t (id integer)")
    session.execute(f"insert into t values ({number})")
    session.close()


@pytest.mark.parametrize("said_by", ["notebook", "load"])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_file_by_another_name(name, said_by):
    """Its instance is joined, or the load is refused: which of both depends on the version of DuckDB."""
    os.mkdir("sub")
    duckdb.connect("shop.duckdb").close()
    other = NAMES[name]()
    notebook = duckdb.connect(other if said_by == "notebook" else "shop.duckdb")
    notebook.execute("create table mine (n integer)")
    path = "shop.duckdb" if said_by == "notebook" else other
    try:
        load(path, 1)
        is_joined = True
    except DestinationConnectionError as error:
        is_joined = False
        assert "open under another name" in str(error) and name not in ("itself", "absolute")
    assert not is_joined or rows(notebook, "select count(*) from t") == [(1,)]
    assert is_joined == (name != "hard link") or duckdb.__version__.startswith("1.4")
    assert is_locked("shop.duckdb")  # by the notebook, still
    notebook.execute("insert into mine values (1)")
    notebook.execute("checkpoint")
    notebook.close()
    load(path, 2)
    with duckdb.connect("shop.duckdb") as again:
        assert rows(again, "select n from mine") == [(1,)]
        assert rows(again, "select id from t order by id") == [(1,), (2,)][0 if is_joined else 1:]
    assert not is_locked("shop.duckdb")


def test_a_pipeline_is_refused_a_file_that_is_open_by_another_name():
    notebook = duckdb.connect("shop.duckdb")
    notebook.execute("create table mine (n integer)")
    os.link("shop.duckdb", "hard.duckdb")
    pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb("hard.duckdb"), dataset_name="d")
    with pytest.raises(PipelineStepFailed, match="open under another name"):
        pipeline.run([{"id": 1}], table_name="t")
    with pytest.raises(DestinationConnectionError, match="open under another name"), pipeline.sql_client():
        pass
    notebook.execute("insert into mine values (1)")
    notebook.close()
    pipeline.run([{"id": 2}], table_name="t")
    with duckdb.connect("shop.duckdb") as again:
        assert rows(again, "select n, (select list(id) from d.t) from mine") == [(1, [2])]


def test_a_run_keeps_the_lock_of_a_connection_that_is_open():
    """What opens and closes the file beside DuckDB would take the lock from it."""
    notebook = duckdb.connect("shop.duckdb")
    pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb("shop.duckdb"), dataset_name="d")
    pipeline.run([{"id": 1}], table_name="t")
    other = "import duckdb; duckdb.connect('shop.duckdb')"
    run = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True)
    assert run.returncode != 0 and "lock" in run.stderr
    notebook.close()
    assert subprocess.run([sys.executable, "-c", other]).returncode == 0


def test_a_connection_that_is_given_stays_open():
    connection = duckdb.connect(":memory:")
    pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb(connection), dataset_name="d")
    pipeline.run([{"id": 1}], table_name="t")
    pipeline.run([{"id": 2}], table_name="t")
    assert rows(connection, "select id from d.t order by id") == [(1,), (2,)]


def test_a_file_that_is_open_for_reading_says_what_to_do():
    duckdb.connect("shop.duckdb").close()
    reader = duckdb.connect("shop.duckdb", read_only=True)
    pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb("shop.duckdb"), dataset_name="d")
    with pytest.raises(Exception, match="another configuration .read-only"):
        pipeline.run([{"id": 1}], table_name="t")
    reader.close()
    pipeline.run([{"id": 1}], table_name="t")
