"""The cursor of a resource that is read outside of a pipeline: `list(resource)`.

    items -> the value of each row (path.py) -> is it new, from initial_value on? -> last_value moves

In a run the library does this, with what the destination remembers. Here nothing is remembered: each
reading begins at `initial_value`. What compares with what is the same: times, dates and texts of them as
moments, numbers as numbers, other texts by their characters.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tidegate._core import PAUSE
from tidegate.extract.convert import convert
from tidegate.extract.exceptions import _shown
from tidegate.extract.incremental.exceptions import (
    IncrementalCursorInvalidCoercion,
    IncrementalCursorPathHasValueNone,
    IncrementalCursorPathMissing,
)
from tidegate.extract.incremental.path import MISSING, find, steps_of
from tidegate.extract.items import marked, unmarked
from tidegate.extract.pipe import as_table, is_frame, rows_of_frame

if TYPE_CHECKING:
    from tidegate.extract.incremental import Incremental

_UTC = datetime.timezone.utc
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:?\d\d.*)?$")


def filtered(items: Iterator[Any], cursor: Incremental[Any], name: str) -> Iterator[Any]:
    """What is new of the items; a page is a shorter one.

    Args:
        items: Of the resource, after its maps and filters.
        cursor: Bound; it moves.
        name: Of the resource, for errors.

    Yields:
        Rows, pages and frames.

    Raises:
        IncrementalCursorPathMissing: A row has not the field.
        IncrementalCursorPathHasValueNone: It is None in a row.
        IncrementalCursorInvalidCoercion: It does not compare with what it has to.
    """
    judge = _Judge(cursor, name)
    for item in items:
        data, meta = unmarked(item)
        if data is PAUSE or data is None:
            yield item
        elif is_frame(data):
            yield marked(_frame_of(data, judge), meta)
        elif isinstance(data, list):
            page = [row for row in data if row is not None and judge.is_new(row)]
            if page or not data:
                yield marked(page, meta)
        elif judge.is_new(data):
            yield item
        if cursor.can_close():
            close = getattr(items, "close", None)
            if close:
                close()
            return


class _Judge:
    """Tells new rows from old, one after the other."""

    def __init__(self, cursor: Incremental[Any], name: str) -> None:
        self.cursor = cursor
        self.name = name
        self.steps = [steps_of(path) for path in cursor._paths()]
        self.start = cursor._as_said(cursor.start_value)
        self.end = cursor._as_said(cursor.end_value)
        self.is_backwards = cursor.last_value_func is min
        self.asks = cursor.last_value_func not in (min, max)

    def is_new(self, row: Any) -> bool:
        """Whether a row is; the cursor moves where it is."""
        document = row if isinstance(row, dict) else convert(row) if not _is_plain(row) else {"value": row}
        return self.value_is_new([find(steps, document) for steps in self.steps], row)

    def value_is_new(self, values: list[Any], row: Any) -> bool:
        """The same of its values of the cursor's fields; NaN is none."""
        cursor = self.cursor
        values = [None if value is not MISSING and value != value else value for value in values]
        if any(value is MISSING or value is None for value in values):
            return self._without(MISSING in values, row)
        here = cursor._as_said(values[0] if len(values) == 1 else values)
        if self._is_beyond(here, row):
            cursor.end_out_of_range = True
            return False
        if self._is_before(here, row):
            cursor.start_out_of_range = True
            return False
        last = cursor._as_said(cursor.last_value)
        if not self.asks and any(isinstance(each, (bool, list, dict)) for each in values):
            raise self._no_order(here, row)
        if last is None or self._order(here, last, row) > 0:
            cursor._advance(self._last(here, last))
        return True

    def _without(self, is_missing: bool, row: Any) -> bool:
        if self.cursor.on_cursor_value_missing == "raise":
            kind = IncrementalCursorPathMissing if is_missing else IncrementalCursorPathHasValueNone
            raise kind(self.name, self.cursor._path_text(), row)
        return self.cursor.on_cursor_value_missing == "include"

    def _is_before(self, here: Any, row: Any) -> bool:
        if self.start is None:
            return False
        order = self._order(here, self.start, row)
        return order < 0 or (order == 0 and self.cursor.range_start == "open")

    def _is_beyond(self, here: Any, row: Any) -> bool:
        if self.end is None:
            return False
        order = self._order(here, self.end, row)
        return order > 0 or (order == 0 and self.cursor.range_end == "open")

    def _last(self, here: Any, last: Any) -> Any:
        func: Callable[..., Any] = self.cursor.last_value_func
        return func((here,) if last is None else (here, last)) if self.asks else here

    def _order(self, here: Any, other: Any, row: Any) -> int:
        """More than 0: beyond the other, in the cursor's direction."""
        if self.asks:
            return 0 if here == other else 1 if self.cursor.last_value_func((here, other)) != other else -1
        order = 0
        pairs = zip(here, other) if isinstance(here, list) and isinstance(other, (list, tuple)) else [(here, other)]
        for one, two in pairs:
            left, right = _comparable(one, two)
            if type(left) is not type(right):
                raise self._clash(one, two, row)
            order = order or (left > right) - (left < right)
        return -order if self.is_backwards else order

    def _no_order(self, here: Any, row: Any) -> IncrementalCursorInvalidCoercion:
        path = self.cursor._path_text()
        return IncrementalCursorInvalidCoercion(self.name, path, row, (
            f"the cursor's field '{path}' is {_shown(here)} ({type(here).__name__}) in the row {_shown(row)}, which has no order; "
            "use a field with a number, text, date or datetime, or a last_value_func of your own"
        ))

    def _clash(self, here: Any, other: Any, row: Any) -> IncrementalCursorInvalidCoercion:
        path = self.cursor._path_text()
        return IncrementalCursorInvalidCoercion(self.name, path, row, (
            f"the cursor's field '{path}' is {_shown(here)} ({type(here).__name__}), which does not compare with {_shown(other)} "
            f"({type(other).__name__}) in the row {_shown(row)}; make the field, initial_value and end_value of one type"
        ))


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bytes, tuple, datetime.date, decimal.Decimal))


def _comparable(one: Any, two: Any) -> tuple[Any, Any]:
    """Both as values of one type, where they can be."""
    left, right = _moment(one), _moment(two)
    if left is not None and right is not None:
        return left, right
    return _number(one), _number(two)


def _number(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return decimal.Decimal(value)
    return value


def _moment(value: Any) -> datetime.datetime | None:
    if isinstance(value, str):
        if not _ISO.match(value):
            return None
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=_UTC)
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day, tzinfo=_UTC)
    return None


def _frame_of(frame: Any, judge: _Judge) -> Any:
    """Its new rows, as a frame of the same kind."""
    frame = as_table(frame)
    names = [path.removeprefix("$.") for path in judge.cursor._paths()]
    known = frame.column_names if hasattr(frame, "column_names") else list(frame.columns)
    columns = [_values(frame[name]) if name in known else None for name in names]
    keep = [
        judge.value_is_new([MISSING if column is None else column[i] for column in columns], None)
        for i in range(len(frame))
    ]
    return rows_of_frame(frame, keep)


def _values(column: Any) -> list[Any]:
    """Of a column of pyarrow, else of polars or pandas."""
    values: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return values
