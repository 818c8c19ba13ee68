"""The cursor of a resource: what tells new rows from old.

`Incremental` is what a program says (`dlt.sources.incremental("updated_at")`) and what a resource's
function sees while it runs: `start_value` is where the run began, `last_value` moves with what was
yielded. Which rows are new is decided by the library, on what comes out of the maps and filters; for a
resource that is read outside of a pipeline, by outside.py.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, Literal, TypeVar, get_args

from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.exceptions import IncrementalUnboundError, ResourceExtractionError
from tidegate.extract.incremental.context import allows_schedulers, interval
from tidegate.extract.incremental.exceptions import (
    ExternalSchedulerNotAvailable,
    IncrementalCursorPathMissing,
    JoinSchedulerError,
)
from tidegate.extract.incremental.path import steps_of
from tidegate.extract.incremental.values import FROM_TEXT, as_type, bound_of, option_of, value_of

TValue = TypeVar("TValue")

_MISSING = {"raise": 0, "include": 1, "exclude": 2}
_ORDERS = {None: 0, "asc": 1, "desc": 2}
_RANGES = ("open", "closed")
_FLAGS = {None: 0, True: 1, False: 2}
_WAITS = {"raise": 0, "warn": 1}


class Incremental(Generic[TValue]):
    """A cursor, as `dlt.sources.incremental` makes it.

    Args:
        cursor_path: The field that tells new from old, as the source names it, or a JSONPath; several
            in a list (or with commas between them) are compared in order. Its normalised name does, too.
        initial_value: Where the first run begins, with the rows at it; of several fields a list.
        last_value_func: `max`, `min`, or a function of a tuple of one or two values.
        primary_key: By what rows at the last value are told apart; an empty one: they are not.
        end_value: Where a window ends, without the rows at it; nothing is remembered then.
        row_order: "asc" or "desc": the source gives its rows in that order, and reading ends early.
        allow_external_schedulers: Whether a scheduler's interval is taken for the window; None: as
            `DLT_ALLOW_EXTERNAL_SCHEDULERS` says.
        on_cursor_value_missing: "raise", "include" or "exclude" rows without a value.
        lag: How far before the last value a run begins: seconds of times, days of dates, or units; "2h",
            or "auto" (also "auto 99.5%"): as far as rows are seen to come late.
        range_start: "closed": rows at the start are new, if they were not loaded before; "open".
        range_end: "open": rows at `end_value` do not belong to the window; "closed".
        cursor_type: What texts in the field are, where they do not look it: "bigint", "double", "decimal",
            "timestamp", "date", "text".
        cursor_format: How such times are written: "%d/%m/%Y %H:%M:%S"; without it ISO 8601.
        commit_safe: Of a database as the source: whether rows wait for a later run that a transaction
            which is open may still come below; None: where the source can tell.
        commit_safe_wait: How long they do at most: "30s", "10m", "2h".
        on_commit_safe_wait: What then: "raise" or "warn".

    Raises:
        ValueError: A word is none of those that it may be, or `cursor_path` is no path.

    Attributes:
        start_out_of_range: Whether a row before the start was met.
        end_out_of_range: Whether a row at or beyond the end was met.

    Example:
        >>> updated = Incremental("updated_at", initial_value="2024-01-01T00:00:00Z")
        >>> updated.cursor_path
        'updated_at'
    """

    def __init__(
        self,
        cursor_path: str | Sequence[str] | None = None,
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
        *,
        cursor_type: Literal["text", "bigint", "double", "decimal", "timestamp", "date"] | None = None,
        cursor_format: str | None = None,
        commit_safe: bool | None = None,
        commit_safe_wait: str | None = None,
        on_commit_safe_wait: Literal["raise", "warn"] = "raise",
    ) -> None:
        _check("on_cursor_value_missing", on_cursor_value_missing, _MISSING)
        _check("row_order", row_order, _ORDERS)
        _check("range_start", range_start, _RANGES)
        _check("range_end", range_end, _RANGES)
        _check("cursor_type", cursor_type, (None, *FROM_TEXT))
        _check("on_commit_safe_wait", on_commit_safe_wait, _WAITS)
        if not callable(last_value_func):
            _check("last_value_func", last_value_func, ("max", "min", "or a function"))
        for name, said in (("cursor_path", cursor_path), ("primary_key", primary_key)):
            if not isinstance(said, (str, type(None))) and not (isinstance(said, Sequence) and all(isinstance(each, str) for each in said)):
                raise ValueError(f"{name} is the name of a field, or a list of names, not {said!r}")
        for name, said in (("cursor_format", cursor_format), ("commit_safe_wait", commit_safe_wait)):
            if not isinstance(said, (str, type(None))):
                raise ValueError(f"{name} is a text, not {said!r}")
        if isinstance(lag, bool) or not isinstance(lag, (int, float, str, type(None))):
            raise ValueError(f"lag is a number, a time such as '2h', or 'auto', not {lag!r}")
        _check("commit_safe", commit_safe, (None, True, False))
        _check("allow_external_schedulers", allow_external_schedulers, (None, True, False))
        self.cursor_path = cursor_path
        for path in self._paths():
            steps_of(path)
        self.initial_value = initial_value
        self.last_value_func: Callable[..., Any] = {"max": max, "min": min}.get(last_value_func, last_value_func)  # type: ignore[arg-type]
        self.primary_key = primary_key
        self.end_value = end_value
        self.row_order = row_order
        self.allow_external_schedulers = allow_external_schedulers
        self.on_cursor_value_missing = on_cursor_value_missing
        self.lag = lag
        self.range_start = range_start
        self.range_end = range_end
        self.cursor_type = cursor_type
        self.cursor_format = cursor_format
        self.commit_safe = commit_safe
        self.commit_safe_wait = commit_safe_wait
        self.on_commit_safe_wait = on_commit_safe_wait
        self.resource_name: str | None = None
        self.start_out_of_range = False
        self.end_out_of_range = False
        self._bound = False
        self._start: Any = None
        self._last: Any = None
        self._hashes: Callable[[], list[str]] = list

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

    @property
    def unique_hashes(self) -> list[str]:
        """The hashes of the rows at the start that were loaded before."""
        return list(self._value(self._hashes)() if self.end_value is None and self.range_start == "closed" else ())

    def can_close(self) -> bool:
        """Whether nothing new can come, by the `row_order` of the source."""
        return (self.row_order == "asc" and self.end_out_of_range) or (
            self.row_order == "desc" and self.start_out_of_range
        )

    def _value(self, value: Any) -> Any:
        if not self._bound:
            raise IncrementalUnboundError(self._path_text())
        return value

    # ---- a run ----

    def _bind(self, resource_name: str) -> Incremental[TValue]:
        """A copy for one reading of a resource, with the window of a scheduler where it wants that.

        Raises:
            IncrementalCursorPathMissing: It has no path.
            ExternalSchedulerNotAvailable: There is no scheduler.
            JoinSchedulerError: Its values are no times.
        """
        bound = copy.copy(self)
        bound.resource_name = resource_name
        bound.start_out_of_range = bound.end_out_of_range = False
        bound._bound = False
        if not bound._paths():
            raise IncrementalCursorPathMissing(resource_name, None, msg="the cursor names no field: say cursor_path")
        allowed = self.allow_external_schedulers
        if allows_schedulers() if allowed is None else allowed:
            bound._join_scheduler(resource_name)
        if bound.end_value is not None and bound.initial_value is None:
            raise ValueError(f"the cursor '{bound._path_text()}' has an end_value, but no initial_value")
        return bound

    def _begin(self, start: Any, last: Any) -> None:
        self._bound = True
        self.start_out_of_range = self.end_out_of_range = False
        self._start = self._as_declared(self.initial_value if start is None else start)
        self._advance(self.initial_value if last is None else last)

    def _advance(self, last: Any, before: bool = False, beyond: bool = False) -> None:
        self._last = self._as_declared(last)
        self.start_out_of_range = self.start_out_of_range or bool(before)
        self.end_out_of_range = self.end_out_of_range or bool(beyond)

    def _join_scheduler(self, resource_name: str) -> None:
        """The interval becomes the window, as far as it lies in that of the cursor itself."""
        found = interval()
        if found is None:
            raise ExternalSchedulerNotAvailable(resource_name)
        declared, kind = self._declared(), self._declared_type()
        make = bound_of(kind)
        if make is None:
            raise JoinSchedulerError(resource_name, (
                f"a scheduler's interval bounds cursors of times, and '{self._path_text()}' has values of "
                f"{kind.__name__ if kind else 'a type that nobody says'}: say incremental[datetime](...), or an initial_value "
                "that is a time; turn texts into times by add_map"
            ))
        start, end = make(found.start, declared), make(found.end, declared)
        later, earlier = (min, max) if self.last_value_func is min else (max, min)
        said_start, said_end = self.initial_value, self.end_value
        self.initial_value = start if said_start is None else later(said_start, start)
        self.end_value = end if said_end is None else earlier(said_end, end)

    # ---- its values ----

    def _declared(self) -> Any:
        return self.initial_value if self.initial_value is not None else self.end_value

    def _declared_type(self) -> type | None:
        """Of its values: `Incremental[datetime]`, else that of a bound."""
        said = get_args(getattr(self, "__orig_class__", None))
        if said and isinstance(said[0], type):
            return said[0]
        return None if self._declared() is None else type(self._declared())

    def _as_declared(self, value: Any) -> Any:
        """What the library has of a value, as the program has declared it."""
        declared, value = self._declared(), value_of(value)
        if isinstance(value, list) and isinstance(declared, (list, tuple)):
            return [as_type(each, type(wish), wish) for each, wish in zip(value, declared)] + value[len(declared) :]
        return as_type(value, self._declared_type(), declared)

    def _as_said(self, value: Any) -> Any:
        """A text, as `cursor_type` and `cursor_format` take it."""
        if isinstance(value, list):
            return [self._as_said(each) for each in value]
        if self.cursor_type is None or not isinstance(value, str):
            return value
        if self.cursor_format:
            moment = datetime.datetime.strptime(value, self.cursor_format)
            return moment.date() if self.cursor_type == "date" else moment
        return FROM_TEXT[self.cursor_type](value)

    # ---- how it is put together ----

    def _paths(self) -> list[str]:
        """Its fields."""
        said = self.cursor_path
        if not said:
            return []
        if not isinstance(said, str):
            return list(said)
        return [said] if "[" in said else [path.strip() for path in said.split(",")]

    def _path_text(self) -> str | None:
        return ", ".join(self._paths()) or None

    @classmethod
    def __class_getitem__(cls, params: Any) -> Any:
        return super().__class_getitem__(params)  # type: ignore[misc]

    @classmethod
    def from_existing_state(cls, resource_name: str, cursor_path: str) -> Incremental[Any]:
        """Not in tidegate: a state is its resource's; `pipeline.state` shows them all."""
        raise NotInTidegate("incremental.from_existing_state", "pipeline.state has the cursors of all resources")

    def merge(self, other: Incremental[Any]) -> Incremental[Any]:
        """A cursor with what `other` says over what this one says.

        Args:
            other: What is said later, by a call or by `apply_hints`.

        Returns:
            A new cursor.

        Example:
            >>> Incremental("at", 1).merge(Incremental(initial_value=5))
            <dlt.sources.incremental(cursor_path='at', initial_value=5, last_value_func='max')>
        """
        merged, plain = copy.copy(self), Incremental[Any]()
        for name in _FIELDS:
            said = getattr(other, name)
            if said is not None and said != getattr(plain, name):
                setattr(merged, name, said)
        if hasattr(other, "__orig_class__") and not hasattr(self, "__orig_class__"):
            merged.__orig_class__ = other.__orig_class__  # type: ignore[attr-defined]
        return merged

    def copy(self) -> Incremental[TValue]:
        """The same, not bound to a reading."""
        clone = copy.copy(self)
        clone._bound = False
        return clone

    def _options(self) -> dict[str, Any]:
        """As the extension's `Pipeline.add` wants them."""
        options: dict[str, Any] = {
            "cursor_path": self._path_text(),
            "initial_value": option_of(self.initial_value),
            "end_value": option_of(self.end_value),
            "on_cursor_value_missing": _MISSING[self.on_cursor_value_missing],
            "row_order": _ORDERS[self.row_order],
            "range_start_open": self.range_start == "open",
            "range_end_closed": self.range_end == "closed",
            "cursor_type": self.cursor_type,
            "cursor_format": self.cursor_format,
            "commit_safe": _FLAGS[self.commit_safe],
            "commit_safe_wait": self.commit_safe_wait,
            "on_commit_safe_wait": _WAITS[self.on_commit_safe_wait],
        }
        if self.lag is not None:
            options["lag"] = str(self.lag)
        if self.primary_key is not None:
            keys = [self.primary_key] if isinstance(self.primary_key, str) else list(self.primary_key)
            options["cursor_primary_key"] = ", ".join(keys)
        if self.last_value_func is min:
            options["last_value"] = 1
        elif self.last_value_func is not max:
            options["last_value_func"] = self._ask
        return options

    def _ask(self, values: tuple[Any, ...]) -> Any:
        """What `last_value_func` makes of values of the library.

        Raises:
            ResourceExtractionError: It has raised: not the resource's own function.
        """
        given = tuple(self._as_declared(value) for value in values)
        try:
            return option_of(self.last_value_func(given))
        except Exception as error:
            raise ResourceExtractionError.of(self.resource_name or "", self.last_value_func, error, "last_value_func") from error

    def __repr__(self) -> str:
        func = getattr(self.last_value_func, "__name__", "function")
        said = [("cursor_path", self.cursor_path), ("initial_value", self.initial_value), ("end_value", self.end_value),
                ("last_value_func", func), ("primary_key", self.primary_key), ("lag", self.lag)]
        plain = {"range_start": "closed", "range_end": "open", "on_cursor_value_missing": "raise"}
        said += [(name, getattr(self, name)) for name, usual in plain.items() if getattr(self, name) != usual]
        said.append(("resource_name", self.resource_name))
        return f"<dlt.sources.incremental({', '.join(f'{n}={v!r}' for n, v in said if v is not None)})>"


_FIELDS = (
    "cursor_path", "initial_value", "last_value_func", "primary_key", "end_value", "row_order",
    "allow_external_schedulers", "on_cursor_value_missing", "lag", "range_start", "range_end", "cursor_type",
    "cursor_format", "commit_safe", "commit_safe_wait", "on_commit_safe_wait",
)


def _check(name: str, said: Any, words: Any) -> None:
    if not isinstance(said, Hashable) or said not in words:
        raise ValueError(f"{name} is {', '.join(str(word) for word in words if word is not None)}, not {said!r}")
