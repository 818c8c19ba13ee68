"""What the library advises, in words of Python: its messages name options of the command, and keys of a spec.

    "... or run once with --accept-limits" -> "In Python: --accept-limits is run(..., accept='limits')"
    "... or say lag: auto"                 -> "In Python: lag: auto is incremental(..., lag='auto')"
"""

from __future__ import annotations

import functools
import re

#: What the command is told, and what a program says in its place. The longest that fits wins.
_WORDS = {
    "--accept": "run(..., accept='rows')",
    "--accept-cursor-change": "run(..., accept='cursor_change')",
    "--accept-limits": "run(..., accept='limits')",
    "--again": "window={'from': ..., 'to': ..., 'again': True}",
    "--cursors": "reset(..., parts='cursors')",
    "--from": "run(..., window=(from, to))",
    "--full-refresh": "run(..., refresh='drop_data')",
    "--memory": "pipeline(..., memory='1GiB')",
    "--read": "why(..., data=...)",
    "--refresh": "run(..., refresh=...)",
    "--rows": "plan(..., rows=True)",
    "--select": "source.with_resources(...)",
    "--to": "run(..., window=(from, to))",
    "--workdir": "pipeline(..., pipelines_dir=...)",
    "tidegate backfill": "Pipeline.backfill(...)",
    "tidegate plan": "Pipeline.plan(...)",
    "tidegate reset": "Pipeline.reset(...)",
    "tidegate run": "Pipeline.run(...)",
    "tidegate show SPEC loads": "Pipeline.dataset()['_dlt_loads']",
    "tidegate show SPEC state": "Pipeline.state",
    "tidegate why": "Pipeline.why(...)",
    "undo: {loads: N}": "pipeline(..., undo_loads=N)",
}


#: A key of a spec with its value, and how a program says it.
_KEYS = (
    (r"deletes: \{detect: (keys|snapshot)\}", r"deletes='\1'"),
    (r"deletes: \{allow_empty: true\}", "deletes={'detect': ..., 'allow_empty': True}"),
    (r"(?<!\{)detect: (keys|snapshot)", r"deletes='\1'"),
    (r"apply: (hard|soft|scd2)", r"deletes={'detect': ..., 'apply': '\1'}"),
    ("TG_DETECT_KEYS", "deletes='keys'"),
    (r"limits\.(\w+)", r"limits={'\1': ...}"),
    (r"incremental: \{cursor: ([^}]+)\}", r"incremental=dlt.sources.incremental('\1')"),
    (r"(lag|on_commit_safe_wait|cursor_type|on_cursor_value_missing): (auto|warn|timestamp|bigint|raise|include|exclude)", r"incremental(..., \1='\2')"),
    (r"last_value: (min|max)", r"incremental(..., last_value_func=\1)"),
    (r"commit_safe: false", "incremental(..., commit_safe=False)"),
    (r"on_cursor_value_missing to include", "incremental(..., on_cursor_value_missing='include')"),
    (r"columns: \{([^:}]+): \{nullable: true\}\}?", r"columns={'\1': {'nullable': True}}"),
    (r"columns: \{([^:}]+): (\w+)\}", r"columns={'\1': {'data_type': '\2'}}"),
    (r"data_type: text", "columns={NAME: {'data_type': 'text'}}"),
    (r"schema_contract: \{(\w+): (\w+)\}", r"schema_contract={'\1': '\2'}"),
    (r"(?<!\{)(tables|columns|data_type): (evolve|freeze|discard_row|discard_value)\b", r"schema_contract={'\1': '\2'}"),
    (r"write_disposition: (append|replace|merge)", r"write_disposition='\1'"),
    (r"on_missing_key: append", "write_disposition='append'"),
    (r"(scope|range): (previous_load|delivered)", r"write_disposition={'disposition': ..., '\1': '\2'}"),
    (r"(?<!\{)(allow_empty|skip_unchanged_rows): true", r"write_disposition={'disposition': ..., '\1': True}"),
    (r"validity_column_names: \[([^],]+), ([^],]+)\]", r"write_disposition={'disposition': ..., 'validity_column_names': ['\1', '\2']}"),
    (r"row_version_column_name: (\S+)", r"write_disposition={'disposition': ..., 'row_version_column_name': '\1'}"),
    (r"row_ids: (key|row|random)", r"row_ids='\1'"),
    (r"on_bad_row: (fail|reject)", r"on_bad_row='\1'"),
    (r"memory: (\d+\w+)", r"pipeline(..., memory='\1')"),
    (r"include_views: true", "sql_database(..., include_views=True)"),
)


@functools.cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(rf"{re.escape(word)}(?![\w-])" for word in sorted(_WORDS, key=len, reverse=True)))


def in_python(text: str) -> str:
    """What a text's advice is in Python.

    Args:
        text: Of the library.

    Returns:
        A line for each word of the command, and each key; "" where there is none.

    Example:
        >>> print(in_python("load it again with --full-refresh --select people"))
        In Python: --full-refresh is run(..., refresh='drop_data')
        In Python: --select is source.with_resources(...)
        >>> print(in_python("use deletes: {detect: keys}, or leave out incremental"))
        In Python: deletes: {detect: keys} is deletes='keys'
    """
    found = {word: _WORDS[word] for word in _pattern().findall(text)}
    for key, said in _KEYS:
        found |= {match[0]: match.expand(said) for match in re.finditer(rf"(?<![\w.]){key}", text)}
    return "\n".join(f"In Python: {word} is {said}" for word, said in found.items())
