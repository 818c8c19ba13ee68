"""The same append by dlt, for the figure beside ours: dlt_append.py FILE.jsonl"""
import json
import os
import sys

os.environ["DLT_DATA_DIR"] = os.path.abspath("dlt_home")
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt  # noqa: E402  (the environment comes first)


def rows():
    with open(sys.argv[1], encoding="utf-8") as file:
        page = []
        for line in file:
            page.append(json.loads(line))
            if len(page) == 5000:
                yield page
                page = []
        yield page


pipeline = dlt.pipeline("dlt_append", destination=dlt.destinations.duckdb("dlt_append.duckdb"), dataset_name="bench")
pipeline.run(rows(), table_name="t", write_disposition="append")
