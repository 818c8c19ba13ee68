"""Plain values as YAML, for people to read: dicts, lists, texts, numbers."""

from __future__ import annotations

import json
import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ /.+=-]*(?<! )")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _scalar(value: Any) -> str:
    """A text that YAML could take for something else is in quotes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _lines(value: Any, indent: str) -> list[str]:
    if isinstance(value, dict):
        pairs = [(f"{indent}{_scalar(key)}:", each) for key, each in value.items()]
    else:
        pairs = [(f"{indent}-", each) for each in value]
    lines: list[str] = []
    for head, each in pairs:
        if isinstance(each, (dict, list)) and each:
            lines += [head, *_lines(each, indent + "  ")]
        else:
            lines.append(f"{head} {_scalar(each)}")
    return lines


def to_yaml(value: dict[str, Any]) -> str:
    """A dict as YAML.

    Args:
        value: With texts for keys.

    Returns:
        Lines, the last one with its end.

    Example:
        >>> print(to_yaml({"a": 1, "b": {"c": "true", "d": ["x", None]}, "e": {}}), end="")
        a: 1
        b:
          c: "true"
          d:
            - x
            - null
        e: {}
    """
    return "".join(f"{line}\n" for line in _lines(value, ""))
