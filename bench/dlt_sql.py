"""A table of PostgreSQL into DuckDB by dlt, for the figure beside ours: dlt_sql.py URI BACKEND ROWS"""
import os
import sys

os.environ["DLT_DATA_DIR"] = os.path.abspath("dlt_home")
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt  # noqa: E402  (the environment comes first)
from dlt.sources.sql_database import sql_table  # noqa: E402

uri, backend, rows = sys.argv[1:]
uri = uri.replace("postgresql://", "postgresql+psycopg2://", 1)  # the driver that dlt brings
table = sql_table(uri, "clicks", schema="bench", backend=backend,
                  query_adapter_callback=lambda query, table: query.where(table.c.id <= int(rows)))
pipeline = dlt.pipeline("dlt_sql", destination=dlt.destinations.duckdb("dlt_sql.duckdb"), dataset_name="bench")
pipeline.run(table, write_disposition="append")
