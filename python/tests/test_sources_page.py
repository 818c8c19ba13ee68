"""The page of sources: its code runs, and gives what the page shows."""

import os
import re

import pytest

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "python-sources.md")


def test_the_code_of_the_page(capsys):
    for package in ("sqlalchemy", "fsspec", "pandas", "pyarrow"):
        pytest.importorskip(package)
    with open(PAGE, encoding="utf-8") as file:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    shown = 0
    for kind, text in blocks:
        if kind == "python":
            capsys.readouterr()
            exec(compile(text, PAGE, "exec"), names)
        elif not kind:
            assert capsys.readouterr().out.endswith(text), text
            shown += 1
    assert shown >= 3
