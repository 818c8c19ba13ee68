"""Rows of ten keys as a program makes them, for run-python: built, written as JSON Lines, or loaded.

    python_rows.py build|write|tidegate|dlt singly|pages ROWS [FORMAT]

`build` makes the rows and drops them, `write` prints them, `tidegate` and `dlt` load them into rows.duckdb;
FORMAT is dlt's loader_file_format.
"""
import datetime
import importlib
import json
import sys

PAGE = 1000


def row(i):
    return {
        "id": i, "user_id": i % 5000, "visits": i % 17, "amount": i * 0.25, "name": f"name {i}", "page": "/products/list",
        "country": "Peru", "active": i % 2 == 0, "note": None,
        "seen_at": datetime.datetime(2024, 1, 1 + i % 28, i % 24, i % 60, i % 60, i % 1_000_000, datetime.timezone.utc),
    }


def singly(count):
    for i in range(count):
        yield row(i)


def pages(count):
    for first in range(0, count, PAGE):
        yield [row(i) for i in range(first, min(first + PAGE, count))]


def load(module, items, form):
    dlt = importlib.import_module(module)
    options = {"loader_file_format": form} if form else {}
    pipeline = dlt.pipeline("rows", destination=dlt.destinations.duckdb("rows.duckdb"), dataset_name="bench")
    pipeline.run(items, table_name="t", write_disposition="append", **options)


def main(what, how, rows, form=None):
    items = {"singly": singly, "pages": pages}[how](int(rows))
    if what == "build":
        for _ in items:
            pass
    elif what == "write":
        for item in items:
            print(json.dumps(item | {"seen_at": item["seen_at"].isoformat()}))
    else:
        load(what, items, form)


if __name__ == "__main__":
    main(*sys.argv[1:])
