"""Where configuration is looked for, and what it becomes."""

import datetime
import os

import pytest

from tidegate.common.configuration import providers
from tidegate.common.configuration.accessors import config, secrets
from tidegate.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
    ValueNotSecretException,
)
from tidegate.common.configuration.inject import paths_of, resolve
import inspect


@pytest.fixture(autouse=True)
def nothing_assigned(monkeypatch):
    monkeypatch.setattr(providers.memory, "_values", {})
    os.mkdir(".dlt")


def write(name, text):
    with open(f".dlt/{name}", "w") as file:
        file.write(text)


def call(function, pipeline="q8", sections=("sources", "probe3", "miss"), **given):
    return resolve(function, inspect.signature(function), given, pipeline, sections)


def test_keys_in_their_order():
    keys = [".".join(path) for path in paths_of("q8", ["sources", "probe3", "miss"], "token")]
    assert keys == [
        "q8.sources.probe3.miss.token", "q8.sources.probe3.token", "q8.sources.miss.token",
        "q8.sources.token", "q8.token", "sources.probe3.miss.token", "sources.probe3.token",
        "sources.miss.token", "sources.token", "token",
    ]


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


def test_every_default_is_injected_and_bare_arguments_are_not(monkeypatch):
    def f(bare, n=5, flag: bool = False, when: datetime.datetime | None = None, rows: list = ()):
        pass

    for name, value in {"BARE": "x", "N": "7", "FLAG": "true", "WHEN": "2024-05-01T00:00:00+02:00", "ROWS": "[1]"}.items():
        monkeypatch.setenv(name, value)
    found = call(f)
    assert found == {"n": 7, "flag": True, "when": datetime.datetime.fromisoformat("2024-05-01T00:00:00+02:00"), "rows": [1]}


def test_a_name_without_its_section_is_not_found(monkeypatch):
    def f(token=config.value):
        pass

    monkeypatch.setenv("MISS__TOKEN", "x")
    with pytest.raises(ConfigFieldMissingException):
        call(f)


def test_all_places_are_listed():
    def f(token=secrets.value, other=config.value):
        pass

    with pytest.raises(ConfigFieldMissingException) as caught:
        call(f)
    text = str(caught.value)
    assert "Missing 2 field(s) in configuration of `miss`: 'token', 'other'" in text
    assert "(Environment Variables, Q8__SOURCES__PROBE3__MISS__TOKEN)" in text
    assert "(secrets.toml, sources.probe3.token)" in text and "(config.toml, token)" in text
    assert f"{os.getcwd()}/.dlt/secrets.toml was not there" in text
    assert isinstance(caught.value, KeyError)


def test_a_secret_in_config_is_refused():
    def f(token=secrets.value):
        pass

    write("config.toml", 'token = "x"\n')
    with pytest.raises(ValueNotSecretException, match="move it to secrets.toml"):
        call(f)


@pytest.mark.parametrize(("hint", "value"), [(int, "a"), (bool, "maybe"), (dict, "[1]"), (float, "x")])
def test_values_of_another_type_are_named(monkeypatch, hint, value):
    def f(n=config.value):
        pass

    f.__annotations__["n"] = hint
    monkeypatch.setenv("N", value)
    with pytest.raises(ConfigValueCannotBeCoercedException, match=f"'n' in Environment Variables, N cannot be made {hint.__name__}"):
        call(f)


def test_a_file_that_is_no_toml_is_named():
    def f(n=config.value):
        pass

    write("config.toml", "x = = 1")
    with pytest.raises(ConfigurationException, match="config.toml is no TOML"):
        call(f)


def test_accessors(monkeypatch):
    with pytest.raises(ConfigFieldMissingException, match="'a.b'"):
        config["a.b"]
    assert config.get("a.b") is None and "a.b" not in config
    config["a.b"] = 5
    assert config["a.b"] == 5 and config["a"] == {"b": 5} and secrets["a.b"] == 5
    write("config.toml", "[x]\ny = 1\n")
    assert config["x.y"] == 1 and secrets.get("x.y") is None
    monkeypatch.setenv("X__Y", "2")
    assert config.get("x.y", int) == 2


def test_another_folder_and_that_of_the_user(monkeypatch, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text("n = 1\n")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "home"))
    assert config["n"] == 1
    (tmp_path / "project" / ".dlt").mkdir(parents=True)
    (tmp_path / "project" / ".dlt" / "config.toml").write_text("n = 2\n")
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path / "project"))
    assert config["n"] == 2
