"""What dlt lets one say about rows and names, and what of it holds here.

    normalize.parquet_normalizer.add_dlt_load_id, add_dlt_id   rows of Arrow tables have both columns, as all rows
    schema.naming, [sources.NAME.]schema.naming,
    destination.[NAME.]naming_convention                       snake_case, or unicode_snake_case, which dlt has not
"""

from __future__ import annotations

from tidegate.common import context
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.providers import find, paths_below
from tidegate.common.exceptions import NotInTidegate


_NAMINGS = ("snake_case", "unicode_snake_case")


def check_normalize(schema: str | None, destination: str | None) -> str | None:
    """Refuses what is said and does not hold.

    Args:
        schema: Its name.
        destination: Its name.

    Returns:
        How names are to be made; None: as those that are there, or snake_case.

    Raises:
        NotInTidegate: Rows of Arrow tables are to come without a column that all rows have, or names are to be made otherwise.
    """
    naming = _read_naming(schema, destination)
    for name in ("add_dlt_load_id", "add_dlt_id"):
        found, _ = find(paths_below(context.pipeline_name(), ["normalize", "parquet_normalizer"], name))
        if found and not coerce(name, found.value, bool, None, found.place):
            column = name.removeprefix("add")
            raise NotInTidegate(f"{found.key} = false ({found.provider})", f"each table has the column {column}")
    return naming


def _read_naming(schema: str | None, destination: str | None) -> str | None:
    pipeline = context.pipeline_name()
    found, _ = find(
        [
            *paths_below(pipeline, ["sources", schema] if schema else ["sources"], "schema", "naming"),
            *paths_below(pipeline, ["destination", destination] if destination else ["destination"], "naming_convention"),
        ]
    )
    if not found:
        return None
    naming = str(found.value).rpartition(".")[2]
    if naming not in _NAMINGS:
        raise NotInTidegate(
            f"{found.key} = {found.value!r} ({found.provider})",
            "names are snake_case here, or unicode_snake_case; a spec of the command has `schema: {naming: ...}`",
        )
    return naming
