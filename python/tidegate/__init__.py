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

from typing import TYPE_CHECKING

from tidegate import _core, current, destinations, progress, sources
from tidegate.common.configuration.accessors import config, secrets
from tidegate.common.configuration.specs import TCredentials, TSecretStrValue, TSecretValue
from tidegate.common.exceptions import Absent
from tidegate.common.schema import Schema
from tidegate.extract.decorators import defer, resource, source, transformer
from tidegate.pipeline import Pipeline, attach, mark, run
from tidegate.pipeline import pipeline as _pipeline

pipeline = _pipeline  # over the package of that name, for who checks types, too
__version__ = _core.version()
__all__ = [
    "Dataset", "Pipeline", "Relation", "Schema", "TCredentials", "TSecretStrValue", "TSecretValue", "attach", "config", "current",
    "dataset", "defer", "destinations", "mark", "pipeline", "progress", "resource", "run", "secrets", "source", "sources", "transformer",
]

#: What dlt has beside; it is refused when it is used.
_ABSENT = ("dbt", "destination", "hub", "state")

if TYPE_CHECKING:
    from tidegate.destinations.dataset import Dataset, Relation, dataset
else:  # who checks types knows what is there

    def __getattr__(name):
        if name in _ABSENT:
            return Absent(f"dlt.{name}")
        if name in ("Dataset", "Relation", "dataset"):  # which a program that only loads does not need
            from tidegate.destinations import dataset as module

            return getattr(module, name)
        raise AttributeError(f"module 'tidegate' has no attribute {name!r}")
