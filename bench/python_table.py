"""One Arrow table, for run-python: python_table.py tidegate|two|direct|dlt ROWS prints the seconds and the CPU seconds
that a load of it takes: by tidegate, by DuckDB's own two statements (to Parquet, and from it), by its one, by dlt.
"""
import os
import sys
import time

import duckdb

SELECT = """SELECT i AS id, i % 5000 AS user_id, i % 17 AS visits, i * 0.25 AS amount, 'name ' || i AS name, '/products/list' AS page,
'Peru' AS country, i % 2 = 0 AS active, NULL::VARCHAR AS note, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_milliseconds(i) AS seen_at
FROM range({}) rows(i)"""


def by_statements(table, *statements):
    with duckdb.connect("table.duckdb") as connection:
        connection.register("given", table)
        for statement in statements:
            connection.execute(statement)


def by_module(name, table):
    dlt = __import__(name)
    pipeline = dlt.pipeline("table", destination=dlt.destinations.duckdb("table.duckdb"), dataset_name="bench")
    pipeline.run(table, table_name="t", write_disposition="append")


def main(what, rows):
    table = duckdb.sql(SELECT.format(int(rows))).to_arrow_table()
    start, cpu = time.perf_counter(), time.process_time()
    if what == "two":
        by_statements(table, "COPY given TO 'table.parquet' (FORMAT parquet)", "CREATE TABLE t AS FROM 'table.parquet'")
    elif what == "direct":
        by_statements(table, "CREATE TABLE t AS FROM given")
    else:
        by_module(what, table)
    print(time.perf_counter() - start, time.process_time() - cpu)
    sys.stdout.flush()
    os._exit(0)  # what a table of this size costs to free is nobody's


if __name__ == "__main__":
    main(*sys.argv[1:])
