"""`tidegate pipeline NAME ...`, and the trace that a later process finds."""

import copy
import io
import os
import pickle
import subprocess
import sys

import pytest

import tidegate as dlt
from tidegate.__main__ import main
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.info import LoadInfo

ROWS = [{"id": 1, "list": [1]}, {"id": 2, "list": []}]


@pytest.fixture
def pipeline():
    made = dlt.pipeline("shop", destination="duckdb", dataset_name="d")
    made.run(dlt.resource(ROWS, name="orders").apply_hints(incremental=dlt.sources.incremental("id")))
    return made


def told(capsys, *arguments):
    capsys.readouterr()
    code = main(["pipeline", *arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_trace_of_another_process(pipeline, place):
    again = dlt.attach("shop")
    trace = again.last_trace
    assert trace.asstr(2) == pipeline.last_trace.asstr(2) and trace.asdict() == pipeline.last_trace.asdict()
    assert isinstance(trace.last_load_info, LoadInfo) and trace.last_load_info.pipeline is again
    again.run([trace], table_name="_trace")
    assert again.dataset()("select count(*) from _trace__steps").fetchscalar() == 3
    told = subprocess.run([sys.executable, "-m", "tidegate", "pipeline", "shop", "trace"], capture_output=True, text=True)
    assert told.returncode == 0 and "with 4 steps.\nStep extract COMPLETED in" in told.stdout
    again.drop()
    assert again.last_trace is None and dlt.pipeline("shop", destination="duckdb").last_trace is None


def test_a_run_that_failed_is_in_it(pipeline):
    def broken():
        yield {"id": 3}
        raise ValueError("the source is gone")

    with pytest.raises(PipelineStepFailed):
        pipeline.run(broken, table_name="t")
    assert "the source is gone" in dlt.attach("shop").last_trace.steps[-1].step_exception


def test_a_first_run_that_failed_can_be_looked_at(capsys):
    def broken():
        raise ValueError("the source is gone")
        yield

    with pytest.raises(PipelineStepFailed):
        dlt.pipeline("new", destination="duckdb", dataset_name="d").run(broken, table_name="t")
    code, out, err = told(capsys, "new", "trace")
    assert (code, err) == (0, "") and "the source is gone" in out
    assert told(capsys, "new")[0] == 0


def calling(module_name, global_name, *arguments):
    """Calls what a module has, when it is read."""
    texts = [pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode() for text in (module_name, global_name, *arguments)]
    return b"".join([*texts[:2], pickle.STACK_GLOBAL, *texts[2:], pickle.TUPLE2, pickle.REDUCE, pickle.STOP])


def test_a_copy_of_an_info_has_its_pipeline(pipeline):
    info = pipeline.last_trace.last_load_info
    assert str(copy.copy(info)) == str(info) and copy.copy(info).pipeline is pipeline


class NotToBePickled:
    def __reduce__(self):
        raise TypeError("nobody keeps this")


def test_a_trace_that_cannot_be_kept_fails_no_load(pipeline, caplog):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidegate.pipeline.info.StepInfo.__getstate__", lambda info: NotToBePickled(), raising=False)
        pipeline.run([{"id": 3}], table_name="more")
    assert "is not kept: nobody keeps this" in caplog.text
    assert pipeline.dataset()("select count(*) from more").fetchscalar() == 1


def test_a_trace_that_is_damaged_or_somebody_else_s(pipeline, caplog):
    path = os.path.join(pipeline.working_dir, "trace.pickle")
    imported = pickle.PROTO + b"\x04" + calling("tidegate.pipeline.trace_file", "io.FileIO", path, "w")
    for content in (b"", b"nonsense", pickle.dumps(io.BytesIO), pickle.dumps(os.system), pickle.dumps({"steps": 1}), imported):
        with open(path, "wb") as file:
            file.write(content)
        caplog.clear()
        assert dlt.attach("shop").last_trace is None
        assert "that is kept cannot be read" in caplog.text
    assert os.path.getsize(path) == len(imported)  # nobody has opened it to write
    pipeline.run(ROWS, table_name="t")
    assert len(dlt.attach("shop").last_trace.steps) == 4


def test_info(pipeline, capsys, place):
    code, out, err = told(capsys, "shop")
    assert (code, err) == (0, "") and told(capsys, "shop", "info")[1] == out
    assert "dataset_name: d\n" in out and "shop.orders: cursor id at 2\n" in out and "waits" not in out
    waiting = pipeline.extract(dlt.resource([{"a": 1}], name="other")).loads_ids[0]
    assert f"load {waiting} waits" in told(capsys, "shop", "info")[1]
    assert told(capsys, "--list-pipelines")[1] == "shop\n"
    assert "orders__list:" in told(capsys, "shop", "schema")[1]
    assert told(capsys, "shop", "sync")[0] == 0
    code, out, err = told(capsys, "nobody")
    assert (code, out) == (1, "") and "there is no pipeline 'nobody'" in err
    with pytest.raises(SystemExit) as caught:
        main(["pipeline", "shop", "dance"])
    assert caught.value.code == 2


def test_drop(pipeline, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # no terminal: nobody is asked
    waiting = pipeline.extract(dlt.resource([{"a": 1}], name="other")).loads_ids
    code, out, err = told(capsys, "shop", "drop-pending-packages")
    assert code == 1 and "say --yes" in err and pipeline.list_extracted_load_packages() == waiting
    assert told(capsys, "--yes", "shop", "drop-pending-packages")[:2] == (0, f"load {waiting[0]}\n")
    assert not pipeline.has_pending_data
    assert told(capsys, "-y", "shop", "drop")[0] == 1
    code, out, err = told(capsys, "-y", "shop", "drop", "orders")
    assert (code, err) == (0, "") and "table orders__list  1 rows" in out
    assert not [name for name in pipeline.dataset().tables if name.startswith("orders")]
    assert "cursor" not in told(capsys, "shop")[1]
