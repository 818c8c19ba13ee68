"""What a pipeline has the library do: a call of it, with the sources that it reads, and what it raises.

    call(pipeline, "run", ...) -> an extension's Pipeline -> a dict for each resource (resource_options.py)
    -> the call -> its report, or PipelineStepFailed
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common import context
from tidegate.common.configuration.extract import extract_config
from tidegate.common.configuration.normalize import check_normalize
from tidegate.common.configuration.runtime import runtime_config
from tidegate.common.logger import init_logging
from tidegate.extract.own_hints import limits_options
from tidegate.extract.readers import readers_of
from tidegate.extract.source import DltSource
from tidegate.pipeline.advice import in_python
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.failures import step_failed
from tidegate.pipeline.options import REFRESH
from tidegate.pipeline.progress import Follower
from tidegate.pipeline.resource_options import Reading, add_all, drivers_of

if TYPE_CHECKING:
    from tidegate.destinations.database import Database
    from tidegate.pipeline.pipeline import Pipeline

_LEVELS = [logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG]


def open_library(
    pipeline: Pipeline, refresh: str | None = None, turns: int = 1, progress: Callable[..., None] | None = None,
    over: Mapping[str, Any] | None = None, **schema: Any,
) -> _core.Pipeline:
    """The pipeline, as the library has it.

    Args:
        pipeline: Has a destination.
        refresh: What is forgotten before.
        turns: How many resources are read by turns.
        progress: Is told how far a call is.
        over: Options of the library, over the pipeline's.
        schema: Of its schema: name, others, root_key.

    Returns:
        It must be closed.
    """
    from tidegate.destinations.impl.engine import engine_path

    assert pipeline.destination is not None
    options: dict[str, Any] = {
        "name": pipeline.pipeline_name, "dataset": pipeline.dataset_name,
        "workdir": pipeline.working_dir, "engine": engine_path(), "log": _log_in_python,
        "refresh": REFRESH[refresh], "turns": turns, "progress": progress,
        **database_of(pipeline).options(), "undo_loads": pipeline.undo_loads, "memory": pipeline.memory,
        **limits_options(pipeline.limits), **(over or {}),
    }
    if said := {name: value for name, value in {**pipeline._schema_options, **schema}.items() if value}:
        options["schema"] = said
    return _core.Pipeline(options)


def _opened(pipeline: Pipeline, step: str, *args: Any, **schema: Any) -> _core.Pipeline:
    """The same for a step, as which its error is told.

    Raises:
        PipelineStepFailed: The library cannot take what the pipeline says.
    """
    try:
        return open_library(pipeline, *args, **schema)
    except _core.Error as error:
        raise PipelineStepFailed(pipeline, step, None, error) from error


def database_of(pipeline: Pipeline) -> Database:
    """Where its data are, by what the program and configuration say now.

    Args:
        pipeline: Has a destination.
    """
    assert pipeline.destination is not None
    return pipeline.destination.database(pipeline.pipeline_name, pipeline.working_dir)


def names(pipeline: Pipeline) -> dict[str, str]:
    """The destination, the dataset and the schema, as they are named there."""
    core = _opened(pipeline, "sync")
    found: dict[str, str] = core.names()
    core.close()
    return found


def ask(pipeline: Pipeline, do: Callable[[_core.Pipeline], Any], schema: str | None = None) -> Any:
    """A call of the library that only looks.

    Args:
        pipeline: Has a destination.
        do: Is given the extension's pipeline.
        schema: Which one it is about; None: the one that the pipeline began with.

    Returns:
        What `do` returns.

    Raises:
        PipelineStepFailed: Of the step "sync".
    """
    core = _opened(pipeline, "sync", name=schema)
    try:
        return do(core)
    except _core.Error as error:
        raise PipelineStepFailed(pipeline, "sync", None, error) from error
    finally:
        core.close()


def call(
    pipeline: Pipeline, step: str, do: Callable[[Any], Any], sources: Sequence[DltSource] = (),
    hints: dict[str, Any] | None = None, refresh: str | None = None,
    schema: str | None = None, others: Sequence[str] = (),
    workers: int | None = None, max_parallel_items: int | None = None, over: Mapping[str, Any] | None = None,
) -> Any:
    """A call of the library, with the sources that it reads.

    Args:
        pipeline: Whose it is.
        step: As an error names it.
        do: Is given the extension's pipeline.
        sources: Whose selected resources are read.
        hints: Over what the resources say.
        refresh: What is forgotten before.
        schema: Whose the sources are; None: the one that the pipeline began with.
        others: Schemas that the pipeline's state is to list besides.
        workers: Over what is configured under `extract`.
        max_parallel_items: Over what is configured under `extract`.
        over: Options of the library, over the pipeline's.

    Returns:
        What `do` returns.

    Raises:
        PipelineStepFailed: From what was raised.
    """
    init_logging(runtime_config())
    naming = check_normalize(schema or pipeline.default_schema_name, pipeline.destination.destination_name if pipeline.destination else None)
    place = (sources[0].section, sources[0].name) if sources else ("", "")
    how = extract_config(*place, workers, max_parallel_items)
    root_key = any(source.root_key for source in sources)
    follower = Follower(pipeline.progress, pipeline, step) if pipeline.progress else None
    core = _opened(
        pipeline, step, refresh, how.turns, follower, over, name=schema, others=", ".join(others), root_key=root_key, naming=naming
    )
    reading = Reading(core, lambda: pipeline._known.state, pipeline._known.table_names, how)
    try:
        selected = [(source, each) for source in sources for each in source._all if each.selected]
        drivers = drivers_of(selected, hints or {})
        readers = readers_of(selected, drivers)
        if follower:
            follower.begin(len(readers))
        add_all(readers, drivers, hints or {}, reading)
        return do(core)
    except Exception as error:
        failed = step_failed(pipeline, step, error, reading)
        raise failed from failed.exception
    finally:
        core.close()
        if follower:
            follower.end()
        for each in (context.source, context.resource, context.run_state):
            each.set(None)


def log(level: int, component: str, message: str) -> None:
    """A message of the library, to the logger of its component.

    Args:
        level: 0: an error, to 3: for debugging.
        component: Whose message it is.
        message: Its text.
    """
    logging.getLogger(f"tidegate.{component}").log(_LEVELS[level], "%s", message)


def _log_in_python(level: int, component: str, message: str) -> None:
    """The same, of a pipeline of a program: who reads it does not type commands."""
    log(level, component, "; ".join([message, *in_python(message).splitlines()]))
