"""dlt's half: what it loads, and what it makes of a dataset. Each call runs in a process of its own (harness.py)."""
import datetime
import glob
import json
import os

import dlt
import yaml
from dlt.common.schema import Schema
from dlt.common.schema.utils import generate_version_hash
from dlt.common.versioned_state import decompress_state
from dlt.pipeline.state_sync import generate_pipeline_state_version_hash

DESTINATION = "data.duckdb"
PAGE_ROWS = 1000


def pipeline(home, name, dataset, uri, settings=None):
    """`settings` are those of dlt's destination."""
    if uri.startswith("postgresql:"):
        destination = dlt.destinations.postgres(uri, **(settings or {}))
    else:
        destination = dlt.destinations.duckdb(DESTINATION)
    return dlt.pipeline(name, destination=destination, dataset_name=dataset, pipelines_dir=os.path.abspath(home))


def read_pages(pattern):
    for path in sorted(glob.glob(pattern)):
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
        for start in range(0, len(rows), PAGE_ROWS):
            yield rows[start:start + PAGE_ROWS]


def read_table(uri, table):
    """All its rows, with values as a driver of Python has them."""
    import psycopg2.extras
    connection = psycopg2.connect(uri)
    try:
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            yield [dict(row) for row in cursor]
    finally:
        connection.close()


def make_resource(name, hints, uri):
    """A resource of a spec, as a user of dlt would write it."""
    keys = ("write_disposition", "primary_key", "merge_key", "max_table_nesting", "columns", "schema_contract")
    read, arguments = (read_table, (uri, hints["table"])) if "table" in hints else (read_pages, (hints["path"],))
    resource = dlt.resource(read, name=name, **{key: hints[key] for key in keys if key in hints})(*arguments)
    incremental = dict(hints.get("incremental") or {})
    incremental["last_value_func"] = min if incremental.pop("last_value", "max") == "min" else max
    if "cursor" in incremental:
        resource.apply_hints(incremental=dlt.sources.incremental(incremental.pop("cursor"), **incremental))
    return resource


def schema_of(name, settings):
    """The default schema, as a spec's `schema` says; None leaves it to dlt."""
    os.environ["SCHEMA__NAMING"] = settings.get("naming", "snake_case")
    if "detections" not in settings:
        return None
    schema = Schema(name)
    schema.settings["detections"] = list(settings["detections"])
    schema._compile_settings()
    return schema


def load(folder, home, name, dataset, resources, source=None, schema=None, uri="duckdb:", settings=None, file_format=None,
         refresh=None):
    """One run; returns its load ids. `schema` is what a spec's key of this name says."""
    os.chdir(folder)
    made = [make_resource(key, hints, uri) for key, hints in resources.items()]
    data = dlt.source(lambda: made, name=source)() if source else made
    own = schema_of(name, schema or {})
    options = {"schema": own} if own else {}
    info = pipeline(home, name, dataset, uri, settings).run(data, loader_file_format=file_format, refresh=refresh,
                                                             **options)
    info.raise_on_failed_jobs()
    return list(info.loads_ids)


def wrong(what, expected, got):
    return [] if expected == got else [f"{what}: dlt computes {expected!r}, stored is {got!r}"]


def inspect(folder, home, name, dataset, uri):
    """Takes the pipeline from the destination into a fresh working directory, as dlt does on another machine.
    Returns its state, its schemas and what dlt disagrees with."""
    os.chdir(folder)
    restored = pipeline(home, name, dataset, uri)
    restored.sync_destination()
    problems, schemas = [], {}
    with restored.destination_client() as client:
        stored = client.get_stored_state(name)
        state = decompress_state(stored.state)
        problems += wrong("state hash", generate_pipeline_state_version_hash(state), state["_version_hash"])
        problems += wrong("state version of the row", state["_state_version"], stored.version)
        for schema_name in restored.schema_names:
            info = client.get_stored_schema(schema_name)
            form = json.loads(info.schema)
            problems += wrong(f"hash of schema {schema_name}", generate_version_hash(form), form["version_hash"])
            problems += wrong(f"hash of schema {schema_name} in its row", form["version_hash"], info.version_hash)
            problems += wrong(f"version of schema {schema_name} in its row", form["version"], info.version)
            schema = Schema.from_dict(json.loads(info.schema))
            problems += wrong(f"schema {schema_name} as dlt reads it", schema.version_hash, info.version_hash)
            problems += wrong(f"version of schema {schema_name} as dlt reads it", schema.version, info.version)
            local = restored.schemas[schema_name]
            problems += wrong(f"schema {schema_name} after the sync", local.version_hash, info.version_hash)
            schemas[schema_name] = form
    problems += wrong("sources of the state after the sync", restored.state.get("sources"), state.get("sources"))
    return {"state": state, "schemas": schemas, "default_schema": restored.default_schema_name,
            "problems": problems}


def keep(folder, home, name, dataset, file):
    """Goes a page further by the token in the state of a resource; what it had found of it, and of its source."""
    os.chdir(folder)
    found = {}

    @dlt.resource(name="events", write_disposition="append")
    def events():
        state, source = dlt.current.resource_state(), dlt.current.source_state()
        found["resource"] = {key: "datetime" if isinstance(value, datetime.datetime) else value
                             for key, value in state.items()}
        found["source"] = source.get("n")
        state["token"] += 1
        state["at"] = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)
        source["n"] = {"a": [1, 2.5, None]}
        yield {"id": 1000}

    made = dlt.pipeline(name, destination=dlt.destinations.duckdb(file), dataset_name=dataset,
                        pipelines_dir=os.path.abspath(home))
    made.run(events()).raise_on_failed_jobs()
    return found["resource"], found["source"]


def hash_of_schema_file(path):
    """The hash of what dlt's import reads in a schema's YAML."""
    with open(path, encoding="utf-8") as file:
        schema = Schema.from_dict(yaml.safe_load(file), remove_processing_hints=False)
    return generate_version_hash(schema.to_dict())
