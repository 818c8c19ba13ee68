"""What is given to one run alone: a provider before all others, seen by the code of that run.

    with given({"sources.shop.page": 50, "api_key": "..."}): ...

Runs in other threads do not see it, nor does anything behind `with`; threads that a run makes do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

_values: ContextVar[dict[str, Any]] = ContextVar("given_to_the_run", default={})


@contextlib.contextmanager
def given(values: Mapping[str, Any]) -> Iterator[None]:
    """Values for the code inside of `with`.

    Args:
        values: By their keys, the parts with dots between them; a table may stand for several.

    Raises:
        ValueError: A key has a value, and another one lies below it.

    Example:
        >>> with given({"sources.shop": {"page": 50}}):
        ...     provider.get(["sources", "shop", "page"])
        50
        >>> provider.get(["sources", "shop", "page"])
    """
    table: dict[str, Any] = {}
    for key, value in values.items():
        _put(table, key, key.split("."), value)
    token = _values.set(table)
    try:
        yield
    finally:
        _values.reset(token)


def _put(table: dict[str, Any], key: str, path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ValueError(f"'{key}' lies below '{part}', which has a value itself")
    if not isinstance(value, Mapping):
        table[path[-1]] = value
        return
    for below, each in value.items():
        _put(table, f"{key}.{below}", [path[-1], *below.split(".")], each)


class RunProvider:
    """The values of the run that is at work."""

    name = "given to the run"
    holds_secrets = True

    def key_of(self, path: Sequence[str]) -> str:
        """How a value is called here."""
        return ".".join(path)

    def is_there(self) -> bool:
        """Whether anything was given."""
        return bool(_values.get())

    def get(self, path: Sequence[str]) -> Any:
        """The value, or None."""
        value: Any = _values.get()
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def reader(self) -> Callable[[Sequence[str]], Any]:
        """`get`."""
        return self.get


provider = RunProvider()
