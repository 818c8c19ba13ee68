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
PAGES = {  # with the least number of outputs that it shows, and the packages that it uses
    "README.md": (0,), "python.md": (5, "pandas"), "python-sources.md": (3, "sqlalchemy", "fsspec", "pandas", "pyarrow"),
    "python-pipelines.md": (3,), "python-destinations.md": (2, "pandas"), "python-configuration.md": (1,),
}


def blocks_of(page):
    with open(os.path.join(TREE, "python" if page == "README.md" else "docs", page), encoding="utf-8") as file:
        return re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


def command(text):
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, text + done.stdout + done.stderr
    print(done.stdout, end="")


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_page(page, capsys, place):
    least, *packages = PAGES[page]
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


def test_a_pipeline_of_dlt_stays_as_it_is(place):
    """That of docs/coming-from-dlt.md, on the files that the page makes."""
    (_, code), (_, shell) = [block for block in blocks_of("coming-from-dlt.md") if block[0] in ("python", "sh")][:2]
    os.mkdir("data")
    files = re.findall(r"^cat > (data/\S+) <<'END'\n(.*?)^END$", shell, re.MULTILINE | re.DOTALL)
    for path, text in files:
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    names: dict[str, object] = {}
    for _ in range(2):
        exec(code.replace("import dlt\n", "import tidegate as dlt\n"), names)
    counts = dict(names["pipeline"].dataset().row_counts().fetchall())
    assert [counts[os.path.basename(path).split(".")[0]] for path, _ in files] == [text.count("\n") for _, text in files]
    assert len(files) == 2


@pytest.mark.parametrize(("page", "folder", "example"), [
    ("prefect.md", "prefect", "shop.py"), ("dagster.md", "orchestrators", "assets.py"), ("airflow.md", "orchestrators", "shop_dag.py"),
])
def test_what_the_page_shows_of_an_example(page, folder, example):
    """Line by line, in its order; `...` stands for what is left out. The examples have tests of their own."""
    with open(os.path.join(TREE, "examples", folder, example), encoding="utf-8") as file:
        lines = iter([line.strip() for line in file])
    shown = [text for kind, text in blocks_of(page) if kind == "python"]
    for line in "".join(shown).splitlines():
        assert line.strip() in ("", "...") or line.strip() in lines, line
    assert shown
