"""Hints as options of the library: what a resource says, with the names of `struct tg_resource`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidegate.extract import own_hints

if TYPE_CHECKING:
    from tidegate.extract.hints import Hints

_DISPOSITIONS = {"append": 0, "replace": 1, "merge": 2}
_STRATEGIES = ("delete-insert", "upsert", "insert-only", "scd2", "cdc")
_ENTITIES = ("tables", "columns", "data_type")
_MODES = {"evolve": 1, "freeze": 2, "discard_row": 3, "discard_value": 4}
#: What belongs to a disposition, and what the library calls it.
_DISPOSITION_KEYS = {
    "strategy": "merge_strategy", "scope": "merge_scope", "limit": "range_limit",
    **{name: name for name in (
        "skip_unchanged_rows", "deduplicated", "validity_column_names", "active_record_timestamp", "boundary_timestamp", "row_version_column_name",
        "allow_empty", "source_filter", "destination_scope", "range", "range_column_name",
    )},
}
_FLAGS = {None: 0, True: 1, False: 2}
_COLUMN_KEYS = {
    "data_type", "precision", "scale", "hard_delete", "dedup_sort", "unique", "partition", "cluster",
    "sort", "description",
}


def key_text(key: Any) -> str | None:
    """A key of one or several columns as the library has it: "a, b"."""
    if not key:
        return None
    return key if isinstance(key, str) else ", ".join(key)


def disposition_options(said: Any) -> dict[str, Any]:
    """A write disposition, a word or a dict, as options of a resource.

    Args:
        said: "append", "replace", "merge", or `{"disposition": ..., "strategy": ..., ...}`.

    Returns:
        Names and values of struct tg_resource.

    Raises:
        ValueError: There is no such disposition.
    """
    said = {"disposition": said} if isinstance(said, str) else dict(said or {"disposition": "append"})
    disposition = said.pop("disposition", "append")
    if not isinstance(disposition, str) or disposition not in _DISPOSITIONS:
        how = f'; a strategy is said as {{"disposition": "merge", "strategy": "{disposition}"}}' if disposition in _STRATEGIES else ""
        raise ValueError(f"write_disposition is append, replace or merge, not {disposition!r}{how}")
    options: dict[str, Any] = {"write_disposition": _DISPOSITIONS[disposition]}
    for name, value in said.items():
        if name not in _DISPOSITION_KEYS:
            raise ValueError(f"write_disposition has disposition, {', '.join(_DISPOSITION_KEYS)}, not {name!r}")
        if value is not None:
            options[_DISPOSITION_KEYS[name]] = _option(name, value)
    return options


def _option(name: str, value: Any) -> Any:
    """What belongs to a disposition, as the library takes it."""
    if name in ("skip_unchanged_rows", "deduplicated", "allow_empty"):
        return own_hints.flag(f"write_disposition: {name}", value)
    if name == "limit":
        return own_hints.number("write_disposition: limit", value)
    if name == "validity_column_names" and isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError(f"write_disposition: {name} is a text, not {value!r}")
    return value


def contract_options(said: Any) -> dict[str, Any]:
    """A schema contract, a word or a dict, as options.

    Args:
        said: "evolve", "freeze", "discard_row", "discard_value", or a dict by entity.

    Returns:
        The modes of tables, columns and data types.

    Raises:
        ValueError: There is no such mode.
    """
    if said is None:
        return {}
    if not isinstance(said, (str, Mapping)):
        raise ValueError(f"a schema contract is {', '.join(_MODES)}, or a map of {', '.join(_ENTITIES)}, not {said!r}")
    modes = {name: said for name in _ENTITIES} if isinstance(said, str) else said
    for name, mode in modes.items():
        if name not in _ENTITIES:
            raise ValueError(f"a schema contract is of {', '.join(_ENTITIES)}, not {name!r}")
        if not isinstance(mode, str) or mode not in _MODES:
            raise ValueError(f"a schema contract is {', '.join(_MODES)}, not {mode!r}")
    return {f"contract_{name}": _MODES[mode] for name, mode in modes.items()}


def column_options(columns: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Column hints as the library has them."""
    out = []
    for name, column in columns.items():
        options = {k: v for k, v in column.items() if k in _COLUMN_KEYS and v is not None}
        for flag in ("nullable", "timezone"):
            if flag in column:
                options[flag] = _FLAGS[column[flag]]
        out.append({"name": name} | options)
    return out


def table_hints(hints: Hints) -> str | None:
    """What is kept in the schema for those who read it, as JSON; None: nothing.

    Args:
        hints: With references, and additional hints whose names begin with "x-".
    """
    kept = dict(hints.additional)
    if hints.references:
        kept["references"] = hints.references
    return json.dumps(kept) if kept else None


def keys_of_columns(columns: Mapping[str, Mapping[str, Any]], flag: str) -> Sequence[str]:
    """The columns whose hints say that they are part of a key: "primary_key", "merge_key"."""
    return [name for name, column in columns.items() if column.get(flag)]
