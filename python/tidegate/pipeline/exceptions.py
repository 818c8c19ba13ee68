"""What a pipeline raises. Names are dlt's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common.exceptions import DltException, is_retryable
from tidegate.pipeline.advice import in_python

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


class PipelineException(DltException):
    """Something is wrong with a pipeline.

    Args:
        pipeline_name: Which one.
        text: What it is.
    """

    def __init__(self, pipeline_name: str, text: str) -> None:
        self.pipeline_name = pipeline_name
        super().__init__(text)


class InvalidPipelineName(PipelineException, ValueError):
    """A pipeline's name has characters that no folder's name may have."""

    def __init__(self, pipeline_name: str, text: str) -> None:
        super().__init__(
            pipeline_name,
            f"{pipeline_name!r} cannot be a pipeline's name ({text}): use letters, digits, '_' and '-'",
        )


class CannotRestorePipelineException(PipelineException):
    """There is no pipeline of that name to attach to."""

    def __init__(self, pipeline_name: str, pipelines_dir: str, reason: str) -> None:
        super().__init__(
            pipeline_name, f"there is no pipeline '{pipeline_name}' in {pipelines_dir}: {reason}"
        )


class PipelineConfigMissing(PipelineException):
    """The pipeline lacks something that a step needs, a destination for one."""

    def __init__(self, pipeline_name: str, what: str, step: str) -> None:
        super().__init__(
            pipeline_name,
            f"the pipeline '{pipeline_name}' has no {what}, which {step} needs: say `{what}=` in "
            "tidegate.pipeline() or in the call",
        )


class LoadPackageNotFound(DltException, FileNotFoundError):
    """There is no load of that id in the working folder."""

    def __init__(self, load_id: str) -> None:
        self.load_id = load_id
        super().__init__(f"there is no load {load_id!r} that waits, and this pipeline object has loaded none of that id")


class LoadCannotBeUndone(DltException):
    """What a load replaced was not kept, or what it had left is not as it was.

    Args:
        text: What is in the way.
        table: Where; "": nowhere in particular.
    """

    def __init__(self, text: str, table: str) -> None:
        self.table = table
        super().__init__(text)


class PipelineStepFailed(PipelineException):
    """A step of a pipeline has failed; `exception` (and `__cause__`) has why.

    Attributes:
        pipeline: The pipeline.
        step: "extract", "normalize", "load", "run", "sync", "plan", "backfill", "undo" or "reset".
        load_id: Of the package at work, where there was one.
        exception: What was raised.
        step_info: What the step had done.
        is_package_partially_loaded: Always False: a load is there whole, or not at all.
        retryable: Whether the same call may go through later.
    """

    is_package_partially_loaded = False

    def __init__(
        self, pipeline: Pipeline, step: str, load_id: str | None, exception: BaseException,
        step_info: Any = None, has_pending_data: bool = False,
    ) -> None:
        self.pipeline = pipeline
        self.step = step
        self.load_id = load_id
        self.exception = exception
        self.step_info = step_info
        self.has_pending_data = has_pending_data
        self.retryable = is_retryable(exception)
        kind = type(exception)
        is_library_s = any(isinstance(each, _core.Error) for each in (exception, exception.__cause__))
        advice = in_python(str(exception)) if is_library_s else ""
        super().__init__(
            pipeline.pipeline_name,
            f"Pipeline execution failed at `step={step}` when processing package with "
            f"`load_id={load_id}` with exception:\n\n<class '{kind.__module__}.{kind.__qualname__}'>\n"
            f"{exception}" + (f"\n{advice}" if advice else ""),
        )
