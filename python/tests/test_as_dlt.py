"""`tidegate.as_dlt`: dlt's names, in processes of their own."""

import subprocess
import sys


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_modules_are_the_same_objects():
    code = """
import tidegate.as_dlt
import dlt, tidegate
from dlt.pipeline.pipeline import Pipeline
from dlt.common import logger as dlt_logger
from dlt.sources import incremental
from dlt.extract.exceptions import ResourceNameMissing
assert dlt is tidegate and Pipeline is tidegate.Pipeline and incremental is tidegate.sources.incremental
assert callable(dlt.pipeline) and callable(tidegate.pipeline)
assert dlt_logger.LOGGER.name == "tidegate"
p = dlt.pipeline("p", destination="duckdb", dataset_name="d")
print(p.run([{"id": 1}], table_name="t").loads_ids != [])
"""
    done = run(code)
    assert done.stdout == "True\n", done.stderr


def test_what_is_not_there_is_told():
    done = run("import tidegate.as_dlt\nfrom dlt.helpers.nothing import x")
    assert "dlt.helpers is not in tidegate; use dlt for this" in done.stderr


def test_dlt_itself_is_not_replaced(tmp_path):
    (tmp_path / "dlt.py").write_text("real = True\n")
    done = run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import dlt; import tidegate.as_dlt")
    assert "dlt itself was imported before" in done.stderr
