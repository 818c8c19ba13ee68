"""What resources and sources say of themselves: their texts, and the table that a resource's hints describe."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from tidegate.extract.items import TableNameMeta

if TYPE_CHECKING:
    from tidegate.extract.hints import Hints
    from tidegate.extract.incremental import Incremental
    from tidegate.extract.resource import DltResource
    from tidegate.extract.source import DltSource

#: Hints that are told as they are, and those of which it is told that there are some.
_TOLD = ("table_name", "primary_key", "merge_key")
_KEPT = ("columns", "references")


def resource_repr(resource: DltResource) -> str:
    """A resource as `repr` has it: as the call that makes it, with what was said."""
    hints = resource._hints
    said: list[tuple[str, Any]] = [
        ("name", resource.name), ("parent", resource._parent.name if resource._parent else None),
        ("section", resource.section or None), *((name, getattr(hints, name)) for name in _TOLD),
        *((name, "{...}" if getattr(hints, name) else None) for name in _KEPT),
        ("limit", resource.limit.max_items if resource.limit else None),
        ("max_table_nesting", hints.max_table_nesting), ("write_disposition", hints.write_disposition),
        ("schema_contract", "{...}" if hints.schema_contract else None), ("incremental", resource.incremental),
        ("validator", resource.validator),
    ]
    kind = "transformer" if resource.is_transformer else "resource"
    return f"<@dlt.{kind}({', '.join(f'{name}={value!r}' for name, value in said if value not in (None, ''))})>"


def resource_text(resource: DltResource) -> str:
    """A resource as `str` has it: what it is, what can be done with it, and which object it is."""
    where = f" in section '{resource.section}'" if resource.section else ""
    of = f" added to source '{resource.source_name}'" if resource.source_name else ""
    if resource.is_transformer:
        parent = f"from '{resource._parent.name}'" if resource._parent else "from none yet: say resource | transformer"
        advice = f"It is a transformer and takes its items {parent}."
    elif resource.requires_args and not resource.args_bound:
        signature = inspect.Signature(resource._parameters())
        advice = f"It takes the arguments '{signature}': call it before it is loaded."
    else:
        advice = "Its items are seen by list(resource); one that was made of a generator object can be read once."
    return f"DltResource '{resource.name}'{where}{of}:\n{advice}\nInstance: at {id(resource):#x}"


def source_text(source: DltSource) -> str:
    """A source as `str` has it: its resources, and which of them a run reads."""
    lines = [f"DltSource '{source.name}' in section '{source.section}' with {len(source._all)} resource(s):"]
    for each in source._all:
        kind = "transformer" if each.is_transformer else "resource"
        lines.append(f"{kind} {each.name} is {'selected' if each.selected else 'not selected'} to load")
    lines.append("Its items are seen by list(source), those of a resource by list(source.NAME).")
    return "\n".join(lines)


def resources_html(title: str, resources: list[DltResource]) -> str:
    """Resources as a table of a notebook."""
    from html import escape

    head = "".join(f"<th>{name}</th>" for name in ("resource", "table", "disposition", "key", "cursor", "selected"))
    rows = []
    for each in resources:
        cursor = each.incremental
        table = each.name if each.has_dynamic_table_name else each.table_name
        cells = (each.name, table, each.write_disposition, each._hints.primary_key or "", cursor._path_text() if cursor else "",
                 "yes" if each.selected else "no")
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return f"<p>{escape(title)}</p><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


# ---- its table ----


def table_schema(resource: DltResource, item: Any, meta: Any = None) -> dict[str, Any]:
    """The table of a resource, by its hints alone; names as they were said.

    Args:
        resource: The resource.
        item: A row, for hints that are functions of one.
        meta: A TableNameMeta: the table is that one.

    Returns:
        As dlt has a table of a schema.

    Raises:
        DataItemRequiredForDynamicTableHints: A hint is a function, and there is no row.
    """
    name = meta.table_name if isinstance(meta, TableNameMeta) else resource.name
    hints = resource._variants.get(name, resource._hints).resolved(item, resource.name)
    table = _columns(hints, resource.incremental)
    for hint in ("schema_contract", "references", "description"):
        if getattr(hints, hint):
            table[hint] = getattr(hints, hint)
    table |= hints.additional
    if hints.max_table_nesting is not None:
        table["x-normalizer"] = {"max_nesting": hints.max_table_nesting}
    said = hints.write_disposition or "append"
    if isinstance(said, dict):
        if "strategy" in said:
            table[f"x-{said['disposition']}-strategy"] = said["strategy"]
        said = said["disposition"]
    return {**table, "write_disposition": said, "name": hints.table_name or name, "resource": resource.name}


def _columns(hints: Hints, cursor: Incremental[Any] | None) -> dict[str, Any]:
    columns = {name: {**column, "name": name} for name, column in hints.columns.items()}
    for flag in ("primary_key", "merge_key"):
        key = getattr(hints, flag) or ()
        for name in [key] if isinstance(key, str) else key:
            columns.setdefault(name, {"name": name}).update({flag: True, "nullable": False})
    for path in cursor._paths() if cursor else ():
        if not set(path) & set(".[$"):
            columns.setdefault(path, {"name": path})["incremental"] = True
    return {"columns": columns}
