"""`WithState`: what a pipeline has to say of its state, its schemas and its working folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from tidegate.common import context
from tidegate.common.configuration.runtime import RuntimeConfiguration, runtime_config
from tidegate.common.exceptions import Absent
from tidegate.common.folders import local_dir, project_dir, settings_dir
from tidegate.common.schema.exceptions import SchemaNotFoundError
from tidegate.common.schema.schema import Schema
from tidegate.pipeline import local
from tidegate.pipeline.known import Known
from tidegate.pipeline.trace import PipelineTrace

if TYPE_CHECKING:
    from tidegate.destinations import Destination
    from tidegate.pipeline.pipeline import Pipeline


class WithState:
    """A part of `Pipeline`."""

    working_dir: str
    destination: Destination | None
    dataset_name: str | None
    undo_loads: int
    _known: Known
    _last_trace: PipelineTrace | None

    # ---- state and schemas ----

    @property
    def state(self) -> dict[str, Any]:
        """A copy of the state, as the destination has it or the loads that wait will leave it.

        Cursors are at `["sources"][source]["resources"][resource]["incremental"][path]`; times are datetimes;
        `["_local"]` is this machine's. Before the first load it has names alone.
        """
        return self._known.state | {"_local": local.read(self.working_dir)}

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """The schemas by name, one for each source."""
        return self._known

    @property
    def schema_names(self) -> list[str]:
        """Their names, sorted."""
        return list(self._known)

    @property
    def default_schema_name(self) -> str | None:
        """Of the schema that the pipeline began with; None: nothing was loaded yet."""
        return self._known.default_schema_name

    @property
    def default_schema(self) -> Schema:
        """The schema that the pipeline began with.

        Raises:
            SchemaNotFoundError: Nothing was loaded yet.
        """
        name = self.default_schema_name
        if name is None:
            raise SchemaNotFoundError(None, [])
        return self._known[name]

    # ---- this machine ----

    def get_local_state_val(self, key: str) -> Any:
        """A value of `set_local_state_val`.

        Args:
            key: Its name.

        Raises:
            KeyError: There is none.
        """
        return local.read(self.working_dir)[key]

    def set_local_state_val(self, key: str, value: Any) -> None:
        """Keeps a value in the working folder, on this machine alone.

        Args:
            key: Its name.
            value: JSON, a time, a decimal, bytes.
        """
        local.update(self.working_dir, {key: value})

    @property
    def last_run_context(self) -> dict[str, str] | None:
        """Where the pipeline was last run from: its folders; None: it was not."""
        found: dict[str, str] | None = local.read(self.working_dir).get("last_run_context")
        return found

    def _note_run(self) -> None:
        """What `attach`, and `last_run_context`, will ask for."""
        assert self.destination is not None
        folder = project_dir()
        local.update(self.working_dir, {
            "first_run": False, "dataset_name": self.dataset_name, "undo_loads": self.undo_loads,
            "destination_type": self.destination.kind, "destination_name": self.destination.destination_name,
            "destination_folder": self.destination.folder, "destination_file": self.destination.file,
            "last_run_context": {
                "settings_dir": settings_dir(), "local_dir": local_dir(), "run_dir": folder, "uri": f"file://{folder}",
            },
        })

    @property
    def last_trace(self) -> PipelineTrace | None:
        """The steps of the last run: of this object, else of any on this machine; None: there was none."""
        if self._last_trace is None:
            from tidegate.pipeline import trace_file

            self._last_trace = trace_file.load(cast("Pipeline", self))
        return self._last_trace

    @property
    def naming(self) -> Any:
        """Not in tidegate: names are made by the library, and stand in `schemas`."""
        return Absent("Pipeline.naming")

    @property
    def runtime_config(self) -> RuntimeConfiguration:
        """What `runtime.*` of the configuration says."""
        return runtime_config()

    # ---- the active pipeline ----

    @property
    def is_active(self) -> bool:
        """Whether `tidegate.pipeline()` and `tidegate.run` mean this one."""
        return context.active_pipeline is self
