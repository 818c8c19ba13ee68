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
PROGRAM = os.path.join(TREE, "python", "tests", "user_program.py")


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
    """Those of the package, and of a program that uses it."""
    command = [
        sys.executable, "-m", "mypy", "--config-file", os.path.join(TREE, "pyproject.toml"), "--cache-dir", str(tmp_path),
        os.path.join(TREE, "python", "tidegate"), PROGRAM,
    ]
    newest = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # whose types others do not have
    done = subprocess.run(command, capture_output=True, text=True, env=newest)
    assert done.returncode == 0, done.stdout


def test_the_program_runs():
    assert subprocess.run([sys.executable, PROGRAM]).returncode == 0


def test_the_stub_is_the_extension_s(tmp_path):
    """Both by themselves: else all of the package is read for it."""
    import tidegate._core as core

    os.symlink(os.path.join(TREE, "python", "tidegate", "_core.pyi"), tmp_path / "_core.pyi")
    os.symlink(core.__file__, tmp_path / os.path.basename(core.__file__))
    env = os.environ | {"MYPYPATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "mypy.stubtest", "_core"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_public_is_described():
    missing = []
    for module in modules():
        for name, value in vars(module).items():
            of_here = getattr(value, "__module__", None) == module.__name__
            if not name.startswith("_") and of_here and callable(value) and not getattr(value, "__doc__", None):
                missing.append(f"{module.__name__}.{name}")
    assert missing == []
