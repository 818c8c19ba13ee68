"""The interval of a scheduler: which window of time a run is to load.

    dlt.current.interval.set() -> else DLT_INTERVAL_START, DLT_INTERVAL_END (ISO 8601, UTC where they say
    no zone; DLT_INTERVAL_TIMEZONE turns both into a zone) -> else Airflow's context, where its module is there
    -> none
"""

from __future__ import annotations

import datetime
import os
import sys
from contextvars import ContextVar
from typing import Any, NamedTuple

from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.incremental.exceptions import IntervalNotAvailable

_TRUE = ("true", "1", "yes", "on")


class TTimeInterval(NamedTuple):
    """A window of time: from `start` on to before `end`."""

    start: datetime.datetime
    end: datetime.datetime


_set: ContextVar[TTimeInterval | None] = ContextVar("interval", default=None)


def timezone() -> datetime.tzinfo:
    """The zone in which days begin: `DLT_INTERVAL_TIMEZONE`, else UTC.

    Raises:
        ValueError: There is no such zone.

    Example:
        >>> timezone()
        datetime.timezone.utc
    """
    name = os.environ.get("DLT_INTERVAL_TIMEZONE")
    if not name or name == "UTC":
        return datetime.timezone.utc
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"DLT_INTERVAL_TIMEZONE is {name!r}, which is no time zone") from error


def allows_schedulers() -> bool:
    """Whether cursors that say nothing take a scheduler's interval: `DLT_ALLOW_EXTERNAL_SCHEDULERS`."""
    return os.environ.get("DLT_ALLOW_EXTERNAL_SCHEDULERS", "").strip().lower() in _TRUE


def _moment(said: Any, zone: datetime.tzinfo) -> datetime.datetime:
    """A moment with a zone, of a datetime, a date or a text."""
    moment = datetime.datetime.fromisoformat(said) if isinstance(said, str) else said
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime(moment.year, moment.month, moment.day)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _of_environment() -> TTimeInterval | None:
    said = {name: os.environ.get(name) for name in ("DLT_INTERVAL_START", "DLT_INTERVAL_END")}
    if not all(said.values()):
        return None
    zone, moments = timezone(), []
    for name, text in said.items():
        try:
            moments.append(_moment(text, datetime.timezone.utc).astimezone(zone))
        except ValueError as error:
            raise ValueError(f"{name} is {text!r}, which is no time in ISO 8601") from error
    return TTimeInterval(*moments)


def _of_airflow() -> TTimeInterval | None:
    """Of the task that runs; a process of Airflow has its module, others do not load it."""
    for name in ("airflow.sdk", "airflow.operators.python"):
        get = getattr(sys.modules.get(name), "get_current_context", None)
        if not get:
            continue
        try:
            found = get()
        except Exception:  # outside of a task; its class is another one in each version
            continue
        start, end = found.get("data_interval_start"), found.get("data_interval_end")
        if start is not None and end is not None:
            return TTimeInterval(start, end)
    return None


class Interval:
    """`dlt.current.interval`: called, it gives the interval, or None.

    Example:
        >>> interval = Interval()
        >>> interval() is None, interval.is_empty
        (True, True)
    """

    def __call__(self) -> TTimeInterval | None:
        return _set.get() or _of_environment() or _of_airflow()

    def set(self, interval: tuple[Any, Any] | None) -> None:
        """Says the interval in a scheduler's place, for this thread or task.

        Args:
            interval: Its start and end; times without a zone are in that of `timezone()`. None: as before.
        """
        _set.set(None if interval is None else TTimeInterval(*(_moment(each, timezone()) for each in interval)))

    def update(self, *, start: Any = None, end: Any = None) -> None:
        """Says one end of it anew.

        Args:
            start: From when on; None: as it is.
            end: Until before when; None: as it is.

        Raises:
            IntervalNotAvailable: There is none.
        """
        now = self()
        if now is None:
            raise IntervalNotAvailable("update")
        zone = now.start.tzinfo or datetime.timezone.utc
        said = (now.start if start is None else start, now.end if end is None else end)
        self.set(tuple(_moment(each, zone).astimezone(zone) for each in said))  # type: ignore[arg-type]

    def apply_full_days(self) -> Interval:
        """Makes it whole days: from the midnight before its start to the one after its end.

        Returns:
            The same object.

        Raises:
            IntervalNotAvailable: There is none.
        """
        now = self()
        if now is None:
            raise IntervalNotAvailable("widen")
        start, end = ((each.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)) for each in now)
        self.set((start, end if end == now.end else end + datetime.timedelta(days=1)))
        return self

    def apply_lag(self, trigger: str, count: int = 1, lag_end: bool = False) -> Interval:
        """Not in tidegate: `update(start=...)` says where it begins."""
        raise NotInTidegate("interval.apply_lag", "say interval.update(start=...)")

    @property
    def timezone(self) -> datetime.tzinfo | None:
        """The zone of its ends; None: there is none."""
        now = self()
        return now.start.tzinfo if now else None

    @property
    def is_empty(self) -> bool:
        """Whether there is none, or no time in it."""
        now = self()
        return now is None or now.start >= now.end

    def __repr__(self) -> str:
        return repr(self())


interval = Interval()
