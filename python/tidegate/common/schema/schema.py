"""`Schema`: the tables and columns of a source, in the form in which dlt stores them."""

from __future__ import annotations

import copy
import json
from typing import Any

from tidegate.common.exceptions import Absent, NotInTidegate, refuse
from tidegate.common.schema.exceptions import InvalidSchemaName, TableNotFound
from tidegate.common.schema.yaml import to_yaml

_DLT_PREFIX = "_dlt_"
_NAME_MAX = 64


def checked_name(name: str) -> str:
    """A name that a schema, and so a source, may have.

    Args:
        name: What is asked for.

    Raises:
        InvalidSchemaName: It is none of Python's names, or too long.
    """
    if not isinstance(name, str) or not name.isidentifier() or len(name.encode()) > _NAME_MAX:
        raise InvalidSchemaName(name)
    return name


def name_of(said: Any) -> str:
    """The schema that a program says.

    Args:
        said: A Schema, or its name.

    Raises:
        InvalidSchemaName: There can be none of that name.
        NotInTidegate: It has tables: they would do nothing.
    """
    if isinstance(said, Schema) and said.data_table_names(include_incomplete=True):
        raise NotInTidegate(
            f"schema={said!r} with tables of its own", "say them as hints of the resources, or by import_schema_path"
        )
    if not isinstance(said, (Schema, str)):
        refuse(schema=said)
    return said.name if isinstance(said, Schema) else checked_name(said)


class Schema:
    """The tables of a source. Changing it changes nothing at the destination.

    Args:
        name: Of the schema; a source has its own.
        normalizers: Not in tidegate: names are snake_case.
        stored: As `to_dict` gives it; None: it has no tables yet.

    Example:
        >>> Schema("shop").data_table_names()
        []
    """

    def __init__(self, name: str, normalizers: Any = None, *, stored: dict[str, Any] | None = None) -> None:
        refuse(normalizers=normalizers)
        new: dict[str, Any] = {"version": 0, "version_hash": None, "name": checked_name(name), "tables": {}}
        self._stored = copy.deepcopy(stored) if stored else new

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Schema:
        """One of what `to_dict` gives, or of what `_dlt_version` holds.

        Args:
            stored: With `name` and `tables`.
        """
        return cls(stored["name"], stored=stored)

    @property
    def name(self) -> str:
        """Of the schema."""
        return str(self._stored["name"])

    @property
    def naming(self) -> Any:
        """Not in tidegate: names are snake_case, and made by the library."""
        return Absent("Schema.naming")

    def update_normalizers(self) -> None:
        """Not in tidegate: there is nothing to choose among."""
        raise NotInTidegate("Schema.update_normalizers", "names are snake_case here")

    @property
    def version(self) -> int:
        """It grows by one with each change; 0: it was never stored."""
        return int(self._stored["version"])

    @property
    def version_hash(self) -> str:
        """Of its content."""
        return str(self._stored["version_hash"] or "")

    stored_version = version
    stored_version_hash = version_hash

    @property
    def previous_hashes(self) -> list[str]:
        """Of the versions before, the newest first."""
        return list(self._stored.get("previous_hashes") or [])

    @property
    def is_new(self) -> bool:
        """Whether it was never stored."""
        return not self.version

    @property
    def settings(self) -> dict[str, Any]:
        """Detections, default hints, the contract."""
        found: dict[str, Any] = self._stored.get("settings", {})
        return found

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """All tables by name, those of the ledger among them."""
        found: dict[str, dict[str, Any]] = self._stored["tables"]
        return found

    def data_tables(self, seen_data_only: bool = False, include_incomplete: bool = False) -> list[dict[str, Any]]:
        """Those of data.

        Args:
            seen_data_only: Those that have had rows.
            include_incomplete: Also those of which no column has a type yet.

        Returns:
            With name and columns.
        """
        return [
            {"name": name, **table} for name, table in self.tables.items()
            if not name.startswith(_DLT_PREFIX)
            and (not seen_data_only or table.get("x-normalizer", {}).get("seen-data"))
            and (include_incomplete or any("data_type" in column for column in table["columns"].values()))
        ]

    def data_table_names(self, seen_data_only: bool = False, include_incomplete: bool = False) -> list[str]:
        """The names of those.

        Args:
            seen_data_only: Those that have had rows.
            include_incomplete: Also those of which no column has a type yet.
        """
        return [table["name"] for table in self.data_tables(seen_data_only, include_incomplete)]

    def dlt_table_names(self) -> list[str]:
        """The names of the ledger's tables."""
        return [name for name in self.tables if name.startswith(_DLT_PREFIX)]

    def get_table(self, table_name: str) -> dict[str, Any]:
        """A table.

        Args:
            table_name: As it is at the destination.

        Raises:
            TableNotFound: It is not there.
        """
        if table_name not in self.tables:
            raise TableNotFound(self.name, table_name)
        return self.tables[table_name]

    def get_table_columns(self, table_name: str, include_incomplete: bool = False) -> dict[str, dict[str, Any]]:
        """The columns of a table, by name.

        Args:
            table_name: As it is at the destination.
            include_incomplete: Also those without a type yet.

        Raises:
            TableNotFound: It is not there.
        """
        columns: dict[str, dict[str, Any]] = self.get_table(table_name)["columns"]
        return {name: hints for name, hints in columns.items() if include_incomplete or "data_type" in hints}

    def to_dict(self) -> dict[str, Any]:
        """A copy of all of it, as it is stored."""
        return copy.deepcopy(self._stored)

    def to_pretty_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self._stored, ensure_ascii=False, indent=2)

    def to_pretty_yaml(self, remove_defaults: bool = True) -> str:
        """The same as YAML, as it is exported.

        Args:
            remove_defaults: Without the names that are keys already.
        """
        shown = self.to_dict()
        if remove_defaults:
            for table in shown["tables"].values():
                table.pop("name", None)
                for column in table["columns"].values():
                    column.pop("name", None)
        return to_yaml(shown)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self._stored == other._stored

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<dlt.Schema(name={self.name!r}, version={self.version}, tables={self.data_table_names()!r})>"
