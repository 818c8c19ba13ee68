"""How a program comes by a pipeline."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.runtime import runtime_config
from tidegate.common.exceptions import refuse
from tidegate.common.logger import init_logging
from tidegate.destinations import destination_of
from tidegate.pipeline import local
from tidegate.pipeline.exceptions import CannotRestorePipelineException
from tidegate.pipeline.info import LoadInfo
from tidegate.pipeline.pipeline import Pipeline


def _script_name() -> str:
    script = os.path.basename(getattr(sys.modules.get("__main__"), "__file__", "") or "pipeline")
    return f"dlt_{os.path.splitext(script)[0]}"


def make(
    pipeline_name: str | None = None, pipelines_dir: str | None = None, pipeline_salt: Any = None,
    destination: Any = None, staging: Any = None, dataset_name: str | None = None,
    import_schema_path: str | None = None, export_schema_path: str | None = None,
    full_refresh: bool | None = None, dev_mode: bool = False, refresh: str | None = None,
    progress: Any = None, undo_loads: int = 0, memory: str | None = None,
    limits: Mapping[str, Any] | None = None,
) -> Pipeline:
    """Makes a pipeline and makes it the active one; without arguments gives the active one.

    Args:
        pipeline_name: Under which its state is kept; without it `dlt_` and the script's name.
        pipelines_dir: Where its working folder is.
        pipeline_salt: Not in tidegate: nothing is derived from it.
        destination: "duckdb", "postgres", or one of `tidegate.destinations`.
        staging: Not in tidegate: a load needs none.
        dataset_name: The schema for the tables.
        import_schema_path: A folder with schemas that go over the stored ones.
        export_schema_path: A folder that schemas are written to.
        full_refresh: The older name of dev_mode.
        dev_mode: A dataset of its own for this pipeline object, with the time in its name.
        refresh: What each run forgets: drop_sources, drop_resources, drop_data.
        progress: "log", "tqdm", "enlighten", "alive_progress", or a collector.
        undo_loads: Not in dlt: how many of the newest loads `Pipeline.undo` can take back: what they replace is kept.
        memory: Not in dlt: the budget of a run, "512MiB"; None: 256 MiB.
        limits: Not in dlt: what a load may do, of resources that do not say it themselves: a map of rows_deleted ("10%", 100),
            tables_added, columns_added, type_changes.

    Returns:
        The pipeline.
    """
    refuse(pipeline_salt=pipeline_salt, staging=staging)
    if not any((pipeline_name, pipelines_dir, destination, dataset_name)) and context.active_pipeline:
        return context.active_pipeline
    pipeline_name = pipeline_name or _script_name()
    if dev_mode or full_refresh:
        dataset_name = f"{dataset_name or pipeline_name + '_dataset'}_{time.strftime('%Y%m%d%I%M%S')}"
    made = Pipeline(
        pipeline_name, pipelines_dir, destination_of(destination) if destination else None,
        dataset_name, refresh, progress, import_schema_path, export_schema_path, bool(dev_mode or full_refresh), undo_loads, memory, limits,
    )
    context.active_pipeline = made
    init_logging(runtime_config())
    return made  # another thread may have made its own active by now


make.__name__ = make.__qualname__ = "pipeline"  # as a program calls it, for what is raised of its arguments


def attach(
    pipeline_name: str | None = None, pipelines_dir: str | None = None, pipeline_salt: Any = None,
    destination: Any = None, staging: Any = None, dataset_name: str | None = None, progress: Any = None,
) -> Pipeline:
    """Makes a pipeline that was run before, by its name, and makes it the active one.

    Args:
        pipeline_name: Under which its state is kept; without it as `pipeline`.
        pipelines_dir: Where its working folder is.
        pipeline_salt: Not in tidegate: nothing is derived from it.
        destination: Where its data are; needed where there is no working folder.
        staging: Not in tidegate: a load needs none.
        dataset_name: The schema that has the tables.
        progress: As of `pipeline`.

    Returns:
        The pipeline.

    Raises:
        CannotRestorePipelineException: Neither this machine nor the destination knows it.
    """
    refuse(pipeline_salt=pipeline_salt, staging=staging)
    before = context.active_pipeline
    found = make(
        pipeline_name or _script_name(), pipelines_dir, destination=destination, dataset_name=dataset_name, progress=progress
    )
    kept = local.read(found.working_dir)
    if kept or found.last_trace:  # a plan leaves an empty folder
        found.undo_loads = kept.get("undo_loads", 0)
        return found
    context.active_pipeline = before
    if found.destination is None:
        raise CannotRestorePipelineException(
            found.pipeline_name, found.pipelines_dir,
            "it has no working folder there; with `destination=` and `dataset_name=` it is looked for at the destination",
        )
    found.sync_destination()
    if not found._known.is_there:
        raise CannotRestorePipelineException(
            found.pipeline_name, found.pipelines_dir,
            f"it has no working folder there, and no state in the dataset '{found.dataset_name}' "
            f"of {found.destination.destination_name}; was it another `dataset_name=`?",
        )
    found.activate()
    return found


def run(
    data: Any, *, destination: Any = None, staging: Any = None, dataset_name: str | None = None,
    table_name: str | None = None, write_disposition: Any = None, columns: Any = None, schema: Any = None,
    loader_file_format: Any = None, table_format: Any = None, schema_contract: Any = None, refresh: str | None = None,
) -> LoadInfo | None:
    """`run` of the active pipeline, or of a new one.

    Args:
        data: As of `Pipeline.run`, like the others.
        destination: Where data go, if the pipeline does not say.
        staging: Not in tidegate: a load needs none.
        dataset_name: The schema for the tables, if the pipeline does not say.
        table_name: For data without a name.
        write_disposition: Over what the resources say.
        columns: Over what the resources say.
        schema: In the place of the sources' own.
        loader_file_format: Packages are Parquet files, whatever is said.
        table_format: Not in tidegate: tables are the destination's own.
        schema_contract: Over what the resources say.
        refresh: What is forgotten before.

    Returns:
        What was loaded; None where there was nothing to do.

    Raises:
        PipelineStepFailed: A step failed.
    """
    return make().run(
        data, destination=destination, staging=staging, dataset_name=dataset_name, table_name=table_name,
        write_disposition=write_disposition, columns=columns, schema=schema, loader_file_format=loader_file_format,
        table_format=table_format, schema_contract=schema_contract, refresh=refresh,
    )
