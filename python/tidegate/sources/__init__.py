"""Sources: `incremental`, the cursor of a resource, and ready ones in the modules beside it.

`sql_database` reads tables of a database, `filesystem` files; each is imported when it is named, and
imports what it needs when it is called.
"""

import importlib
from typing import Any

from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.incremental import Incremental as incremental
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.sources import rest_api

__all__ = ["DltResource", "DltSource", "incremental", "rest_api"]

#: What dlt has beside them, and what to do without it.
_ABSENT = {
    "config": "use tidegate.config and tidegate.secrets",
    "helpers": "use the package `requests`",
}


def __getattr__(name: str) -> Any:
    if name in ("filesystem", "sql_database"):
        return importlib.import_module(f"{__name__}.{name}")
    if name in _ABSENT:
        raise NotInTidegate(f"sources.{name}", _ABSENT[name])
    raise AttributeError(f"tidegate.sources has no '{name}'")
