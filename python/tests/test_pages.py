"""Pages of the documentation: their code runs, and gives what they show."""

import os
import re

import pytest

PAGES = os.path.join(os.path.dirname(__file__), "..", "..", "docs")


@pytest.mark.parametrize(("page", "least"), [("python-sources.md", 3), ("python-pipelines.md", 2)])
def test_the_code_of_the_page(page, least, capsys):
    for package in ("sqlalchemy", "fsspec", "pandas", "pyarrow"):
        pytest.importorskip(package)
    with open(os.path.join(PAGES, page), encoding="utf-8") as file:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    shown = 0
    for kind, text in blocks:
        if kind == "python":
            capsys.readouterr()
            exec(compile(text, page, "exec"), names)
        elif not kind:
            assert capsys.readouterr().out.endswith(text), text
            shown += 1
    assert shown >= least
