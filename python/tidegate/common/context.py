"""What is at work: the active pipeline, and while a run reads, its source and resource."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.extract.resource import DltResource
    from tidegate.extract.source import DltSource
    from tidegate.pipeline.pipeline import Pipeline

#: The pipeline that was made last; None: none was, or it was deactivated.
active_pipeline: Pipeline | None = None

#: Of the code that runs now; None outside of a run.
source: ContextVar[DltSource | None] = ContextVar("source", default=None)
resource: ContextVar[DltResource | None] = ContextVar("resource", default=None)
#: What the resource's code has of its run: `tidegate.extract.state.RunState`.
run_state: ContextVar[Any] = ContextVar("run_state", default=None)


def pipeline_name() -> str | None:
    """Of the active pipeline, under which configuration is looked for first."""
    return active_pipeline.pipeline_name if active_pipeline else None
