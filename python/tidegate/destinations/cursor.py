"""The rows of a statement: one by one, as data frames, as Arrow.

Each kind of database has a class of its own (destinations/impl), with `_fetch`, `_frame` and `_reader`.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any

from tidegate.common.exceptions import MissingDependencyException

CHUNK_ROWS = 2048
Row = tuple[Any, ...]


def need(what: str, *packages: str) -> None:
    """Raises unless packages are installed.

    Args:
        what: What needs them, as the message begins.
        packages: As they are imported.

    Raises:
        MissingDependencyException: One of them is not.
    """
    import importlib.util

    missing = [name.replace("_", "-") for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyException(what, missing)


class Cursor(abc.ABC):
    """The rows of a statement.

    Rows that are left stay readable while the client runs other statements, until `close`.
    """

    #: Of the database's module.
    native_cursor: Any

    def __init__(self) -> None:
        self._kept: list[Row] | None = None  # what was left when another statement came

    # ---- of each kind ----

    @property
    @abc.abstractmethod
    def description(self) -> list[tuple[Any, ...]] | None:
        """Of each column its name, type and the rest, as DB-API has them; None: there are no rows."""

    @property
    @abc.abstractmethod
    def columns_schema(self) -> dict[str, dict[str, Any]]:
        """By column: its name and data type, in dlt's words."""

    @abc.abstractmethod
    def _fetch(self, most: int) -> list[Row]:
        """The next rows; negative: all."""

    @abc.abstractmethod
    def _frame(self, most: int | None) -> Any:
        """A data frame of the next rows, or of all."""

    @abc.abstractmethod
    def _reader(self, chunk_size: int) -> Any:
        """A reader of pyarrow for what is left."""

    # ---- rows ----

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [column[0] for column in self.description or []]

    def _take(self, most: int) -> list[Row]:
        if self._kept is None:
            return self._fetch(most)
        end = len(self._kept) if most < 0 else most
        taken, self._kept = self._kept[:end], self._kept[end:]
        return taken

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        return self._take(-1)

    def fetchmany(self, chunk_size: int = 1) -> list[Row]:
        """At most so many rows."""
        return self._take(chunk_size)

    def fetchone(self) -> Row | None:
        """A row, or None behind the last one."""
        rows = self._take(1)
        return rows[0] if rows else None

    def iter_fetch(self, chunk_size: int = CHUNK_ROWS) -> Iterator[list[Row]]:
        """Lists of rows."""
        while rows := self.fetchmany(chunk_size):
            yield rows

    def keep(self) -> None:
        """Reads what is left into memory, for another statement is about to take its place."""
        if self._kept is None:
            self._kept = self._fetch(-1) if self.description is not None else []

    def close(self) -> None:
        """Gives up what is left."""
        self._kept = []

    # ---- frames ----

    def df(self, chunk_size: int | None = None) -> Any:
        """A data frame of pandas: of all rows, or of the next `chunk_size`; None behind the last.

        Raises:
            MissingDependencyException: pandas is not installed.
        """
        need("a data frame", "pandas", "numpy")
        frame = self._frame(chunk_size) if self._kept is None else self._frame_of(self._take(chunk_size or -1))
        return None if chunk_size is not None and frame.empty else frame

    def _frame_of(self, rows: list[Row]) -> Any:
        import pandas

        return pandas.DataFrame.from_records(rows, columns=self.columns, coerce_float=True)

    def iter_df(self, chunk_size: int = CHUNK_ROWS) -> Iterator[Any]:
        """Data frames of pandas."""
        while (frame := self.df(chunk_size)) is not None:
            yield frame

    def arrow(self, chunk_size: int | None = None) -> Any:
        """A table of pyarrow: of all rows, or of the next `chunk_size`; None behind the last.

        Raises:
            MissingDependencyException: pyarrow is not installed.
            ValueError: Another statement has taken the place of this one.
        """
        need("an Arrow table", "pyarrow")
        import pyarrow

        if self._kept is not None:
            raise ValueError("read the rows as Arrow before the next statement of the same client")
        reader = self._opened_reader(chunk_size or 1_000_000)
        if chunk_size is None:
            return reader.read_all()
        for batch in reader:
            return pyarrow.Table.from_batches([batch])
        return None

    def _opened_reader(self, chunk_size: int) -> Any:
        if self._arrow is None:
            self._arrow = self._reader(chunk_size)
        return self._arrow

    _arrow: Any = None

    def iter_arrow(self, chunk_size: int = CHUNK_ROWS) -> Iterator[Any]:
        """Tables of pyarrow."""
        while (table := self.arrow(chunk_size)) is not None:
            yield table
