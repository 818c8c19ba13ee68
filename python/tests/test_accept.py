"""What is refused until somebody accepts it, what is forgotten by `reset`, and that messages say it in Python's words."""

import os
import re

import pytest
from servers import destination_of, new_name

import tidegate as dlt
from tidegate.pipeline.advice import _WORDS, in_python
from tidegate.pipeline.exceptions import PipelineConfigMissing, PipelineStepFailed
from tidegate.pipeline.factory import make as make_pipeline

ROWS = [{"id": n, "at": n * 10} for n in range(1, 5)]
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def make(name="shop", dataset=None, **said):
    return dlt.pipeline(name, "folders", destination=destination_of("duckdb"), dataset_name=dataset or new_name(), **said)


def events(given=ROWS, cursor="id", **hints):
    return dlt.resource(given, **{"name": "events", "primary_key": "id", "write_disposition": "merge", "incremental": dlt.sources.incremental(cursor), **hints})


def count(pipeline, table="events"):
    return pipeline.dataset()(f"select count(*) from {table}").fetchscalar()


def test_another_cursor():
    pipeline = make()
    pipeline.run(events())
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(events(cursor="at"))
    assert "In Python: --accept-cursor-change is run(..., accept='cursor_change')" in str(caught.value)
    assert "In Python: tidegate reset is Pipeline.reset(...)" in str(caught.value)
    assert pipeline.plan(events(cursor="at"), accept="cursor_change", rows=True).tables[0]["rows_read"] == 4
    pipeline.run(events(cursor="at"), accept="cursor_change")
    cursors = pipeline.state["sources"]["shop"]["resources"]["events"]["incremental"]
    assert {path: each["last_value"] for path, each in cursors.items()} == {"at": 40}
    pipeline.run(events(cursor="at"))


def test_a_table_with_rows_of_another():
    dataset = new_name()
    make("first", dataset).run(events())
    second = make("second", dataset)
    with pytest.raises(PipelineStepFailed, match=r"In Python: --accept is run\(\.\.\., accept='rows'\)"):
        second.run(events([{"id": 9, "at": 90}]))
    second.run(events([{"id": 9, "at": 90}]), accept=["rows"])
    assert count(second) == 5


def test_limits_once_by_run_by_load_and_of_several_schemas():
    pipeline = make(limits={"columns_added": 0})
    pipeline.run(events())
    more = [{"id": 9, "at": 90, "new": 1}]
    with pytest.raises(PipelineStepFailed, match=r"In Python: --accept-limits is run\(\.\.\., accept='limits'\)"):
        pipeline.run(events(more))
    pipeline.run(events(more), accept="limits")
    assert count(pipeline) == 5
    pipeline.extract(events([{"id": 10, "at": 100, "newer": 1}]))
    with pytest.raises(PipelineStepFailed):
        pipeline.load()
    pipeline.extract(events([{"id": 10, "at": 100, "newer": 1}]))
    pipeline.load(accept="limits")
    assert count(pipeline) == 6

    @dlt.source
    def other():
        return dlt.resource([{"a": 1}], name="others")

    pipeline.run([events([{"id": 11, "at": 110, "newest": 1}]), other()], accept="limits")
    assert count(pipeline) == 7 and count(pipeline, "others") == 1
    with pytest.raises(ValueError, match="accept is of cursor_change, rows, limits, not 'all'"):
        pipeline.run(events(), accept="all")


def test_what_is_forgotten_by_a_reset():
    pipeline = make()
    pipeline.run(events())
    assert pipeline.run(events()).is_empty
    look = pipeline.reset("events", look=True)
    assert [(each["path"], each["last_value"]) for each in look.cursors] == [("id", "4")] and look.load_id is None
    assert "events    cursor id  at 4" in str(look) and str(look).startswith("This would be forgotten in dataset")
    assert pipeline.run(events()).is_empty
    done = pipeline.reset("events", parts="cursors", newest_load=look.newest_load)
    assert done.load_id and "<td>cursor id</td>" in done._repr_html_()
    assert pipeline.state["sources"]["shop"]["resources"].get("events", {}) == {}
    info = pipeline.run(events())
    assert info.reports[0]["tables"][0]["rows_new"] == 4 and count(pipeline) == 4
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.reset(newest_load=look.newest_load)
    assert (caught.value.step, caught.value.exception.code) == ("reset", "TG_CONFLICT")


def test_a_reset_with_tables_and_packages():
    pipeline = make()
    pipeline.run(events([{**row, "nested": [{"x": 1}]} for row in ROWS]))
    waiting = pipeline.extract(events([{"id": 9, "at": 90}])).loads_ids
    look = pipeline.reset("events", tables=True, look=True)
    assert [(each["name"], each["rows"]) for each in look.tables] == [("events", 4), ("events__nested", 4)]
    assert [each["load_id"] for each in look.packages] == waiting
    pipeline.reset("events", tables=True)
    assert not [name for name in pipeline.dataset().tables if name.startswith("events")] and not pipeline.has_pending_data
    assert pipeline.run(events()).row_counts == {"events": 4}


def test_what_stands_in_a_notebook_s_line():
    pipeline = make()
    pipeline.run(events())
    assert repr(pipeline.schemas) == "<dlt.schemas(['shop'])>"
    look = pipeline.reset("events", tables=True, look=True)
    assert repr(look) == "<dlt.reset(pipeline_name='shop', load_id=None, resources=['events'], tables=['events'])>"
    assert make_pipeline.__name__ == "pipeline"  # as which help() tells it


def test_what_cannot_be_reset():
    pipeline = make()
    pipeline.run(events())
    with pytest.raises(PipelineStepFailed, match="no_such") as caught:
        pipeline.reset("no_such")
    assert caught.value.exception.code == "TG_USAGE"
    with pytest.raises(ValueError, match="parts are cursors, packages, files, not 'rows'"):
        pipeline.reset(parts=["rows"])
    with pytest.raises(ValueError, match="say parts, or tables"):
        pipeline.reset(parts="cursors", tables=True)
    with pytest.raises(PipelineConfigMissing, match="which reset needs"):
        dlt.pipeline("other", "folders").reset()


#: Of other programs, of commands that no call of a pipeline leads to, or said only together with another word.
_OTHERS = {"--long", "--remote-name", "--ultra", "--wait", "tidegate show", "tidegate advise", "tidegate init", "tidegate may", "tidegate only"}


def test_all_that_the_library_advises_is_known_in_python():
    said = set()
    for folder, _, text in literals():
        if os.sep + "config" not in folder:
            said.update(re.findall(r"(?<![\w-])--[a-z][a-z-]*|tidegate [a-z]+", text))
    assert len(said) > 10
    unknown = {word for word in said - _OTHERS if not in_python(word)}
    assert unknown == set()
    assert {word for word in _WORDS if word.startswith("--")} <= said


#: Of files and databases that a spec describes, or other words before a colon.
_OTHER_KEYS = {
    "connection", "cursor", "destination", "disposition", "end_value", "format", "initial_value", "merge_key", "name", "on_grown", "others", "path",
    "pipeline", "primary_key", "query", "read", "root", "same_content", "schema", "strategy", "table", "type", "undo",
}


def literals():
    """The texts of the library's code, but for those that describe a spec."""
    for folder, _, names in os.walk(os.path.join(TREE, "src")):
        for name in names:
            if name.endswith(".c") and name not in ("keys.c", "reference.c", "lines.c", "schema_yaml.c"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
                for literal in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', text):
                    yield folder, name, re.sub(r'"\s*"', "", literal)


def test_all_keys_of_a_spec_that_the_library_advises_are_known_in_python():
    keys, said = set(), set()
    for name in ("config/keys.c", "config/reference.c", "extract/sources/files.c", "extract/sources/sql.c"):
        with open(os.path.join(TREE, "src", name), encoding="utf-8") as file:
            keys.update(re.findall(r'\.name = "([a-z_]+)"', file.read()))
    for _, name, text in literals():
        if name not in ("files.c", "sql.c", "location.c", "spec.c"):  # whose texts are of specs alone
            found = re.finditer(r"(?<![\w\"\\.])([a-z_]+): (\{[^}]*\}|\[[^\]]*\]|[a-z0-9_%.]+)", text)
            said.update(each[0].replace("%.100s", "x").replace("%s", "x") for each in found if each[1] in keys - _OTHER_KEYS and each[2] not in ("%s", "1"))
    assert len(said) > 20
    assert {text for text in said if not in_python(text)} == set()


def test_what_a_program_sees_of_such_a_key():
    pipeline = make()
    with pytest.raises(PipelineStepFailed, match="\nIn Python: deletes: {detect: keys} is deletes='keys'$"):
        pipeline.run(dlt.resource([{"id": 1}], name="t", primary_key="id", write_disposition="merge", deletes="snapshot", incremental=dlt.sources.incremental("id")))


def test_ways_out_of_keys_and_cursors():
    pipeline = make()
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(dlt.resource([{"id": 1}], name="t", merge_key="day", write_disposition="merge"))
    assert "In Python: columns: {day: {nullable: true}} is columns={'day': {'nullable': True}}" in str(caught.value)
    days = dlt.resource([{"id": 1}, {"id": 2, "day": "mon"}], name="t", merge_key="day", write_disposition="merge", columns={"day": {"nullable": True}})
    pipeline.run(days)
    assert count(pipeline, "t") == 2
    rows = [{"id": 1, "at": 1}, {"id": 2, "at": "7"}]
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(dlt.resource(rows, name="v", incremental=dlt.sources.incremental("at")))
    assert "In Python: cursor_type: bigint is incremental(..., cursor_type='bigint')" in str(caught.value)
    assert "the resource 'v': row 2: the cursor field 'at' holds '7' here (text)" in str(caught.value)
    pipeline.run(dlt.resource(rows, name="v", incremental=dlt.sources.incremental("at", cursor_type="bigint")))
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(dlt.resource([{"id": 1}], name="w", incremental=dlt.sources.incremental("at")))
    assert "In Python: on_cursor_value_missing to include is incremental(..., on_cursor_value_missing='include')" in str(caught.value)


def test_so_it_is_in_the_log(caplog):
    from tidegate.sources.filesystem import filesystem, read_jsonl

    pipeline = make()
    os.mkdir("inbox")
    for name, at in [("new", 2), ("old", 1)]:
        with open(f"inbox/{name}.jsonl", "w") as file:
            file.write(f'{{"id": {at}, "at": {at}}}\n')
        files = (filesystem("inbox", file_glob="*.jsonl") | read_jsonl()).with_name("events")
        files.apply_hints(incremental=dlt.sources.incremental("at"))
        pipeline.run(files)
    told = [each.getMessage() for each in caplog.records if "was filtered" in each.getMessage()]
    assert len(told) == 1 and told[0].endswith("with --full-refresh; In Python: --full-refresh is run(..., refresh='drop_data')")
    assert count(pipeline) == 1


def test_other_texts_are_left_alone():
    assert in_python("tidegate runs, --acceptable, undo") == ""
    with pytest.raises(PipelineStepFailed) as caught:
        make().run(dlt.resource(lambda: (_ for _ in ()).throw(ValueError("say --full-refresh")), name="broken"))
    assert "In Python" not in str(caught.value)
