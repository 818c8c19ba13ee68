"""The notebooks of examples/notebooks: executed in an empty folder, and held against the outputs that they are stored with.

With TIDEGATE_NOTEBOOKS=write (`make notebooks`) they are stored with what came out. Times, ids of loads and folders differ
from run to run: what differs in nothing else stays as it is.
"""

import copy
import difflib
import json
import os
import re

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "notebooks")
PLACE = "/lesson"  # stands for the folder that a notebook ran in
CHANGING = [
    (r"\b\d{10}\.\d{1,7}\b", "LOAD"), (r"\b\d+\.\d\d seconds", "SECONDS"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\|(\[\w+\])\|\d+\|\d+\|([\w.]+)\|[^|]+\|[^|]+\|", r"TIME|\1|\2|"),
]


def execute(name, place, monkeypatch):
    """Runs a notebook in a folder; what it gives has to be what it is stored with.

    Returns:
        Of each cell of code what it gave, as text.
    """
    import nbformat
    from nbclient import NotebookClient

    path = os.path.join(FOLDER, f"{name}.ipynb")
    stored = nbformat.read(path, as_version=4)
    made = copy.deepcopy(stored)
    for variable in ("HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(place / "home"))
    NotebookClient(
        made, timeout=600, record_timing=False, coalesce_streams=True, kernel_name="python3",
        resources={"metadata": {"path": str(place)}},
    ).execute()
    nbformat.validate(made)
    made.metadata = stored.metadata  # else it has this machine's version of Python
    same = []
    for old, new in zip(stored.cells, made.cells):
        if new.cell_type == "code":
            new.metadata = {}
            new.outputs = [_of(json.dumps(each).replace(os.path.realpath(place), PLACE)) for each in _in_order(new.outputs)]
            same.append(tuple(without_changing(_outputs(cell)) for cell in (old, new)))
            if same[-1][0] == same[-1][1]:
                new.outputs = old.outputs
    if os.environ.get("TIDEGATE_NOTEBOOKS") == "write":
        nbformat.write(made, path)
    else:
        for was, now in same:
            assert now == was, "\n".join(difflib.unified_diff(was.split("\n"), now.split("\n"), "as stored", "as it came", lineterm=""))
    return [_text(cell) for cell in made.cells if cell.cell_type == "code"]


def _of(text):
    import nbformat

    return nbformat.from_dict(json.loads(text))


def _in_order(outputs):
    """What was printed, what was warned of, and the value: between them the order of arrival is chance."""
    printed = []
    for name in ("stdout", "stderr"):
        texts = [each.text for each in outputs if each.get("name") == name]
        printed += [{"output_type": "stream", "name": name, "text": "".join(texts)}] if texts else []
    return printed + [each for each in outputs if each.output_type != "stream"]


def without_changing(text):
    """A text without what differs from run to run."""
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return text


def _outputs(cell):
    return json.dumps([{**each, "execution_count": None} for each in cell.outputs], indent=1, sort_keys=True)


def _text(cell):
    return "\n".join(each.text if each.output_type == "stream" else each.data["text/plain"] for each in cell.outputs)
