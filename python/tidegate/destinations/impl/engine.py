"""The `duckdb` package that is installed: its version, its library, and one instance for each file."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from tidegate.common.exceptions import MissingDependencyException
from tidegate.destinations.exceptions import DestinationConnectionError

_OLDEST = (1, 4)


class DuckDbConnectionError(DestinationConnectionError):
    """The database cannot be opened as it has to be."""


class DuckDbVersionError(DestinationConnectionError, ImportError):
    """The installed `duckdb` is too old."""


def _import_duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise MissingDependencyException("the engine of each load", ["'duckdb>=1.4'"]) from None
    if not hasattr(duckdb, "__version__"):
        raise DuckDbVersionError(
            f"{duckdb.__file__} has the name of the package duckdb, and is found in its place: call it otherwise (the "
            "package: pip install 'duckdb>=1.4')"
        )
    version = tuple(int(part) for part in duckdb.__version__.split(".")[:2])
    if version < _OLDEST:
        raise DuckDbVersionError(
            f"duckdb {duckdb.__version__} is installed, and tidegate needs 1.4 or a newer one (1.4, 1.5 and 2.0 are "
            "tested): pip install --upgrade 'duckdb>=1.4'"
        )
    return duckdb


if TYPE_CHECKING:
    import duckdb
else:
    duckdb = _import_duckdb()


def engine_path() -> str:
    """The library of the `duckdb` package, whose functions the extension calls.

    Returns:
        The path of its file.
    """
    path = sys.modules["_duckdb"].__file__
    assert path is not None
    return path


# ---- one instance for a file ----

_held: list[int] = []  # descriptors that are never closed: closing one would give all locks of its file up
_inherited: set[tuple[int, int]] = set()  # device and number of files that were open when this process was forked
_opening = threading.Lock()  # one thread finds out whom a connection joins, and opens it


def _note_inherited() -> None:
    """What is open here is the parent's: an instance of DuckDB among it has lost its threads."""
    global _opening
    _opening = threading.Lock()  # a thread that had it is not in this process
    with contextlib.suppress(OSError):
        for descriptor in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                status = os.fstat(int(descriptor))
                _inherited.add((status.st_dev, status.st_ino))


os.register_at_fork(after_in_child=_note_inherited)


def _is_inherited(path: str) -> bool:
    status = os.stat(path)
    return (status.st_dev, status.st_ino) in _inherited


def _is_open_here(path: str) -> bool:
    """Whether this process has the file open, by whatever name; where nobody tells: not."""
    try:
        status = os.stat(path)
        descriptors = os.listdir("/proc/self/fd")
    except OSError:
        return False
    for descriptor in descriptors:
        with contextlib.suppress(OSError, ValueError):  # the one of the listing is closed
            is_same = os.path.samestat(status, os.fstat(int(descriptor)))
            if is_same and int(descriptor) not in _held:
                return True
    return False


def _lock(path: str) -> None:
    """Takes the lock that an instance of DuckDB has on its file, and that a look has taken from it."""
    import fcntl

    with contextlib.suppress(OSError):  # a file that cannot be written to
        descriptor = os.open(path, os.O_RDWR)
        _held.append(descriptor)
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _joins(path: str) -> bool:
    """Whether a connection would join an instance: one that cannot be asks for another configuration.

    An instance that is known by that name refuses it before anything is opened. If none is, the file is looked into.
    """
    try:
        duckdb.connect(path, read_only=True, config={"of_tidegate": "no such setting"}).close()
    except duckdb.ConnectionException:
        return True
    except duckdb.Error:
        _lock(path)
    return False


def _known_name(path: str) -> str:
    """The name by which a file is joined that is open here: two instances of DuckDB on one file lose rows without an error.

    A connection to a file that is open joins its instance, if DuckDB knows it by that name: 1.4 does not
    know `./shop.duckdb` and links, no version hard links.

    Args:
        path: Of the file.

    Raises:
        DuckDbConnectionError: This process has it open, and a connection would be another instance.
    """
    names = dict.fromkeys((os.path.realpath(path), path))
    if _is_inherited(path):
        raise DuckDbConnectionError(
            f"{path} was open when this process was forked, and that instance of DuckDB is the parent's: close it before "
            "the fork, or start the process by spawn"
        )
    for name in names:
        if _joins(name):
            return name
    if not _is_open_here(path):  # another thread has closed it meanwhile
        return next(iter(names))
    raise DuckDbConnectionError(
        f"this process has {path} open under another name, or by something else than its duckdb, and two of them lose "
        "rows: close it, or pass the connection: destinations.duckdb(connection)"
    )


def connect_file(path: str) -> tuple[duckdb.DuckDBPyConnection, bool]:
    """A connection to a file, by the instance that this process has of it, if there is one.

    Args:
        path: Of the file.

    Returns:
        The connection; whether it is alone: nobody in this process had the file open.

    Raises:
        DuckDbConnectionError: There is one that cannot be joined.
    """
    with _opening:
        is_alone = not _is_open_here(path)
        return duckdb.connect(os.path.realpath(path) if is_alone else _known_name(path)), is_alone
