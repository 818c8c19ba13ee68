"""What is at work: the pipeline, and inside of a resource its source, itself and their states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.common import context
from tidegate.common.exceptions import DltException
from tidegate.extract.incremental.context import interval, timezone

if TYPE_CHECKING:
    from tidegate.common.schema import Schema
    from tidegate.extract.resource import DltResource
    from tidegate.extract.source import DltSource
    from tidegate.pipeline.pipeline import Pipeline


__all__ = [
    "interval", "pipeline", "resource", "resource_name", "resource_state", "source", "source_schema", "source_state", "state",
    "timezone",
]


class SourceSectionNotAvailable(DltException):
    """Something of a run is asked for outside of one."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is there while a run reads a resource, and this code is not part of one")


def pipeline() -> Pipeline:
    """The active pipeline.

    Returns:
        The one that was made last; where none was, a new one.
    """
    from tidegate.pipeline.factory import make

    return make()


def source() -> DltSource:
    """The source whose resource is read."""
    found = context.source.get()
    if found is None:
        raise SourceSectionNotAvailable("the source")
    return found


def resource() -> DltResource:
    """The resource that is read."""
    found = context.resource.get()
    if found is None:
        raise SourceSectionNotAvailable("the resource")
    return found


def resource_name() -> str:
    """The name of the resource that is read."""
    return resource().name


def _state(of: str | None) -> dict[str, Any]:
    run_state = context.run_state.get()
    if run_state is None:
        raise SourceSectionNotAvailable("the state")
    kept: dict[str, Any] = run_state.get(of)
    return kept


def resource_state(resource_name: str | None = None) -> dict[str, Any]:
    """A dict that is kept from run to run for a resource; changes are part of its load.

    Args:
        resource_name: Another resource of the source; None: the one that is read.

    Returns:
        The dict itself: what is put into it is kept.
    """
    return _state(resource_name or resource().name)


def source_state() -> dict[str, Any]:
    """The same for all resources of the source."""
    return _state(None)


state = source_state


def source_schema() -> Schema:
    """A copy of the schema of the source that is read, as it was before this run."""
    return source().schema


def state_of(source_name: str | None, resource_name: str | None) -> dict[str, Any]:
    """What the code of a source, or of one of its resources, keeps.

    Args:
        source_name: The source; None: a resource that is none's.
        resource_name: The resource; None: the source.

    Returns:
        Inside of a run of that source the dict itself, else a copy of what the active pipeline has.
    """
    here = context.source.get()
    if here is not None and source_name in (None, here.name):
        return _state(resource_name)
    if context.active_pipeline is None:
        raise SourceSectionNotAvailable("the state")
    kept: dict[str, Any] = context.active_pipeline.state.get("sources", {}).get(source_name, {})
    if resource_name is not None:
        kept = kept.get("resources", {}).get(resource_name, {})
    return {key: value for key, value in kept.items() if key not in ("resources", "incremental", "accepts_rows")}
