"""Rows as texts: aligned, and as HTML for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


def escaped(text: str) -> str:
    """A text as HTML.

    Args:
        text: Any.

    Example:
        >>> escaped("<b>")
        '&lt;b&gt;'
    """
    import html  # with a table of all entities, which an import of the package has no need of

    return html.escape(text)


def table_html(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a table of HTML, whatever is in them.

    Args:
        head: The names of the columns.
        rows: Their cells.

    Example:
        >>> table_html(["a"], [["<b>"]])
        '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    def line(cells: Sequence[Any], tag: str) -> str:
        texts = ["" if cell is None else escaped(str(cell)) for cell in cells]
        return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in texts) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def aligned(rows: Sequence[Sequence[Any]], has_rule: bool = False) -> list[str]:
    """Rows as lines; numbers stand at the right.

    Args:
        rows: The first is the head.
        has_rule: Whether a line stands below the head.

    Example:
        >>> aligned([("table", "rows"), ("orders", 3)])
        ['table   rows', 'orders     3']
    """
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    is_number = [all(isinstance(cell, (int, float)) or cell is None for cell in column[1:]) for column in zip(*rows, strict=True)]

    def cell_of(text: str, column: int) -> str:
        return text.rjust(widths[column]) if is_number[column] else text.ljust(widths[column])

    if has_rule:
        texts.insert(1, ["-" * width for width in widths])
    return ["  ".join(cell_of(text, i) for i, text in enumerate(row)).rstrip() for row in texts]


class WithTable:
    """What was done, as a person reads it: a line, a table below it, and warnings."""

    _COLUMNS: ClassVar[Sequence[str]]

    def _head(self) -> str:
        raise NotImplementedError

    def _rows(self) -> Sequence[Sequence[Any]]:
        raise NotImplementedError

    def _warnings(self) -> Sequence[str]:
        return ()

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: Not used: it is all there is.
        """
        rows = self._rows()
        table = aligned([self._COLUMNS, *rows]) if rows else []
        return "\n".join([self._head(), *table, *(f"Warning: {warning}" for warning in self._warnings())])

    def __str__(self) -> str:
        return self.asstr()

    def _repr_html_(self) -> str:
        """For notebooks."""
        texts = "".join(f"<p>{escaped(text)}</p>" for text in (self._head(), *self._warnings()))
        rows = self._rows()
        return f"<div>{texts}{table_html(self._COLUMNS, rows) if rows else ''}</div>"
