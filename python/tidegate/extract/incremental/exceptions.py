"""What is wrong with a cursor, or with a row's value of it. Names and places are dlt's."""

from __future__ import annotations

from typing import Any

from tidegate.common.exceptions import DltException
from tidegate.extract.exceptions import PipeException, _shown


class CursorValueException(PipeException):
    """A row's value of the cursor is no good.

    Args:
        pipe_name: The resource.
        json_path: The cursor's path.
        item: The row, where it is known.
        msg: What it is.
        row: Its number in the resource, from 1; 0: not known.
    """

    def __init__(self, pipe_name: str, json_path: str | None, item: Any = None, msg: str = "", row: int = 0) -> None:
        self.json_path = json_path
        self.cursor_path = json_path
        self.item = item
        self.row = row
        super().__init__(pipe_name, msg)


class IncrementalCursorPathMissing(CursorValueException):
    """A row has not the field of the cursor."""

    def __init__(
        self, pipe_name: str, json_path: str | None, item: Any = None, msg: str = "", row: int = 0
    ) -> None:
        super().__init__(pipe_name, json_path, item, msg or (
            f"the cursor's field '{json_path}' is not in the row {_shown(item)}; name it as the source does, or set "
            "on_cursor_value_missing to 'include' or 'exclude' if that may be"
        ), row)


class IncrementalCursorPathHasValueNone(CursorValueException):
    """The field of the cursor is None in a row."""

    def __init__(
        self, pipe_name: str, json_path: str | None, item: Any = None, msg: str = "", row: int = 0
    ) -> None:
        super().__init__(pipe_name, json_path, item, msg or (
            f"the cursor's field '{json_path}' is None in the row {_shown(item)}; set on_cursor_value_missing to "
            "'include' or 'exclude' if that may be"
        ), row)


class IncrementalCursorInvalidCoercion(CursorValueException):
    """The cursor's value in a row does not compare with the one before, or with a bound."""


class IncrementalPrimaryKeyMissing(PipeException):
    """A row lacks a field by which rows at the last value are told apart."""

    def __init__(self, pipe_name: str, primary_key_column: str, item: Any = None) -> None:
        self.primary_key_column = primary_key_column
        self.item = item
        super().__init__(pipe_name, f"the primary key's field '{primary_key_column}' is not in the row {_shown(item)}")


class JoinSchedulerError(PipeException):
    """A cursor's values are no times, so that a scheduler's interval does not bound them."""


class ExternalSchedulerNotAvailable(PipeException):
    """A cursor takes its window from a scheduler, and there is none."""

    def __init__(self, pipe_name: str) -> None:
        super().__init__(
            pipe_name,
            "allow_external_schedulers is set, and no scheduler says an interval: neither DLT_INTERVAL_START and "
            "DLT_INTERVAL_END, nor Airflow, nor dlt.current.interval.set()",
        )


class IntervalNotAvailable(DltException):
    """The interval of a scheduler is to be changed, and there is none."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"there is no interval to {operation}: no scheduler says one")
