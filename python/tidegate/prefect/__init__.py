"""Prefect: the flow `extract_and_load`, for a spec or a function of yours.

    from tidegate.prefect import extract_and_load

    extract_and_load("pipeline.yaml")
    extract_and_load("shop:job", secrets={"api_key": "shop-api-key"}, window="schedule")

    flow.py       the flow and its tasks: extract seals, load writes, and is tried again without a new extract
    secrets.py    names become values inside of a task, and are taken out of all that it tells
    logs.py       the package's log becomes the run's
    artifacts.py  what stands beside a run: counts, changes of the schema, rejected rows, progress
    schedule.py   the window of a run that a schedule has started

Nothing else of the package imports prefect.
"""

import importlib.util

from tidegate.common.exceptions import MissingDependencyException

if importlib.util.find_spec("prefect") is None:
    raise MissingDependencyException("tidegate.prefect", ["tidegate[prefect]"])

from tidegate.prefect.flow import extract_and_load  # noqa: E402

__all__ = ["extract_and_load"]
