"""Pages of the documentation: their code runs, and gives what they show.

The blocks of a page run in their order, in an empty folder: Python in this process, commands (sh) by themselves. One whose
first line is the name of a file, as a comment, is that file. A block without a language is what the last ones have printed;
of other languages blocks are only read.
"""

import os
import re
import subprocess
import sys

import pytest

import notebooks

TREE = os.path.join(os.path.dirname(__file__), "..", "..")
FILE = re.compile(r"# ([\w./-]+\.\w+)\n")


def blocks_of(page):
    with open(os.path.join(TREE, "docs", page), encoding="utf-8") as file:
        return re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


def command(text):
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, text + done.stdout + done.stderr
    print(done.stdout, end="")


@pytest.mark.parametrize(("page", "least", "packages"), [
    ("python.md", 5, ["pandas"]), ("python-sources.md", 3, ["sqlalchemy", "fsspec", "pandas", "pyarrow"]), ("python-pipelines.md", 3, []),
    ("python-destinations.md", 2, ["pandas"]), ("python-configuration.md", 1, []),
])
def test_the_code_of_the_page(page, least, packages, capsys, place):
    for package in packages:
        pytest.importorskip(package)
    names: dict[str, object] = {}
    shown = 0
    for kind, text in blocks_of(page):
        if not kind:
            printed = notebooks.without_changing(capsys.readouterr().out.replace(os.path.realpath(place), notebooks.PLACE))
            assert printed.endswith(notebooks.without_changing(text)), text
            shown += 1
            continue
        if file := FILE.match(text):
            os.makedirs(os.path.dirname(file[1]) or ".", exist_ok=True)
            with open(file[1], "w", encoding="utf-8") as out:
                out.write(text)
        elif kind in ("python", "sh"):
            capsys.readouterr()
            exec(compile(text, page, "exec"), names) if kind == "python" else command(text)
    assert shown >= least


@pytest.mark.parametrize(("page", "example"), [
    ("prefect.md", ["prefect", "shop.py"]), ("dagster.md", ["orchestrators", "assets.py"]),
    ("airflow.md", ["orchestrators", "shop_dag.py"]),
])
def test_what_the_page_shows_of_an_example(page, example):
    """Line by line, in its order; `...` stands for what is left out. The examples have tests of their own."""
    with open(os.path.join(TREE, "examples", *example), encoding="utf-8") as file:
        lines = iter([line.strip() for line in file])
    shown = [text for kind, text in blocks_of(page) if kind == "python"]
    for line in "".join(shown).splitlines():
        assert line.strip() in ("", "...") or line.strip() in lines, line
    assert shown
