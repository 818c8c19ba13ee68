"""Items with something said about them: marks, which `mark` makes (pipeline/mark.py).

A mark stays with its item on the way through all steps, and through transformers with what becomes of
the item, until its table is chosen (tables.py).
"""

from __future__ import annotations

from typing import Any


class TableNameMeta:
    """The item goes to a table of this name.

    Args:
        table_name: As it is said.
    """

    __slots__ = ("table_name",)

    def __init__(self, table_name: str) -> None:
        self.table_name = table_name

    def __repr__(self) -> str:
        return f"TableNameMeta({self.table_name!r})"


class HintsMeta:
    """From the item on, more is known of its resource's tables.

    Args:
        hints: As `make_hints` gives them; None or empty: nothing.
        create_table_variant: Whether they are of a further table alone.
    """

    __slots__ = ("hints", "create_table_variant")

    def __init__(self, hints: dict[str, Any] | None, create_table_variant: bool) -> None:
        self.hints = hints
        self.create_table_variant = create_table_variant


class DataItemWithMeta:
    """A marked item.

    Args:
        meta: What is said about it.
        data: The item: a row, a page, a frame, also one that is put off.
    """

    __slots__ = ("meta", "data")

    def __init__(self, meta: Any, data: Any) -> None:
        self.meta = meta
        self.data = data


class MaterializedEmptyList(list[Any]):
    """A page without rows, of which the table is made all the same."""


#: What a resource may yield beside rows, pages and frames.
MARKS = (DataItemWithMeta, MaterializedEmptyList)


def marked(item: Any, meta: Any) -> Any:
    """An item with a mark.

    Args:
        item: One that has a mark of its own keeps that.
        meta: What is said about it; None: nothing.
    """
    return item if meta is None or item is None or isinstance(item, DataItemWithMeta) else DataItemWithMeta(meta, item)


def unmarked(item: Any) -> tuple[Any, Any]:
    """An item without its mark, and what that says; None: there is none."""
    return (item.data, item.meta) if isinstance(item, DataItemWithMeta) else (item, None)
