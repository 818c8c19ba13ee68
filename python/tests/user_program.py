"""A program of a user, as mypy --strict sees it, and as it runs."""

import os
import tempfile
from collections.abc import Iterator
from typing import Any, assert_type

import tidegate as dlt
from tidegate.pipeline.info import LoadInfo


@dlt.resource(primary_key="id", write_disposition="merge")
def person(updated: dlt.sources.incremental[str] = dlt.sources.incremental("updated_at")) -> Iterator[dict[str, Any]]:
    yield {"id": 1, "name": "Ann", "updated_at": "2024-01-01T00:00:00Z"}


@dlt.resource
def numbers(size: int) -> Iterator[list[dict[str, int]]]:
    yield [{"n": n} for n in range(size)]


@dlt.transformer(data_from=numbers(3), primary_key="n")
def squares(page: list[dict[str, int]]) -> Iterator[dict[str, int]]:
    for row in page:
        yield row | {"square": row["n"] ** 2}


@dlt.defer
def slow(n: int) -> dict[str, int]:
    return {"n": n}


@dlt.source
def shop(size: int = 2) -> Iterator[Any]:
    yield person
    yield numbers(size)
    yield squares
    yield dlt.resource([slow(1)], name="late")


@dlt.source(max_table_nesting=0)
def flat() -> Any:
    return dlt.resource([{"id": 1}], name="one", columns={"id": {"data_type": "bigint"}})


def main() -> None:
    assert_type(person, dlt.sources.DltResource)
    assert_type(shop(size=3), dlt.sources.DltSource)
    assert_type(flat(), dlt.sources.DltSource)
    pipeline = dlt.pipeline("shop", destination="duckdb", dataset_name="bronze")
    info = pipeline.run(shop(size=3))
    assert_type(info, LoadInfo | None)
    assert info is not None and not info.has_failed_jobs
    counts: dict[str, int] = info.row_counts
    assert counts["person"] == 1 and counts["numbers"] == 3 and counts["squares"] == 3 and counts["late"] == 1
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT sum(square) FROM squares")
    assert rows == [(5,)], rows


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DLT_DATA_DIR"] = folder
        os.chdir(folder)
        main()
        os.chdir("/")
