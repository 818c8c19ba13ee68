"""How a program comes by a pipeline."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.runtime import runtime_config
from tidegate.common.exceptions import refuse
from tidegate.common.logger import init_logging
from tidegate.destinations import destination_of
from tidegate.pipeline.pipeline import Pipeline


def make(
    pipeline_name: str | None = None, pipelines_dir: str | None = None, pipeline_salt: Any = None,
    destination: Any = None, staging: Any = None, dataset_name: str | None = None,
    import_schema_path: str | None = None, export_schema_path: str | None = None,
    full_refresh: bool | None = None, dev_mode: bool = False, refresh: str | None = None,
    progress: Any = None,
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

    Returns:
        The pipeline.
    """
    refuse(pipeline_salt=pipeline_salt, staging=staging)
    if not any((pipeline_name, pipelines_dir, destination, dataset_name)) and context.active_pipeline:
        return context.active_pipeline
    if not pipeline_name:
        script = os.path.basename(getattr(sys.modules.get("__main__"), "__file__", "") or "pipeline")
        pipeline_name = f"dlt_{os.path.splitext(script)[0]}"
    if dev_mode or full_refresh:
        dataset_name = f"{dataset_name or pipeline_name + '_dataset'}_{time.strftime('%Y%m%d%I%M%S')}"
    context.active_pipeline = Pipeline(
        pipeline_name, pipelines_dir, destination_of(destination) if destination else None,
        dataset_name, refresh, progress, import_schema_path, export_schema_path,
    )
    init_logging(runtime_config())
    return context.active_pipeline
