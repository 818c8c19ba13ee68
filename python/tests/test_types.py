"""The package's types hold, and the examples in its docstrings run."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys

import pytest

import tidegate

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def modules():
    found = [tidegate]
    for info in pkgutil.walk_packages(tidegate.__path__, "tidegate."):
        if info.name not in ("tidegate._core", "tidegate.as_dlt"):
            found.append(importlib.import_module(info.name))
    return found


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_examples(module):
    assert doctest.testmod(module).failed == 0


def test_strict_types(tmp_path):
    command = [
        sys.executable, "-m", "mypy", "--config-file", os.path.join(TREE, "pyproject.toml"),
        "--cache-dir", str(tmp_path), os.path.join(TREE, "python", "tidegate"),
    ]
    newest = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # whose types others do not have
    done = subprocess.run(command, capture_output=True, text=True, env=newest)
    assert done.returncode == 0, done.stdout


def test_a_program_has_its_types_and_runs(tmp_path):
    program = os.path.join(TREE, "python", "tests", "user_program.py")
    options = ["--strict", "--follow-imports=silent", "--cache-dir", str(tmp_path / "cache")]
    command = [sys.executable, "-m", "mypy", *options, program]
    env = os.environ | {"MYPYPATH": os.path.join(TREE, "python")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout
    assert subprocess.run([sys.executable, program]).returncode == 0


def test_the_stub_is_the_extension_s(tmp_path):
    command = [
        sys.executable, "-m", "mypy.stubtest", "tidegate._core",
        "--mypy-config-file", os.path.join(TREE, "pyproject.toml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_everything_public_is_described():
    missing = []
    for module in modules():
        for name, value in vars(module).items():
            of_here = getattr(value, "__module__", None) == module.__name__
            if not name.startswith("_") and of_here and callable(value) and not getattr(value, "__doc__", None):
                missing.append(f"{module.__name__}.{name}")
    assert missing == []
