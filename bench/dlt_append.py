"""The same append by dlt, for the figures beside ours: dlt_append.py FILE.jsonl rows|arrow

`rows` is its default: dicts, in pages; `arrow` its fastest: tables that pyarrow has parsed.
"""
import json
import os
import sys

os.environ["DLT_DATA_DIR"] = os.path.abspath("dlt_home")
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt  # noqa: E402  (the environment comes first)

PAGE = 5000


def rows(name):
    with open(name, encoding="utf-8") as file:
        page = []
        for line in file:
            page.append(json.loads(line))
            if len(page) == PAGE:
                yield page
                page = []
        yield page


def arrow(name):
    import pyarrow
    from pyarrow.json import open_json

    for batch in open_json(name):
        yield pyarrow.Table.from_batches([batch])


pipeline = dlt.pipeline("dlt_append", destination=dlt.destinations.duckdb("dlt_append.duckdb"), dataset_name="bench")
pipeline.run({"rows": rows, "arrow": arrow}[sys.argv[2]](sys.argv[1]), table_name="t", write_disposition="append")
