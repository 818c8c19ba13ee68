"""Not in tidegate: what dlt has of this name is refused when it is called."""

from __future__ import annotations

from typing import Any, NoReturn

from tidegate.common.exceptions import NotInTidegate

_INSTEAD = "use dlt for this, or write a resource that asks the API"


def rest_api_source(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuses.

    Raises:
        NotInTidegate: Always.
    """
    raise NotInTidegate("sources.rest_api.rest_api_source", _INSTEAD)


def rest_api_resources(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuses.

    Raises:
        NotInTidegate: Always.
    """
    raise NotInTidegate("sources.rest_api.rest_api_resources", _INSTEAD)
