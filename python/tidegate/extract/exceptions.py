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


class PipeException(DltException):
    """Something is wrong with what a resource reads.

    Args:
        pipe_name: The resource.
        msg: What it is.
    """

    def __init__(self, pipe_name: str, msg: str) -> None:
        self.pipe_name = pipe_name
        self.resource_name = pipe_name
        super().__init__(f"the resource '{pipe_name}': {msg}")


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


class ResourceCursorMissing(DltResourceException, ValueError):
    """A resource's function wants a cursor, and none was said."""

    def __init__(self, resource_name: str, parameter: str) -> None:
        super().__init__(
            resource_name,
            f"{resource_name}(): '{parameter}' is a cursor, and none was said: give it a default, say incremental= in a "
            "hint, or make its type Optional",
        )


class PipeNotBoundToData(PipeException):
    """A transformer has no resource to take items from."""

    def __init__(self, resource_name: str) -> None:
        super().__init__(
            resource_name,
            f"a transformer takes its items from a resource: say `resource | {resource_name}` or `data_from=`",
        )


class ResourceNotATransformer(DltResourceException):
    """A resource is to take items, and its function takes none."""

    def __init__(self, resource_name: str) -> None:
        super().__init__(resource_name, f"'{resource_name}' is no transformer: it takes no items of another resource")


class InconsistentTableTemplate(DltSourceException):
    """Hints do not go together.

    Args:
        reason: Which, and why.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"these hints of a resource do not go together: {reason}")


class InvalidTableName(DltResourceException, ValueError):
    """The function that is to name an item's table has given no name.

    Args:
        resource_name: Whose function.
        table_name: What it gave.
    """

    def __init__(self, resource_name: str, table_name: Any) -> None:
        self.table_name = table_name
        super().__init__(
            resource_name, f"table_name of the resource '{resource_name}' has given {_shown(table_name)} for an item, which is no name",
        )


class DataItemRequiredForDynamicTableHints(DltResourceException):
    """A hint is a function of a row, and there is none."""

    def __init__(self, resource_name: str, hint_name: str) -> None:
        self.hint_name = hint_name
        super().__init__(
            resource_name, f"'{hint_name}' of the resource '{resource_name}' is a function of an item: give one",
        )


class DeletingResourcesNotSupported(DltResourceException):
    """A resource is to be taken out of its source."""

    def __init__(self, source_name: str, resource_name: str) -> None:
        super().__init__(
            resource_name,
            f"'{resource_name}' cannot be taken out of the source '{source_name}': with_resources() says which are read",
        )


class ResourceExtractionError(PipeException):
    """A resource's own code has raised; `__cause__` has what.

    Args:
        pipe_name: The resource.
        gen: What was read.
        text: What the error says.
        kind: What was read: "generator", "function".
    """

    def __init__(self, pipe_name: str, gen: Any, text: str, kind: str) -> None:
        self.gen = gen
        self.msg = text
        self.kind = kind
        name = getattr(gen, "__name__", None)
        self.func_name = name or type(gen).__name__
        self.row = 0  # its number from 1, where it is known
        super().__init__(pipe_name, f"{kind} '{self.func_name}'{_line_of(gen)} has raised: {text}")

    @classmethod
    def of(cls, pipe_name: str, gen: Any, error: Exception, kind: str) -> ResourceExtractionError:
        """From what was raised; of a text that says nothing by itself the class is named, too."""
        text = str(error)
        if not text or isinstance(error, KeyError):  # whose text is the key alone
            text = f"{type(error).__name__}: {text}" if text else type(error).__name__
        told = cls(pipe_name, gen, text, kind)
        told.__cause__ = error
        return told


class StepRaised(Exception):
    """A function that items go through has raised; its resource tells of it as a ResourceExtractionError.

    Args:
        kind: Which step: "map", "filter", "yield_map".
        function: The program's own.
        error: What it has raised.
    """

    def __init__(self, kind: str, function: Any, error: Exception) -> None:
        self.kind = kind
        self.function = function
        self.error = error
        super().__init__(f"{kind} has raised")


class InvalidValueInRow(PipeException, ValueError):
    """A row has a value that cannot be loaded; `__cause__` says why.

    Args:
        pipe_name: The resource.
        row: The number of the row among those that it has yielded, from 1; 0: not known.
        key_path: The keys down to the value: "lines[2].price"; empty: the row itself.
        value: What it is.
        text: What is wrong with it.
    """

    def __init__(self, pipe_name: str, row: int, key_path: str, value: Any, text: str) -> None:
        self.row = row
        self.key_path = key_path
        self.value = value
        where = f"row {row}, " if row else ""
        at = f"key '{key_path}': " if key_path else ""
        super().__init__(pipe_name, f"{where}{at}{text}: {_shown(value)}")


def _line_of(function: Any) -> str:
    """Where a function without a name of its own stands, since several are called so."""
    is_lambda = getattr(function, "__name__", None) == "<lambda>" and hasattr(function, "__code__")
    return f" of line {function.__code__.co_firstlineno}" if is_lambda else ""


_SHOWN_MAX = 100


def _shown(value: Any) -> str:
    """The value as a message has it; its own `repr` may fail, too."""
    try:
        text = ascii(value)
    except Exception:
        text = f"<{type(value).__qualname__}>"
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "..."


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


class ExplicitSourceNameInvalid(DltSourceException, ValueError):
    """A source is called by one name, and its schema by another."""

    def __init__(self, source_name: str, schema_name: str) -> None:
        self.source_name = source_name
        self.schema_name = schema_name
        super().__init__(f"the source '{source_name}' has the schema '{schema_name}': both have one name, say one of them")


class SourceDataIsNone(DltSourceException):
    """A source's function has returned nothing."""

    def __init__(self, source_name: str) -> None:
        super().__init__(f"the source '{source_name}' returned None; return or yield its resources")


class SourceExhausted(DltSourceException):
    """A generator object of a source was begun before."""

    def __init__(self, source_name: str) -> None:
        self.source_name = source_name
        super().__init__(
            f"the source '{source_name}' has a generator that was begun before, and can be read but once: give the "
            "function in its place, or make a generator for each run"
        )


class IncrementalUnboundError(DltResourceException):
    """A cursor is asked for its values before a run has begun."""

    def __init__(self, cursor_path: str | None) -> None:
        super().__init__(
            "", f"the cursor '{cursor_path}' has no values yet: they are there while a run reads its resource"
        )
