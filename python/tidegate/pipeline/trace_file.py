"""The last trace of a pipeline on disk: `WORKING_DIR/trace.pickle`, for a process that comes later.

Only objects of this package, and times, are read from it: it is no way to have other code run.
"""

from __future__ import annotations

import io
import os
import pickle
from typing import TYPE_CHECKING, Any

from tidegate.common.logger import LOGGER

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline
    from tidegate.pipeline.trace import PipelineTrace

_FILE = "trace.pickle"


class _Writer(pickle.Pickler):
    """Writes infos without their pipeline, which has connections: who reads them has one."""

    def __init__(self, file: io.BytesIO, pipeline: Pipeline) -> None:
        super().__init__(file)
        self._pipeline = pipeline

    def persistent_id(self, part: Any) -> str | None:
        return "pipeline" if part is self._pipeline else None


class _Reader(pickle.Unpickler):
    """Reads what `save` has written, and nothing else."""

    def __init__(self, file: io.BytesIO, pipeline: Pipeline) -> None:
        super().__init__(file)
        self._pipeline = pipeline

    def persistent_load(self, pid: Any) -> Any:
        return self._pipeline

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name == "datetime" or module_name.startswith("tidegate.pipeline."):
            found = super().find_class(module_name, global_name)
            if isinstance(found, type) and found.__module__ == module_name:  # not what the module has imported
                return found
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not part of a trace")


def save(pipeline: Pipeline, trace: PipelineTrace) -> None:
    """Keeps a trace, whole or not at all. A run that is done does not fail for it.

    Args:
        pipeline: Whose; without a working folder there is nothing to keep it in.
        trace: Its last one.
    """
    if not os.path.isdir(pipeline.working_dir):
        return
    path = os.path.join(pipeline.working_dir, _FILE)
    scratch = f"{path}.{os.getpid()}"
    content = io.BytesIO()
    try:
        _Writer(content, pipeline).dump(trace)
        with open(scratch, "wb") as file:
            file.write(content.getbuffer())
        os.replace(scratch, path)
    except Exception as error:  # pickle raises anything, and what was loaded is there
        LOGGER.warning("the trace of pipeline '%s' is not kept: %s", pipeline.pipeline_name, error)


def load(pipeline: Pipeline) -> PipelineTrace | None:
    """The trace that is kept.

    Args:
        pipeline: Whose; the infos in it are this one's.

    Returns:
        The trace; None: there is none, or it cannot be read (a warning says so).
    """
    try:
        with open(os.path.join(pipeline.working_dir, _FILE), "rb") as file:
            trace = _Reader(io.BytesIO(file.read()), pipeline).load()
        if type(trace).__name__ != "PipelineTrace":
            raise pickle.UnpicklingError(f"it is a {type(trace).__name__}")
    except FileNotFoundError:
        return None
    except Exception as error:  # of another version, or damaged: pickle raises anything
        LOGGER.warning("the trace of pipeline '%s' that is kept cannot be read: %s", pipeline.pipeline_name, error)
        return None
    found: PipelineTrace = trace
    return found
