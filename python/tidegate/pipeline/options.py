"""What `pipeline()` is told: a value that cannot be is told there, not by the run that meets it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tidegate.extract.own_hints import limits_options

REFRESH = {None: 0, "drop_sources": 1, "drop_resources": 2, "drop_data": 3}
_UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1000, "MB": 1000**2, "GB": 1000**3}
_MEMORY_MIN = 64 << 20
_UNDO_MAX = 1000


def _is_text(said: Any) -> bool:
    return said is None or isinstance(said, str)


def _is_path(said: Any) -> bool:
    return _is_text(said) or isinstance(said, os.PathLike)


def _is_size(said: Any) -> bool:
    if said is None or not isinstance(said, str):
        return said is None
    number = said.rstrip("kKMGiB")
    return number.isdecimal() and number.isascii() and int(number) * _UNITS.get(said[len(number):], 0) >= _MEMORY_MIN


def _is_number_of_loads(said: Any) -> bool:
    return type(said) is int and 0 <= said <= _UNDO_MAX


def _is_collector(said: Any) -> bool:
    return _is_text(said) or all(hasattr(said, name) for name in ("start", "update", "stop"))


#: What each of them has to be, and whether a value is that.
_CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "pipelines_dir": ("the path of a folder", _is_path),
    "dataset_name": ("the name of a schema for the tables", _is_text),
    "refresh": (", ".join(filter(None, REFRESH)), lambda said: _is_text(said) and said in REFRESH),
    "progress": ("log, tqdm, enlighten, alive_progress, or an object with start, update and stop", _is_collector),
    "import_schema_path": ("the path of a folder", _is_path),
    "export_schema_path": ("the path of a folder", _is_path),
    "undo_loads": (f"how many of the newest loads can be undone, 0 to {_UNDO_MAX}", _is_number_of_loads),
    "memory": ("a size of at least 64MiB, such as '256MiB' or '1GiB'", _is_size),
}


def check_options(**said: Any) -> None:
    """That each can be had.

    Args:
        said: Options of a pipeline, by their names.

    Raises:
        ValueError: One is not as it has to be.

    Example:
        >>> check_options(memory="lots")
        Traceback (most recent call last):
        ...
        ValueError: memory is a size of at least 64MiB, such as '256MiB' or '1GiB', not 'lots'
    """
    limits_options(said.pop("limits", None))
    for name, value in said.items():
        what, holds = _CHECKS[name]
        if not holds(value):
            raise ValueError(f"{name} is {what}, not {value!r}")


def check_folder(path: str, what: str) -> None:
    """That a folder is there, or can be made there.

    Args:
        path: An absolute path.
        what: The option that says it, for the error.

    Raises:
        ValueError: A file is in its way.
    """
    there = path
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise ValueError(f"{what} is {path!r}, which cannot be a folder: {there!r} is a file; say another path")
