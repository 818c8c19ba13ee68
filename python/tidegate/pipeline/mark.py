"""`tidegate.mark`: what a resource says about an item that it yields.

    yield mark.with_table_name(row, "returns")                          it goes to another table
    yield mark.with_hints(row, mark.make_hints(primary_key="id"))       from here on the resource has these hints
    yield mark.materialize_table_schema()                               the table is made, though there is no row

An item is a row, a page or a frame; inside of a page there are no marks. What is said by `with_hints` holds until the run
ends: the resource itself stays as it was.
"""

from __future__ import annotations

from typing import Any

from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.hints import make_hints
from tidegate.extract.items import DataItemWithMeta, HintsMeta, MaterializedEmptyList, TableNameMeta

__all__ = [
    "make_hints", "make_nested_hints", "materialize_table_schema", "with_file_import", "with_hints", "with_table_name",
]


def with_table_name(item: Any, table_name: str) -> DataItemWithMeta:
    """Has an item go to another table, with the hints of its resource, or those of a variant of that name.

    Args:
        item: A row, a page or a frame.
        table_name: The table's. Where the resource has a table's name of its own (not just its name as a resource), it is
            that of a variant, or of a table that is there: others are an error of the run, TableNotFound.

    Returns:
        What is to be yielded, or returned by a map.

    Example:
        >>> with_table_name({"id": 1}, "returns").meta
        TableNameMeta('returns')
    """
    return DataItemWithMeta(TableNameMeta(table_name), item)


def with_hints(item: Any, hints: dict[str, Any] | None = None, create_table_variant: bool = False) -> DataItemWithMeta:
    """Gives hints with an item, which hold for it and for all that its resource yields behind it.

    Args:
        item: A row, a page or a frame.
        hints: As `make_hints` gives them. A table's name among them is the resource's from there on.
        create_table_variant: They are of one more table, the one that they name: the item goes there, and later ones which
            `with_table_name` sends there. What they do not say the resource's own hints say.

    Returns:
        What is to be yielded, or returned by a map.
    """
    return DataItemWithMeta(HintsMeta(hints, create_table_variant), item)


def materialize_table_schema() -> MaterializedEmptyList:
    """An item without rows, for which the table is made: with the columns whose hints have a type.

    Returns:
        What is to be yielded, by itself or in a mark that says which table.
    """
    return MaterializedEmptyList()


def with_file_import(*args: Any, **kwargs: Any) -> Any:
    """Not in tidegate."""
    raise NotInTidegate("mark.with_file_import", "yield the rows, or read the files with sources.filesystem")


def make_nested_hints(*args: Any, **kwargs: Any) -> Any:
    """Not in tidegate."""
    raise NotInTidegate("mark.make_nested_hints")
