"""Sources: `incremental`, the cursor of a resource, and ready ones in the modules beside it."""

from tidegate.extract.incremental import Incremental as incremental
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource

__all__ = ["DltResource", "DltSource", "incremental"]
