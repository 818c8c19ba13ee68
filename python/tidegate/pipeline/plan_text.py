"""A plan as a person reads it: lines of text, and tables for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.common.tables import aligned, escaped, table_html

if TYPE_CHECKING:
    from tidegate.pipeline.plan import Plan

_COUNTS = ("read", "new", "inserted", "updated", "deleted", "filtered", "rejected")


def summary_of(plan: Plan) -> dict[str, Any]:
    """What tells one plan from another.

    Args:
        plan: The plan.
    """
    return {
        "pipeline_name": plan.pipeline_name, "dataset_name": plan.dataset_name, "with_rows": plan.with_rows,
        "resources": [each["name"] for each in plan.resources], "changes": len(plan.changes),
        **{name: sum(table[f"rows_{name}"] for table in plan.tables) for name in ("inserted", "updated", "deleted") if plan.with_rows},
        "is_allowed": plan.is_allowed,
    }


# ---- its parts, as rows ----


def _way(resource: dict[str, Any]) -> str:
    """How it is written: "merge (delete-insert) by id"."""
    way: str = resource["write_disposition"]
    way += f" ({resource['strategy']})" if way == "merge" else ""
    way += f" by {resource['primary_key']}" if resource["primary_key"] else ""
    return way + (f" in groups of {resource['merge_key']}" if resource["merge_key"] else "")


def _read_from(plan: Plan, resource: dict[str, Any]) -> str:
    if not resource["cursor"]:
        return ""
    if not resource["start_value"]:
        return f"cursor {resource['cursor']}: all rows, from the beginning"
    why = "as it is asked for" if plan.windows else "where the last load has ended" if resource["stored_value"] else "the initial_value"
    end = f", to before {resource['end_value']}" if resource["end_value"] else ""
    way = "down from" if resource["descends"] else "from"
    return f"cursor {resource['cursor']}: rows {way} {resource['start_value']}, {why}{end}"


def _table_head(plan: Plan) -> list[str]:
    return ["table", *(name for name in _COUNTS if name in _COUNTS[:5] or any(table[f"rows_{name}"] for table in plan.tables))]


def _table_rows(plan: Plan) -> list[list[Any]]:
    names = _table_head(plan)[1:]
    read_into = {each["table"] for each in plan.resources}  # what is read is counted there, wherever it goes then
    return [
        [table["name"], *(None if name == "read" and table["name"] not in read_into else table[f"rows_{name}"] for name in names)]
        for table in plan.tables
    ]


def _change_row(change: dict[str, Any]) -> list[Any]:
    if change["type_before"]:
        return ["~", f"{change['table']}.{change['column']}", f"{change['type_before']} -> {change['type']}"]
    if change["column"] is None:
        return ["+", change["table"], ""]
    if change["is_new_table"]:
        return ["", f"  {change['column']}", change["type"]]
    return ["+", f"{change['table']}.{change['column']}", change["type"]]


def _sample_rows(samples: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Of one table: what comes and goes, and each cell that changes."""
    for sample in samples:
        if sample["row"] == "updated":
            old, new = ("NULL" if sample[which] is None else sample[which] for which in ("before", "after"))
            yield ["~", sample["key"], sample["column"], f"{old} -> {new}"]
        else:
            yield ["+" if sample["row"] == "inserted" else "-", sample["key"], "", ""]


def _samples_of(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for sample in plan.samples:
        found.setdefault(sample["table"], []).append(sample)
    return found


def _excess_text(excess: dict[str, Any]) -> str:
    return f"Over the limit: {excess['what']}; {excess['limit']} allows {excess['allowed']}, not {excess['found']}"


def _head(plan: Plan) -> str:
    return f"A run would do this to dataset '{plan.dataset_name}' of {plan.destination}"


def _pending_texts(plan: Plan) -> list[str]:
    return [f"Load {load_id} of an earlier run waits: a run writes it first." for load_id in plan.pending]


def _warning_texts(plan: Plan) -> list[str]:
    return [f"Warning: {warning}" for warning in plan.warnings]


# ---- text ----


def _resource_lines(plan: Plan, resource: dict[str, Any]) -> Iterator[str]:
    into = f", into table {resource['table']}" if resource["table"] != resource["name"] else ""
    yield f"{resource['name']}: {_way(resource)}{into}"
    if start := _read_from(plan, resource):
        yield f"  {start}"
    if resource["files_skipped"]:
        yield f"  files that are left out unread, by the cursor: {resource['files_skipped']}"
    if resource["replaces"]:
        yield "  all that is there goes"
    if not plan.with_rows and not resource["columns_known"]:
        yield "  its columns are known when rows are read: plan(..., rows=True)"


def _change_lines(plan: Plan) -> Iterator[str]:
    known = "" if plan.with_rows else ", as far as is known without rows"
    yield ""
    if not plan.changes:
        yield f"The schema does not change{known}."
        return
    yield "Schema changes: + added, ~ of another type"
    yield from (f"  {line}" for line in aligned([["", "", ""], *map(_change_row, plan.changes)])[1:])


def _sample_lines(plan: Plan) -> Iterator[str]:
    for table, samples in _samples_of(plan).items():
        yield ""
        yield f"Some rows of {table}: ~ old -> new, + inserted, - deleted"
        yield from (f"  {line}" for line in aligned([["", "", "", ""], *_sample_rows(samples)])[1:])


def _lines(plan: Plan, verbosity: int) -> Iterator[str]:
    yield _head(plan)
    yield from _pending_texts(plan)
    yield ""
    for resource in plan.resources:
        yield from _resource_lines(plan, resource)
    for window in plan.windows:
        yield f"  {window['from']} to {window['to']}  {window['state']}  {window['resource']}"
    yield from _change_lines(plan)
    if plan.tables:
        yield ""
        yield from aligned([_table_head(plan), *_table_rows(plan)])
    yield from _warning_texts(plan)
    yield from _sample_lines(plan)
    if plan.excesses:
        yield ""
        yield from map(_excess_text, plan.excesses)
    if verbosity > 0:
        for statement in plan.statements:
            yield f"\n-- {statement['phase']}\n{statement['sql']};"
    yield ""
    yield "Nothing was written."


def text_of(plan: Plan, verbosity: int) -> str:
    """All of it.

    Args:
        plan: The plan.
        verbosity: 1: with the SQL.
    """
    return "\n".join(_lines(plan, verbosity))


# ---- for notebooks ----


def _tables(plan: Plan) -> Iterator[str]:
    yield table_html(
        ["resource", "table", "written as", "rows read"],
        [[each["name"], each["table"], _way(each), _read_from(plan, each) or "all"] for each in plan.resources],
    )
    if plan.tables:
        yield table_html(_table_head(plan), _table_rows(plan))
    if plan.windows:
        yield table_html(["resource", "from", "to", "state"], [[each[name] for name in ("resource", "from", "to", "state")] for each in plan.windows])
    if plan.changes:
        yield table_html(["", "schema", "type"], [_change_row(change) for change in plan.changes])
    for table, samples in _samples_of(plan).items():
        yield table_html(["", f"{table}: key", "column", "old -> new"], list(_sample_rows(samples)))


def html_of(plan: Plan) -> str:
    """Its tables, with what comes first and which limits are exceeded.

    Args:
        plan: The plan.
    """
    notes = (_head(plan), *_pending_texts(plan), *map(_excess_text, plan.excesses), *_warning_texts(plan))
    texts = "".join(f"<p>{escaped(text)}</p>" for text in notes)
    return f"<div>{texts}{''.join(_tables(plan))}</div>"
