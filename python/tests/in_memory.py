"""Databases in memory for tests that are not about files: a file is opened for each load and each look, which takes half
of their time."""

import duckdb

_opened: dict[str, duckdb.DuckDBPyConnection] = {}


def database(name):
    """The one of that name, which lasts as long as the case."""
    if name not in _opened:
        _opened[name] = duckdb.connect()
    return _opened[name]


def forget():
    """The next case finds none."""
    for connection in _opened.values():
        connection.close()
    _opened.clear()
