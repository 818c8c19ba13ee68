"""What is not there, or not let in. Names are dlt's."""

from __future__ import annotations

from typing import Any

from tidegate.common.exceptions import DltException


class SchemaException(DltException):
    """Something is wrong with a schema.

    Args:
        schema_name: Which one; None: of a resource that is read outside of a pipeline.
        msg: What it is.
    """

    def __init__(self, schema_name: str | None, msg: str) -> None:
        self.schema_name = schema_name
        super().__init__(f"in schema '{schema_name}': {msg}" if schema_name else msg)


class DataValidationError(SchemaException):
    """A schema contract forbids what came.

    Args:
        schema_name: Whose contract it is.
        table_name: The table.
        column_name: The column, or the field of the row; None: the table is new.
        schema_entity: What the contract is about: "tables", "columns" or "data_type".
        contract_mode: What it says: "freeze".
        table_schema: Not used; dlt has the table there.
        schema_contract: Not used; dlt has all modes there.
        data_item: The row, where it is known.
        extended_info: What is wrong.
    """

    def __init__(
        self, schema_name: str | None, table_name: str, column_name: str | None, schema_entity: str, contract_mode: str,
        table_schema: Any = None, schema_contract: Any = None, data_item: Any = None, extended_info: str = "",
    ) -> None:
        self.table_name = table_name
        self.column_name = column_name
        self.schema_entity = schema_entity
        self.contract_mode = contract_mode
        self.table_schema = table_schema
        self.schema_contract = schema_contract
        self.data_item = data_item
        column = f", column '{column_name}'" if column_name else ""
        super().__init__(
            schema_name,
            f"table '{table_name}'{column}: the contract on '{schema_entity}' is '{contract_mode}': {extended_info}",
        )


class SchemaNotFoundError(DltException, KeyError):
    """There is no schema of that name.

    Args:
        name: Which one; None: the pipeline has none at all.
        available: Those that there are.
    """

    def __init__(self, name: str | None, available: list[str]) -> None:
        self.name = name
        self.available = available
        what = f"no schema {name!r}" if name else "no schema yet: it comes with the first load"
        super().__init__(f"there is {what}" + (f"; there are {', '.join(available)}" if available else ""))

    def __str__(self) -> str:
        return str(self.args[0])


class TableNotFound(SchemaException, KeyError):
    """A schema has no table of that name."""

    def __init__(self, schema_name: str, table_name: str) -> None:
        self.table_name = table_name
        super().__init__(schema_name, f"there is no table {table_name!r}")

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidSchemaName(SchemaException, ValueError):
    """No schema, and so no source, can have that name."""

    def __init__(self, schema_name: str) -> None:
        self.name = schema_name
        super().__init__(
            None,
            f"{schema_name!r} cannot be the name of a schema or a source: letters, digits and '_', "
            "not beginning with a digit, at most 64 of them",
        )
