"""`Pipeline`: what `tidegate.pipeline()` gives. It reads resources and loads them, exactly once.

    run(data) -> sources_of (what may be data: data.py) -> groups_of (a load for each schema: steps.py)
    -> call (library.py) -> LoadInfo
    extract(data) -> the same, up to the seal -> ExtractInfo; normalize -> NormalizeInfo (packages.py);
    load -> each sealed load is written -> LoadInfo

The working folder holds sealed packages alone; cursors, schema and state are the destination's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidegate.common import context
from tidegate.common.exceptions import refuse
from tidegate.common.folders import data_dir
from tidegate.common.tables import escaped
from tidegate.destinations import Destination, destination_of
from tidegate.pipeline import local, steps
from tidegate.pipeline.data import sources_of
from tidegate.pipeline.exceptions import InvalidPipelineName, PipelineConfigMissing, PipelineStepFailed
from tidegate.pipeline.info import ExtractInfo, LoadInfo, NormalizeInfo
from tidegate.pipeline.known import Known
from tidegate.pipeline.library import database_of, names, open_library
from tidegate.pipeline.load_package import LoadPackageInfo
from tidegate.pipeline.options import check_folder, check_options
from tidegate.pipeline.trace import PipelineTrace, traced
from tidegate.pipeline.window import Window
from tidegate.pipeline.with_own import WithOwn
from tidegate.pipeline.with_packages import WithPackages
from tidegate.pipeline.with_state import WithState
from tidegate.progress import collector_of

if TYPE_CHECKING:
    from tidegate.destinations.dataset import Dataset
    from tidegate.destinations.sql_client import SqlClient


class Pipeline(WithOwn, WithPackages, WithState):
    """A destination, a dataset in it, and what was loaded into it.

    Args:
        pipeline_name: Under which its state is kept.
        pipelines_dir: Where its working folder is.
        destination: Where data go; None: the kind that it had, or it is said later.
        dataset_name: The schema for the tables; None: the one that it had, else `<name>_dataset`.
        refresh: What each run forgets: drop_sources, drop_resources, drop_data.
        progress: A collector, or its name.
        import_schema_path: A folder with schemas that go over the stored ones.
        export_schema_path: A folder that schemas are written to.
        dev_mode: Whether the dataset is this object's alone, for infos.
        undo_loads: How many of the newest loads `undo` can take back.
        memory: The budget of a run: "512MiB".
        limits: What a load may do, of resources that do not say it themselves.
    """

    def __init__(
        self, pipeline_name: str, pipelines_dir: str | None, destination: Destination | None,
        dataset_name: str | None, refresh: str | None = None, progress: Any = None,
        import_schema_path: str | None = None, export_schema_path: str | None = None, dev_mode: bool = False,
        undo_loads: int = 0, memory: str | None = None, limits: Mapping[str, Any] | None = None,
    ) -> None:
        check_options(
            pipelines_dir=pipelines_dir, dataset_name=dataset_name, refresh=refresh, progress=progress, import_schema_path=import_schema_path,
            export_schema_path=export_schema_path, undo_loads=undo_loads, memory=memory, limits=limits,
        )
        self.pipelines_dir = os.path.abspath(pipelines_dir or os.path.join(data_dir(), "pipelines"))
        check_folder(self.pipelines_dir, "pipelines_dir" if pipelines_dir else "DLT_DATA_DIR")
        self.staging = None
        self.refresh = refresh
        self.dev_mode = dev_mode
        self.progress = collector_of(progress)
        self._schema_options = {
            name: path for name, path in
            (("import_path", import_schema_path), ("export_path", export_schema_path)) if path
        }
        self.undo_loads = undo_loads
        self.memory = memory
        self.limits = limits
        self._begin(pipeline_name, destination, dataset_name)

    def _begin(self, pipeline_name: str, destination: Destination | None, dataset_name: str | None) -> None:
        """It knows what its working folder keeps, and nothing yet of the destination."""
        if not isinstance(pipeline_name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", pipeline_name):
            raise InvalidPipelineName(pipeline_name, "it has other characters")
        self.pipeline_name = pipeline_name
        self.working_dir = os.path.join(self.pipelines_dir, pipeline_name)
        check_folder(self.working_dir, "the working folder")
        kept = local.read(self.working_dir)
        if destination is None and kept.get("destination_type"):
            named = kept["destination_name"] != kept["destination_type"]
            found = destination_of(kept["destination_type"], kept["destination_name"] if named else None)
            file = kept.get("destination_file")
            destination = (found.with_credentials(file) if file else found).at(kept.get("destination_folder"))
        self.destination = destination
        self.dataset_name = dataset_name or kept.get("dataset_name") or (f"{pipeline_name}_dataset" if destination else None)
        self._completed: dict[str, LoadPackageInfo] = {}
        self._known = Known(self)
        self._last_trace: PipelineTrace | None = None
        self._tracing: PipelineTrace | None = None  # while a step is at work

    # ---- steps ----

    def run(
        self, data: Any = None, *, destination: Any = None, staging: Any = None,
        dataset_name: str | None = None, credentials: Any = None, table_name: str | None = None,
        write_disposition: Any = None, columns: Any = None, primary_key: Any = None,
        schema: Any = None, loader_file_format: Any = None, table_format: Any = None,
        schema_contract: Any = None, refresh: str | None = None, window: Window | None = None,
        accept: str | Sequence[str] | None = None,
    ) -> LoadInfo | None:
        """Reads `data` and loads what is new of it: whole, or not at all.

        Args:
            data: Resources, sources, or what can be a resource (then with `table_name`).
            destination: Where data go, if the pipeline does not say.
            staging: Not in tidegate: a load needs none.
            dataset_name: The schema for the tables, if the pipeline does not say.
            credentials: Of the destination.
            table_name: For data without a name.
            write_disposition: Over what the resources say.
            columns: Over what the resources say.
            primary_key: Over what the resources say.
            schema: In the place of the sources' own: a Schema without tables, or its name.
            loader_file_format: Packages are Parquet files, whatever is said.
            table_format: Not in tidegate: tables are the destination's own.
            schema_contract: Over what the resources say.
            refresh: What is forgotten before.
            window: Two ends: this range of the cursors is loaded, and they stay where they are. A mapping of `from`
                and `to` can have `timezone`, and `again`: rows of it that are loaded are added once more.
            accept: What is refused else, and may be this time: "cursor_change" (another cursor begins at its initial
                value), "rows" (a table has rows of somebody else), "limits" (they may be exceeded); one or several.

        Returns:
            What was loaded; None where there was nothing to do.

        Raises:
            PipelineStepFailed: A step failed; nothing of it is at the destination.
        """
        refuse(staging=staging, table_format=table_format)
        self._aim(destination, dataset_name, "run", credentials)
        if data is None and not self.has_pending_data:
            return None
        hints = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
            "schema_contract": schema_contract,
        }
        with traced(self, "run") as step:
            if data is None:
                self.normalize()
                step.step_info = info = self.load()
                return info
            sources = sources_of(self, data, table_name, schema)
            self._forget_looks()
            asked = steps.asked_of(self, hints, refresh, window, accept)
            step.step_info = info = steps.run(self, steps.groups_of(self, sources), asked)
        self._note_run()
        return info

    def extract(
        self, data: Any, *, table_name: str | None = None, parent_table_name: str | None = None,
        write_disposition: Any = None, columns: Any = None, primary_key: Any = None,
        schema: Any = None, max_parallel_items: int | None = None, workers: int | None = None,
        table_format: Any = None, schema_contract: Any = None, refresh: str | None = None,
        window: Window | None = None, accept: str | Sequence[str] | None = None,
    ) -> ExtractInfo:
        """Reads what is new of `data` into a sealed load on local disk; `load` writes it.

        Several extracts go on from each other. Rows are typed here: `normalize` has nothing left to do.

        Args:
            data: As of `run`.
            table_name: For data without a name.
            parent_table_name: Not in tidegate.
            write_disposition: Over what the resources say.
            columns: Over what the resources say.
            primary_key: Over what the resources say.
            schema: In the place of the sources' own: a Schema without tables, or its name.
            max_parallel_items: Over `extract.max_parallel_items` of the configuration.
            workers: Over `extract.workers`.
            table_format: Not in tidegate: tables are the destination's own.
            schema_contract: Over what the resources say.
            refresh: What is forgotten before.
            window: As of `run`; it has to be written before the next extract.
            accept: As of `run`; limits are checked when the load is written, by `load`.

        Returns:
            The load with its files; it is empty where nothing is new.

        Raises:
            PipelineStepFailed: Nothing is sealed.
        """
        refuse(parent_table_name=parent_table_name, table_format=table_format)
        self._aim(None, None, "extract")
        hints = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
            "schema_contract": schema_contract,
        }
        first_run = self.first_run
        with traced(self, "extract") as step:
            groups = steps.groups_of(self, sources_of(self, data, table_name, schema))
            asked = steps.asked_of(self, hints, refresh, window, accept, workers, max_parallel_items)
            reports = steps.extract_all(self, groups, asked)
            step.step_info = info = steps.extract_info(self, reports, first_run)
        self._note_run()
        return info

    def normalize(self, workers: int = 1) -> NormalizeInfo:
        """Tells what was extracted since the last call: its rows are typed already.

        Args:
            workers: Not used.

        Returns:
            The loads, and how many rows of each table are in them.
        """
        self._aim(None, None, "normalize")
        with traced(self, "normalize") as step:
            told = [each for each in self._sealed() if each.state == "extracted"]
            step.step_info = info = steps.normalize_info(self, told, self.first_run)
        return info

    def load(
        self, destination: Any = None, dataset_name: str | None = None, credentials: Any = None, *,
        workers: int = 20, raise_on_failed_jobs: bool = True, accept: str | Sequence[str] | None = None,
    ) -> LoadInfo:
        """Writes all loads that were extracted, each in a transaction, in their order.

        Args:
            destination: Where data go, if the pipeline does not say.
            dataset_name: The schema for the tables, if the pipeline does not say.
            credentials: Of the destination.
            workers: Not used.
            raise_on_failed_jobs: Not used: a load that fails raises.
            accept: As of `run`: "limits".

        Returns:
            What was loaded.

        Raises:
            PipelineStepFailed: Those before it are loaded; it waits, or was given up.
        """
        self._aim(destination, dataset_name, "load", credentials)
        first_run = self.first_run
        with traced(self, "load") as step:
            loaded = steps.Loaded()
            steps.write_all(self, loaded, steps.accept_options(accept))
            step.step_info = info = steps.load_info(self, loaded, first_run)
        self._note_run()
        return info

    def _aim(
        self, destination: Any, dataset_name: str | None, step: str, credentials: Any = None
    ) -> None:
        """Where data go, from here on."""
        if destination is not None:
            self.destination = destination_of(destination)
        if credentials is not None and self.destination is not None:
            self.destination = self.destination.with_credentials(credentials)
        if dataset_name is not None:
            check_options(dataset_name=dataset_name)
            self.dataset_name = dataset_name
        if destination is not None or dataset_name is not None or credentials is not None:
            self._known = Known(self)
        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", step)

    # ---- the destination ----

    def sql_client(self, schema_name: str | None = None) -> SqlClient:
        """SQL at the destination, with the dataset as the default schema.

        Args:
            schema_name: Not used: all schemas of a pipeline are in one dataset.

        Returns:
            A context manager.
        """
        from tidegate.destinations.sql_client import SqlClient

        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", "sql_client")
        database = database_of(self)
        return SqlClient(
            lambda: database.connect(lambda: open_library(self)), database.words, names(self)["dataset"]
        )

    def dataset(self, schema: Any = None, dataset_type: str | None = None) -> Dataset:
        """The loaded tables as relations.

        Args:
            schema: Not used: all schemas of a pipeline are in one dataset.
            dataset_type: Not used: there is one type.

        Returns:
            Tables by attribute (`.person`), by item (`["person"]`) or by query.
        """
        from tidegate.destinations.dataset import Dataset

        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", "dataset")
        return Dataset(self.sql_client, database_of(self).words, names(self)["dataset"])

    def sync_destination(
        self, destination: Any = None, staging: Any = None, dataset_name: str | None = None
    ) -> None:
        """Reads state and schemas again: what the destination has is what counts, for each run by itself.

        Args:
            destination: Where data go, from here on.
            staging: Not in tidegate: a load needs none.
            dataset_name: The schema for the tables, from here on.

        Raises:
            PipelineStepFailed: The destination cannot be read.
        """
        refuse(staging=staging)
        self._aim(destination, dataset_name, "sync_destination")
        self._known = Known(self)
        if self._known.is_there:
            self._note_run()

    def sync_schema(self, schema_name: str | None = None) -> dict[str, Any]:
        """Reads a schema again, which is the destination's: it lacks nothing that had to be brought there.

        Args:
            schema_name: Which; None: the one that the pipeline began with.

        Returns:
            What had to be changed at the destination: nothing.

        Raises:
            PipelineConfigMissing: There is no schema yet.
            SchemaNotFoundError: There is none of that name.
        """
        self._known = Known(self)
        name = schema_name or self.default_schema_name
        if name is None:
            raise PipelineConfigMissing(self.pipeline_name, "schema yet", "sync_schema")
        self.schemas[name]
        return {}

    # ---- its life ----

    def activate(self) -> None:
        """Makes it the one that `tidegate.pipeline()` and `tidegate.run` mean."""
        context.active_pipeline = self

    def deactivate(self) -> None:
        """Makes it that no more."""
        if self.is_active:
            context.active_pipeline = None

    def drop(self, pipeline_name: str | None = None) -> Pipeline:
        """Deletes the working folder, with the loads that wait. What is at the destination stays, and is gone on from.

        Args:
            pipeline_name: Another name, from here on.

        Returns:
            This pipeline.

        Raises:
            PipelineStepFailed: Another program is at work in the folder.
        """
        import shutil  # with three modules of compression

        self.deactivate()
        if self.has_pending_data:
            self.abort_packages()
        shutil.rmtree(self.working_dir, ignore_errors=True)
        self._begin(pipeline_name or self.pipeline_name, self.destination, self.dataset_name)
        return self

    # ---- texts ----

    def _attributes(self) -> dict[str, Any]:
        """As its text tells them; those of the destination are left out while that cannot be read."""
        shown: dict[str, Any] = {
            "pipeline_name": self.pipeline_name,
            "destination": self.destination.destination_name if self.destination else None,
            "dataset_name": self.dataset_name,
        }
        try:
            shown |= {"default_schema_name": self.default_schema_name, "schema_names": self.schema_names}
        except PipelineStepFailed:
            pass
        return shown | {
            "first_run": self.first_run, "dev_mode": self.dev_mode, "is_active": self.is_active,
            "pipelines_dir": self.pipelines_dir, "working_dir": self.working_dir,
        }

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._attributes().items() if value is not None)
        return f"<dlt.pipeline({shown})>"

    def _repr_html_(self) -> str:
        """For notebooks: a row for each attribute."""
        rows = "".join(
            f"<tr><th style='text-align: left'>{name}</th><td>{escaped(str(value))}</td></tr>"
            for name, value in self._attributes().items() if value is not None
        )
        return f"<table><tbody>{rows}</tbody></table>"
