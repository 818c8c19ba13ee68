"""Databases for tests: a schema of its own in the PostgreSQL server of the run, a file of SQLite."""

import os
import uuid

import pytest

import tidegate as dlt
from tidegate import _core

POSTGRES = os.environ.get("TIDEGATE_TEST_POSTGRES")
needs_postgres = pytest.mark.skipif(not POSTGRES, reason="$TIDEGATE_TEST_POSTGRES names no server: tools/with-postgres starts one")
PASSWORD = dlt.common.configuration.specs.ConnectionStringCredentials.of(POSTGRES).password if POSTGRES else None


def library(url, dataset="x"):
    """A pipeline of the library, without one of Python's around it."""
    import _duckdb

    return _core.Pipeline({"name": "x", "destination": url, "dataset": dataset, "workdir": "w", "engine": _duckdb.__file__})


def ask(sql, url=None):
    """Rows of a statement, by a session of its own."""
    core = library(url or POSTGRES)
    session = core.session()
    stream = session.run(sql)
    rows = stream.fetch() if stream else None
    session.close()
    core.close()
    return rows


def new_name():
    return f"t_{uuid.uuid4().hex[:12]}"


def has_sqlite():
    if os.environ.get("ADBC_DRIVER_PATH"):
        return True
    try:
        import adbc_driver_sqlite  # noqa: F401
    except ImportError:
        return False
    return True


needs_sqlite = pytest.mark.skipif(not has_sqlite(), reason="there is no ADBC driver of SQLite")


def destination_of(kind, folder="."):
    """A destination of that kind, and skips the test where it is not there."""
    if kind == "postgres":
        if not POSTGRES:
            pytest.skip("$TIDEGATE_TEST_POSTGRES names no server")
        return dlt.destinations.postgres(POSTGRES)
    if kind == "sqlite":
        if not has_sqlite():
            pytest.skip("there is no ADBC driver of SQLite")
        return dlt.destinations.sqlalchemy(f"sqlite:///{folder}/x.sqlite")
    return dlt.destinations.duckdb(f"{folder}/x.duckdb")


def pipeline_of(kind, factory):
    """A pipeline in folders of its own, for all cases of a module, and what is to be done with it at their end."""
    folder = str(factory.mktemp(kind))
    return dlt.pipeline("shop", folder, destination=destination_of(kind, folder), dataset_name=new_name())


KINDS = ("duckdb", "postgres", "sqlite")
