"""Notebooks keep connections open: nothing that either side commits may be lost."""

import os
import subprocess
import sys

import duckdb
import pytest

import tidegate as dlt


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


def test_the_same_file_by_another_path():
    os.mkdir("sub")
    os.symlink("../shop.duckdb", "sub/link.duckdb")
    notebook = duckdb.connect("shop.duckdb")
    notebook.execute("create table mine (n integer)")
    dlt.pipeline("shop", destination=dlt.destinations.duckdb("sub/link.duckdb"), dataset_name="d").run(
        [{"id": 1}], table_name="t"
    )
    assert rows(notebook, "select count(*) from d.t") == [(1,)]


def test_a_connection_that_was_opened_by_a_link():
    """DuckDB 1.4 does not know it again: two instances would lose rows of each other."""
    os.mkdir("sub")
    duckdb.connect("shop.duckdb").close()
    os.symlink("../shop.duckdb", "sub/link.duckdb")
    notebook = duckdb.connect("sub/link.duckdb")
    pipeline = dlt.pipeline("shop", destination=dlt.destinations.duckdb("shop.duckdb"), dataset_name="d")
    if duckdb.__version__.startswith("1.4."):
        with pytest.raises(Exception, match="open under another name"):
            pipeline.run([{"id": 1}], table_name="t")
        assert rows(notebook, "select count(*) from duckdb_tables() where schema_name = 'd'") == [(0,)]
    else:
        pipeline.run([{"id": 1}], table_name="t")
        assert rows(notebook, "select count(*) from d.t") == [(1,)]


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
