"""`Pipeline.last_trace`: the steps of the last run, how long they took and what they did.

    with traced(pipeline, "extract") as step: ... step.step_info = info

`run` is a step with others in it. Steps that a program calls one by one add up in one trace.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common.logger import LOGGER
from tidegate.pipeline.info import ExtractInfo, LoadInfo, NormalizeInfo, StepInfo

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

_STEPS_MAX = 100
_ENGINE_VERSION = 2


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _new_id() -> str:
    return os.urandom(16).hex()


def _took(started: datetime.datetime, finished: datetime.datetime | None) -> str:
    return f"{(finished - started).total_seconds():.2f} seconds" if finished else "---"


@dataclass
class PipelineStepTrace:
    """A step.

    Attributes:
        step: "extract", "normalize", "load" or "run".
        started_at: When it began.
        finished_at: When it ended.
        step_info: What it did; None: it failed.
        step_exception: The text of what was raised.
        span_id: Its own.
    """

    step: str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None = None
    step_info: StepInfo | None = None
    step_exception: str | None = None
    span_id: str = field(default_factory=_new_id)

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows: what is the step's own is in `<step>_info`, the rest in `step_info`."""
        row: dict[str, Any] = {
            "span_id": self.span_id, "step": self.step, "started_at": self.started_at,
            "finished_at": self.finished_at, "step_exception": self.step_exception,
        }
        if self.step_info is not None:
            base = self.step_info.base_dict()
            row["step_info"] = base
            row[f"{self.step}_info"] = {
                name: value for name, value in self.step_info.asdict().items() if name not in base
            }
        return row

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: 1: with its id; 2: with packages and their files.
        """
        did = "FAILED" if self.step_exception else "COMPLETED"
        lines = [f"Step {self.step} {did} in {_took(self.started_at, self.finished_at)}."]
        if self.step_exception:
            lines.append(f"Failed due to: {self.step_exception}")
        if self.step_info is not None and (info := self.step_info.asstr(verbosity)):
            lines.append(info)
        if verbosity > 0:
            lines.append(f"span id: {self.span_id}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.asstr()


@dataclass
class PipelineTrace:
    """Steps of a pipeline.

    Attributes:
        pipeline_name: Whose.
        started_at: When the first one began.
        steps: In the order in which they ended.
        finished_at: When the last one ended.
        transaction_id: Its own.
        resolved_config_values: Always empty: values of configuration are not kept.
    """

    pipeline_name: str
    started_at: datetime.datetime
    steps: list[PipelineStepTrace] = field(default_factory=list)
    finished_at: datetime.datetime | None = None
    transaction_id: str = field(default_factory=_new_id)
    resolved_config_values: list[Any] = field(default_factory=list)
    engine_version: int = _ENGINE_VERSION

    @property
    def execution_context(self) -> dict[str, Any]:
        """Where it ran."""
        import platform

        return {
            "python": platform.python_version(), "cpu": os.cpu_count(), "ci_run": bool(os.environ.get("CI")),
            "os": {"name": platform.system(), "version": platform.release()},
            "library": {"name": "tidegate", "version": _core.version()},
        }

    def last_pipeline_step_trace(self, step_name: str) -> PipelineStepTrace | None:
        """The last step of a name.

        Args:
            step_name: "extract", "normalize", "load" or "run".
        """
        found = [step for step in self.steps if step.step == step_name]
        return max(found, key=lambda step: step.started_at) if found else None

    def _info(self, step_name: str) -> StepInfo | None:
        found = self.last_pipeline_step_trace(step_name)
        return found.step_info if found else None

    @property
    def last_extract_info(self) -> ExtractInfo | None:
        """Of the last extract; None: there was none, or it failed."""
        info = self._info("extract")
        return info if isinstance(info, ExtractInfo) else None

    @property
    def last_normalize_info(self) -> NormalizeInfo | None:
        """Of the last normalize; None: there was none, or it failed."""
        info = self._info("normalize")
        return info if isinstance(info, NormalizeInfo) else None

    @property
    def last_load_info(self) -> LoadInfo | None:
        """Of the last load; None: there was none, or it failed."""
        info = self._info("load")
        return info if isinstance(info, LoadInfo) else None

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows, without the step "run", which tells what "load" does."""
        return {
            "transaction_id": self.transaction_id, "pipeline_name": self.pipeline_name,
            "execution_context": self.execution_context, "started_at": self.started_at,
            "finished_at": self.finished_at, "engine_version": self.engine_version,
            "resolved_config_values": self.resolved_config_values,
            "steps": [step.asdict() for step in self.steps if step.step != "run" or step.step_exception],
        }

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it: a paragraph for each step.

        Args:
            verbosity: 1: with ids; 2: with packages and their files.
        """
        did = "FAILED" if self.steps and self.steps[-1].step_exception else "COMPLETED"
        head = (
            f"Run started at {self.started_at} and {did} in {_took(self.started_at, self.finished_at)} "
            f"with {len(self.steps)} steps."
        )
        return head + "\n" + "\n\n".join(step.asstr(verbosity) for step in self.steps)

    def __str__(self) -> str:
        return self.asstr()


@contextlib.contextmanager
def traced(pipeline: Pipeline, step_name: str) -> Iterator[PipelineStepTrace]:
    """A step: its times, and what it raised.

    Args:
        pipeline: Whose; its `last_trace` has the step in the end.
        step_name: "extract", "normalize", "load" or "run".

    Returns:
        A context manager; of its object `step_info` is to be set.
    """
    outer = pipeline._tracing
    trace = outer or PipelineTrace(pipeline.pipeline_name, _now())
    pipeline._tracing = trace
    step = PipelineStepTrace(step_name, _now())
    try:
        yield step
    except BaseException as error:
        step.step_exception = str(error) or type(error).__name__
        raise
    finally:
        step.finished_at = trace.finished_at = _now()
        _add(trace, step)
        pipeline._tracing = outer
        if outer is None:
            pipeline._last_trace = _merged(pipeline._last_trace, trace)
            _keep(pipeline, pipeline._last_trace)


def _keep(pipeline: Pipeline, trace: PipelineTrace) -> None:
    from tidegate.pipeline import trace_file  # with pickle, which an import of the package has no need of

    trace_file.save(pipeline, trace)


def add_step(pipeline: Pipeline, step_name: str, info: StepInfo) -> None:
    """A step that was part of a greater one, into the trace that is being made.

    Args:
        pipeline: Inside of `traced`.
        step_name: "extract", "normalize" or "load".
        info: With its times.
    """
    assert pipeline._tracing is not None
    _add(pipeline._tracing, PipelineStepTrace(step_name, info.started_at, info.finished_at, info))


def _add(trace: PipelineTrace, step: PipelineStepTrace) -> None:
    trace.steps.append(step)
    did = "failed" if step.step_exception else "ended"
    LOGGER.info("step %s of pipeline '%s' %s after %s", step.step, trace.pipeline_name, did, _took(step.started_at, step.finished_at))


def _merged(last: PipelineTrace | None, new: PipelineTrace) -> PipelineTrace:
    """A single step goes on with the trace before; a run begins a new one."""
    if last is None or len(new.steps) > 1:
        return new
    last.steps = (last.steps + new.steps)[-_STEPS_MAX:]
    last.finished_at = new.finished_at
    return last
