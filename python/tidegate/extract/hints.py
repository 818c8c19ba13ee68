"""Hints of a resource: its table, disposition, keys, columns, cursor.

A hint may be a function of an item where the table's name is one. Repeated `apply_hints` merge; an
empty text takes a hint away.

    apply (what was said) -> check -> resolved (functions give their values for an item) -> options of the library
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tidegate.common.exceptions import refuse
from tidegate.extract import own_hints
from tidegate.extract.exceptions import DataItemRequiredForDynamicTableHints, InconsistentTableTemplate
from tidegate.extract.hint_options import contract_options, disposition_options
from tidegate.extract.hint_shapes import check_columns, check_shapes
from tidegate.extract.incremental import Incremental

_MAY_BE_FUNCTIONS = ("write_disposition", "columns", "primary_key", "merge_key", "schema_contract", "references")


@dataclass
class Hints:
    """What is known of a resource's table beforehand; None: nothing was said."""

    table_name: str | Callable[[Any], str] | None = None
    write_disposition: Any = None
    columns: Any = field(default_factory=dict)  # dicts by name, or a function that gives columns in any form
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
        columns = self.columns if callable(self.columns) else {name: dict(column) for name, column in self.columns.items()}
        return replace(self, columns=columns, additional=dict(self.additional))

    def apply(self, **said: Any) -> None:
        """Merges what is said over what was.

        Args:
            said: Hints by their names; None leaves one as it is, an empty text takes it away.

        Raises:
            ValueError: There is no such hint, or it is not as it has to be.
        """
        if unknown := said.keys() - self.__dataclass_fields__.keys():
            raise ValueError(f"there is no hint {unknown.pop()!r}")
        check_shapes(said, _MAY_BE_FUNCTIONS)
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
        self.check()

    def applied(self, **said: Any) -> Hints:
        """The same with what is said merged over it. These stay as they are, also where that does not go with them.

        Args:
            said: As of `apply`.
        """
        made = self.copy()
        made.apply(**said)
        return made

    def _apply_columns(self, columns: Any) -> None:
        if columns == "" or columns == []:
            self.columns, self.model = {}, None
            return
        if is_function(columns):
            self.columns, self.model = columns, None
            return
        if callable(self.columns):
            self.columns = {}
        if is_model(columns):
            self.model = columns
        for name, column in columns_of(columns).items():
            self.columns[name] = merged_column(self.columns.get(name, {}), column)

    # ---- hints that are functions ----

    @property
    def functions(self) -> dict[str, Callable[[Any], Any]]:
        """Those of an item, by the names of the hints; the table's name is none of them."""
        return {name: getattr(self, name) for name in _MAY_BE_FUNCTIONS if is_function(getattr(self, name))}

    def check(self) -> None:
        """Raises where hints do not go together.

        Raises:
            InconsistentTableTemplate: One is a function, and the table's name is none: rows of one table would have several.
            ValueError: There is no such disposition, or contract.
        """
        functions = self.functions
        if functions and not callable(self.table_name):
            raise InconsistentTableTemplate(
                f"{', '.join(functions)} of the table {self.table_name!r}: a function of an item goes only with a table_name "
                "that is one, too"
            )
        if "write_disposition" not in functions:
            disposition_options(self.write_disposition)
        if "schema_contract" not in functions:
            contract_options(self.schema_contract)

    def resolved(self, item: Any, resource_name: str) -> Hints:
        """The same, with what functions give for an item in the place of them.

        Args:
            item: A row, or a frame.
            resource_name: For errors.

        Raises:
            DataItemRequiredForDynamicTableHints: There is a function, and the item is None.
        """
        functions = self.functions | ({"table_name": self.table_name} if callable(self.table_name) else {})
        if functions and item is None:
            raise DataItemRequiredForDynamicTableHints(resource_name, next(iter(functions)))
        return self.with_values({name: function(item) for name, function in functions.items()})

    def with_values(self, values: dict[str, Any]) -> Hints:
        """The same, with values in the place of functions.

        Args:
            values: What they have given, by the names of the hints.
        """
        if "columns" in values:
            values = {**values, "columns": columns_of(values["columns"] or {})}
        return replace(self, **values)

    def without_functions(self) -> Hints:
        """The same as far as it holds for every item."""
        name = None if callable(self.table_name) else self.table_name
        values: dict[str, Any] = {hint: None for hint in self.functions}
        return replace(self.with_values(values), table_name=name)

    def variant(self, table_name: Any, before: Hints | None, said: dict[str, Any]) -> Hints:
        """What is known of a further table of the resource.

        Args:
            table_name: Its name.
            before: What was known of it already; None: what is known of the resource's table is where it begins.
            said: Hints by their names, over that.

        Raises:
            ValueError: The name is no text.
            InconsistentTableTemplate: There is a cursor or a function among them.
        """
        if not isinstance(table_name, str) or not table_name:
            raise ValueError(f"a table variant needs a table_name that is a text, not {table_name!r}")
        if said.get("incremental") is not None:
            raise InconsistentTableTemplate(f"the variant '{table_name}' has a cursor, which is its resource's: say it there")
        begin = before or replace(self.without_functions(), incremental=None)
        return begin.applied(table_name=table_name, **said)


def make_hints(
    table_name: Any = None,
    parent_table_name: str | None = None,
    write_disposition: Any = None,
    columns: Any = None,
    primary_key: Any = None,
    merge_key: Any = None,
    schema_contract: Any = None,
    table_format: str | None = None,
    file_format: str | None = None,
    additional_table_hints: dict[str, Any] | None = None,
    references: Any = None,
    incremental: Any = None,
    nested_hints: Any = None,
) -> dict[str, Any]:
    """Hints for `with_hints`: the arguments of `DltResource.apply_hints`, of which what is not said is left out.

    Args:
        table_name: The table's name, or a function of an item.
        parent_table_name: Not in tidegate.
        write_disposition: append, replace, merge, or a dict with a strategy.
        columns: Hints of columns.
        primary_key: One name or several.
        merge_key: One name or several.
        schema_contract: What new tables, columns and types do.
        table_format: Not in tidegate: tables are the destination's own.
        file_format: Not in tidegate but for "parquet", which it is.
        additional_table_hints: Hints that begin with "x-".
        references: Kept in the schema.
        incremental: Not in tidegate: the cursor is said of the resource.
        nested_hints: Not in tidegate.

    Returns:
        A dict of what was said.

    Raises:
        InconsistentTableTemplate: One is a function, and the table's name is none.

    Example:
        >>> make_hints(table_name="returns", primary_key="id")
        {'table_name': 'returns', 'primary_key': 'id'}
    """
    refuse(
        parent_table_name=parent_table_name, table_format=table_format, incremental=incremental, nested_hints=nested_hints,
        file_format=None if file_format == "parquet" else file_format,
    )
    said = {
        "table_name": table_name or None, "write_disposition": write_disposition or None, "columns": columns,
        "primary_key": primary_key, "merge_key": merge_key, "schema_contract": schema_contract,
        "additional_table_hints": additional_table_hints, "references": references,
    }
    said = {name: value for name, value in said.items() if value is not None}
    Hints().apply(**by_fields(said))
    return said


def by_fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """Hints by their names in `Hints`, of such by those of `apply_hints`."""
    return {"additional" if name == "additional_table_hints" else name: value for name, value in said.items()}


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


def is_function(hint: Any) -> bool:
    """Whether a hint is a function of an item; a model of pydantic is none."""
    return callable(hint) and not is_model(hint)


def is_model(columns: Any) -> bool:
    """Whether columns are a model of pydantic, which is not imported for the question."""
    return isinstance(columns, type) and hasattr(columns, "model_fields")


def columns_of(columns: Any) -> dict[str, dict[str, Any]]:
    """Columns in any form that hints take, by name.

    Args:
        columns: A dict of column hints by name, a list of them with names, or a pydantic model.

    Returns:
        A dict of dicts.

    Raises:
        ValueError: They are none.
    """
    if is_model(columns):
        from tidegate.common.libs.pydantic import columns_of_model

        return columns_of_model(columns)
    check_columns(columns)
    if isinstance(columns, Mapping):
        return {name: dict(column) for name, column in columns.items()}
    return {column["name"]: {k: v for k, v in column.items() if k != "name"} for column in columns}
