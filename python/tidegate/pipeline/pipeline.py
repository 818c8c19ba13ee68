"""`Pipeline`: what `tidegate.pipeline()` gives. It reads resources and loads them, exactly once.

    run(data) -> sources_of (what may be data: data.py) -> call (library.py) -> LoadInfo
    extract(data) -> the same, up to the seal -> ExtractInfo; normalize -> NormalizeInfo (packages.py);
    load -> each sealed load is written -> LoadInfo

The working folder holds sealed packages alone; cursors, schema and state are the destination's.
"""

from __future__ import annotations

import datetime
import logging
import os
import re
from typing import Any

from tidegate.common.exceptions import refuse
from tidegate.common.folders import data_dir
from tidegate.destinations import Destination, destination_of
from tidegate.destinations.dataset import Dataset
from tidegate.destinations.sql_client import SqlClient
from tidegate.pipeline.data import sources_of
from tidegate.pipeline.exceptions import InvalidPipelineName, LoadPackageNotFound, PipelineConfigMissing
from tidegate.pipeline.info import ExtractInfo, LoadInfo, LoadPackageInfo, NormalizeInfo, moment_of
from tidegate.pipeline.library import call, database_of, names, open_library
from tidegate.pipeline.packages import JOB_STATES, Extracted, Sealed, extracted, has_sealed, schema_update_of, sealed_loads
from tidegate.pipeline.window import Window, window_options
from tidegate.progress import collector_of

logger = logging.getLogger("tidegate")


class Pipeline:
    """A destination, a dataset in it, and what was loaded into it.

    Args:
        pipeline_name: Under which its state is kept.
        pipelines_dir: Where its working folder is.
        destination: Where data go; None: said later.
        dataset_name: The schema for the tables; None: of DuckDB `<name>_dataset`.
        refresh: What each run forgets: drop_sources, drop_resources, drop_data.
        progress: A collector, or its name.
        import_schema_path: A folder with schemas that go over the stored ones.
        export_schema_path: A folder that schemas are written to.
        options: Of the library: memory, undo_loads and the like.
    """

    def __init__(
        self, pipeline_name: str, pipelines_dir: str | None, destination: Destination | None,
        dataset_name: str | None, refresh: str | None = None, progress: Any = None,
        import_schema_path: str | None = None, export_schema_path: str | None = None, **options: Any,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", pipeline_name):
            raise InvalidPipelineName(pipeline_name, "it has other characters")
        self.pipeline_name = pipeline_name
        self.pipelines_dir = pipelines_dir or os.path.join(data_dir(), "pipelines")
        self.working_dir = os.path.join(self.pipelines_dir, pipeline_name)
        self.destination = destination
        self.dataset_name = dataset_name or (f"{pipeline_name}_dataset" if destination else None)
        self.refresh = refresh
        self.default_schema_name: str | None = None
        self.progress = collector_of(progress)
        self._schema_options = {
            name: path for name, path in
            (("import_path", import_schema_path), ("export_path", export_schema_path)) if path
        }
        self._options = options
        self._completed: dict[str, LoadPackageInfo] = {}

    # ---- steps ----

    def run(
        self, data: Any = None, *, destination: Any = None, staging: Any = None,
        dataset_name: str | None = None, credentials: Any = None, table_name: str | None = None,
        write_disposition: Any = None, columns: Any = None, primary_key: Any = None,
        schema: Any = None, loader_file_format: Any = None, table_format: Any = None,
        schema_contract: Any = None, refresh: str | None = None, window: Window | None = None,
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
            schema: Not in tidegate: a schema is its source's own.
            loader_file_format: Packages are Parquet files, whatever is said.
            table_format: Not in tidegate: tables are the destination's own.
            schema_contract: Over what the resources say.
            refresh: What is forgotten before.
            window: Two ends: this range of the cursors is loaded, and they stay where they are.

        Returns:
            What was loaded; None where there was nothing to do.

        Raises:
            PipelineStepFailed: A step failed; nothing of it is at the destination.
        """
        refuse(staging=staging, schema=schema, table_format=table_format)
        self._aim(destination, dataset_name, "run", credentials)
        if data is None:
            return self.load() if self.has_pending_data else None
        hints = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
            "schema_contract": schema_contract,
        }
        sources = sources_of(self, data, table_name)
        asked = window_options(window) if window else None
        self._forget_looks()
        first_run, waiting = self.first_run, self._sealed()
        report = call(
            self, "run", lambda core: core.run_window(asked) if asked else core.run(), sources, hints,
            refresh or self.refresh,
        )
        left = {each.load_id for each in self._sealed()}
        settled = [each for each in waiting if each.load_id not in left]
        packages = [each.info("loaded") for each in settled] if len(settled) == report["settled"] else []
        return self._load_info([report], packages + self._loaded(report), first_run)

    def extract(
        self, data: Any, *, table_name: str | None = None, parent_table_name: str | None = None,
        write_disposition: Any = None, columns: Any = None, primary_key: Any = None,
        schema: Any = None, max_parallel_items: int | None = None, workers: int | None = None,
        table_format: Any = None, schema_contract: Any = None, refresh: str | None = None,
        window: Window | None = None,
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
            schema: Not in tidegate: a schema is its source's own.
            max_parallel_items: One resource is read after the other, whatever is said.
            workers: As max_parallel_items.
            table_format: Not in tidegate: tables are the destination's own.
            schema_contract: Over what the resources say.
            refresh: What is forgotten before.
            window: As of `run`; it has to be written before the next extract.

        Returns:
            The load with its files; it is empty where nothing is new.

        Raises:
            PipelineStepFailed: Nothing is sealed.
        """
        refuse(parent_table_name=parent_table_name, schema=schema, table_format=table_format)
        self._aim(None, None, "extract")
        hints = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
            "schema_contract": schema_contract,
        }
        first_run = self.first_run
        sources = sources_of(self, data, table_name)
        asked = window_options(window) if window else None
        report = call(
            self, "extract", lambda core: core.extract_window(asked) if asked else core.extract(), sources,
            hints, refresh or self.refresh,
        )
        packages = []
        if report["load_id"]:
            extracted[report["package"]] = Extracted(self, schema_update_of(report))
            packages = [each.info() for each in self._sealed() if each.load_id == report["load_id"]]
        info = ExtractInfo(self, packages, first_run, *_times([report]), {})
        info.reports = [report]
        return info

    def normalize(self, workers: int = 1) -> NormalizeInfo:
        """Tells what was extracted since the last call: its rows are typed already.

        Args:
            workers: Not used.

        Returns:
            The loads, and how many rows of each table are in them.
        """
        self._aim(None, None, "normalize")
        started = datetime.datetime.now(datetime.timezone.utc)
        counts: dict[str, int] = {}
        told = [each for each in self._sealed() if each.state == "extracted"]
        for each in told:
            assert each.known is not None
            each.known.is_normalized = True
            for table, rows in each.row_counts().items():
                counts[table] = counts.get(table, 0) + rows
        finished = datetime.datetime.now(datetime.timezone.utc)
        info = NormalizeInfo(self, [each.info() for each in told], self.first_run, started, finished, {})
        info.row_counts = counts
        return info

    def load(
        self, destination: Any = None, dataset_name: str | None = None, credentials: Any = None, *,
        workers: int = 20, raise_on_failed_jobs: bool = True,
    ) -> LoadInfo:
        """Writes all loads that were extracted, each in a transaction, in their order.

        Args:
            destination: Where data go, if the pipeline does not say.
            dataset_name: The schema for the tables, if the pipeline does not say.
            credentials: Of the destination.
            workers: Not used.
            raise_on_failed_jobs: Not used: a load that fails raises.

        Returns:
            What was loaded.

        Raises:
            PipelineStepFailed: Those before it are loaded; it waits, or was given up.
        """
        self._aim(destination, dataset_name, "load", credentials)
        first_run, reports, packages = self.first_run, [], []
        while True:
            waiting = {each.load_id: each for each in self._sealed()}
            report = call(self, "load", lambda core: core.write())
            reports.append(report)
            if not report["load_id"]:
                break
            written = waiting.get(report["load_id"])
            packages += [written.info("loaded")] if written else self._loaded(report)
        return self._load_info(reports, packages, first_run)

    def _aim(
        self, destination: Any, dataset_name: str | None, step: str, credentials: Any = None
    ) -> None:
        """Where data go, from here on."""
        if destination is not None:
            self.destination = destination_of(destination)
        if credentials is not None and self.destination is not None:
            self.destination = self.destination.with_credentials(credentials)
        if dataset_name is not None:
            self.dataset_name = dataset_name
        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", step)

    # ---- loads that are sealed ----

    def _sealed(self) -> list[Sealed]:
        folder = os.path.join(self.working_dir, self.pipeline_name)
        if self.destination is None or not has_sealed(folder):
            return []
        found = names(self)
        return sealed_loads(folder, found["destination"], found["dataset"])

    def _forget_looks(self) -> None:
        """What an earlier pipeline of this process has extracted and never loaded, for a dataset that is not there.

        So dlt does it: a notebook's cells that only look leave nothing behind. What another process has
        extracted may be all there is, and is loaded.
        """
        assert self.destination is not None
        looks = self._sealed()
        if not looks or not all(each.known and each.known.pipeline is not self for each in looks):
            return
        with self.sql_client() as client:
            if client.has_dataset():
                return
        ids = self.abort_packages()
        logger.warning("dataset '%s' is not there: loads that were extracted and not loaded are dropped: %s", self.dataset_name, ", ".join(ids))

    def list_extracted_load_packages(self) -> list[str]:
        """The ids of loads that `normalize` has not told yet."""
        return [each.load_id for each in self._sealed() if each.state == "extracted"]

    def list_normalized_load_packages(self) -> list[str]:
        """The ids of the other loads that wait to be loaded."""
        return [each.load_id for each in self._sealed() if each.state == "normalized"]

    def list_completed_load_packages(self) -> list[str]:
        """The ids of loads that this object has loaded; all that there are has the table `_dlt_loads`."""
        return list(self._completed)

    def get_load_package_info(self, load_id: str) -> LoadPackageInfo:
        """A load that waits, or that this object has loaded.

        Args:
            load_id: Its id.

        Raises:
            LoadPackageNotFound: There is none.
        """
        for each in self._sealed():
            if each.load_id == load_id:
                return each.info()
        if load_id in self._completed:
            return self._completed[load_id]
        raise LoadPackageNotFound(load_id)

    def drop_pending_packages(self, with_partial_loads: bool = True) -> None:
        """Deletes loads that wait.

        Args:
            with_partial_loads: Not used: none is loaded in part.
        """
        self.abort_packages()

    def abort_packages(self, load_id: str | None = None, dry_run: bool = False) -> list[str]:
        """Deletes loads that wait: this one, or all of them.

        Args:
            load_id: Its id; the newest, or one that no later one has gone on from.
            dry_run: Only tells which.

        Returns:
            Their ids.
        """
        self._aim(None, None, "abort_packages")
        ids = [each.load_id for each in self._sealed() if load_id in (None, each.load_id)]
        if not dry_run:
            call(self, "load", lambda core: core.drop_packages(load_id))
        return ids

    @property
    def has_pending_data(self) -> bool:
        """Whether loads wait."""
        return bool(self._sealed())

    @property
    def has_data(self) -> bool:
        """Whether something was extracted or loaded."""
        return not self.first_run or self.has_pending_data

    @property
    def first_run(self) -> bool:
        """Whether no load was committed yet, by what the working folder has recorded."""
        record = os.path.join(self.working_dir, self.pipeline_name, "committed")
        return not os.path.exists(record) or os.path.getsize(record) == 0

    # ---- the destination ----

    def sql_client(self, schema_name: str | None = None) -> SqlClient:
        """SQL at the destination, with the dataset as the default schema.

        Args:
            schema_name: Not used: all schemas of a pipeline are in one dataset.

        Returns:
            A context manager.
        """
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
        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", "dataset")
        return Dataset(self.sql_client, database_of(self).words, names(self)["dataset"])

    # ---- infos ----

    def _loaded(self, report: dict[str, Any]) -> list[LoadPackageInfo]:
        """The load of a report, whose files are gone."""
        if not report["load_id"]:
            return []
        finished = moment_of(report["started_us"], report["seconds"])
        return [LoadPackageInfo(
            report["load_id"], report["package"], "loaded", report["schema"], report["schema_hash"],
            schema_update_of(report), finished, {name: [] for name in JOB_STATES},
        )]

    def _load_info(self, reports: list[dict[str, Any]], packages: list[LoadPackageInfo], first_run: bool) -> LoadInfo:
        started, finished = _times(reports)
        for package in packages:
            package.completed_at = package.completed_at or finished
            self._completed[package.load_id] = package
            extracted.pop(package.package_path, None)
        info = LoadInfo(self, packages, first_run, started, finished, {})
        info.reports = reports
        assert self.destination is not None
        info.destination_type = self.destination.destination_type
        info.destination_name = self.destination.destination_name
        info.destination_displayable_credentials = database_of(self).name
        info.environment = self.destination.environment
        info.dataset_name = self.dataset_name
        info.row_counts = {}
        for report in reports:
            for table in report["tables"]:
                info.row_counts[table["name"]] = info.row_counts.get(table["name"], 0) + table["rows_inserted"]
        return info


def _times(reports: list[dict[str, Any]]) -> tuple[datetime.datetime, datetime.datetime]:
    """When the first of them began, and the last one ended."""
    return moment_of(reports[0]["started_us"]), moment_of(reports[-1]["started_us"], reports[-1]["seconds"])
