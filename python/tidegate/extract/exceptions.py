"""What is wrong with a resource, or with what it yields. Names are dlt's."""

from __future__ import annotations

from typing import Any

from tidegate.common.exceptions import DltException


class ExtractorException(DltException):
    """Something went wrong while data were read."""


class DltSourceException(DltException):
    """Something is wrong with a source or a resource."""


class DltResourceException(DltSourceException):
    """Something is wrong with one resource.

    Args:
        resource_name: Which one.
        text: What it is.
    """

    def __init__(self, resource_name: str | None, text: str) -> None:
        self.resource_name = resource_name
        super().__init__(text)


class ResourceNameMissing(DltResourceException):
    """Data have no name from which a table's could be taken."""

    def __init__(self) -> None:
        super().__init__(None, "data have no name here: say `table_name=` (or `name=` of the resource)")


class InvalidResourceDataType(DltResourceException, TypeError):
    """What was given cannot be read."""

    def __init__(self, resource_name: str | None, item: Any, text: str = "") -> None:
        self.item = item
        super().__init__(
            resource_name,
            f"data of type {type(item).__name__} cannot be a resource{': ' + text if text else ''}; "
            "give an iterable, a generator, a function that yields, or a data frame",
        )


class InvalidResourceDataTypeBasic(InvalidResourceDataType):
    """A dict, a text or bytes stand where rows are expected."""

    def __init__(self, resource_name: str | None, item: Any) -> None:
        super().__init__(resource_name, item, "enclose it in a list")


class ParametrizedResourceUnbound(DltResourceException):
    """A resource's function has arguments that nobody gave."""

    def __init__(self, resource_name: str, signature: str) -> None:
        super().__init__(
            resource_name,
            f"the resource '{resource_name}' needs arguments: call it, as in "
            f"{resource_name}{signature}, before it is used",
        )


class PipeNotBoundToData(DltResourceException):
    """A transformer has no resource to take items from."""

    def __init__(self, resource_name: str) -> None:
        super().__init__(
            resource_name,
            f"the transformer '{resource_name}' takes its items from a resource: say "
            f"`resource | {resource_name}` or `data_from=`",
        )


class ResourceExtractionError(DltResourceException):
    """A resource's own code has raised; `__cause__` has what.

    Args:
        pipe_name: The resource.
        gen: What was read.
        text: What the error says.
        kind: What was read: "generator", "function".
    """

    def __init__(self, pipe_name: str, gen: Any, text: str, kind: str) -> None:
        self.pipe_name = pipe_name
        self.gen = gen
        self.msg = text
        self.kind = kind
        name = getattr(gen, "__name__", None) or str(gen)
        super().__init__(
            pipe_name, f"the {kind} '{name}' of the resource '{pipe_name}' has raised: {text}"
        )


class ResourcesNotFoundError(DltSourceException, KeyError):
    """A source has no resources of these names."""

    def __init__(self, source_name: str, available: set[str], requested: set[str]) -> None:
        self.available_resources = available
        self.requested_resources = requested
        self.not_found_resources = requested - available
        self.text = (
            f"the source '{source_name}' has no resource "
            f"{', '.join(sorted(self.not_found_resources))}; it has {', '.join(sorted(available))}"
        )
        super().__init__(self.text)

    def __str__(self) -> str:
        return self.text


class SourceDataIsNone(DltSourceException):
    """A source's function has returned nothing."""

    def __init__(self, source_name: str) -> None:
        super().__init__(f"the source '{source_name}' returned None; return or yield its resources")


class IncrementalUnboundError(ExtractorException):
    """A cursor is asked for its values before a run has begun."""

    def __init__(self, cursor_path: str | None) -> None:
        super().__init__(
            f"the cursor '{cursor_path}' has no values yet: they are there while a run reads its resource"
        )
