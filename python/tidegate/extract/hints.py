"""Hints of a resource: its table, disposition, keys, columns, cursor.

A hint may be a function of an item where the table's name is one. Repeated `apply_hints` merge; an
empty text takes a hint away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate.extract import own_hints
from tidegate.extract.incremental import Incremental

_DISPOSITIONS = {"append": 0, "replace": 1, "merge": 2}
_MODES = {"evolve": 1, "freeze": 2, "discard_row": 3, "discard_value": 4}
_FLAGS = {None: 0, True: 1, False: 2}
_COLUMN_KEYS = {
    "data_type", "precision", "scale", "hard_delete", "dedup_sort", "unique", "partition", "cluster",
    "sort", "description",
}


@dataclass
class Hints:
    """What is known of a resource's table beforehand; None: nothing was said."""

    table_name: str | Callable[[Any], str] | None = None
    write_disposition: Any = None
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    primary_key: Any = None
    merge_key: Any = None
    incremental: Incremental[Any] | None = None
    schema_contract: Any = None
    references: Any = None
    max_table_nesting: int | None = None
    description: str | None = None
    deletes: Any = None  # from here on what dlt does not have: own_hints.py
    list_keys: Callable[[], Any] | None = None
    limits: Any = None
    row_ids: Any = None
    on_bad_row: Any = None
    additional: dict[str, Any] = field(default_factory=dict)
    model: Any = None  # of pydantic, if that is what the columns were

    def copy(self) -> Hints:
        """The same, to be changed apart."""
        return Hints(**{name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "columns": {name: dict(column) for name, column in self.columns.items()},
            "additional": dict(self.additional),
        })

    def apply(self, **said: Any) -> None:
        """Merges what is said over what was.

        Args:
            said: Hints by their names; None leaves one as it is, an empty text takes it away.
        """
        for name, value in said.items():
            if value is None:
                continue
            if name == "columns":
                self._apply_columns(value)
            elif name == "additional":
                self.additional.update(value or {})
            else:
                setattr(self, name, None if isinstance(value, (str, list)) and not value else value)
        own_hints.check(self)

    def _apply_columns(self, columns: Any) -> None:
        if columns == "" or columns == []:
            self.columns, self.model = {}, None
            return
        if is_model(columns):
            self.model = columns
        for name, column in columns_of(columns).items():
            self.columns[name] = merged_column(self.columns.get(name, {}), column)


def merged_column(known: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Hints of a column with what was said later over them.

    Args:
        known: Earlier hints; digits and zone of another type than the later one are left out.
        said: Later ones.

    Example:
        >>> merged_column({"data_type": "decimal", "precision": 10, "nullable": False}, {"data_type": "double"})
        {'data_type': 'double', 'nullable': False}
    """
    changes = said.get("data_type", known.get("data_type")) != known.get("data_type")
    of_type = ("precision", "scale", "timezone") if changes and known.get("data_type") else ()
    return {name: value for name, value in known.items() if name not in of_type} | dict(said)


def is_model(columns: Any) -> bool:
    """Whether columns are a model of pydantic, which is not imported for the question."""
    return isinstance(columns, type) and hasattr(columns, "model_fields")


def columns_of(columns: Any) -> dict[str, dict[str, Any]]:
    """Columns in any form that hints take, by name.

    Args:
        columns: A dict of column hints by name, a list of them with names, or a pydantic model.

    Returns:
        A dict of dicts.
    """
    if is_model(columns):
        from tidegate.common.libs.pydantic import columns_of_model

        return columns_of_model(columns)
    if isinstance(columns, Mapping):
        return {name: dict(column) for name, column in columns.items()}
    return {column["name"]: {k: v for k, v in column.items() if k != "name"} for column in columns}


# ---- for the library ----


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
    if disposition not in _DISPOSITIONS:
        raise ValueError(f"write_disposition is append, replace or merge, not {disposition!r}")
    options: dict[str, Any] = {"write_disposition": _DISPOSITIONS[disposition]}
    if "strategy" in said:
        options["merge_strategy"] = said.pop("strategy")
    names = said.pop("validity_column_names", None)
    if names:
        options["validity_column_names"] = ", ".join(names)
    for name in ("active_record_timestamp", "boundary_timestamp"):
        value = said.pop(name, None)
        if value is not None:
            options[name] = value if isinstance(value, str) else value.isoformat()
    options.update(said)
    return options


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
    modes = {name: said for name in ("tables", "columns", "data_type")} if isinstance(said, str) else said
    for mode in modes.values():
        if mode not in _MODES:
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
