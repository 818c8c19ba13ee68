"""The pipeline of the example: `pipeline: shop:job` in prefect.yaml names the function below.

Two files stand for the shop's API, so that the example runs anywhere. Nothing is read when this module is imported.
"""

import json
from pathlib import Path

import tidegate as dlt


def ask(what, api_key, since=""):
    """All of something that the shop has, from a moment on; with a real one this is a request."""
    if not api_key:
        raise PermissionError("the shop wants a key")
    with open(Path(__file__).with_name(f"{what}.jsonl")) as answer:
        rows = [json.loads(line) for line in answer]
    return [row for row in rows if row.get("ordered_at", "") >= since]


@dlt.source
def shop(api_key: str = dlt.secrets.value):
    """What the shop has; the key is injected."""

    @dlt.resource(primary_key="id")
    def orders(ordered_at=dlt.sources.incremental("ordered_at", initial_value="2024-05-01T00:00:00Z")):
        yield ask("orders", api_key, since=ordered_at.last_value)

    @dlt.resource(write_disposition="replace")
    def countries():
        yield ask("countries", api_key)

    return orders, countries


def job(pipeline_name: str = "shop"):
    """A pipeline, and what it loads. Its arguments are configuration: `config` of a run may say them."""
    return dlt.pipeline(pipeline_name, destination="duckdb", dataset_name="bronze"), shop()
