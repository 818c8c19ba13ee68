"""Where configuration is looked for, what it becomes, and what is said of a value that is nowhere."""

import datetime
import decimal
import enum
import inspect
import logging
import os
import pathlib
import subprocess
import sys
import typing

import pytest

import tidegate as dlt
from tidegate.common import folders, logger
from tidegate.common.configuration import providers
from tidegate.common.configuration.accessors import config, secrets
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
    ValueNotSecretException,
)
from tidegate.common.configuration.inject import paths_of, resolve
from tidegate.common.configuration.runtime import runtime_config
from tidegate.common.configuration.specs import TSecretStrValue
from tidegate.common.exceptions import NotInTidegate

GLOBAL_DIR = folders.global_dir  # before a fixture puts another one in its place


@pytest.fixture(autouse=True)
def settings():
    os.mkdir(".dlt")


def write(name, text, folder=".dlt"):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)


def call(function, pipeline="q8", sections=("sources", "probe3", "miss"), **given):
    return resolve(function, inspect.signature(function), given, pipeline, sections)


# ---- keys ----

KEYS = [
    "q8.sources.probe3.miss.token", "q8.sources.probe3.token", "q8.sources.miss.token",
    "q8.sources.token", "q8.token", "sources.probe3.miss.token", "sources.probe3.token",
    "sources.miss.token", "sources.token", "token",
]


def test_keys_in_their_order():
    assert [".".join(path) for path in paths_of("q8", ["sources", "probe3", "miss"], "token")] == KEYS


@pytest.mark.parametrize("accessor", [None, secrets, config], ids=["environment", "secrets", "config"])
def test_each_key_is_found_and_goes_before_those_behind_it(monkeypatch, accessor):
    def f(token: str = config.value):
        pass

    for key in reversed(KEYS):
        if accessor is None:
            monkeypatch.setenv(key.upper().replace(".", "__"), key)
        else:
            accessor[key] = key
        assert call(f) == {"token": key}


def test_the_environment_comes_first_then_secrets_then_config(monkeypatch):
    def f(token: str = config.value):
        pass

    write("config.toml", '[sources.probe3.miss]\ntoken = "from config"\n')
    assert call(f) == {"token": "from config"}
    write("secrets.toml", 'token = "from secrets"\n')
    assert call(f) == {"token": "from secrets"}
    monkeypatch.setenv("SOURCES__TOKEN", "from the environment")
    assert call(f) == {"token": "from the environment"}
    monkeypatch.setenv("SOURCES__PROBE3__TOKEN", "longer")
    assert call(f) == {"token": "longer"}
    assert call(f, token="given") == {"token": "given"}


def test_a_name_without_its_section_is_not_found(monkeypatch):
    def f(token=config.value):
        pass

    monkeypatch.setenv("MISS__TOKEN", "x")
    with pytest.raises(ConfigFieldMissingException):
        call(f)


def test_keys_of_resources_and_sources_of_a_script():
    """In a script the module section is the script's stem."""
    write("secrets.toml", '[sources.main_script.miss]\ntoken = "of the resource"\n'
          '[sources.main_script.src]\nnum = 3\n[src]\nother = 1\n[pipe9]\nwho = "pipeline"\n')
    with open("main_script.py", "w") as file:
        file.write("""
import tidegate as dlt
@dlt.resource
def miss(token=dlt.secrets.value, who=dlt.config.value):
    yield {"token": token, "who": who}
@dlt.source
def src(num: int = dlt.config.value, other=7):
    return dlt.resource([{"num": num, "other": other}], name="numbers")
dlt.pipeline("pipe9")
print(list(miss()), list(src().numbers))
""")
    done = subprocess.run([sys.executable, "main_script.py"], capture_output=True, text=True)
    assert done.stdout.strip() == (
        "[{'token': 'of the resource', 'who': 'pipeline'}] [{'num': 3, 'other': 7}]"
    ), done.stderr


def test_every_default_is_injected_and_bare_arguments_are_not(monkeypatch):
    def f(bare, n=5, flag: bool = False, when: datetime.datetime | None = None, rows: list = ()):
        pass

    for name, value in {"BARE": "x", "N": "7", "FLAG": "true", "WHEN": "2024-05-01T00:00:00+02:00", "ROWS": "[1]"}.items():
        monkeypatch.setenv(name, value)
    found = call(f)
    assert found == {"n": 7, "flag": True, "when": datetime.datetime.fromisoformat("2024-05-01T00:00:00+02:00"), "rows": [1]}


def test_what_is_injected_is_told_and_can_be_switched_off(monkeypatch, caplog):
    def f(n=5, token=secrets.value):
        pass

    monkeypatch.setenv("N", "7")
    monkeypatch.setenv("SOURCES__TOKEN", "hush")
    caplog.set_level(logging.INFO, "tidegate")
    assert call(f) == {"n": 7, "token": "hush"}
    assert caplog.messages == [
        "'n' of miss is N in Environment Variables", "'token' of miss is SOURCES__TOKEN in Environment Variables",
    ]
    write("config.toml", "[runtime]\ninject_defaults = false\n")
    assert call(f) == {"token": "hush"}


def test_a_table_is_a_value_only_where_one_is_wanted():
    def f(miss: str = "own", other=None, options: dict = None, sources=5):
        pass

    write("config.toml", "[sources.miss]\nx = 1\n[sources.other]\ny = 1\n[sources.options]\nz = 1\n")
    assert call(f) == {"options": {"z": 1}}


# ---- what is nowhere ----


def test_all_places_are_listed():
    def f(token=secrets.value, other=config.value):
        pass

    write("config.toml", "x = 1\n")
    with pytest.raises(ConfigFieldMissingException) as caught:
        call(f)
    lines = str(caught.value).splitlines()
    assert lines[0] == "Missing 2 field(s) in configuration `miss`: `token`, `other`"
    tried = [f"    (Environment Variables, {key.upper().replace('.', '__')})" for key in KEYS]
    tried += [f"    ({file}, {key})" for file in ("secrets.toml", "config.toml") for key in KEYS]
    head = "  for field `token` the following (config provider, key) were tried in order:"
    assert lines[1:32] == [head, *tried]
    assert lines[32:63] == [line.replace("token", "other").replace("TOKEN", "OTHER") for line in [head, *tried]]
    here = os.getcwd()
    assert lines[63:67] == [
        f"{here}/.dlt/secrets.toml was not there", f"{here}/home/secrets.toml was not there",
        f"{here}/.dlt/config.toml was read", f"{here}/home/config.toml was not there",
    ]
    assert isinstance(caught.value, KeyError) and caught.value.fields == ["token", "other"]


def test_a_resource_without_its_secret():
    @dlt.resource
    def r(token=dlt.secrets.value):
        yield {"token": token}

    with pytest.raises(Exception, match=r"\(secrets.toml, sources.test_config.r.token\)"):
        list(r)


# ---- secrets ----


def test_a_secret_in_config_is_refused():
    def f(token=secrets.value):
        pass

    def g(token: TSecretStrValue = None):
        pass

    def h(token: TSecretStrValue | None = "x"):
        pass

    write("config.toml", 'token = "hush"\n')
    for function in (f, g, h):
        with pytest.raises(ValueNotSecretException, match="move it to secrets.toml") as caught:
            call(function)
        assert "hush" not in str(caught.value)


def test_config_values_may_stand_in_secrets():
    def f(a=config.value, b=2):
        pass

    write("secrets.toml", "a = 1\nb = 3\n")
    assert call(f) == {"a": 1, "b": 3}


def test_a_secret_of_another_type_is_not_shown(monkeypatch):
    def f(pin: int = secrets.value):
        pass

    monkeypatch.setenv("PIN", "hush")
    with pytest.raises(ConfigValueCannotBeCoercedException) as caught:
        call(f)
    assert "hush" not in str(caught.value) + repr(vars(caught.value)) and caught.value.__cause__ is None
    with pytest.raises(ConfigValueCannotBeCoercedException) as caught:
        secrets.get("pin", int)
    assert "hush" not in str(caught.value) + repr(vars(caught.value))


# ---- types ----


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(("text", "hint", "value"), [
    ("7", int, 7), ("true", bool, True), ("False", bool, False), ("1.5", float, 1.5), ("[1]", list, [1]),
    ('{"a": 1}', dict, {"a": 1}), ("[1]", list[int], [1]), ("[1]", typing.Sequence[int], [1]), ("[1, 2]", tuple, (1, 2)),
    ("2024-05-01", datetime.date, datetime.date(2024, 5, 1)), ("1.50", decimal.Decimal, decimal.Decimal("1.50")),
    ("2024-05-01T00:00:00Z", datetime.datetime, datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)),
    ("07:30", datetime.time, datetime.time(7, 30)), ("x", bytes, b"x"), ("a/b", pathlib.Path, pathlib.Path("a/b")),
    ("red", Colour, Colour.RED), ("desc", typing.Literal["asc", "desc"], "desc"), ("3", typing.Literal[1, 3], 3),
    ("7", typing.Optional[int], 7), ("7", int | None, 7), ("7", int | str, "7"), ("7", typing.Any, "7"), ("7", object, "7"),
    ("7", TSecretStrValue, "7"), ("7", inspect.Parameter.empty, "7"),
    (7, float, 7.0), (7, str, "7"), (1.5, decimal.Decimal, decimal.Decimal("1.5")), (7, TSecretStrValue, "7"),
    (datetime.date(2024, 5, 1), datetime.datetime, datetime.datetime(2024, 5, 1)), ([1], tuple, (1,)),
])
def test_values_become_what_the_annotation_says(text, hint, value):
    made = coerce("n", text, hint)
    assert made == value and type(made) is type(value)


@pytest.mark.parametrize(("hint", "value", "name"), [
    (int, "a", "int"), (int, "1.5", "int"), (bool, "maybe", "bool"), (dict, "[1]", "dict"), (float, "x", "float"),
    (list, "{}", "list"), (list, "no json", "list"), (datetime.datetime, "yesterday", "datetime"), (Colour, "blue", "Colour"),
    (typing.Literal["a", "b"], "c", "Literal"), (int, True, "int"), (str, True, "str"), (str, [1], "str"), (int, 1.5, "int"),
    (decimal.Decimal, "x", "Decimal"),
])
def test_values_of_another_type_are_named(hint, value, name):
    with pytest.raises(ConfigValueCannotBeCoercedException, match=rf"'n' in config.toml, n cannot be made .*{name}"):
        coerce("n", value, hint, None, "config.toml, n")


def test_the_type_of_a_default_counts(monkeypatch):
    def f(n=5, x=1.5, text="a", none=None):
        pass

    for name in ("N", "X", "TEXT", "NONE"):
        monkeypatch.setenv(name, "7")
    assert call(f) == {"n": 7, "x": 7.0, "text": "7", "none": "7"}
    monkeypatch.setenv("N", "seven")
    with pytest.raises(ConfigValueCannotBeCoercedException, match="'n' in Environment Variables, N cannot be made int: 'seven'"):
        call(f)


def test_annotations_that_a_type_checker_alone_knows(monkeypatch):
    def f(a: "Nowhere" = None, n: "int" = 1):  # noqa: F821
        pass

    monkeypatch.setenv("N", "7")
    monkeypatch.setenv("A", "x")
    assert call(f) == {"a": "x", "n": 7}


# ---- files ----


def test_a_file_that_is_no_toml_is_named(monkeypatch):
    write("config.toml", "x = = 1")
    with pytest.raises(ConfigurationException, match="config.toml is no TOML"):
        config.get("x")
    with open(".dlt/config.toml", "wb") as file:
        file.write(b'x = "\xff"')
    with pytest.raises(ConfigurationException, match="config.toml is no TOML"):
        config.get("x")
    os.remove(".dlt/config.toml")
    os.mkdir(".dlt/config.toml")
    with pytest.raises(ConfigurationException, match="config.toml cannot be read: Is a directory"):
        config.get("x")


def test_a_file_is_read_again_when_it_has_changed():
    for n in range(50):  # also where all changes fall into one tick of the clock
        write("config.toml", f"n = {n % 10}\n")
        assert config["n"] == n % 10
    os.remove(".dlt/config.toml")
    assert config.get("n") is None


def test_between_runs_a_change_counts():
    @dlt.resource
    def r(n=1):
        yield {"n": n}

    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    for n in (1, 2, 3):
        if n > 1:
            write("config.toml", f"[sources.test_config.r]\nn = {n}\n")
        pipeline.run(r)
    assert pipeline.dataset()("select n from r order by 1").fetchall() == [(1,), (2,), (3,)]


def test_the_project_goes_over_the_user_and_tables_are_one(monkeypatch, tmp_path):
    write("secrets.toml", '[destination.postgres.credentials]\nhost = "h"\npassword = "user"\n', folders.global_dir())
    assert secrets["destination.postgres.credentials.password"] == "user"
    write("secrets.toml", '[destination.postgres.credentials]\npassword = "project"\n')
    assert secrets["destination.postgres.credentials"] == {"host": "h", "password": "project"}
    write("secrets.toml", '[destination.postgres.credentials]\npassword = "other"\n', tmp_path / "there" / ".dlt")
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path / "there"))
    assert secrets["destination.postgres.credentials"] == {"host": "h", "password": "other"}
    assert [os.path.dirname(path) for path, _ in providers.files_looked_at()][:2] == [
        str(tmp_path / "there" / ".dlt"), folders.global_dir(),
    ]


def test_folders(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert GLOBAL_DIR() == "/var/dlt"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert GLOBAL_DIR() == str(tmp_path / ".dlt")
    os.rmdir(".dlt")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert GLOBAL_DIR() == str(tmp_path / "share" / "dlt")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".dlt").mkdir()
    assert GLOBAL_DIR() == str(tmp_path / "home" / ".dlt")
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    assert GLOBAL_DIR().endswith("/dlt") and "nowhere" not in GLOBAL_DIR()
    monkeypatch.delenv("DLT_DATA_DIR")
    assert folders.data_dir() == folders.global_dir()
    assert dlt.pipeline("p").pipelines_dir == os.path.join(folders.global_dir(), "pipelines")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data"))
    assert dlt.pipeline("p").working_dir == str(tmp_path / "data" / "pipelines" / "p")


# ---- config[...] and secrets[...] ----


def test_accessors(monkeypatch):
    for accessor in (config, secrets):
        with pytest.raises(ConfigFieldMissingException, match="`a.b`"):
            accessor["a.b"]
        with pytest.raises(KeyError):
            accessor["a.b"]
        assert accessor.get("a.b") is None and "a.b" not in accessor
    config["a.b"] = 5
    assert config["a.b"] == 5 and config["a"] == {"b": 5} and config.get("a.b", str) == "5" and "a.b" in config
    assert secrets.get("a.b") is None
    secrets["a.b"] = 6
    assert secrets["a.b"] == config["a.b"] == 6
    secrets["a.b"] = None
    assert config["a.b"] == 5
    write("config.toml", "[x]\ny = 1\n[a]\nc = 2\n")
    assert config["x.y"] == 1 and secrets.get("x.y") is None and config["a"] == {"b": 5, "c": 2}
    monkeypatch.setenv("X__Y", "2")
    assert config["x.y"] == 2 and config.get("x.y") == "2" and config.get("x.y", int) == 2
    config["x.y"] = 7
    assert config["x.y"] == 2  # the environment goes before what a program assigns
    with pytest.raises(ConfigValueCannotBeCoercedException, match="X__Y cannot be made dict"):
        config.get("x.y", dict)


def test_texts_become_what_they_look_like(monkeypatch):
    for text, value in {"12": 12, "1.5": 1.5, "TRUE": True, '{"a": 1}': {"a": 1}, "[1]": [1], "x": "x", '"q"': '"q"'}.items():
        monkeypatch.setenv("V", text)
        assert config["v"] == value and config.get("v") == text


def test_assigned_values_are_injected_and_end_with_their_block():
    def f(n: int = config.value):
        pass

    with config.values({"n": 3, "t.u": 1}):
        assert call(f) == {"n": 3} and config["t"] == {"u": 1}
    assert config.get("n") is None and config.get("t") is None
    given = {"list": [1]}
    config["g"] = given
    config["g"]["list"].append(2)
    given["list"].append(3)
    assert config["g.list"] == [1]


# ---- runtime and normalize ----


def in_a_process(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


RUN = """
import tidegate as dlt
dlt.pipeline("p", destination="duckdb", dataset_name="d").run([{"id": 1}], table_name="t")
"""


def test_log_lines_are_on_stderr_in_dlt_s_form():
    assert in_a_process(RUN) == []
    write("config.toml", '[runtime]\nlog_level = "INFO"\n')
    said = in_a_process(RUN)
    assert any(line.endswith("|table 't': 1 inserted") for line in said)  # the library's steps
    lines = [line for line in said if "|step " in line]
    assert [line.split("|")[-1].split(" of ")[0] for line in lines] == ["step extract", "step normalize", "step load", "step run"]
    time, level, process, thread, name, file, function, text = lines[0].split("|")
    assert datetime.datetime.strptime(time, "%Y-%m-%d %H:%M:%S,%f") and (level, name, file) == ("[INFO]", "tidegate", "trace.py")
    assert process.isdecimal() and thread.isdecimal() and ":" in function and text.startswith("step extract of pipeline 'p' ended after ")


def test_other_formats_and_levels():
    write("config.toml", '[runtime]\nlog_level = "info"\nlog_format = "{levelname} {message}"\n')
    assert any(line.startswith("INFO step extract of pipeline 'p'") for line in in_a_process(RUN))
    write("config.toml", '[runtime]\nlog_level = "20"\nlog_format = "JSON"\n')
    assert in_a_process(RUN)[0].startswith('{"time": ')
    write("config.toml", '[runtime]\nlog_level = "LOUD"\n')
    with pytest.raises(ConfigurationException, match="runtime.log_level: Unknown level: 'LOUD'"):
        dlt.pipeline("p")
    write("config.toml", '[runtime]\nlog_format = "nothing"\n')
    with pytest.raises(ConfigurationException, match="runtime.log_format"):
        dlt.pipeline("p")


def test_what_the_program_says_of_logging_stays():
    write("config.toml", '[runtime]\nlog_level = "INFO"\n')
    own = "import logging; logging.getLogger('tidegate').setLevel('ERROR')\n"
    assert in_a_process(own + RUN) == []
    own = "import logging; logging.basicConfig(format='mine %(message)s')\n"
    lines = in_a_process(own + RUN)
    assert all(line.startswith("mine ") for line in lines)
    assert sum(line.startswith("mine step ") for line in lines) == 4
    assert logger.LOGGER is logging.getLogger("tidegate")


def test_runtime_of_a_pipeline(monkeypatch):
    assert runtime_config().log_level == "WARNING" and runtime_config().inject_defaults is True
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "ERROR")
    assert runtime_config().log_level == "ERROR"
    monkeypatch.setenv("P__RUNTIME__LOG_LEVEL", "CRITICAL")
    dlt.pipeline("p")
    assert runtime_config().log_level == "CRITICAL"


def test_rows_of_arrow_tables_have_all_columns():
    pyarrow = pytest.importorskip("pyarrow")
    write("config.toml", "[normalize.parquet_normalizer]\nadd_dlt_load_id = true\nadd_dlt_id = true\n")
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run(pyarrow.table({"a": [1]}), table_name="t")
    assert pipeline.dataset().t.columns == ["a", "_dlt_load_id", "_dlt_id"]
    write("config.toml", "[normalize.parquet_normalizer]\nadd_dlt_id = false\n")
    with pytest.raises(NotInTidegate, match="add_dlt_id = false .config.toml. is not in tidegate; each table has the column _dlt_id"):
        pipeline.run(pyarrow.table({"a": [1]}), table_name="t")
