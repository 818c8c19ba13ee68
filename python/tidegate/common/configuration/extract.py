"""`extract.*`: how a run reads resources. Names, places and defaults are dlt's.

    extract.next_item_mode      "round_robin": resources are read by turns, one yield each; "fifo": one after
                                the other
    extract.workers             threads, of each resource, for calls that were put off or are parallelized
    extract.max_parallel_items  results that are waited for at once, of each resource; resources that are read
                                by turns at once: the others follow as these end

Also under `sources`, `sources.<section>` and `sources.<section>.<name>` of a source.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.exceptions import ConfigurationValueError
from tidegate.common.configuration.providers import find

_MODES = ("round_robin", "fifo")


@dataclass(frozen=True)
class ExtractConfiguration:
    """What `extract.*` says.

    Attributes:
        next_item_mode: "round_robin" or "fifo".
        workers: Threads of a resource.
        max_parallel_items: Results that are waited for at once, and resources that are read by turns.
    """

    next_item_mode: str = "round_robin"
    workers: int = 5
    max_parallel_items: int = 20

    def __post_init__(self) -> None:
        if self.next_item_mode not in _MODES:
            raise ConfigurationValueError(f"extract.next_item_mode is {' or '.join(_MODES)}, not {self.next_item_mode!r}")
        for name in ("workers", "max_parallel_items"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ConfigurationValueError(f"extract.{name} is at least 1, not {getattr(self, name)!r}")

    @property
    def turns(self) -> int:
        """How many resources are read by turns; 1: one after the other."""
        return self.max_parallel_items if self.next_item_mode == "round_robin" else 1


def extract_config(
    section: str = "", name: str = "", workers: int | None = None, max_parallel_items: int | None = None
) -> ExtractConfiguration:
    """What it is now: of the environment and the files as they stand.

    Args:
        section: Of a source, under which it may be said.
        name: Of the source.
        workers: Over what is configured.
        max_parallel_items: Over what is configured.

    Returns:
        A new object.

    Raises:
        ConfigurationValueError: A value is none of those that it can be.
        ConfigValueCannotBeCoercedException: It is of another type.

    Example:
        >>> extract_config(workers=2)
        ExtractConfiguration(next_item_mode='round_robin', workers=2, max_parallel_items=20)
    """
    said: dict[str, Any] = {"workers": workers, "max_parallel_items": max_parallel_items}
    values: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    for field in fields(ExtractConfiguration):
        found, _ = find(_paths(section, name, field.name)) if field.name not in values else (None, [])
        if found:
            values[field.name] = coerce(field.name, found.value, type(field.default), None, found.place)
    return ExtractConfiguration(**values)


def _paths(section: str, name: str, field: str) -> list[list[str]]:
    places = [["sources", section, name], ["sources", section], ["sources"], []]
    paths = [[part for part in place if part] + ["extract", field] for place in places]
    pipeline = context.pipeline_name()
    return [[pipeline, *path] for path in paths] + paths if pipeline else paths
