"""The cursor of a resource: what tells new rows from old.

`Incremental` is what a program says (`dlt.sources.incremental("updated_at")`) and what a resource's
function sees while it runs: `start_value` is where the run began, `last_value` moves with what was
yielded. Which rows are new is decided by the library, on what comes out of the maps and filters.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from tidegate.extract.exceptions import IncrementalUnboundError

TValue = TypeVar("TValue")

_MISSING = {"raise": 0, "include": 1, "exclude": 2}
_ORDERS = {None: 0, "asc": 1, "desc": 2}
_RANGES = ("open", "closed")


class Incremental(Generic[TValue]):
    """A cursor, as `dlt.sources.incremental` makes it.

    Args:
        cursor_path: The field that tells new from old, as the source names it, or a JSONPath.
        initial_value: Where the first run begins, with the rows at it.
        last_value_func: `max`, `min`, or a function of a tuple of one or two values.
        primary_key: By what rows at the last value are told apart; an empty one: they are not.
        end_value: Where a window ends, without the rows at it; nothing is remembered then.
        row_order: "asc" or "desc": the source gives its rows in that order, and reading ends early.
        allow_external_schedulers: Whether a scheduler's interval is taken for the window.
        on_cursor_value_missing: "raise", "include" or "exclude" rows without a value.
        lag: How far before the last value a run begins: seconds of times, days of dates, or units.
        range_start: "closed": rows at the start are new, if they were not loaded before; "open".
        range_end: "open": rows at `end_value` do not belong to the window; "closed".

    Example:
        >>> updated = Incremental("updated_at", initial_value="2024-01-01T00:00:00Z")
        >>> updated.cursor_path
        'updated_at'
    """

    def __init__(
        self,
        cursor_path: str | None = None,
        initial_value: TValue | None = None,
        last_value_func: Callable[..., Any] | Literal["max", "min"] = max,
        primary_key: Any = None,
        end_value: TValue | None = None,
        row_order: Literal["asc", "desc"] | None = None,
        allow_external_schedulers: bool | None = None,
        on_cursor_value_missing: Literal["raise", "include", "exclude"] = "raise",
        lag: float | str | None = None,
        range_start: Literal["open", "closed"] = "closed",
        range_end: Literal["open", "closed"] = "open",
    ) -> None:
        if end_value is not None and initial_value is None:
            raise ValueError(f"the cursor '{cursor_path}' has an end_value, but no initial_value")
        if on_cursor_value_missing not in _MISSING:
            raise ValueError(
                "on_cursor_value_missing is raise, include or exclude, "
                f"not {on_cursor_value_missing!r}"
            )
        if row_order not in _ORDERS:
            raise ValueError(f"row_order is asc or desc, not {row_order!r}")
        if range_start not in _RANGES or range_end not in _RANGES:
            raise ValueError("range_start and range_end are open or closed")
        self.cursor_path = cursor_path
        self.initial_value = initial_value
        self.last_value_func = {"max": max, "min": min}.get(last_value_func, last_value_func)  # type: ignore[arg-type]
        self.primary_key = primary_key
        self.end_value = end_value
        self.row_order = row_order
        self.allow_external_schedulers = allow_external_schedulers
        self.on_cursor_value_missing = on_cursor_value_missing
        self.lag = lag
        self.range_start = range_start
        self.range_end = range_end
        self._bound = False
        self._start: Any = None
        self._last: Any = None

    # ---- what a resource's function sees ----

    @property
    def start_value(self) -> TValue | None:
        """Where this run began; the same until it ends."""
        start: TValue | None = self._value(self._start)
        return start

    @property
    def last_value(self) -> TValue | None:
        """The last value of all rows so far: of what was yielded, too."""
        last: TValue | None = self._value(self._last)
        return last

    def _value(self, value: Any) -> Any:
        if not self._bound:
            raise IncrementalUnboundError(self.cursor_path)
        return value

    def _begin(self, start: Any, last: Any) -> None:
        self._bound = True
        self._start = self._as_declared(start)
        self._advance(last)

    def _advance(self, last: Any) -> None:
        self._last = self._as_declared(last)

    def _as_declared(self, value: Any) -> Any:
        """A date or time that documents hold as a text, where a datetime was declared."""
        declared = self.initial_value if self.initial_value is not None else self.end_value
        if isinstance(value, str) and isinstance(declared, datetime.datetime):
            try:
                value = datetime.datetime.fromisoformat(value)
            except ValueError:
                return value
        if isinstance(value, datetime.datetime) and isinstance(declared, datetime.datetime):
            if declared.tzinfo is None and value.tzinfo is not None:
                return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value

    # ---- how it is put together ----

    @classmethod
    def __class_getitem__(cls, params: Any) -> Any:
        return super().__class_getitem__(params)  # type: ignore[misc]

    def _copy(self) -> Incremental[TValue]:
        clone = copy.copy(self)
        clone._bound = False
        return clone

    def merge(self, other: Incremental[Any]) -> Incremental[Any]:
        """A cursor with what `other` says over what this one says.

        Args:
            other: What is said later, by a call or by `apply_hints`.

        Returns:
            A new cursor.
        """
        merged, plain = self._copy(), Incremental[Any]()
        for name in _FIELDS:
            said = getattr(other, name)
            if said != getattr(plain, name):
                setattr(merged, name, said)
        return merged

    def _options(self) -> dict[str, Any]:
        """As the extension's `Pipeline.add` wants them."""
        options: dict[str, Any] = {
            "cursor_path": self.cursor_path,
            "initial_value": self.initial_value,
            "end_value": self.end_value,
            "on_cursor_value_missing": _MISSING[self.on_cursor_value_missing],
            "row_order": _ORDERS[self.row_order],
            "range_start_open": self.range_start == "open",
            "range_end_closed": self.range_end == "closed",
        }
        if self.lag is not None:
            options["lag"] = str(self.lag)
        if self.primary_key is not None:
            keys = [self.primary_key] if isinstance(self.primary_key, str) else list(self.primary_key)
            options["cursor_primary_key"] = ", ".join(keys)
        if self.last_value_func is min:
            options["last_value"] = 1
        elif self.last_value_func is not max:
            options["last_value_func"] = self.last_value_func
        return options

    def __repr__(self) -> str:
        func = getattr(self.last_value_func, "__name__", "function")
        return (
            f"<dlt.sources.incremental(cursor_path={self.cursor_path!r}, "
            f"initial_value={self.initial_value!r}, last_value_func={func!r})>"
        )


_FIELDS = (
    "cursor_path", "initial_value", "last_value_func", "primary_key", "end_value", "row_order",
    "allow_external_schedulers", "on_cursor_value_missing", "lag", "range_start", "range_end",
)
