"""Jobs: a spec or a function, in steps, as a scheduler runs them: each step in a process that knows nothing."""

import json
import os
import subprocess
import sys
import textwrap

import duckdb
import pytest

from tidegate.common.configuration.accessors import config, secrets
from tidegate.common.configuration.run import given
from tidegate.common.exceptions import is_retryable
from tidegate.jobs import Job, JobError
from tidegate.progress import LogCollector

from servers import PASSWORD, POSTGRES, ask, needs_postgres, new_name

SPEC = """
pipeline: shop
destination: duckdb:///${FILE:-shop}.duckdb
dataset: bronze
source: {type: files, root: "${ROOT:-data}"}
resources:
  orders: {path: "orders*.jsonl", incremental: {cursor: at, initial_value: 2024-01-01}}
  "two words": {path: "countries.csv", write_disposition: replace}
"""

MODULE = """
import tidegate as dlt
from tidegate import current

@dlt.source
def shop(days: int = 3, api_key: str = dlt.secrets.value):
    @dlt.resource(primary_key="id")
    def orders(at=dlt.sources.incremental("at", initial_value="2024-01-01T00:00:00Z")):
        for day in range(1, days + 1):
            yield {"id": day, "at": f"2024-01-0{day}T00:00:00Z", "lines": [{"n": 1}]}

    @dlt.resource(write_disposition="replace")
    def countries():
        yield {"name": "Poland", "letters": len(api_key)}

    @dlt.resource(selected=False)
    def unseen():
        raise RuntimeError("nobody has asked for it")

    return orders, countries, unseen

def job(dataset: str = "bronze"):
    return dlt.pipeline("shop", destination="duckdb", dataset_name=dataset), shop()

def fails():
    @dlt.resource
    def orders():
        yield {"id": 1}
        raise ConnectionResetError("gone")
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), orders

def forgets():
    @dlt.resource
    def orders():
        yield [{"id": n} for n in range(3)]
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), orders

def on_a_server(dataset: str = dlt.config.value):
    return dlt.pipeline("shop", destination="postgres", dataset_name=dataset), shop()

def of(name):
    @dlt.resource(name=name, primary_key="id")
    def rows(at=dlt.sources.incremental("at", initial_value="2024-01-01T00:00:00Z")):
        for day in range(1, 6):
            yield {"id": day, "at": f"2024-01-0{day}T00:00:00Z"}

    @dlt.resource(name=f"all_{name}", write_disposition="replace")
    def all_rows():
        yield {"id": 1}

    return dlt.source(lambda: [rows, all_rows], name=name)()

def two():
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), [of("a"), of("b")]

def nothing():
    return dlt.pipeline("shop", destination="duckdb")

def bare(x):
    pass
"""


@pytest.fixture(autouse=True)
def shop(place):
    os.mkdir("data")
    with open("data/orders1.jsonl", "w") as file:
        file.writelines(json.dumps({"id": n, "at": f"2024-01-0{n}T00:00:00Z"}) + "\n" for n in range(1, 6))
    with open("data/countries.csv", "w") as file:
        file.write("name,letters\nPoland,6\n")
    with open("shop.yaml", "w") as file:
        file.write(SPEC)
    with open("shop_job.py", "w") as file:
        file.write(MODULE)
    sys.modules.pop("shop_job", None)
    yield
    sys.modules.pop("shop_job", None)
    sys.path[:] = [folder for folder in sys.path if folder != str(place)]


def spec(**more):
    return Job("shop.yaml", **more)


def function(name="job", **more):
    return Job(f"shop_job:{name}", **{"secrets": {"api_key": "s3cr3t"}, **more})


def rows(sql, file="shop.duckdb"):
    with duckdb.connect(file) as connection:
        return connection.sql(sql).fetchall()


def table(result, name):
    found = [each for each in result["tables"] if each["table"] == name]
    assert len(found) == 1, result
    return found[0]


@pytest.mark.parametrize(("make", "second"), [(spec, "two words"), (function, "countries")])
def test_a_step_at_a_time(make, second):
    """Each object is another process's: what is known between them is on disk."""
    assert [(each.name, each.has_cursor) for each in make().resources()] == [("orders", True), (second, False)]
    assert make().waiting() == []
    sealed = make().extract(["orders"])
    assert json.loads(json.dumps(sealed)) == sealed and make().waiting() == sealed["load_ids"]
    count = sealed["rows"]["orders"]
    assert sealed["resource"] == {name: "orders" for name in sealed["rows"]}
    other = make().extract([second])
    loaded = make().load()
    assert json.loads(json.dumps(loaded)) == loaded and loaded["load_ids"] == sealed["load_ids"] + other["load_ids"]
    assert table(loaded, "orders") == {
        "table": "orders", "resource": "orders", "nested": False, "read": count, "new": count, "inserted": count,
        "updated": 0, "deleted": 0, "unchanged": 0, "filtered": 0, "rejected": 0, "load_id": sealed["load_ids"][0],
    }
    assert (loaded["pipeline"], loaded["dataset"]) == ("shop", "bronze")
    assert loaded["destination"] == f"duckdb:///{os.getcwd()}/shop.duckdb"
    made = {"table": "orders", "column": None, "data_type": None, "load_id": sealed["load_ids"][0]}
    assert any(made.items() <= change.items() for change in loaded["schema_changes"])
    assert make().waiting() == [] and make().load()["load_ids"] == []
    again = make().extract(["orders"])
    assert again["load_ids"] == [] and again["rows"]["orders"] == 0
    assert rows("select count(*) from bronze.orders") == [(count,)]


@pytest.mark.parametrize("make", [spec, function])
def test_a_run_writes_what_waits_first(make):
    waiting = make().extract(["orders"])["load_ids"]
    result = make().run()
    assert result["load_ids"][0] == waiting[0] and len(result["load_ids"]) == 2
    assert rows("select count(*), count(distinct id) from bronze.orders") in ([(5, 5)], [(3, 3)])


@pytest.mark.parametrize("make", [spec, function])
def test_a_window_is_loaded_once(make):
    window = ("2024-01-02", "2024-01-04")
    for expected in (2, 0, 0):
        result = make().run(window=window)  # what has no cursor is read as ever
        assert sum(each["inserted"] for each in result["tables"] if each["table"] == "orders") == expected
        assert {each["table"] for each in result["tables"]} > {"orders"} or expected == 0
    assert rows("select list(id order by id) from bronze.orders") == [([2, 3],)]
    assert make().run(["orders"], window=("2024-01-01", "2024-01-02"))["tables"][0]["inserted"] == 1
    make().run()
    assert rows("select count(*), count(distinct id) from bronze.orders") in ([(5, 5)], [(3, 3)])
    with pytest.raises(JobError, match="full refresh"):
        make(full_refresh=True).extract(window=window)
    with pytest.raises(ValueError, match="two ends"):
        make().extract(["orders"], window=("2024-01-01",))


def test_two_sources_are_two_loads():
    """Windows, and replaced tables beside them, have to be written before the next one is sealed."""
    open_for_all = duckdb.connect("shop.duckdb")  # else each step opens the file
    job, window = function("two"), ("2024-01-02", "2024-01-04")
    assert job.outline(None, window)["parts"] == [
        [["all_a"], None], [["all_b"], None], [["a"], list(window)], [["b"], list(window)],
    ]
    assert job.outline()["parts"] == [[["a", "all_a"], None], [["b", "all_b"], None]]
    assert table(job.run(["b"], window), "b")["inserted"] == 2
    assert table(job.run(["a"], window), "a")["inserted"] == 2
    for expected in (0, 1):  # the day before
        result = job.run(window=window if not expected else ("2024-01-01", "2024-01-02"))
        assert [sum(each["inserted"] for each in result["tables"] if each["table"] == name) for name in "ab"] == [expected] * 2
    job.run()
    job.run()
    for name in "ab":
        assert rows(f"select count(*), count(distinct id), (select count(*) from bronze.all_{name}) from bronze.{name}") == [(5, 5, 1)]
    assert rows("select count(distinct schema_name) from bronze._dlt_version") == [(2,)]
    assert {"a", "b", "all_a", "all_b"} <= set(job.columns()) and job.columns()["b"]["at"] == "timestamp"
    open_for_all.close()


@pytest.mark.parametrize("make", [spec, function])
def test_a_full_refresh(make):
    make().run()
    result = make(full_refresh=True).run(["orders"])
    count = table(result, "orders")["inserted"]
    assert count == table(result, "orders")["deleted"] == rows("select count(*) from bronze.orders")[0][0] > 0


def test_what_a_function_is_given():
    job = function(config={"sources.shop_job.days": 2, "dataset": "gold"}, secrets={"sources": {"api_key": "four"}})
    assert table(job.run(), "orders")["inserted"] == 2
    assert rows("select letters from gold.countries") == [(4,)]
    assert "four" not in repr(job) and config.get("dataset") is None and secrets.get("sources.api_key") is None


def test_what_is_given_is_for_one_run_alone(monkeypatch):
    import threading

    monkeypatch.setenv("A__B", "environment")
    seen = []
    with given({"a": {"b": "run"}, "c.d": 1}):
        with given({"a.b": "inner"}):
            assert (config["a.b"], config.get("c.d")) == ("inner", None)
        thread = threading.Thread(target=lambda: seen.append(config["a.b"]))
        thread.start()
        thread.join()
        assert (config["a.b"], config["c.d"], config["c"]) == ("run", 1, {"d": 1})
    assert seen == ["environment"] and config["a.b"] == "environment"
    with pytest.raises(ValueError, match="'a.b' lies below 'a', which has a value itself"):
        with given({"a": 1, "a.b": 2}):
            pass


def test_what_a_spec_is_given(monkeypatch):
    os.rename("data", "elsewhere")
    monkeypatch.setenv("FILE", "theirs")
    job = spec(config={"ROOT": "elsewhere"}, secrets={"FILE": "own"})
    assert job.run(["orders"])["tables"][0]["inserted"] == 5
    assert rows("select count(*) from bronze.orders", "own.duckdb") == [(5,)] and "FILE" not in repr(job)
    with pytest.raises(JobError, match=r"'ROOT' stands for \$\{ROOT\} in shop.yaml.*not dict"):
        spec(config={"ROOT": {}}).resources()


def test_an_open_connection_loses_nothing():
    """The destination of a spec is reached through the program's own duckdb, too."""
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("create table mine as select 1 as n")
        spec().run(["orders"])
        assert connection.sql("select count(*) from bronze.orders").fetchall() == [(5,)]
        connection.execute("insert into mine values (2)")
    assert rows("select count(*) from bronze.orders") == [(5,)] and rows("select count(*) from mine") == [(2,)]


@needs_postgres
@pytest.mark.parametrize("pipeline", ["shop.yaml", "shop_job:on_a_server"])
def test_a_server_whose_password_is_given(pipeline, capfd):
    """By name of a variable, or as configuration; it is in nothing that is told."""
    dataset = new_name()
    with open("shop.yaml", "w") as file:
        file.write(SPEC.replace("duckdb:///${FILE:-shop}.duckdb", "${URL}").replace("bronze", dataset))
    key = "URL" if pipeline == "shop.yaml" else "destination.postgres.credentials"
    job = Job(pipeline, {} if pipeline == "shop.yaml" else {"dataset": dataset}, {key: POSTGRES, "api_key": "key"})
    result = job.run(["orders"])
    count = ask(f"select count(*) from {dataset}.orders")[0][0]
    assert table(result, "orders")["inserted"] == count > 0 and job.waiting() == []
    assert job.columns()["orders"]["at"] == "timestamp" and job.rejects(["1.5"]) == []
    assert PASSWORD not in json.dumps(result) + repr(job) + "".join(capfd.readouterr())


def test_rejects():
    text = SPEC.replace("2024-01-01}}", "2024-01-01}, schema_contract: {data_type: discard_row}}")
    with open("shop.yaml", "w") as file:
        file.write(text)
    spec().run(["orders"])
    with open("data/orders2.jsonl", "w") as file:
        file.writelines(json.dumps({"id": word, "at": "2024-01-09T00:00:00Z"}) + "\n" for word in ("x", "y", "z"))
    result = spec().run(["orders"])
    assert table(result, "orders")["rejected"] == 3
    found = spec().rejects(result["load_ids"], 2)
    assert len(found) == 2 and found[0]["table_name"] == "orders" and '"id":"x"' in found[0]["document"].replace(" ", "")
    assert spec().rejects([]) == [] and function().rejects(["1.5"]) == []


WRONG = [
    (lambda: Job("shop").resources(), JobError, "neither a spec"),
    (lambda: Job("a:b:c").resources(), JobError, "neither a spec"),
    (lambda: Job("nowhere.yaml").resources(), Exception, "there is no spec 'nowhere.yaml'"),
    (lambda: Job("no_such:job").resources(), JobError, "there is no module 'no_such'"),
    (lambda: Job("shop_job.sub:job").resources(), JobError, "there is no module 'shop_job.sub'"),
    (lambda: function("no_such").resources(), JobError, "has no function 'no_such'"),
    (lambda: function("nothing").resources(), JobError, "has to return a pipeline and its data"),
    (lambda: function("bare").resources(), JobError, "let x have defaults"),
    (lambda: function().extract(["orders", "nope"]), JobError, "no resource 'nope'.*it has orders, countries"),
    (lambda: function().extract([]), JobError, "left out for all"),
    (lambda: spec().extract("orders"), JobError, "a list of names"),
    (lambda: spec().run([]), JobError, "left out for all"),
    (lambda: function().extract(["unseen"]), JobError, "no resource 'unseen'"),
    (lambda: spec().extract(["nope"]), Exception, "no resource 'nope'"),
    (lambda: spec().run(["nope"]), JobError, "no resource 'nope' in shop.yaml; it has orders, two words"),
    (lambda: function(secrets={}).resources(), KeyError, "api_key"),
]


@pytest.mark.parametrize(("call", "kind", "says"), WRONG, ids=[says for _, _, says in WRONG])
def test_what_is_wrong_is_not_tried_again(call, kind, says):
    with pytest.raises(kind, match=says) as caught:
        call()
    assert not is_retryable(caught.value)


def test_a_module_that_lacks_one_is_not_taken_for_missing():
    with open("lacks_one.py", "w") as file:
        file.write("import no_such_thing\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_thing"):
        Job("lacks_one:job").resources()


def test_what_may_go_through_later():
    with pytest.raises(Exception, match="gone") as caught:
        function("fails").extract()
    assert caught.value.retryable and is_retryable(caught.value) and function("fails").waiting() == []
    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb; c = duckdb.connect('shop.duckdb'); print(flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    holder.stdout.readline()
    sealed = None
    try:
        with pytest.raises(Exception) as caught:
            sealed = spec().extract(["orders"])
            spec().load()
        assert caught.value.code == "TG_LOCKED" and is_retryable(caught.value)
    finally:
        holder.communicate(b"\n")
    assert spec().load()["load_ids"] == (sealed["load_ids"] if sealed else [])


def test_what_says_so_decides():
    class Busy(Exception):
        retryable = True

    class Wrong(Exception):
        retryable = False

    def chained(outer, inner, hidden=False):
        try:
            try:
                raise inner
            except Exception as error:
                if hidden:
                    raise outer from None
                raise outer from error
        except Exception as error:
            return error

    assert is_retryable(Busy()) and not is_retryable(Wrong()) and not is_retryable(None)
    assert is_retryable(chained(KeyError(), TimeoutError())) and not is_retryable(chained(Wrong(), Busy()))
    assert not is_retryable(chained(KeyError(), TimeoutError(), hidden=True)) and not is_retryable(OSError(2, "no file"))
    assert is_retryable(OSError(-3, "Temporary failure in name resolution"))


@pytest.mark.parametrize("make", [spec, function])
def test_columns(make):
    assert make().columns() == {}
    make().run(["orders"])
    assert make().columns()["orders"]["at"] == "timestamp"


@pytest.mark.parametrize("make", [spec, function])
def test_progress(make, capsys):
    job = make(progress=LogCollector(dump_system_stats=False))
    job.extract(["orders"])
    job.load()
    lines = capsys.readouterr().out.splitlines()
    steps = [line.strip("- ") for line in lines if line.startswith("---")]
    assert steps[0] == "Extract shop" and steps[-1].startswith("Load shop")
    assert any(line.startswith("orders: 5") or line.startswith("orders: 3") for line in lines)


KILLED = """
import os, signal, sys
from tidegate.destinations.impl import duckdb as duck
from tidegate.jobs import Job

def execute(self, sql, real=duck.Session.execute):
    if (sql, sys.argv[1]) == ("COMMIT", "before"):
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(self, sql)
    if (sql, sys.argv[1]) == ("COMMIT", "after"):
        os.kill(os.getpid(), signal.SIGKILL)
    return done

duck.Session.execute = execute
Job(sys.argv[2], secrets={"api_key": "key"}).run(sys.argv[3:])
"""


@pytest.mark.parametrize(("pipeline", "count", "left"), [
    ("shop.yaml", 5, (5, 5)), ("shop_job:job", 3, (3, 3)), ("shop_job:forgets", 3, (6, 3)),
])
def test_killed_at_the_commit_and_run_again(pipeline, count, left):
    """The control has no cursor: nobody can tell that its rows are there, when they are read again."""
    def ended(at):
        return subprocess.run([sys.executable, "-c", KILLED, at, pipeline, "orders"], capture_output=True).returncode

    assert ended("before") == -9
    assert rows("select count(*) from information_schema.tables where table_name = 'orders'") == [(0,)]
    assert ended("after") == -9  # what waited
    assert rows("select count(*) from bronze.orders") == [(count,)]
    assert ended("never") == 0
    assert rows("select count(*), count(distinct id) from bronze.orders") == [left]


def test_nothing_is_opened_before_it_is_called():
    code = textwrap.dedent("""
        import sys
        from tidegate.jobs import Job
        Job("shop_job:job"), Job("shop.yaml")
        print([name for name in ("shop_job", "duckdb", "prefect", "pyarrow") if name in sys.modules])
    """)
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_loads_that_the_command_has_sealed_and_the_other_way_round():
    """One file is one database, whoever reaches it: by Python's duckdb, or by the library itself."""
    import _duckdb

    from tidegate import _core
    from tidegate.__main__ import main

    def count():
        with duckdb.connect("shop.duckdb") as connection:
            return connection.sql("select count(*) from bronze.orders").fetchall()[0][0]

    core = _core.Pipeline({"spec_path": "shop.yaml", "engine": _duckdb.__file__, "select": "orders"})
    sealed = core.extract()["load_id"]
    core.close()
    job = spec()
    assert job.waiting() == [sealed]
    assert job.load()["load_ids"] == [sealed]
    rows = count()
    with open("data/orders9.jsonl", "w") as file:
        file.write('{"id": 99, "at": "2024-03-01"}\n')
    job.extract(["orders"])
    assert main(["run", "shop.yaml", "--select", "orders", "--progress", "none"]) == 0
    assert job.waiting() == [] and count() == rows + 1


def test_an_environment_of_a_spec(tmp_path, monkeypatch):
    os.mkdir(tmp_path / "own")
    monkeypatch.chdir(tmp_path / "own")
    monkeypatch.delenv("TIDEGATE_ENV", raising=False)
    os.makedirs("data")
    with open("data/orders.jsonl", "w") as file:
        file.write('{"id": 1, "at": "2024-01-02"}\n')
    with open("data/countries.csv", "w") as file:
        file.write("name\nPoland\n")
    with open("envs.yaml", "w") as file:
        file.write(SPEC + 'environments:\n  dev: {dataset: try}\n  prod: {destination: "duckdb:///prod.duckdb"}\n')
    assert Job("envs.yaml", environment="dev").extract()["rows"]["orders"] == 1
    assert len(Job("envs.yaml", environment="dev").waiting()) == 1
    assert Job("envs.yaml", environment="prod").waiting() == []
    assert Job("envs.yaml", environment="prod").run()["destination"].endswith("/prod.duckdb")
    monkeypatch.setenv("TIDEGATE_ENV", "dev")
    loaded = Job("envs.yaml").load()
    assert loaded["dataset"] == "try" and loaded["destination"].endswith("/shop.duckdb")
    with pytest.raises(Exception, match="there is no environment 'prd'"):
        Job("envs.yaml", environment="prd").resources()
    with pytest.raises(JobError, match="is one of a spec's"):
        Job("shop:job", environment="dev").resources()
