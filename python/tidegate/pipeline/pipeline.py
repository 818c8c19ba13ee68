"""`Pipeline`: what `tidegate.pipeline()` gives. It reads resources and loads them, exactly once.

    run(data) -> sources_of (what may be data) -> an extension's Pipeline with a dict for each
    resource -> one load each for the sources' schemas -> LoadInfo

The working folder holds sealed packages alone; cursors, schema and state are the destination's.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any

from tidegate import _core
from tidegate.common import context
from tidegate.destinations import Destination, destination_of
from tidegate.destinations.dataset import Dataset
from tidegate.destinations.sql_client import SqlClient
from tidegate.extract.convert import convert
from tidegate.extract.decorators import is_source_function
from tidegate.extract.exceptions import ResourceExtractionError, ResourceNameMissing
from tidegate.extract.hints import column_options, contract_options, disposition_options, key_text, keys_of_columns
from tidegate.extract.pipe import is_frame
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.extract.state import RunState
from tidegate.pipeline.exceptions import InvalidPipelineName, PipelineConfigMissing, PipelineStepFailed
from tidegate.pipeline.info import LoadInfo, LoadPackageInfo, moment_of

logger = logging.getLogger("tidegate")
_LEVELS = [logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG]
_REFRESH = {None: 0, "drop_sources": 1, "drop_resources": 2, "drop_data": 3}


def default_pipelines_dir() -> str:
    """Where working folders are: `DLT_DATA_DIR`, else as dlt has it, of root `/var/dlt`.

    Returns:
        The path of the folder `pipelines`.
    """
    root = os.environ.get("DLT_DATA_DIR")
    if not root and hasattr(os, "geteuid") and os.geteuid() == 0:
        root = "/var/dlt"
    if not root and os.environ.get("XDG_DATA_HOME"):
        root = os.path.join(os.environ["XDG_DATA_HOME"], "dlt")
    return os.path.join(root or os.path.expanduser("~/.dlt"), "pipelines")


class Pipeline:
    """A destination, a dataset in it, and what was loaded into it.

    Args:
        pipeline_name: Under which its state is kept.
        pipelines_dir: Where its working folder is.
        destination: Where data go; None: said later.
        dataset_name: The schema for the tables; None: of DuckDB `<name>_dataset`.
        refresh: What each run forgets: drop_sources, drop_resources, drop_data.
        options: Of the library: memory, undo_loads and the like.
    """

    def __init__(
        self, pipeline_name: str, pipelines_dir: str | None, destination: Destination | None,
        dataset_name: str | None, refresh: str | None = None, **options: Any,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", pipeline_name):
            raise InvalidPipelineName(pipeline_name, "it has other characters")
        self.pipeline_name = pipeline_name
        self.pipelines_dir = pipelines_dir or default_pipelines_dir()
        self.working_dir = os.path.join(self.pipelines_dir, pipeline_name)
        self.destination = destination
        self.dataset_name = dataset_name or (f"{pipeline_name}_dataset" if destination else None)
        self.refresh = refresh
        self.default_schema_name: str | None = None
        self.first_run = True
        self._options = options
        self._core: Any = None
        self._reading: DltResource | None = None  # whose code is at work

    # ---- steps ----

    def run(
        self, data: Any = None, *, destination: Any = None, staging: Any = None,
        dataset_name: str | None = None, credentials: Any = None, table_name: str | None = None,
        write_disposition: Any = None, columns: Any = None, primary_key: Any = None,
        schema: Any = None, loader_file_format: Any = None, table_format: Any = None,
        schema_contract: Any = None, refresh: str | None = None,
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
            schema: Not used: a schema is its source's own.
            loader_file_format: Not used: packages are Parquet files.
            table_format: Kept in the schema.
            schema_contract: Over what the resources say.
            refresh: What is forgotten before.

        Returns:
            What was loaded; None where there was nothing to do.

        Raises:
            PipelineStepFailed: A step failed; nothing of it is at the destination.
        """
        if destination is not None:
            self.destination = destination_of(destination)
        if dataset_name is not None:
            self.dataset_name = dataset_name
        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", "run")
        if data is None:
            return None
        hints = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
            "schema_contract": schema_contract, "table_format": table_format,
        }
        sources = self._sources_of(data, table_name)
        return self._load(sources, hints, refresh or self.refresh)

    def _sources_of(self, data: Any, table_name: str | None) -> list[DltSource]:
        """What may be data, as sources, resources that stand alone in one of their own."""
        if is_source_function(data):
            data = data()
        if isinstance(data, DltSource):
            return [data]
        if isinstance(data, (list, tuple)) and data and all(isinstance(d, (DltSource, DltResource)) for d in data):
            alone = [d for d in data if isinstance(d, DltResource)]
            found = [d for d in data if isinstance(d, DltSource)]
            return found + ([self._own_source(alone)] if alone else [])
        if not isinstance(data, DltResource):
            if isinstance(data, list) and data and is_frame(data[0]):
                data = iter(data)
            if not table_name and not getattr(data, "__name__", None):
                raise PipelineStepFailed(self, "extract", None, ResourceNameMissing())
            name = table_name or data.__name__
            try:
                data = DltResource(data, name)
            except Exception as error:
                raise PipelineStepFailed(self, "extract", None, error) from error
        elif table_name:
            data = data._clone().apply_hints(table_name=table_name)
        return [self._own_source([data])]

    def _own_source(self, resources: list[DltResource]) -> DltSource:
        name = self.default_schema_name or re.sub(r"_pipeline$", "", self.pipeline_name)
        return DltSource(name, "", [each._clone() for each in resources])

    # ---- the library ----

    def _make(self, refresh: str | None) -> Any:
        from tidegate.destinations.impl import duckdb as duck

        assert self.destination is not None
        options: dict[str, Any] = {
            "name": self.pipeline_name, "dataset": self.dataset_name,
            "workdir": self.working_dir, "engine": duck.engine_path(), "log": self._log,
            "refresh": _REFRESH[refresh], **self._options,
        }
        if self.destination.kind == "duckdb":
            options["destination_connection"] = self._database()
        else:
            options["destination"] = str(self.destination.credentials)
        return _core.Pipeline(options)

    def _database(self) -> Any:
        from tidegate.destinations.impl import duckdb as duck

        assert self.destination is not None
        said = self.destination.credentials
        if said is not None and not isinstance(said, (str, os.PathLike)):
            return duck.Database(connection=said)
        path = str(said or f"{self.pipeline_name}.duckdb")
        path = path.removeprefix("duckdb:///").replace(":pipeline:", os.path.join(self.working_dir, f"{self.pipeline_name}.duckdb"))
        return duck.Database(path)

    def sql_client(self, schema_name: str | None = None) -> SqlClient:
        """SQL at the destination, with the dataset as the default schema.

        Args:
            schema_name: Not used: all schemas of a pipeline are in one dataset.

        Returns:
            A context manager.
        """
        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", "sql_client")
        return SqlClient(self._database(), self._names()["dataset"])

    def dataset(self, schema: Any = None, dataset_type: str | None = None) -> Dataset:
        """The loaded tables as relations.

        Args:
            schema: Not used: all schemas of a pipeline are in one dataset.
            dataset_type: Not used: there is one type.

        Returns:
            Tables by attribute (`.person`), by item (`["person"]`) or by query.
        """
        return Dataset(self.sql_client, self._names()["dataset"])

    def _names(self) -> dict[str, str]:
        """As the destination has them."""
        core = self._make(None)
        names: dict[str, str] = core.names()
        core.close()
        return names

    def _log(self, level: int, component: str, message: str) -> None:
        logging.getLogger(f"tidegate.{component}").log(_LEVELS[level], message)

    def _load(self, sources: list[DltSource], hints: dict[str, Any], refresh: str | None) -> LoadInfo:
        core = self._make(refresh)
        self._core, self._reading = core, None
        try:
            for source in sources:
                for resource in source._all:
                    if resource.selected:
                        core.add(self._resource_options(source, resource, hints))
            report = core.run()
        except (KeyboardInterrupt, SystemExit):
            raise
        except Exception as error:
            failed = self._failed(error)
            raise failed from failed.exception
        finally:
            self._core = None
            core.close()
            for each in (context.source, context.resource, context.run_state):
                each.set(None)
        self.first_run = False
        return self._load_info(report)

    def _failed(self, error: Exception) -> PipelineStepFailed:
        """An error of the program's own code is told with its resource, as dlt does."""
        if isinstance(error, _core.Error):
            return PipelineStepFailed(self, "run", None, error)
        if self._reading is None:
            return PipelineStepFailed(self, "extract", None, error)
        told = self._reading._error(error)
        told.__cause__ = error
        return PipelineStepFailed(self, "extract", None, told)

    def _resource_options(
        self, source: DltSource, resource: DltResource, hints: dict[str, Any]
    ) -> dict[str, Any]:
        said = resource._hints.copy()
        said.apply(**hints)
        cursor = resource.incremental
        bound = cursor._copy() if cursor else None
        run_state = RunState(self._core)

        def open_items(start: Any, last: Any, end: Any) -> Any:
            if bound is not None:
                bound._begin(start if start is not None else bound.initial_value, last if last is not None else bound.initial_value)
            self._reading = resource
            context.source.set(source)
            context.resource.set(resource)
            context.run_state.set(run_state)
            return resource._open(bound)

        options = {
            "name": resource.name, "open": open_items, "finish": run_state.flush,
            "convert": convert,
            "primary_key": key_text(said.primary_key or keys_of_columns(said.columns, "primary_key")),
            "merge_key": key_text(said.merge_key or keys_of_columns(said.columns, "merge_key")),
            "columns": column_options(said.columns),
            **disposition_options(said.write_disposition), **contract_options(said.schema_contract),
        }
        if said.table_name:
            options["table_name"] = said.table_name
        if said.max_table_nesting is not None:
            options["max_table_nesting"] = said.max_table_nesting or -1
        if cursor is not None and bound is not None:
            options.update(cursor._options())
            if resource._cursor_parameter():
                options["advance"] = bound._advance
        return options

    def _load_info(self, report: dict[str, Any]) -> LoadInfo:
        started = moment_of(report["started_us"])
        finished = moment_of(report["started_us"], report["seconds"])
        packages = []
        if report["load_id"]:
            update: dict[str, dict[str, Any]] = {}
            for change in report["changes"]:
                table = update.setdefault(change["table"], {"columns": {}})
                if change["column"]:
                    table["columns"][change["column"]] = {"data_type": change["data_type"]}
            packages.append(LoadPackageInfo(
                report["load_id"], "", "loaded", report["schema"], "", update, finished,
                {name: [] for name in ("new_jobs", "started_jobs", "failed_jobs", "completed_jobs")},
            ))
        info = LoadInfo(self, packages, True, started, finished, {})
        assert self.destination is not None
        info.destination_type = self.destination.destination_type
        info.destination_name = self.destination.destination_name
        info.destination_displayable_credentials = self._database().name if self.destination.kind == "duckdb" else "postgres"
        info.dataset_name = self.dataset_name
        info.row_counts = {t["name"]: t["rows_inserted"] for t in report["tables"]}
        return info


def make(
    pipeline_name: str | None = None, pipelines_dir: str | None = None, pipeline_salt: Any = None,
    destination: Any = None, staging: Any = None, dataset_name: str | None = None,
    import_schema_path: str | None = None, export_schema_path: str | None = None,
    full_refresh: bool | None = None, dev_mode: bool = False, refresh: str | None = None,
    progress: Any = None,
) -> Pipeline:
    """Makes a pipeline and makes it the active one; without arguments gives the active one."""
    if not any((pipeline_name, pipelines_dir, destination, dataset_name)) and context.active_pipeline:
        return context.active_pipeline
    if not pipeline_name:
        script = os.path.basename(getattr(sys.modules.get("__main__"), "__file__", "") or "pipeline")
        pipeline_name = f"dlt_{os.path.splitext(script)[0]}"
    context.active_pipeline = Pipeline(
        pipeline_name, pipelines_dir, destination_of(destination) if destination else None,
        dataset_name, refresh,
    )
    return context.active_pipeline
