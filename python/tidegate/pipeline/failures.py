"""What a call of the library has raised, as dlt's exceptions.

    an error of the library, with its code and its reason -> the exception that dlt has for it -> PipelineStepFailed
    what the program's own code has raised -> ResourceExtractionError with its resource -> PipelineStepFailed
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tidegate import _core
from tidegate.common.schema.exceptions import DataValidationError
from tidegate.extract.incremental.exceptions import (
    CursorValueException,
    IncrementalCursorInvalidCoercion,
    IncrementalCursorPathHasValueNone,
    IncrementalCursorPathMissing,
)
from tidegate.pipeline.exceptions import LoadCannotBeUndone, PipelineStepFailed
from tidegate.pipeline.resource_options import Reading

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

#: Which step of a run an error belongs to; else to the run.
_STEPS = {
    "TG_SOURCE": "extract", "TG_DATA": "extract", "TG_CONTRACT": "normalize", "TG_DESTINATION": "load",
    "TG_LIMIT": "load", "TG_CONFLICT": "load",
}


def step_failed(pipeline: Pipeline, step: str, error: Exception, reading: Reading) -> PipelineStepFailed:
    """What a step of a pipeline raises, from `exception` of it.

    Args:
        pipeline: Whose step it is.
        step: The call: "run", "extract", "load", "plan", "undo".
        error: Of the library, or of the program's own code.
        reading: Which resource's code was at work.

    Returns:
        The exception, to be raised.
    """
    if isinstance(error, _core.Error):
        if step == "run":
            step = _STEPS.get(error.code, step)
        return PipelineStepFailed(pipeline, step, None, _as_dlt(step, error, reading))
    if reading.resource is None:
        return PipelineStepFailed(pipeline, "extract" if step == "run" else step, None, error)
    return PipelineStepFailed(pipeline, "extract", None, reading.resource._error(error))


def _as_dlt(step: str, error: _core.Error, reading: Reading) -> Exception:
    is_undo = step == "undo" and (error.code in _NOT_UNDONE or error.reason == "TG_REASON_NOTHING_LOADED")
    make = _not_undone if is_undo else _BY_REASON.get(error.reason)
    if make is None:
        return error
    told = make(error, reading)
    told.__cause__ = error
    told.retryable = error.retryable  # type: ignore[attr-defined]
    return told


def _cursor(kind: type[CursorValueException]) -> Callable[[_core.Error, Reading], Exception]:
    return lambda error, reading: kind(error.resource, error.key_path, None, _placed(error), error.row)


def _placed(error: _core.Error) -> str:
    """What it says, behind the row's place in the resource, which the exception names by itself."""
    place = error.where.removeprefix(f"resource '{error.resource}'").removeprefix(", ")
    return f"{place}: {error.what}" if place else error.what


def _contract(entity: str) -> Callable[[_core.Error, Reading], Exception]:
    def make(error: _core.Error, reading: Reading) -> Exception:
        schema = reading.resource.source_name if reading.resource else None
        return DataValidationError(schema, error.table, error.column or None, entity, "freeze", extended_info=str(error))

    return make


#: Undone is not what is not there, was not kept, or was changed since.
_NOT_UNDONE = ("TG_USAGE", "TG_CONFLICT")


def _not_undone(error: _core.Error, reading: Reading) -> Exception:
    return LoadCannotBeUndone(str(error), error.table)


_BY_REASON: dict[str, Callable[[_core.Error, Reading], Exception]] = {
    "TG_REASON_CURSOR_MISSING": _cursor(IncrementalCursorPathMissing),
    "TG_REASON_CURSOR_NULL": _cursor(IncrementalCursorPathHasValueNone),
    "TG_REASON_CURSOR_TYPE": _cursor(IncrementalCursorInvalidCoercion),
    "TG_REASON_CONTRACT_TABLES": _contract("tables"),
    "TG_REASON_CONTRACT_COLUMNS": _contract("columns"),
    "TG_REASON_CONTRACT_DATA_TYPE": _contract("data_type"),
}
