"""The extension knows all fields of the library's structs: none is forgotten when one is added."""

import os
import re

import pytest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as file:
        return file.read()


def fields_of(header, struct):
    """The names of a struct's fields, of nested structs the outer name."""
    text = re.sub(r"/\*.*?\*/", "", read("include", header), flags=re.DOTALL)
    body = re.search(r"struct %s \{(.*?)\n\};" % struct, text, re.DOTALL).group(1)
    names = []
    for line in body.split(";"):
        calls = re.findall(r"\(\*(\w+)\)", line)
        names += calls or re.findall(r"(\w+)\s*(?:,|$)", line.strip())
    return names


# What is set by the extension itself, or has a form of its own there.
OWN = {
    "tg_table_info": set(),
    "tg_resource_info": set(),
    "tg_schema_change": set(),
    "tg_file_info": set(),
    "tg_plan_resource": set(),
    "tg_plan_window": set(),
    "tg_plan_change": set(),
    "tg_plan_statement": set(),
    "tg_plan_sample": set(),
    "tg_plan_excess": set(),
    "tg_plan_options": {"size"},
    "tg_column": set(),
    "tg_window_options": {"size"},
    "tg_backfill_options": {"size"},
    "tg_work_options": {"size", "user", "window"},
    "tg_window_info": set(),
    "tg_reset_options": {"size"},
    "tg_reset_resource": set(),
    "tg_reset_cursor": set(),
    "tg_reset_package": set(),
    "tg_reset_table": set(),
    "tg_undo_options": {"size"},
    "tg_resource": {
        "size", "column_size", "read", "begin", "end", "release", "user", "columns", "column_count",
        "schema_contract", "source_options", "source_option_count", "options", "option_count",
        "limits", "deletes", "list_keys", "source_connection", "initial_value", "end_value",
        "last_value_func", "turns_with", "judged", "no_table",
    },
    "tg_pipeline_options": {
        "size", "schema_contract", "schema", "user", "progress", "log", "clock_us", "random",
        "destination_connection", "destination_adbc", "scratch_connection", "limits", "variables",
        "variable_count",
    },
    "tg_schema_options": {"size", "preferred_types", "preferred_type_count", "contract"},
}


@pytest.mark.parametrize("struct", OWN)
def test_all_fields_are_known(struct):
    header = (
        "tidegate_plan.h" if struct.startswith("tg_plan_")
        else "tidegate_reset.h" if struct.startswith("tg_reset_")
        else "tidegate_backfill.h" if struct.startswith(("tg_backfill_", "tg_work_", "tg_window_info"))
        else "tidegate_result.h" if struct.endswith(("_info", "_change")) else "tidegate.h"
    )
    core = "".join(read("python", "core", name) for name in os.listdir(os.path.join(TREE, "python", "core")) if name.endswith(".c"))
    fields = fields_of(header, struct)
    assert len(fields) > 2
    missing = [
        name for name in fields
        if name not in OWN[struct]
        and not re.search(r"OF\((?:%s, )?FIELD_\w+,(?: *\n *)? ?%s\)" % (struct, name), core)
        and f"offsetof(struct {struct}, {name})" not in core
    ]
    assert missing == []
    assert OWN[struct] <= set(fields), OWN[struct] - set(fields)
