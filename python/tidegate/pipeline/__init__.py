"""Pipelines: `tidegate.pipeline` is this package and, in the top package, the function `pipeline`."""

from tidegate.pipeline.pipeline import Pipeline
from tidegate.pipeline.pipeline import make as pipeline

__all__ = ["Pipeline", "pipeline"]
