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

from tidegate import _core, current, destinations, progress, sources
from tidegate.common.configuration.accessors import config, secrets
from tidegate.extract.decorators import defer, resource, source, transformer
from tidegate.pipeline import Pipeline, pipeline

__version__ = _core.version()
__all__ = [
    "Pipeline", "config", "current", "defer", "destinations", "pipeline", "progress", "resource", "secrets", "source", "sources", "transformer",
]
