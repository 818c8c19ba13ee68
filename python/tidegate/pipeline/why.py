"""`Pipeline.why()`: the story of one row."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.common.tables import table_html
from tidegate.pipeline.library import ask
from tidegate.pipeline.steps import Asked, Group, call_group

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


@dataclass
class Story:
    """What is known of a row, as a list of facts; `print` gives a sentence for each.

    Attributes:
        pipeline_name: Whose loads.
        resource: The resource, or its table.
        key: Which row.
        facts: A dict for each: fact (a word), load_id, at, table (None where they are not known), detail (a sentence).
    """

    pipeline_name: str
    resource: str
    key: Any
    facts: list[dict[str, Any]]

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return dict(vars(self))

    def __str__(self) -> str:
        return "\n".join(f"- {fact['detail']}" for fact in self.facts)

    def __repr__(self) -> str:
        return f"<dlt.why(resource={self.resource!r}, key={self.key!r}, facts={[fact['fact'] for fact in self.facts]!r})>"

    def _repr_html_(self) -> str:
        """For notebooks: its facts."""
        return table_html(("fact", "load", "detail"), [(fact["fact"], fact["load_id"], fact["detail"]) for fact in self.facts])


def _text(value: Any) -> Any:
    """A value that JSON has no word for."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError(f"a key has no {type(value).__name__}: {value!r}")


def key_of(key: Any) -> str:
    """A key as the library reads it.

    Args:
        key: A value, or a dict of columns with their values.

    Raises:
        ValueError: A text that says more than a value.
        TypeError: What no key is.

    Example:
        >>> key_of(7), key_of({"id": "a,b"})
        ('7', '{"id": "a,b"}')
    """
    if isinstance(key, Mapping):
        return json.dumps(dict(key), default=_text)
    if isinstance(key, str):
        if "=" in key or key.lstrip()[:1] == "{" or not key:
            raise ValueError(f"why takes a value or a dict of columns, as {{'id': {key!r}}}: say which column this is of")
        return key
    return json.dumps(key, default=_text).strip('"')


def why(pipeline: Pipeline, resource: str, key: Any, groups: list[Group], asked: Asked, schema: str | None) -> Story:
    """Tells the story.

    Args:
        pipeline: Has a destination.
        resource: A resource that was loaded, or its table.
        key: Which row.
        groups: What is read for it; none: no source.
        asked: How.
        schema: Whose table it is; None: the one that the pipeline began with.

    Raises:
        PipelineStepFailed: Of the step "sync", or "why" where a source is read.
    """
    text = key_of(key)
    def facts_of(core: Any, read: bool) -> list[dict[str, Any]]:
        stream = core.why(resource, text, read)
        names = [name for name, *_ in stream.columns()]
        return [dict(zip(names, row, strict=True)) for row in stream.fetch()]

    group = next((group for group in groups if any(resource in source.resources for source in group.sources)), None)
    if groups and group is None:
        raise ValueError(f"why: {resource!r} is none of the resources of the data")
    if group is None:
        facts = ask(pipeline, lambda core: facts_of(core, False), schema)
    else:
        facts = call_group(pipeline, "why", lambda core: facts_of(core, True), group, asked)
    return Story(pipeline.pipeline_name, resource, key, facts)
