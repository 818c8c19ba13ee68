"""Credentials of sources, for code that says `from dlt.sources.credentials import ...`."""

from __future__ import annotations

from typing import Any

from tidegate.common.configuration.specs import ConnectionStringCredentials
from tidegate.common.exceptions import NotInTidegate

__all__ = ["ConnectionStringCredentials"]


def __getattr__(name: str) -> Any:
    if name.endswith("Credentials"):
        raise NotInTidegate(f"sources.credentials.{name}", "give a dict of what fsspec needs")
    raise AttributeError(f"tidegate.sources.credentials has no '{name}'")
