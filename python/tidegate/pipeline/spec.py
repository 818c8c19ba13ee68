"""A pipeline that a spec file describes. Its DuckDB is reached through Python's own `duckdb`, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidegate import _core

_DUCKDB = "duckdb:///"


def open_spec(path: str, variables: Mapping[str, str] | None = None, **options: Any) -> _core.Pipeline:
    """The pipeline of a spec.

    Args:
        path: Of the spec.
        variables: What `${NAME}` stands for, before the environment is asked.
        options: Of the library, as `select`.

    Returns:
        It must be closed.

    Raises:
        tidegate._core.Error: The spec is wrong, or is not there.
    """
    from tidegate.destinations.impl.duckdb import Database
    from tidegate.destinations.impl.engine import engine_path

    options |= {
        "spec_path": path, "engine": engine_path(),
        "variables": [{"name": name, "text": text} for name, text in (variables or {}).items()],
    }
    core = _core.Pipeline(options)
    destination = core.names()["destination"]
    if not destination.startswith(_DUCKDB):
        return core
    core.close()
    return _core.Pipeline(options | {"destination_connection": Database(destination.removeprefix(_DUCKDB))})
