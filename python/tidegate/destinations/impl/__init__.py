"""Each kind of destination: how its credentials are said, and how the library and SQL reach it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.destinations import Destination
    from tidegate.destinations.database import Database


def _duckdb(destination: Destination, pipeline_name: str, working_dir: str) -> Database:
    from tidegate.destinations.impl import duckdb

    return duckdb.database_of(destination, pipeline_name, working_dir)


def _postgres(destination: Destination, pipeline_name: str, working_dir: str) -> Database:
    from tidegate.destinations.impl import postgres

    return postgres.database_of(destination, pipeline_name)


def _sqlalchemy(destination: Destination, pipeline_name: str, working_dir: str) -> Database:
    from tidegate.destinations.impl import sqlalchemy

    return sqlalchemy.database_of(destination, pipeline_name)


MAKERS: dict[str, Callable[[Destination, str, str], Database]] = {
    "duckdb": _duckdb, "postgres": _postgres, "sqlalchemy": _sqlalchemy,
}
