"""Windows: a range of the cursors that is loaded beside them, once.

    run(data, window=("2024-01-01", "2024-02-01")) -> window_options -> the library's run_window

Each selected resource that has a cursor loads its rows from the first end on to before the second; the
others are left out. Cursors stay where they are. What was loaded stands in `_tidegate_windows`: under
append a window that is there already is left out, so that who comes again does no harm.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

#: Both ends: numbers, dates, times (naive ones are UTC), or texts of such; or a mapping of `from` and `to`,
#: with `timezone` of dates and times that say none, and `again`, to add rows that are loaded once more.
Window = Sequence[Any] | Mapping[str, Any]

_KEYS = {"from", "to", "timezone", "again"}


def window_options(window: Window) -> dict[str, Any]:
    """A window, for `_core.Pipeline.run_window`.

    Args:
        window: Its two ends.

    Returns:
        Its options.

    Raises:
        ValueError: It is no window.

    Example:
        >>> window_options((datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 2, 6)))
        {'from': '2024-01-01', 'to': '2024-01-02T06:00:00+00:00', 'skip_loaded': 1}
        >>> window_options({"from": 1, "to": 5, "again": True})
        {'from': '1', 'to': '5', 'again': True}
    """
    said = dict(window) if isinstance(window, Mapping) else _pair(window)
    if not {"from", "to"} <= set(said) <= _KEYS or None in (said["from"], said["to"]):
        raise ValueError(f"a window has two ends, as in window=('2024-01-01', '2024-02-01'), not {window!r}")
    options = {"from": _text(said["from"]), "to": _text(said["to"])}
    if said.get("timezone") is not None:
        options["timezone"] = str(said["timezone"])
    return options | ({"again": True} if said.get("again") else {"skip_loaded": 1})


def length_of(by: Any) -> str:
    """How long each window of a backfill is, for the library.

    Args:
        by: A text, or of a cursor of numbers a number.

    Raises:
        ValueError: It is neither.

    Example:
        >>> length_of(1000), length_of("1d")
        ('1000', '1d')
    """
    if isinstance(by, bool) or not isinstance(by, (str, int)):
        raise ValueError(f"by is a length of windows such as '1d', '6h' or '1mo', or of numbers 1000, not {by!r}")
    return str(by)


def _pair(window: Any) -> dict[str, Any]:
    ends = list(window) if isinstance(window, Sequence) and not isinstance(window, str) else []
    return dict(zip(("from", "to"), ends)) if len(ends) == 2 else {}


def _text(end: Any) -> str:
    if isinstance(end, datetime.datetime) and end.tzinfo is None:
        end = end.replace(tzinfo=datetime.timezone.utc)
    return end.isoformat() if isinstance(end, datetime.date) else str(end)
