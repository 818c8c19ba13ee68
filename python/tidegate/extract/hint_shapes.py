"""What each hint has to be: one of another form is told where it is said, by its name and value.

    check_shapes: a table of forms; which words there may be is said by who makes options of them (hint_options.py)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tidegate.extract.incremental import Incremental

Shape = tuple[str, Callable[[Any], bool]]

#: What dlt's columns may say; further names begin with "x-".
_COLUMN_KEYS = {
    "name", "data_type", "precision", "scale", "nullable", "timezone", "primary_key", "merge_key", "hard_delete", "dedup_sort", "unique",
    "partition", "cluster", "sort", "description", "root_key", "parent_key", "row_key", "variant", "incremental",
}


def _is_text(said: Any) -> bool:
    return isinstance(said, str)


def _is_key(said: Any) -> bool:
    return _is_text(said) or isinstance(said, Sequence) and all(map(_is_text, said))


def _is_word_or_map(said: Any) -> bool:
    return isinstance(said, (str, Mapping))


def _is_count(said: Any) -> bool:
    return type(said) is int and said >= 0


def _is_digits(said: Any) -> bool:
    return said is None or type(said) is int


def _is_flag(said: Any) -> bool:
    return said in (None, True, False)


_KEY: Shape = ("the name of a column, or a list of names", _is_key)
_FLAG: Shape = ("True or False", _is_flag)
_TEXT: Shape = ("a text", lambda said: said is None or _is_text(said))

_SHAPES: dict[str, Shape] = {
    "table_name": ("a text, or a function of an item", lambda said: _is_text(said) or callable(said)),
    "write_disposition": ("append, replace, merge, or a map of disposition, strategy and what belongs to them", _is_word_or_map),
    "primary_key": _KEY,
    "merge_key": _KEY,
    "incremental": ("a cursor, as in dlt.sources.incremental('updated_at')", lambda said: isinstance(said, Incremental)),
    "schema_contract": ("evolve, freeze, discard_row, discard_value, or a map of tables, columns, data_type", _is_word_or_map),
    "references": ("a list of maps of columns, referenced_table, referenced_columns", lambda said: isinstance(said, (list, tuple))),
    "max_table_nesting": ("how many levels become tables, 0 or more", _is_count),
    "description": _TEXT,
    "additional": ("a map of hints whose names begin with 'x-'", lambda said: isinstance(said, Mapping)),
}

_COLUMN_SHAPES: dict[str, Shape] = {
    "data_type": _TEXT, "description": _TEXT, "nullable": _FLAG, "timezone": _FLAG, "primary_key": _FLAG, "merge_key": _FLAG, "unique": _FLAG,
    "precision": ("a number", _is_digits), "scale": ("a number", _is_digits),
}


def check_shapes(said: Mapping[str, Any], functions: Sequence[str]) -> None:
    """That hints have the form that they have to have.

    Args:
        said: Hints by their names in `Hints`; None was not said, and an empty text takes a hint away.
        functions: Those that may be functions of an item.

    Raises:
        ValueError: One is of another form.

    Example:
        >>> check_shapes({"primary_key": 5}, [])
        Traceback (most recent call last):
        ...
        ValueError: primary_key is the name of a column, or a list of names, not 5
    """
    for name, value in said.items():
        if value is None or value == "" or name not in _SHAPES or (name in functions and callable(value)):
            continue
        what, holds = _SHAPES[name]
        if not holds(value):
            raise ValueError(f"{'additional_table_hints' if name == 'additional' else name} is {what}, not {value!r}")


def check_name(argument: str, said: Any) -> None:
    """That a resource can be called so.

    Args:
        argument: That says it.
        said: The name.

    Raises:
        ValueError: It is no text, or an empty one.
    """
    if not _is_text(said) or not said:
        raise ValueError(f"{argument} is the name of a resource, a text, not {said!r}")


def check_columns(columns: Any) -> None:
    """The same of hints of columns.

    Args:
        columns: A map by name, or a list of maps with names.

    Raises:
        ValueError: They are of another form, or say what no column has.
    """
    is_map = isinstance(columns, Mapping)
    if not is_map and (isinstance(columns, (str, bytes)) or not isinstance(columns, Sequence)):
        raise ValueError(f"columns is a map of column hints by name, a list of such with a name, or a pydantic model, not {columns!r}")
    for name, column in columns.items() if is_map else ((_name_of(each), each) for each in columns):
        if not isinstance(name, str) or not name:
            raise ValueError(f"columns: the name of a column is a text, not {name!r}")
        if not isinstance(column, Mapping):
            raise ValueError(f"columns: '{name}' is a map of hints, as {{'data_type': 'text'}}, not {column!r}")
        for key, value in column.items():
            _check_hint(name, key, value)


def _name_of(column: Any) -> Any:
    if not isinstance(column, Mapping) or "name" not in column:
        raise ValueError(f"columns: each of a list is a map with a name, as {{'name': 'id', 'data_type': 'bigint'}}, not {column!r}")
    return column["name"]


def _check_hint(column: str, key: Any, value: Any) -> None:
    if key not in _COLUMN_KEYS and not str(key).startswith("x-"):
        raise ValueError(f"columns: '{column}' has no hint {key!r}; there are {', '.join(sorted(_COLUMN_KEYS - {'name'}))}")
    what, holds = _COLUMN_SHAPES.get(key, ("", lambda said: True))
    if not holds(value):
        raise ValueError(f"columns: {key} of '{column}' is {what}, not {value!r}")
