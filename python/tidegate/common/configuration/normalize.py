"""`normalize.*`: what dlt lets one say about rows, and what of it holds here.

    normalize.parquet_normalizer.add_dlt_load_id, add_dlt_id   rows of Arrow tables have both columns, as all rows
"""

from __future__ import annotations

from tidegate.common import context
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.providers import find, paths_below
from tidegate.common.exceptions import NotInTidegate


def check_normalize() -> None:
    """Refuses what is said and does not hold.

    Raises:
        NotInTidegate: Rows of Arrow tables are to come without a column that all rows have.
    """
    for name in ("add_dlt_load_id", "add_dlt_id"):
        found, _ = find(paths_below(context.pipeline_name(), ["normalize", "parquet_normalizer"], name))
        if found and not coerce(name, found.value, bool, None, found.place):
            column = name.removeprefix("add")
            raise NotInTidegate(f"{found.key} = false ({found.provider})", f"each table has the column {column}")
