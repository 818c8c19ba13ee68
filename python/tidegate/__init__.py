"""tidegate: loads what is new, exactly once.

The words are dlt's: a resource yields rows, a pipeline runs it into a destination.

Example:
    >>> import tidegate as dlt
    >>> @dlt.resource(primary_key="id", write_disposition="merge")
    ... def person():
    ...     yield {"id": 1, "name": "Ann"}
    >>> person.name
    'person'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tidegate import _core

__version__ = _core.version()
__all__ = [
    "Dataset", "Pipeline", "Relation", "Schema", "TCredentials", "TSecretStrValue", "TSecretValue", "attach", "config", "current",
    "dataset", "defer", "destinations", "mark", "pipeline", "progress", "resource", "run", "secrets", "source", "sources", "transformer",
]

if TYPE_CHECKING:  # who checks types knows what is there
    from tidegate import current, destinations, progress, sources
    from tidegate.common.configuration.accessors import config, secrets
    from tidegate.common.configuration.specs import TCredentials, TSecretStrValue, TSecretValue
    from tidegate.common.schema import Schema
    from tidegate.destinations.dataset import Dataset, Relation, dataset
    from tidegate.extract.decorators import defer, resource, source, transformer
    from tidegate.pipeline import Pipeline, attach, mark, run
    from tidegate.pipeline.factory import make as _make

    pipeline = _make  # over the package of that name
else:
    #: Where each name is: an import of this package reads no more than a program uses of it.
    _MODULES = {"current": "current", "destinations": "destinations", "mark": "pipeline.mark", "progress": "progress", "sources": "sources"}
    _PLACES = {
        "common.configuration.accessors": ("config", "secrets"),
        "common.configuration.specs": ("TCredentials", "TSecretStrValue", "TSecretValue"),
        "common.schema": ("Schema",),
        "destinations.dataset": ("Dataset", "Relation", "dataset"),
        "extract.decorators": ("defer", "resource", "source", "transformer"),
        "pipeline": ("Pipeline", "attach", "pipeline", "run"),
    }
    #: Packages, of which a program may go on to any module: `dlt.common.configuration.specs`.
    _PACKAGES = ("common", "extract")
    #: What dlt has beside; it is refused when it is used.
    _ABSENT = ("dbt", "destination", "hub", "state")

    def __getattr__(name):
        if name in _ABSENT:
            from tidegate.common.exceptions import Absent

            return Absent(f"dlt.{name}")
        if name in _PACKAGES:
            for place in _PLACES:
                importlib.import_module(f"tidegate.{place}")
            return globals()[name]
        if name in _MODULES:
            found = importlib.import_module(f"tidegate.{_MODULES[name]}")
        else:
            place = next((place for place, names in _PLACES.items() if name in names), None)
            if place is None:
                raise AttributeError(f"module 'tidegate' has no attribute {name!r}")
            found = getattr(importlib.import_module(f"tidegate.{place}"), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
