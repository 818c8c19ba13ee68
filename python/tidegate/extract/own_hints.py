"""Hints of a resource that dlt does not have. Their words are those of a spec (docs/spec.md).

    deletes, list_keys   what becomes of rows that the source has no more
    limits               what a load may do; beyond it nothing is written
    row_ids              where the ids of rows come from
    on_bad_row           what becomes of rows that cannot be loaded
    description          what the table is, for those who read the schema
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_DETECT = {"snapshot": 1, "keys": 2}
_APPLY = {"hard": 0, "soft": 1, "scd2": 2}
_ROW_IDS = {"random": 0, "key": 1, "row": 2}
_LIMITS = ("rows_deleted", "tables_added", "columns_added", "type_changes")
_BAD_ROW = ("fail", "reject")


def _map_of(name: str, said: Any, plain: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """What is said as a map; a plain value stands for one of its keys."""
    found = dict(said) if isinstance(said, Mapping) else {plain: said}
    for key in found:
        if key not in keys:
            raise ValueError(f"{name} has {', '.join(keys)}, not {key!r}")
    return found


def _word(name: str, said: Any, words: Mapping[str, int]) -> int:
    if not isinstance(said, str) or said not in words:
        raise ValueError(f"{name} is {', '.join(words)}, not {said!r}")
    return words[said]


def number(name: str, said: Any) -> str:
    """A number, or a share: "10%".

    Args:
        name: As the error names it.
        said: What was said.

    Raises:
        ValueError: It is neither.
    """
    text = str(said)
    share = text.removesuffix("%")
    is_number = isinstance(said, int) and said >= 0 or isinstance(said, str) and share.replace(".", "", 1).isdigit()
    if isinstance(said, bool) or not is_number or ("." in share and share == text):
        raise ValueError(f"{name} is a number, or a share such as '10%', not {said!r}")
    return text


def flag(name: str, said: Any) -> bool:
    """True or False.

    Args:
        name: As the error names it.
        said: What was said.

    Raises:
        ValueError: It is neither.
    """
    if not isinstance(said, bool):
        raise ValueError(f"{name} is True or False, not {said!r}")
    return said


def deletes_options(said: Any) -> dict[str, Any]:
    """How rows go that the source has no more.

    Args:
        said: "snapshot", "keys", or a map of detect, apply, limit, allow_empty; None: they stay.

    Raises:
        ValueError: It is something else.

    Example:
        >>> deletes_options({"detect": "snapshot", "apply": "soft", "limit": "50%"})
        {'deletes_detect': 1, 'deletes_apply': 1, 'deletes_limit': '50%'}
    """
    if said is None:
        return {}
    found = _map_of("deletes", said, "detect", ("detect", "apply", "limit", "allow_empty"))
    options: dict[str, Any] = {}
    if "detect" in found:
        options["deletes_detect"] = _word("deletes: detect", found["detect"], _DETECT)
    if "apply" in found:
        options["deletes_apply"] = _word("deletes: apply", found["apply"], _APPLY)
    if "limit" in found:
        options["deletes_limit"] = number("deletes: limit", found["limit"])
    if "allow_empty" in found:
        options["deletes_allow_empty"] = flag("deletes: allow_empty", found["allow_empty"])
    return options


def limits_options(said: Any) -> dict[str, Any]:
    """What a load may do.

    Args:
        said: A map of rows_deleted, tables_added, columns_added, type_changes; None: all.

    Raises:
        ValueError: It is something else.

    Example:
        >>> limits_options({"rows_deleted": "10%", "columns_added": 0})
        {'limit_rows_deleted': '10%', 'limit_columns_added': '0'}
    """
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise ValueError(f"limits is a map of {', '.join(_LIMITS)}, not {said!r}")
    return {f"limit_{name}": number(f"limits: {name}", value) for name, value in _map_of("limits", said, "", _LIMITS).items()}


def bad_row_options(said: Any) -> dict[str, Any]:
    """What becomes of rows that cannot be loaded.

    Args:
        said: "fail", "reject", or a map of action and limit; None: the run fails.

    Raises:
        ValueError: It is something else.

    Example:
        >>> bad_row_options({"action": "reject", "limit": 10})
        {'reject_bad_rows': True, 'reject_max': 10}
    """
    if said is None:
        return {}
    found = _map_of("on_bad_row", said, "action", ("action", "limit"))
    action = found.get("action")
    if action not in _BAD_ROW:
        raise ValueError(f"on_bad_row is {', '.join(_BAD_ROW)}, not {action!r}")
    options: dict[str, Any] = {"reject_bad_rows": action == "reject"}
    if "limit" in found:
        limit = found["limit"]
        if action != "reject":
            raise ValueError(f"on_bad_row: limit={limit!r} goes with action 'reject': with {action!r} the first bad row ends the run")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError(f"on_bad_row: limit is how many rows are rejected at most, not {limit!r}")
        options["reject_max"] = limit
    return options


def own_options(hints: Any) -> dict[str, Any]:
    """All of them, as options of a resource of the library, but for `list_keys`.

    Args:
        hints: Of a resource.

    Raises:
        ValueError: One is not as it has to be.
    """
    options = {**deletes_options(hints.deletes), **limits_options(hints.limits), **bad_row_options(hints.on_bad_row)}
    if hints.row_ids is not None:
        options["row_ids"] = _word("row_ids", hints.row_ids, _ROW_IDS)
    if hints.description is not None:
        options["description"] = hints.description
    return options


def check(hints: Any) -> None:
    """That each can be had.

    Args:
        hints: Of a resource.

    Raises:
        ValueError: One is not as it has to be.
    """
    own_options(hints)
    keys: Callable[[], Any] | None = hints.list_keys
    if keys is not None and not callable(keys):
        raise ValueError(f"list_keys is a function that yields the keys of all rows, not {keys!r}")
    if keys is not None and not detects_keys(hints):
        raise ValueError("list_keys is for deletes='keys': without it nobody asks for keys")


def detects_keys(hints: Any) -> bool:
    """Whether rows go that are not in a list of keys."""
    return bool(deletes_options(hints.deletes).get("deletes_detect") == _DETECT["keys"])
