"""What may be data of `run` and `extract`, as sources."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from tidegate.common.schema.schema import name_of
from tidegate.extract.decorators import is_source_function
from tidegate.extract.exceptions import InvalidResourceDataType, ResourceNameMissing, SourceExhausted
from tidegate.extract.pipe import is_frame
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.library import names

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


def sources_of(pipeline: Pipeline, data: Any, table_name: str | None, schema: Any = None) -> list[DltSource]:
    """What may be data, as sources.

    Args:
        pipeline: Which is to read them.
        data: Sources, resources, lists of both, or what can be a resource.
        table_name: For data without a name.
        schema: In the place of the sources' own: a Schema, or its name.

    Returns:
        Sources; resources that stand alone are in one of the pipeline's own.

    Raises:
        PipelineStepFailed: They have no name, cannot be a resource, or were read before and can be but once.
    """
    found = _found(pipeline, data, table_name)
    for source in found:
        if source.exhausted:
            error = SourceExhausted(source.name)
            raise PipelineStepFailed(pipeline, "extract", None, error) from error
    if schema is None:
        return found
    name = name_of(schema)
    return [source.clone(with_name=name) for source in found]


def _found(pipeline: Pipeline, data: Any, table_name: str | None) -> list[DltSource]:
    if is_source_function(data):
        data = data()
    if isinstance(data, DltSource):
        return [data]
    if isinstance(data, (list, tuple)) and data and all(isinstance(d, (DltSource, DltResource)) for d in data):
        alone = [d for d in data if isinstance(d, DltResource)]
        found = [d for d in data if isinstance(d, DltSource)]
        return found + ([_own_source(pipeline, alone)] if alone else [])
    if not isinstance(data, DltResource):
        data = _resource_of(pipeline, data, table_name)
    elif table_name:
        data = data._clone().apply_hints(table_name=table_name)
    return [_own_source(pipeline, [data])]


def _resource_of(pipeline: Pipeline, data: Any, table_name: str | None) -> DltResource:
    if isinstance(data, list) and data and is_frame(data[0]):
        data = iter(data)
    try:
        if not table_name and isinstance(data, (list, tuple)) and data and (inspect.isfunction(data[0]) or inspect.isgenerator(data[0])):
            raise InvalidResourceDataType(None, data, "each function or generator in it is a resource by itself: dlt.resource(it)")
        if not table_name and not getattr(data, "__name__", None):
            raise ResourceNameMissing()
        return DltResource(data, table_name or data.__name__)
    except Exception as error:
        raise PipelineStepFailed(pipeline, "extract", None, error) from error


def _own_source(pipeline: Pipeline, resources: list[DltResource]) -> DltSource:
    """In the schema that the pipeline began with, or one of its own name."""
    name = pipeline.default_schema_name or names(pipeline)["schema"]
    return DltSource(name, "", resources)
